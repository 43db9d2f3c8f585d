//! What nodes say to each other, and what they write down.

use super::super::transaction::{Refusal, Tx, Value, Work};
use quorate_engine::{Kind, Message as Counted, NodeId, Role, Sink, Wire};

/// A participant's vote.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Vote {
    /// It can commit, and found this.
    Yes(Vec<Value>),
    /// It cannot commit, and what would need another time.
    No(Refusal),
}

/// An attempt to end a transaction, in the order in which they outrank each other. No two are alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch {
    /// With `skeen`, whether its leader has never crashed since it voted: it leads those who have not, either. Else it says nothing.
    pub steady: bool,
    /// One more than any that its leader had seen.
    pub number: u32,
    /// Its leader.
    pub node: NodeId,
    /// How often that had been restarted.
    pub restarts: u32,
}

/// The coordinator's own: before any attempt.
pub const COURSE: Epoch = Epoch { steady: false, number: 0, node: NodeId(0), restarts: 0 };

/// How far a node is that knows of no decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// It has no part but that it coordinated, and gave up.
    Apart,
    /// It has voted yes (w).
    Ready,
    /// It is precommitted, on its disk (p).
    Precommitted,
    /// It is preaborted, on its disk.
    Preaborted,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Can you commit your part?
    Prepare(Tx, Box<Work>),
    /// The answer.
    Vote(Tx, Vote),
    /// All have voted yes.
    Precommit(Tx),
    /// That is on disk.
    Acknowledge(Tx),
    /// What was decided.
    Decision {
        /// Of which.
        tx: Tx,
        /// Whether to commit.
        commit: bool,
        /// Whether it comes from anybody but the coordinator in its course.
        again: bool,
    },
    /// How far are you? From now on, obey this attempt.
    Ask(Tx, Epoch, Vec<NodeId>),
    /// The answer.
    State {
        /// Of which.
        tx: Tx,
        /// Of which attempt.
        epoch: Epoch,
        /// The attempt that it obeys.
        newest: Epoch,
        /// How far it is.
        state: State,
        /// Whether it has crashed since it voted.
        recovered: bool,
    },
    /// Be precommitted, or preaborted. From a coordinator, once more.
    Move(Tx, Epoch, bool),
    /// That is on disk.
    Moved(Tx, Epoch, bool),
    /// What was decided? With those who have a part.
    Inquire(Tx, Vec<NodeId>),
    /// Nothing yet, and the coordinator is there: somebody has not voted.
    Voting(Tx),
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("prepare"),
        Kind::protocol("vote"),
        Kind::protocol("precommit"),
        Kind::protocol("acknowledge"),
        Kind::protocol("decision"),
        Kind { name: "decision-again", role: Role::Recovery },
        Kind { name: "ask", role: Role::Recovery },
        Kind { name: "state", role: Role::Recovery },
        Kind { name: "move", role: Role::Recovery },
        Kind { name: "moved", role: Role::Recovery },
        Kind { name: "inquire", role: Role::Recovery },
        Kind { name: "voting", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Prepare(..) => 0,
            Message::Vote(..) => 1,
            Message::Precommit(_) => 2,
            Message::Acknowledge(_) => 3,
            Message::Decision { again: false, .. } => 4,
            Message::Decision { .. } => 5,
            Message::Ask(..) => 6,
            Message::State { .. } => 7,
            Message::Move(..) => 8,
            Message::Moved(..) => 9,
            Message::Inquire(..) => 10,
            Message::Voting(_) => 11,
        }
    }
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A participant is going to vote yes.
    Prepared(Tx, Box<Work>),
    /// It is precommitted.
    Precommitted(Tx),
    /// It is preaborted.
    Preaborted(Tx),
    /// What the coordinator, or the leader of an attempt, decided.
    Decision(Tx, bool),
    /// A participant's part is carried out, or given up.
    Ended(Tx, bool),
}

impl Wire for Vote {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Vote::Yes(found) => {
                sink.u8(0);
                found.encode(sink);
            }
            Vote::No(why) => {
                sink.u8(1);
                sink.u8(*why as u8);
            }
        }
    }
}

impl Wire for Epoch {
    fn encode(&self, sink: &mut impl Sink) {
        let Epoch { steady, number, node, restarts } = self;
        sink.u8(u8::from(*steady));
        sink.u32(*number);
        node.encode(sink);
        sink.u32(*restarts);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Prepare(tx, work) => {
                tx.encode(sink);
                work.encode(sink);
            }
            Message::Vote(tx, vote) => {
                tx.encode(sink);
                vote.encode(sink);
            }
            Message::Precommit(tx) | Message::Acknowledge(tx) | Message::Voting(tx) => tx.encode(sink),
            Message::Decision { tx, commit, .. } => {
                tx.encode(sink);
                sink.u8(u8::from(*commit));
            }
            Message::Ask(tx, epoch, participants) => {
                tx.encode(sink);
                epoch.encode(sink);
                participants.encode(sink);
            }
            Message::State { tx, epoch, newest, state, recovered } => {
                tx.encode(sink);
                epoch.encode(sink);
                newest.encode(sink);
                sink.u8(*state as u8);
                sink.u8(u8::from(*recovered));
            }
            Message::Move(tx, epoch, commit) | Message::Moved(tx, epoch, commit) => {
                tx.encode(sink);
                epoch.encode(sink);
                sink.u8(u8::from(*commit));
            }
            Message::Inquire(tx, participants) => {
                tx.encode(sink);
                participants.encode(sink);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        let (kind, tx) = match self {
            Record::Prepared(tx, _) => (0, tx),
            Record::Precommitted(tx) => (1, tx),
            Record::Preaborted(tx) => (2, tx),
            Record::Decision(tx, _) => (3, tx),
            Record::Ended(tx, _) => (4, tx),
        };
        sink.u8(kind);
        tx.encode(sink);
        match self {
            Record::Prepared(_, work) => work.encode(sink),
            Record::Decision(_, commit) | Record::Ended(_, commit) => sink.u8(u8::from(*commit)),
            Record::Precommitted(_) | Record::Preaborted(_) => {}
        }
    }
}
