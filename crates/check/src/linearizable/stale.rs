//! Stale reads of registers, told without a search: a value that was overwritten for certain before the read began, and that nobody can
//! have put there again (the simplest of the cycles of Gibbons and Korach, "Testing shared memories", 1997, §5). It takes n log n time,
//! where the search may have to try much before it gives up.

use super::refute::{Refuted, each_put, each_told};
use super::words;
use crate::history::{History, Model, Operation, Value};

/// The first operation that was told such a value.
pub(super) fn first(history: &History) -> Option<Refuted> {
    if !matches!(history.model, Model::Register | Model::CasRegister | Model::MultiRegister | Model::RwRegister) {
        return None;
    }
    let changes = Changes::of(history);
    for (operation, index) in history.operations.iter().zip(0..) {
        let mut by = None;
        each_told(history.model, operation, |key, value| {
            by = by.or_else(|| Some((key, value, changes.overwrote(history, operation, key, value)?)));
        });
        if let Some((key, value, by)) = by {
            return Some(Refuted { operation: index, why: why(history, operation, key, value, by) });
        }
    }
    None
}

fn why(history: &History, operation: &Operation, key: Value, value: Value, by: u32) -> String {
    let place = if key == Value::NULL { String::new() } else { format!("key {}: ", history.names.tell(key)) };
    let (reader, value) = (words::sentence(history, operation, false), history.names.tell(value));
    let overwriter = words::sentence(history, &history.operations[by as usize], false);
    format!("{place}{reader} was told {value}, which {overwriter} had overwritten for certain before")
}

/// Who put what, and when.
struct Changes {
    /// By key and value, in the order of invocations: the latest response of those so far, never for one that nobody answered.
    makers: Vec<(Value, Value, i64, i64)>,
    /// By key, those that took effect for certain, in the order of their responses: the latest invocation so far, and whose it is.
    overwrites: Vec<(Value, i64, i64, u32)>,
}

impl Changes {
    fn of(history: &History) -> Changes {
        let mut changes = Changes { makers: Vec::new(), overwrites: Vec::new() };
        for (operation, index) in history.operations.iter().zip(0u32..).filter(|(operation, _)| operation.is_possible()) {
            let certain = operation.response.filter(|_| operation.is_ok());
            each_put(operation, |key, value| {
                changes.makers.push((key, value, operation.invoke, certain.unwrap_or(i64::MAX)));
                changes.overwrites.extend(certain.map(|response| (key, response, operation.invoke, index)));
            });
        }
        changes.makers.sort_unstable();
        changes.overwrites.sort_unstable();
        for place in 1..changes.makers.len() {
            let (before, now) = (changes.makers[place - 1], &mut changes.makers[place]);
            if (before.0, before.1) == (now.0, now.1) {
                now.3 = now.3.max(before.3);
            }
        }
        for place in 1..changes.overwrites.len() {
            let (before, now) = (changes.overwrites[place - 1], &mut changes.overwrites[place]);
            if before.0 == now.0 && before.2 > now.2 {
                (now.2, now.3) = (before.2, before.3);
            }
        }
        changes
    }

    /// Who had overwritten a value for certain before an operation began that was told it, after whoever may have put it had ended.
    fn overwrote(&self, history: &History, operation: &Operation, key: Value, value: Value) -> Option<u32> {
        let response = operation.response.unwrap_or(i64::MAX);
        let makers = self.makers.partition_point(|(of, put, invoke, _)| (*of, *put, *invoke) <= (key, value, response));
        let made = makers.checked_sub(1).map(|last| self.makers[last]).filter(|(of, put, ..)| (*of, *put) == (key, value));
        let made = match made {
            Some((.., ended)) => ended,
            None if history.initial(key) == value => i64::MIN,
            None => return None,
        };
        let ended = self.overwrites.partition_point(|(of, end, ..)| (*of, *end) < (key, operation.invoke));
        let last = self.overwrites.get(ended.checked_sub(1)?).filter(|(of, ..)| *of == key);
        last.filter(|(_, _, invoke, _)| *invoke > made).map(|(.., by)| *by)
    }
}
