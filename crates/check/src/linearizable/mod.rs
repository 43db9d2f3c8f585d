//! Linearizability (Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", TOPLAS 1990): is there an
//! order of the operations that a sequential object could have gone through, in which nobody who began after another had ended comes
//! before it?
//!
//! [`judge`] searches as Wing and Gong do ("Testing and verifying concurrent objects", 1993), with the memory of Lowe ("Testing for
//! linearizability", 2017). What the object is, is a [`Model`]; [`kv`] is the first. Independent parts of a history, such as keys, are
//! judged each for itself (locality), in turns that grow, so that one hard part does not hide an easy violation in another.
//!
//! An operation whose outcome nobody knows may take effect at any time after its invocation, or never. What was refused took none.
//! Nothing is judged here but real-time order; sequential consistency and isolation levels are other judges.

mod explain;
pub mod kv;
mod memo;
#[cfg(test)]
mod oracle;
mod search;

use crate::Verdict;
use search::{Progress, Search};

/// An operation as its client saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation<O, R> {
    /// The client, or whoever else works in sequence.
    pub process: u32,
    /// When it was sent, in ns. One operation comes before another when its response is strictly before the other's invocation.
    pub invoke: u64,
    /// When the outcome was heard; `None` when it never was.
    pub response: Option<u64>,
    /// What was asked.
    pub op: O,
    /// What was heard.
    pub outcome: Outcome<R>,
}

/// What a client knows of its operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<R> {
    /// It took effect, with this result.
    Known(R),
    /// It took no effect and never will.
    Refused,
    /// It may take effect at any time after its invocation, or never.
    Unknown,
}

/// A sequential object.
pub trait Model {
    /// What can be asked of it.
    type Op: Clone;
    /// What it answers.
    type Result: Clone;
    /// What it is between two operations.
    type State: Clone + Ord;

    /// What it is at the start.
    fn initial(&self) -> Self::State;

    /// What it is after an operation with that result, `None` when the object would not have answered so. A result that is unknown is
    /// whatever the object answers: the model must be deterministic.
    fn step(&self, state: &Self::State, op: &Self::Op, result: Option<&Self::Result>) -> Option<Self::State>;

    /// Whether an operation with that result may change any state.
    fn changes(&self, op: &Self::Op, result: Option<&Self::Result>) -> bool;

    /// The states that an operation with that result waits for and makes, whatever else happens; `None` when that cannot be said of it.
    fn footprint(&self, _op: &Self::Op, _result: Option<&Self::Result>) -> Option<Footprint<Self::State>> {
        None
    }

    /// The operation in a few words: `write 7`, `read 5`; without a result, as it was asked.
    fn tell(&self, op: &Self::Op, result: Option<&Self::Result>) -> String;

    /// The state in a few words: `holds 8`.
    fn tell_state(&self, state: &Self::State) -> String;
}

/// What an operation has to do with states.
pub struct Footprint<S> {
    /// It can take effect in this state and no other; if its result is unknown, it changes nothing in any other. `None`: any will do.
    pub needs: Option<S>,
    /// If it changes anything, this is the state then; `None`: it changes nothing.
    pub makes: Option<S>,
}

/// A part of a history that is an object of its own.
pub struct Part<'a, M: Model> {
    /// What it is called in the evidence: `key 3`; empty when it is the only one.
    pub name: String,
    /// Its sequential object.
    pub model: M,
    /// Its operations. Refused ones may be left out, and so may unknown ones that no other operation can have noticed.
    pub operations: Vec<&'a Operation<M::Op, M::Result>>,
}

/// The steps of the first turn of each part.
const TURN_FIRST: u64 = 1 << 12;

/// Holds when every part has a linearization. A step of the `budget` is an attempt to place one operation; when they are used up the
/// verdict is unknown.
pub fn judge<M: Model>(parts: &[Part<'_, M>], budget: u64) -> Verdict {
    let mut open: Vec<(&Part<'_, M>, Search<'_, M>)> =
        parts.iter().map(|part| (part, Search::new(&part.model, &part.operations))).collect();
    let (mut left, mut turn) = (budget, TURN_FIRST);
    while !open.is_empty() {
        let mut still_open = Vec::new();
        for (part, mut search) in open {
            let before = search.steps();
            let progress = search.run(turn.min(left));
            left = left.saturating_sub(search.steps() - before);
            match progress {
                Progress::Placed => {}
                Progress::Stuck => return Verdict::Violation(explain::violation(part, budget)),
                Progress::More => still_open.push((part, search)),
            }
        }
        if left == 0
            && let Some((part, search)) = still_open.first()
        {
            return Verdict::Unknown(explain::exhausted(part, search, budget, still_open.len()));
        }
        open = still_open;
        turn = turn.saturating_mul(4);
    }
    Verdict::Ok
}
