//! What clients ask, and what nodes and the allocator say to each other.

use quorate_engine::{Kind, Message as Counted, OpId, Role, Sink, TimerSlot, Wire};

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// An id.
    Generate,
    /// How many ids this node has told clients since it started.
    Given,
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// An id that nobody else has.
    Id(u64),
    /// So many.
    Given(u64),
}

/// What a node wants of the allocator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Want {
    /// An id for this operation.
    Id(OpId),
    /// A block. Its name stays the same however often the node asks for it.
    Block {
        /// How often the node had been restarted.
        restarts: u32,
        /// From 1 on since then.
        number: u64,
    },
}

/// Between a node and the allocator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// A node wants this.
    Ask {
        /// What.
        want: Want,
        /// Whether the node has said so before.
        again: bool,
    },
    /// Here it is: the id, or the first of the block.
    Tell(Want, u64),
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// It looks at what the allocator has not answered.
    Resend,
    /// Its clock has caught up.
    Clock,
}

impl quorate_engine::Timer for Timer {
    type Slots = [TimerSlot; 2];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Resend, Timer::Clock][index]
    }
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("ask"),
        Kind::protocol("ask-block"),
        Kind { name: "ask-again", role: Role::Retry },
        Kind::protocol("tell"),
        Kind::protocol("tell-block"),
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Ask { want: Want::Id(_), again: false } => 0,
            Message::Ask { want: Want::Block { .. }, again: false } => 1,
            Message::Ask { again: true, .. } => 2,
            Message::Tell(Want::Id(_), _) => 3,
            Message::Tell(Want::Block { .. }, _) => 4,
        }
    }

    /// Another id.
    fn forge(&self, choice: u64) -> Option<Message> {
        match self {
            Message::Ask { .. } => None,
            Message::Tell(want, id) => Some(Message::Tell(*want, id.saturating_add(1 + choice % 1024))),
        }
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(*self as u8);
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        let (tag, number) = match self {
            Response::Id(id) => (0, id),
            Response::Given(count) => (1, count),
        };
        sink.u8(tag);
        sink.u64(*number);
    }
}

impl Wire for Want {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Want::Id(operation) => operation.encode(sink),
            Want::Block { restarts, number } => {
                sink.u32(*restarts);
                sink.u64(*number);
            }
        }
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Message::Ask { want, again } => {
                sink.u8(match want {
                    Want::Id(_) => 0,
                    Want::Block { .. } => 1,
                } + 2 * u8::from(*again));
                want.encode(sink);
            }
            Message::Tell(want, id) => {
                sink.u8(match want {
                    Want::Id(_) => 4,
                    Want::Block { .. } => 5,
                });
                want.encode(sink);
                sink.u64(*id);
            }
        }
    }
}
