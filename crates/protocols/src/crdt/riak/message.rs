//! What clients ask, what nodes say to each other, and what vnodes write down.

use crate::crdt::types::PnCounter;
use quorate_engine::{Kind, Message as Counted, OpId, Role, Sink, Timer, TimerSlot, Wire};

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Add to a counter of the bucket.
    Add {
        /// Which.
        key: u32,
        /// How much; negative takes away.
        amount: i64,
    },
    /// Tell a counter's value.
    Read(u32),
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// It is added, on as many disks as `w` says.
    Done,
    /// The value that the join of `r` vnodes' states has.
    Value(i64),
}

/// A message between nodes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// To a vnode of the key's preference list: take this.
    Forward {
        /// The client's operation.
        operation: OpId,
        /// Which counter.
        key: u32,
        /// How much.
        amount: i64,
        /// The life of the receiver that is meant: another may have taken it already, and not know.
        life: u8,
    },
    /// To who forwarded: it is done.
    Done(OpId),
    /// To who forwarded: this is my life now, and I take nothing that is meant for another.
    Life(u8),
    /// Merge this; where an operation waits for it, say when it is on disk.
    Store(u32, PnCounter, Option<OpId>),
    /// It is.
    Stored(OpId),
    /// What do you have? The read's number among those of the asker, and the key.
    Get(u32, u32),
    /// This.
    Got(u32, PnCounter),
    /// The keys that both keep, as far as the sender has them, with the digests of their counters.
    Summary(Vec<(u32, u64)>),
    /// Merge this, and answer with what it lacks.
    Exchange(u32, PnCounter),
}

/// What a vnode logs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A client's amount was added under a key, to the node's own entry in that life.
    Counted(OpId, u32, i64, u8),
    /// It heard of this.
    Merged(u32, PnCounter),
    /// The disk is new: this is the node's life from here on.
    Born(u8),
}

/// The only timer: time for anti-entropy, and to say again what was not answered.
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

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("forward"),
        Kind::protocol("done"),
        Kind::protocol("life"),
        Kind::protocol("store"),
        Kind::protocol("stored"),
        Kind::protocol("get"),
        Kind::protocol("got"),
        Kind { name: "summary", role: Role::Recovery },
        Kind { name: "exchange", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Forward { .. } => 0,
            Message::Done(_) => 1,
            Message::Life(_) => 2,
            Message::Store(..) => 3,
            Message::Stored(_) => 4,
            Message::Get(..) => 5,
            Message::Got(..) => 6,
            Message::Summary(_) => 7,
            Message::Exchange(..) => 8,
        }
    }

    /// Another amount than a client asked for.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        let Message::Forward { amount, .. } = &mut forged else { return None };
        *amount = amount.wrapping_add(1 + (choice % 1024) as i64);
        Some(forged)
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Add { key, amount } => {
                sink.u8(0);
                sink.u32(*key);
                sink.i64(*amount);
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
            Response::Done => sink.u8(0),
            Response::Value(value) => {
                sink.u8(1);
                sink.i64(*value);
            }
        }
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Forward { operation, key, amount, life } => {
                operation.encode(sink);
                sink.u32(*key);
                sink.i64(*amount);
                sink.u8(*life);
            }
            Message::Done(operation) | Message::Stored(operation) => operation.encode(sink),
            Message::Life(life) => sink.u8(*life),
            Message::Store(key, counter, operation) => {
                sink.u32(*key);
                counter.encode(sink);
                operation.encode(sink);
            }
            Message::Get(number, key) => {
                sink.u32(*number);
                sink.u32(*key);
            }
            Message::Got(number, counter) | Message::Exchange(number, counter) => {
                sink.u32(*number);
                counter.encode(sink);
            }
            Message::Summary(digests) => digests.encode(sink),
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Counted(operation, key, amount, life) => {
                sink.u8(0);
                operation.encode(sink);
                sink.u32(*key);
                sink.i64(*amount);
                sink.u8(*life);
            }
            Record::Merged(key, counter) => {
                sink.u8(1);
                sink.u32(*key);
                counter.encode(sink);
            }
            Record::Born(life) => {
                sink.u8(2);
                sink.u8(*life);
            }
        }
    }
}
