use super::*;
use crate::history::{Answer, Call, Operation, Outcome};
use crate::sample::{Build, Chance, ample, expect, in_effect, slots};
use std::collections::BTreeSet;

/// Operations as `process invoke-response what`: `add 1`, `rem 1`, `has 1`, `not 1`, `read 1,2`; `?` for the response: unknown, `!`
/// after the response: failed.
fn history(model: Model, lines: &[&str]) -> History {
    let mut build = Build::new(model);
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (invoke, response) = words[1].split_once('-').expect("a time");
        let values: Vec<Value> =
            words[3].split(',').filter(|text| !text.is_empty()).map(|text| build.int(text.parse().expect("a number"))).collect();
        let (call, answer) = match words[2] {
            "add" => (Call::Add(values[0]), Answer::Done),
            "rem" => (Call::Remove(values[0]), Answer::Done),
            "has" => (Call::Contains(values[0]), Answer::Flag(true)),
            "not" => (Call::Contains(values[0]), Answer::Flag(false)),
            _ => (Call::Read, Answer::Values(values.into())),
        };
        let outcome = match response {
            "?" => Outcome::Unknown,
            text if text.ends_with('!') => Outcome::Fail,
            _ => Outcome::Ok(answer),
        };
        let end = response.trim_end_matches(['?', '!']).parse().unwrap_or(0);
        build.push(words[0].parse().expect("a process"), Value::NULL, call, outcome, invoke.parse().expect("a time"), end);
    }
    build.finish()
}

fn set(lines: &[&str], lost: &str, stale: &str) {
    let history = history(Model::Set, lines);
    expect(&nothing_lost(&history, &mut ample()).verdict, lost);
    expect(&nothing_stale(&history, &mut ample()).verdict, stale);
}

fn broadcast(lines: &[&str], verdict: &str) {
    expect(&nothing_lost(&history(Model::Broadcast, lines), &mut ample()).verdict, verdict);
}

#[test]
fn clean_sets_pass() {
    set(&[], "ok", "ok");
    set(&["0 1-2 add 1", "1 3-4 read 1", "1 5-6 has 1"], "ok", "ok");
    // Side by side a read may have it or not; what was never acknowledged too.
    set(&["0 1-4 add 1", "1 2-3 read ", "1 4-6 read 1"], "ok", "ok");
    set(&["0 1-? add 1", "1 2-3 read ", "1 4-6 read 1"], "ok", "ok");
    set(&["0 1-2! add 1", "1 3-4 read "], "ok", "ok");
    // After a removal began nothing is said, before it everything.
    set(&["0 1-2 add 1", "1 3-4 read 1", "0 5-6 rem 1", "1 7-8 read "], "unknown: 1 may have been removed", "unknown");
    set(&["0 1-2 add 1", "1 3-4 read 1", "0 5-6! rem 1", "1 7-8 read "], "violation: lost", "violation: lost");
    set(&["0 1-2 add 1", "1 3-4 read ", "0 5-6 rem 1", "1 7-8 read "], "violation: lost", "violation: lost");
}

#[test]
fn planted_faults_of_sets_are_named() {
    set(
        &["0 1-2 add 1", "1 3-4 read "],
        "violation: lost: 1 was known from operation 0 (process 0) on, which ended at 2, but operation 1 (process 1) has it not, and no",
        "violation: lost",
    );
    set(&["0 1-2 add 1", "1 3-4 read 1", "1 5-6 not 1"], "violation: lost", "violation: lost");
    set(&["0 1-? add 1", "1 3-4 read 1", "1 5-6 read "], "violation: lost", "violation: lost");
    set(
        &["0 1-2 add 1", "1 3-4 read ", "1 5-6 read 1"],
        "ok",
        "violation: stale: 1 was known from operation 0 (process 0) on, which",
    );
    set(&["0 1-2 add 1", "1 3-4 read 1,2"], "violation: phantom: operation 1 (process 1) has 2 at 4", "violation: phantom");
    set(&["1 3-4 read 1", "0 5-6 add 1"], "violation: phantom", "violation: phantom");
    set(&["0 1-2! add 1", "1 3-4 read 1"], "violation: phantom", "violation: phantom");
    set(&["0 1-2 add 1", "1 3-4 read 1,1"], "violation: duplicate: operation 1 (process 1) has 1 twice", "violation: duplicate");
    let mut initial = history(Model::Set, &["1 3-4 read "]);
    initial.init = crate::history::Init::Values(vec![initial.names.int(7)]);
    expect(&nothing_lost(&initial, &mut ample()).verdict, "violation: lost: 7 was there from the start");
    let late = history(Model::Set, &["0 1-2 add 1", "1 9-9 read ", "1 11-12 read 1", "0 13-14 add 2"]);
    let facts = nothing_lost(&late, &mut ample()).facts;
    assert_eq!(Json::Object(facts), json!({"elements": 2, "known": 2, "never_read": 1, "stale": 1, "stale_time_max": 7}));
    expect(&nothing_lost(&late, &mut Budget::new(1, 0)).verdict, "unknown: the 1 steps");
}

use serde_json::Value as Json;

#[test]
fn broadcasts() {
    broadcast(&["0 1-2 add 1", "1 3-4 read ", "1 5-6 read 1"], "ok");
    // The last read of process 2 began before the acknowledgement.
    broadcast(&["0 1-4 add 1", "2 4-5 read ", "1 5-6 read 1"], "ok");
    broadcast(&["0 1-2 add 1", "1 3-4 read 1", "2 5-6 read "], "violation: missing: 1 was known from operation 0");
    broadcast(&["0 1-? add 1", "1 3-4 read ", "2 5-6 read "], "ok");
    broadcast(&["0 1-? add 1", "1 3-4 read 1", "2 5-6 read "], "ok");
    broadcast(&["0 1-2 add 1", "1 3-4 read 1", "1 5-6 read ", "1 7-8 read 1"], "violation: flickered: operation 1");
    broadcast(&["0 1-2 add 1", "1 3-4 read 1,3"], "violation: phantom");
    broadcast(&["0 1-2 add 1", "1 3-4 read 1,1"], "violation: duplicate");
}

/// The faults of a history, straight from their definitions.
fn oracle(history: &History) -> BTreeSet<&'static str> {
    let all = &history.operations;
    let has = |read: &Operation, value: Value| match (&read.call, read.answer()) {
        (Call::Read, Some(Answer::Values(values))) => Some(values.contains(&value)),
        (Call::Contains(of), Some(Answer::Flag(flag))) if *of == value => Some(*flag),
        _ => None,
    };
    let is_whole = |read: &&Operation| read.call == Call::Read && read.is_ok();
    let is_first_removal = |value: Value, at: i64| {
        all.iter().any(|other| other.call == Call::Remove(value) && other.is_possible() && other.invoke <= at)
    };
    let mut faults = BTreeSet::new();
    for value in (0..history.names.count() as u32).map(Value) {
        let asked = |end: i64| all.iter().any(|add| add.call == Call::Add(value) && add.is_possible() && add.invoke <= end);
        let shows = |other: &&Operation| {
            let added = other.call == Call::Add(value) && other.is_ok();
            let seen = history.model == Model::Set && has(other, value) == Some(true);
            added || seen && !is_first_removal(value, other.response.unwrap_or(0))
        };
        let known = all.iter().filter(shows).filter_map(|other| other.response).min();
        let must = |read: &Operation| {
            known.is_some_and(|known| known < read.invoke) && !read.response.is_some_and(|end| is_first_removal(value, end))
        };
        for read in all.iter().filter(|read| read.is_ok()) {
            if has(read, value) == Some(true) && !asked(read.response.unwrap_or(0)) {
                faults.insert("phantom");
            }
            if let Some(Answer::Values(values)) = read.answer()
                && values.iter().filter(|other| **other == value).count() > 1
            {
                faults.insert("duplicate");
            }
            if has(read, value) == Some(false) && must(read) {
                let comes_back = all.iter().any(|later| later.invoke >= read.invoke && has(later, value) == Some(true));
                faults.insert(if comes_back { "stale" } else { "lost" });
                let is_last = all.iter().filter(is_whole).all(|other| other.process != read.process || other.id <= read.id);
                if history.model == Model::Broadcast && is_last && read.call == Call::Read {
                    faults.insert("missing");
                }
            }
            let next = all.iter().filter(is_whole).find(|other| other.process == read.process && other.id > read.id);
            if history.model == Model::Broadcast
                && has(read, value) == Some(true)
                && next.is_some_and(|next| has(next, value) == Some(false))
            {
                faults.insert("flickered");
            }
        }
    }
    faults
}

fn random(seed: u64, model: Model) -> History {
    let mut chance = Chance::new(seed);
    let count = 1 + chance.below(9);
    let slots = slots(&mut chance, count, 3, 8);
    let mut build = Build::new(model);
    let calls: Vec<Call> = slots
        .iter()
        .map(|_| {
            let value = chance.within(1, 3);
            let value = build.int(value);
            match chance.below(if model == Model::Set { 16 } else { 12 }) {
                0..=4 => Call::Add(value),
                12..=13 => Call::Contains(value),
                14 => Call::Remove(value),
                _ => Call::Read,
            }
        })
        .collect();
    let mut members = BTreeSet::new();
    let mut answers = vec![Answer::Done; slots.len()];
    for index in in_effect(&slots) {
        match calls[index] {
            Call::Add(value) => drop(members.insert(value)),
            Call::Remove(value) => drop(members.remove(&value)),
            Call::Contains(value) => answers[index] = Answer::Flag(members.contains(&value)),
            _ => answers[index] = Answer::Values(members.iter().copied().collect()),
        }
    }
    let lies = chance.below(3);
    for _ in 0..lies {
        let index = chance.below(slots.len() as u64) as usize;
        let value = chance.within(1, 3);
        let value = build.int(value);
        match &mut answers[index] {
            Answer::Flag(flag) => *flag ^= true,
            Answer::Values(values) => {
                let mut changed = values.to_vec();
                match chance.below(3) {
                    0 => changed.push(value),
                    _ => drop(changed.pop()),
                }
                *values = changed.into();
            }
            _ => {}
        }
    }
    for ((slot, call), answer) in slots.iter().zip(calls).zip(answers) {
        let outcome = match slot.unknown {
            true => Outcome::Unknown,
            false if slot.point.is_none() => Outcome::Fail,
            false => Outcome::Ok(answer),
        };
        build.push(slot.process, Value::NULL, call, outcome, slot.invoke, slot.response);
    }
    if lies == 0 {
        build.history.source = "truthful".to_string();
    }
    build.finish()
}

fn against_the_oracle(seeds: std::ops::Range<u64>) -> (u64, std::collections::BTreeMap<&'static str, u64>) {
    let mut counts = std::collections::BTreeMap::new();
    let mut clean = 0;
    for seed in seeds {
        let model = if seed % 2 == 0 { Model::Set } else { Model::Broadcast };
        let history = random(seed, model);
        let faults = oracle(&history);
        assert!(history.source.is_empty() || faults.is_empty(), "seed {seed}: {faults:?} in a truthful history");
        for (judge, ignored) in [(nothing_lost as fn(&History, &mut Budget<'_>) -> Judgement, "stale"), (nothing_stale, "")] {
            let judgement = judge(&history, &mut ample());
            let wanted = faults.iter().any(|fault| *fault != ignored);
            let is_violation = matches!(judgement.verdict, Verdict::Violation(_));
            assert_eq!(is_violation, wanted, "seed {seed}: {faults:?}, {:?}", judgement.verdict);
            let removed = history.operations.iter().any(|operation| matches!(operation.call, Call::Remove(_)));
            let fact = |name: &str| judgement.facts.get(name).and_then(Json::as_u64);
            let unread = fact("known") == fact("never_read") && fact("known") > Some(0);
            let is_sure = judgement.verdict == Verdict::Ok && !unread;
            assert!(is_violation || removed || unread || is_sure, "seed {seed}: {:?}", judgement.verdict);
            if let Some(fault) = judgement.facts.get("fault").and_then(Json::as_str) {
                let fault = faults.iter().find(|other| **other == fault);
                *counts
                    .entry(*fault.unwrap_or_else(|| panic!("seed {seed}: {faults:?}, {:?}", judgement.verdict)))
                    .or_insert(0) += 1;
            }
        }
        clean += u64::from(faults.is_empty());
    }
    (clean, counts)
}

#[test]
fn small_histories_agree_with_the_definitions() {
    let (clean, counts) = against_the_oracle(0..4_000);
    assert!(clean > 1_000 && counts.len() == 6 && counts.values().all(|count| *count > 10), "{clean} clean, {counts:?}");
}

#[test]
#[ignore = "long"]
fn many_small_histories_agree_with_the_definitions() {
    println!("clean, faults: {:?}", against_the_oracle(0..100_000));
}

#[test]
fn long_histories_take_steps_as_much_was_read() {
    let mut build = Build::new(Model::Set);
    let mut members: Vec<Value> = Vec::new();
    for at in 0..4_000 {
        let element = build.int(at);
        build.push(at % 5, Value::NULL, Call::Add(element), Outcome::Ok(Answer::Done), 2 * at, 2 * at);
        members.push(element);
        if at % 40 == 39 {
            let answer = Answer::Values(members.clone().into());
            build.push(9, Value::NULL, Call::Read, Outcome::Ok(answer), 2 * at + 1, 2 * at + 1);
        }
    }
    let mut history = build.finish();
    let mut budget = ample();
    expect(&nothing_stale(&history, &mut budget).verdict, "ok");
    assert!(budget.steps() < 1_000_000, "{} steps", budget.steps());
    let Outcome::Ok(Answer::Values(values)) = &mut history.operations.last_mut().expect("a read").outcome else {
        panic!("the last operation is a read");
    };
    *values = values[1..].into();
    expect(
        &nothing_lost(&history, &mut budget).verdict,
        "violation: lost: 0 was known from operation 0 (process 0) on, which ended at 0",
    );
}
