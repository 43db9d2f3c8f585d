//! One kind more or less changes nothing of the others.

use crate::common::{NODES, by_node, everything, kind, nemesis, scene};
use quorate_engine::fault::{Tail, Timed};
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Span;
use quorate_engine::nemesis::{Kind, Nemesis, Pattern, Scene, Whose};
use quorate_engine::time::SECOND;

/// Each kind has nodes of its own, so that what befalls a node can be told by kind.
fn apart() -> (Vec<Kind>, u32) {
    let kinds: Vec<Kind> = everything(NODES);
    let count = kinds.len() as u32;
    let own =
        |(place, kind): (u32, Kind)| Kind { whose: Whose::Nodes(NodeSet::range(5 * place, 5 * place + 5)), count: 2, ..kind };
    let everyone = |kind: &Kind| matches!(kind.pattern, Pattern::Outage { .. });
    ((0..).zip(kinds).map(own).filter(|kind| !everyone(kind)).collect(), 5 * count)
}

#[test]
fn all_kinds_together_do_what_each_does_alone() {
    let (kinds, nodes) = apart();
    let regions = [NodeSet::range(0, 20), NodeSet::range(20, nodes)];
    let scene = Scene { regions: &regions, ..scene(nodes) };
    for swarm in [false, true] {
        let nemesis = |kinds: &[Kind]| {
            let made = nemesis(60 * SECOND, Vec::new());
            Nemesis { swarm, kinds: kinds.to_vec(), ..made }
        };
        for seed in 0..60 {
            let alone = kinds.iter().flat_map(|kind| nemesis(std::slice::from_ref(kind)).schedule(seed, &scene));
            let alone: Vec<Timed> = alone.collect();
            assert_eq!(by_node(&nemesis(&kinds).schedule(seed, &scene)), by_node(&alone), "seed {seed}");
            let mut reversed = kinds.clone();
            reversed.reverse();
            assert_eq!(by_node(&nemesis(&reversed).schedule(seed, &scene)), by_node(&alone), "their order says nothing");
        }
    }
}

#[test]
fn one_node_more_shifts_no_turn_of_the_others() {
    let churn = |nodes| nemesis(90 * SECOND, vec![kind(0, nodes, crate::common::churn(quorate_engine::nemesis::Away::Left))]);
    for seed in 0..30 {
        let few = by_node(&churn(6).schedule(seed, &scene(8)));
        let more = by_node(&churn(7).schedule(seed, &scene(8)));
        let without: Vec<_> = more.into_iter().filter(|(_, told)| !told.contains("n6")).collect();
        assert_eq!(few, without);
    }
}

#[test]
fn who_is_struck_does_not_depend_on_how_long() {
    let crash = |lasts| Kind {
        every: Span::constant(5 * SECOND),
        lasts: Span::constant(lasts),
        ..kind(0, 9, Pattern::Crash(Tail::Lost))
    };
    let struck = |lasts, seed| {
        let faults = nemesis(60 * SECOND, vec![crash(lasts)]).schedule(seed, &scene(9));
        faults.into_iter().filter(|timed| timed.fault.name() == "crash").map(|timed| timed.fault).collect::<Vec<_>>()
    };
    for seed in 0..30 {
        let (short, long) = (struck(1, seed), struck(3 * SECOND, seed));
        assert!(long.len() > 5 && short[..long.len()] == long[..]);
    }
}
