//! `[nemesis]` in scenario files: what is written becomes the nemesis that it describes, and what could never come to pass is refused
//! where it stands.

use crate::common::{Case, NEMESIS, check, read};
use quorate_engine::fault::{Fault, Tail, Timed};
use quorate_engine::nemesis::{Away, Cut, Pattern, Whose};
use quorate_engine::time::{SECOND, Time};
use quorate_lab::expect::Standing;
use quorate_lab::plan::Plan;
use quorate_lab::run::{Verify, run_seed};
use std::collections::BTreeSet;

fn plan() -> Plan {
    read(NEMESIS.as_bytes(), &[]).unwrap()
}

#[test]
fn every_pattern_is_read_and_written_again() {
    let plan = plan();
    let nemesis = plan.nemesis.as_ref().unwrap();
    assert_eq!((nemesis.from, nemesis.until, nemesis.swarm), (Time(5 * SECOND), Time(40 * SECOND), true));
    assert_eq!(nemesis.spare, Some(5), "a minority of twelve");
    let names: BTreeSet<&str> = nemesis.kinds.iter().map(|kind| kind.pattern.name()).collect();
    let all: BTreeSet<&str> = quorate_engine::nemesis::PATTERNS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, all);
    let numbers: BTreeSet<u32> = nemesis.kinds.iter().map(|kind| kind.number).collect();
    assert_eq!(numbers.len(), nemesis.kinds.len());
    let of = |name: &str| nemesis.kinds.iter().filter(|kind| kind.pattern.name() == name).collect::<Vec<_>>();
    let Pattern::Partition(ways) = &of("partition")[0].pattern else { panic!("the first is of all ways") };
    assert!(Cut::ALL.iter().all(|way| ways.contains(way)));
    assert_eq!(of("partition")[0].number, 0);
    assert_eq!((&of("partition")[1].pattern, of("partition")[1].number), (&Pattern::Partition(vec![Cut::Halves]), 32));
    assert_eq!((&of("crash")[0].pattern, of("crash")[0].count), (&Pattern::Crash(Tail::Torn), 3));
    let hows: Vec<_> = of("churn").iter().map(|kind| matches!(kind.pattern, Pattern::Churn { how: Away::Left, .. })).collect();
    assert_eq!(hows, [true, false, false]);
    let resolved = plan.to_json().to_string();
    assert_eq!(read(resolved.as_bytes(), &[]).as_ref(), Ok(&plan), "what it resolves to says the same");
}

#[test]
fn the_runs_faults_are_the_timeline_and_what_the_nemesis_draws() {
    let plan = plan();
    let setup = plan.setup(7);
    assert_eq!(setup.faults, plan.setup(7).faults);
    assert_ne!(setup.faults, plan.setup(8).faults);
    assert!(setup.faults.is_sorted_by_key(|timed| timed.at));
    let own: Vec<&Timed> = setup.faults.iter().filter(|timed| plan.timeline.contains(timed)).collect();
    assert_eq!(own, plan.timeline.iter().collect::<Vec<_>>());
    assert!(setup.faults.iter().all(|timed| timed.at <= Time(40 * SECOND)));
    // Numbers of the nemesis are beyond those of the entries.
    let numbers = setup.faults.iter().filter_map(|timed| match timed.fault {
        Fault::Partition(number, _) | Fault::Degrade(number, _) => Some(number),
        _ => None,
    });
    assert!(numbers.min().is_some_and(|least| least >= plan.faults.len() as u32));
}

#[test]
fn an_entry_more_changes_nothing_of_the_others() {
    // Without a bound on who is away no kind knows of another.
    let text = NEMESIS.replace("spare = \"minority\"", "spare = \"none\"");
    let without = text.lines().filter(|line| !line.starts_with("pause")).collect::<Vec<_>>().join("\n");
    let faults = |text: &str, name: &str| {
        let plan = read(text.as_bytes(), &[]).unwrap();
        let faults = (1..20).flat_map(|seed| plan.setup(seed).faults);
        faults.filter(|timed| timed.fault.name() == name).collect::<Vec<_>>()
    };
    for name in ["partition", "degrade", "slow", "corrupt", "wipe", "clock-jump", "drift", "byzantine", "full-disk"] {
        assert!(!faults(&text, name).is_empty(), "{name}");
        assert_eq!(faults(&text, name), faults(&without, name), "{name}");
    }
}

#[test]
fn a_run_with_a_nemesis_is_the_same_again_and_comes_to_rest() {
    let text = "schema = 1\nname = \"n\"\nduration = \"60s\"\nnodes = 7\nprotocol = \"gossip\"\n\
        [nemesis]\nquiet = \"30s\"\n\
        partition = { every = \"3s\", lasts = \"2s\", ways = [\"halves\", \"bridge\", \"one-way\", \"ring-of-majorities\"] }\n\
        pause = { every = \"4s\", lasts = \"1s\", count = 2 }\n\
        churn = { up = \"9s\", away = \"2s\", nodes = \"1..7\" }\n\
        drift = { every = \"4s\", lasts = \"4s\", ppm = { uniform = [-1000, 1000] } }\n\
        [[workload.updates]]\nat = \"1s\"\nfrom = 0\ncount = 5\nevery = \"5s\"\n\
        [expect]\nconverges = \"converges\"\n";
    let plan = read(text.as_bytes(), &[]).unwrap();
    for seed in 0..30 {
        let [one, again] = [(); 2].map(|()| run_seed(&plan, seed, Verify::Always).unwrap());
        assert_eq!(one.outcome.digest, again.outcome.digest, "seed {seed}");
        assert_eq!(one.verdict, Standing::Held, "seed {seed}");
        assert!(one.outcome.strikes.len() > 25);
    }
}

#[test]
fn a_protocol_may_be_named_alone_and_be_exchanged() {
    let named = |protocol: &str| format!("schema = 1\nname = \"n\"\nduration = \"9s\"\nnodes = 3\n{protocol}\n");
    let alone = read(named("protocol = \"gossip\"").as_bytes(), &[]).unwrap();
    assert_eq!(read(named("[protocol.gossip]").as_bytes(), &[]), Ok(alone));
    let other = read(named("[protocol.gossip]\nfanout = 2").as_bytes(), &["protocol=g-counter"]).unwrap();
    assert_eq!(other, read(named("[protocol.g-counter]").as_bytes(), &[]).unwrap());
    let wrong = read(named("protocol = \"gosip\"").as_bytes(), &[]).unwrap_err();
    assert!(wrong.contains("5:12") && wrong.contains("did you mean \"gossip\"?"), "{wrong}");
    let wrong = read(named("[protocol.gossip]").as_bytes(), &["protocol=nobody"]).unwrap_err();
    assert!(wrong.contains("\"nobody\" is not known here") && wrong.contains("--set protocol=nobody"), "{wrong}");
}

#[test]
fn who_leads_is_found_out_in_the_run() {
    let text = NEMESIS.replace("pn-counter", "gossip");
    let fact = quorate_protocols::registry::find("gossip").unwrap().facts[0].name;
    let text = text.replace("nodes = [1, \"7..10\"], count = 2", &format!("nodes = \"fact:{fact}\""));
    let plan = read(text.as_bytes(), &[]).unwrap();
    let kinds = &plan.nemesis.as_ref().unwrap().kinds;
    assert!(kinds.iter().any(|kind| kind.whose == Whose::Stated(fact) && kind.pattern == Pattern::Pause));
    assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]).as_ref(), Ok(&plan));
}

/// A small one, each key once.
const SMALL: &str = r#"schema = 1
name = "small"
duration = "60s"
nodes = 5
protocol = "gossip"
[regions]
eu = "0..3"
us = "3..5"
[nemesis]
quiet = "20s"
spare = "minority"
partition = { every = "10s", lasts = "2s", count = 2, ways = ["halves"] }
pause = { every = "11s", lasts = "2s", nodes = "all" }
outage = { every = "12s", lasts = "1s", of = "region" }
churn = { up = "21s", away = "1s", by = "leave" }
"#;

#[test]
fn what_cannot_be_is_refused_where_it_stands() {
    read(SMALL.as_bytes(), &[]).unwrap();
    check(
        SMALL,
        &[
            Case("\"20s\"", "\"60s\"", "10:9: nemesis.quiet: the run ends at 60s; with 60s of quiet nothing is left"),
            Case("\"minority\"", "\"majority\"", "11:9: nemesis.spare: \"majority\" is not known here"),
            Case("\"minority\"", "6", "11:9: nemesis.spare: 6 is out of range; it must lie in 0 to 5"),
            Case("spare = \"minority\"", "spare = 0", "would never strike"),
            Case("spare = \"minority\"", "spare = 1", "the smallest region has 2 nodes, and \"spare\" lets 1 be away"),
            Case("count = 2, ", "count = 6, ", "6 of 5 cannot be; the set has 5"),
            Case("count = 2, ", "count = 0, ", "0 is out of range"),
            Case("[\"halves\"]", "[\"quarters\"]", "\"quarters\" is not known here"),
            Case("[\"halves\"]", "[]", "stands where a list of ways should"),
            Case("[\"halves\"]", "\"halves\"", "stands where a list of ways should"),
            Case("every = \"10s\"", "every = \"41s\"", "is at least 41s, and the nemesis is at work for 40s only"),
            Case(
                "every = \"11s\", lasts = \"2s\"",
                "every = \"1us\", lasts = \"1us\"",
                "would strike about 20000000 times in a run",
            ),
            Case("nodes = \"all\"", "nodes = \"leader\"", "gossip has no leader"),
            Case("nodes = \"all\"", "nodes = \"0..6\"", "names nodes that are not there"),
            Case("of = \"region\"", "of = \"rack\"", "\"rack\" is not known here"),
            Case("of = \"region\"", "of = \"everything\"", "takes all 5 nodes away, and \"spare\" lets 2 be"),
            Case("by = \"leave\"", "tail = \"torn\"", "a tail is what a crash leaves"),
            Case("by = \"leave\"", "by = \"foot\"", "\"foot\" is not known here"),
            Case("pause =", "slow =", "\"factor\" is missing"),
            Case("pause = { ", "slow = { factor = 2, ", "no host of these nodes takes any time"),
            Case("pause = { ", "slow = { factor = 0.5, ", "no host of these nodes takes any time"),
            Case("pause = { ", "slow-disk = { factor = 2, ", "no forced write of these nodes takes any time"),
            Case("pause =", "pauses =", "did you mean \"pause\"?"),
            Case("pause = { ", "degrade = { ", "makes nothing worse"),
            Case("pause = { ", "drift = { ppm = 2000000, ", "beyond 900000 ppm"),
            Case(
                "pause = { every = \"11s\", lasts = \"2s\"",
                "clock-jump = { every = \"11s\", by = \"0s\"",
                "a jump by nothing is none",
            ),
            Case(
                "pause = { every = \"11s\", lasts = \"2s\"",
                "byzantine = { behaviour = \"delaying\"",
                "does not say by how much",
            ),
            Case("eu = \"0..3\"\nus = \"3..5\"", "", "there is nobody in any region"),
        ],
    );
}

#[test]
fn ways_that_can_never_be_are_refused() {
    let with = |ways: &str, nodes: &str, spare: &str| {
        let text = SMALL.replace("[\"halves\"]", ways).replace("nodes = 5", nodes).replace("\"minority\"", spare);
        let text: String = text.lines().filter(|line| !line.starts_with("outage")).map(|line| format!("{line}\n")).collect();
        read(text.as_bytes(), &[]).err().unwrap_or_default()
    };
    assert_eq!(with("[\"ring-of-majorities\", \"partial\", \"bridge\"]", "nodes = 5", "2"), "");
    let ring = with("[\"partial\", \"ring-of-majorities\"]", "nodes = 5", "1");
    assert!(ring.contains("\"ring-of-majorities\" could never be: each sees 3 of 5, and \"spare\" lets 1 be away"), "{ring}");
    let region = with("[\"region\"]", "nodes = 5", "1");
    assert!(region.contains("the smallest region has 2 nodes, and \"spare\" lets 1 be away"), "{region}");
    assert_eq!(with("[\"region\"]", "nodes = 5", "2"), "");
    let alone = with("[\"one-way\"], nodes = \"all\"", "nodes = 5", "\"none\"");
    assert_eq!(alone, "");
    let few = with("[\"bridge\"], nodes = \"0..2\"", "nodes = 5", "\"none\"");
    assert!(few.contains("\"bridge\" could never be: it takes 3 nodes, and there are 2"), "{few}");
}

#[test]
fn a_nemesis_without_a_pattern_does_nothing_and_says_so() {
    let text: String = SMALL.lines().take(11).map(|line| format!("{line}\n")).collect();
    let said = read(text.as_bytes(), &[]).unwrap_err();
    assert!(said.contains("nemesis: does nothing; add one of partition, flapping-link"), "{said}");
}
