//! `quorate list`: what there is, a line each, from the registries.

use crate::flags::{Format, List, What};
use crate::layout::{folded, rows};
use crate::output::{Status, Stop, print, print_json};
use crate::tables;
use quorate_lab::describe::{Kind, Thing};
use serde_json::Value;

pub(crate) fn list(flags: &List) -> Result<Status, Stop> {
    let Some(kind) = kind(flags.what) else {
        return tables::list(flags.format).map(|()| Status::Held);
    };
    let things = kind.things();
    match flags.format {
        Format::Json => print_json(&things.iter().map(Thing::to_json).collect::<Vec<Value>>().into())?,
        Format::Text => print(&text(&things))?,
    }
    Ok(Status::Held)
}

/// The kind in the registries; tables are files.
fn kind(what: What) -> Option<Kind> {
    Some(match what {
        What::Protocols => Kind::Protocol,
        What::Faults => Kind::Fault,
        What::Nemeses => Kind::Nemesis,
        What::Topologies => Kind::Topology,
        What::Latencies => Kind::Latency,
        What::Checks => Kind::Check,
        What::Metrics => Kind::Metric,
        What::Models => Kind::Model,
        What::HistoryChecks => Kind::HistoryCheck,
        What::Keys => Kind::Key,
        What::Tables => return None,
    })
}

fn text(things: &[Thing]) -> String {
    let told: Vec<(&str, String)> = things.iter().map(|thing| (thing.name(), line(thing))).collect();
    let mut text = String::new();
    rows(&mut text, 0, &told);
    if let Some(first) = things.first() {
        text.push('\n');
        folded(&mut text, "", &format!("More on each: quorate describe NAME, such as quorate describe {}", first.name()));
    }
    text
}

/// What it is, and whose, in words.
fn line(thing: &Thing) -> String {
    let told = sentence(&thing.summary());
    match thing {
        Thing::Check(_, meanings) => {
            let each = meanings.iter().map(|meaning| format!("{} ({})", sentence(meaning.summary), meaning.protocols.join(", ")));
            each.collect::<Vec<_>>().join(" ")
        }
        Thing::Metric(metric, protocols) => {
            let more: Vec<&str> =
                [unit(metric.unit)].into_iter().chain(protocols.iter().copied()).filter(|it| !it.is_empty()).collect();
            if more.is_empty() { told } else { format!("{told} ({})", more.join(", ")) }
        }
        Thing::Key(place) => match (place.default(), place.key.required) {
            (_, true) => format!("{told} Required."),
            (Some(default), _) => format!("{told} Without it, {default}."),
            (None, _) => told,
        },
        _ => told,
    }
}

/// A unit of the registry in words; a count has none.
pub(crate) fn unit(unit: &str) -> &str {
    match unit {
        "s" => "seconds",
        "ratio" => "0 to 1",
        other => other,
    }
}

/// Summaries of the registries begin small and have no full stop.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}
