//! Lengths and pauses follow their distributions: Kolmogorov-Smirnov at level 1e-6.

use crate::common::{churn, kind, lasting, nemesis, scene, uniform};
use quorate_engine::fault::{Fault, Tail, Timed};
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Span;
use quorate_engine::nemesis::{Away, Kind, Pattern, Scene};
use quorate_engine::time::{MILLISECOND, SECOND};
use std::collections::BTreeMap;

const LONG: u64 = 20_000 * SECOND;

/// The greatest distance between what was seen and the distribution, against what chance exceeds once in a million times
/// (P. Massart, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality", Annals of Probability 18, 1990).
fn follows(what: &str, mut seen: Vec<u64>, below: impl Fn(u64) -> f64) {
    assert!(seen.len() > 1_000, "{what}: {} are few", seen.len());
    seen.sort_unstable();
    let count = seen.len() as f64;
    let gap = |(rank, &value): (usize, &u64)| {
        let (expected, low, high) = (below(value), rank as f64 / count, (rank + 1) as f64 / count);
        (expected - low).abs().max((high - expected).abs())
    };
    let distance = seen.iter().enumerate().map(gap).fold(0.0, f64::max);
    let bound = (libm::log(2.0 / 1e-6) / (2.0 * count)).sqrt();
    assert!(distance <= bound, "{what}: {distance} is beyond {bound}, of {count}");
}

fn exponential(mean: u64) -> impl Fn(u64) -> f64 {
    move |value| 1.0 - libm::exp(-(value as f64) / mean as f64)
}

fn even(low: u64, high: u64) -> impl Fn(u64) -> f64 {
    move |value| (value.saturating_sub(low) as f64 / (high - low) as f64).min(1.0)
}

/// The distinct instants at which something happens.
fn instants(faults: &[Timed]) -> Vec<u64> {
    let mut at: Vec<u64> = faults.iter().map(|timed| timed.at.0).collect();
    at.dedup();
    at
}

#[test]
fn spells_and_pauses_have_their_lengths() {
    let regions = [NodeSet::range(0, 2), NodeSet::range(2, 5)];
    let scene = Scene { regions: &regions, ..scene(5) };
    for pattern in lasting() {
        let name = pattern.name();
        let faults = nemesis(LONG, vec![kind(0, 5, pattern)]).schedule(11, &scene);
        // One kind's spells follow each other: beginning, end, beginning, end. The quiet end cuts the last.
        let at = instants(&faults);
        let lengths = at.chunks_exact(2).map(|spell| spell[1] - spell[0]).filter(|_| true);
        let whole = at.len() / 2 - 1;
        follows(name, lengths.take(whole).collect(), even(SECOND, 3 * SECOND));
        follows(name, at[1..].chunks_exact(2).map(|pause| pause[1] - pause[0]).collect(), exponential(2 * SECOND));
    }
}

#[test]
fn what_is_over_at_once_comes_by_its_pauses() {
    for pattern in [Pattern::Wipe, Pattern::Corrupt(1)] {
        let at = instants(&nemesis(LONG, vec![kind(0, 5, pattern)]).schedule(3, &scene(5)));
        follows("pauses", at.windows(2).map(|pair| pair[1] - pair[0]).collect(), exponential(2 * SECOND));
    }
}

#[test]
fn churn_lets_each_node_come_and_go_by_itself() {
    let faults = nemesis(LONG, vec![kind(0, 6, churn(Away::Left))]).schedule(5, &scene(6));
    let (mut up, mut away) = (Vec::new(), Vec::new());
    let mut since: BTreeMap<u32, u64> = (0..6).map(|node| (node, 5 * SECOND)).collect();
    for timed in faults.iter().filter(|timed| timed.at.0 < LONG) {
        let lengths = if matches!(timed.fault, Fault::Leave(_)) { &mut up } else { &mut away };
        for node in timed.fault.nodes().unwrap().iter() {
            lengths.push(timed.at.0 - since.insert(node.0, timed.at.0).unwrap());
        }
    }
    follows("up", up, exponential(10 * SECOND));
    follows("away", away, exponential(2 * SECOND));
}

#[test]
fn a_link_flaps_by_its_own_lengths() {
    let down = uniform(50 * MILLISECOND, 90 * MILLISECOND);
    let pattern = Pattern::FlappingLink { down, up: uniform(10 * MILLISECOND, 20 * MILLISECOND) };
    // Spells of 100 s with pauses of 10 s, so that the ends of spells are few among the others.
    let flapping = Kind { every: Span::constant(10 * SECOND), lasts: Span::constant(100 * SECOND), ..kind(0, 5, pattern) };
    let faults = nemesis(LONG, vec![flapping]).schedule(8, &scene(5));
    let at = instants(&faults);
    let down: Vec<u64> = at.chunks_exact(2).map(|cut| cut[1] - cut[0]).filter(|down| *down >= 50 * MILLISECOND).collect();
    let cut_short = at.len() / 2 - down.len();
    assert!(cut_short < 200, "only ends of spells cut short: {cut_short}");
    follows("down", down, even(50 * MILLISECOND, 90 * MILLISECOND));
    let up = at[1..].chunks_exact(2).map(|pause| pause[1] - pause[0]).filter(|up| *up < SECOND);
    follows("up", up.collect(), even(10 * MILLISECOND, 20 * MILLISECOND));
    // As long as a spell lasts, one link.
    let mut pairs: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for timed in &faults {
        if let Fault::Partition(_, partition) = &timed.fault {
            pairs.entry((timed.at.0 - 5 * SECOND) / (110 * SECOND)).or_default().push(partition.to_string());
        }
    }
    assert!(pairs.len() > 150 && pairs.values().all(|pairs| pairs.iter().all(|pair| *pair == pairs[0])));
}

#[test]
fn a_storm_crashes_one_after_another() {
    let (gap, down) = (uniform(100 * MILLISECOND, 300 * MILLISECOND), uniform(10 * MILLISECOND, 700 * MILLISECOND));
    let storm = Pattern::CrashStorm { gap, down, tail: Tail::Torn };
    let storm = Kind { every: Span::constant(10 * SECOND), lasts: Span::constant(20 * SECOND), ..kind(0, 9, storm) };
    let faults = nemesis(LONG / 4, vec![storm]).schedule(2, &scene(9));
    let mut crashed: BTreeMap<u32, u64> = BTreeMap::new();
    let (mut gaps, mut downs, mut last, mut most) = (Vec::new(), Vec::new(), 0, 0);
    for timed in faults.iter().filter(|timed| timed.at.0 < LONG / 4) {
        for node in timed.fault.nodes().unwrap().iter() {
            if matches!(timed.fault, Fault::Crash(_, Tail::Torn)) {
                gaps.push(timed.at.0 - last);
                last = timed.at.0;
                crashed.insert(node.0, last);
                most = most.max(crashed.len());
            } else {
                downs.push(timed.at.0 - crashed.remove(&node.0).unwrap());
            }
        }
    }
    assert!(most > 3, "several are down at once: {most}");
    gaps.retain(|gap| *gap < SECOND);
    follows("gaps", gaps, even(100 * MILLISECOND, 300 * MILLISECOND));
    follows("down", downs, even(10 * MILLISECOND, 700 * MILLISECOND));
}

#[test]
fn a_rolling_restart_takes_each_node_once_in_order() {
    let rolling = Pattern::RollingRestart { gap: Span::constant(2 * SECOND), tail: Tail::Lost };
    let rolling = Kind { every: Span::constant(60 * SECOND), lasts: Span::constant(500 * MILLISECOND), ..kind(0, 5, rolling) };
    let faults = nemesis(200 * SECOND, vec![rolling]).schedule(1, &scene(5));
    let told: Vec<String> = faults.iter().map(|timed| format!("{} {}", timed.at.0 / MILLISECOND, timed.fault)).collect();
    let turn = |start: u64| {
        (0..5).flat_map(move |node| {
            let at = start + node * 2_500;
            [format!("{at} crash {{{node}}}"), format!("{} restart {{{node}}}", at + 500)]
        })
    };
    // 5 s and 60 s; the last restart at 75.5 s and 60 s more.
    assert_eq!(told, turn(65_000).chain(turn(135_500)).chain(turn(206_000).take(0)).collect::<Vec<_>>());
}

#[test]
fn a_long_spell_is_cut_at_the_quiet_end() {
    let long = Kind { every: Span::constant(SECOND), lasts: Span::constant(LONG), ..kind(0, 3, Pattern::Pause) };
    let faults = nemesis(30 * SECOND, vec![long]).schedule(1, &scene(3));
    assert_eq!(faults.iter().map(|timed| timed.at.0).collect::<Vec<_>>(), [6 * SECOND, 30 * SECOND]);
}
