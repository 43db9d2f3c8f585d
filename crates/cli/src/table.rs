//! `quorate table`: reads a table and the scenarios that it names, does its runs over the machine's cores, and prints. The results
//! are put back in order, so the number of threads shows in nothing.

use crate::flags::{Table as Flags, TableFormat};
use crate::output::{Status, Stop, colour, print, print_json};
use crate::run::{pool, progress};
use crate::scenario::{self, Refused, Texts};
use crate::tables;
use quorate_lab::plan::Plan;
use quorate_lab::run::{RunFailure, SeedResult, try_out};
use quorate_lab::table::{Job, TablePlan, World};
use quorate_lab::text::{Errors, Override};
use rayon::prelude::*;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) fn table(flags: &Flags) -> Result<Status, Stop> {
    let Some(named) = &flags.table else {
        tables::list_as(flags.format)?;
        return Ok(Status::Held);
    };
    let path = tables::meant(named)?;
    let colour = colour(flags.color, std::io::stderr().is_terminal());
    let plan = plan(&path, &flags.set, flags.seeds).map_err(|refused| refused.stop(colour))?;
    let results = run(&plan, flags.threads)?;
    let report = plan.report(&results);
    match flags.format {
        TableFormat::Text => print(&report.to_text())?,
        TableFormat::Md => print(&report.to_markdown())?,
        TableFormat::Csv => print(&report.to_csv())?,
        TableFormat::Json => print_json(&report.to_json())?,
    }
    Ok(Status::Held)
}

/// Reads a table and all scenarios that it needs, with `--set` and `--seeds`.
pub(crate) fn plan(path: &Path, sets: &[String], seeds: Option<u32>) -> Result<TablePlan, Refused> {
    let flags = scenario::overrides(sets).map_err(Refused::Stop)?;
    let (table, texts) = tables::load(path)?;
    let wrong = |errors| Refused::Wrong(errors, Box::new(texts.clone()));
    let worlds = table.worlds(&flags, seeds).map_err(&wrong)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let plans = worlds.list().iter().map(|world| world_plan(world, folder, &wrong)).collect::<Result<Vec<_>, _>>()?;
    worlds.plan(plans).map_err(wrong)
}

fn world_plan(world: &World, folder: &Path, wrong: &impl Fn(Errors) -> Refused) -> Result<Plan, Refused> {
    let path = folder.join(&world.scenario);
    let texts = Texts::read(&path).map_err(|stop| wrong(world.unreadable(stop.reason())))?;
    // What the table itself names stands where the table does.
    let working = |needed: &str| if world.wrote(needed) { folder } else { Path::new("") };
    let blame = |refused| match refused {
        Refused::Wrong(errors, texts) => match world.blamed(&errors) {
            Some(errors) => wrong(errors),
            None => Refused::Wrong(errors, texts),
        },
        refused => refused,
    };
    let plan = scenario::plan_with(texts.clone(), &path, &world.overrides, working).map_err(&blame)?;
    try_out(&plan).map_err(|failure| blame(protocol_refuses(texts, &world.overrides, &failure)))?;
    Ok(plan)
}

/// What the protocol does not take, at its place in the scenario where it has one.
pub(crate) fn protocol_refuses(texts: Texts, overrides: &[Override], failure: &RunFailure) -> Refused {
    match quorate_lab::text::blamed(&texts.source(), overrides, &failure.path, &failure.message) {
        Some(errors) => Refused::Wrong(errors, Box::new(texts)),
        None => Refused::Stop(Stop::Input(format!("{}: {failure}", texts.source().name))),
    }
}

/// Does all runs; the results are in the order of the jobs.
fn run(plan: &TablePlan, threads: Option<u16>) -> Result<Vec<SeedResult>, Stop> {
    let jobs = plan.jobs();
    let pool = pool(threads)?;
    let progress = progress(jobs.len() as u64, "runs");
    // The first job that could not be done decides, whichever thread met one first; those behind it need not be done.
    let stopped = AtomicUsize::new(usize::MAX);
    let run = |(index, job): (usize, &Job)| {
        if index > stopped.load(Ordering::Relaxed) {
            return None;
        }
        let result = plan.run(*job).map_err(|failure| refused(plan, *job, &failure));
        if result.is_err() {
            stopped.fetch_min(index, Ordering::Relaxed);
        }
        progress.inc(1);
        Some(result)
    };
    let results: Vec<_> = pool.install(|| jobs.par_iter().enumerate().map(run).collect());
    progress.finish_and_clear();
    results.into_iter().flatten().collect()
}

fn refused(plan: &TablePlan, job: Job, failure: &RunFailure) -> Stop {
    let scenario = plan.worlds().nth(job.world).map_or(PathBuf::new(), |(world, _)| PathBuf::from(&world.scenario));
    Stop::Input(format!("{}: {}, seed {}: {failure}", plan.name(), scenario.display(), job.seed))
}
