//! A table with its plans: every cell read in terms of its scenario, and the runs as jobs. What the results mean is the report's part.

use super::measure::{Measure, dimension_of};
use super::worlds::Ground;
use super::{Table, TableReport, Tolerance, World, Worlds, closed, in_unit, report};
use crate::arithmetic::{self, Parameters};
use crate::expect::{Scope, Statistic};
use crate::plan::Plan;
use crate::run::{RunFailure, SeedResult, run_briefly};
use crate::text::{Errors, Problem};
use quorate_protocols::options::Values;
use std::collections::BTreeSet;

/// A table whose cells are known to mean something.
#[derive(Debug)]
pub struct TablePlan {
    pub(super) table: Table,
    pub(super) worlds: Vec<Ready>,
    /// By row, then by column.
    pub(super) cells: Vec<Vec<Planned>>,
}

/// A world that can run.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) world: World,
    pub(super) plan: Plan,
    /// What the cells look at.
    metrics: BTreeSet<&'static str>,
}

/// A cell.
#[derive(Clone, Debug)]
pub(super) enum Planned {
    NotBuilt(String),
    Measured(Box<Target>),
}

/// What a cell measures, and what it is held against.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) world: usize,
    pub(super) seeds: u32,
    pub(super) measure: Measure,
    /// In the measure's unit, as the next two.
    pub(super) claimed: Option<f64>,
    pub(super) closed: Option<f64>,
    pub(super) tolerance: Near,
    /// The tolerance as people read it.
    pub(super) within: String,
}

/// [`Tolerance`], in the measure's unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Near {
    Relative(f64),
    Absolute(f64),
    Sigmas(f64),
}

/// A run that a table needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Job {
    /// The index of its world.
    pub world: usize,
    /// Its seed.
    pub seed: u64,
}

pub(super) fn plan(worlds: Worlds, plans: Vec<Plan>) -> Result<TablePlan, Errors> {
    let Worlds { table, cells: grounds, worlds } = worlds;
    let mut worlds: Vec<Ready> =
        worlds.into_iter().zip(plans).map(|(world, plan)| Ready { world, plan, metrics: BTreeSet::new() }).collect();
    let mut problems: Vec<Problem> = Vec::new();
    for ready in &worlds {
        if ready.plan.seed.checked_add(u64::from(ready.world.seeds) - 1).is_none() {
            problems
                .extend(ready.world.unreadable("so many seeds, from the scenario's own on, go beyond the last seed").problems);
        }
    }
    let mut cells = Vec::new();
    for (row, grounds) in grounds.iter().enumerate() {
        let mut planned = Vec::new();
        for (column, ground) in grounds.iter().enumerate() {
            match ground {
                Ground::NotBuilt(why) => planned.push(Planned::NotBuilt(why.clone())),
                Ground::World(world, seeds) => match target(&table, (row, column), (*world, *seeds), &worlds[*world].plan) {
                    Ok(target) => {
                        let Ready { plan, metrics, .. } = &mut worlds[*world];
                        target.measure.metrics(&Terms::of(plan).scope(), metrics);
                        target.measure.reading().into_iter().for_each(|reading| plan.measure(reading));
                        planned.push(Planned::Measured(Box::new(target)));
                    }
                    // One that is wrong in a column is as a rule wrong in all, in the same words but for the name of the cell.
                    Err(problem) if problems.iter().any(|told| told.span == problem.span && told.path == problem.path) => {}
                    Err(problem) => problems.push(*problem),
                },
            }
        }
        cells.push(planned);
    }
    if problems.is_empty() { Ok(TablePlan { table, worlds, cells }) } else { Err(Errors::new(&table.file, problems)) }
}

fn target(table: &Table, place: (usize, usize), runs: (usize, u32), plan: &Plan) -> Result<Target, Box<Problem>> {
    let (row, column) = (&table.rows[place.0], place.1);
    let here = table.cell_name(place.0, column);
    let terms = Terms::of(plan);
    let scope = terms.scope();
    let measure = Measure::parse(row.measure.text(), &scope).map_err(|mistake| row.measure.mistaken(&here, mistake))?;
    let fits = |value: arithmetic::Measure, what: &str| {
        let (expected, found) = (dimension_of(measure.unit), value.dimension);
        if found != expected {
            let message = format!("the measure is {}, and {what} is {}{here}", expected.shown(), found.shown());
            return Err(message);
        }
        in_unit(value, measure.unit).ok_or_else(|| format!("is longer than any time that can be measured{here}"))
    };
    let claimed = row.claimed[column].as_ref().map(|claim| fits(claim.measure, "this").map_err(|message| claim.at.fail(message)));
    let closed = row.closed[column].as_ref().map(|held| {
        let value = closed::work_out(held.text(), table, &scope).map_err(|mistake| held.mistaken(&here, mistake))?;
        fits(value, "this closed form").map_err(|message| held.fail(message))
    });
    let tolerance = match &row.tolerance[column] {
        None | Some(Tolerance::Exact) => Near::Absolute(0.0),
        Some(Tolerance::Relative(part)) => Near::Relative(*part),
        Some(Tolerance::Absolute(value, at)) => Near::Absolute(fits(*value, "this").map_err(|message| at.fail(message))?),
        Some(Tolerance::Sigmas(sigmas, at)) => match measure.statistic {
            Statistic::Mean => Near::Sigmas(*sigmas),
            other => return Err(at.fail(format!("sigma is the standard error of a mean, and the measure is {other}{here}"))),
        },
    };
    let within = row.tolerance[column].as_ref().map_or_else(|| "exact".to_string(), Tolerance::shown);
    Ok(Target {
        world: runs.0,
        seeds: runs.1,
        measure,
        claimed: claimed.transpose()?,
        closed: closed.transpose()?,
        tolerance,
        within,
    })
}

/// The names that hold in a scenario, and what they stand for.
pub(super) struct Terms<'a> {
    plan: &'a Plan,
    parameters: Parameters,
    /// The options that no seed draws.
    certain: Values,
}

impl<'a> Terms<'a> {
    pub(super) fn of(plan: &'a Plan) -> Terms<'a> {
        let mut parameters = Parameters::default();
        plan.parameters.iter().for_each(|(name, value)| parameters.add(name, *value));
        let mut certain = plan.options.clone();
        plan.drawn.iter().for_each(|(name, _)| certain.remove(name));
        Terms { plan, parameters, certain }
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        let Terms { plan, parameters, certain } = self;
        Scope { protocol: plan.protocol.0, options: certain, nodes: plan.nodes, parameters, rtt: plan.network.rtt() }
    }
}

impl TablePlan {
    /// The table's name.
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// The worlds that run, with their plans.
    pub fn worlds(&self) -> impl Iterator<Item = (&World, &Plan)> {
        self.worlds.iter().map(|ready| (&ready.world, &ready.plan))
    }

    /// All runs, world by world, in seed order.
    pub fn jobs(&self) -> Vec<Job> {
        let seeds = |ready: &Ready| (0..u64::from(ready.world.seeds)).map(|index| ready.plan.seed + index).collect::<Vec<_>>();
        let worlds = self.worlds.iter().enumerate();
        worlds.flat_map(|(world, ready)| seeds(ready).into_iter().map(move |seed| Job { world, seed })).collect()
    }

    /// Does one run, and keeps of it what the cells look at.
    ///
    /// # Errors
    /// As [`crate::run::run_seed`].
    pub fn run(&self, job: Job) -> Result<SeedResult, RunFailure> {
        let ready = &self.worlds[job.world];
        let mut result = run_briefly(&ready.plan, job.seed)?;
        result.metrics.retain(|(name, _)| ready.metrics.contains(name));
        Ok(result)
    }

    /// The report, from the results of [`TablePlan::jobs`], in their order.
    pub fn report(&self, results: &[SeedResult]) -> TableReport {
        report::report(self, results)
    }
}
