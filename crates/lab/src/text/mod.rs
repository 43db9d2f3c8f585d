//! Scenario text to [`Plan`]. The bytes become a tree of values that know their places (`tree`), overrides change the tree
//! (`flags`), a walk over the [`schema`] finds what is unknown, missing or of the wrong shape (`walk`), and small readers, one
//! a section, make the plan. Nothing is repaired or ignored on the way: what cannot be meant is an error that says what is
//! wrong, where, and what would be right.

mod clocks;
mod error;
mod expectations;
mod faults;
mod flags;
mod intervals;
mod latency;
mod nearest;
mod network;
mod nodes;
mod protocol;
mod scenario;
pub mod schema;
mod spot;
mod timeline;
mod topology;
mod tree;
mod walk;
mod workload;

pub use error::{Errors, Origin, Problem, line_column};
pub(crate) use nearest::did_you_mean;

use crate::plan::Plan;
use error::{Problems, Read};
use spot::Spot;
use tree::Node;

/// The longest scenario: 16 MiB.
pub const SOURCE_BYTES_MAX: usize = 16 << 20;

/// A scenario as somebody wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source<'a> {
    /// What messages call it: as a rule, its path as typed.
    pub name: String,
    /// Its bytes, not yet known to be text.
    pub bytes: &'a [u8],
}

/// A change on the command line: `--set key=value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// The key's path: `network.loss`, `faults[0].at`.
    pub key: String,
    /// A TOML value; what is none is taken as a text, so that nobody quotes twice.
    pub value: String,
}

impl Override {
    /// Takes `key=value` apart at the first `=`; `None` without one.
    pub fn of(text: &str) -> Option<Override> {
        let (key, value) = text.split_once('=')?;
        Some(Override { key: key.to_string(), value: value.to_string() })
    }
}

/// Reads a scenario with its overrides.
///
/// # Errors
/// Everything that is wrong with it, as far as one thing does not hide another: first the syntax alone, then all keys, then
/// all values.
pub fn parse(source: &Source<'_>, overrides: &[Override]) -> Result<Plan, Errors> {
    let refuse = |problems| Errors::new(&source.name, problems);
    let mut root = document(source.bytes).map_err(|problem| refuse(vec![*problem]))?;
    let problems = flags::apply(&mut root, overrides);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let root = Spot::root(&root);
    let problems = walk::check(&root);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let mut problems = Problems::default();
    match scenario::plan(&root, &mut problems) {
        Some(plan) if problems.list.is_empty() => Ok(plan),
        _ => {
            assert!(!problems.list.is_empty(), "a scenario without a plan has no problem either: {}", source.name);
            Err(refuse(problems.list))
        }
    }
}

/// The bytes as a tree.
fn document(bytes: &[u8]) -> Read<Node> {
    if bytes.len() > SOURCE_BYTES_MAX {
        let message = format!("the file has {} bytes; a scenario has at most {SOURCE_BYTES_MAX} (16 MiB)", bytes.len());
        return Err(Box::new(Problem::whole(message)));
    }
    let root = tree::document(utf8(bytes)?)?;
    if root.entries().is_empty() {
        let message = "the file is empty; a scenario has at least schema, name, duration, nodes and [protocol.NAME]";
        return Err(Box::new(Problem::whole(message)));
    }
    Ok(root)
}

fn utf8(bytes: &[u8]) -> Read<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - at);
        let message = format!("byte {:#04x} here is not UTF-8 text; save the file as UTF-8", bytes[at]);
        Box::new(Problem { span: Some(at..at + length), ..Problem::whole(message) }.label("not UTF-8"))
    })
}
