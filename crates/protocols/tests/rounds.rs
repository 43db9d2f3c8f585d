//! Gossip in synchronous rounds against the literature: rounds until all know, one partner a round (Pittel 1987; Frieze and
//! Grimmett 1985; Karp et al. 2000). The constants are means of simulations of the same model, good to ±0.15 at 400 runs.

use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Setup, Until};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::{NodeId, Time};
use quorate_protocols::options::{Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Keep, find};

const SEEDS: u64 = 400;
const TOLERANCE: f64 = 0.15;

/// Mean rounds until all of `nodes` hold an update made before the first round.
fn mean_rounds(nodes: u32, mode: &'static str, reply: &'static str) -> f64 {
    let gossip = find("gossip").expect("gossip is registered");
    let mut values = Values::defaults(gossip.options);
    values.set("mode", Value::Choice(mode));
    values.set("reply", Value::Choice(reply));
    values.set("start", Value::Choice("together"));
    values.set("fanout", Value::Integer(1));
    values.set("interval", Value::Duration(SECOND));
    let ask = Ask::Update { key: 0, amount: 1 };
    let workload = [Asked { at: Time(SECOND / 2), client: 0, to: NodeId(0), ask, timeout: None }];
    let mut sum = 0.0;
    for seed in 0..SEEDS {
        let latency = Distribution::Constant { ns: MILLISECOND };
        let setup = Setup { clients: 1, until: Until::Converged, ..Setup::plain(seed, nodes, 200 * SECOND, latency) };
        let job =
            Job { setup: &setup, options: &values, variant: "right", workload: &workload, text: None, keep: Keep::Evidence };
        let report = (gossip.run)(&job).expect("the job runs");
        let rounds = report.outcome.convergence.rounds.expect("gossip converges within 200 rounds");
        assert_eq!(report.metrics, [("gossip.rounds", rounds as f64)], "both ways of counting agree");
        sum += rounds as f64;
    }
    sum / SEEDS as f64
}

fn check(nodes: u32, mode: &'static str, reply: &'static str, expect: f64) {
    let mean = mean_rounds(nodes, mode, reply);
    println!("{mode}, {reply}, {nodes} nodes: {mean:.3} rounds, expected {expect}");
    assert!(
        (mean - expect).abs() <= TOLERANCE,
        "{mode}, {reply}, {nodes} nodes: {mean:.3} rounds, expected {expect} ± {TOLERANCE}"
    );
}

#[test]
fn push() {
    check(256, "push", "round-start", 14.66);
    check(1024, "push", "round-start", 18.09);
}

#[test]
fn push_pull_with_replies_of_the_rounds_start() {
    check(256, "push-pull", "round-start", 7.64);
    check(1024, "push-pull", "round-start", 9.17);
}

#[test]
fn push_pull_with_live_replies() {
    check(256, "push-pull", "live", 6.92);
    check(1024, "push-pull", "live", 8.22);
}

/// How many of `nodes` are without an update, by round, in runs of anti-entropy with the state of the round's start.
fn susceptible(nodes: u32, mode: &'static str, seeds: u64) -> Vec<Vec<f64>> {
    let gossip = find("gossip").expect("gossip is registered");
    let mut values = Values::defaults(gossip.options);
    for (name, choice) in [("mode", mode), ("reply", "round-start"), ("start", "together")] {
        values.set(name, Value::Choice(choice));
    }
    values.set("fanout", Value::Integer(1));
    let ask = Ask::Update { key: 0, amount: 1 };
    let workload = [Asked { at: Time(SECOND / 2), client: 0, to: NodeId(0), ask, timeout: None }];
    let run = |seed| {
        let latency = Distribution::Constant { ns: MILLISECOND };
        let setup = Setup { clients: 1, until: Until::Converged, ..Setup::plain(seed, nodes, 200 * SECOND, latency) };
        let job =
            Job { setup: &setup, options: &values, variant: "right", workload: &workload, text: None, keep: Keep::Evidence };
        let report = (gossip.run)(&job).expect("the job runs");
        let holders = report.outcome.convergence.updates[0].by_round.to_vec();
        holders.into_iter().map(|holders| f64::from(nodes - holders)).collect()
    };
    (0..seeds).map(run).collect()
}

/// What Demers et al. (1987, §1.3) say of the tail: with `p` of all without the update, pull leaves p² of them, push p e^-(1-p). Here without
/// the limit of endless n: a node asks another one that is without it, or is drawn by none of those who hold it.
#[test]
fn tails_of_anti_entropy() {
    const NODES: u32 = 1_000;
    let others = f64::from(NODES - 1);
    let pull = |without: f64| without * (without - 1.0) / others;
    let push = |without: f64| (0..NODES - without as u32).fold(without, |left, _| left * (1.0 - 1.0 / others));
    for (mode, law) in [("pull", &pull as &dyn Fn(f64) -> f64), ("push", &push)] {
        let (mut left, mut expected) = (0.0, 0.0);
        for run in susceptible(NODES, mode, 100) {
            for pair in run.windows(2).filter(|pair| pair[0] <= f64::from(NODES) / 2.0) {
                left += pair[1];
                expected += law(pair[0]);
            }
        }
        println!("{mode}: {left} without it after a round of the tail, expected {expected:.1}");
        // The number has no more than a Poisson number's variance; the level is 1e-6.
        assert!((left - expected).abs() <= 4.9 * expected.sqrt(), "{mode}: {left}, expected {expected:.1}");
    }
}
