//! For spreadsheets: a line for each cell, values in the unit of their metric, what there is not as nothing.

use super::{unit, verdict};
use crate::table::{Cell, TableReport};

const HEAD: &str = "table,row,column,claimed,closed_form,measured,low,high,unit,tolerance,verdict,seeds,first_seed,digest,note";

impl TableReport {
    /// The report as comma-separated values (RFC 4180, but for lines that end with a newline alone).
    pub fn to_csv(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for row in &self.rows {
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                let names = [self.name.clone(), row.name.clone(), column.clone()];
                let line: Vec<String> = names.into_iter().chain(values(cell)).map(|value| quoted(&value)).collect();
                text += &format!("{}\n", line.join(","));
            }
        }
        text
    }
}

fn values(cell: &Cell) -> [String; 12] {
    let number = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default();
    let ran = cell.ran.as_ref();
    [
        number(cell.claimed.as_ref().map(|(value, _)| *value)),
        number(cell.closed_form),
        number(cell.measured),
        number(cell.interval.map(|interval| interval.low)),
        number(cell.interval.map(|interval| interval.high)),
        unit(cell.unit).to_string(),
        cell.tolerance.clone().unwrap_or_default(),
        verdict(cell).to_string(),
        ran.map(|ran| ran.seeds.to_string()).unwrap_or_default(),
        ran.map(|ran| ran.first_seed.to_string()).unwrap_or_default(),
        ran.map(|ran| ran.digest.to_string()).unwrap_or_default(),
        cell.notes.join("; "),
    ]
}

fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\n', '\r']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_string() }
}
