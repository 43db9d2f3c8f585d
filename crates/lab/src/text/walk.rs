//! The walk over the schema: keys that are not known, keys that are missing, tables where values belong and the reverse. It
//! reports all of them at once, before any value is looked at.

use super::error::{Errors, Problem};
use super::nearest::nearest;
use super::schema::{self, Holds, Key};
use super::spot::Spot;
use super::tree::{Place, Tree};
use crate::units::quoted;
use quorate_protocols::options::Field;
use quorate_protocols::registry;

/// Everything that is wrong with the keys of a document that may have these.
pub(crate) fn check(root: &Spot<'_>, keys: &[Key]) -> Vec<Problem> {
    let mut problems = Vec::new();
    table(root, keys, &mut problems);
    problems
}

fn table(spot: &Spot<'_>, keys: &[Key], problems: &mut Vec<Problem>) {
    let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
    let mistyped = unknown(spot, &known, kind_of(keys), problems);
    for key in keys {
        match spot.get(key.name) {
            Some(value) => shape(&value, &key.holds, problems),
            // The unknown key that was meant has been reported, with the right one.
            None if key.required && !mistyped.contains(&key.name) => problems.push(missing(spot, key)),
            None => {}
        }
    }
}

/// Reports the unknown keys of a table; the known ones that they were probably meant to be.
fn unknown<'k>(spot: &Spot<'_>, known: &[&'k str], kind: &str, problems: &mut Vec<Problem>) -> Vec<&'k str> {
    let mut meant = Vec::new();
    for entry in spot.node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
        // Nobody reads more: beyond, a guess would only cost time.
        let guess = if problems.len() < Errors::LISTED { nearest(&entry.key, known.iter().copied()) } else { None };
        let message = match guess {
            _ if schema::written(kind, &entry.key).is_some() => {
                let how = schema::written(kind, &entry.key).unwrap_or_default();
                format!("{} is not known here: {how}", quoted(&entry.key))
            }
            _ if schema::not_yet(kind, &entry.key) => format!("{} is not built yet", quoted(&entry.key)),
            Some(name) => format!("{} is not known here; did you mean \"{name}\"?", quoted(&entry.key)),
            None => format!("{} is not known here", quoted(&entry.key)),
        };
        meant.extend(guess);
        let allowed =
            if known.is_empty() { "no key is allowed here".to_string() } else { format!("allowed here: {}", known.join(", ")) };
        problems.push(entry.key_place.problem(&spot.below(&entry.key), message).help(allowed).label("not known"));
    }
    meant
}

fn missing(spot: &Spot<'_>, key: &Key) -> Problem {
    let message = format!("\"{}\" is missing; it takes {}", key.name, key.takes);
    let problem = spot.node.place.problem(&spot.below(key.name), message).help(key.doc).label("missing in here");
    match (&spot.node.place, spot.path.is_empty()) {
        // The document has no place of its own.
        (Place::File(_), true) => Problem { span: None, ..problem },
        _ => problem,
    }
}

fn shape(spot: &Spot<'_>, holds: &Holds, problems: &mut Vec<Problem>) {
    match (holds, &spot.node.tree) {
        (Holds::Value, _) | (Holds::File, Tree::Text(_)) => {}
        (Holds::Table(keys) | Holds::ValueOrTable(keys) | Holds::TableOrTables(keys), Tree::Table(_)) => {
            table(spot, keys, problems)
        }
        (Holds::Tables(keys) | Holds::TableOrTables(keys), Tree::List(_)) => {
            for item in spot.list().unwrap_or_default() {
                shape(&item, &Holds::Table(keys), problems);
            }
        }
        (Holds::Rows(keys), Tree::List(_)) => {
            for cell in spot.list().unwrap_or_default().iter().flat_map(|row| row.list().unwrap_or_default()) {
                shape(&cell, &Holds::ValueOrTable(keys), problems);
            }
        }
        // What is no list of lists, its reader says better.
        (Holds::Rows(_) | Holds::ValueOrTable(_), _) | (Holds::Names, Tree::Table(_)) => {}
        (Holds::Protocol, Tree::Table(_)) => protocol(spot, problems),
        (Holds::Protocol, Tree::Text(_)) => {
            if let Err(problem) = spot.word(registry::protocols().iter().map(|protocol| protocol.name)) {
                problems.push(*problem);
            }
        }
        (Holds::Tables(_), _) => {
            problems.push(*spot.fail(format!("{} stands where a list of tables should: [[{}]]", spot.shown(), spot.path)));
        }
        (Holds::File, _) => {
            let message = format!("{} stands where the path of a file should, such as \"latency.csv\"", spot.shown());
            problems.push(*spot.fail(message));
        }
        (Holds::Table(_) | Holds::TableOrTables(_) | Holds::Protocol | Holds::Names, _) => {
            problems.push(*spot.fail(format!("{} stands where a table should: [{}]", spot.shown(), spot.path)));
        }
    }
}

/// `[protocol.NAME]`: exactly one name of the registry, and options of that protocol.
fn protocol(spot: &Spot<'_>, problems: &mut Vec<Problem>) {
    let names: Vec<&str> = registry::protocols().iter().map(|protocol| protocol.name).collect();
    unknown(spot, &names, "protocol", problems);
    if let Err(problem) = spot.only("a scenario's protocol") {
        problems.push(problem.help(format!("write one of [protocol.NAME]: {}", names.join(", "))));
    }
    for (name, options) in spot.entries() {
        let Some(protocol) = registry::find(name) else { continue };
        if options.is_table() {
            let known: Vec<&str> = protocol.options.iter().map(|field: &Field| field.name).collect();
            unknown(&options, &known, "options", problems);
        } else {
            problems.push(*options.fail(format!("{} stands where a table should: [{}]", options.shown(), options.path)));
        }
    }
}

/// The name under which [`schema::NOT_YET`] knows a table of these keys.
fn kind_of(keys: &[Key]) -> &'static str {
    let has = |name| keys.iter().any(|key| key.name == name);
    match () {
        () if has("duration") => "",
        () if has("topology") => "network",
        () if has("lognormal") => "latency",
        () if has("partition") => "fault",
        () if has("around") => "degrade",
        () => "other",
    }
}
