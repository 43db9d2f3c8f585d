//! Whatever a file holds, reading it ends in a plan or in errors: no panic, no place outside the file. The inputs are valid
//! scenarios with bytes deleted, inserted and replaced, and with words exchanged.

mod common;

use common::{DESIGN, EVERYTHING, read};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_the_reader_panic(example in prop_oneof![Just(DESIGN), Just(EVERYTHING)], changes in prop::collection::vec(change(), 1..6)) {
        let mut bytes = example.as_bytes().to_vec();
        changes.iter().for_each(|change| apply(&mut bytes, change));
        if let Ok(plan) = read(&bytes, &[]) {
            let setup = plan.setup(plan.seed);
            prop_assert!(setup.nodes >= 1 && setup.duration >= 1 && setup.round >= 1);
            prop_assert!(setup.faults.windows(2).all(|pair| pair[0].at <= pair[1].at));
            prop_assert!(setup.faults.iter().all(|timed| timed.at.0 <= plan.duration && timed.fault.last_node().is_none_or(|node| node.0 < plan.nodes)));
            prop_assert!(plan.workload.windows(2).all(|pair| pair[0].at <= pair[1].at));
            prop_assert!(plan.workload.iter().all(|asked| asked.at.0 < plan.duration && asked.client < plan.clients && asked.to.0 < plan.nodes));
            prop_assert!(plan.to_json().is_object());
        }
    }

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
    for example in [DESIGN, EVERYTHING] {
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
