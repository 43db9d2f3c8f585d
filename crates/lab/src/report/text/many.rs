//! The report of many runs.

use super::figures::{self, count, counted};
use super::layout::{Style, paragraph, table};
use super::{Cause, heading, headline, judgement, reason, replay, scenario, unjudged};
use crate::expect::Standing;
use crate::metrics::{self, Unit};
use crate::run::{ManyReport, Tallied};
use crate::statistics::Summary;

impl ManyReport<'_> {
    /// The report as text. `command` makes the command line that runs one seed again.
    pub fn to_text(&self, style: Style, command: impl Fn(u64) -> String) -> String {
        let last = self.first_seed + (self.seeds - 1);
        let seeds = format!("{} ({} to {last})", counted(self.seeds, "seed"), self.first_seed);
        let mut text = headline(style, self.verdict, &format!("{}, {seeds}", self.plan.name), &self.reason());
        text += &scenario(self.plan, None);
        text += &self.judged(style);
        text += &self.metrics(style);
        text += &format!("\ndigest {} over all runs in seed order\n", self.digest);
        if let Some(seed) = self.first_failed_seed {
            let failing: Vec<String> =
                self.checks.iter().filter_map(|check| failing(check.name, check.first_failed_seed)).collect();
            if failing.len() > 1 {
                text += &paragraph("", &format!("first failing seeds: {}", failing.join(", ")));
            }
            text += &replay(&command(seed));
        }
        text
    }

    fn reason(&self) -> String {
        let expectations = self.plan.expectations.iter().zip(&self.expectations);
        let causes = expectations
            .filter(|(_, judged)| judged.standing == self.verdict)
            .map(|(expectation, judged)| Cause::Expectation(&expectation.text, judged));
        let checks = self.checks.iter().filter(|check| check.standing == self.verdict);
        let checks =
            checks.filter(|check| !self.plan.expectations.iter().any(|expectation| expectation.text.trim() == check.name));
        let causes: Vec<_> = causes.chain(checks.map(|check| Cause::Check(check.name, &check.evidence))).collect();
        if self.verdict != Standing::Held {
            return reason(&causes);
        }
        format!(
            "{} and {} held",
            counted(self.expectations.len() as u64, "expectation"),
            counted(self.checks.iter().filter(|check| check.not_judged < self.seeds).count() as u64, "check")
        )
    }

    fn judged(&self, style: Style) -> String {
        let mut text = heading(style, "Expectations");
        if self.expectations.is_empty() {
            text += "  none\n";
        }
        for (expectation, judged) in self.plan.expectations.iter().zip(&self.expectations) {
            let seen = format!("{}: {}", expectation.text, judged.observed);
            text += &judgement(style, judged.standing, &expectation.name, &seen);
        }
        text += &heading(style, "Checks");
        if self.checks.is_empty() {
            text += "  none\n";
        }
        for check in &self.checks {
            text += &match check.not_judged == self.seeds {
                true => unjudged(check.name, &check.evidence),
                false => judgement(style, check.standing, check.name, &self.found(check)),
            };
        }
        text
    }

    fn found(&self, check: &Tallied) -> String {
        let runs = count(self.seeds - check.not_judged);
        match (check.failures_below, check.first_failed_seed) {
            (Some(bound), _) => format!("0 failures in {runs} seeds: p < {} at 95 %", figures::plain(bound)),
            (None, Some(seed)) => {
                format!("{} in {runs} seeds, first with seed {seed}: {}", counted(check.failed, "failure"), check.evidence)
            }
            (None, None) if check.standing == Standing::Undecided => {
                format!("open in {} of {runs} seeds: {}", count(check.undecided), check.evidence)
            }
            (None, None) => String::new(),
        }
    }

    fn metrics(&self, style: Style) -> String {
        let mut rows = vec![["", "mean", "95 % of mean", "p50", "p90", "p99"].map(String::from).to_vec()];
        let mut lacking = Vec::new();
        for (metric, (name, summary)) in metrics::of(self.plan.protocol.0).zip(&self.metrics) {
            match summary {
                Some(summary) if figures::idle(name, Some(summary.max)) => {}
                Some(summary) => {
                    rows.push(row(name, summary, Unit::of(metric)));
                    if summary.count < self.seeds {
                        lacking.push(format!("{name} in {}", count(self.seeds - summary.count)));
                    }
                }
                None => lacking.push(format!("{name} in all")),
            }
        }
        let mut slices = Vec::new();
        for (slice, summary) in self.plan.slices.iter().zip(&self.slices) {
            match summary {
                Some(summary) => slices.push(row(&slice.name, summary, slice.unit)),
                None => lacking.push(format!("{} in all", slice.name)),
            }
        }
        // Their names are long: in a table of their own they do not widen the other.
        let mut text = heading(style, "Metrics") + &table(&rows) + &table(&slices);
        if !lacking.is_empty() {
            text += &paragraph("  ", &format!("runs without a value: {}", lacking.join(", ")));
        }
        text
    }
}

fn failing(name: &str, seed: Option<u64>) -> Option<String> {
    seed.map(|seed| format!("{name} {seed}"))
}

fn row(name: &str, summary: &Summary, unit: Unit) -> Vec<String> {
    let half = (summary.ci95.high - summary.ci95.low) / 2.0;
    // What is left of rounding in the sum of equal values is no spread.
    let half = if half < 1e-9 * summary.mean.abs() { 0.0 } else { half };
    let interval = if half.is_finite() { format!("+-{}", figures::value(half, unit)) } else { "-".to_string() };
    let figures = [summary.p50, summary.p90, summary.p99].map(|value| figures::value(value, unit));
    let mut row = vec![name.to_string(), figures::value(summary.mean, unit), interval];
    row.extend(figures);
    row
}
