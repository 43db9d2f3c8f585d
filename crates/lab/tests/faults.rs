//! What entries of `[[faults]]` come to: instants, ends, triggers and whom; and what is written reads as what is meant.

use crate::common::{DISK_FAULTS, FAULTS, read};
use quorate_engine::fault::{Behaviour, Fault, On, Partition, Timed, Trigger, Who, Whom};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::outcome::OperationOutcome;
use quorate_engine::setup::Overflow;
use quorate_engine::time::{MILLISECOND, SECOND, Time};
use quorate_lab::run::{Verify, run_seed};
use std::collections::BTreeSet;

const HEAD: &str = "schema = 1\nname = \"x\"\nduration = \"60s\"\nnodes = 10\n[protocol.gossip]\n";

/// The timeline of a scenario of ten nodes with these lines.
fn timeline(lines: &str) -> Vec<Timed> {
    let plan = read(format!("{HEAD}{lines}").as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]).as_ref(), Ok(&plan), "what it resolves to says the same");
    plan.timeline
}

/// What strikes, and when: `5s crash {3}`.
fn check(lines: &str, expected: &[&str]) {
    let struck: Vec<_> = timeline(lines).iter().map(told).collect();
    assert_eq!(struck, expected, "{lines}");
}

fn told(timed: &Timed) -> String {
    let waits = timed.trigger.as_ref().map_or(String::new(), |trigger| format!(" then {} after", trigger.after / MILLISECOND));
    format!("{}{waits} {}", timed.at, timed.fault)
}

#[test]
fn what_lasts_ends() {
    check(
        "[hosts]\nservice = \"1ms\"\n[[faults]]\nat = \"1s\"\nfor = \"2s\"\nslow = { nodes = \"0..3\", factor = 2.5 }\n",
        &["1s hosts of {0..3} 2.5 times as slow", "3s hosts of {0..3} as fast as usual"],
    );
    for (fault, begins, ends) in [
        ("crash = { nodes = 3, tail = \"torn\" }", "crash {3}, unsynced records torn", "restart {3}"),
        ("leave = [3, 5]", "{3, 5} leave", "{3, 5} join"),
        ("slow-disk = { nodes = 3, factor = 10 }", "disks of {3} 10 times as slow", "disks of {3} as fast as usual"),
        ("full-disk = 3", "disks of {3} full", "room on the disks of {3}"),
        ("degrade = { between = [3, 4], loss = 0.5 }", "degrade {3} -- {4}, 50.0 % lost", "mend"),
        ("byzantine = { nodes = 3, behaviour = \"silent\" }", "{3} byzantine: silent", "{3} honest again"),
        ("byzantine = { nodes = 3, behaviour = { forging = 0.5 } }", "{3} byzantine: forging", "{3} honest again"),
    ] {
        let lines = format!("[disks]\nsync = \"2ms\"\n[[faults]]\nat = \"1s\"\nfor = \"2s\"\n{fault}\n");
        check(&lines, &[&format!("1s {begins}"), &format!("3s {ends}")]);
    }
}

#[test]
fn partitions_by_name_are_groups() {
    for (named, groups) in [
        ("bridge = 4", "[[\"0..6\"], [\"6..10\", 4]]"),
        ("bridge = 0", "[[\"0..6\"], [\"6..10\", 0]]"),
        ("partial = [[0, 1], \"8..10\"]", "[[0, 1], \"8..10\"]"),
        ("ring-of-majorities = [1, 3, 5, 7, 9]", "[[1, 3], [3, 5], [5, 7], [7, 9], [9, 1]]"),
        ("ring-of-majorities = \"0..4\"", "[[0, 1], [1, 2], [2, 3], [3, 0]]"),
        ("isolate = [2, 3]", "[[2, 3], [\"0..2\", \"4..10\"]]"),
    ] {
        let of = |partition: &str| timeline(&format!("[[faults]]\nat = \"1s\"\npartition = {{ {partition} }}\n"));
        assert_eq!(of(named), of(&format!("groups = {groups}")), "{named}");
    }
}

#[test]
fn a_flapping_partition_comes_and_goes_and_is_healed_at_its_end() {
    for (lasts, expected) in [
        // Its last phase is cut short.
        ("1100ms", &["1s cut", "1.3s heal", "1.5s cut", "1.8s heal", "2s cut", "2.1s heal"][..]),
        // It ends with the phase that cuts.
        ("800ms", &["1s cut", "1.3s heal", "1.5s cut", "1.8s heal"]),
        // It ends as everyone reaches everyone.
        ("900ms", &["1s cut", "1.3s heal", "1.5s cut", "1.8s heal"]),
        ("1s", &["1s cut", "1.3s heal", "1.5s cut", "1.8s heal"]),
    ] {
        let flapping = "partition = { isolate = 3, flapping = { down = \"300ms\", up = \"200ms\" } }";
        for when in ["", "when = \"wrote\"\n"] {
            let timeline = timeline(&format!("[[faults]]\nat = \"1s\"\n{when}for = \"{lasts}\"\n{flapping}\n"));
            let instant = |timed: &Timed| timed.at + timed.trigger.as_ref().map_or(0, |trigger| trigger.after);
            let kind = |timed: &Timed| if matches!(timed.fault, Fault::Heal(0)) { "heal" } else { "cut" };
            let mut struck: Vec<_> = timeline.iter().map(|timed| (instant(timed), kind(timed))).collect();
            struck.sort_by_key(|(at, _)| *at);
            let struck: Vec<String> = struck.iter().map(|(at, kind)| format!("{at} {kind}")).collect();
            assert_eq!(struck, expected, "{lasts} {when}");
            assert_eq!(
                timeline.iter().filter(|timed| timed.trigger.is_some()).count(),
                if when.is_empty() { 0 } else { struck.len() }
            );
        }
    }
}

#[test]
fn what_waits_says_for_what_and_ends_so_long_after() {
    let on = |on| Trigger { on, by: None, nth: Some(1), after: 0 };
    for (when, trigger) in [
        ("\"wrote\"", on(On::Fact("wrote"))),
        ("{ fact = \"wrote\" }", on(On::Fact("wrote"))),
        ("{ sent = \"push\", nth = 3 }", Trigger { nth: Some(3), ..on(On::Sent("push")) }),
        ("{ received = \"push\", by = [1, 2] }", Trigger { by: Some(NodeSet::range(1, 3)), ..on(On::Received("push")) }),
        ("{ sync = true, nth = \"every\" }", Trigger { nth: None, ..on(On::Sync) }),
        ("{ synced = true, after = \"10ms\" }", Trigger { after: 10 * MILLISECOND, ..on(On::Synced) }),
    ] {
        let timeline = timeline(&format!(
            "[[faults]]\nat = \"9s\"\npause = 1\n[[faults]]\nwhen = {when}\nfor = \"2s\"\ncrash = \"there\"\n"
        ));
        let [crash, restart, _] = &timeline[..] else { panic!("{timeline:?}") };
        let later = Trigger { after: trigger.after + 2 * SECOND, ..trigger.clone() };
        assert_eq!((crash.at, crash.trigger.as_ref()), (Time::ZERO, Some(&trigger)));
        assert_eq!((restart.at, restart.trigger.as_ref()), (Time::ZERO, Some(&later)));
        assert_eq!((crash.whom, restart.whom), (Some(Whom { who: Who::There, number: 1 }), crash.whom), "{when}");
        assert!(
            matches!((&crash.fault, &restart.fault), (Fault::Crash(one, _), Fault::Restart(other)) if one.is_empty() && other.is_empty())
        );
    }
}

#[test]
fn who_joins_first_is_not_there_at_the_start_and_all_are_those_whom_it_can_concern() {
    check(
        "[[faults]]\nat = \"1s\"\ncrash = \"all\"\n[[faults]]\nat = \"2s\"\nrestart = \"all\"\n\
         [[faults]]\nat = \"3s\"\njoin = 9\n[[faults]]\nat = \"4s\"\npause = \"all\"\n",
        &["1s crash {0..9}", "2s restart {0..9}", "3s {9} join", "4s pause {0..10}"],
    );
    check(
        "[[faults]]\nat = \"1s\"\nleave = [2, 3]\n[[faults]]\nat = \"2s\"\nfor = \"3s\"\nleave = 5\n\
         [[faults]]\nat = \"4s\"\nwipe = \"all\"\n[[faults]]\nat = \"6s\"\njoin = \"all\"\n",
        &["1s {2..4} leave", "2s {5} leave", "4s wipe the disks of {0..2, 4, 6..10}", "5s {5} join", "6s {2..4} join"],
    );
}

#[test]
fn all_that_waits_may_be_in_force_when_all_of_it_ends() {
    let begun =
        "[[faults]]\nat = \"1s\"\npartition = { isolate = 1 }\n[[faults]]\nwhen = \"wrote\"\npartition = { isolate = 2 }\n";
    let healed = |timeline: &[Timed]| -> Vec<(u64, bool, u32)> {
        let each = timeline.iter().filter_map(|timed| match timed.fault {
            Fault::Heal(number) => Some((timed.at.0 / SECOND, timed.trigger.is_some(), number)),
            _ => None,
        });
        each.collect()
    };
    let all = timeline(&format!("{begun}[[faults]]\nat = \"5s\"\nheal = \"all\"\n[[faults]]\nat = \"6s\"\nheal = \"all\"\n"));
    assert_eq!(healed(&all), [(5, false, 0), (5, false, 1), (6, false, 1)]);
    let all = timeline(&format!("{begun}[[faults]]\nat = \"5s\"\nwhen = \"replaced\"\nheal = \"all\"\n"));
    assert_eq!(healed(&all), [(5, true, 0), (5, true, 1)]);
}

#[test]
fn every_fault_is_read_and_written_back() {
    let [plan, disks] = [FAULTS, DISK_FAULTS].map(|text| {
        let plan = read(text.as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]).as_ref(), Ok(&plan));
        let toml: toml::Table = serde_json::from_value(plan.to_json()).unwrap();
        assert_eq!(read(toml::to_string(&toml).unwrap().as_bytes(), &[]).as_ref(), Ok(&plan));
        plan
    });
    let names: BTreeSet<&str> = plan.timeline.iter().chain(&disks.timeline).map(|timed| timed.fault.name()).collect();
    let all: Vec<&str> = quorate_engine::fault::FAULTS.iter().map(|(name, _)| *name).filter(|name| *name != "drift").collect();
    assert!(all.iter().all(|name| names.contains(name)), "{names:?}");
    let bursts =
        plan.links.links.iter().filter_map(|link| link.bursts).map(|bursts| bursts.loss_bad.to_f64()).collect::<Vec<_>>();
    assert_eq!(bursts, [0.9, 0.9, 1.0]);
    assert_eq!(
        (plan.hosts[0].overflow, plan.hosts[1].overflow),
        (Overflow::Crash { restart_after: Some(200 * MILLISECOND) }, Overflow::Shed)
    );
    assert_eq!(plan.clocks[0].bound_ns, Some(8 * MILLISECOND));
    let first = plan.timeline.iter().find_map(|timed| match &timed.fault {
        Fault::Partition(2, Partition::Groups(groups)) => Some(groups),
        _ => None,
    });
    // Seven in a ring: each sees two on either side.
    let groups = first.unwrap();
    let sees = |node: u32| groups.iter().filter(|group| group.contains(NodeId(node))).count();
    assert!((groups.len(), (0..7).all(|node| sees(node) == 3)) == (7, true), "{groups:?}");
    let behaviours: Vec<&Behaviour> = plan
        .timeline
        .iter()
        .filter_map(|timed| match &timed.fault {
            Fault::Byzantine(_, behaviour) => Some(behaviour),
            _ => None,
        })
        .collect();
    assert_eq!(
        behaviours.iter().map(|each| each.name()).collect::<Vec<_>>(),
        ["silent", "delaying", "equivocating", "replaying", "forging"]
    );
}

#[test]
fn who_is_silent_or_delays_treats_clients_so_too() {
    let scenario = "schema = 1\nname = \"x\"\nduration = \"20s\"\nnodes = 2\n[protocol.local]\n\
                    [workload]\nupdates = { at = \"1s\", from = 0, count = 10, every = \"1s\" }\n";
    let byzantine = |behaviour: &str| {
        format!("[[faults]]\nat = \"1500ms\"\nfor = \"5s\"\nbyzantine = {{ nodes = 0, behaviour = {behaviour} }}\n")
    };
    for (network, word) in [("", 0), ("[network]\nclient-latency = \"1ms\"\n", MILLISECOND)] {
        let answers = |faults: &str| {
            let plan = read(format!("{scenario}{network}{faults}").as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
            let run = run_seed(&plan, 1, Verify::Always).unwrap();
            let operations = run.outcome.operations;
            let latency = |operation: &OperationOutcome| Some(operation.completed()?.since(operation.invoked()?));
            operations.iter().map(latency).collect::<Vec<_>>()
        };
        let usual = vec![Some(2 * word); 10];
        assert_eq!(answers(""), usual);
        let mut silent = usual.clone();
        let mut late = usual.clone();
        for index in 1..6 {
            silent[index] = None;
            late[index] = Some(2 * word + 300 * MILLISECOND);
        }
        assert_eq!(answers(&byzantine("\"silent\"")), silent);
        assert_eq!(answers(&byzantine("{ delaying = \"300ms\" }")), late);
    }
}
