//! `quorate describe NAME --laws`: whether the laws of a data type hold, and over which network it needs no coordination.

use crate::describe::unknown;
use crate::flags::Format;
use crate::layout::{block, folded, rows};
use crate::list::sentence;
use crate::output::{Status, Stop, print, print_json};
use quorate_lab::describe::find;
use quorate_protocols::registry::{self, Law, Laws, Protocol, Variant, Way, protocols};
use serde_json::{Value, json};

pub(crate) fn laws(name: &str, variant: Option<&str>, format: Format) -> Result<Status, Stop> {
    let (protocol, laws) = with_laws(name)?;
    let planted = variant.filter(|variant| *variant != "right").map(|variant| planted(protocol, variant)).transpose()?;
    let laws = laws(planted.map_or("right", |planted| planted.name));
    match format {
        Format::Json => print_json(&to_json(protocol, planted, &laws))?,
        Format::Text => print(&page(protocol, planted, &laws))?,
    }
    Ok(Status::Held)
}

type Tried = fn(&str) -> Laws;

fn with_laws(name: &str) -> Result<(&'static Protocol, Tried), Stop> {
    let found = registry::find(name);
    if let Some((protocol, laws)) = found.and_then(|protocol| Some((protocol, protocol.laws?))) {
        return Ok((protocol, laws));
    }
    if found.is_none() && find(name).is_empty() {
        return Err(unknown(name));
    }
    let names: Vec<&str> = protocols().iter().filter(|protocol| protocol.laws.is_some()).map(|protocol| protocol.name).collect();
    let mut text = String::new();
    folded(&mut text, "", &format!("these have them: {}", names.join(", ")));
    Err(Stop::Input(format!("{name} keeps no data type, and has no laws\n{}", text.trim_end())))
}

fn planted(protocol: &'static Protocol, name: &str) -> Result<&'static Variant, Stop> {
    let names: Vec<&str> = protocol.variants.iter().map(|variant| variant.name).collect();
    protocol
        .variants
        .iter()
        .find(|variant| variant.name == name)
        .ok_or_else(|| Stop::Input(format!("{} has no variant {name:?}; it has: right, {}", protocol.name, names.join(", "))))
}

fn page(protocol: &Protocol, planted: Option<&Variant>, laws: &Laws) -> String {
    let mut text = String::new();
    let of = planted.map_or(String::new(), |planted| format!(", variant {}", planted.name));
    folded(&mut text, "", &format!("{}{of}: the laws of its data type", protocol.name));
    if let Some(planted) = planted {
        folded(&mut text, "  ", &format!("{} (caught by {})", sentence(planted.summary), planted.caught_by));
    }
    folded(&mut text, "  ", &format!("Tried on {}.", laws.tried));
    let width = laws.laws.iter().map(|law| law.name.len()).max().unwrap_or(0);
    block(&mut text, 0, &format!("\n  {:width$}  {:5}  histories", "law", "holds"));
    for law in &laws.laws {
        let line = format!("  {:width$}  {:5}  {:>9}", law.name, holds(law), law.histories);
        block(&mut text, 0, &line);
        folded(&mut text, "    ", law.summary);
        if let Some(counterexample) = &law.counterexample {
            folded(&mut text, "    not so: ", counterexample);
        }
    }
    if laws.laws.iter().any(|law| !law.required && !law.holds) {
        folded(&mut text, "  ", "(no): not asked of a data type; the network must do it instead.");
    }
    text.push_str("\nWhat copies may send each other without coordination, and over which network\n");
    let way = |way: &Way| (way.sends, format!("{}: {}", if way.works { "yes" } else { "no" }, way.network));
    rows(&mut text, 2, &laws.ways.iter().map(way).collect::<Vec<_>>());
    text.push_str("\nCoordination (CALM)\n");
    folded(&mut text, "  ", &sentence(&laws.meaning));
    if let Some(words) = unbroken(planted, laws) {
        folded(&mut text, "  ", &words);
    }
    text
}

fn holds(law: &Law) -> &'static str {
    match (law.holds, law.required) {
        (true, _) => "yes",
        (false, true) => "no",
        (false, false) => "(no)",
    }
}

/// Why a mistake breaks no law.
fn unbroken(planted: Option<&Variant>, laws: &Laws) -> Option<String> {
    let planted = planted.filter(|_| laws.coordination_free)?;
    Some(format!(
        "{} breaks no law: what it does wrong is how copies are sent, or what they show, and {} judges that in a run.",
        planted.name, planted.caught_by
    ))
}

fn to_json(protocol: &Protocol, planted: Option<&Variant>, laws: &Laws) -> Value {
    let law = |law: &Law| {
        json!({
            "name": law.name,
            "summary": law.summary,
            "required": law.required,
            "holds": law.holds,
            "tried": law.tried,
            "histories": law.histories,
            "counterexample": law.counterexample,
        })
    };
    let way = |way: &Way| json!({ "sends": way.sends, "works": way.works, "network": way.network });
    json!({
        "name": protocol.name,
        "variant": planted.map_or("right", |planted| planted.name),
        "tried": laws.tried,
        "laws": laws.laws.iter().map(law).collect::<Vec<_>>(),
        "ways": laws.ways.iter().map(way).collect::<Vec<_>>(),
        "coordination_free": laws.coordination_free,
        "meaning": laws.meaning,
    })
}
