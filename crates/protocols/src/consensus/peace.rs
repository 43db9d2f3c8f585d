//! Liveness: once nothing fails any more, whoever asks is answered.

use crate::registry::{MetricInfo, Report};
use quorate_engine::Time;
use quorate_engine::outcome::OperationStatus;

/// The metric.
pub(crate) const UNSERVED: MetricInfo = MetricInfo {
    name: "consensus.unserved",
    unit: "",
    summary: "Operations asked after the last fault that were not answered well",
};

/// How many operations were asked when every fault was over, and not answered well.
pub(crate) fn unserved(report: &Report) -> (&'static str, f64) {
    let outcome = &report.outcome;
    let strikes = outcome.strikes.iter().filter(|strike| strike.struck());
    let last = strikes.flat_map(|strike| strike.instants.iter().map(|(at, _)| *at).chain(strike.first)).max();
    let quiet = last.unwrap_or(Time::ZERO);
    let asked = outcome.operations.iter().filter(|operation| operation.invoked().is_some_and(|at| at >= quiet));
    (UNSERVED.name, asked.filter(|operation| operation.status != OperationStatus::Ok).count() as f64)
}
