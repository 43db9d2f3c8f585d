//! The test partner of the search: every order of a handful of operations, tried without any cleverness, on objects of its own.

use super::part::Respect;
use crate::history::{Act, Answer, Call, Found, History, Init, Model, Operation, Outcome, Plain, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Operations of a history that the oracle can take.
pub(super) const OPERATIONS_MAX: usize = 8;

/// One object.
#[derive(Clone, Debug)]
enum Thing {
    Register(Value),
    Text(String),
    Lock(bool),
    Sequence(Vec<Value>),
    Set(BTreeSet<Value>),
    Counter(i128),
}

type Things = BTreeMap<Value, Thing>;

/// Whether some order explains the history.
pub(super) fn has_order(history: &History, respect: Respect) -> bool {
    assert!(history.operations.len() <= OPERATIONS_MAX);
    extends(history, respect, 0, &Things::new())
}

fn extends(history: &History, respect: Respect, placed: u32, things: &Things) -> bool {
    let operations = &history.operations;
    let is_open = |index: usize| placed >> index & 1 == 0;
    if operations.iter().enumerate().all(|(index, operation)| !is_open(index) || !operation.is_ok()) {
        return true;
    }
    let comes_before = |other: &Operation, next: &Operation| match respect {
        Respect::RealTime => other.response.is_some_and(|response| response < next.invoke),
        Respect::ProgramOrder => other.process == next.process && other.id < next.id,
    };
    (0..operations.len()).filter(|index| is_open(*index) && operations[*index].outcome != Outcome::Fail).any(|index| {
        let next = &operations[index];
        let is_early = operations
            .iter()
            .enumerate()
            .any(|(other, operation)| is_open(other) && operation.is_ok() && comes_before(operation, next));
        let mut after = things.clone();
        let Some(answer) = carry_out(history, next, &mut after) else { return false };
        let fits = next.answer().is_none_or(|told| is_same(told, &answer));
        !is_early && fits && extends(history, respect, placed | 1 << index, &after)
    })
}

fn is_same(told: &Answer, answer: &Answer) -> bool {
    match (told, answer) {
        (Answer::Done, Answer::Flag(_)) => true,
        (Answer::Values(told), Answer::Values(values)) => {
            let mut told = told.to_vec();
            told.sort_unstable();
            told[..] == values[..]
        }
        _ => told == answer,
    }
}

fn first(history: &History, key: Value) -> Thing {
    let values = |init: &Init| match init {
        Init::Values(values) => values.clone(),
        _ => Vec::new(),
    };
    match (history.model, &history.init) {
        (Model::Kv, Init::Value(value)) => Thing::Text(history.names.tell(*value).replace("\"\"", "")),
        (Model::Kv, _) => Thing::Text(String::new()),
        (Model::Mutex, init) => Thing::Lock(*init == Init::Held(true)),
        (Model::Queue | Model::Stack, init) => Thing::Sequence(values(init)),
        (Model::ListAppend, _) => Thing::Sequence(Vec::new()),
        (Model::Set, init) => Thing::Set(values(init).into_iter().collect()),
        (Model::Counter, Init::Number(number)) => Thing::Counter(i128::from(*number)),
        (Model::Counter, _) => Thing::Counter(0),
        (_, Init::Value(value)) => Thing::Register(*value),
        (_, Init::Keyed(pairs)) => {
            Thing::Register(pairs.iter().find(|(other, _)| *other == key).map_or(Value::NULL, |(_, value)| *value))
        }
        _ => Thing::Register(Value::NULL),
    }
}

/// Carries an operation out, with its answer; `None` when it cannot be carried out at all.
fn carry_out(history: &History, operation: &Operation, things: &mut Things) -> Option<Answer> {
    if let Call::Transaction(accesses) = &operation.call {
        let mut found = Vec::new();
        for access in accesses {
            let thing = things.entry(access.key).or_insert_with(|| first(history, access.key));
            match (access.act, thing) {
                (Act::Read, Thing::Register(value)) => found.push(Found::Value(*value)),
                (Act::Read, Thing::Sequence(values)) => found.push(Found::List(values.clone().into())),
                (Act::Write(value), Thing::Register(held)) => *held = value,
                (Act::Write(value), Thing::Sequence(values)) => values.push(value),
                _ => unreachable!("no transactions on this"),
            }
        }
        return Some(Answer::Found(found.into()));
    }
    let thing = things.entry(operation.key).or_insert_with(|| first(history, operation.key));
    single(history, &operation.call, thing)
}

fn single(history: &History, call: &Call, thing: &mut Thing) -> Option<Answer> {
    let text = |value: &Value| history.names.tell(*value).replace("\"\"", "");
    Some(match (call, thing) {
        (Call::Read, Thing::Register(value)) => Answer::Value(*value),
        (Call::Read, Thing::Text(held)) => Answer::Value(history.names.find(Plain::Text(held)).unwrap_or(Value(u32::MAX))),
        (Call::Read, Thing::Counter(number)) => Answer::Number(i64::try_from(*number).ok()?),
        (Call::Read, Thing::Set(values)) => Answer::Values(values.iter().copied().collect()),
        (Call::Write(value), Thing::Register(held)) => {
            *held = *value;
            Answer::Done
        }
        (Call::Write(value), Thing::Text(held)) => {
            *held = text(value);
            Answer::Done
        }
        (Call::Append(value), Thing::Text(held)) => {
            held.push_str(&text(value));
            Answer::Done
        }
        (Call::Cas { expected, new }, Thing::Register(held)) => {
            let swaps = held == expected;
            if swaps {
                *held = *new;
            }
            Answer::Flag(swaps)
        }
        (Call::Acquire, Thing::Lock(held)) if !*held => {
            *held = true;
            Answer::Done
        }
        (Call::Release, Thing::Lock(held)) if *held => {
            *held = false;
            Answer::Done
        }
        (Call::Insert(value), Thing::Sequence(values)) => {
            values.push(*value);
            Answer::Done
        }
        (Call::Take, Thing::Sequence(values)) if values.is_empty() => Answer::Value(Value::NULL),
        (Call::Take, Thing::Sequence(values)) => {
            Answer::Value(if history.model == Model::Stack { values.pop()? } else { values.remove(0) })
        }
        (Call::Add(value), Thing::Set(values)) => Answer::Flag(values.insert(*value)),
        (Call::Remove(value), Thing::Set(values)) => Answer::Flag(values.remove(value)),
        (Call::Contains(value), Thing::Set(values)) => Answer::Flag(values.contains(value)),
        (Call::Increment(by), Thing::Counter(number)) => {
            *number += i128::from(*by);
            Answer::Done
        }
        _ => return None,
    })
}

/// An object that answers, for generators.
pub(super) struct Actor(Things);

impl Actor {
    pub(super) fn new() -> Actor {
        Actor(Things::new())
    }

    /// Carries an operation out; `None` when it cannot be. Texts that the history has no number for yet get one.
    pub(super) fn carry_out(&mut self, history: &mut History, operation: &Operation) -> Option<Answer> {
        let answer = carry_out(history, operation, &mut self.0)?;
        if let (Some(Thing::Text(text)), Call::Read) = (self.0.get(&operation.key), &operation.call) {
            return Some(Answer::Value(history.names.text(text)));
        }
        Some(answer)
    }
}
