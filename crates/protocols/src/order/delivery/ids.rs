//! What a receiver remembers of what it has delivered, so that it delivers nothing twice. It is rebuilt from the log: an id stands in the record of its
//! delivery.

use std::collections::{BTreeMap, VecDeque};

/// A receiver's memory of one sender. Whatever is not among the last numbers of a whole window is old: the sender would not say it, were it
/// not confirmed.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Ids {
    /// When each was delivered, on the elapsed clock. Invariant: at most a window of numbers.
    kept: BTreeMap<u32, u64>,
    /// By age. Invariant: instants do not descend; of numbers that are kept no more, some may be left.
    by_age: VecDeque<(u64, u32)>,
    highest: u32,
}

impl Ids {
    /// How many it remembers.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether it was delivered.
    pub(super) fn knows(&self, number: u32, window: u32) -> bool {
        self.kept.contains_key(&number) || number.saturating_add(window) <= self.highest
    }

    /// It is delivered.
    pub(super) fn keep(&mut self, number: u32, at: u64, window: u32) {
        self.kept.insert(number, at);
        self.by_age.push_back((at, number));
        self.highest = self.highest.max(number);
        let old = self.highest.saturating_sub(window);
        self.kept = self.kept.split_off(&(old + 1));
    }

    /// Forgets what was delivered more than `memory` before `now`.
    pub(super) fn expire(&mut self, now: u64, memory: u64) {
        while let Some((at, number)) = self.by_age.front().copied()
            && (now.saturating_sub(at) > memory || self.kept.get(&number) != Some(&at))
        {
            self.by_age.pop_front();
            self.kept.remove(&number);
            if self.kept.is_empty() {
                self.highest = 0;
            }
        }
    }
}
