//! A number in a last-writer-wins register: to add to it is to read it, add, and write the sum. Replicas converge, and of two that add at
//! once one addition is lost. It is what a counter is for, and is kept here to be compared with one.

use super::super::dot::Dot;
use super::super::{At, BELOW, Crdt, Request, Rule, Value};
use quorate_engine::{Sink, Wire};

/// The write with the last stamp; nothing is zero.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct ReadAddWrite {
    written: Option<Written>,
}

/// A sum that was written. In this order the last one stays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Written {
    stamp: i64,
    dot: Dot,
    sum: i64,
}

/// What is to be written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// With which stamp.
    pub stamp: i64,
    /// The sum.
    pub sum: i64,
    /// By how much it was meant to change. No replica looks at it, and it is not on the wire: it is for whoever counts what was lost.
    pub amount: i64,
}

impl ReadAddWrite {
    fn sum(&self) -> i64 {
        self.written.map_or(0, |written| written.sum)
    }
}

impl Crdt for ReadAddWrite {
    type Operation = Operation;

    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Operation, &'static str> {
        let amount = match *request {
            Request::Add { amount, .. } => amount,
            Request::Remove { amount, .. } if rule.allows(self.sum(), amount) => -amount,
            Request::Remove { .. } => return Err(BELOW),
            _ => return Err("a number is added to and taken from"),
        };
        let known = self.written.map_or(0, |written| written.stamp);
        Ok(Operation { stamp: rule.clock.stamp(at.wall, known), sum: self.sum().saturating_add(amount), amount })
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, operation: &Operation) {
        self.merge(rule, &self.delta(rule, dot, operation));
    }

    fn delta(&self, _: &Rule, dot: Dot, operation: &Operation) -> ReadAddWrite {
        ReadAddWrite { written: Some(Written { stamp: operation.stamp, dot, sum: operation.sum }) }
    }

    fn merge(&mut self, _: &Rule, other: &ReadAddWrite) {
        self.written = self.written.max(other.written);
    }

    fn beyond(&self, _: &Rule, known: &ReadAddWrite) -> Option<ReadAddWrite> {
        (self.written > known.written).then(|| self.clone())
    }

    fn value(&self, _: &Rule) -> Value {
        Value::Number(self.sum())
    }
}

impl Wire for Written {
    fn encode(&self, sink: &mut impl Sink) {
        sink.i64(self.stamp);
        self.dot.encode(sink);
        sink.i64(self.sum);
    }
}

impl Wire for ReadAddWrite {
    fn encode(&self, sink: &mut impl Sink) {
        self.written.encode(sink);
    }
}

impl Wire for Operation {
    fn encode(&self, sink: &mut impl Sink) {
        sink.i64(self.stamp);
        sink.i64(self.sum);
    }
}
