//! What the runs of a table came to: the verdict of each cell, and what else must not be overlooked in it.

use super::measure::{Estimate, unit_of};
use super::plan::{Near, Planned, TablePlan, Target, Terms};
use super::{Claim, Word, in_unit};
use crate::expect::Standing;
use crate::metrics::Unit;
use crate::run::{SeedResult, Tallied, combined, tallied};
use crate::statistics::Interval;
use quorate_engine::outcome::Digest;

/// A table with what was measured.
#[derive(Clone, PartialEq, Debug)]
pub struct TableReport {
    /// Its name.
    pub name: String,
    /// What it compares, in a sentence.
    pub summary: String,
    /// Where the numbers come from.
    pub source: String,
    /// The word for what the source says.
    pub word: Word,
    /// What a reader must know of all of it.
    pub note: Option<String>,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, in the order of the file.
    pub rows: Vec<RowReport>,
    /// How many runs there were; cells share them.
    pub runs: u64,
}

/// A row with what was measured.
#[derive(Clone, PartialEq, Debug)]
pub struct RowReport {
    /// What is measured, in words.
    pub name: String,
    /// The measure, as written.
    pub measure: String,
    /// What a reader must know of it.
    pub note: Option<String>,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// How it compares; none where there is nothing to compare with.
    pub verdict: Option<Verdict>,
    /// What the source says, in the unit of the measure, as the next three; and as the file writes it.
    pub claimed: Option<(f64, String)>,
    /// What the closed form comes to.
    pub closed_form: Option<f64>,
    /// What the runs come to; none where none ran, or none has a value.
    pub measured: Option<f64>,
    /// The interval of that at 95 %, ends included; an end may be infinite. None where there is none.
    pub interval: Option<Interval>,
    /// In what it counts; none where nothing ran and nothing is claimed.
    pub unit: Option<Unit>,
    /// How near is near enough: `exact`, `3 %`, `10ms`, `3 sigma`.
    pub tolerance: Option<String>,
    /// What must not be overlooked, a sentence each.
    pub notes: Vec<String>,
    /// Checks that did not hold in its runs.
    pub failed_checks: Vec<FailedCheck>,
    /// What ran; none where there is no such protocol.
    pub ran: Option<Ran>,
}

/// How a cell compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The measured value is as near as the tolerance asks: to what the source says, or where it says nothing, to the closed form.
    Agrees,
    /// It is not.
    Differs,
    /// There is no such protocol, so nothing ran.
    NotBuilt,
}

/// A check that did not hold.
#[derive(Clone, PartialEq, Debug)]
pub struct FailedCheck {
    /// The check.
    pub name: &'static str,
    /// In how many runs.
    pub failed: u64,
    /// The first of them.
    pub first_failed_seed: Option<u64>,
}

/// What ran for a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ran {
    /// The scenario's path, as the table has it.
    pub scenario: String,
    /// What was changed in it: `key=value`, as `--set` takes it.
    pub set: Vec<String>,
    /// How many seeds: at least 1.
    pub seeds: u32,
    /// The first of them.
    pub first_seed: u64,
    /// Over the runs' digests, in seed order.
    pub digest: Digest,
}

impl Verdict {
    /// `agrees`, `differs` or `not-built`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Agrees => "agrees",
            Verdict::Differs => "differs",
            Verdict::NotBuilt => "not-built",
        }
    }
}

impl TableReport {
    /// How many cells have that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.verdict == Some(verdict)).count()
    }
}

pub(super) fn report(plan: &TablePlan, results: &[SeedResult]) -> TableReport {
    let table = &plan.table;
    let mut rest = results;
    let mut by_world: Vec<&[SeedResult]> = Vec::new();
    for ready in &plan.worlds {
        let (runs, behind) = rest.split_at(ready.world.seeds as usize);
        by_world.push(runs);
        rest = behind;
    }
    assert!(rest.is_empty(), "{} results that no world of {} asked for", rest.len(), table.name);
    let rows = table.rows.iter().zip(&plan.cells).map(|(row, planned)| {
        let cells = planned.iter().enumerate().map(|(column, cell)| match cell {
            Planned::NotBuilt(why) => not_built(row.claimed[column].as_ref(), why),
            Planned::Measured(target) => {
                let runs = &by_world[target.world][..target.seeds as usize];
                measured(plan, target, row.claimed[column].as_ref(), runs)
            }
        });
        RowReport { name: row.name.clone(), measure: row.measure().to_string(), note: row.note.clone(), cells: cells.collect() }
    });
    TableReport {
        name: table.name.clone(),
        summary: table.summary.clone(),
        source: table.source.clone(),
        word: table.word,
        note: table.note.clone(),
        columns: table.columns.iter().map(|column| column.name.clone()).collect(),
        rows: rows.collect(),
        runs: results.len() as u64,
    }
}

fn not_built(claim: Option<&Claim>, why: &str) -> Cell {
    // Without the protocol its metrics are not known; the claim itself says what it counts in.
    let unit = claim.and_then(|claim| unit_of(claim.measure.dimension));
    let claimed = claim.zip(unit).and_then(|(claim, unit)| Some((in_unit(claim.measure, unit)?, claim.shown.clone())));
    Cell {
        verdict: Some(Verdict::NotBuilt),
        claimed,
        closed_form: None,
        measured: None,
        interval: None,
        unit,
        tolerance: None,
        notes: vec![why.to_string()],
        failed_checks: Vec::new(),
        ran: None,
    }
}

fn measured(plan: &TablePlan, target: &Target, claim: Option<&Claim>, runs: &[SeedResult]) -> Cell {
    let ready = &plan.worlds[target.world];
    let estimate = target.measure.estimate(runs, &Terms::of(&ready.plan).scope());
    let checks = tallied(runs);
    let mut notes = Vec::new();
    notes.extend(checks.iter().filter_map(|check| broken(check, runs.len())));
    notes.extend(lacking(&estimate, runs.len()));
    notes.extend(disagreement(target, &estimate));
    let failed = checks.iter().filter(|check| check.failed > 0);
    Cell {
        verdict: verdict(target, &estimate),
        claimed: target.claimed.zip(claim.map(|claim| claim.shown.clone())),
        closed_form: target.closed,
        measured: estimate.value,
        interval: estimate.interval,
        unit: Some(target.measure.unit),
        tolerance: target.claimed.or(target.closed).map(|_| target.within.clone()),
        notes,
        failed_checks: failed
            .map(|check| FailedCheck { name: check.name, failed: check.failed, first_failed_seed: check.first_failed_seed })
            .collect(),
        ran: Some(Ran {
            scenario: ready.world.scenario.clone(),
            set: ready.world.overrides.iter().map(|change| format!("{}={}", change.key, change.value)).collect(),
            seeds: target.seeds,
            first_seed: ready.plan.seed,
            digest: combined(runs),
        }),
    }
}

/// What the source says decides; where it says nothing, the closed form.
fn verdict(target: &Target, estimate: &Estimate) -> Option<Verdict> {
    let expected = target.claimed.or(target.closed)?;
    let near = estimate.value.is_some_and(|value| target.tolerance.takes(value, expected, estimate.error_if(expected)));
    Some(if near { Verdict::Agrees } else { Verdict::Differs })
}

/// Where the source, its closed form and the engine do not say the same, the verdict alone would hide one of them.
fn disagreement(target: &Target, estimate: &Estimate) -> Option<String> {
    let (claimed, closed) = (target.claimed?, target.closed?);
    let to_claim = target.tolerance.takes(closed, claimed, estimate.error_if(claimed));
    let to_closed = estimate.value.is_some_and(|value| target.tolerance.takes(value, closed, estimate.error_if(closed)));
    match (to_claim, to_closed) {
        (true, true) => None,
        (true, false) => Some("what was measured is not what the closed form says".to_string()),
        (false, true) => {
            Some("the closed form does not give what the source says; what was measured is what it gives".to_string())
        }
        (false, false) => Some("the closed form does not give what the source says, nor what was measured".to_string()),
    }
}

fn lacking(estimate: &Estimate, runs: usize) -> Option<String> {
    match estimate.lacking {
        0 => None,
        all if all == runs => Some("no run has such a value".to_string()),
        some => Some(format!("{some} of {runs} runs have no such value, and are left out")),
    }
}

fn broken(check: &Tallied, runs: usize) -> Option<String> {
    match check.standing {
        Standing::Held => None,
        Standing::Failed => {
            let seed = check.first_failed_seed.unwrap_or_default();
            Some(format!("{} FAILED in {} of {runs} runs, first with seed {seed}: {}", check.name, check.failed, check.evidence))
        }
        Standing::Undecided => Some(format!("{} is open in {} of {runs} runs: {}", check.name, check.undecided, check.evidence)),
    }
}

impl Near {
    /// Whether a value is near enough to the one that is expected. `error` is the standard error of the mean.
    pub(super) fn takes(self, value: f64, expected: f64, error: Option<f64>) -> bool {
        // Where a decimal such as 0.3 has no exact float, a value on the very edge is within.
        let rounding = 1e-12 * expected.abs();
        let allowed = match self {
            Near::Relative(part) => part * expected.abs(),
            Near::Absolute(amount) => amount,
            Near::Sigmas(sigmas) => sigmas * error.unwrap_or(0.0),
        };
        (value - expected).abs() <= allowed + rounding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_of_a_tolerance_is_within_it() {
        for (near, value, expected, error, within) in [
            (Near::Absolute(0.0), 14.0, 14.0, None, true),
            (Near::Absolute(0.0), 14.000_001, 14.0, None, false),
            (Near::Absolute(0.1), 0.3, 0.2, None, true),
            (Near::Absolute(0.1), 0.1, 0.2, None, true),
            (Near::Absolute(0.1), 0.300_001, 0.2, None, false),
            (Near::Relative(0.03), 0.4171, 0.43, None, true),
            (Near::Relative(0.03), 0.4429, 0.43, None, true),
            (Near::Relative(0.03), 0.4170, 0.43, None, false),
            (Near::Relative(0.03), -1.02, -1.0, None, true),
            (Near::Relative(0.03), 0.0, 0.0, None, true),
            (Near::Relative(0.03), 1e-9, 0.0, None, false),
            (Near::Sigmas(3.0), 1.3, 1.0, Some(0.1), true),
            (Near::Sigmas(3.0), 1.31, 1.0, Some(0.1), false),
            (Near::Sigmas(3.0), 1.0, 1.0, None, true),
            (Near::Sigmas(3.0), 1.1, 1.0, None, false),
            (Near::Relative(9.0), f64::INFINITY, 1.0, None, false),
        ] {
            assert_eq!(near.takes(value, expected, error), within, "{value} for {expected}: {near:?}");
        }
    }
}
