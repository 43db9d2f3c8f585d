//! The last-writer-wins register (Johnson and Thomas 1975; Shapiro et al. 2011, specifications 8 and 9): every write has a stamp, and
//! the write of the last stamp stays. With the wall clock's stamps a write of a slow clock is lost, though it comes after (Jepsen:
//! Cassandra, 2013). With [`Rule::first_wins`] it is the first stamp that stays.

use super::super::cells::{Cell, Cells};
use super::super::dot::Dot;
use super::super::{At, Mistake, Request, Rule, Value};
use quorate_engine::{Sink, Wire};

/// Registers of which the write with the last stamp stays.
pub type LastWriter = Cells<Stamped>;

/// Their cells: the write that stays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Stamped;

/// A write that was carried out. In this order the last one stays: equal stamps are told apart by who wrote.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Write {
    /// When, by the writer's clock.
    pub stamp: i64,
    /// Its name.
    pub dot: Dot,
    /// What was written.
    pub value: u64,
}

/// What is to be written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// Into which register.
    pub key: u32,
    /// With which stamp.
    pub stamp: i64,
    /// What.
    pub value: u64,
}

impl Cell for Stamped {
    type Key = u32;
    type Held = Write;
    type Operation = Operation;

    fn prepare(registers: &LastWriter, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Operation, &'static str> {
        let Request::Add { key, value, .. } = *request else { return Err("a register is written") };
        let known = registers.held.get(key).map_or(0, |write| write.stamp);
        Ok(Operation { key, stamp: rule.clock.stamp(at.wall, known), value })
    }

    fn changes(_: &LastWriter, _: &Rule, dot: Dot, write: &Operation) -> Vec<(u32, Write)> {
        vec![(write.key, Write { stamp: write.stamp, dot, value: write.value })]
    }

    fn join(rule: &Rule, ours: &Write, theirs: &Write) -> Write {
        let order = match rule.mistake {
            // S1: `version > self.state[key][1]`. Of equal stamps the one that came first stays, wherever it came first.
            Some(Mistake::LwwTie) => theirs.stamp.cmp(&ours.stamp),
            _ => theirs.cmp(ours),
        };
        let later = if rule.first_wins { order.is_lt() } else { order.is_gt() };
        if later { theirs.clone() } else { ours.clone() }
    }

    fn part(key: u32) -> u64 {
        u64::from(key)
    }

    fn value(registers: &LastWriter, _: &Rule) -> Value {
        let written = registers.held.iter().map(|(key, write)| (key, Value::Written(Some(write.value))));
        Value::Entries(written.collect())
    }

    fn read(registers: &LastWriter, _: &Rule, key: u32) -> Value {
        Value::Written(registers.held.get(key).map(|write| write.value))
    }
}

impl Wire for Write {
    fn encode(&self, sink: &mut impl Sink) {
        sink.i64(self.stamp);
        self.dot.encode(sink);
        sink.u64(self.value);
    }
}

impl Wire for Operation {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        sink.i64(self.stamp);
        sink.u64(self.value);
    }
}
