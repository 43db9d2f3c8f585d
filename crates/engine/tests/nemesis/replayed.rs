//! Schedules of all patterns at once, gone through on the model.

use crate::common::{NODES, churn, everything, exponential, kind, nemesis, scene, uniform};
use crate::model::{Model, Presence};
use quorate_engine::clock::Spread;
use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::id::NodeSet;
use quorate_engine::nemesis::{Away, Cut, Kind, Nemesis, Pattern, Scene, Whose};
use quorate_engine::random::{Keys, Purpose};
use quorate_engine::setup::Clocks;
use quorate_engine::time::{MILLISECOND, SECOND, Time};

const UNTIL: u64 = 60 * SECOND;

/// Goes through the faults and looks after each instant.
fn replay(faults: &[Timed], nodes: u32, mut look: impl FnMut(Time, &Model)) -> Model {
    let mut model = Model::new(nodes);
    for (place, timed) in faults.iter().enumerate() {
        model.strike(timed);
        match faults.get(place + 1) {
            Some(next) if next.at == timed.at => {}
            next => {
                assert!(next.is_none_or(|next| next.at > timed.at), "the order of time");
                look(timed.at, &model);
            }
        }
    }
    model
}

fn regions() -> [NodeSet; 3] {
    [NodeSet::range(0, 3), NodeSet::range(3, 5), NodeSet::range(5, NODES)]
}

#[test]
fn every_pattern_alone_befalls_nobody_twice_and_ends_in_time() {
    let regions = regions();
    let scene = Scene { regions: &regions, ..scene(NODES) };
    for (place, kind) in everything(NODES).into_iter().enumerate() {
        let name = kind.pattern.name();
        let nemesis = nemesis(UNTIL, vec![Kind { count: 2, ..kind }]);
        let mut strikes = 0;
        for seed in 0..100 {
            let faults = nemesis.schedule(seed, &scene);
            strikes += faults.len();
            let times = faults.iter().map(|timed| timed.at.0);
            assert!(times.clone().min().is_none_or(|first| first >= 5 * SECOND), "{name}: too early");
            assert!(times.max().is_none_or(|last| last <= UNTIL), "{name}: too late");
            // The model refuses whoever is befallen twice.
            assert!(replay(&faults, NODES, |_, _| {}).is_well(), "{name}, seed {seed}: not all is well at the end");
        }
        assert!(strikes > 100, "pattern {place}, {name}: {strikes} strikes");
    }
}

#[test]
fn all_patterns_at_once_make_sense_and_end_in_time() {
    let regions = regions();
    let scene = Scene { regions: &regions, ..scene(NODES) };
    let nemesis = nemesis(UNTIL, everything(NODES));
    for seed in 0..300 {
        let faults = nemesis.schedule(seed, &scene);
        assert!(faults.len() > 200);
        let model = replay(&faults, NODES, |at, model| assert!(model.is_well() || at.0 < UNTIL));
        assert!(model.is_well(), "seed {seed}");
    }
}

#[test]
fn enough_are_well_at_every_instant() {
    let regions = regions();
    let scene = Scene { regions: &regions, ..scene(NODES) };
    for spare in [0, 1, 2, 3, 5] {
        let mut most = 0;
        let mut strikes = 0;
        for seed in 0..150 {
            let nemesis = Nemesis { spare: Some(spare), swarm: seed % 2 == 0, ..nemesis(UNTIL, everything(NODES)) };
            let faults = nemesis.schedule(seed, &scene);
            strikes += faults.len();
            replay(&faults, NODES, |at, model| {
                assert!(model.away() <= spare as usize, "seed {seed}, {at}: {} away, {model:?}", model.away());
                most = most.max(model.away());
            });
        }
        assert_eq!(most, spare as usize, "the bound is used to the full");
        assert!(strikes > 1_000);
    }
}

#[test]
fn what_one_kind_ends_undoes_nothing_of_another() {
    let patterns = [Pattern::Crash(Tail::Lost), Pattern::Pause, churn(Away::Left), churn(Away::Crashed(Tail::Lost))];
    let kinds: Vec<Kind> = (0..).zip(patterns).map(|(number, pattern)| Kind { count: 2, ..kind(number, 4, pattern) }).collect();
    let all = nemesis(UNTIL, kinds.clone());
    let mut both = 0;
    for seed in 0..100 {
        let alone: Vec<Vec<Timed>> =
            kinds.iter().map(|kind| Nemesis { kinds: vec![kind.clone()], ..all.clone() }.schedule(seed, &scene(4))).collect();
        // At every instant each node is in the gravest of the states in which a kind alone has it.
        replay(&all.schedule(seed, &scene(4)), 4, |at, model| {
            let mut expected = vec![Presence::Up; 4];
            for faults in &alone {
                let until_now: Vec<Timed> = faults.iter().filter(|timed| timed.at <= at).cloned().collect();
                let model = replay(&until_now, 4, |_, _| {});
                for (expected, presence) in expected.iter_mut().zip(&model.presence) {
                    both += u32::from(*expected != Presence::Up && *presence != Presence::Up);
                    *expected = (*expected).max(*presence);
                }
            }
            assert_eq!(model.presence, expected, "seed {seed}, {at}");
        });
    }
    assert!(both > 1_000, "kinds overlapped {both} times");
}

#[test]
fn the_scenarios_own_faults_are_left_alone() {
    let own = own();
    let regions = regions();
    let scene = Scene { regions: &regions, own: &own, ..scene(NODES) };
    let mut nemesis = Nemesis { spare: Some(4), ..nemesis(UNTIL, everything(NODES)) };
    for seed in 0..200 {
        nemesis.swarm = seed % 3 == 0;
        let mut all = own.clone();
        all.extend(nemesis.schedule(seed, &scene));
        all.sort_by_key(|timed| timed.at);
        // Who joins first of all has not been there.
        let mut model = Model::new(NODES);
        model.presence[6] = Presence::Gone;
        for timed in &all {
            model.strike(timed);
        }
        assert_eq!(
            model.presence,
            [Presence::Up, Presence::Up, Presence::Down, Presence::Up, Presence::Up, Presence::Up, Presence::Up]
        );
        replay_with(&own, &all, |at, model| assert!(model.away() <= 4, "seed {seed}, {at}"));
    }
}

fn replay_with(own: &[Timed], all: &[Timed], mut look: impl FnMut(Time, &Model)) {
    assert!(own.len() < all.len());
    let mut model = Model::new(NODES);
    model.presence[6] = Presence::Gone;
    for (place, timed) in all.iter().enumerate() {
        model.strike(timed);
        if all.get(place + 1).is_none_or(|next| next.at > timed.at) {
            look(timed.at, &model);
        }
    }
}

fn own() -> Vec<Timed> {
    let set = |low, high| NodeSet::range(low, high);
    let halves = Partition::Groups(vec![set(0, 2), set(2, NODES)]);
    let faults = [
        (6, Fault::Crash(set(0, 2), Tail::Lost)),
        (7, Fault::Slow(set(3, 5), 4_000)),
        (8, Fault::Restart(set(0, 1))),
        (10, Fault::Join(set(6, 7))),
        (12, Fault::Partition(0, halves)),
        (15, Fault::Restart(set(1, 2))),
        (20, Fault::Heal(0)),
        (21, Fault::Slow(set(3, 4), 1000)),
        (22, Fault::Pause(set(4, 6))),
        (29, Fault::Resume(set(4, 6))),
        (30, Fault::Slow(set(4, 5), 1000)),
        (31, Fault::Drift(set(5, 6), 77)),
        (40, Fault::Crash(set(2, 3), Tail::Torn)),
    ];
    faults.into_iter().map(|(at, fault)| Timed::new(Time(at * SECOND), fault)).collect()
}

#[test]
fn clocks_drift_again_as_they_did() {
    let clocks = Clocks::of_all(NODES, Spread::ZERO, Spread::Uniform(-50_000, 50_000));
    let scene = Scene { clocks: &clocks, ..scene(NODES) };
    let drift = Pattern::Drift(Spread::Constant(300_000));
    let nemesis = nemesis(UNTIL, vec![Kind { count: 3, ..kind(0, NODES, drift) }]);
    for seed in 0..50 {
        let key = Keys::from_seed(seed).stream(Purpose::Clock);
        let (mut begun, mut ended) = (0, 0);
        for timed in nemesis.schedule(seed, &scene) {
            let Fault::Drift(nodes, ppb) = &timed.fault else { panic!("{timed:?}") };
            match ppb {
                300_000 => begun += nodes.len(),
                _ => {
                    ended += nodes.len();
                    let mut usual = nodes.iter().map(|node| clocks[0].drift_ppb.draw(key, node.0, 1));
                    assert!(usual.all(|usual| usual == *ppb), "seed {seed}: {timed:?}");
                }
            }
        }
        assert!(begun > 0 && begun == ended, "{begun} {ended}");
    }
}

#[test]
fn partitions_that_overlap_stay_within_what_the_engine_tells_apart() {
    const MANY: u32 = 200;
    let often = |number, way| Kind {
        every: exponential(500 * MILLISECOND),
        lasts: uniform(2 * SECOND, 9 * SECOND),
        count: 40,
        ..kind(number, MANY, Pattern::Partition(vec![way]))
    };
    let kinds = (0..).zip(Cut::ALL.into_iter().chain(Cut::ALL)).map(|(number, way)| often(number, way)).collect();
    let nemesis = nemesis(UNTIL, kinds);
    let regions = [NodeSet::range(0, 90), NodeSet::range(90, MANY)];
    let mut most = 0;
    for seed in 0..10 {
        let scene = Scene { clients: seed % 2 == 0, regions: &regions, ..scene(MANY) };
        replay(&nemesis.schedule(seed, &scene), MANY, |at, model| {
            most = most.max(model.classes());
            assert!(model.classes() + usize::from(scene.clients) <= 65, "seed {seed}, {at}");
            assert!(model.classes() <= 64);
        });
    }
    assert!(most > 40, "the bound was met: {most}");
}

#[test]
fn whoever_leads_is_struck_and_let_go_under_one_number() {
    let leader = |pattern| Kind { whose: Whose::Stated("elected"), ..kind(0, 1, pattern) };
    let isolate = Pattern::Partition(vec![Cut::Isolate]);
    let kinds = vec![
        leader(Pattern::Crash(Tail::Torn)),
        leader(Pattern::Pause),
        leader(isolate),
        kind(0, NODES, Pattern::Crash(Tail::Lost)),
    ];
    let nemesis = Nemesis { spare: Some(2), ..nemesis(UNTIL, kinds) };
    for seed in 0..100 {
        let faults = nemesis.schedule(seed, &scene(NODES));
        let mut unknown = 0;
        let model = replay(&faults, NODES, |at, model| {
            unknown = unknown.max(model.unknown.len());
            assert!(model.away() <= 2, "seed {seed}, {at}");
        });
        assert!(model.is_well() && unknown > 0, "seed {seed}");
    }
}
