//! What can be told without a search: values that nobody can have put where they were found, and operations that nobody can have
//! noticed.

use super::part::{self, Part, Respect, elements, found};
use super::words;
use crate::Verdict;
use crate::history::{Act, Answer, Call, Found, History, Model, Operation, Outcome, Value};

/// An operation that cannot have been answered so, and why.
pub(super) struct Refuted {
    pub(super) operation: u32,
    pub(super) why: String,
}

/// Holds when every value that was told had been asked to be put there by then, or was there from the start. This much even replicas
/// promise that promise no order.
pub fn written(history: &History) -> Verdict {
    match first(history, Respect::RealTime) {
        None => Verdict::Ok,
        Some(refuted) => Verdict::Violation(refuted.why),
    }
}

/// The first operation that was told a value that cannot have been there.
pub(super) fn first(history: &History, respect: Respect) -> Option<Refuted> {
    let mut asked: Vec<(Value, Value, u32)> = Vec::new();
    for (operation, index) in history.operations.iter().zip(0..).filter(|(operation, _)| operation.is_possible()) {
        each_put(operation, |key, value| asked.push((key, value, index)));
    }
    // Operations are in the order of their invocations: the first of each value is the earliest.
    asked.sort_unstable();
    let earliest = |key: Value, value: Value| {
        let place = asked.partition_point(|(other, put, _)| (*other, *put) < (key, value));
        asked.get(place).filter(|(other, put, _)| (*other, *put) == (key, value)).map(|(_, _, index)| *index)
    };
    for (operation, index) in history.operations.iter().zip(0..) {
        let mut wrong = None;
        each_told(history.model, operation, |key, value| {
            if wrong.is_some() || value == Value::NULL {
                return;
            }
            let by = earliest(key, value).map(|by| &history.operations[by as usize]);
            let is_early = |by: &&Operation| {
                respect == Respect::ProgramOrder || operation.response.is_none_or(|response| by.invoke <= response)
            };
            if by.filter(is_early).is_none() && !is_first(history, key, value) {
                wrong = Some((key, value, by));
            }
        });
        if let Some((key, value, by)) = wrong {
            return Some(Refuted { operation: index, why: why(history, operation, key, value, by) });
        }
    }
    None
}

fn why(history: &History, operation: &Operation, key: Value, value: Value, by: Option<&Operation>) -> String {
    let place = if key == Value::NULL { String::new() } else { format!("key {}: ", history.names.tell(key)) };
    let reader = words::sentence(history, operation, false);
    let value = history.names.tell(value);
    match by {
        None => format!("{place}{reader} was told {value}, which nobody wrote there"),
        Some(by) => {
            let (process, at) = (by.process, words::time(history, by.invoke));
            format!("{place}{reader} was told {value}, which process {process} asked to be written only at {at}")
        }
    }
}

fn is_first(history: &History, key: Value, value: Value) -> bool {
    match history.model {
        Model::Queue | Model::Stack | Model::Set => elements(history).contains(&value),
        _ => history.initial(key) == value,
    }
}

/// Every value that an operation may have put under a key.
pub(super) fn each_put(operation: &Operation, mut each: impl FnMut(Value, Value)) {
    match &operation.call {
        Call::Cas { .. } if operation.answer() == Some(&Answer::Flag(false)) => {}
        Call::Write(value) | Call::Insert(value) | Call::Add(value) | Call::Cas { new: value, .. } => each(operation.key, *value),
        Call::Transaction(accesses) => {
            for access in accesses {
                if let Act::Write(value) = access.act {
                    each(access.key, value);
                }
            }
        }
        _ => {}
    }
}

/// Every value of which the operation's answer tells that it was under a key.
pub(super) fn each_told(model: Model, operation: &Operation, mut each: impl FnMut(Value, Value)) {
    let (key, Some(answer)) = (operation.key, operation.answer()) else { return };
    match (&operation.call, answer) {
        (Call::Read, Answer::Value(_)) if model == Model::Kv => {}
        (Call::Read | Call::Take, Answer::Value(value)) => each(key, *value),
        (Call::Cas { expected: value, .. }, Answer::Flag(true)) => each(key, *value),
        (Call::Contains(value) | Call::Remove(value), Answer::Flag(true)) => each(key, *value),
        (Call::Add(value), Answer::Flag(false)) => each(key, *value),
        (Call::Read, Answer::Values(values)) => values.iter().for_each(|value| each(key, *value)),
        (Call::Transaction(accesses), _) => {
            let reads = accesses.iter().filter(|access| access.act == Act::Read);
            for (access, found) in reads.zip(found(Some(answer))) {
                match found {
                    Found::Value(value) => each(access.key, *value),
                    Found::List(values) => values.iter().for_each(|value| each(access.key, *value)),
                }
            }
        }
        _ => {}
    }
}

/// The operations of a part without those unknown ones that left no trace on its registers: no answer tells a value of theirs, no other
/// operation waits for one, and nobody was told that something else was held. Whatever order there is, is one without them too.
pub(super) fn noticeable(part: &Part<'_>) -> Vec<u32> {
    let history = part.history;
    let is_register = matches!(history.model, Model::Register | Model::CasRegister | Model::MultiRegister | Model::RwRegister);
    if !is_register || part.operations.iter().all(|index| part::is_owed(&history.operations[*index as usize])) {
        return part.operations.clone();
    }
    let operations = || part.operations.iter().map(|index| (*index, &history.operations[*index as usize]));
    let mut seen: Vec<(Value, Value)> = Vec::new();
    let mut compared: Vec<Value> = Vec::new();
    for (_, operation) in operations() {
        each_told(history.model, operation, |key, value| seen.push((key, value)));
        match (&operation.call, &operation.outcome) {
            (Call::Cas { expected, .. }, Outcome::Unknown) => seen.push((operation.key, *expected)),
            (Call::Cas { .. }, Outcome::Ok(Answer::Flag(false))) => compared.push(operation.key),
            _ => {}
        }
    }
    seen.sort_unstable();
    compared.sort_unstable();
    let matters = |operation: &Operation| {
        let mut noticed = part::is_owed(operation);
        each_put(operation, |key, value| {
            noticed |= seen.binary_search(&(key, value)).is_ok() || compared.binary_search(&key).is_ok();
        });
        noticed
    };
    operations().filter(|(_, operation)| matters(operation)).map(|(index, _)| index).collect()
}
