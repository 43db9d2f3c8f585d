//! A scenario to begin with, for any protocol of the registry: every option with its meaning, a network, a partition, a
//! workload that the protocol answers, and its own checks as expectations. What goes into it is tried out, so it runs and holds.

use super::layout::quoted;
use super::option::{option_default, option_takes};
use crate::expect::Standing;
use crate::plan::Plan;
use crate::run::{Verify, run_seed};
use crate::text::{Errors, Files, Source, parse};
use quorate_protocols::options::{Field, FieldKind};
use quorate_protocols::registry::Protocol;
use std::fmt::Write as _;

/// What a new scenario is made of.
#[derive(Clone, Copy)]
pub struct Template<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// Who runs.
    pub protocol: &'static Protocol,
    /// Where the schema is for editors, as seen from the file.
    pub schema: Option<&'a str>,
}

/// The seeds over which a check must hold to become an expectation.
const TRIED: u64 = 5;

/// The text of the scenario.
///
/// # Errors
/// A name that a scenario cannot have.
pub fn scenario(template: &Template<'_>) -> Result<String, Errors> {
    let checks: Vec<&str> = template.protocol.checks.iter().map(|check| check.name).collect();
    let mut refused = None;
    for workload in WORKLOADS {
        let text = written(template, workload, &checks, &[]);
        match plan(&text) {
            Ok(plan) if run_seed(&plan, plan.seed, Verify::IfExpected).is_ok() => {
                let (held, open): (Vec<&str>, Vec<&str>) = checks.iter().partition(|check| holds(&plan, check));
                return Ok(written(template, workload, &held, &open));
            }
            Ok(_) => {}
            Err(errors) => refused = Some(errors),
        }
    }
    refused.map_or_else(|| Ok(written(template, "", &[], &checks)), Err)
}

fn plan(text: &str) -> Result<Plan, Errors> {
    parse(&Source { name: "the new scenario".to_string(), bytes: text.as_bytes() }, &[], &Files::default())
}

/// Whether the expectation of that name holds whatever the seed, as far as that was tried.
fn holds(plan: &Plan, check: &str) -> bool {
    (plan.seed..plan.seed + TRIED).all(|seed| {
        let Ok(report) = run_seed(plan, seed, Verify::IfExpected) else { return false };
        let mut judged = plan.expectations.iter().zip(&report.expectations);
        judged.any(|(expectation, judged)| expectation.text == check && judged.standing == Standing::Held)
    })
}

/// From what most protocols can be asked to what any can.
const WORKLOADS: &[&str] = &[
    "# Clients ask before, during and after the cut, on both sides of it.\n\
     [[workload.updates]]\nat = \"1s\"\nfrom = [0, 4]\ncount = 3\nevery = \"7s\"\n\n\
     [workload.reads]\nat = \"25s\"\nfrom = \"all\"\n",
    "# Clients ask before, during and after the cut, on both sides of it.\n\
     [[workload.updates]]\nat = \"1s\"\nfrom = [0, 4]\ncount = 3\nevery = \"7s\"\n",
    "# Every replica is asked before, during and after the cut.\n\
     [workload.reads]\nat = \"1s\"\nfrom = \"all\"\ncount = 3\nevery = \"7s\"\n",
    "",
];

fn written(template: &Template<'_>, workload: &str, held: &[&str], open: &[&str]) -> String {
    let Template { name, protocol, schema } = template;
    let quoted = quoted(name);
    // A wrong name is told by the reader, and must not end the comment that it stands in.
    let file: String = name.chars().filter(|c| !c.is_control()).collect();
    let mut text = schema.map(|schema| format!("#:schema {schema}\n")).unwrap_or_default();
    comment(&mut text, "", &format!("{}: {}.", protocol.name, protocol.summary));
    comment(&mut text, "", &format!("Source: {}.", protocol.source));
    let _ = write!(
        text,
        "#\n# Meanings:   quorate describe network.loss\n\
         # Many seeds: quorate run {file}.toml --seeds 100\n\
         # Other keys: quorate run {file}.toml --set network.loss=0.1\n"
    );
    let _ = write!(
        text,
        "schema = 1\nname = {quoted}\nsummary = \"Two of five replicas are cut off for ten seconds.\"\nseed = 1\nduration = \"30s\"\n\
         nodes = 5\n"
    );
    for variant in protocol.variants {
        text.push('\n');
        comment(&mut text, "", &format!("Wrong on purpose: {}; {} catches it.", variant.summary, variant.caught_by));
        let _ = writeln!(text, "# variant = \"{}\"", variant.name);
    }
    let _ = writeln!(text, "\n[protocol.{}]", protocol.name);
    let options: Vec<String> = protocol.options.iter().map(option).collect();
    text += &options.join("\n");
    text += "\n[network]\nlatency = { lognormal = { median = \"5ms\", p99 = \"40ms\" } }\nloss = 0.01\n\n\
             [[faults]]\nat = \"5s\"\nfor = \"10s\"\npartition = { groups = [\"0..3\", \"3..5\"] }\n\n";
    text += workload;
    text += if workload.is_empty() { "[expect]\n" } else { "\n[expect]\n" };
    for check in held {
        expectation(&mut text, protocol, check, "");
    }
    for check in open {
        expectation(&mut text, protocol, check, "# ");
    }
    text +=
        "# Or a bound on any metric of quorate list metrics:\n# cheap = \"messages.total <= nodes * 1000\"\n\n[ci]\nseeds = 20\n";
    text
}

/// An option at its default: to change it, the # before it goes.
fn option(field: &Field) -> String {
    let mut text = String::new();
    comment(&mut text, "", &format!("{} Takes {}.", field.doc, option_takes(field)));
    if let FieldKind::Choice(choices) = field.kind {
        for choice in choices {
            comment(&mut text, "    ", &format!("\"{}\": {}", choice.name, choice.doc));
        }
    }
    text + &format!("# {} = {}\n", field.name, option_default(field))
}

fn expectation(text: &mut String, protocol: &Protocol, check: &str, off: &str) {
    let summary = protocol.checks.iter().find(|info| info.name == check).map_or("", |info| info.summary);
    comment(text, "", summary);
    let _ = writeln!(text, "{off}{check} = \"{check}\"");
}

/// Words as comment lines of at most 80 columns.
fn comment(text: &mut String, indent: &str, words: &str) {
    let mut line = format!("# {indent}");
    let empty = line.len();
    for word in words.split_whitespace() {
        if line.len() > empty && line.chars().count() + 1 + word.chars().count() > 80 {
            *text += &format!("{}\n", line.trim_end());
            line.truncate(empty);
        }
        if line.len() > empty {
            line.push(' ');
        }
        line += word;
    }
    *text += &format!("{}\n", line.trim_end());
}
