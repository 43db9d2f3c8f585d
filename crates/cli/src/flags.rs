//! The command's flags: the one table from which help, parsing and their errors come.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use quorate_check::checks::CHECKS;
use quorate_check::history::Model;
use quorate_check::history::model::MODELS;
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
    /// Only this one: W1, W2-1e5, W2-1e6, W3, queue, gossip, check, raft or commit.
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
