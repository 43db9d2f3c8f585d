//! `quorate run`: one seed whole, or many seeds over the machine's cores. The seeds' results are put back in order, so the
//! number of threads shows in nothing.

use crate::flags::{Colour, Format, Run};
use crate::output::{Status, Stop, colour, json_text, print, write_file};
use crate::scenario;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quorate_check::history::write;
use quorate_lab::expect::{Looks, Standing};
use quorate_lab::plan::Plan;
use quorate_lab::report::text::Style;
use quorate_lab::run::{Keep, RunFailure, RunReport, SeedResult, Verify, run_seed_keeping, summarise};
use rayon::prelude::*;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) fn run(flags: &Run) -> Result<Status, Stop> {
    let plan = scenario::load(&flags.file, &flags.set, colour(flags.color, std::io::stderr().is_terminal()))?;
    let first = flags.seed.unwrap_or(plan.seed);
    if let Some(out) = &flags.out {
        std::fs::create_dir_all(out).map_err(|error| Stop::io("make the folder", out, &error))?;
    }
    let style = if colour(flags.color, std::io::stdout().is_terminal()) { Style::Coloured } else { Style::Plain };
    match flags.seeds {
        None => one(flags, &plan, first, style),
        Some(seeds) => many(flags, &plan, first, seeds, style),
    }
}

fn one(flags: &Run, plan: &Plan, seed: u64, style: Style) -> Result<Status, Stop> {
    let report = run_twice(flags, plan, seed, Keep::Evidence)?;
    let document = json_text(&report.to_json());
    if let Some(out) = &flags.out {
        write_file(&out.join("report.json"), &document)?;
        write_history(&report, &out.join("history.jsonl"))?;
    }
    match flags.format {
        Format::Json => print(&document)?,
        Format::Text => print(&report.to_text(style, &replay(&flags.file, &flags.set, seed, flags.verify)))?,
    }
    Ok(status(report.verdict))
}

fn many(flags: &Run, plan: &Plan, first: u64, seeds: u32, style: Style) -> Result<Status, Stop> {
    let Some(last) = first.checked_add(u64::from(seeds) - 1) else {
        return Err(Stop::Input(format!("--seeds {seeds} from seed {first} on goes beyond the last seed, {}", u64::MAX)));
    };
    let pool = pool(flags.threads)?;
    let histories = flags.out.as_ref().map(|out| out.join("histories"));
    if let Some(folder) = &histories {
        std::fs::create_dir_all(folder).map_err(|error| Stop::io("make the folder", folder, &error))?;
    }
    let progress = progress(u64::from(seeds), "seeds");
    // The least seed that could not be run decides, whichever thread met one first; seeds above it need not be run.
    let stopped = AtomicU64::new(u64::MAX);
    let run = |seed: u64| {
        if seed > stopped.load(Ordering::Relaxed) {
            return None;
        }
        let brief = run_twice(flags, plan, seed, Keep::Metrics).and_then(|report| {
            if let Some(folder) = &histories {
                write_history(&report, &folder.join(format!("{seed}.jsonl")))?;
            }
            Ok(report.brief())
        });
        if brief.is_err() {
            stopped.fetch_min(seed, Ordering::Relaxed);
        }
        progress.inc(1);
        Some(brief)
    };
    let runs: Vec<_> = pool.install(|| (first..=last).into_par_iter().map(run).collect());
    progress.finish_and_clear();
    let runs = runs.into_iter().flatten().collect::<Result<Vec<SeedResult>, Stop>>()?;
    let many = summarise(plan, &runs, Looks::Once);
    let document = json_text(&many.to_json());
    if let Some(out) = &flags.out {
        write_file(&out.join("report.json"), &document)?;
        write_file(&out.join("runs.jsonl"), &lines(plan, &runs))?;
    }
    match flags.format {
        Format::Json => print(&document)?,
        Format::Text => print(&many.to_text(style, |seed| replay(&flags.file, &flags.set, seed, flags.verify)))?,
    }
    Ok(status(many.verdict))
}

/// So many worker threads; as many as the machine has cores when nobody says.
pub(crate) fn pool(threads: Option<u16>) -> Result<rayon::ThreadPool, Stop> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from));
    builder.build().map_err(|error| Stop::Machine(format!("cannot start the worker threads: {error}")))
}

/// Writes what clients asked and were told; nothing when there were none.
fn write_history(report: &RunReport<'_>, path: &Path) -> Result<(), Stop> {
    match &report.history {
        Some(history) if !history.operations.is_empty() => write_file(path, &write::text(history)),
        _ => Ok(()),
    }
}

/// Runs a seed, and with `--twice` once more: two different reports of one seed are the one thing that must never be.
fn run_twice<'p>(flags: &Run, plan: &'p Plan, seed: u64, keep: Keep) -> Result<RunReport<'p>, Stop> {
    let verify = if flags.verify { Verify::Always } else { Verify::IfExpected };
    let keep = match (&flags.out, flags.twice) {
        (Some(_), _) => Keep::History,
        (None, true) => keep.max(Keep::Evidence),
        (None, false) => keep,
    };
    let run = || {
        run_seed_keeping(plan, seed, verify, keep)
            .map_err(|failure| refused(&flags.file, &flags.set, flags.color, seed, &failure))
    };
    let report = run()?;
    if flags.twice {
        let again = run()?;
        if report.to_json() != again.to_json() {
            return Err(Stop::Machine(format!(
                "seed {seed} gave two results, digests {} and {}: this is a defect of quorate; please report it with the scenario",
                report.outcome.digest, again.outcome.digest
            )));
        }
    }
    Ok(report)
}

/// Why a seed cannot be run: at its place in the file, where it has one.
pub(crate) fn refused(file: &Path, sets: &[String], wanted: Colour, seed: u64, failure: &RunFailure) -> Stop {
    match scenario::blamed(file, sets, failure) {
        Some(wrong) => wrong.stop(colour(wanted, std::io::stderr().is_terminal())),
        None => Stop::Input(format!("{}, seed {seed}: {failure}", file.display())),
    }
}

/// The command that runs this seed again.
pub(crate) fn replay(file: &Path, sets: &[String], seed: u64, verify: bool) -> String {
    let mut line = format!("quorate run {} --seed {seed}", quoted(&file.display().to_string()));
    for set in sets {
        line.push_str(&format!(" --set {}", quoted(set)));
    }
    if verify {
        line.push_str(" --verify");
    }
    line
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(harmless) { word.to_string() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// One line a seed.
fn lines(plan: &Plan, runs: &[SeedResult]) -> String {
    runs.iter().map(|run| format!("{}\n", run.to_json(plan))).collect()
}

/// How far it is, on a terminal.
pub(crate) fn progress(count: u64, of: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {of}, {{per_sec}}, {{eta}} left"));
    ProgressBar::with_draw_target(Some(count), target).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn status(standing: Standing) -> Status {
    match standing {
        Standing::Held => Status::Held,
        Standing::Failed => Status::Failed,
        Standing::Undecided => Status::Undecided,
    }
}
