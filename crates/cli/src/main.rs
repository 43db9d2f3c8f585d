//! The command `quorate`: files, threads, progress, terminal and exit status. What a scenario means and what a run shows is
//! the lab's business; nothing in here can change a result.

mod bench;
mod check;
mod describe;
mod diff;
mod flags;
mod history;
mod laws;
mod layout;
mod list;
mod manual;
mod new;
mod output;
mod run;
mod scenario;
mod show;
#[cfg_attr(not(feature = "parquet"), path = "no_sweep.rs")]
mod sweep;
mod table;
mod tables;
mod validate;

use clap::Parser;
use flags::{Command, Flags};
use output::{Status, Stop};
use std::panic::catch_unwind;
use std::process::ExitCode;

/// Many seeds are many short lives: what a run frees serves the next, without a way through the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A broken invariant is a defect of ours and no verdict on the scenario; what broke is on standard error already.
    catch_unwind(command).unwrap_or_else(|_| {
        Stop::Machine("this is a defect of quorate; please report it with the command line and the scenario".to_string()).report()
    })
}

fn command() -> ExitCode {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(error) => return output::usage(&error),
    };
    let done = match &flags.command {
        Command::Run(flags) => run::run(flags),
        Command::Check(flags) => check::check(flags),
        Command::Sweep(flags) => sweep::sweep(flags),
        Command::Merge(flags) => sweep::merge::merge(flags),
        Command::Diff(flags) => diff::diff(flags),
        Command::Table(flags) => table::table(flags),
        Command::Validate(flags) => validate::validate(flags),
        Command::Show(flags) => show::show(flags),
        Command::New(flags) => new::new(flags),
        Command::Describe(flags) => describe::describe(flags),
        Command::List(flags) => list::list(flags),
        Command::History(flags) => history::history(flags),
        Command::Bench(flags) => bench(flags),
        Command::Schema(flags) => schema(flags),
        Command::Completions(flags) => manual::completions(flags.shell),
        Command::Man => manual::manual(),
    };
    match done {
        Ok(status) => status.into(),
        Err(stop) => stop.report(),
    }
}

fn schema(flags: &flags::Schema) -> Result<Status, Stop> {
    let schema = match flags.of {
        flags::Kind::Scenario => quorate_lab::describe::json_schema(),
        flags::Kind::Table => quorate_lab::describe::table_schema(),
    };
    output::print_json(&schema).map(|()| Status::Held)
}

fn bench(flags: &flags::Bench) -> Result<Status, Stop> {
    let report = bench::measure(flags.name.as_deref(), flags.quick, flags.runs).map_err(Stop::Input)?;
    match flags.format {
        flags::Format::Text => output::print(&report.to_text())?,
        flags::Format::Json => output::print_json(&report.to_json())?,
    }
    Ok(Status::Held)
}
