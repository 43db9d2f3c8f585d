//! A counter over gossip: it takes additions and reads, and leaves logging, spreading and merging to the [`Gossip`] that it
//! embeds. It states what was added and what it reads after each merge, for the monitor and the report.

use super::bounds::Bounds;
use super::counts::{Applied, Counts};
use crate::epidemic::gossip::actor::Gossip;
use crate::epidemic::gossip::message::{Message as Inner, Tick};
use crate::epidemic::gossip::options::Options;
use crate::epidemic::gossip::record::Logged;
use quorate_engine::{
    Actor, Context, Embeds, FactKind, Kind, Message as Counted, NodeId, OpId, Sink, Timer as Named, TimerSlot, Wire,
};

/// A replica of a counter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Counter {
    gossip: Gossip<Counts>,
}

/// What counters send each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// The embedded gossip's.
    Gossip(Inner<Counts>),
}

/// A counter's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The embedded gossip's.
    Gossip(Tick),
}

/// What a counter logs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// The embedded gossip's: an amount that was added here.
    Added(Logged<i64>),
}

/// What a client asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Add so much.
    Add(i64),
    /// Tell the value.
    Read,
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// The addition is durable at the replica that was asked.
    Done,
    /// The value as the replica knows it.
    Value(i64),
}

/// What a counter states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A client's amount was added here.
    Added(i64),
    /// The log of a replica that starts again holds additions of so much, and as much taken away. Of some of them nobody was told: a crash
    /// may leave records that were not forced yet.
    Recovered {
        /// The sum of what was added.
        added: u64,
        /// The sum of what was taken away.
        removed: u64,
    },
    /// A read was answered.
    Read(i64),
    /// What another replica told changed the state.
    Merged {
        /// Who told.
        from: NodeId,
        /// Whose contribution changed, from what, to what; the first few.
        changes: Vec<(NodeId, i64, i64)>,
        /// The value from now on.
        value: i64,
    },
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "added", summary: "A client's amount was added here.", leads: false },
        FactKind { name: "read", summary: "A read was answered.", leads: false },
        FactKind { name: "merged", summary: "What another replica told changed the state.", leads: false },
        FactKind { name: "recovered", summary: "A replica started again with additions in its log.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Added(_) => 0,
            Fact::Read(_) => 1,
            Fact::Merged { .. } => 2,
            Fact::Recovered { .. } => 3,
        })
    }
}

/// Changes that one fact tells.
const CHANGES_TOLD_MAX: usize = 8;

impl Counter {
    /// The value as this replica knows it.
    pub fn value(&self) -> i64 {
        self.counts(Counts::value)
    }

    /// Runs `look` on the counts.
    pub fn counts<R>(&self, look: impl FnOnce(&Counts) -> R) -> R {
        self.gossip.view(look)
    }
}

impl Actor for Counter {
    type Options = Options<super::counts::Combine>;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Bounds;

    fn new(node: NodeId, nodes: u32, options: &Self::Options) -> Counter {
        Counter { gossip: Gossip::new(node, nodes, options) }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Counter>, records: &[Record]) {
        let inner: Vec<Logged<i64>> = records.iter().map(|Record::Added(logged)| logged.clone()).collect();
        if !inner.is_empty() {
            let sum = |amounts: &mut dyn Iterator<Item = u64>| amounts.fold(0u64, u64::saturating_add);
            let of = |positive: bool| {
                inner.iter().map(|logged| logged.change).filter(move |amount| (*amount > 0) == positive).map(i64::unsigned_abs)
            };
            ctx.fact(Fact::Recovered { added: sum(&mut of(true)), removed: sum(&mut of(false)) });
        }
        ctx.embed(|ctx| self.gossip.recover(ctx, &inner));
    }

    fn message(&mut self, ctx: &mut Context<'_, Counter>, from: NodeId, message: Message) {
        let Message::Gossip(inner) = message;
        let before = self.gossip.state().cloned();
        ctx.embed(|ctx| self.gossip.message(ctx, from, inner));
        let Some(now) = self.gossip.state() else { return };
        if before.as_ref().is_some_and(|before| before.same(now)) {
            return;
        }
        let nothing = Counts::default();
        let changes = before.as_deref().unwrap_or(&nothing).changes(now).take(CHANGES_TOLD_MAX);
        let changes = changes.map(|(node, old, new)| (node, saturate(old.value()), saturate(new.value()))).collect();
        ctx.fact(Fact::Merged { from, changes, value: now.value() });
    }

    fn timer(&mut self, ctx: &mut Context<'_, Counter>, timer: Timer) {
        let Timer::Gossip(tick) = timer;
        ctx.embed(|ctx| self.gossip.timer(ctx, tick));
    }

    fn synced(&mut self, ctx: &mut Context<'_, Counter>, upto: u64) {
        ctx.embed(|ctx| self.gossip.synced(ctx, upto));
    }

    fn request(&mut self, ctx: &mut Context<'_, Counter>, operation: OpId, request: Request) {
        match request {
            Request::Add(amount) => ctx.embed(|ctx| self.gossip.request(ctx, operation, amount)),
            Request::Read => {
                let value = self.value();
                ctx.fact(Fact::Read(value));
                ctx.reply(operation, Response::Value(value));
            }
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        self.gossip.replica_digest()
    }
}

fn saturate(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

impl Embeds<Gossip<Counts>> for Counter {
    fn inner_options(options: &Self::Options) -> &Self::Options {
        options
    }

    fn wrap_message(inner: Inner<Counts>) -> Message {
        Message::Gossip(inner)
    }

    fn wrap_timer(inner: Tick) -> Timer {
        Timer::Gossip(inner)
    }

    fn wrap_record(inner: Logged<i64>) -> Record {
        Record::Added(inner)
    }

    fn wrap_fact(Applied(amount): Applied) -> Option<Fact> {
        Some(Fact::Added(amount))
    }

    fn wrap_response((): ()) -> Response {
        Response::Done
    }
}

impl Counted for Message {
    const KINDS: &'static [Kind] = Inner::<Counts>::KINDS;

    fn kind(&self) -> usize {
        let Message::Gossip(inner) = self;
        inner.kind()
    }

    fn forge(&self, choice: u64) -> Option<Message> {
        let Message::Gossip(inner) = self;
        inner.forge(choice).map(Message::Gossip)
    }
}

impl Named for Timer {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        let Timer::Gossip(tick) = self;
        tick.index()
    }

    fn from_index(index: usize) -> Timer {
        Timer::Gossip(Tick::from_index(index))
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        let Message::Gossip(inner) = self;
        inner.encode(sink);
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        let Record::Added(logged) = self;
        logged.encode(sink);
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Add(amount) => {
                sink.u8(0);
                sink.i64(*amount);
            }
            Request::Read => sink.u8(1),
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Done => sink.u8(0),
            Response::Value(value) => {
                sink.u8(1);
                sink.i64(*value);
            }
        }
    }
}
