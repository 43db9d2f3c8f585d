//! What clients ask, what gateways and the books say to each other, and what the books write down.

use quorate_engine::{Kind, Message as Counted, OpId, Role, Sink, Timer, TimerSlot, Wire};

/// What a client asks. The number of its operation is the payment's id: it stays the same however often the client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Charge so much to an account.
    Pay {
        /// Whose.
        account: u32,
        /// At least 1.
        amount: u32,
    },
    /// Tell what was charged to an account in all.
    Balance(u32),
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// It is charged, and on disk.
    Charged,
    /// So much in all.
    Balance(u64),
}

/// Between a gateway and the books.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// A client asked this.
    Ask {
        /// Under which number.
        operation: OpId,
        /// What.
        request: Request,
        /// Whether the gateway has said so before.
        again: bool,
    },
    /// The answer to the operation of that number.
    Tell(OpId, Response),
}

/// A line of the books.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Charge {
    /// The payment's id.
    pub operation: OpId,
    /// Whose.
    pub account: u32,
    /// How much.
    pub amount: u32,
    /// When, in ns on the elapsed clock of the node that keeps the books: ids are kept for some time from then on.
    pub at: u64,
}

/// The only timer: a gateway looks at what is not answered yet.
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
    const KINDS: &'static [Kind] =
        &[Kind::protocol("ask"), Kind { name: "ask-again", role: Role::Retry }, Kind::protocol("tell")];

    fn kind(&self) -> usize {
        match self {
            Message::Ask { again: false, .. } => 0,
            Message::Ask { again: true, .. } => 1,
            Message::Tell(..) => 2,
        }
    }

    /// Another amount, or another sum.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Ask { request: Request::Pay { amount, .. }, .. } => {
                *amount = amount.saturating_add(1 + (choice % 1024) as u32)
            }
            Message::Tell(_, Response::Balance(sum)) => *sum = sum.wrapping_add(1 + choice % 1024),
            _ => return None,
        }
        Some(forged)
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Pay { account, amount } => {
                sink.u8(0);
                sink.u32(*account);
                sink.u32(*amount);
            }
            Request::Balance(account) => {
                sink.u8(1);
                sink.u32(*account);
            }
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Charged => sink.u8(0),
            Response::Balance(sum) => {
                sink.u8(1);
                sink.u64(*sum);
            }
        }
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Ask { operation, request, .. } => {
                operation.encode(sink);
                request.encode(sink);
            }
            Message::Tell(operation, response) => {
                operation.encode(sink);
                response.encode(sink);
            }
        }
    }
}

impl Wire for Charge {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        sink.u32(self.account);
        sink.u32(self.amount);
        sink.u64(self.at);
    }
}
