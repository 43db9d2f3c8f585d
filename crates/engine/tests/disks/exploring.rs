//! Exhaustive search over worlds with disks: how long they take does not matter, the order of their writes does.

use crate::keeper::*;
use quorate_engine::explore::{Bounds, Explored, explore, follow};
use quorate_engine::setup::Setup;

fn search(setup: &Setup, how: How, things: u64) -> Explored {
    let asked: Vec<_> = (0..things).map(|at| keep(at, 0)).collect();
    let bounds = Bounds { depth: 30, states: 200_000, losses: 0, duplications: 0, crashes: 2 };
    let explored = explore::<Keeper>(setup, &how, asked.clone(), &bounds);
    if let Some((violation, path)) = &explored.violation {
        assert_eq!(follow::<Keeper>(setup, &how, asked, path).as_ref(), Some(violation));
    }
    explored
}

#[test]
fn every_crash_point_of_a_small_log_in_every_order() {
    let plain = search(&Setup { disks: Vec::new(), ..world(1, 0) }, How::default(), 4);
    assert!(plain.complete && plain.violation.is_none(), "{plain:?}");
    assert_eq!(plain.states, 511, "what a crash leaves behind is no state of its own");
    let slow = search(&world(1, 10), How::default(), 4);
    assert_eq!(plain, slow, "instants do not matter to a search");
}

#[test]
fn who_answers_before_the_sync_is_caught_in_the_fewest_steps() {
    let found = search(&world(1, 10), How { hasty: true, ..How::default() }, 2).violation;
    let (violation, path) = found.expect("a crash between the answer and the sync");
    assert_eq!((violation.broken.property, path.len()), ("durable", 3), "{path:?}");
}

#[test]
fn nodes_that_stop_for_want_of_room_are_searched_too() {
    for when_full in [WhenFull::Halts, WhenFull::Refuses, WhenFull::Insists] {
        let mut setup = world(1, 0);
        setup.disks[0].capacity_bytes = Some(2 * THING_BYTES);
        let explored = search(&setup, How { when_full, ..How::default() }, 4);
        assert!(explored.complete && explored.violation.is_none(), "{when_full:?}: {explored:?}");
    }
}
