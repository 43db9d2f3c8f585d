//! Faults of nodes and their hosts.

use crate::clerk::{Clerk, HABITS, Said, at, facts, heard, heard_from, node, run, same_but_for, world};
use quorate_engine::fault::{Fault, Tail};
use quorate_engine::latency::Distribution;
use quorate_engine::ledger::Cause;
use quorate_engine::setup::{Hosts, Overflow, Setup};
use quorate_engine::simulate::Run;
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

const FROM: Time = Time(2_000 * MILLISECOND);
const TO: Time = Time(4_000 * MILLISECOND);

fn within(at: Time) -> bool {
    FROM <= at && at < TO
}

#[test]
fn a_crashed_node_does_nothing_and_comes_back_with_what_was_synced() {
    let (base, _) = facts(Vec::new());
    let crash = || vec![at(2_000, Fault::Crash(node(1), Tail::Lost)), at(4_000, Fault::Restart(node(1)))];
    let (faulty, run) = facts(crash());
    // Before the crash nothing differs; afterwards only node 1 and what it says.
    same_but_for(&base, &faulty, |fact| fact.0 >= FROM && (fact.1 == NodeId(1) || heard_from(fact, 1)));
    assert!(!faulty.iter().any(|(at, by, _)| within(*at) && *by == NodeId(1)));
    let counted = base.iter().filter(|(at, by, said)| *at < FROM && by.0 == 1 && matches!(said, Said::Counted(_))).count();
    let began: Vec<_> = faulty.iter().filter(|(at, by, _)| *at == TO && by.0 == 1).map(|(_, _, said)| said.clone()).collect();
    assert_eq!(began, [Said::Began { records: counted as u32 }]);
    // What was for it meanwhile is lost, to nothing but its being down.
    let missed = heard(&base).filter(|&(at, by, ..)| by == 1 && within(at)).count() as u64;
    let total = run.outcome.ledger.between_replicas();
    assert_eq!((total.lost(), total.dropped[Cause::Down as usize]), (missed, missed));
    assert_eq!(run.outcome.strikes.iter().map(|strike| (strike.times, strike.touched)).collect::<Vec<_>>(), [(1, 1), (1, 1)]);
}

#[test]
fn a_paused_node_does_everything_later_and_loses_nothing() {
    let (base, _) = facts(Vec::new());
    let (faulty, run) = facts(vec![at(2_000, Fault::Pause(node(1))), at(4_000, Fault::Resume(node(1)))]);
    same_but_for(&base, &faulty, |fact| fact.0 >= FROM && (fact.1 == NodeId(1) || heard_from(fact, 1)));
    assert_eq!(run.outcome.ledger.between_replicas().lost(), 0);
    // What it would have heard meanwhile it hears at the end, in the order in which it came.
    let missed: Vec<_> =
        heard(&base).filter(|&(at, by, ..)| by == 1 && within(at)).map(|(_, _, from, what)| (from, what)).collect();
    let caught_up: Vec<_> =
        heard(&faulty).filter(|&(at, by, ..)| by == 1 && at == TO).map(|(_, _, from, what)| (from, what)).collect();
    assert!(missed.len() > 20);
    assert_eq!(missed, caught_up);
    // Its timer is late, not lost.
    assert_eq!(faulty.iter().filter(|(at, by, said)| *at == TO && by.0 == 1 && matches!(said, Said::Counted(_))).count(), 1);
}

#[test]
fn who_leaves_takes_its_disk_along_and_who_joins_begins_anew() {
    let (base, _) = facts(Vec::new());
    let (faulty, _) = facts(vec![at(2_000, Fault::Leave(node(1))), at(4_000, Fault::Join(node(1)))]);
    same_but_for(&base, &faulty, |fact| fact.0 >= FROM && (fact.1 == NodeId(1) || heard_from(fact, 1)));
    let began: Vec<_> =
        faulty.iter().filter(|(at, by, _)| *at >= FROM && by.0 == 1).map(|(at, _, said)| (*at, said.clone())).collect();
    assert_eq!(began[0], (TO, Said::Began { records: 0 }));
}

#[test]
fn who_joins_first_of_all_is_not_there_at_the_start() {
    let (faulty, run) = facts(vec![at(4_000, Fault::Join(node(2)))]);
    assert!(!faulty.iter().any(|(at, by, _)| *at < TO && by.0 == 2));
    assert_eq!(
        faulty.iter().find(|(_, by, _)| by.0 == 2).map(|(at, _, said)| (*at, said.clone())),
        Some((TO, Said::Began { records: 0 }))
    );
    assert!(run.replicas[2].is_some());
}

fn served(faults: Vec<fault::Timed>, overflow: Overflow) -> Run<Clerk> {
    let hosts = Hosts {
        nodes: NodeSet::one(NodeId(0)),
        service: Some(Distribution::Constant { ns: 10 * MILLISECOND }.into()),
        inbox: Some(20),
        overflow,
        egress: None,
    };
    run(&Setup { hosts: vec![hosts], ..world(4, faults) }, HABITS)
}

#[test]
fn a_slow_host_takes_longer_for_what_it_begins_and_for_nothing_else() {
    let usual = served(Vec::new(), Overflow::Shed);
    // Three others tell node 0 ten times a second each: at 10 ms each it works 30 % of the time, at 25 ms 75 %.
    let slow = served(vec![at(2_000, Fault::Slow(node(0), 2_500)), at(4_000, Fault::Slow(node(0), 1_000))], Overflow::Shed);
    same_but_for(&usual.facts, &slow.facts, |fact| fact.1 == NodeId(0) && matches!(fact.2, Said::Heard { .. }));
    let busy = |run: &Run<Clerk>| run.outcome.busiest_host.unwrap().1;
    let begun = heard(&slow.facts)
        .filter(|&(at, by, ..)| by == 0 && at >= FROM + 15 * MILLISECOND && at <= TO + 25 * MILLISECOND)
        .count() as u64;
    let longer = busy(&slow) - busy(&usual);
    assert!(longer.abs_diff(begun * 15 * MILLISECOND) <= 30 * MILLISECOND, "{longer} for {begun}");
    // A host that takes no time is no slower for it.
    let (_, run) = facts(vec![at(2_000, Fault::Slow(node(0), 2_500))]);
    assert_eq!((run.outcome.strikes[0].times, run.outcome.strikes[0].touched), (1, 0));
}

#[test]
fn a_host_without_room_sheds_or_crashes_and_comes_back_if_told_to() {
    // Ten times as slow, it cannot keep up: 30 a second at 100 ms each.
    let overload = || vec![at(2_000, Fault::Slow(node(0), 10_000)), at(6_000, Fault::Slow(node(0), 1_000))];
    let sheds = served(overload(), Overflow::Shed);
    assert_eq!(sheds.outcome.overflows, 0);
    assert!(sheds.outcome.ledger.between_replicas().dropped[Cause::Inbox as usize] > 50);
    let dies = served(overload(), Overflow::Crash { restart_after: None });
    assert_eq!(dies.outcome.overflows, 1);
    assert!(dies.replicas[0].is_none());
    let returns = served(overload(), Overflow::Crash { restart_after: Some(SECOND / 2) });
    // It fills in about 20 / (30 - 10) s, crashes, and is back half a second later, again and again.
    assert!((2..=4).contains(&returns.outcome.overflows), "{}", returns.outcome.overflows);
    assert!(returns.replicas[0].is_some());
    let began: Vec<Time> =
        returns.facts.iter().filter(|(_, by, said)| by.0 == 0 && matches!(said, Said::Began { .. })).map(|fact| fact.0).collect();
    assert_eq!(began.len() as u32, 1 + returns.outcome.overflows);
}
