//! What every protocol's registry entry needs and none should write twice: the functions that erase an actor to plain data,
//! and the checks that are the same for all. What one protocol alone judges or reports is not here.

use crate::history::{self, Telling};
use crate::options::OptionError;
use crate::registry::{Ask, Check, CheckInfo, Job, JobError, Keep, Replayed, Report, Variant};
use quorate_check::{Verdict, eventual};
use quorate_engine::convergence::Coverage;
use quorate_engine::explore::{self, Bounds, Explored};
use quorate_engine::monitor::UNIQUE_UPDATES;
use quorate_engine::setup::{Planned, Population, Workload};
use quorate_engine::simulate::{self, Run};
use quorate_engine::workload::{Change, Mix};
use quorate_engine::{Actor, Kind, Message, Monitor, NodeId, NodeSet, replay};
use std::rc::Rc;

/// A request of what a scenario asks.
pub(crate) type Making<A> = fn(&<A as Actor>::Options, u64, &Ask) -> Result<<A as Actor>::Request, String>;

/// How a protocol is made of what a scenario says, and what its own part of a report is.
pub(crate) struct Glue<A: Actor> {
    /// The actor's parameters, from the job's options and the variant's name (`right` for none).
    pub(crate) options: fn(&Job<'_>) -> Result<A::Options, OptionError>,
    /// The actor's request for the operation of this number in the workload; the error says what cannot be asked.
    pub(crate) request: Making<A>,
    /// What all replicas are meant to agree on; `converges` judges that.
    pub(crate) replicates: fn(&A::Options) -> Replicates,
    /// How what clients asked and were told stands in a history.
    pub(crate) history: fn(&A::Options) -> Telling<A>,
    /// Adds the protocol's own checks, metrics and evidence.
    pub(crate) report: fn(&Seen<'_, A>, &mut Report),
}

/// What all replicas are meant to agree on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Replicates {
    /// Nothing: each has a state of its own.
    Nothing,
    /// Their states; some acknowledged updates may be in none.
    States,
    /// Their states, and every acknowledged update is in them.
    Updates,
}

/// What a protocol's own report may look at.
pub(crate) struct Seen<'a, A: Actor> {
    /// Who has ever been byzantine, in ascending order.
    pub(crate) faulty: &'a [NodeId],
    pub(crate) job: &'a Job<'a>,
    pub(crate) options: &'a A::Options,
    /// The run, but for its outcome, which the report already has.
    pub(crate) replicas: &'a [Option<A>],
    pub(crate) answers: &'a [(A::Request, Option<A::Response>)],
    pub(crate) facts: &'a [(quorate_engine::Time, NodeId, A::Fact)],
    /// The causal depth of each fact.
    pub(crate) depths: &'a [u16],
    /// The monitor: it knows of facts that were not kept too.
    pub(crate) monitor: &'a A::Monitor,
}

impl<A: Actor> Seen<'_, A> {
    /// The protocol's own section, where anybody will read it: among many runs it would be a good part of the work.
    pub(crate) fn told(&self, evidence: impl FnOnce() -> serde_json::Value) -> serde_json::Value {
        if self.job.keep >= Keep::Evidence { evidence() } else { serde_json::Value::Null }
    }

    /// The replicas that are up, and have never been byzantine.
    pub(crate) fn live(&self) -> impl Iterator<Item = (u32, &A)> {
        let up = self.replicas.iter().zip(0..).filter_map(|(replica, number)| replica.as_ref().map(|replica| (number, replica)));
        up.filter(|(number, _)| self.faulty.binary_search(&NodeId(*number)).is_err())
    }
}

/// What replicas send each other.
pub(crate) const fn kinds<A: Actor>() -> &'static [Kind] {
    <A::Message as Message>::KINDS
}

/// Whether replicas write anything into their logs.
pub(crate) const fn keeps_records<A: Actor>() -> bool {
    size_of::<A::Record>() > 0
}

/// Live replicas end in one state that holds every acknowledged update.
pub(crate) const CONVERGES: CheckInfo = CheckInfo {
    name: "converges",
    summary: "live replicas end in one state, and each holds every acknowledged update or what rightly replaced it",
};

/// Published digests are those of the replicas.
pub(crate) const VERIFIED: CheckInfo = CheckInfo {
    name: "verified",
    summary: "digests that replicas publish are those of their states; judged when asked to verify",
};

/// Runs a job to its end.
pub(crate) fn run<A: Actor>(glue: &Glue<A>, job: &Job<'_>) -> Result<Report, JobError> {
    let (options, workload) = prepare(glue, job)?;
    let run = simulate::simulate::<A>(job.setup, &options, workload);
    let Run { outcome, replicas, answers, facts, depths, monitor } = run.map_err(JobError::Run)?;
    let mut report =
        Report { outcome, checks: Vec::new(), metrics: Vec::new(), evidence: serde_json::Value::Null, history: None };
    let faulty = report.outcome.faulty.clone();
    let seen = Seen {
        faulty: &faulty,
        job,
        options: &options,
        replicas: &replicas,
        answers: &answers,
        facts: &facts,
        depths: &depths,
        monitor: &monitor,
    };
    match (glue.replicates)(&options) {
        Replicates::Nothing => {}
        Replicates::States => {
            let verdict = eventual::judge(&states(&seen), &[]);
            report.checks.push(Check { name: CONVERGES.name, verdict });
        }
        Replicates::Updates => report.checks.push(converges(&seen, &report)),
    }
    // Where nothing is replicated, there may be nothing to verify.
    if job.setup.verify && ((glue.replicates)(&options) != Replicates::Nothing || report.outcome.verified > 0) {
        report.checks.push(verified(&report));
    }
    let monitored: Vec<Check> = A::Monitor::PROPERTIES.iter().map(|property| monitored(property, &report)).collect();
    report.checks.extend(monitored);
    // Judged of every protocol, and worth a line only when it broke.
    report.checks.extend(Some(self::monitored(UNIQUE_UPDATES, &report)).filter(|check| check.verdict != Verdict::Ok));
    (glue.report)(&seen, &mut report);
    report.history =
        (job.keep >= Keep::History).then(|| history::history(&(glue.history)(&options), &seen, &report.outcome.operations));
    Ok(report)
}

/// Explores every schedule of a job within bounds.
pub(crate) fn explore<A: Actor>(glue: &Glue<A>, job: &Job<'_>, bounds: &Bounds) -> Result<Explored, JobError> {
    let (options, workload) = prepare(glue, job)?;
    Ok(explore::explore::<A>(job.setup, &options, workload, bounds))
}

/// Runs a job, replays its record, and says what differed.
pub(crate) fn replay<A: Actor>(glue: &Glue<A>, job: &Job<'_>) -> Result<Replayed, JobError> {
    let (options, workload) = prepare(glue, job)?;
    let (record, difference) = replay::replay::<A>(job.setup, &options, workload).map_err(JobError::Run)?;
    Ok(Replayed { steps: record.len() as u64, difference })
}

type Prepared<A> = (<A as Actor>::Options, Workload<<A as Actor>::Request>);

fn prepare<A: Actor>(glue: &Glue<A>, job: &Job<'_>) -> Result<Prepared<A>, JobError> {
    let options = (glue.options)(job).map_err(JobError::Options)?;
    let mut workload = Vec::with_capacity(job.workload.len());
    for (index, asked) in job.workload.iter().enumerate() {
        let request = (glue.request)(&options, index as u64, &asked.ask).map_err(|why| JobError::Workload(index, why))?;
        workload.push(Planned { at: asked.at, client: asked.client, to: asked.to, request, timeout: asked.timeout });
    }
    for (place, population) in job.setup.populations.iter().enumerate() {
        for ask in shapes(population) {
            (glue.request)(&options, 0, &ask).map_err(|why| JobError::Population(place, why))?;
        }
    }
    let (request, of) = (glue.request, options.clone());
    let make = move |number, ask: &Ask| request(&of, number, ask).expect("each shape of what a population asks was tried");
    Ok((options, Workload { planned: workload, make: Rc::new(make) }))
}

/// One of each shape of what a population may ask.
fn shapes(population: &Population) -> Vec<Ask> {
    let Mix {
        reads,
        updates,
        removes,
        cas,
        transactions,
        locks,
        joins,
        leaves,
        transfers,
        transaction_length: (shortest, longest),
    } = population.mix;
    let (read, update) = (Ask::Read { key: 0 }, Ask::Update { key: 0, amount: 1 });
    let mut shapes = Vec::new();
    shapes.extend((reads > 0).then(|| read.clone()));
    shapes.extend((updates > 0).then(|| update.clone()));
    shapes.extend((removes > 0).then_some(Ask::Remove { key: 0, amount: 1 }));
    if cas > 0 {
        shapes.extend([None, Some(1)].map(|expected| Ask::Cas { key: 0, expected }));
    }
    if locks > 0 {
        shapes.extend([Ask::Acquire { key: 0, owner: 0 }, Ask::Release { key: 0, owner: 0, token: 1 }]);
    }
    let only = || NodeSet::one(NodeId(0));
    shapes.extend((joins > 0).then(|| Ask::Change(Change::Add(only()))));
    shapes.extend((leaves > 0).then(|| Ask::Change(Change::Remove(only()))));
    shapes.extend((transfers > 0).then_some(Ask::Change(Change::Lead(NodeId(0)))));
    if transactions > 0 {
        let evenly = reads | updates == 0;
        let parts = [(read, evenly || reads > 0), (update, evenly || updates > 0)];
        let parts: Vec<Ask> = parts.into_iter().filter_map(|(part, asked)| asked.then_some(part)).collect();
        for length in [shortest, longest] {
            let of_one = parts.iter().map(|part| vec![part.clone(); length as usize]);
            let mixed = parts.iter().cycle().take(length as usize).cloned().collect();
            shapes.extend(of_one.chain([mixed]).map(Ask::Transaction));
        }
    }
    shapes
}

/// The error for what the protocol cannot do.
pub(crate) fn cannot(ask: &Ask) -> String {
    format!("the protocol does not know {}; ask for reads and updates", ask.name())
}

/// The mistake of a planted variant, at its place in a list as long as that of the variants; none of the right one.
pub(crate) fn planted<M: Copy, const N: usize>(
    name: &str,
    variants: &[Variant; N],
    mistakes: &[M; N],
) -> Result<Option<M>, OptionError> {
    if name == "right" {
        return Ok(None);
    }
    let place = variants.iter().position(|variant| variant.name == name).ok_or_else(|| no_variant(name))?;
    Ok(Some(mistakes[place]))
}

/// The error for a variant that the protocol does not have.
pub(crate) fn no_variant(name: &str) -> OptionError {
    OptionError { field: "variant", message: format!("there is no variant `{name}`") }
}

fn converges<A: Actor>(seen: &Seen<'_, A>, report: &Report) -> Check {
    let convergence = &report.outcome.convergence;
    let replicas = states(seen);
    let owed = convergence.updates.iter().filter(|update| update.owed && (update.lost || !update.superseded));
    let updates: Vec<eventual::Acknowledged> = owed
        .map(|update| eventual::Acknowledged { name: describe(seen, update), holders: update.holders, lost: update.lost })
        .collect();
    let verdict = match eventual::judge(&replicas, &updates) {
        Verdict::Ok if convergence.since.is_none() => {
            Verdict::Violation("the states are equal at the end, but not every live replica has published its own".to_string())
        }
        verdict => verdict,
    };
    Check { name: CONVERGES.name, verdict }
}

/// The states of the live replicas that have one.
fn states<A: Actor>(seen: &Seen<'_, A>) -> Vec<eventual::Replica> {
    let state = |(replica, actor): (u32, &A)| actor.replica_digest().map(|digest| eventual::Replica { replica, digest });
    seen.live().filter_map(state).collect()
}

fn describe<A: Actor>(seen: &Seen<'_, A>, update: &Coverage) -> String {
    let request = seen.answers.get(update.operation.index()).map_or_else(String::new, |(request, _)| format!(" {request:?}"));
    format!("{} (operation {}{request})", update.update, update.operation.0)
}

fn verified(report: &Report) -> Check {
    let outcome = &report.outcome;
    let verdict = match outcome.mismatches.first() {
        None => Verdict::Ok,
        Some(first) => Verdict::Violation(format!(
            "{} of {} digests are wrong; the first at {} on {}: published {:x?}, its state gives {:x?}",
            outcome.mismatches.len(),
            outcome.verified,
            first.at,
            first.node,
            first.published,
            first.computed
        )),
    };
    Check { name: VERIFIED.name, verdict }
}

fn monitored(property: &'static str, report: &Report) -> Check {
    let mut found = report.outcome.violations.iter().filter(|violation| violation.broken.property == property);
    let verdict = match found.next() {
        None => Verdict::Ok,
        Some(first) => {
            let more = match found.count() {
                0 => String::new(),
                more => format!(" ({more} more)"),
            };
            Verdict::Violation(format!("at {} on {}: {}{more}", first.at, first.node, first.broken.evidence))
        }
    };
    Check { name: property, verdict }
}
