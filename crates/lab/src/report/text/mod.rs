//! The report for people: at most 80 columns, verdict first, plain data to text. Whoever calls says whether it may be coloured
//! and which command line replays the run; both are the terminal's business, not the report's.

mod availability;
mod curve;
pub(crate) mod figures;
pub(crate) mod layout;
mod many;
mod one;
mod struck;

pub use layout::Style;

use crate::expect::{Judged, Standing};
use crate::plan::Plan;
use layout::{WIDTH, paragraph, wrapped};
use quorate_engine::time::show;
use quorate_protocols::options::Value;

/// The first line: the verdict, the scenario, and in a sentence why.
fn headline(style: Style, standing: Standing, subject: &str, reason: &str) -> String {
    let word = standing.name().to_uppercase();
    let shown = word.chars().count() + 2;
    wrapped(&format!("{}  ", style.verdict(standing, &word)), shown, &format!("{subject}: {reason}"))
}

/// What was run; of what is drawn, all that it may be, or what this seed drew.
fn scenario(plan: &Plan, seed: Option<u64>) -> String {
    let options = seed.map_or_else(|| plan.options.clone(), |seed| plan.options_of(seed));
    let given = |name: &str, value: &Value| match plan.drawn.iter().find(|(drawn, _)| *drawn == name) {
        Some((_, values)) if seed.is_none() => values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or "),
        _ => value.to_string(),
    };
    let options: Vec<String> = options.iter().map(|(name, value)| format!("{name} {}", given(name, value))).collect();
    let mut what = plan.protocol.name.to_string();
    if !options.is_empty() {
        what += &format!(" ({})", options.join(", "));
    }
    if plan.variant != "right" {
        what += &format!(", planted variant {}", plan.variant);
    }
    // Everyone linked to everyone is what people think of first.
    let graph = match plan.network.topology.name() {
        "mesh" => String::new(),
        name => format!(" ({name})"),
    };
    let summary = if plan.summary.is_empty() { String::new() } else { paragraph("", &plan.summary) };
    summary
        + &paragraph(
            "",
            &format!(
                "{what}; {}{graph}, {} of simulated time.",
                figures::counted(plan.nodes.into(), "node"),
                show(plan.duration)
            ),
        )
}

fn heading(style: Style, text: &str) -> String {
    format!("\n{}\n", style.heading(text))
}

/// What the reason for a verdict names first.
enum Cause<'a> {
    Expectation(&'a str, &'a Judged),
    Check(&'a str, &'a str),
}

/// The first line's reason.
fn reason(causes: &[Cause<'_>]) -> String {
    let first = match causes.first() {
        None => return "everything held".to_string(),
        Some(Cause::Expectation(text, judged)) if *text == judged.observed => text.to_string(),
        Some(Cause::Expectation(text, judged)) => format!("{text}: {}", judged.observed),
        Some(Cause::Check(name, evidence)) => format!("{name}: {evidence}"),
    };
    match causes.len() - 1 {
        0 => first,
        more => format!("{first}; and {more} more below"),
    }
}

/// A line of what was judged: mark, name, and what was seen.
fn judgement(style: Style, standing: Standing, name: &str, seen: &str) -> String {
    let mark = match standing {
        Standing::Held => "ok",
        Standing::Failed => "FAIL",
        Standing::Undecided => "open",
    };
    marked(format!("  {}{}", style.verdict(standing, mark), " ".repeat(6 - mark.len())), name, seen)
}

/// A line of what was not judged, and why.
fn unjudged(name: &str, why: &str) -> String {
    marked("  -     ".to_string(), name, &format!("not judged: {why}"))
}

fn marked(first: String, name: &str, seen: &str) -> String {
    let line = format!("{name}  {seen}");
    if 8 + line.chars().count() <= WIDTH {
        return format!("{first}{}\n", line.trim_end());
    }
    format!("{first}{name}\n{}", paragraph("          ", seen))
}

/// The last line.
fn replay(command: &str) -> String {
    format!("\nreplay: {command}\n")
}
