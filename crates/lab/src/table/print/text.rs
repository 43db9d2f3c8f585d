//! For people: at most 80 columns, however many columns the table has: its cells stand below each other, row by row.

use super::{Figures, verdict};
use crate::report::text::figures::{count, counted};
use crate::report::text::layout::{WIDTH, paragraph};
use crate::table::report::RowReport;
use crate::table::{Cell, TableReport, Verdict};
use std::collections::BTreeMap;

impl TableReport {
    /// The report for people.
    pub fn to_text(&self) -> String {
        let mut text = paragraph(&format!("{}: ", self.name), &self.summary);
        text += &paragraph("Source: ", &self.source);
        text += &self.note.as_ref().map_or_else(String::new, |note| paragraph("Note: ", note));
        for row in &self.rows {
            text.push('\n');
            text += &self.row(row);
        }
        text.push('\n');
        text += &paragraph("", &self.tally());
        text
    }

    fn row(&self, row: &RowReport) -> String {
        let mut text = paragraph("", &row.name);
        let seeds = said(row, |cell| cell.ran.as_ref().map(|ran| counted(ran.seeds.into(), "seed")));
        let within = said(row, |cell| cell.tolerance.clone().filter(|tolerance| tolerance != "exact"));
        let exact = row.cells.iter().any(|cell| cell.tolerance.as_deref() == Some("exact"));
        let within = match (within.is_empty(), exact) {
            (true, true) => "exact".to_string(),
            (true, false) => String::new(),
            (false, _) => format!("within {within}"),
        };
        let facts = [row.measure.clone(), within, seeds].into_iter().filter(|fact| !fact.is_empty());
        text += &paragraph("  ", &facts.collect::<Vec<_>>().join(", "));
        text += &figures(self, row);
        for (cells, note) in notes(self, row) {
            text += &paragraph(&format!("  {cells}: "), &note);
        }
        text += &row.note.as_ref().map_or_else(String::new, |note| paragraph("  Note: ", note));
        text
    }

    fn tally(&self) -> String {
        let cells = self.rows.iter().map(|row| row.cells.len() as u64).sum();
        let verdicts = [(Verdict::Agrees, "agree"), (Verdict::Differs, "differ"), (Verdict::NotBuilt, "not built")];
        let counts = verdicts.into_iter().map(|(verdict, word)| (self.count(verdict), word)).filter(|(count, _)| *count > 0);
        let told: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        let told = if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) };
        format!("{}, {}{told}.", counted(cells, "cell"), counted(self.runs, "run"))
    }
}

/// What the cells of a row have, each once.
fn said(row: &RowReport, of: impl Fn(&Cell) -> Option<String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for one in row.cells.iter().filter_map(of) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all.join(" or ")
}

/// A line for each column. What no cell of the row has is left out.
fn figures(table: &TableReport, row: &RowReport) -> String {
    let mut lines = vec![["", table.word.name(), "closed form", "measured", "95 % interval", ""].map(str::to_string)];
    for (column, cell) in table.columns.iter().zip(&row.cells) {
        let Figures { claimed, closed_form, measured, interval } = Figures::of(cell);
        lines.push([column.clone(), claimed, closed_form, measured, interval, verdict(cell).to_string()]);
    }
    let shown: Vec<usize> = (1..6).filter(|&place| lines[1..].iter().any(|line| !line[place].is_empty())).collect();
    let width = |place: usize| lines.iter().map(|line| line[place].chars().count()).max().unwrap_or(0);
    let taken: usize = shown.iter().map(|&place| width(place) + 2).sum();
    // A longer name has a line of its own.
    let names = width(0).min((WIDTH - 4).saturating_sub(taken)).max(8);
    let mut text = String::new();
    for line in &lines {
        let name = if line[0].chars().count() > names {
            text += &format!("    {}\n", line[0]);
            ""
        } else {
            &line[0]
        };
        let mut written = format!("    {name:names$}");
        for &place in &shown {
            let (cell, width) = (&line[place], width(place));
            written += &if place == 5 { format!("  {cell}") } else { format!("  {cell:>width$}") };
        }
        text += written.trim_end();
        text.push('\n');
    }
    text
}

/// The notes of the cells, each once, with the columns that it is about.
fn notes(table: &TableReport, row: &RowReport) -> Vec<(String, String)> {
    let mut about: BTreeMap<usize, (Vec<&str>, &String)> = BTreeMap::new();
    let mut order: Vec<&String> = Vec::new();
    for (column, cell) in table.columns.iter().zip(&row.cells) {
        for note in &cell.notes {
            let place = order.iter().position(|known| *known == note).unwrap_or_else(|| {
                order.push(note);
                order.len() - 1
            });
            about.entry(place).or_insert((Vec::new(), note)).0.push(column);
        }
    }
    let all = table.columns.len();
    let who = |columns: &[&str]| match columns {
        columns if columns.len() == all && all > 1 => "all".to_string(),
        // More names than that are no beginning of a line.
        [first, .., last] if columns.len() > 2 => format!("{} from {first} to {last}", count(columns.len() as u64)),
        columns => columns.join(", "),
    };
    about.into_values().map(|(columns, note)| (who(&columns), note.clone())).collect()
}
