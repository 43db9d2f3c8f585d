//! A protocol of the tests' own: clerks who tell others a number from time to time, whatever they hear, write it down and force it
//! to disk, and state all that happens to them. So what befalls one clerk shows in its own facts and in those of whom it tells.

use quorate_engine::fault::{Fault, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::replay::replay;
use quorate_engine::setup::Setup;
use quorate_engine::simulate::{Run, simulate};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

/// What clerks tell each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Note {
    /// A number, told to everybody at once.
    Count(u32),
    /// An answer to it, where answers are wanted.
    Thanks(u32),
}

impl Wire for Note {
    fn encode(&self, sink: &mut impl Sink) {
        let (tag, number) = match self {
            Note::Count(number) => (0, number),
            Note::Thanks(number) => (1, number),
        };
        sink.u8(tag);
        sink.u32(*number);
    }
}

/// What is added to a number by who lies about it.
pub(crate) const LIE: u32 = 1_000_000;

impl Message for Note {
    const KINDS: &'static [Kind] = &[Kind::protocol("count"), Kind::protocol("thanks")];

    fn kind(&self) -> usize {
        matches!(self, Note::Thanks(_)).into()
    }

    fn forge(&self, choice: u64) -> Option<Note> {
        match self {
            Note::Count(number) => Some(Note::Count(number + LIE + (choice % 1_000) as u32)),
            Note::Thanks(_) => None,
        }
    }
}

/// What happens to a clerk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Said {
    Began { records: u32 },
    Counted(u32),
    Heard { from: NodeId, note: Note },
    Synced(u64),
}

impl Fact for Said {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "counted", summary: "A clerk counts.", leads: true },
        FactKind { name: "heard", summary: "A clerk hears.", leads: false },
        FactKind { name: "synced", summary: "A clerk's log is on disk.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Said::Began { .. } => None,
            Said::Counted(_) => Some(0),
            Said::Heard { .. } => Some(1),
            Said::Synced(_) => Some(2),
        }
    }
}

/// Whom a clerk tells, and how it works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Habits {
    /// Clerks come in groups of so many neighbours, and tell their own group.
    pub(crate) group: u32,
    pub(crate) thanks: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Clerk {
    counted: u32,
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

impl Actor for Clerk {
    type Options = Habits;
    type Message = Note;
    type Timer = Tick;
    type Record = u32;
    type Fact = Said;
    type Request = ();
    type Response = ();
    type Monitor = ();

    fn new(_: NodeId, _: u32, _: &Habits) -> Clerk {
        Clerk { counted: 0 }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Clerk>, records: &[u32]) {
        self.counted = records.last().copied().unwrap_or(0);
        ctx.fact(Said::Began { records: records.len() as u32 });
        ctx.set_timer_within(Tick, 50 * MILLISECOND, 150 * MILLISECOND);
    }

    fn timer(&mut self, ctx: &mut Context<'_, Clerk>, _: Tick) {
        self.counted += 1;
        ctx.fact(Said::Counted(self.counted));
        ctx.append(self.counted);
        ctx.sync();
        let Habits { group, .. } = *ctx.options();
        let first = ctx.node().0 / group * group;
        let (me, nodes) = (ctx.node(), ctx.nodes());
        for other in (first..nodes.min(first + group)).map(NodeId).filter(|other| *other != me) {
            ctx.send(other, Note::Count(self.counted));
        }
        ctx.set_timer_within(Tick, 50 * MILLISECOND, 150 * MILLISECOND);
    }

    fn message(&mut self, ctx: &mut Context<'_, Clerk>, from: NodeId, note: Note) {
        if let (Note::Count(number), true) = (&note, ctx.options().thanks) {
            ctx.send(from, Note::Thanks(*number));
        }
        ctx.fact(Said::Heard { from, note });
    }

    fn synced(&mut self, ctx: &mut Context<'_, Clerk>, upto: u64) {
        ctx.fact(Said::Synced(upto));
    }

    fn request(&mut self, ctx: &mut Context<'_, Clerk>, operation: OpId, (): ()) {
        ctx.refuse(operation);
    }
}

pub(crate) const HABITS: Habits = Habits { group: 4, thanks: false };

/// Clerks 5 to 15 ms apart, for 10 s.
pub(crate) fn world(nodes: u32, faults: Vec<Timed>) -> Setup {
    let latency = Distribution::Uniform { low_ns: 5 * MILLISECOND, high_ns: 15 * MILLISECOND };
    Setup { faults, ..Setup::plain(3, nodes, 10 * SECOND, latency) }
}

/// Runs it, and holds what every run must keep: messages are conserved, and a replay ends alike.
pub(crate) fn run(setup: &Setup, habits: Habits) -> Run<Clerk> {
    let run = simulate::<Clerk>(setup, &habits, Vec::new()).unwrap();
    let total = run.outcome.ledger.between_replicas();
    assert!(total.sent + total.duplicated >= total.delivered + total.lost(), "{total:?}");
    let (_, different) = replay::<Clerk>(setup, &habits, Vec::new()).unwrap();
    assert_eq!(different, None, "under {:?}", setup.faults);
    run
}

pub(crate) type Facts = Vec<(Time, NodeId, Said)>;

/// The facts of four clerks under these faults, and how the faults struck.
pub(crate) fn facts(faults: Vec<Timed>) -> (Facts, Run<Clerk>) {
    let mut run = run(&world(4, faults), HABITS);
    (std::mem::take(&mut run.facts), run)
}

/// Holds that two runs differ in nothing but what `touched` says. Who numbers its messages otherwise wins other ties, but there are none.
#[track_caller]
pub(crate) fn same_but_for(one: &Facts, other: &Facts, touched: impl Fn(&(Time, NodeId, Said)) -> bool) {
    let rest = |facts: &Facts| facts.iter().filter(|fact| !touched(fact)).cloned().collect::<Facts>();
    let (one, other) = (rest(one), rest(other));
    assert!(!one.is_empty());
    if let Some(place) = one.iter().zip(&other).position(|(a, b)| a != b) {
        panic!("the first difference: {:?} against {:?}", one[place], other[place]);
    }
    assert_eq!(one.len(), other.len());
}

pub(crate) fn at(ms: u64, fault: Fault) -> Timed {
    Timed::new(Time(ms * MILLISECOND), fault)
}

pub(crate) fn node(node: u32) -> NodeSet {
    NodeSet::one(NodeId(node))
}

/// Whether a fact is about a message of this sender.
pub(crate) fn heard_from(fact: &(Time, NodeId, Said), sender: u32) -> bool {
    matches!(fact.2, Said::Heard { from, .. } if from.0 == sender)
}

/// What was heard: when, by whom, from whom, what.
pub(crate) fn heard(facts: &Facts) -> impl Iterator<Item = (Time, u32, u32, u32)> + '_ {
    facts.iter().filter_map(|(at, by, said)| match said {
        Said::Heard { from, note: Note::Count(number) | Note::Thanks(number) } => Some((*at, by.0, from.0, *number)),
        _ => None,
    })
}
