//! What is wrong with a scenario, as plain data: what, where, and what would be right. Drawing it is the command's business.

use super::Source;
use super::files::{Files, Needed};
use std::fmt;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What is wrong, and as a rule what would be right.
    pub message: String,
    /// What else may help, such as the keys that are allowed.
    pub help: Option<String>,
    /// What to write under the span.
    pub label: String,
    /// The place in the text of its origin, in bytes; none when the problem came with a flag or something is missing altogether.
    pub span: Option<Range<usize>>,
    /// The key, such as `faults[2].at`; empty when the file as a whole is meant.
    pub path: String,
    /// Who wrote it.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The scenario file.
    File,
    /// An override on the command line, as typed: `network.loss=2`.
    Flag(String),
    /// A file that the scenario names.
    Included(Needed),
}

impl Problem {
    /// A problem with the file as a whole.
    pub(crate) fn whole(message: impl Into<String>) -> Problem {
        Problem {
            message: message.into(),
            help: None,
            label: String::new(),
            span: None,
            path: String::new(),
            origin: Origin::File,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }
}

impl fmt::Display for Problem {
    /// `faults[2].at: "5" has no unit; …`, after the flag if it came with one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Origin::Flag(flag) = &self.origin {
            write!(f, "--set {flag}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything found wrong with one scenario, in the order in which it was found; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Errors {
    /// The source's name.
    pub source: String,
    /// The problems; at most [`Errors::LISTED`].
    pub problems: Vec<Problem>,
    /// How many more there were.
    pub unlisted: usize,
}

impl Errors {
    /// More problems than this are counted, not listed.
    pub const LISTED: usize = 50;

    pub(crate) fn new(source: &str, mut problems: Vec<Problem>) -> Errors {
        let unlisted = problems.len().saturating_sub(Errors::LISTED);
        problems.truncate(Errors::LISTED);
        Errors { source: source.to_string(), problems, unlisted }
    }

    /// All of it as lines of text without drawing: `name:line:column: path: message`, each with its help. `source` and `files` are
    /// what was parsed.
    pub fn plain(&self, source: &Source<'_>, files: &Files) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            let (name, bytes) = files.of(&problem.origin, source);
            text += &name;
            if let Some(span) = &problem.span {
                let (line, column) = line_column(bytes, span.start);
                text += &format!(":{line}:{column}");
            }
            text += &format!(": {problem}\n");
            if let Some(help) = &problem.help {
                text += &format!("  help: {help}\n");
            }
        }
        if self.unlisted > 0 {
            text += &format!("{}: and {} more\n", self.source, self.unlisted);
        }
        text
    }
}

/// Line and column of a byte offset, both from 1; the column counts characters, and bytes that are no UTF-8 count one each.
pub fn line_column(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let column =
        before[start..].utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum::<usize>() + 1;
    (line, column)
}

/// Problems as they are collected. A value that could not be read is replaced by any other: the plan is never handed out.
#[derive(Default)]
pub(crate) struct Problems {
    pub(crate) list: Vec<Problem>,
}

/// A value, or what is wrong with it.
pub(crate) type Read<T> = Result<T, Box<Problem>>;

impl Problems {
    /// The value, or a stand-in while the problem is kept.
    pub(crate) fn or<T>(&mut self, read: Read<T>, stand_in: T) -> T {
        self.take(read).unwrap_or(stand_in)
    }

    /// The value, if there is one; else the problem is kept.
    pub(crate) fn take<T>(&mut self, read: Read<T>) -> Option<T> {
        read.map_err(|problem| self.list.push(*problem)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "a\näb\r\nc".as_bytes();
        for (offset, expected) in [(0, (1, 1)), (1, (1, 2)), (2, (2, 1)), (4, (2, 2)), (7, (3, 1)), (99, (3, 2))] {
            assert_eq!(line_column(text, offset), expected, "{offset}");
        }
        assert_eq!(line_column(b"a\n\xff\xfeb", 4), (2, 3));
    }
}
