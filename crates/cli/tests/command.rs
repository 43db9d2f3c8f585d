//! The command's contract with scripts: exit statuses, streams, files and the keys of its documents.

mod common;

use common::{Ended, end, json, quorate, run, scenario};
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

/// A small scenario; `more` goes at its end.
fn small(more: &str) -> String {
    format!(
        "schema = 1\nname = \"small\"\nduration = \"10s\"\nnodes = 8\n\n[protocol.gossip]\nfanout = 2\n\n\
         [workload.updates]\nat = \"1s\"\nfrom = 0\n\n{more}\n"
    )
}

/// Runs that text as a scenario file called `small.toml`.
fn run_text(text: impl AsRef<[u8]>, flags: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), text).unwrap();
    end(quorate(&["run", "small.toml"]).args(flags).current_dir(folder.path()))
}

#[track_caller]
fn check(ended: &Ended, status: i32, told: &[&str]) {
    assert_eq!(ended.status, status, "stdout: {}\nstderr: {}", ended.stdout, ended.stderr);
    for part in told {
        assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
    }
    if matches!(status, 2 | 4) {
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

#[test]
fn a_verdict_is_a_status() {
    let skew = scenario("gossip/clock-skew.toml");
    check(&run(&["run", &skew]), 0, &[]);
    let lost = run(&["run", &skew, "--set", "variant=wall-clock"]);
    check(&lost, 1, &[]);
    assert!(lost.stdout.starts_with("FAILED  gossip-clock-skew, seed 4: "), "{}", lost.stdout);
    // Five seeds cannot bound a 99th percentile from above.
    let open = small("[expect]\nsoon = \"p99(convergence.time) <= 1h with 99% confidence\"");
    let undecided = run_text(&open, &["--seeds", "5"]);
    check(&undecided, 3, &[]);
    assert!(undecided.stdout.starts_with("UNDECIDED"), "{}", undecided.stdout);
    check(&run_text(&open, &[]), 0, &[]);
}

#[test]
fn wrong_flags_are_wrong_input_and_help_is_a_result() {
    for flags in [
        &["run"][..],
        &["run", "x.toml", "--sed", "1"],
        &["run", "x.toml", "--seeds", "0"],
        &["run", "x.toml", "--threads", "0"],
        &["run", "x.toml", "--seed", "-1"],
        &["run", "x.toml", "--format", "xml"],
        &["list", "cheeses"],
        &["sweep"],
        &["bench", "W9"],
        &["validate"],
        &["show"],
        &["show", "x.toml", "--format", "yaml"],
        &["show", "x.toml", "--seeds", "3"],
        &["describe", "cheese"],
        &["describe", ""],
        &["new", "x"],
        &["new", "--protocol", "gossip"],
        &["new", "x", "--protocol", "gosip"],
        &["new", "My First", "--protocol", "gossip"],
        &["schema", "x"],
        &["table", "no-such-table"],
        &["table", "raft-elections", "--seeds", "0"],
        &["table", "raft-elections", "--format", "svg"],
        &["table", "raft-elections", "--set", "nodes"],
        &["completions"],
        &["completions", "csh"],
        &["man", "run"],
        &[],
    ] {
        let ended = run(flags);
        check(&ended, 2, &[]);
        assert!(!ended.stderr.is_empty(), "{flags:?}");
    }
    for flags in [&["--help"][..], &["--version"], &["run", "--help"], &["describe", "-h"]] {
        let ended = run(flags);
        check(&ended, 0, &[]);
        assert!(ended.stdout.contains("quorate"), "{flags:?}: {}", ended.stdout);
        assert!(ended.stderr.is_empty(), "{flags:?}");
    }
}

#[test]
fn a_wrong_scenario_is_told_with_its_line_and_its_cure() {
    let groups = "[[faults]]\nat = \"1s\"\npartition = { groups = [\"0..4\", \"4..9\"] }";
    let cases: &[(&str, String, &[&str])] = &[
        ("an unknown key", small("[network]\nlos = 0.1"), &["small.toml:14:1", "did you mean \"loss\"?"]),
        ("a repeated key", small("[network]\nloss = 0.1\nloss = 0.2"), &["small.toml:15:1"]),
        ("no unit", small("").replace("\"10s\"", "\"10\""), &["small.toml:3:12", "\"10ms\" or \"10s\""]),
        ("no nodes", small("").replace("nodes = 8", "nodes = 0"), &["small.toml:4:9"]),
        ("more nodes than memory", small("").replace("nodes = 8", "nodes = 4000000000"), &["small.toml:4:9", "GiB"]),
        ("a negative duration", small("").replace("\"10s\"", "\"-10s\""), &["small.toml:3:12", "negative"]),
        ("an absurd duration", small("").replace("\"10s\"", "\"99999999h\""), &["small.toml:3:12", "584 years"]),
        ("no probability", small("[network]\nloss = 2"), &["small.toml:14:8", "0 to 1"]),
        ("a node that is not there", small(groups), &["small.toml:15:", "4..9"]),
        ("a fault after the end", small("[[faults]]\nat = \"11s\"\nheal = \"all\""), &["small.toml:14:6", "10s"]),
        ("an unknown protocol", small("").replace("gossip", "gosip"), &["small.toml:6:", "gossip"]),
        ("an unknown metric", small("[expect]\nx = \"convergence.tim <= 1s\""), &["small.toml:14:6", "convergence.time"]),
        ("two things", small("[network]\nloss = 2\nduplication = 3"), &["small.toml:14:8", "small.toml:15:15"]),
        ("no text at all", String::new(), &["small.toml", "empty"]),
    ];
    for (what, text, told) in cases {
        println!("{what}");
        check(&run_text(text, &[]), 2, told);
    }
    check(&run_text(b"schema = 1\nname = \"\xff\"\n", &[]), 2, &["small.toml:2:9", "UTF-8"]);
}

#[test]
fn a_giant_or_endless_file_is_refused() {
    let mut giant = small("").into_bytes();
    giant.resize((16 << 20) + 1, b'\n');
    check(&run_text(&giant, &[]), 2, &["16 MiB"]);
    if Path::new("/dev/zero").exists() {
        check(&run(&["run", "/dev/zero"]), 2, &["16 MiB"]);
    }
}

#[test]
fn a_wrong_override_names_its_flag() {
    for (set, told) in [
        ("network.loss=2", &["--set network.loss=2", "0 to 1"][..]),
        ("network.los=0.2", &["--set network.los=0.2", "did you mean \"loss\"?"]),
        ("faults[3].at=1s", &["--set faults[3].at=1s"]),
        ("variant=wall-clok", &["--set variant=wall-clok", "wall-clock"]),
        ("duration=10", &["--set duration=10", "10s"]),
        ("nodes", &["--set nodes", "KEY=VALUE"]),
    ] {
        check(&run(&["run", &scenario("gossip/push.toml"), "--set", set]), 2, told);
    }
}

#[test]
fn paths_that_cannot_be_read_are_the_machines_failure() {
    check(&run(&["run", &scenario("gossip/pussh.toml")]), 4, &["did you mean", "gossip/push.toml"]);
    check(&run(&["run", &scenario("gossip")]), 4, &["directory"]);
    check(&run(&["run", "no/such/folder/x.toml"]), 4, &["no/such/folder/x.toml"]);
    check(&run(&["run", &format!("{}/x", scenario("gossip/push.toml"))]), 4, &["gossip/push.toml/x"]);
}

#[test]
fn a_full_disk_is_the_machines_failure() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let push = scenario("gossip/push.toml");
    let commands = [&["run", &push][..], &["run", &push, "--format", "json"], &["list", "metrics"], &["--help"]];
    let told = [&["describe"][..], &["describe", "gossip"], &["schema"], &["show", &push], &["validate", &push], &["man"]];
    for args in commands.iter().chain(&told) {
        let ended = end_into(args, File::options().write(true).open(full).unwrap().into());
        assert_eq!(ended.0, 4, "{args:?}");
        assert!(ended.1.contains("standard output"), "{args:?}: {}", ended.1);
    }
    check(&run(&["run", &push, "--out", "/dev/full"]), 4, &["/dev/full"]);
}

fn end_into(args: &[&str], stdout: Stdio) -> (i32, String) {
    let output = quorate(args).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_scenario_may_come_through_a_pipe() {
    let push = scenario("gossip/push.toml");
    let shown = run(&["show", &push]).stdout;
    let mut child = quorate(&["run", "-", "--format", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), shown.as_bytes()).unwrap();
    let report: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(report["digest"], json(&["run", &push, "--format", "json"])["digest"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let push = scenario("gossip/push.toml");
    let commands = [&["run", &push][..], &["list", "metrics"], &["--help"], &["describe"], &["describe", "gossip"], &["schema"]];
    let tables = [&["table"][..], &["table", "split-votes", "--seeds", "1"]];
    let more =
        [&["show", &push][..], &["validate", &push], &["new", "x", "--protocol", "gossip"], &["completions", "zsh"], &["man"]];
    for args in commands.iter().chain(&more).chain(&tables) {
        let mut child = quorate(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{args:?}");
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_document_of_one_run_has_the_keys_of_the_contract() {
    let report = json(&["run", &scenario("gossip/push-pull-100.toml"), "--format", "json"]);
    let top = "schema quorate scenario seed digest verdict expectations checks metrics ledger convergence operations availability \
               availability_by_side faults faults_by_kind overflows byzantine clock_bounds changes evidence ended verified";
    assert_eq!(keys(&report), top.split_whitespace().collect::<Vec<_>>());
    assert_eq!(keys(&report["expectations"][0]), ["name", "text", "verdict", "observed"]);
    assert_eq!(keys(&report["checks"][0]), ["name", "verdict", "evidence"]);
    assert_eq!(report["seed"], 42);
    assert_eq!(report["verdict"], "held");
    assert!(report["metrics"]["messages.total"].is_u64());
    assert!(report["evidence"]["round_by_round"].is_array());
    let analysis = &report["evidence"]["convergence_analysis"];
    for field in ["theoretical_rounds", "actual_rounds", "final_consistency", "nodes_updated", "nodes_total"] {
        assert!(analysis[field].is_number(), "{field}: {analysis}");
    }
    let metrics = json(&["list", "metrics", "--format", "json"]);
    for metric in metrics.as_array().unwrap().iter().filter(|metric| metric["protocols"].is_null()) {
        let name = metric["name"].as_str().unwrap();
        assert!(report["metrics"].get(name).is_some(), "{name}");
    }
}

#[test]
fn the_document_of_many_runs_has_the_keys_of_the_contract() {
    let skew = scenario("gossip/clock-skew.toml");
    let report = json(&["run", &skew, "--seeds", "30", "--set", "variant=wall-clock", "--format", "json"]);
    for key in ["seeds", "first_seed", "digest", "verdict", "metrics", "checks", "expectations"] {
        assert!(!report[key].is_null(), "{key}");
    }
    assert_eq!((&report["seeds"], &report["first_seed"], &report["verdict"]), (&30.into(), &4.into(), &"failed".into()));
    for statistic in ["mean", "p50", "p90", "p99", "min", "max", "ci95"] {
        assert!(!report["metrics"]["messages.total"][statistic].is_null(), "{statistic}");
    }
    for judged in report["checks"].as_array().unwrap().iter().chain(report["expectations"].as_array().unwrap()) {
        for key in ["failed", "undecided", "first_failed_seed"] {
            assert!(judged.get(key).is_some(), "{key}: {judged}");
        }
    }
    let lost = &report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "no-lost-update").unwrap();
    assert_eq!(lost["first_failed_seed"], 4);
}

#[test]
fn the_first_failing_seed_fails_when_replayed() {
    let text = run(&["run", &scenario("gossip/clock-skew.toml"), "--seeds", "20", "--set", "variant=wall-clock"]);
    check(&text, 1, &[]);
    let line = text.stdout.lines().find_map(|line| line.strip_prefix("replay: quorate ")).unwrap();
    let replayed = run(&line.split(' ').collect::<Vec<_>>());
    check(&replayed, 1, &[]);
    assert!(replayed.stdout.starts_with("FAILED"), "{}", replayed.stdout);
}

#[test]
fn the_same_seed_gives_the_same_bytes_everywhere() {
    let file = scenario("crdt/counter-partition.toml");
    let flags = ["run", &file, "--format", "json"];
    let here = run(&flags);
    check(&here, 0, &[]);
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = end(quorate(&flags).current_dir(folder.path()).envs([
        ("LC_ALL", "tr_TR.UTF-8"),
        ("TZ", "Pacific/Chatham"),
        ("RAYON_NUM_THREADS", "3"),
        ("COLUMNS", "40"),
        ("RUST_BACKTRACE", "full"),
        ("CLICOLOR_FORCE", "1"),
        ("HOME", "/nowhere"),
    ]));
    assert_eq!(here.stdout, elsewhere.stdout);
    assert_eq!(here.stdout, run(&["run", &file, "--format", "json", "--twice"]).stdout);
}

#[test]
fn the_number_of_threads_shows_in_nothing() {
    let file = scenario("gossip/push-pull-100.toml");
    let folder = tempfile::tempdir().unwrap();
    let with = |threads: &str| {
        let out = folder.path().join(threads);
        let ended =
            run(&["run", &file, "--seeds", "40", "--threads", threads, "--format", "json", "--out", out.to_str().unwrap()]);
        check(&ended, 0, &[]);
        let written = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        assert_eq!(ended.stdout, written("report.json"));
        (ended.stdout, written("runs.jsonl"))
    };
    let one = with("1");
    assert_eq!(one, with("2"));
    assert_eq!(one, with("5"));
    let seeds: Vec<u64> =
        one.1.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, (42..82).collect::<Vec<_>>());
    assert_eq!(run(&["run", &file, "--seeds", "40", "--twice", "--format", "json"]).stdout, one.0);
}

fn sorted(mut names: Vec<std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    names.sort();
    names
}

#[test]
fn results_are_written_whole_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/folder");
    let push = scenario("gossip/push.toml");
    for _ in 0..2 {
        let text = run(&["run", &push, "--out", out.to_str().unwrap()]);
        check(&text, 0, &[]);
        assert!(text.stdout.starts_with("HELD"), "{}", text.stdout);
    }
    let names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(sorted(names), ["history.jsonl", "report.json"]);
    let written = fs::read_to_string(out.join("report.json")).unwrap();
    assert_eq!(written, run(&["run", &push, "--format", "json"]).stdout);
}

#[test]
fn text_is_at_most_eighty_columns_and_coloured_only_on_demand() {
    for name in common::scenarios().iter().filter(|name| *name != "gossip/bench.toml" && !common::LONG.contains(&&***name)) {
        let file = scenario(name);
        for seeds in [&[][..], &["--seeds", "2"]] {
            let text = end(quorate(&["run", &file]).args(seeds)).stdout;
            // The line that replays a run is for a shell, and stays whole.
            for line in text.lines().filter(|line| !line.starts_with("replay: ")) {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
            assert!(!text.contains('\x1b'), "{name}");
        }
    }
    let coloured = |color: &str| run(&["run", &scenario("gossip/push.toml"), "--color", color]).stdout.contains('\x1b');
    assert_eq!([coloured("always"), coloured("never"), coloured("auto")], [true, false, false]);
}

#[test]
fn seeds_beyond_the_last_are_refused() {
    let push = scenario("gossip/push.toml");
    let last = u64::MAX.to_string();
    check(&run(&["run", &push, "--seed", &last]), 0, &[]);
    check(&run(&["run", &push, "--seed", &last, "--seeds", "2"]), 2, &[&last]);
}

#[test]
fn verifying_changes_no_digest() {
    let file = scenario("gossip/push.toml");
    let plain = json(&["run", &file, "--format", "json"]);
    let verified = json(&["run", &file, "--format", "json", "--verify"]);
    assert_eq!(plain["digest"], verified["digest"]);
    assert!(verified["verified"]["digests"].as_u64().unwrap() > 0);
    assert!(verified["checks"].as_array().unwrap().iter().any(|check| check["name"] == "verified" && check["verdict"] == "ok"));
}

#[test]
fn lists_are_what_the_registries_hold() {
    for what in ["protocols", "faults", "nemeses", "topologies", "latencies", "checks", "metrics", "keys", "tables"] {
        let entries = json(&["list", what, "--format", "json"]);
        let entries = entries.as_array().unwrap();
        assert!(!entries.is_empty(), "{what}");
        for entry in entries {
            assert!(entry["name"].is_string() && entry["summary"].is_string(), "{what}: {entry}");
        }
        let mut names: Vec<&str> = entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), entries.len(), "{what} are listed once each");
        let text = run(&["list", what]);
        check(&text, 0, &[]);
        assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{}", text.stdout);
    }
    let protocols = json(&["list", "protocols", "--format", "json"]);
    let mut listed: Vec<&str> = Vec::new();
    for protocol in protocols.as_array().unwrap() {
        for key in ["family", "source", "variants", "catalogue", "scenarios"] {
            assert!(!protocol[key].is_null(), "{key}: {protocol}");
        }
        listed.extend(protocol["scenarios"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()));
    }
    listed.sort_unstable();
    assert_eq!(listed, common::scenarios(), "the registry's scenarios are those that there are");
}

#[test]
fn a_tiny_benchmark_runs_and_has_the_keys_of_the_contract() {
    let report = json(&["bench", "--quick", "--format", "json"]);
    for workload in report["workloads"].as_array().unwrap() {
        for key in ["name", "nodes", "events_per_second", "hold_per_second", "engine_over_hold", "bytes_per_node", "digest"] {
            assert!(!workload[key].is_null(), "{key}: {workload}");
        }
    }
    for data_type in report["types"].as_array().unwrap() {
        for key in ["name", "operations", "operations_per_second", "merges_per_second", "delta_over_state", "digest"] {
            assert!(!data_type[key].is_null(), "{key}: {data_type}");
        }
    }
}
