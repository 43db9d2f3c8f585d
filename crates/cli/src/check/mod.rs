//! `quorate check`: scenario files as a CI job runs them. Each is run over as many seeds as decide its expectations, the files beside each
//! other; what comes of it is the same on any number of threads. Nothing is tried again: a seed that fails, fails.

mod github;
mod junit;
mod print;

use crate::flags::{Check, Format};
use crate::output::{Status, Stop, colour, print, print_json, write_file};
use crate::run::{pool, progress, refused, replay};
use crate::scenario::{self, Texts};
use crate::validate::files;
use quorate_lab::expect::Standing;
use quorate_lab::plan::Plan;
use quorate_lab::report::cases::Case;
use quorate_lab::run::{SeedResult, Sequential, run_briefly, try_out};
use rayon::prelude::*;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// A file that was checked.
pub(crate) struct Checked {
    file: PathBuf,
    standing: Standing,
    /// Seeds that were run, and that there were to run at most.
    seeds: u64,
    budget: u64,
    first_seed: u64,
    digest: String,
    cases: Vec<Answer>,
}

/// A case, with what its reader needs to look into it.
pub(crate) struct Answer {
    case: Case,
    /// The run with the case's seed.
    failure: Option<Failure>,
    /// The expectation's line in its file.
    line: Option<usize>,
}

pub(crate) struct Failure {
    seed: u64,
    digest: String,
    /// The command that does it again.
    replay: String,
}

pub(crate) fn check(flags: &Check) -> Result<Status, Stop> {
    let plans = plans(flags)?;
    let pool = pool(flags.threads)?;
    let progress = progress(plans.len() as u64, "files");
    let one = |(file, plan): &(PathBuf, Plan)| {
        let checked = checked(flags, file, plan);
        progress.inc(1);
        checked
    };
    let checked: Vec<Result<Checked, Stop>> = pool.install(|| plans.par_iter().map(one).collect());
    progress.finish_and_clear();
    let checked = checked.into_iter().collect::<Result<Vec<Checked>, Stop>>()?;
    let counts = Counts::of(&checked);
    match flags.format {
        Format::Text => print(&print::text(&checked, &counts, colour(flags.color, std::io::stdout().is_terminal())))?,
        Format::Json => print_json(&print::json(&checked, &counts))?,
    }
    if let Some(path) = &flags.junit {
        write_file(path, &junit::report(&checked)?)?;
    }
    if let Some(path) = &flags.summary {
        write_file(path, &print::markdown(&checked, &counts))?;
    }
    github::tell(&checked, &counts)?;
    Ok(counts.status())
}

/// Every file's plan; nothing is run unless all are right.
fn plans(flags: &Check) -> Result<Vec<(PathBuf, Plan)>, Stop> {
    let colour = colour(flags.color, std::io::stderr().is_terminal());
    let mut plans = Vec::new();
    let mut wrong = String::new();
    for path in &flags.paths {
        let is_folder = path.is_dir();
        for file in files(path).map_err(|error| Stop::io("read", path, &error))? {
            // A folder's tables are for another command.
            if is_folder && quorate_lab::text::is_table(&Texts::read(&file)?.source()) {
                continue;
            }
            let plan = scenario::plan(&file, &flags.set).and_then(|plan| match try_out(&plan) {
                Ok(()) => Ok(plan),
                Err(failure) => Err(scenario::blamed(&file, &flags.set, &failure)
                    .unwrap_or_else(|| scenario::Refused::Stop(Stop::Input(format!("{}: {failure}", file.display()))))),
            });
            match plan.map_err(|refused| refused.stop(colour)) {
                Ok(plan) if is_folder && plan.ci.skip => {}
                Ok(plan) => plans.push((file, plan)),
                Err(stop @ (Stop::Rendered(_) | Stop::Input(_))) => wrong += &stop.text(),
                Err(stop) => return Err(stop),
            }
        }
    }
    match (wrong.is_empty(), plans.is_empty()) {
        (false, _) => Err(Stop::Rendered(wrong)),
        (true, true) => Err(Stop::Input("there is no scenario to check: each says skip under [ci], or is a table".to_string())),
        (true, false) => Ok(plans),
    }
}

/// Seeds that are run before it is asked again whether they decide; what runs beyond that is not looked at.
const BLOCK: u64 = 32;

fn checked(flags: &Check, file: &Path, plan: &Plan) -> Result<Checked, Stop> {
    let budget = u64::from(flags.seeds.unwrap_or(plan.ci.seeds));
    if plan.seed.checked_add(budget - 1).is_none() {
        return Err(Stop::Input(format!("{}: {budget} seeds from {} on go beyond the last seed", file.display(), plan.seed)));
    }
    let mut sequential = Sequential::new(plan, budget, flags.all);
    let mut next = 0;
    while !sequential.is_decided() {
        let block = next..budget.min(next + BLOCK);
        next = block.end;
        let run = |index: u64| {
            let seed = plan.seed + index;
            run_briefly(plan, seed).map_err(|failure| refused(file, &flags.set, flags.color, seed, &failure))
        };
        let runs: Vec<Result<SeedResult, Stop>> = block.into_par_iter().map(run).collect();
        for run in runs {
            if sequential.is_decided() {
                break;
            }
            sequential.take(run?);
        }
    }
    let (report, runs) = sequential.finish();
    let source = Texts::read(file)?;
    let overrides = scenario::overrides(&flags.set)?;
    let answer = |case: Case| {
        let failure = case.seed.map(|seed| Failure {
            seed,
            digest: runs[(seed - report.first_seed) as usize].digest.to_string(),
            replay: replay(file, &flags.set, seed, false),
        });
        let line =
            case.expectation.as_ref().and_then(|name| quorate_lab::text::line_of(&source.source(), &overrides, "expect", name));
        Answer { case, failure, line }
    };
    Ok(Checked {
        file: file.to_path_buf(),
        standing: report.verdict,
        seeds: report.seeds,
        budget,
        first_seed: report.first_seed,
        digest: report.digest.to_string(),
        cases: report.cases().into_iter().map(answer).collect(),
    })
}

/// How many cases ended how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Counts {
    passed: usize,
    failed: usize,
    open: usize,
}

impl Counts {
    fn of(checked: &[Checked]) -> Counts {
        let all = || checked.iter().flat_map(|file| &file.cases);
        let count = |standing: Standing| all().filter(|answer| answer.case.standing == standing).count();
        Counts { passed: count(Standing::Held), failed: count(Standing::Failed), open: count(Standing::Undecided) }
    }

    fn status(self) -> Status {
        match self {
            Counts { failed: 1.., .. } => Status::Failed,
            Counts { open: 1.., .. } => Status::Undecided,
            _ => Status::Held,
        }
    }

    /// `12 passed, 1 failed`; what is undecided only where there is any.
    fn told(self) -> String {
        let Counts { passed, failed, open } = self;
        let open = if open > 0 { format!(", {open} undecided") } else { String::new() };
        format!("{passed} passed, {failed} failed{open}")
    }
}
