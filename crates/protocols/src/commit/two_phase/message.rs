//! What nodes say to each other, and what they write down.

use super::super::transaction::{Refusal, Transaction, Tx, Value, Work};
use quorate_engine::{Kind, Message as Counted, NodeId, Role, Sink, Wire};

/// A participant's vote.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Vote {
    /// It can commit, and found this.
    Yes(Vec<Value>),
    /// It only read, found this, and has no further part in it.
    ReadOnly(Vec<Value>),
    /// It cannot commit, and what would need another time.
    No(Refusal),
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// A participant that was asked has done its own part, and asks a coordinator to see to the others' ("BeginCommit").
    Begin {
        /// Which.
        tx: Tx,
        /// All of it.
        transaction: Transaction,
        /// What the participant found.
        found: Vec<Value>,
    },
    /// Do your part, before anybody votes. Optimistic: what is there now? Nothing is locked for it.
    Work(Tx, Box<Work>),
    /// That is what its reads found.
    Worked(Tx, Vec<Value>),
    /// Can you commit your part? In the linear form, all before can; these are the values that they found.
    Prepare(Tx, Box<Work>, Vec<(NodeId, Vec<Value>)>),
    /// The answer.
    Vote(Tx, Vote),
    /// What was decided, and in the linear form, what was found.
    Decision {
        /// Of which.
        tx: Tx,
        /// Whether to commit.
        commit: bool,
        /// Whether it was said before, or was asked for.
        again: bool,
        /// What was found, where it travels with the decision.
        found: Vec<(NodeId, Vec<Value>)>,
        /// Why not, where a refusal travels along the chain.
        why: Option<Refusal>,
    },
    /// That is on disk.
    Acknowledge(Tx),
    /// What was decided?
    Inquire(Tx),
    /// An older transaction waits: abort this one, if it is not too late.
    Wound(Tx),
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("begin"),
        Kind::protocol("work"),
        Kind::protocol("worked"),
        Kind::protocol("prepare"),
        Kind::protocol("vote"),
        Kind::protocol("decision"),
        Kind { name: "decision-again", role: Role::Recovery },
        Kind::protocol("acknowledge"),
        Kind { name: "inquire", role: Role::Recovery },
        Kind::protocol("wound"),
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Begin { .. } => 0,
            Message::Work(..) => 1,
            Message::Worked(..) => 2,
            Message::Prepare(..) => 3,
            Message::Vote(..) => 4,
            Message::Decision { again: false, .. } => 5,
            Message::Decision { .. } => 6,
            Message::Acknowledge(_) => 7,
            Message::Inquire(_) => 8,
            Message::Wound(_) => 9,
        }
    }
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A coordinator is going to ask these (presumed commit).
    Collecting(Tx, Vec<NodeId>),
    /// A participant has voted yes, or is going to.
    Prepared(Tx, Box<Work>),
    /// A coordinator's decision, with those who are to know.
    Decision(Tx, bool, Vec<NodeId>),
    /// A coordinator has heard that all of them know.
    End(Tx),
    /// A participant's part is carried out, or given up.
    Ended(Tx, bool),
    /// A participant waited too long, and acted on a guess.
    Guessed(Tx, bool),
}

impl Wire for Vote {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Vote::Yes(found) => {
                sink.u8(0);
                found.encode(sink);
            }
            Vote::ReadOnly(found) => {
                sink.u8(1);
                found.encode(sink);
            }
            Vote::No(why) => {
                sink.u8(2);
                sink.u8(*why as u8);
            }
        }
    }
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
            Message::Work(tx, work) => {
                tx.encode(sink);
                work.encode(sink);
            }
            Message::Worked(tx, found) => {
                tx.encode(sink);
                found.encode(sink);
            }
            Message::Prepare(tx, work, found) => {
                tx.encode(sink);
                work.encode(sink);
                found.encode(sink);
            }
            Message::Vote(tx, vote) => {
                tx.encode(sink);
                vote.encode(sink);
            }
            Message::Decision { tx, commit, found, why, .. } => {
                tx.encode(sink);
                // The decision, and behind it the reason.
                sink.u8(why.map_or(u8::from(*commit), |why| 2 + why as u8));
                found.encode(sink);
            }
            Message::Acknowledge(tx) | Message::Inquire(tx) | Message::Wound(tx) => tx.encode(sink),
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Collecting(tx, whom) => {
                sink.u8(0);
                tx.encode(sink);
                whom.encode(sink);
            }
            Record::Prepared(tx, work) => {
                sink.u8(1);
                tx.encode(sink);
                work.encode(sink);
            }
            Record::Decision(tx, commit, whom) => {
                sink.u8(2);
                tx.encode(sink);
                sink.u8(u8::from(*commit));
                whom.encode(sink);
            }
            Record::End(tx) => {
                sink.u8(3);
                tx.encode(sink);
            }
            Record::Ended(tx, commit) | Record::Guessed(tx, commit) => {
                sink.u8(if matches!(self, Record::Ended(..)) { 4 } else { 5 });
                tx.encode(sink);
                sink.u8(u8::from(*commit));
            }
        }
    }
}
