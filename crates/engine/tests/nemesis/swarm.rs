//! Swarms: each kind is off in half of all runs, and comes at one of five rates in the others.

use crate::common::{kind, nemesis, scene};
use quorate_engine::latency::Span;
use quorate_engine::nemesis::{Kind, Nemesis, Pattern};
use quorate_engine::time::SECOND;
use std::collections::BTreeMap;

/// At level 1e-6, both sides.
const SIGMAS: f64 = 4.9;

fn within(what: &str, count: u32, of: u32, probability: f64) {
    let (mean, deviation) = (f64::from(of) * probability, (f64::from(of) * probability * (1.0 - probability)).sqrt());
    assert!((f64::from(count) - mean).abs() <= SIGMAS * deviation, "{what}: {count} of {of}, {mean} were expected");
}

#[test]
fn kinds_are_off_in_half_of_the_runs_each_by_itself_and_come_at_five_rates() {
    // Wipes come exactly every 4 s: what the pace makes of that tells it.
    let wipe = |number| Kind { every: Span::constant(4 * SECOND), ..kind(number, 3, Pattern::Wipe) };
    let swarm = Nemesis { swarm: true, ..nemesis(105 * SECOND, vec![wipe(0), wipe(1), wipe(2)]) };
    const RUNS: u32 = 8_000;
    let (mut off, mut together, mut counts) = ([0; 3], 0, BTreeMap::new());
    for seed in 0..RUNS {
        let strikes = |place: usize| {
            let alone = Nemesis { kinds: vec![swarm.kinds[place].clone()], ..swarm.clone() };
            alone.schedule(u64::from(seed), &scene(3)).len()
        };
        let strikes = [strikes(0), strikes(1), strikes(2)];
        for (off, count) in off.iter_mut().zip(strikes) {
            *off += u32::from(count == 0);
            *counts.entry(count).or_insert(0) += 1;
        }
        together += u32::from(strikes[0] == 0 && strikes[2] == 0);
    }
    for off in off {
        within("off", off, RUNS, 0.5);
    }
    within("off together", together, RUNS, 0.25);
    // 100 s less the last ns: every 1, 2, 4, 8 or 16 s.
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [0, 6, 12, 24, 49, 99]);
    for (count, runs) in counts.into_iter().filter(|(count, _)| *count > 0) {
        within(&format!("{count} strikes"), runs, 3 * RUNS, 0.1);
    }
}
