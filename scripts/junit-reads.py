#!/usr/bin/env python3
"""Reads a JUnit report of `quorate check --junit` as others' tools do, and prints what they find in it.

usage: scripts/junit-reads.py FILE...      needs: pip install junitparser
Exit status 1 when a file is no JUnit report, when its counts are not those of its cases, or when a failure has no seed or no
line that replays it.
"""

import re
import sys

from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite

if len(sys.argv) < 2:
    sys.exit(__doc__)
wrong = []
for path in sys.argv[1:]:
    try:
        report = JUnitXml.fromfile(path)
    except Exception as error:  # the reader's own kinds, and those of the XML parser below it
        wrong.append(f"{path}: {error}")
        continue
    suites = [report] if isinstance(report, TestSuite) else list(report)
    if not suites:
        wrong.append(f"{path}: no suite")
    for suite in suites:
        cases = list(suite)
        print(f"{suite.name}: {suite.tests} cases, {suite.failures} failures, {suite.errors} errors, {suite.skipped} skipped")
        kinds = {Failure: suite.failures, Error: suite.errors, Skipped: suite.skipped}
        for kind, said in kinds.items():
            found = sum(any(isinstance(r, kind) for r in case.result) for case in cases)
            if found != (said or 0):
                wrong.append(f"{path}: {suite.name} counts {said} of {kind.__name__} and has {found}")
        if suite.tests != len(cases):
            wrong.append(f"{path}: {suite.name} counts {suite.tests} cases and has {len(cases)}")
        for case in cases:
            results = [type(r).__name__.lower() for r in case.result] or ["ok"]
            print(f"  {', '.join(results):8} {case.classname} / {case.name}")
            for result in case.result:
                text = f"{result.message or ''}\n{result.text or ''}"
                for line in text.strip().splitlines():
                    print(f"             {line.strip()}")
                if isinstance(result, Failure):
                    if not re.search(r"\bseed[ :=]+\d", text):
                        wrong.append(f"{path}: {case.name} fails without a seed")
                    if not re.search(r"quorate (run|replay|check) \S.*--seed[ =]\d", text):
                        wrong.append(f"{path}: {case.name} fails without a line that replays it")
for line in wrong:
    print(line, file=sys.stderr)
sys.exit(1 if wrong else 0)
