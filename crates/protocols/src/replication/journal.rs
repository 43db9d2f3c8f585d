//! The write-ahead log of a node (Gray, "Notes on data base operating systems", 1978): which of its records are durable, and group
//! commit (DeWitt et al., "Implementation techniques for main memory database systems", SIGMOD 1984): one forced write at a time, and
//! the next one covers all that came in meanwhile.

use quorate_engine::{Actor, Context};
use std::collections::VecDeque;

/// The records of one node, counted from the first ever appended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Journal {
    /// Invariant: `durable <= forcing <= appended`.
    appended: u64,
    /// Records that the forced write under way will make durable; as many as are durable when there is none.
    forcing: u64,
    durable: u64,
}

impl Journal {
    /// After recovery has read so many records.
    pub fn recovered(records: usize) -> Journal {
        let records = records as u64;
        Journal { appended: records, forcing: records, durable: records }
    }

    /// Appends a record; its number, from 1.
    pub fn append<A: Actor>(&mut self, ctx: &mut Context<'_, A>, record: A::Record) -> u64 {
        ctx.append(record);
        self.appended += 1;
        self.appended
    }

    /// Begins a forced write if there is something to force and none is under way. Whether it did.
    pub fn force<A: Actor>(&mut self, ctx: &mut Context<'_, A>) -> bool {
        let begins = self.is_idle() && self.durable < self.appended;
        if begins {
            self.force_now(ctx);
        }
        begins
    }

    /// Begins a forced write for what was just appended: one that others share, or one of its own.
    pub fn force_for<A: Actor>(&mut self, ctx: &mut Context<'_, A>, shared: bool) {
        if shared {
            self.force(ctx);
        } else {
            self.force_now(ctx);
        }
    }

    /// Begins a forced write even if one is under way: what group commit is there to avoid.
    pub fn force_now<A: Actor>(&mut self, ctx: &mut Context<'_, A>) {
        ctx.sync();
        self.forcing = self.appended;
    }

    /// The first `upto` records are durable.
    pub fn synced(&mut self, upto: u64) {
        self.durable = self.durable.max(upto);
        self.forcing = self.forcing.max(self.durable);
    }

    /// Whether no forced write is under way.
    pub fn is_idle(&self) -> bool {
        self.forcing == self.durable
    }

    /// Records so far.
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Whether everything appended so far is durable.
    pub fn is_durable(&self) -> bool {
        self.durable == self.appended
    }

    /// Durable records so far.
    pub fn durable(&self) -> u64 {
        self.durable
    }
}

/// What may happen only once what had been appended by then is durable, in the order in which it was asked for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Waiting<T> {
    /// With the number of the record that each waits for. Invariant: numbers do not descend.
    queue: VecDeque<(u64, T)>,
}

impl<T> Default for Waiting<T> {
    fn default() -> Waiting<T> {
        Waiting { queue: VecDeque::new() }
    }
}

impl<T> Waiting<T> {
    /// This waits for all that was appended so far.
    pub fn push(&mut self, journal: &Journal, what: T) {
        self.queue.push_back((journal.appended(), what));
    }

    /// This waits for the record of that number, which is not below what anything before waits for.
    pub fn push_for(&mut self, record: u64, what: T) {
        debug_assert!(self.queue.back().is_none_or(|(last, _)| *last <= record), "record {record} was waited for before");
        self.queue.push_back((record, what));
    }

    /// The next that need not wait any longer.
    pub fn next(&mut self, journal: &Journal) -> Option<T> {
        let (record, _) = self.queue.front()?;
        if *record > journal.durable() {
            return None;
        }
        self.queue.pop_front().map(|(_, what)| what)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
