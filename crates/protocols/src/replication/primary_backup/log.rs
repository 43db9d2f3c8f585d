//! The replicated log: entries in the order of the primary that took them in, each with the view in which that was. A view has one
//! primary, which counts on from what it has; so where two logs have entries of one view at one place, they are equal up to there
//! (the log matching property of Ongaro and Ousterhout 2014, §5.3).

use crate::replication::machine::Command;
use quorate_engine::{NodeId, OpId, Sink, Wire};
use std::collections::BTreeSet;

/// A command with where it came from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// The view in which it was taken in.
    pub view: u32,
    /// The primary of that view.
    pub by: NodeId,
    /// What is to be done.
    pub command: Command,
}

/// Where a log ends: of two that a primary may be chosen for, the greater has what the other lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Position {
    /// The view of the last entry; 0 when there is none.
    pub view: u32,
    /// How many entries.
    pub entries: u32,
}

/// For each view of which a log has entries, in order: where they end.
pub type Ends = Vec<(u32, u32)>;

/// The entries of one copy.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Log {
    // Invariant: views do not descend, and no operation comes twice.
    entries: Vec<Entry>,
    /// Operations of entries that are not carried out yet.
    open: BTreeSet<OpId>,
}

impl Log {
    /// How many entries.
    pub fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry at a place, from 0.
    pub fn entry(&self, place: u32) -> &Entry {
        &self.entries[place as usize]
    }

    /// All entries from a place on, up to another.
    pub fn between(&self, from: u32, to: u32) -> &[Entry] {
        &self.entries[from as usize..to as usize]
    }

    /// The view of the entry before that place; 0 at the start.
    pub fn view_before(&self, place: u32) -> u32 {
        place.checked_sub(1).map_or(0, |last| self.entry(last).view)
    }

    /// Where it ends.
    pub fn position(&self) -> Position {
        Position { view: self.view_before(self.len()), entries: self.len() }
    }

    /// Whether the operation has an entry that is not carried out yet.
    pub fn has_open(&self, operation: OpId) -> bool {
        self.open.contains(&operation)
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.open.insert(entry.command.operation);
        self.entries.push(entry);
    }

    /// The entry of this operation has been carried out.
    pub fn close(&mut self, operation: OpId) {
        self.open.remove(&operation);
    }

    /// None is carried out any more.
    pub fn reopen(&mut self) {
        self.open = self.entries.iter().map(|entry| entry.command.operation).collect();
    }

    /// Cuts off what comes after the first `entries`.
    pub fn cut(&mut self, entries: u32) {
        for entry in self.entries.drain((entries as usize).min(self.entries.len())..) {
            self.open.remove(&entry.command.operation);
        }
    }

    /// Where the entries of each view end.
    pub fn ends(&self) -> Ends {
        let mut ends = Ends::new();
        for (entry, end) in self.entries.iter().zip(1..) {
            match ends.last_mut() {
                Some(last) if last.0 == entry.view => last.1 = end,
                _ => ends.push((entry.view, end)),
            }
        }
        ends
    }

    /// How many entries a log that ends so has in common with this one.
    pub fn common(&self, theirs: &[(u32, u32)]) -> u32 {
        let mut common = 0;
        for (ours, theirs) in self.ends().iter().zip(theirs) {
            if ours.0 != theirs.0 {
                break;
            }
            common = ours.1.min(theirs.1);
            if ours.1 != theirs.1 {
                break;
            }
        }
        common
    }
}

impl Wire for Entry {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.view);
        self.by.encode(sink);
        self.command.encode(sink);
    }
}

impl Wire for Position {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.view);
        sink.u32(self.entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::machine::Request;

    fn log(views: &[u32]) -> Log {
        let mut log = Log::default();
        for (view, number) in views.iter().zip(0..) {
            let command = Command { operation: OpId(number), request: Request::Write(0, 1) };
            log.push(Entry { view: *view, by: NodeId(0), command });
        }
        log
    }

    #[test]
    fn what_logs_have_in_common_is_the_longest_equal_prefix() {
        // All logs of at most five entries over ascending views 1..=3; the entries of equal views at equal places are equal.
        let mut logs: Vec<Vec<u32>> = vec![Vec::new()];
        for length in 1..=5 {
            let shorter: Vec<Vec<u32>> = logs.iter().filter(|views| views.len() == length - 1).cloned().collect();
            for views in shorter {
                for view in views.last().copied().unwrap_or(1)..=3 {
                    logs.push([views.clone(), vec![view]].concat());
                }
            }
        }
        assert_eq!(logs.len(), 56);
        for ours in &logs {
            for theirs in &logs {
                let equal = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count() as u32;
                assert_eq!(log(ours).common(&log(theirs).ends()), equal, "{ours:?} {theirs:?}");
            }
        }
    }

    #[test]
    fn a_cut_forgets_the_operations_behind_it() {
        let mut log = log(&[1, 1, 2]);
        log.close(OpId(0));
        log.cut(2);
        assert_eq!((log.len(), log.has_open(OpId(1)), log.has_open(OpId(2))), (2, true, false));
        assert_eq!(log.position(), Position { view: 1, entries: 2 });
        log.reopen();
        assert!(log.has_open(OpId(0)));
    }
}
