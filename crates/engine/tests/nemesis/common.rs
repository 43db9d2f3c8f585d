//! Nemeses to look at.

use quorate_engine::clock::Spread;
use quorate_engine::fault::{Behaviour, Degradation, Fault, Tail, Timed};
use quorate_engine::id::NodeSet;
use quorate_engine::latency::{Distribution, Span};
use quorate_engine::nemesis::{Away, Cut, Kind, Nemesis, Pattern, Scene, Whose};
use quorate_engine::random::Probability;
use quorate_engine::time::{MILLISECOND, SECOND, Time};

pub(crate) const NODES: u32 = 7;

/// Nodes without regions, clients or faults of their own.
pub(crate) fn scene(nodes: u32) -> Scene<'static> {
    Scene { nodes, clients: false, regions: &[], clocks: &[], own: &[], base: 100 }
}

pub(crate) fn exponential(mean_ns: u64) -> Span {
    Span::of(Distribution::Exponential { mean_ns })
}

pub(crate) fn uniform(low_ns: u64, high_ns: u64) -> Span {
    Span::of(Distribution::Uniform { low_ns, high_ns })
}

/// A kind that befalls one of the first so many nodes for 1 to 3 s, every 2 s on average.
pub(crate) fn kind(number: u32, nodes: u32, pattern: Pattern) -> Kind {
    Kind {
        number,
        every: exponential(2 * SECOND),
        lasts: uniform(SECOND, 3 * SECOND),
        whose: Whose::Nodes(NodeSet::range(0, nodes)),
        count: 1,
        pattern,
    }
}

/// From 5 s on, with kinds numbered by their places.
pub(crate) fn nemesis(until: u64, kinds: Vec<Kind>) -> Nemesis {
    let kinds = (0..).zip(kinds).map(|(number, kind)| Kind { number, ..kind }).collect();
    Nemesis { from: Time(5 * SECOND), until: Time(until), swarm: false, spare: None, kinds }
}

pub(crate) fn degradation() -> Degradation {
    let nobody = NodeSet::default();
    Degradation { loss: Probability::from_f64(0.25).unwrap(), ..Degradation::nothing(nobody.clone(), nobody) }
}

/// Every pattern that says by `lasts` how long it lasts.
pub(crate) fn lasting() -> Vec<Pattern> {
    vec![
        Pattern::Partition(Cut::ALL.to_vec()),
        Pattern::Degrade(degradation()),
        Pattern::Crash(Tail::Torn),
        Pattern::Outage { of_region: true, tail: Tail::Lost },
        Pattern::Outage { of_region: false, tail: Tail::Lost },
        Pattern::Pause,
        Pattern::Slow(10_000),
        Pattern::SlowDisk(20_000),
        Pattern::FullDisk,
        Pattern::ClockJump { by_ns: Spread::Uniform(1, 1_000_000_000), back: true },
        Pattern::Drift(Spread::Uniform(-100_000, -1)),
    ]
}

/// Every other pattern.
pub(crate) fn others() -> Vec<Pattern> {
    vec![
        Pattern::FlappingLink { down: uniform(50 * MILLISECOND, 90 * MILLISECOND), up: exponential(100 * MILLISECOND) },
        Pattern::CrashStorm { gap: exponential(200 * MILLISECOND), down: exponential(SECOND), tail: Tail::Lost },
        Pattern::RollingRestart { gap: Span::constant(SECOND), tail: Tail::Lost },
        churn(Away::Left),
        churn(Away::Crashed(Tail::Torn)),
        churn(Away::Paused),
        Pattern::Corrupt(3),
        Pattern::Wipe,
        Pattern::ClockJump { by_ns: Spread::Normal(0.0, 1e9), back: false },
        Pattern::Byzantine(Behaviour::Silent),
    ]
}

pub(crate) fn churn(how: Away) -> Pattern {
    Pattern::Churn { up: exponential(10 * SECOND), away: exponential(2 * SECOND), how }
}

/// All patterns at once, each befalling any of the nodes.
pub(crate) fn everything(nodes: u32) -> Vec<Kind> {
    (0..).zip(lasting().into_iter().chain(others())).map(|(number, pattern)| kind(number, nodes, pattern)).collect()
}

/// The faults, each node's apart.
pub(crate) fn by_node(faults: &[Timed]) -> Vec<(Time, String)> {
    let mut all = Vec::new();
    for timed in faults {
        match timed.fault.nodes() {
            Some(nodes) if timed.whom.is_none() => all
                .extend(nodes.iter().map(|node| (timed.at, format!("{} {node} {:?}", timed.fault.name(), figure(&timed.fault))))),
            _ => all.push((timed.at, format!("{:?} {:?}", timed.whom, timed.fault))),
        }
    }
    all.sort();
    all
}

/// What a fault says besides its nodes.
fn figure(fault: &Fault) -> i64 {
    match fault {
        Fault::Crash(_, tail) => i64::from(*tail == Tail::Torn),
        Fault::Slow(_, factor) | Fault::SlowDisk(_, factor) | Fault::Corrupt(_, factor) => i64::from(*factor),
        Fault::ClockJump(_, by) | Fault::Drift(_, by) => *by,
        _ => 0,
    }
}
