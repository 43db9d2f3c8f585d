//! Every protocol of the registry under one nemesis and one workload: right ones are clean in every driver, planted variants
//! are caught by the check that is named for them. A new protocol is held to this by being in the registry.

use crate::common::{WORLDS, World, is_of_other_objects, options, settings};
use quorate_check::Verdict;
use quorate_engine::explore::Bounds;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::{NodeId, NodeSet, Time};
use quorate_protocols::options::{Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Keep, Protocol, Report, Variant, find, protocols};

const SEEDS: u64 = 100;
/// A seed under which the clock of n0 is ahead of that of n1: all that a search takes from its seed.
const CLOCKS_SEED: u64 = 1;

fn assert_clean(protocol: &Protocol, world: World, seed: u64, values: &Values, report: &Report) {
    let name = format!("{} in {world:?}", protocol.name);
    for check in &report.checks {
        // With its defaults a protocol promises everything that it is judged by, but for what only other objects are.
        let defaults = *values == options(protocol) && !is_of_other_objects(protocol, check.name);
        let promised = defaults || !matches!(check.verdict, Verdict::NotJudged(_));
        let expected = if promised { "ok" } else { "not-judged" };
        assert_eq!(check.verdict.name(), expected, "{name} seed {seed}: {}: {}", check.name, check.verdict.evidence());
    }
    let judged: Vec<&str> = report.checks.iter().map(|check| check.name).collect();
    for check in protocol.checks {
        assert!(judged.contains(&check.name), "{name} says that it is judged by {}, but {judged:?} is all there is", check.name);
    }
    assert_eq!(judged.len(), protocol.checks.len(), "{name} is judged by more than it says: {judged:?}");
    for (metric, value) in &report.metrics {
        assert!(value.is_finite(), "{name}: {metric} is {value}");
        assert!(protocol.metrics.iter().any(|info| info.name == *metric), "{name}: {metric} is not among its metrics");
    }
    let publishes = protocol.checks.iter().any(|check| check.name == "verified");
    assert!(report.outcome.verified > 0 || !publishes, "{name} seed {seed}");
    assert!(report.outcome.mismatches.is_empty(), "{name} seed {seed}");
    if world == World::Partition {
        assert!(report.outcome.strikes.iter().all(|strike| strike.struck() && strike.touched > 0), "{name}: every fault strikes");
        let unknown = report.outcome.operations.iter().filter(|operation| operation.status == OperationStatus::Unknown).count();
        assert!(report.outcome.convergence.unacknowledged as usize <= unknown, "{name} seed {seed}");
    }
}

#[test]
fn right_protocols_are_clean_and_repeat_themselves() {
    for protocol in protocols() {
        for (world, seed) in runs(0..SEEDS) {
            let values = options(protocol);
            let report = world.run(protocol, seed, &values, "right");
            assert_clean(protocol, world, seed, &values, &report);
            let again = world.run(protocol, seed, &values, "right");
            assert_eq!(report.outcome.digest, again.outcome.digest, "{} in {world:?} seed {seed}", protocol.name);
            assert_eq!(report.evidence, again.evidence, "{} in {world:?} seed {seed}", protocol.name);
        }
    }
}

fn runs(seeds: std::ops::Range<u64>) -> impl Iterator<Item = (World, u64)> {
    WORLDS.into_iter().flat_map(move |world| seeds.clone().map(move |seed| (world, seed)))
}

#[test]
fn every_check_is_judged_in_some_setting() {
    for protocol in protocols() {
        let judged = |report: Report| report.checks.into_iter().filter(|check| check.verdict == Verdict::Ok);
        let runs = settings(protocol).into_iter().map(|values| World::Partition.run(protocol, 1, &values, "right"));
        let names: Vec<&str> = runs.flat_map(judged).map(|check| check.name).collect();
        for check in protocol.checks {
            assert!(names.contains(&check.name), "{} is never judged by {}", protocol.name, check.name);
        }
    }
}

#[test]
fn every_setting_is_clean() {
    for protocol in protocols() {
        for (index, values) in settings(protocol).iter().enumerate() {
            for (world, seed) in runs(0..10) {
                let seed = 1_000 + 10 * index as u64 + seed;
                assert_clean(protocol, world, seed, values, &world.run(protocol, seed, values, "right"));
            }
        }
    }
}

#[test]
fn replays_end_where_the_runs_did() {
    for protocol in protocols() {
        let variants = protocol.variants.iter().map(|variant| variant.name).chain(["right"]);
        for variant in variants {
            for (world, seed) in runs(0..20) {
                let (setup, workload, values) = (world.setup(seed), world.workload(seed), options(protocol));
                let job = Job { setup: &setup, options: &values, variant, workload: &workload, text: None, keep: Keep::Evidence };
                let replayed = (protocol.replay)(&job).expect("the job runs");
                assert_eq!(replayed.difference, None, "{} {variant} in {world:?} seed {seed}", protocol.name);
                assert!(replayed.steps > 10, "{} {variant} in {world:?} seed {seed}", protocol.name);
            }
        }
    }
}

/// What is wrong with replication shows in data types that send deltas or operations, or lose a disk: here they send states.
fn is_of_other_replication(protocol: &Protocol, variant: &str) -> bool {
    protocol.family == "crdt" && ["delta-gap", "counter-dup-op", "actor-id-reuse"].contains(&variant)
}

/// Variants that these worlds do not show, and the swarm of their protocol does. An acceptor that accepts in a lower ballot does harm only
/// where several propose at once and some of their messages come late; Raft's mistakes need leaders that come and go, other options than
/// the defaults, or operators; locks that are given back too early show in transactions on lists; and data types must be asked for more
/// than additions: removals, resets, places in a text. That somebody waits for ever is judged of mutual exclusion only where nobody crashes,
/// and here somebody does; ids come from a counter by default, not from blocks or clocks. Everybody comes back with its disk, and says again
/// what it had to say: relays and majorities matter where somebody does not. An old sequencer must be heard by one half after the other half
/// has turned to a new one.
const NOT_CAUGHT_HERE: &[(&str, &str)] = &[
    ("resettable-counter", "pncounter-reset"),
    ("mv-register", "vv-per-server"),
    ("or-set", "orset-no-tombstone"),
    ("or-set", "tombstone-doomstone"),
    ("shopping-cart", "remove-first"),
    ("shopping-cart", "clamp"),
    ("text", "sort-by-id"),
    ("two-phase-commit", "early-release"),
    ("paxos-commit", "vote-after-promise"),
    ("paxos", "accept-no-promise"),
    ("multi-paxos", "accept-no-promise"),
    ("raft", "commit-earlier-term"),
    ("raft", "vote-amnesia"),
    ("raft", "lease-without-bound"),
    ("raft", "relabel-queue"),
    ("raft", "change-before-own-term"),
    ("raft", "config-on-commit"),
    ("raft", "wiped-returns"),
    ("suzuki-kasami", "forgetful"),
    ("maekawa", "no-inquiry"),
    ("maekawa", "overtaken-untold"),
    ("unique-ids", "block-reused"),
    ("unique-ids", "snowflake-steps-back"),
    ("unique-ids", "worker-reused"),
    ("reliable-broadcast", "no-relay"),
    ("uniform-broadcast", "delivers-before-majority"),
    ("fixed-sequencer", "no-seal"),
];

#[test]
fn planted_variants_are_caught() {
    let mut missed = Vec::new();
    for protocol in protocols() {
        for variant in protocol.variants.iter().filter(|variant| !is_of_other_replication(protocol, variant.name)) {
            let caught = |world: World| {
                let seeds = (0..SEEDS).filter(|&seed| {
                    let report = world.run(protocol, seed, &options(protocol), variant.name);
                    let check = report.checks.iter().find(|check| check.name == variant.caught_by);
                    check.expect("the check is judged").verdict.name() == "violation"
                });
                seeds.count()
            };
            let [partition, crashes] = WORLDS.map(caught);
            let name = format!("{} {}", protocol.name, variant.name);
            println!("{name}: {} in {partition} of {SEEDS} seeds of partitions, {crashes} of crashes", variant.caught_by);
            if partition + crashes == 0 {
                missed.push((protocol.name, variant.name));
            }
        }
    }
    assert_eq!(sorted(&missed), sorted(NOT_CAUGHT_HERE));
}

fn sorted<'a>(variants: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut sorted = variants.to_vec();
    sorted.sort_unstable();
    sorted
}

/// Searches a few replicas whose clocks differ and whose instants do not matter, with two updates on two of them.
fn search(protocol: &Protocol, nodes: u32, variant: &str, bounds: &Bounds) -> quorate_engine::explore::Explored {
    let mut setup = World::Partition.setup(1);
    setup.nodes = nodes;
    setup.clocks[0].nodes = NodeSet::range(0, nodes);
    setup.faults.clear();
    let mut values = options(protocol);
    if nodes < 3 && protocol.options.iter().any(|field| field.name == "failover") {
        values.set("failover", Value::Choice("none"));
    }
    if nodes < 3 && protocol.options.iter().any(|field| field.name == "faults") {
        values.set("faults", Value::Integer(0));
    }
    if protocol.options.iter().any(|field| field.name == "fanout") {
        values.set("fanout", Value::Integer(1));
    }
    let ask =
        |to, amount| Asked { at: Time::ZERO, client: 0, to: NodeId(to), ask: Ask::Update { key: 1, amount }, timeout: None };
    let workload = [ask(0, 2), ask(1, 3)];
    setup.seed = CLOCKS_SEED;
    let job = Job { setup: &setup, options: &values, variant, workload: &workload, text: None, keep: Keep::Evidence };
    (protocol.explore)(&job, bounds).expect("the job is explored")
}

/// Variants that no search this small finds. Lasting disagreement is no state that a monitor could refuse: only runs to the end show it.
/// And a pair must be up, both of its nodes must crash, and one of them must lead again: nineteen steps at least.
/// A coordinator must decide, crash and come back; a participant must lose patience, and locks that are given back too early show in
/// transactions on lists. Three phases alone take six steps, and only then may somebody lose patience; and Paxos Commit has one acceptor on
/// two nodes, and with it decides as two-phase commit does.
/// For a Paxos acceptor to show what it forgot or did not promise, three proposals must follow each other, or time must pass.
/// Whoever has a doubled token must ask once more; that somebody waits for ever is no state; and ids come from a counter here.
/// Of a pattern of coordination somebody must speak for a third node, lose patience, or crash and never come back to its work.
/// One message of a sender cannot overtake another, nor two processes have a third one wait; agreement shows in the end alone; and who delivers
/// twice after a crash must have delivered before, which takes acknowledgements, or an election.
/// In a ring the token must come round before it does harm to have it twice, a second one be made, or a third message be stable over a hole.
/// A sequencer must be silent for some beats before anybody takes over from it, and a third message be stable over a hole.
const NOT_SEARCHED: &[(&str, &str)] = &[
    ("gossip", "strict-timestamp"),
    ("resettable-counter", "pncounter-reset"),
    ("lww-register", "lww-skew"),
    ("mv-register", "vv-per-server"),
    ("or-set", "orset-no-tombstone"),
    ("or-set", "tombstone-doomstone"),
    ("shopping-cart", "cart-id"),
    ("shopping-cart", "remove-first"),
    ("shopping-cart", "clamp"),
    ("text", "sort-by-id"),
    ("replicated-tree", "tree-move-cycle"),
    ("hybrid-counter", "reset-loses"),
    ("coordination-pattern", "ack-early"),
    ("coordination-pattern", "silence-is-consent"),
    ("coordination-pattern", "leave-off"),
    ("state-sync", "no-repair"),
    ("primary-backup", "answer-before-sync"),
    ("primary-backup", "recover-without-replay"),
    ("primary-backup", "two-primaries"),
    ("two-phase-commit", "coordinator-forgets"),
    ("two-phase-commit", "unilateral-abort"),
    ("two-phase-commit", "early-release"),
    ("three-phase-commit", "3pc-partition"),
    ("three-phase-commit", "precommit-amnesia"),
    ("paxos-commit", "acceptor-forgets"),
    ("paxos-commit", "leader-aborts-alone"),
    ("paxos-commit", "phase-one-ignored"),
    ("paxos-commit", "vote-after-promise"),
    ("paxos", "accept-no-promise"),
    ("paxos", "state-ttl"),
    ("multi-paxos", "accept-no-promise"),
    ("multi-paxos", "ballot-reuse"),
    ("multi-paxos", "state-ttl"),
    ("raft", "commit-earlier-term"),
    ("raft", "vote-amnesia"),
    ("raft", "truncate-always"),
    ("raft", "commit-past-match"),
    ("raft", "vote-by-length"),
    ("raft", "match-from-next"),
    ("raft", "local-read"),
    ("raft", "lease-without-bound"),
    ("raft", "read-before-own-term"),
    ("raft", "relabel-queue"),
    ("raft", "change-before-own-term"),
    ("raft", "config-on-commit"),
    ("raft", "wiped-returns"),
    ("token-ring", "token-doubled"),
    ("token-ring", "regenerates-from-own"),
    ("token-ring", "delivers-unstable"),
    ("token-ring", "drops-gap"),
    ("moving-sequencer", "token-doubled"),
    ("moving-sequencer", "regenerates-from-own"),
    ("moving-sequencer", "delivers-unstable"),
    ("moving-sequencer", "drops-gap"),
    ("suzuki-kasami", "token-doubled"),
    ("suzuki-kasami", "forgetful"),
    ("maekawa", "no-inquiry"),
    ("maekawa", "overtaken-untold"),
    ("unique-ids", "block-reused"),
    ("unique-ids", "snowflake-steps-back"),
    ("unique-ids", "worker-reused"),
    ("reliable-broadcast", "no-relay"),
    ("uniform-broadcast", "delivers-before-majority"),
    ("uniform-broadcast", "forgets-delivered"),
    ("fifo-broadcast", "fifo-no-hold"),
    ("causal-broadcast", "causal-no-wait"),
    ("lamport-broadcast", "forgets-delivered"),
    ("consensus-broadcast", "delivers-before-commit"),
    ("fixed-sequencer", "sequencer-failover"),
    ("fixed-sequencer", "no-seal"),
    ("fixed-sequencer", "numbers-again"),
    ("fixed-sequencer", "delivers-unstable"),
    ("fixed-sequencer", "drops-gap"),
    ("sequencer-per-channel", "sequencer-failover"),
    ("sequencer-per-channel", "no-seal"),
    ("sequencer-per-channel", "numbers-again"),
    ("sequencer-per-channel", "delivers-unstable"),
    ("sequencer-per-channel", "drops-gap"),
];

#[test]
fn searches_find_planted_variants_and_nothing_in_right_ones() {
    let bounds = |states| Bounds { depth: 8, states, losses: 1, duplications: 1, crashes: 1 };
    for protocol in protocols() {
        for (nodes, states) in [(2, 60_000), (3, 20_000)] {
            let explored = search(protocol, nodes, "right", &bounds(states));
            let name = format!("{} on {nodes} nodes", protocol.name);
            println!("{name}: {} states, {} transitions, complete {}", explored.states, explored.transitions, explored.complete);
            assert_eq!(explored.violation, None, "{name}");
            assert!(explored.states > 10, "{name}");
        }
        let searched = |variant: &&Variant| {
            !is_of_other_replication(protocol, variant.name) && !NOT_SEARCHED.contains(&(protocol.name, variant.name))
        };
        for variant in protocol.variants.iter().filter(searched) {
            let explored = search(protocol, 2, variant.name, &bounds(60_000));
            let path = explored.violation.as_ref().map(|(_, path)| path.len());
            println!("{} {}: {} states, violation after {path:?} steps", protocol.name, variant.name, explored.states);
            assert!(path.is_some(), "no search finds {} of {}", variant.name, protocol.name);
        }
    }
    let planted = |(name, variant): &(&str, &str)| {
        find(name).is_some_and(|protocol| protocol.variants.iter().any(|planted| planted.name == *variant))
    };
    assert!(NOT_SEARCHED.iter().all(planted), "a variant that is not searched for is none");
}
