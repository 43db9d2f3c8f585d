//! The data types themselves, as plain values that know no message, disk or clock: a state, operations on it, and how two states
//! become one. Each may be used by itself; how copies of one are kept at many places is the business of the replica above.
//!
//! Every type stands on three ways to say the same thing, and [`Crdt`] names them as the papers do:
//!
//! - **operation-based** (Shapiro et al. 2011, §2.2): a request is *prepared* at its source into an operation, which every replica
//!   *applies*, each once, an operation after all those that its source had applied. Concurrent operations commute.
//! - **state-based** (Shapiro et al. 2011, §2.1): states form a semilattice, and *merge* is its join.
//! - **delta-based** (Almeida, Shoker and Baquero 2018, §4): a *delta* is a small state of the same lattice, such that merging it is
//!   the same as applying the operation.
//!
//! The laws that hold them together stand in `laws.rs`, and every type is held against them.

mod cart;
pub mod causal;
pub mod cells;
mod counter;
pub mod digested;
pub mod dot;
pub mod laws;
mod map;
pub mod numbers;
pub mod registers;
pub mod sets;
pub mod text;
mod tree;
mod wire;

pub use cart::{Cart, Items};
pub use counter::{PnCounter, Tally};
use dot::Dot;
pub use map::{CounterMap, Counters};
use quorate_engine::Wire;
pub use quorate_engine::workload::Edit;
use std::fmt::{self, Debug};
use std::hash::Hash;
pub use text::Text;
pub use tree::{Operation as TreeOperation, ROOT, Tree};

/// A conflict-free replicated data type.
pub trait Crdt: Wire + Clone + Eq + Hash + Debug + 'static {
    /// What a request becomes at its source, ready to be applied everywhere.
    type Operation: Wire + Clone + Eq + Hash + Debug + 'static;

    /// The operation that a request becomes, which will be known as `at.dot`. It looks at nothing but this state and `at`.
    ///
    /// # Errors
    /// Why it cannot be done here and now, in a few words: there is no such place in the text, say.
    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Self::Operation, &'static str>;

    /// Carries out an operation. It was not carried out before, and all that its source had carried out before it was.
    fn apply(&mut self, rule: &Rule, dot: Dot, operation: &Self::Operation);

    /// A small state of which the merge is the same as applying the operation to this one.
    fn delta(&self, rule: &Rule, dot: Dot, operation: &Self::Operation) -> Self;

    /// The join with another state: commutative, associative, idempotent.
    fn merge(&mut self, rule: &Rule, other: &Self);

    /// What of this state `known` lacks, as small as can be: merged into `known`, it gives what this state would (the Δ of Enes, Almeida,
    /// Baquero and Leitão 2019, §4). `None` when `known` lacks nothing.
    fn beyond(&self, rule: &Rule, known: &Self) -> Option<Self>;

    /// The whole value, as people see it.
    fn value(&self, rule: &Rule) -> Value;

    /// What a client reads under a key; for types without keys, the whole value.
    fn read(&self, rule: &Rule, _key: u32) -> Value {
        self.value(rule)
    }

    /// A digest of the state that costs little, the same for equal states only. Types that grow large keep it up to date as they change.
    fn digest(&self) -> u64 {
        self.wire_digest()
    }

    /// The same, computed anew from the state.
    fn digest_anew(&self) -> u64 {
        self.wire_digest()
    }

    /// The pieces of which the state is made, for a Merkle tree: the place of each, which is the same in every state and spread evenly
    /// over all numbers, and a hash of its content. A type that cannot be taken apart is one piece.
    fn pieces(&self, each: &mut dyn FnMut(u64, u64)) {
        each(0, self.digest());
    }

    /// A state that has, of the pieces, only those at the `wanted` places, and whatever else it takes to [`Crdt::merge_pieces`] them.
    fn only(&self, _wanted: &dyn Fn(u64) -> bool) -> Self {
        self.clone()
    }

    /// Merges what another state has [`Crdt::only`] at the `wanted` places. At the others the two were equal.
    fn merge_pieces(&mut self, rule: &Rule, other: &Self, _wanted: &dyn Fn(u64) -> bool) {
        self.merge(rule, other);
    }
}

/// Where and when an operation is prepared.
pub struct At<'a> {
    /// The name that the operation will have.
    pub dot: Dot,
    /// The wall clock at the source, in ns. It may be wrong.
    pub wall: i64,
    /// Draws a number below a bound, all equally likely.
    pub choose: &'a mut dyn FnMut(u64) -> u64,
}

/// What a user asks of any data type; each makes its own operation of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// A counter adds so much; a register takes the value; a set adds the element `key`; a map or cart adds so much under the key.
    Add {
        /// Which element or entry.
        key: u32,
        /// By how much; negative only where the type can take away.
        amount: i64,
        /// A value that no other request has, for what is written and not added.
        value: u64,
    },
    /// A counter or an entry is lowered by so much; a set removes the element.
    Remove {
        /// Which element or entry.
        key: u32,
        /// By how much: at least 1.
        amount: i64,
    },
    /// A map or cart forgets the entry; a counter goes back to zero.
    Clear {
        /// Which entry.
        key: u32,
    },
    /// A text changes in these places, one after the other.
    Edit(Vec<Edit>),
    /// A tree's node goes below another, with all that is below it; it comes into being if it was not there.
    Move {
        /// Which node: not 0, the root.
        node: u32,
        /// Its parent from then on; `None`: drawn.
        parent: Option<u32>,
    },
    /// A register is written by a client that has read these values of it. They are gone then, and what else is there stays, where the
    /// type can tell them apart.
    Write {
        /// Which register.
        key: u32,
        /// A value that no other request has.
        value: u64,
        /// What the client has read.
        over: Vec<u64>,
    },
    /// A replica of a bounded counter gives half of its rights to whoever it believes to have least.
    Share,
    /// Tell what is there.
    Read {
        /// Under which key, where there are keys.
        key: u32,
    },
}

/// What users see of a data type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Value {
    /// A sum.
    Number(i64),
    /// What a register holds; nothing before the first write.
    Written(Option<u64>),
    /// What a multi-value register holds, ascending.
    Several(Vec<u64>),
    /// Whether an element is in the set.
    Present(bool),
    /// The elements, ascending.
    Elements(Vec<u32>),
    /// The entries' keys and values, ascending by key.
    Entries(Vec<(u32, Value)>),
    /// A text.
    Text(String),
    /// Each node of a tree but the root with its parent, ascending by node.
    Tree(Vec<(u32, u32)>),
}

/// What the replicas of one object have agreed on before they began: parameters of the types, constant in a run. Each type looks at what
/// concerns it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where stamps come from.
    pub clock: Clock,
    /// Of a text: by which algorithm it is ordered.
    pub order: TextOrder,
    /// Of a bounded counter: with how much each replica begins, and how many replicas there are.
    pub rights: (u64, u32),
    /// Of a number that may be taken from: no replica takes from it what would bring the sum that it sees below this.
    pub floor: Option<i64>,
    /// Of a register with stamps: the first stamp wins, not the last.
    pub first_wins: bool,
    /// A planted mistake.
    pub mistake: Option<Mistake>,
}

/// Where the stamp of a write comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// The local wall clock, whatever it says.
    Wall,
    /// One more than any stamp that the replica knows (Lamport 1978).
    Lamport,
    /// The wall clock, but at least one more than any stamp that the replica knows (Kulkarni et al. 2014, the counter folded into ns).
    Hybrid,
}

/// How concurrent insertions at one place of a text are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextOrder {
    /// Replicated growable array (Roh et al. 2011).
    Rga,
    /// Fugue (Weidner and Kleppmann 2023): concurrent runs do not interleave.
    Fugue,
}

/// The planted mistakes: each is one branch in one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// A counter's merge adds instead of taking the maximum.
    SumMerge,
    /// A text inserts right after what a run hangs on, and skips no greater names: replicas' texts differ.
    RgaNoSkip,
    /// A text is sorted by its characters' names (S2): by author, not by place.
    SortById,
    /// A set's removal empties the element's tags and leaves no tombstone, and states merge by union (S1 `ORSet`).
    OrSetNoTombstone,
    /// A set's tombstones are thrown away after a while, whoever has not seen them.
    Doomstone,
    /// Of writes with equal stamps, the one that came first stays.
    LwwTie,
    /// A version vector with one count for each server and no dots: a client's write follows all that went through its server before.
    PerServer,
    /// A counter's reset writes zeros, and states merge by maximum.
    PnReset,
    /// All replicas count under the cart's id (S1 `PNCounter(self.cart_id)`).
    CartId,
    /// What is taken out of a cart before it was put in is dropped (S1 `remove_item`).
    CartRemoveFirst,
    /// A cart shows a debt as nothing (S1 `max(0, …)`).
    CartClamp,
    /// Concurrent moves in a tree are done as they come.
    MoveCycle,
}

impl Default for Rule {
    /// Lamport clocks, RGA, nothing wrong.
    fn default() -> Rule {
        Rule { clock: Clock::Lamport, order: TextOrder::Rga, rights: (0, 1), floor: None, first_wins: false, mistake: None }
    }
}

/// Why a replica takes no more from a number that has a floor.
const BELOW: &str = "it would go below its floor";

impl Rule {
    /// Whether a replica that sees this sum may take so much from it. That what all replicas take together stays above the floor is
    /// more than any of them can promise.
    fn allows(&self, sum: i64, amount: i64) -> bool {
        self.floor.is_none_or(|floor| sum.saturating_sub(amount) >= floor)
    }
}

impl Clock {
    /// The stamp of a write at a replica that knows stamps up to `known`.
    pub fn stamp(self, wall: i64, known: i64) -> i64 {
        match self {
            Clock::Wall => wall,
            Clock::Lamport => known.saturating_add(1),
            Clock::Hybrid => wall.max(known.saturating_add(1)),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Written(Some(value)) => write!(f, "{value}"),
            Value::Written(None) => f.write_str("nothing"),
            Value::Several(values) => write!(f, "{values:?}"),
            Value::Present(present) => write!(f, "{present}"),
            Value::Elements(elements) => write!(f, "{elements:?}"),
            Value::Entries(entries) => {
                f.write_str("{")?;
                for (place, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if place == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Tree(parents) => {
                let parents: Vec<String> = parents.iter().map(|(node, parent)| format!("{node} below {parent}")).collect();
                write!(f, "{{{}}}", parents.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! What the tests of the types share.

    use super::dot::Origin;
    use super::*;
    use quorate_engine::NodeId;

    /// A replica by itself, for examples by hand.
    #[derive(Clone)]
    pub(super) struct Site<T: Crdt> {
        pub(super) state: T,
        rule: Rule,
        next: Dot,
        /// What its clock says.
        pub(super) wall: i64,
    }

    impl<T: Crdt + Default> Site<T> {
        pub(super) fn new(node: u32, rule: &Rule) -> Site<T> {
            Site { state: T::default(), rule: rule.clone(), next: Origin { node: NodeId(node), life: 0 }.dot(1), wall: 1 }
        }
    }

    impl<T: Crdt> Site<T> {
        /// Carries a request out.
        #[track_caller]
        pub(super) fn ask(&mut self, request: Request) {
            let done = self.try_ask(request.clone());
            assert!(done.is_ok(), "{request:?}: {done:?}");
        }

        /// Carries it out unless it is refused, and then says why.
        pub(super) fn try_ask(&mut self, request: Request) -> Result<T::Operation, &'static str> {
            let mut at = At { dot: self.next, wall: self.wall, choose: &mut |_| 0 };
            let operation = self.state.prepare(&self.rule, &request, &mut at)?;
            self.state.apply(&self.rule, self.next, &operation);
            self.next.number += 1;
            Ok(operation)
        }

        pub(super) fn merge(&mut self, other: &Site<T>) {
            self.state.merge(&self.rule, &other.state);
        }

        pub(super) fn value(&self) -> Value {
            self.state.value(&self.rule)
        }

        pub(super) fn read(&self, key: u32) -> Value {
            self.state.read(&self.rule, key)
        }
    }

    pub(super) fn add(key: u32, amount: i64) -> Request {
        Request::Add { key, amount, value: 0 }
    }

    pub(super) fn remove(key: u32, amount: i64) -> Request {
        Request::Remove { key, amount }
    }

    pub(super) fn write(key: u32, value: u64) -> Request {
        Request::Add { key, amount: 1, value }
    }
}
