//! What processes send each other, and what they write down.

use quorate_engine::{Kind, Message as Counted, NodeId, Role, Timer as Named, TimerSlot, Update};
use std::rc::Rc;

/// A message that is to be delivered everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Posted {
    /// Its name.
    pub id: Update,
    /// The channel.
    pub channel: u32,
    /// What it says.
    pub value: u64,
}

/// The reign of a sequencer over a channel: a later one is over all before it. Corfu calls it an epoch (Balakrishnan et al., "CORFU", NSDI 2012).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch {
    /// One more than in the epochs that the sequencer knew of.
    pub round: u32,
    /// The sequencer.
    pub node: NodeId,
}

/// A message with the number that it has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// From 1 on.
    pub number: u64,
    /// In which it was accepted; `None`: it is stable, and nothing else can come in its place.
    pub epoch: Option<Epoch>,
    /// What.
    pub posted: Posted,
}

/// How far a sequencer is in a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Progress {
    /// The channel.
    pub channel: u32,
    /// The reign.
    pub epoch: Epoch,
    /// The last number that was given.
    pub last: u64,
    /// Up to there, a majority has everything.
    pub stable: u64,
}

/// Between processes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// To the sequencer: number and broadcast this.
    Submit {
        /// What.
        posted: Posted,
        /// Whether the sender has said so before.
        again: bool,
    },
    /// To everybody: this, which the sequencer will number.
    Body {
        /// What.
        posted: Posted,
        /// Whether the sender has said so before.
        again: bool,
    },
    /// To the sequencer: a number for this message.
    Ask {
        /// Its channel.
        channel: u32,
        /// Its name.
        id: Update,
        /// Whether the sender has asked before.
        again: bool,
    },
    /// To a sender: the number of its message.
    Grant {
        /// The channel.
        channel: u32,
        /// The reign.
        epoch: Epoch,
        /// The number.
        number: u64,
        /// The message.
        id: Update,
    },
    /// Messages with their numbers, from the first on.
    Order {
        /// The channel.
        channel: u32,
        /// The reign.
        epoch: Epoch,
        /// The first number.
        first: u64,
        /// The messages.
        messages: Rc<[Posted]>,
        /// Whether it is said again for somebody who lacks it.
        again: bool,
    },
    /// The numbers of messages whose senders broadcast them, from the first on.
    Numbers {
        /// The channel.
        channel: u32,
        /// The reign.
        epoch: Epoch,
        /// The first number.
        first: u64,
        /// The messages.
        ids: Rc<[Update]>,
    },
    /// To the sequencer: all numbers up to there are on disk here.
    Ack {
        /// The channel.
        channel: u32,
        /// The reign.
        epoch: Epoch,
        /// The last number.
        upto: u64,
    },
    /// A majority has all numbers up to there.
    Stable(Progress),
    /// To the sequencer: these numbers are missing here.
    Missing {
        /// The channel.
        channel: u32,
        /// The first.
        from: u64,
        /// The last.
        upto: u64,
    },
    /// Accept nothing any more of an earlier epoch, and say what there is beyond a number.
    Seal {
        /// The channel.
        channel: u32,
        /// The reign that is to begin.
        epoch: Epoch,
        /// All numbers up to there the one who asks has, and they are stable.
        beyond: u64,
    },
    /// To who takes over: it is promised.
    Sealed {
        /// The channel.
        channel: u32,
        /// The reign that is to begin.
        epoch: Epoch,
        /// What there is.
        entries: Rc<[Entry]>,
    },
    /// A later reign is promised.
    Refused {
        /// The channel.
        channel: u32,
        /// That reign.
        epoch: Epoch,
    },
    /// The sequencer is there, and so far.
    Beat(Rc<[Progress]>),
}

/// What a process writes down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// It is about to broadcast this.
    Sent(Posted),
    /// It has promised to accept nothing of an earlier epoch.
    Promised(u32, Epoch),
    /// It has accepted a message.
    Accepted(Entry),
    /// It has given a message's sender its number.
    Granted(u32, u64, Update),
    /// It has delivered all numbers up to there.
    Delivered(u32, u64),
}

/// What a process waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// To say that it is there, and to see who is not.
    Beat,
    /// To say again what was not delivered.
    Resend,
    /// For more messages of a batch.
    Linger,
}

impl Named for Timer {
    type Slots = [TimerSlot; 3];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Beat, Timer::Resend, Timer::Linger][index]
    }
}

const SUBMIT: usize = 0;
const SUBMIT_AGAIN: usize = 1;
const BODY: usize = 2;
const BODY_AGAIN: usize = 3;
const ASK: usize = 4;
const ASK_AGAIN: usize = 5;
const GRANT: usize = 6;
const ORDER: usize = 7;
const ORDER_AGAIN: usize = 8;
const NUMBERS: usize = 9;
const ACK: usize = 10;
const STABLE: usize = 11;
const MISSING: usize = 12;
const SEAL: usize = 13;
const SEALED: usize = 14;
const REFUSED: usize = 15;
const BEAT: usize = 16;

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("submit"),
        Kind { name: "submit-again", role: Role::Retry },
        Kind::protocol("body"),
        Kind { name: "body-again", role: Role::Retry },
        Kind::protocol("ask"),
        Kind { name: "ask-again", role: Role::Retry },
        Kind::protocol("grant"),
        Kind::protocol("order"),
        Kind { name: "order-again", role: Role::Retry },
        Kind::protocol("numbers"),
        Kind::protocol("ack"),
        Kind::protocol("stable"),
        Kind { name: "missing", role: Role::Retry },
        Kind { name: "seal", role: Role::Recovery },
        Kind { name: "sealed", role: Role::Recovery },
        Kind { name: "refused", role: Role::Recovery },
        Kind { name: "beat", role: Role::Heartbeat },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Submit { again: false, .. } => SUBMIT,
            Message::Submit { again: true, .. } => SUBMIT_AGAIN,
            Message::Body { again: false, .. } => BODY,
            Message::Body { again: true, .. } => BODY_AGAIN,
            Message::Ask { again: false, .. } => ASK,
            Message::Ask { again: true, .. } => ASK_AGAIN,
            Message::Grant { .. } => GRANT,
            Message::Order { again: false, .. } => ORDER,
            Message::Order { again: true, .. } => ORDER_AGAIN,
            Message::Numbers { .. } => NUMBERS,
            Message::Ack { .. } => ACK,
            Message::Stable(_) => STABLE,
            Message::Missing { .. } => MISSING,
            Message::Seal { .. } => SEAL,
            Message::Sealed { .. } => SEALED,
            Message::Refused { .. } => REFUSED,
            Message::Beat(_) => BEAT,
        }
    }

    /// Another value, or another number.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Submit { posted, .. } | Message::Body { posted, .. } => posted.value ^= 1 + choice % 1024,
            Message::Grant { number, .. } => *number += 1 + choice % 4,
            Message::Order { first, .. } | Message::Numbers { first, .. } => *first += 1 + choice % 4,
            Message::Ack { upto, .. } => *upto += 1 + choice % 4,
            Message::Stable(progress) => progress.stable += 1 + choice % 4,
            _ => return None,
        }
        Some(forged)
    }
}
