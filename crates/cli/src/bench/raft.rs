//! How many runs of Raft a second there are, each with its invariants judged at every event and its history afterwards.

use super::{REPEATS, median, plan, round, timed};
use quorate_lab::run::{Verify, run_seed};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Five servers, ten seconds, a hundred operations a second.
const RAFT: &str = include_str!("../../../../scenarios/raft/bench.toml");

/// Measures it, on one core.
pub(super) fn measure(quick: bool) -> Result<Value, String> {
    let plan = plan("scenarios/raft/bench.toml", RAFT, &[])?;
    let runs: u64 = if quick { 2 } else { 100 };
    let (mut rates, mut digest, mut events) = (Vec::new(), String::new(), 0);
    for _ in 0..REPEATS {
        events = 0;
        let (result, spent) = timed(|| {
            for seed in 1..=runs {
                let report = run_seed(&plan, seed, Verify::IfExpected).map_err(|failure| failure.to_string())?;
                events += report.outcome.events;
                digest = report.outcome.digest.to_string();
            }
            Ok::<(), String>(())
        });
        result?;
        rates.push(runs as f64 / spent.as_secs_f64());
    }
    let rate = median(&mut rates);
    Ok(json!({
        "name": "raft",
        "nodes": plan.nodes,
        "runs": runs,
        "events_per_run": events / runs,
        "runs_per_second": round(rate),
        "spread": [round(rates[0]), round(rates[rates.len() - 1])],
        "digest": digest,
    }))
}

/// At most 80 columns.
pub(super) fn text(text: &mut String, row: &Value) {
    let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
    let _ = writeln!(text, "\n{:16}{:>9}{:>9}{:>14}{:>12}", "protocols", "nodes", "runs", "events a run", "runs/s");
    let _ = writeln!(
        text,
        "{:16}{:>9}{:>9}{:>14}{:>12.0}\n        digest {}",
        row["name"].as_str().unwrap_or(""),
        number("nodes"),
        number("runs"),
        number("events_per_run"),
        number("runs_per_second"),
        row["digest"].as_str().unwrap_or(""),
    );
}
