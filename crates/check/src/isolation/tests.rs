//! The judge against its oracle, planted violations and clean histories, and histories that others have judged.

use super::generate::{self, Size};
use super::{Level, judge, oracle};
use crate::Verdict;
use crate::budget::Budget;
use crate::history::{Act, History, Model, Outcome, write};
use std::collections::BTreeSet;

const STEPS: u64 = 50_000_000;

fn verdict(history: &History, level: Level) -> Verdict {
    judge(history, level, &mut Budget::new(STEPS, 4 << 30)).verdict
}

/// Holds the judge against the oracle, at all levels. How often each level held, and how many histories were compared.
fn compare(model: Model, seeds: std::ops::Range<u64>) {
    let mut held = [0u64; 9];
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let history = generate::history(model, seed);
        for (level, held) in Level::ALL.into_iter().zip(&mut held) {
            if level == Level::ReadUncommitted && is_two_faced(&history) {
                continue;
            }
            let (found, expected) = (verdict(&history, level), oracle::holds(&history, level));
            *held += u64::from(expected);
            let agree = matches!((&found, expected), (Verdict::Ok, true) | (Verdict::Violation(_), false));
            assert!(
                agree,
                "{model:?} {seed} {level:?}: the oracle says {expected}, the judge {}\n{}\n{}",
                found.name(),
                found.evidence(),
                write::text(&history)
            );
        }
    }
    eprintln!("{model:?}: {count} histories, of which held {held:?}");
    for (level, held) in Level::ALL.iter().zip(held) {
        assert!(held * 10 > count && held * 20 < count * 19, "{level:?} held {held} times of {count}");
    }
}

/// Whether a value of a list was written by a transaction that committed and by one that may not have: then it is not said what of
/// the list is a version at read uncommitted.
fn is_two_faced(history: &History) -> bool {
    let (mut sure, mut unsure) = (BTreeSet::new(), BTreeSet::new());
    for operation in &history.operations {
        let set = if matches!(operation.outcome, Outcome::Ok(_)) { &mut sure } else { &mut unsure };
        for access in super::read::accesses(operation) {
            if let Act::Write(value) = access.act {
                set.insert((access.key, value));
            }
        }
    }
    history.model == Model::ListAppend && !sure.is_disjoint(&unsure)
}

#[test]
fn lists_are_judged_as_the_oracle_does() {
    compare(Model::ListAppend, 0..2_000);
}

#[test]
fn registers_are_judged_as_the_oracle_does() {
    compare(Model::RwRegister, 0..2_000);
}

#[test]
#[ignore = "100,000 histories of each model: minutes in release"]
fn many_lists_are_judged_as_the_oracle_does() {
    compare(Model::ListAppend, 1_000_000..1_100_000);
}

#[test]
#[ignore = "100,000 histories of each model: minutes in release"]
fn many_registers_are_judged_as_the_oracle_does() {
    compare(Model::RwRegister, 1_000_000..1_100_000);
}
