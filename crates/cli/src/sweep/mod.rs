//! `quorate sweep`: a scenario over a grid and many seeds, into a folder of Parquet files. What is there and sound is not done again,
//! so the same command goes on after whatever ended it.

mod columns;
mod folder;
pub(crate) mod merge;
mod part;
pub(crate) mod read;
mod work;

use crate::flags::Sweep as Flags;
use crate::output::{Status, Stop, colour, print, tell};
use crate::run::{pool, progress, quoted};
use crate::scenario::{self, Refused, Texts};
use crate::table::protocol_refuses;
use folder::{Folder, Found};
use part::Wrong;
use quorate_lab::plan::Plan;
use quorate_lab::run::{RunFailure, try_out};
use quorate_lab::sweep::{Axis, Manifest, Shard, Sweep, grid, listed};
use quorate_lab::text::{Origin, Override};
use rayon::prelude::*;
use std::io::IsTerminal;
use std::ops::Range;
use std::path::Path;
use work::Failed;

pub(crate) fn sweep(flags: &Flags) -> Result<Status, Stop> {
    let sweep = planned(flags)?;
    let folder = Folder::new(&flags.out);
    let pool = pool(flags.threads)?;
    if let Some(of) = flags.missing {
        let missing = missing(&sweep.manifest, &folder, of, &pool)?;
        let text = listed(missing);
        if !text.is_empty() {
            print(&format!("{text}\n"))?;
        }
        return Ok(Status::Held);
    }
    folder.claim(&sweep.manifest)?;
    let cut = sweep.manifest.cut;
    let parts = flags.shard.map_or(0..cut.parts(), |shard| cut.parts_of(shard));
    do_parts(flags, &sweep, &folder, parts.clone(), &pool)?;
    match flags.shard {
        None => print(&merge::merged(&flags.out)?.to_text(&flags.out))?,
        Some(Shard { number, of }) => {
            let rows: u64 = parts.clone().map(|part| cut.rows_of(part)).map(|rows| rows.end - rows.start).sum();
            let (done, all) = (parts.end - parts.start, cut.parts());
            print(&format!(
                "shard {number} of {of}: {rows} rows in {done} of {all} parts are there\n\
                 when all shards are: quorate merge {}\n",
                quoted(&flags.out.display().to_string())
            ))?;
        }
    }
    Ok(Status::Held)
}

/// What stands in a part's place, as far as it matters to whoever would do it.
enum State {
    Missing,
    Sound,
    Damaged,
    /// It is somebody else's: why.
    Foreign(String),
}

fn state(manifest: &Manifest, folder: &Folder, part: u64) -> Result<State, Stop> {
    Ok(match folder.part(manifest, part)? {
        Found::Missing => State::Missing,
        Found::Sound(_) => State::Sound,
        Found::Wrong(Wrong::Damaged) => State::Damaged,
        Found::Wrong(Wrong::Foreign(why)) => State::Foreign(why),
        Found::Wrong(Wrong::Misplaced(other)) => State::Foreign(format!("it is part {other} a second time")),
    })
}

/// The shards, of so many, that have a part that is not there and sound.
fn missing(manifest: &Manifest, folder: &Folder, of: u64, pool: &rayon::ThreadPool) -> Result<Vec<u64>, Stop> {
    let sound: Vec<bool> = match folder.manifest()? {
        None => vec![false; manifest.cut.parts() as usize],
        Some(there) => {
            folder.same(manifest, &there)?;
            let sound = |part: u64| Ok(matches!(state(manifest, folder, part)?, State::Sound));
            pool.install(|| (0..manifest.cut.parts()).into_par_iter().map(sound).collect::<Result<_, Stop>>())?
        }
    };
    let lacks = |number: &u64| manifest.cut.parts_of(Shard { number: *number, of }).any(|part| !sound[part as usize]);
    Ok((1..=of).filter(lacks).collect())
}

/// Does those of the parts that are not there and sound.
fn do_parts(flags: &Flags, sweep: &Sweep, folder: &Folder, parts: Range<u64>, pool: &rayon::ThreadPool) -> Result<(), Stop> {
    let manifest = &sweep.manifest;
    let look = |part: u64| Ok((part, state(manifest, folder, part)?));
    let states: Vec<(u64, State)> = pool.install(|| parts.clone().into_par_iter().map(look).collect::<Result<_, Stop>>())?;
    let mut to_do = Vec::new();
    for (part, state) in states {
        let path = folder.part_path(part);
        match state {
            State::Sound => {}
            State::Missing => to_do.push(part),
            State::Damaged => {
                tell(&format!("{}: it is truncated or damaged, and is done again\n", path.display()));
                to_do.push(part);
            }
            State::Foreign(why) => return Err(Stop::Input(format!("{}: {why}; move it elsewhere", path.display()))),
        }
    }
    let rows = |part: u64| manifest.cut.rows_of(part).end - manifest.cut.rows_of(part).start;
    let all: u64 = parts.map(rows).sum();
    let left: u64 = to_do.iter().copied().map(rows).sum();
    let progress = progress(all, "runs");
    progress.set_position(all - left);
    progress.reset_eta();
    let done = work::work(sweep, folder, &to_do, pool, &progress);
    progress.finish_and_clear();
    done.map_err(|failed| match failed {
        Failed::Stop(stop) => stop,
        Failed::Run(row, failure) => refused(flags, manifest, row, &failure),
    })
}

/// Does these parts of a sweep, whatever is there: what a benchmark measures.
pub(crate) fn do_parts_of(sweep: &Sweep, path: &Path, parts: Range<u64>, pool: &rayon::ThreadPool) -> Result<(), Stop> {
    let folder = Folder::new(path);
    folder.claim(&sweep.manifest)?;
    let parts: Vec<u64> = parts.collect();
    let done = work::work(sweep, &folder, &parts, pool, &indicatif::ProgressBar::hidden());
    done.map_err(|failed| match failed {
        Failed::Stop(stop) => stop,
        Failed::Run(_, failure) => Stop::Input(failure.to_string()),
    })
}

/// How large all parts are together.
pub(crate) fn bytes_of_parts(sweep: &Sweep, path: &Path) -> u64 {
    let folder = Folder::new(path);
    let size = |part| std::fs::metadata(folder.part_path(part)).map_or(0, |file| file.len());
    (0..sweep.manifest.cut.parts()).map(size).sum()
}

/// Reads the scenario at every point of the grid; nothing runs before all of them are right.
pub(crate) fn planned(flags: &Flags) -> Result<Sweep, Stop> {
    let set = scenario::overrides(&flags.set)?;
    let axes = grid(&flags.vary, &set).map_err(Stop::Input)?;
    let texts = Texts::read(&flags.file)?;
    let points = axes.iter().try_fold(1u64, |points, axis| points.checked_mul(axis.values.len() as u64));
    let points = points.filter(|points| *points <= POINTS_MAX);
    let Some(points) = points else {
        return Err(Stop::Input(format!("the grid has more than {POINTS_MAX} points; vary less at once")));
    };
    let plans = (0..points).map(|point| plan(flags, &texts, &set, &axes, point)).collect::<Result<Vec<Plan>, Stop>>()?;
    let first = flags.seed.unwrap_or(plans[0].seed);
    Sweep::new(&flags.file.display().to_string(), &flags.set, axes, plans, flags.seeds, first).map_err(Stop::Input)
}

/// Each point's plan is held in memory.
const POINTS_MAX: u64 = 1_000_000;

fn plan(flags: &Flags, texts: &Texts, set: &[Override], axes: &[Axis], point: u64) -> Result<Plan, Stop> {
    let varied: Vec<Override> = quorate_lab::sweep::settings(axes, point)
        .into_iter()
        .map(|(key, value)| Override { key: key.to_string(), value: value.to_string() })
        .collect();
    let overrides: Vec<Override> = set.iter().chain(&varied).cloned().collect();
    let blame = |refused| blamed(flags, axes, &varied, refused);
    let plan = scenario::plan_with(texts.clone(), &flags.file, &overrides, |_| Path::new("")).map_err(blame)?;
    try_out(&plan).map_err(|failure| blame(protocol_refuses(texts.clone(), &overrides, &failure)))?;
    Ok(plan)
}

/// What is wrong at a point, told of the flag that brought it.
fn blamed(flags: &Flags, axes: &[Axis], varied: &[Override], refused: Refused) -> Stop {
    let mut text = String::new();
    if let Refused::Wrong(errors, _) = &refused {
        for problem in &errors.problems {
            let Origin::Flag(flag) = &problem.origin else { continue };
            let ours = varied.iter().position(|change| *flag == format!("{}={}", change.key, change.value));
            let Some(place) = ours else { continue };
            let path = if problem.path.is_empty() { String::new() } else { format!("{}: ", problem.path) };
            text += &format!("error: --vary {}: {}: {path}{}\n", axes[place].text(), varied[place].value, problem.message);
            if let Some(help) = &problem.help {
                text += &format!("      = help: {help}\n");
            }
        }
    }
    // Alone it may be right, and wrong only together with another.
    let with = if varied.len() > 1 { format!("this is so with {}\n", varies(varied)) } else { String::new() };
    if !text.is_empty() {
        return Stop::Rendered(text + &with);
    }
    let stop = refused.stop(colour(flags.color, std::io::stderr().is_terminal()));
    match stop {
        Stop::Rendered(text) if !varied.is_empty() => Stop::Rendered(format!("{text}this is so with {}\n", varies(varied))),
        stop => stop,
    }
}

fn varies(varied: &[Override]) -> String {
    varied.iter().map(|change| format!("--vary {}={}", change.key, change.value)).collect::<Vec<_>>().join(" ")
}

/// What a run refuses, with its point.
fn refused(flags: &Flags, manifest: &Manifest, row: u64, failure: &RunFailure) -> Stop {
    let (point, seed) = manifest.at(row);
    let settings = manifest.settings(point).into_iter().map(|(key, value)| format!("{key}={value}"));
    let sets: Vec<String> = flags.set.iter().cloned().chain(settings).collect();
    let text = match scenario::blamed(&flags.file, &sets, failure) {
        Some(wrong) => wrong.stop(colour(flags.color, std::io::stderr().is_terminal())).text(),
        None => format!("error: {}, seed {seed}: {failure}\n", flags.file.display()),
    };
    Stop::Rendered(format!("{text}to see it again: {}\n", replay(manifest, point, seed)))
}

/// The command that runs a row again.
pub(crate) fn replay(manifest: &Manifest, point: u64, seed: u64) -> String {
    let settings = manifest.settings(point).into_iter().map(|(key, value)| format!("{key}={value}"));
    let sets = manifest.set.iter().cloned().chain(settings);
    sets.fold(format!("quorate run {} --seed {seed}", quoted(&manifest.file)), |line, set| line + " --set " + &quoted(&set))
}

/// The command that does a sweep's parts that are not there.
pub(crate) fn again(manifest: &Manifest, folder: &Path) -> String {
    let mut line = format!("quorate sweep {}", quoted(&manifest.file));
    manifest.axes.iter().for_each(|axis| line += &format!(" --vary {}", quoted(&axis.text())));
    line += &format!(" --seeds {} --seed {}", manifest.seeds, manifest.first_seed);
    manifest.set.iter().for_each(|set| line += &format!(" --set {}", quoted(set)));
    line + &format!(" --out {}", quoted(&folder.display().to_string()))
}
