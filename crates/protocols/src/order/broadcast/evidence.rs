//! The section of a report on broadcasts: what was promised and delivered, what waited for its turn, and what it cost beside the closed forms.

use super::monitor::Fact;
use super::node::Process;
use super::options::{Guarantee, Options, Relay};
use crate::harness::{CONVERGES, Seen};
use crate::order::costs::{self, Courses};
use crate::order::deliveries::{self, AGREEMENT};
use crate::registry::{Check, CheckInfo, MetricInfo, Report, joined};
use quorate_check::Verdict;
use quorate_check::order::{self, Event, Process as Judged, Property, Run, Scope, What};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Best effort: Cachin, Guerraoui and Rodrigues 2011, Module 3.1, BEB1.
pub(super) const VALIDITY: CheckInfo =
    CheckInfo { name: "validity", summary: "what a correct process broadcasts, every correct process has delivered in the end" };

const HELD: &str = "broadcast.held";

pub(super) const METRICS: [MetricInfo; 8] = joined(
    costs::METRICS,
    [MetricInfo { name: HELD, unit: "", summary: "Arrivals that had to wait for others before they could be delivered" }],
);

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
    let courses = Courses::of(seen);
    courses.measure(seen, &[], report);
    let held = seen.facts.iter().filter(|(.., fact)| matches!(fact, Fact::Held(_))).count();
    report.metrics.push((HELD, held as f64));
    let processes = seen.replicas.iter().enumerate();
    report.evidence = seen.told(|| {
        json!({
            "promised": promised(options),
            "links": if options.given { "given" } else { "made" },
            "asked_by_clients": crate::order::request::asked(seen),
            "not_everywhere": courses.not_everywhere(seen),
            "processes": processes
                .map(|(node, process)| costs::process(node, process.as_ref(), |process: &Process| process.delivered.clone()))
                .collect::<Vec<Value>>(),
            "sent": costs::sent(report),
            "closed_form": closed_form(options, u64::from(seen.job.setup.nodes)),
            "measured": costs::measured(report),
        })
    });
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
        (Guarantee::Uniform | Guarantee::Total, _) => (n * (n - 1), 2),
        (_, Relay::Eager) => (n * (n - 1), 1),
        (_, Relay::Never | Relay::Lazy) => (n - 1, 1),
    };
    let messages = if options.given { Value::from(messages) } else { Value::Null };
    json!({ "messages": messages, "delays": delays })
}
