//! The files that a scenario needs beside itself: latency samples, edge lists, matrices. The scenario names them, whoever calls
//! [`super::parse`] brings their contents, and nothing here opens anything.

use super::Source;
use super::error::{Origin, Problem, Read};
use super::schema::{self, Holds, Key};
use super::spot::Spot;
use super::tree::{Place, Tree};
use crate::units::quoted;
use std::collections::BTreeMap;
use std::ops::Range;

/// The longest included file: 64 MiB.
pub const INCLUDED_BYTES_MAX: usize = 64 << 20;

/// A file that a scenario needs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Needed {
    /// Its path, as written.
    pub path: String,
    /// What the path is relative to.
    pub base: Base,
}

/// What a relative path is relative to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Base {
    /// The folder of the scenario, which names the file.
    Scenario,
    /// The folder that the command runs in: an override names the file.
    Working,
}

/// The files that were brought, by what was asked for.
#[derive(Clone, Default, Debug)]
pub struct Files {
    by_need: BTreeMap<Needed, Brought>,
}

#[derive(Clone, Debug)]
struct Brought {
    /// What messages call it: as a rule, its path as resolved.
    name: String,
    bytes: Result<Vec<u8>, String>,
}

impl Files {
    /// Adds a file under the name that messages call it by: its bytes, or why there are none.
    pub fn add(&mut self, needed: Needed, name: impl Into<String>, bytes: Result<Vec<u8>, String>) {
        self.by_need.insert(needed, Brought { name: name.into(), bytes });
    }

    /// The text in which a problem has its place, and the name of it: an included file's, or else the scenario's.
    pub fn of<'a>(&'a self, origin: &Origin, scenario: &Source<'a>) -> (String, &'a [u8]) {
        let included = match origin {
            Origin::Included(needed) => self.by_need.get(needed),
            Origin::File | Origin::Flag(_) => None,
        };
        match included {
            Some(Brought { name, bytes: Ok(bytes) }) => (name.clone(), bytes),
            _ => (scenario.name.clone(), scenario.bytes),
        }
    }
}

/// The contents of an included file, with the key that names it.
pub(crate) struct Included<'a> {
    spot: Spot<'a>,
    needed: Needed,
    bytes: &'a [u8],
}

impl<'a> Spot<'a> {
    /// The text here, if it is no path but the contents of a file themselves: a JSON object. So does a resolved scenario say what it read.
    pub(crate) fn itself(&self) -> Option<&'a str> {
        self.text().ok().filter(|text| text.trim_start().starts_with('{'))
    }

    /// The file that the text here names.
    pub(crate) fn included(&self) -> Read<Included<'a>> {
        let needed = needed(self)?;
        let brought = self.given.files.by_need.get(&needed);
        match brought {
            Some(Brought { bytes: Ok(bytes), .. }) if bytes.len() > INCLUDED_BYTES_MAX => Err(self.fail(format!(
                "{} has {} bytes; an included file has at most {INCLUDED_BYTES_MAX} (64 MiB)",
                quoted(&needed.path),
                bytes.len()
            ))),
            Some(Brought { bytes: Ok(bytes), .. }) => Ok(Included { spot: self.clone(), needed, bytes }),
            Some(Brought { bytes: Err(reason), name }) => Err(self.fail(format!("cannot read {name}: {reason}"))),
            None => Err(self.fail(format!("the contents of {} are not at hand here", quoted(&needed.path)))),
        }
    }
}

impl<'a> Included<'a> {
    /// The contents as text.
    pub(crate) fn text(&self) -> Read<&'a str> {
        let text = super::utf8(self.bytes).map_err(|problem| self.placed(*problem))?;
        Ok(&text[self.mark()..])
    }

    /// The length of the mark with which some spreadsheets and editors begin a text. It says nothing.
    fn mark(&self) -> usize {
        if self.bytes.starts_with("\u{feff}".as_bytes()) { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// A problem at these bytes of the text.
    pub(crate) fn fail(&self, span: Range<usize>, message: impl Into<String>) -> Box<Problem> {
        let span = span.start + self.mark()..span.end + self.mark();
        self.placed(Problem { span: Some(span), ..Problem::whole(message) }.label("here"))
    }

    fn placed(&self, problem: Problem) -> Box<Problem> {
        Box::new(Problem { origin: Origin::Included(self.needed.clone()), path: self.spot.path.clone(), ..problem })
    }
}

/// The files that a document names, each once. Keys that hold no path are left to their readers.
pub(super) fn named(root: &Spot<'_>) -> Vec<Needed> {
    let mut found = Vec::new();
    table(root, schema::SCENARIO, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn table(spot: &Spot<'_>, keys: &[Key], found: &mut Vec<Needed>) {
    for key in keys {
        let Some(value) = spot.get(key.name) else { continue };
        match key.holds {
            Holds::File if value.itself().is_some() => {}
            Holds::File => found.extend(needed(&value).ok()),
            Holds::Table(keys) | Holds::Tables(keys) | Holds::TableOrTables(keys) | Holds::ValueOrTable(keys) => {
                let items = value.list().unwrap_or_else(|| vec![value]);
                items.iter().for_each(|item| table(item, keys, found));
            }
            Holds::Rows(keys) => {
                let rows = value.list().unwrap_or_default();
                rows.iter().flat_map(|row| row.list().unwrap_or_default()).for_each(|cell| table(&cell, keys, found));
            }
            Holds::Value | Holds::Protocol | Holds::Names => {}
        }
    }
}

fn needed(spot: &Spot<'_>) -> Read<Needed> {
    let Tree::Text(path) = &spot.node.tree else {
        return Err(spot.fail(format!("{} stands where the path of a file should, such as \"latency.csv\"", spot.shown())));
    };
    if path.is_empty() || path.contains('\0') {
        return Err(spot.fail(format!("{} is no path; write one relative to this scenario", quoted(path))));
    }
    let base = match spot.node.place {
        Place::File(_) => Base::Scenario,
        Place::Flag(_) => Base::Working,
    };
    Ok(Needed { path: path.clone(), base })
}
