//! The counter (Shapiro et al. 2011, specifications 6 and 7; S1 `GCounter`, `PNCounter`): for each origin what it has added and what it
//! has taken away. One that is never asked to take away is a grow-only counter.

use super::dot::{Dot, Origin};
use super::{At, BELOW, Crdt, Mistake, Request, Rule, Value};
use crate::sorted::{Merged, Sorted};
use quorate_engine::{Sink, Wire};

/// S1 `counts`: a tally of each origin.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct PnCounter {
    tallies: Sorted<Origin, Tally>,
}

/// What one origin has added up; only it raises these numbers. Sums saturate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Tally {
    /// The sum of its additions.
    pub added: u64,
    /// The sum of what it took away.
    pub removed: u64,
}

impl Tally {
    /// What the origin contributes.
    pub fn value(&self) -> i128 {
        i128::from(self.added) - i128::from(self.removed)
    }

    /// The tally after another addition.
    #[must_use]
    pub fn and(&self, amount: i64) -> Tally {
        let size = amount.unsigned_abs();
        match amount >= 0 {
            true => Tally { added: self.added.saturating_add(size), ..*self },
            false => Tally { removed: self.removed.saturating_add(size), ..*self },
        }
    }

    /// The same as a number that people read; far out, the last one that there is.
    pub fn shown(&self) -> i64 {
        self.value().clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// The later of two tallies of one origin.
    #[must_use]
    pub fn max(&self, other: &Tally) -> Tally {
        Tally { added: self.added.max(other.added), removed: self.removed.max(other.removed) }
    }

    fn plus(&self, other: &Tally) -> Tally {
        Tally { added: self.added.saturating_add(other.added), removed: self.removed.saturating_add(other.removed) }
    }
}

impl PnCounter {
    /// S1 `value`.
    pub fn sum(&self) -> i64 {
        let sum: i128 = self.tallies.iter().map(|(_, tally)| tally.value()).sum();
        sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Each origin's tally, ascending.
    pub fn tallies(&self) -> impl Iterator<Item = (Origin, &Tally)> {
        self.tallies.iter()
    }

    /// What an origin has added up.
    pub fn tally(&self, origin: Origin) -> Tally {
        self.tallies.get(origin).copied().unwrap_or_default()
    }
}

impl Crdt for PnCounter {
    /// The amount to add.
    type Operation = i64;

    fn prepare(&self, rule: &Rule, request: &Request, _: &mut At<'_>) -> Result<i64, &'static str> {
        match *request {
            Request::Add { amount, .. } => Ok(amount),
            Request::Remove { amount, .. } if rule.allows(self.sum(), amount) => Ok(-amount),
            Request::Remove { .. } => Err(BELOW),
            _ => Err("a counter is added to and taken from"),
        }
    }

    /// S1 `increment`, `decrement`.
    fn apply(&mut self, _: &Rule, dot: Dot, amount: &i64) {
        self.tallies.insert(dot.origin, self.tally(dot.origin).and(*amount));
    }

    fn delta(&self, _: &Rule, dot: Dot, amount: &i64) -> PnCounter {
        PnCounter { tallies: Sorted::default().with(dot.origin, self.tally(dot.origin).and(*amount)) }
    }

    /// S1 `max(self.counts.get(node_id, 0), count)`.
    fn merge(&mut self, rule: &Rule, other: &PnCounter) {
        let sum = rule.mistake == Some(Mistake::SumMerge);
        match self.tallies.merge(&other.tallies, |ours, theirs| if sum { ours.plus(theirs) } else { ours.max(theirs) }) {
            Merged::Ours => {}
            Merged::Theirs => self.tallies = other.tallies.clone(),
            Merged::New(both) => self.tallies = both,
        }
    }

    fn beyond(&self, _: &Rule, known: &PnCounter) -> Option<PnCounter> {
        let more = self.tallies.iter().filter(|(origin, tally)| known.tally(*origin).max(tally) != known.tally(*origin));
        let tallies: Sorted<Origin, Tally> = more.map(|(origin, tally)| (origin, *tally)).collect();
        (!tallies.is_empty()).then_some(PnCounter { tallies })
    }

    fn value(&self, _: &Rule) -> Value {
        Value::Number(self.sum())
    }
}

impl Wire for Tally {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.added);
        sink.u64(self.removed);
    }
}

impl Wire for PnCounter {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.tallies.len() as u32);
        for (origin, tally) in self.tallies.iter() {
            // An origin and a number share eight bytes.
            origin.dot(0).encode(sink);
            tally.encode(sink);
        }
    }
}
