//! Which ids a history has used, so that a second use is found, in little memory.

use std::collections::BTreeMap;

/// The ids of a history: runs of numbers that follow each other, which are all that most histories have.
#[derive(Default)]
pub(super) struct Ids {
    /// First and last of each run.
    runs: BTreeMap<i64, i64>,
}

impl Ids {
    /// Adds an id; whether it is new.
    pub(super) fn insert(&mut self, id: i64) -> bool {
        let before = self.runs.range(..=id).next_back().map(|(first, last)| (*first, *last));
        match before {
            Some((_, last)) if id <= last => return false,
            Some((first, last)) if last + 1 == id => drop(self.runs.insert(first, id)),
            _ => drop(self.runs.insert(id, id)),
        }
        if let Some(after) = id.checked_add(1)
            && let Some(last) = self.runs.remove(&after)
        {
            let (_, run_last) = self.runs.range_mut(..=id).next_back().expect("the run of this id");
            *run_last = last;
        }
        true
    }

    pub(super) fn bytes(&self) -> u64 {
        self.runs.len() as u64 * 24
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_in_any_order() {
        let mut ids = Ids::default();
        for id in [5, 3, 4, 9, i64::MAX, i64::MIN, 6, 8, 7] {
            assert!(ids.insert(id), "{id}");
            assert!(!ids.insert(id), "{id}");
        }
        assert_eq!(ids.runs, BTreeMap::from([(i64::MIN, i64::MIN), (3, 9), (i64::MAX, i64::MAX)]));
    }
}
