//! Queues and stacks out of which came more than was put in, told without a search: each element comes out once for each time that it
//! went in.

use super::part::elements;
use super::refute::Refuted;
use super::words;
use crate::history::{Answer, Call, History, Model, Value};
use std::collections::BTreeMap;

/// The first operation that took out an element once too often.
pub(super) fn first(history: &History) -> Option<Refuted> {
    if !matches!(history.model, Model::Queue | Model::Stack) {
        return None;
    }
    let mut put: BTreeMap<(Value, Value), usize> = BTreeMap::new();
    for operation in history.operations.iter().filter(|operation| operation.is_possible()) {
        if let Call::Insert(value) = operation.call {
            *put.entry((operation.key, value)).or_default() += 1;
        }
    }
    let mut taken: Vec<(i64, u32, Value, Value)> = Vec::new();
    for (operation, index) in history.operations.iter().zip(0u32..) {
        if let (Call::Take, Some(Answer::Value(value)), Some(response)) =
            (&operation.call, operation.answer(), operation.response)
            && *value != Value::NULL
        {
            taken.push((response, index, operation.key, *value));
        }
    }
    taken.sort_unstable();
    let first = |value: Value| elements(history).iter().filter(|element| **element == value).count();
    for (_, index, key, value) in taken {
        let left = put.entry((key, value)).or_default();
        // What was there from the start is under every key.
        if *left == 0 && first(value) == 0 {
            let reader = words::sentence(history, &history.operations[index as usize], true);
            let value = history.names.tell(value);
            return Some(Refuted { operation: index, why: format!("{reader} took out {value} once more than it was put in") });
        }
        *left = left.saturating_sub(1);
    }
    None
}
