//! A scenario's parameters, worked out: names with their values, in the order of the file. They remember who was asked for, so
//! that a change which would change nothing is found.

use super::measure::Measure;
use super::token::Token;
use super::{Mistake, Names};
use crate::text::did_you_mean;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Parameters, in the order in which they were added.
#[derive(Clone, Default, Debug)]
pub struct Parameters {
    list: Vec<Parameter>,
    /// Where in the list each one is.
    places: BTreeMap<String, usize>,
}

#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    value: Measure,
    used: Cell<bool>,
}

impl Parameters {
    /// Adds one; its name must be new.
    pub(crate) fn add(&mut self, name: &str, value: Measure) {
        let earlier = self.places.insert(name.to_string(), self.list.len());
        assert!(earlier.is_none(), "the parameter {name} was added twice");
        self.list.push(Parameter { name: name.to_string(), value, used: Cell::new(false) });
    }

    /// Its value, if there is one of that name. It counts as used from now on.
    pub(crate) fn get(&self, name: &str) -> Option<Measure> {
        let parameter = &self.list[*self.places.get(name)?];
        parameter.used.set(true);
        Some(parameter.value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.places.get(name).is_some_and(|&place| self.list[place].used.get())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|parameter| parameter.name.as_str())
    }

    pub(crate) fn to_list(&self) -> Vec<(String, Measure)> {
        self.list.iter().map(|parameter| (parameter.name.clone(), parameter.value)).collect()
    }
}

/// In a value, the parameters are the only names.
impl Names for Parameters {
    fn value(&self, name: &str) -> Option<Measure> {
        self.get(name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.has(name)
    }

    fn unknown(&self, token: &Token<'_>) -> Mistake {
        let guess = did_you_mean(token.text, self.names());
        let mistake = token.mistake(format!("{} is no parameter{guess}", token.shown()));
        let names: Vec<&str> = self.names().collect();
        match (names.is_empty(), names.len() > LISTED) {
            (true, _) => mistake.help(format!("give it a value: [parameters] {} = …", token.text)),
            (false, true) => mistake.help(format!("there are {} parameters", names.len())),
            (false, false) => mistake.help(format!("parameters are: {}", names.join(", "))),
        }
    }

    fn noun(&self) -> &'static str {
        "value"
    }

    fn expected(&self) -> &'static str {
        "a number or a parameter"
    }
}

/// More names than this are counted, not listed.
const LISTED: usize = 40;
