//! The write-ahead log of a node (Gray, "Notes on data base operating systems", 1978): which of its records are durable, and group
//! commit (DeWitt et al., "Implementation techniques for main memory database systems", SIGMOD 1984): one forced write at a time, and
//! the next one covers all that came in meanwhile.

use quorate_engine::{Actor, Context};

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

    /// Durable records so far.
    pub fn durable(&self) -> u64 {
        self.durable
    }
}
