//! Forced writes take their time, one after the other.

use crate::keeper::*;
use quorate_engine::fault::Fault;
use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Disks, Setup};
use quorate_engine::time::MILLISECOND;
use quorate_engine::*;

fn ms(run: &simulate::Run<Keeper>) -> Vec<(u64, u64)> {
    synced(run).into_iter().map(|(at, upto)| (at / MILLISECOND, upto)).collect()
}

#[test]
fn forced_writes_wait_for_those_before_them() {
    let asked = [keep(100, 0), keep(103, 0), keep(103, 0), keep(150, 0)];
    let run = run(&world(1, 10), How::default(), &asked);
    assert_eq!(ms(&run), [(110, 1), (120, 2), (130, 3), (160, 4)]);
    assert_eq!(kept(&run), [0, 1, 2, 3]);
    let outcome = &run.outcome;
    assert_eq!((outcome.ledger.forced_writes, outcome.disks.records, outcome.disks.bytes), (4, 4, 4 * THING_BYTES));
    // The waits are 0, 7, 17 and 0 ms.
    assert_eq!(outcome.disk_waits.spread.count(), 4);
    assert_eq!((outcome.disk_waits.longest, outcome.disk_waits.total), (17 * MILLISECOND, 24 * u128::from(MILLISECOND)));
}

#[test]
fn without_a_word_they_take_no_time_and_an_empty_word_changes_nothing() {
    let asked: Vec<_> = (0..5).map(|index| keep(100 + index, 0)).collect();
    let plain = Setup { disks: Vec::new(), ..world(3, 0) };
    let how = How { lively: true, ..How::default() };
    let run_plain = run(&plain, how, &asked);
    assert_eq!(ms(&run_plain), [(100, 1), (101, 2), (102, 3), (103, 4), (104, 5)]);
    assert_eq!(run_plain.outcome.disk_waits.spread.count(), 0);
    for silent in [disks(3, None, None), disks(1, None, Some(u64::MAX)), disks(3, Some(Distribution::Constant { ns: 0 }), None)] {
        let run = run(&Setup { disks: silent, ..plain.clone() }, how, &asked);
        assert_eq!(run.outcome.digest, run_plain.outcome.digest);
    }
}

#[test]
fn completions_are_exactly_those_of_a_queue_with_one_server() {
    let sync = Distribution::Exponential { mean_ns: 5 * MILLISECOND };
    for seed in 0..50 {
        let setup = Setup { seed, disks: disks(1, Some(sync.clone()), None), ..world(1, 0) };
        // Far apart, a write takes what it takes by itself; the same draws serve it in a crowd.
        let apart: Vec<_> = (0..40).map(|index| keep(200 * (index + 1), 0)).collect();
        let alone = run(&setup, How::default(), &apart);
        let takes: Vec<u64> = synced(&alone).iter().zip(&apart).map(|((at, _), asked)| at - asked.at.0).collect();
        assert_eq!(alone.outcome.disk_waits.total, 0, "seed {seed}");
        let crowd: Vec<_> = (0..40).map(|index| keep(1_000 + 4 * index, 0)).collect();
        let run = run(&setup, How::default(), &crowd);
        let (mut free, mut waited) = (0, 0);
        let expected: Vec<_> = (1..)
            .zip(crowd.iter().zip(&takes))
            .map(|(upto, (asked, takes))| {
                let begins = asked.at.0.max(free);
                waited += u128::from(begins - asked.at.0);
                free = begins + takes;
                (free, upto)
            })
            .collect();
        assert_eq!(synced(&run), expected, "seed {seed}");
        assert_eq!(run.outcome.disk_waits.total, waited);
    }
}

#[test]
fn a_slow_disk_takes_longer_from_then_on_until_it_does_not() {
    let asked: Vec<_> = [100, 200, 300, 400].into_iter().map(|at| keep(at, 0)).collect();
    let faults = vec![
        at(150 * MILLISECOND, |nodes| Fault::SlowDisk(nodes, 2_500)),
        at(250 * MILLISECOND, |nodes| Fault::SlowDisk(nodes, 400)),
        at(350 * MILLISECOND, |nodes| Fault::SlowDisk(nodes, 1_000)),
    ];
    let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
    assert_eq!(ms(&run), [(110, 1), (225, 2), (304, 3), (410, 4)]);
    assert!(run.outcome.strikes.iter().all(|strike| strike.touched == 1));
}

#[test]
fn a_disk_that_takes_no_time_is_never_slow() {
    let faults = vec![at(50 * MILLISECOND, |nodes| Fault::SlowDisk(nodes, 9_000))];
    let run = run(&Setup { faults, disks: Vec::new(), ..world(1, 0) }, How::default(), &[keep(100, 0)]);
    assert_eq!((ms(&run), run.outcome.strikes[0].touched), (vec![(100, 1)], 0));
}

#[test]
fn a_crash_ends_the_queue() {
    let asked = [keep(100, 0), keep(101, 0), keep(102, 0), keep(118, 0)];
    let faults = vec![at(115 * MILLISECOND, crash), at(116 * MILLISECOND, Fault::Restart)];
    let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
    assert_eq!(ms(&run), [(110, 1), (128, 2)], "it waits for nobody, and is numbered from what recovery gave");
    assert_eq!((run.outcome.disks.writes_cut, run.outcome.disks.records_lost), (2, 2));
}

#[test]
fn a_write_completes_while_its_node_stands_still() {
    let setup = |last: fn(NodeSet) -> Fault| Setup {
        faults: vec![at(105 * MILLISECOND, Fault::Pause), at(150 * MILLISECOND, last), at(151 * MILLISECOND, Fault::Restart)],
        ..world(1, 10)
    };
    let resumed = run(&setup(Fault::Resume), How::default(), &[keep(100, 0)]);
    assert_eq!((ms(&resumed), kept(&resumed)), (vec![(150, 1)], vec![0]));
    let crashed = run(&setup(crash), How::default(), &[keep(100, 0)]);
    assert_eq!((recovered(&crashed), kept(&crashed)), (vec![(vec![0], None)], vec![]), "durable, and nobody was told");
    assert_eq!((crashed.outcome.disks.records_lost, crashed.outcome.disks.writes_cut), (0, 0));
}

#[test]
fn the_disks_of_some_nodes_are_slower_than_those_of_others() {
    let constant = |ms| Some(Distribution::Constant { ns: ms * MILLISECOND }.into());
    let one = |node, ms| Disks { nodes: NodeSet::one(NodeId(node)), sync: constant(ms), capacity_bytes: None };
    let setup = Setup { disks: vec![one(2, 40), one(0, 7)], ..world(3, 0) };
    let to = |node| setup::Planned { to: NodeId(node), ..keep(100, 0) };
    let run = run(&setup, How::default(), &[to(0), to(1), to(2)]);
    let completed: Vec<_> =
        run.outcome.operations.iter().map(|operation| operation.completed().unwrap().0 / MILLISECOND).collect();
    assert_eq!(completed, [107, 100, 140]);
}
