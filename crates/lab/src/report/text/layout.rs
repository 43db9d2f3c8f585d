//! Lines of at most [`WIDTH`] columns: tables, wrapped words, colours. It knows nothing of reports.

use crate::expect::Standing;

/// No line is longer, but for one word that is.
pub(crate) const WIDTH: usize = 80;

/// Whether a report may colour its verdicts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Characters only.
    Plain,
    /// With the escape sequences of terminals.
    Coloured,
}

impl Style {
    /// A text in the colour of a verdict.
    pub(super) fn verdict(self, standing: Standing, text: &str) -> String {
        let colour = match standing {
            Standing::Held => 32,
            Standing::Failed => 31,
            Standing::Undecided => 33,
        };
        self.wrap(&format!("1;{colour}"), text)
    }

    /// A heading.
    pub(super) fn heading(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Style::Plain => text.to_string(),
            Style::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// Words after `first`, broken into lines; the lines after the first are indented as far. `shown` is how many columns `first`
/// takes, which is less than its length when it is coloured.
pub(super) fn wrapped(first: &str, shown: usize, words: &str) -> String {
    let mut text = first.to_string();
    let mut column = shown;
    let mut fresh = true;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if !fresh && column + 1 + length > WIDTH {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', shown));
            column = shown;
            fresh = true;
        }
        if !fresh {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
        fresh = false;
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
    text
}

/// [`wrapped`] after a plain beginning.
pub(crate) fn paragraph(first: &str, words: &str) -> String {
    wrapped(first, first.chars().count(), words)
}

/// A table: the first column stands left, the others right; columns are as wide as they need to be, and stand closer where
/// the table would be too wide.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let wide = widths.iter().map(|width| width + 2).sum::<usize>() > WIDTH;
    let gap = if wide { " " } else { "  " };
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            line += &if column == 0 { format!("{cell:width$}") } else { format!("{gap}{cell:>width$}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_break_before_the_edge_and_keep_their_indent() {
        let words = "word ".repeat(40);
        let text = paragraph("  note: ", &words);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("        word")), "{text}");
        assert_eq!(paragraph("a ", ""), "a\n");
    }

    #[test]
    fn tables_align() {
        let row = |cells: &[&str]| cells.iter().map(|cell| cell.to_string()).collect();
        assert_eq!(table(&[row(&["kind", "sent"]), row(&["push", "1,000"])]), "  kind   sent\n  push  1,000\n");
    }
}
