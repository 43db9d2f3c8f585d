//! For scripts.

use super::{unit, verdict};
use crate::report::json::{interval, number};
use crate::table::report::RowReport;
use crate::table::{Cell, TableReport};
use serde_json::{Value, json};

impl TableReport {
    /// The report as a JSON document: values in the unit of their metric, what there is not as null.
    pub fn to_json(&self) -> Value {
        json!({
            "quorate": env!("CARGO_PKG_VERSION"),
            "table": self.name,
            "summary": self.summary,
            "source": self.source,
            "word": self.word.name(),
            "note": self.note,
            "runs": self.runs,
            "columns": self.columns,
            "rows": self.rows.iter().map(row).collect::<Vec<Value>>(),
        })
    }
}

fn row(row: &RowReport) -> Value {
    json!({ "name": row.name, "measure": row.measure, "note": row.note, "cells": row.cells.iter().map(cell).collect::<Vec<Value>>() })
}

fn cell(cell: &Cell) -> Value {
    let failed = cell
        .failed_checks
        .iter()
        .map(|check| json!({ "name": check.name, "failed": check.failed, "first_failed_seed": check.first_failed_seed }));
    let ran = cell.ran.as_ref();
    json!({
        "claimed": cell.claimed.as_ref().map(|(value, _)| number(*value)),
        "closed_form": cell.closed_form.map(number),
        "measured": cell.measured.map(number),
        "interval": cell.interval.map(interval),
        "verdict": cell.verdict.map(|_| verdict(cell)),
        "note": (!cell.notes.is_empty()).then(|| cell.notes.join("; ")),
        "unit": cell.unit.map(|_| unit(cell.unit)),
        "tolerance": cell.tolerance,
        "failed_checks": failed.collect::<Vec<Value>>(),
        "scenario": ran.map(|ran| &ran.scenario),
        "set": ran.map(|ran| &ran.set),
        "seeds": ran.map(|ran| ran.seeds),
        "first_seed": ran.map(|ran| ran.first_seed),
        "digest": ran.map(|ran| ran.digest.to_string()),
    })
}
