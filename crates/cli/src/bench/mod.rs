//! `quorate bench`: how fast the engine is, as ratios against the bare event queue under the same load, measured by turns in
//! one process by processor time. The digests say that what was measured did the right thing; absolute rates belong to the
//! machine and are asserted nowhere.

mod check;
mod commit;
mod coverage;
mod crdt;
mod raft;
#[cfg(feature = "parquet")]
mod sweep;

use quorate_engine::loads::{Load, Running};
use quorate_engine::outcome::RunError;
use quorate_engine::queue::{Heap, Hold, Queue, Wheel};
use quorate_lab::plan::Plan;
use quorate_lab::text::{Files, Override, Source, parse};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// One load under measurement.
struct Measured {
    name: &'static str,
    workload: Load,
    nodes: u32,
    /// Events to measure; a load that ends by itself may give fewer.
    events: u64,
    /// The ratio below which the project calls it a defect.
    floor: f64,
}

const SEED: u64 = 1;
const DELTA_MAX_NS: u64 = 9_000_000;

fn loads(quick: bool) -> Vec<Measured> {
    let size = |full: u32, small: u32| if quick { small } else { full };
    let events = |full: u64| if quick { 40_000 } else { full };
    vec![
        Measured { name: "W1", workload: Load::Pairs, nodes: 1_000, events: events(8_000_000), floor: 0.55 },
        Measured { name: "W2-1e5", workload: Load::Rumor, nodes: size(100_000, 2_000), events: u64::MAX, floor: 0.45 },
        Measured { name: "W2-1e6", workload: Load::Rumor, nodes: size(1_000_000, 4_000), events: u64::MAX, floor: 0.28 },
        Measured { name: "W3", workload: Load::Heartbeats, nodes: 1_000, events: events(8_000_000), floor: 0.42 },
    ]
}

/// Pending entries and the factor by which the wheel must beat std's heap there.
const QUEUES: [(u32, f64); 3] = [(1_000, 1.5), (100_000, 3.5), (1_000_000, 12.0)];

/// The registry's gossip is run from this file and must reach half of W2's rate.
const GOSSIP: &str = include_str!("../../../../scenarios/gossip/bench.toml");

/// What was measured.
pub(crate) struct Report {
    workloads: Vec<Value>,
    queues: Vec<Value>,
    gossip: Option<Value>,
    judges: Vec<Value>,
    raft: Option<Value>,
    commit: Option<Value>,
    types: Vec<Value>,
    sweep: Option<Value>,
    coverage: Vec<Value>,
}

/// Measures the load of that name, or everything.
///
/// # Errors
/// In words: an unknown name with the known ones, or a load that failed.
pub(crate) fn measure(name: Option<&str>, quick: bool, runs: Option<u64>) -> Result<Report, String> {
    let known: Vec<&str> = loads(quick)
        .iter()
        .map(|load| load.name)
        .chain(["queue", "gossip", "check", "raft", "commit", "crdt", "sweep", "coverage"])
        .collect();
    if let Some(name) = name
        && !known.contains(&name)
    {
        return Err(format!("there is no benchmark {name:?}; there are {}", known.join(", ")));
    }
    let wanted = |this: &str| name.is_none_or(|name| name == this);
    let mut report = Report {
        workloads: Vec::new(),
        queues: Vec::new(),
        gossip: None,
        judges: Vec::new(),
        raft: None,
        commit: None,
        types: Vec::new(),
        sweep: None,
        coverage: Vec::new(),
    };
    for load in loads(quick).into_iter().filter(|load| wanted(load.name)) {
        report.workloads.push(load.measure().map_err(|error| error.to_string())?);
    }
    if wanted("queue") {
        report.queues =
            QUEUES.iter().map(|&(pending, floor)| queues(if quick { pending / 100 } else { pending }, floor, quick)).collect();
    }
    if wanted("gossip") {
        report.gossip = Some(gossip(quick)?);
    }
    if wanted("check") {
        report.judges = check::measure(quick);
    }
    if wanted("raft") {
        report.raft = Some(raft::measure(quick)?);
    }
    if wanted("commit") {
        report.commit = Some(commit::measure(quick)?);
    }
    if wanted("crdt") {
        report.types = crdt::measure(quick)?;
    }
    #[cfg(feature = "parquet")]
    if wanted("coverage") {
        report.coverage = coverage::measure(quick);
    }
    if wanted("sweep") {
        report.sweep = Some(sweep::measure(quick, runs)?);
    }
    #[cfg(not(feature = "parquet"))]
    let _ = runs;
    Ok(report)
}

impl Measured {
    fn measure(&self) -> Result<Value, RunError> {
        let chunk = if self.events == u64::MAX { u64::from(self.nodes) } else { self.events / 16 };
        let pending = self.mean_pending(chunk)?;
        let (mut ratios, mut rates, mut holds) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bytes, mut digest, mut observing) = (0, String::new(), Vec::new());
        for _ in 0..REPEATS {
            let mut hold = Hold::new(Wheel::new(), pending, DELTA_MAX_NS, SEED);
            hold.run(chunk); // both start warm
            let mut running = self.workload.start(self.nodes, SEED); // making the world is no event
            let mut blind = self.workload.start_blind(self.nodes, SEED);
            let (mut engine, mut unseen, mut bare, mut operations) = (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0);
            let mut ended = false;
            bytes = 0;
            while !ended && running.events() < self.events {
                let before = running.events();
                let (result, spent) = timed(|| running.run_events(chunk));
                ended = result?;
                engine += spent;
                bytes = bytes.max(running.footprint_bytes());
                let handled = running.events() - before;
                bare += timed(|| hold.run(handled)).1;
                let (result, spent) = timed(|| blind.run_events(chunk));
                result?;
                unseen += spent;
                operations += handled;
            }
            observing.push(engine.as_secs_f64() / unseen.as_secs_f64() - 1.0);
            rates.push(operations as f64 / engine.as_secs_f64());
            holds.push(operations as f64 / bare.as_secs_f64());
            ratios.push(bare.as_secs_f64() / engine.as_secs_f64());
            digest = running.digest().to_string();
        }
        let ratio = median(&mut ratios);
        Ok(json!({
            "name": self.name,
            "nodes": self.nodes,
            "events_per_second": median(&mut rates).round(),
            "hold_per_second": median(&mut holds).round(),
            "engine_over_hold": round(ratio),
            "spread": [round(ratios[0]), round(ratios[ratios.len() - 1])],
            "floor": self.floor,
            "pending": pending,
            "observing": round(median(&mut observing)),
            "bytes_per_node": bytes as f64 / f64::from(self.nodes),
            "digest": digest,
        }))
    }

    /// The number of entries that wait, averaged over the events.
    fn mean_pending(&self, chunk: u64) -> Result<u32, RunError> {
        let mut running: Box<dyn Running> = self.workload.start(self.nodes, SEED);
        let (mut sum, mut looks) = (0, 0);
        let step = (chunk / 8).max(1);
        while running.events() < self.events.min(64 * chunk) {
            sum += running.pending() as u64;
            looks += 1;
            if running.run_events(step)? {
                break;
            }
        }
        Ok(u32::try_from(sum / looks).unwrap_or(u32::MAX).max(1))
    }
}

const REPEATS: usize = 5;

fn queues(pending: u32, floor: f64, quick: bool) -> Value {
    let operations = if quick { 20_000 } else { 1_000_000 };
    let mut wheel = Hold::new(Wheel::new(), pending, DELTA_MAX_NS, SEED);
    let mut heap = Hold::new(Heap::default(), pending, DELTA_MAX_NS, SEED);
    let (mut fast, mut slow, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut left, mut right) = (0, 0);
    for _ in 0..REPEATS {
        let (a, spent_wheel) = timed(|| run(&mut wheel, operations));
        let (b, spent_heap) = timed(|| run(&mut heap, operations));
        (left, right) = (a, b);
        fast.push(operations as f64 / spent_wheel.as_secs_f64());
        slow.push(operations as f64 / spent_heap.as_secs_f64());
        ratios.push(spent_heap.as_secs_f64() / spent_wheel.as_secs_f64());
    }
    assert_eq!(left, right, "the wheel and the heap give different orders");
    json!({
        "pending": pending,
        "wheel_per_second": median(&mut fast).round(),
        "heap_per_second": median(&mut slow).round(),
        "wheel_over_heap": round(median(&mut ratios)),
        "floor": floor,
        "digest": format!("{left:016x}"),
    })
}

fn run<Q: Queue>(hold: &mut Hold<Q>, operations: u64) -> u64 {
    hold.run(operations)
}

/// The registry's gossip, from its scenario file, against W2 over as many nodes.
fn gossip(quick: bool) -> Result<Value, String> {
    let plan = gossip_plan(quick)?;
    let (mut rates, mut against, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut digest = String::new();
    for _ in 0..3 {
        let (result, spent) = timed(|| quorate_lab::run::outcome(&plan, plan.seed));
        let outcome = result.map_err(|error| error.to_string())?;
        let (events, bare) = {
            let mut running = Load::Rumor.start(plan.nodes, SEED);
            let (result, spent) = timed(|| running.run_events(u64::MAX));
            result.map_err(|error| error.to_string())?;
            (running.events(), spent)
        };
        let rate = outcome.events as f64 / spent.as_secs_f64();
        let w2 = events as f64 / bare.as_secs_f64();
        rates.push(rate);
        against.push(w2);
        ratios.push(rate / w2);
        digest = outcome.digest.to_string();
    }
    Ok(json!({
        "name": "gossip",
        "nodes": plan.nodes,
        "events_per_second": median(&mut rates).round(),
        "w2_per_second": median(&mut against).round(),
        "gossip_over_w2": round(median(&mut ratios)),
        "floor": 0.5,
        "digest": digest,
    }))
}

fn gossip_plan(quick: bool) -> Result<Plan, String> {
    let overrides: Vec<Override> = quick.then(|| Override::of("nodes=2000")).flatten().into_iter().collect();
    plan("scenarios/gossip/bench.toml", GOSSIP, &overrides)
}

/// A scenario that is part of the command.
fn plan(name: &str, text: &str, overrides: &[Override]) -> Result<Plan, String> {
    let source = Source { name: name.to_string(), bytes: text.as_bytes() };
    let none = Files::default();
    parse(&source, overrides, &none).map_err(|errors| errors.plain(&source, &none))
}

impl Report {
    pub(crate) fn to_json(&self) -> Value {
        json!({ "quorate": env!("CARGO_PKG_VERSION"), "workloads": self.workloads, "queues": self.queues, "gossip": self.gossip, "judges": self.judges, "raft": self.raft, "commit": self.commit, "types": self.types, "sweep": self.sweep, "coverage": self.coverage })
    }

    /// At most 80 columns.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let mega = |value: &Value| number(value) / 1e6;
        if !self.workloads.is_empty() {
            let _ = writeln!(
                text,
                "{:8}{:>9}{:>11}{:>11}{:>8}{:>7}{:>8}",
                "engine", "nodes", "M events/s", "M hold/s", "ratio", "floor", "B/node"
            );
            for row in &self.workloads {
                let _ = writeln!(
                    text,
                    "{:8}{:>9}{:>11.1}{:>11.1}{:>8.2}{:>7.2}{:>8.0}{:>+9.0} %",
                    row["name"].as_str().unwrap_or(""),
                    number(&row["nodes"]),
                    mega(&row["events_per_second"]),
                    mega(&row["hold_per_second"]),
                    number(&row["engine_over_hold"]),
                    number(&row["floor"]),
                    number(&row["bytes_per_node"]),
                    number(&row["observing"]) * 100.0,
                );
                let _ = writeln!(text, "        digest {}", row["digest"].as_str().unwrap_or(""));
            }
        }
        if !self.queues.is_empty() {
            let _ = writeln!(
                text,
                "\n{:8}{:>9}{:>11}{:>11}{:>8}{:>7}",
                "queue", "pending", "M wheel/s", "M heap/s", "ratio", "floor"
            );
            for row in &self.queues {
                let _ = writeln!(
                    text,
                    "{:8}{:>9}{:>11.1}{:>11.1}{:>8.2}{:>7.1}",
                    "hold",
                    number(&row["pending"]),
                    mega(&row["wheel_per_second"]),
                    mega(&row["heap_per_second"]),
                    number(&row["wheel_over_heap"]),
                    number(&row["floor"]),
                );
            }
        }
        if let Some(row) = &self.gossip {
            let _ = writeln!(
                text,
                "\n{:8}{:>9}{:>11}{:>11}{:>8}{:>7}",
                "registry", "nodes", "M events/s", "M W2/s", "ratio", "floor"
            );
            let _ = writeln!(
                text,
                "{:8}{:>9}{:>11.1}{:>11.1}{:>8.2}{:>7.2}",
                "gossip",
                number(&row["nodes"]),
                mega(&row["events_per_second"]),
                mega(&row["w2_per_second"]),
                number(&row["gossip_over_w2"]),
                number(&row["floor"]),
            );
        }
        if !self.judges.is_empty() {
            check::text(&mut text, &self.judges);
        }
        if let Some(row) = &self.raft {
            raft::text(&mut text, row);
        }
        if let Some(row) = &self.commit {
            commit::text(&mut text, row);
        }
        if !self.types.is_empty() {
            crdt::text(&mut text, &self.types);
        }
        #[cfg(feature = "parquet")]
        if !self.coverage.is_empty() {
            coverage::text(&mut text, &self.coverage);
        }
        if let Some(row) = &self.sweep {
            sweep::text(&mut text, row);
        }
        text.trim_start_matches('\n').to_string()
    }
}

fn round(ratio: f64) -> f64 {
    (ratio * 1_000.0).round() / 1_000.0
}

/// Sorts, and takes the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The processor time that a piece of work took on this thread.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = processor_time();
    let result = work();
    (result, processor_time().saturating_sub(start).max(Duration::from_nanos(1)))
}

#[cfg(unix)]
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}

/// Where the system offers no processor time of a thread, the wall has to do.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
