//! What the intervals are worth: how often they cover what is known to be true. A property of the mathematics and no rate, but asked for in
//! the same way, and by the same people.

use quorate_lab::statistics::coverage::{Coverage, Family, coverages};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Asks every question.
pub(super) fn measure(quick: bool) -> Vec<Value> {
    let row = |coverage: Coverage| {
        json!({
            "question": coverage.question,
            "interval": match coverage.family {
                Family::Exact => "exact",
                Family::Sequential => "sequence",
                Family::Student => "t",
            },
            "repeats": coverage.repeats,
            "covered": coverage.share(),
            "values": coverage.values,
            "doubted": f64::from(coverage.doubted) / f64::from(coverage.repeats),
        })
    };
    coverages(if quick { 50 } else { 2_000 }).into_iter().map(row).collect()
}

/// At most 80 columns.
pub(super) fn text(text: &mut String, rows: &[Value]) {
    let _ = writeln!(text, "\n{:55}{:>8}{:>8}{:>9}", "intervals at 95 %", "covered", "values", "doubted");
    for row in rows {
        let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "{:55}{:>6.1} %{:>8.0}{:>7.0} %",
            row["question"].as_str().unwrap_or(""),
            number("covered") * 100.0,
            number("values"),
            number("doubted") * 100.0,
        );
    }
}
