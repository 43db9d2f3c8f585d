//! `quorate history check` as its users meet it.

mod common;

use common::{Ended, end, json, quorate, root, run, scenario};
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// Checks a history that is written down here.
fn check_text(text: impl AsRef<[u8]>, flags: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h.jsonl");
    fs::write(&path, text).unwrap();
    run(&[&["history", "check", path.to_str().unwrap()], flags].concat())
}

fn check(ended: &Ended, status: i32, told: &[&str]) {
    let text = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.status, status, "{text}");
    for part in told {
        assert!(text.contains(part), "{text}\ndoes not tell\n{part}");
    }
}

const HEADER: &str = "{\"history\":\"quorate/1\",\"model\":\"register\",\"init\":null}\n";

fn write(id: u32, invoke: u32, end: &str) -> String {
    let status = if end == "null" { "unknown" } else { "ok" };
    format!(
        "{{\"id\":{id},\"process\":{id},\"op\":\"write\",\"value\":{id},\"result\":null,\"status\":\"{status}\",\
         \"invoke\":{invoke},\"return\":{end}}}\n"
    )
}

fn read(id: u32, invoke: u32, end: u32, found: u32) -> String {
    format!(
        "{{\"id\":{id},\"process\":{id},\"op\":\"read\",\"value\":null,\"result\":{found},\"status\":\"ok\",\
         \"invoke\":{invoke},\"return\":{end}}}\n"
    )
}

#[test]
fn a_verdict_is_a_status() {
    check(
        &run(&["history", "check", "docs/histories/register.jsonl"]),
        0,
        &["ok", "linearizable", "(5 operations, cas-register)"],
    );
    check(&run(&["history", "check", "docs/histories/stale-read.jsonl"]), 1, &["violation", "linearizable"]);
    let skew = "docs/histories/write-skew.jsonl";
    check(&run(&["history", "check", skew, "--check", "snapshot-isolation"]), 0, &["ok", "snapshot-isolation"]);
    check(&run(&["history", "check", skew, "--check", "serializable"]), 1, &["violation", "serializable", "G2"]);
    let both = ["history", "check", skew, "--check", "snapshot-isolation,serializable"];
    check(&run(&both), 1, &["1 ok, 1 violated"]);
    let open = HEADER.to_string()
        + &(1..9).map(|id| write(id, id, "null")).collect::<String>()
        + &read(9, 10, 11, 8)
        + &read(10, 12, 13, 7);
    check(&check_text(&open, &[]), 0, &[]);
    check(&check_text(&open, &["--steps", "3"]), 3, &["unknown", "the 3 steps allowed are used up"]);
    check(&check_text(&open, &["--memory", "1KB"]), 3, &["unknown", "bytes of memory allowed are used up"]);
    check(&check_text(&open, &["--budget", "0s"]), 3, &["unknown", "the time allowed was used up"]);
}

#[test]
fn the_examples_of_the_manual_are_what_is_printed() {
    let manual = fs::read_to_string(root().join("docs/histories.md")).unwrap();
    let examples: Vec<&str> = manual.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let words: Vec<&str> = example.split_whitespace().collect();
        assert_eq!(run(&["history", "check", words[2], "--check", words[1]]).stdout, example);
    }
}

#[test]
fn text_is_at_most_eighty_columns() {
    let text = run(&["history", "check", "docs/histories", "--check", "linearizable"]).stdout;
    // A verdict's own line is one line, however long the path, for whoever searches for it.
    assert!(text.lines().filter(|line| line.starts_with(' ')).all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_folder_is_all_its_histories() {
    let ended = run(&["history", "check", "docs/histories"]);
    check(&ended, 1, &["register.jsonl", "stale-read.jsonl", "write-skew.jsonl", "1 ok, 2 violated"]);
    check(&run(&["history", "check", "docs/decisions"]), 4, &["there is no .jsonl file below it"]);
}

#[test]
fn the_document_of_one_is_an_object_and_of_many_a_list() {
    let one = json(&["history", "check", "docs/histories/stale-read.jsonl", "--format", "json"]);
    let keys: Vec<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["file", "model", "check", "verdict", "evidence"]);
    assert_eq!(one["verdict"], "violation");
    assert!(!one["evidence"]["text"].as_str().unwrap().is_empty());
    let many = json(&["history", "check", "docs/histories", "--format", "json"]);
    let verdicts: Vec<&str> = many.as_array().unwrap().iter().map(|each| each["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["ok", "violation", "violation"]);
}

#[test]
fn what_is_no_history_is_told_with_its_line() {
    let good = HEADER.to_string() + &write(0, 1, "5");
    check(&check_text(&good, &[]), 0, &[]);
    check(&check_text("", &[]), 2, &["h.jsonl:1:1: there is no history here"]);
    check(&check_text("[]\n", &[]), 2, &["h.jsonl:1:"]);
    check(&check_text(&good[..good.len() - 9], &[]), 2, &["h.jsonl:2:", "the file ends in the middle of this line"]);
    check(&check_text(good.replace("\"return\":5", "\"return\":0"), &[]), 2, &["h.jsonl:2:", "is before \"invoke\""]);
    check(&check_text(good.replace("register", "registre"), &[]), 2, &["h.jsonl:1:", "\"registre\""]);
    check(&check_text(good.clone() + &write(0, 6, "7"), &[]), 2, &["h.jsonl:3:", "is taken"]);
    let twice = good.clone() + &write(1, 2, "7").replace("\"process\":1", "\"process\":0");
    check(&check_text(&twice, &[]), 2, &["h.jsonl:3:", "two operations open"]);
    check(&check_text(&good, &["--check", "serializable"]), 2, &["says nothing of a register history", "linearizable"]);
    check(&check_text(&good, &["--check", "serialisable"]), 2, &["serializable"]);
    check(&check_text(&good, &["--model", "registr"]), 2, &["register"]);
    check(&check_text(&good, &["--budget", "5"]), 2, &["no unit"]);
    check(&run(&["history", "check", "no/such.jsonl"]), 4, &["no/such.jsonl"]);
    let broken = check_text("{\n", &["--format", "json"]);
    assert_eq!(broken.status, 2);
    let document: serde_json::Value = serde_json::from_str(&broken.stdout).unwrap();
    assert!(document["verdict"].is_null() && document["error"]["line"] == 1, "{document}");
}

#[test]
fn an_endless_pipe_ends_in_an_honest_unknown() {
    let mut command = quorate(&["history", "check", "-", "--memory", "4MB"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let mut id = 0;
        // Ends when the command no longer reads.
        let mut going = pipe.write_all(HEADER.as_bytes()).is_ok();
        while going {
            going = pipe.write_all(write(id, id, &id.to_string()).as_bytes()).is_ok();
            id += 1;
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("the 4000000 bytes of memory allowed are used up"), "{told}");
}

#[test]
fn a_line_without_end_is_refused() {
    let mut child =
        quorate(&["history", "check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || while pipe.write_all(&[b' '; 1 << 16]).is_ok() {});
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("-:1:"), "names the line");
}

#[test]
fn a_run_with_clients_leaves_its_history() {
    let folder = tempfile::tempdir().unwrap();
    let (out, many) = (folder.path().join("one"), folder.path().join("many"));
    let (out, many) = (out.to_str().unwrap(), many.to_str().unwrap());
    let file = scenario("replication/register.toml");
    check(&run(&["run", &file, "--out", out]), 0, &[]);
    let history = format!("{out}/history.jsonl");
    check(&run(&["history", "check", &history]), 0, &["ok", "linearizable", "multi-register"]);
    check(&run(&["run", &file, "--seeds", "2", "--out", many]), 0, &[]);
    let each = json(&["history", "check", &format!("{many}/histories"), "--format", "json"]);
    assert!(each.as_array().unwrap().len() == 2 && each.as_array().unwrap().iter().all(|each| each["verdict"] == "ok"), "{each}");
    let told = fs::read_to_string(&history).unwrap();
    assert!(
        told.starts_with("{\"history\":\"quorate/1\",\"model\":\"multi-register\",\"init\":null,\"source\":\"quorate, "),
        "{told}"
    );
    // A failing check of the run fails for the history too.
    let stale = ["run", &file, "--set", "variant=recover-without-replay", "--seed", "1", "--out", out];
    let caught = run(&stale).status;
    let judged = run(&["history", "check", &history]).status;
    assert!(caught == 1 && judged <= 1, "{caught} {judged}");
}

#[test]
fn the_shared_expectations_hold() {
    let folder = root().join("../shared/histories");
    if !folder.join("EXPECTED.jsonl").exists() {
        eprintln!("skipped: there are no histories of others here");
        return;
    }
    let mut script = std::process::Command::new(root().join("scripts/check-histories"));
    let ended = end(script.arg(&folder).arg(env!("CARGO_BIN_EXE_quorate")));
    check(&ended, 0, &[" passed, 0 failed"]);
}
