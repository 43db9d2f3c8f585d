//! What is judged of a run as a whole: that each replica shows what the operations that it had demand, and that none is missing that
//! somebody was told of.

use super::data::{Data, Operation};
use super::monitor::Read;
use super::replica::Replica;
use super::replica::message::Envelope;
use super::types::dot::{Dot, Origin, VersionVector};
use super::types::{Crdt, Value};
use crate::harness::Seen;
use crate::registry::{CheckInfo, Report};
use quorate_check::Verdict;
use quorate_check::visibility::{self, Did, Event, Observation, Shown, Specification};
use quorate_engine::NodeId;
use quorate_engine::outcome::OperationStatus;
use std::collections::{BTreeMap, BTreeSet};

/// Each replica shows what its operations demand.
pub(super) const SPECIFIED: CheckInfo = CheckInfo {
    name: "specified",
    summary: "what replicas read, then and in the end, is what the type demands of the operations that they had",
};

/// Nothing acknowledged is missing.
pub(super) const NOTHING_LOST: CheckInfo = CheckInfo {
    name: "nothing-lost",
    summary: "in the end every live replica has every acknowledged operation that was not gone with the only disk that had it",
};

/// The specification of a type; none of a text, which is judged as a list.
fn specification(data: &Data) -> Option<Specification> {
    Some(match data {
        Data::Counter(_) => Specification::Sum,
        Data::Text(_) => return None,
    })
}

/// What an operation did, in the specification's words.
fn did(operation: &Operation) -> Did {
    match operation {
        Operation::Counter(amount) => Did::Add { key: 0, amount: *amount },
        Operation::Text(_) => Did::Nothing,
    }
}

/// A value in the specification's words; a key where one was asked about.
fn shown(value: &Value, key: Option<u32>) -> Shown {
    match value {
        Value::Number(number) => Shown::Number(i128::from(*number)),
        Value::Written(written) => Shown::Values(written.iter().map(|value| (key.unwrap_or(0), vec![*value])).collect()),
        Value::Several(values) => {
            Shown::Values((!values.is_empty()).then(|| (key.unwrap_or(0), values.clone())).into_iter().collect())
        }
        Value::Present(present) => Shown::Elements(key.filter(|_| *present).into_iter().collect()),
        Value::Elements(elements) => Shown::Elements(elements.iter().copied().collect()),
        Value::Entries(entries) => entries_shown(entries),
        Value::Tree(parents) => Shown::Parents(parents.iter().copied().collect()),
        Value::Text(_) => unreachable!("texts are judged as lists"),
    }
}

fn entries_shown(entries: &[(u32, Value)]) -> Shown {
    let is_number = entries.iter().all(|(_, value)| matches!(value, Value::Number(_)));
    match is_number {
        true => Shown::Numbers(
            entries
                .iter()
                .map(|(key, value)| (*key, if let Value::Number(number) = value { i128::from(*number) } else { 0 }))
                .collect(),
        ),
        false => Shown::Values(
            entries
                .iter()
                .map(|(key, value)| match value {
                    Value::Written(value) => (*key, value.iter().copied().collect()),
                    Value::Several(values) => (*key, values.clone()),
                    _ => unreachable!("entries are numbers or registers"),
                })
                .collect(),
        ),
    }
}

fn vector(history: &VersionVector) -> Vec<(u64, u32)> {
    history.iter().map(|(origin, count)| (origin_number(origin), count)).collect()
}

fn origin_number(origin: Origin) -> u64 {
    (u64::from(origin.node.0) << 8) | u64::from(origin.life)
}

fn event(envelope: &Envelope) -> Event {
    let Envelope { dot, past, operation } = envelope;
    Event { origin: origin_number(dot.origin), number: dot.number, past: vector(past), did: did(operation) }
}

/// See [`SPECIFIED`].
pub(super) fn specified(seen: &Seen<'_, Replica>) -> Verdict {
    let Some((_, first)) = seen.live().next() else {
        return Verdict::Unknown("no replica was up at the end".to_string());
    };
    let Some(specification) = specification(first.data()) else {
        return Verdict::Unknown("texts are not judged yet".to_string());
    };
    let events: Vec<Event> = seen.monitor.done().map(|(envelope, _)| event(envelope)).collect();
    let rule = &seen.options.rule;
    let ends = seen.live().map(|(replica, actor)| Observation {
        replica,
        visible: vector(actor.history()),
        key: None,
        shown: shown_whole(specification, &actor.data().value(rule)),
    });
    let reads = seen.monitor.reads().iter().map(|Read { node, key, value, history }| Observation {
        replica: node.0,
        visible: vector(history),
        key: Some(*key),
        shown: shown(value, Some(*key)),
    });
    let observations: Vec<Observation> = ends.chain(reads).collect();
    visibility::judge(specification, &events, &observations)
}

/// The whole value: of nothing at all it is not plain of which kind.
fn shown_whole(specification: Specification, value: &Value) -> Shown {
    match (specification, value) {
        (Specification::LastWriter | Specification::FirstWriter | Specification::MultiValue, Value::Entries(entries))
            if entries.is_empty() =>
        {
            Shown::Values(BTreeMap::new())
        }
        _ => shown(value, None),
    }
}

/// What became of what clients were told.
pub(super) struct Kept {
    /// See [`NOTHING_LOST`].
    pub(super) verdict: Verdict,
    /// Acknowledged operations that were on no disk but one that is gone.
    pub(super) gone_with_disks: u64,
}

/// See [`NOTHING_LOST`].
pub(super) fn nothing_lost(seen: &Seen<'_, Replica>, report: &Report) -> Kept {
    let live: Vec<(u32, &Replica)> = seen.live().collect();
    let operations = &report.outcome.operations;
    let acknowledged: Vec<Dot> = seen
        .monitor
        .done()
        .filter(|(_, operation)| {
            operation
                .is_some_and(|operation| operations.get(operation.index()).is_some_and(|told| told.status == OperationStatus::Ok))
        })
        .map(|(envelope, _)| envelope.dot)
        .collect();
    let anybody_has = |dot: Dot| live.iter().any(|(_, replica)| replica.history().contains(dot));
    let lives: BTreeMap<NodeId, u8> = live.iter().map(|(node, replica)| (NodeId(*node), replica.origin().life)).collect();
    let is_gone = |dot: &Dot| lives.get(&dot.origin.node).is_some_and(|life| *life != dot.origin.life) && !anybody_has(*dot);
    let gone: BTreeSet<Dot> = acknowledged.iter().copied().filter(is_gone).collect();
    let verdict = if live.is_empty() {
        Verdict::Unknown("no replica was up at the end".to_string())
    } else {
        acknowledged
            .iter()
            .filter(|dot| !gone.contains(dot))
            .find_map(|dot| {
                let lacking = live.iter().find(|(_, replica)| !replica.history().contains(*dot));
                lacking
                    .map(|(node, _)| Verdict::Violation(format!("n{node} does not have {dot}, which a client was told is done")))
            })
            .unwrap_or(Verdict::Ok)
    };
    Kept { verdict, gone_with_disks: gone.len() as u64 }
}

/// An operation in words, for people.
pub(super) fn told(operation: &Operation) -> String {
    match did(operation) {
        Did::Add { key: 0, amount } if matches!(operation, Operation::Counter(_)) => format!("add {amount}"),
        Did::Add { key, amount } => format!("add {key} ({amount})"),
        Did::Remove { key } => format!("remove {key}"),
        Did::Clear { key } => format!("clear {key}"),
        Did::Write { key, value, .. } => format!("write {key} = {value}"),
        Did::Move { node, parent, .. } => format!("move {node} below {parent}"),
        Did::Nothing => format!("{operation:?}"),
    }
}
