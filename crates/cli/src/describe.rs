//! `quorate describe`: what a name means, told in 80 columns. All that is said comes from the registries and the key table.

use crate::flags::{Describe, Format};
use crate::laws;
use crate::layout::{block, folded, rows};
use crate::list::{sentence, unit};
use crate::output::{Status, Stop, print, print_json};
use crate::tables;
use quorate_check::checks::CHECKS;
use quorate_lab::describe::{
    Kind, Meaning, Thing, below, explained, fault_example, find, latency_example, nearest, nemesis_example, option_default,
    option_takes, told, topology_example,
};
use quorate_lab::text::schema::{FAULT, Holds, Key};
use quorate_protocols::options::{Field, FieldKind};
use quorate_protocols::registry::{MetricInfo, Protocol, Variant};
use serde_json::{Value, json};

pub(crate) fn describe(flags: &Describe) -> Result<Status, Stop> {
    let Some(name) = &flags.name else {
        match flags.format {
            Format::Json => print_json(&overview_json())?,
            Format::Text => print(&overview())?,
        }
        return Ok(Status::Held);
    };
    if flags.laws {
        return laws::laws(name, flags.variant.as_deref(), flags.format);
    }
    let things = find(name);
    if let (true, Some(table)) = (things.is_empty(), tables::named(name)) {
        match flags.format {
            Format::Json => print_json(&vec![table.to_json()].into())?,
            Format::Text => print(&tables::page(&table))?,
        }
        return Ok(Status::Held);
    }
    if things.is_empty() {
        return Err(unknown(name));
    }
    match flags.format {
        Format::Json => print_json(&things.iter().map(Thing::to_json).collect::<Vec<Value>>().into())?,
        Format::Text => print(&things.iter().map(page).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(Status::Held)
}

pub(crate) fn unknown(name: &str) -> Stop {
    let near = nearest(name);
    let meant = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
    Stop::Input(format!("nothing is called {name:?}{meant}\nquorate describe lists what there is"))
}

/// What can be described, by kind.
fn overview() -> String {
    let mut text = String::from("quorate describe NAME tells what one of these means.\n");
    for kind in Kind::ALL {
        let things = kind.things();
        let names: Vec<&str> = match kind {
            // Keys below a section are found by their paths; all of them would be a page.
            Kind::Key => things.iter().map(Thing::name).filter(|path| path.matches('.').count() < 2).collect(),
            Kind::Option => continue,
            _ => things.iter().map(Thing::name).collect(),
        };
        let heading = match kind {
            Kind::Latency => "latency distributions".to_string(),
            Kind::Key => "keys of a scenario file (and those below: faults.partition.groups)".to_string(),
            Kind::Nemesis => "nemeses: what can go wrong at random, under [nemesis]".to_string(),
            Kind::Topology => "topologies".to_string(),
            kind => format!("{}s", kind.name()),
        };
        text.push_str(&format!("\n{heading}\n"));
        folded(&mut text, "  ", &names.join(" "));
    }
    text
}

fn overview_json() -> Value {
    let line = |thing: Thing| json!({ "name": thing.name(), "summary": thing.summary(), "kind": thing.kind().name() });
    Kind::ALL.into_iter().flat_map(Kind::things).map(line).collect::<Vec<Value>>().into()
}

fn page(thing: &Thing) -> String {
    let mut text = String::new();
    match thing {
        Thing::Protocol(protocol) => protocol_page(&mut text, protocol),
        Thing::Variant(variant, protocols) => variant_page(&mut text, variant, protocols),
        Thing::Fault(name, summary, key) => fault_page(&mut text, name, summary, key),
        Thing::Nemesis(_, summary, key) => {
            title(&mut text, thing, summary);
            takes(&mut text, key);
            keys(&mut text, key);
            example(&mut text, nemesis_example(key));
        }
        Thing::Topology(name, summary, key) => {
            title(&mut text, thing, summary);
            key.iter().for_each(|key| keys(&mut text, key));
            example(&mut text, topology_example(name, *key));
        }
        Thing::Latency(key) => {
            title(&mut text, thing, &told(key).0);
            takes(&mut text, key);
            keys(&mut text, key);
            example(&mut text, latency_example(key));
        }
        Thing::Check(name, meanings) => check_page(&mut text, name, meanings),
        Thing::Metric(metric, protocols) => metric_page(&mut text, metric, protocols),
        Thing::Model(model) => {
            title(&mut text, thing, model.summary);
            let checks = CHECKS.iter().filter(|check| check.models.contains(&model.model)).map(|check| check.name);
            let checks: Vec<&str> = checks.collect();
            rows(&mut text, 2, &[("operations", model.operations.join(", ")), ("checks", checks.join(", "))]);
            example(&mut text, Some(format!("quorate history check FILE --model {} --check {}", model.name, model.check)));
        }
        Thing::HistoryCheck(check) => {
            title(&mut text, thing, check.summary);
            let models: Vec<&str> = check.models.iter().map(|model| model.name()).collect();
            rows(&mut text, 2, &[("judges", models.join(", "))]);
            example(&mut text, Some(format!("quorate history check FILE --check {}", check.name)));
        }
        Thing::Key(place) => {
            title(&mut text, thing, &told(place.key).0);
            takes(&mut text, place.key);
            keys(&mut text, place.key);
        }
        Thing::Option(field, protocols) => {
            title(&mut text, thing, field.doc);
            rows(&mut text, 2, &option_facts(field, protocols));
        }
    }
    text
}

/// `gossip: a protocol`, and what it is.
fn title(text: &mut String, thing: &Thing, summary: &str) {
    let kind = thing.kind().name();
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    text.push_str(&format!("{}: {article} {kind}\n", thing.name()));
    folded(text, "  ", &sentence(summary));
}

fn protocol_page(text: &mut String, protocol: &'static Protocol) {
    title(text, &Thing::Protocol(protocol), protocol.summary);
    let facts = [
        ("family", protocol.family.to_string()),
        ("source", protocol.source.to_string()),
        ("catalogue", protocol.catalogue.join(", ")),
        ("scenarios", protocol.scenarios.join(", ")),
    ];
    text.push('\n');
    rows(text, 2, &facts.into_iter().filter(|(_, told)| !told.is_empty()).collect::<Vec<_>>());
    text.push_str(&format!("\nOptions, under [protocol.{}]\n", protocol.name));
    if protocol.options.is_empty() {
        text.push_str("  none\n");
    }
    let width = protocol.options.iter().map(|field| field.name.len()).max().unwrap_or(0).max(8);
    for field in protocol.options {
        let head = format!("  {:width$}  ", field.name);
        let indent = " ".repeat(head.len());
        folded(text, &head, field.doc);
        folded(text, &indent, &format!("Takes {}; without it, {}.", option_takes(field), option_default(field)));
        let words = choices(field).map(|(word, _)| word.len()).max().unwrap_or(0);
        for (word, doc) in choices(field) {
            folded(text, &format!("{indent}  {word:words$}  "), doc);
        }
    }
    section(
        text,
        "Planted variants, wrong on purpose: --set variant=NAME",
        protocol
            .variants
            .iter()
            .map(|variant| (variant.name, format!("{} (caught by {})", sentence(variant.summary), variant.caught_by))),
    );
    section(text, "Checks", protocol.checks.iter().map(|check| (check.name, sentence(check.summary))));
    let facts = protocol.facts.iter().map(|fact| {
        let leads = if fact.leads { " Who states it leads: \"leader\"." } else { "" };
        (fact.name, format!("{}{leads}", sentence(fact.summary)))
    });
    section(text, "Facts: \"fact:NAME\" is whoever stated it last; when = \"NAME\" waits for it", facts);
    let kinds = protocol.kinds.iter().map(|kind| (kind.name, format!("Its role: {}.", kind.role.name())));
    section(text, "Kinds of message: when = { sent = \"NAME\" } waits for one", kinds);
    let title = "Metrics of its own, besides those of quorate list metrics";
    section(text, title, protocol.metrics.iter().map(|metric| (metric.name, with_unit(metric))));
    if protocol.laws.is_some() {
        text.push_str(&format!("\nWhether it needs no coordination: quorate describe {} --laws\n", protocol.name));
    }
    text.push_str(&format!("\nTo begin: quorate new my-{0} --protocol {0}\n", protocol.name));
}

fn section<'a>(text: &mut String, title: &str, told: impl Iterator<Item = (&'a str, String)>) {
    let told: Vec<(&str, String)> = told.collect();
    if !told.is_empty() {
        text.push_str(&format!("\n{title}\n"));
        rows(text, 2, &told);
    }
}

fn with_unit(metric: &MetricInfo) -> String {
    let of = if metric.unit.is_empty() { String::new() } else { format!(" In {}.", unit(metric.unit)) };
    format!("{}{of}", sentence(metric.summary))
}

fn choices(field: &Field) -> impl Iterator<Item = (String, &'static str)> {
    let choices = match field.kind {
        FieldKind::Choice(choices) => choices,
        _ => &[],
    };
    choices.iter().map(|choice| (format!("\"{}\"", choice.name), choice.doc))
}

fn option_facts(field: &Field, protocols: &[&str]) -> Vec<(String, String)> {
    let takes = [("takes".to_string(), option_takes(field)), ("without it".to_string(), option_default(field))];
    let words = choices(field).map(|(word, doc)| (format!("  {word}"), doc.to_string()));
    takes.into_iter().chain(words).chain([("of".to_string(), protocols.join(", "))]).collect()
}

fn variant_page(text: &mut String, variant: &'static Variant, protocols: &[&'static str]) {
    title(text, &Thing::Variant(variant, protocols.to_vec()), variant.summary);
    rows(text, 2, &[("of", protocols.join(", ")), ("caught by", variant.caught_by.to_string())]);
    text.push_str(&format!("\nExample\n  variant = \"{}\"\n", variant.name));
}

fn check_page(text: &mut String, name: &'static str, meanings: &[Meaning]) {
    let thing = Thing::Check(name, meanings.to_vec());
    for meaning in meanings {
        if text.is_empty() {
            title(text, &thing, meaning.summary);
        } else {
            folded(text, "  ", &sentence(meaning.summary));
        }
        rows(text, 4, &[("judges", meaning.protocols.join(", "))]);
    }
    text.push_str(&format!("\nExample\n  [expect]\n  {name} = \"{name}\"\n"));
}

fn metric_page(text: &mut String, metric: &'static MetricInfo, protocols: &[&'static str]) {
    title(text, &Thing::Metric(metric, protocols.to_vec()), metric.summary);
    let counted = if metric.unit.is_empty() { "a plain number" } else { unit(metric.unit) };
    let whose = if protocols.is_empty() { "every protocol".to_string() } else { protocols.join(", ") };
    rows(text, 2, &[("unit", counted), ("of", &whose)]);
    let bound = match metric.unit {
        "s" => "30s",
        "bytes" => "10KB",
        "ratio" => "0.99",
        _ => "1000",
    };
    text.push_str(&format!("\nExample\n  [expect]\n  bounded = \"p99({}) <= {bound}\"\n", metric.name));
}

fn fault_page(text: &mut String, name: &'static str, summary: &'static str, key: &'static Key) {
    title(text, &Thing::Fault(name, summary, key), summary);
    takes(text, key);
    keys(text, key);
    text.push_str("\nIts entry of [[faults]] also takes\n");
    let shown = fault_example(name);
    // Some faults last, others are over at once: the example that the reader accepted knows.
    let lasts = shown.as_deref().is_some_and(|shown| shown.contains("\nfor = "));
    let others = FAULT.iter().filter(|key| ["at", "when"].contains(&key.name) || (key.name == "for" && lasts));
    rows(text, 2, &others.map(key_row).collect::<Vec<_>>());
    example(text, shown);
}

/// What stands under the key, what the words of that look like, and what holds without it.
fn takes(text: &mut String, key: &Key) {
    let words = explained(key.takes);
    let mut facts = vec![("takes".to_string(), key.takes.to_string())];
    match words[..] {
        [(word, meaning)] if word == key.takes => facts[0].1 = format!("{word}: {meaning}"),
        _ => facts.extend(words.into_iter().map(|(word, meaning)| (String::new(), format!("where {word} is {meaning}")))),
    }
    if key.required {
        facts.push(("required".to_string(), "yes".to_string()));
    }
    facts.extend(told(key).1.map(|default| ("without it".to_string(), default.to_string())));
    rows(text, 2, &facts);
}

/// The keys below a key, as deep as they go.
fn keys(text: &mut String, key: &Key) {
    let keys = below(key);
    if matches!(key.holds, Holds::Protocol) {
        let protocols = Kind::Protocol.things();
        section(text, "Protocols", protocols.iter().map(|thing| (thing.name(), sentence(&thing.summary()))));
    }
    if keys.is_empty() {
        return;
    }
    text.push_str("\nKeys in it\n");
    rows(text, 2, &keys.iter().map(key_row).collect::<Vec<_>>());
}

fn key_row(key: &Key) -> (String, String) {
    let required = if key.required { "Required. " } else { "" };
    (key.name.to_string(), format!("{required}{} Takes {}.", key.doc, key.takes))
}

fn example(text: &mut String, lines: Option<String>) {
    if let Some(lines) = lines {
        text.push_str("\nExample\n");
        block(text, 2, &lines);
    }
}
