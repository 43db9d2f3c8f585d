//! What clients ask of a machine, and what they are told.

use quorate_engine::workload::Change;
use quorate_engine::{NodeSet, Sink, Wire};

/// What a client asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Tell what is under a key.
    Read(u32),
    /// Put a value under a key, or at the end of its list.
    Write(u32, u64),
    /// Put a value under a key if it holds another, or nothing.
    Cas {
        /// The key.
        key: u32,
        /// What it must hold.
        expected: Option<u64>,
        /// What it is to hold.
        value: u64,
    },
    /// All of these with nothing in between.
    Transaction(Vec<Access>),
    /// Add to a counter.
    Add(u32, i64),
    /// Take a lock.
    Acquire {
        /// The lock.
        key: u32,
        /// The client.
        owner: u32,
    },
    /// Give a lock back.
    Release {
        /// The lock.
        key: u32,
        /// The client.
        owner: u32,
        /// That came with it.
        token: u64,
    },
    /// An operator's order to the cluster; the object knows nothing of it.
    Change(Change),
}

/// A part of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Tell what is under a key, the transaction's own writes included.
    Read(u32),
    /// Put a value under a key, or at the end of its list.
    Write(u32, u64),
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// The value is there, the amount is added, the lock is free.
    Done,
    /// What is under the key.
    Value(Option<u64>),
    /// The compare-and-set put its value.
    Swapped,
    /// It did not: this is under the key.
    Held(Option<u64>),
    /// What the reads of a transaction found, in their order.
    Values(Vec<Option<u64>>),
    /// The list under the key.
    List(Vec<u64>),
    /// What the reads of a transaction on lists found, in their order.
    Lists(Vec<Vec<u64>>),
    /// The counter under the key.
    Count(i64),
    /// The lock is the client's, with this token: greater than every one before it.
    Granted(u64),
    /// Another client has the lock.
    Busy,
    /// The client does not have the lock, or has it with another token.
    NotHeld,
}

impl Request {
    /// Whether it may change anything.
    pub fn changes(&self) -> bool {
        match self {
            Request::Read(_) | Request::Change(_) => false,
            Request::Write(..) | Request::Cas { .. } | Request::Add(..) => true,
            Request::Acquire { .. } | Request::Release { .. } => true,
            Request::Transaction(accesses) => accesses.iter().any(|access| matches!(access, Access::Write(..))),
        }
    }

    /// The register and value that a client knows of once it has the answer; of a lock the token, 0 when the client does not have it.
    pub(crate) fn told(&self, response: &Response) -> Option<(u32, u64)> {
        match (self, response) {
            (Request::Write(key, value), _) | (Request::Cas { key, value, .. }, Response::Swapped) => Some((*key, *value)),
            (Request::Read(key), Response::Value(value)) | (Request::Cas { key, .. }, Response::Held(value)) => {
                value.map(|value| (*key, value))
            }
            (Request::Acquire { key, .. }, Response::Granted(token)) => Some((*key, *token)),
            (Request::Acquire { key, .. } | Request::Release { key, .. }, _) => Some((*key, 0)),
            _ => None,
        }
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Read(key) => {
                sink.u8(0);
                sink.u32(*key);
            }
            Request::Write(key, value) => {
                sink.u8(1);
                sink.u32(*key);
                sink.u64(*value);
            }
            Request::Cas { key, expected, value } => {
                sink.u8(2);
                sink.u32(*key);
                expected.encode(sink);
                sink.u64(*value);
            }
            Request::Transaction(accesses) => {
                sink.u8(3);
                accesses.encode(sink);
            }
            Request::Add(key, amount) => {
                sink.u8(4);
                sink.u32(*key);
                amount.encode(sink);
            }
            Request::Acquire { key, owner } => {
                sink.u8(5);
                sink.u32(*key);
                sink.u32(*owner);
            }
            Request::Release { key, owner, token } => {
                sink.u8(6);
                sink.u32(*key);
                sink.u32(*owner);
                sink.u64(*token);
            }
            Request::Change(change) => {
                sink.u8(7);
                encode_change(change, sink);
            }
        }
    }
}

fn encode_change(change: &Change, sink: &mut impl Sink) {
    let (order, whom) = match change {
        Change::Add(whom) => (0, whom),
        Change::Learn(whom) => (1, whom),
        Change::Remove(whom) => (2, whom),
        Change::Become(whom) => (3, whom),
        Change::Lead(who) => (4, &NodeSet::one(*who)),
    };
    sink.u8(order);
    sink.u32(whom.len() as u32);
    whom.iter().for_each(|node| node.encode(sink));
}

impl Wire for Access {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Access::Read(key) => {
                sink.u8(0);
                sink.u32(*key);
            }
            Access::Write(key, value) => {
                sink.u8(1);
                sink.u32(*key);
                sink.u64(*value);
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
                value.encode(sink);
            }
            Response::Swapped => sink.u8(2),
            Response::Held(value) => {
                sink.u8(3);
                value.encode(sink);
            }
            Response::Values(values) => {
                sink.u8(4);
                values.encode(sink);
            }
            Response::List(values) => {
                sink.u8(5);
                values.encode(sink);
            }
            Response::Lists(lists) => {
                sink.u8(6);
                lists.encode(sink);
            }
            Response::Count(sum) => {
                sink.u8(7);
                sum.encode(sink);
            }
            Response::Granted(token) => {
                sink.u8(8);
                sink.u64(*token);
            }
            Response::Busy => sink.u8(9),
            Response::NotHeld => sink.u8(10),
        }
    }
}
