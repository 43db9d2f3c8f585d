//! What servers say to each other ("Paxos made simple", §3), and what they write down.

use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::replication::machine::{Command, Machine};
use quorate_engine::{Content, Kind, Message as Counted, OpId, Role, Sink, Timer as Named, TimerSlot, Wire};

/// The place of an instance in the log, from 1; 0 is before the first.
pub type Slot = u64;

/// What is chosen in a slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// "A special 'no-op' command that leaves the state unchanged" (§3): for a gap.
    Noop,
    /// A client's command.
    Command(Command),
}

impl Value {
    /// The client's operation that it is for.
    pub(super) fn operation(&self) -> Option<OpId> {
        match self {
            Value::Noop => None,
            Value::Command(command) => Some(command.operation),
        }
    }

    /// As the monitor knows it.
    pub(super) fn digest(&self) -> Option<u64> {
        match self {
            Value::Noop => None,
            Value::Command(command) => Some(command.wire_digest()),
        }
    }
}

/// What stands for the log up to a slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Snapshot {
    /// The last slot that it stands for.
    pub last: Slot,
    /// The state machine after it.
    pub machine: Machine,
}

/// Values for slots that follow each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Batch {
    /// The sender's ballot.
    pub ballot: Ballot,
    /// The slot of the first value.
    pub first: Slot,
    /// The values.
    pub values: Content<Vec<Value>>,
    /// The sender knows what was chosen in all slots up to here.
    pub commit: Slot,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Phase 1a, for all slots from one on.
    Prepare(Ballot, Slot),
    /// Phase 1b: promised, with what was accepted in these slots.
    Promise(Ballot, Vec<(Slot, Proposal<Value>)>),
    /// Phase 2a; whether it is sent once more.
    Accept(Batch, bool),
    /// Phase 2b: in so many slots from the first on.
    Accepted(Ballot, Slot, u32),
    /// The answer to who asks in the first ballot when the second was promised.
    Refuse(Ballot, Ballot),
    /// The leader is there.
    Heartbeat {
        /// Its ballot.
        ballot: Ballot,
        /// An answer says that the sender took it for its leader then.
        round: u64,
        /// It knows what was chosen in all slots up to here.
        commit: Slot,
    },
    /// The answer to a heartbeat, or to news.
    Heard {
        /// The leader's ballot.
        ballot: Ballot,
        /// The round that it answers; 0 for none.
        round: u64,
        /// The sender knows what was chosen in all slots up to here.
        known: Slot,
        /// It lacks what the leader knows.
        behind: bool,
    },
    /// What was chosen.
    Chosen(Batch),
    /// What was chosen up to a slot, and the log no longer holds.
    InstallSnapshot(Ballot, Content<Snapshot>),
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("prepare"),
        Kind::protocol("promise"),
        Kind::protocol("accept"),
        Kind { name: "accept-again", role: Role::Retry },
        Kind::protocol("accepted"),
        Kind::protocol("refuse"),
        Kind { name: "heartbeat", role: Role::Heartbeat },
        Kind { name: "heard", role: Role::Heartbeat },
        Kind { name: "chosen", role: Role::Recovery },
        Kind { name: "install-snapshot", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Prepare(..) => 0,
            Message::Promise(..) => 1,
            Message::Accept(_, false) => 2,
            Message::Accept(_, true) => 3,
            Message::Accepted(..) => 4,
            Message::Refuse(..) => 5,
            Message::Heartbeat { .. } => 6,
            Message::Heard { .. } => 7,
            Message::Chosen(_) => 8,
            Message::InstallSnapshot(..) => 9,
        }
    }
}

/// What a server writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// It stands in this round: "each proposer remembers (in stable storage) the highest-numbered proposal it has attempted to issue"
    /// (§2.5).
    Attempted(u64),
    /// It promised a ballot, for all slots.
    Promised(Ballot),
    /// It accepted a proposal.
    Accepted(Slot, Proposal<Value>),
    /// It was told that this was chosen.
    Settled(Slot, Proposal<Value>),
    /// It knows what was chosen in all slots up to here: its log holds that.
    Known(Slot),
    /// A snapshot stands for the log up to its last slot.
    Snapshot(Content<Snapshot>),
}

/// The timers of a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// No leader was heard for an election timeout.
    Election,
    /// No leader was heard for the least election timeout: another may be promised.
    Silence,
    /// A leader gives a sign of life.
    Heartbeat,
    /// A leader looks whether it has heard of a majority.
    Quorum,
}

impl Named for Timer {
    type Slots = [TimerSlot; 4];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Election, Timer::Silence, Timer::Heartbeat, Timer::Quorum][index]
    }
}

impl Wire for Value {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Value::Noop => sink.u8(0),
            Value::Command(command) => {
                sink.u8(1);
                command.encode(sink);
            }
        }
    }
}

impl Wire for Snapshot {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.last);
        self.machine.encode(sink);
    }
}

impl Wire for Batch {
    fn encode(&self, sink: &mut impl Sink) {
        self.ballot.encode(sink);
        sink.u64(self.first);
        self.values.encode(sink);
        sink.u64(self.commit);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Prepare(ballot, first) => {
                ballot.encode(sink);
                sink.u64(*first);
            }
            Message::Promise(ballot, accepted) => {
                ballot.encode(sink);
                accepted.encode(sink);
            }
            Message::Accept(batch, _) | Message::Chosen(batch) => batch.encode(sink),
            Message::Accepted(ballot, first, count) => {
                ballot.encode(sink);
                sink.u64(*first);
                sink.u32(*count);
            }
            Message::Refuse(ballot, promised) => {
                ballot.encode(sink);
                promised.encode(sink);
            }
            Message::Heartbeat { ballot, round, commit } => {
                ballot.encode(sink);
                sink.u64(*round);
                sink.u64(*commit);
            }
            Message::Heard { ballot, round, known, behind } => {
                ballot.encode(sink);
                sink.u64(*round);
                sink.u64(*known);
                sink.u8(u8::from(*behind));
            }
            Message::InstallSnapshot(ballot, snapshot) => {
                ballot.encode(sink);
                snapshot.encode(sink);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Attempted(round) => {
                sink.u8(0);
                sink.u64(*round);
            }
            Record::Promised(ballot) => {
                sink.u8(1);
                ballot.encode(sink);
            }
            Record::Accepted(slot, proposal) => {
                sink.u8(2);
                sink.u64(*slot);
                proposal.encode(sink);
            }
            Record::Settled(slot, proposal) => {
                sink.u8(3);
                sink.u64(*slot);
                proposal.encode(sink);
            }
            Record::Known(slot) => {
                sink.u8(4);
                sink.u64(*slot);
            }
            Record::Snapshot(snapshot) => {
                sink.u8(5);
                snapshot.encode(sink);
            }
        }
    }
}
