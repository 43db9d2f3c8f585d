//! Each fault of a disk touches what it says: not the messages, timers and choices of anybody, and nobody else's records.

use crate::keeper::*;
use quorate_engine::fault::{Fault, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Planned, Setup};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

const MS: u64 = MILLISECOND;
const LIVELY: How = How { lively: true, hasty: false, when_full: WhenFull::Refuses };

/// Four nodes that talk, and are asked to keep things all the time.
fn setup(seed: u64, faults: Vec<Timed>) -> Setup {
    let sync = Distribution::Exponential { mean_ns: 3 * MS };
    Setup { seed, clients: 4, disks: disks(4, Some(sync), None), faults, ..world(4, 0) }
}

fn asked() -> Vec<Planned<Thing>> {
    let ask = |index: u32| Planned { client: index % 4, to: NodeId(index % 4), ..keep(100 + u64::from(index) * 2, 3) };
    (0..400).map(ask).collect()
}

type Facts = Vec<(Time, NodeId, Said)>;

fn facts(seed: u64, faults: Vec<Timed>) -> Facts {
    run(&Setup { duration: 2 * SECOND, ..setup(seed, faults) }, LIVELY, &asked()).facts
}

/// Without what the first node says of its disk.
fn but_its_disk(facts: &Facts) -> Facts {
    let of_disk = |said: &Said| !matches!(said, Said::Heard(..) | Said::Ticked(_));
    facts.iter().filter(|(_, node, said)| *node != NodeId(0) || !of_disk(said)).cloned().collect()
}

/// What all others say of anything, besides what they hear of the first.
fn of_others(facts: &Facts) -> Facts {
    let first = NodeId(0);
    facts
        .iter()
        .filter(|(_, node, said)| *node != first && !matches!(said, Said::Heard(from, _) if *from == first))
        .cloned()
        .collect()
}

/// Equal, or the first that differs.
fn same(some: &Facts, others: &Facts, what: &str) {
    let differs = some.iter().zip(others).find(|(one, other)| one != other);
    assert!(some.len() == others.len() && differs.is_none(), "{what}: {} and {} facts, {differs:?}", some.len(), others.len());
}

#[test]
fn what_befalls_a_disk_touches_no_message_timer_or_choice() {
    for seed in 0..10 {
        let plain = facts(seed, Vec::new());
        assert!(plain.len() > 2_000, "{} facts", plain.len());
        let befallen = |fault: fn(NodeSet) -> Fault| facts(seed, vec![at(500 * MS, fault)]);
        same(&befallen(|nodes| Fault::Corrupt(nodes, 9)), &plain, "corrupt");
        same(&befallen(Fault::Wipe), &plain, "wipe");
        same(&befallen(Fault::RoomOnDisk), &plain, "room");
        let slow = befallen(|nodes| Fault::SlowDisk(nodes, 5_000));
        same(&but_its_disk(&slow), &but_its_disk(&plain), "slow");
        let full = befallen(Fault::FullDisk);
        same(&but_its_disk(&full), &but_its_disk(&plain), "full");
        assert!(slow != plain && full != plain, "seed {seed}: what the first node says of its disk");
    }
}

#[test]
fn a_crash_with_a_torn_tail_differs_from_a_plain_one_by_what_it_leaves() {
    for seed in 0..10 {
        let end = |how: fn(NodeSet) -> Fault| facts(seed, vec![at(501 * MS, how), at(600 * MS, Fault::Restart)]);
        let (lost, torn) = (end(crash), end(tear));
        same(&but_its_disk(&lost), &but_its_disk(&torn), "torn");
        same(&of_others(&lost), &of_others(&facts(seed, Vec::new())), "nobody else's draws");
    }
}

#[test]
fn a_fault_does_not_change_how_long_forced_writes_take() {
    // The same forced writes, with and without bits that flip and a disk that is wiped before: each completes at its instant.
    for seed in 0..20 {
        let befallen = vec![
            at(300 * MS, |nodes| Fault::Corrupt(nodes, 50)),
            at(310 * MS, Fault::Wipe),
            at(320 * MS, |nodes| Fault::Corrupt(nodes, 1)),
        ];
        same(&facts(seed, befallen), &facts(seed, Vec::new()), "forced writes");
    }
}

#[test]
fn figures_and_digest_are_the_same_twice_and_tell_what_befell() {
    let mut digests = std::collections::BTreeSet::new();
    for fault in [
        Fault::SlowDisk as fn(NodeSet, u32) -> Fault,
        |nodes, _| Fault::FullDisk(nodes),
        Fault::Corrupt,
        |nodes, _| Fault::Wipe(nodes),
        |nodes, _| crash(nodes),
    ] {
        let faults = vec![at(501 * MS, |nodes| fault(nodes, 3_000)), at(700 * MS, crash), at(701 * MS, Fault::Restart)];
        let once = || run(&setup(5, faults.clone()), LIVELY, &asked()).outcome;
        let (first, second) = (once(), once());
        assert_eq!(first, second);
        digests.insert(first.digest);
    }
    assert_eq!(digests.len(), 5);
}
