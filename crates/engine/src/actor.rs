//! The actor: what a protocol is to the world. A protocol implements [`Actor`] and its message and timer types; the world
//! calls the handlers and carries out the effects that they leave in the [`Context`]. An actor has no other way to act, to
//! read a clock or to draw a lot, so any driver can run it: the simulator, the exhaustive search, a replay.

use crate::context::Context;
use crate::id::{NodeId, OpId};
use crate::monitor::Monitor;
use crate::timers::Slots;
use crate::wire::Wire;
use std::fmt::Debug;
use std::hash::Hash;

/// A replica of a protocol.
///
/// Handlers read straight down and only push effects. `Clone + Eq + Hash` serve the exhaustive search, which copies and
/// compares worlds. What all replicas share (parameters) belongs in [`Actor::Options`], not in the replica.
pub trait Actor: Clone + Eq + Hash + 'static {
    /// The protocol's parameters, shared by all replicas and constant in a run.
    type Options: Clone + 'static;
    /// What replicas send each other: one enum a protocol.
    type Message: Message;
    /// The names of the timers that a replica may arm.
    type Timer: Timer;
    /// What a replica writes to its log; `()` for one that keeps nothing.
    type Record: Wire + Clone + Eq + Hash + Debug + 'static;
    /// What a replica states about itself for monitors, triggers and reports ("elected", "decided 5").
    type Fact: Fact;
    /// What a client asks.
    type Request: Wire + Clone + Eq + Hash + Debug + 'static;
    /// What a client is told.
    type Response: Wire + Clone + Eq + Hash + Debug + 'static;
    /// What judges the facts while the run goes on; `()` judges nothing.
    type Monitor: Monitor<Self>;

    /// A replica before it has run: the world calls [`Actor::recover`] next.
    fn new(node: NodeId, nodes: u32, options: &Self::Options) -> Self;

    /// The start and the only way back: `records` are those that survived, in the order in which they were appended, up to
    /// the first that the disk cannot read ([`Context::damage`] says whether there is one, and that one and all after it are
    /// cut off the log); none at the first start. Volatile state is gone, all timers are unarmed.
    fn recover(&mut self, ctx: &mut Context<'_, Self>, records: &[Self::Record]);

    /// A message arrived.
    fn message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Self::Message);

    /// An armed timer is due; it is no longer armed.
    fn timer(&mut self, ctx: &mut Context<'_, Self>, timer: Self::Timer);

    /// A forced write is complete: the first `upto` records of this node are durable, those that it was given at its last start and
    /// those that it has appended since counted from the first.
    fn synced(&mut self, _ctx: &mut Context<'_, Self>, _upto: u64) {}

    /// The disk had no room for the record of number `from`, counted from 0: it is not in the log, and whatever the handler asked for
    /// after it was not done, so that nothing can claim the record. The next record that is appended has this number: forget who waits for
    /// it. What can only go on with a log stops, as here; who appends in here and finds no room again is stopped.
    fn disk_full(&mut self, ctx: &mut Context<'_, Self>, _from: u64) {
        ctx.halt();
    }

    /// A client asks; answer with [`Context::reply`], now or later. A client that heard nothing may ask again, here or elsewhere, with
    /// the same number.
    fn request(&mut self, ctx: &mut Context<'_, Self>, operation: OpId, request: Self::Request);

    /// The digest of the replicated state, computed anew from the state itself: what `--verify` holds against the digest
    /// that the replica published. `None` for a protocol that replicates nothing.
    fn replica_digest(&self) -> Option<u64> {
        None
    }

    /// Whether this node keeps the replicated state. One that does not (a witness, a view server) is not asked to agree with the others.
    fn keeps_state(_options: &Self::Options, _node: NodeId, _nodes: u32) -> bool {
        true
    }

    /// Whom a client asks in a round of an operation, when its own choice would be `aim`: pushed to `to`. This is the client's part of the
    /// protocol, as is [`Actor::heard`].
    fn ask(_options: &Self::Options, _nodes: u32, _request: &Self::Request, aim: NodeId, to: &mut Vec<NodeId>) {
        to.push(aim);
    }

    /// What a client makes of the answers that it has in a round, the latest last.
    fn heard(_options: &Self::Options, _request: &Self::Request, answers: &[(NodeId, Self::Response)]) -> Heard<Self> {
        Heard::Answer(answers[answers.len() - 1].1.clone())
    }

    /// The register and the value that an answer tells a client: what it expects there in a later compare-and-set. Of a lock, the
    /// token that came with it; 0 says that the client does not have it.
    fn told(_request: &Self::Request, _response: &Self::Response) -> Option<(u32, u64)> {
        None
    }

    /// Whether handlers read a clock under these options. Exploration then keeps the clocks in its states; a handler that
    /// reads one although this says no is a reported error.
    fn reads_clocks(_options: &Self::Options) -> bool {
        false
    }
}

/// What a client makes of the answers so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard<A: Actor> {
    /// They are not enough.
    Wait,
    /// This is the operation's answer.
    Answer(A::Response),
    /// The next round begins: it asks this.
    Next(A::Request),
}

/// What replicas send each other.
pub trait Message: Wire + Clone + Eq + Hash + Debug + 'static {
    /// The kinds that the ledger counts, in the order of [`Message::kind`].
    const KINDS: &'static [Kind];

    /// Which of [`Message::KINDS`] this is.
    fn kind(&self) -> usize;

    /// The message with a content that its sender would not have sent, for byzantine nodes and corruption that a checksum
    /// misses: `choice` picks among the lies. `None` where the message holds nothing to lie about.
    fn forge(&self, _choice: u64) -> Option<Self> {
        None
    }
}

/// A kind of message, as the ledger counts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// The name that reports show.
    pub name: &'static str,
    /// What the message is for.
    pub role: Role,
}

impl Kind {
    /// A message that the protocol's work consists of.
    pub const fn protocol(name: &'static str) -> Kind {
        Kind { name, role: Role::Protocol }
    }

    /// The kinds of an actor that hands on another's messages and has some of its own: first that one's, then these.
    ///
    /// # Panics
    /// When `N` is not the number of both.
    pub const fn after<const N: usize>(inner: &[Kind], own: &[Kind]) -> [Kind; N] {
        assert!(inner.len() + own.len() == N, "so many kinds there are not");
        let mut kinds = [Kind::protocol(""); N];
        let mut place = 0;
        while place < N {
            kinds[place] = if place < inner.len() { inner[place] } else { own[place - inner.len()] };
            place += 1;
        }
        kinds
    }
}

/// What a message is for: the question behind "what did the coordination cost".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// The protocol's own work.
    Protocol,
    /// Says only that the sender is there.
    Heartbeat,
    /// Says again what may have been lost.
    Retry,
    /// Brings a node back up to date.
    Recovery,
    /// Between a client and a replica.
    Client,
}

impl Role {
    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            Role::Protocol => "protocol",
            Role::Heartbeat => "heartbeat",
            Role::Retry => "retry",
            Role::Recovery => "recovery",
            Role::Client => "client",
        }
    }
}

/// The names of a replica's timers: at most 64, numbered from 0. Arming one that is armed moves it.
pub trait Timer: Copy + Eq + Hash + Debug + 'static {
    /// `[TimerSlot; N]` for `N` names.
    type Slots: Slots;

    /// The timer's number.
    fn index(self) -> usize;

    /// The timer of that number.
    fn from_index(index: usize) -> Self;
}

/// What replicas state. Some facts have a kind with a name, so that a fault may be meant for whoever stated one last.
pub trait Fact: Clone + Eq + Hash + Debug + 'static {
    /// The kinds that have names.
    const KINDS: &'static [FactKind];

    /// The place of this fact's kind in [`Fact::KINDS`]; `None` for one that has none.
    fn kind(&self) -> Option<usize>;

    /// Whether reports may want it. What is stated with every operation, for the monitor alone, need not be kept.
    fn is_kept(&self) -> bool {
        true
    }
}

/// A kind of fact, as people know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FactKind {
    /// The name: `elected`.
    pub name: &'static str,
    /// What the replica says with it.
    pub summary: &'static str,
    /// Whether who states it leads from then on.
    pub leads: bool,
}

impl Fact for () {
    const KINDS: &'static [FactKind] = &[];

    fn kind(&self) -> Option<usize> {
        None
    }
}

/// For protocols without timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NoTimer {}

impl Timer for NoTimer {
    type Slots = [crate::timers::TimerSlot; 0];

    fn index(self) -> usize {
        match self {}
    }

    fn from_index(index: usize) -> NoTimer {
        panic!("timer {index} of a protocol without timers")
    }
}
