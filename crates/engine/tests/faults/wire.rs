//! Faults of links.

use crate::clerk::{HABITS, Habits, LIE, Note, Said, at, facts, heard, node, run, same_but_for, world};
use quorate_engine::fault::{Bursts, Corruption, Degradation, Fault, Partition};
use quorate_engine::latency::Distribution;
use quorate_engine::ledger::Cause;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Link, Network, Reordering};
use quorate_engine::time::MILLISECOND;
use quorate_engine::*;
use std::collections::BTreeMap;

fn p(value: f64) -> Probability {
    Probability::from_f64(value).unwrap()
}

const FROM: Time = Time(2_000 * MILLISECOND);
const TO: Time = Time(8_000 * MILLISECOND);

/// What 0 and 1 tell 2 and 3, and they them; the first set is that of the senders when it goes one way.
fn across(degradation: impl FnOnce(Degradation) -> Degradation) -> Vec<fault::Timed> {
    let nothing = Degradation::nothing(NodeSet::range(0, 2), NodeSet::range(2, 4));
    vec![at(2_000, Fault::Degrade(7, degradation(nothing))), at(8_000, Fault::Mend(7))]
}

fn crosses(from: u32, to: u32) -> bool {
    (from < 2) != (to < 2)
}

/// A message is one number of one sender to one receiver.
fn arrivals(facts: &crate::clerk::Facts) -> BTreeMap<(u32, u32, u32), Vec<Time>> {
    let mut all: BTreeMap<_, Vec<Time>> = BTreeMap::new();
    heard(facts).for_each(|(at, by, from, number)| all.entry((from, by, number)).or_default().push(at));
    all
}

#[test]
fn a_degradation_touches_its_own_links_while_it_is_in_force() {
    let (base, _) = facts(Vec::new());
    let usual = arrivals(&base);
    let reordering = Reordering { probability: p(0.3), extra: Distribution::Constant { ns: 100 * MILLISECOND }.into() };
    let nothing = |degradation: Degradation| degradation;
    type Change = Box<dyn FnOnce(Degradation) -> Degradation>;
    let cases: Vec<(&str, Change)> = vec![
        ("nothing", Box::new(nothing)),
        ("loss", Box::new(|d| Degradation { loss: p(0.3), ..d })),
        ("delay", Box::new(|d| Degradation { delay: Some(Distribution::Constant { ns: 200 * MILLISECOND }.into()), ..d })),
        ("duplication", Box::new(|d| Degradation { duplication: p(0.3), ..d })),
        ("reordering", Box::new(|d| Degradation { reordering: Some(reordering), ..d })),
        (
            "corruption",
            Box::new(|d| Degradation { corruption: Some(Corruption { probability: p(0.3), undetected: p(0.0) }), ..d }),
        ),
        ("one way", Box::new(|d| Degradation { loss: Probability::always(), both_ways: false, ..d })),
    ];
    for (name, change) in cases {
        let (faulty, run) = facts(across(change));
        // Who hears what else, and everything that clerks do by themselves, is as ever. (What was sent before arrives as ever.)
        same_but_for(&base, &faulty, |fact| match fact.2 {
            Said::Heard { from, .. } => crosses(from.0, fact.1.0) && (FROM..TO + 400 * MILLISECOND).contains(&fact.0),
            _ => false,
        });
        let now = arrivals(&faulty);
        let lost = usual.keys().filter(|message| !now.contains_key(message)).count() as u64;
        let changed = usual.iter().filter(|(message, at)| now.get(message).is_some_and(|now| now != *at)).count() as u64;
        let strike = &run.outcome.strikes[0];
        assert_eq!((strike.messages_lost, strike.messages_changed), (lost, changed), "{name}");
        let concerned =
            usual.iter().filter(|((from, to, _), at)| crosses(*from, *to) && (FROM..TO).contains(&at[0])).count() as f64;
        let share = |count: u64| count as f64 / concerned;
        let total = run.outcome.ledger.between_replicas();
        match name {
            "nothing" => assert_eq!((lost, changed), (0, 0)),
            "loss" => {
                assert!((share(lost) - 0.3).abs() < 0.08, "{}", share(lost));
                assert_eq!(total.dropped[Cause::Loss as usize], lost);
            }
            "delay" => {
                let later =
                    usual.iter().filter(|(message, at)| now.get(message).is_some_and(|now| now[0] == at[0] + 200 * MILLISECOND));
                assert_eq!((later.count() as u64, lost), (changed, 0));
                assert!(share(changed) > 0.95);
            }
            "duplication" => assert_eq!((total.duplicated, lost), (changed, 0)),
            "reordering" => assert!(lost == 0 && (share(changed) - 0.3).abs() < 0.08, "{}", share(changed)),
            "corruption" => {
                assert!((share(lost) - 0.3).abs() < 0.08, "{}", share(lost));
                assert_eq!(total.dropped[Cause::Corrupt as usize], lost);
            }
            _ => {
                assert!(lost > 0 && usual.keys().filter(|m| !now.contains_key(m)).all(|(from, to, _)| *from < 2 && *to >= 2));
            }
        }
    }
}

#[test]
fn a_change_that_the_checksum_misses_is_what_the_protocol_forges() {
    let corruption = Corruption { probability: p(0.5), undetected: p(0.4) };
    let (faulty, lied) = facts(across(|d| Degradation { corruption: Some(corruption), ..d }));
    let lies = heard(&faulty).filter(|&(_, by, from, number)| number >= LIE && crosses(from, by)).count() as u64;
    assert_eq!(heard(&faulty).filter(|&(.., number)| number >= LIE).count() as u64, lies);
    assert_eq!(lied.outcome.strikes[0].messages_changed, lies);
    let found = lied.outcome.strikes[0].messages_lost;
    let share = lies as f64 / (lies + found) as f64;
    assert!((share - 0.4).abs() < 0.1, "{lies} of {}", lies + found);
    // What cannot be forged is found out.
    let thankful = Habits { thanks: true, ..HABITS };
    let setup =
        world(4, across(|d| Degradation { corruption: Some(Corruption { probability: p(1.0), undetected: p(1.0) }), ..d }));
    let run = run(&setup, thankful);
    let thanks = |fact: &&(Time, NodeId, Said)| {
        let (at, by, Said::Heard { from, note: Note::Thanks(_) }) = fact else { return false };
        crosses(from.0, by.0) && (FROM + 15 * MILLISECOND..TO).contains(at)
    };
    assert_eq!(run.facts.iter().filter(thanks).count(), 0);
}

#[test]
fn overlapping_degradations_each_do_their_part_and_end_by_themselves() {
    let later = |ns| Degradation {
        delay: Some(Distribution::Constant { ns }.into()),
        ..Degradation::nothing(NodeSet::range(0, 4), NodeSet::range(0, 4))
    };
    let (base, _) = facts(Vec::new());
    let (faulty, _) = facts(vec![
        at(2_000, Fault::Degrade(1, later(MILLISECOND))),
        at(3_000, Fault::Degrade(2, later(1_000_000 * 20))),
        at(5_000, Fault::Mend(1)),
        at(8_000, Fault::Mend(2)),
    ]);
    let usual = arrivals(&base);
    let now = arrivals(&faulty);
    for (message, at) in usual.iter().filter(|(_, at)| at[0] < Time(9_900 * MILLISECOND)) {
        // Between 5 and 15 ms ago it was sent; look only at messages whose case is clear.
        let spans = [(2_015, 3_000, 1), (3_015, 5_000, 21), (5_015, 8_000, 20), (8_015, 9_900, 0), (0, 2_000, 0)];
        let clear = spans.iter().find(|(low, high, _)| (Time(low * MILLISECOND)..Time(high * MILLISECOND)).contains(&at[0]));
        if let Some((.., ms)) = clear {
            assert_eq!(now[message], [at[0] + ms * MILLISECOND], "{message:?}");
        }
    }
}

/// Gilbert and Elliott: in the long run a link is bad for begin/(begin+end) of its messages, and a bad spell has 1/end messages.
#[test]
fn losses_in_bursts_have_the_rate_and_the_length_that_they_should() {
    let bursts = Bursts { begin: p(0.05), end: p(0.25), loss_good: p(0.01), loss_bad: p(0.9) };
    let latency = Distribution::Constant { ns: MILLISECOND };
    let network = Network::mesh(Link { bursts: Some(bursts), ..Link::faultless(latency) });
    let mut setup = world(2, Vec::new());
    setup.network = network;
    setup.duration = 4_000_000 * MILLISECOND;
    let habits = Habits { group: 2, thanks: false };
    let run = simulate::simulate::<crate::clerk::Clerk>(&setup, &habits, Vec::new()).unwrap();
    let total = run.outcome.ledger.between_replicas();
    let rate = total.dropped[Cause::Loss as usize] as f64 / total.sent as f64;
    // pi_bad = 0.05/0.30; the variance of a correlated chain is inflated by (1+l)/(1-l), l = 1 - begin - end.
    let bad = 0.05 / 0.30;
    let expected = bad * 0.9 + (1.0 - bad) * 0.01;
    let sigma = (expected * (1.0 - expected) / total.sent as f64 * (1.0 + 0.7) / (1.0 - 0.7)).sqrt();
    assert!((rate - expected).abs() < 5.0 * sigma, "{rate} against {expected} ± {sigma}");
    // Facts are kept for the first 10,000 only: enough for the lengths of runs of losses, per direction.
    let mut lengths = Vec::new();
    for to in 0..2 {
        let mut last = 0;
        for (.., number) in heard(&run.facts).filter(|&(_, by, ..)| by == to) {
            if number > last + 1 {
                lengths.push(f64::from(number - last - 1));
            }
            last = number;
        }
    }
    // Far longer than independent losses of that rate, whose runs have 1/(1-rate) messages.
    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    // A run goes on: from a lost message to the next lost one. Worked out from the two-state chain.
    let (good_lost, bad_lost) = ((1.0 - bad) * 0.01, bad * 0.9);
    let stay_bad = (bad_lost * 0.75 + good_lost * 0.05) / (good_lost + bad_lost);
    let goes_on = |lost_bad: f64| lost_bad * 0.9 + (1.0 - lost_bad) * 0.01;
    let lower = 1.0 / (1.0 - goes_on(stay_bad));
    assert!(mean > 0.85 * lower && mean < 1.25 * lower && mean > 1.5 / (1.0 - expected), "{mean} against {lower}");
}

#[test]
fn a_partition_cuts_its_pairs_both_ways_or_one_way_and_nobody_else() {
    let (base, _) = facts(Vec::new());
    let groups = Partition::Groups(vec![NodeSet::range(0, 2), NodeSet::range(1, 4)]);
    let bridge = |from: u32, to: u32| (from == 0 && to >= 2) || (to == 0 && from >= 2);
    let one_way = Partition::OneWay(node(0), NodeSet::range(2, 4));
    type Cut = Box<dyn Fn(u32, u32) -> bool>;
    let cases: [(Partition, Cut); 2] = [(groups, Box::new(bridge)), (one_way, Box::new(|from, to| from == 0 && to >= 2))];
    for (partition, cut) in cases {
        let (faulty, run) = facts(vec![at(2_000, Fault::Partition(1, partition)), at(8_000, Fault::Heal(1))]);
        same_but_for(&base, &faulty, |fact| match fact.2 {
            Said::Heard { from, .. } => cut(from.0, fact.1.0) && (FROM..TO + 15 * MILLISECOND).contains(&fact.0),
            _ => false,
        });
        let (usual, now) = (arrivals(&base), arrivals(&faulty));
        let lost = usual.keys().filter(|message| !now.contains_key(message)).count() as u64;
        assert!(lost > 50);
        assert_eq!(run.outcome.strikes[0].messages_lost, lost);
        assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::Partition as usize], lost);
    }
}
