//! The checks that can be made of a history, by name. To add one: a file for the judge, a line in [`CHECKS`].

use crate::Verdict;
use crate::budget::Budget;
use crate::history::{History, Model};
use crate::isolation::{Level, judge};
use crate::{causal, counter_bounds, exclusion, keys, linearizable, membership, sessions, unique};
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
    isolation(Level::ReadUncommitted, "PL-1: the writes of committed transactions are in one order", |history, budget| {
        judge(history, Level::ReadUncommitted, budget)
    }),
    isolation(Level::ReadCommitted, "PL-2: reads find only what committed transactions wrote last", |history, budget| {
        judge(history, Level::ReadCommitted, budget)
    }),
    isolation(Level::RepeatableRead, "PL-2.99: on single items the same as serializable", |history, budget| {
        judge(history, Level::RepeatableRead, budget)
    }),
    isolation(
        Level::SnapshotIsolation,
        "each transaction reads one snapshot, and no two that overlap write the same",
        |history, budget| judge(history, Level::SnapshotIsolation, budget),
    ),
    isolation(
        Level::StrongSessionSnapshotIsolation,
        "snapshot isolation, and each snapshot has what its process did before",
        |history, budget| judge(history, Level::StrongSessionSnapshotIsolation, budget),
    ),
    isolation(
        Level::StrongSnapshotIsolation,
        "snapshot isolation, and each snapshot has all that had ended before",
        |history, budget| judge(history, Level::StrongSnapshotIsolation, budget),
    ),
    isolation(Level::Serializable, "PL-3: a serial order explains all reads", |history, budget| {
        judge(history, Level::Serializable, budget)
    }),
    isolation(Level::StrongSessionSerializable, "serializable in an order that keeps that of each process", |history, budget| {
        judge(history, Level::StrongSessionSerializable, budget)
    }),
    isolation(Level::StrictSerializable, "serializable in an order that keeps real time", |history, budget| {
        judge(history, Level::StrictSerializable, budget)
    }),
    Check {
        name: "read-your-writes",
        summary: "a session's reads see the writes before them in it",
        models: sessions::MODELS,
        judge: sessions::read_your_writes,
    },
    Check {
        name: "monotonic-reads",
        summary: "a session's reads see what those before them in it saw",
        models: sessions::MODELS,
        judge: sessions::monotonic_reads,
    },
    Check {
        name: "monotonic-writes",
        summary: "whoever sees a session's write sees those before it in the session, and before it",
        models: sessions::MODELS,
        judge: sessions::monotonic_writes,
    },
    Check {
        name: "writes-follow-reads",
        summary: "whoever sees a session's write sees what the session had seen before it",
        models: sessions::MODELS,
        judge: sessions::writes_follow_reads,
    },
    Check {
        name: "session-guarantees",
        summary: "all four session guarantees at once",
        models: sessions::MODELS,
        judge: sessions::all,
    },
    Check { name: "causal", summary: "every read is explained by what caused it", models: causal::MODELS, judge: causal::plain },
    Check {
        name: "causal-convergence",
        summary: "causal, and all agree on the order of writes to a key",
        models: causal::MODELS,
        judge: causal::convergence,
    },
    Check {
        name: "causal-memory",
        summary: "causal, and each process sees the writes to a key in one order",
        models: causal::MODELS,
        judge: causal::memory,
    },
    Check {
        name: "unique",
        summary: "no id is given twice",
        models: &[Model::UniqueIds],
        judge: |history, budget| keys::each(history, budget, unique::judge),
    },
    Check {
        name: "nothing-lost",
        summary: "what was put in is read in the end, and nothing else",
        models: membership::MODELS,
        judge: |history, budget| keys::each(history, budget, membership::nothing_lost),
    },
    Check {
        name: "nothing-stale",
        summary: "nothing lost, and every read has what was put in before it",
        models: &[Model::Set],
        judge: |history, budget| keys::each(history, budget, membership::nothing_stale),
    },
    Check {
        name: "counter-bounds",
        summary: "every read lies between what must and what can have been added by then",
        models: &[Model::Counter],
        judge: |history, budget| keys::each(history, budget, counter_bounds::judge),
    },
    Check {
        name: "mutual-exclusion",
        summary: "never do two hold the lock for certain",
        models: &[Model::Mutex],
        judge: |history, budget| keys::each(history, budget, exclusion::judge_history),
    },
];

const LINEARIZABLE: &str = "one order explains all answers, in which whoever began after another had ended comes after it";
const SEQUENTIAL: &str = "one order explains all answers, in which each process did what it did in its own order";

const fn isolation(level: Level, summary: &'static str, judge: fn(&History, &mut Budget<'_>) -> Judgement) -> Check {
    Check { name: level.name(), summary, models: &[Model::ListAppend, Model::RwRegister], judge }
}

/// The check of that name.
pub fn named(name: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::sample::{Build, ample};

    #[test]
    fn every_model_begins_with_a_check_that_fits_it() {
        for info in crate::history::model::MODELS {
            assert!(named(info.check).is_some_and(|check| check.models.contains(&info.model)), "{}", info.name);
        }
    }

    #[test]
    fn every_check_has_its_own_name_and_nothing_against_an_empty_history() {
        for check in CHECKS {
            assert_eq!(CHECKS.iter().filter(|other| other.name == check.name).count(), 1, "{}", check.name);
            assert!(!check.models.is_empty(), "{}", check.name);
            for model in check.models {
                let judgement = (check.judge)(&Build::new(*model).finish(), &mut ample());
                assert_eq!(judgement.verdict, Verdict::Ok, "{} of {}", check.name, model.name());
            }
        }
    }
}
