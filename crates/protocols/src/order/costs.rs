//! What a broadcast costs: messages, bytes and delays, as the ledger and the facts have them.

use super::deliveries::{Broadcasts, Deliveries, Step};
use crate::harness::Seen;
use crate::registry::{MetricInfo, Report};
use quorate_engine::time::seconds;
use quorate_engine::{Role, Time, Update};
use std::collections::BTreeMap;

const MESSAGES: &str = "broadcast.messages";
const BYTES: &str = "broadcast.bytes";
const DELAYS: &str = "broadcast.delays";
const LATENCY: &str = "broadcast.latency";

/// The metrics.
pub(crate) const METRICS: [MetricInfo; 4] = [
    MetricInfo {
        name: MESSAGES,
        unit: "",
        summary: "Messages between replicas for each message that was broadcast, without heartbeats, repetitions and recovery",
    },
    MetricInfo { name: BYTES, unit: "bytes", summary: "The bytes of these messages, for each message that was broadcast" },
    MetricInfo {
        name: DELAYS,
        unit: "",
        summary: "Messages in a row from the broadcast of a message until the last who delivered it did, on average",
    },
    MetricInfo {
        name: LATENCY,
        unit: "s",
        summary: "From the broadcast of a message until the last who delivered it did, on average",
    },
];

/// A message's way.
struct Way {
    sent: (Time, u16),
    delivered: Option<(Time, u16)>,
}

/// Adds the metrics. Where a run is so long that not all facts are kept, delays and latency are those of its beginning.
pub(crate) fn report<A: Broadcasts<Monitor = Deliveries>>(seen: &Seen<'_, A>, report: &mut Report) {
    let mut ways: BTreeMap<Update, Way> = BTreeMap::new();
    for ((at, _, fact), depth) in seen.facts.iter().zip(seen.depths) {
        match A::step(fact) {
            Some(Step::Broadcast { message, .. }) => {
                ways.entry(message).or_insert(Way { sent: (*at, *depth), delivered: None });
            }
            Some(Step::Delivered { message, .. }) => {
                if let Some(way) = ways.get_mut(&message) {
                    let (latest, deepest) = way.delivered.unwrap_or((*at, *depth));
                    way.delivered = Some((latest.max(*at), deepest.max(*depth)));
                }
            }
            Some(Step::Has { .. }) | None => {}
        }
    }
    let of_work = report.outcome.ledger.by_kind().filter(|(kind, _)| kind.role == Role::Protocol);
    let (messages, bytes) = of_work.fold((0, 0), |(messages, bytes), (_, tally)| (messages + tally.sent, bytes + tally.bytes));
    let per = |sum: f64, count: usize| if count == 0 { 0.0 } else { sum / count as f64 };
    let done: Vec<(&Way, (Time, u16))> = ways.values().filter_map(|way| Some((way, way.delivered?))).collect();
    let delays: f64 = done.iter().map(|(way, (_, depth))| f64::from(depth.saturating_sub(way.sent.1))).sum();
    let latency: f64 = done.iter().map(|(way, (at, _))| seconds(at.since(way.sent.0))).sum();
    report.metrics.extend([
        (MESSAGES, per(messages as f64, seen.monitor.broadcasts())),
        (BYTES, per(bytes as f64, seen.monitor.broadcasts())),
        (DELAYS, per(delays, done.len())),
        (LATENCY, per(latency, done.len())),
    ]);
}
