//! One seed, one result: the digest of every scenario at its own seed stands in `golden-digests.txt`. Debug and release builds,
//! and every platform, are held to it. A new digest is blessed with `QUORATE_BLESS=1 cargo test -p quorate --test golden`, and
//! the commit says why it changed.

mod common;

use std::fmt::Write as _;
use std::path::Path;

#[test]
fn every_scenario_has_the_digest_that_it_had() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-digests.txt");
    let mut found = String::new();
    for name in common::scenarios().into_iter().filter(|name| !common::LONG.contains(&&**name)) {
        let report = common::json(&["run", &common::scenario(&name), "--format", "json"]);
        assert_eq!(report["verdict"], "held", "{name}: {}", report["expectations"]);
        writeln!(found, "{name} {}", report["digest"].as_str().unwrap()).unwrap();
    }
    if std::env::var_os("QUORATE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    for line in found.lines() {
        assert!(expected.lines().any(|golden| golden == line), "not in {}: {line}", golden.display());
    }
    for line in expected.lines() {
        assert!(found.lines().any(|found| found == line), "in {}, and no scenario gives it: {line}", golden.display());
    }
}

/// The README shows what its first command really prints.
#[test]
fn the_readme_shows_what_the_command_prints() {
    let path = common::root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- report -->\n").expect("the README marks where the report begins");
    let (shown, after) = rest.split_once("<!-- /report -->").expect("and where it ends");
    let ran = common::end(
        common::quorate(&["run", "scenarios/gossip/push-pull-100.toml", "--color", "never"]).current_dir(common::root()),
    );
    let expected = format!("```text\n{}```\n", ran.stdout);
    if std::env::var_os("QUORATE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}<!-- report -->\n{expected}<!-- /report -->{after}")).unwrap();
    } else {
        assert_eq!(shown, expected, "bless it with QUORATE_BLESS=1 cargo test -p quorate --test golden");
    }
}

/// The schemas that editors are pointed at are those that the command prints.
#[test]
fn the_schemas_are_those_that_the_command_prints() {
    for (of, file) in [("scenario", "scenarios/scenario.schema.json"), ("table", "scenarios/tables/table.schema.json")] {
        let path = common::root().join(file);
        let printed = common::run(&["schema", of]).stdout;
        if std::env::var_os("QUORATE_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(&path, &printed).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == printed, "{file} is stale: bless it with QUORATE_BLESS=1 cargo test -p quorate --test golden");
    }
}

/// The registry names exactly the scenarios that there are, each under its protocol.
#[test]
fn every_protocol_has_its_scenarios_and_every_scenario_its_protocol() {
    let protocols = common::json(&["list", "protocols", "--format", "json"]);
    let mut listed: Vec<String> = Vec::new();
    for protocol in protocols.as_array().unwrap() {
        let name = protocol["name"].as_str().unwrap();
        let scenarios = protocol["scenarios"].as_array().unwrap();
        assert!(!scenarios.is_empty(), "{name} has no scenario");
        for scenario in scenarios {
            let file = scenario.as_str().unwrap();
            let text = std::fs::read_to_string(common::scenario(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let runs = [format!("[protocol.{name}]"), format!("protocol = \"{name}\"")];
            assert!(runs.iter().any(|runs| text.contains(runs)), "{file} does not run {name}");
            listed.push(file.to_string());
        }
    }
    listed.sort();
    let mut found = common::scenarios();
    found.sort();
    assert_eq!(listed, found);
}
