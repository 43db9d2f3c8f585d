//! Disks without room: what they did not take, nobody can claim.

use crate::keeper::*;
use quorate_engine::fault::Fault;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::setup::Setup;
use quorate_engine::simulate::Run;
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

const MS: u64 = MILLISECOND;

/// Four things of 16, 21, 16 and 30 bytes.
fn asked() -> Vec<setup::Planned<Thing>> {
    [(100, 0), (110, 5), (120, 0), (130, 14)].map(|(at, padding)| keep(at, padding)).to_vec()
}

const SIZES: [u64; 4] = [16, 21, 16, 30];

fn statuses(run: &Run<Keeper>) -> Vec<OperationStatus> {
    run.outcome.operations.iter().map(|operation| operation.status).collect()
}

#[test]
fn for_every_capacity_nothing_is_acknowledged_that_is_not_on_disk() {
    for capacity in 0..=SIZES.iter().sum() {
        for (when_full, sync_ms) in
            [WhenFull::Halts, WhenFull::Refuses, WhenFull::Insists].into_iter().flat_map(|how| [(how, 0), (how, 25)])
        {
            let faults = vec![at(SECOND, crash), at(SECOND + 1, Fault::Restart)];
            let mut setup = Setup { faults, ..world(1, sync_ms) };
            setup.disks[0].capacity_bytes = Some(capacity);
            let run = run(&setup, How { when_full, ..How::default() }, &asked());
            let what = format!("{capacity} bytes, {when_full:?}, {sync_ms} ms");
            // Who goes on takes what still fits; who stops takes nothing after the first that did not.
            let (mut taken, mut used) = (Vec::new(), 0);
            for (number, size) in (0..).zip(SIZES) {
                if used + size <= capacity {
                    used += size;
                    taken.push(number);
                } else if when_full == WhenFull::Insists && used + THING_BYTES <= capacity {
                    used += THING_BYTES;
                    taken.push(999);
                } else if when_full != WhenFull::Refuses {
                    break;
                }
            }
            let stopped = when_full != WhenFull::Refuses && (taken.len() < 4);
            let there = &recovered(&run)[0].0;
            assert!(kept(&run).iter().all(|kept| there.contains(kept)), "{what}: {:?} of {there:?}", kept(&run));
            assert_eq!(run.outcome.violations, [], "{what}");
            if sync_ms == 0 || !stopped {
                assert_eq!(*there, taken, "{what}");
            } else {
                assert!(taken.starts_with(there), "{what}");
            }
            let claimed = |number: &u32| said(&run).iter().any(|(_, said)| *said == Said::After(*number));
            assert!(
                (0..4).all(|number| claimed(&number) == taken.contains(&number)),
                "{what}: what follows an append follows it"
            );
            let full = said(&run).into_iter().find_map(|(_, said)| if let Said::Full(from) = said { Some(from) } else { None });
            assert_eq!(full.is_some(), capacity < SIZES.iter().sum(), "{what}");
            assert_eq!(run.outcome.strikes[0].touched, 1, "{what}: the crash stops it, or keeps it down");
            assert!(run.outcome.disks.refused >= u64::from(full.is_some()));
            assert_eq!(run.outcome.disks.bytes, used, "{what}");
        }
    }
}

#[test]
fn who_refuses_goes_on_with_the_same_numbers() {
    let mut setup = world(1, 0);
    setup.disks[0].capacity_bytes = Some(36);
    let run = run(&setup, How { when_full: WhenFull::Refuses, ..How::default() }, &asked());
    use OperationStatus::{Ok, Refused};
    assert_eq!(statuses(&run), [Ok, Refused, Ok, Refused]);
    let numbers: Vec<_> = said(&run)
        .into_iter()
        .filter_map(|(_, said)| match said {
            Said::Full(from) => Some(format!("full {from}")),
            Said::Synced(upto) => Some(format!("synced {upto}")),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, ["synced 1", "full 1", "synced 2", "full 2"]);
}

#[test]
fn room_brings_back_those_who_stopped_for_want_of_it_and_no_others() {
    // Node 0 halts for want of room, node 1 has crashed, node 2 needs no room.
    let all = NodeSet::range(0, 3);
    let faults = vec![
        fault::Timed::new(Time(50 * MS), Fault::FullDisk(all.clone())),
        fault::Timed::new(Time(60 * MS), crash(NodeSet::one(NodeId(1)))),
        fault::Timed::new(Time(500 * MS), Fault::RoomOnDisk(all)),
    ];
    let late = keep(600, 0);
    let run = run(&Setup { faults, ..world(3, 1) }, How::default(), &[keep(40, 0), keep(100, 0), keep(200, 0), late]);
    use OperationStatus::{Ok, Refused};
    // The one that met the full disk was refused; the next found the node down.
    assert_eq!(statuses(&run), [Ok, Refused, Refused, Ok]);
    assert_eq!(recovered(&run), [(vec![0], None)]);
    assert_eq!(run.replicas.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(run.outcome.strikes.iter().map(|strike| strike.touched).collect::<Vec<_>>(), [3, 1, 3]);
    assert!(!said(&run).iter().any(|(_, said)| *said == Said::After(1)), "what follows the append is not done");
    assert_eq!(run.outcome.disks.refused, 1);
}

#[test]
fn room_is_as_much_again_as_the_capacity() {
    let faults = vec![at(500 * MS, Fault::RoomOnDisk)];
    let mut setup = Setup { faults, ..world(1, 0) };
    setup.disks[0].capacity_bytes = Some(40);
    let asked = [keep(100, 0), keep(110, 0), keep(120, 0), keep(600, 0), keep(610, 0), keep(620, 0)];
    let run = run(&setup, How::default(), &asked);
    use OperationStatus::{Ok, Refused};
    assert_eq!(statuses(&run), [Ok, Ok, Refused, Ok, Ok, Refused]);
    assert_eq!(recovered(&run), [(vec![0, 1], None)]);
}

#[test]
fn who_was_restarted_without_room_is_not_restarted_again() {
    let faults =
        vec![at(50 * MS, Fault::FullDisk), at(200 * MS, Fault::Restart), at(300 * MS, crash), at(400 * MS, Fault::RoomOnDisk)];
    let run = run(&Setup { faults, ..world(1, 0) }, How::default(), &[keep(100, 0)]);
    assert_eq!((recovered(&run).len(), run.replicas[0].is_some()), (1, false), "the second time it was a crash");
}

#[test]
fn a_full_disk_harms_nobody_who_appends_nothing() {
    let faults = vec![at(50 * MS, Fault::FullDisk)];
    let how = How { lively: true, ..How::default() };
    let with = run(&Setup { faults, ..world(3, 1) }, how, &[]);
    let without = run(&world(3, 1), how, &[]);
    assert_eq!(with.facts, without.facts);
}
