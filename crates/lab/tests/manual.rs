//! docs/scenarios.md is true: each of its blocks is a scenario, or a part of one, and runs. And nothing in the schema is left
//! without an example: every key stands in a block, in a scenario of the repository, or in the tests' own.

use quorate_lab::plan::Plan;
use quorate_lab::run::{Verify, run_seed};
use quorate_lab::text::schema::{Holds, Key, SCENARIO};
use quorate_lab::text::{Files, Source, files_needed, parse};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The blocks of the manual, each with the line on which it begins and its language.
fn blocks() -> Vec<(usize, String, String)> {
    let text = std::fs::read_to_string(root().join("docs/scenarios.md")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((number, language.to_string(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, _, block))) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The block as a whole scenario: a part is added to the first block.
fn whole(first: &str, language: &str, block: &str) -> Table {
    let table: Table = match language {
        "json" => serde_json::from_str(block).unwrap(),
        _ => toml::from_str(block).unwrap(),
    };
    if table.contains_key("schema") {
        return table;
    }
    let mut all: Table = toml::from_str(first).unwrap();
    all.extend(table);
    all
}

/// Reads a scenario as if it stood in a folder of `scenarios/`.
fn read(bytes: &[u8], what: &str) -> Plan {
    let source = Source { name: what.to_string(), bytes };
    let mut files = Files::default();
    for needed in files_needed(&source, &[]).unwrap() {
        let path = root().join("scenarios/any").join(&needed.path);
        // The folder need not be there for the way up from it.
        let path = root().join("scenarios").join(path.strip_prefix(root().join("scenarios/any/..")).unwrap());
        files.add(needed, path.display().to_string(), std::fs::read(&path).map_err(|error| error.to_string()));
    }
    parse(&source, &[], &files)
        .unwrap_or_else(|errors| panic!("{what}:\n{}\n{}", errors.plain(&source, &files), String::from_utf8_lossy(bytes)))
}

#[test]
fn every_block_of_the_manual_runs() {
    let blocks = blocks();
    assert!(blocks.len() > 30, "{} blocks", blocks.len());
    let first = blocks[0].2.clone();
    for (line, language, block) in &blocks {
        let what = format!("docs/scenarios.md:{line}");
        // A whole one is read as it stands, JSON as JSON.
        let text = match block.contains("schema") {
            true => block.clone(),
            false => toml::to_string(&whole(&first, language, block)).unwrap(),
        };
        let plan = read(text.as_bytes(), &what);
        let report = run_seed(&plan, plan.seed, Verify::Always);
        assert!(report.is_ok(), "{what} does not run: {:?}", report.err().map(|error| error.to_string()));
    }
}

/// A key of a table of the schema; tables that stand in several places are one.
type Place = (usize, &'static str);

fn keys(table: &'static [Key], found: &mut BTreeSet<Place>, names: &mut Vec<(Place, String)>, path: &str) {
    for key in table {
        let place = (table.as_ptr() as usize, key.name);
        if found.insert(place) {
            let path = format!("{path}.{}", key.name);
            names.push((place, path.clone()));
            below(key).into_iter().for_each(|table| keys(table, found, names, &path));
        }
    }
}

fn below(key: &Key) -> Option<&'static [Key]> {
    match key.holds {
        Holds::Table(keys) | Holds::Tables(keys) | Holds::TableOrTables(keys) | Holds::ValueOrTable(keys) | Holds::Rows(keys) => {
            Some(keys)
        }
        _ => None,
    }
}

/// Takes out what a value uses.
fn used(value: &Value, table: &'static [Key], left: &mut BTreeSet<Place>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| used(item, table, left)),
        Value::Table(entries) => {
            for key in table {
                let Some(value) = entries.get(key.name) else { continue };
                left.remove(&(table.as_ptr() as usize, key.name));
                below(key).into_iter().for_each(|table| used(value, table, left));
            }
        }
        // What has no options may be spelt as a plain name.
        Value::String(name) => {
            left.retain(|(of, key)| *of != table.as_ptr() as usize || key != name);
        }
        _ => {}
    }
}

fn scenarios(folder: &Path) -> Vec<Table> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Tables are no scenarios; docs/tables.md is about them.
        if path.is_dir() && !path.ends_with("tables") {
            found.extend(scenarios(&path));
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
        }
    }
    found
}

#[test]
fn every_key_of_the_schema_stands_in_a_scenario_that_is_tested() {
    let (mut left, mut names) = (BTreeSet::new(), Vec::new());
    keys(SCENARIO, &mut left, &mut names, "");
    assert!(left.len() > 120, "{} keys", left.len());
    let blocks = blocks();
    let of_manual = blocks.iter().map(|(_, language, block)| whole(&blocks[0].2, language, block));
    let own = [include_str!("data/everything.toml"), include_str!("data/faults.toml"), include_str!("data/disk-faults.toml")];
    let own = own.map(|text| toml::from_str(text).unwrap());
    for table in of_manual.chain(scenarios(&root().join("scenarios"))).chain(own) {
        used(&Value::Table(table), SCENARIO, &mut left);
    }
    let missing: Vec<&String> = names.iter().filter(|(place, _)| left.contains(place)).map(|(_, name)| name).collect();
    assert!(missing.is_empty(), "no tested scenario has {missing:?}");
}
