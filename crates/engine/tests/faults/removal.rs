//! Taking a fault out of a schedule leaves everything unchanged that it did not touch: no draw of anybody else's is shifted.

use crate::clerk::{Facts, Habits, at, node, run, world};
use quorate_engine::fault::{Behaviour, Corruption, Degradation, Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Hosts, Overflow, Reordering, Setup};
use quorate_engine::time::MILLISECOND;
use quorate_engine::*;

/// Pairs of clerks who tell each other and nobody else; one fault to a pair.
fn schedule() -> Vec<(u32, Vec<Timed>)> {
    let half = Probability::from_f64(0.5).unwrap();
    let links = |pair: u32, change: fn(Degradation, Probability) -> Degradation| {
        let degradation = change(Degradation::nothing(node(2 * pair), node(2 * pair + 1)), Probability::from_f64(0.5).unwrap());
        vec![at(1_000, Fault::Degrade(pair, degradation)), at(3_000, Fault::Mend(pair))]
    };
    let of = |pair: u32, begin: fn(NodeSet) -> Fault, end: fn(NodeSet) -> Fault| {
        vec![at(1_000, begin(node(2 * pair))), at(3_000, end(node(2 * pair)))]
    };
    let byzantine = |pair: u32, behaviour: Behaviour| {
        vec![at(1_000, Fault::Byzantine(node(2 * pair), behaviour)), at(3_000, Fault::Honest(node(2 * pair)))]
    };
    // Who tells only one other picks the truth for it half of the time: four spells, so that some are lies.
    let both = |pair: u32, behaviour: Behaviour| {
        let set = NodeSet::range(2 * pair, 2 * pair + 2);
        let spell = |ms| [at(ms, Fault::Byzantine(set.clone(), behaviour.clone())), at(ms + 800, Fault::Honest(set.clone()))];
        [1_000, 2_000, 3_000].into_iter().flat_map(spell).collect()
    };
    let cut = Partition::Groups(vec![node(0), node(1)]);
    let corrupt = |degradation, probability| Degradation {
        corruption: Some(Corruption { probability, undetected: probability }),
        ..degradation
    };
    let schedule = vec![
        vec![at(1_000, Fault::Partition(0, cut)), at(3_000, Fault::Heal(0))],
        of(1, |set| Fault::Crash(set, Tail::Lost), Fault::Restart),
        of(2, Fault::Pause, Fault::Resume),
        of(3, Fault::Leave, Fault::Join),
        of(4, |set| Fault::Slow(set, 5_000), |set| Fault::Slow(set, 1_000)),
        of(5, |set| Fault::Drift(set, 300_000_000), |set| Fault::Drift(set, 0)),
        links(6, |degradation, loss| Degradation { loss, ..degradation }),
        links(7, |degradation, duplication| Degradation { duplication, ..degradation }),
        links(8, corrupt),
        links(9, |degradation, probability| Degradation {
            reordering: Some(Reordering { probability, extra: Distribution::Exponential { mean_ns: 50 * MILLISECOND }.into() }),
            ..degradation
        }),
        byzantine(10, Behaviour::Silent),
        byzantine(11, Behaviour::Delaying(Distribution::Exponential { mean_ns: 50 * MILLISECOND }.into())),
        both(12, Behaviour::Equivocating),
        byzantine(13, Behaviour::Replaying(half)),
        byzantine(14, Behaviour::Forging(half)),
    ];
    (0..).zip(schedule).collect()
}

fn told(faults: Vec<Timed>) -> Facts {
    let mut faults = faults;
    faults.sort_by_key(|timed| timed.at);
    let hosts = Hosts {
        nodes: NodeSet::range(0, 30),
        service: Some(Distribution::Exponential { mean_ns: 2 * MILLISECOND }.into()),
        inbox: None,
        overflow: Overflow::Shed,
        egress: None,
    };
    let run =
        run(&Setup { hosts: vec![hosts], duration: 4_500 * MILLISECOND, ..world(30, faults) }, Habits { group: 2, thanks: true });
    assert!(run.facts.len() < quorate_engine::simulate::FACTS_KEPT_MAX);
    run.facts
}

#[test]
fn a_fault_less_changes_its_own_pair_and_no_other() {
    let all = told(schedule().into_iter().flat_map(|(_, faults)| faults).collect());
    let of = |facts: &Facts, pair: u32| facts.iter().filter(|fact| fact.1.0 / 2 == pair).cloned().collect::<Facts>();
    for (left_out, _) in schedule() {
        let fewer = told(schedule().into_iter().filter(|(pair, _)| *pair != left_out).flat_map(|(_, faults)| faults).collect());
        for pair in 0..15 {
            assert_eq!(of(&all, pair) == of(&fewer, pair), pair != left_out, "pair {pair} without the fault of pair {left_out}");
        }
    }
}
