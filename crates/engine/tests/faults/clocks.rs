//! Faults of clocks, and bounds on them that do not hold.

use crate::clerk::{HABITS, at, facts, heard_from, node, run, same_but_for, world};
use quorate_engine::clock::Spread;
use quorate_engine::fault::Fault;
use quorate_engine::setup::{Clocks, Setup};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

#[test]
fn a_jump_moves_the_wall_clock_and_no_timer() {
    let (base, _) = facts(Vec::new());
    let (faulty, run) = facts(vec![at(2_000, Fault::ClockJump(node(1), 5_000_000_000))]);
    same_but_for(&base, &faulty, |_| false);
    assert_eq!(run.outcome.strikes[0].touched, 1);
}

#[test]
fn a_drift_moves_the_timers_of_its_nodes_and_of_nobody_else() {
    let (base, _) = facts(Vec::new());
    let (faulty, _) = facts(vec![at(2_000, Fault::Drift(node(1), 500_000_000))]);
    same_but_for(&base, &faulty, |fact| fact.0 >= Time(2 * SECOND) && (fact.1 == NodeId(1) || heard_from(fact, 1)));
    let ticks = |facts: &crate::clerk::Facts| {
        facts
            .iter()
            .filter(|(at, by, said)| by.0 == 1 && at.0 > 2 * SECOND && matches!(said, crate::clerk::Said::Counted(_)))
            .count()
    };
    let ratio = ticks(&faulty) as f64 / ticks(&base) as f64;
    assert!((ratio - 1.5).abs() < 0.1, "{ratio}");
}

#[test]
fn a_bound_that_a_clock_breaks_is_reported_with_the_instant() {
    let bounded = |nodes, drift| Clocks {
        nodes,
        offset_ns: Spread::ZERO,
        drift_ppb: Spread::Constant(drift),
        wander: None,
        jumps: None,
        bound_ns: Some(10 * MILLISECOND),
    };
    // Node 0 gains 2 ms a second, and is 10 ms off after 5 s; node 1 jumps by 9 ms, and later by as much again; node 2 is good; nobody speaks of node 3.
    let clocks = vec![bounded(node(0), 2_000_000), bounded(NodeSet::range(1, 3), 0)];
    let jump = |ms| at(ms, Fault::ClockJump(node(1), 9 * MILLISECOND as i64));
    let run = run(&Setup { clocks, ..world(4, vec![jump(1_000), jump(3_000)]) }, HABITS);
    let found: Vec<_> =
        run.outcome.clock_bounds.iter().map(|bound| (bound.node.0, bound.most_ns / MILLISECOND, bound.broken)).collect();
    assert_eq!(found[1..], [(1, 18, Some(Time(3 * SECOND))), (2, 0, None)]);
    let (0, 20, Some(broken)) = found[0] else { panic!("{:?}", found[0]) };
    assert!(broken.0.abs_diff(5 * SECOND) < 1_000, "{broken}");
}
