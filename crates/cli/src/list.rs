//! `quorate list`: what there is, from the registries.

use crate::flags::{Format, List, What};
use crate::output::{Status, Stop, print, print_json};
use quorate_engine::fault::FAULTS;
use quorate_lab::metrics::{self, COMMON};
use quorate_protocols::registry::protocols;
use serde_json::{Value, json};

pub(crate) fn list(flags: &List) -> Result<Status, Stop> {
    let rows = rows(flags.what);
    match flags.format {
        Format::Json => print_json(&rows.into())?,
        Format::Text => print(&text(&rows))?,
    }
    Ok(Status::Held)
}

fn rows(what: What) -> Vec<Value> {
    match what {
        What::Protocols => protocols().iter().map(protocol).collect(),
        What::Faults => FAULTS.iter().map(|(name, summary)| json!({ "name": name, "summary": summary })).collect(),
        What::Checks => {
            let own = protocols().iter().flat_map(|protocol| {
                protocol
                    .checks
                    .iter()
                    .map(|check| json!({ "name": check.name, "summary": check.summary, "protocol": protocol.name }))
            });
            own.collect()
        }
        What::Metrics => {
            let common =
                COMMON.iter().map(|metric| json!({ "name": metric.name, "summary": metric.summary, "unit": metric.unit }));
            let own = protocols().iter().flat_map(|protocol| {
                metrics::of(protocol).skip(COMMON.len()).map(|metric| {
                    json!({ "name": metric.name, "summary": metric.summary, "unit": metric.unit, "protocol": protocol.name })
                })
            });
            common.chain(own).collect()
        }
    }
}

fn protocol(protocol: &quorate_protocols::registry::Protocol) -> Value {
    let variants = protocol
        .variants
        .iter()
        .map(|variant| json!({ "name": variant.name, "summary": variant.summary, "caught_by": variant.caught_by }));
    let options = protocol
        .options
        .iter()
        .map(|field| json!({ "name": field.name, "summary": field.doc, "default": field.default.value().to_string() }));
    json!({
        "name": protocol.name,
        "summary": protocol.summary,
        "family": protocol.family,
        "source": protocol.source,
        "catalogue": protocol.catalogue,
        "variants": variants.collect::<Vec<_>>(),
        "options": options.collect::<Vec<_>>(),
        "checks": protocol.checks.iter().map(|check| check.name).collect::<Vec<_>>(),
        "scenarios": protocol.scenarios,
    })
}

/// A row each: the name and what it is, folded at 80 columns; of a protocol also its variants and scenarios.
fn text(rows: &[Value]) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("").to_string();
    let names = rows.iter().map(|row| word(&row["name"]).len());
    let width = names.max().unwrap_or(0).max(12);
    let mut text = String::new();
    for row in rows {
        let of = if row["protocol"].is_string() { format!("{}: ", word(&row["protocol"])) } else { String::new() };
        let unit = match word(&row["unit"]) {
            unit if unit.is_empty() => String::new(),
            unit => format!(" ({unit})"),
        };
        folded(&mut text, &format!("{:width$}", word(&row["name"])), &format!("{of}{}{unit}", word(&row["summary"])));
        let none = Vec::new();
        for variant in row["variants"].as_array().unwrap_or(&none) {
            let told = format!(
                "variant {}: {} (caught by {})",
                word(&variant["name"]),
                word(&variant["summary"]),
                word(&variant["caught_by"])
            );
            folded(&mut text, &" ".repeat(width), &told);
        }
        for scenario in row["scenarios"].as_array().unwrap_or(&none) {
            folded(&mut text, &" ".repeat(width), &word(scenario));
        }
    }
    text
}

fn folded(text: &mut String, head: &str, told: &str) {
    let mut line = format!("{head} ");
    let mut empty = true;
    for word in told.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > 80 {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(head.len() + 1);
        }
        line.push(' ');
        line.push_str(word);
        empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}
