//! Clocks that differ by node, wander and jump, as a node itself reads them.

use crate::courier::*;
use quorate_engine::clock::Spread;
use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Clocks, Jumps, Setup, Wander};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

/// What one node's clocks read, every 10 s.
fn readings(setup: &Setup, node: u32) -> Vec<(u64, i64, u64)> {
    let seconds = setup.duration / SECOND;
    let wishes = (0..seconds / 10).map(|index| wish(index * 10 * SECOND, node, Wish::Nothing)).collect();
    let looked = |(at, _, said): &(Time, NodeId, Said)| match said {
        Said::Looked { wall, elapsed } => Some((at.0, *wall, *elapsed)),
        Said::Heard { .. } => None,
    };
    run(setup, 0, wishes).facts.iter().filter_map(looked).collect()
}

fn of_some(nodes: NodeSet) -> Clocks {
    Clocks { nodes, offset_ns: Spread::ZERO, drift_ppb: Spread::ZERO, wander: None, jumps: None, bound_ns: None }
}

#[test]
fn each_set_of_nodes_has_its_own_clocks() {
    let mut setup = world(4, 100);
    setup.clocks = vec![
        Clocks { offset_ns: Spread::Constant(5), ..of_some(NodeSet::range(0, 2)) },
        Clocks { drift_ppb: Spread::Constant(1_000), ..of_some(NodeSet::one(NodeId(2))) },
    ];
    assert_eq!(readings(&setup, 1)[9], (90 * SECOND, 90 * SECOND as i64 + 5, 90 * SECOND));
    assert_eq!(readings(&setup, 2)[9], (90 * SECOND, 90 * SECOND as i64 + 90_000, 90 * SECOND + 90_000));
    assert_eq!(readings(&setup, 3)[9], (90 * SECOND, 90 * SECOND as i64, 90 * SECOND), "in no set: true");
}

#[test]
fn a_wander_stays_within_its_bound_and_comes_back() {
    let mut setup = world(1, 10_000);
    let wander = Wander { amplitude_ppb: 10_000, period: 1_000 * SECOND };
    setup.clocks = vec![Clocks { wander: Some(wander), ..of_some(NodeSet::range(0, 1)) }];
    let readings = readings(&setup, 0);
    let off = |index: usize| readings[index].2 as i64 - readings[index].0 as i64;
    assert_eq!((off(100), off(900)), (0, 0), "whole periods");
    let most = (0..100).map(off).max().unwrap() - (0..100).map(off).min().unwrap();
    let exact = 10_000.0 * 1e-9 * 1_000e9 / std::f64::consts::PI;
    assert!((most as f64 / exact - 1.0).abs() < 0.01, "{most} for {exact}");
    let rates = readings.windows(2).map(|pair| (pair[1].2 - pair[0].2) as i64 - 10 * SECOND as i64);
    assert!(rates.clone().all(|gain| gain.abs() <= 100_000) && rates.max().unwrap() > 99_000, "10 ppm of 10 s are 100 us");
}

#[test]
fn jumps_move_the_wall_clock_and_no_timer() {
    let mut setup = world(2, 10_000);
    let every = Distribution::Exponential { mean_ns: 20 * SECOND };
    let jumps = Jumps { every: every.into(), by_ns: Spread::Constant(MILLISECOND as i64) };
    setup.clocks = vec![Clocks { jumps: Some(jumps), ..of_some(NodeSet::one(NodeId(1))) }];
    let readings = readings(&setup, 1);
    assert!(readings.iter().all(|(at, _, elapsed)| at == elapsed), "elapsed time does not jump");
    let jumped = (readings.last().unwrap().1 - readings.last().unwrap().0 as i64) / MILLISECOND as i64;
    // 500 are expected, with a deviation of 22.4.
    assert!((jumped - 500).abs() < 110, "{jumped} jumps in 10,000 s");
}
