//! What clients ask, when, and of whom: operations planned one by one, and populations of clients that ask by themselves. How an
//! operation fares stands in `world/operations.rs` and beside it.

mod habits;
mod population;
mod zipf;

use crate::id::{NodeId, NodeSet};
use crate::time::{Nanos, Time};
pub(crate) use habits::Habits;
pub use population::{Aim, Backoff, KeyChoice, Mix, Pace, Population, Retries};
use std::rc::Rc;
pub use zipf::Zipf;

/// What a client may ask of any protocol; each protocol makes its own request of it, or says that it cannot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ask {
    /// Change the state: a register protocol writes a fresh value under `key`; a counter adds `amount`.
    Update {
        /// Which register.
        key: u32,
        /// By how much; negative only where the protocol can take away.
        amount: i64,
    },
    /// Take away: a counter or an entry is lowered by `amount`, a set loses the element, a text a character.
    Remove {
        /// Which element or entry.
        key: u32,
        /// By how much: at least 1.
        amount: i64,
    },
    /// Forget all that is under a key.
    Clear {
        /// Which entry.
        key: u32,
    },
    /// Change a text.
    Edit {
        /// The changes, one after the other, each in the text that the one before left.
        edits: Vec<Edit>,
        /// Only when the replica has carried out just so many edits of each replica, the missing ones none: as a recorded user had seen.
        seen: Option<Vec<u32>>,
    },
    /// Put a tree's node below another.
    Move {
        /// Which node: not 0, which is the root.
        key: u32,
        /// Its parent from then on; `None`: the protocol draws one.
        parent: Option<u32>,
    },
    /// Read the state.
    Read {
        /// Which register.
        key: u32,
    },
    /// Write a fresh value if the register holds the expected one.
    Cas {
        /// Which register.
        key: u32,
        /// What the client saw there last ([`crate::Actor::told`]); `None` when it never looked: nothing was written yet, as far as it knows.
        expected: Option<u64>,
    },
    /// All of these at once, or none: reads and updates.
    Transaction(Vec<Ask>),
    /// Take a lock; whoever has it already is told so again.
    Acquire {
        /// Which lock.
        key: u32,
        /// The client: it owns the lock, not the operation.
        owner: u32,
    },
    /// Give a lock back.
    Release {
        /// Which lock.
        key: u32,
        /// The client.
        owner: u32,
        /// The token that came with the lock.
        token: u64,
    },
    /// An operator's order to the cluster itself.
    Change(Change),
}

/// A change of a text in one place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Edit {
    /// Before which character, counted from 0 in Unicode code points; `None`: the protocol draws a place.
    pub place: Option<u32>,
    /// How many characters from there on go.
    pub deleted: u32,
    /// What comes in their stead.
    pub inserted: String,
}

/// What an operator wants of a cluster: who belongs to it, and who leads it. To ask for what is so already is no error.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Change {
    /// These are members too.
    Add(NodeSet),
    /// These follow what the members decide, without a say in it.
    Learn(NodeSet),
    /// These are members no more.
    Remove(NodeSet),
    /// These, and nobody else, are members.
    Become(NodeSet),
    /// This one leads.
    Lead(NodeId),
}

impl Ask {
    /// What it is called in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Ask::Update { .. } => "an update",
            Ask::Remove { .. } => "a removal",
            Ask::Clear { .. } => "a clearing",
            Ask::Edit { .. } => "an edit of a text",
            Ask::Move { .. } => "a move in a tree",
            Ask::Read { .. } => "a read",
            Ask::Cas { .. } => "a compare-and-set",
            Ask::Transaction(_) => "a transaction",
            Ask::Acquire { .. } | Ask::Release { .. } => "a lock",
            Ask::Change(Change::Lead(_)) => "a transfer of leadership",
            Ask::Change(_) => "a change of members",
        }
    }
}

/// All that clients ask in a run.
#[derive(Clone)]
pub struct Workload<R> {
    /// One by one.
    pub planned: Vec<Planned<R>>,
    /// How the protocol makes a request of what a client of a population asks; the number is the operation's, which no other has.
    pub make: Make<R>,
}

/// See [`Workload::make`].
pub type Make<R> = Rc<dyn Fn(u64, &Ask) -> R>;

impl<R> From<Vec<Planned<R>>> for Workload<R> {
    /// A workload without populations.
    fn from(planned: Vec<Planned<R>>) -> Workload<R> {
        Workload { planned, make: Rc::new(|_, ask| panic!("no request was to be made of {ask:?}")) }
    }
}

/// An operation of the workload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned<R> {
    /// When the client sends it.
    pub at: Time,
    /// Which client: below [`crate::setup::Setup::clients`].
    pub client: u32,
    /// The replica that it asks.
    pub to: NodeId,
    /// What it asks.
    pub request: R,
    /// How long the client waits before it calls the outcome unknown; `None` waits until the end of the run.
    pub timeout: Option<Nanos>,
}
