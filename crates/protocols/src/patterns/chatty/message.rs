//! What clients ask, what a coordinator and the worker say to each other, and what the worker writes down.

use quorate_engine::{Content, Kind, Message as Counted, OpId, Role, Sink, Timer, TimerSlot, Wire};

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Have a job's items processed; each adds this to the total under the key.
    Job {
        /// Under which key.
        key: u32,
        /// How much each item adds.
        amount: u32,
    },
    /// Tell the total under a key.
    Total(u32),
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// All items of the job are processed.
    Finished,
    /// The total.
    Total(u64),
}

/// An item's name: its job, and its place in it. It is the same however often anybody asks for the job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name {
    /// The job: the client's operation.
    pub job: OpId,
    /// The item's place.
    pub place: u32,
}

/// An item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// Which.
    pub name: Name,
    /// Under which key.
    pub key: u32,
    /// How much it adds.
    pub amount: u32,
}

/// What S2's two say to each other of an item, in this order; the coordinator begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    /// "Process item?"
    Process,
    /// "OK"
    Ok,
    /// "Here's the item"
    Here,
    /// "Got it"
    GotIt,
    /// "Tell me when done"
    TellWhenDone,
    /// "Done"
    Done,
    /// "Great, commit"
    Commit,
    /// "Committed"
    Committed,
}

impl Step {
    /// The answer to what a coordinator said.
    pub fn answer(self) -> Step {
        match self {
            Step::Process | Step::Ok => Step::Ok,
            Step::Here | Step::GotIt => Step::GotIt,
            Step::TellWhenDone | Step::Done => Step::Done,
            Step::Commit | Step::Committed => Step::Committed,
        }
    }

    /// What a coordinator says next, after this was answered; nothing after the last.
    pub fn next(self) -> Option<Step> {
        match self {
            Step::Process | Step::Ok => Some(Step::Here),
            Step::Here | Step::GotIt => Some(Step::TellWhenDone),
            Step::TellWhenDone | Step::Done => Some(Step::Commit),
            Step::Commit | Step::Committed => None,
        }
    }
}

/// Between a coordinator and the worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// A step of the dialogue about an item, without the item; and whether it is said again, or answers that.
    Say(Step, Name, bool),
    /// [`Step::Here`], with the item.
    Here(Item, bool),
    /// The worker does not have the item of which the coordinator speaks: begin with it anew.
    Lost(Name),
    /// All items of a job; and whether it is said again.
    Batch(Content<Vec<Item>>, bool),
    /// The items of that job are processed.
    BatchDone(OpId),
}

/// The only timer: a coordinator looks at what was not answered.
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
    const KINDS: &'static [Kind] = &[
        Kind::protocol("process"),
        Kind::protocol("ok"),
        Kind::protocol("here"),
        Kind::protocol("got-it"),
        Kind::protocol("tell-when-done"),
        Kind::protocol("done"),
        Kind::protocol("commit"),
        Kind::protocol("committed"),
        Kind::protocol("batch"),
        Kind::protocol("batch-done"),
        Kind { name: "said-again", role: Role::Retry },
        Kind { name: "lost", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Say(_, _, true) | Message::Here(_, true) | Message::Batch(_, true) => 10,
            Message::Say(step, _, false) => *step as usize,
            Message::Here(_, false) => Step::Here as usize,
            Message::Batch(_, false) => 8,
            Message::BatchDone(_) => 9,
            Message::Lost(_) => 11,
        }
    }

    /// Another amount.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Here(item, _) => item.amount = item.amount.wrapping_add(1 + (choice % 1024) as u32),
            Message::Say(..) | Message::Lost(_) | Message::Batch(..) | Message::BatchDone(_) => return None,
        }
        Some(forged)
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Job { key, amount } => {
                sink.u8(0);
                sink.u32(*key);
                sink.u32(*amount);
            }
            Request::Total(key) => {
                sink.u8(1);
                sink.u32(*key);
            }
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Finished => sink.u8(0),
            Response::Total(total) => {
                sink.u8(1);
                sink.u64(*total);
            }
        }
    }
}

impl Wire for Name {
    fn encode(&self, sink: &mut impl Sink) {
        self.job.encode(sink);
        sink.u32(self.place);
    }
}

impl Wire for Item {
    fn encode(&self, sink: &mut impl Sink) {
        self.name.encode(sink);
        sink.u32(self.key);
        sink.u32(self.amount);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Message::Say(step, name, again) => {
                sink.u8(*step as u8);
                name.encode(sink);
                again.encode(sink);
            }
            Message::Here(item, again) => {
                sink.u8(8);
                item.encode(sink);
                again.encode(sink);
            }
            Message::Lost(name) => {
                sink.u8(9);
                name.encode(sink);
            }
            Message::Batch(items, again) => {
                sink.u8(10);
                items.encode(sink);
                again.encode(sink);
            }
            Message::BatchDone(job) => {
                sink.u8(11);
                job.encode(sink);
            }
        }
    }
}
