//! The verdict on an expectation, from one run or many. Over one run a statistic is the run's value. Over many the point
//! estimate decides and the 95 % interval is told; with a confidence the interval decides, or nobody does. A comparison
//! without a statistic, and a check, must hold in every run.
//!
//! A run that lacks the metric, as one that never converged lacks a time, counts against the expectation: its value is
//! infinite, on the wrong side of the bound.

use super::{Claim, Comparator, Comparison, Expectation, Statistic};
use crate::metrics::Unit;
use crate::statistics::{Interval, mean, mean_interval, quantile_interval, sorted};
use quorate_check::Verdict;
use quorate_engine::time::show;

/// What one run showed.
pub trait Seen {
    /// A metric in its registry's unit; `None` when the run has none, which is no zero.
    fn metric(&self, name: &str) -> Option<f64>;

    /// What a check found; `None` when it did not judge.
    fn check(&self, name: &str) -> Option<&Verdict>;
}

/// How an expectation fared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It held.
    Held,
    /// It did not.
    Failed,
    /// What was seen does not say.
    Undecided,
}

impl Standing {
    /// `held`, `failed` or `undecided`, as reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Held => "held",
            Standing::Failed => "failed",
            Standing::Undecided => "undecided",
        }
    }

    fn of(held: bool) -> Standing {
        if held { Standing::Held } else { Standing::Failed }
    }
}

/// The verdict on an expectation.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// The verdict.
    pub standing: Standing,
    /// What was seen, for people.
    pub observed: String,
    /// What was compared with the bound; none for a check, may be infinite.
    pub value: Option<f64>,
    /// The interval of a statistic over many runs.
    pub interval: Option<Interval>,
    /// Runs that fail when judged alone.
    pub failed: u64,
    /// Runs that leave it open when judged alone.
    pub undecided: u64,
    /// The first run, counted from 0, that fails when judged alone.
    pub first_failed: Option<usize>,
}

/// The level of the interval that is told where none is asked for.
const TOLD_LEVEL: f64 = 0.95;

impl Expectation {
    /// The verdict from one run.
    pub fn judge_one(&self, run: &impl Seen) -> Judged {
        let (standing, observed, value) = match &self.claim {
            Claim::Check(name) => {
                let (standing, text) = checked(name, run);
                (standing, text, None)
            }
            Claim::Compare(comparison) => {
                let value = comparison.value(run);
                let held = comparison.comparator.holds(value, comparison.bound);
                let observed = match run.metric(comparison.metric) {
                    Some(_) => shown(value, comparison.unit),
                    None => format!("this run has no {}, which counts against it", comparison.metric),
                };
                (Standing::of(held), observed, Some(value))
            }
        };
        let failed = standing == Standing::Failed;
        Judged {
            standing,
            observed,
            value,
            interval: None,
            failed: u64::from(failed),
            undecided: u64::from(standing == Standing::Undecided),
            first_failed: failed.then_some(0),
        }
    }

    /// The verdict from runs in the order of their seeds.
    pub fn judge_many<S: Seen>(&self, runs: &[S]) -> Judged {
        let [first, _, ..] = runs else {
            return runs.first().map_or_else(nothing, |run| self.judge_one(run));
        };
        match &self.claim {
            Claim::Check(name) => tally(runs, |run| checked(name, run).0, |run| checked(name, run).1),
            Claim::Compare(comparison) => {
                let alone = |run: &S| Standing::of(comparison.comparator.holds(comparison.value(run), comparison.bound));
                let each = tally(runs, alone, |run| shown(comparison.value(run), comparison.unit));
                match comparison.statistic {
                    None => Judged { value: Some(comparison.extreme(runs, first)), ..each },
                    Some(statistic) => comparison.estimate(statistic, runs, each),
                }
            }
        }
    }
}

fn nothing() -> Judged {
    Judged {
        standing: Standing::Undecided,
        observed: "no runs".to_string(),
        value: None,
        interval: None,
        failed: 0,
        undecided: 0,
        first_failed: None,
    }
}

fn checked(name: &str, run: &impl Seen) -> (Standing, String) {
    match run.check(name) {
        Some(Verdict::Ok) => (Standing::Held, "ok".to_string()),
        Some(Verdict::Violation(evidence)) => (Standing::Failed, evidence.clone()),
        Some(Verdict::Unknown(reason)) => (Standing::Undecided, reason.clone()),
        // Whoever expects it wants to know.
        Some(Verdict::NotJudged(reason)) => (Standing::Undecided, format!("not judged: {reason}")),
        None => (Standing::Undecided, format!("{name} did not judge this run")),
    }
}

/// Every run alone: one that fails decides, then one that leaves it open.
fn tally<S: Seen>(runs: &[S], alone: impl Fn(&S) -> Standing, observed: impl Fn(&S) -> String) -> Judged {
    let mut judged = Judged { standing: Standing::Held, ..nothing() };
    let mut first_open = None;
    for (index, run) in runs.iter().enumerate() {
        match alone(run) {
            Standing::Held => {}
            Standing::Failed => {
                judged.failed += 1;
                judged.first_failed.get_or_insert(index);
            }
            Standing::Undecided => {
                judged.undecided += 1;
                first_open.get_or_insert(index);
            }
        }
    }
    let count = runs.len();
    (judged.standing, judged.observed) = match (judged.first_failed, first_open) {
        (Some(first), _) => {
            (Standing::Failed, format!("failed in {} of {count} runs; in the first: {}", judged.failed, observed(&runs[first])))
        }
        (None, Some(first)) => (
            Standing::Undecided,
            format!("open in {} of {count} runs; in the first: {}", judged.undecided, observed(&runs[first])),
        ),
        (None, None) => (Standing::Held, format!("held in all {count} runs")),
    };
    judged
}

impl Comparison {
    /// The run's value, or the infinity that counts against the expectation.
    fn value(&self, run: &impl Seen) -> f64 {
        run.metric(self.metric).unwrap_or(match self.comparator {
            Comparator::Less | Comparator::AtMost | Comparator::Equal => f64::INFINITY,
            Comparator::Greater | Comparator::AtLeast => f64::NEG_INFINITY,
        })
    }

    /// The value that comes nearest to failing, or fails most.
    fn extreme<S: Seen>(&self, runs: &[S], first: &S) -> f64 {
        let upper = matches!(self.comparator, Comparator::Less | Comparator::AtMost | Comparator::Equal);
        let worse = |one: f64, other: f64| if upper { one.max(other) } else { one.min(other) };
        runs.iter().map(|run| self.value(run)).fold(self.value(first), worse)
    }

    fn estimate<S: Seen>(&self, statistic: Statistic, runs: &[S], each: Judged) -> Judged {
        let values: Vec<f64> = runs.iter().map(|run| self.value(run)).collect();
        let ordered = sorted(&values);
        let level = self.confidence.unwrap_or(TOLD_LEVEL);
        let (value, interval) = match statistic {
            Statistic::Mean => (mean(&values), Some(mean_interval(&values, level))),
            Statistic::Min => (ordered[0], None),
            Statistic::Max => (ordered[ordered.len() - 1], None),
            Statistic::Quantile(quantile) => (quantile.of(&ordered), Some(quantile_interval(&ordered, quantile, level))),
        };
        let standing = match (self.confidence, interval) {
            (Some(_), Some(interval)) => self.decided_by(interval),
            _ => Standing::of(self.comparator.holds(value, self.bound)),
        };
        let mut observed = format!("{statistic} is {} over {} runs", shown(value, self.unit), runs.len());
        if let Some(interval) = interval {
            let (low, high) = (shown(interval.low, self.unit), shown(interval.high, self.unit));
            observed += &format!(", {} % interval {low} to {high}", libm::round(level * 1e6) / 1e4);
        }
        let lacking = runs.iter().filter(|run| run.metric(self.metric).is_none()).count();
        if lacking > 0 {
            observed += &format!("; {lacking} runs have no {} and count against it", self.metric);
        }
        Judged { standing, observed, value: Some(value), interval, ..each }
    }

    /// Held when the whole interval keeps to the bound, failed when none of it does.
    fn decided_by(&self, interval: Interval) -> Standing {
        let low = self.comparator.holds(interval.low, self.bound);
        let high = self.comparator.holds(interval.high, self.bound);
        match self.comparator {
            Comparator::Equal if interval.low <= self.bound && self.bound <= interval.high => {
                if low && high {
                    Standing::Held
                } else {
                    Standing::Undecided
                }
            }
            _ if low == high => Standing::of(low),
            _ => Standing::Undecided,
        }
    }
}

/// A value with its unit, for people.
fn shown(value: f64, unit: Unit) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "infinity" } else { "-infinity" }.to_string();
    }
    match unit {
        Unit::Seconds if value < 0.0 => format!("-{}", shown(-value, unit)),
        Unit::Seconds => show(libm::round(value * 1e9) as u64),
        Unit::Bytes => format!("{}B", figures(value)),
        Unit::Ratio | Unit::Count => figures(value),
    }
}

/// Whole numbers as they are, others to six decimal places at most.
fn figures(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Parameters;
    use crate::expect::Scope;
    use quorate_protocols::options::Values;
    use quorate_protocols::registry;

    struct Run {
        time: Option<f64>,
        verdict: Option<Verdict>,
    }

    impl Seen for Run {
        fn metric(&self, name: &str) -> Option<f64> {
            if name == "convergence.time" { self.time } else { None }
        }

        fn check(&self, name: &str) -> Option<&Verdict> {
            self.verdict.as_ref().filter(|_| name == "converges")
        }
    }

    fn times(values: impl IntoIterator<Item = f64>) -> Vec<Run> {
        // A negative value stands for a run that has none.
        values.into_iter().map(|value| Run { time: (value >= 0.0).then_some(value), verdict: None }).collect()
    }

    fn expectation(text: &str) -> Expectation {
        let protocol = registry::find("gossip").unwrap();
        let options = Values::defaults(protocol.options);
        let parameters = Parameters::default();
        Expectation::parse("e", text, &Scope { protocol, options: &options, nodes: 10, parameters: &parameters }).unwrap()
    }

    fn judged(text: &str, runs: &[Run]) -> (&'static str, String) {
        let judged = expectation(text).judge_many(runs);
        (judged.standing.name(), judged.observed)
    }

    #[test]
    fn one_run_is_its_own_statistic() {
        for (text, time, expected) in [
            ("p99(convergence.time) <= 2s", 1.5, ("held", "1.5s")),
            ("convergence.time < 1500ms", 1.5, ("failed", "1.5s")),
            ("mean(convergence.time) == 1.5s with 99% confidence", 1.5, ("held", "1.5s")),
            ("convergence.time <= 2s", -1.0, ("failed", "this run has no convergence.time, which counts against it")),
            ("convergence.time >= 2s", -1.0, ("failed", "this run has no convergence.time, which counts against it")),
        ] {
            let (standing, observed) = judged(text, &times([time]));
            assert_eq!((standing, observed.as_str()), expected, "{text}");
        }
    }

    #[test]
    fn over_many_the_point_estimate_decides_or_the_interval_if_asked() {
        let runs = times((1..=100).map(f64::from));
        let p50 = "p50 is 50s over 100 runs, 95 % interval 40s to 61s";
        for (text, expected) in [
            ("p50(convergence.time) <= 50s", ("held", p50)),
            ("p50(convergence.time) < 50s", ("failed", p50)),
            ("p50(convergence.time) <= 60s with 95% confidence", ("undecided", p50)),
            ("p50(convergence.time) <= 61s with 95% confidence", ("held", p50)),
            ("p50(convergence.time) <= 39s with 95% confidence", ("failed", p50)),
            ("p50(convergence.time) >= 40s with 95% confidence", ("held", p50)),
            ("p50(convergence.time) == 50s with 95% confidence", ("undecided", p50)),
            ("p50(convergence.time) == 99s with 95% confidence", ("failed", p50)),
            (
                "p99(convergence.time) <= 1h with 95% confidence",
                ("undecided", "p99 is 99s over 100 runs, 95 % interval 97s to infinity"),
            ),
            ("max(convergence.time) <= 100s", ("held", "max is 100s over 100 runs")),
            ("min(convergence.time) >= 2s", ("failed", "min is 1s over 100 runs")),
            ("convergence.time <= 98s", ("failed", "failed in 2 of 100 runs; in the first: 99s")),
            ("convergence.time <= 100s", ("held", "held in all 100 runs")),
        ] {
            let (standing, observed) = judged(text, &runs);
            assert_eq!((standing, observed.as_str()), expected, "{text}");
        }
        let judged = expectation("p50(convergence.time) <= 98s").judge_many(&runs);
        assert_eq!(
            (judged.standing, judged.failed, judged.first_failed, judged.value),
            (Standing::Held, 2, Some(98), Some(50.0))
        );
    }

    #[test]
    fn a_run_without_the_metric_counts_against_every_bound() {
        let runs = times([1.0, 2.0, 3.0, -1.0]);
        for (text, expected) in [
            ("p50(convergence.time) <= 2s", "held"),
            ("p90(convergence.time) <= 1h", "failed"),
            ("max(convergence.time) <= 1h", "failed"),
            ("mean(convergence.time) <= 1h", "failed"),
            ("min(convergence.time) >= 1s", "failed"),
            ("p50(convergence.time) >= 2s", "failed"),
            ("convergence.time <= 1h", "failed"),
        ] {
            let (standing, observed) = judged(text, &runs);
            assert_eq!(standing, expected, "{text}: {observed}");
        }
        let (_, observed) = judged("max(convergence.time) <= 1h", &runs);
        assert_eq!(observed, "max is infinity over 4 runs; 1 runs have no convergence.time and count against it");
    }

    #[test]
    fn a_check_must_hold_in_every_run() {
        let run = |verdict| Run { time: None, verdict };
        let violation = || Verdict::Violation("node 3 lacks n0#1".to_string());
        let open = || Verdict::Unknown("no updates".to_string());
        for (verdicts, expected) in [
            (vec![Some(Verdict::Ok), Some(Verdict::Ok)], ("held", "held in all 2 runs")),
            (
                vec![Some(Verdict::Ok), Some(violation()), Some(open())],
                ("failed", "failed in 1 of 3 runs; in the first: node 3 lacks n0#1"),
            ),
            (vec![Some(open()), Some(Verdict::Ok)], ("undecided", "open in 1 of 2 runs; in the first: no updates")),
            (vec![None], ("undecided", "converges did not judge this run")),
            (vec![], ("undecided", "no runs")),
        ] {
            let runs: Vec<_> = verdicts.into_iter().map(run).collect();
            let (standing, observed) = judged("converges", &runs);
            assert_eq!((standing, observed.as_str()), expected);
        }
    }

    #[test]
    fn a_hyphen_is_a_minus_unless_the_name_has_it() {
        for text in ["messages.total <= nodes-1", "messages.total <= 2*(nodes-1)/2", "messages.total<=nodes - nodes/10"] {
            let Claim::Compare(comparison) = expectation(text).claim else { panic!("{text}") };
            assert_eq!(comparison.bound, 9.0, "{text}");
        }
        let Claim::Compare(comparison) = expectation("messages.total <= nodes-nodes*2").claim else { panic!() };
        assert_eq!(comparison.bound, -10.0);
    }
}
