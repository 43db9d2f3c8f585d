use super::*;
use crate::sample::{Chance, expect};

use Property::{Agreement, Causal, Fifo, NoCreation, NoDuplication, Numbers, Prefix, TotalOrder, Validity};

/// Events as words: `a!1` process a broadcasts message 1, `a1` it delivers it, `a1#7` with number 7. Processes are a, b and c; those
/// in `crashed` have.
fn events(text: &str) -> Vec<Event> {
    let event = |word: &str| {
        let process = u32::from(word.as_bytes()[0] - b'a');
        let (text, number) = word[1..].split_once('#').map_or((&word[1..], None), |(text, number)| (text, number.parse().ok()));
        match text.strip_prefix('!') {
            Some(text) => Event { process, message: text.parse().expect("a number"), what: What::Broadcast },
            None => Event { process, message: text.parse().expect("a number"), what: What::Deliver { number } },
        }
    };
    text.split_whitespace().map(event).collect()
}

fn processes(crashed: &str) -> [Process; 3] {
    [0, 1, 2].map(|process| Process { process, correct: !crashed.contains((b'a' + process as u8) as char) })
}

fn check(property: Property, crashed: &str, text: &str, verdict: &str) {
    let run = Run { processes: &processes(crashed), events: &events(text), settled: true };
    expect(&judge(&run, &[property]), verdict);
}

const ALL: Scope = Scope::All;
const CORRECT: Scope = Scope::Correct;
const EVERY: [Property; 14] = [
    Validity,
    Agreement(CORRECT),
    Agreement(ALL),
    NoCreation,
    NoDuplication,
    Fifo(CORRECT),
    Fifo(ALL),
    Causal(CORRECT),
    Causal(ALL),
    TotalOrder(CORRECT),
    TotalOrder(ALL),
    Prefix(CORRECT),
    Prefix(ALL),
    Numbers(ALL),
];

#[test]
fn clean_runs_pass() {
    for property in EVERY {
        check(property, "", "", "ok");
        check(property, "", "a!1 a1#5 b1#5 b!2 b2#6 a2#6 c1#5 c2#6", "ok");
        check(property, "c", "a!1 c!3 a1#5 b1#5 b!2 b2#6 a2#6 c1#5", "ok");
    }
    check(TotalOrder(ALL), "", "a!1 a!2 a!3 a1 a3 b2 b3 c1 c2", "ok");
    let run = Run { processes: &processes(""), events: &events("a!1 b1"), settled: false };
    expect(&judge(&run, &EVERY), "unknown: deliveries were still to come");
    expect(&judge(&run, &[NoCreation]), "ok");
}

#[test]
fn planted_offences_are_named() {
    check(Validity, "", "a!1 b1", "violation: validity: n0 broadcast message 1 and never delivered it");
    check(Agreement(CORRECT), "", "a!1 a1 b1", "violation: agreement: n0 delivered message 1, n2 never did");
    check(Agreement(CORRECT), "a", "a!1 a1", "ok");
    check(Agreement(ALL), "a", "a!1 a1", "violation: agreement: n0 delivered message 1 before it crashed, n1 never did");
    check(NoCreation, "", "a!1 a1 b2", "violation: no creation: n1 delivered message 2, which nobody broadcast");
    check(NoCreation, "", "b1 a!1", "violation: no creation: n1 delivered message 1, which n0 broadcast only later");
    check(
        NoDuplication,
        "",
        "a!1 a!2 b1 b2 b1",
        "violation: no duplication: n1 delivered message 1 as its delivery 1 and again as 3",
    );
    check(Fifo(CORRECT), "", "a!1 a!2 b2 b1", "violation: FIFO: n0 broadcast 1 before 2, but n1 delivered 2 and 1 only after it");
    check(Fifo(CORRECT), "", "a!1 a!2 b2", "violation: FIFO: n0 broadcast 1 before 2, but n1 delivered 2 and 1 never");
    check(Fifo(CORRECT), "b", "a!1 a!2 b2 b1", "ok");
    check(Fifo(ALL), "b", "a!1 a!2 b2 b1", "violation");
    check(
        Causal(CORRECT),
        "",
        "a!1 b1 b!2 c2 c1",
        "violation: causal order: n1 had delivered 1 before it broadcast 2, but n2 delivered 2 and 1 only",
    );
    check(
        Causal(CORRECT),
        "",
        "a!1 a!2 c2",
        "violation: causal order: n0 had broadcast 1 before it broadcast 2, but n2 delivered 2 and 1 never",
    );
    check(Fifo(ALL), "", "a!1 b1 b!2 c2 c1", "ok");
    check(TotalOrder(CORRECT), "", "a!1 b!2 a1 a2 b2 b1", "violation: total order: n1 delivered 2 before 1, n0 1 before 2");
    check(TotalOrder(CORRECT), "b", "a!1 b!2 a1 a2 b2 b1", "ok");
    check(TotalOrder(ALL), "b", "a!1 b!2 a1 a2 b2 b1", "violation");
    check(Prefix(ALL), "", "a!1 a!2 a1 a2 b2", "violation: prefix: n1 delivered 2 as its message 1, n0 1");
    check(Numbers(ALL), "", "a!1 a!2 a1#1 b2#1", "violation: numbers: 1 is message 1 at n0, and 2 at n1");
    check(Numbers(ALL), "", "a!1 a1#1 b1#2", "violation: numbers: message 1 is number 1 at n0, and 2 at n1");
    check(Numbers(ALL), "", "a!1 a!2 a1#1 a3#3", "violation: numbers: n0 delivered number 3, a gap: its next was 2");
    check(Numbers(ALL), "", "a1#1 a2#2 b2#2", "violation: numbers: n1 delivered number 2, a gap: its next was 1");
    check(Numbers(ALL), "", "a1#1 a1#1", "violation: numbers: n0 delivered number 1, again, or back: its next was 2");
}

/// Each property as it is defined, over all pairs.
fn oracle(run: &Run<'_>, property: Property) -> bool {
    let events = run.events;
    let is_correct = |process: u32| run.processes.iter().any(|other| other.process == process && other.correct);
    let is_in = |scope: Scope, process: u32| scope == ALL || is_correct(process);
    let all: Vec<u32> = run.processes.iter().map(|process| process.process).collect();
    let is_delivery = |index: &usize| events[*index].what != What::Broadcast;
    let deliveries: Vec<usize> = (0..events.len()).filter(is_delivery).collect();
    let sent: Vec<usize> = (0..events.len()).filter(|index| events[*index].what == What::Broadcast).collect();
    let when = |process: u32, message: u64| {
        deliveries.iter().copied().find(|index| events[*index].process == process && events[*index].message == message)
    };
    let sent_when = |message: u64| sent.iter().copied().find(|index| events[*index].message == message);
    // Nobody in the scope delivers `after` without `before` before it.
    let in_order = |scope: Scope, before: u64, after: u64| {
        all.iter()
            .filter(|process| is_in(scope, **process))
            .all(|process| when(*process, after).is_none_or(|after| when(*process, before).is_some_and(|before| before < after)))
    };
    let number = |index: usize| match events[index].what {
        What::Deliver { number } => number,
        What::Broadcast => None,
    };
    let sequence = |process: u32| -> Vec<u64> {
        let firsts = deliveries
            .iter()
            .filter(|index| events[**index].process == process && when(process, events[**index].message) == Some(**index));
        firsts.map(|index| events[*index].message).collect()
    };
    match property {
        Validity => sent
            .iter()
            .all(|index| !is_correct(events[*index].process) || when(events[*index].process, events[*index].message).is_some()),
        Agreement(scope) => deliveries.iter().all(|index| {
            !is_in(scope, events[*index].process)
                || all
                    .iter()
                    .filter(|process| is_correct(**process))
                    .all(|process| when(*process, events[*index].message).is_some())
        }),
        NoCreation => deliveries.iter().all(|index| sent_when(events[*index].message).is_some_and(|sent| sent < *index)),
        NoDuplication => deliveries.iter().all(|index| when(events[*index].process, events[*index].message) == Some(*index)),
        Fifo(scope) => sent.iter().all(|a| {
            sent.iter().all(|b| {
                a >= b || events[*a].process != events[*b].process || in_order(scope, events[*a].message, events[*b].message)
            })
        }),
        Causal(scope) => {
            // All of causality, by multiplying out: what a process did before, and broadcast before delivery.
            let mut before = vec![vec![false; events.len()]; events.len()];
            for a in 0..events.len() {
                for b in a + 1..events.len() {
                    before[a][b] =
                        events[a].process == events[b].process || sent_when(events[b].message) == Some(a) && is_delivery(&b);
                }
            }
            for middle in 0..events.len() {
                for a in 0..events.len() {
                    for b in 0..events.len() {
                        before[a][b] |= before[a][middle] && before[middle][b];
                    }
                }
            }
            sent.iter().all(|a| sent.iter().all(|b| !before[*a][*b] || in_order(scope, events[*a].message, events[*b].message)))
        }
        TotalOrder(scope) => all.iter().filter(|process| is_in(scope, **process)).all(|p| {
            all.iter().filter(|process| is_in(scope, **process)).all(|q| {
                sequence(*p).iter().all(|m| {
                    sequence(*p).iter().all(|n| match (when(*p, *m), when(*p, *n), when(*q, *m), when(*q, *n)) {
                        (Some(a), Some(b), Some(c), Some(d)) => (a < b) == (c < d),
                        _ => true,
                    })
                })
            })
        }),
        Prefix(scope) => all.iter().filter(|process| is_in(scope, **process)).all(|p| {
            all.iter().filter(|process| is_in(scope, **process)).all(|q| {
                let (one, other) = (sequence(*p), sequence(*q));
                one.starts_with(&other) || other.starts_with(&one)
            })
        }),
        Numbers(scope) => {
            let numbered: Vec<usize> = deliveries
                .iter()
                .copied()
                .filter(|index| number(*index).is_some() && is_in(scope, events[*index].process))
                .collect();
            let lowest = numbered.iter().filter_map(|index| number(*index)).min().unwrap_or(0);
            let matches = numbered
                .iter()
                .all(|a| numbered.iter().all(|b| (number(*a) == number(*b)) == (events[*a].message == events[*b].message)));
            matches
                && all.iter().all(|process| {
                    let of: Vec<u64> = numbered
                        .iter()
                        .filter(|index| events[**index].process == *process)
                        .filter_map(|index| number(*index))
                        .collect();
                    of.iter().zip(lowest..).all(|(number, expected)| *number == expected)
                })
        }
    }
}

/// A run of a broadcast that delivers in one order everywhere, and then perhaps mishaps.
fn random(seed: u64) -> (Vec<Event>, [Process; 3]) {
    let mut chance = Chance::new(seed);
    let mut events: Vec<Event> = Vec::new();
    let (mut sent, mut next) = (0, [0u64; 3]);
    for _ in 0..chance.below(16) {
        let process = chance.below(3) as u32;
        if sent < 4 && chance.one_in(3) {
            sent += 1;
            events.push(Event { process, message: sent, what: What::Broadcast });
        } else if next[process as usize] < sent {
            next[process as usize] += 1;
            let message = next[process as usize];
            events.push(Event { process, message, what: What::Deliver { number: Some(message) } });
        }
    }
    for process in 0..3 {
        if chance.one_in(4) {
            continue;
        }
        for message in next[process as usize] + 1..=sent {
            events.push(Event { process, message, what: What::Deliver { number: Some(message) } });
        }
    }
    for _ in 0..chance.below(4) {
        if events.is_empty() {
            break;
        }
        let at = chance.below(events.len() as u64) as usize;
        match chance.below(4) {
            0 => drop(events.remove(at)),
            1 => {
                let copy = events[at];
                events.push(copy);
            }
            2 => {
                let event = events.remove(at);
                events.insert(chance.below(events.len() as u64 + 1) as usize, event);
            }
            _ => {
                if let What::Deliver { number } = &mut events[at].what {
                    *number = Some(chance.below(5));
                }
            }
        }
    }
    // A broadcast is made once.
    let mut seen = BTreeSet::new();
    events.retain(|event| event.what != What::Broadcast || seen.insert(event.message));
    let processes = [0, 1, 2].map(|process| Process { process, correct: !chance.one_in(4) });
    (events, processes)
}

fn against_the_oracle(seeds: std::ops::Range<u64>) -> [[u64; 2]; EVERY.len()] {
    let mut counts = [[0; 2]; EVERY.len()];
    for seed in seeds {
        let (events, processes) = random(seed);
        let run = Run { processes: &processes, events: &events, settled: true };
        for (property, count) in EVERY.into_iter().zip(&mut counts) {
            // Causality is defined where broadcast comes before delivery.
            if matches!(property, Causal(_)) && !oracle(&run, NoCreation) {
                continue;
            }
            let wanted = oracle(&run, property);
            let verdict = judge(&run, &[property]);
            assert_eq!(verdict == Verdict::Ok, wanted, "seed {seed}, {property:?}: {verdict:?}, {events:?} {processes:?}");
            count[usize::from(wanted)] += 1;
        }
    }
    counts
}

#[test]
fn small_runs_agree_with_the_definitions() {
    let counts = against_the_oracle(0..2_000);
    assert!(counts.iter().flatten().all(|count| *count > 50), "{counts:?}");
}

#[test]
#[ignore = "long"]
fn many_small_runs_agree_with_the_definitions() {
    println!("[violation, ok] of {EVERY:?}: {:?}", against_the_oracle(0..100_000));
}

#[test]
fn long_runs_pass_and_a_swap_in_them_does_not() {
    let processes: Vec<Process> = (0..8).map(|process| Process { process, correct: true }).collect();
    let mut events: Vec<Event> = Vec::new();
    for message in 0..2_000 {
        events.push(Event { process: message as u32 % 8, message, what: What::Broadcast });
        events.extend((0..8).map(|process| Event { process, message, what: What::Deliver { number: Some(message) } }));
    }
    let ordered = [Fifo(ALL), Causal(ALL), TotalOrder(ALL), Prefix(ALL)];
    let judge_events =
        |events: &[Event], properties: &[Property]| judge(&Run { processes: &processes, events, settled: true }, properties);
    expect(&judge_events(&events, &EVERY), "ok");
    // Process 3 delivers 1,000 late, when it has had 1,008 of the same sender.
    let late = events.iter().position(|event| event.process == 3 && event.message == 1_000).expect("a delivery");
    let event = events.remove(late);
    let after = events.iter().rposition(|event| event.process == 3 && event.message == 1_008).expect("a delivery");
    events.insert(after + 1, event);
    for property in ordered {
        let verdict = judge_events(&events, &[property]);
        assert!(verdict.name() == "violation" && verdict.evidence().contains("n3"), "{property:?}: {verdict:?}");
    }
    assert_eq!(judge_events(&events, &[Validity, Agreement(ALL), NoCreation, NoDuplication]), Verdict::Ok);
}
