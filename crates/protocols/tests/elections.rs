//! Elections of Raft against Ongaro's thesis, chapter 9: how long until there is a leader, and how often votes split. Levels are 1e-6:
//! what the tables `raft-elections` and `split-votes` hold more narrowly over 10,000 seeds.

use quorate_engine::fault::{Fault, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::setup::Setup;
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};
use quorate_engine::{NodeSet, Time};
use quorate_protocols::options::{Value, Values};
use quorate_protocols::registry::{Job, Keep, find};

const SERVERS: u32 = 5;
const SEEDS: u64 = 1_000;
/// Standard deviations of a mean beyond which one in a million lies, to both sides.
const DEVIATIONS: f64 = 4.9;

/// Runs with timeouts of 300 to 600 ms, fresh at the start, and so many of the servers down; a metric of each.
fn measured(metric: &str, failed: u32, latency: &Distribution) -> Vec<f64> {
    let raft = find("raft").expect("raft is registered");
    let mut values = Values::defaults(raft.options);
    values.set("election-min", Value::Duration(300 * MILLISECOND));
    values.set("election-max", Value::Duration(600 * MILLISECOND));
    values.set("heartbeat", Value::Duration(100 * MILLISECOND));
    values.set("pre-vote", Value::Flag(false));
    let run = |seed| {
        let mut setup = Setup::plain(seed, SERVERS, 10 * SECOND, latency.clone());
        if failed > 0 {
            let down = Fault::Crash(NodeSet::range(SERVERS - failed, SERVERS), Tail::Lost);
            setup.faults = vec![Timed::new(Time::ZERO, down)];
        }
        let job = Job { setup: &setup, options: &values, variant: "right", workload: &[], text: None, keep: Keep::Metrics };
        let report = (raft.run)(&job).expect("the job runs");
        report.metrics.iter().find(|(name, _)| *name == metric).unwrap_or_else(|| panic!("seed {seed} has no {metric}")).1
    };
    (0..SEEDS).map(run).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn check(what: &str, found: f64, expected: f64, deviation: f64) {
    let most = DEVIATIONS * deviation;
    println!("{what}: {found:.4}, expected {expected} ± {most:.4}");
    assert!((found - expected).abs() <= most, "{what}: {found}, expected {expected} ± {most}");
}

#[test]
fn a_leader_is_elected_as_fast_as_published() {
    let latency = Distribution::Uniform { low_ns: 30 * MILLISECOND, high_ns: 40 * MILLISECOND };
    for (failed, expected) in [(0, 0.430), (1, 0.469), (2, 0.632)] {
        let times = measured("raft.election_time", failed, &latency);
        let mean = mean(&times);
        let variance = times.iter().map(|time| (time - mean) * (time - mean)).sum::<f64>() / (times.len() - 1) as f64;
        check(&format!("seconds until there is a leader, {failed} down"), mean, expected, (variance / SEEDS as f64).sqrt());
    }
}

#[test]
fn votes_split_as_often_as_the_formula_says() {
    for (failed, latency_ms, expected) in [(1, 30, 0.0523), (1, 60, 0.1808), (2, 60, 0.488)] {
        let ns: Nanos = latency_ms * MILLISECOND;
        let share = mean(&measured("raft.split_votes", failed, &Distribution::Constant { ns }));
        let deviation = (expected * (1.0 - expected) / SEEDS as f64).sqrt();
        check(&format!("share of first terms without a leader, {failed} down, {latency_ms} ms"), share, expected, deviation);
    }
}
