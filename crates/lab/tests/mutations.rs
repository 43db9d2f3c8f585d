//! Whatever a file holds, reading it ends in a plan or in errors: no panic, no place outside the file. The inputs are valid
//! scenarios in both syntaxes, and files that they name, with bytes deleted, inserted and replaced, and with words exchanged;
//! and expressions made of all that stands in one. `QUORATE_MUTATIONS=200000` runs so many instead of a share of a few seconds.

use crate::common::{DESIGN, DISK_FAULTS, EVERYTHING, FAULTS, NEMESIS, WORLD, config, read, read_with};
use proptest::prelude::*;
use quorate_lab::text::{Base, Files, Needed};

const PARAMETERS: &str = include_str!("data/parameters.toml");
const DESIGN_JSON: &str = include_str!("data/design.json");
const EVERYTHING_JSON: &str = include_str!("data/everything.json");

/// What goes into a scenario in place of something else: the words of the format, and what has broken parsers before.
const WORDS: &[&str] = &[
    "\"",
    "'",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    "..",
    "\n",
    "#",
    "\"\"\"",
    "-",
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "0x7f",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "0.0000000000000000000001",
    "\"9999999999h\"",
    "\"18446744073709551615ns\"",
    "\"0s\"",
    "\"-1s\"",
    "true",
    "\"all\"",
    "\"0..4294967295\"",
    "\"0..4294967296\"",
    "\"5..5\"",
    "[]",
    "{}",
    "[[]]",
    "nodes",
    "nodes = 4294967295",
    "nodes = 1",
    "duration = \"18446744073709551615ns\"",
    "count = 4294967295",
    "every = \"0s\"",
    "every = \"18446744073709551615ns\"",
    "for = \"18446744073709551615ns\"",
    "at = \"18446744073709551614ns\"",
    "heal = \"all\"",
    "crash = \"all\"",
    "restart = \"all\"",
    "pause = 0",
    "partition = { groups = [0, 0] }",
    "drift_ppm",
    "offset",
    "stddev = 1e300",
    "p99",
    "(",
    "))",
    "p999(",
    "nodes-nodes",
    "1/0",
    "%",
    "≤",
    "with 99% confidence",
    "\u{feff}",
    "\u{0}",
    "ü",
    "\\u00e9",
    "1979-05-27",
    "[protocol.gossip]",
    "[[faults]]",
    "[workload.updates]",
    "[[workload.updates]]",
    "[expect]",
    "[parameters]",
    "f = 1",
    "\"3*f+1\"",
    "\"f/0\"",
    "\"f..3*f+1\"",
    "\"((((1))))\"",
    "\"170141183460469231731687303715884105727*f\"",
    "\"1/3*rtt\"",
    "\"10MB/s\"",
    "\"1/170141183460469231731687303715884105727/h\"",
    "\"floor(\"",
    "*",
    "/",
    "+",
    ",",
    ":",
    "null",
    "\\ud800",
    "1E400",
    "01",
    "//",
    "/*",
    "{\"a\":{\"a\":{\"a\":{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "file = \"latency.csv\"",
    "\"region:eu\"",
    "\"zone:eu/a\"",
    "\"leader\"",
    "\"fact:wrote\"",
    "eu = []",
    "isolate = 0",
    "[[network.links]]",
    "[[network.changes]]",
    "move = { nodes = \"all\", to = \"empty\" }",
    "attach = { nodes = 0, to = \"all\" }",
    "add = [[0, 1]]",
    "topology = \"star\"",
    "topology = { grid = { columns = 5 } }",
    "topology = { scale-free = { edges = 3 } }",
    "routing = \"neighbours\"",
    "\"1B/s\"",
    "\"18446744073709551615B/s\"",
    "queue = \"1B\"",
    "inbox = 1",
    "service = \"18446744073709551615ns\"",
    "service = \"0s\"",
    "wander = { ppm = 90000, period = \"1ms\" }",
    "ppm = 900000",
    "period = \"18446744073709551615ns\"",
    "by = \"876000h\"",
    "{ pareto = { scale = \"1ms\", shape = 0.1 } }",
    "{ shifted = { by = \"9999999h\", latency = \"1ms\" } }",
    "tail = 1000",
    "tail = \"torn\"",
    "when = \"wrote\"",
    "when = { sent = \"push\", nth = 4294967295 }",
    "{ fact = \"wrote\", nth = \"every\", after = \"18446744073709551615ns\" }",
    "{ sync = true }",
    "\"there\"",
    "join = 0",
    "join = \"all\"",
    "leave = \"all\"",
    "mend = \"all\"",
    "slow = { nodes = \"all\", factor = 1000000 }",
    "factor = 1.001",
    "full-disk = \"all\"",
    "degrade = { around = \"there\", loss = 1.0 }",
    "degrade = { within = \"all\", bursts = { begin = 1, end = 1 } }",
    "byzantine = { nodes = 0, behaviour = \"equivocating\" }",
    "behaviour = { delaying = \"18446744073709551615ns\" }",
    "partition = { ring-of-majorities = \"all\" }",
    "partition = { bridge = 0 }",
    "partition = { partial = [0, 1] }",
    "flapping = { down = \"1ns\", up = \"1ns\" }",
    "flapping = { down = \"18446744073709551615ns\", up = \"18446744073709551615ns\" }",
    "overflow = \"crash\"",
    "bound = \"18446744073709551615ns\"",
];

#[derive(Clone, Debug)]
enum Change {
    Delete(usize, usize),
    Insert(usize, u8),
    Replace(usize, u8),
    Word(usize, usize),
    Over(usize, usize, usize),
    Swap(usize, usize),
    Lines(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<usize>;
    prop_oneof![
        (place(), 1..40usize).prop_map(|(at, length)| Change::Delete(at, length)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (place(), place()).prop_map(|(at, word)| Change::Word(at, word)),
        (place(), 1..20usize, place()).prop_map(|(at, length, word)| Change::Over(at, length, word)),
        (place(), place()).prop_map(|(one, other)| Change::Swap(one, other)),
        (place(), place()).prop_map(|(one, other)| Change::Lines(one, other)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let size = bytes.len().max(1);
    match *change {
        Change::Delete(at, length) => drop(bytes.drain(at % size..(at % size + length).min(bytes.len()))),
        Change::Insert(at, byte) => bytes.insert(at % size, byte),
        Change::Replace(at, byte) => bytes[at % size] = byte,
        Change::Word(at, word) => drop(bytes.splice(at % size..at % size, WORDS[word % WORDS.len()].bytes())),
        Change::Over(at, length, word) => {
            let end = (at % size + length).min(bytes.len());
            drop(bytes.splice(at % size..end, WORDS[word % WORDS.len()].bytes()));
        }
        Change::Swap(one, other) => *bytes = swapped(bytes, b' ', one, other),
        Change::Lines(one, other) => *bytes = swapped(bytes, b'\n', one, other),
    }
    if bytes.is_empty() {
        bytes.push(b'x');
    }
}

/// Two of the parts between separators change places.
fn swapped(bytes: &[u8], separator: u8, one: usize, other: usize) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = bytes.split(|&byte| byte == separator).collect();
    let count = parts.len();
    parts.swap(one % count, other % count);
    parts.join(&separator)
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn no_file_makes_the_reader_panic(
        example in prop_oneof![
            Just(DESIGN), Just(EVERYTHING), Just(PARAMETERS), Just(WORLD), Just(FAULTS), Just(DISK_FAULTS), Just(NEMESIS), Just(DESIGN_JSON), Just(EVERYTHING_JSON),
        ],
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut bytes = example.as_bytes().to_vec();
        changes.iter().for_each(|change| apply(&mut bytes, change));
        if let Ok(plan) = read(&bytes, &[]) {
            let setup = plan.setup(plan.seed);
            prop_assert!(setup.nodes >= 1 && setup.duration >= 1 && setup.round >= 1);
            prop_assert!(setup.faults.windows(2).all(|pair| pair[0].at <= pair[1].at));
            prop_assert!(setup.faults.iter().all(|timed| timed.at.0 <= plan.duration && timed.fault.last_node().is_none_or(|node| node.0 < plan.nodes)));
            prop_assert!(plan.workload.windows(2).all(|pair| pair[0].at <= pair[1].at));
            prop_assert!(plan.workload.iter().all(|asked| asked.at.0 < plan.duration && asked.client < plan.clients && asked.to.0 < plan.nodes));
            prop_assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]), Ok(plan), "what it resolves to says the same");
        }
    }
}

proptest! {
    #![proptest_config(config(20))]

    /// In every kind of place: a whole number, a probability, a time, a bandwidth, a set, a bound, a parameter.
    #[test]
    fn no_expression_makes_the_reader_panic(text in prop_oneof![expression(), prop::collection::vec(prop::sample::select(PARTS), 1..12).prop_map(|parts| parts.concat())]) {
        let keys = ["nodes", "network.loss", "duration", "network.bandwidth.rate", "faults[1].crash", "expect.cheap", "parameters.third"];
        for key in keys {
            let bound = if key == "expect.cheap" { "messages.total <= " } else { "" };
            if let Ok(plan) = read(PARAMETERS.as_bytes(), &[&format!("{key}={bound}{text}")]) {
                prop_assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]), Ok(plan));
            }
        }
    }
}

proptest! {
    #![proptest_config(config(10))]

    #[test]
    fn no_included_file_makes_the_reader_panic(
        samples in prop_oneof![Just("# x\nrtt_ms\n0.412\n1.5\n\n12\n"), Just("5ms\n1.5ms # two\n900us")],
        edges in Just("# x\n0 1\n1,2 # two\n\n2 99\n"),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let text = DESIGN
            .replace("lognormal = { median = \"5ms\", p99 = \"40ms\" }", "empirical = { file = \"samples\" }")
            .replace("\"mesh\"", "{ edge-list = { file = \"edges\" } }");
        let mut files = Files::default();
        for (name, contents) in [("samples", samples), ("edges", edges)] {
            let mut bytes = contents.as_bytes().to_vec();
            changes.iter().for_each(|change| apply(&mut bytes, change));
            files.add(Needed { path: name.to_string(), base: Base::Scenario }, name, Ok(bytes));
        }
        if let Ok(plan) = read_with(text.as_bytes(), &[], &files) {
            prop_assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]), Ok(plan));
        }
    }
}

/// Expressions as the grammar has them; whether their units agree is left to chance.
fn expression() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "f",
        "f",
        "p",
        "third",
        "rtt",
        "size",
        "pace",
        "line-speed",
        "0",
        "1",
        "3",
        "0.5",
        "5ms",
        "2KB",
        "10MB/s",
        "50%",
    ]);
    atom.prop_map(str::to_string).prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", " - ", " + "]), inner.clone())
                .prop_map(|(a, sign, b)| format!("{a}{sign}{b}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("-{inner}")),
            inner.clone().prop_map(|inner| format!("ceil({inner})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("max({a}, {b})")),
        ]
    })
}

/// What an expression is made of, and what it is not.
const PARTS: &[&str] = &[
    "f",
    "rtt",
    "p",
    "third",
    "size",
    "pace",
    "line-speed",
    "nodes",
    "interval",
    "x",
    "-",
    "+",
    "*",
    "/",
    "(",
    ")",
    ",",
    " ",
    "min(",
    "max(",
    "floor(",
    "ceil(",
    "0",
    "1",
    "3",
    "0.5",
    "5ms",
    "1ns",
    "2KB",
    "7/s",
    "2/min",
    "10MB/s",
    "50%",
    "1e9",
    "..",
    "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211456",
    "0.00000000000000000000000000000000000001",
    "µs",
    "^",
    "\u{a0}",
];

proptest! {
    #![proptest_config(config(10))]

    #[test]
    fn no_override_makes_the_reader_panic(key in "[a-z.\\[\\]0-9=-]{0,24}", value in ".{0,24}") {
        let flag = format!("{key}={value}");
        let _ = read(DESIGN.as_bytes(), &[&flag]);
        let _ = read(DESIGN.as_bytes(), &[&format!("network.loss={value}"), &format!("expect.x={value}"), &format!("faults[0].at={value}")]);
    }
}

/// Values of every shape under every key of both examples.
#[test]
fn no_value_in_any_place_makes_the_reader_panic() {
    let mut accepted = 0;
    for example in [DESIGN, EVERYTHING, FAULTS, DISK_FAULTS, NEMESIS, PARAMETERS, WORLD] {
        for (index, line) in example.lines().enumerate() {
            let Some((key, _)) = line.split_once('=') else { continue };
            for word in WORDS {
                let mut lines: Vec<&str> = example.lines().collect();
                let changed = format!("{key}= {word}");
                lines[index] = &changed;
                accepted += u32::from(read(lines.join("\n").as_bytes(), &[]).is_ok());
            }
        }
    }
    assert!(accepted > 20, "only {accepted} of the changed files were accepted: the test no longer reaches the readers");
}
