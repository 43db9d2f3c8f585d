//! The printed schema of scenarios accepts every scenario that there is, and refuses every key that the reader refuses.

mod common;
#[path = "common/json_schema.rs"]
mod json_schema;

use quorate_lab::text::{Files, Source, parse};
use serde_json::Value;
use std::path::Path;

/// All scenarios of the repository, and those that the lab's tests have for every key.
fn all() -> Vec<String> {
    let tests = std::fs::read_dir(common::root().join("crates/lab/tests/data")).unwrap();
    let tests = tests.map(|entry| entry.unwrap().path().to_str().unwrap().to_string()).filter(|path| path.ends_with(".toml"));
    common::scenarios().iter().map(|name| common::scenario(name)).chain(tests).collect()
}

fn read(file: &str) -> Value {
    toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_scenario_is_valid() {
    let schema = common::json(&["schema"]);
    for file in all() {
        json_schema::check(&schema, &schema, &read(&file), "").unwrap_or_else(|why| panic!("{file}{why}"));
    }
}

/// A key that is not known is put into each table of each scenario in turn.
#[test]
fn every_wrong_key_is_refused() {
    let schema = common::json(&["schema"]);
    let mut refused = 0;
    for file in all() {
        let scenario = read(&file);
        for table in tables(&scenario, "") {
            let mut changed = scenario.clone();
            changed.pointer_mut(&table).unwrap()["no-such-key"] = "1s".into();
            if knows(&changed, "no-such-key") {
                continue;
            }
            let found = json_schema::check(&schema, &schema, &changed, "");
            assert!(found.is_err(), "{file}: the schema takes a wrong key in {table:?}, and the reader does not");
            refused += 1;
        }
    }
    assert!(refused > 100, "only {refused} tables were tried");
}

/// Whether the reader has nothing against that key.
fn knows(scenario: &Value, key: &str) -> bool {
    let text = toml::to_string(scenario).unwrap();
    match parse(&Source { name: "x".to_string(), bytes: text.as_bytes() }, &[], &Files::default()) {
        Ok(_) => true,
        Err(errors) => !errors.problems.iter().any(|problem| problem.message.contains(&format!("\"{key}\" is not known"))),
    }
}

/// JSON pointers to all tables.
fn tables(value: &Value, pointer: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(table) => table.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    let own = value.is_object().then(|| pointer.to_string());
    own.into_iter().chain(below.into_iter().flat_map(|(key, value)| tables(value, &format!("{pointer}/{key}")))).collect()
}

#[test]
fn wrong_values_are_refused_where_a_schema_can_say_so() {
    let schema = common::json(&["schema"]);
    let scenario = read(&common::scenario("gossip/push-pull-100.toml"));
    for (pointer, value) in [
        ("/nodes", "5 of them".into()),
        ("/duration", 30.into()),
        ("/duration", "30".into()),
        ("/duration", "-30s".into()),
        ("/variant", "wrong".into()),
        ("/network/loss", 1.5.into()),
        ("/network/latency", "5".into()),
        ("/network/latency/lognormal/p99", Value::Null),
        ("/protocol/gossip/fanout", 0.into()),
        ("/protocol/gossip/mode", "pushpull".into()),
        ("/protocol/gossip/interval", 1.into()),
        ("/faults/0/partition/groups/0", "0 to 60".into()),
        ("/workload/updates/from", (-1).into()),
        ("/ci/seeds", true.into()),
    ] {
        let mut changed = scenario.clone();
        let (table, key) = pointer.rsplit_once('/').unwrap();
        match changed.pointer_mut(table).unwrap() {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            table => table[key] = value,
        }
        assert!(json_schema::check(&schema, &schema, &changed, "").is_err(), "{pointer}: {}", changed.pointer(pointer).unwrap());
    }
    for (table, key) in [("", "name"), ("", "protocol"), ("/faults/0", "at"), ("/faults/0", "partition")] {
        let mut changed = scenario.clone();
        changed.pointer_mut(table).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        assert!(json_schema::check(&schema, &schema, &changed, "").is_err(), "{table} without {key}");
    }
}

#[test]
fn every_table_is_valid_and_a_wrong_key_in_it_is_not() {
    let schema = common::json(&["schema", "table"]);
    for name in common::tables() {
        let file = common::scenario(&name);
        let table = read(&file);
        json_schema::check(&schema, &schema, &table, "").unwrap_or_else(|why| panic!("{file}{why}"));
        for place in ["", "/columns/0", "/rows/0"] {
            let mut changed = table.clone();
            changed.pointer_mut(place).unwrap()["no-such-key"] = "1s".into();
            assert!(json_schema::check(&schema, &schema, &changed, "").is_err(), "{file}: {place}");
        }
        let first = std::fs::read_to_string(&file).unwrap().lines().next().unwrap_or_default().to_string();
        assert_eq!(first, "#:schema table.schema.json", "{name}");
    }
}

/// Editors find the schema by the first line of a scenario.
#[test]
fn every_scenario_names_the_schema_in_its_first_line() {
    for name in common::scenarios() {
        let up = "../".repeat(Path::new(&name).components().count() - 1);
        let text = std::fs::read_to_string(common::scenario(&name)).unwrap();
        assert_eq!(text.lines().next(), Some(format!("#:schema {up}scenario.schema.json").as_str()), "{name}");
    }
}
