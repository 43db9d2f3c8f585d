//! Many seeds, as many as it takes: runs are taken in the order of their seeds until every expectation is decided, or the budget is
//! spent. What is reported is of those runs and no others, so that it does not depend on how many were run ahead.

use super::{ManyReport, SeedResult, summarise};
use crate::expect::{Decision, Looks};
use crate::plan::Plan;

/// Runs of consecutive seeds, until they decide.
#[derive(Debug)]
pub struct Sequential<'p> {
    plan: &'p Plan,
    decisions: Vec<Decision<'p>>,
    runs: Vec<SeedResult>,
    budget: u64,
    is_whole: bool,
}

impl<'p> Sequential<'p> {
    /// Before the first run; of so many at most, at least 1. With `is_whole` all of them are made, whatever they show, and looked at once.
    pub fn new(plan: &'p Plan, budget: u64, is_whole: bool) -> Sequential<'p> {
        let decisions = plan.expectations.iter().map(|expectation| Decision::new(expectation, budget)).collect();
        Sequential { plan, decisions, runs: Vec::new(), budget, is_whole }
    }

    /// Whether no more runs are wanted.
    pub fn is_decided(&self) -> bool {
        let all = self.runs.len() as u64 >= self.budget;
        // Without expectations there are only checks, and these want all.
        let early = !self.is_whole && !self.decisions.is_empty();
        all || early && self.decisions.iter().all(Decision::is_made)
    }

    /// The run of the next seed.
    pub fn take(&mut self, run: SeedResult) {
        self.decisions.iter_mut().for_each(|decision| decision.take(&run));
        self.runs.push(run);
    }

    /// What the runs that were taken show.
    ///
    /// # Panics
    /// Without any run.
    pub fn finish(self) -> (ManyReport<'p>, Vec<SeedResult>) {
        let looks = if self.is_whole { Looks::Once } else { Looks::Always };
        (summarise(self.plan, &self.runs, looks), self.runs)
    }
}
