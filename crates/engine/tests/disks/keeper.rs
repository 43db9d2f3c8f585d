//! A protocol of the tests' own: a node that keeps what it is told in its log and says what becomes of it; when it is lively, it
//! also talks to the others by lot.

use quorate_engine::disk::{Damage, FRAME_BYTES};
use quorate_engine::fault::{Fault, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::replay::replay;
use quorate_engine::setup::{Disks, Planned, Setup};
use quorate_engine::simulate::{Run, simulate};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;
use std::collections::BTreeSet;

/// What is kept: a number that is used once, and some padding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Thing {
    pub(crate) number: u32,
    pub(crate) padding: u16,
}

impl Wire for Thing {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.number);
        (0..self.padding).for_each(|_| sink.u8(7));
    }
}

/// Bytes of a thing without padding on disk.
pub(crate) const THING_BYTES: u64 = FRAME_BYTES + 4;

impl Message for Thing {
    const KINDS: &'static [Kind] = &[Kind::protocol("word")];

    fn kind(&self) -> usize {
        0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct How {
    /// Talks to the others.
    pub(crate) lively: bool,
    /// Answers before what it keeps is forced.
    pub(crate) hasty: bool,
    pub(crate) when_full: WhenFull,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum WhenFull {
    #[default]
    Halts,
    /// Refuses whom it cannot serve, and goes on.
    Refuses,
    /// Appends again.
    Insists,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Said {
    /// What recovery gave, and what it could not read.
    Recovered(Vec<u32>, Option<Damage>),
    Synced(u64),
    /// This was acknowledged.
    Kept(u32),
    /// There was no room for the record of that number.
    Full(u64),
    Heard(NodeId, u32),
    Ticked(u64),
    /// After an append in the same handler.
    After(u32),
}

impl Fact for Said {
    const KINDS: &'static [FactKind] = &[];

    fn kind(&self) -> Option<usize> {
        None
    }
}

/// What was acknowledged is there after every recovery that finds no damage, and forced writes complete in order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Durability {
    kept: BTreeSet<u32>,
    synced: u64,
}

impl Monitor<Keeper> for Durability {
    const PROPERTIES: &'static [&'static str] = &["durable", "in-order"];

    fn fact(&mut self, _: &How, node: NodeId, fact: &Said) -> Result<(), Broken> {
        match fact {
            Said::Kept(number) => {
                self.kept.insert(*number);
            }
            Said::Recovered(there, None) if node == NodeId(0) => {
                self.synced = 0;
                if let Some(lost) = self.kept.iter().find(|kept| !there.contains(kept)) {
                    return Err(Broken { property: "durable", evidence: format!("{lost} was kept, and is lost") });
                }
            }
            Said::Synced(upto) if node == NodeId(0) => {
                if *upto < self.synced {
                    return Err(Broken { property: "in-order", evidence: format!("{upto} after {}", self.synced) });
                }
                self.synced = *upto;
            }
            _ => {}
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Tick;

impl Timer for Tick {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Tick {
        Tick
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Keeper {
    /// Records that it has appended or was given.
    appended: u64,
    /// Whom to answer, once so many records are durable.
    waiting: Vec<(u64, OpId)>,
}

impl Actor for Keeper {
    type Options = How;
    type Message = Thing;
    type Timer = Tick;
    type Record = Thing;
    type Fact = Said;
    /// The padding of what is to be kept, its number being the operation's.
    type Request = Thing;
    type Response = u32;
    type Monitor = Durability;

    fn new(_: NodeId, _: u32, _: &How) -> Keeper {
        Keeper { appended: 0, waiting: Vec::new() }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Keeper>, records: &[Thing]) {
        self.appended = records.len() as u64;
        ctx.fact(Said::Recovered(records.iter().map(|record| record.number).collect(), ctx.damage()));
        if ctx.options().lively {
            ctx.set_timer_within(Tick, MILLISECOND, 20 * MILLISECOND);
        }
    }

    fn message(&mut self, ctx: &mut Context<'_, Keeper>, from: NodeId, word: Thing) {
        ctx.fact(Said::Heard(from, word.number));
    }

    fn timer(&mut self, ctx: &mut Context<'_, Keeper>, Tick: Tick) {
        let lot = ctx.choose(1_000_000);
        ctx.fact(Said::Ticked(lot));
        for peer in ctx.peers().iter() {
            ctx.send(peer, Thing { number: lot as u32, padding: 0 });
        }
        ctx.set_timer_within(Tick, MILLISECOND, 20 * MILLISECOND);
    }

    fn synced(&mut self, ctx: &mut Context<'_, Keeper>, upto: u64) {
        assert_eq!(ctx.damage(), None);
        ctx.fact(Said::Synced(upto));
        while self.waiting.first().is_some_and(|(number, _)| *number <= upto) {
            let (_, operation) = self.waiting.remove(0);
            ctx.fact(Said::Kept(operation.0));
            ctx.reply(operation, operation.0);
        }
    }

    fn disk_full(&mut self, ctx: &mut Context<'_, Keeper>, from: u64) {
        assert_eq!(ctx.damage(), None);
        ctx.fact(Said::Full(from));
        // That number will be another record's.
        self.appended = from;
        for (_, operation) in self.waiting.extract_if(.., |(number, _)| *number > from) {
            ctx.refuse(operation);
        }
        match ctx.options().when_full {
            WhenFull::Halts => {
                ctx.halt();
                ctx.fact(Said::After(0));
            }
            WhenFull::Refuses => {}
            WhenFull::Insists => {
                self.appended += 1;
                ctx.append(Thing { number: 999, padding: 0 });
                ctx.fact(Said::After(999));
                ctx.sync();
            }
        }
    }

    fn request(&mut self, ctx: &mut Context<'_, Keeper>, operation: OpId, thing: Thing) {
        self.appended += 1;
        ctx.append(Thing { number: operation.0, ..thing });
        ctx.fact(Said::After(operation.0));
        if ctx.options().hasty {
            ctx.fact(Said::Kept(operation.0));
            ctx.reply(operation, operation.0);
        } else {
            self.waiting.push((self.appended, operation));
        }
        ctx.sync();
    }
}

/// Nodes of which the first has a client, for ten seconds; forced writes take so many ms.
pub(crate) fn world(nodes: u32, sync_ms: u64) -> Setup {
    let latency = Distribution::Uniform { low_ns: MILLISECOND, high_ns: 9 * MILLISECOND };
    let sync = Distribution::Constant { ns: sync_ms * MILLISECOND };
    Setup { clients: 1, disks: disks(nodes, Some(sync), None), ..Setup::plain(1, nodes, 10 * SECOND, latency) }
}

pub(crate) fn disks(nodes: u32, sync: Option<Distribution>, capacity_bytes: Option<u64>) -> Vec<Disks> {
    vec![Disks { nodes: NodeSet::range(0, nodes), sync: sync.map(Into::into), capacity_bytes }]
}

/// The first node is asked to keep something.
pub(crate) fn keep(at_ms: u64, padding: u16) -> Planned<Thing> {
    let at = Time(at_ms * MILLISECOND);
    Planned { at, client: 0, to: NodeId(0), request: Thing { number: 0, padding }, timeout: None }
}

/// Something befalls the first node.
pub(crate) fn at(at: u64, fault: impl Fn(NodeSet) -> Fault) -> Timed {
    Timed::new(Time(at), fault(NodeSet::one(NodeId(0))))
}

pub(crate) fn crash(nodes: NodeSet) -> Fault {
    Fault::Crash(nodes, Tail::Lost)
}

pub(crate) fn tear(nodes: NodeSet) -> Fault {
    Fault::Crash(nodes, Tail::Torn)
}

/// Runs, and holds that a replay ends alike, and that the outcome's figures agree with each other.
pub(crate) fn run(setup: &Setup, how: How, asked: &[Planned<Thing>]) -> Run<Keeper> {
    let run = simulate::<Keeper>(setup, &how, asked.to_vec()).unwrap();
    let (_, different) = replay::<Keeper>(setup, &how, asked.to_vec()).unwrap();
    assert_eq!(different, None);
    let blamed: u64 = run.outcome.strikes.iter().map(|strike| strike.records_lost).sum();
    assert!(blamed <= run.outcome.disks.records_lost, "{:?}", run.outcome.disks);
    run
}

/// What the first node said, and when, in ns.
pub(crate) fn said(run: &Run<Keeper>) -> Vec<(u64, Said)> {
    run.facts.iter().filter(|(_, node, _)| *node == NodeId(0)).map(|(at, _, said)| (at.0, said.clone())).collect()
}

/// When forced writes of the first node completed, in ns, and up to where.
pub(crate) fn synced(run: &Run<Keeper>) -> Vec<(u64, u64)> {
    let synced = |(at, said): (u64, Said)| if let Said::Synced(upto) = said { Some((at, upto)) } else { None };
    said(run).into_iter().filter_map(synced).collect()
}

/// What each recovery of the first node was given, the start left out.
pub(crate) fn recovered(run: &Run<Keeper>) -> Vec<(Vec<u32>, Option<Damage>)> {
    let recovered = |(_, said)| if let Said::Recovered(there, damage) = said { Some((there, damage)) } else { None };
    said(run).into_iter().filter_map(recovered).skip(1).collect()
}

/// The numbers that the first node acknowledged.
pub(crate) fn kept(run: &Run<Keeper>) -> Vec<u32> {
    said(run).into_iter().filter_map(|(_, said)| if let Said::Kept(number) = said { Some(number) } else { None }).collect()
}

/// Of counts and what was to be expected of each.
pub(crate) fn chi_square(counts: impl Iterator<Item = (u32, f64)>) -> f64 {
    let off = |(count, expected): (u32, f64)| (f64::from(count) - expected) * (f64::from(count) - expected) / expected;
    counts.map(off).sum()
}
