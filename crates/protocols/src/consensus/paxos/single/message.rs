//! What nodes say to each other ("Paxos made simple", §2.2, §2.3), and what they write down (§2.5).

use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::replication::machine::Command;
use quorate_engine::{Kind, Message as Counted, Role, Sink, Timer as Named, TimerSlot, Wire};

/// A message about the instance of a key.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Phase 1a: promise to accept nothing below the ballot.
    Prepare(u32, Ballot),
    /// Phase 1b: promised, with the highest proposal accepted so far.
    Promise(u32, Ballot, Option<Proposal<Command>>),
    /// Phase 2a: accept this.
    Accept(u32, Proposal<Command>),
    /// Phase 2b: accepted.
    Accepted(u32, Ballot),
    /// The answer to either request in a ballot that is below what was promised.
    Refuse {
        /// The key.
        key: u32,
        /// The ballot that is refused.
        ballot: Ballot,
        /// The ballot that was promised.
        promised: Ballot,
    },
    /// A value was chosen.
    Chosen(u32, Command),
    /// What has the receiver learned, from that place in its list on?
    Ask(u64),
    /// What the sender has learned.
    Learned {
        /// The place of the first of these in its list.
        first: u64,
        /// Keys, and the values chosen for them.
        chosen: Vec<(u32, Command)>,
        /// The length of its list.
        all: u64,
    },
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("prepare"),
        Kind::protocol("promise"),
        Kind::protocol("accept"),
        Kind::protocol("accepted"),
        Kind::protocol("refuse"),
        Kind::protocol("chosen"),
        Kind { name: "ask", role: Role::Recovery },
        Kind { name: "learned", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Prepare(..) => 0,
            Message::Promise(..) => 1,
            Message::Accept(..) => 2,
            Message::Accepted(..) => 3,
            Message::Refuse { .. } => 4,
            Message::Chosen(..) => 5,
            Message::Ask(_) => 6,
            Message::Learned { .. } => 7,
        }
    }
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// The acceptor of a key promised a ballot.
    Promised(u32, Ballot),
    /// It accepted a proposal.
    Accepted(u32, Proposal<Command>),
    /// The learner learned what was chosen.
    Chosen(u32, Command),
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// One of the rounds under way has waited long enough.
    Round(u8),
    /// It is time to look whether something was missed.
    LookAround,
}

/// Rounds that a proposer has under way at once: one for each timer that it may have.
pub const ROUNDS_MAX: u8 = 63;

impl Named for Timer {
    type Slots = [TimerSlot; ROUNDS_MAX as usize + 1];

    fn index(self) -> usize {
        match self {
            Timer::Round(round) => round as usize,
            Timer::LookAround => ROUNDS_MAX as usize,
        }
    }

    fn from_index(index: usize) -> Timer {
        if index == ROUNDS_MAX as usize { Timer::LookAround } else { Timer::Round(index as u8) }
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Prepare(key, ballot) | Message::Accepted(key, ballot) => {
                sink.u32(*key);
                ballot.encode(sink);
            }
            Message::Promise(key, ballot, accepted) => {
                sink.u32(*key);
                ballot.encode(sink);
                accepted.encode(sink);
            }
            Message::Accept(key, proposal) => {
                sink.u32(*key);
                proposal.encode(sink);
            }
            Message::Refuse { key, ballot, promised } => {
                sink.u32(*key);
                ballot.encode(sink);
                promised.encode(sink);
            }
            Message::Chosen(key, command) => {
                sink.u32(*key);
                command.encode(sink);
            }
            Message::Ask(first) => sink.u64(*first),
            Message::Learned { first, chosen, all } => {
                sink.u64(*first);
                chosen.encode(sink);
                sink.u64(*all);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Promised(key, ballot) => {
                sink.u8(0);
                sink.u32(*key);
                ballot.encode(sink);
            }
            Record::Accepted(key, proposal) => {
                sink.u8(1);
                sink.u32(*key);
                proposal.encode(sink);
            }
            Record::Chosen(key, command) => {
                sink.u8(2);
                sink.u32(*key);
                command.encode(sink);
            }
        }
    }
}
