//! What replicas of a data type send each other, log and state.

use super::super::data::{Data, Operation};
use super::super::types::dot::{Dot, Origin, VersionVector};
use super::super::types::{Request as Ask, Value};
use quorate_check::list::Change;
use quorate_engine::{Content, FactKind, Kind, Message as Counted, NodeId, OpId, Sink, Timer, TimerSlot, Wire};
use std::rc::Rc;

/// A state, or a part of one, and which operations it has come from.
///
/// The operations are an auxiliary variable, as in a proof: they let the monitor say which sets of operations have met, and no replica
/// that sends states or deltas decides anything by them. So they are not on the wire, nor are they paid for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Known {
    /// The state.
    pub data: Data,
    /// The operations: with a part of a state, those that a replica has once it has merged it.
    pub history: VersionVector,
}

/// An operation on its way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Envelope {
    /// Its name.
    pub dot: Dot,
    /// What its source had applied before: it is delivered after all that. These are on the wire.
    pub past: VersionVector,
    /// What to do.
    pub operation: Operation,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Here is my state.
    Push(Content<Known>),
    /// Tell me yours.
    Pull,
    /// The answer to a pull.
    PullReply(Content<Known>),
    /// Here is mine, tell me yours.
    PushPull(Content<Known>),
    /// The answer to a push-pull.
    PushPullReply(Content<Known>),
    /// What changed after the sender's change `from` up to its change `upto`; from 0, the whole state.
    Delta {
        /// The sender's numbers are those of this life of its memory.
        session: u32,
        /// The receiver must have all up to here.
        from: u64,
        /// And has then all up to here.
        upto: u64,
        /// Nothing, when all of it came from the receiver.
        delta: Option<Content<Known>>,
    },
    /// Of the receiver's changes in that session the sender has all up to here, and asks for the rest.
    Acknowledge {
        /// The receiver's session.
        session: u32,
        /// Its change.
        upto: u64,
    },
    /// The sender has started again and does not know what it lacks.
    Want,
    /// Operations.
    Operations(Rc<Vec<Rc<Envelope>>>),
    /// The operations that the sender has: send what it lacks; and whether it wants to hear the same of the receiver.
    Have(Rc<VersionVector>, bool),
    /// A digest of all that the sender has.
    Compare(u64),
    /// Nodes of a Merkle tree in which two states differ.
    Nodes(Walk, Rc<Vec<Children>>),
    /// The sender's pieces in these leaves, where two states differ; and whether it wants the receiver's.
    Pieces(Walk, Rc<Vec<u32>>, Content<Known>, bool),
}

/// Where two replicas are in walking down their trees. The walk ends when one of the two states is no longer what it was: then the
/// leaves that were found would not be all in which they differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Walk {
    /// The digest of the sender's state.
    pub mine: u64,
    /// The digest of the receiver's, as far as the sender knows.
    pub yours: u64,
    /// The level of the nodes: 0 is the root.
    pub level: u32,
}

/// The digests of the children of a node: its number in its level, then one digest each.
pub type Children = (u32, [u64; 16]);

/// A record of the log.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A life begins. It is the first record of every log: one that lacks it has lost its beginning, and what stands there is not believed.
    Life {
        /// Which.
        life: u8,
        /// Whether what stands before it counts.
        goes_on: bool,
    },
    /// An operation of this replica, and who asked for it; nobody, when it was the replica's own idea.
    Own(Option<OpId>, Rc<Envelope>),
    /// An operation of another.
    Applied(Rc<Envelope>),
    /// What another's state brought.
    Joined(Content<Known>),
}

/// What a client asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Request {
    /// What.
    pub ask: Ask,
    /// Not before the replica has applied just so many operations of each node.
    pub seen: Option<Rc<Vec<u32>>>,
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// The operation is durable at the replica that was asked.
    Done,
    /// What the replica reads.
    Value(Value),
}

/// What a replica states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A client's operation took effect here.
    Did(Rc<Envelope>, Option<OpId>),
    /// It was read from the log of a replica that starts again: it may never have been stated, if the crash came in between.
    Recalled(Rc<Envelope>, Option<OpId>),
    /// The state is another: these operations, this digest.
    State {
        /// A hash of the set of operations.
        history: u64,
        /// How many they are.
        total: u64,
        /// The state's digest.
        digest: u64,
    },
    /// A read was answered.
    Read {
        /// Under which key.
        key: u32,
        /// With what.
        value: Value,
        /// When these operations were there.
        history: Rc<VersionVector>,
    },
    /// What another replica told changed a counter.
    Merged {
        /// Who told.
        from: NodeId,
        /// Whose contribution changed, from what, to what; the first few.
        changes: Vec<(Origin, i64, i64)>,
    },
    /// A request could not be done here and now.
    Refused(&'static str),
    /// A text is about to be edited, as its user sees it: said before the operation is durable.
    Edits(Dot, Rc<Vec<Change>>),
    /// A text stands so, after these edits. Long ones are not told in full.
    Shows {
        /// The edits.
        history: Rc<VersionVector>,
        /// The names of the characters, hashed.
        list: Option<Rc<Vec<u64>>>,
        /// Whether the replica has just started, and has only what its disk has.
        restarted: bool,
    },
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "did", summary: "A client's operation took effect.", leads: false },
        FactKind { name: "read", summary: "A read was answered.", leads: false },
        FactKind { name: "merged", summary: "What another replica told changed a counter.", leads: false },
        FactKind { name: "refused", summary: "A request could not be done at this replica.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Did(..) => Some(0),
            Fact::Read { .. } => Some(1),
            Fact::Merged { .. } => Some(2),
            Fact::Refused(_) => Some(3),
            Fact::Recalled(..) | Fact::State { .. } | Fact::Edits(..) | Fact::Shows { .. } => None,
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self, Fact::Did(..) | Fact::Merged { .. })
    }
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("push"),
        Kind::protocol("pull"),
        Kind::protocol("pull-reply"),
        Kind::protocol("push-pull"),
        Kind::protocol("push-pull-reply"),
        Kind::protocol("delta"),
        Kind::protocol("acknowledge"),
        Kind { name: "want", role: quorate_engine::Role::Recovery },
        Kind::protocol("operations"),
        Kind::protocol("have"),
        Kind::protocol("compare"),
        Kind::protocol("nodes"),
        Kind::protocol("pieces"),
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Push(_) => 0,
            Message::Pull => 1,
            Message::PullReply(_) => 2,
            Message::PushPull(_) => 3,
            Message::PushPullReply(_) => 4,
            Message::Delta { .. } => 5,
            Message::Acknowledge { .. } => 6,
            Message::Want => 7,
            Message::Operations(_) => 8,
            Message::Have(..) => 9,
            Message::Compare(_) => 10,
            Message::Nodes(..) => 11,
            Message::Pieces(..) => 12,
        }
    }
}

/// The only timer: the next round is due.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tick;

impl Timer for Tick {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Tick {
        Tick
    }
}

impl Wire for Known {
    fn encode(&self, sink: &mut impl Sink) {
        self.data.encode(sink);
    }
}

impl Wire for Envelope {
    fn encode(&self, sink: &mut impl Sink) {
        self.dot.encode(sink);
        self.past.encode(sink);
        self.operation.encode(sink);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Push(known) | Message::PullReply(known) | Message::PushPull(known) | Message::PushPullReply(known) => {
                known.encode(sink);
            }
            Message::Pull | Message::Want => {}
            Message::Delta { session, from, upto, delta } => {
                sink.u32(*session);
                sink.u64(*from);
                sink.u64(*upto);
                delta.encode(sink);
            }
            Message::Acknowledge { session, upto } => {
                sink.u32(*session);
                sink.u64(*upto);
            }
            Message::Operations(envelopes) => {
                sink.u32(envelopes.len() as u32);
                envelopes.iter().for_each(|envelope| envelope.encode(sink));
            }
            Message::Have(vector, wants) => {
                vector.encode(sink);
                wants.encode(sink);
            }
            Message::Compare(digest) => sink.u64(*digest),
            Message::Nodes(walk, nodes) => {
                walk.encode(sink);
                sink.u32(nodes.len() as u32);
                for (node, children) in nodes.iter() {
                    sink.u32(*node);
                    children.iter().for_each(|digest| sink.u64(*digest));
                }
            }
            Message::Pieces(walk, leaves, known, wants) => {
                walk.encode(sink);
                sink.u32(leaves.len() as u32);
                leaves.iter().for_each(|leaf| sink.u32(*leaf));
                known.encode(sink);
                wants.encode(sink);
            }
        }
    }
}

impl Wire for Walk {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.mine);
        sink.u64(self.yours);
        sink.u32(self.level);
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Life { life, goes_on } => {
                sink.u8(3);
                sink.u8(*life);
                goes_on.encode(sink);
            }
            Record::Own(operation, envelope) => {
                sink.u8(0);
                operation.encode(sink);
                envelope.encode(sink);
            }
            Record::Applied(envelope) => {
                sink.u8(1);
                envelope.encode(sink);
            }
            Record::Joined(known) => {
                sink.u8(2);
                known.encode(sink);
            }
        }
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        self.ask.encode(sink);
        // What a recorded user had seen is no part of what it asks.
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Done => sink.u8(0),
            Response::Value(value) => {
                sink.u8(1);
                value.encode(sink);
            }
        }
    }
}
