//! The command's flags: the one table from which help, parsing and their errors come.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A deterministic simulator of distributed systems: what coordination costs, and which guarantees survive.
#[derive(Parser)]
#[command(name = "quorate", version, max_term_width = 100, disable_help_subcommand = true, after_help = STATUS_HELP)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const STATUS_HELP: &str = "Exit status: 0 everything held; 1 an expectation or a check failed; 2 the input is wrong;
3 undecided; 4 a path cannot be read or written, or the machine failed.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a scenario file over one seed or many, and report.
    Run(Run),
    /// List what there is.
    List(List),
    /// Measure the engine, as ratios against its own event queue.
    Bench(Bench),
}

#[derive(Args)]
pub(crate) struct Run {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Run this seed instead of the file's.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Run so many seeds, from the first on, and summarise them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: Option<u32>,
    /// Change a key of the file: --set network.loss=0.05. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Also write the report (and, for many seeds, a line each) into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Worker threads for many seeds; as many as the machine has cores when left out. Changes no result.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// Recompute, at sampled events and at the end, the digests that replicas published.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Run every seed twice, and compare the reports.
    #[arg(long)]
    pub(crate) twice: bool,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct List {
    /// What to list.
    #[arg(value_enum)]
    pub(crate) what: What,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct Bench {
    /// Only this one: W1, W2-1e5, W2-1e6, W3, queue or gossip.
    pub(crate) name: Option<String>,
    /// Tiny sizes, to see that it works; the rates mean nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How to print the figures.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    Protocols,
    Faults,
    Checks,
    Metrics,
}
