//! The section of a report, with the fields that S1 shows, and the metrics. That merging is commutative and idempotent is not asserted
//! but tried, on the states in which the run ended.

use super::data::{Data, Kind, Operation};
use super::judge::{self, NEVER_OVERDRAWN, NO_LOST_UPDATE, NOTHING_LOST, SPECIFIED};
use super::replica::Replica;
use super::replica::message::{Envelope, Fact};
use super::types::dot::{Dot, VersionVector};
use super::types::laws::{Asked, Order, converge, execution_orders};
use super::types::sets::tagged;
use super::types::{Crdt, Request};
use crate::epidemic::gossip::evidence::{rounds_metric, spreading};
use crate::harness::Seen;
use crate::registry::{Check, CheckInfo, MetricInfo, Report};
use quorate_check::list::Interleaving;
use quorate_engine::Wire;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::seconds;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Operations and merges that the evidence tells.
const TOLD_MAX: usize = 100;
/// Operations that are carried out in every order: 24 for four.
const ORDERED_MAX: usize = 4;
/// Final states that are merged with each other.
const STATES_MERGED_MAX: usize = 8;
/// The largest state, in bytes, that is told in full and merged to and fro.
const STATE_TOLD_MAX: u64 = 10_000;

/// Bytes of the state at the end.
pub(super) const STATE_BYTES: MetricInfo = MetricInfo {
    name: "crdt.state_bytes",
    unit: "bytes",
    summary: "the mean size of the live replicas' states at the end, encoded",
};
/// Requests that could not be done.
pub(super) const REFUSED: MetricInfo =
    MetricInfo { name: "crdt.refused", unit: "", summary: "requests that a replica could not do in the state that it was in" };
/// Acknowledged operations that went with a disk.
pub(super) const GONE: MetricInfo = MetricInfo {
    name: "crdt.gone_with_disks",
    unit: "",
    summary: "acknowledged operations that no live replica has, because the only disk that had them was lost",
};
/// Different sets of operations.
pub(super) const SETS: MetricInfo = MetricInfo {
    name: "crdt.sets_compared",
    unit: "",
    summary: "different sets of operations that replicas had on the way, each with one state",
};

/// What clients were told is done, and is not there.
pub(super) const MISSING: MetricInfo = MetricInfo {
    name: "crdt.missing",
    unit: "",
    summary: "the sum of all acknowledged amounts, less what the first live replica shows at the end: what was lost",
};
/// The lowest sum.
pub(super) const LEAST: MetricInfo = MetricInfo {
    name: "crdt.least_sum",
    unit: "",
    summary: "the least that the sum of all amounts that took effect ever was, with what there was at first: below 0, it was overdrawn",
};
/// Lost by rule.
pub(super) const UNSEEN: MetricInfo = MetricInfo {
    name: "crdt.unseen_losers",
    unit: "",
    summary: "writes that stayed nowhere although no other write had seen them: one less than were concurrent",
};
/// Concurrent typing.
pub(super) const PAIRS: MetricInfo = MetricInfo {
    name: "text.concurrent_runs",
    unit: "",
    summary: "pairs of runs that two users typed at one place, neither knowing of the other's",
};
/// Mixed typing.
pub(super) const INTERLEAVED: MetricInfo = MetricInfo {
    name: "text.interleaved",
    unit: "",
    summary: "pairs of runs that two users typed at one place, neither knowing of the other's, of which neither stands whole before the other",
};

pub(super) fn report(crdt: &str, seen: &Seen<'_, Replica>, report: &mut Report) {
    report.checks.push(Check { name: SPECIFIED.name, verdict: judge::specified(seen) });
    let kept = judge::nothing_lost(seen, report);
    report.checks.push(Check { name: NOTHING_LOST.name, verdict: kept.verdict });
    let convergence = &report.outcome.convergence;
    report.metrics.extend(rounds_metric(convergence));
    let sizes: Vec<u64> = seen.live().map(|(_, replica)| replica.data().wire_len()).collect();
    if !sizes.is_empty() {
        report.metrics.push((STATE_BYTES.name, sizes.iter().sum::<u64>() as f64 / sizes.len() as f64));
    }
    report.metrics.push((REFUSED.name, seen.monitor.refused() as f64));
    report.metrics.push((GONE.name, kept.gone_with_disks as f64));
    report.metrics.push((SETS.name, seen.monitor.sets() as f64));
    of_one_type(seen, report);
    let is_small = sizes.iter().all(|size| *size <= STATE_TOLD_MAX);
    report.evidence = seen.told(|| told(crdt, seen, report, is_small));
}

fn told(crdt: &str, seen: &Seen<'_, Replica>, report: &Report, is_small: bool) -> Value {
    let shown = seen.live().next();
    let rounds = &seen.options.rounds;
    let rule = &seen.options.rule;
    let mut evidence = json!({
        "crdt_type": crdt,
        "node_id": shown.map(|(node, _)| format!("n{node}")),
        "local_operations": local_operations(seen, report),
        "vector_clock": shown.map(|(_, replica)| vector_clock(replica)),
        "current_value": shown.filter(|_| is_small).map(|(_, replica)| value(&replica.data().value(rule))),
        "elements": shown.filter(|_| is_small).and_then(|(_, replica)| elements(replica.data())),
        "merge_operations": merge_operations(seen),
        "convergence_evidence": if is_small { laws(seen) } else { Value::Null },
        "gossip": spreading(rounds.mode, rounds.fanout, seen.job.setup.nodes, &report.outcome.convergence),
    });
    if let (Kind::Cart, Value::Object(evidence)) = (seen.options.kind, &mut evidence) {
        evidence.extend(orders(seen, report));
    }
    evidence
}

/// What is judged and counted of some types only.
fn of_one_type(seen: &Seen<'_, Replica>, report: &mut Report) {
    let mut check = |info: CheckInfo, verdict| report.checks.push(Check { name: info.name, verdict });
    match seen.options.kind {
        Kind::Bounded => check(NEVER_OVERDRAWN, judge::never_overdrawn(seen)),
        Kind::LastWriter => {
            check(NO_LOST_UPDATE, judge::no_lost_update(seen));
            report.metrics.push((UNSEEN.name, judge::unseen_losers(seen) as f64));
        }
        Kind::Text => {
            if let Some(Interleaving { pairs, interleaved }) = judge::interleaving(seen) {
                report.metrics.extend([(PAIRS.name, pairs as f64), (INTERLEAVED.name, interleaved as f64)]);
            }
        }
        _ => {}
    }
    if matches!(seen.options.kind, Kind::Counter | Kind::Bounded | Kind::Log | Kind::ReadAddWrite) {
        report.metrics.extend(missing(seen, report).map(|missing| (MISSING.name, missing)));
        report.metrics.push((LEAST.name, least(seen)));
    }
}

/// See [`MISSING`].
fn missing(seen: &Seen<'_, Replica>, report: &Report) -> Option<f64> {
    let (_, first) = seen.live().next()?;
    let super::types::Value::Number(end) = first.data().value(&seen.options.rule) else { return None };
    let done = seen.answers.iter().zip(&report.outcome.operations).filter(|(_, told)| told.status == OperationStatus::Ok);
    let asked: i128 = done
        .map(|((request, _), _)| match request.ask {
            Request::Add { amount, .. } => i128::from(amount),
            Request::Remove { amount, .. } => -i128::from(amount),
            _ => 0,
        })
        .sum();
    Some((begun(seen) + asked - i128::from(end)) as f64)
}

/// What a bounded counter began with.
fn begun(seen: &Seen<'_, Replica>) -> i128 {
    let (each, replicas) = seen.options.rule.rights;
    if seen.options.kind == Kind::Bounded { i128::from(each) * i128::from(replicas) } else { 0 }
}

/// See [`LEAST`].
fn least(seen: &Seen<'_, Replica>) -> f64 {
    (begun(seen) + seen.monitor.least_sum()) as f64
}

/// A value as JSON.
fn value(value: &super::types::Value) -> Value {
    use super::types::Value as Shown;
    match value {
        Shown::Number(number) => json!(number),
        Shown::Written(written) => json!(written),
        Shown::Several(values) => json!(values),
        Shown::Present(present) => json!(present),
        Shown::Elements(elements) => json!(elements),
        Shown::Entries(entries) => Value::Object(
            entries.iter().map(|(key, entry)| (key.to_string(), self::value(entry))).collect::<Map<String, Value>>(),
        ),
        Shown::Text(text) => json!(text),
        Shown::Tree(parents) => {
            Value::Object(parents.iter().map(|(node, parent)| (node.to_string(), json!(parent))).collect::<Map<String, Value>>())
        }
    }
}

/// S1 `elements`: of a set in which additions win, the tags of each element. Without tombstones those that are gone are not known.
fn elements(data: &Data) -> Option<Value> {
    let mut tags: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
    let tag = |dot: Dot| json!({ "node": dot.origin.to_string(), "sequence": dot.number });
    match data {
        Data::TombstoneSet(set) => {
            for (element, dot, buried) in tagged(set) {
                tags.entry(element).or_default().extend(buried.is_none().then(|| tag(dot)));
            }
        }
        Data::AddWinsSet(set) => {
            for (element, dot) in set.dots() {
                tags.entry(element).or_default().push(tag(dot));
            }
        }
        _ => return None,
    }
    let element =
        |(element, tags): (u32, Vec<Value>)| (element.to_string(), json!({ "present": !tags.is_empty(), "tags": tags }));
    Some(Value::Object(tags.into_iter().map(element).collect()))
}

/// S1 `vector_clock`: of a counter what each origin contributes, as the shown replica knows it; of others how many operations.
fn vector_clock(replica: &Replica) -> Value {
    let entries: Map<String, Value> = match replica.data() {
        Data::Counter(counter) => {
            counter.tallies().take(TOLD_MAX).map(|(origin, tally)| (origin.to_string(), json!(tally.shown()))).collect()
        }
        _ => counts(replica.history()),
    };
    Value::Object(entries)
}

fn counts(history: &VersionVector) -> Map<String, Value> {
    history.iter().take(TOLD_MAX).map(|(origin, count)| (origin.to_string(), json!(count))).collect()
}

fn local_operations(seen: &Seen<'_, Replica>, report: &Report) -> Vec<Value> {
    let operations = &report.outcome.operations;
    let done = seen.monitor.done().filter_map(|(envelope, operation)| {
        let operation = operations.get(operation?.index())?;
        let at = operation.invoked().map_or(0.0, |at| at.seconds());
        (operation.status == OperationStatus::Ok).then_some((at, envelope))
    });
    let mut done: Vec<(f64, &Envelope)> = done.collect();
    done.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tell = |(at, Envelope { dot, operation, .. }): (f64, &Envelope)| {
        let mut told = json!({ "timestamp": at, "node_id": dot.origin.node.to_string() });
        match *operation {
            Operation::Counter(amount) if amount < 0 => told["decrement"] = json!(amount.unsigned_abs()),
            Operation::Counter(amount) => told["increment"] = json!(amount),
            _ => told["operation"] = json!(judge::told(operation)),
        }
        told
    };
    done.into_iter().take(TOLD_MAX).map(tell).collect()
}

/// S1's evidence for commutativity: the first operations of the run in every order, under the run's rule. Each order is carried out twice:
/// all at one copy, one after the other, and each at a replica of its own, of which all are merged in the end.
fn orders(seen: &Seen<'_, Replica>, report: &Report) -> Map<String, Value> {
    let (rule, empty) = (&seen.options.rule, Data::new(seen.options.kind));
    let first = first_asked(seen, report);
    let sources: BTreeSet<u32> = first.iter().map(|(_, asked)| asked.replica).collect();
    let own = |node: u32| sources.iter().take_while(|source| **source < node).count() as u32;
    let carried_out = |replica: &dyn Fn(u32) -> u32| {
        let asked = first.iter().map(|(_, asked)| Asked { replica: replica(asked.replica), request: asked.request.clone() });
        execution_orders(&empty, rule, &asked.collect::<Vec<_>>())
    };
    let (at_one, at_own) = (carried_out(&|_| 0), carried_out(&own));
    let both: Vec<Order> = at_one.iter().chain(&at_own).cloned().collect();
    let converges = converge(&both);
    let told = |order: &Order| match &order.values[..] {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => value(first),
        values => values.iter().map(value).collect(),
    };
    let row = |(one, own): (&Order, &Order)| {
        let names: Vec<String> = one.order.iter().map(|place| format!("op{}", place + 1)).collect();
        json!({ "order": names.join("→"), "result": told(one), "merged": told(own) })
    };
    let shown: BTreeSet<String> = both.iter().flat_map(|order| &order.values).map(ToString::to_string).collect();
    let section = json!({
        "operation_type": "shopping_cart_update",
        "operations": first.iter().map(operation).collect::<Vec<_>>(),
        "execution_orders": at_one.iter().zip(&at_own).map(row).collect::<Vec<_>>(),
        "commutativity_proof": {
            "property": "all_execution_orders_converge",
            "holds": converges,
            "result": shown.into_iter().collect::<Vec<_>>().join(" or "),
            "coordination_avoided": converges,
        },
    });
    match section {
        Value::Object(section) => section,
        _ => unreachable!("it is a table"),
    }
}

/// An operation as S1 shows it.
fn operation((at, asked): &(f64, Asked)) -> Value {
    let (op, item, qty) = match asked.request {
        Request::Add { key, amount, .. } => ("add", key, amount),
        Request::Remove { key, amount } => ("remove", key, amount),
        _ => unreachable!("a cart is asked nothing else"),
    };
    json!({ "node": format!("n{}", asked.replica), "timestamp": at, "op": op, "item": item, "qty": qty })
}

/// What was asked first of those things that were done, when and where.
fn first_asked(seen: &Seen<'_, Replica>, report: &Report) -> Vec<(f64, Asked)> {
    let operations = &report.outcome.operations;
    let asked = seen.monitor.done().filter_map(|(Envelope { dot, .. }, operation)| {
        let place = operation?.index();
        let (request, _) = seen.answers.get(place)?;
        let at = operations.get(place)?.invoked().map_or(0.0, |at| at.seconds());
        Some((at, Asked { replica: dot.origin.node.0, request: request.ask.clone() }))
    });
    let mut asked: Vec<(f64, Asked)> = asked.collect();
    asked.sort_by(|a, b| a.0.total_cmp(&b.0));
    asked.truncate(ORDERED_MAX);
    asked
}

fn merge_operations(seen: &Seen<'_, Replica>) -> Vec<Value> {
    let merges = seen.facts.iter().filter_map(|(at, node, fact)| {
        let Fact::Merged { from, changes } = fact else { return None };
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

/// The laws of merging, tried on the final states and on states that know one operation alone: final states that agree teach nothing.
fn laws(seen: &Seen<'_, Replica>) -> Value {
    let rule = &seen.options.rule;
    let mut samples: Vec<Data> = seen.live().take(STATES_MERGED_MAX).map(|(_, replica)| replica.data().clone()).collect();
    let empty = Data::new(seen.options.kind);
    // Only what had seen nothing can be carried out on nothing.
    let first = seen.monitor.done().filter(|(envelope, _)| envelope.past.is_empty());
    samples.extend(first.take(STATES_MERGED_MAX).map(|(envelope, _)| {
        let mut state = empty.clone();
        state.apply(rule, envelope.dot, &envelope.operation);
        state
    }));
    let merged = |a: &Data, b: &Data| {
        let mut both = a.clone();
        both.merge(rule, b);
        both
    };
    let commutative = samples.iter().all(|a| samples.iter().all(|b| merged(a, b) == merged(b, a)));
    let idempotent = samples.iter().all(|a| {
        let twice = |b: &Data| {
            let once = merged(a, b);
            merged(&once, b) == once
        };
        merged(a, a) == *a && samples.iter().all(twice)
    });
    let forwards = samples.iter().fold(empty.clone(), |sum, state| merged(&sum, state));
    let backwards = samples.iter().rev().fold(empty, |sum, state| merged(&sum, state));
    json!({
        "deterministic": forwards == backwards,
        "commutative": commutative,
        "idempotent": idempotent,
        "coordination_required": false,
    })
}
