//! A protocol of the tests' own: it carries words from node to node as it is asked, and says who heard what and when.

use quorate_engine::latency::Distribution;
use quorate_engine::replay::replay;
use quorate_engine::setup::{Planned, Setup};
use quorate_engine::simulate::{Run, simulate};
use quorate_engine::time::MILLISECOND;
use quorate_engine::*;

/// A word of four bytes and some padding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Word {
    pub(crate) kind: Saying,
    pub(crate) number: u32,
    pub(crate) padding: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Saying {
    Told,
    Asked,
    Answered,
}

impl Wire for Word {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.number);
        (0..self.padding).for_each(|_| sink.u8(0));
    }
}

impl Message for Word {
    const KINDS: &'static [Kind] = &[Kind::protocol("told"), Kind::protocol("asked"), Kind::protocol("answered")];

    fn kind(&self) -> usize {
        self.kind as usize
    }
}

/// What a client wants.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Wish {
    Tell(NodeId),
    TellAll,
    TellSome(Vec<NodeId>),
    /// Answered when the other node has answered.
    Ask(NodeId),
    /// Answered at once.
    Nothing,
}

impl Wire for Wish {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Wish::Tell(to) => to.encode(sink),
            Wish::Ask(to) => to.encode(sink),
            Wish::TellSome(to) => to.encode(sink),
            Wish::TellAll | Wish::Nothing => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Said {
    Heard { from: NodeId, number: u32 },
    Looked { wall: i64, elapsed: u64 },
}

impl Fact for Said {
    const KINDS: &'static [FactKind] = &[FactKind { name: "heard", summary: "A word arrived.", leads: false }];

    fn kind(&self) -> Option<usize> {
        matches!(self, Said::Heard { .. }).then_some(0)
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Courier {
    heard: Vec<u32>,
}

impl Actor for Courier {
    /// The padding of every word.
    type Options = u16;
    type Message = Word;
    type Timer = NoTimer;
    type Record = u32;
    type Fact = Said;
    type Request = Wish;
    type Response = ();
    type Monitor = ();

    fn new(_: NodeId, _: u32, _: &u16) -> Courier {
        Courier { heard: Vec::new() }
    }

    fn recover(&mut self, _: &mut Context<'_, Courier>, _: &[u32]) {}

    fn message(&mut self, ctx: &mut Context<'_, Courier>, from: NodeId, word: Word) {
        self.heard.push(word.number);
        match word.kind {
            Saying::Told => ctx.fact(Said::Heard { from, number: word.number }),
            Saying::Asked => ctx.send(from, Word { kind: Saying::Answered, ..word }),
            Saying::Answered => ctx.reply(OpId(word.number), ()),
        }
    }

    fn timer(&mut self, _: &mut Context<'_, Courier>, timer: NoTimer) {
        match timer {}
    }

    fn request(&mut self, ctx: &mut Context<'_, Courier>, operation: OpId, wish: Wish) {
        let word = |kind| Word { kind, number: operation.0, padding: *ctx.options() };
        match wish {
            Wish::Ask(to) => return ctx.send(to, word(Saying::Asked)),
            Wish::Tell(to) => ctx.send(to, word(Saying::Told)),
            Wish::TellAll => ctx.broadcast(word(Saying::Told)),
            Wish::TellSome(to) => ctx.multicast(to, word(Saying::Told)),
            Wish::Nothing => {
                let looked = Said::Looked { wall: ctx.wall(), elapsed: ctx.elapsed() };
                ctx.fact(looked);
            }
        }
        ctx.reply(operation, ());
    }
}

/// Nodes 10 ms apart from each other, for so many seconds.
pub(crate) fn world(nodes: u32, seconds: u64) -> Setup {
    let latency = Distribution::Constant { ns: 10 * MILLISECOND };
    Setup { clients: nodes, ..Setup::plain(1, nodes, seconds * time::SECOND, latency) }
}

/// A wish to one node at an instant.
pub(crate) fn wish(at: u64, node: u32, request: Wish) -> Planned<Wish> {
    Planned { at: Time(at), client: node, to: NodeId(node), request, timeout: None }
}

/// Runs the wishes and holds the run to what every run must keep: what was sent arrived, was lost, or is still under way, and
/// a replay ends alike.
pub(crate) fn run(setup: &Setup, padding: u16, wishes: Vec<Planned<Wish>>) -> Run<Courier> {
    let run = simulate::<Courier>(setup, &padding, wishes.clone()).unwrap();
    let total = run.outcome.ledger.between_replicas();
    assert!(total.sent + total.duplicated >= total.delivered + total.lost(), "{total:?}");
    let (_, different) = replay::<Courier>(setup, &padding, wishes).unwrap();
    assert_eq!(different, None);
    run
}

/// When each word was heard, by whom and from whom, in order.
pub(crate) fn heard(run: &Run<Courier>) -> Vec<(u64, u32, u32)> {
    let heard = |(at, by, said): &(Time, NodeId, Said)| match said {
        Said::Heard { from, .. } => Some((at.0 / MILLISECOND, by.0, from.0)),
        Said::Looked { .. } => None,
    };
    run.facts.iter().filter_map(heard).collect()
}
