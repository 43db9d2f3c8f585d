//! Recorded editing sessions, typed again. The small one is part of the project; those of real documents are not, and are left out where
//! they are not there.

mod common;

use common::{json, scenario};
use std::path::Path;

#[track_caller]
fn ends_as_recorded(trace: &Path, order: &str) {
    let (trace, order) = (format!("workload.trace={}", trace.display()), format!("protocol.text.order={order}"));
    let file = scenario("crdt/text-trace.toml");
    let report = json(&["run", &file, "--set", &trace, "--set", &order, "--format", "json"]);
    assert_eq!(report["verdict"], "held", "{trace}, {order}: {}", report["checks"]);
}

#[test]
fn the_small_session_ends_as_it_was_recorded() {
    let trace = common::root().join("scenarios/data/fox.session");
    ["rga", "fugue"].iter().for_each(|order| ends_as_recorded(&trace, order));
}

#[test]
fn another_end_is_a_violation() {
    let recorded = std::fs::read_to_string(common::root().join("scenarios/data/fox.session")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("wrong.json");
    std::fs::write(&trace, recorded.replace("lazy dogs", "lazy cats")).unwrap();
    let trace = format!("workload.trace={}", trace.display());
    let ended = common::run(&["run", &scenario("crdt/text-trace.toml"), "--set", &trace]);
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ended.status == 1 && told.contains("from character 39 on it has \"dogs 🐕.\""), "{}", ended.stdout);
}

#[test]
fn sessions_of_real_documents_end_as_they_were_recorded() {
    let folder = common::root().join("../shared/traces");
    for name in ["friendsforever.json.gz", "sveltecomponent.json.gz"] {
        let trace = folder.join(name);
        if !trace.exists() {
            eprintln!("skipped: there is no {name} here");
            continue;
        }
        ["rga", "fugue"].iter().for_each(|order| ends_as_recorded(&trace, order));
    }
}
