//! What clients ask, what nodes say to each other, and what they write down.

use super::holders::Holders;
use quorate_engine::{Kind, Message as Counted, OpId, Role, Sink, Timer, TimerSlot, Wire};

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Take this in, see to it that all have it, and say who does.
    Update {
        /// Under which key.
        key: u32,
        /// How much more.
        amount: u32,
    },
    /// The sum under a key, as far as this node has the updates.
    Read(u32),
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// So many nodes are known to have the update, the one that was asked among them.
    Known(u32),
    /// The sum.
    Sum(u64),
}

/// An update: an addition. The number of its operation is its name, wherever it was asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// Its name.
    pub operation: OpId,
    /// Under which key.
    pub key: u32,
    /// How much more.
    pub amount: u32,
}

/// Between nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// I have this; take it in, and let me hear that you did (in a tree: that all beyond you did).
    Tell {
        /// What.
        item: Item,
        /// Whether the sender has said so before.
        again: bool,
    },
    /// These have it.
    Ack {
        /// What.
        operation: OpId,
        /// Who.
        holders: Holders,
        /// Whether it answers what was said again.
        again: bool,
    },
    /// Gossip: these have this.
    Rumor(Item, Holders),
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// An update.
    Has {
        /// Which.
        item: Item,
        /// Whether a client asked this node, so that it sees to it that all have it.
        own: bool,
    },
    /// All have that one. Forced with the next update only: who forgets it asks once more.
    AllHave(OpId),
}

/// The only timer: gossip's next round, and in the other patterns a look at who has not been heard of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Round;

impl Timer for Round {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Round {
        Round
    }
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("tell"),
        Kind { name: "tell-again", role: Role::Retry },
        Kind::protocol("ack"),
        Kind { name: "ack-again", role: Role::Retry },
        Kind::protocol("rumor"),
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Tell { again: false, .. } => 0,
            Message::Tell { again: true, .. } => 1,
            Message::Ack { again: false, .. } => 2,
            Message::Ack { again: true, .. } => 3,
            Message::Rumor(..) => 4,
        }
    }

    /// Another amount.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Tell { item, .. } | Message::Rumor(item, _) => {
                item.amount = item.amount.wrapping_add(1 + (choice % 1024) as u32);
            }
            Message::Ack { .. } => return None,
        }
        Some(forged)
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Update { key, amount } => {
                sink.u8(0);
                sink.u32(*key);
                sink.u32(*amount);
            }
            Request::Read(key) => {
                sink.u8(1);
                sink.u32(*key);
            }
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Known(nodes) => {
                sink.u8(0);
                sink.u32(*nodes);
            }
            Response::Sum(sum) => {
                sink.u8(1);
                sink.u64(*sum);
            }
        }
    }
}

impl Wire for Item {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        sink.u32(self.key);
        sink.u32(self.amount);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Tell { item, .. } => item.encode(sink),
            Message::Ack { operation, holders, .. } => {
                operation.encode(sink);
                holders.encode(sink);
            }
            Message::Rumor(item, holders) => {
                item.encode(sink);
                holders.encode(sink);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Has { item, own } => {
                sink.u8(0);
                item.encode(sink);
                own.encode(sink);
            }
            Record::AllHave(operation) => {
                sink.u8(1);
                operation.encode(sink);
            }
        }
    }
}
