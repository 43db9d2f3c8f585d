//! A few operations drawn against time: a row for each process, a bar for each operation. Columns are in the order of time, but not in
//! proportion to it.

use super::part::Part;
use super::words;
use crate::history::Operation;

/// The widest line, in characters.
const WIDTH: usize = 80;
const MARK: &str = "  <- cannot be placed";

/// The operations, the last of them where there are too many for a line; `misfit` is marked.
pub(super) fn draw(part: &Part<'_>, operations: &[u32], misfit: Option<u32>) -> String {
    let history = part.history;
    let with_key = part.keys.len() > 1;
    let label = |index: &u32| words::label(history, &history.operations[*index as usize], with_key);
    let labels: Vec<String> = operations.iter().map(label).collect();
    let operation = |index: &u32| &history.operations[*index as usize];
    let mut by_end: Vec<usize> = (0..operations.len()).collect();
    by_end.sort_by_key(|position| operation(&operations[*position]).response.unwrap_or(i64::MAX));
    let mut bars: Vec<Bar<'_>> = operations
        .iter()
        .zip(labels)
        .map(|(index, label)| Bar { operation: operation(index), label, is_misfit: misfit == Some(*index) })
        .collect();
    let mut text = format!("\nthese {} operations are a violation by themselves:", bars.len());
    if bars.len() == 1 {
        text = "\nthis is a violation by itself:".to_string();
    }
    let (all, mut legend) = (bars.len(), Vec::new());
    let rows = loop {
        if let Some(rows) = rows(&bars) {
            break rows;
        }
        if legend.is_empty() && bars.len() <= LETTERS.len() {
            // Labels that are too long are told below, under letters.
            legend = bars.iter().zip(LETTERS.chars()).map(|(bar, letter)| (letter, bar.label.clone())).collect();
            bars.iter_mut().zip(LETTERS.chars()).for_each(|(bar, letter)| bar.label = letter.to_string());
            continue;
        }
        // The first to end that is not the one in question says least.
        let first = (0..bars.len())
            .filter(|bar| !bars[*bar].is_misfit)
            .min_by_key(|bar| bars[*bar].operation.response.unwrap_or(i64::MAX));
        let Some(first) = first else { return text };
        bars.remove(first);
        if !legend.is_empty() {
            legend.remove(first);
        }
    };
    if bars.len() < all {
        text += &format!(" the last {} of them", bars.len());
    }
    for row in rows {
        text += "\n";
        text += &row;
    }
    for (letter, label) in legend {
        text += &format!("\n  {letter}: {label}");
    }
    text
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Bar<'a> {
    operation: &'a Operation,
    label: String,
    is_misfit: bool,
}

/// The rows, if they fit.
fn rows(bars: &[Bar<'_>]) -> Option<Vec<String>> {
    let mut processes: Vec<i64> = bars.iter().map(|bar| bar.operation.process).collect();
    processes.sort_unstable();
    processes.dedup();
    let names: Vec<String> = processes.iter().map(|process| format!("  p{process}")).collect();
    let margin = names.iter().map(String::len).max()? + 2;
    let columns = columns(bars);
    let end = columns.last()?.1;
    let mut lines = Vec::new();
    for (process, name) in processes.iter().zip(&names) {
        let mut line: Vec<char> = name.chars().collect();
        let mut is_marked = false;
        for bar in bars.iter().filter(|bar| bar.operation.process == *process) {
            let at = |time: i64| margin + columns[columns.partition_point(|(other, _)| *other < time)].1;
            let from = at(bar.operation.invoke);
            let to = bar.operation.response.map_or(margin + end + 1, at);
            bar.put(&mut line, from, to);
            is_marked |= bar.is_misfit;
        }
        let line: String = line.into_iter().collect();
        lines.push(if is_marked { line + MARK } else { line });
    }
    lines.iter().all(|line| line.chars().count() <= WIDTH).then_some(lines)
}

/// The column of each time, so that every label has room in its bar.
fn columns(bars: &[Bar<'_>]) -> Vec<(i64, usize)> {
    let mut times: Vec<i64> = bars.iter().map(|bar| bar.operation.invoke).collect();
    times.extend(bars.iter().filter_map(|bar| bar.operation.response));
    times.sort_unstable();
    times.dedup();
    let mut columns: Vec<(i64, usize)> = Vec::new();
    for time in times {
        let mut column = columns.last().map_or(0, |last| last.1 + 2);
        for bar in bars.iter().filter(|bar| bar.operation.response == Some(time)) {
            let begins = columns.iter().find(|(other, _)| *other == bar.operation.invoke).map_or(column, |other| other.1);
            column = column.max(begins + bar.label.chars().count() + 3);
        }
        columns.push((time, column));
    }
    // What is open at the end needs room for its label too.
    let open = bars.iter().filter(|bar| bar.operation.response.is_none()).map(|bar| {
        let begins = columns.iter().find(|(other, _)| *other == bar.operation.invoke).map_or(0, |other| other.1);
        begins + bar.label.chars().count() + 3
    });
    if let Some((needed, last)) = open.max().zip(columns.last_mut()) {
        last.1 = last.1.max(needed);
    }
    columns
}

impl Bar<'_> {
    /// Writes the bar into its row, from one column to another.
    fn put(&self, line: &mut Vec<char>, from: usize, to: usize) {
        if line.len() <= to {
            line.resize(to + 1, ' ');
        }
        line[from..=to].fill('-');
        line[from] = '|';
        line[to] = if self.operation.response.is_some() { '|' } else { '?' };
        let label: Vec<char> = self.label.chars().collect();
        let start = from + 1 + (to - from).saturating_sub(1 + label.len()) / 2;
        for (place, letter) in line[start..].iter_mut().zip(label) {
            *place = letter;
        }
    }
}
