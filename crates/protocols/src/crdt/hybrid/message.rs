//! What clients ask, what replicas say to each other beside Raft's own messages, and what they write down.

use super::tally::{Tallies, key};
use crate::consensus::raft::message as raft;
use crate::crdt::types::dot::Origin;
use quorate_engine::{Kind, Message as Counted, OpId, Role, Sink, Timer as Named, TimerSlot, Wire};

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Count so much.
    Increment(u32),
    /// Tell the value.
    Read,
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// It is counted, and on this replica's disk.
    Done,
    /// The value.
    Value(u64),
}

/// That an origin's tally is to go up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Proposal {
    /// Each try has another number.
    pub number: OpId,
    /// Whose.
    pub origin: Origin,
    /// What is agreed on of it, as far as its replica knows: of anything else it is not raised.
    pub from: Option<u64>,
    /// What it is to be.
    pub to: u64,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// The embedded Raft's.
    Raft(raft::Message),
    /// To whoever leads: have this agreed on.
    Propose(Proposal),
    /// To who proposed what is agreed on already: this is.
    Agreed(Tallies),
    /// To everybody, for a read: have your tally agreed on. The read's number among those of the replica that reads.
    Contribute(u32),
    /// The answer, once it is so: whose tally, and how much.
    Contributed(u32, Origin, u64),
}

/// What a replica logs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// The embedded Raft's.
    Raft(raft::Record),
    /// A client's increment.
    Counted(OpId, u32),
    /// What was agreed on, as far as this replica knew.
    Agreed(Tallies),
    /// The disk is new: this is the replica's life from here on.
    Born(u8),
    /// The replica's tally is set to that: S1's reset.
    Reset(u64),
}

/// A replica's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The embedded Raft's.
    Raft(raft::Timer),
    /// It is time for the slow path.
    Sync,
    /// What was not answered is said again.
    Retry,
}

/// Raft's timers have the first numbers.
const OWN: usize = 5;

impl Named for Timer {
    type Slots = [TimerSlot; OWN + 2];

    fn index(self) -> usize {
        match self {
            Timer::Raft(inner) => inner.index(),
            Timer::Sync => OWN,
            Timer::Retry => OWN + 1,
        }
    }

    fn from_index(index: usize) -> Timer {
        match index {
            OWN => Timer::Sync,
            index if index > OWN => Timer::Retry,
            index => Timer::Raft(raft::Timer::from_index(index)),
        }
    }
}

const RAFTS: usize = raft::Message::KINDS.len();

impl Counted for Message {
    const KINDS: &'static [Kind] = &Kind::after::<{ RAFTS + 4 }>(
        raft::Message::KINDS,
        &[
            Kind::protocol("propose"),
            Kind { name: "agreed", role: Role::Recovery },
            Kind::protocol("contribute"),
            Kind::protocol("contributed"),
        ],
    );

    fn kind(&self) -> usize {
        match self {
            Message::Raft(inner) => inner.kind(),
            Message::Propose(_) => RAFTS,
            Message::Agreed(_) => RAFTS + 1,
            Message::Contribute(_) => RAFTS + 2,
            Message::Contributed(..) => RAFTS + 3,
        }
    }

    /// Another tally than the one there is.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Raft(inner) => return inner.forge(choice).map(Message::Raft),
            Message::Propose(proposal) => proposal.to = proposal.to.wrapping_add(1 + choice % 1024),
            Message::Contributed(_, _, tally) => *tally = tally.wrapping_add(1 + choice % 1024),
            Message::Agreed(_) | Message::Contribute(_) => return None,
        }
        Some(forged)
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Increment(amount) => {
                sink.u8(0);
                sink.u32(*amount);
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
                sink.u64(*value);
            }
        }
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        if let Message::Raft(inner) = self {
            return inner.encode(sink);
        }
        sink.u8(self.kind() as u8);
        match self {
            Message::Raft(_) => {}
            Message::Propose(proposal) => {
                proposal.number.encode(sink);
                sink.u32(key(proposal.origin));
                proposal.from.encode(sink);
                sink.u64(proposal.to);
            }
            Message::Agreed(tallies) => tallies.encode(sink),
            Message::Contribute(read) => sink.u32(*read),
            Message::Contributed(read, origin, tally) => {
                sink.u32(*read);
                sink.u32(key(*origin));
                sink.u64(*tally);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Raft(inner) => {
                sink.u8(0);
                inner.encode(sink);
            }
            Record::Counted(operation, amount) => {
                sink.u8(1);
                operation.encode(sink);
                sink.u32(*amount);
            }
            Record::Agreed(tallies) => {
                sink.u8(2);
                tallies.encode(sink);
            }
            Record::Born(life) => {
                sink.u8(3);
                sink.u8(*life);
            }
            Record::Reset(tally) => {
                sink.u8(4);
                sink.u64(*tally);
            }
        }
    }
}
