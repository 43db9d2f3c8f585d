//! How many transactions a second are committed over five participants when nothing fails, with the conditions of atomic commitment
//! judged at every event.

use super::{plan, round, timed};
use quorate_lab::run::{Verify, run_seed};
use quorate_lab::text::Override;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A coordinator and five participants, and transactions one after the other.
const COMMIT: &str = include_str!("../../../../scenarios/commit/bench.toml");

/// Measures it, on one core and once: it is long enough.
pub(super) fn measure(quick: bool) -> Result<Value, String> {
    let transactions: u64 = if quick { 1_000 } else { 1_000_000 };
    let more = Override { key: "parameters.transactions".to_string(), value: transactions.to_string() };
    let plan = plan("scenarios/commit/bench.toml", COMMIT, &[more])?;
    let (report, spent) = timed(|| run_seed(&plan, 1, Verify::IfExpected).map_err(|failure| failure.to_string()));
    let report = report?;
    Ok(json!({
        "name": "commit",
        "participants": plan.nodes - 1,
        "transactions": transactions,
        "events": report.outcome.events,
        "transactions_per_second": round(transactions as f64 / spent.as_secs_f64()),
        "seconds": round(spent.as_secs_f64()),
        "digest": report.outcome.digest.to_string(),
    }))
}

/// At most 80 columns.
pub(super) fn text(text: &mut String, row: &Value) {
    let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
    let _ = writeln!(text, "\n{:16}{:>9}{:>14}{:>14}{:>9}{:>9}", "transactions", "nodes", "transactions", "events", "per s", "s");
    let _ = writeln!(
        text,
        "{:16}{:>9}{:>14}{:>14}{:>9.0}{:>9.1}\n        digest {}",
        row["name"].as_str().unwrap_or(""),
        number("participants") + 1.0,
        number("transactions"),
        number("events"),
        number("transactions_per_second"),
        number("seconds"),
        row["digest"].as_str().unwrap_or(""),
    );
}
