//! The text of an edge list: an edge a line, as two node numbers apart by white space or a comma; `#` starts a comment, and
//! blank lines are skipped. It deliberately opens no file, and does not know how many nodes there are.

use crate::units::quoted;
use quorate_engine::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// What is wrong with an edge list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EdgeListError {
    /// The place, in bytes; [`crate::text::line_column`] makes line and column of it.
    pub span: Range<usize>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for EdgeListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EdgeListError {}

/// Reads the edges, in the order of the text, each once: links go both ways.
///
/// # Errors
/// The first line that is no edge, leads from a node to itself, or repeats an edge; or that there is no edge at all.
pub fn edge_list(text: &str) -> Result<Vec<(u32, u32)>, EdgeListError> {
    let mut edges = Vec::new();
    let mut lines_of = HashMap::default();
    for (index, line) in text.lines().enumerate() {
        let content = content(line);
        if content.is_empty() {
            continue;
        }
        let wrong = |part: &str, message| EdgeListError { span: span(text, part), message };
        let (a, b) = edge(content).map_err(|(part, message)| wrong(part, message))?;
        if a == b {
            return Err(wrong(content, format!("an edge leads from node {a} to itself; remove the line")));
        }
        if let Some(first) = lines_of.insert((a.min(b), a.max(b)), index + 1) {
            let message = format!("nodes {a} and {b} are linked already, in line {first}; links go both ways: keep one");
            return Err(wrong(content, message));
        }
        edges.push((a, b));
    }
    match edges.is_empty() {
        true => Err(EdgeListError { span: 0..0, message: "there is no edge; write one a line, such as 0 1".to_string() }),
        false => Ok(edges),
    }
}

/// Where an edge stands, by its place among the edges.
pub(super) fn place(text: &str, index: usize) -> Option<Range<usize>> {
    text.lines().map(content).filter(|content| !content.is_empty()).nth(index).map(|content| span(text, content))
}

fn content(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// The edge of a line, or the part of it that is wrong with what is wrong.
fn edge(content: &str) -> Result<(u32, u32), (&str, String)> {
    let parts: Vec<&str> = match content.contains(',') {
        true => content.split(',').map(str::trim).collect(),
        false => content.split_whitespace().collect(),
    };
    let [a, b] = parts[..] else {
        return Err((content, format!("{} is no edge; write two nodes, such as 0 1 or 0,1", quoted(content))));
    };
    Ok((node(a).map_err(|message| (a, message))?, node(b).map_err(|message| (b, message))?))
}

fn node(part: &str) -> Result<u32, String> {
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match part.parse() {
        Ok(node) if digits => Ok(node),
        _ if digits => Err(format!("node {part} is beyond the highest number that a node can have, {}", u32::MAX)),
        _ => Err(format!("{} is no node; nodes are whole numbers from 0", quoted(part))),
    }
}

/// Where a part of the text stands in it.
fn span(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::line_column;

    #[test]
    fn edges_in_all_their_forms() {
        let text = "# a comment\n0 1\n\n  1,2\r\n2\t 3   # beside it\n3 , 0\n4294967295 0";
        assert_eq!(edge_list(text), Ok(vec![(0, 1), (1, 2), (2, 3), (3, 0), (u32::MAX, 0)]));
    }

    #[test]
    fn an_edge_has_a_place() {
        let text = "# two\n0 1\n\n  1,2 # the second";
        let shown = |index| place(text, index).map(|span| &text[span]);
        assert_eq!((shown(0), shown(1), shown(2)), (Some("0 1"), Some("1,2"), None));
    }

    #[test]
    fn what_is_no_edge_list_is_told_with_its_place() {
        for (text, line, column, length, expected) in [
            ("0 1\n0 x", 2, 3, 1, "\"x\" is no node; nodes are whole numbers from 0"),
            ("# ü\n0 1 2", 2, 1, 5, "\"0 1 2\" is no edge; write two nodes, such as 0 1 or 0,1"),
            ("0", 1, 1, 1, "\"0\" is no edge"),
            ("0,,1", 1, 1, 4, "\"0,,1\" is no edge"),
            ("0,", 1, 3, 0, "\"\" is no node"),
            ("0, 1 2", 1, 4, 3, "\"1 2\" is no node"),
            ("source,target\n0,1", 1, 1, 6, "\"source\" is no node"),
            ("0 -1", 1, 3, 2, "\"-1\" is no node"),
            ("0 +1", 1, 3, 2, "\"+1\" is no node"),
            ("0 1.0", 1, 3, 3, "\"1.0\" is no node"),
            ("0 4294967296", 1, 3, 10, "node 4294967296 is beyond the highest number that a node can have, 4294967295"),
            ("0 1\n  2 2", 2, 3, 3, "an edge leads from node 2 to itself"),
            ("0 1\n\n1 0", 3, 1, 3, "nodes 1 and 0 are linked already, in line 1; links go both ways: keep one"),
            ("", 1, 1, 0, "there is no edge; write one a line, such as 0 1"),
            ("# nothing\n", 1, 1, 0, "there is no edge"),
        ] {
            let error = edge_list(text).unwrap_err();
            assert!(error.message.contains(expected), "{text:?}: {error}");
            let found = (line_column(text.as_bytes(), error.span.start), error.span.len());
            assert_eq!(found, ((line, column), length), "{text:?}: {error}");
        }
    }
}
