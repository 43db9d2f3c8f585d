//! The verdict on an expectation, from one run or many. Over one run a statistic is the run's value. Over many the point
//! estimate decides and the 95 % interval is told; with a confidence the interval decides, or nobody does. A comparison
//! without a statistic, and a check, must hold in every run.
//!
//! A run that lacks the metric, as one that never converged lacks a time, counts against the expectation: its value is
//! infinite, on the wrong side of the bound. So does one that leaves open what a rate counts.

use super::{Claim, Comparator, Comparison, Expectation, Reading, Statistic, Subject};
use crate::metrics::Unit;
use crate::statistics::{
    Interval, Sequence, deviation, mean, mean_interval, mean_needs, quantile_interval, quantile_sequence, share_interval, sorted,
};
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

    /// The contrary.
    fn turned(self) -> Standing {
        match self {
            Standing::Held => Standing::Failed,
            Standing::Failed => Standing::Held,
            Standing::Undecided => Standing::Undecided,
        }
    }
}

/// When somebody looks at the runs: it decides how wide an honest interval is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looks {
    /// Once, at a number of runs that was fixed before.
    Once,
    /// After every run, so as to stop when it is decided.
    Always,
}

/// The verdict on an expectation.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// The verdict.
    pub standing: Standing,
    /// What was seen, for people.
    pub observed: String,
    /// What else is to be known before it is believed: runs that count against it, an interval that is doubtful. Part of `observed` too.
    pub remarks: Vec<String>,
    /// What was compared with the bound; none for a check, may be infinite.
    pub value: Option<f64>,
    /// The interval of a statistic over many runs.
    pub interval: Option<Interval>,
    /// Runs that fail when judged alone; of a rate those that count against it.
    pub failed: u64,
    /// Runs that leave it open when judged alone.
    pub undecided: u64,
    /// The first run, counted from 0, that fails when judged alone.
    pub first_failed: Option<usize>,
    /// The run, counted from 0, that fails most, or comes nearest to failing; of what only holds or not, the first that fails.
    pub worst: Option<usize>,
}

/// The level of the interval that is told where none is asked for.
const TOLD_LEVEL: f64 = 0.95;
/// That fewer values are all equal says little of the others.
const EQUAL_MIN: u64 = 100;

impl Expectation {
    /// The verdict from one run.
    pub fn judge_one(&self, run: &impl Seen) -> Judged {
        let (standing, observed) = (self.claim.standing(run), self.claim.observed(run));
        let value = match &self.claim {
            Claim::Compare(Comparison { subject: Subject::Each(reading) | Subject::Of(_, reading), comparator, .. }) => {
                Some(against(*comparator, reading, run))
            }
            Claim::Compare(Comparison { subject: Subject::Rate(of), .. }) => Some(f64::from(of.standing(run) == Standing::Held)),
            Claim::Check(_) => None,
        };
        let (standing, observed) = match self.claim.takes_several() {
            Some(what) => (Standing::Undecided, format!("{observed}; {what} takes several runs: --seeds 100")),
            None => (standing, observed),
        };
        let failed = standing == Standing::Failed;
        Judged {
            standing,
            observed,
            value,
            failed: u64::from(failed),
            undecided: u64::from(standing == Standing::Undecided),
            first_failed: failed.then_some(0),
            worst: failed.then_some(0),
            ..nothing()
        }
    }

    /// The verdict from runs in the order of their seeds.
    pub fn judge_many<S: Seen>(&self, runs: &[S], looks: Looks) -> Judged {
        if let [] | [_] = runs {
            return runs.first().map_or_else(nothing, |run| self.judge_one(run));
        }
        let each = tally(runs, |run| self.claim.standing(run), |run| self.claim.observed(run));
        match &self.claim {
            Claim::Check(_) => each,
            Claim::Compare(comparison) => comparison.judge(runs, looks, each),
        }
    }
}

impl Claim {
    /// Whether it holds in a run, judged alone: a statistic is the run's value, and a run fails a rate that it counts against.
    pub(crate) fn standing(&self, run: &impl Seen) -> Standing {
        match self {
            Claim::Check(name) => checked(name, run).0,
            Claim::Compare(Comparison { subject, comparator, bound, .. }) => match (subject, comparator) {
                // Few of these are wanted.
                (Subject::Rate(of), comparator) if comparator.bounds_above() => of.standing(run).turned(),
                (Subject::Rate(of), _) => of.standing(run),
                (Subject::Each(reading) | Subject::Of(_, reading), _) => {
                    Standing::of(comparator.holds(against(*comparator, reading, run), *bound))
                }
            },
        }
    }

    /// What it asks for, where one run cannot tell that.
    pub(crate) fn takes_several(&self) -> Option<&'static str> {
        match self {
            Claim::Compare(Comparison { subject: Subject::Of(Statistic::Deviation, _), .. }) => Some("a standard deviation"),
            Claim::Compare(Comparison { subject: Subject::Rate(_), .. }) => Some("a rate"),
            _ => None,
        }
    }

    /// What was seen of it in a run.
    fn observed(&self, run: &impl Seen) -> String {
        match self {
            Claim::Check(name) => checked(name, run).1.to_string(),
            Claim::Compare(comparison) => match &comparison.subject {
                Subject::Rate(of) => of.observed(run),
                Subject::Each(reading) | Subject::Of(_, reading) => match run.metric(&reading.name) {
                    Some(value) => shown(value, reading.unit),
                    None => format!("this run has no {}, which counts against it", reading.name),
                },
            },
        }
    }
}

/// The run's value, or the infinity that counts against the expectation.
fn against(comparator: Comparator, reading: &Reading, run: &impl Seen) -> f64 {
    run.metric(&reading.name).unwrap_or(match comparator {
        Comparator::Less | Comparator::AtMost | Comparator::Equal => f64::INFINITY,
        Comparator::Greater | Comparator::AtLeast => f64::NEG_INFINITY,
    })
}

impl Judged {
    fn remark(&mut self, remark: String) {
        self.observed += &format!("; {remark}");
        self.remarks.push(remark);
    }
}

fn nothing() -> Judged {
    Judged {
        standing: Standing::Undecided,
        observed: "no runs".to_string(),
        remarks: Vec::new(),
        value: None,
        interval: None,
        failed: 0,
        undecided: 0,
        first_failed: None,
        worst: None,
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
    let mut open = None;
    for (index, run) in runs.iter().enumerate() {
        match alone(run) {
            Standing::Held => {}
            Standing::Failed => {
                judged.failed += 1;
                judged.first_failed.get_or_insert(index);
            }
            Standing::Undecided => {
                judged.undecided += 1;
                open.get_or_insert(index);
            }
        }
    }
    let count = runs.len();
    judged.worst = judged.first_failed;
    (judged.standing, judged.observed) = match (judged.first_failed, open) {
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
    /// `each` is what the runs, judged alone, come to.
    fn judge<S: Seen>(&self, runs: &[S], looks: Looks, each: Judged) -> Judged {
        let values = |reading: &Reading| -> Vec<f64> { runs.iter().map(|run| against(self.comparator, reading, run)).collect() };
        match &self.subject {
            Subject::Rate(_) => self.rate(runs.len() as u64, looks, each),
            Subject::Each(reading) => {
                let (worst, value) = self.worst(&values(reading));
                Judged { value: Some(value), worst: Some(worst), ..each }
            }
            Subject::Of(statistic, reading) => {
                let values = values(reading);
                let mut judged = self.estimate(*statistic, reading, &values, looks);
                let lacking = runs.iter().filter(|run| run.metric(&reading.name).is_none()).count();
                if lacking > 0 {
                    judged.remark(format!("{lacking} runs have no {} and count against it", reading.name));
                }
                let worst = Some(self.worst(&values).0);
                let Judged { failed, undecided, first_failed, .. } = each;
                Judged { failed, undecided, first_failed, worst, ..judged }
            }
        }
    }

    /// The run whose value comes nearest to failing, or fails most, and that value. Of equal ones it is the first.
    fn worst(&self, values: &[f64]) -> (usize, f64) {
        let badness = |value: f64| match self.comparator {
            Comparator::Equal => (value - self.bound).abs(),
            Comparator::Less | Comparator::AtMost => value,
            Comparator::Greater | Comparator::AtLeast => -value,
        };
        let worse = |one: (usize, f64), other: (usize, f64)| if badness(other.1) > badness(one.1) { other } else { one };
        values.iter().copied().enumerate().reduce(worse).unwrap_or((0, f64::NAN))
    }

    fn estimate(&self, statistic: Statistic, reading: &Reading, values: &[f64], looks: Looks) -> Judged {
        let ordered = sorted(values);
        let level = self.confidence.unwrap_or(TOLD_LEVEL);
        let (value, interval) = match (statistic, looks) {
            (Statistic::Mean, _) => (mean(values), Some(mean_interval(values, level))),
            (Statistic::Min, _) => (ordered[0], None),
            (Statistic::Max, _) => (ordered[ordered.len() - 1], None),
            (Statistic::Deviation, _) => (deviation(values).filter(|value| !value.is_nan()).unwrap_or(f64::INFINITY), None),
            (Statistic::Quantile(quantile), Looks::Once) => {
                (quantile.of(&ordered), Some(quantile_interval(&ordered, quantile, level)))
            }
            (Statistic::Quantile(quantile), Looks::Always) => {
                (quantile.of(&ordered), Some(quantile_sequence(&ordered, quantile, level)))
            }
        };
        let mut judged = self.judged(value, interval);
        judged.observed = format!("{statistic} is {} over {} runs", shown(value, reading.unit), values.len());
        judged.observed += &told(interval, level, reading.unit);
        if statistic == Statistic::Mean {
            let (runs, equal) = (values.len() as u64, values.windows(2).all(|pair| pair[0] == pair[1]));
            if let Some(needed) = mean_needs(values) {
                judged.remark(format!("so skewed that the interval of the mean is doubtful below {needed} runs"));
            } else if equal && (2..EQUAL_MIN).contains(&runs) {
                let others = libm::ceil(share_interval(0, runs, level).high * 100.0);
                judged.remark(format!(
                    "no two runs differ, so the interval has no width; up to {others} % of all runs may be others"
                ));
            }
        }
        judged
    }

    fn rate(&self, runs: u64, looks: Looks, each: Judged) -> Judged {
        // What is open counts on the wrong side.
        let against = each.failed + each.undecided;
        let hits = if self.comparator.bounds_above() { against } else { runs - against };
        let level = self.confidence.unwrap_or(TOLD_LEVEL);
        let value = hits as f64 / runs as f64;
        let interval = match looks {
            Looks::Once => share_interval(hits, runs, level),
            Looks::Always => Sequence::about(self.bound).interval(hits, runs, level),
        };
        let mut judged = self.judged(value, Some(interval));
        judged.observed = format!("{hits} of {runs} runs, {}", figures(value)) + &told(Some(interval), level, Unit::Ratio);
        if each.undecided > 0 {
            judged.remark(format!("{} runs leave it open and count against it", each.undecided));
        }
        let Judged { failed, undecided, first_failed, worst, .. } = each;
        Judged { failed, undecided, first_failed, worst, ..judged }
    }

    /// The verdict on a value with its interval.
    fn judged(&self, value: f64, interval: Option<Interval>) -> Judged {
        let standing = match (self.confidence, interval) {
            (Some(_), Some(interval)) => self.decided_by(interval),
            _ => Standing::of(self.comparator.holds(value, self.bound)),
        };
        Judged { standing, value: Some(value), interval, ..nothing() }
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

/// An interval, for people.
fn told(interval: Option<Interval>, level: f64, unit: Unit) -> String {
    let Some(Interval { low, high }) = interval else { return String::new() };
    format!(", {} % interval {} to {}", libm::round(level * 1e6) / 1e4, shown(low, unit), shown(high, unit))
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
        Expectation::parse("e", text, &Scope { protocol, options: &options, nodes: 10, parameters: &parameters, rtt: None })
            .unwrap()
    }

    fn judged(text: &str, runs: &[Run]) -> (&'static str, String) {
        let judged = expectation(text).judge_many(runs, Looks::Once);
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
        let judged = expectation("p50(convergence.time) <= 98s").judge_many(&runs, Looks::Once);
        assert_eq!(
            (judged.standing, judged.failed, judged.first_failed, judged.value),
            (Standing::Held, 2, Some(98), Some(50.0))
        );
    }

    #[test]
    fn the_runs_to_look_at_are_those_that_count_against_a_rate() {
        let runs = times((1..=100).map(f64::from));
        for (text, failed, first, value) in [
            ("rate(convergence.time <= 98s) >= 99%", 2, 98, 0.98),
            // Few of these are wanted: who shows it is to blame.
            ("rate(convergence.time > 98s) <= 1%", 2, 98, 0.02),
            ("rate(convergence.time > 3s) < 50%", 97, 3, 0.97),
        ] {
            let judged = expectation(text).judge_many(&runs, Looks::Once);
            let found = (judged.standing, judged.failed, judged.first_failed, judged.worst, judged.value);
            assert_eq!(found, (Standing::Failed, failed, Some(first), Some(first), Some(value)), "{text}");
        }
        let remarks = |runs| {
            expectation("mean(convergence.time) <= 2s with 99% confidence")
                .judge_many(&times(vec![1.0; runs]), Looks::Once)
                .remarks
        };
        assert_eq!(remarks(10), ["no two runs differ, so the interval has no width; up to 42 % of all runs may be others"]);
        assert_eq!(remarks(100), [""; 0]);
        let open = times((1..=100).map(|number| if number % 10 == 0 { -1.0 } else { 1.0 }));
        let judged = expectation("p90(convergence.time) <= 2s").judge_many(&open, Looks::Once);
        assert_eq!(judged.remarks, ["10 runs have no convergence.time and count against it"]);
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
