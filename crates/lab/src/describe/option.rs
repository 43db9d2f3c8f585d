//! An option of a protocol in the words of the key table.

use quorate_engine::time::show;
use quorate_protocols::options::{Field, FieldKind};

/// What an option takes, in the words of the key table.
pub fn option_takes(field: &Field) -> String {
    match field.kind {
        FieldKind::Integer(low, high) if high == u64::MAX => format!("whole number from {low}"),
        FieldKind::Integer(low, high) => format!("whole number, {low} to {high}"),
        FieldKind::Duration(low, high) => format!("duration, {} to {}", show(low), show(high)),
        FieldKind::Choice(choices) => {
            let words: Vec<String> = choices.iter().map(|choice| format!("\"{}\"", choice.name)).collect();
            match words.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => words.concat(),
            }
        }
        FieldKind::Flag => "true or false".to_string(),
    }
}

/// The value of an option that the file leaves out, as the file would have it.
pub fn option_default(field: &Field) -> String {
    let value = field.default.value().to_string();
    match field.kind {
        FieldKind::Duration(..) | FieldKind::Choice(_) => format!("\"{value}\""),
        FieldKind::Integer(..) | FieldKind::Flag => value,
    }
}
