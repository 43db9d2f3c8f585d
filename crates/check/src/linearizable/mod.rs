//! Linearizability (Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", TOPLAS 1990): is there an
//! order of the operations that a sequential object could have gone through, in which nobody who began after another had ended comes
//! before it? And sequential consistency (Lamport, "How to make a multiprocessor computer that correctly executes multiprocess programs",
//! 1979): the same, where only each process's own order counts.
//!
//! [`judge`] searches as Wing and Gong do ("Testing and verifying concurrent objects", 1993), with the memory of Lowe ("Testing for
//! linearizability", 2017). Independent parts of a history, such as keys, are judged each for itself, in turns that grow, so that one
//! hard part does not hide an easy violation in another.
//!
//! An operation whose outcome nobody knows may take effect at any time after its invocation, or never. What failed took none.
//! A step of the budget is an attempt to place one operation. Isolation levels are another judge's business; transactions are each one
//! step here, so that linearizability of them is strict serializability (but for the order of a process
//! where one of its operations begins at the very instant at which its last one ended: real time does not tell that).

mod count;
mod demand;
mod explain;
#[cfg(test)]
mod generate;
mod memo;
mod object;
mod objects;
#[cfg(test)]
mod oracle;
mod order;
mod part;
mod print;
mod refute;
mod search;
mod shrink;
mod stale;
#[cfg(test)]
mod tests;
mod timeline;
mod words;

pub use refute::written;
use std::collections::BTreeMap;

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{History, Model};
use part::{Part, Respect};
use search::{Progress, Running};

/// The models whose histories can be judged.
pub const MODELS: &[Model] = &[
    Model::Register,
    Model::CasRegister,
    Model::MultiRegister,
    Model::Kv,
    Model::Mutex,
    Model::Queue,
    Model::Stack,
    Model::Set,
    Model::Counter,
    Model::ListAppend,
    Model::RwRegister,
];

/// The steps of the first turn of each part.
const TURN_FIRST: u64 = 1 << 12;

/// Holds when every part of the history has a linearization.
///
/// The facts of a violation: `unplaceable`, the operation that fits nowhere; `prefix`, how many operations that had ended by then do;
/// `order`, the last of an order of these; `open`, what else was under way; `minimal`, a few operations that are a violation by
/// themselves; all by id. `steps` is there for every verdict.
pub fn judge(history: &History, budget: &mut Budget<'_>) -> Judgement {
    all(history, Respect::RealTime, budget)
}

/// Holds when the whole history has an order that respects what each process did one after the other. The facts are `minimal` and
/// `steps`, as those of [`judge`].
pub fn sequential(history: &History, budget: &mut Budget<'_>) -> Judgement {
    all(history, Respect::ProgramOrder, budget)
}

fn all(history: &History, respect: Respect, budget: &mut Budget<'_>) -> Judgement {
    let before = budget.steps();
    let judgement = match respect == Respect::ProgramOrder && is_linearizable_soon(history, budget) {
        true => Verdict::Ok.into(),
        false => rounds(history, respect, budget),
    };
    let steps = budget.steps() - before;
    judgement.with("steps", steps)
}

/// Whether a linearization was found at once: it keeps the order of each process too, unless one operation of a process began at the
/// very instant at which its last one ended. That is often soon told, as keys are judged each for itself.
fn is_linearizable_soon(history: &History, budget: &mut Budget<'_>) -> bool {
    let mut ended: BTreeMap<i64, i64> = BTreeMap::new();
    for operation in &history.operations {
        if ended.insert(operation.process, operation.response.unwrap_or(i64::MAX)) == Some(operation.invoke) {
            return false;
        }
    }
    let mut share = budget.share(STEPS_AT_ONCE + 64 * history.operations.len() as u64);
    let verdict = rounds(history, Respect::RealTime, &mut share).verdict;
    // Whatever is left over is used up; the search itself notices that.
    verdict == Verdict::Ok && budget.spend(share.steps()).is_ok()
}

/// Steps that a search for more than is asked for may take, beside some for each operation.
const STEPS_AT_ONCE: u64 = 10_000;

/// A part, and how far its search has come.
struct Open<'a> {
    part: Part<'a>,
    search: Box<dyn Running + 'a>,
}

impl<'a> Open<'a> {
    fn begin(part: Part<'a>) -> Open<'a> {
        let search = part.search(&refute::noticeable(&part), None);
        Open { part, search }
    }
}

/// Gives each part its turns.
fn rounds(history: &History, respect: Respect, budget: &mut Budget<'_>) -> Judgement {
    let parts = part::parts(history, respect);
    if let Some(refuted) = refute::first(history, respect) {
        return explain::refuted(&parts, refuted, budget);
    }
    if respect == Respect::RealTime
        && let Some(refuted) = stale::first(history).or_else(|| count::first(history))
    {
        return explain::refuted(&parts, refuted, budget);
    }
    let mut open: Vec<Open<'_>> = parts.into_iter().map(Open::begin).collect();
    let mut held: u64 = open.iter().map(|open| open.search.bytes()).sum();
    let mut turn = TURN_FIRST;
    while !open.is_empty() {
        let mut still_open = Vec::new();
        let mut others = open.len();
        for mut each in open {
            held -= each.search.bytes();
            others -= 1;
            match each.search.run(budget, turn, held) {
                Ok(Progress::Placed) => {}
                Ok(Progress::Stuck) => return explain::violation(&each.part, &*each.search, budget),
                Ok(Progress::More) => {
                    held += each.search.bytes();
                    still_open.push(each);
                }
                Err(why) => return unknown(&each, why, others + still_open.len()),
            }
        }
        open = still_open;
        turn = turn.saturating_mul(4);
    }
    Verdict::Ok.into()
}

/// What a search has found when its budget is used up.
fn unknown(open: &Open<'_>, why: Exhausted, others: usize) -> Judgement {
    let (answered, passed) = open.search.passed();
    let part = open.part.name();
    let part = if part.is_empty() { part } else { format!("{part}: ") };
    let came = match open.part.respect {
        Respect::RealTime => format!("the search got past the end of {passed} of {answered} operations"),
        Respect::ProgramOrder => format!("the search placed at most {passed} operations in order, {answered} must be"),
    };
    let more = match others {
        0 => String::new(),
        1 => "; another part is open too".to_string(),
        others => format!("; {others} other parts are open too"),
    };
    Judgement::from(Verdict::Unknown(format!("{part}{why}: {came}{more}")))
}
