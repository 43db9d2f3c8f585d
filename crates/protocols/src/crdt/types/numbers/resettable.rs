//! A counter with an observed reset (Baquero, Almeida and Lerche 2016): a reset takes away what it has seen, and additions that it has not
//! seen survive.
//!
//! The paper tags contributions with dots and drops those of a reset. Here an origin's tally is never lowered; beside it stands how much
//! of it was reset. A tally's history is a chain, so that of two resets the one that saw more of it holds, for each origin, and nothing is
//! ever taken away twice. The state is two tallies for each origin, however often it is reset; the paper's is one, and a context.

use super::super::counter::Tally;
use super::super::dot::{Dot, Origin};
use super::super::{At, BELOW, Crdt, Mistake, Request, Rule, Value};
use super::number;
use crate::sorted::{Merged, Sorted};
use quorate_engine::{Sink, Wire};

/// The counter.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct ResettableCounter {
    /// All that each origin ever added and took away.
    counted: Sorted<Origin, Tally>,
    /// As much of it as was reset.
    // Invariant: some tally that its origin had, so never more than what it has now.
    reset: Sorted<Origin, Tally>,
}

/// What is done to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// So much is added.
    Add(i64),
    /// These tallies, which were seen, count no more.
    Reset(Vec<(Origin, Tally)>),
}

impl ResettableCounter {
    fn sum(&self) -> i64 {
        let total = |tallies: &Sorted<Origin, Tally>| tallies.iter().map(|(_, tally)| tally.value()).sum::<i128>();
        number(total(&self.counted) - total(&self.reset))
    }

    fn after(&self, origin: Origin, amount: i64) -> Tally {
        self.counted.get(origin).copied().unwrap_or_default().and(amount)
    }
}

/// Ours, with the larger of each tally.
fn join(ours: &mut Sorted<Origin, Tally>, theirs: &Sorted<Origin, Tally>) {
    match ours.merge(theirs, Tally::max) {
        Merged::Ours => {}
        Merged::Theirs => *ours = theirs.clone(),
        Merged::New(both) => *ours = both,
    }
}

/// Those of ours that are larger than theirs.
fn larger(ours: &Sorted<Origin, Tally>, theirs: &Sorted<Origin, Tally>) -> Sorted<Origin, Tally> {
    let news = ours.iter().filter(|(origin, tally)| theirs.get(*origin).is_none_or(|known| known.max(tally) != *known));
    news.map(|(origin, tally)| (origin, *tally)).collect()
}

impl Crdt for ResettableCounter {
    type Operation = Operation;

    fn prepare(&self, rule: &Rule, request: &Request, _: &mut At<'_>) -> Result<Operation, &'static str> {
        match *request {
            Request::Add { amount, .. } => Ok(Operation::Add(amount)),
            Request::Remove { amount, .. } if rule.allows(self.sum(), amount) => Ok(Operation::Add(-amount)),
            Request::Remove { .. } => Err(BELOW),
            Request::Clear { .. } => Ok(Operation::Reset(self.counted.iter().map(|(origin, tally)| (origin, *tally)).collect())),
            _ => Err("a counter is added to, taken from and reset"),
        }
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, operation: &Operation) {
        match operation {
            Operation::Reset(seen) if rule.mistake == Some(Mistake::PnReset) => {
                seen.iter().for_each(|(origin, _)| self.counted.insert(*origin, Tally::default()));
            }
            // An origin's own additions come in order, but what it had before may have been zeroed.
            Operation::Add(amount) => self.counted.insert(dot.origin, self.after(dot.origin, *amount)),
            Operation::Reset(_) => self.merge(rule, &self.delta(rule, dot, operation)),
        }
    }

    fn delta(&self, rule: &Rule, dot: Dot, operation: &Operation) -> ResettableCounter {
        let mut delta = ResettableCounter::default();
        match operation {
            Operation::Add(amount) => delta.counted.insert(dot.origin, self.after(dot.origin, *amount)),
            Operation::Reset(seen) if rule.mistake == Some(Mistake::PnReset) => {
                seen.iter().for_each(|(origin, _)| delta.counted.insert(*origin, Tally::default()));
            }
            Operation::Reset(seen) => seen.iter().for_each(|(origin, tally)| delta.reset.insert(*origin, *tally)),
        }
        delta
    }

    fn merge(&mut self, _: &Rule, other: &ResettableCounter) {
        join(&mut self.counted, &other.counted);
        join(&mut self.reset, &other.reset);
    }

    fn beyond(&self, _: &Rule, known: &ResettableCounter) -> Option<ResettableCounter> {
        let (counted, reset) = (larger(&self.counted, &known.counted), larger(&self.reset, &known.reset));
        (!counted.is_empty() || !reset.is_empty()).then_some(ResettableCounter { counted, reset })
    }

    fn value(&self, _: &Rule) -> Value {
        Value::Number(self.sum())
    }
}

fn encode(tallies: &Sorted<Origin, Tally>, sink: &mut impl Sink) {
    sink.u32(tallies.len() as u32);
    for (origin, tally) in tallies.iter() {
        origin.dot(0).encode(sink);
        tally.encode(sink);
    }
}

impl Wire for ResettableCounter {
    fn encode(&self, sink: &mut impl Sink) {
        encode(&self.counted, sink);
        encode(&self.reset, sink);
    }
}

impl Wire for Operation {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Operation::Add(amount) => {
                sink.u8(0);
                sink.i64(*amount);
            }
            Operation::Reset(seen) => {
                sink.u8(1);
                sink.u32(seen.len() as u32);
                for (origin, tally) in seen {
                    origin.dot(0).encode(sink);
                    tally.encode(sink);
                }
            }
        }
    }
}
