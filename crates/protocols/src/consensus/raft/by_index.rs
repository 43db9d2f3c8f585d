//! What is known of entries, by index: a vector, as indices follow one another. Where they do not, there is a gap.

use super::log::Index;

/// Values by index.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ByIndex<T> {
    /// The index of the first value.
    first: Index,
    // Invariant: neither begins nor ends with a gap, and `first` is 0 without values: what holds the same is equal.
    values: Vec<Option<T>>,
}

impl<T> Default for ByIndex<T> {
    fn default() -> ByIndex<T> {
        ByIndex { first: 0, values: Vec::new() }
    }
}

impl<T> ByIndex<T> {
    /// The value at an index.
    pub(super) fn get(&self, index: Index) -> Option<&T> {
        let place = index.checked_sub(self.first)?;
        self.values.get(place as usize)?.as_ref()
    }

    /// The value at an index, which is this one from now on if there was none.
    pub(super) fn get_or_put(&mut self, index: Index, value: T) -> &T {
        self.room(index).get_or_insert(value)
    }

    /// This is the value at an index now.
    pub(super) fn put(&mut self, index: Index, value: T) {
        *self.room(index) = Some(value);
    }

    /// Takes away the values from an index on.
    pub(super) fn cut(&mut self, from: Index) -> ByIndex<T> {
        let place = self.place(from);
        let mut gone = ByIndex { first: self.first + place as u64, values: self.values.split_off(place) };
        self.tidy();
        gone.tidy();
        gone
    }

    /// Takes away the values up to an index.
    pub(super) fn forget(&mut self, upto: Index) {
        let place = self.place(upto + 1);
        self.values.drain(..place);
        self.first += place as u64;
        self.tidy();
    }

    /// The values with their indices.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (Index, &T)> {
        let places = self.values.iter().enumerate();
        places.filter_map(|(place, value)| value.as_ref().map(|value| (self.first + place as u64, value)))
    }

    /// Where an index is, or would be, if not before or after all that is there.
    fn place(&self, index: Index) -> usize {
        index.saturating_sub(self.first).min(self.values.len() as u64) as usize
    }

    /// Where the value of an index stands; whoever asks puts one there.
    fn room(&mut self, index: Index) -> &mut Option<T> {
        if self.values.is_empty() {
            self.first = index;
        }
        if index < self.first {
            let gap = (index..self.first).map(|_| None);
            self.values.splice(..0, gap);
            self.first = index;
        }
        let place = (index - self.first) as usize;
        if place >= self.values.len() {
            self.values.resize_with(place + 1, || None);
        }
        &mut self.values[place]
    }

    /// Takes away the gaps at both ends.
    fn tidy(&mut self) {
        while self.values.pop_if(|value| value.is_none()).is_some() {}
        let gap = self.values.iter().take_while(|value| value.is_none()).count();
        self.values.drain(..gap);
        self.first = if self.values.is_empty() { 0 } else { self.first + gap as u64 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What it holds is what a map holds after the same steps; and it equals whatever holds the same, however it came to be.
    #[test]
    fn values_by_index_are_a_map() {
        let mut state = 1u64;
        let mut draw = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for _ in 0..300 {
            let (mut by_index, mut oracle) = (ByIndex::default(), BTreeMap::new());
            for step in 0..30 {
                let index = draw(12);
                match draw(5) {
                    0 => {
                        let (gone, expected) = (by_index.cut(index), oracle.split_off(&index));
                        assert!(gone.iter().eq(expected.iter().map(|(index, value)| (*index, value))));
                    }
                    1 => {
                        by_index.forget(index);
                        oracle = oracle.split_off(&(index + 1));
                    }
                    2 => assert_eq!(by_index.get_or_put(index, step), oracle.entry(index).or_insert(step)),
                    _ => {
                        by_index.put(index, step);
                        oracle.insert(index, step);
                    }
                }
                assert!((0..13).all(|index| by_index.get(index) == oracle.get(&index)));
                assert!(by_index.iter().rev().eq(oracle.iter().rev().map(|(index, value)| (*index, value))));
                let mut anew = ByIndex::default();
                oracle.iter().rev().for_each(|(index, value)| anew.put(*index, *value));
                assert_eq!(by_index, anew);
            }
        }
    }
}
