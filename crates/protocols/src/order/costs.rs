//! What broadcasts cost: messages, bytes and forced writes for each, and messages in a row until the last process has delivered it.

use super::deliveries::{Broadcasts, Deliveries, Step};
use crate::harness::Seen;
use crate::registry::{MetricInfo, Report};
use quorate_engine::time::seconds;
use quorate_engine::{Kind, NodeId, Role, Time, Update};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const BROADCASTS: &str = "broadcast.broadcasts";
const DELIVERIES: &str = "broadcast.deliveries";
const MESSAGES: &str = "broadcast.messages";
const BYTES: &str = "broadcast.bytes";
const DELAYS: &str = "broadcast.delays";
const LATENCY: &str = "broadcast.latency";
const FORCED: &str = "broadcast.forced_writes";

/// The metrics of all broadcasts.
pub(crate) const METRICS: [MetricInfo; 7] = [
    MetricInfo { name: BROADCASTS, unit: "", summary: "Messages that processes broadcast" },
    MetricInfo { name: DELIVERIES, unit: "", summary: "Deliveries of broadcast messages, by all processes together" },
    MetricInfo {
        name: MESSAGES,
        unit: "",
        summary: "Messages between processes for each broadcast, without heartbeats and elections",
    },
    MetricInfo {
        name: BYTES,
        unit: "bytes",
        summary: "Bytes between processes for each broadcast, without heartbeats and elections",
    },
    MetricInfo {
        name: DELAYS,
        unit: "",
        summary: "Messages in a row from a broadcast until the last process delivers it, on average",
    },
    MetricInfo { name: LATENCY, unit: "s", summary: "From a broadcast until the last process delivers it, on average" },
    MetricInfo { name: FORCED, unit: "", summary: "Forced writes for each broadcast" },
];

/// Messages that a report lists.
const TOLD_MAX: usize = 20;

/// What became of each message.
pub(crate) struct Courses {
    by_message: BTreeMap<Update, Course>,
}

/// A message, as the facts tell it: instants, and how many messages in a row led there.
#[derive(Default)]
struct Course {
    began: Option<(Time, u16)>,
    last: Option<(Time, u16)>,
    by: BTreeSet<NodeId>,
}

impl Courses {
    pub(crate) fn of<A: Broadcasts>(seen: &Seen<'_, A>) -> Courses {
        let mut by_message: BTreeMap<Update, Course> = BTreeMap::new();
        for ((at, node, fact), depth) in seen.facts.iter().zip(seen.depths) {
            match A::step(fact) {
                None => {}
                Some(Step::Broadcast { message, .. }) => {
                    by_message.entry(message).or_default().began.get_or_insert((*at, *depth));
                }
                Some(Step::Delivered { message, .. } | Step::Had { message, .. }) => {
                    let course = by_message.entry(message).or_default();
                    if course.by.insert(*node) {
                        let (last, depths) = course.last.unwrap_or((*at, *depth));
                        course.last = Some((last.max(*at), depths.max(*depth)));
                    }
                }
            }
        }
        Courses { by_message }
    }

    /// Adds the metrics; where a run is so long that not all facts are kept, delays and latency are those of its beginning. Of the kinds of message those count that are no heartbeats, no recovery, and not among `aside`.
    pub(crate) fn measure<A: Broadcasts<Monitor = Deliveries>>(&self, seen: &Seen<'_, A>, aside: &[&str], report: &mut Report) {
        let ledger = &report.outcome.ledger;
        let counts = |kind: &Kind| matches!(kind.role, Role::Protocol | Role::Retry) && !aside.contains(&kind.name);
        let of_broadcasts = || ledger.by_kind().filter(|(kind, _)| counts(kind));
        let broadcasts = seen.monitor.broadcasts();
        let mut metrics = vec![(BROADCASTS, broadcasts as f64), (DELIVERIES, seen.monitor.count() as f64)];
        if broadcasts > 0 {
            let each = |amount: u64| amount as f64 / broadcasts as f64;
            metrics.push((MESSAGES, each(of_broadcasts().map(|(_, tally)| tally.sent).sum())));
            metrics.push((BYTES, each(of_broadcasts().map(|(_, tally)| tally.bytes).sum())));
            metrics.push((FORCED, each(ledger.forced_writes)));
        }
        let whole: Vec<_> = self.by_message.values().filter_map(|course| course.began.zip(course.last)).collect();
        if !whole.is_empty() {
            let mean = |sum: f64| sum / whole.len() as f64;
            metrics.push((DELAYS, mean(whole.iter().map(|(began, last)| f64::from(last.1.saturating_sub(began.1))).sum())));
            metrics.push((LATENCY, mean(whole.iter().map(|(began, last)| seconds(last.0.0 - began.0.0)).sum())));
        }
        report.metrics.extend(metrics);
    }

    /// Messages that somebody lacks who is correct.
    pub(crate) fn not_everywhere<A: Broadcasts>(&self, seen: &Seen<'_, A>) -> Vec<Value> {
        let correct: Vec<NodeId> = seen.live().filter(|(_, process)| !process.is_out()).map(|(node, _)| NodeId(node)).collect();
        let lacks = self.by_message.iter().filter_map(|(message, course)| {
            let whom: Vec<String> = correct.iter().filter(|node| !course.by.contains(node)).map(ToString::to_string).collect();
            let has: Vec<String> = course.by.iter().map(ToString::to_string).collect();
            (!whom.is_empty()).then(|| json!({ "message": message.to_string(), "delivered_by": has, "not_by": whom }))
        });
        lacks.take(TOLD_MAX).collect()
    }
}

/// What a process is, and what it has delivered first.
pub(crate) fn process<A: Broadcasts>(node: usize, process: Option<&A>, delivered: impl Fn(&A) -> Vec<Update>) -> Value {
    let name = format!("n{node}");
    match process {
        None => json!({ "process": name, "is": "down" }),
        Some(process) if process.is_out() => json!({ "process": name, "is": "without its disk" }),
        Some(process) => {
            let delivered = delivered(process);
            let first: Vec<String> = delivered.iter().take(TOLD_MAX).map(ToString::to_string).collect();
            json!({ "process": name, "delivered": delivered.len(), "first": first })
        }
    }
}

/// How many messages of each kind were sent.
pub(crate) fn sent(report: &Report) -> Map<String, Value> {
    let sent = report.outcome.ledger.by_kind().filter(|(_, tally)| tally.sent > 0);
    sent.map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent))).collect()
}

/// The protocol's metrics by name.
pub(crate) fn measured(report: &Report) -> Map<String, Value> {
    report.metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect()
}
