//! When more runs would change nothing: so that time is spent only where the verdict is open. Two reasons, apart from each other.
//!
//! - **It cannot change.** Some run broke what every run must keep to; or so many runs lie beyond a bound that those which are left cannot
//!   bring the quantile, the extreme or the rate back. The verdict is that of all runs.
//! - **It is sure enough.** An expectation with a confidence is decided when a confidence sequence ([`Sequence`]) says so: one that may be
//!   looked at after every run, and errs no more often than it was allowed to.
//!
//! A mean and a standard deviation may always change, and are looked at once, at the end.

use super::judge::{Seen, Standing};
use super::{Claim, Comparator, Expectation, Statistic, Subject};
use crate::statistics::Sequence;

/// An expectation, and what the runs so far have shown of it.
#[derive(Clone, Debug)]
pub struct Decision<'p> {
    claim: &'p Claim,
    /// The most runs that there may be.
    budget: u64,
    runs: u64,
    /// Of these, those that keep to the bound, judged alone, or do not count against a rate.
    held: u64,
    failed: u64,
    is_made: bool,
}

impl<'p> Decision<'p> {
    /// Before the first run, of so many at most.
    pub fn new(expectation: &'p Expectation, budget: u64) -> Decision<'p> {
        Decision { claim: &expectation.claim, budget, runs: 0, held: 0, failed: 0, is_made: false }
    }

    /// Whether the runs so far decide it.
    pub fn is_made(&self) -> bool {
        self.is_made
    }

    /// The next run, in the order of seeds. Once it is made, a decision stays.
    pub fn take(&mut self, run: &impl Seen) {
        let standing = self.claim.standing(run);
        self.runs += 1;
        self.held += u64::from(standing == Standing::Held);
        self.failed += u64::from(standing == Standing::Failed);
        self.is_made = self.is_made || self.runs >= self.budget || self.decides();
    }

    fn decides(&self) -> bool {
        let Claim::Compare(comparison) = self.claim else { return self.failed > 0 };
        let upper = comparison.comparator.bounds_above();
        match (&comparison.subject, comparison.confidence) {
            (Subject::Each(_), _) => self.failed > 0,
            (_, _) if comparison.comparator == Comparator::Equal => false,
            (Subject::Of(Statistic::Mean | Statistic::Deviation, _), _) => false,
            (Subject::Of(Statistic::Quantile(quantile), _), Some(level)) => {
                // The share of the runs that keep to a bound: at least this for an upper one, and the rest for a lower one.
                let share = if upper { quantile.to_f64() } else { 1.0 - quantile.to_f64() };
                Sequence::about(share).rules_out(share, self.held, self.runs, level)
            }
            (Subject::Rate(_), Some(level)) => {
                // The interval is what judges: at 0 and 1 it may touch the bound that it rules out.
                let share = comparison.bound;
                (0.0..=1.0).contains(&share) && Sequence::about(share).rules_out(share, self.hits(0), self.runs, level)
            }
            (Subject::Of(statistic, _), None) => {
                let rank = match statistic {
                    Statistic::Min => 1,
                    Statistic::Quantile(quantile) => quantile.rank(self.budget),
                    _ => self.budget,
                };
                self.cannot_change(if upper { rank } else { self.budget - rank + 1 })
            }
            (Subject::Of(..), Some(_)) => false,
            (Subject::Rate(_), None) => {
                let held = |hits: u64| comparison.comparator.holds(hits as f64 / self.budget as f64, comparison.bound);
                held(self.hits(0)) == held(self.hits(self.left()))
            }
        }
    }

    /// Whether it is settled that at least so many of all runs keep to the bound, or that fewer do.
    fn cannot_change(&self, needed: u64) -> bool {
        self.held >= needed || self.held + self.left() < needed
    }

    /// The runs that show what a rate counts, if so many more did. What is open counts on the wrong side.
    fn hits(&self, more: u64) -> u64 {
        let few = matches!(self.claim, Claim::Compare(comparison) if comparison.comparator.bounds_above());
        more + if few { self.runs - self.held } else { self.held }
    }

    fn left(&self) -> u64 {
        self.budget - self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Parameters;
    use crate::expect::{Looks, Scope};
    use quorate_check::Verdict;
    use quorate_engine::random::{Draw, Keys, Purpose};
    use quorate_protocols::options::Values;
    use quorate_protocols::registry;

    struct Run(f64, Verdict);

    impl Seen for Run {
        fn metric(&self, name: &str) -> Option<f64> {
            (name == "convergence.time").then_some(self.0)
        }

        fn check(&self, name: &str) -> Option<&Verdict> {
            (name == "converges").then_some(&self.1)
        }
    }

    fn expectation(text: &str) -> Expectation {
        let protocol = registry::find("gossip").unwrap();
        let options = Values::defaults(protocol.options);
        let scope = Scope { protocol, options: &options, nodes: 10, parameters: &Parameters::default(), rtt: Some(50_000_000) };
        Expectation::parse("e", text, &scope).unwrap()
    }

    fn run(time: f64) -> Run {
        let verdict = if time < 9.0 { Verdict::Ok } else { Verdict::Violation("late".to_string()) };
        Run(time, verdict)
    }

    /// After how many of these runs it is decided, and how.
    fn decided(text: &str, times: &[f64]) -> (u64, &'static str) {
        let expectation = expectation(text);
        let mut decision = Decision::new(&expectation, times.len() as u64);
        let runs: Vec<Run> = times.iter().copied().map(run).collect();
        let mut taken = 0;
        while !decision.is_made() {
            decision.take(&runs[taken]);
            taken += 1;
        }
        (taken as u64, expectation.judge_many(&runs[..taken], Looks::Always).standing.name())
    }

    #[test]
    fn what_cannot_change_is_decided() {
        // 1, 2, 3, … 9, 0, 1, …: a tenth of the runs takes 9 s.
        let times: Vec<f64> = (1..=100).map(|index| f64::from(index % 10)).collect();
        for (text, expected) in [
            ("converges", (9, "failed")),
            ("convergence.time <= 5s", (6, "failed")),
            ("convergence.time <= 10s", (100, "held")),
            ("max(convergence.time) <= 5s", (6, "failed")),
            ("max(convergence.time) >= 5s", (5, "held")),
            ("min(convergence.time) <= 2s", (1, "held")),
            ("min(convergence.time) >= 1s", (10, "failed")),
            // Half of them keep to 4 s, the last one too; 6 of 10 do not keep to 3 s.
            ("p50(convergence.time) <= 4s", (100, "held")),
            ("p50(convergence.time) <= 3s", (86, "failed")),
            ("p90(convergence.time) >= 9s", (100, "failed")),
            ("rate(converges) >= 95%", (59, "failed")),
            ("rate(converges) >= 90%", (100, "held")),
            ("rate(converges) >= 85%", (94, "held")),
            ("rate(convergence.time < 9s) < 80%", (88, "failed")),
            ("mean(convergence.time) <= 1s", (100, "failed")),
            ("stddev(convergence.time) <= 1s", (100, "failed")),
            ("p50(convergence.time) == 4s", (100, "held")),
        ] {
            assert_eq!(decided(text, &times), expected, "{text}");
        }
    }

    /// The verdict at the stop is the verdict of all runs, where no confidence is asked for.
    #[test]
    fn stopping_early_changes_no_verdict() {
        for seed in 0..300 {
            let key = Keys::from_seed(seed).stream(Purpose::Workload);
            let count = 1 + Draw(key.draw(1, 0)).below(60) as u32;
            let times: Vec<f64> = (0..count).map(|index| Draw(key.draw(0, index)).below(11) as f64).collect();
            let runs: Vec<Run> = times.iter().copied().map(run).collect();
            for text in [
                "converges",
                "convergence.time <= 8s",
                "p50(convergence.time) <= 5s",
                "p50(convergence.time) > 5s",
                "p90(convergence.time) < 9s",
                "p99(convergence.time) >= 9s",
                "min(convergence.time) <= 1s",
                "max(convergence.time) < 10s",
                "rate(converges) >= 80%",
                "rate(converges) < 85%",
                "rate(convergence.time <= 4s) > 40%",
                "mean(convergence.time) <= 5s",
            ] {
                let all = expectation(text).judge_many(&runs, Looks::Once).standing;
                // Of one run alone a rate says nothing.
                let (taken, standing) = decided(text, &times);
                assert!(standing == all.name() || taken < 2, "{text} over {times:?}: {standing} after {taken}");
            }
        }
    }

    #[test]
    fn with_a_confidence_the_sequence_stops_it_and_its_interval_agrees() {
        let times = |late: u64| -> Vec<f64> { (1..=2_000).map(|index| if index % late == 0 { 9.0 } else { 1.0 }).collect() };
        for (text, late, standing, most) in [
            ("p90(convergence.time) <= 2s with 99% confidence", 100, "held", 200),
            ("p90(convergence.time) <= 2s with 99% confidence", 5, "failed", 200),
            ("p90(convergence.time) <= 2s with 99% confidence", 10, "undecided", 2_000),
            ("p10(convergence.time) >= 1s with 99% confidence", 10, "held", 200),
            ("rate(converges) >= 95% with 99% confidence", 100, "held", 500),
            ("rate(converges) >= 95% with 99% confidence", 7, "failed", 300),
            ("rate(converges) <= 95% with 99% confidence", 7, "held", 300),
            ("rate(converges) >= 100% with 99% confidence", 500, "failed", 500),
        ] {
            let (taken, found) = decided(text, &times(late));
            assert!(found == standing && taken <= most, "{text}, every {late}: {found} after {taken}");
        }
    }
}
