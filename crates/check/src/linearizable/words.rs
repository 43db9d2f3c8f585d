//! Operations and times in words.

use super::objects::text::shorten;
use super::part::found;
use crate::history::{Act, Answer, Call, Found, History, Model, Operation, TimeUnit, Value, write};

/// `process 4's read 5 (2.1s to 2.3s)`.
pub(super) fn sentence(history: &History, operation: &Operation, with_key: bool) -> String {
    let end = match operation.response {
        Some(response) => format!("to {}", time(history, response)),
        None => "unanswered".to_string(),
    };
    let told = label(history, operation, with_key);
    format!("process {}'s {told} ({} {end})", operation.process, time(history, operation.invoke))
}

/// The same of one that is under way: `(from 2.1s)` when it was never answered.
pub(super) fn under_way(history: &History, operation: &Operation, with_key: bool) -> String {
    match operation.response {
        Some(_) => sentence(history, operation, with_key),
        None => {
            let told = label(history, operation, with_key);
            format!("process {}'s {told} (from {})", operation.process, time(history, operation.invoke))
        }
    }
}

/// `read 5`; without an answer, as it was asked.
pub(super) fn label(history: &History, operation: &Operation, with_key: bool) -> String {
    words(history, operation, operation.answer(), with_key)
}

fn words(history: &History, operation: &Operation, answer: Option<&Answer>, with_key: bool) -> String {
    let name = write::name(history.model, &operation.call);
    let tell = |value: &Value| value_of(history, *value);
    let asked = match &operation.call {
        Call::Write(value) | Call::Append(value) | Call::Insert(value) => format!("{name} {}", tell(value)),
        Call::Add(value) | Call::Remove(value) | Call::Contains(value) => format!("{name} {}", tell(value)),
        Call::Cas { expected, new } => format!("{name} {} to {}", tell(expected), tell(new)),
        Call::Increment(by) => format!("{name} {by}"),
        Call::Transaction(accesses) => {
            let mut found = found(answer);
            let each = accesses.iter().map(|access| {
                let key = tell(&access.key);
                match access.act {
                    Act::Write(value) if history.model == Model::ListAppend => format!("{key} += {}", tell(&value)),
                    Act::Write(value) => format!("{key} := {}", tell(&value)),
                    Act::Read => match found.next() {
                        Some(Found::Value(value)) => format!("{key} = {}", tell(value)),
                        Some(Found::List(values)) => format!("{key} = {}", list(history, values)),
                        None => format!("{key} = ?"),
                    },
                }
            });
            format!("txn {}", each.collect::<Vec<_>>().join(", "))
        }
        Call::Read | Call::Acquire | Call::Release | Call::Take | Call::Generate => name.to_string(),
    };
    let key = match with_key && operation.key != Value::NULL {
        true => format!(" at {}", tell(&operation.key)),
        false => String::new(),
    };
    match answer {
        Some(Answer::Value(value)) => format!("{asked} {}{key}", tell(value)),
        Some(Answer::Number(number)) => format!("{asked} {number}{key}"),
        Some(Answer::Values(values)) => format!("{asked} {}{key}", list(history, values)),
        Some(Answer::Flag(true)) => format!("{asked} yes{key}"),
        Some(Answer::Flag(false)) => format!("{asked} no{key}"),
        _ => format!("{asked}{key}"),
    }
}

fn value_of(history: &History, value: Value) -> String {
    shorten(&history.names.tell(value))
}

/// The last few of a list.
fn list(history: &History, values: &[Value]) -> String {
    const SHOWN: usize = 6;
    let skipped = values.len().saturating_sub(SHOWN);
    let shown: Vec<String> = values[skipped..].iter().map(|value| value_of(history, *value)).collect();
    format!("[{}{}]", if skipped > 0 { "… " } else { "" }, shown.join(" "))
}

/// A time as the history has it: seconds, exact to the microsecond and without trailing zeros, where its unit is known.
pub(super) fn time(history: &History, at: i64) -> String {
    let per_micro = match history.time {
        TimeUnit::Unspecified => return at.to_string(),
        TimeUnit::Nanoseconds => 1_000,
        TimeUnit::Picoseconds => 1_000_000,
    };
    let micros = at.unsigned_abs() / per_micro;
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let sign = if at < 0 { "-" } else { "" };
    format!("{sign}{}s", text.trim_end_matches('0').trim_end_matches('.'))
}
