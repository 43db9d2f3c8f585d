//! Many seeds' results brought together: summaries of the metrics, and how often each check and expectation failed.

use super::{SeedResult, overall, standing};
use crate::expect::{Claim, Expectation, Judged, Looks, Standing};
use crate::metrics::is_censored;
use crate::plan::Plan;
use crate::statistics::Summary;
use quorate_check::Verdict;
use quorate_engine::outcome::Digest;
use quorate_engine::random::mix;

/// What many runs of one plan showed.
#[derive(Clone, Debug)]
pub struct ManyReport<'p> {
    /// What was run.
    pub plan: &'p Plan,
    /// How many seeds: at least 1.
    pub seeds: u64,
    /// The first of them; the others follow it.
    pub first_seed: u64,
    /// Over the runs' digests, in seed order.
    pub digest: Digest,
    /// Over all expectations and checks.
    pub verdict: Standing,
    /// The verdicts on the plan's expectations, in their order.
    pub expectations: Vec<Judged>,
    /// What the checks found, over all runs.
    pub checks: Vec<Tallied>,
    /// Every metric of the registry, in its order; `None` where no run has it.
    pub metrics: Vec<(&'static str, Option<Summary>)>,
    /// What was asked of some of the messages, in the order of [`Plan::slices`].
    pub slices: Vec<Option<Summary>>,
    /// The first run that fails, when judged alone, in something that failed over all runs.
    pub first_failed_seed: Option<u64>,
}

/// A check over many runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Tallied {
    /// The check.
    pub name: &'static str,
    /// Failed with any run, else undecided with any.
    pub standing: Standing,
    /// Runs in which it found a violation.
    pub failed: u64,
    /// Runs in which it could not say.
    pub undecided: u64,
    /// Runs in which it was not promised, and so not judged.
    pub not_judged: u64,
    /// The first run with a violation.
    pub first_failed_seed: Option<u64>,
    /// What it found there, or why it could not say in the first run where it could not, or why it was never judged.
    pub evidence: String,
    /// When nothing failed: at 95 % confidence, fewer runs than this part of those that are judged would fail.
    pub failures_below: Option<f64>,
}

/// Brings the results of consecutive seeds together.
///
/// # Panics
/// Without any result.
pub fn summarise<'p>(plan: &'p Plan, runs: &[SeedResult], looks: Looks) -> ManyReport<'p> {
    let first = runs.first().expect("a summary is of at least one run");
    let judge = |expectation: &Expectation| expectation.judge_many(runs, looks);
    let expectations: Vec<Judged> = plan.expectations.iter().map(judge).collect();
    let checks = tallied(runs);
    let standings = expectations.iter().map(|judged| judged.standing);
    // Of what only so many runs must hold to, one that does not decides nothing.
    let in_each = || checks.iter().filter(|check| !is_rated(plan, check.name));
    let verdict = overall(standings.chain(in_each().map(|check| check.standing)));
    let in_checks = in_each().filter_map(|check| check.first_failed_seed);
    let failed = expectations.iter().filter(|judged| judged.standing == Standing::Failed);
    let in_expectations = failed.filter_map(|judged| judged.first_failed).map(|index| runs[index].seed);
    let first_failed_seed = in_checks.chain(in_expectations).min();
    ManyReport {
        plan,
        seeds: runs.len() as u64,
        first_seed: first.seed,
        digest: combined(runs),
        verdict,
        checks,
        metrics: summaries(runs, first),
        slices: (0..plan.slices.len()).map(|index| summary(runs.iter().map(|run| run.slices[index].1), false)).collect(),
        first_failed_seed,
        expectations,
    }
}

/// Whether an expectation asks only how often that check holds, and none that it does.
fn is_rated(plan: &Plan, check: &str) -> bool {
    let asks = |wanted: bool| {
        let named = plan.expectations.iter().filter(|expectation| expectation.claim.check() == Some(check));
        named.filter(|expectation| matches!(expectation.claim, Claim::Check(_)) == wanted).count() > 0
    };
    asks(false) && !asks(true)
}

/// One digest over all, in their order.
pub(crate) fn combined(runs: &[SeedResult]) -> Digest {
    let fold = |all: u128, Digest(one): Digest| {
        let (high, low) = ((all >> 64) as u64, all as u64);
        let low = mix(low ^ one as u64, high ^ 0x9e37_79b9_7f4a_7c15);
        let high = mix(high ^ (one >> 64) as u64, low ^ 0xd1b5_4a32_d192_ed03);
        u128::from(high) << 64 | u128::from(low)
    };
    Digest(runs.iter().map(|run| run.digest).fold(runs.len() as u128, fold))
}

fn summaries(runs: &[SeedResult], first: &SeedResult) -> Vec<(&'static str, Option<Summary>)> {
    let of = |index: usize, name: &str| summary(runs.iter().map(|run| run.metrics[index].1), is_censored(name));
    first.metrics.iter().enumerate().map(|(index, (name, _))| (*name, of(index, name))).collect()
}

fn summary(values: impl Iterator<Item = Option<f64>>, censored: bool) -> Option<Summary> {
    let (mut known, mut lacking) = (Vec::new(), 0);
    for value in values {
        known.extend(value);
        lacking += u64::from(value.is_none());
    }
    Summary::of_censored(&known, if censored { lacking } else { 0 })
}

/// What the checks found, over all of the runs.
pub(crate) fn tallied(runs: &[SeedResult]) -> Vec<Tallied> {
    checks(runs).into_iter().map(|name| tally(runs, name)).collect()
}

/// Every check of any run: some are told of only where they failed.
fn checks(runs: &[SeedResult]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.checks) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

fn tally(runs: &[SeedResult], name: &'static str) -> Tallied {
    let of = |run: &SeedResult| {
        run.checks.iter().find(|(check, _)| *check == name).map_or(Verdict::Ok, |(_, verdict)| verdict.clone())
    };
    let all: Vec<(u64, Verdict)> = runs.iter().map(|run| (run.seed, of(run))).collect();
    let verdicts = || all.iter().map(|(seed, verdict)| (*seed, verdict));
    let first = |wanted: Standing| verdicts().find(|(_, verdict)| standing(verdict) == wanted);
    let count = |wanted: Standing| verdicts().filter(|(_, verdict)| standing(verdict) == wanted).count() as u64;
    let (failure, open) = (first(Standing::Failed), first(Standing::Undecided));
    let (failed, undecided) = (count(Standing::Failed), count(Standing::Undecided));
    let unjudged = || verdicts().filter(|(_, verdict)| matches!(verdict, Verdict::NotJudged(_)));
    let not_judged = unjudged().count() as u64;
    let judged = runs.len() as u64 - not_judged;
    let told = failure.or(open).or_else(|| unjudged().next().filter(|_| judged == 0));
    Tallied {
        name,
        standing: overall(verdicts().map(|(_, verdict)| standing(verdict))),
        failed,
        undecided,
        not_judged,
        first_failed_seed: failure.map(|(seed, _)| seed),
        evidence: told.map_or_else(String::new, |(_, verdict)| Verdict::evidence(verdict).to_string()),
        failures_below: (failed == 0 && undecided == 0 && judged > 0).then(|| no_failure_bound(judged)),
    }
}

/// The upper end of the exact one-sided interval (Clopper and Pearson) at 95 % for a probability that showed itself in none of
/// `runs` runs: 1 - 0.05^(1/runs), near 3/runs.
fn no_failure_bound(runs: u64) -> f64 {
    -libm::expm1(libm::log(0.05) / runs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_in_many_runs_bounds_the_probability_by_the_rule_of_three() {
        for (runs, bound) in [(1, 0.95), (2, 0.776_393), (10, 0.258_866), (1_000, 0.002_991_2)] {
            assert!((no_failure_bound(runs) - bound).abs() < 1e-6, "{runs}: {}", no_failure_bound(runs));
        }
    }

    #[test]
    fn a_check_that_only_one_run_tells_of_is_told_of() {
        let run = |seed: u64, checks: &[(&'static str, Verdict)]| SeedResult {
            seed,
            digest: Digest(0),
            verdict: Standing::Held,
            checks: checks.to_vec(),
            metrics: Vec::new(),
            slices: Vec::new(),
        };
        let broken = ("rare", Verdict::Violation("so".to_string()));
        let runs = [run(3, &[("usual", Verdict::Ok)]), run(4, &[("usual", Verdict::Ok), broken])];
        let told: Vec<_> = checks(&runs).into_iter().map(|name| tally(&runs, name)).collect();
        let told: Vec<_> = told.iter().map(|check| (check.name, check.failed, check.first_failed_seed)).collect();
        assert_eq!(told, [("usual", 0, None), ("rare", 1, Some(4))]);
    }

    #[test]
    fn the_digest_of_many_depends_on_order_and_number() {
        let run = |digest: u128| SeedResult {
            seed: 0,
            digest: Digest(digest),
            verdict: Standing::Held,
            checks: Vec::new(),
            metrics: Vec::new(),
            slices: Vec::new(),
        };
        let digests: Vec<Digest> = [&[1, 2][..], &[2, 1], &[1], &[1, 2, 0], &[1 << 64, 2]]
            .iter()
            .map(|list| combined(&list.iter().copied().map(run).collect::<Vec<_>>()))
            .collect();
        for (index, digest) in digests.iter().enumerate() {
            assert!(!digests[..index].contains(digest), "{digest}");
        }
    }
}
