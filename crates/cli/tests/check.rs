//! `quorate check` as a CI job meets it: its status, its files, and the line that does a failure again.

mod common;

use common::{Ended, end, quorate};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

const WORLD: &str = "schema = 1\nname = \"three\"\nseed = 7\nduration = \"2s\"\nnodes = 3\n\n[protocol.gossip]\nfanout = 1\n\
    interval = \"100ms\"\n\n[network]\nlatency = { uniform = [\"1ms\", \"10ms\"] }\n\n[workload.updates]\nat = \"0s\"\nfrom = 0\n";

struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        Lab { folder: tempfile::tempdir().unwrap() }
    }

    /// A file with these expectations, over so many seeds.
    fn file(&self, name: &str, expect: &str, seeds: u32) {
        fs::write(self.path(name), format!("{WORLD}\n[expect]\n{expect}\n\n[ci]\nseeds = {seeds}\n")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Ended {
        end(quorate(args).current_dir(self.folder.path()))
    }

    fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(&[args, &["--format", "json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ended.stderr))
    }
}

/// A check of which only a share is expected may fail in the rest.
#[test]
fn a_rate_of_a_check_is_not_the_check() {
    let lab = Lab::new();
    let lossy = |share: &str| {
        lab.file("lossy.toml", &format!("mostly = \"rate(converges) >= {share}\""), 200);
        let found = lab.json(&["check", "lossy.toml", "--set", "network.loss=0.5", "--set", "duration=400ms"]);
        (found["files"][0]["cases"][0]["verdict"].as_str().unwrap().to_string(), found["failed"].as_u64().unwrap())
    };
    assert_eq!(lossy("10%"), ("held".to_string(), 0));
    assert_eq!(lossy("99.9%"), ("failed".to_string(), 1));
}

/// The bound that all but one in so many seeds keep to, found by a run over many.
fn bound(lab: &Lab, one_in: usize) -> f64 {
    lab.file("all.toml", "converges = \"converges\"", 1);
    lab.run(&["run", "all.toml", "--seeds", "2000", "--out", "all"]);
    let lines = fs::read_to_string(lab.path("all/runs.jsonl")).unwrap();
    let time = |line: &str| serde_json::from_str::<Value>(line).unwrap()["metrics"]["convergence.time"].as_f64().unwrap();
    let mut times: Vec<f64> = lines.lines().map(time).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() - 1 - times.len() / one_in]
}

#[test]
fn what_holds_fails_or_cannot_be_decided_is_told_by_the_status() {
    let lab = Lab::new();
    let rare = bound(&lab, 1_000);
    let tenth = bound(&lab, 10);
    lab.file("holds.toml", "agree = \"converges\"\nsoon = \"p90(convergence.time) <= 2s with 99% confidence\"", 300);
    lab.file("rare.toml", &format!("soon = \"convergence.time <= {}ns\"", (rare * 1e9).round()), 2_000);
    lab.file("open.toml", &format!("soon = \"p90(convergence.time) <= {}ns with 99% confidence\"", (tenth * 1e9).round()), 300);
    for (file, status, last) in [
        ("holds.toml", 0, "4 passed, 0 failed\n"),
        ("rare.toml", 1, ", 1 failed\n"),
        ("open.toml", 3, ", 0 failed, 1 undecided\n"),
    ] {
        let ended = lab.run(&["check", file]);
        assert_eq!((ended.status, ended.stderr.as_str()), (status, ""), "{file}: {}", ended.stdout);
        assert!(ended.stdout.ends_with(last), "{file}: {}", ended.stdout);
    }
    let all = lab.run(&["check", "holds.toml", "rare.toml", "open.toml"]);
    assert_eq!(all.status, 1, "{}", all.stdout);
    // The line of the failure does it again, in another process, byte for byte.
    let failed = lab.json(&["check", "rare.toml"]);
    let worst = &failed["files"][0]["cases"][0]["worst"];
    let replay = worst["replay"].as_str().unwrap();
    assert!(lab.run(&["check", "rare.toml"]).stdout.contains(&format!("worst seed {}  replay: {replay}", worst["seed"])));
    let words: Vec<&str> = replay.split(' ').skip(1).collect();
    let (once, twice) = (lab.run(&words), lab.run(&words));
    assert_eq!((once.status, &once.stdout), (1, &twice.stdout));
    assert!(once.stdout.contains(worst["digest"].as_str().unwrap()), "{}", once.stdout);
    // What is decided early is decided on seeds that come first.
    let seeds = failed["files"][0]["seeds"].as_u64().unwrap();
    assert_eq!(7 + seeds - 1, worst["seed"].as_u64().unwrap(), "the first failure ends it");
}

#[test]
fn threads_change_nothing_and_all_seeds_are_run_on_demand() {
    let lab = Lab::new();
    lab.file(
        "a.toml",
        "soon = \"p50(convergence.time) <= 1s with 95% confidence\"\nmean = \"mean(messages.total) <= 1000\"",
        200,
    );
    lab.file("b.toml", "soon = \"rate(convergence.time <= 2s) >= 80% with 95% confidence\"", 400);
    let check = |more: &[&str]| lab.run(&[&["check", ".", "--format", "json"], more].concat());
    let one = check(&["--threads", "1"]);
    assert_eq!((one.status, &one.stdout), (0, &check(&["--threads", "2"]).stdout), "{}", one.stderr);
    let read = |ended: &Ended| serde_json::from_str::<Value>(&ended.stdout).unwrap();
    let seeds = |ended: &Ended, file: usize| read(ended)["files"][file]["seeds"].as_u64().unwrap();
    // A mean is looked at once, at the end; a rate far from its bound is decided soon.
    assert_eq!(seeds(&one, 0), 200);
    assert!(seeds(&one, 1) < 100, "{}", one.stdout);
    assert_eq!(seeds(&check(&["--all"]), 1), 400);
    assert_eq!(seeds(&check(&["--seeds", "30"]), 0), 30);
}

#[test]
fn jobs_find_their_files() {
    let lab = Lab::new();
    lab.file("bad.toml", "agree = \"converges\"\nnever = \"messages.total <= 1\"\nlate = \"p50(convergence.time) >= 2s\"", 20);
    fs::write(lab.path("step.md"), "before\n").unwrap();
    let mut command = quorate(&["check", "bad.toml", "--junit", "out.xml", "--summary", "out.md"]);
    let ended = end(command.current_dir(lab.folder.path()).env("GITHUB_STEP_SUMMARY", lab.path("step.md")));
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    let marks: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(marks.len(), 2, "{}", ended.stderr);
    // The expectations begin on line 21 of the file.
    let line = fs::read_to_string(lab.path("bad.toml")).unwrap().lines().position(|line| line.starts_with("never")).unwrap() + 1;
    assert!(marks[0].starts_with(&format!("::error file=bad.toml,line={line}::messages.total <= 1")), "{}", marks[0]);
    assert!(marks[0].contains("worst seed ") && marks[0].contains("replay: quorate run bad.toml --seed "), "{}", marks[0]);
    let (summary, step) = (fs::read_to_string(lab.path("out.md")).unwrap(), fs::read_to_string(lab.path("step.md")).unwrap());
    assert_eq!(step, format!("before\n{summary}"));
    assert!(summary.contains("| FAIL | `messages.total <= 1` |") && summary.contains("|---|---|---|---|"), "{summary}");
    let junit = fs::read_to_string(lab.path("out.xml")).unwrap();
    for part in ["<testsuite name=\"bad.toml\"", "tests=\"5\"", "failures=\"2\"", "replay: quorate run bad.toml --seed "] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
    let again = lab.run(&["check", "bad.toml", "--junit", "again.xml"]);
    assert_eq!(
        (again.status, fs::read_to_string(lab.path("again.xml")).unwrap()),
        (1, junit),
        "the same verdicts are the same bytes"
    );
    assert_eq!(again.stderr, "", "outside a job nothing is marked");
}

#[test]
fn more_than_ten_marks_are_not_made() {
    let lab = Lab::new();
    let expect: Vec<String> = (0..13).map(|number| format!("e{number} = \"messages.total <= {number}\"")).collect();
    lab.file("bad.toml", &expect.join("\n"), 2);
    let mut command = quorate(&["check", "bad.toml"]);
    let ended = end(command.current_dir(lab.folder.path()).env("GITHUB_STEP_SUMMARY", lab.path("step.md")));
    assert_eq!(ended.stderr.lines().count(), 10, "{}", ended.stderr);
    assert!(ended.stdout.contains(" 13 failed"), "{}", ended.stdout);
}

#[test]
fn a_wrong_file_is_told_before_anything_runs() {
    let lab = Lab::new();
    lab.file("good.toml", "agree = \"converges\"", 2);
    for (expect, told) in [
        ("x = \"p99(convergence.tme) <= 2s\"", "did you mean \"convergence.time\""),
        ("x = \"p99(convergence.time) <= 2\"", "the bound is a plain number"),
        ("x = \"messages.total <= 2s\"", "the bound is a time"),
        ("x = \"messages(kind = pull-repl) <= 2\"", "did you mean \"pull-reply\""),
        ("x = \"messages(side = minority) <= 2\"", "narrows no messages"),
        ("x = \"messages(kind = push, kind = pull) <= 2\"", "said twice"),
        ("x = \"availability(side = left) <= 2\"", "is no side"),
        ("x = \"rate(converges) <= 2s\"", "the bound is a time"),
        ("x = \"rate(convergence.time) >= 90%\"", "write what is to hold in a run"),
        ("x = \"rate(p50(convergence.time) <= 1s) >= 90%\"", "is no metric"),
        ("x = \"stddev(convergence.time) <= 1s with 99% confidence\"", "confidence is for what has an interval"),
        ("x = \"convergence.time <= 2 * rttt\"", "did you mean \"rtt\""),
        ("x = \"convergence.time = 2s\"", "to compare, write =="),
    ] {
        lab.file("wrong.toml", expect, 2);
        let ended = lab.run(&["check", ".", "--junit", "out.xml"]);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{expect}: {}", ended.stderr);
        assert!(ended.stderr.contains("wrong.toml:") && ended.stderr.contains(told), "{expect}: {}", ended.stderr);
        assert!(!lab.path("out.xml").exists());
    }
    lab.file("wrong.toml", "x = \"converges\"", 2);
    assert_eq!(lab.run(&["check", ".", "--junit", "nowhere/out.xml"]).status, 4);
    assert_eq!(lab.run(&["check", "not-there.toml"]).status, 4);
}

#[test]
fn parts_of_the_messages_are_measured() {
    let lab = Lab::new();
    let expect = "push = \"messages(kind = push-pull) >= 1\"\nreply = \"mean(bytes(kind = push-pull-reply, per_op)) >= 1B\"\n\
        all = \"messages(role = protocol) == messages\"";
    lab.file("parts.toml", &expect.replace("== messages\"", ">= quorum\""), 5);
    let report = lab.json(&["run", "parts.toml"]);
    let metrics = &report["metrics"];
    let kinds = report["ledger"]["kinds"].as_array().unwrap();
    let of = |name: &str, what: &str| kinds.iter().find(|kind| kind["name"] == name).unwrap()[what].as_f64().unwrap();
    let operations = report["operations"]["ok"].as_f64().unwrap();
    assert_eq!(metrics["messages(kind = push-pull)"].as_f64().unwrap(), of("push-pull", "sent"), "{report:#}");
    assert_eq!(metrics["bytes(kind = push-pull-reply, per_op)"].as_f64().unwrap(), of("push-pull-reply", "bytes") / operations);
    assert_eq!(metrics["messages(role = protocol)"], metrics["messages.total"]);
    assert!(lab.run(&["run", "parts.toml", "--seeds", "3"]).stdout.contains("messages(kind = push-pull)"));
}

#[test]
fn results_are_compared_in_pairs() {
    let lab = Lab::new();
    lab.file("w.toml", "agree = \"converges\"", 20);
    let run = |out: &str, more: &[&str]| lab.run(&[&["run", "w.toml", "--seeds", "100", "--out", out], more].concat());
    run("a", &[]);
    run("same", &[]);
    run("slow", &["--set", "protocol.gossip.interval=150ms"]);
    run("fast", &["--set", "protocol.gossip.fanout=2"]);
    run("short", &["--set", "duration=150ms"]);
    run("other", &["--seed", "5000"]);
    let diff = |a: &str, b: &str, more: &[&str]| lab.run(&[&["diff", a, b], more].concat());
    let same = diff("a", "same", &[]);
    assert_eq!(same.status, 0, "{}", same.stdout);
    assert!(same.stdout.contains("of which 100 are the same to the last event"), "{}", same.stdout);
    let slow = diff("a", "slow", &["--metric", "convergence.time"]);
    assert_eq!(slow.status, 1, "{}", slow.stdout);
    assert!(slow.stdout.contains("REGRESSION convergence.time: "), "{}", slow.stdout);
    assert_eq!(diff("a", "slow", &["--metric", "convergence.time", "--margin", "200%"]).status, 0);
    let back = diff("slow", "a", &["--metric", "convergence.time", "--format", "json"]);
    assert_eq!(back.status, 0, "{}", back.stdout);
    let back: Value = serde_json::from_str(&back.stdout).unwrap();
    assert_eq!(back["points"][0]["metrics"][0]["finding"], "better");
    // More messages, sooner: what is better depends on what one asks for.
    assert_eq!(diff("a", "fast", &["--metric", "messages.total"]).status, 1);
    assert_eq!(diff("a", "fast", &["--metric", "messages.total", "--more", "messages.total"]).status, 0);
    // Who is cut short has no time at all, and that is worse.
    let short = diff("a", "short", &["--metric", "convergence.time,failed"]);
    assert_eq!(short.status, 1, "{}", short.stdout);
    assert!(short.stdout.contains("runs have it before and not after"), "{}", short.stdout);
    for (a, b, more, told) in [
        ("a", "other", &[][..], "no seed is in both"),
        ("a", "nowhere", &[], "cannot read nowhere"),
        ("a", "same", &["--metric", "convergence.tim"], "is no metric"),
        ("a", "same", &["--margin", "much"], "5% or 0.05"),
    ] {
        let ended = diff(a, b, more);
        assert!(ended.status == 2 || ended.status == 4, "{told}: {}", ended.stdout);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
}
