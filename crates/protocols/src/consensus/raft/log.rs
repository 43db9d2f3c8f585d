//! The log of figure 2, behind a snapshot: entries from 1 on, of which a prefix may live in the snapshot only (§7).

use super::config::Configuration;
use crate::replication::machine::Command;
use quorate_engine::{Content, OpId, Sink, Wire};

/// The place of an entry, from 1; 0 is before the first.
pub type Index = u64;

/// A term, from 1; 0 is before the first election.
pub type Term = u64;

/// A log entry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// The term in which a leader took it in.
    pub term: Term,
    /// What it holds.
    pub payload: Payload,
}

/// What an entry holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Payload {
    /// Nothing: a new leader's first entry, with which it commits those before (§8).
    Noop,
    /// For the state machine.
    Command(Command),
    /// Who belongs to the cluster from here on (§6).
    Configuration(Configuration),
}

impl Entry {
    /// The client's operation that it is for.
    pub fn operation(&self) -> Option<OpId> {
        match &self.payload {
            Payload::Command(command) => Some(command.operation),
            Payload::Noop | Payload::Configuration(_) => None,
        }
    }
}

/// Entries that follow one another. Each is shared by all logs, messages and disks that hold it, and encoded as if it were theirs alone.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Entries(pub Vec<Content<Entry>>);

/// Where a log, or a part of one, ends. Of two logs the one with the greater position is the more up to date (§5.4.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Position {
    /// The term of the last entry.
    pub term: Term,
    /// Its index.
    pub index: Index,
}

/// The entries of one server.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Log {
    /// The last entry that the snapshot stands for.
    base: Position,
    // Invariant: terms do not descend, and none is below `base.term`.
    entries: Vec<Content<Entry>>,
}

impl Log {
    /// A log of which the snapshot stands for everything.
    pub fn after(base: Position) -> Log {
        Log { base, entries: Vec::new() }
    }

    /// The last entry that only the snapshot stands for.
    pub fn base(&self) -> Position {
        self.base
    }

    /// The index of the last entry.
    pub fn last(&self) -> Index {
        self.base.index + self.entries.len() as u64
    }

    /// Where it ends.
    pub fn end(&self) -> Position {
        Position { term: self.entries.last().map_or(self.base.term, |entry| entry.term), index: self.last() }
    }

    /// The term of the entry at an index; `None` when there is none, or only the snapshot knows of it.
    pub fn term(&self, index: Index) -> Option<Term> {
        match index.checked_sub(self.base.index)? {
            0 => Some(self.base.term),
            offset => self.entries.get(offset as usize - 1).map(|entry| entry.term),
        }
    }

    /// The entry at an index, if the log still holds it.
    pub fn get(&self, index: Index) -> Option<&Content<Entry>> {
        let offset = index.checked_sub(self.base.index + 1)?;
        self.entries.get(offset as usize)
    }

    /// At most so many entries from an index on, all of which the log must hold or be about to hold.
    pub fn from(&self, index: Index, count_max: usize) -> Entries {
        let offset = (index - self.base.index - 1) as usize;
        Entries(self.entries[offset..(offset + count_max).min(self.entries.len())].to_vec())
    }

    /// The entries with their indices.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Index, &Content<Entry>)> {
        self.entries.iter().enumerate().map(|(offset, entry)| (self.base.index + 1 + offset as u64, entry))
    }

    /// Adds an entry; its index.
    pub fn push(&mut self, entry: Content<Entry>) -> Index {
        self.entries.push(entry);
        self.last()
    }

    /// Removes the entry at an index and all after it.
    pub fn cut(&mut self, from: Index) {
        self.entries.truncate((from - self.base.index - 1) as usize);
    }

    /// Forgets the entries up to an index: a snapshot stands for them now.
    pub fn compact(&mut self, upto: Index) {
        let Some(term) = self.term(upto) else { return };
        self.entries.drain(..(upto - self.base.index) as usize);
        self.base = Position { term, index: upto };
    }

    /// The first index of the term that the entry at `index` has, as far as the log holds it.
    pub fn first_of_term(&self, index: Index) -> Index {
        let Some(term) = self.term(index) else { return index };
        let mut first = index;
        while first > self.base.index + 1 && self.term(first - 1) == Some(term) {
            first -= 1;
        }
        first
    }

    /// The last index at or below `index` whose term is at most `term`.
    pub fn last_at_most(&self, term: Term, index: Index) -> Index {
        let mut last = index.min(self.last());
        while last > self.base.index && self.term(last).is_some_and(|other| other > term) {
            last -= 1;
        }
        last
    }
}

impl Wire for Entry {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.term);
        match &self.payload {
            Payload::Noop => sink.u8(0),
            Payload::Command(command) => {
                sink.u8(1);
                command.encode(sink);
            }
            Payload::Configuration(configuration) => {
                sink.u8(2);
                configuration.encode(sink);
            }
        }
    }
}

impl Wire for Entries {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.0.len() as u32);
        for entry in &self.0 {
            Entry::encode(entry, sink);
        }
    }
}

impl Wire for Position {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.term);
        sink.u64(self.index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(base: Position, terms: &[Term]) -> Log {
        let mut log = Log::after(base);
        for &term in terms {
            log.push(Content::new(Entry { term, payload: Payload::Noop }));
        }
        log
    }

    #[test]
    fn indices_count_on_behind_a_snapshot() {
        let mut log = log(Position { term: 2, index: 5 }, &[2, 3, 3, 5]);
        assert_eq!((log.last(), log.end()), (9, Position { term: 5, index: 9 }));
        assert_eq!([4, 5, 6, 7, 9, 10].map(|index| log.term(index)), [None, Some(2), Some(2), Some(3), Some(5), None]);
        assert_eq!((log.first_of_term(8), log.first_of_term(6)), (7, 6));
        assert_eq!([(4, 9), (3, 9), (2, 9), (1, 9)].map(|(term, index)| log.last_at_most(term, index)), [8, 8, 6, 5]);
        log.compact(7);
        assert_eq!((log.base(), log.last(), log.get(7), log.from(8, 9).0.len()), (Position { term: 3, index: 7 }, 9, None, 2));
        log.cut(9);
        assert_eq!(log.end(), Position { term: 3, index: 8 });
    }
}
