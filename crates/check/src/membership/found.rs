//! What was put in, taken out and read, element by element.

use super::{Fault, tell, tell_known};
use crate::budget::{Budget, Exhausted};
use crate::history::{Answer, Call, History, Init, Model, Operation, Value};
use std::collections::BTreeMap;

/// What is known of an element.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    /// Since when it may be in: the first time that somebody asked to put it in; `i64::MIN` if it was there at the start.
    asked: Option<i64>,
    /// Since when it is sure to be in.
    pub(super) known: Option<i64>,
    /// The operation that showed it.
    pub(super) known_by: Option<usize>,
    /// When somebody first asked to take it out.
    removed: Option<i64>,
    /// The read with it that began last.
    pub(super) latest_with: Option<usize>,
    /// The read without it that began last, of those judged that began after it was known, and when it began.
    pub(super) latest_without: Option<(usize, i64)>,
    /// Whether reads were left out because it may have been removed.
    pub(super) unsaid: bool,
}

impl Element {
    /// The last read that must have had it and had it not.
    pub(super) fn missed(&self) -> Option<usize> {
        self.latest_without.map(|(read, _)| read)
    }

    /// How long after it was known a read began that had it not.
    pub(super) fn late_by(&self) -> Option<u64> {
        let (_, began) = self.latest_without?;
        // What was there from the start is late since the start of time, which no history says.
        Some(if self.known_by.is_some() { began.abs_diff(self.known?) } else { 0 })
    }

    pub(super) fn operations(&self, without: usize) -> Vec<usize> {
        self.known_by.into_iter().chain([without]).collect()
    }

    /// Whether a read that ended then comes before anything that may have taken the element out.
    fn is_judged(&self, end: i64) -> bool {
        self.removed.is_none_or(|removed| end < removed)
    }

    fn learn(&mut self, at: i64, by: usize) {
        if self.known.is_none_or(|known| at < known) {
            (self.known, self.known_by) = (Some(at), Some(by));
        }
    }
}

/// The elements of a history and what was read of them.
pub(super) struct Reads {
    elements: BTreeMap<Value, Element>,
    /// Reads of everything, by index, in the order of their invocations.
    whole: Vec<usize>,
}

impl Reads {
    /// Follows every element through a history, or finds a phantom or a duplicate. A step is an element of a read.
    pub(super) fn new(history: &History, budget: &mut Budget<'_>) -> Result<Result<Reads, Fault>, Exhausted> {
        let mut reads = Reads { elements: BTreeMap::new(), whole: Vec::new() };
        reads.asked_for(history);
        for (index, operation) in history.operations.iter().enumerate() {
            match (&operation.call, operation.answer()) {
                (Call::Read, Some(Answer::Values(values))) => {
                    budget.spend(1 + values.len() as u64)?;
                    if let Some(fault) = duplicate(history, index, values) {
                        return Ok(Err(fault));
                    }
                    for value in values {
                        if let Some(fault) = reads.with(history, index, *value) {
                            return Ok(Err(fault));
                        }
                    }
                    reads.whole.push(index);
                }
                (Call::Contains(value), Some(Answer::Flag(true))) => {
                    if let Some(fault) = reads.with(history, index, *value) {
                        return Ok(Err(fault));
                    }
                }
                _ => {}
            }
        }
        reads.without(history, budget)?;
        Ok(Ok(reads))
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = (Value, &Element)> {
        self.elements.iter().map(|(value, element)| (*value, element))
    }

    fn asked_for(&mut self, history: &History) {
        if let Init::Values(values) = &history.init {
            for value in values {
                let element = self.elements.entry(*value).or_default();
                (element.asked, element.known) = (Some(i64::MIN), Some(i64::MIN));
            }
        }
        for (index, operation) in history.operations.iter().enumerate().filter(|(_, operation)| operation.is_possible()) {
            match &operation.call {
                Call::Add(value) => {
                    let element = self.elements.entry(*value).or_default();
                    element.asked.get_or_insert(operation.invoke);
                    if let (true, Some(end)) = (operation.is_ok(), operation.response) {
                        element.learn(end, index);
                    }
                }
                Call::Remove(value) => {
                    self.elements.entry(*value).or_default().removed.get_or_insert(operation.invoke);
                }
                _ => {}
            }
        }
    }

    /// A read has an element.
    fn with(&mut self, history: &History, index: usize, value: Value) -> Option<Fault> {
        let end = end(&history.operations[index]);
        let element = self.elements.get_mut(&value).filter(|element| element.asked.is_some_and(|asked| asked <= end));
        let Some(element) = element else {
            let asked = self.elements.get(&value).and_then(|element| element.asked);
            let when = asked.map_or("ever".to_string(), |asked| format!("before {asked}"));
            let text = format!(
                "operation {} has {} at {end}, which nobody who did not fail asked to put in {when}",
                tell(history, index),
                history.names.tell(value)
            );
            return Some(Fault { name: "phantom", element: value, operations: vec![index], text });
        };
        element.latest_with = Some(index);
        if element.is_judged(end) {
            // What one process has delivered, and nobody acknowledged, the others need not get if that one has crashed.
            if history.model == Model::Set {
                element.learn(end, index);
            }
        } else {
            element.unsaid = true;
        }
        None
    }

    /// For each element the last read without it. From the last read on back; what is in all of them so far stays in question, so
    /// that each element and each member of a read is looked at once.
    fn without(&mut self, history: &History, budget: &mut Budget<'_>) -> Result<(), Exhausted> {
        for (index, operation) in history.operations.iter().enumerate() {
            if let (Call::Contains(value), Some(Answer::Flag(false))) = (&operation.call, operation.answer())
                && let Some(element) = self.elements.get_mut(value)
            {
                miss(element, index, operation);
            }
        }
        let removed = self.elements.values().filter(|element| element.removed.is_some()).count() as u64;
        let mut open: Vec<Value> = self.elements.keys().copied().collect();
        for index in self.whole.iter().rev() {
            let operation = &history.operations[*index];
            let mut values = members(operation).to_vec();
            values.sort_unstable();
            budget.spend(1 + values.len() as u64 + removed)?;
            open.retain(|value| {
                let element = self.elements.get_mut(value).expect("an element");
                if values.binary_search(value).is_ok() {
                    return true;
                }
                miss(element, *index, operation);
                // A read that is not judged leaves the question open; so does one from before the element was known, but then
                // all earlier ones are too.
                !element.is_judged(end(operation))
            });
        }
        Ok(())
    }

    /// A process that had an element in a read and not in its next.
    pub(super) fn flicker(&self, history: &History, budget: &mut Budget<'_>) -> Result<Option<Fault>, Exhausted> {
        let mut latest: BTreeMap<i64, usize> = BTreeMap::new();
        for index in &self.whole {
            let Some(before) = latest.insert(history.operations[*index].process, *index) else { continue };
            let (had, mut has) = (members(&history.operations[before]), members(&history.operations[*index]).to_vec());
            budget.spend(1 + (had.len() + has.len()) as u64)?;
            has.sort_unstable();
            if let Some(value) = had.iter().find(|value| has.binary_search(value).is_err()) {
                let text = format!(
                    "operation {} has {}, but operation {}, the next read of the same process, has it not",
                    tell(history, before),
                    history.names.tell(*value),
                    history.operations[*index].id
                );
                return Ok(Some(Fault { name: "flickered", element: *value, operations: vec![before, *index], text }));
            }
        }
        Ok(None)
    }

    /// A last read of a process without an element that it must have.
    pub(super) fn missing(&self, history: &History, budget: &mut Budget<'_>) -> Result<Option<Fault>, Exhausted> {
        let last: BTreeMap<i64, usize> = self.whole.iter().map(|index| (history.operations[*index].process, *index)).collect();
        for index in last.into_values() {
            let operation = &history.operations[index];
            let mut has = members(operation).to_vec();
            has.sort_unstable();
            budget.spend(1 + (has.len() + self.elements.len()) as u64)?;
            let acknowledged =
                self.elements.iter().filter(|(_, element)| element.known.is_some_and(|known| known < operation.invoke));
            for (value, element) in acknowledged {
                if has.binary_search(value).is_err() {
                    let text = format!(
                        "{}, but operation {}, the last read of its process, has it not",
                        tell_known(history, *value, element),
                        tell(history, index)
                    );
                    return Ok(Some(Fault { name: "missing", element: *value, operations: element.operations(index), text }));
                }
            }
        }
        Ok(None)
    }
}

/// A read has an element not.
fn miss(element: &mut Element, index: usize, operation: &Operation) {
    if !element.is_judged(end(operation)) {
        element.unsaid = true;
    } else if element.known.is_some_and(|known| known < operation.invoke)
        && element.latest_without.is_none_or(|(_, began)| began < operation.invoke)
    {
        element.latest_without = Some((index, operation.invoke));
    }
}

fn duplicate(history: &History, index: usize, values: &[Value]) -> Option<Fault> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let value = sorted.windows(2).find(|pair| pair[0] == pair[1])?[0];
    let text = format!("operation {} has {} twice", tell(history, index), history.names.tell(value));
    Some(Fault { name: "duplicate", element: value, operations: vec![index], text })
}

fn members(operation: &Operation) -> &[Value] {
    match operation.answer() {
        Some(Answer::Values(values)) => values,
        _ => &[],
    }
}

/// When an operation ended that did.
fn end(operation: &Operation) -> i64 {
    operation.response.expect("an operation with an answer has ended")
}
