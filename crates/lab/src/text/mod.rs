//! Scenario text to [`Plan`]. The bytes, TOML or JSON, become a tree of values that know their places (`tree`, `json`), overrides
//! change the tree (`flags`), a walk over the [`schema`] finds what is unknown, missing or of the wrong shape (`walk`), the
//! parameters are worked out (`parameters`), and small readers, one a section, make the plan. Nothing is repaired or ignored on
//! the way: what cannot be meant is an error that says what is wrong, where, and what would be right.
//!
//! Nothing is opened either. A scenario may name files that it needs beside itself: [`files_needed`] lists them, and the caller
//! hands their contents to [`parse`].

mod clients;
mod clocks;
mod disks;
mod error;
mod expectations;
mod expression;
mod faults;
mod files;
mod flags;
mod hosts;
mod intervals;
mod json;
mod latency;
mod matrix;
mod nearest;
mod nemesis;
mod network;
mod nodes;
mod parameters;
mod protocol;
mod regions;
mod samples;
mod scenario;
pub mod schema;
mod spot;
mod table;
mod timeline;
mod topology;
mod trace;
mod tree;
mod walk;
mod workload;

pub use error::{Errors, Origin, Problem, line_column};
pub use files::{Base, Files, INCLUDED_BYTES_MAX, Needed};
pub(crate) use nearest::did_you_mean;
pub(crate) use table::Held;
pub use table::{is_table, table};
pub use topology::{EdgeListError, edge_list};
pub use trace::{Trace, Transaction};

use crate::arithmetic::Parameters;
use crate::plan::Plan;
use error::{Problems, Read};
use spot::{Given, Spot};
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

/// The files that a scenario needs beside itself, each once.
///
/// # Errors
/// What is wrong with its syntax, its overrides and its keys: as far as [`parse`] comes without the files.
pub fn files_needed(source: &Source<'_>, overrides: &[Override]) -> Result<Vec<Needed>, Errors> {
    let root = checked(source, overrides)?;
    Ok(files::named(&Spot::root(&root, Given { parameters: &Parameters::default(), files: &Files::default() })))
}

/// Reads a scenario with its overrides. `files` holds what [`files_needed`] listed; a scenario that needs none takes
/// `&Files::default()`.
///
/// # Errors
/// Everything that is wrong with it, as far as one thing does not hide another: first the syntax alone, then all keys, then
/// the parameters, then all values.
pub fn parse(source: &Source<'_>, overrides: &[Override], files: &Files) -> Result<Plan, Errors> {
    let root = checked(source, overrides)?;
    let mut problems = Problems::default();
    let parameters =
        parameters::parameters(&Spot::root(&root, Given { parameters: &Parameters::default(), files }), &mut problems);
    let root = Spot::root(&root, Given { parameters: &parameters, files });
    let plan = if problems.list.is_empty() { scenario::plan(&root, &mut problems) } else { None };
    if plan.is_some() {
        problems.list.extend(parameters::unused(&root, &parameters));
    }
    match plan {
        Some(plan) if problems.list.is_empty() => Ok(plan),
        _ => {
            assert!(!problems.list.is_empty(), "a scenario without a plan has no problem either: {}", source.name);
            Err(Errors::new(&source.name, problems.list))
        }
    }
}

/// What a protocol refuses, at the place in the text that is to blame: the key, or the nearest table above it where a default holds.
/// `None` when there is no such place.
pub fn blamed(source: &Source<'_>, overrides: &[Override], path: &str, message: &str) -> Option<Errors> {
    let root = checked(source, overrides).ok()?;
    let (parameters, files) = (Parameters::default(), Files::default());
    let mut spot = Spot::root(&root, Given { parameters: &parameters, files: &files });
    let mut missing = String::new();
    for step in path.split('.') {
        let (key, place) = match step.split_once('[') {
            Some((key, rest)) => (key, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        let Some(below) = spot.get(key) else {
            missing = format!("{key}: ");
            break;
        };
        spot = match place {
            Some(place) => below.list()?.into_iter().nth(place)?,
            // A list of one needs no place.
            None => below.list().filter(|list| list.len() == 1 && list[0].is_table()).map_or(below, |mut list| list.remove(0)),
        };
    }
    Some(Errors::new(&source.name, vec![*spot.fail(format!("{missing}{message}"))]))
}

/// The line on which the scenario says something under a key of a section; none where a flag says it, or nobody.
pub fn line_of(source: &Source<'_>, overrides: &[Override], section: &str, key: &str) -> Option<usize> {
    let root = checked(source, overrides).ok()?;
    let (parameters, files) = (Parameters::default(), Files::default());
    let spot = Spot::root(&root, Given { parameters: &parameters, files: &files }).get(section)?.get(key)?;
    let problem = spot.fail("");
    let span = problem.span.filter(|_| problem.origin == Origin::File)?;
    Some(line_column(source.bytes, span.start).0)
}

/// The document with its overrides, every key in its place.
fn checked(source: &Source<'_>, overrides: &[Override]) -> Result<Node, Errors> {
    let refuse = |problems| Errors::new(&source.name, problems);
    let mut root = document(source.bytes, EMPTY).map_err(|problem| refuse(vec![*problem]))?;
    if table::has_cells(&root) {
        return Err(refuse(vec![Problem::whole("this is a table and no scenario: quorate table runs it")]));
    }
    let problems = flags::apply(&mut root, overrides);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let given = Given { parameters: &Parameters::default(), files: &Files::default() };
    let problems = walk::check(&Spot::root(&root, given), schema::SCENARIO);
    if problems.is_empty() { Ok(root) } else { Err(refuse(problems)) }
}

const EMPTY: &str = "the file is empty; a scenario has at least schema, name, duration, nodes and [protocol.NAME]";

/// The bytes as a tree; `empty` is what to say where there is nothing.
fn document(bytes: &[u8], empty: &str) -> Read<Node> {
    if bytes.len() > SOURCE_BYTES_MAX {
        let message = format!("the file has {} bytes; it may have at most {SOURCE_BYTES_MAX} (16 MiB)", bytes.len());
        return Err(Box::new(Problem::whole(message)));
    }
    let text = utf8(bytes)?;
    let root = if json::is_json(text) { json::document(text)? } else { tree::document(text)? };
    if root.entries().is_empty() {
        return Err(Box::new(Problem::whole(empty)));
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
