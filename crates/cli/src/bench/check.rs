//! How fast the judges of histories are, on histories made for it. Times belong to the machine and are asserted nowhere; the verdict and
//! the steps that led to it are the same everywhere.

use super::timed;
use quorate_check::budget::Budget;
use quorate_check::checks;
use quorate_check::history::History;
use quorate_check::loads::{cas_register, hard_and_wrong, list_append};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A history under measurement.
struct Measured {
    name: &'static str,
    make: fn(bool) -> History,
    checks: &'static [&'static str],
}

const SEED: u64 = 1;

const LEVELS: &[&str] = &[
    "snapshot-isolation",
    "strong-session-snapshot-isolation",
    "strong-snapshot-isolation",
    "serializable",
    "strong-session-serializable",
    "strict-serializable",
];

const ALL: &[Measured] = &[
    Measured {
        name: "cas, right",
        make: |quick| cas_register(10, if quick { 500 } else { 5_000 }, false, SEED),
        checks: &["linearizable"],
    },
    Measured {
        name: "cas, wrong",
        make: |quick| cas_register(10, if quick { 500 } else { 5_000 }, true, SEED),
        checks: &["linearizable"],
    },
    Measured {
        name: "cas 10x, right",
        make: |quick| cas_register(10, if quick { 500 } else { 50_000 }, false, SEED),
        checks: &["linearizable"],
    },
    Measured {
        name: "cas 10x, wrong",
        make: |quick| cas_register(10, if quick { 500 } else { 50_000 }, true, SEED),
        checks: &["linearizable"],
    },
    Measured { name: "kv, hard key", make: |_| hard_and_wrong(20), checks: &["linearizable"] },
    Measured { name: "append 1e4", make: |quick| list_append(if quick { 500 } else { 10_000 }, SEED), checks: LEVELS },
    Measured { name: "append 1e6", make: |quick| list_append(if quick { 500 } else { 1_000_000 }, SEED), checks: LEVELS },
];

/// Measures them all.
pub(super) fn measure(quick: bool) -> Vec<Value> {
    ALL.iter().map(|measured| measured.measure(quick)).collect()
}

impl Measured {
    fn measure(&self, quick: bool) -> Value {
        let history = (self.make)(quick);
        let repeats = if quick || history.operations.len() > 100_000 { 1 } else { super::REPEATS };
        let mut seconds = Vec::new();
        let mut verdicts = Vec::new();
        for _ in 0..repeats {
            let (found, spent) = timed(|| self.judge(&history));
            verdicts = found;
            seconds.push(spent.as_secs_f64());
        }
        verdicts.dedup();
        json!({
            "name": self.name,
            "operations": history.operations.len(),
            "checks": self.checks.len(),
            "verdict": verdicts.join(", "),
            "seconds": super::median(&mut seconds),
        })
    }

    fn judge(&self, history: &History) -> Vec<&'static str> {
        let checks = self.checks.iter().filter_map(|name| checks::named(name));
        checks.map(|check| (check.judge)(history, &mut Budget::new(u64::MAX, u64::MAX)).verdict.name()).collect()
    }
}

/// At most 80 columns.
pub(super) fn text(text: &mut String, rows: &[Value]) {
    let _ = writeln!(text, "\n{:16}{:>12}{:>8}{:>12}{:>14}", "judges", "operations", "checks", "verdict", "ms");
    for row in rows {
        let _ = writeln!(
            text,
            "{:16}{:>12}{:>8}{:>12}{:>14.2}",
            row["name"].as_str().unwrap_or(""),
            row["operations"].as_u64().unwrap_or(0),
            row["checks"].as_u64().unwrap_or(0),
            row["verdict"].as_str().unwrap_or(""),
            row["seconds"].as_f64().unwrap_or(f64::NAN) * 1e3,
        );
    }
}
