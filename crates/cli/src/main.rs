//! The command `quorate`: files, threads, progress, terminal and exit status. What a scenario means and what a run shows is
//! the lab's business; nothing in here can change a result.

mod bench;
mod flags;
mod list;
mod output;
mod run;
mod scenario;

use clap::Parser;
use flags::{Command, Flags};
use output::Stop;
use std::panic::catch_unwind;
use std::process::ExitCode;

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
        Command::List(flags) => list::list(flags),
        Command::Bench(flags) => bench(flags),
    };
    match done {
        Ok(status) => status.into(),
        Err(stop) => stop.report(),
    }
}

fn bench(flags: &flags::Bench) -> Result<output::Status, Stop> {
    let report = bench::measure(flags.name.as_deref(), flags.quick).map_err(Stop::Input)?;
    match flags.format {
        flags::Format::Text => output::print(&report.to_text())?,
        flags::Format::Json => output::print_json(&report.to_json())?,
    }
    Ok(output::Status::Held)
}
