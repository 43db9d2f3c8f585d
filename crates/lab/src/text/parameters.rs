//! `[parameters]`: names for values, each a number, a quantity or an expression over those above it. Where they are used is
//! `expression`'s business.

use super::error::{Problem, Problems, Read};
use super::protocol;
use super::spot::Spot;
use super::tree::{Place, Tree};
use crate::arithmetic::{self, FUNCTIONS, Measure, Mistake, Names, Parameters, Rational, Token};
use crate::metrics;
use crate::units::{self, quoted};
use quorate_protocols::registry::{self, Protocol};
use std::cell::Cell;

/// The most parameters of one scenario.
const PARAMETERS_MAX: usize = 1_000;

/// The longest name of a parameter.
const NAME_MAX: usize = 64;

/// Words that mean something else where an expression may stand: in an expectation, or as a set of nodes.
const TAKEN: [&str; 5] = ["nodes", "all", "mean", "with", "confidence"];

/// Works out the section, in the order of the file.
pub(crate) fn parameters(root: &Spot<'_>, problems: &mut Problems) -> Parameters {
    let mut parameters = Parameters::default();
    let Some(section) = root.get("parameters") else { return parameters };
    let names: Vec<&str> = section.entries().map(|(name, _)| name).collect();
    if names.len() > PARAMETERS_MAX {
        problems.list.push(*section.fail(format!("{} parameters; {PARAMETERS_MAX} is the most", names.len())));
        return parameters;
    }
    let protocol = root.get("protocol").and_then(|section| registry::find(protocol::named(&section)?));
    let mut broken = Vec::new();
    for (index, (name, spot)) in section.entries().enumerate() {
        let scope = Earlier { parameters: &parameters, later: &names[index..], broken: &broken, leans: Cell::new(false) };
        let read = name_is_free(name, &spot, protocol, &names).and_then(|()| value(&spot, &scope));
        let leans = scope.leans.get();
        match read {
            Ok(value) => parameters.add(name, value),
            Err(problem) => {
                broken.push(name);
                // What leans on a wrong one could only repeat the complaint.
                if !leans {
                    problems.list.push(*problem);
                }
            }
        }
    }
    parameters
}

/// The parameters that were set on the command line, and that nothing asked for: the flag would change nothing.
pub(crate) fn unused(root: &Spot<'_>, parameters: &Parameters) -> Vec<Problem> {
    let Some(section) = root.get("parameters") else { return Vec::new() };
    let set = section.entries().filter(|(_, spot)| matches!(spot.node.place, Place::Flag(_)));
    set.filter(|(name, _)| !parameters.is_used(name)).map(|(name, spot)| *useless(name, &spot, parameters)).collect()
}

fn useless(name: &str, spot: &Spot<'_>, parameters: &Parameters) -> Box<Problem> {
    let others = parameters.names().filter(|other| *other != name && parameters.is_used(other));
    let guess = crate::text::did_you_mean(name, others);
    spot.fail(format!("nothing uses the parameter {}, so this would change nothing{guess}", quoted(name)))
}

fn name_is_free(name: &str, spot: &Spot<'_>, protocol: Option<&Protocol>, names: &[&str]) -> Read<()> {
    if let Some(wrong) = wrong_spelling(name) {
        let guess = crate::text::did_you_mean(name, names.iter().copied().filter(|other| *other != name));
        return Err(spot.fail(format!("{} is no name of a parameter: {wrong}{guess}", quoted(name))));
    }
    if let Some(taken) = taken(name, protocol) {
        return Err(spot.fail(format!("{} is {taken} already; choose another name", quoted(name))));
    }
    let known = |part: &str| part == "nodes" || names.contains(&part) || protocol.is_some_and(|it| has_option(it, part));
    let mut hyphens = name.match_indices('-').map(|(at, _)| (&name[..at], &name[at + 1..]));
    match hyphens.find(|(one, other)| known(one) && known(other)) {
        Some((one, other)) => {
            Err(spot.fail(format!("{} could also mean {one} minus {other}; choose another name", quoted(name))))
        }
        None => Ok(()),
    }
}

/// What else a name means where an expression may stand.
fn taken(name: &str, protocol: Option<&Protocol>) -> Option<String> {
    match protocol {
        _ if TAKEN.contains(&name) => Some("a word of the format".to_string()),
        _ if FUNCTIONS.contains(&name) => Some("a function".to_string()),
        _ if units::is_per(name) => Some("a unit of time".to_string()),
        Some(protocol) if has_option(protocol, name) => Some(format!("an option of {}", protocol.name)),
        Some(protocol) if metrics::of(protocol).any(|metric| metric.name == name) => Some("a metric".to_string()),
        Some(protocol) if protocol.checks.iter().any(|check| check.name == name) => Some("a check".to_string()),
        _ => None,
    }
}

fn has_option(protocol: &Protocol, name: &str) -> bool {
    protocol.options.iter().any(|field| field.name == name)
}

/// What is wrong with a name, as a rule.
fn wrong_spelling(name: &str) -> Option<&'static str> {
    let bytes = name.as_bytes();
    let allowed = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if name.len() > NAME_MAX {
        return Some("it has more than 64 characters");
    }
    if !bytes.iter().all(allowed) || !bytes.first().is_some_and(u8::is_ascii_lowercase) {
        return Some("a-z, 0-9, _ and -, and first a letter");
    }
    let hyphens = name.match_indices('-').all(|(at, _)| bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
    (!hyphens).then_some("behind a - stands a letter, or it would be a minus")
}

/// A parameter may use those above it.
struct Earlier<'a> {
    parameters: &'a Parameters,
    /// Itself, and those below.
    later: &'a [&'a str],
    /// Those above it that have no value, which has been complained about.
    broken: &'a [&'a str],
    /// Whether it asked for one of these.
    leans: Cell<bool>,
}

impl Names for Earlier<'_> {
    fn value(&self, name: &str) -> Option<Measure> {
        self.parameters.get(name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.parameters.has(name) || self.later.contains(&name) || self.broken.contains(&name)
    }

    fn unknown(&self, token: &Token<'_>) -> Mistake {
        self.leans.set(self.leans.get() || self.broken.contains(&token.text));
        match self.later {
            [own, ..] if *own == token.text => token.mistake(format!("{} would be made of itself", token.shown())),
            later if later.contains(&token.text) => {
                token.mistake(format!("{} stands further down; a parameter may use those above it", token.shown()))
            }
            _ => self.parameters.unknown(token),
        }
    }

    fn noun(&self) -> &'static str {
        self.parameters.noun()
    }

    fn expected(&self) -> &'static str {
        self.parameters.expected()
    }
}

fn value(spot: &Spot<'_>, scope: &Earlier<'_>) -> Read<Measure> {
    let number = match &spot.node.tree {
        Tree::Text(text) => return worked_out(spot, text, scope),
        Tree::Integer(Some(number)) => Rational::whole(*number),
        Tree::Integer(None) => None,
        Tree::Float(number) if number.is_finite() => units::exact_float(*number),
        _ => return Err(spot.fail(format!("{} is no value of a parameter; {FORMS}", spot.shown()))),
    };
    let number =
        number.ok_or_else(|| spot.fail(format!("{} has more digits than can be worked out exactly: 38", spot.shown())))?;
    Ok(Measure::plain(number))
}

const FORMS: &str = "write a number, or a text such as \"5ms\", \"1KB\", \"500/s\" or \"2*f+1\"";

fn worked_out(spot: &Spot<'_>, text: &str, scope: &Earlier<'_>) -> Read<Measure> {
    let digits = text.trim().trim_start_matches('-');
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(spot.fail(format!("{} is a number in quotes; write {}", quoted(text), text.trim())));
    }
    arithmetic::evaluate(text, scope).map_err(|mistake| spot.point(text, 0, mistake))
}
