//! Judges sets and broadcasts by what was read of them, after Jepsen's set-full checker (Kingsbury, jepsen.checker): where each element
//! is put in by operations of its own, each can be followed alone, so that the time is linear in what was read.
//!
//! An element is *known* from the moment that it is sure to be in: the response of an operation that put it in; for a set also that of a
//! read that had it, or the start, if it was there then. A read *must have* it that begins after that. Found are
//!
//! - **phantom**: a read has what nobody had asked to put in by the time that the read ended;
//! - **duplicate**: a read has something twice;
//! - **lost**: a read that must have it has it not, and no read that begins at that time or later has it;
//! - **missing** (broadcast): the last read of a process must have it and has it not. Last reads that begin before an element is known
//!   say nothing of it, so a run should end in reads once it is quiet;
//! - **flickered** (broadcast): a process had it in a read, and not in its next;
//! - **stale** (set): a read that must have it has it not, but later reads do.
//!
//! `nothing-lost` forbids all but stale, which it counts; `nothing-stale` (set) forbids that too: then each element for itself is
//! linearizable, which is less than that the set is. What was never acknowledged may appear or not, and of a broadcast be seen
//! by some and not by others (they may have crashed: agreement in its uniform form is judged in [`crate::order`]). Elements that
//! somebody may have removed are judged by reads that end before the first such removal is asked for,
//! and for phantoms; whether that leaves something unsaid makes the difference between *ok* and *unknown*. Whether an answer was right that
//! an addition changed the set is not judged.

mod found;
#[cfg(test)]
mod tests;

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{History, Model, Value};
use found::{Element, Reads};
use serde_json::json;

/// The models that can be judged.
pub const MODELS: &[Model] = &[Model::Set, Model::Broadcast];

/// What is held against a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    NothingLost,
    NothingStale,
}

/// Holds when nothing is lost, missing, flickered, phantom or duplicate. Facts: those of [`nothing_stale`].
pub fn nothing_lost(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, Asked::NothingLost, budget)
}

/// Holds when moreover nothing is stale. Facts: `elements` and `known`, how many there are; `never_read`, how many of the known ones
/// no read had, though none had to; `stale`, how many were, and `stale_time_max`, the longest time from when an
/// element was known to the start of the last read without it; of a violation `fault`, its name as above, `element` and `operations`.
pub fn nothing_stale(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, Asked::NothingStale, budget)
}

fn judge(history: &History, asked: Asked, budget: &mut Budget<'_>) -> Judgement {
    if !MODELS.contains(&history.model) {
        return Verdict::Unknown(format!("membership is not judged for model {}", history.model.name())).into();
    }
    match followed(history, asked, budget) {
        Ok(judgement) => judgement,
        Err(exhausted) => Verdict::Unknown(exhausted.to_string()).into(),
    }
}

fn followed(history: &History, asked: Asked, budget: &mut Budget<'_>) -> Result<Judgement, Exhausted> {
    let reads = match Reads::new(history, budget)? {
        Ok(reads) => reads,
        Err(fault) => return Ok(violation(history, fault)),
    };
    if history.model == Model::Broadcast
        && let Some(fault) = reads.flicker(history, budget)?.or(reads.missing(history, budget)?)
    {
        return Ok(violation(history, fault));
    }
    let elements: Vec<(Value, &Element)> = reads.elements().collect();
    if let Some(fault) = elements.iter().find_map(|(value, element)| lost(history, *value, element)) {
        return Ok(violation(history, fault));
    }
    let stale = elements.iter().filter_map(|(value, element)| Some((element.late_by()?, *value, *element)));
    let worst = stale.clone().max_by_key(|(late, value, _)| (*late, std::cmp::Reverse(*value)));
    let judgement = match worst {
        Some((late, value, element)) if asked == Asked::NothingStale => {
            violation(history, stale_fault(history, late, value, element))
        }
        _ => verdict_without_fault(history, &elements).into(),
    };
    let known = elements.iter().filter(|(_, element)| element.known.is_some());
    let never_read = known.clone().filter(|(_, element)| never_read(element));
    Ok(judgement
        .with("elements", elements.len())
        .with("known", known.count())
        .with("never_read", never_read.count())
        .with("stale", stale.count())
        .with("stale_time_max", worst.map_or(0, |(late, _, _)| late)))
}

fn verdict_without_fault(history: &History, elements: &[(Value, &Element)]) -> Verdict {
    let known = || elements.iter().filter(|(_, element)| element.known.is_some());
    match elements.iter().find(|(_, element)| element.unsaid) {
        Some((value, _)) => Verdict::Unknown(format!(
            "{} may have been removed, and what is read after that is not judged here",
            history.names.tell(*value)
        )),
        None if known().next().is_some() && known().all(|(_, element)| never_read(element)) => {
            Verdict::Unknown("nothing was read that had to have what was put in".to_string())
        }
        None => Verdict::Ok,
    }
}

/// Whether no read had the element, though none had to.
fn never_read(element: &Element) -> bool {
    element.latest_with.is_none() && element.latest_without.is_none()
}

/// Something wrong with one element.
struct Fault {
    name: &'static str,
    element: Value,
    /// The operations in the evidence, by index.
    operations: Vec<usize>,
    text: String,
}

fn violation(history: &History, fault: Fault) -> Judgement {
    let operations: Vec<i64> = fault.operations.iter().map(|index| history.operations[*index].id).collect();
    Judgement::from(Verdict::Violation(format!("{}: {}", fault.name, fault.text)))
        .with("fault", fault.name)
        .with("element", history.names.json(fault.element))
        .with("operations", json!(operations))
}

fn lost(history: &History, value: Value, element: &Element) -> Option<Fault> {
    let without = element.missed()?;
    if element.latest_with.is_some_and(|with| history.operations[with].invoke >= history.operations[without].invoke) {
        return None;
    }
    let since = match element.latest_with {
        Some(with) => format!("the last read that has it is operation {}", history.operations[with].id),
        None => "no read has it".to_string(),
    };
    let text =
        format!("{}, but operation {} has it not, and {since}", tell_known(history, value, element), tell(history, without));
    Some(Fault { name: "lost", element: value, operations: element.operations(without), text })
}

fn stale_fault(history: &History, late: u64, value: Value, element: &Element) -> Fault {
    let without = element.missed().expect("a stale element was missed");
    let text = format!(
        "{}, but operation {} has it not, which began {late} later; it came back",
        tell_known(history, value, element),
        tell(history, without)
    );
    Fault { name: "stale", element: value, operations: element.operations(without), text }
}

/// How an element came to be known.
fn tell_known(history: &History, value: Value, element: &Element) -> String {
    let name = history.names.tell(value);
    match element.known_by {
        Some(index) => {
            format!("{name} was known from operation {} on, which ended at {}", tell(history, index), element.known.unwrap_or(0))
        }
        None => format!("{name} was there from the start"),
    }
}

/// An operation: `5 (process 1)`.
fn tell(history: &History, index: usize) -> String {
    let operation = &history.operations[index];
    format!("{} (process {})", operation.id, operation.process)
}
