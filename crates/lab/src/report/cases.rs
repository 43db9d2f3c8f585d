//! What a run over many seeds was asked, case by case: each expectation and each check with its verdict, the seed to look at, and what was
//! seen there. From these a CI job's lines, files and annotations are made.

use crate::expect::{Claim, Expectation, Judged, Standing};
use crate::report::text::figures::{counted, plain, value as shown};
use crate::run::{ManyReport, Tallied};
use crate::statistics::Interval;

/// One question and its answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// The expectation as written, or the check's name.
    pub text: String,
    /// The expectation's name; none for a check that is judged whether anybody expects it or not.
    pub expectation: Option<String>,
    /// The verdict.
    pub standing: Standing,
    /// What was seen: `2.31s [2.2s, 2.5s]`, or what a check found.
    pub observed: String,
    /// The seed to look at: the one that fails most, or first; of what held, none.
    pub seed: Option<u64>,
}

impl ManyReport<'_> {
    /// The cases: the expectations in the order of the file, then the checks that none of them names.
    pub fn cases(&self) -> Vec<Case> {
        let expected =
            self.plan.expectations.iter().zip(&self.expectations).map(|(expectation, judged)| self.expected(expectation, judged));
        let named = |check: &&Tallied| !self.plan.expectations.iter().any(|it| it.claim.check() == Some(check.name));
        // What was judged in no run was not asked.
        let judged = self.checks.iter().filter(named).filter(|check| check.not_judged < self.seeds);
        expected.chain(judged.map(|check| self.checked(check))).collect()
    }

    fn expected(&self, expectation: &Expectation, judged: &Judged) -> Case {
        let observed = match &expectation.claim {
            Claim::Check(name) => match self.checks.iter().find(|check| check.name == *name) {
                Some(check) if judged.standing == Standing::Held => found(check, self.seeds),
                _ => judged.observed.clone(),
            },
            Claim::Compare(comparison) => {
                let unit = comparison.subject.unit();
                let interval = judged
                    .interval
                    .map_or_else(String::new, |Interval { low, high }| format!(" [{}, {}]", shown(low, unit), shown(high, unit)));
                let remarks: String = judged.remarks.iter().map(|remark| format!("; {remark}")).collect();
                judged.value.map_or_else(|| judged.observed.clone(), |value| format!("{}{interval}{remarks}", shown(value, unit)))
            }
        };
        let looked_at = if judged.standing == Standing::Held { None } else { judged.worst.or(judged.first_failed) };
        Case {
            text: expectation.text.trim().to_string(),
            expectation: Some(expectation.name.clone()),
            standing: judged.standing,
            observed,
            seed: looked_at.map(|index| self.first_seed + index as u64),
        }
    }

    fn checked(&self, check: &Tallied) -> Case {
        Case {
            text: check.name.to_string(),
            expectation: None,
            standing: check.standing,
            observed: found(check, self.seeds),
            seed: check.first_failed_seed,
        }
    }
}

/// What a check found over so many seeds.
fn found(check: &Tallied, seeds: u64) -> String {
    let judged = seeds - check.not_judged;
    match check.failures_below {
        Some(bound) => format!("0 failures in {}: p < {} at 95 %", counted(judged, "run"), plain(bound)),
        None if check.failed > 0 => format!("failed in {} of {judged} runs; in the first: {}", check.failed, check.evidence),
        None => format!("open in {} of {judged} runs; in the first: {}", check.undecided, check.evidence),
    }
}
