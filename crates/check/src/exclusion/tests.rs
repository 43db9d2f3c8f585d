use super::*;
use crate::history::{Answer, Operation, Outcome, Value};
use crate::sample::{Build, Chance, ample, expect, in_effect, slots};

/// Operations as `process invoke-response what`, `+` to acquire and `-` to release; `?` for the response: unknown, `!` after it: failed.
fn history(held: bool, lines: &[&str]) -> History {
    let mut build = Build::new(Model::Mutex);
    build.history.init = Init::Held(held);
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (invoke, response) = words[1].split_once('-').expect("a time");
        let outcome = match response {
            "?" => Outcome::Unknown,
            text if text.ends_with('!') => Outcome::Fail,
            _ => Outcome::Ok(Answer::Done),
        };
        let call = if words[2] == "+" { Call::Acquire } else { Call::Release };
        let end = response.trim_end_matches(['?', '!']).parse().unwrap_or(0);
        build.push(words[0].parse().expect("a process"), Value::NULL, call, outcome, invoke.parse().expect("a time"), end);
    }
    build.finish()
}

fn lock(held: bool, lines: &[&str], verdict: &str) {
    expect(&judge_history(&history(held, lines), &mut ample()).verdict, verdict);
}

#[test]
fn clean_locks_pass() {
    lock(false, &[], "ok");
    lock(false, &["0 1-2 +", "0 3-4 -", "1 5-6 +", "1 7-8 -"], "ok");
    // The release may take effect as soon as it is sent, the acquire as late as it is answered.
    lock(false, &["0 1-2 +", "1 1-3 +", "0 3-9 -"], "ok");
    lock(false, &["0 1-2 +", "0 3-? -", "1 4-5 +"], "ok");
    lock(false, &["0 1-? +", "1 4-5 +"], "ok");
    lock(false, &["0 1-2! +", "1 4-5 +"], "ok");
    // Somebody else released it.
    lock(false, &["0 1-2 +", "2 3-4 -", "1 5-6 +"], "ok");
    lock(false, &["2 0-? -", "0 1-2 +", "1 5-6 +"], "ok");
    lock(true, &["2 1-2 -", "1 2-3 +"], "ok");
    // Held for an instant, then by another.
    lock(false, &["0 1-5 +", "0 5-6 -", "1 4-5 +"], "ok");
}

#[test]
fn planted_double_holders_are_named() {
    lock(
        false,
        &["0 1-2 +", "1 3-4 +", "0 5-6 -"],
        "violation: operation 1 (process 1) had acquired by 4 what operation 0 (process 0) had acquired by 2 and was not released before 5",
    );
    lock(false, &["0 1-2 +", "0 3-4! -", "1 5-6 +"], "violation");
    lock(false, &["0 1-2 +", "0 3-4 +"], "violation");
    lock(false, &["2 0-0 -", "0 1-2 +", "1 5-6 +"], "violation: operation 2");
    lock(
        true,
        &["1 2-3 +"],
        "violation: operation 0 (process 1) acquired at 3 what was held from the start and was not released",
    );
    // An instant within another's time.
    lock(false, &["0 1-2 +", "1 4-5 +", "1 5-6 -", "0 9-9 -"], "violation");
    let history = history(false, &["0 1-2 +", "1 3-4 +"]);
    assert_eq!(judge_history(&history, &mut ample()).facts["operations"], json!([0, 1]));
    expect(&judge_history(&history, &mut Budget::new(1, 0)).verdict, "unknown: the 1 steps");
}

fn resource(sections: &[(u64, u64, Option<u64>)], verdict: &str) {
    let sections: Vec<Section> = sections.iter().map(|&(holder, enter, leave)| Section { holder, enter, leave }).collect();
    expect(&judge_sections(&sections), verdict);
}

fn fenced(accesses: &[(u64, u64, bool)], verdict: &str) {
    let access = |(&(holder, token, accepted), at)| Access { holder, token, at, accepted };
    expect(&judge_fencing(&accesses.iter().zip(10..).map(access).collect::<Vec<Access>>()), verdict);
}

#[test]
fn sections_and_tokens() {
    resource(&[], "ok");
    resource(&[(1, 0, Some(5)), (2, 5, Some(9)), (1, 9, None)], "ok");
    resource(
        &[(2, 4, Some(9)), (1, 0, Some(5))],
        "violation: 2 entered at 4 while 1 was in, which had entered at 0 and left at 5",
    );
    resource(
        &[(1, 0, None), (2, 50, Some(51))],
        "violation: 2 entered at 50 while 1 was in, which had entered at 0 and has not left",
    );
    resource(&[(1, 0, Some(50)), (2, 3, Some(4)), (3, 20, Some(21))], "violation: 2 entered at 3");
    fenced(&[(1, 33, true), (1, 33, true), (2, 34, true), (1, 33, false)], "ok");
    fenced(
        &[(1, 33, true), (2, 34, true), (1, 33, true)],
        "violation: the access of 1 at 12 with the token 33 was let through after that of 2 at 11 with the newer token 34",
    );
    fenced(&[(1, 33, true), (2, 33, false)], "violation: 1 and 2 both have the token 33");
    // A newer token that was not let through protects nothing.
    fenced(&[(2, 34, false), (1, 33, true)], "ok");
}

/// Whether some sequence of the operations is one that a lock allows which anybody may release. That is more than is judged, so where
/// it exists there must be no violation.
fn is_linearizable(history: &History) -> bool {
    fn some(history: &History, left: u32, held: bool, failed: &mut std::collections::BTreeSet<(u32, bool)>) -> bool {
        let all = &history.operations;
        let is_left = |index: &usize| left >> index & 1 == 1;
        if (0..all.len()).filter(is_left).all(|index| !all[index].is_ok()) {
            return true;
        }
        if !failed.insert((left, held)) {
            return false;
        }
        (0..all.len()).filter(is_left).any(|index| {
            // What one process does is in its order also where one ends at the instant at which the next begins.
            let is_next = (0..all.len()).filter(is_left).all(|other| {
                let (one, other) = (&all[index], &all[other]);
                other.response.is_none_or(|end| end >= one.invoke) && (other.process != one.process || other.id >= one.id)
            });
            let is_allowed = all[index].call == Call::Release || !held;
            is_next && is_allowed && some(history, left & !(1 << index), all[index].call == Call::Acquire, failed)
        })
    }
    let possible = (0..history.operations.len()).filter(|index| history.operations[*index].is_possible());
    some(
        history,
        possible.map(|index| 1 << index).sum(),
        history.init == Init::Held(true),
        &mut std::collections::BTreeSet::new(),
    )
}

/// Where everybody releases only what he holds: for each pair of holds, all instants are tried at which each may have begun and ended,
/// for some that keep them apart. `None` where somebody released what he did not hold.
fn are_apart(history: &History) -> Option<bool> {
    let mut spans: Vec<Vec<(i64, i64)>> = Vec::new();
    let end = |operation: &Operation| operation.response.unwrap_or(60);
    if history.init == Init::Held(true) {
        spans.push(vec![(-1, 99)]);
    }
    for operation in history.operations.iter().filter(|operation| operation.is_possible()) {
        let neighbour = |after: bool| {
            let of_same = history.operations.iter().filter(|other| other.process == operation.process && other.is_possible());
            if after {
                of_same.filter(|other| other.id > operation.id).min_by_key(|other| other.id)
            } else {
                of_same.filter(|other| other.id < operation.id).max_by_key(|other| other.id)
            }
        };
        match operation.call {
            Call::Release if neighbour(false).is_none_or(|before| before.call != Call::Acquire) => return None,
            Call::Acquire if operation.is_ok() => {
                let ends: Vec<i64> = match neighbour(true).filter(|next| next.call == Call::Release) {
                    Some(release) => (release.invoke..=end(release)).collect(),
                    None => vec![99],
                };
                let froms = operation.invoke..=end(operation);
                spans.push(froms.flat_map(|from| ends.iter().map(move |to| (from, *to))).collect());
            }
            _ => {}
        }
    }
    let apart = |one: &[(i64, i64)], other: &[(i64, i64)]| one.iter().any(|(a, b)| other.iter().any(|(c, d)| b <= c || d <= a));
    Some((0..spans.len()).all(|one| (0..one).all(|other| apart(&spans[one], &spans[other]))))
}

fn random(seed: u64) -> (History, bool) {
    let mut chance = Chance::new(seed);
    let count = 1 + chance.below(8);
    let slots = slots(&mut chance, count, 3, 6);
    let mut build = Build::new(Model::Mutex);
    let mut held = chance.one_in(8);
    build.history.init = Init::Held(held);
    let is_truthful = chance.one_in(2);
    // Each process takes turns, unless it errs; a lock that does its work lets nobody in while it is held.
    let mut fails = vec![false; slots.len()];
    let mut calls = Vec::new();
    let mut has: BTreeMap<i64, bool> = BTreeMap::new();
    for slot in &slots {
        let errs = chance.one_in(8);
        let has = has.entry(slot.process).or_insert(false);
        calls.push(if *has != errs { Call::Release } else { Call::Acquire });
        *has = calls.last() == Some(&Call::Acquire);
    }
    for index in in_effect(&slots) {
        match calls[index] {
            Call::Acquire if held => fails[index] = true,
            Call::Acquire => held = true,
            _ => held = false,
        }
    }
    for ((slot, call), fails) in slots.iter().zip(calls).zip(fails) {
        let lies = !is_truthful && chance.one_in(2);
        let outcome = match slot.unknown {
            true => Outcome::Unknown,
            false if fails && !lies => Outcome::Fail,
            false => Outcome::Ok(Answer::Done),
        };
        build.push(slot.process, Value::NULL, call, outcome, slot.invoke, slot.response);
    }
    (build.finish(), is_truthful)
}

fn against_the_oracles(seeds: std::ops::Range<u64>) -> ([u64; 2], u64) {
    let (mut counts, mut missed) = ([0; 2], 0);
    for seed in seeds {
        let (history, is_truthful) = random(seed);
        let verdict = judge_history(&history, &mut ample()).verdict;
        let told: Vec<String> =
            history.operations.iter().map(|operation| crate::history::write::operation(&history, operation)).collect();
        let is_linearizable = is_linearizable(&history);
        assert!(is_linearizable || !is_truthful, "seed {seed}: a truthful lock is linearizable: {told:#?}");
        assert!(verdict == Verdict::Ok || !is_linearizable, "seed {seed}: {verdict:?}, {:?}, {told:#?}", history.init);
        if let Some(wanted) = are_apart(&history) {
            assert_eq!(verdict == Verdict::Ok, wanted, "seed {seed}: {verdict:?}, {:?}, {told:#?}", history.init);
            counts[usize::from(wanted)] += 1;
        }
        missed += u64::from(verdict == Verdict::Ok && !is_linearizable);
    }
    (counts, missed)
}

#[test]
fn small_locks_agree_with_all_instants() {
    let (counts, _) = against_the_oracles(0..2_000);
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
}

#[test]
#[ignore = "long"]
fn many_small_locks_agree_with_all_instants() {
    println!("[violation, ok], not linearizable though ok: {:?}", against_the_oracles(0..100_000));
}

fn resources_against_all_pairs(seeds: std::ops::Range<u64>) -> [u64; 4] {
    let mut counts = [0; 4];
    for seed in seeds {
        let mut chance = Chance::new(seed);
        let sections: Vec<Section> = (0..1 + chance.below(4))
            .map(|_| {
                let enter = chance.below(20);
                Section { holder: chance.below(4), enter, leave: (!chance.one_in(6)).then(|| enter + chance.below(6)) }
            })
            .collect();
        // Some instant, or the moment after it, at which both are in.
        let is_in =
            |section: &Section, from: u64, to: u64| section.enter <= from && section.leave.is_none_or(|leave| to <= leave);
        let clash = |one: &Section, other: &Section| {
            let inside = |one: &Section, other: &Section| {
                one.leave == Some(one.enter) && other.enter < one.enter && other.leave.is_none_or(|leave| leave > one.enter)
            };
            (0..60).any(|at| is_in(one, at, at + 1) && is_in(other, at, at + 1)) || inside(one, other) || inside(other, one)
        };
        let wanted = (0..sections.len()).all(|one| (0..one).all(|other| !clash(&sections[one], &sections[other])));
        assert_eq!(judge_sections(&sections) == Verdict::Ok, wanted, "seed {seed}: {sections:?}");
        counts[usize::from(wanted)] += 1;
        let accesses: Vec<Access> = (0..chance.below(6))
            .map(|at| {
                let token = (at + chance.below(3)) / 2;
                Access { holder: if chance.one_in(9) { 7 } else { token }, token, at, accepted: !chance.one_in(4) }
            })
            .collect();
        let wrong = |one: &Access, other: &Access| {
            one.token == other.token && one.holder != other.holder
                || one.accepted && other.accepted && one.at < other.at && one.token > other.token
        };
        let wanted = !accesses.iter().any(|one| accesses.iter().any(|other| wrong(one, other)));
        assert_eq!(judge_fencing(&accesses) == Verdict::Ok, wanted, "seed {seed}: {accesses:?}");
        counts[2 + usize::from(wanted)] += 1;
    }
    counts
}

#[test]
fn resources_agree_with_all_pairs() {
    let counts = resources_against_all_pairs(0..2_000);
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

#[test]
#[ignore = "long"]
fn many_resources_agree_with_all_pairs() {
    println!("[overlap, ok, fencing violation, ok]: {:?}", resources_against_all_pairs(0..100_000));
}
