//! What processes say to each other beside Raft's own messages, and what they write down.

use crate::consensus::raft::message as raft;
use quorate_engine::{Kind, Message as Counted, NodeId, OpId, Role, Sink, Timer as Named, TimerSlot, Update, Wire};

/// A message that is broadcast.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// Who broadcast it, and as which of its messages, from 1.
    pub message: Update,
    /// In which channel.
    pub channel: u32,
    /// What is told: one more than the number of the client's operation.
    pub value: u64,
}

/// Bits of a value, and of a number: the rest of 64 names the origin.
const VALUE_BITS: u32 = 32;
const NUMBER_BITS: u32 = 20;

impl Item {
    /// The client's operation.
    pub(super) fn operation(&self) -> OpId {
        OpId((self.value - 1) as u32)
    }

    /// As it stands in the list of its channel.
    ///
    /// # Panics
    /// When a process has broadcast more than a million messages, or there are more than 4,096 processes.
    pub(super) fn packed(&self) -> u64 {
        let Update { origin, number } = self.message;
        assert!(
            number < 1 << NUMBER_BITS && origin.0 < 1 << 12 && self.value < 1 << VALUE_BITS,
            "{self:?} has no room in a list"
        );
        u64::from(origin.0) << (NUMBER_BITS + VALUE_BITS) | u64::from(number) << VALUE_BITS | self.value
    }

    pub(super) fn unpacked(channel: u32, packed: u64) -> Item {
        let number = (packed >> VALUE_BITS) as u32 & ((1 << NUMBER_BITS) - 1);
        let origin = NodeId((packed >> (NUMBER_BITS + VALUE_BITS)) as u32);
        Item { message: Update { origin, number }, channel, value: packed & ((1 << VALUE_BITS) - 1) }
    }
}

/// A message between processes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// The embedded Raft's.
    Raft(raft::Message),
    /// To who leads: this is to be in the log.
    Propose(Item),
    /// The same again: it is not delivered yet.
    Again(Item),
}

/// What a process logs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// The embedded Raft's.
    Raft(raft::Record),
    /// It broadcasts this.
    Broadcast(Item),
    /// It delivers this.
    Delivered(Item),
    /// It has lost what it had written, and stays out.
    Out,
}

/// A process's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The embedded Raft's.
    Raft(raft::Timer),
    /// What is not delivered is proposed again.
    Retry,
}

/// Raft's timers have the first numbers.
const OWN: usize = 5;

impl Named for Timer {
    type Slots = [TimerSlot; OWN + 1];

    fn index(self) -> usize {
        match self {
            Timer::Raft(inner) => inner.index(),
            Timer::Retry => OWN,
        }
    }

    fn from_index(index: usize) -> Timer {
        match index {
            OWN => Timer::Retry,
            index => Timer::Raft(raft::Timer::from_index(index)),
        }
    }
}

const RAFTS: usize = raft::Message::KINDS.len();

impl Counted for Message {
    const KINDS: &'static [Kind] = &Kind::after::<{ RAFTS + 2 }>(
        raft::Message::KINDS,
        &[Kind::protocol("propose"), Kind { name: "propose-again", role: Role::Retry }],
    );

    fn kind(&self) -> usize {
        match self {
            Message::Raft(inner) => inner.kind(),
            Message::Propose(_) => RAFTS,
            Message::Again(_) => RAFTS + 1,
        }
    }

    /// Another channel: a message that nobody has asked for there.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Raft(inner) => return inner.forge(choice).map(Message::Raft),
            Message::Propose(item) | Message::Again(item) => item.channel = item.channel.wrapping_add(1 + (choice % 8) as u32),
        }
        Some(forged)
    }
}

impl Wire for Item {
    fn encode(&self, sink: &mut impl Sink) {
        self.message.encode(sink);
        sink.u32(self.channel);
        sink.u64(self.value);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Message::Raft(inner) => inner.encode(sink),
            Message::Propose(item) | Message::Again(item) => {
                sink.u8(self.kind() as u8);
                item.encode(sink);
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
            Record::Broadcast(item) => {
                sink.u8(1);
                item.encode(sink);
            }
            Record::Delivered(item) => {
                sink.u8(2);
                item.encode(sink);
            }
            Record::Out => sink.u8(3),
        }
    }
}
