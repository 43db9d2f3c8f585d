//! What nodes say to each other, and what they write down.

use super::super::transaction::{Refusal, Transaction, Tx, Value, Work};
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use quorate_engine::{Kind, Message as Counted, NodeId, Role, Sink, Wire};

/// What each participant's reads found.
pub type Reads = Vec<(NodeId, Vec<Value>)>;

/// What was proposed of participants' votes: whether each is prepared.
pub type Proposals = Vec<(NodeId, Proposal<bool>)>;

/// A message. Phases and ballots are those of Paxos, of which every participant's vote is an instance (Gray and Lamport 2006, §4).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// The participant that was asked is prepared, and asks a leader to see to the others ("BeginCommit"). It is its vote too.
    Begin {
        /// Which.
        tx: Tx,
        /// All of it.
        transaction: Transaction,
        /// What the participant found.
        found: Vec<Value>,
    },
    /// Can you commit your part?
    Prepare(Tx, Box<Work>),
    /// A participant is prepared: phase 2a of its instance, in the first ballot.
    Vote {
        /// For which.
        tx: Tx,
        /// All who vote on it.
        participants: Vec<NodeId>,
        /// What the participant found.
        found: Vec<Value>,
    },
    /// A participant cannot commit, and never will: to the leader, who need ask nobody else.
    Refuse(Tx, Refusal),
    /// An acceptor has accepted in the first ballot that all are prepared: phase 2b of all instances in one. What they found goes with it
    /// to who tells the client.
    Accepted(Tx, Reads),
    /// What was decided.
    Decision {
        /// Of which.
        tx: Tx,
        /// Whether to commit.
        commit: bool,
        /// Whether it was asked for, or found out in a later ballot.
        again: bool,
        /// What was found, for the participant that tells the client.
        found: Reads,
        /// Why not.
        why: Option<Refusal>,
    },
    /// Who has voted on this waits: what was decided? To an acceptor, that leads if it does not know.
    Inquire(Tx, Vec<NodeId>),
    /// Phase 1a of all instances, in a later ballot.
    Phase1a(Tx, Ballot, Vec<NodeId>),
    /// Phase 1b.
    Phase1b(Tx, Ballot, Proposals),
    /// Phase 2a.
    Phase2a(Tx, Ballot, Vec<(NodeId, bool)>),
    /// Phase 2b.
    Phase2b(Tx, Ballot),
    /// An acceptor has promised this ballot, and cannot follow a lower one.
    Preempted(Tx, Ballot),
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("begin"),
        Kind::protocol("prepare"),
        Kind::protocol("vote"),
        Kind::protocol("refuse"),
        Kind::protocol("accepted"),
        Kind::protocol("decision"),
        Kind { name: "decision-again", role: Role::Recovery },
        Kind { name: "inquire", role: Role::Recovery },
        Kind { name: "phase-1a", role: Role::Recovery },
        Kind { name: "phase-1b", role: Role::Recovery },
        Kind { name: "phase-2a", role: Role::Recovery },
        Kind { name: "phase-2b", role: Role::Recovery },
        Kind { name: "preempted", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Begin { .. } => 0,
            Message::Prepare(..) => 1,
            Message::Vote { .. } => 2,
            Message::Refuse(..) => 3,
            Message::Accepted(..) => 4,
            Message::Decision { again: false, .. } => 5,
            Message::Decision { .. } => 6,
            Message::Inquire(..) => 7,
            Message::Phase1a(..) => 8,
            Message::Phase1b(..) => 9,
            Message::Phase2a(..) => 10,
            Message::Phase2b(..) => 11,
            Message::Preempted(..) => 12,
        }
    }
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A participant is prepared, or is going to be.
    Prepared(Tx, Box<Work>),
    /// A participant's part is carried out, or given up.
    Ended(Tx, bool),
    /// All that an acceptor has promised and accepted of a transaction, in the place of what it wrote of it before.
    Acceptor {
        /// Of which.
        tx: Tx,
        /// All who vote on it.
        participants: Vec<NodeId>,
        /// The ballot that it promised.
        promised: Ballot,
        /// What it accepted.
        accepted: Proposals,
    },
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Begin { tx, transaction, found } => {
                tx.encode(sink);
                transaction.encode(sink);
                found.encode(sink);
            }
            Message::Prepare(tx, work) => {
                tx.encode(sink);
                work.encode(sink);
            }
            Message::Vote { tx, participants, found } => {
                tx.encode(sink);
                participants.encode(sink);
                found.encode(sink);
            }
            Message::Refuse(tx, why) => {
                tx.encode(sink);
                sink.u8(*why as u8);
            }
            Message::Accepted(tx, found) => {
                tx.encode(sink);
                found.encode(sink);
            }
            Message::Decision { tx, commit, found, why, .. } => {
                tx.encode(sink);
                // The decision, and behind it the reason.
                sink.u8(why.map_or(u8::from(*commit), |why| 2 + why as u8));
                found.encode(sink);
            }
            Message::Inquire(tx, participants) => {
                tx.encode(sink);
                participants.encode(sink);
            }
            Message::Phase1a(tx, ballot, participants) => {
                tx.encode(sink);
                ballot.encode(sink);
                participants.encode(sink);
            }
            Message::Phase1b(tx, ballot, accepted) => {
                tx.encode(sink);
                ballot.encode(sink);
                accepted.encode(sink);
            }
            Message::Phase2a(tx, ballot, votes) => {
                tx.encode(sink);
                ballot.encode(sink);
                votes.encode(sink);
            }
            Message::Phase2b(tx, ballot) | Message::Preempted(tx, ballot) => {
                tx.encode(sink);
                ballot.encode(sink);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Prepared(tx, work) => {
                sink.u8(0);
                tx.encode(sink);
                work.encode(sink);
            }
            Record::Ended(tx, commit) => {
                sink.u8(1 + u8::from(*commit));
                tx.encode(sink);
            }
            Record::Acceptor { tx, participants, promised, accepted } => {
                sink.u8(3);
                tx.encode(sink);
                participants.encode(sink);
                promised.encode(sink);
                accepted.encode(sink);
            }
        }
    }
}
