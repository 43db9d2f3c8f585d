//! Files that a scenario names: found beside it, or from where the command runs, and refused in words that help. And scenarios in
//! JSON, which a report's own is.

mod common;

use common::{Ended, end, quorate};
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;

const SCENARIO: &str = "schema = 1\nname = \"small\"\nduration = \"10s\"\nnodes = 8\n\n[protocol.gossip]\nfanout = 2\n\n\
    [network]\nlatency = { empirical = { file = \"samples.txt\" } }\n\n[workload.updates]\nat = \"1s\"\nfrom = 0\n";

/// A folder with `in/small.toml`, and beside it what a test puts there.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/small.toml"), SCENARIO).unwrap();
    folder
}

fn run(folder: &Path, args: &[&str]) -> Ended {
    end(quorate(&["run"]).args(args).current_dir(folder))
}

#[track_caller]
fn refused(folder: &Path, args: &[&str], told: &[&str]) {
    let ended = run(folder, args);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    for part in told {
        assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
    }
}

#[test]
fn paths_are_relative_to_who_writes_them() {
    let folder = folder();
    fs::write(folder.path().join("in/samples.txt"), "5ms\n").unwrap();
    fs::write(folder.path().join("samples.txt"), "500ms\n").unwrap();
    let beside = run(folder.path(), &["in/small.toml", "--format", "json"]);
    assert!(beside.stdout.contains("\"5ms\"") && beside.status == 0, "{}", beside.stderr);
    let flag = ["in/small.toml", "--format", "json", "--set", "network.latency.empirical.file=samples.txt"];
    let here = run(folder.path(), &flag);
    assert!(here.stdout.contains("\"500ms\"") && here.status == 0, "{}", here.stderr);
    let absolute = format!("network.latency.empirical.file={}", folder.path().join("samples.txt").display());
    assert_eq!(run(folder.path(), &["in/small.toml", "--format", "json", "--set", &absolute]).stdout, here.stdout);
}

#[test]
fn what_cannot_be_read_is_told_where_it_is_named() {
    let folder = folder();
    let samples = folder.path().join("in/samples.txt");
    let place = "in/small.toml:10:34: error: network.latency.empirical.file: cannot read in/samples.txt: ";
    fs::write(folder.path().join("in/sample.txt"), "5ms\n").unwrap();
    refused(folder.path(), &["in/small.toml"], &[place, "did you mean in/sample.txt?", "   10 | latency = {"]);
    fs::create_dir(&samples).unwrap();
    refused(folder.path(), &["in/small.toml"], &[place, "it is a directory; name a file in it"]);
    fs::remove_dir(&samples).unwrap();
    File::create(&samples).unwrap().set_len((64 << 20) + 1).unwrap();
    let giant = "it is longer than 64 MiB, the most that a scenario may include";
    refused(folder.path(), &["in/small.toml"], &[place, giant]);
    let flag = "network.latency.empirical.file=none.txt";
    refused(
        folder.path(),
        &["in/small.toml", "--set", flag],
        &["--set network.latency.empirical.file=none.txt: ", "cannot read none.txt: "],
    );
    if Path::new("/dev/zero").exists() {
        refused(folder.path(), &["in/small.toml", "--set", "network.latency.empirical.file=/dev/zero"], &[giant]);
    }
}

#[test]
fn what_is_wrong_inside_is_shown_there() {
    let folder = folder();
    fs::write(folder.path().join("in/samples.txt"), "# measured\n5ms\n  6 # and no unit\n").unwrap();
    let told = [
        "in/samples.txt:3:3: error: network.latency.empirical.file: \"6\" has no unit",
        "    3 |   6 # and no unit\n      |   ^ here",
    ];
    refused(folder.path(), &["in/small.toml"], &told);
}

#[test]
fn the_scenario_of_a_report_runs_again_without_its_files() {
    let folder = folder();
    fs::write(folder.path().join("in/samples.txt"), "rtt_ms\n5\n7.5\n").unwrap();
    let report = run(folder.path(), &["in/small.toml", "--format", "json"]).stdout;
    let document: serde_json::Value = serde_json::from_str(&report).unwrap();
    fs::remove_file(folder.path().join("in/samples.txt")).unwrap();
    fs::write(folder.path().join("again.json"), document["scenario"].to_string()).unwrap();
    assert_eq!(run(folder.path(), &["again.json", "--format", "json"]).stdout, report);
    fs::write(folder.path().join("wrong.json"), document["scenario"].to_string().replace("\"nodes\":8", "\"nodes\":-8")).unwrap();
    refused(folder.path(), &["wrong.json"], &["wrong.json:1:", "nodes: -8 is out of range; it must be a whole number from 1"]);
}
