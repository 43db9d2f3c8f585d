//! A cascade by overload appears where the arithmetic of service times says that it must, and not where load is shed.
//!
//! Five servers of 200 requests a second each; one dies, and the next in order takes over what it would have served. That one stands it
//! if and only if twice a fifth of the load is no more than 200 a second.

use crate::common::read;
use quorate_lab::run::{Verify, run_seed};

const SCENARIO: &str = include_str!("../../../scenarios/world/overload.toml");
const CRASH: [&str; 2] = ["hosts.inbox=200", "hosts.overflow=crash"];

/// How many hosts were overrun, and what share of the operations was answered.
fn overrun(rate: u32, seed: u64, flags: &[&str]) -> (f64, f64) {
    let rate = format!("parameters.rate={rate}/s");
    let plan = read(SCENARIO.as_bytes(), &[&[rate.as_str()], flags].concat()).unwrap();
    let run = run_seed(&plan, seed, Verify::IfExpected).unwrap();
    let metric = |name| run.metrics.iter().find(|(metric, _)| *metric == name).unwrap().1.unwrap();
    (metric("hosts.overrun"), metric("availability"))
}

#[test]
fn the_load_of_the_dead_overruns_the_next_exactly_when_it_cannot_bear_twice_its_own() {
    for seed in 1..=3 {
        for rate in [200, 300, 400, 440, 560, 600, 700, 800] {
            let (fallen, answered) = overrun(rate, seed, &CRASH);
            let bears = 2 * rate <= 5 * 200;
            match bears {
                true => assert!(fallen == 0.0 && answered > 0.99, "{rate}/s, seed {seed}: {fallen} overrun, {answered} answered"),
                false => assert!(fallen == 4.0 && answered < 0.9, "{rate}/s, seed {seed}: {fallen} overrun, {answered} answered"),
            }
        }
    }
}

#[test]
fn who_sheds_load_is_never_overrun_and_all_that_four_can_serve_is_served() {
    for rate in [400, 560, 700] {
        let (fallen, answered) = overrun(rate, 1, &[]);
        assert!(fallen == 0.0 && answered > 0.99, "{rate}/s: {fallen} overrun, {answered} answered");
    }
    // The whole of it is more than five can serve: some go without, and nobody falls.
    let (fallen, answered) = overrun(1_500, 1, &[]);
    assert!(fallen == 0.0 && answered > 0.4, "{fallen} overrun, {answered} answered");
}

#[test]
fn who_comes_back_into_the_same_load_falls_again() {
    let (fallen, _) = overrun(700, 1, &["hosts.inbox=200", "hosts.overflow={crash={restart-after='2s'}}"]);
    assert!(fallen > 4.0, "{fallen} overrun");
}
