//! For documents: a line for each cell, and below it what must not be overlooked.

use super::{Figures, verdict};
use crate::table::TableReport;

impl TableReport {
    /// The report as Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("**{}**: {}\n\nSource: {}\n\n", self.name, self.summary, self.source);
        text += &format!("| row | column | {} | closed form | measured | 95 % interval | verdict |\n", self.word.name());
        text += "|---|---|---:|---:|---:|---:|---|\n";
        let mut notes: Vec<String> = self.note.iter().cloned().collect();
        for row in &self.rows {
            notes.extend(row.note.iter().map(|note| format!("{}: {note}", row.name)));
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                notes.extend(cell.notes.iter().map(|note| format!("{}, {column}: {note}", row.name)));
                let Figures { claimed, closed_form, measured, interval } = Figures::of(cell);
                let line = [&row.name, column, &claimed, &closed_form, &measured, &interval, verdict(cell)];
                text += &format!("| {} |\n", line.map(|part| part.replace('|', "\\|")).join(" | "));
            }
        }
        if !notes.is_empty() {
            text.push('\n');
        }
        notes.iter().for_each(|note| text += &format!("- {}\n", note.split_whitespace().collect::<Vec<_>>().join(" ")));
        text
    }
}
