//! What a report says of faults: which struck, which never could and why, who answered on which side and when; as text and as JSON.

use crate::common::read;
use quorate_lab::expect::Looks;
use quorate_lab::expect::Standing;
use quorate_lab::plan::Plan;
use quorate_lab::report::text::Style;
use quorate_lab::run::{Verify, run_seed, summarise};
use serde_json::{Value, json};

/// A run of five nodes of which each is asked for a write every second, 30 times from 1s on, its clients 2 ms away.
fn plan(lines: &str) -> Plan {
    let text = format!(
        "schema = 1\nname = \"x\"\nduration = \"40s\"\nnodes = 5\n[protocol.gossip]\n[network]\nclient-latency = \"2ms\"\n\
         [[workload.updates]]\nat = \"1s\"\nfrom = \"all\"\ncount = 30\nevery = \"1s\"\ntimeout = \"500ms\"\n{lines}"
    );
    read(text.as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn report(lines: &str) -> (Value, String) {
    let plan = plan(lines);
    let report = run_seed(&plan, 1, Verify::Always).unwrap();
    (report.to_json(), report.to_text(Style::Plain, "replay"))
}

/// The section of a text, without its indents.
fn section(text: &str, heading: &str) -> String {
    let from = text.split(&format!("\n{heading}\n")).nth(1).unwrap_or_default();
    let lines = from.lines().take_while(|line| !line.is_empty());
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_never_could_stands_apart_with_its_reason() {
    let (json, text) = report(
        "[[faults]]\nat = \"2s\"\nfor = \"2s\"\ncrash = 3\n\
         [[faults]]\nwhen = { sent = \"pull\", nth = 3 }\nfor = \"2s\"\ncrash = \"there\"\n\
         [[faults]]\nat = \"500ms\"\nfor = \"1s\"\npause = \"fact:wrote\"\n\
         [[faults]]\nat = \"6s\"\nwhen = \"wrote\"\nrestart = \"all\"\n",
    );
    let of: Vec<(&str, u64, Option<&str>)> = json["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["fault"].as_str().unwrap(), fault["times"].as_u64().unwrap(), fault["never_because"].as_str()))
        .collect();
    let waited = Some("what it waits for did not happen");
    let nobody = Some("nobody had stated \"wrote\"");
    let expected = [
        ("crash", 0, waited),
        ("restart", 0, waited),
        ("pause", 0, nobody),
        ("resume", 0, nobody),
        ("crash", 1, None),
        ("restart", 1, None),
        ("restart", 1, Some("there was nobody whom it could befall")),
    ];
    assert_eq!(of, expected);
    assert_eq!(section(&text, "What struck"), "2s  crash {3}: 1 node touched 4s  restart {3}: 1 node touched");
    let never = section(&text, "What never could");
    for each in [
        "0s  crash {where that happened} when \"pull\" is sent, time 3: what it waits for did not happen",
        "500ms  pause {whoever stated \"wrote\" last}: nobody had stated \"wrote\"",
        "6s  restart {0..5} when \"wrote\" is stated: there was nobody whom it could befall",
    ] {
        assert!(never.contains(each), "{each} is not in {never}");
    }
    assert_eq!(never.matches(": ").count(), 3, "ends of what never began need no lines: {never}");
    let crash = json["faults_by_kind"].as_array().unwrap().iter().find(|kind| kind["fault"] == "crash").unwrap();
    let expected = json!({
        "fault": "crash", "planned": 2, "never": 1, "times": 1, "first": 2, "last": 2,
        "touched": 1, "messages_lost": 0, "messages_changed": 0, "records_lost": 0,
    });
    let figures =
        |value: &Value| value.as_object().unwrap().iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>();
    assert_eq!(figures(crash).len(), figures(&expected).len());
    for (key, value) in expected.as_object().unwrap() {
        assert!(crash[key] == *value || crash[key].as_f64() == value.as_f64(), "{key} is {}", crash[key]);
    }
}

/// What the sides of each period were asked and answered, and both sides over all.
fn sides(json: &Value) -> (Vec<String>, [u64; 4]) {
    let side = |side: &Value| {
        let text = |key: &str| side[key].as_str().unwrap_or_default().to_string();
        format!("{} {{{}}} {}/{}", text("side"), text("nodes"), side["answered"], side["asked"])
    };
    let period = |period: &Value| {
        let sides: Vec<String> = period["sides"].as_array().unwrap().iter().map(side).collect();
        format!("{}-{} x{}: {}", period["from"], period["to"], period["times"], sides.join(", "))
    };
    let periods = json["availability"].as_array().unwrap().iter().map(period).collect();
    let all = &json["availability_by_side"];
    let both = ["majority", "minority"].map(|side| ["answered", "asked"].map(|key| all[side][key].as_u64().unwrap()));
    (periods, [both[0][0], both[0][1], both[1][0], both[1][1]])
}

#[test]
fn who_answers_is_told_by_side_whatever_it_is_that_divides() {
    for (faults, periods, both) in [
        // Gossip answers on any side.
        (
            "at = \"4500ms\"\nfor = \"2s\"\npartition = { isolate = [0, 1] }",
            &["4.5-6.5 x1: minority {0..2} 4/4, majority {2..5} 6/6"][..],
            [6, 6, 4, 4],
        ),
        (
            "at = \"4500ms\"\nfor = \"2s\"\npartition = { from = 0, to = \"1..5\" }",
            &["4.5-6.5 x1: minority {0} 2/2, majority {1..5} 8/8"],
            [8, 8, 2, 2],
        ),
        (
            "at = \"4500ms\"\nfor = \"2s\"\npartition = { bridge = 2 }",
            &["4.5-6.5 x1: majority {0..2} 4/4, majority {2} 2/2, majority {3..5} 4/4"],
            [10, 10, 0, 0],
        ),
        ("at = \"4500ms\"\nfor = \"2s\"\ncrash = 3", &["4.5-6.5 x1: majority {0..3, 4} 8/8, down {3} 0/2"], [8, 8, 0, 2]),
        ("at = \"4500ms\"\nfor = \"2s\"\ncrash = \"1..4\"", &["4.5-6.5 x1: minority {0, 4} 4/4, down {1..4} 0/6"], [0, 0, 4, 10]),
        ("at = \"6500ms\"\njoin = 4", &["0.0-6.5 x1: majority {0..4} 24/24, down {4} 0/6"], [24, 24, 0, 6]),
        (
            "at = \"4500ms\"\nfor = \"4s\"\npartition = { isolate = 0, flapping = { down = \"1s\", up = \"1s\" } }",
            &["4.5-7.5 x2: minority {0} 2/2, majority {1..5} 8/8"],
            [8, 8, 2, 2],
        ),
        // One within another: the sides change with each.
        (
            "at = \"4500ms\"\nfor = \"3s\"\npartition = { isolate = 0 }\n[[faults]]\nat = \"5500ms\"\nfor = \"1s\"\ncrash = \"1..3\"",
            &[
                "4.5-7.5 x2: minority {0} 2/2, majority {1..5} 8/8",
                "5.5-6.5 x1: minority {0} 1/1, minority {3..5} 2/2, down {1..3} 0/2",
            ],
            [8, 8, 5, 7],
        ),
    ] {
        let (json, text) = report(&format!("[[faults]]\n{faults}\n"));
        let (told, all) = sides(&json);
        assert_eq!(told, periods, "{faults}");
        assert_eq!(all, both, "{faults}");
        let total: u64 = json["operations"]["total"].as_u64().unwrap();
        let over_time = &json["operations"]["over_time"];
        let sum = |key: &str| over_time[key].as_array().unwrap().iter().map(|each| each.as_u64().unwrap()).sum::<u64>();
        assert_eq!((sum("asked"), sum("ok") + sum("refused") + sum("unknown")), (total, total));
        assert_eq!((sum("ok"), over_time["slice"].as_f64()), (json["operations"]["ok"].as_u64().unwrap(), Some(1.0)));
        assert!(text.contains("over time, by when they were asked: a column is 1s, and @ is 5 operations"), "{text}");
    }
}

#[test]
fn one_side_may_be_expected_to_answer() {
    let plan = plan(
        "[[faults]]\nat = \"4500ms\"\nfor = \"2s\"\ncrash = \"1..4\"\n[expect]\nno-majority = \"availability(minority) <= 40%\"\n\
         same = \"availability.minority >= 0.4\"\nof-many = \"max(availability(minority)) < 0.4\"\nnobody = \"availability(majority) >= 0\"\n",
    );
    let report = run_seed(&plan, 1, Verify::Always).unwrap();
    let told: Vec<_> = report.expectations.iter().map(|judged| (judged.standing, judged.observed.as_str())).collect();
    let none = "this run has no availability.majority, which counts against it";
    let expected = [(Standing::Held, "0.4"), (Standing::Held, "0.4"), (Standing::Failed, "0.4"), (Standing::Failed, none)];
    assert_eq!(told, expected);
}

#[test]
fn hundreds_of_faults_are_told_by_their_kinds() {
    let faults: String = (0..200)
        .map(|place| format!("[[faults]]\nat = \"{}ms\"\nfor = \"50ms\"\ncrash = {}\n", 2_000 + 100 * place, place % 5))
        .collect();
    let (json, text) = report(&faults);
    assert_eq!(json["faults"].as_array().unwrap().len(), 400);
    // The same node is the same fault.
    assert!(section(&text, "What struck").contains("crash {0}: 40 nodes touched, 40 times until 21.5s"), "{text}");
    let faults: String = (0..200)
        .map(|place| {
            format!(
                "[[faults]]\nat = \"{}ms\"\nfor = \"50ms\"\ndegrade = {{ from = {}, to = \"all\", loss = 0.{:03} }}\n",
                2_000 + 100 * place,
                place % 5,
                place + 100
            )
        })
        .collect();
    let (_, text) = report(&faults);
    let struck = section(&text, "What struck");
    assert!(struck.starts_with("2s  degrade, 200: 1,200 nodes touched, "), "{struck}");
    assert!(
        struck.contains("200 times until 21.9s") && struck.contains("mend, 200: ended 200 degradations, 200 times until"),
        "{struck}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// What nobody promised is neither held nor failed, and says why; whoever expects it is told that it is open.
#[test]
fn what_is_not_promised_is_not_judged() {
    let text = include_str!("../../../scenarios/replication/primary-backup.toml");
    let flags = ["protocol.primary-backup.mode=asynchronous"];
    let plan = read(text.as_bytes(), &flags).unwrap_or_else(|errors| panic!("{errors}"));
    let report = run_seed(&plan, 1, Verify::IfExpected).unwrap();
    let check = |name: &str| report.checks.iter().find(|check| check.name == name).unwrap().verdict.clone();
    assert_eq!((check("linearizable").name(), check("nothing-lost").name()), ("not-judged", "not-judged"));
    let told = report.to_text(Style::Plain, "");
    assert!(told.contains("  -     nothing-lost\n          not judged: an asynchronous primary may lose writes"), "{told}");
    let many = summarise(&plan, &[report.brief()], Looks::Once).to_json();
    let nothing_lost = many["checks"].as_array().unwrap().iter().find(|check| check["name"] == "nothing-lost").unwrap();
    assert_eq!((nothing_lost["verdict"].as_str(), nothing_lost["not_judged"].as_u64()), (Some("not-judged"), Some(1)));
    assert!(nothing_lost["failures_below"].is_null());
}
