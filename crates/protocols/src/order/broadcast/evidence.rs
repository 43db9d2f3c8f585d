//! The section of a report on broadcasts: what was delivered, what waited for its turn, and what it cost beside the closed forms.

use super::monitor::Fact;
use super::node::Process;
use super::options::{Guarantee, Options, Relay};
use crate::harness::{CONVERGES, Seen};
use crate::order::deliveries::{self, AGREEMENT};
use crate::registry::{Check, CheckInfo, MetricInfo, Report};
use quorate_check::Verdict;
use quorate_check::order::{self, Event, Process as Judged, Property, Run, Scope, What};
use quorate_engine::time::seconds;
use quorate_engine::{NodeId, Role, Time, Update};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Best effort: CGR 2011, Module 3.1, BEB1.
pub(super) const VALIDITY: CheckInfo =
    CheckInfo { name: "validity", summary: "what a correct process broadcasts, every correct process has delivered in the end" };

const BROADCASTS: &str = "broadcast.broadcasts";
const DELIVERIES: &str = "broadcast.deliveries";
const HELD: &str = "broadcast.held";
const MESSAGES: &str = "broadcast.messages";
const BYTES: &str = "broadcast.bytes";
const DELAYS: &str = "broadcast.delays";
const LATENCY: &str = "broadcast.latency";
const FORCED: &str = "broadcast.forced_writes";

/// The metrics of all broadcasts.
pub(super) const METRICS: [MetricInfo; 8] = [
    MetricInfo { name: BROADCASTS, unit: "", summary: "Messages that processes broadcast" },
    MetricInfo { name: DELIVERIES, unit: "", summary: "Deliveries of them, by all processes together" },
    MetricInfo { name: HELD, unit: "", summary: "Arrivals that had to wait for others before they could be delivered" },
    MetricInfo { name: MESSAGES, unit: "", summary: "Messages between processes for each broadcast, without heartbeats" },
    MetricInfo { name: BYTES, unit: "bytes", summary: "Bytes of those messages for each broadcast" },
    MetricInfo {
        name: DELAYS,
        unit: "",
        summary: "Messages in a row from a broadcast until the last process delivers it, on average",
    },
    MetricInfo { name: LATENCY, unit: "s", summary: "From a broadcast until the last process delivers it, on average" },
    MetricInfo { name: FORCED, unit: "", summary: "Forced writes for each broadcast" },
];

/// Deliveries of each process that a report lists, and messages that somebody lacks.
const TOLD_MAX: usize = 20;

/// A message, as the facts tell it.
#[derive(Default)]
struct Course {
    began: Option<(Time, u16)>,
    last: Option<(Time, u16)>,
    by: BTreeSet<NodeId>,
}

pub(super) fn report(seen: &Seen<'_, Process>, report: &mut Report) {
    deliveries::report(seen, report);
    let options = seen.options;
    if options.guarantee == Guarantee::BestEffort {
        report.checks.retain(|check| check.name != AGREEMENT);
        report.checks.push(Check { name: VALIDITY.name, verdict: validity(seen) });
    }
    if !matches!(options.guarantee, Guarantee::Fifo | Guarantee::Causal | Guarantee::Total) {
        report.checks.retain(|check| check.name != deliveries::ORDERED);
    }
    let lost = report.outcome.ledger.between_replicas().lost();
    if options.given && (lost > 0 || !report.outcome.strikes.is_empty()) {
        let in_the_end = [CONVERGES.name, AGREEMENT, VALIDITY.name];
        for check in report.checks.iter_mut().filter(|check| in_the_end.contains(&check.name)) {
            check.verdict = Verdict::NotJudged("links were said to lose nothing, and something went wrong".to_string());
        }
    }
    let courses = courses(seen);
    measure(&courses, seen, report);
    report.evidence = evidence(&courses, seen, report);
}

/// Whether all who stay have what those have broadcast who stay.
fn validity(seen: &Seen<'_, Process>) -> Verdict {
    let correct: BTreeSet<u32> = seen.live().filter(|(_, process)| !process.has_lost_its_disk()).map(|(node, _)| node).collect();
    let (mut events, mut had) = (Vec::new(), BTreeSet::new());
    for (_, node, fact) in seen.facts {
        let (message, what) = match fact {
            Fact::Broadcast(message, _) => (*message, What::Broadcast),
            Fact::Delivered(message, _) | Fact::Had(message, _) => {
                if !had.insert((node, message)) {
                    continue;
                }
                (*message, What::Deliver { number: None })
            }
            Fact::Held(_) | Fact::Suspected(_) => continue,
        };
        if correct.contains(&message.origin.0) {
            events.push(Event { process: node.0, message: u64::from(message.origin.0) << 32 | u64::from(message.number), what });
        }
    }
    let processes: Vec<Judged> =
        (0..seen.replicas.len() as u32).map(|process| Judged { process, correct: correct.contains(&process) }).collect();
    let run = Run { processes: &processes, events: &events, settled: true };
    order::judge(&run, &[Property::Validity, Property::Agreement(Scope::All)])
}

fn courses(seen: &Seen<'_, Process>) -> BTreeMap<Update, Course> {
    let mut courses: BTreeMap<Update, Course> = BTreeMap::new();
    for ((at, node, fact), depth) in seen.facts.iter().zip(seen.depths) {
        match fact {
            Fact::Broadcast(message, _) => {
                courses.entry(*message).or_default().began.get_or_insert((*at, *depth));
            }
            Fact::Delivered(message, _) | Fact::Had(message, _) => {
                let course = courses.entry(*message).or_default();
                if course.by.insert(*node) {
                    let (last, depths) = course.last.unwrap_or((*at, *depth));
                    course.last = Some((last.max(*at), depths.max(*depth)));
                }
            }
            Fact::Held(_) | Fact::Suspected(_) => {}
        }
    }
    courses
}

fn measure(courses: &BTreeMap<Update, Course>, seen: &Seen<'_, Process>, report: &mut Report) {
    let ledger = &report.outcome.ledger;
    let of_broadcasts = || ledger.by_kind().filter(|(kind, _)| matches!(kind.role, Role::Protocol | Role::Retry));
    let broadcasts = courses.values().filter(|course| course.began.is_some()).count();
    let held = seen.facts.iter().filter(|(.., fact)| matches!(fact, Fact::Held(_))).count();
    let mut metrics = vec![(BROADCASTS, broadcasts as f64), (DELIVERIES, seen.monitor.count() as f64), (HELD, held as f64)];
    if broadcasts > 0 {
        let each = |amount: u64| amount as f64 / broadcasts as f64;
        metrics.push((MESSAGES, each(of_broadcasts().map(|(_, tally)| tally.sent).sum())));
        metrics.push((BYTES, each(of_broadcasts().map(|(_, tally)| tally.bytes).sum())));
        metrics.push((FORCED, each(ledger.forced_writes)));
    }
    let whole: Vec<((Time, u16), (Time, u16))> = courses.values().filter_map(|course| course.began.zip(course.last)).collect();
    if !whole.is_empty() {
        let mean = |sum: f64| sum / whole.len() as f64;
        metrics.push((DELAYS, mean(whole.iter().map(|(began, last)| f64::from(last.1.saturating_sub(began.1))).sum())));
        metrics.push((LATENCY, mean(whole.iter().map(|(began, last)| seconds(last.0.0 - began.0.0)).sum())));
    }
    report.metrics.extend(metrics);
}

fn evidence(courses: &BTreeMap<Update, Course>, seen: &Seen<'_, Process>, report: &Report) -> Value {
    let correct: Vec<NodeId> =
        seen.live().filter(|(_, process)| !process.has_lost_its_disk()).map(|(node, _)| NodeId(node)).collect();
    let lacks = courses.iter().filter_map(|(message, course)| {
        let whom: Vec<String> = correct.iter().filter(|node| !course.by.contains(node)).map(ToString::to_string).collect();
        let has: Vec<String> = course.by.iter().map(ToString::to_string).collect();
        (!whom.is_empty()).then(|| json!({ "message": message.to_string(), "delivered_by": has, "not_by": whom }))
    });
    let sent = report.outcome.ledger.by_kind().filter(|(_, tally)| tally.sent > 0);
    let processes = seen.replicas.iter().zip(0..).map(|(process, node)| match process {
        None => json!({ "process": format!("n{node}"), "is": "down" }),
        Some(process) if process.has_lost_its_disk() => json!({ "process": format!("n{node}"), "is": "without its disk" }),
        Some(process) => json!({
            "process": format!("n{node}"),
            "delivered": process.delivered.len(),
            "waiting": process.is_holding(),
            "first": process.delivered.iter().take(TOLD_MAX).map(ToString::to_string).collect::<Vec<String>>(),
        }),
    });
    json!({
        "promised": promised(seen.options),
        "links": if seen.options.given { "given" } else { "made" },
        "asked_by_clients": crate::order::request::asked(seen),
        "broadcasts": courses.len(),
        "not_everywhere": lacks.take(TOLD_MAX).collect::<Vec<Value>>(),
        "processes": processes.collect::<Vec<Value>>(),
        "sent": sent.map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent))).collect::<Map<_, _>>(),
        "closed_form": closed_form(seen.options, u64::from(seen.job.setup.nodes)),
        "measured": report.metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect::<Map<_, _>>(),
    })
}

fn promised(options: &Options) -> &'static str {
    match options.guarantee {
        Guarantee::BestEffort => "what a process that stays broadcasts, all who stay deliver",
        Guarantee::Reliable => "what one process that stays delivers, all who stay deliver",
        Guarantee::Uniform => "what anybody delivers, all who stay deliver",
        Guarantee::Fifo => "reliable, each sender's messages in its order",
        Guarantee::Causal => "reliable, no message before what its sender had seen",
        Guarantee::Total => "all deliver the same in one order",
    }
}

/// What one broadcast costs over links that lose nothing, nobody else broadcasting.
fn closed_form(options: &Options, n: u64) -> Value {
    let (messages, delays) = match (options.guarantee, options.relay) {
        (Guarantee::Uniform, _) => (n * (n - 1), 2.min(n)),
        (Guarantee::Total, _) => (n * (n - 1), 2),
        (_, Relay::Eager) => (n * (n - 1), 1),
        (_, Relay::Never | Relay::Lazy) => (n - 1, 1),
    };
    let messages = if options.given { Value::from(messages) } else { Value::Null };
    json!({ "messages": messages, "delays": delays })
}
