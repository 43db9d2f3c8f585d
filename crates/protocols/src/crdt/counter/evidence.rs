//! The counters' section of a report, with the fields that S1 shows, and the judgement over final values. That merging is
//! commutative and idempotent is not asserted but tried, on the states in which the run ended.

use super::COUNTER_VALUE;
use super::actor::{Counter, Fact, Request};
use super::counts::{Combine, Counts};
use crate::epidemic::gossip::evidence::{rounds_metric, spreading};
use crate::epidemic::gossip::state::State;
use crate::harness::Seen;
use crate::registry::{Check, Report};
use crate::sorted::Merged;
use quorate_check::{Verdict, counter};
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::seconds;
use serde_json::{Map, Value, json};

/// Operations and merges that the evidence tells.
const TOLD_MAX: usize = 100;
/// Final states that are merged with each other.
const STATES_MERGED_MAX: usize = 16;

pub(super) fn report(crdt: &str, seen: &Seen<'_, Counter>, report: &mut Report) {
    let verdict = values(seen, report);
    report.checks.push(Check { name: COUNTER_VALUE, verdict });
    let convergence = &report.outcome.convergence;
    report.metrics.extend(rounds_metric(convergence));
    let shown = seen.live().next();
    report.evidence = json!({
        "crdt_type": crdt,
        "node_id": shown.map(|(node, _)| format!("n{node}")),
        "local_operations": local_operations(seen, report),
        "vector_clock": shown.map(|(_, counter)| counter.counts(vector_clock)),
        "current_value": shown.map(|(_, counter)| counter.value()),
        "merge_operations": merge_operations(seen),
        "convergence_evidence": laws(seen, report),
        "gossip": spreading(seen.options.mode, seen.options.fanout, seen.job.setup.nodes, &report.outcome.convergence),
    });
}

fn values(seen: &Seen<'_, Counter>, report: &Report) -> Verdict {
    let outcome = &report.outcome;
    let additions: Vec<counter::Addition> = seen
        .answers
        .iter()
        .zip(&outcome.operations)
        .filter_map(|((request, _), operation)| {
            let Request::Add(amount) = *request else { return None };
            match operation.status {
                OperationStatus::Ok => Some(counter::Addition { amount, acknowledged: true }),
                OperationStatus::Unknown => Some(counter::Addition { amount, acknowledged: false }),
                OperationStatus::Refused | OperationStatus::Unsent => None,
            }
        })
        .collect();
    let finals: Vec<counter::Final> =
        seen.live().map(|(replica, counter)| counter::Final { replica, value: counter.value() }).collect();
    counter::judge(&additions, &finals, outcome.convergence.since.is_some())
}

/// S1 `vector_clock`: what each replica contributes, as the shown replica knows it.
fn vector_clock(counts: &Counts) -> Value {
    let entry = |(node, tally): (quorate_engine::NodeId, &super::counts::Tally)| {
        let value = i64::try_from(tally.value()).unwrap_or(if tally.value() < 0 { i64::MIN } else { i64::MAX });
        (node.to_string(), json!(value))
    };
    Value::Object(counts.tallies().take(TOLD_MAX).map(entry).collect::<Map<String, Value>>())
}

fn local_operations(seen: &Seen<'_, Counter>, report: &Report) -> Vec<Value> {
    let operations = seen.answers.iter().zip(&report.outcome.operations);
    let taken = operations.filter(|(_, operation)| operation.status == OperationStatus::Ok);
    let told = taken.filter_map(|((request, _), operation)| {
        let Request::Add(amount) = *request else { return None };
        let (key, size) = if amount < 0 { ("decrement", amount.unsigned_abs()) } else { ("increment", amount.unsigned_abs()) };
        let at = operation.invoked().map_or(0.0, |at| at.seconds());
        Some(json!({ "timestamp": at, "node_id": operation.to.to_string(), key: size }))
    });
    told.take(TOLD_MAX).collect()
}

fn merge_operations(seen: &Seen<'_, Counter>) -> Vec<Value> {
    let merges = seen.facts.iter().filter_map(|(at, node, fact)| {
        let Fact::Merged { from, changes, .. } = fact else { return None };
        let changes: Map<String, Value> =
            changes.iter().map(|(whose, old, new)| (whose.to_string(), json!(format!("{old}->{new}")))).collect();
        Some(json!({
            "timestamp": seconds(at.0),
            "node_id": node.to_string(),
            "merged_from": from.to_string(),
            "changes": changes,
        }))
    });
    merges.take(TOLD_MAX).collect()
}

/// The laws of merging, tried on the final states and on states that know one addition alone: final states that agree teach
/// nothing, nor do those of a wrong merge that have run into the end of the numbers.
fn laws(seen: &Seen<'_, Counter>, report: &Report) -> Value {
    let rule = &seen.options.rule;
    let mut samples: Vec<Counts> =
        seen.live().take(STATES_MERGED_MAX).map(|(_, counter)| counter.counts(Counts::clone)).collect();
    samples.extend(report.outcome.convergence.updates.iter().take(STATES_MERGED_MAX).filter_map(|accepted| {
        let Request::Add(amount) = seen.answers[accepted.operation.index()].0 else { return None };
        Some(Counts::default().apply(rule, &amount, accepted.update))
    }));
    let commutative = samples.iter().all(|a| samples.iter().all(|b| merged(a, b, rule) == merged(b, a, rule)));
    let idempotent = samples.iter().all(|a| {
        let twice = |b: &Counts| {
            let once = merged(a, b, rule);
            merged(&once, b, rule) == once
        };
        merged(a, a, rule) == *a && samples.iter().all(twice)
    });
    let all = |sum: Counts, state: &Counts| merged(&sum, state, rule);
    let forwards = samples.iter().fold(Counts::default(), all);
    let backwards = samples.iter().rev().fold(Counts::default(), all);
    json!({
        "deterministic": forwards == backwards,
        "commutative": commutative,
        "idempotent": idempotent,
        "coordination_required": false,
    })
}

fn merged(ours: &Counts, theirs: &Counts, rule: &Combine) -> Counts {
    match ours.merge(theirs, rule) {
        Merged::Ours => ours.clone(),
        Merged::Theirs => theirs.clone(),
        Merged::New(both) => both,
    }
}
