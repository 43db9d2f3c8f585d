//! The scenario as a tree of values that know where they were written. It stands between the syntax and the readers, so
//! that an override from the command line is a change to the tree, and another syntax needs another builder only.

use super::error::{Origin, Problem, Read};
use crate::units::quoted;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) tree: Tree,
    pub(crate) place: Place,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Text(String),
    /// A whole number; `None` when it is beyond 128 bits.
    Integer(Option<i128>),
    Float(f64),
    Flag(bool),
    /// A date or a time, which no key of a scenario takes.
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value. Invariant: no two entries of a table have the same key.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

/// Where something was written.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In the file, at these bytes.
    File(Range<usize>),
    /// On the command line, in this override.
    Flag(String),
}

impl Place {
    /// A problem at this place.
    pub(crate) fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        let (span, origin) = match self {
            Place::File(span) => (Some(span.clone()), Origin::File),
            Place::Flag(flag) => (None, Origin::Flag(flag.clone())),
        };
        Problem { span, origin, path: path.to_string(), ..Problem::whole(message) }
    }
}

impl Node {
    /// The entries of a table; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.tree {
            Tree::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a table in braces, or a section: its keys stand within it. One that a key with points implies ends where that key does.
    pub(crate) fn is_written_out(&self) -> bool {
        let Place::File(table) = &self.place else { return true };
        let is_within = |entry: &Entry| matches!(&entry.key_place, Place::File(key) if key.end <= table.end);
        self.entries().iter().all(is_within)
    }

    /// What the value is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.tree {
            Tree::Text(_) => "a text",
            Tree::Integer(_) => "a whole number",
            Tree::Float(_) => "a number",
            Tree::Flag(_) => "true or false",
            Tree::Date(_) => "a date or time",
            Tree::List(_) => "a list",
            Tree::Table(_) => "a table",
        }
    }
}

/// The most levels of tables and lists in each other; a scenario needs 6.
pub(super) const DEPTH_MAX: usize = 32;

/// Parses a document.
pub(crate) fn document(text: &str) -> Read<Node> {
    let table = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
    let entries = FILE.entries(table.get_ref(), 0)?;
    Ok(Node { tree: Tree::Table(entries), place: Place::File(table.span()) })
}

/// Parses a value that stands alone, as written in the override `flag`. The outer error says that it is no TOML value.
pub(crate) fn value(text: &str, flag: &str) -> Result<Read<Node>, toml::de::Error> {
    let value = DeValue::parse(text)?;
    Ok(Builder { flag: Some(flag) }.node(&value, 0))
}

fn syntax(text: &str, error: &toml::de::Error) -> Box<Problem> {
    let span = error.span().unwrap_or(text.len()..text.len());
    let there = text.get(span.clone()).unwrap_or_default();
    if error.message() == "duplicate key" {
        let problem = Place::File(span.clone()).problem(there, format!("\"{there}\" stands here a second time; keep one"));
        return Box::new(problem.label("repeated"));
    }
    let unquoted = error.message().starts_with("string values must be quoted") && !there.trim().is_empty();
    let message = match unquoted {
        true => format!("{} is not in quotes; write {}", quoted(there).trim_matches('"'), quoted(there)),
        false => format!("this is not TOML: {}", error.message()),
    };
    Box::new(Place::File(span).problem("", message).label("here"))
}

/// Turns the parser's values into ours.
struct Builder<'a> {
    /// The override that the value comes from, if it does not come from the file.
    flag: Option<&'a str>,
}

const FILE: Builder<'static> = Builder { flag: None };

impl Builder<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        match self.flag {
            Some(flag) => Place::Flag(flag.to_string()),
            None => Place::File(span),
        }
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Read<Node> {
        let place = self.place(value.span());
        if depth > DEPTH_MAX {
            return Err(Box::new(place.problem("", format!("nested more than {DEPTH_MAX} levels deep"))));
        }
        let tree = match value.get_ref() {
            DeValue::String(text) => Tree::Text(text.to_string()),
            DeValue::Integer(number) => Tree::Integer(i128::from_str_radix(number.as_str(), number.radix()).ok()),
            DeValue::Float(number) => Tree::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Tree::Flag(*flag),
            DeValue::Datetime(date) => Tree::Date(date.to_string()),
            DeValue::Array(items) => Tree::List(items.iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => Tree::Table(self.entries(table, depth)?),
        };
        Ok(Node { tree, place })
    }

    fn entries(&self, table: &DeTable<'_>, depth: usize) -> Read<Vec<Entry>> {
        let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
            let node = self.node(value, depth + 1)?;
            Ok(Entry { key: key.get_ref().to_string(), key_place: self.place(key.span()), node })
        };
        table.iter().map(entry).collect()
    }
}
