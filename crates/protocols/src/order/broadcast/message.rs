//! What processes say to each other, and what they write down.

use quorate_engine::{Kind, Message as Counted, NodeId, OpId, Role, Sink, Timer as Named, TimerSlot, Update, Wire};

/// A message that is broadcast, with what its order needs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Envelope {
    /// Who broadcast it, and as which of its messages, from 1.
    pub message: Update,
    /// The client's operation that it was broadcast for.
    pub operation: OpId,
    /// In which channel.
    pub channel: u32,
    /// What is told.
    pub value: u64,
    /// Lamport 1978: greater than the stamp of any message that the sender knew. 0 where nobody needs it.
    pub stamp: u64,
    /// Of each process, how many of its messages the sender had delivered: the vector of causal broadcast. Empty elsewhere.
    pub clock: Vec<u32>,
}

/// A message between processes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Its sender broadcasts it.
    Data(Envelope),
    /// Somebody who has it on disk passes it on.
    Relay(Envelope),
    /// The same once more to who has not said that it has it.
    Again(Envelope),
    /// This message is on the disk of the one who says so.
    Ack(Update),
    /// Lamport 1978: what this process broadcasts from now on has a greater stamp, and it has broadcast so many messages by now.
    Clock {
        /// A stamp that is on its disk.
        stamp: u64,
        /// Messages on its disk.
        count: u32,
    },
    /// What is your clock?
    Nudge,
    /// The process is there; of its messages so many, from the first on, are everywhere.
    Heartbeat(u32),
    /// The process has lost its disk: nobody need wait for it.
    Gone,
}

/// What a process logs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// It broadcasts this.
    Broadcast(Envelope),
    /// It has this from another process.
    Received(Envelope),
    /// It delivers this.
    Delivered(Update),
    /// Everybody has this.
    Everywhere(Update),
    /// It has lost what it had written, and stays out.
    Out,
}

/// A process's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// What was not acknowledged is said again.
    Resend,
    /// Tell the others that the process is there, and look who has been silent.
    Beat,
}

impl Named for Timer {
    type Slots = [TimerSlot; 2];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Resend, Timer::Beat][index]
    }
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("data"),
        Kind::protocol("relay"),
        Kind { name: "again", role: Role::Retry },
        Kind::protocol("ack"),
        Kind::protocol("clock"),
        Kind { name: "nudge", role: Role::Retry },
        Kind { name: "heartbeat", role: Role::Heartbeat },
        Kind { name: "gone", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Data(_) => 0,
            Message::Relay(_) => 1,
            Message::Again(_) => 2,
            Message::Ack(_) => 3,
            Message::Clock { .. } => 4,
            Message::Nudge => 5,
            Message::Heartbeat(_) => 6,
            Message::Gone => 7,
        }
    }

    /// Another value, another clock.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        let more = 1 + choice % 1024;
        match &mut forged {
            Message::Data(envelope) | Message::Relay(envelope) | Message::Again(envelope) => {
                envelope.value = envelope.value.wrapping_add(more);
            }
            Message::Clock { stamp, .. } => *stamp = stamp.saturating_add(more),
            Message::Ack(_) | Message::Nudge | Message::Heartbeat(_) | Message::Gone => return None,
        }
        Some(forged)
    }
}

impl Message {
    /// What it carries, if it carries a broadcast message.
    pub fn envelope(&self) -> Option<&Envelope> {
        match self {
            Message::Data(envelope) | Message::Relay(envelope) | Message::Again(envelope) => Some(envelope),
            _ => None,
        }
    }
}

/// Names of processes in one order.
pub(super) fn everybody(nodes: u32) -> impl Iterator<Item = NodeId> {
    (0..nodes).map(NodeId)
}

impl Wire for Envelope {
    fn encode(&self, sink: &mut impl Sink) {
        self.message.encode(sink);
        self.operation.encode(sink);
        sink.u32(self.channel);
        sink.u64(self.value);
        sink.u64(self.stamp);
        self.clock.encode(sink);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Data(envelope) | Message::Relay(envelope) | Message::Again(envelope) => envelope.encode(sink),
            Message::Ack(message) => message.encode(sink),
            Message::Clock { stamp, count } => {
                sink.u64(*stamp);
                sink.u32(*count);
            }
            Message::Heartbeat(everywhere) => sink.u32(*everywhere),
            Message::Nudge | Message::Gone => {}
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Broadcast(envelope) => {
                sink.u8(0);
                envelope.encode(sink);
            }
            Record::Received(envelope) => {
                sink.u8(1);
                envelope.encode(sink);
            }
            Record::Delivered(message) => {
                sink.u8(2);
                message.encode(sink);
            }
            Record::Everywhere(message) => {
                sink.u8(3);
                message.encode(sink);
            }
            Record::Out => sink.u8(4),
        }
    }
}
