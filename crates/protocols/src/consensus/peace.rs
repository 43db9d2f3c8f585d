//! Liveness: once nothing fails any more, whoever asks is answered.

use crate::harness::Seen;
use crate::registry::{MetricInfo, Report};
use crate::replication::judge::Serves;
use crate::replication::machine::Request;
use quorate_engine::Time;
use quorate_engine::outcome::OperationStatus;

/// The metric.
pub(crate) const UNSERVED: MetricInfo = MetricInfo {
    name: "consensus.unserved",
    unit: "",
    summary: "Operations on the object asked after the last fault whose clients never heard what became of them",
};

/// How many operations on the object, an operator's orders left out, were asked when every fault was over, and whose clients never heard: a refusal is an answer.
pub(crate) fn unserved<A: Serves>(seen: &Seen<'_, A>, report: &Report) -> (&'static str, f64) {
    let outcome = &report.outcome;
    let strikes = outcome.strikes.iter().filter(|strike| strike.struck());
    let last = strikes.flat_map(|strike| strike.instants.iter().map(|(at, _)| *at).chain(strike.first)).max();
    let quiet = last.unwrap_or(Time::ZERO);
    let asked = outcome.operations.iter().zip(seen.answers).filter(|(operation, (request, _))| {
        operation.invoked().is_some_and(|at| at >= quiet) && !matches!(request, Request::Change(_))
    });
    (UNSERVED.name, asked.filter(|(operation, _)| operation.status == OperationStatus::Unknown).count() as f64)
}
