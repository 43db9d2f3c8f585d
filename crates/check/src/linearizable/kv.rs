//! Registers under keys: read, write, compare-and-set, and transactions of reads and writes, each a step of its own. Keys that no
//! transaction joins are objects of their own.

use super::explain::seconds;
use super::{Footprint, Model, Outcome, Part};
use crate::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// An operation on registers.
pub type Operation = super::Operation<Op, Answer>;

/// What is asked. A register that was never written holds nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// What does the key hold?
    Read(u32),
    /// Put a value under the key.
    Write(u32, u64),
    /// Put `new` under the key if it holds `expected`.
    Cas {
        /// The key.
        key: u32,
        /// What it must hold.
        expected: Option<u64>,
        /// What it is to hold.
        new: u64,
    },
    /// All of these, with nothing in between.
    Transaction(Vec<Access>),
}

/// A part of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// What does the key hold, the transaction's own writes included?
    Read(u32),
    /// Put a value under the key.
    Write(u32, u64),
}

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The write took place.
    Done,
    /// The key holds this.
    Value(Option<u64>),
    /// The compare-and-set put its value.
    Swapped,
    /// It did not, for the key holds this.
    Held(Option<u64>),
    /// What the reads of a transaction found, in their order.
    Values(Vec<Option<u64>>),
}

/// The registers of one part.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    /// The only key; `None` when there are several.
    key: Option<u32>,
}

/// What registers hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Values {
    /// One register.
    One(Option<u64>),
    /// Those of several that were written.
    Many(BTreeMap<u32, u64>),
}

impl Values {
    fn get(&self, key: u32) -> Option<u64> {
        match self {
            Values::One(value) => *value,
            Values::Many(values) => values.get(&key).copied(),
        }
    }

    fn set(&mut self, key: u32, value: u64) {
        match self {
            Values::One(held) => *held = Some(value),
            Values::Many(values) => {
                values.insert(key, value);
            }
        }
    }

    fn with(&self, key: u32, value: u64) -> Values {
        let mut next = self.clone();
        next.set(key, value);
        next
    }
}

impl Model for Registers {
    type Op = Op;
    type Result = Answer;
    type State = Values;

    fn initial(&self) -> Values {
        if self.key.is_some() { Values::One(None) } else { Values::Many(BTreeMap::new()) }
    }

    fn step(&self, state: &Values, op: &Op, result: Option<&Answer>) -> Option<Values> {
        match (op, result) {
            (Op::Read(_), None) => Some(state.clone()),
            (Op::Read(key), Some(Answer::Value(value))) => (state.get(*key) == *value).then(|| state.clone()),
            (Op::Write(key, value), None | Some(Answer::Done)) => Some(state.with(*key, *value)),
            (Op::Cas { key, expected, new }, _) => match (state.get(*key), result) {
                (held, None | Some(Answer::Swapped)) if held == *expected => Some(state.with(*key, *new)),
                (_, None) => Some(state.clone()),
                (held, Some(Answer::Held(told))) => (held == *told && held != *expected).then(|| state.clone()),
                _ => None,
            },
            (Op::Transaction(accesses), None | Some(Answer::Values(_))) => transact(state, accesses, result),
            _ => None,
        }
    }

    fn changes(&self, op: &Op, result: Option<&Answer>) -> bool {
        match (op, result) {
            (Op::Read(_), _) | (Op::Cas { .. }, Some(Answer::Held(_))) => false,
            (Op::Write(..) | Op::Cas { .. }, _) => true,
            (Op::Transaction(accesses), _) => accesses.iter().any(|access| matches!(access, Access::Write(..))),
        }
    }

    fn footprint(&self, op: &Op, result: Option<&Answer>) -> Option<Footprint<Values>> {
        let (needs, makes) = match (op, result) {
            _ if self.key.is_none() => return None,
            (Op::Read(_), Some(Answer::Value(value))) => (Some(*value), None),
            (Op::Read(_), _) => (None, None),
            (Op::Write(_, value), _) => (None, Some(Some(*value))),
            (Op::Cas { .. }, Some(Answer::Held(value))) => (Some(*value), None),
            (Op::Cas { expected, new, .. }, _) => (Some(*expected), Some(Some(*new))),
            (Op::Transaction(_), _) => return None,
        };
        Some(Footprint { needs: needs.map(Values::One), makes: makes.map(Values::One) })
    }

    fn tell(&self, op: &Op, result: Option<&Answer>) -> String {
        let at = |key: &u32| if self.key.is_some() { String::new() } else { format!(" of key {key}") };
        match (op, result) {
            (Op::Read(key), Some(Answer::Value(value))) => format!("read{} that found {}", at(key), told(*value)),
            (Op::Read(key), _) => format!("read{}", at(key)),
            (Op::Write(key, value), _) => format!("write{} of {value}", at(key).replace(" of", " to")),
            (Op::Cas { key, expected, new }, result) => {
                let change = format!("cas{} from {} to {new}", at(key).replace(" of", " at"), told(*expected));
                match result {
                    Some(Answer::Held(held)) => format!("{change} that found {}", told(*held)),
                    _ => change,
                }
            }
            (Op::Transaction(accesses), result) => {
                let mut found = match result {
                    Some(Answer::Values(values)) => Some(values.iter()),
                    _ => None,
                };
                let each: Vec<String> = accesses
                    .iter()
                    .map(|access| match access {
                        Access::Write(key, value) => format!("key {key} := {value}"),
                        Access::Read(key) => match found.as_mut().and_then(Iterator::next) {
                            Some(value) => format!("key {key} = {}", told(*value)),
                            None => format!("key {key} = ?"),
                        },
                    })
                    .collect();
                format!("transaction [{}]", each.join(", "))
            }
        }
    }

    fn tell_state(&self, state: &Values) -> String {
        match state {
            Values::One(value) => format!("holds {}", told(*value)),
            Values::Many(values) => {
                let each: Vec<String> = values.iter().map(|(key, value)| format!("{value} under key {key}")).collect();
                if each.is_empty() { "holds nothing".to_string() } else { format!("holds {}", each.join(", ")) }
            }
        }
    }
}

fn transact(state: &Values, accesses: &[Access], result: Option<&Answer>) -> Option<Values> {
    let mut found = match result {
        Some(Answer::Values(values)) => Some(values.iter()),
        _ => None,
    };
    let mut next = state.clone();
    for access in accesses {
        match *access {
            Access::Write(key, value) => next.set(key, value),
            Access::Read(key) => {
                if let Some(found) = &mut found
                    && *found.next()? != next.get(key)
                {
                    return None;
                }
            }
        }
    }
    let all_compared = found.is_none_or(|mut rest| rest.next().is_none());
    all_compared.then_some(next)
}

fn told(value: Option<u64>) -> String {
    value.map_or_else(|| "nothing".to_string(), |value| value.to_string())
}

/// Judges a history of registers; see [`super::judge`] for the budget. Values that nobody can have written are refuted without a search.
pub fn judge(history: &[Operation], budget: u64) -> Verdict {
    match written(history) {
        Verdict::Ok => super::judge(&parts(history), budget),
        refuted => refuted,
    }
}

/// Holds when every value that was told had been asked to be written under its key by then. This much even replicas promise that
/// promise no order.
pub fn written(history: &[Operation]) -> Verdict {
    let mut writers: BTreeMap<(u32, u64), &Operation> = BTreeMap::new();
    for operation in history.iter().filter(|operation| operation.outcome != Outcome::Refused) {
        each_write(&operation.op, |key, value| {
            let first = writers.entry((key, value)).or_insert(operation);
            if operation.invoke < first.invoke {
                *first = operation;
            }
        });
    }
    for operation in history {
        let mut wrong = None;
        each_seen(operation, |key, value| match writers.get(&(key, value)) {
            None => wrong = wrong.take().or(Some((key, value, None))),
            Some(first) if operation.response.is_some_and(|response| first.invoke > response) => {
                wrong = wrong.take().or(Some((key, value, Some(*first))));
            }
            Some(_) => {}
        });
        let Some((key, value, first)) = wrong else { continue };
        let model = Registers { key: Some(key) };
        let reader = super::explain::one(&model, operation);
        return Verdict::Violation(match first {
            None => format!("key {key}: {reader} was told {value}, which nobody wrote there"),
            Some(first) => format!(
                "key {key}: {reader} was told {value}, which client {} asked to be written only at {}",
                first.process,
                seconds(first.invoke)
            ),
        });
    }
    Verdict::Ok
}

/// The parts of a history: keys that transactions join, directly or through others, are one.
fn parts(history: &[Operation]) -> Vec<Part<'_, Registers>> {
    let mut joined: BTreeMap<u32, u32> = BTreeMap::new();
    let kept: Vec<&Operation> = noticeable(history);
    for operation in &kept {
        let first = keys(&operation.op).next();
        for key in keys(&operation.op) {
            let (a, b) = (root(&mut joined, first.expect("there is a key")), root(&mut joined, key));
            joined.insert(a.max(b), a.min(b));
        }
    }
    let mut by_root: BTreeMap<u32, Vec<&Operation>> = BTreeMap::new();
    for operation in kept {
        if let Some(key) = keys(&operation.op).next() {
            by_root.entry(root(&mut joined, key)).or_default().push(operation);
        }
    }
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for key in joined.keys().copied().collect::<Vec<u32>>() {
        members.entry(root(&mut joined, key)).or_default().push(key);
    }
    let part = |(root, operations): (u32, Vec<_>)| match &members[&root][..] {
        [key] => Part { name: format!("key {key}"), model: Registers { key: Some(*key) }, operations },
        keys => {
            let keys: Vec<String> = keys.iter().map(u32::to_string).collect();
            Part { name: format!("keys {}", keys.join(", ")), model: Registers { key: None }, operations }
        }
    };
    by_root.into_iter().map(part).collect()
}

fn root(joined: &mut BTreeMap<u32, u32>, key: u32) -> u32 {
    let parent = *joined.entry(key).or_insert(key);
    if parent == key {
        return key;
    }
    let found = root(joined, parent);
    joined.insert(key, found);
    found
}

/// Without what was refused, and without what is unknown and left no trace: no answer tells a value of it, and no other operation that
/// may have taken effect waits for one. Whatever order there is, is one without it too.
fn noticeable(history: &[Operation]) -> Vec<&Operation> {
    let mut seen: BTreeSet<(u32, u64)> = BTreeSet::new();
    for operation in history.iter().filter(|operation| operation.outcome != Outcome::Refused) {
        each_seen(operation, |key, value| {
            seen.insert((key, value));
        });
        if let Op::Cas { key, expected: Some(expected), .. } = operation.op {
            seen.insert((key, expected));
        }
    }
    let matters = |operation: &&Operation| match operation.outcome {
        Outcome::Known(_) => true,
        Outcome::Refused => false,
        Outcome::Unknown => {
            let mut noticed = false;
            each_write(&operation.op, |key, value| noticed |= seen.contains(&(key, value)));
            noticed
        }
    };
    history.iter().filter(matters).collect()
}

fn keys(op: &Op) -> impl Iterator<Item = u32> + '_ {
    let (one, many): (Option<u32>, &[Access]) = match op {
        Op::Read(key) | Op::Write(key, _) | Op::Cas { key, .. } => (Some(*key), &[]),
        Op::Transaction(accesses) => (None, accesses),
    };
    one.into_iter().chain(many.iter().map(|access| match access {
        Access::Read(key) | Access::Write(key, _) => *key,
    }))
}

fn each_write(op: &Op, mut each: impl FnMut(u32, u64)) {
    match op {
        Op::Read(_) => {}
        Op::Write(key, value) | Op::Cas { key, new: value, .. } => each(*key, *value),
        Op::Transaction(accesses) => {
            for access in accesses {
                if let Access::Write(key, value) = *access {
                    each(key, value);
                }
            }
        }
    }
}

/// Every value that the operation's answer tells.
fn each_seen(operation: &Operation, mut each: impl FnMut(u32, u64)) {
    let Outcome::Known(answer) = &operation.outcome else { return };
    match (&operation.op, answer) {
        (Op::Read(key), Answer::Value(Some(value))) | (Op::Cas { key, .. }, Answer::Held(Some(value))) => each(*key, *value),
        (Op::Cas { key, expected: Some(expected), .. }, Answer::Swapped) => each(*key, *expected),
        (Op::Transaction(accesses), Answer::Values(values)) => {
            let reads = accesses.iter().filter_map(|access| match access {
                Access::Read(key) => Some(*key),
                Access::Write(..) => None,
            });
            for (key, value) in reads.zip(values) {
                if let Some(value) = value {
                    each(key, *value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
