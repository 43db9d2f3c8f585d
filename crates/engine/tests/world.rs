//! The world's promises, held by a small protocol of the tests' own: a flooded set of updates with a log on disk, clients, a
//! timer and facts, and with flaws that a judge of convergence must tell apart from the right one.

use quorate_engine::clock::Spread;
use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::ledger::Cause;
use quorate_engine::outcome::{OperationStatus, RunError};
use quorate_engine::random::Probability;
use quorate_engine::setup::{Clocks, Link, Network, Planned, Reordering, Setup, Ties};
use quorate_engine::simulate::{Run, simulate};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;
use std::collections::BTreeSet;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
enum Flaw {
    #[default]
    None,
    /// Acknowledges and tells nobody.
    Drops,
    /// Always publishes the same digest, and tells nobody.
    ConstantDigest,
    /// Acknowledges and stays, like everybody, with the old state.
    StaysOld,
    /// Tells the author what it heard.
    Echoes,
    /// Sends everything back, for ever.
    Chatters,
    /// No flaw: news put the next tick off, as heartbeats do with a timeout.
    Defers,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Flood {
    own: u32,
    held: BTreeSet<Update>,
    waiting: Vec<(u64, OpId, Update)>,
    appended: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct News(Update);

impl Wire for News {
    fn encode(&self, sink: &mut impl Sink) {
        self.0.encode(sink);
    }
}

impl Message for News {
    const KINDS: &'static [Kind] = &[Kind::protocol("news")];

    fn kind(&self) -> usize {
        0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Tick;

impl Timer for Tick {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Tick {
        Tick
    }
}

/// What a replica's clocks read, and which choice it made, at a tick.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Said {
    Tick { wall: i64, elapsed: u64, choice: u64 },
    Heard(Update),
}

impl Fact for Said {
    const KINDS: &'static [FactKind] = &[];

    fn kind(&self) -> Option<usize> {
        None
    }
}

/// No replica hears of an update that it made itself: true only of the right one without duplications to its author.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Echoes;

impl Monitor<Flood> for Echoes {
    const PROPERTIES: &'static [&'static str] = &["no-echo"];

    fn fact(&mut self, _: &Flaw, node: NodeId, fact: &Said) -> Result<(), Broken> {
        match fact {
            Said::Heard(update) if update.origin == node => {
                Err(Broken { property: "no-echo", evidence: format!("{node} heard of its own {update}") })
            }
            _ => Ok(()),
        }
    }
}

impl Flood {
    fn digest(&self) -> u64 {
        self.held.iter().map(|update| update.wire_digest()).fold(1, u64::wrapping_add)
    }
}

impl Actor for Flood {
    type Options = Flaw;
    type Message = News;
    type Timer = Tick;
    type Record = Update;
    type Fact = Said;
    type Request = ();
    type Response = ();
    type Monitor = Echoes;

    fn new(_: NodeId, _: u32, _: &Flaw) -> Flood {
        Flood { own: 0, held: BTreeSet::new(), waiting: Vec::new(), appended: 0 }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Flood>, records: &[Update]) {
        self.appended = records.len() as u64;
        for update in records {
            self.held.insert(*update);
            self.own += u32::from(update.origin == ctx.node());
            ctx.holds(*update);
        }
        ctx.publish(if *ctx.options() == Flaw::ConstantDigest { 7 } else { self.digest() });
        ctx.set_timer(Tick, SECOND);
    }

    fn message(&mut self, ctx: &mut Context<'_, Flood>, from: NodeId, News(update): News) {
        if *ctx.options() == Flaw::Chatters {
            return ctx.send(from, News(update));
        }
        ctx.fact(Said::Heard(update));
        if *ctx.options() == Flaw::Defers {
            ctx.set_timer(Tick, SECOND);
        }
        if self.held.insert(update) {
            self.appended += 1;
            ctx.append(update);
            ctx.sync();
            ctx.holds(update);
            ctx.publish(self.digest());
            if *ctx.options() == Flaw::Echoes {
                ctx.send(update.origin, News(update));
            }
        }
    }

    fn timer(&mut self, ctx: &mut Context<'_, Flood>, Tick: Tick) {
        let said = Said::Tick { wall: ctx.wall(), elapsed: ctx.elapsed(), choice: ctx.choose(2) };
        ctx.fact(said);
        ctx.set_timer(Tick, SECOND);
    }

    fn synced(&mut self, ctx: &mut Context<'_, Flood>, upto: u64) {
        while self.waiting.first().is_some_and(|(at, ..)| *at <= upto) {
            let (_, operation, update) = self.waiting.remove(0);
            ctx.reply(operation, ());
            if !matches!(ctx.options(), Flaw::Drops | Flaw::ConstantDigest) {
                ctx.broadcast(News(update));
            }
        }
    }

    fn request(&mut self, ctx: &mut Context<'_, Flood>, operation: OpId, (): ()) {
        self.own += 1;
        let update = Update { origin: ctx.node(), number: self.own };
        if *ctx.options() == Flaw::StaysOld {
            ctx.accept(operation, update);
            return ctx.reply(operation, ());
        }
        self.held.insert(update);
        self.appended += 1;
        self.waiting.push((self.appended, operation, update));
        ctx.accept(operation, update);
        if *ctx.options() != Flaw::ConstantDigest {
            ctx.publish(self.digest());
        }
        ctx.append(update);
        ctx.sync();
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.digest())
    }

    fn reads_clocks(_: &Flaw) -> bool {
        true
    }
}

fn setup(nodes: u32) -> Setup {
    let latency = Distribution::Constant { ns: 10 * MILLISECOND };
    Setup { clients: nodes, verify: true, ..Setup::plain(7, nodes, 10 * SECOND, latency) }
}

fn ask(at: u64, node: u32) -> Planned<()> {
    Planned { at: Time(at), client: node, to: NodeId(node), request: (), timeout: None }
}

fn at(at: u64, fault: Fault) -> Timed {
    Timed::new(Time(at), fault)
}

fn run(setup: &Setup, flaw: Flaw, workload: Vec<Planned<()>>) -> Run<Flood> {
    simulate::<Flood>(setup, &flaw, workload).unwrap()
}

fn ticks(run: &Run<Flood>, node: u32) -> Vec<(u64, i64, u64)> {
    let of = |(at, by, said): &(Time, NodeId, Said)| match said {
        Said::Tick { wall, elapsed, .. } if by.0 == node => Some((at.0, *wall, *elapsed)),
        _ => None,
    };
    run.facts.iter().filter_map(of).collect()
}

fn p(value: f64) -> Probability {
    Probability::from_f64(value).unwrap()
}

#[test]
fn convergence_tells_the_flawed_from_the_right() {
    let workload = || vec![ask(SECOND, 0), ask(2 * SECOND, 1)];
    let right = run(&setup(3), Flaw::None, workload()).outcome;
    assert_eq!(right.convergence.time, Some(10 * MILLISECOND));
    assert_eq!((right.convergence.missing, right.mismatches.len()), (0, 0));
    assert!(right.verified > 3);
    let drops = run(&setup(3), Flaw::Drops, workload()).outcome;
    assert_eq!((drops.convergence.since, drops.convergence.states), (None, 3), "states differ");
    let constant = run(&setup(3), Flaw::ConstantDigest, workload()).outcome;
    assert_eq!((constant.convergence.since, constant.convergence.states, constant.convergence.missing), (None, 1, 2));
    assert!(!constant.mismatches.is_empty(), "verification sees through the digest");
    let old = run(&setup(3), Flaw::StaysOld, workload()).outcome;
    assert_eq!((old.convergence.since, old.convergence.states, old.convergence.missing), (None, 1, 2));
    assert!(old.mismatches.is_empty(), "its digests are honest: only what it holds gives it away");
}

#[test]
fn offset_drift_and_jump_show_exactly_in_timestamps_and_timers() {
    let mut setup = setup(2);
    setup.clocks = Clocks::of_all(2, Spread::Constant(-5 * MILLISECOND as i64), Spread::ZERO);
    setup.faults = vec![
        at(1_500 * MILLISECOND, Fault::ClockJump(NodeSet::range(0, 1), -3 * SECOND as i64)),
        at(2_500 * MILLISECOND, Fault::Drift(NodeSet::range(0, 1), 250_000_000)),
    ];
    setup.duration = 5 * SECOND;
    let run = run(&setup, Flaw::None, vec![]);
    let (ms, offset) = (MILLISECOND as i64, 5 * MILLISECOND as i64);
    // The timer armed at 2 s had 500 ms to go at 2.5 s; a clock a quarter too fast gets there in 400 ms.
    assert_eq!(
        ticks(&run, 0),
        [
            (1_000 * MILLISECOND, 1_000 * ms - offset, 1_000 * MILLISECOND),
            (2_000 * MILLISECOND, -1_000 * ms - offset, 2_000 * MILLISECOND),
            (2_900 * MILLISECOND, -offset, 3_000 * MILLISECOND),
            (3_700 * MILLISECOND, 1_000 * ms - offset, 4_000 * MILLISECOND),
            (4_500 * MILLISECOND, 2_000 * ms - offset, 5_000 * MILLISECOND),
        ]
    );
    assert_eq!(ticks(&run, 1).len(), 4, "the other node's clock is untouched");
}

#[test]
fn partitions_lose_what_crosses_them_and_nothing_else() {
    let sides = Partition::Groups(vec![NodeSet::range(0, 2), NodeSet::range(2, 5)]);
    let mut symmetric = setup(5);
    symmetric.faults = vec![at(SECOND, Fault::Partition(0, sides)), at(3 * SECOND, Fault::Heal(0))];
    let workload = vec![ask(500 * MILLISECOND, 0), ask(2 * SECOND, 0), ask(2 * SECOND, 4), ask(4 * SECOND, 1)];
    let outcome = run(&symmetric, Flaw::None, workload).outcome;
    let total = outcome.ledger.between_replicas();
    assert_eq!((total.sent, total.delivered, total.dropped[Cause::Partition as usize]), (16, 11, 5));
    assert_eq!(outcome.strikes[0].messages_lost, 5);
    // Sent before the cut, due within it: lost as well.
    let mut late = symmetric.clone();
    late.faults[0].at = Time(505 * MILLISECOND);
    let outcome = run(&late, Flaw::None, vec![ask(500 * MILLISECOND, 0)]).outcome;
    assert_eq!(outcome.ledger.between_replicas().dropped[Cause::Partition as usize], 3);
    let mut one_way = setup(2);
    one_way.faults = vec![at(0, Fault::Partition(0, Partition::OneWay(NodeSet::range(0, 1), NodeSet::range(1, 2))))];
    let outcome = run(&one_way, Flaw::None, vec![ask(SECOND, 0), ask(SECOND, 1)]).outcome;
    assert_eq!((outcome.ledger.between_replicas().delivered, outcome.strikes[0].messages_lost), (1, 1));
}

#[test]
fn a_crash_keeps_what_was_forced_and_nothing_else() {
    let mut setup = setup(3);
    setup.faults = vec![
        at(2 * SECOND, Fault::Crash(NodeSet::range(0, 1), Tail::Lost)),
        at(4 * SECOND, Fault::Restart(NodeSet::range(0, 1))),
    ];
    // The third operation meets a node that is down.
    let run = run(&setup, Flaw::None, vec![ask(SECOND, 0), ask(1_995 * MILLISECOND, 1), ask(3 * SECOND, 0), ask(5 * SECOND, 0)]);
    let statuses: Vec<_> = run.outcome.operations.iter().map(|operation| operation.status).collect();
    assert_eq!(statuses, [OperationStatus::Ok, OperationStatus::Ok, OperationStatus::Refused, OperationStatus::Ok]);
    let replica = run.replicas[0].as_ref().unwrap();
    assert_eq!(replica.own, 2, "numbers go on where the log ends");
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::Down as usize], 1);
    assert_eq!(run.outcome.convergence.missing, 1, "what n1 told while n0 was down never reaches it");
    assert_eq!(ticks(&run, 0).iter().map(|tick| tick.0 / SECOND).collect::<Vec<_>>(), [1, 5, 6, 7, 8, 9]);
}

#[test]
fn a_paused_node_is_late_and_loses_nothing() {
    let mut setup = setup(3);
    setup.faults = vec![
        at(1_500 * MILLISECOND, Fault::Pause(NodeSet::range(2, 3))),
        at(4_500 * MILLISECOND, Fault::Resume(NodeSet::range(2, 3))),
    ];
    let run = run(&setup, Flaw::None, vec![ask(2 * SECOND, 1), ask(3 * SECOND, 0), ask(3 * SECOND, 2)]);
    let heard: Vec<_> =
        run.facts.iter().filter(|fact| fact.1 == NodeId(2)).map(|fact| (fact.0.0 / MILLISECOND, &fact.2)).collect();
    let origin = |said: &Said| matches!(said, Said::Heard(update) if update.origin == NodeId(1));
    assert_eq!(heard.iter().filter(|(at, _)| *at == 4_500).count(), 3, "the tick of 2 s and both messages");
    assert!(
        heard.iter().position(|(_, said)| origin(said))
            < heard.iter().position(|(_, said)| matches!(said, Said::Heard(u) if u.origin == NodeId(0)))
    );
    assert_eq!(run.outcome.convergence.since, Some(Time(4_510 * MILLISECOND)));
    assert_eq!(run.outcome.operations[2].completed(), Some(Time(4_500 * MILLISECOND)));
}

#[test]
fn a_run_in_which_time_stands_still_is_ended_and_a_long_one_is_not() {
    let mut still = setup(2);
    still.network = Network::faultless(Distribution::Constant { ns: 0 });
    let stuck = simulate::<Flood>(&still, &Flaw::Chatters, vec![ask(SECOND, 0)]).err();
    assert!(matches!(stuck, Some(RunError::Livelock { at: Time(SECOND), .. })), "{stuck:?}");
    // As many events, a nanosecond apart.
    let long = Setup { network: Network::faultless(Distribution::Constant { ns: 1 }), duration: SECOND + 10_000_000, ..setup(2) };
    assert!(run(&long, Flaw::Chatters, vec![ask(SECOND, 0)]).outcome.events > 9_000_000);
}

#[test]
fn a_timer_that_fell_due_in_a_pause_may_still_be_put_off() {
    let mut setup = setup(2);
    setup.faults = vec![
        at(1_500 * MILLISECOND, Fault::Pause(NodeSet::range(1, 2))),
        at(4_500 * MILLISECOND, Fault::Resume(NodeSet::range(1, 2))),
    ];
    // The news waits since 1.61 s, the tick since 2 s: the news comes first, and puts the tick off.
    let run = run(&setup, Flaw::Defers, vec![ask(1_600 * MILLISECOND, 0)]);
    let at_ms: Vec<u64> = ticks(&run, 1).iter().map(|tick| tick.0 / MILLISECOND).collect();
    assert_eq!(at_ms[..2], [1_000, 5_500]);
    // Without news it fires late, once.
    let run = self::run(&setup, Flaw::None, vec![]);
    let at_ms: Vec<u64> = ticks(&run, 1).iter().map(|tick| tick.0 / MILLISECOND).collect();
    assert_eq!(at_ms[..3], [1_000, 4_500, 5_500]);
}

#[test]
fn what_reaches_a_paused_node_is_judged_when_it_arrives() {
    let sides = Partition::Groups(vec![NodeSet::range(0, 1), NodeSet::range(1, 2)]);
    let pause = |from: u64, to: u64| {
        [at(from * MILLISECOND, Fault::Pause(NodeSet::range(1, 2))), at(to * MILLISECOND, Fault::Resume(NodeSet::range(1, 2)))]
    };
    let cut =
        |from: u64, to: u64| [at(from * MILLISECOND, Fault::Partition(0, sides.clone())), at(to * MILLISECOND, Fault::Heal(0))];
    let heard = |faults: Vec<Timed>| {
        let mut setup = setup(2);
        setup.faults = faults;
        setup.faults.sort_by_key(|timed| timed.at);
        run(&setup, Flaw::None, vec![ask(2 * SECOND, 0)]).outcome.ledger.between_replicas().delivered
    };
    // Due at 2.01 s: within a cut it is lost, though the node goes on after the heal.
    assert_eq!(heard([pause(1_900, 4_000), cut(2_005, 3_000)].concat()), 0);
    // It has arrived before the cut, and waits at the node while the cut lasts.
    assert_eq!(heard([pause(1_900, 4_000), cut(3_000, 5_000)].concat()), 1);
}

#[test]
fn one_fault_of_the_wire_shifts_no_other_draw() {
    let arrivals = |network: Network| {
        let mut setup = setup(8);
        setup.network = network;
        let workload = (0..80).map(|index| ask(SECOND + u64::from(index) * 50 * MILLISECOND, index % 8)).collect();
        run(&setup, Flaw::None, workload)
    };
    let plain = Link::faultless(Distribution::Uniform { low_ns: MILLISECOND, high_ns: 10 * MILLISECOND });
    let heard = |run: &Run<Flood>| -> BTreeSet<(Time, NodeId, Update)> {
        run.facts
            .iter()
            .filter_map(|(at, by, said)| if let Said::Heard(update) = said { Some((*at, *by, *update)) } else { None })
            .collect()
    };
    let base = heard(&arrivals(Network::mesh(plain.clone())));
    assert_eq!(base.len(), 560);
    let copied = arrivals(Network::mesh(Link { duplication: p(0.3), ..plain.clone() }));
    assert!(base.is_subset(&heard(&copied)) && heard(&copied).len() > 650);
    let lossy = arrivals(Network::mesh(Link { loss: p(0.3), ..plain.clone() }));
    assert!(heard(&lossy).is_subset(&base) && heard(&lossy).len() < 450);
    let both = arrivals(Network::mesh(Link { loss: p(0.3), duplication: p(0.3), ..plain.clone() }));
    assert!(heard(&lossy).is_subset(&heard(&both)), "the same messages are lost");
    let late = Distribution::Constant { ns: 20 * MILLISECOND };
    let held = heard(&arrivals(Network::mesh(Link {
        reordering: Some(Reordering { probability: p(0.5), extra: late.into() }),
        ..plain
    })));
    let back = |(at, by, update): &(Time, NodeId, Update)| {
        base.contains(&(*at, *by, *update)) || base.contains(&(Time(at.0 - 20 * MILLISECOND), *by, *update))
    };
    assert!(held.iter().all(back) && held.intersection(&base).count() < 400);
}

#[test]
fn far_clients_pay_for_the_way_and_may_never_know() {
    let mut far = setup(3);
    far.network.client_latency = Some(Distribution::Constant { ns: 30 * MILLISECOND }.into());
    let outcome = run(&far, Flaw::None, vec![ask(SECOND, 1)]).outcome;
    let operation = &outcome.operations[0];
    assert_eq!((operation.completed(), operation.delays), (Some(Time(1_060 * MILLISECOND)), 2));
    assert_eq!(outcome.ledger.between_replicas().sent, 2, "what clients say is no cost of the replicas' coordination");
    far.network.links[0].loss = Probability::always();
    let patient = Planned { timeout: Some(SECOND), ..ask(SECOND, 1) };
    let outcome = run(&far, Flaw::None, vec![patient]).outcome;
    assert_eq!((outcome.operations[0].status, outcome.operations[0].completed()), (OperationStatus::Unknown, None));
    let near = run(&setup(3), Flaw::None, vec![ask(SECOND, 1)]).outcome;
    assert_eq!((near.operations[0].delays, near.operations[0].completed()), (0, Some(Time(SECOND))));
}

#[test]
fn the_same_seed_gives_the_same_digest_and_another_seed_another() {
    let mut setup = setup(6);
    setup.network.links[0].loss = p(0.1);
    setup.network.links[0].latency = Distribution::Lognormal { median_ns: 5 * MILLISECOND, p99_ns: 40 * MILLISECOND };
    let digest = |setup: &Setup| run(setup, Flaw::None, (0..6).map(|node| ask(SECOND, node)).collect()).outcome.digest;
    let first = digest(&setup);
    assert_eq!(first, digest(&setup));
    assert_eq!(first, digest(&Setup { verify: false, ..setup.clone() }), "looking changes nothing");
    setup.seed += 1;
    assert_ne!(first, digest(&setup));
}

#[test]
fn ties_are_broken_by_the_seed_or_by_the_number() {
    let winners = |ties: Ties| {
        let mut seen = BTreeSet::new();
        for seed in 0..40 {
            let setup = Setup { seed, ties, ..setup(4) };
            let run = run(&setup, Flaw::None, vec![ask(SECOND, 0), ask(SECOND, 1), ask(SECOND, 2)]);
            let first = run.facts.iter().find_map(|fact| match fact.2 {
                Said::Heard(update) if fact.1 == NodeId(3) => Some(update.origin),
                _ => None,
            });
            seen.insert(first.unwrap());
        }
        seen
    };
    assert_eq!(winners(Ties::Source), BTreeSet::from([NodeId(0)]));
    assert_eq!(winners(Ties::Permuted).len(), 3);
}

#[test]
fn a_replay_ends_where_the_run_did() {
    let mut setup = setup(4);
    setup.network.links[0].loss = p(0.2);
    setup.network.links[0].duplication = p(0.2);
    setup.clocks = Clocks::of_all(setup.nodes, Spread::Uniform(-1_000, 1_000), Spread::Normal(0.0, 20_000.0));
    setup.faults = vec![
        at(1_500 * MILLISECOND, Fault::Pause(NodeSet::range(2, 3))),
        at(2_500 * MILLISECOND, Fault::Crash(NodeSet::range(1, 2), Tail::Lost)),
        at(3_500 * MILLISECOND, Fault::Resume(NodeSet::range(2, 3))),
        at(3_600 * MILLISECOND, Fault::Drift(NodeSet::range(3, 4), -1_000_000)),
        at(4_500 * MILLISECOND, Fault::Restart(NodeSet::range(1, 2))),
    ];
    let workload: Vec<_> = (0..20).map(|index| ask(SECOND + u64::from(index) * 333 * MILLISECOND, index % 4)).collect();
    let (record, difference) = replay::replay::<Flood>(&setup, &Flaw::None, workload.clone()).unwrap();
    assert_eq!(difference, None);
    assert!(record.len() > 80);
    let other = Setup { seed: 8, ..setup };
    assert!(replay::follow::<Flood>(&other, &Flaw::None, workload[1..].to_vec(), &record).is_err(), "not this run's record");
}

#[test]
fn exploration_is_silent_on_the_right_and_finds_a_shortest_path_to_the_wrong() {
    let bounds = explore::Bounds { depth: 7, states: 1_000_000, losses: 1, duplications: 0, crashes: 1 };
    let small = setup(2);
    let clean = explore::explore::<Flood>(&small, &Flaw::None, vec![ask(0, 0)], &bounds);
    assert!(clean.complete && clean.violation.is_none() && clean.states > 300, "{clean:?}");
    let found = explore::explore::<Flood>(&small, &Flaw::Echoes, vec![ask(0, 0)], &bounds);
    let (violation, path) = found.violation.expect("an echo");
    // The client asks, the log is forced, the news arrives, its echo arrives.
    assert_eq!((path.len(), violation.broken.property), (4, "no-echo"), "{path:?}");
    assert_eq!(explore::follow::<Flood>(&small, &Flaw::Echoes, vec![ask(0, 0)], &path), Some(violation));
    assert_eq!(explore::follow::<Flood>(&small, &Flaw::None, vec![ask(0, 0)], &path[..3]), None);
    let stopped = explore::explore::<Flood>(&small, &Flaw::None, vec![ask(0, 0)], &explore::Bounds { states: 50, ..bounds });
    assert!(!stopped.complete, "a search that ran out of states proves nothing");
}
