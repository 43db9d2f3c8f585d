//! Judges atomic commitment by the five conditions of Bernstein, Hadzilacos and Goodman ("Concurrency Control and Recovery in Database
//! Systems", 1987, §7.3):
//!
//! - **AC1** all processes that reach a decision reach the same one;
//! - **AC2** a process cannot reverse its decision once it has reached one, also not after a restart;
//! - **AC3** commit is decided only if all participants voted yes;
//! - **AC4** if there are no failures and all voted yes, then commit is decided;
//! - **AC5** once all failures are repaired for long enough, all processes decide.
//!
//! The first three are judged as it goes: a commit before the last vote is one without it. AC4 is judged when somebody decided, AC5 only when
//! the run is `settled`, and then of who is up at the end. That a participant who voted yes waits for the decision of the others is AC1;
//! that a vote is not taken back is judged too, since AC3 rests on it. How long anything takes, and whether what was committed is on the disk, is not judged.
//! Linear but for maps.

use crate::Verdict;
use std::collections::BTreeMap;

/// What is observed of one transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Who.
    pub process: u32,
    /// How often it had restarted by then.
    pub incarnation: u32,
    /// When, in ns.
    pub at: u64,
    /// What it did.
    pub what: What,
}

/// What a process did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Voted, as a participant.
    Vote {
        /// Whether yes.
        yes: bool,
    },
    /// Decided, or acted on what it holds for the decision.
    Decide {
        /// Whether to commit.
        commit: bool,
    },
}

/// What there is to know of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'a> {
    /// What it is called in the evidence.
    pub name: &'a str,
    /// Who must vote.
    pub participants: &'a [u32],
    /// Who must decide in the end: those of the participants and coordinators that are up.
    pub up: &'a [u32],
    /// What happened, in the order of time.
    pub events: &'a [Event],
    /// Whether anything failed: a crash, a lost or late message, a timeout.
    pub failures: bool,
    /// Whether all failures have been repaired for long enough.
    pub settled: bool,
}

/// Holds when AC1 to AC5 do.
pub fn judge(transaction: &Transaction<'_>) -> Verdict {
    let name = transaction.name;
    let mut votes: BTreeMap<u32, (bool, &Event)> = BTreeMap::new();
    let mut decisions: BTreeMap<u32, (bool, &Event)> = BTreeMap::new();
    let mut first: Option<(bool, &Event)> = None;
    for event in transaction.events {
        match event.what {
            What::Vote { yes } => {
                let (before, earlier) = *votes.entry(event.process).or_insert((yes, event));
                if before != yes {
                    return Verdict::Violation(format!(
                        "{name}: n{} voted {} at {} and {} at {}",
                        event.process,
                        vote(before),
                        earlier.at,
                        vote(yes),
                        event.at
                    ));
                }
            }
            What::Decide { commit } => {
                if let Some(evidence) = decided(transaction, &votes, &mut decisions, first, commit, event) {
                    return Verdict::Violation(format!("{name}: {evidence}"));
                }
                first.get_or_insert((commit, event));
            }
        }
    }
    ended(transaction, &votes, &decisions)
}

/// AC1 to AC3, at a decision.
fn decided<'a>(
    transaction: &Transaction<'_>,
    votes: &BTreeMap<u32, (bool, &Event)>,
    decisions: &mut BTreeMap<u32, (bool, &'a Event)>,
    first: Option<(bool, &Event)>,
    commit: bool,
    event: &'a Event,
) -> Option<String> {
    let (before, earlier) = *decisions.entry(event.process).or_insert((commit, event));
    let restarts = event.incarnation.wrapping_sub(earlier.incarnation);
    let process = event.process;
    if before != commit {
        let after = match restarts {
            0 => String::new(),
            1 => ", after a restart".to_string(),
            more => format!(", after {more} restarts"),
        };
        let (old, new) = (decision(before), decision(commit));
        return Some(format!("AC2: n{process} decided to {old} at {} and to {new} at {}{after}", earlier.at, event.at));
    }
    if let Some((other, earlier)) = first.filter(|(other, _)| *other != commit) {
        let (old, new) = (decision(other), decision(commit));
        return Some(format!(
            "AC1: n{} decided to {old} at {}, n{process} to {new} at {}",
            earlier.process, earlier.at, event.at
        ));
    }
    if !commit {
        return None;
    }
    let without = transaction.participants.iter().find(|participant| votes.get(participant).is_none_or(|(yes, _)| !yes))?;
    let why = if votes.contains_key(without) { "had voted no" } else { "had not voted" };
    Some(format!("AC3: n{process} decided to commit at {}, but n{without} {why}", event.at))
}

/// AC4 and AC5, at the end.
fn ended(
    transaction: &Transaction<'_>,
    votes: &BTreeMap<u32, (bool, &Event)>,
    decisions: &BTreeMap<u32, (bool, &Event)>,
) -> Verdict {
    let name = transaction.name;
    let all_yes = transaction.participants.iter().all(|participant| votes.get(participant).is_some_and(|(yes, _)| *yes));
    if all_yes
        && !transaction.failures
        && let Some((process, (_, event))) = decisions.iter().find(|(_, (commit, _))| !commit)
    {
        let text = format!("{name}: AC4: nothing failed and all voted yes, but n{process} decided to abort at {}", event.at);
        return Verdict::Violation(text);
    }
    let undecided: Vec<String> =
        transaction.up.iter().filter(|process| !decisions.contains_key(process)).map(|process| format!("n{process}")).collect();
    match (undecided.is_empty(), transaction.settled) {
        (true, _) => Verdict::Ok,
        (false, true) => Verdict::Violation(format!("{name}: AC5: {} never decided", undecided.join(", "))),
        (false, false) => {
            Verdict::Unknown(format!("{name}: {} had not decided when the run ended, unsettled", undecided.join(", ")))
        }
    }
}

fn vote(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn decision(commit: bool) -> &'static str {
    if commit { "commit" } else { "abort" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Chance, expect};

    /// Events as words: `1y` and `1n` vote, `1c` and `1a` decide, `1r` restarts. Participants are 1 and 2, 0 coordinates, all are up.
    fn events(text: &str) -> Vec<Event> {
        let mut incarnations = [0; 10];
        let mut events = Vec::new();
        for (word, at) in text.split_whitespace().zip(1..) {
            let process = u32::from(word.as_bytes()[0] - b'0');
            let what = match word.as_bytes()[1] {
                b'y' => What::Vote { yes: true },
                b'n' => What::Vote { yes: false },
                b'c' => What::Decide { commit: true },
                b'a' => What::Decide { commit: false },
                _ => {
                    incarnations[process as usize] += 1;
                    continue;
                }
            };
            events.push(Event { process, incarnation: incarnations[process as usize], at, what });
        }
        events
    }

    fn check(text: &str, failures: bool, settled: bool, verdict: &str) {
        let transaction =
            Transaction { name: "t7", participants: &[1, 2], up: &[0, 1, 2], events: &events(text), failures, settled };
        expect(&judge(&transaction), verdict);
    }

    #[test]
    fn clean_transactions_pass() {
        check("1y 2y 0c 1c 2c", false, true, "ok");
        check("1y 2n 2a 0a 1a", false, true, "ok");
        check("1y 2y 0a 1a 2a", true, true, "ok");
        check("0a 1a 2a", true, true, "ok");
        check("1y 2y 0c 1c 1r 1c 2c", true, true, "ok");
        check("1y 2y 0c", false, false, "unknown: t7: n1, n2 had not decided when the run ended");
    }

    #[test]
    fn planted_violations_are_named() {
        check("1y 2y 0c 1c 2a", true, false, "violation: t7: AC1: n0 decided to commit at 3, n2 to abort at 5");
        check("1y 2y 0c 0r 0a", true, false, "violation: t7: AC2: n0 decided to commit at 3 and to abort at 5, after a restart");
        check(
            "1y 2y 0c 0r 0r 0a",
            true,
            false,
            "violation: t7: AC2: n0 decided to commit at 3 and to abort at 6, after 2 restarts",
        );
        check("1y 2y 0c 0a", true, false, "violation: t7: AC2: n0 decided to commit at 3 and to abort at 4");
        check("1y 0c 2y", false, false, "violation: t7: AC3: n0 decided to commit at 2, but n2 had not voted");
        check("1y 2n 0c", false, false, "violation: t7: AC3: n0 decided to commit at 3, but n2 had voted no");
        check(
            "1y 2y 0a 1a 2a",
            false,
            false,
            "violation: t7: AC4: nothing failed and all voted yes, but n0 decided to abort at 3",
        );
        check("1y 2y 0c 2c", true, true, "violation: t7: AC5: n1 never decided");
        check("1y 2y 1n", true, false, "violation: t7: n1 voted yes at 1 and no at 3");
    }

    /// The conditions, each by itself, over all pairs of events.
    fn oracle(transaction: &Transaction<'_>) -> Vec<bool> {
        let events = transaction.events;
        let commits = |event: &Event| event.what == What::Decide { commit: true };
        let aborts = |event: &Event| event.what == What::Decide { commit: false };
        let votes = |event: &Event, yes: bool| event.what == What::Vote { yes };
        let all_yes = |before: u64| {
            transaction.participants.iter().all(|participant| {
                events.iter().any(|event| event.process == *participant && event.at < before && votes(event, true))
            })
        };
        let same = |one: &dyn Fn(&Event) -> bool, other: &dyn Fn(&Event) -> bool| {
            events.iter().any(|a| events.iter().any(|b| a.process == b.process && one(a) && other(b)))
        };
        vec![
            events.iter().any(commits) && events.iter().any(aborts),
            events.iter().any(|event| commits(event) && !all_yes(event.at)),
            !transaction.failures && all_yes(u64::MAX) && events.iter().any(aborts),
            transaction.settled
                && transaction
                    .up
                    .iter()
                    .any(|up| !events.iter().any(|event| event.process == *up && (commits(event) || aborts(event)))),
            same(&|event| votes(event, true), &|event| votes(event, false)),
        ]
    }

    fn against_the_oracle(seeds: std::ops::Range<u64>) -> [u64; 3] {
        let mut counts = [0; 3];
        for seed in seeds {
            let mut chance = Chance::new(seed);
            let (failures, settled) = (chance.one_in(2), chance.one_in(2));
            let text = if chance.one_in(2) { "1y 2y 0c 1c 2c" } else { "2n 1y 0a 2a 1a" };
            let mut events = events(text);
            for _ in 0..chance.below(4) {
                let at = chance.below(events.len() as u64) as usize;
                match chance.below(3) {
                    0 if events.len() > 1 => drop(events.remove(at)),
                    1 => {
                        let event = events.remove(at);
                        events.insert(chance.below(events.len() as u64 + 1) as usize, event);
                    }
                    _ => {
                        let yes = chance.one_in(2);
                        let what = if chance.one_in(2) { What::Vote { yes } } else { What::Decide { commit: yes } };
                        events[at].what = what;
                    }
                }
            }
            events.iter_mut().zip(1..).for_each(|(event, at)| event.at = at);
            let up = *chance.pick(&[&[0, 1, 2][..], &[1, 2]]);
            let transaction = Transaction { name: "t", participants: &[1, 2], up, events: &events, failures, settled };
            let wanted = oracle(&transaction);
            let verdict = judge(&transaction);
            let is_violation = matches!(verdict, Verdict::Violation(_));
            assert_eq!(is_violation, wanted.contains(&true), "seed {seed}: {events:?}, {wanted:?}, {verdict:?}");
            counts[match verdict {
                Verdict::Violation(_) => 0,
                Verdict::Ok => 1,
                Verdict::Unknown(_) | Verdict::NotJudged(_) => 2,
            }] += 1;
        }
        counts
    }

    #[test]
    fn small_transactions_agree_with_the_conditions() {
        let counts = against_the_oracle(0..2_000);
        assert!(counts.iter().all(|count| *count > 30), "{counts:?}");
    }

    #[test]
    #[ignore = "long"]
    fn many_small_transactions_agree_with_the_conditions() {
        println!("[violation, ok, unknown]: {:?}", against_the_oracle(0..100_000));
    }
}
