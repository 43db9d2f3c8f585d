//! The command's flags: the one table from which help, parsing and their errors come.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use quorate_check::checks::CHECKS;
use quorate_check::history::Model;
use quorate_check::history::model::MODELS;
use quorate_lab::sweep::Shard;
use quorate_lab::units::{bytes, duration};
use quorate_protocols::registry::protocols;
use std::path::PathBuf;

/// A deterministic simulator of distributed systems: what coordination costs, and which guarantees survive.
#[derive(Parser)]
#[command(name = "quorate", version, max_term_width = 100, disable_help_subcommand = true, after_help = STATUS_HELP)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const STATUS_HELP: &str = "Exit status: 0 everything held; 1 an expectation or a check failed; 2 the input is wrong; \
    3 undecided; 4 a path cannot be read or written, or the machine failed.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a scenario file over one seed or many, and report.
    #[command(after_help = "Example: quorate run scenarios/gossip/push.toml --seeds 20 --set network.loss=0.1")]
    Run(Run),
    /// Check scenario files as a CI job does: over many seeds, a line for each expectation, and a seed that fails.
    #[command(after_help = "Example: quorate check scenarios/gossip/push.toml --junit report.xml\n\n\
        Each file is run over the seeds of its [ci], until every expectation is decided. In a job of GitHub Actions the summary and the \
        annotations are written by themselves. More: docs/ci.md")]
    Check(Check),
    /// Run a scenario over a grid of values and many seeds, into a folder of Parquet files.
    #[command(
        after_help = "Example: quorate sweep scenarios/gossip/push.toml --vary nodes=10,20 --seeds 9 --out sweeps/push\n\n\
        What is done is not done again: the same command goes on where it was ended. The exit status is 0 even when \
        expectations fail: a sweep measures. How to split one over machines and how to read the files: docs/sweeps.md."
    )]
    Sweep(Sweep),
    /// Check the parts of a sweep, sum up each of its points and print the digest of its rows.
    #[command(after_help = "Example: quorate merge sweeps/push")]
    Merge(Merge),
    /// Compare two results of the same seeds, metric by metric: what got better, what worse.
    #[command(after_help = "Example: quorate diff baselines/push results/push --margin 5%\n\n\
        A result is what quorate run --seeds N --out DIR has written, or a sweep's folder. Runs are compared in pairs of one seed. The exit \
        status is 1 where a metric got worse by more than the margin.")]
    Diff(Diff),
    /// Run a table: what a source claims, its closed form and what the engine measures, side by side. Without a name, list them.
    #[command(after_help = "Example: quorate table raft-elections --seeds 20\n\n\
        How to write one: docs/tables.md. The exit status does not tell the verdicts; --format json does.")]
    Table(Table),
    /// Check scenario and table files without running them: what is wrong, where, and what would be right.
    #[command(after_help = "Example: quorate validate scenarios")]
    Validate(Validate),
    /// Show a scenario as it is understood, every default filled in: itself a scenario, with the same results.
    #[command(after_help = "Example: quorate show scenarios/gossip/push.toml --set network.loss=0.1")]
    Show(Show),
    /// Write a scenario to begin with, for any protocol.
    #[command(after_help = "Example: quorate new my-first --protocol gossip > my-first.toml")]
    New(New),
    /// Tell what a protocol, a fault, a metric, a check, a table or a key of a scenario means.
    #[command(after_help = "Example: quorate describe partition\n\n\
        Whether a data type needs no coordination: quorate describe or-set --laws --variant orset-no-tombstone")]
    Describe(Describe),
    /// List what there is.
    #[command(after_help = "Example: quorate list metrics")]
    List(List),
    /// Judge histories: what clients of any system asked and were told.
    #[command(after_help = "Example: quorate history check docs/histories/register.jsonl")]
    History(History),
    /// Measure the engine, as ratios against its own event queue, and the judges.
    #[command(after_help = "Example: quorate bench W1 --quick")]
    Bench(Bench),
    /// Print the JSON Schema of scenario or table files, for editors and other programs.
    #[command(after_help = "Example: quorate schema > scenario.schema.json\n\n\
        An editor that knows TOML schemas takes it from a scenario's first line: #:schema scenario.schema.json")]
    Schema(Schema),
    /// Print the completions of this command for a shell.
    #[command(after_help = "Example: quorate completions fish > ~/.config/fish/completions/quorate.fish")]
    Completions(Completions),
    /// Print the manual page of this command.
    #[command(after_help = "Example: quorate man > ~/.local/share/man/man1/quorate.1")]
    Man,
}

#[derive(Args)]
pub(crate) struct Run {
    /// The scenario file; - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
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
    /// Also write the report, the histories of what clients saw and, for many seeds, a line each into this folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
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
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct Check {
    /// Scenario files, or folders: every scenario below them, but for those whose [ci] says skip.
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Run so many seeds at most, whatever the files say.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: Option<u32>,
    /// Run all of these seeds, also when fewer decide everything.
    #[arg(long)]
    pub(crate) all: bool,
    /// Change a key of each file: --set network.loss=0.05. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Also write the verdicts as JUnit XML into this file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,
    /// Also write a summary in Markdown into this file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) summary: Option<PathBuf>,
    /// How to print the verdicts.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Worker threads; as many as the machine has cores when left out. Changes no result.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct Sweep {
    /// The scenario file.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Take each of these values of a key: --vary nodes=3,5,7. May be repeated: then every combination, the last varies fastest.
    #[arg(long = "vary", value_name = "KEY=VALUES")]
    pub(crate) vary: Vec<String>,
    /// Run so many seeds at each point.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// Begin with this seed instead of the file's.
    #[arg(long, value_name = "FIRST")]
    pub(crate) seed: Option<u64>,
    /// Change a key of the file at all points: --set network.loss=0.05. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The sweep's folder; it is made when it is not there.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// Do only this part of the whole, such as 3/8: the third of eight. quorate merge brings them together.
    #[arg(long, value_name = "K/N", value_parser = Shard::of)]
    pub(crate) shard: Option<Shard>,
    /// Run nothing; print which of N shards are not complete, as job arrays take them: 3,5-7.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with = "shard")]
    pub(crate) missing: Option<u64>,
    /// Worker threads; as many as the machine has cores when left out. Changes no result.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct Merge {
    /// The sweep's folder.
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// How to print what there is.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct Diff {
    /// The result before: a folder, or the runs.jsonl or report.json in it.
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub(crate) before: PathBuf,
    /// The result after.
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub(crate) after: PathBuf,
    /// How much worse is let pass: a part of the mean before.
    #[arg(long, value_name = "PART", value_parser = crate::diff::margin, default_value = "0%")]
    pub(crate) margin: f64,
    /// Compare only this metric, or several with commas between them.
    #[arg(long, value_name = "M", value_delimiter = ',', value_parser = crate::diff::metric)]
    pub(crate) metric: Vec<String>,
    /// Of this metric less is better; of costs, times and failures that is known.
    #[arg(long, value_name = "M", value_delimiter = ',', value_parser = crate::diff::metric)]
    pub(crate) less: Vec<String>,
    /// Of this metric more is better.
    #[arg(long, value_name = "M", value_delimiter = ',', value_parser = crate::diff::metric)]
    pub(crate) more: Vec<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct Table {
    /// Which table: its name, as quorate list tables has it, or its file; without it, list them.
    #[arg(value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) table: Option<PathBuf>,
    /// Run so many seeds for each cell, whatever the file says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: Option<u32>,
    /// Change a key of every cell's scenario: --set network.loss=0.05. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub(crate) format: TableFormat,
    /// Worker threads; as many as the machine has cores when left out. Changes no result.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// When to use colours for what is wrong; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct Schema {
    /// Of which files.
    #[arg(value_enum, default_value_t = Kind::Scenario)]
    pub(crate) of: Kind,
}

#[derive(Args)]
pub(crate) struct Validate {
    /// Scenario and table files, or folders: every .toml and .json file below them.
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Change a key of each file before it is checked: --set network.loss=0.05. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct Show {
    /// The scenario file; - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Put this seed in place of the file's.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Change a key of the file: --set network.loss=0.05. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// As which kind of scenario file.
    #[arg(long, value_enum, default_value_t = Language::Toml)]
    pub(crate) format: Language,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
}

#[derive(Args)]
pub(crate) struct New {
    /// The scenario's name: a-z, 0-9 and -.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Who runs: see quorate list protocols.
    #[arg(long, value_name = "P", value_parser = PossibleValuesParser::new(protocols().iter().map(|protocol| protocol.name)), hide_possible_values = true)]
    pub(crate) protocol: String,
    /// Write the scenario into this file, which must not be there yet, instead of printing it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Describe {
    /// What to describe, such as gossip, partition, convergence.time or network.loss; without it, what there is.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Of a protocol that keeps a data type: try the laws that make coordination needless.
    #[arg(long, requires = "name")]
    pub(crate) laws: bool,
    /// With --laws: of this planted variant instead.
    #[arg(long, value_name = "V", requires = "laws")]
    pub(crate) variant: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
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
pub(crate) struct History {
    #[command(subcommand)]
    pub(crate) command: HistoryCommand,
}

#[derive(Subcommand)]
pub(crate) enum HistoryCommand {
    /// Judge histories by what their clients saw: is there an order that explains it?
    #[command(after_help = "Example: quorate history check docs/histories/register.jsonl --check linearizable --budget 30s\n\n\
        Models and checks: quorate list models, quorate list history-checks. The format: docs/histories.md.")]
    Check(HistoryCheck),
}

#[derive(Args)]
pub(crate) struct HistoryCheck {
    /// History files, or folders: every .jsonl file below them; - is standard input.
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// What the histories are histories of, instead of what their headers say.
    #[arg(long, value_name = "M", value_parser = PossibleValuesParser::new(MODELS.iter().map(|model| model.name)).map(|name| Model::named(&name).unwrap_or(Model::Register)), hide_possible_values = true)]
    pub(crate) model: Option<Model>,
    /// What to check, or several with commas between them; the model's own check when left out.
    #[arg(long = "check", value_name = "C", value_delimiter = ',', value_parser = PossibleValuesParser::new(CHECKS.iter().map(|check| check.name)), hide_possible_values = true)]
    pub(crate) checks: Vec<String>,
    /// How long a file may take, such as 30s; then its verdict is unknown. No limit when left out.
    #[arg(long, value_name = "T", value_parser = duration)]
    pub(crate) budget: Option<u64>,
    /// How many steps a check may take, the same on every machine; then its verdict is unknown.
    #[arg(long, value_name = "N", default_value_t = 2_000_000_000)]
    pub(crate) steps: u64,
    /// How much memory a file may take, history included, such as 4GB; then its verdict is unknown.
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "4GB")]
    pub(crate) memory: u64,
    /// How to print the verdicts.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct Bench {
    /// Only this one: W1, W2-1e5, W2-1e6, W3, queue, gossip, check, raft, commit, crdt, coverage or sweep.
    pub(crate) name: Option<String>,
    /// Tiny sizes, to see that it works; the rates mean nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Of sweep: measure with so many runs, instead of 200,000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) runs: Option<u64>,
    /// How to print the figures.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    Text,
    /// Markdown.
    Md,
    Csv,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Scenario,
    Table,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Toml,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Who can run.
    Protocols,
    /// What can go wrong.
    Faults,
    /// What can go wrong at random.
    Nemeses,
    /// Who can be linked to whom.
    Topologies,
    /// How long messages can take.
    Latencies,
    /// What runs are judged by.
    Checks,
    /// What runs are measured by.
    Metrics,
    /// What a history can be one of.
    Models,
    /// What histories are judged by.
    HistoryChecks,
    /// What a scenario file can say.
    Keys,
    /// What is held against what others say, in the folder scenarios/tables.
    Tables,
}
