//! The checks that can be made of a history, by name. To add one: a file for the judge, a line in [`CHECKS`].

use crate::Verdict;
use crate::budget::Budget;
use crate::history::{History, Model};
use crate::isolation::{Level, judge};
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
    isolation(Level::ReadUncommitted, "PL-1: the writes of committed transactions are in an order", |history, budget| {
        judge(history, Level::ReadUncommitted, budget)
    }),
    isolation(Level::ReadCommitted, "PL-2: only what committed transactions wrote last is read", |history, budget| {
        judge(history, Level::ReadCommitted, budget)
    }),
    isolation(Level::RepeatableRead, "PL-2.99: for single items the same as serializable", |history, budget| {
        judge(history, Level::RepeatableRead, budget)
    }),
    isolation(
        Level::SnapshotIsolation,
        "each transaction reads a snapshot; who writes the same do not overlap",
        |history, budget| judge(history, Level::SnapshotIsolation, budget),
    ),
    isolation(
        Level::StrongSessionSnapshotIsolation,
        "and no process reads an older snapshot than its last",
        |history, budget| judge(history, Level::StrongSessionSnapshotIsolation, budget),
    ),
    isolation(Level::StrongSnapshotIsolation, "and each snapshot is of the present", |history, budget| {
        judge(history, Level::StrongSnapshotIsolation, budget)
    }),
    isolation(Level::Serializable, "PL-3: a serial order explains all reads", |history, budget| {
        judge(history, Level::Serializable, budget)
    }),
    isolation(Level::StrongSessionSerializable, "and it keeps the order of each process", |history, budget| {
        judge(history, Level::StrongSessionSerializable, budget)
    }),
    isolation(Level::StrictSerializable, "and it keeps real time", |history, budget| {
        judge(history, Level::StrictSerializable, budget)
    }),
];

const fn isolation(level: Level, summary: &'static str, judge: fn(&History, &mut Budget<'_>) -> Judgement) -> Check {
    Check { name: level.name(), summary, models: &[Model::ListAppend, Model::RwRegister], judge }
}

/// The check of that name.
pub fn named(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}
