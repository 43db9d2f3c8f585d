//! The section of a report on deliveries: what arrived, what did not, what arrived twice, and what it cost.

use super::monitor::Fact;
use super::node::Node;
use super::options::Guarantee;
use crate::harness::Seen;
use crate::order::deliveries::{self, AGREEMENT, ORDERED};
use crate::registry::{Check, CheckInfo, MetricInfo, Report};
use quorate_check::Verdict;
use quorate_engine::{NodeId, Update};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// That somebody may rely on an acknowledgement, and on a sender that goes on.
pub(super) const ARRIVES: CheckInfo = CheckInfo {
    name: "arrives",
    summary: "what a sender says is delivered was delivered; and in the end everything is that one who stays has sent to one who stays",
};

const SENT: &str = "delivery.sent";
const ARRIVED: &str = "delivery.arrived";
const LOST: &str = "delivery.lost";
const DUPLICATES: &str = "delivery.duplicates";
const TURNED_AWAY: &str = "delivery.turned_away";
const MESSAGES: &str = "delivery.messages";
const BYTES: &str = "delivery.bytes";
const FORCED: &str = "delivery.forced_writes";
const DELAYS: &str = "delivery.delays";
const RELATIVE: &str = "delivery.relative_cost";
const REMEMBERED: &str = "delivery.remembered";

/// The metrics.
pub(super) const METRICS: [MetricInfo; 11] = [
    MetricInfo { name: SENT, unit: "", summary: "Messages that nodes sent for their clients" },
    MetricInfo { name: ARRIVED, unit: "", summary: "Messages of clients that were delivered" },
    MetricInfo { name: LOST, unit: "", summary: "Messages of clients that were not delivered by the end" },
    MetricInfo { name: DUPLICATES, unit: "", summary: "Deliveries beyond the first of their message" },
    MetricInfo {
        name: TURNED_AWAY,
        unit: "",
        summary: "Arrivals of messages that had been delivered, as the receiver remembered",
    },
    MetricInfo { name: MESSAGES, unit: "", summary: "Messages between nodes for each that was sent" },
    MetricInfo { name: BYTES, unit: "bytes", summary: "Bytes between nodes for each message that was sent" },
    MetricInfo { name: FORCED, unit: "", summary: "Forced writes for each message that was sent" },
    MetricInfo {
        name: DELAYS,
        unit: "",
        summary: "Messages in a row until the sender is done with one: none where it does not ask what became of it",
    },
    MetricInfo {
        name: RELATIVE,
        unit: "",
        summary: "Messages and forced writes for each message that was sent: fire and forget sends one, and writes nothing",
    },
    MetricInfo { name: REMEMBERED, unit: "", summary: "Deliveries that all nodes together remember in the end" },
];

/// Messages that a report lists.
const TOLD_MAX: usize = 10;

/// A message, as the facts tell it.
struct Course {
    to: NodeId,
    sent: u16,
    deliveries: u64,
    confirmed: Option<u16>,
}

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    deliveries::report(seen, report);
    report.checks.retain(|check| ![ORDERED, AGREEMENT].contains(&check.name));
    let courses = courses(seen);
    report.checks.push(Check { name: ARRIVES.name, verdict: arrives(seen, &courses) });
    let ledger = &report.outcome.ledger;
    let between = ledger.between_replicas();
    let of = |is: fn(&Course) -> bool| courses.values().filter(|course| is(course)).count();
    let arrived = of(|course| course.deliveries > 0);
    let extra: u64 = courses.values().map(|course| course.deliveries.saturating_sub(1)).sum();
    let turned_away = seen.facts.iter().filter(|(.., fact)| matches!(fact, Fact::TurnedAway(_))).count();
    let remembered: usize = seen.live().map(|(_, node)| node.remembers()).sum();
    let mut metrics = vec![
        (SENT, courses.len() as f64),
        (ARRIVED, arrived as f64),
        (LOST, (courses.len() - arrived) as f64),
        (DUPLICATES, extra as f64),
        (TURNED_AWAY, turned_away as f64),
        (REMEMBERED, remembered as f64),
    ];
    if !courses.is_empty() {
        let each = |amount: u64| amount as f64 / courses.len() as f64;
        metrics.push((MESSAGES, each(between.sent)));
        metrics.push((BYTES, each(between.bytes)));
        metrics.push((FORCED, each(ledger.forced_writes)));
        metrics.push((RELATIVE, each(between.sent + ledger.forced_writes)));
    }
    let delays: Vec<f64> = courses
        .values()
        .filter_map(|course| match seen.options.is_acknowledged() {
            true => course.confirmed.map(|depth| f64::from(depth.saturating_sub(course.sent))),
            false => Some(0.0),
        })
        .collect();
    if !delays.is_empty() {
        metrics.push((DELAYS, delays.iter().sum::<f64>() / delays.len() as f64));
    }
    let trying: usize = seen.live().map(|(_, node)| node.is_trying()).sum();
    let named = |is: fn(&Course) -> bool| {
        let chosen = courses.iter().filter(|(_, course)| is(course)).take(TOLD_MAX);
        chosen
            .map(|(name, course)| json!({ "message": name.to_string(), "to": course.to.to_string(), "deliveries": course.deliveries }))
            .collect::<Vec<Value>>()
    };
    let sent = ledger.by_kind().filter(|(_, tally)| tally.sent > 0);
    report.evidence = seen.told(|| {
        json!({
            "guarantee": match seen.options.guarantee {
                Guarantee::FireAndForget => "fire and forget",
                Guarantee::Acknowledged => "acknowledged: at least once",
                Guarantee::ExactlyOnce => "exactly once",
            },
            "messages": {
                "sent": courses.len(),
                "delivered": arrived,
                "delivered_more_than_once": of(|course| course.deliveries > 1),
                "confirmed": of(|course| course.confirmed.is_some()),
                "turned_away": turned_away,
                "tried_still": trying,
            },
            "never_delivered": named(|course| course.deliveries == 0),
            "delivered_again": named(|course| course.deliveries > 1),
            "sent": sent.map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent))).collect::<Map<_, _>>(),
            "s2_claims": { "fire_and_forget": 1, "acknowledged": 2, "exactly_once": 5 },
            "measured": metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect::<Map<_, _>>(),
        })
    });
    report.metrics.extend(metrics);
}

fn courses(seen: &Seen<'_, Node>) -> BTreeMap<Update, Course> {
    let mut courses: BTreeMap<Update, Course> = BTreeMap::new();
    for ((_, _, fact), depth) in seen.facts.iter().zip(seen.depths) {
        match *fact {
            Fact::Sent(name, to) => {
                courses.entry(name).or_insert(Course { to, sent: *depth, deliveries: 0, confirmed: None });
            }
            Fact::Delivered(name, _) => {
                if let Some(course) = courses.get_mut(&name) {
                    course.deliveries += 1;
                }
            }
            Fact::Had(name, _) => {
                if let Some(course) = courses.get_mut(&name) {
                    course.deliveries = course.deliveries.max(1);
                }
            }
            Fact::Confirmed(name) => {
                if let Some(course) = courses.get_mut(&name) {
                    course.confirmed.get_or_insert(*depth);
                }
            }
            Fact::TurnedAway(_) => {}
        }
    }
    courses
}

/// Whether what was confirmed was delivered, and what goes on being said arrived.
fn arrives(seen: &Seen<'_, Node>, courses: &BTreeMap<Update, Course>) -> Verdict {
    if !seen.options.is_acknowledged() {
        return Verdict::NotJudged("nobody asks whether a message has arrived".to_string());
    }
    let stays = |node: NodeId| seen.live().any(|(number, live)| number == node.0 && !live.has_lost_its_disk());
    for (name, course) in courses.iter().filter(|(_, course)| course.deliveries == 0) {
        let to = course.to;
        if course.confirmed.is_some() {
            return Verdict::Violation(format!("{} was told that {name} is delivered, and {to} never did", name.origin));
        }
        if stays(name.origin) && stays(to) {
            return Verdict::Violation(format!(
                "{} sent {name} to {to}, both are there, and it was never delivered",
                name.origin
            ));
        }
    }
    Verdict::Ok
}
