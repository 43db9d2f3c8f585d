//! The registry: every protocol, erased to plain data and function pointers, so that nothing above this crate is generic.

use crate::options::{Field, OptionError, Values};
use quorate_check::history::History;
use quorate_engine::actor::{FactKind, Kind};
use quorate_engine::explore::{Bounds, Explored};
use quorate_engine::id::NodeId;
use quorate_engine::outcome::{Outcome, RunError};
use quorate_engine::setup::Setup;
use quorate_engine::time::{Nanos, Time};

/// A protocol, as the rest of quorate knows it.
pub struct Protocol {
    /// The name in scenario files: `[protocol.NAME]`.
    pub name: &'static str,
    /// The family folder.
    pub family: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The paper or document that it comes from.
    pub source: &'static str,
    /// The rows of the catalogue of systems that it serves.
    pub catalogue: &'static [&'static str],
    /// Its options.
    pub options: &'static [Field],
    /// Its planted variants: wrong on purpose, each at one branch, so that the checks can be seen to work.
    pub variants: &'static [Variant],
    /// The names of the checks that judge its runs.
    pub checks: &'static [CheckInfo],
    /// The kinds of message that its replicas send each other.
    pub kinds: &'static [Kind],
    /// Whether its replicas keep records on disk.
    pub records: bool,
    /// The kinds of fact that its replicas state, by name.
    pub facts: &'static [FactKind],
    /// Metrics of its own, beside those that every run has.
    pub metrics: &'static [MetricInfo],
    /// The scenario files that run it, below `scenarios/`.
    pub scenarios: &'static [&'static str],
    /// Runs a job to its end.
    pub run: fn(&Job<'_>) -> Result<Report, JobError>,
    /// Explores every schedule of a job within bounds.
    pub explore: fn(&Job<'_>, &Bounds) -> Result<Explored, JobError>,
    /// Runs the job, replays the recorded schedule step by step in a world without a queue, and holds both ends against each
    /// other: the number of steps that were replayed, or what differed.
    pub replay: fn(&Job<'_>) -> Result<Replayed, JobError>,
    /// Tries the laws of the data type that it keeps, with the options' defaults and the mistake of a variant, one of its own or
    /// `right`; `None` for a protocol that keeps none.
    pub laws: Option<fn(&str) -> Laws>,
}

/// What came of trying the laws of a data type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Laws {
    /// Which histories were tried.
    pub tried: String,
    /// Each law.
    pub laws: Vec<Law>,
    /// In which ways copies may be kept alike without coordination.
    pub ways: Vec<Way>,
    /// Whether every law holds that makes a type one that needs no coordination.
    pub coordination_free: bool,
    /// What that means, in a line or two.
    pub meaning: String,
}

/// A law of data types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Law {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub summary: &'static str,
    /// Whether it is asked of every type; the others are more, and spare the network something.
    pub required: bool,
    /// Whether it held whenever it was tried.
    pub holds: bool,
    /// How often it was tried.
    pub tried: u64,
    /// On how many histories.
    pub histories: u64,
    /// Where it first failed, shortest histories first.
    pub counterexample: Option<String>,
}

/// A way to keep copies alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// What is sent.
    pub sends: &'static str,
    /// Whether that is enough, without coordination.
    pub works: bool,
    /// What the network may do, or why it is not enough.
    pub network: String,
}

/// A planted variant.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The name in scenario files: `variant = NAME`.
    pub name: &'static str,
    /// What it does wrong.
    pub summary: &'static str,
    /// The check that must catch it.
    pub caught_by: &'static str,
}

/// A check of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct CheckInfo {
    /// The name in expectations and reports.
    pub name: &'static str,
    /// What it asserts.
    pub summary: &'static str,
}

/// A metric of one protocol.
#[derive(Clone, Copy, Debug)]
pub struct MetricInfo {
    /// The dotted name.
    pub name: &'static str,
    /// Its one unit: `s`, `bytes`, `ratio`, or `` for a count.
    pub unit: &'static str,
    /// What it means.
    pub summary: &'static str,
}

/// These after those.
pub(crate) const fn joined<T: Copy, const FIRST: usize, const MORE: usize, const ALL: usize>(
    first: [T; FIRST],
    more: [T; MORE],
) -> [T; ALL] {
    let mut all = [first[0]; ALL];
    let mut place = 0;
    while place < ALL {
        all[place] = if place < FIRST { first[place] } else { more[place - FIRST] };
        place += 1;
    }
    all
}

/// What to run: a world, the protocol's options, and what clients ask.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The world.
    pub setup: &'a Setup,
    /// The protocol's options.
    pub options: &'a Values,
    /// A planted variant's name, or `right`.
    pub variant: &'a str,
    /// What clients ask one by one, in the order of the operations' numbers; what populations ask stands in the setup.
    pub workload: &'a [Asked],
    /// The text in which a recorded session ended that the workload replays: every replica of a text ends with it.
    pub text: Option<&'a str>,
    /// What of the run is to be kept.
    pub keep: Keep,
}

/// What is kept of a run: each keeps what those before it do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Keep {
    /// The outcome, the verdicts and the metrics: all that there is to keep of one run among many.
    Metrics,
    /// The protocol's own section of the report.
    Evidence,
    /// What clients asked and were told.
    History,
}

/// One operation of the workload, before a protocol has made its own request of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// When.
    pub at: Time,
    /// By which client: below the setup's number of clients.
    pub client: u32,
    /// Of which replica.
    pub to: NodeId,
    /// What.
    pub ask: Ask,
    /// How long the client waits.
    pub timeout: Option<Nanos>,
}

pub use quorate_engine::workload::Ask;

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the engine saw: ledger, convergence, operations, faults, digest.
    pub outcome: Outcome,
    /// The verdicts, one for each of the protocol's checks.
    pub checks: Vec<Check>,
    /// The protocol's own metrics.
    pub metrics: Vec<(&'static str, f64)>,
    /// The protocol's own section of the report; null where the job does not ask for it.
    pub evidence: serde_json::Value,
    /// What clients asked and were told, when the job asks for it.
    pub history: Option<History>,
}

/// A verdict.
#[derive(Clone, Debug)]
pub struct Check {
    /// One of the protocol's checks.
    pub name: &'static str,
    /// What it found.
    pub verdict: quorate_check::Verdict,
}

/// The result of a replay.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Steps carried out.
    pub steps: u64,
    /// What differed between the run and its replay; none is right.
    pub difference: Option<String>,
}

/// Why a job gave no result.
#[derive(Clone, Debug)]
pub enum JobError {
    /// The options do not go together.
    Options(OptionError),
    /// The workload asks what the protocol cannot do; the index of the operation, and why.
    Workload(usize, String),
    /// The same of a population; its place in the setup, and why.
    Population(usize, String),
    /// The run could not be finished.
    Run(RunError),
}

/// All protocols, in the order in which lists show them.
pub fn protocols() -> &'static [Protocol] {
    crate::PROTOCOLS
}

/// The protocol of that name.
pub fn find(name: &str) -> Option<&'static Protocol> {
    protocols().iter().find(|protocol| protocol.name == name)
}
