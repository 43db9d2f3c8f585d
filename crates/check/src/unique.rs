//! Judges a source of ids: no two acknowledged ids are the same. What became of operations that failed or whose outcome is unknown is
//! nothing to it. Takes a step of the budget for each operation.

use crate::Verdict;
use crate::budget::Budget;
use crate::checks::Judgement;
use crate::history::{Answer, Call, History, Operation, Value};
use serde_json::json;
use std::collections::BTreeMap;

/// Holds when all acknowledged ids differ. Facts: `acknowledged`, how many there are; of a violation `operations`, the first two
/// with the same id.
pub fn judge(history: &History, budget: &mut Budget<'_>) -> Judgement {
    let mut given: BTreeMap<Value, &Operation> = BTreeMap::new();
    for operation in &history.operations {
        if let Err(exhausted) = budget.spend(1) {
            return Verdict::Unknown(exhausted.to_string()).into();
        }
        let (Call::Generate, Some(Answer::Value(id))) = (&operation.call, operation.answer()) else { continue };
        if let Some(first) = given.insert(*id, operation) {
            let text = format!(
                "operations {} (process {}) and {} (process {}) both got {}",
                first.id,
                first.process,
                operation.id,
                operation.process,
                history.names.tell(*id)
            );
            return Judgement::from(Verdict::Violation(text)).with("operations", json!([first.id, operation.id]));
        }
    }
    Judgement::from(Verdict::Ok).with("acknowledged", given.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Model, Outcome};
    use crate::sample::{Build, Chance, ample, expect};

    /// `None`: the outcome is unknown.
    fn history(ids: &[Option<i64>]) -> History {
        let mut build = Build::new(Model::UniqueIds);
        for (id, at) in ids.iter().zip(0..) {
            let outcome = match id {
                Some(id) => Outcome::Ok(Answer::Value(build.int(*id))),
                None => Outcome::Unknown,
            };
            build.push(at, Value::NULL, Call::Generate, outcome, at, at + 1);
        }
        build.finish()
    }

    fn check(ids: &[Option<i64>], verdict: &str) {
        expect(&judge(&history(ids), &mut ample()).verdict, verdict);
    }

    #[test]
    fn clean_histories_pass() {
        check(&[], "ok");
        check(&[Some(3), None, Some(1), None, Some(2)], "ok");
    }

    #[test]
    fn planted_duplicates_are_named() {
        check(&[Some(3), None, Some(1), Some(3)], "violation: operations 0 (process 0) and 3 (process 3) both got 3");
        let judgement = judge(&history(&[Some(1), Some(1)]), &mut ample());
        assert_eq!(judgement.facts["operations"], json!([0, 1]));
        expect(&judge(&history(&[Some(1), Some(1)]), &mut Budget::new(1, 0)).verdict, "unknown: the 1 steps");
    }

    fn against_all_pairs(seeds: std::ops::Range<u64>) -> [u64; 2] {
        let mut counts = [0; 2];
        for seed in seeds {
            let mut chance = Chance::new(seed);
            let ids: Vec<Option<i64>> = (0..chance.below(9)).map(|_| (!chance.one_in(4)).then(|| chance.within(-9, 9))).collect();
            let wanted = (0..ids.len()).all(|a| (0..a).all(|b| ids[a].is_none() || ids[a] != ids[b]));
            let verdict = judge(&history(&ids), &mut ample()).verdict;
            assert_eq!(verdict == Verdict::Ok, wanted, "seed {seed}, {ids:?}: {verdict:?}");
            counts[usize::from(wanted)] += 1;
        }
        counts
    }

    #[test]
    fn small_histories_agree_with_all_pairs() {
        let counts = against_all_pairs(0..2_000);
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }

    #[test]
    #[ignore = "long"]
    fn many_small_histories_agree_with_all_pairs() {
        println!("[violation, ok]: {:?}", against_all_pairs(0..100_000));
    }
}
