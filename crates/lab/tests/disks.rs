//! `[disks]` from the file to the report.

use crate::common::read;
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Distribution;
use quorate_engine::setup::Disks;
use quorate_engine::time::MILLISECOND;
use quorate_lab::expect::Standing;
use quorate_lab::report::text::Style;
use quorate_lab::run::{Verify, run_seed};

const SCENARIO: &str = r#"
schema = 1
name = "disks"
duration = "10s"
nodes = 3
[parameters]
write = "2ms"
[protocol.local]
[[disks]]
nodes = "0..2"
sync = "write * 5"
[[disks]]
nodes = 2
capacity = "100B"
[workload]
updates = { at = "1s", from = "all", count = 10, every = "4ms" }
[[faults]]
at = "1015ms"
crash = 0
[expect]
queue = "disk.wait_max <= 60ms"
log = "disk.bytes <= 10KB"
"#;

#[test]
fn a_scenario_with_disks_is_planned_shown_run_and_reported() {
    let plan = read(SCENARIO.as_bytes(), &[]).unwrap();
    let sync = Some(Distribution::Constant { ns: 10 * MILLISECOND }.into());
    let expected = [
        Disks { nodes: NodeSet::range(0, 2), sync, capacity_bytes: None },
        Disks { nodes: NodeSet::range(2, 3), sync: None, capacity_bytes: Some(100) },
    ];
    assert_eq!((plan.disks.as_slice(), plan.setup(1).disks.as_slice()), (&expected[..], &expected[..]));
    let again = read(plan.to_json().to_string().as_bytes(), &[]).unwrap();
    assert_eq!(again.disks, plan.disks);

    let run = run_seed(&plan, 1, Verify::Always).unwrap();
    let metric = |name| run.metrics.iter().find(|(metric, _)| *metric == name).unwrap().1.unwrap();
    // A record has 24 bytes. Node 0 appends four before it crashes, of which one is forced; node 1 all ten, and four fit on node 2,
    // which then stops.
    assert_eq!((metric("disk.records"), metric("disk.bytes"), metric("disk.refused")), (18.0, 432.0, 1.0));
    assert_eq!((metric("disk.records_lost"), metric("disk.torn_found"), metric("disk.corrupt_found")), (3.0, 0.0, 0.0));
    // The tenth of node 1 is asked for at 36 ms, and begins at 90.
    assert_eq!(metric("disk.wait_max"), 0.054);

    let text = run.to_text(Style::Plain, "quorate run disks.toml");
    for line in [
        "  18 writes forced to disk: 18 records, 432 B\n",
        "longest 54ms\n",
        "  records on disk: 3 lost, 1 without room\n",
        "  3 forced writes under way in a crash\n",
        "crash {0}: 1 node touched, 3 records lost\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    let json = run.to_json();
    let disks = &json["ledger"]["disks"];
    assert_eq!((&disks["records"], &disks["records_lost"], &disks["writes_cut"]), (&18.into(), &3.into(), &3.into()));
    assert_eq!(json["ledger"]["waits"]["disks"]["max"], 0.054);
    assert_eq!(json["faults"][0]["records_lost"], 3, "{}", json["faults"]);
}

#[test]
fn a_report_without_disks_does_not_speak_of_them() {
    let text = SCENARIO.split("[[disks]]").next().unwrap();
    let plan = read(text.as_bytes(), &[]).unwrap();
    let text = run_seed(&plan, 1, Verify::IfExpected).unwrap().to_text(Style::Plain, "");
    assert!(!text.contains("waits at a disk") && !text.contains("disk.records"), "{text}");
}

#[test]
fn a_write_that_outlived_a_crash_unforced_is_an_update_though_nobody_was_told() {
    for protocol in ["gossip", "g-counter"] {
        let scenario = format!(
            "schema = 1\nname = \"x\"\nduration = \"60s\"\nnodes = 3\n[protocol.{protocol}]\ninterval = \"3s\"\n[disks]\nsync = \"2ms\"\n\
             [workload.updates]\nat = \"1s\"\nfrom = 0\ncount = 6\nevery = \"1s\"\n\
             [[faults]]\nwhen = {{ sync = true, nth = 3, by = 0, after = \"1ms\" }}\nfor = \"100ms\"\ncrash = {{ nodes = 0, tail = \"torn\" }}\n"
        );
        let plan = read(scenario.as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
        let mut survived = 0;
        for seed in 1..=200 {
            let run = run_seed(&plan, seed, Verify::Always).unwrap();
            assert_eq!(run.verdict, Standing::Held, "{protocol}, seed {seed}: {:?}", run.checks);
            let updates = &run.outcome.convergence.updates;
            let third = updates.iter().find(|update| update.operation.0 == 2);
            assert!(third.is_none_or(|update| !update.acknowledged && update.holders == 3 || update.superseded), "seed {seed}");
            survived += u32::from(third.is_some());
        }
        // One of the bytes of a record is drawn as the last that is there: one in some forty is the last of all.
        assert!((1..50).contains(&survived), "{protocol}: {survived} of 200");
    }
}
