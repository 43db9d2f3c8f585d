//! Files that were damaged on their way: whatever becomes of them, they are read, refused with a line of theirs, or judged within
//! the budget. Nothing panics.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use quorate_check::budget::Budget;
use quorate_check::checks::CHECKS;
use quorate_check::history::model::MODELS;
use quorate_check::history::read::{Reader, Stop};
use quorate_check::history::{History, Model};

/// A right history of each kind, small enough to be damaged often.
const FILES: &[&str] = &[
    r#"{"history":"quorate/1","model":"cas-register","init":0,"source":"s","ops":4}
{"id":0,"process":0,"op":"write","value":1,"result":null,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"read","value":null,"result":1,"status":"ok","invoke":3,"return":9}
{"id":2,"process":0,"op":"cas","value":[1,2],"result":null,"status":"unknown","invoke":6,"return":null}
{"id":3,"process":1,"op":"cas","value":[2,3],"result":true,"status":"ok","invoke":10,"return":12}
"#,
    r#"{"history":"quorate/1","model":"multi-register","init":{"x":0},"source":"s"}
{"id":0,"process":0,"op":"txn","value":[["w","x",1],["r","y",null]],"result":[["w","x",1],["r","y",null]],"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"read","key":"x","value":null,"result":1,"status":"ok","invoke":6,"return":9}
"#,
    r#"{"history":"quorate/1","model":"kv","init":"","source":"s"}
{"id":0,"process":0,"op":"append","key":"a","value":"x","result":null,"status":"ok","invoke":-3,"return":5}
{"id":1,"process":1,"op":"put","key":"a","value":"y","result":null,"status":"ok","invoke":2,"return":5}
{"id":2,"process":2,"op":"get","key":"a","value":null,"result":"yx","status":"ok","invoke":6,"return":9}
"#,
    r#"{"history":"quorate/1","model":"list-append","init":null,"source":"s"}
{"id":0,"process":0,"op":"txn","value":[["append","x",1],["r","y",null]],"result":[["append","x",1],["r","y",[2]]],"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"txn","value":[["append","y",2],["r","x",null]],"result":[["append","y",2],["r","x",[]]],"status":"ok","invoke":1,"return":4}
{"id":2,"process":2,"op":"txn","value":[["append","y",3]],"result":null,"status":"fail","invoke":1,"return":4}
"#,
    r#"{"history":"quorate/1","model":"rw-register","init":{"x":7},"source":"s"}
{"id":0,"process":0,"op":"txn","value":[["r","x",null],["w","x",1]],"result":[["r","x",7],["w","x",1]],"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"txn","value":[["r","x",null],["w","x",2]],"result":[["r","x",7],["w","x",2]],"status":"ok","invoke":1,"return":4}
"#,
    r#"{"history":"quorate/1","model":"queue","init":[1],"source":"s"}
{"id":0,"process":0,"op":"enqueue","value":2,"result":null,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"dequeue","value":null,"result":1,"status":"ok","invoke":1,"return":4}
"#,
    r#"{"history":"quorate/1","model":"set","init":null,"source":"s"}
{"id":0,"process":0,"op":"add","value":2,"result":true,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"contains","value":2,"result":false,"status":"ok","invoke":1,"return":4}
{"id":2,"process":2,"op":"read","value":null,"result":[2],"status":"ok","invoke":1,"return":4}
"#,
    r#"{"history":"quorate/1","model":"counter","init":null,"source":"s"}
{"id":0,"process":0,"op":"add","value":-2,"result":null,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"read","value":null,"result":9223372036854775807,"status":"ok","invoke":1,"return":4}
"#,
    r#"{"history":"quorate/1","model":"mutex","init":false,"source":"s"}
{"id":0,"process":0,"op":"acquire","value":null,"result":null,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"release","value":null,"result":null,"status":"unknown","invoke":1,"return":null}
"#,
    r#"{"history":"quorate/1","model":"broadcast","init":null,"source":"s"}
{"id":0,"process":0,"op":"broadcast","value":2,"result":null,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"read","value":null,"result":[2,3],"status":"ok","invoke":1,"return":4}
"#,
    r#"{"history":"quorate/1","model":"unique-ids","init":null,"source":"s"}
{"id":0,"process":0,"op":"generate","value":null,"result":2,"status":"ok","invoke":0,"return":5}
{"id":1,"process":1,"op":"generate","value":null,"result":2,"status":"ok","invoke":1,"return":4}
"#,
];

/// What is put into a file: the words and signs that it is made of, and worse.
const PIECES: &[&str] = &[
    "\n",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "9223372036854775808",
    "1e400",
    "\"ok\"",
    "\"unknown\"",
    "\"fail\"",
    "\"return\":",
    "\u{0}",
    "é",
    "\u{feff}",
    "[[[[",
    "{\"id\":0}",
    "\\u0000",
    " ",
];

#[derive(Clone, Debug)]
enum Damage {
    Cut(usize),
    Remove(usize, usize),
    Insert(usize, usize),
    Byte(usize, u8),
    RepeatLine(usize),
    SwapLines(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = 0..2_000usize;
    prop_oneof![
        place.clone().prop_map(Damage::Cut),
        (place.clone(), 1..20usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (place.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (0..5usize).prop_map(Damage::RepeatLine),
        (0..5usize).prop_map(Damage::SwapLines),
    ]
}

fn damaged(mut file: Vec<u8>, damage: &Damage) -> Vec<u8> {
    let at = |place: usize| place % (file.len() + 1);
    match *damage {
        Damage::Cut(place) => file.truncate(at(place)),
        Damage::Remove(place, count) => {
            let (from, to) = (at(place), (at(place) + count).min(file.len()));
            file.drain(from..to);
        }
        Damage::Insert(place, piece) => {
            let from = at(place);
            file.splice(from..from, PIECES[piece].bytes());
        }
        Damage::Byte(place, byte) => {
            let from = at(place);
            if let Some(old) = file.get_mut(from) {
                *old = byte;
            }
        }
        Damage::RepeatLine(line) | Damage::SwapLines(line) => {
            let mut lines: Vec<Vec<u8>> = file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            let index = line % lines.len().max(1);
            if matches!(damage, Damage::SwapLines(_)) && index + 1 < lines.len() {
                lines.swap(index, index + 1);
            } else if index < lines.len() {
                lines.insert(index, lines[index].clone());
            }
            file = lines.concat();
        }
    }
    file
}

fn read(file: &[u8], model: Option<Model>) -> Option<History> {
    let mut reader = Reader::new(model, 1 << 20);
    for (line, number) in file.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        match reader.line(line) {
            Ok(()) => {}
            Err(Stop::Malformed(malformed)) => {
                assert!(malformed.line == number && malformed.column >= 1 && malformed.column <= line.len() + 1, "{malformed}");
                assert!(!malformed.message.is_empty());
                return None;
            }
            Err(Stop::Memory { .. }) => return None,
        }
    }
    reader.finish().ok()
}

fn judge(history: &History) {
    for check in CHECKS.iter().filter(|check| check.models.contains(&history.model)) {
        let judgement = (check.judge)(history, &mut Budget::new(20_000, 1 << 24));
        assert_eq!(judgement.verdict.name() == "ok", judgement.verdict.evidence().is_empty(), "{}", check.name);
    }
}

#[test]
fn the_files_are_right_before_they_are_damaged() {
    for file in FILES {
        judge(&read(file.as_bytes(), None).expect(file));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_refused_or_judged(
        file in 0..FILES.len(),
        damages in prop::collection::vec(damage(), 1..4),
        model in prop::option::of(0..MODELS.len()),
    ) {
        let bytes = damages.iter().fold(FILES[file].as_bytes().to_vec(), damaged);
        if let Some(history) = read(&bytes, model.map(|model| MODELS[model].model)) {
            judge(&history);
        }
    }
}
