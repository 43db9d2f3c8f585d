//! How often something is in force at once: a fault that strikes each time that something happens may come again before it has ended.

use std::collections::VecDeque;

/// The spells of one thing that are under way, by when each began among all.
#[derive(Clone, Debug)]
pub(crate) struct Spells {
    begun: VecDeque<u64>,
}

/// Which spells an end is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// All that are under way.
    All,
    /// The one that began first: all last equally long.
    Oldest,
}

impl Spells {
    pub(crate) fn first(order: u64) -> Spells {
        Spells { begun: VecDeque::from([order]) }
    }

    pub(crate) fn another(&mut self, order: u64) {
        self.begun.push_back(order);
    }

    /// When the oldest began.
    pub(crate) fn oldest(&self) -> u64 {
        *self.begun.front().expect("what has no spell is no longer there")
    }

    /// Whether all are over when the oldest ends.
    pub(crate) fn end_oldest(&mut self) -> bool {
        self.begun.pop_front();
        self.begun.is_empty()
    }
}
