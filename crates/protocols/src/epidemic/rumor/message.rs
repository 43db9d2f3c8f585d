//! What is known, and what those who spread it say to each other. A message is about one rumor, so that the ledger counts what the
//! paper counts: how often a rumor was sent.

use quorate_engine::{Kind, Message as Counted, OpId, Sink, Timer, TimerSlot, Update, Wire};

/// A rumor: a value that somebody wrote under a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rumor {
    /// Where it was written.
    pub key: u32,
    /// What was written.
    pub value: u64,
    /// One more than any stamp under any key that its author knew (Lamport 1978).
    pub stamp: i64,
    /// The write itself; of equal stamps the greater one wins.
    pub update: Update,
}

impl Rumor {
    /// What the newest of a key is found by: no two rumors share it.
    pub fn age(&self) -> (i64, Update) {
        (self.stamp, self.update)
    }
}

/// How often a rumor failed to interest anybody, as told to who compares; [`Counter::MAX`] of a node that has lost interest.
pub type Counter = u32;

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Push: have you heard this? With the teller's counter.
    Rumor(Rumor, Counter),
    /// Pull: what do you spread? With what the asker pushes along, which need not be told to it.
    Pull(Vec<Update>),
    /// The answer to a pull: one for each rumor.
    PullReply(Rumor, Counter),
    /// What a rumor was to its recipient.
    Feedback {
        /// Where it was written.
        key: u32,
        /// Which it was.
        update: Update,
        /// Whether it was new.
        is_needed: bool,
        /// The recipient's counter.
        counter: Counter,
    },
}

impl Message {
    /// The kinds of message that carry a rumor: the paper's "update messages".
    pub const CARRIERS: [usize; 2] = [0, 2];
}

impl Counted for Message {
    const KINDS: &'static [Kind] =
        &[Kind::protocol("rumor"), Kind::protocol("pull"), Kind::protocol("pull-reply"), Kind::protocol("feedback")];

    fn kind(&self) -> usize {
        match self {
            Message::Rumor(..) => 0,
            Message::Pull(_) => 1,
            Message::PullReply(..) => 2,
            Message::Feedback { .. } => 3,
        }
    }

    /// Another value than the one that was written, or the contrary of what the rumor was.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Rumor(rumor, _) | Message::PullReply(rumor, _) => {
                rumor.value = rumor.value.wrapping_add(1 + choice % 1024);
                rumor.stamp = rumor.stamp.saturating_add(i64::from(choice & 1024 != 0));
            }
            Message::Feedback { is_needed, .. } => *is_needed = !*is_needed,
            Message::Pull(_) => return None,
        }
        Some(forged)
    }
}

/// What a node logs: a rumor that it heard, or that a client brought.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Logged {
    /// Who asked; nobody where it was heard from another node.
    pub operation: Option<OpId>,
    /// What is known from now on.
    pub rumor: Rumor,
}

/// The only timer: the next cycle begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cycle;

impl Timer for Cycle {
    type Slots = [TimerSlot; 1];

    #[inline]
    fn index(self) -> usize {
        0
    }

    #[inline]
    fn from_index(_: usize) -> Cycle {
        Cycle
    }
}

impl Wire for Rumor {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        sink.u64(self.value);
        sink.i64(self.stamp);
        self.update.encode(sink);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Rumor(rumor, counter) | Message::PullReply(rumor, counter) => {
                rumor.encode(sink);
                sink.u32(*counter);
            }
            Message::Pull(along) => along.encode(sink),
            Message::Feedback { key, update, is_needed, counter } => {
                sink.u32(*key);
                update.encode(sink);
                is_needed.encode(sink);
                sink.u32(*counter);
            }
        }
    }
}

impl Wire for Logged {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        self.rumor.encode(sink);
    }
}
