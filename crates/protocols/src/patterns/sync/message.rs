//! What nodes tell each other, and what they write down.

use crate::sorted::Sorted;
use quorate_engine::{Content, Kind, Message as Counted, OpId, Role, Sink, Timer, TimerSlot, Update, Wire};

/// How new something is: of one register, the greater is the newer. A stamp is one more than any that its author knew (Lamport 1978).
pub type Age = (u64, Update);

/// A register's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// Which register.
    pub key: u32,
    /// What was written.
    pub value: u64,
    /// One more than any stamp that its author knew.
    pub stamp: u64,
    /// The write itself.
    pub update: Update,
}

impl Entry {
    /// What the newest of a key is found by: no two entries share it.
    pub fn age(&self) -> Age {
        (self.stamp, self.update)
    }
}

/// All registers of a node, by key.
pub type State = Sorted<u32, Entry>;

/// What nodes tell each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Something changed: this is all that I have.
    State(Content<State>),
    /// This changed.
    Delta(Entry),
    /// S2, "I'm at version 42".
    Version {
        /// The digest of all registers.
        digest: u64,
        /// The greatest stamp.
        newest: u64,
    },
    /// We are not at one version: so new is each of my registers.
    Compare(Content<Vec<(u32, Age)>>),
    /// What you lack.
    Repair {
        /// Registers.
        entries: Content<Vec<Entry>>,
        /// The keys of what I lack.
        wanted: Vec<u32>,
    },
}

/// What a node writes down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Record {
    /// The register's content.
    pub entry: Entry,
    /// Whose operation it is, where a client asked this node.
    pub operation: Option<OpId>,
}

/// The only timer: to say at which version the node is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Interval;

impl Timer for Interval {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Interval {
        Interval
    }
}

impl Message {
    /// The kinds of message that an update sets going.
    pub const TRANSFERS: [usize; 2] = [0, 1];
    /// The kind that goes on whether anything changed or not.
    pub const VERSIONS: usize = 2;
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("state"),
        Kind::protocol("delta"),
        Kind::protocol("version"),
        Kind { name: "compare", role: Role::Recovery },
        Kind { name: "repair", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::State(_) => 0,
            Message::Delta(_) => 1,
            Message::Version { .. } => 2,
            Message::Compare(_) => 3,
            Message::Repair { .. } => 4,
        }
    }

    /// Another value, or another version.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Delta(entry) => entry.value = entry.value.wrapping_add(1 + choice % 1024),
            Message::Version { digest, .. } => *digest = digest.wrapping_add(1 + choice % 1024),
            Message::State(_) | Message::Compare(_) | Message::Repair { .. } => return None,
        }
        Some(forged)
    }
}

impl Wire for Entry {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        sink.u64(self.value);
        sink.u64(self.stamp);
        self.update.encode(sink);
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        self.entry.encode(sink);
        self.operation.encode(sink);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::State(state) => state.encode(sink),
            Message::Delta(entry) => entry.encode(sink),
            Message::Version { digest, newest } => {
                sink.u64(*digest);
                sink.u64(*newest);
            }
            Message::Compare(ages) => ages.encode(sink),
            Message::Repair { entries, wanted } => {
                entries.encode(sink);
                wanted.encode(sink);
            }
        }
    }
}
