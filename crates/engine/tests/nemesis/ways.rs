//! Each way of cutting nodes off has the property that its name promises, over many seeds and numbers of nodes.

use crate::common::{kind, nemesis, scene};
use crate::model::reaches;
use quorate_engine::NodeId;
use quorate_engine::fault::{Fault, Partition};
use quorate_engine::id::NodeSet;
use quorate_engine::nemesis::{Cut, Kind, Pattern, Scene};
use quorate_engine::time::SECOND;
use std::collections::BTreeSet;

/// All partitions of one way over many seeds.
fn each(way: Cut, nodes: u32, count: u32, look: impl Fn(&Partition)) -> usize {
    let regions = [NodeSet::range(0, nodes / 3), NodeSet::range(nodes / 3, nodes), NodeSet::default()];
    let scene = Scene { regions: &regions, ..scene(nodes) };
    let nemesis = nemesis(60 * SECOND, vec![Kind { count, ..kind(0, nodes, Pattern::Partition(vec![way])) }]);
    let mut seen = 0;
    // About 14 partitions a seed; the look takes the square of the nodes.
    for seed in 0..if nodes > 20 { 3 } else { 40 } {
        for timed in nemesis.schedule(seed, &scene) {
            if let Fault::Partition(_, partition) = &timed.fault {
                look(partition);
                seen += 1;
            }
        }
    }
    seen
}

fn sees(partition: &Partition, nodes: u32, node: u32) -> BTreeSet<u32> {
    let both = |other: u32| {
        let (one, other) = (NodeId(node), NodeId(other));
        one == other || (reaches(partition, one, other) && reaches(partition, other, one))
    };
    (0..nodes).filter(|other| both(*other)).collect()
}

fn sights(partition: &Partition, nodes: u32) -> Vec<BTreeSet<u32>> {
    (0..nodes).map(|node| sees(partition, nodes, node)).collect()
}

#[test]
fn halves_are_two_sides_that_differ_by_one_at_most() {
    for nodes in [2, 3, 4, 5, 10, 101] {
        let seen = each(Cut::Halves, nodes, 1, |partition| {
            let sights: BTreeSet<_> = sights(partition, nodes).into_iter().collect();
            let sizes: Vec<usize> = sights.iter().map(BTreeSet::len).collect();
            assert!(sizes.len() == 2 && sizes[0].abs_diff(sizes[1]) <= 1 && sizes.iter().sum::<usize>() == nodes as usize);
        });
        assert!(seen > if nodes > 20 { 20 } else { 300 });
    }
}

#[test]
fn the_isolated_see_each_other_and_nobody_else() {
    for (nodes, count) in [(2, 1), (5, 2), (9, 4)] {
        let seen = each(Cut::Isolate, nodes, count, |partition| {
            let sights = sights(partition, nodes);
            let apart = sights.iter().filter(|sight| sight.len() == count as usize).count();
            let others = sights.iter().filter(|sight| sight.len() == (nodes - count) as usize).count();
            assert!(apart + others == nodes as usize || count * 2 == nodes);
        });
        assert!(seen > if nodes > 20 { 20 } else { 300 });
    }
    assert_eq!(each(Cut::Isolate, 3, 3, |_| {}), 0, "to isolate everyone isolates nobody");
}

#[test]
fn one_way_loses_one_direction_only() {
    let mut ways = BTreeSet::new();
    let seen = each(Cut::OneWay, 7, 2, |partition| {
        let Partition::OneWay(from, to) = partition else { panic!("{partition}") };
        assert!(from.len() + to.len() == 7 && from.len().min(to.len()) == 2);
        for (one, other) in from.iter().flat_map(|one| to.iter().map(move |other| (one, other))) {
            assert!(!reaches(partition, one, other) && reaches(partition, other, one));
        }
    });
    let both = nemesis(60 * SECOND, vec![kind(0, 7, Pattern::Partition(vec![Cut::OneWay]))]);
    for seed in 0..20 {
        for timed in both.schedule(seed, &scene(7)) {
            if let Fault::Partition(_, Partition::OneWay(from, _)) = &timed.fault {
                ways.insert(from.len());
            }
        }
    }
    assert!(seen > 300 && ways == BTreeSet::from([1, 6]), "nodes are mute, or deaf: {ways:?}");
}

#[test]
fn exactly_one_node_is_a_bridge() {
    for nodes in [3, 4, 5, 8, 64] {
        let seen = each(Cut::Bridge, nodes, 1, |partition| {
            let sights = sights(partition, nodes);
            assert_eq!(sights.iter().filter(|sight| sight.len() == nodes as usize).count(), 1);
            let sides: BTreeSet<_> = sights.iter().filter(|sight| sight.len() < nodes as usize).collect();
            let sizes: Vec<usize> = sides.iter().map(|sight| sight.len()).collect();
            // Both count the bridge.
            assert!(sizes.len() == 2 && sizes[0].abs_diff(sizes[1]) <= 1 && sizes.iter().sum::<usize>() == nodes as usize + 1);
        });
        assert!(seen > if nodes > 20 { 20 } else { 300 });
    }
}

#[test]
fn in_a_ring_each_sees_a_majority_and_no_two_see_the_same() {
    for nodes in (4..=12).chain([31, 32, 63]) {
        let seen = each(Cut::RingOfMajorities, nodes, 1, |partition| {
            let sights = sights(partition, nodes);
            assert!(sights.iter().all(|sight| sight.len() > nodes as usize / 2 && sight.len() < nodes as usize), "{nodes}");
            assert_eq!(sights.iter().collect::<BTreeSet<_>>().len(), nodes as usize, "{nodes}: no two alike");
        });
        assert!(seen > if nodes > 20 { 20 } else { 300 });
    }
}

#[test]
fn a_ring_of_many_is_made_of_slices() {
    for nodes in [64, 65, 95, 100, 257] {
        let seen = each(Cut::RingOfMajorities, nodes, 1, |partition| {
            let sights = sights(partition, nodes);
            assert!(sights.iter().all(|sight| sight.len() > nodes as usize / 2 && sight.len() < nodes as usize), "{nodes}");
            assert_eq!(sights.iter().collect::<BTreeSet<_>>().len(), 32);
        });
        assert!(seen > if nodes > 20 { 20 } else { 300 });
    }
}

#[test]
fn a_ring_of_three_there_is_not() {
    assert_eq!(each(Cut::RingOfMajorities, 3, 1, |_| {}), 0);
    assert_eq!(each(Cut::Bridge, 2, 1, |_| {}), 0);
}

#[test]
fn partial_cuts_one_pair_and_all_others_reach_both() {
    let seen = each(Cut::Partial, 6, 1, |partition| {
        let sights = sights(partition, 6);
        let without: Vec<usize> = (0..6).filter(|&node| sights[node].len() < 6).collect();
        assert!(without.len() == 2 && without.iter().all(|&node| sights[node].len() == 5));
    });
    assert!(seen > 300);
}

#[test]
fn a_region_is_cut_off_whole() {
    let seen = each(Cut::Region, 9, 1, |partition| {
        let region: BTreeSet<u32> = (0..3).collect();
        let others: BTreeSet<u32> = (3..9).collect();
        assert!(sights(partition, 9).into_iter().collect::<BTreeSet<_>>() == BTreeSet::from([region, others]));
    });
    assert!(seen > 300);
}

#[test]
fn every_node_and_every_way_has_its_turn() {
    let nemesis = nemesis(3_000 * SECOND, vec![kind(0, 5, Pattern::Partition(Cut::ALL.to_vec()))]);
    let regions = [NodeSet::range(0, 2), NodeSet::range(2, 5)];
    let faults = nemesis.schedule(1, &Scene { regions: &regions, ..scene(5) });
    let shapes: BTreeSet<Vec<usize>> = faults
        .iter()
        .filter_map(|timed| match &timed.fault {
            Fault::Partition(_, Partition::Groups(groups)) => Some(groups.iter().map(|group| group.len() as usize).collect()),
            Fault::Partition(_, Partition::OneWay(from, to)) => Some(vec![100 + from.len() as usize, 100 + to.len() as usize]),
            _ => None,
        })
        .collect();
    let halves_or_region = [vec![2, 3]];
    let others = [vec![1, 4], vec![101, 104], vec![104, 101], vec![3, 3], vec![2; 5], vec![1, 1], vec![3, 2]];
    let expected: BTreeSet<Vec<usize>> = halves_or_region.into_iter().chain(others).collect();
    assert_eq!(shapes, expected);
}
