//! The judge against its oracle, planted violations and clean histories, and histories that others have judged.

use super::generate::{self, Size};
use super::{Level, judge, oracle};
use crate::Verdict;
use crate::budget::Budget;
use crate::history::read::Reader;
use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value, write};
use std::collections::BTreeSet;

const STEPS: u64 = 50_000_000;

fn verdict(history: &History, level: Level) -> Verdict {
    judge(history, level, &mut Budget::new(STEPS, 4 << 30)).verdict
}

/// Holds the judge against the oracle, at all levels. How often each level held, and how many histories were compared.
fn compare(model: Model, seeds: std::ops::Range<u64>) {
    let mut held = [0u64; 9];
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let history = generate::history(model, seed);
        for (level, held) in Level::ALL.into_iter().zip(&mut held) {
            if level == Level::ReadUncommitted && is_two_faced(&history) {
                continue;
            }
            let (found, expected) = (verdict(&history, level), oracle::holds(&history, level));
            *held += u64::from(expected);
            let agree = matches!((&found, expected), (Verdict::Ok, true) | (Verdict::Violation(_), false));
            assert!(
                agree,
                "{model:?} {seed} {level:?}: the oracle says {expected}, the judge {}\n{}\n{}",
                found.name(),
                found.evidence(),
                write::text(&history)
            );
        }
    }
    eprintln!("{model:?}: {count} histories, of which held {held:?}");
    for (level, held) in Level::ALL.iter().zip(held) {
        assert!(held * 10 > count && held * 20 < count * 19, "{level:?} held {held} times of {count}");
    }
}

/// Whether a value of a list was written by a transaction that committed and by one that may not have: then it is not said what of
/// the list is a version at read uncommitted.
fn is_two_faced(history: &History) -> bool {
    let (mut sure, mut unsure) = (BTreeSet::new(), BTreeSet::new());
    for operation in &history.operations {
        let set = if matches!(operation.outcome, Outcome::Ok(_)) { &mut sure } else { &mut unsure };
        for access in super::read::accesses(operation) {
            if let Act::Write(value) = access.act {
                set.insert((access.key, value));
            }
        }
    }
    history.model == Model::ListAppend && !sure.is_disjoint(&unsure)
}

#[test]
fn lists_are_judged_as_the_oracle_does() {
    compare(Model::ListAppend, 0..2_000);
}

#[test]
fn registers_are_judged_as_the_oracle_does() {
    compare(Model::RwRegister, 0..2_000);
}

#[test]
#[ignore = "100,000 histories of each model: minutes in release"]
fn many_lists_are_judged_as_the_oracle_does() {
    compare(Model::ListAppend, 1_000_000..1_100_000);
}

#[test]
#[ignore = "100,000 histories of each model: minutes in release"]
fn many_registers_are_judged_as_the_oracle_does() {
    compare(Model::RwRegister, 1_000_000..1_100_000);
}

#[test]
fn right_databases_are_found_right() {
    let size = Size { transactions: 200, keys: 6, accesses: 4, processes: 6 };
    for model in [Model::ListAppend, Model::RwRegister] {
        for (seed, is_snapshot) in (0..4).flat_map(|seed| [(seed, false), (seed, true)]) {
            let history = generate::right(model, size, is_snapshot, seed);
            for level in Level::ALL.into_iter().filter(|level| !is_snapshot || level.is_snapshot()) {
                let found = verdict(&history, level);
                assert_eq!(found, Verdict::Ok, "{model:?} {seed} {level:?}");
            }
        }
    }
}

/// A history in short: a line is a process, when it was invoked and returned (`-` if never), how it ended, and what it did: `a x 1`
/// appends, `w x 1` writes, `r x 1,2` reads a list, `r x 1` a register, `r x _` nothing.
fn parse(model: Model, text: &str) -> History {
    let mut names = Names::default();
    let mut operations = Vec::new();
    for (line, id) in text.lines().map(str::trim).filter(|line| !line.is_empty()).zip(0..) {
        let (head, body) = line.split_once(':').expect("a colon");
        let words: Vec<&str> = head.split_whitespace().collect();
        let [process, invoke, response, status] = words[..] else { panic!("{head}") };
        let (mut accesses, mut found) = (Vec::new(), Vec::new());
        for access in body.split(';') {
            let words: Vec<&str> = access.split_whitespace().collect();
            let [function, key, value] = words[..] else { panic!("{access}") };
            let mut values: Vec<Value> =
                value.split(',').filter(|value| *value != "_").map(|value| number(&mut names, value)).collect();
            let act = if function == "r" { Act::Read } else { Act::Write(values[0]) };
            match (act, model) {
                (Act::Write(_), _) => {}
                (Act::Read, Model::ListAppend) => found.push(Found::List(values.into())),
                (Act::Read, _) => found.push(Found::Value(values.pop().unwrap_or(Value::NULL))),
            }
            accesses.push(Access { key: names.text(key), act });
        }
        let outcome = match status {
            "ok" => Outcome::Ok(Answer::Found(found.into())),
            "fail" => Outcome::Fail,
            _ => Outcome::Unknown,
        };
        operations.push(Operation {
            id,
            process: process.parse().expect("a process"),
            key: Value::NULL,
            call: Call::Transaction(accesses.into()),
            outcome,
            invoke: invoke.parse().expect("a time"),
            response: response.parse().ok(),
        });
    }
    History { model, init: Init::Default, source: String::new(), time: TimeUnit::Unspecified, operations, names }
}

fn number(names: &mut Names, value: &str) -> Value {
    names.int(value.parse().expect("a number"))
}

/// Judges a history at some levels: the names of the anomalies, none when it is ok.
fn check(model: Model, text: &str, expect: &[(Level, &str)]) {
    let history = parse(model, text);
    for (level, names) in expect {
        let judgement = judge(&history, *level, &mut Budget::new(STEPS, 1 << 30));
        let found: Vec<&str> = match judgement.facts.get("anomalies") {
            Some(anomalies) => anomalies.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect(),
            None => Vec::new(),
        };
        assert_eq!(found.join(" "), *names, "{level:?}\n{text}\n{}", judgement.verdict.evidence());
        assert_eq!(judgement.verdict == Verdict::Ok, names.is_empty(), "{level:?}\n{text}");
        assert_eq!(oracle::holds(&history, *level), names.is_empty(), "{level:?}\n{text}");
    }
}

use Level::{
    ReadCommitted as Rc, ReadUncommitted as Ru, Serializable as Ser, SnapshotIsolation as Si, StrictSerializable as Strict,
    StrongSessionSerializable as Session, StrongSessionSnapshotIsolation as SessionSi, StrongSnapshotIsolation as StrongSi,
};

#[test]
fn clean_lists_are_clean() {
    let all: Vec<(Level, &str)> = Level::ALL.iter().map(|level| (*level, "")).collect();
    for text in [
        "0 0 1 ok: a x 1; r x 1; a x 2\n 1 2 3 ok: r x 1,2; a x 3\n 0 4 5 ok: r x 1,2,3; r y _",
        "0 0 - unknown: a x 1; a y 1\n 1 1 2 ok: r x _; r y _\n 1 3 4 ok: r x 1\n 1 5 6 ok: r y 1",
        "0 0 1 fail: a x 1\n 1 2 3 ok: r x _; a x 2\n 0 4 5 ok: r x 2",
        "0 0 1 ok: a x 1\n 1 0 2 ok: a x 2\n 2 0 3 ok: a x 3; a y 1",
        // One value, twice: the list shows both.
        "0 0 1 ok: a x 1\n 1 2 3 ok: a x 1\n 1 4 5 ok: r x 1,1",
    ] {
        check(Model::ListAppend, text, &all);
    }
}

#[test]
fn planted_anomalies_of_lists_are_named() {
    for (text, expect) in [
        ("0 0 1 ok: a x 1\n 1 2 3 ok: r x 1,9", &[(Ru, "garbage-read"), (Strict, "garbage-read")][..]),
        ("0 0 1 ok: a x 1\n 1 2 3 ok: r x 1,1", &[(Ru, "duplicates"), (Si, "duplicates")]),
        ("0 0 1 ok: a x 1\n 1 0 1 ok: a x 2\n 2 2 3 ok: r x 1\n 2 4 5 ok: r x 2,1", &[(Ru, "incompatible-orders")]),
        ("0 0 1 ok: a x 1; a x 2\n 1 2 3 ok: r x 2,1", &[(Ru, "incompatible-orders")]),
        ("0 0 1 ok: a x 1; r x _", &[(Ru, "internal"), (Ser, "internal")]),
        ("0 0 1 ok: r x 1; a x 1", &[(Ru, "future-read"), (Ser, "future-read")]),
        ("0 0 1 fail: a x 1\n 1 2 3 ok: r x 1", &[(Ru, ""), (Rc, "G1a"), (Si, "G1a")]),
        ("0 0 9 ok: a x 1; a x 2\n 1 2 3 ok: r x 1", &[(Ru, ""), (Rc, "G1b"), (Ser, "G1b")]),
        (
            "0 0 9 ok: a x 1; a y 1\n 1 0 9 ok: a x 2; a y 2\n 2 0 9 ok: r x 1,2; r y 2,1",
            &[(Ru, "G0"), (Rc, "G0"), (Si, "G0"), (Ser, "G0")],
        ),
        ("0 0 9 ok: a x 1; r y 1\n 1 0 9 ok: a y 1; r x 1", &[(Ru, ""), (Rc, "G1c"), (Ser, "G1c")]),
        ("0 0 9 ok: a x 1; a y 1\n 1 0 9 ok: r x 1; r y _", &[(Rc, ""), (Si, "G-single"), (Ser, "G-single")]),
        // First it read what the other wrote, then what was before.
        ("0 0 9 ok: a x 1\n 1 0 9 ok: r x 1; r x _", &[(Rc, ""), (Si, "G-single"), (Ser, "G-single")]),
        (
            "0 0 9 ok: a x 1; a t 1\n 1 0 9 ok: r x 1; r y _\n 2 0 9 ok: a y 1; a z 2\n 3 0 9 ok: r z 2; r t _",
            &[(Rc, ""), (Si, "G-nonadjacent"), (Ser, "G-nonadjacent")],
        ),
        ("0 0 9 ok: r x _; a y 1\n 1 0 9 ok: r y _; a x 1", &[(Rc, ""), (Si, ""), (StrongSi, ""), (Ser, "G2")]),
        (
            "0 0 9 ok: r x _; a x 1\n 1 0 9 ok: r x _; a x 2\n 2 10 11 ok: r x 1,2",
            &[(Rc, ""), (Si, "lost-update G-single"), (Ser, "lost-update G-single G2")],
        ),
        // Nobody saw either: whichever was first, the other missed it.
        ("0 0 9 ok: r x _; a x 1\n 1 0 9 ok: r x _; a x 2", &[(Rc, ""), (Si, "lost-update"), (Ser, "lost-update G2")]),
        // Two writers that nobody saw, each of which missed the other elsewhere.
        ("0 0 9 ok: r y _; a x 1; a z 1\n 1 0 9 ok: r z _; a x 2; a y 1", &[(Rc, ""), (Si, "G-single"), (Ser, "G2")]),
        (
            "0 0 1 ok: a x 1\n 0 2 3 ok: r x _",
            &[(Si, ""), (Ser, ""), (SessionSi, "G-single-process"), (Session, "G-single-process")],
        ),
        ("0 0 1 ok: a x 1\n 1 2 3 ok: r x _", &[(SessionSi, ""), (StrongSi, "G-single-realtime"), (Strict, "G-single-realtime")]),
        // What returns as another is invoked is not before it.
        ("0 0 1 ok: a x 1\n 1 1 3 ok: r x _", &[(Strict, "")]),
        ("0 0 1 ok: r x 1\n 1 2 3 ok: a x 1", &[(Ser, ""), (Strict, "G1c-realtime"), (StrongSi, "G1c-realtime")]),
    ] {
        check(Model::ListAppend, text, expect);
    }
}

#[test]
fn clean_registers_are_clean() {
    let all: Vec<(Level, &str)> = Level::ALL.iter().map(|level| (*level, "")).collect();
    for text in [
        "0 0 1 ok: w x 1; r x 1; w x 2; r y _\n 1 2 3 ok: r x 2; w x 3\n 0 4 5 ok: r x 3",
        "0 0 - unknown: w x 1\n 1 1 2 ok: r x _\n 1 3 4 ok: r x 1",
        "0 0 9 ok: w x 1\n 1 0 9 ok: w x 2\n 2 10 11 ok: r x 1\n 2 12 13 ok: r x 1",
        // One value, twice: it may be either's.
        "0 0 1 ok: w x 1\n 1 2 3 ok: w x 1; w y 1\n 1 4 5 ok: r x 1; r y 1",
    ] {
        check(Model::RwRegister, text, &all);
    }
}

#[test]
fn planted_anomalies_of_registers_are_named() {
    for (text, expect) in [
        ("0 0 1 ok: w x 1\n 1 2 3 ok: r x 9", &[(Ru, "garbage-read"), (Ser, "garbage-read")][..]),
        ("0 0 1 ok: w x 1; r x _", &[(Ru, "internal"), (Ser, "internal")]),
        ("0 0 1 ok: r x 1; w x 1", &[(Ru, "future-read")]),
        ("0 0 1 fail: w x 1\n 1 2 3 ok: r x 1", &[(Ru, ""), (Rc, "G1a")]),
        ("0 0 9 ok: w x 1; w x 2\n 1 2 3 ok: r x 1", &[(Ru, ""), (Rc, "G1b")]),
        ("0 0 9 ok: w x 1; r y 1\n 1 0 9 ok: w y 1; r x 1", &[(Ru, ""), (Rc, "G1c"), (Ser, "G1c")]),
        ("0 0 9 ok: w x 1; w y 1\n 1 0 9 ok: r x 1; r y _", &[(Rc, ""), (Si, "G-single")]),
        ("0 0 9 ok: w x 1\n 1 0 9 ok: r x 1; r x _", &[(Rc, ""), (Si, "G-single"), (Ser, "G-single")]),
        ("0 0 9 ok: r x _; w y 1\n 1 0 9 ok: r y _; w x 1", &[(Si, ""), (Ser, "G2")]),
        ("0 0 9 ok: r x _; w x 1\n 1 0 9 ok: r x _; w x 2", &[(Rc, ""), (Si, "lost-update"), (Ser, "lost-update G2")]),
        // The order of x follows from one process, that of y from another.
        (
            "0 0 1 ok: w x 1; w y 2\n 1 2 3 ok: w x 2; w y 1\n 0 4 5 ok: r x 2\n 1 6 7 ok: r y 2",
            &[(Ser, ""), (Si, ""), (Session, "G0")],
        ),
        // Two reads of one transaction disagree on the order, whatever that is.
        ("0 0 9 ok: w x 1\n 1 0 9 ok: w x 2\n 2 0 9 ok: r x 1; r x 2", &[(Rc, ""), (Si, "G-single"), (Ser, "G-single")]),
    ] {
        check(Model::RwRegister, text, expect);
    }
}

#[test]
fn evidence_is_told_in_sentences() {
    let tell = |model, text, level| verdict(&parse(model, text), level).evidence().to_string();
    let skew = "0 0 9 ok: r x _; a y 1\n 1 0 9 ok: r y _; a x 1";
    assert_eq!(
        tell(Model::ListAppend, skew, Ser),
        "not serializable: G2\n\
         G2: T0 -> T1 -> T0\n  \
         T0 did not see T1's append of 1 to x: it read [] (rw)\n  \
         T1 did not see T0's append of 1 to y: it read [] (rw)\n  \
         a cycle: each of them would have to come before itself"
    );
    let torn = "0 0 9 ok: w x 1\n 1 0 9 ok: w x 2\n 2 0 9 ok: r x 1; r x 2";
    assert_eq!(
        tell(Model::RwRegister, torn, Ser),
        "not serializable: G-single\n\
         G-single: whichever of T0 and T1 to write x was first, there is a cycle\n  \
         if T0 wrote x before T1: G-single: T2 -> T1 -> T2\n    \
         T2 read x = 1, before T1 wrote 2 (rw), if so\n    \
         T2 read x = 2, which T1 wrote (wr)\n    \
         a cycle: each of them would have to come before itself\n  \
         if T1 wrote x before T0: G-single: T2 -> T0 -> T2\n    \
         T2 read x = 2, before T0 wrote 1 (rw), if so\n    \
         T2 read x = 1, which T0 wrote (wr)\n    \
         a cycle: each of them would have to come before itself"
    );
}

#[test]
fn a_budget_that_ends_is_said() {
    let text = "0 0 9 ok: w x 1\n 1 0 9 ok: w x 1\n 2 0 9 ok: r x 1";
    let judgement = judge(&parse(Model::RwRegister, text), Ser, &mut Budget::new(2, 1 << 20));
    assert_eq!(judgement.verdict.name(), "unknown");
    let text = "0 0 9 ok: w x 1\n 1 0 9 ok: w x 1\n 2 0 9 ok: r x 1; r x 1; r x _; r x 1";
    let judgement = judge(&parse(Model::RwRegister, text), Ser, &mut Budget::new(12, 1 << 20));
    assert!(judgement.verdict.evidence().starts_with("1 was written to x by T0 and by T1, so that"), "{judgement:?}");
}

/// Histories that others have judged lie beside the repository; they are not part of it.
#[test]
fn others_agree() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/histories");
    let Ok(expected) = std::fs::read_to_string(folder.join("EXPECTED.jsonl")) else {
        eprintln!("no histories that others judged beside the repository: nothing to compare");
        return;
    };
    let mut compared = 0;
    for line in expected.lines().filter(|line| line.contains("\"elle/")) {
        let expected: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let field = |name: &str| expected[name].as_str().expect("text").to_string();
        let text = std::fs::read_to_string(folder.join(field("file"))).expect("the file that is named");
        let mut reader = Reader::new(None, 1 << 24);
        text.lines().for_each(|line| reader.line(line.as_bytes()).expect("a history"));
        let history = reader.finish().expect("a history");
        let check = crate::checks::named(&field("check")).expect("a check");
        let found = (check.judge)(&history, &mut Budget::new(STEPS, 1 << 30)).verdict;
        assert_eq!(found.name(), field("expect"), "{line}\n{}", found.evidence());
        compared += 1;
    }
    assert!(compared > 0);
}

#[test]
fn who_answers_fewer_reads_than_were_asked_for_is_told_and_breaks_nothing() {
    let mut history = (0..).map(|seed| generate::history(Model::RwRegister, seed)).find(|history| {
        history.operations.iter().any(|operation| matches!(operation.answer(), Some(Answer::Found(found)) if !found.is_empty()))
    });
    let history = history.as_mut().expect("some history has a read");
    let short = history.operations.iter_mut().find_map(|operation| match &mut operation.outcome {
        Outcome::Ok(Answer::Found(found)) if !found.is_empty() => {
            let asked = found.len();
            *found = found[1..].into();
            Some(format!("operation {} asked for {asked} reads and was answered {}", operation.id, asked - 1))
        }
        _ => None,
    });
    for level in Level::ALL {
        assert_eq!(Some(verdict(history, level).evidence().to_string()), short, "{level:?}");
        assert_eq!(verdict(history, level).name(), "violation");
    }
}
