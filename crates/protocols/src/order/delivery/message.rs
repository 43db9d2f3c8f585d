//! What nodes say to each other, and what they write down.

use quorate_engine::{Kind, Message as Counted, NodeId, OpId, Role, Sink, Timer, TimerSlot, Update, Wire};

/// A message on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Letter {
    /// Its name: nobody else's, for ever.
    pub name: Update,
    /// Its number among those that its sender has for this receiver, from 1. 0 where nobody counts.
    pub number: u32,
    /// What it says.
    pub value: u64,
}

/// Between a sender and a receiver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// The message.
    Letter(Letter),
    /// The same once more: nobody has said that it has arrived.
    Again(Letter),
    /// The message of that number is delivered.
    Ack(u32),
}

/// What a node logs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// It sends this to that one, for a client's operation.
    Sent(OpId, NodeId, Letter),
    /// It delivers this, at that instant of its elapsed clock.
    Delivered(Letter, u64),
    /// Its message to that one, of that number, is delivered: it does not say it again.
    Confirmed(NodeId, u32),
    /// It has lost what it had written, and stays out.
    Out,
}

/// The only timer: a sender looks at what is not acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Resend;

impl Timer for Resend {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Resend {
        Resend
    }
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[Kind::protocol("letter"), Kind { name: "again", role: Role::Retry }, Kind::protocol("ack")];

    fn kind(&self) -> usize {
        match self {
            Message::Letter(_) => 0,
            Message::Again(_) => 1,
            Message::Ack(_) => 2,
        }
    }

    /// Another value.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = *self;
        match &mut forged {
            Message::Letter(letter) | Message::Again(letter) => letter.value = letter.value.wrapping_add(1 + choice % 1024),
            Message::Ack(_) => return None,
        }
        Some(forged)
    }
}

impl Wire for Letter {
    fn encode(&self, sink: &mut impl Sink) {
        self.name.encode(sink);
        sink.u32(self.number);
        sink.u64(self.value);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Letter(letter) | Message::Again(letter) => letter.encode(sink),
            Message::Ack(number) => sink.u32(*number),
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Sent(operation, to, letter) => {
                sink.u8(0);
                operation.encode(sink);
                to.encode(sink);
                letter.encode(sink);
            }
            Record::Delivered(letter, at) => {
                sink.u8(1);
                letter.encode(sink);
                sink.u64(*at);
            }
            Record::Confirmed(to, number) => {
                sink.u8(2);
                to.encode(sink);
                sink.u32(*number);
            }
            Record::Out => sink.u8(3),
        }
    }
}
