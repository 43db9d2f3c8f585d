//! The section of a report on jobs: what was said, and what it was good for.

use super::message::Request;
use super::node::Node;
use super::{FORCED, MESSAGES, MESSAGES_PER_ITEM, RETRIES, TIME, TWICE};
use crate::harness::Seen;
use crate::registry::Report;
use quorate_engine::Role;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::seconds;
use serde_json::json;

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    let outcome = &report.outcome;
    let items = f64::from(seen.options.items);
    let (mut asked, mut finished) = (0.0, Vec::new());
    for ((request, _), operation) in seen.answers.iter().zip(&outcome.operations) {
        if !matches!(request, Request::Job { .. }) || operation.status == OperationStatus::Unsent {
            continue;
        }
        asked += 1.0;
        if let (OperationStatus::Ok, Some(from), Some(until)) = (operation.status, operation.invoked(), operation.completed()) {
            finished.push(seconds(until.0 - from.0));
        }
    }
    let ledger = &outcome.ledger;
    let sent =
        |role: Role| ledger.by_kind().filter(|(kind, _)| kind.role == role).map(|(_, tally)| tally.sent).sum::<u64>() as f64;
    let mut metrics = vec![(TWICE, seen.monitor.again() as f64)];
    if asked > 0.0 {
        metrics.push((MESSAGES, sent(Role::Protocol) / asked));
        metrics.push((MESSAGES_PER_ITEM, sent(Role::Protocol) / asked / items));
        metrics.push((RETRIES, sent(Role::Retry) / asked));
        metrics.push((FORCED, ledger.forced_writes as f64 / asked));
    }
    if !finished.is_empty() {
        metrics.push((TIME, finished.iter().sum::<f64>() / finished.len() as f64));
    }
    let by_kind = ledger.by_kind().filter(|(kind, tally)| kind.role != Role::Client && tally.sent > 0);
    report.evidence = seen.told(|| json!({
        "mode": seen.job.options.choice("mode"),
        "items_of_a_job": seen.options.items,
        "messages_a_job_closed_form": match seen.options.window {
            Some(_) => 8 * u64::from(seen.options.items),
            None => 2,
        },
        "jobs": { "asked": asked, "finished": finished.len() },
        "items": { "processed": seen.monitor.processed(), "processed_again": seen.monitor.again() },
        "sent": by_kind.map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent))).collect::<serde_json::Map<_, _>>(),
        "measured": metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect::<serde_json::Map<_, _>>(),
    }));
    report.metrics.extend(metrics);
}
