//! Bits flip and disks are wiped while nodes run, and recovery finds out.

use crate::keeper::*;
use quorate_engine::disk::Damage;
use quorate_engine::fault::Fault;
use quorate_engine::setup::Setup;
use quorate_engine::time::MILLISECOND;

const MS: u64 = MILLISECOND;

#[test]
fn a_flipped_bit_is_found_by_recovery_and_by_nobody_before() {
    // 16, 56 and 28 bytes.
    let asked = [keep(100, 0), keep(101, 40), keep(102, 12), keep(300, 0)];
    let undisturbed = run(&world(1, 1), How::default(), &asked[..3]);
    let mut hits = [0u32; 3];
    let runs = 5_000;
    for seed in 0..runs {
        let corrupt = at(200 * MS, |nodes| Fault::Corrupt(nodes, 1));
        let setup = Setup { seed, faults: vec![corrupt.clone()], ..world(1, 1) };
        if seed < 50 {
            let runs_on = run(&setup, How::default(), &asked[..3]);
            assert_eq!(said(&runs_on), said(&undisturbed), "seed {seed}: a node that runs notices nothing");
            assert_eq!((runs_on.outcome.disks.bits_flipped, runs_on.outcome.disks.corrupt), (1, 0));
        }
        let faults = vec![corrupt, at(210 * MS, crash), at(220 * MS, Fault::Restart)];
        let run = run(&Setup { faults, ..setup }, How::default(), &asked);
        let (there, damage) = recovered(&run).remove(0);
        let hit = there.len();
        assert_eq!(there, (0..hit as u32).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(damage, Some(Damage { record: hit as u64, readable_after: 2 - hit as u64 }), "seed {seed}");
        hits[hit] += 1;
        let (disks, lost) = (run.outcome.disks, 3 - hit as u64);
        assert_eq!((disks.corrupt, disks.torn, disks.records_lost), (1, 0, lost), "seed {seed}");
        assert_eq!(run.outcome.strikes.iter().map(|strike| strike.records_lost).collect::<Vec<_>>(), [lost, 0, 0]);
        assert_eq!(synced(&run).last().unwrap().1, hit as u64 + 1, "seed {seed}: the log goes on where it was cut");
    }
    let expected = [16.0, 56.0, 28.0].map(|bytes| runs as f64 * bytes / 100.0);
    let chi_square = chi_square(hits.into_iter().zip(expected));
    // Two degrees of freedom: 27.6 at level 1e-6.
    assert!(chi_square < 27.6, "chi-square {chi_square}: {hits:?}");
}

#[test]
fn only_what_is_durable_can_be_hit() {
    // Of three things, one is durable when the bits flip; the others get there later, and unhurt.
    let asked = [keep(100, 0), keep(109, 0), keep(109, 0)];
    for seed in 0..200 {
        let faults = vec![at(110 * MS + 1, |nodes| Fault::Corrupt(nodes, 1)), at(200 * MS, crash), at(201 * MS, Fault::Restart)];
        let run = run(&Setup { seed, faults, ..world(1, 10) }, How::default(), &asked);
        assert_eq!(recovered(&run), [(vec![], Some(Damage { record: 0, readable_after: 2 }))], "seed {seed}");
    }
    let faults = vec![at(105 * MS, |nodes| Fault::Corrupt(nodes, 5)), at(200 * MS, crash), at(201 * MS, Fault::Restart)];
    let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
    assert_eq!((recovered(&run), run.outcome.strikes[0].touched), (vec![(vec![0, 1, 2], None)], 0));
    assert_eq!(run.outcome.disks.bits_flipped, 0);
}

#[test]
fn a_disk_may_be_hit_while_its_node_is_down() {
    let asked = [keep(100, 0), keep(101, 0)];
    for seed in 0..100 {
        let faults = vec![at(200 * MS, crash), at(201 * MS, |nodes| Fault::Corrupt(nodes, 1)), at(202 * MS, Fault::Restart)];
        let run = run(&Setup { seed, faults, ..world(1, 1) }, How::default(), &asked);
        assert!(recovered(&run)[0].1.is_some(), "seed {seed}");
    }
}

#[test]
fn damage_is_told_once() {
    let faults = vec![
        at(200 * MS, |nodes| Fault::Corrupt(nodes, 1)),
        at(201 * MS, crash),
        at(202 * MS, Fault::Restart),
        at(203 * MS, crash),
        at(204 * MS, Fault::Restart),
    ];
    let run = run(&Setup { faults, ..world(1, 1) }, How::default(), &[keep(100, 0), keep(101, 0)]);
    let [(first, Some(_)), (second, None)] = &recovered(&run)[..] else { panic!("{:?}", recovered(&run)) };
    assert_eq!(first, second);
}

#[test]
fn a_wiped_disk_is_empty_for_recovery_and_full_of_memories_before() {
    // Two before it, three after it; the node's own numbers go on.
    let asked = [keep(100, 0), keep(101, 0), keep(200, 0), keep(201, 0), keep(202, 0), keep(400, 0)];
    let faults = vec![at(150 * MS, Fault::Wipe), at(300 * MS, crash), at(301 * MS, Fault::Restart)];
    let run = run(&Setup { faults, ..world(1, 1) }, How::default(), &asked);
    assert_eq!(synced(&run).iter().map(|(_, upto)| *upto).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 4]);
    assert_eq!(recovered(&run), [(vec![2, 3, 4], None)], "and then it is numbered from these");
    assert_eq!(kept(&run), [0, 1, 2, 3, 4, 5]);
    let disks = run.outcome.disks;
    assert_eq!((disks.wiped, disks.records_lost, run.outcome.strikes[0].records_lost), (1, 2, 2));
    assert_eq!(run.outcome.violations[0].broken.property, "durable", "the disk lied, and the judge sees it");
}

#[test]
fn a_write_that_was_under_way_makes_nothing_durable_that_was_wiped() {
    // The disk is wiped while three writes are under way; a fourth record is appended after it.
    let asked = [keep(100, 0), keep(101, 0), keep(102, 0), keep(106, 0)];
    for crash_at in [111, 121, 131, 139] {
        let faults = vec![at(105 * MS, Fault::Wipe), at(crash_at * MS, crash), at((crash_at + 1) * MS, Fault::Restart)];
        let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
        assert_eq!(recovered(&run), [(vec![], None)], "crash at {crash_at} ms");
        assert_eq!(run.outcome.disks.records_lost, 4);
    }
    let faults = vec![at(105 * MS, Fault::Wipe), at(141 * MS, crash), at(142 * MS, Fault::Restart)];
    let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
    assert_eq!(recovered(&run), [(vec![3], None)]);
}

#[test]
fn who_leaves_takes_its_disk_along_and_who_joins_has_a_new_one() {
    // Two durable, one not; the disk is slow and full, and the new one is not.
    let asked = [keep(50, 0), keep(70, 0), keep(149, 0), keep(300, 0)];
    let faults = vec![
        at(100 * MS, |nodes| Fault::SlowDisk(nodes, 5_000)),
        at(150 * MS, Fault::FullDisk),
        at(160 * MS, Fault::Leave),
        at(170 * MS, Fault::RoomOnDisk),
        at(200 * MS, Fault::Join),
    ];
    let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
    assert_eq!(recovered(&run), [(vec![], None)], "room brings nobody back who has left");
    let last = *synced(&run).last().unwrap();
    assert_eq!(last, (310 * MS, 1));
    assert_eq!(run.outcome.strikes.iter().map(|strike| strike.records_lost).collect::<Vec<_>>(), [0, 0, 3, 0, 0]);
    assert_eq!((run.outcome.disks.records_lost, run.outcome.disks.wiped), (3, 1));
}

#[test]
fn wiping_nothing_touches_nobody() {
    let faults = vec![at(50 * MS, Fault::Wipe), at(60 * MS, |nodes| Fault::Corrupt(nodes, 3))];
    let run = run(&Setup { faults, ..world(1, 1) }, How::default(), &[keep(100, 0)]);
    assert!(run.outcome.strikes.iter().all(|strike| strike.touched == 0 && strike.times == 1));
    assert_eq!((run.outcome.disks.wiped, kept(&run)), (0, vec![0]));
}
