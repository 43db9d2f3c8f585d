//! A crash loses exactly what was not synced, or leaves a torn tail that recovery finds.

use crate::keeper::*;
use quorate_engine::disk::Damage;
use quorate_engine::fault::{Fault, On, Trigger};
use quorate_engine::setup::Setup;
use quorate_engine::time::MILLISECOND;
use std::collections::BTreeMap;

/// Six things, some of them in a crowd before a disk that takes 10 ms for each.
const ASKED_MS: [u64; 6] = [100, 101, 102, 125, 126, 200];

#[test]
fn all_crash_points_of_a_small_log() {
    let asked: Vec<_> = ASKED_MS.iter().map(|at| keep(*at, 0)).collect();
    // By hand: the instants at which the disk is done.
    let completed: Vec<u64> = [110, 120, 130, 140, 150, 210].iter().map(|ms| ms * MILLISECOND).collect();
    let mut instants: Vec<u64> = asked.iter().map(|asked| asked.at.0).chain(completed.iter().copied()).collect();
    // What is on the timeline comes before everything else of its instant: each boundary is one of these.
    instants.extend(instants.clone().into_iter().map(|at| at + 1));
    instants.extend([1, 300 * MILLISECOND]);
    for crash_at in instants {
        let faults = vec![at(crash_at, crash), at(crash_at + 1, Fault::Restart)];
        let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &asked);
        let synced = completed.iter().filter(|at| **at < crash_at).count();
        let appended = asked.iter().filter(|asked| asked.at.0 < crash_at).count();
        // What was asked in the very nanosecond of the crash is refused and was never appended.
        assert_eq!(recovered(&run)[0], ((0..synced as u32).collect(), None), "crash at {crash_at} ns");
        let disks = &run.outcome.disks;
        assert_eq!(disks.records_lost, (appended - synced) as u64, "crash at {crash_at} ns");
        assert_eq!((disks.writes_cut, run.outcome.strikes[0].records_lost), (disks.records_lost, disks.records_lost));
        assert_eq!(run.outcome.violations, [], "crash at {crash_at} ns");
    }
}

#[test]
fn who_answers_before_the_sync_is_caught() {
    let asked: Vec<_> = ASKED_MS.iter().map(|at| keep(*at, 0)).collect();
    let faults = vec![at(105 * MILLISECOND, crash), at(106 * MILLISECOND, Fault::Restart)];
    let run = run(&Setup { faults, ..world(1, 10) }, How { hasty: true, ..How::default() }, &asked);
    assert_eq!(run.outcome.violations[0].broken.property, "durable");
}

#[test]
fn a_torn_tail_is_cut_where_chance_has_it() {
    // On disk: one of 16 bytes; not yet: 16, 20 and 17 bytes.
    let asked = [keep(50, 0), keep(100, 0), keep(101, 4), keep(102, 1), keep(200, 0)];
    let faults = vec![at(105 * MILLISECOND, tear), at(106 * MILLISECOND, Fault::Restart)];
    let mut seen: BTreeMap<(usize, bool), u32> = BTreeMap::new();
    let runs = 5_000;
    for seed in 0..runs {
        let setup = Setup { seed, faults: faults.clone(), ..world(1, 10) };
        let run = run(&setup, How::default(), &asked);
        let (there, damage) = recovered(&run).remove(0);
        assert_eq!(there, (0..there.len() as u32).collect::<Vec<_>>(), "seed {seed}");
        if let Some(damage) = damage {
            assert_eq!(damage, Damage { record: there.len() as u64, readable_after: 0 }, "seed {seed}");
        }
        *seen.entry((there.len(), damage.is_some())).or_default() += 1;
        let disks = run.outcome.disks;
        let lost = 4 - there.len() as u64;
        assert_eq!((disks.records_lost, run.outcome.strikes[0].records_lost), (lost, lost), "seed {seed}");
        assert_eq!((disks.torn, disks.corrupt, disks.writes_cut), (damage.is_some().into(), 0, 3), "seed {seed}");
        // What comes after goes where the log was cut.
        assert_eq!(synced(&run).last().unwrap().1, there.len() as u64 + 1, "seed {seed}");
        assert!(run.outcome.violations.is_empty(), "seed {seed}");
    }
    // All lengths of the tail, 0 to 53 bytes, are equally likely; the fourth record is whole at the last one only.
    let lengths =
        [((1, false), 1), ((1, true), 15), ((2, false), 1), ((2, true), 19), ((3, false), 1), ((3, true), 16), ((4, false), 1)];
    assert_eq!(lengths.iter().map(|(_, lengths)| lengths).sum::<u32>(), 54);
    assert_eq!(seen.len(), lengths.len(), "{seen:?}");
    let chi_square =
        chi_square(lengths.iter().map(|(outcome, lengths)| (seen[outcome], runs as f64 * f64::from(*lengths) / 54.0)));
    // Six degrees of freedom: 38.3 at level 1e-6.
    assert!(chi_square < 38.3, "chi-square {chi_square}: {seen:?}");
}

#[test]
fn a_crash_may_come_when_a_write_begins_and_when_it_is_complete_and_nobody_knows() {
    for (on, there, lost) in [(On::Sync, vec![], 1), (On::Synced, vec![0], 0)] {
        let mut crash = at(0, crash);
        crash.trigger = Some(Trigger { on, by: None, nth: Some(1), after: 0 });
        let faults = vec![crash, at(500 * MILLISECOND, Fault::Restart)];
        let run = run(&Setup { faults, ..world(1, 10) }, How::default(), &[keep(100, 0)]);
        assert_eq!((recovered(&run), kept(&run)), (vec![(there, None)], vec![]), "{on:?}");
        assert_eq!((run.outcome.strikes[0].records_lost, run.outcome.disks.writes_cut), (lost, lost), "{on:?}");
    }
}

#[test]
fn a_tail_of_nothing_is_not_torn() {
    let faults = vec![at(300 * MILLISECOND, tear), at(301 * MILLISECOND, Fault::Restart)];
    for seed in 0..20 {
        let run = run(&Setup { seed, faults: faults.clone(), ..world(1, 10) }, How::default(), &[keep(100, 0), keep(101, 0)]);
        assert_eq!(recovered(&run), [(vec![0, 1], None)]);
    }
}
