//! What is judged of a run as a whole: that each replica shows what the operations that it had demand, and that none is missing that
//! somebody was told of.

mod texts;
pub(super) use texts::interleaving;

use super::data::{Kind, Operation};
use super::replica::Replica;
use super::replica::message::Envelope;
use super::types::causal::Change;
use super::types::dot::{Dot, Origin, VersionVector};
use super::types::numbers::{BoundedOperation as Bounded, ResettableOperation as Resettable};
use super::types::sets::TombstoneOperation as Tombstone;
use super::types::{Clock, Crdt, Request as Ask, Rule, Value};
use crate::harness::Seen;
use crate::registry::{CheckInfo, Report};
use quorate_check::Verdict;
use quorate_check::visibility::{self, Did, Event, Observation, Shown, Specification};
use quorate_engine::outcome::OperationStatus;
use quorate_engine::{NodeId, OpId};
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
fn specification(kind: Kind, rule: &Rule) -> Option<Specification> {
    Some(match kind {
        Kind::Counter | Kind::Bounded | Kind::Log => Specification::Sum,
        Kind::Resettable => Specification::ClearableSum,
        Kind::ReadAddWrite => Specification::LastSum,
        Kind::LastWriter if rule.first_wins => Specification::FirstWriter,
        Kind::LastWriter => Specification::LastWriter,
        Kind::MultiValue => Specification::MultiValue,
        Kind::GrowSet => Specification::GrowOnly,
        Kind::TwoPhaseSet => Specification::TwoPhase,
        Kind::TombstoneSet | Kind::AddWinsSet => Specification::AddWins,
        Kind::RemoveWinsSet => Specification::RemoveWins,
        Kind::Map => Specification::ClearableSums,
        Kind::Cart => Specification::Sums,
        Kind::Tree => Specification::Tree,
        Kind::Text => return None,
    })
}

/// What an operation did, in the specification's words; `asked` is what its client asked.
fn did(operation: &Operation, asked: Option<&Ask>) -> Did {
    let added = |key: u32, amount: i64| Did::Add { key, amount };
    match operation {
        Operation::Counter(amount) | Operation::Log(amount) => added(0, *amount),
        Operation::Bounded(Bounded::Add(amount)) => added(0, amount.cast_signed()),
        Operation::Bounded(Bounded::Take(amount)) => added(0, -amount.cast_signed()),
        Operation::Bounded(Bounded::Give(..)) | Operation::Text(_) => Did::Nothing,
        Operation::Resettable(Resettable::Add(amount)) => added(0, *amount),
        Operation::Resettable(Resettable::Reset(_)) => Did::Clear { key: 0 },
        Operation::ReadAddWrite(write) => Did::Write { key: 0, value: write.sum.cast_unsigned(), stamp: write.stamp, over: None },
        Operation::LastWriter(write) => Did::Write { key: write.key, value: write.value, stamp: write.stamp, over: None },
        Operation::MultiValue(change) => {
            let over = match asked {
                Some(Ask::Write { over, .. }) => Some(over.clone()),
                _ => None,
            };
            Did::Write { key: change.key, value: change.put.unwrap_or(0), stamp: 0, over }
        }
        Operation::Tree(step) => Did::Move { node: step.node, parent: step.parent, stamp: step.stamp },
        Operation::GrowSet(element) => added(*element, 1),
        Operation::TwoPhaseSet((element, false)) => added(*element, 1),
        Operation::TwoPhaseSet((key, true)) => Did::Remove { key: *key },
        Operation::TombstoneSet(Tombstone::Add(element)) => added(*element, 1),
        Operation::TombstoneSet(Tombstone::Bury(key, _)) => Did::Remove { key: *key },
        Operation::AddWinsSet(Change { key, put, .. }) => match put {
            Some(()) => added(*key, 1),
            None => Did::Remove { key: *key },
        },
        Operation::RemoveWinsSet(Change { key, put, .. }) => match put {
            Some(true) => added(*key, 1),
            _ => Did::Remove { key: *key },
        },
        Operation::Map(Change { key, put, .. }) => match put {
            Some(amount) => added(*key, *amount),
            None => Did::Clear { key: *key },
        },
        Operation::Cart((item, amount)) => added(*item, *amount),
    }
}

/// A value in the specification's words; a key where one was asked about.
fn shown(specification: Specification, value: &Value, key: Option<u32>) -> Shown {
    let held = |key: u32, values: &[u64]| (!values.is_empty()).then(|| (key, values.to_vec()));
    match value {
        Value::Number(number) => Shown::Number(i128::from(*number)),
        Value::Written(written) => Shown::Values(held(key.unwrap_or(0), written.as_slice()).into_iter().collect()),
        Value::Several(values) => Shown::Values(held(key.unwrap_or(0), values).into_iter().collect()),
        Value::Present(present) => Shown::Elements(key.filter(|_| *present).into_iter().collect()),
        Value::Elements(elements) => Shown::Elements(elements.iter().copied().collect()),
        Value::Entries(entries) if matches!(specification, Specification::Sums | Specification::ClearableSums) => {
            let number = |value: &Value| if let Value::Number(number) = value { i128::from(*number) } else { 0 };
            Shown::Numbers(entries.iter().map(|(key, value)| (*key, number(value))).collect())
        }
        Value::Entries(entries) => Shown::Values(
            entries
                .iter()
                .filter_map(|(key, value)| match value {
                    Value::Written(written) => held(*key, written.as_slice()),
                    Value::Several(values) => held(*key, values),
                    _ => None,
                })
                .collect(),
        ),
        Value::Tree(parents) => Shown::Parents(parents.iter().copied().collect()),
        Value::Text(_) => unreachable!("texts are judged as lists"),
    }
}

fn vector(history: &VersionVector) -> Vec<(u64, u32)> {
    history.iter().map(|(origin, count)| (origin_number(origin), count)).collect()
}

fn origin_number(origin: Origin) -> u64 {
    (u64::from(origin.node.0) << 8) | u64::from(origin.life)
}

/// All that was done, in the specification's words.
fn events(seen: &Seen<'_, Replica>) -> Vec<Event> {
    let asked = |operation: OpId| seen.answers.get(operation.index()).map(|(request, _)| &request.ask);
    let event = |(envelope, operation): (&Envelope, Option<OpId>)| {
        let Envelope { dot, past, operation: done } = envelope;
        let did = did(done, operation.and_then(asked));
        Event { origin: origin_number(dot.origin), number: dot.number, past: vector(past), did }
    };
    seen.monitor.done().map(event).collect()
}

/// See [`SPECIFIED`].
pub(super) fn specified(seen: &Seen<'_, Replica>) -> Verdict {
    let (kind, rule) = (seen.options.kind, &seen.options.rule);
    if seen.live().next().is_none() {
        return Verdict::Unknown("no replica was up at the end".to_string());
    }
    let Some(specification) = specification(kind, rule) else {
        return texts::judge(seen);
    };
    // What a bounded counter began with, nobody added.
    let (each, replicas) = if kind == Kind::Bounded { rule.rights } else { (0, 0) };
    let at_first = i128::from(each) * i128::from(replicas);
    let observation = |replica: u32, history: &VersionVector, key: Option<u32>, value: &Value| {
        let shown = match shown(specification, value, key) {
            Shown::Number(number) => Shown::Number(number - at_first),
            shown => shown,
        };
        Observation { replica, visible: vector(history), key, shown }
    };
    let ends = seen.live().map(|(replica, actor)| observation(replica, actor.history(), None, &actor.data().value(rule)));
    let reads = seen.monitor.reads().iter().map(|read| observation(read.node.0, &read.history, Some(read.key), &read.value));
    let observations: Vec<Observation> = ends.chain(reads).collect();
    visibility::judge(specification, &events(seen), &observations)
}

/// A write that had seen another does not give way to it.
pub(super) const NO_LOST_UPDATE: CheckInfo = CheckInfo {
    name: "no-lost-update",
    summary: "of a register, in the end, no replica shows a write that another write there had seen",
};

/// See [`NO_LOST_UPDATE`].
pub(super) fn no_lost_update(seen: &Seen<'_, Replica>) -> Verdict {
    let rule = &seen.options.rule;
    if rule.first_wins {
        return Verdict::NotJudged("the first write stays, whoever had seen it".to_string());
    }
    if rule.clock == Clock::Wall && seen.job.variant == "right" {
        return Verdict::NotJudged("wall clocks do not promise it".to_string());
    }
    let events = events(seen);
    for (node, replica) in seen.live() {
        let visible: Vec<&Event> = events
            .iter()
            .filter(|event| {
                replica.history().iter().any(|(origin, count)| origin_number(origin) == event.origin && event.number <= count)
            })
            .collect();
        let Shown::Values(last) = Specification::MultiValue.shown(&visible) else { continue };
        let Value::Entries(entries) = replica.data().value(rule) else { continue };
        for (key, value) in entries {
            let Value::Written(Some(value)) = value else { continue };
            let unseen = last.get(&key).map_or(&[][..], Vec::as_slice);
            if !unseen.contains(&value) {
                return Verdict::Violation(format!(
                    "n{node} shows {value} under {key}, and {unseen:?} was written by who had seen that"
                ));
            }
        }
    }
    Verdict::Ok
}

/// Writes that stayed nowhere although no other write had seen them: what "the last one wins" costs.
pub(super) fn unseen_losers(seen: &Seen<'_, Replica>) -> u64 {
    let events = events(seen);
    let visible: Vec<&Event> = events.iter().collect();
    let Shown::Values(last) = Specification::MultiValue.shown(&visible) else { return 0 };
    last.values().map(|values| values.len().saturating_sub(1) as u64).sum()
}

/// Never below zero.
pub(super) const NEVER_OVERDRAWN: CheckInfo =
    CheckInfo { name: "never-overdrawn", summary: "all that was taken away never came to more than there was, at no time" };

/// See [`NEVER_OVERDRAWN`].
pub(super) fn never_overdrawn(seen: &Seen<'_, Replica>) -> Verdict {
    let (each, replicas) = seen.options.rule.rights;
    let least = i128::from(each) * i128::from(replicas) + seen.monitor.least_sum();
    match least {
        0.. => Verdict::Ok,
        _ => Verdict::Violation(format!("what was taken away, all over, came to {} more than there was", -least)),
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
    // Who is in the state of somebody who has it has it: an operation may have no effect, and then nobody needs to hear of it.
    let has = |replica: &Replica, dot: Dot| {
        replica.history().contains(dot) || {
            let digest = replica.data().digest();
            live.iter().any(|(_, other)| other.history().contains(dot) && other.data().digest() == digest)
        }
    };
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
                let lacking = live.iter().find(|(_, replica)| !has(replica, *dot));
                lacking
                    .map(|(node, _)| Verdict::Violation(format!("n{node} does not have {dot}, which a client was told is done")))
            })
            .unwrap_or(Verdict::Ok)
    };
    Kept { verdict, gone_with_disks: gone.len() as u64 }
}

/// An operation in words, for people.
pub(super) fn told(operation: &Operation) -> String {
    match (operation, did(operation, None)) {
        (
            Operation::Counter(_) | Operation::Log(_) | Operation::Bounded(_) | Operation::Resettable(_),
            Did::Add { amount, .. },
        ) => {
            format!("add {amount}")
        }
        (Operation::Map(_) | Operation::Cart(_), Did::Add { key, amount }) => format!("add {amount} to {key}"),
        (_, Did::Add { key, .. }) => format!("add {key}"),
        (_, Did::Remove { key }) => format!("remove {key}"),
        (_, Did::Clear { key }) => format!("clear {key}"),
        (_, Did::Write { key, value, .. }) => format!("write {key} = {value}"),
        (_, Did::Move { node, parent, .. }) => format!("move {node} below {parent}"),
        (_, Did::Nothing) => format!("{operation:?}"),
    }
}
