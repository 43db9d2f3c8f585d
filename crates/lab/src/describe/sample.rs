//! Examples, made of the key table and held against the reader of scenarios: an example that is shown is valid.

use super::keys::below;
use super::layout;
use super::takes::{Takes, Word, alternatives, first};
use crate::text::schema::{FAULT, Holds, Key};
use crate::text::{Files, Source, parse};
use quorate_protocols::registry::protocols;

/// Nodes of the scenario that examples are tried in.
const NODES: u32 = 20;

/// An entry of `[[faults]]` with that fault, after the one that it ends if it ends one; `None` where none was found.
pub fn fault(name: &str) -> Option<String> {
    let entry = |name: &str, at: &str, lasts: &str| {
        let key = FAULT.iter().find(|key| key.name == name)?;
        Some(format!("[[faults]]\nat = \"{at}\"\n{lasts}{name} = {}\n", value(key)?))
    };
    let lasting = entry(name, "5s", "for = \"10s\"\n");
    let alone = entry(name, "5s", "");
    // What is put right must have gone wrong before: a restart needs a crash.
    let after = FAULT.iter().filter(|key| key.name != name).filter_map(|before| {
        let [before, then] = [entry(before.name, "5s", "")?, entry(name, "15s", "")?];
        Some(format!("{before}\n{then}"))
    });
    lasting.into_iter().chain(alone).chain(after).find(|text| is_valid(text)).map(folded)
}

/// A `[nemesis]` with that pattern; `None` where none was found.
pub fn nemesis(key: &Key) -> Option<String> {
    let text = format!("[nemesis]\nquiet = \"20s\"\n{} = {}\n", key.name, value(key)?);
    is_valid(&text).then(|| folded(text))
}

/// An example of a distribution, as the end of a valid scenario.
pub fn latency(key: &Key) -> Option<String> {
    network("latency", key)
}

/// An example of a topology, as the end of a valid scenario.
pub fn topology(name: &str, key: Option<&Key>) -> Option<String> {
    let options = key.filter(|key| key.takes.starts_with('{'));
    options.and_then(|key| network("topology", key)).or_else(|| network_word("topology", name))
}

/// A `[network]` with that key, such as `latency`, holding the table that has only `key`.
fn network(name: &str, key: &Key) -> Option<String> {
    let text = format!("[network]\n{name} = {{ {} = {} }}\n", key.name, value(key)?);
    is_valid(&text).then(|| folded(text))
}

/// A `[network]` with that key holding a plain word.
fn network_word(name: &str, word: &str) -> Option<String> {
    let text = format!("[network]\n{name} = \"{word}\"\n");
    is_valid(&text).then_some(text)
}

/// An example with a line that is too long, in the layout of shown scenarios.
fn folded(text: String) -> String {
    if text.lines().all(|line| line.chars().count() <= layout::WIDTH) {
        return text;
    }
    let read = toml::from_str::<toml::Table>(&text).ok().and_then(|table| serde_json::to_value(table).ok());
    read.as_ref().and_then(|read| read.as_object()).map_or(text, layout::document)
}

/// Whether the text is valid at the end of a small scenario.
fn is_valid(text: &str) -> bool {
    let all = protocols();
    // One that writes records, so that there are disks to go wrong.
    let Some(protocol) = all.iter().find(|protocol| protocol.records).or(all.first()) else { return false };
    let whole = format!(
        "schema = 1\nname = \"example\"\nduration = \"60s\"\nnodes = {NODES}\n\n[protocol.{}]\n\n\
         [regions]\nhere = \"0..10\"\n\n[hosts]\nservice = \"1us\"\n\n[disks]\nsync = \"1us\"\n\n{text}",
        protocol.name
    );
    parse(&Source { name: "example".to_string(), bytes: whole.as_bytes() }, &[], &Files::default()).is_ok()
}

/// A value for the key, as a file would have it.
fn value(key: &Key) -> Option<String> {
    let by_example = first(key.takes);
    if by_example.starts_with(['{', '[']) && (by_example.contains('=') || matches!(key.holds, Holds::Value)) {
        return Some(filled(by_example));
    }
    match key.holds {
        Holds::Table(_) | Holds::TableOrTables(_) => table(below(key)),
        Holds::Tables(_) => Some(format!("[{}]", table(below(key))?)),
        Holds::Value | Holds::ValueOrTable(_) => plain(alternatives(key.takes)?.first()?),
        Holds::Rows(_) | Holds::File | Holds::Protocol | Holds::Names => None,
    }
}

fn table(keys: &[Key]) -> Option<String> {
    let required = keys.iter().filter(|key| key.required);
    let pairs = required.map(|key| Some(format!("{} = {}", key.name, value(key)?))).collect::<Option<Vec<_>>>()?;
    Some(if pairs.is_empty() { "{}".to_string() } else { format!("{{ {} }}", pairs.join(", ")) })
}

/// An example with values in place of its words; its sets are different ones.
fn filled(example: &str) -> String {
    let mut text = example.replace(", …", "").replace("LATENCY", "\"5ms\"");
    for set in ["\"0..3\"", "\"3..5\""].iter().cycle().take(text.matches("SET").count()) {
        text = text.replacen("SET", set, 1);
    }
    text
}

fn plain(takes: &Takes) -> Option<String> {
    Some(match takes {
        Takes::Text(text) => format!("\"{text}\""),
        Takes::Number(number) => number.clone(),
        Takes::List(items, _) => format!("[{}]", items.iter().map(plain).collect::<Option<Vec<_>>>()?.join(", ")),
        Takes::Table => return None,
        Takes::Word(word) => match word {
            Word::Duration | Word::SignedDuration => "\"20ms\"",
            Word::Size => "\"64KB\"",
            Word::Rate => "\"10MB/s\"",
            Word::Frequency => "\"500/s\"",
            Word::Whole | Word::Number => "2",
            Word::Probability => "0.1",
            Word::Flag => "true",
            Word::Text | Word::Name => "\"text\"",
            Word::Set => "\"0..3\"",
            Word::Whom => "\"leader\"",
            Word::Value => "0",
            Word::Variant => "\"right\"",
        }
        .to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{Kind, Thing};
    use crate::text::schema::LATENCY;
    use quorate_engine::fault::FAULTS;

    #[test]
    fn every_fault_nemesis_distribution_and_topology_has_a_valid_example() {
        for (name, _) in FAULTS {
            let example = fault(name).unwrap_or_else(|| panic!("no example for {name}: mend what its key takes"));
            assert!(example.contains(&format!("\n{name} = ")), "{example}");
        }
        for key in LATENCY {
            assert!(latency(key).is_some(), "no example for {}: mend what its key takes", key.name);
        }
        for thing in Kind::Topology.things() {
            let Thing::Topology(name, _, key) = thing else { continue };
            assert!(topology(&name, key).is_some(), "no example for {name}: mend what its key takes");
        }
        for thing in Kind::Nemesis.things() {
            let Thing::Nemesis(name, _, key) = thing else { continue };
            assert!(nemesis(key).is_some(), "no example for {name}: mend what its key takes");
        }
    }

    #[test]
    fn what_puts_right_stands_after_what_it_ends() {
        assert!(fault("restart").unwrap().contains("\ncrash = "));
        assert!(fault("partition").unwrap().contains("for = \"10s\"\npartition = { groups = [\"0..3\", \"3..5\"] }"));
    }
}
