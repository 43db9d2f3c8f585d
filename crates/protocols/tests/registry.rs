//! Every protocol of the registry under one nemesis and one workload: right ones are clean in every driver, planted variants
//! are caught by the check that is named for them. A new protocol is held to this by being in the registry.

use quorate_engine::clock::Spread;
use quorate_engine::explore::Bounds;
use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Clocks, Link, Network, Setup};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::{NodeId, NodeSet, Time};
use quorate_protocols::options::{FieldKind, Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Protocol, Report, protocols};

const SEEDS: u64 = 100;
/// A seed under which the clock of n0 is ahead of that of n1: all that a search takes from its seed.
const CLOCKS_SEED: u64 = 1;

/// Five replicas for 20 s: skewed clocks, loss, duplication, a partition, a crash, a pause and a clock jump.
fn world(seed: u64) -> Setup {
    let strike = |at_ms: u64, fault| Timed::new(Time(at_ms * MILLISECOND), fault);
    let one = |node| NodeSet::one(NodeId(node));
    let sides = vec![NodeSet::range(0, 3), NodeSet::range(3, 5)];
    let latency = Distribution::Uniform { low_ns: MILLISECOND, high_ns: 20 * MILLISECOND };
    let rarely = Probability::from_f64(0.05).expect("a probability");
    let skew = Spread::Uniform(-300 * MILLISECOND as i64, 300 * MILLISECOND as i64);
    Setup {
        clients: 1,
        network: Network::mesh(Link { loss: rarely, duplication: rarely, ..Link::faultless(latency.clone()) }),
        clocks: Clocks::of_all(5, skew, Spread::Uniform(-50_000, 50_000)),
        faults: vec![
            strike(4_000, Fault::Pause(one(1))),
            strike(5_000, Fault::Resume(one(1))),
            strike(5_500, Fault::ClockJump(one(2), -250 * MILLISECOND as i64)),
            strike(6_000, Fault::Partition(0, Partition::Groups(sides))),
            strike(9_000, Fault::Crash(one(0), Tail::Lost)),
            strike(10_000, Fault::Restart(one(0))),
            strike(12_000, Fault::Heal(0)),
        ],
        round: 200 * MILLISECOND,
        verify: true,
        ..Setup::plain(seed, 5, 20 * SECOND, latency)
    }
}

/// Writes one after another on different replicas, two at one instant, and some on both sides of the cut; and reads.
fn workload() -> Vec<Asked> {
    let ask = |at_ms: u64, to: u32, ask| Asked { at: Time(at_ms * MILLISECOND), client: 0, to: NodeId(to), ask, timeout: None };
    let update = |at_ms, to, key, amount| ask(at_ms, to, Ask::Update { key, amount });
    vec![
        update(1_000, 0, 1, 5),
        update(1_300, 1, 1, 3),
        update(1_600, 2, 1, 2),
        update(2_000, 3, 2, 7),
        update(2_000, 4, 2, 1),
        update(3_000, 0, 3, 4),
        update(3_300, 4, 3, 6),
        update(7_000, 0, 4, 2),
        update(7_100, 4, 4, 9),
        update(8_000, 1, 1, 1),
        update(13_000, 3, 5, 8),
        ask(14_000, 2, Ask::Read { key: 1 }),
        update(14_000, 2, 5, 3),
    ]
}

/// The defaults, but rounds of 200 ms where there are rounds.
fn options(protocol: &Protocol) -> Values {
    let mut values = Values::defaults(protocol.options);
    if protocol.options.iter().any(|field| field.name == "interval") {
        values.set("interval", Value::Duration(200 * MILLISECOND));
    }
    values
}

fn run(protocol: &Protocol, seed: u64, values: &Values, variant: &str) -> Report {
    let (setup, workload) = (world(seed), workload());
    let job = Job { setup: &setup, options: values, variant, workload: &workload };
    (protocol.run)(&job).unwrap_or_else(|error| panic!("{} {variant} seed {seed}: {error:?}", protocol.name))
}

/// Every choice of every option by itself, the others at their defaults.
fn settings(protocol: &Protocol) -> Vec<Values> {
    let mut all = vec![options(protocol)];
    for field in protocol.options {
        let FieldKind::Choice(choices) = field.kind else { continue };
        for choice in choices.iter().filter(|choice| Value::Choice(choice.name) != field.default.value()) {
            let mut values = options(protocol);
            values.set(field.name, Value::Choice(choice.name));
            all.push(values);
        }
    }
    all
}

fn assert_clean(protocol: &Protocol, seed: u64, report: &Report) {
    let name = protocol.name;
    for check in &report.checks {
        assert_eq!(check.verdict.name(), "ok", "{name} seed {seed}: {}: {}", check.name, check.verdict.evidence());
    }
    let judged: Vec<&str> = report.checks.iter().map(|check| check.name).collect();
    for check in protocol.checks {
        assert!(judged.contains(&check.name), "{name} says that it is judged by {}, but {judged:?} is all there is", check.name);
    }
    assert_eq!(judged.len(), protocol.checks.len(), "{name} is judged by more than it says: {judged:?}");
    for (metric, value) in &report.metrics {
        assert!(value.is_finite(), "{name}: {metric} is {value}");
        assert!(protocol.metrics.iter().any(|info| info.name == *metric), "{name}: {metric} is not among its metrics");
    }
    assert!(report.outcome.verified > 0 && report.outcome.mismatches.is_empty(), "{name} seed {seed}");
    assert!(report.outcome.strikes.iter().all(|strike| strike.struck() && strike.touched > 0), "{name}: every fault strikes");
    assert_eq!(report.outcome.convergence.unacknowledged, 0, "{name} seed {seed}");
}

#[test]
fn right_protocols_are_clean_and_repeat_themselves() {
    for protocol in protocols() {
        for seed in 0..SEEDS {
            let values = options(protocol);
            let report = run(protocol, seed, &values, "right");
            assert_clean(protocol, seed, &report);
            let again = run(protocol, seed, &values, "right");
            assert_eq!(report.outcome.digest, again.outcome.digest, "{} seed {seed}", protocol.name);
            assert_eq!(report.evidence, again.evidence, "{} seed {seed}", protocol.name);
        }
    }
}

#[test]
fn every_setting_is_clean() {
    for protocol in protocols() {
        for (index, values) in settings(protocol).iter().enumerate() {
            for seed in 0..10 {
                let seed = 1_000 + 10 * index as u64 + seed;
                assert_clean(protocol, seed, &run(protocol, seed, values, "right"));
            }
        }
    }
}

#[test]
fn replays_end_where_the_runs_did() {
    for protocol in protocols() {
        let variants = protocol.variants.iter().map(|variant| variant.name).chain(["right"]);
        for variant in variants {
            for seed in 0..20 {
                let (setup, workload, values) = (world(seed), workload(), options(protocol));
                let job = Job { setup: &setup, options: &values, variant, workload: &workload };
                let replayed = (protocol.replay)(&job).expect("the job runs");
                assert_eq!(replayed.difference, None, "{} {variant} seed {seed}", protocol.name);
                assert!(replayed.steps > 10, "{} {variant} seed {seed}", protocol.name);
            }
        }
    }
}

#[test]
fn planted_variants_are_caught() {
    for protocol in protocols() {
        for variant in protocol.variants {
            let caught = (0..SEEDS)
                .filter(|&seed| {
                    let report = run(protocol, seed, &options(protocol), variant.name);
                    let check = report.checks.iter().find(|check| check.name == variant.caught_by);
                    check.expect("the check is judged").verdict.name() == "violation"
                })
                .collect::<Vec<u64>>();
            let (name, first) = (format!("{} {}", protocol.name, variant.name), caught.first());
            println!("{name}: {} in {} of {SEEDS} seeds, first in seed {first:?}", variant.caught_by, caught.len());
            assert!(!caught.is_empty(), "{name} is never caught by {}", variant.caught_by);
        }
    }
}

/// Searches a few replicas whose clocks differ and whose instants do not matter, with two updates on two of them.
fn search(protocol: &Protocol, nodes: u32, variant: &str, bounds: &Bounds) -> quorate_engine::explore::Explored {
    let mut setup = world(1);
    setup.nodes = nodes;
    setup.clocks[0].nodes = NodeSet::range(0, nodes);
    setup.faults.clear();
    let mut values = options(protocol);
    if protocol.options.iter().any(|field| field.name == "fanout") {
        values.set("fanout", Value::Integer(1));
    }
    let ask =
        |to, amount| Asked { at: Time::ZERO, client: 0, to: NodeId(to), ask: Ask::Update { key: 1, amount }, timeout: None };
    let workload = [ask(0, 2), ask(1, 3)];
    setup.seed = CLOCKS_SEED;
    let job = Job { setup: &setup, options: &values, variant, workload: &workload };
    (protocol.explore)(&job, bounds).expect("the job is explored")
}

#[test]
fn searches_find_planted_variants_and_nothing_in_right_ones() {
    let bounds = Bounds { depth: 8, states: 60_000, losses: 1, duplications: 1, crashes: 1 };
    for protocol in protocols() {
        for nodes in [2, 3] {
            let explored = search(protocol, nodes, "right", &bounds);
            let name = format!("{} on {nodes} nodes", protocol.name);
            println!("{name}: {} states, {} transitions, complete {}", explored.states, explored.transitions, explored.complete);
            assert_eq!(explored.violation, None, "{name}");
            assert!(explored.states > 10, "{name}");
        }
        for variant in protocol.variants {
            let explored = search(protocol, 2, variant.name, &bounds);
            let path = explored.violation.as_ref().map(|(_, path)| path.len());
            println!("{} {}: {} states, violation after {path:?} steps", protocol.name, variant.name, explored.states);
            // Lasting disagreement is no state that a monitor could refuse: only runs to the end show it.
            assert_eq!(path.is_some(), variant.name != "strict-timestamp", "{} {}", protocol.name, variant.name);
        }
    }
}
