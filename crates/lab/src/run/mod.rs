//! A plan becomes a report: one seed at a time ([`run_seed`]), or many seeds' results brought together ([`summarise`]). This
//! is single-threaded; whoever has threads hands out seeds and brings the results back in seed order, and gets the same bytes
//! whatever their number. Drawing a report is [`crate::report`]'s part.

mod many;
mod measure;
mod sequential;

pub use many::{ManyReport, Tallied, summarise};
pub(crate) use many::{combined, tallied};
pub(crate) use measure::{answered, latency_s};
pub use sequential::Sequential;

use crate::expect::{Judged, Seen, Standing};
use crate::plan::Plan;
use quorate_check::Verdict;
use quorate_check::history::History;
use quorate_engine::convergence::Converged;
use quorate_engine::outcome::{Digest, Outcome};
pub use quorate_protocols::registry::Keep;
use quorate_protocols::registry::{Ask, Check, Job, JobError};
use std::fmt;
use std::sync::Arc;

/// Whether the digests that replicas publish are recomputed from their states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verify {
    /// Only where an expectation names the check `verified`.
    IfExpected,
    /// Always: slower.
    Always,
}

/// One run, measured and judged.
#[derive(Clone, Debug)]
pub struct RunReport<'p> {
    /// What was run.
    pub plan: &'p Plan,
    /// With which seed.
    pub seed: u64,
    /// Held, failed or undecided, over all expectations and checks.
    pub verdict: Standing,
    /// The verdicts on the plan's expectations, in their order.
    pub expectations: Vec<Judged>,
    /// What the checks found.
    pub checks: Vec<Check>,
    /// Every metric of the registry, in its order; `None` where this run has no such thing.
    pub metrics: Vec<(&'static str, Option<f64>)>,
    /// What was asked of some of the messages, in the order of [`Plan::slices`].
    pub slices: Vec<(Arc<str>, Option<f64>)>,
    /// What the engine saw.
    pub outcome: Outcome,
    /// The protocol's own section; null where it was not to be kept.
    pub evidence: serde_json::Value,
    /// What clients asked and were told, if it was to be kept.
    pub history: Option<History>,
}

/// What is kept of one run among many.
#[derive(Clone, PartialEq, Debug)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// The run's digest.
    pub digest: Digest,
    /// Over the checks, and the expectations that one run can tell: no rates and no standard deviations.
    pub verdict: Standing,
    /// What the checks found.
    pub checks: Vec<(&'static str, Verdict)>,
    /// Every metric of the registry, in its order.
    pub metrics: Vec<(&'static str, Option<f64>)>,
    /// What was asked of some of the messages, in the order of [`Plan::slices`].
    pub slices: Vec<(Arc<str>, Option<f64>)>,
}

/// Why a run has no report. Always the scenario's doing: the message says what to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunFailure {
    /// The key of the scenario that is to blame, such as `protocol.gossip.fanout`; empty where none is alone.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for RunFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunFailure {}

/// Runs one seed.
///
/// # Errors
/// Options that do not go together, an operation that the protocol does not know, or a run that cannot be finished.
pub fn run_seed(plan: &Plan, seed: u64, verify: Verify) -> Result<RunReport<'_>, RunFailure> {
    run_seed_keeping(plan, seed, verify, Keep::Evidence)
}

/// Runs one seed among many.
///
/// # Errors
/// As [`run_seed`].
pub fn run_briefly(plan: &Plan, seed: u64) -> Result<SeedResult, RunFailure> {
    measured(plan, seed, Verify::IfExpected, Keep::Metrics).map(|report| report.brief())
}

/// Runs one seed, and says what of it to keep.
///
/// # Errors
/// As [`run_seed`].
pub fn run_seed_keeping(plan: &Plan, seed: u64, verify: Verify, keep: Keep) -> Result<RunReport<'_>, RunFailure> {
    let mut run = measured(plan, seed, verify, keep)?;
    run.expectations = plan.expectations.iter().map(|expectation| expectation.judge_one(&run)).collect();
    run.verdict = run.over(run.expectations.iter().map(|judged| judged.standing));
    Ok(run)
}

/// Runs one seed; its expectations are not judged yet.
fn measured(plan: &Plan, seed: u64, verify: Verify, keep: Keep) -> Result<RunReport<'_>, RunFailure> {
    let mut setup = plan.setup(seed);
    setup.verify = verify == Verify::Always || expects(plan, "verified");
    let options = plan.options_of(seed);
    let job = Job { keep, ..plan.job(&setup, &options) };
    let report = (plan.protocol.run)(&job).map_err(|error| failure(plan, error))?;
    let history = report.history.map(|history| History { source: format!("quorate, {}, seed {seed}", plan.name), ..history });
    let mut checks = report.checks;
    if expects(plan, "converges") && !checks.iter().any(|check| check.name == "converges") {
        checks.push(Check { name: "converges", verdict: converges(&report.outcome.convergence) });
    }
    let metrics = measure::metrics(plan.protocol.0, plan.nodes, &report.outcome, &report.metrics);
    let slices = plan.slices.iter().map(|reading| (reading.name.clone(), measure::read(&report.outcome, reading))).collect();
    Ok(RunReport {
        plan,
        seed,
        verdict: Standing::Held,
        expectations: Vec::new(),
        checks,
        metrics,
        slices,
        outcome: report.outcome,
        evidence: report.evidence,
        history,
    })
}

/// Runs one seed and looks at nothing but the engine's outcome.
///
/// # Errors
/// As [`run_seed`].
pub fn outcome(plan: &Plan, seed: u64) -> Result<Outcome, RunFailure> {
    let setup = plan.setup(seed);
    let report = (plan.protocol.run)(&plan.job(&setup, &plan.options_of(seed))).map_err(|error| failure(plan, error))?;
    Ok(report.outcome)
}

/// The first thing that the protocol does not take of the options, whatever way they are drawn, or of what clients ask; it says so when it
/// is run, and the shortest of runs is enough for that.
///
/// # Errors
/// What is wrong.
pub fn try_out(plan: &Plan) -> Result<(), RunFailure> {
    let mut setup = plan.setup(plan.seed);
    setup.duration = 1;
    setup.faults.clear();
    setup.populations = plan.populations.iter().map(|entry| entry.population.clone()).collect();
    for way in 0..plan.ways() {
        let tried = (plan.protocol.run)(&plan.job(&setup, &plan.options_by(way))).map_err(|error| failure(plan, error));
        // A failure without a key is one of the run, and this is not the run that was meant.
        if let Err(failure) = tried
            && !failure.path.is_empty()
        {
            return Err(failure);
        }
    }
    Ok(())
}

impl RunReport<'_> {
    /// The verdict over the checks and these expectations.
    fn over(&self, expected: impl Iterator<Item = Standing>) -> Standing {
        overall(expected.chain(self.checks.iter().map(|check| standing(&check.verdict))))
    }

    /// What is worth keeping when there are many.
    pub fn brief(&self) -> SeedResult {
        let claims = self.plan.expectations.iter().map(|expectation| &expectation.claim);
        let told = claims.filter(|claim| claim.takes_several().is_none());
        SeedResult {
            seed: self.seed,
            digest: self.outcome.digest,
            verdict: self.over(told.map(|claim| claim.standing(self))),
            checks: self.checks.iter().map(|check| (check.name, check.verdict.clone())).collect(),
            metrics: self.metrics.clone(),
            slices: self.slices.clone(),
        }
    }
}

impl Seen for RunReport<'_> {
    fn metric(&self, name: &str) -> Option<f64> {
        metric(&self.metrics, &self.slices, name)
    }

    fn check(&self, name: &str) -> Option<&Verdict> {
        self.checks.iter().find(|check| check.name == name).map(|check| &check.verdict)
    }
}

impl Seen for SeedResult {
    fn metric(&self, name: &str) -> Option<f64> {
        metric(&self.metrics, &self.slices, name)
    }

    fn check(&self, name: &str) -> Option<&Verdict> {
        self.checks.iter().find(|(check, _)| *check == name).map(|(_, verdict)| verdict)
    }
}

fn metric(metrics: &[(&'static str, Option<f64>)], slices: &[(Arc<str>, Option<f64>)], name: &str) -> Option<f64> {
    let metric = metrics.iter().find(|(metric, _)| *metric == name).map(|(_, value)| *value);
    metric.or_else(|| slices.iter().find(|(slice, _)| **slice == *name).map(|(_, value)| *value)).flatten()
}

/// Whether an expectation of the plan names that check.
fn expects(plan: &Plan, check: &str) -> bool {
    plan.expectations.iter().any(|expectation| expectation.claim.check() == Some(check))
}

/// What a check's verdict means for the run.
pub(crate) fn standing(verdict: &Verdict) -> Standing {
    match verdict {
        Verdict::Ok => Standing::Held,
        Verdict::Violation(_) => Standing::Failed,
        Verdict::Unknown(_) => Standing::Undecided,
        Verdict::NotJudged(_) => Standing::Held,
    }
}

/// One that failed decides, then one that is open.
fn overall(standings: impl Iterator<Item = Standing>) -> Standing {
    standings.fold(Standing::Held, |all, one| match (all, one) {
        (Standing::Failed, _) | (_, Standing::Failed) => Standing::Failed,
        (Standing::Undecided, _) | (_, Standing::Undecided) => Standing::Undecided,
        _ => Standing::Held,
    })
}

/// The check for protocols that do not judge it themselves, because their replicas are not meant to agree.
fn converges(convergence: &Converged) -> Verdict {
    if !convergence.replicated {
        return Verdict::Unknown("the protocol publishes no replicated state".to_string());
    }
    if convergence.since.is_some() {
        return Verdict::Ok;
    }
    let Converged { states, live, missing, lost, .. } = convergence;
    Verdict::Violation(format!(
        "at the end, {live} live replicas are in {states} different states; {missing} acknowledged updates have not reached \
         all of them, and {lost} were overwritten by older ones"
    ))
}

fn failure(plan: &Plan, error: JobError) -> RunFailure {
    match error {
        JobError::Options(error) if error.field == "variant" => RunFailure { path: "variant".into(), message: error.message },
        JobError::Options(error) => {
            RunFailure { path: format!("protocol.{}.{}", plan.protocol.name, error.field), message: error.message }
        }
        JobError::Workload(index, message) => {
            let asked = &plan.workload[index];
            // Orders are entries of their own, so it can be said which.
            let orders = plan.asks.iter().filter(|entry| matches!(entry.ask, Ask::Change(_)));
            let place =
                orders.clone().position(|entry| entry.ask == asked.ask && entry.from.contains(asked.to) && entry.at <= asked.at);
            let path = match place {
                Some(_) if orders.count() == 1 => "workload.changes".to_string(),
                Some(place) => format!("workload.changes[{place}]"),
                None => "workload".to_string(),
            };
            RunFailure { path, message: format!("what {} is asked at {}: {message}", asked.to, asked.at) }
        }
        JobError::Population(place, message) => {
            RunFailure { path: format!("workload.clients[{place}]"), message: format!("what these clients ask: {message}") }
        }
        JobError::Run(error) => RunFailure { path: String::new(), message: error.to_string() },
    }
}
