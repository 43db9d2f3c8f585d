//! The bound that a node has on disk: it has given no id above it, and after a crash gives none below.

use super::node::Node;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::Context;

/// A bound that only rises.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Ceiling {
    journal: Journal,
    /// Bounds that are in the log and not yet durable.
    rising: Waiting<u64>,
    /// Invariant: `durable <= appended`.
    durable: u64,
    appended: u64,
}

impl Ceiling {
    /// As the log has it.
    pub(super) fn recovered(records: &[u64]) -> Ceiling {
        let bound = records.iter().max().copied().unwrap_or(0);
        Ceiling { journal: Journal::recovered(records.len()), rising: Waiting::default(), durable: bound, appended: bound }
    }

    /// Up to here ids may be given.
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    /// Up to here they may be when all is written.
    pub(super) fn appended(&self) -> u64 {
        self.appended
    }

    /// Begins to raise it.
    pub(super) fn raise(&mut self, ctx: &mut Context<'_, Node>, bound: u64) {
        if bound > self.appended {
            self.appended = bound;
            self.journal.append(ctx, bound);
            self.rising.push(&self.journal, bound);
            self.journal.force(ctx);
        }
    }

    /// The first `upto` records are durable. By how much that raises the bound.
    pub(super) fn synced(&mut self, ctx: &mut Context<'_, Node>, upto: u64) -> u64 {
        let before = self.durable;
        self.journal.synced(upto);
        while let Some(bound) = self.rising.next(&self.journal) {
            self.durable = bound;
        }
        self.journal.force(ctx);
        self.durable - before
    }
}
