//! The metrics that every run has: the only list of their names, units and meanings. A protocol's own stand in its registry
//! entry. How a metric is measured is the report's business.

use quorate_protocols::registry::{MetricInfo, Protocol, protocols};

/// What a metric counts in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Seconds of simulated time.
    Seconds,
    /// Bytes.
    Bytes,
    /// A part of a whole, 0 to 1.
    Ratio,
    /// A plain number.
    Count,
}

impl Unit {
    /// The unit of a registry entry.
    ///
    /// # Panics
    /// When the entry has a unit that there is not: a mistake in the registry.
    pub fn of(metric: &MetricInfo) -> Unit {
        match metric.unit {
            "s" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            "ratio" => Unit::Ratio,
            "" => Unit::Count,
            other => panic!("metric {} has the unit {other}, which is none", metric.name),
        }
    }
}

const fn metric(name: &'static str, unit: &'static str, summary: &'static str) -> MetricInfo {
    MetricInfo { name, unit, summary }
}

/// The common metrics, in the order of lists and reports.
pub const COMMON: &[MetricInfo] = &[
    metric(
        "convergence.time",
        "s",
        "From the last update until all live correct replicas agree, hold every acknowledged update, and stay so",
    ),
    metric(
        "convergence.after_heal",
        "s",
        "From the last heal, restart or resume until live correct replicas agree, hold every acknowledged update, and stay so",
    ),
    metric("convergence.rounds", "", "Rounds from the last update until convergence"),
    metric("convergence.coverage", "ratio", "At the end: how much of what live replicas should hold they hold"),
    metric(
        "messages.total",
        "",
        "Messages that replicas sent each other, lost ones and those that found no room among them; copies by the network not counted",
    ),
    metric("messages.delivered", "", "Messages between replicas that arrived, copies counted"),
    metric("messages.dropped", "", "Messages between replicas that never arrived, whatever the cause"),
    metric("messages.duplicated", "", "Copies that the network made"),
    metric("messages.relayed", "", "Messages that a replica handed on for another; they count among all"),
    metric("messages.client", "", "Messages between clients and replicas"),
    metric("messages.per_op", "", "Messages between replicas for each operation that was answered"),
    metric("messages.to_convergence", "", "Messages between replicas sent until convergence"),
    metric("messages.per_node_max", "", "Messages sent and received by the busiest replica"),
    metric(
        "bytes.total",
        "bytes",
        "Bytes of the messages between replicas, with the headers of packets where links cut messages into packets",
    ),
    metric("bytes.per_op", "bytes", "Bytes between replicas for each operation that was answered"),
    metric(
        "links.wait_mean",
        "s",
        "Mean time that a message waited for interfaces and links that have a rate, for all of them together",
    ),
    metric("links.wait_max", "s", "The longest that a message waited for an interface or a link that has a rate"),
    metric("hosts.wait_mean", "s", "Mean time that messages and requests waited in inboxes of hosts that take time"),
    metric("hosts.wait_max", "s", "The longest that a message or request waited in the inbox of a host that takes time"),
    metric("hosts.overrun", "", "How often a host crashed because its inbox had no room"),
    metric("hosts.busy_max", "ratio", "The share of the run in which the busiest host worked"),
    metric("disk.forced_writes", "", "Writes that were forced to disk"),
    metric("disk.wait_mean", "s", "Mean time that forced writes waited for those before them, at disks that take time"),
    metric("disk.wait_max", "s", "The longest that a forced write waited for those before it, at a disk that takes time"),
    metric("disk.records", "", "Records that were appended"),
    metric("disk.bytes", "bytes", "Bytes of the records that were appended, 12 for each besides what is in it"),
    metric("disk.refused", "", "Records for which there was no room"),
    metric("disk.records_lost", "", "Records that crashes, damage and wiped disks took"),
    metric("disk.torn_found", "", "Records that recovery could not read because a crash had cut them short"),
    metric("disk.corrupt_found", "", "Records that recovery could not read because bits had flipped"),
    metric("op.latency", "s", "Mean time from asking to the answer, over the operations that were answered"),
    metric("op.latency_p50", "s", "Half of the run's answered operations took no longer"),
    metric("op.latency_p99", "s", "99 of 100 of the run's answered operations took no longer"),
    metric("op.latency_max", "s", "The longest time from asking to the answer, over the run's answered operations"),
    metric("op.delays", "", "Mean message delays between asking and the answer"),
    metric("ops.ok", "", "Operations that were answered well"),
    metric("ops.refused", "", "Operations that were refused: they took no effect"),
    metric("ops.unknown", "", "Operations whose clients never knew"),
    metric("ops.retries", "", "Attempts beyond the first, over all operations"),
    metric("ops.redirects", "", "Redirects that clients followed, over all operations"),
    metric("ops.throughput", "", "Operations that were answered well for each second of the run"),
    metric("availability", "ratio", "Operations that were answered well, of all that were asked"),
    metric("availability.longest_gap", "s", "The longest time in which somebody waited for an answer and nobody had a good one"),
    metric(
        "availability.recovery",
        "s",
        "From the last heal, restart or resume to the first good answer to an operation asked after it",
    ),
    metric(
        "availability.majority",
        "ratio",
        "The share that were answered well of the operations asked on the side of a majority while somebody was cut off or down; availability(majority) for short",
    ),
    metric(
        "availability.minority",
        "ratio",
        "The share that were answered well of the operations asked elsewhere while somebody was cut off or down, of nodes that are down too; availability(minority) for short",
    ),
    metric("events.total", "", "Deliveries and live timers"),
    metric("updates.lost", "", "Acknowledged updates that some live replica does not hold at the end"),
];

/// What a change of a metric is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// Less is better: what it costs, and how long it takes.
    Less,
    /// More is better.
    More,
    /// Neither: who compares must say.
    Neither,
}

/// What is better of a common metric. Of a protocol's own nothing is known here.
pub fn better(name: &str) -> Better {
    let more =
        ["convergence.coverage", "ops.ok", "ops.throughput", "availability", "availability.majority", "availability.minority"];
    let neither = ["messages.delivered", "events.total"];
    match name {
        _ if more.contains(&name) => Better::More,
        _ if neither.contains(&name) || !is_common(name) => Better::Neither,
        _ => Better::Less,
    }
}

/// Parts of the messages are what messages are.
fn is_common(name: &str) -> bool {
    COMMON.iter().any(|metric| metric.name == name) || name.starts_with("messages(") || name.starts_with("bytes(")
}

/// The unit of the metric of that name, whatever protocol has it.
pub fn unit_of(name: &str) -> Option<Unit> {
    let own = protocols().iter().flat_map(|protocol| protocol.metrics);
    let metric = COMMON.iter().chain(own).find(|metric| metric.name == name).map(Unit::of);
    let slice = || match name.split_once('(')?.0 {
        "messages" => Some(Unit::Count),
        "bytes" => Some(Unit::Bytes),
        _ => None,
    };
    metric.or_else(slice)
}

/// Whether a run without that metric is one in which it did not come to an end: its time is longer than the run, and not unknown. Of other
/// metrics a run that lacks one has no such thing.
pub fn is_censored(name: &str) -> bool {
    ["convergence.time", "convergence.rounds", "messages.to_convergence"].contains(&name)
}

/// The metrics of a protocol's runs: the common ones, then its own.
pub fn of(protocol: &Protocol) -> impl Iterator<Item = &'static MetricInfo> + use<> {
    COMMON.iter().chain(protocol.metrics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_one_name_and_a_unit() {
        let mut names: Vec<_> = COMMON.iter().map(|metric| metric.name).collect();
        assert!(names.iter().all(|name| is_common(name) && unit_of(name).is_some()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMON.len());
        for protocol in protocols() {
            for metric in of(protocol) {
                Unit::of(metric);
                assert!(!metric.summary.is_empty(), "{}", metric.name);
            }
            assert!(protocol.metrics.iter().all(|own| !names.contains(&own.name)), "{} redefines a metric", protocol.name);
        }
    }
}
