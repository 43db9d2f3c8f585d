//! The checks that can be made of a history, by name. To add one: a file for the judge, a line in [`CHECKS`].

use crate::Verdict;
use crate::budget::Budget;
use crate::history::{History, Model};
use crate::linearizable;
use serde_json::{Map, Value as Json};

/// A check of histories.
pub struct Check {
    /// Its name in files and flags.
    pub name: &'static str,
    /// What holds when it is ok, in a line.
    pub summary: &'static str,
    /// The models whose histories it can judge.
    pub models: &'static [Model],
    /// Judges a history of one of these models.
    pub judge: fn(&History, &mut Budget<'_>) -> Judgement,
}

/// What a check found.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The verdict, with its evidence for people.
    pub verdict: Verdict,
    /// The evidence for programs; which facts there are, is each check's own business.
    pub facts: Map<String, Json>,
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Judgement {
        Judgement { verdict, facts: Map::new() }
    }
}

impl Judgement {
    /// The same with one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Json>) -> Judgement {
        self.facts.insert(name.to_string(), fact.into());
        self
    }
}

/// Every check.
pub const CHECKS: &[Check] = &[
    Check { name: "linearizable", summary: LINEARIZABLE, models: linearizable::MODELS, judge: linearizable::judge },
    Check { name: "sequential", summary: SEQUENTIAL, models: linearizable::MODELS, judge: linearizable::sequential },
];

const LINEARIZABLE: &str = "one order explains all answers, in which whoever began after another had ended comes after it";
const SEQUENTIAL: &str = "one order explains all answers, in which each process did what it did in its own order";

/// The check of that name.
pub fn named(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}
