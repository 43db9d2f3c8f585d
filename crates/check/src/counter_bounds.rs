//! Judges the reads of a counter, each alone, by what may have been added by then, after Jepsen's counter checker (Kingsbury,
//! jepsen.checker): additions that were acknowledged before the read began are in it, those that were asked for only after it ended are not,
//! and each of the others may be in it or not, also those whose outcome is unknown.
//!
//! Judged are the bounds: the least and the most that these can sum up to. Every linearizable counter keeps within them, negative
//! amounts included. It is not exact the other way: that the amounts have gaps between their sums, and that two reads may contradict each other,
//! is for `linearizable` to see, at its price. A step of the budget is an operation, of the sort included.

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{Answer, Call, History, Init, Model, Operation};
use serde_json::json;

/// Additions by time: what they amount to, those that add and those that take away apart.
#[derive(Default)]
struct Sums {
    /// Times, each with the sums of everything up to it.
    at: Vec<(i64, i128, i128)>,
}

impl Sums {
    fn new(mut additions: Vec<(i64, i64)>) -> Sums {
        additions.sort_unstable();
        let (mut up, mut down) = (0, 0);
        let sum = |(at, amount): (i64, i64)| {
            up += i128::from(amount.max(0));
            down += i128::from(amount.min(0));
            (at, up, down)
        };
        Sums { at: additions.into_iter().map(sum).collect() }
    }

    /// The sums of everything for which `is_before` holds, which it does up to some time.
    fn up_to(&self, is_before: impl Fn(i64) -> bool) -> (i128, i128) {
        let count = self.at.partition_point(|(at, _, _)| is_before(*at));
        count.checked_sub(1).map_or((0, 0), |last| (self.at[last].1, self.at[last].2))
    }
}

/// Holds when every read lies between what must and what can have been added by then. Facts: `reads`, how many were judged; of a
/// violation `operations`, the read, `value`, `least` and `most`.
pub fn judge(history: &History, budget: &mut Budget<'_>) -> Judgement {
    if history.model != Model::Counter {
        return Verdict::Unknown(format!("counters are not judged for model {}", history.model.name())).into();
    }
    bounds(history, budget).unwrap_or_else(|exhausted| Verdict::Unknown(exhausted.to_string()).into())
}

fn bounds(history: &History, budget: &mut Budget<'_>) -> Result<Judgement, Exhausted> {
    let count = history.operations.len() as u64;
    budget.spend(count * u64::from(64 - count.leading_zeros()))?;
    let init = match history.init {
        Init::Number(number) => i128::from(number),
        _ => 0,
    };
    let amount = |operation: &Operation| match operation.call {
        Call::Increment(amount) if operation.is_possible() => Some(amount),
        _ => None,
    };
    let asked = history.operations.iter().filter_map(|operation| Some((operation.invoke, amount(operation)?)));
    let asked = Sums::new(asked.collect());
    let done = history.operations.iter().filter(|operation| operation.is_ok());
    let done = Sums::new(done.filter_map(|operation| Some((operation.response?, amount(operation)?))).collect());
    let mut reads = 0;
    for read in &history.operations {
        let (Some(Answer::Number(value)), Some(end)) = (read.answer(), read.response) else { continue };
        let (sure_up, sure_down) = done.up_to(|at| at < read.invoke);
        let (most_up, most_down) = asked.up_to(|at| at <= end);
        let (least, most) = (init + sure_up + most_down, init + most_up + sure_down);
        if !(least..=most).contains(&i128::from(*value)) {
            let text = format!(
                "operation {} (process {}) read {value}, but whatever had been added by then lies within {least}..={most}",
                read.id, read.process
            );
            let judgement = Judgement::from(Verdict::Violation(text)).with("operations", json!([read.id])).with("value", *value);
            return Ok(judgement.with("least", least.to_string()).with("most", most.to_string()));
        }
        reads += 1;
    }
    Ok(Judgement::from(Verdict::Ok).with("reads", reads))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Outcome, Value};
    use crate::sample::{Build, Chance, ample, expect, in_effect, slots};

    /// (invoke, response, what): an addition, or a read if so; response `-1`: unknown, and `-2`: failed.
    fn check(init: i64, lines: &[(i64, i64, i64, bool)], verdict: &str) {
        let mut build = Build::new(Model::Counter);
        build.history.init = Init::Number(init);
        for ((invoke, response, number, is_read), process) in lines.iter().zip(0..) {
            let (call, answer) = match is_read {
                true => (Call::Read, Answer::Number(*number)),
                false => (Call::Increment(*number), Answer::Done),
            };
            let outcome = match response {
                -1 => Outcome::Unknown,
                -2 => Outcome::Fail,
                _ => Outcome::Ok(answer),
            };
            build.push(process, Value::NULL, call, outcome, *invoke, if *response == -2 { 99 } else { *response });
        }
        expect(&judge(&build.finish(), &mut ample()).verdict, verdict);
    }

    #[test]
    fn clean_histories_pass() {
        check(0, &[], "ok");
        check(4, &[(1, 2, 4, true)], "ok");
        check(0, &[(1, 2, 5, false), (3, 4, 5, true)], "ok");
        check(0, &[(1, 4, 5, false), (2, 3, 0, true), (4, 5, 5, true)], "ok");
        check(0, &[(1, -1, 5, false), (2, 3, 0, true), (4, 5, 5, true)], "ok");
        check(0, &[(1, -1, -5, false), (1, 2, 3, false), (8, 9, -2, true), (8, 9, 3, true)], "ok");
        // Between the bounds, though no sum: not judged here.
        check(0, &[(1, -1, 5, false), (2, 3, 3, true)], "ok");
        check(0, &[(1, 2, i64::MAX, false), (1, -1, i64::MAX, false), (3, 4, i64::MAX, true)], "ok");
    }

    #[test]
    fn planted_values_are_caught() {
        check(
            0,
            &[(1, 2, 5, false), (3, 4, 4, true)],
            "violation: operation 1 (process 1) read 4, but whatever had been added by",
        );
        check(0, &[(1, 2, 5, false), (3, 4, 6, true)], "violation");
        check(0, &[(3, 4, 5, false), (1, 2, 5, true)], "violation: operation 1 (process 1) read 5");
        check(0, &[(1, -2, 5, false), (100, 101, 5, true)], "violation");
        check(0, &[(1, -1, -5, false), (2, 3, 1, true)], "violation");
        check(1, &[(2, 3, 0, true)], "violation");
    }

    /// Tries every choice among the additions that may or may not be in a read.
    fn oracle(history: &History) -> bool {
        history.operations.iter().all(|read| {
            let (Some(Answer::Number(value)), Some(end)) = (read.answer(), read.response) else { return true };
            let mut sums = vec![0];
            for add in &history.operations {
                let Call::Increment(amount) = add.call else { continue };
                let must = add.is_ok() && add.response.is_some_and(|end| end < read.invoke);
                let may = add.is_possible() && add.invoke <= end;
                let with: Vec<i64> = sums.iter().map(|sum| sum + amount).collect();
                match (must, may) {
                    (true, _) => sums = with,
                    (false, true) => sums.extend(with),
                    _ => {}
                }
            }
            sums.iter().min().is_some_and(|least| least <= value) && sums.iter().max().is_some_and(|most| most >= value)
        })
    }

    fn against_the_oracle(seeds: std::ops::Range<u64>) -> [u64; 2] {
        let mut counts = [0; 2];
        for seed in seeds {
            let mut chance = Chance::new(seed);
            let count = chance.below(9);
            let slots = slots(&mut chance, count, 3, 6);
            let amounts: Vec<Option<i64>> = slots.iter().map(|_| chance.one_in(2).then(|| chance.within(-3, 6))).collect();
            let (mut sum, mut values) = (0, vec![0; slots.len()]);
            for index in in_effect(&slots) {
                sum += amounts[index].unwrap_or(0);
                values[index] = sum;
            }
            let is_truthful = chance.one_in(2);
            let mut build = Build::new(Model::Counter);
            for ((slot, amount), value) in slots.iter().zip(&amounts).zip(&values) {
                let lie = if is_truthful { 0 } else { chance.within(-3, 3) };
                let (call, answer) = match amount {
                    Some(amount) => (Call::Increment(*amount), Answer::Done),
                    None => (Call::Read, Answer::Number(value + lie)),
                };
                let outcome = if slot.unknown { Outcome::Unknown } else { Outcome::Ok(answer) };
                build.push(slot.process, Value::NULL, call, outcome, slot.invoke, slot.response);
            }
            let history = build.finish();
            let wanted = oracle(&history);
            assert!(wanted || !is_truthful, "seed {seed}: a truthful history is no violation");
            let verdict = judge(&history, &mut ample()).verdict;
            assert_eq!(verdict == Verdict::Ok, wanted, "seed {seed}: {verdict:?}");
            counts[usize::from(wanted)] += 1;
        }
        counts
    }

    #[test]
    fn small_histories_agree_with_every_choice() {
        let counts = against_the_oracle(0..2_000);
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }

    #[test]
    #[ignore = "long"]
    fn many_small_histories_agree_with_every_choice() {
        println!("[violation, ok]: {:?}", against_the_oracle(0..100_000));
    }
}
