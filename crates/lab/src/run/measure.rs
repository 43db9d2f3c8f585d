//! How each common metric is read off an outcome. Their names, units and meanings stand in [`crate::metrics`]; a test holds
//! that the two agree.

use crate::expect::{Of, Reading};
use crate::metrics;
use crate::report::sides::{Sides, sides};
use crate::statistics::Quantile;
use quorate_engine::actor::Role;
use quorate_engine::convergence::{Converged, Coverage};
use quorate_engine::outcome::{OperationOutcome, OperationStatus, Outcome};
use quorate_engine::time::{Nanos, Time, seconds};
use quorate_protocols::registry::Protocol;

/// Every metric of the protocol's runs, in the registry's order.
pub(super) fn metrics(
    protocol: &'static Protocol,
    nodes: u32,
    outcome: &Outcome,
    own: &[(&'static str, f64)],
) -> Vec<(&'static str, Option<f64>)> {
    let own = |name: &str| own.iter().find(|(metric, _)| *metric == name).map(|(_, value)| *value);
    let sides = sides(nodes, outcome);
    metrics::of(protocol)
        .map(|metric| {
            (
                metric.name,
                common(metric.name, outcome, &sides).unwrap_or_else(|| own(metric.name)).filter(|value| !value.is_nan()),
            )
        })
        .collect()
}

/// A common metric; the outer `None` when there is none of that name, the inner one when this run has none.
fn common(name: &str, outcome: &Outcome, sides: &Sides) -> Option<Option<f64>> {
    let convergence = &outcome.convergence;
    let messages = outcome.ledger.between_replicas();
    let count = |count: u64| Some(count as f64);
    Some(match name {
        "convergence.time" => settled(convergence).and_then(|settled| settled.time).map(seconds),
        "convergence.after_heal" => settled(convergence).and_then(|settled| settled.after_heal).map(seconds),
        "convergence.rounds" => settled(convergence).and_then(|settled| settled.rounds).and_then(count),
        "convergence.coverage" => coverage(convergence),
        "messages.total" => count(messages.sent),
        "messages.delivered" => count(messages.delivered),
        "messages.dropped" => count(messages.lost()),
        "messages.duplicated" => count(messages.duplicated),
        "messages.client" => {
            count(outcome.ledger.by_kind().filter(|(kind, _)| kind.role == Role::Client).map(|(_, tally)| tally.sent).sum())
        }
        "messages.relayed" => count(outcome.ledger.relayed),
        "messages.per_op" => per_operation(messages.sent, outcome),
        "messages.to_convergence" => outcome.messages_to_convergence.and_then(count),
        "messages.per_node_max" => count(u64::from(outcome.busiest.1.sent) + u64::from(outcome.busiest.1.received)),
        "bytes.total" => count(messages.bytes),
        "bytes.per_op" => per_operation(messages.bytes, outcome),
        "links.wait_mean" => Some(outcome.link_waits.mean_s().unwrap_or(0.0)),
        "links.wait_max" => Some(seconds(outcome.link_waits.longest)),
        "hosts.wait_mean" => Some(outcome.host_waits.mean_s().unwrap_or(0.0)),
        "hosts.wait_max" => Some(seconds(outcome.host_waits.longest)),
        "hosts.overrun" => count(u64::from(outcome.overflows)),
        "hosts.busy_max" => Some(utilisation(outcome)),
        "disk.forced_writes" => count(outcome.ledger.forced_writes),
        "disk.wait_mean" => Some(outcome.disk_waits.mean_s().unwrap_or(0.0)),
        "disk.wait_max" => Some(seconds(outcome.disk_waits.longest)),
        "disk.records" => count(outcome.disks.records),
        "disk.bytes" => count(outcome.disks.bytes),
        "disk.refused" => count(outcome.disks.refused),
        "disk.records_lost" => count(outcome.disks.records_lost),
        "disk.torn_found" => count(outcome.disks.torn),
        "disk.corrupt_found" => count(outcome.disks.corrupt),
        "op.latency" => mean_over_answered(outcome, latency_s),
        "op.latency_p50" => latency_quantile(outcome, Quantile::P50),
        "op.latency_p99" => latency_quantile(outcome, Quantile::P99),
        "op.latency_max" => answered(outcome).map(latency_s).reduce(f64::max),
        "op.delays" => mean_over_answered(outcome, |operation| f64::from(operation.delays)),
        "ops.ok" => count(ended(outcome, OperationStatus::Ok)),
        "ops.refused" => count(ended(outcome, OperationStatus::Refused)),
        "ops.unknown" => count(ended(outcome, OperationStatus::Unknown)),
        "ops.retries" => count(outcome.operations.iter().map(|operation| u64::from(operation.retries())).sum()),
        "ops.redirects" => count(outcome.operations.iter().map(|operation| u64::from(operation.redirects)).sum()),
        "ops.throughput" => (outcome.ended.0 > 0).then(|| ended(outcome, OperationStatus::Ok) as f64 / outcome.ended.seconds()),
        "availability" => availability(&outcome.operations),
        "availability.longest_gap" => longest_gap(outcome).map(seconds),
        "availability.recovery" => recovery(outcome).map(seconds),
        "availability.majority" => sides.majority.availability(),
        "availability.minority" => sides.minority.availability(),
        "events.total" => count(outcome.events),
        "updates.lost" => {
            count(convergence.updates.iter().filter(|update| not_everywhere(update, convergence.live)).count() as u64)
        }
        _ => return None,
    })
}

/// What some of the messages between replicas come to; nothing for what is no part of them.
pub(super) fn read(outcome: &Outcome, reading: &Reading) -> Option<f64> {
    let Of::Messages(slice) = &reading.of else { return None };
    let kinds = outcome.ledger.by_kind().filter(|(kind, _)| kind.role != Role::Client);
    let meant = kinds
        .filter(|(kind, _)| slice.kind.is_none_or(|name| name == kind.name) && slice.role.is_none_or(|role| role == kind.role));
    let amount = meant.map(|(_, tally)| if slice.bytes { tally.bytes } else { tally.sent }).sum();
    if slice.per_op { per_operation(amount, outcome) } else { Some(amount as f64) }
}

/// No host that takes time has worked at all.
fn utilisation(outcome: &Outcome) -> f64 {
    let busy = outcome.busiest_host.map_or(0, |(_, busy)| busy);
    if outcome.ended.0 == 0 { 0.0 } else { busy as f64 / outcome.ended.0 as f64 }
}

/// A protocol without a replicated state has neither converged nor failed to.
fn settled(convergence: &Converged) -> Option<&Converged> {
    convergence.replicated.then_some(convergence)
}

/// Updates that every live replica should hold: a superseded one has a successor that stands for it.
fn owed(update: &Coverage) -> bool {
    update.owed && (update.lost || !update.superseded)
}

fn not_everywhere(update: &Coverage, live: u32) -> bool {
    owed(update) && (update.lost || update.holders < live)
}

/// What an older update took the place of counts as held nowhere.
fn coverage(convergence: &Converged) -> Option<f64> {
    let owed: Vec<_> = convergence.updates.iter().filter(|update| owed(update)).collect();
    let held: u64 = owed.iter().map(|update| if update.lost { 0 } else { u64::from(update.holders) }).sum();
    let all = owed.len() as u64 * u64::from(convergence.live);
    (all > 0).then(|| held as f64 / all as f64)
}

/// How many operations ended so.
pub(crate) fn ended(outcome: &Outcome, status: OperationStatus) -> u64 {
    outcome.operations.iter().filter(|operation| operation.status == status).count() as u64
}

/// Operations that were asked, and answered well.
fn availability<'a>(operations: impl IntoIterator<Item = &'a OperationOutcome>) -> Option<f64> {
    let (mut asked, mut well) = (0u64, 0u64);
    for operation in operations {
        asked += u64::from(operation.status != OperationStatus::Unsent);
        well += u64::from(operation.status == OperationStatus::Ok);
    }
    (asked > 0).then(|| well as f64 / asked as f64)
}

/// The longest time without a good answer, of those in which somebody asked: from the answer before, if anybody who was answered later was
/// waiting by then, else from when somebody asked next. Who gave up is only known to have asked.
fn longest_gap(outcome: &Outcome) -> Option<Nanos> {
    let mut asked: Vec<Time> = outcome.operations.iter().filter_map(OperationOutcome::invoked).collect();
    let mut answered: Vec<(Time, Time)> = well(outcome).filter_map(|it| Some((it.completed()?, it.invoked()?))).collect();
    asked.sort_unstable();
    answered.sort_unstable();
    // Backwards, so that it is known who is answered later.
    let (mut longest, mut next, mut waiting) = (0, outcome.ended, Time::NEVER);
    for (answer, invoked) in answered.into_iter().rev() {
        let asked_next = asked.get(asked.partition_point(|at| *at <= answer)).copied().unwrap_or(Time::NEVER);
        let from = if waiting <= answer { answer } else { asked_next };
        longest = longest.max(next.since(from.min(next)));
        (next, waiting) = (answer, waiting.min(invoked));
    }
    Some(longest.max(next.since(*asked.first()?)))
}

fn recovery(outcome: &Outcome) -> Option<Nanos> {
    let heal = outcome.convergence.last_heal?;
    let after = well(outcome).filter(|operation| operation.invoked().is_some_and(|asked| asked >= heal));
    after.filter_map(OperationOutcome::completed).min().map(|answered| answered.since(heal))
}

fn well(outcome: &Outcome) -> impl Iterator<Item = &OperationOutcome> {
    outcome.operations.iter().filter(|operation| operation.status == OperationStatus::Ok)
}

/// Operations whose client heard, be it a refusal.
pub(crate) fn answered(outcome: &Outcome) -> impl Iterator<Item = &OperationOutcome> {
    outcome.operations.iter().filter(|operation| matches!(operation.status, OperationStatus::Ok | OperationStatus::Refused))
}

/// From asking to the answer, in seconds.
pub(crate) fn latency_s(operation: &OperationOutcome) -> f64 {
    match (operation.invoked(), operation.completed()) {
        (Some(invoked), Some(completed)) => seconds(completed.since(invoked)),
        _ => f64::NAN,
    }
}

fn per_operation(amount: u64, outcome: &Outcome) -> Option<f64> {
    let answered = answered(outcome).count();
    (answered > 0).then(|| amount as f64 / answered as f64)
}

/// By nearest rank, as all quantiles.
fn latency_quantile(outcome: &Outcome, quantile: Quantile) -> Option<f64> {
    let mut latencies: Vec<f64> = answered(outcome).map(latency_s).collect();
    let rank = quantile.rank(latencies.len() as u64);
    let place = usize::try_from(rank).ok()?.checked_sub(1)?;
    Some(*latencies.select_nth_unstable_by(place, f64::total_cmp).1)
}

fn mean_over_answered(outcome: &Outcome, value: fn(&OperationOutcome) -> f64) -> Option<f64> {
    let values: Vec<f64> = answered(outcome).map(value).collect();
    (!values.is_empty()).then(|| crate::statistics::mean(&values))
}

#[cfg(test)]
mod tests {
    use crate::metrics::COMMON;

    #[test]
    fn every_common_metric_is_measured() {
        let source = include_str!("measure.rs");
        for metric in COMMON {
            assert!(source.contains(&format!("\"{}\" =>", metric.name)), "{} is listed and not measured", metric.name);
        }
    }
}
