//! A small map as a sorted vector, and how two of them join: what replicated states are made of. Meant for states that are
//! read and copied far more often than keys come and go; not for large maps under many writes.

use quorate_engine::{Sink, Wire};
use std::cmp::Ordering;

/// A map from `K` to `V`, its keys ascending.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sorted<K, V> {
    // Invariant: strictly ascending by key.
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Sorted<K, V> {
        Sorted { entries: Vec::new() }
    }
}

/// What became of two states that were merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Merged<S> {
    /// Ours has it all.
    Ours,
    /// Theirs has it all: it may be taken over as it is.
    Theirs,
    /// Neither has it all.
    New(S),
}

impl<K: Ord + Copy, V: PartialEq + Clone> Sorted<K, V> {
    /// The value under `key`.
    pub fn get(&self, key: K) -> Option<&V> {
        self.place(key).ok().map(|index| &self.entries[index].1)
    }

    /// The value under `key`, to change.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.place(key).ok().map(|index| &mut self.entries[index].1)
    }

    /// Puts `value` under `key`.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(key) {
            Ok(index) => self.entries[index].1 = value,
            Err(index) => self.entries.insert(index, (key, value)),
        }
    }

    /// Takes away what is under `key`.
    pub fn remove(&mut self, key: K) -> Option<V> {
        self.place(key).ok().map(|index| self.entries.remove(index).1)
    }

    /// The keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = K> {
        self.entries.iter().map(|(key, _)| *key)
    }

    /// Where a key stands, or else where it would.
    fn place(&self, key: K) -> Result<usize, usize> {
        self.entries.binary_search_by(|(other, _)| other.cmp(&key))
    }

    /// A copy with `value` under `key`.
    #[must_use]
    pub fn with(&self, key: K, value: V) -> Sorted<K, V> {
        let mut with = self.clone();
        with.insert(key, value);
        with
    }

    /// The entries in ascending order of key.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every key of either map, ascending, with what each holds under it.
    pub fn join<'a>(&'a self, theirs: &'a Sorted<K, V>) -> Join<'a, K, V> {
        Join { ours: &self.entries, theirs: &theirs.entries }
    }

    /// Both maps in one: what only one holds is kept, and `combine` decides where both hold a value. Builds a map only when
    /// neither of the two is the result.
    pub fn merge(&self, theirs: &Sorted<K, V>, combine: impl Fn(&V, &V) -> V) -> Merged<Sorted<K, V>> {
        let (mut ours_is_all, mut theirs_is_all) = (true, true);
        for (_, mine, other) in self.join(theirs) {
            match (mine, other) {
                (Some(mine), Some(other)) => {
                    let value = combine(mine, other);
                    ours_is_all &= value == *mine;
                    theirs_is_all &= value == *other;
                }
                (mine, _) => {
                    ours_is_all &= mine.is_some();
                    theirs_is_all &= mine.is_none();
                }
            }
        }
        if ours_is_all {
            return Merged::Ours;
        }
        if theirs_is_all {
            return Merged::Theirs;
        }
        let one = |mine: Option<&V>, other: Option<&V>| match (mine, other) {
            (Some(mine), Some(other)) => combine(mine, other),
            (mine, other) => mine.or(other).expect("a joined key is in one of the maps").clone(),
        };
        Merged::New(Sorted { entries: self.join(theirs).map(|(key, mine, other)| (key, one(mine, other))).collect() })
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Sorted<K, V> {
    /// # Panics
    /// When the keys do not ascend.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Sorted<K, V> {
        let entries: Vec<(K, V)> = entries.into_iter().collect();
        assert!(entries.windows(2).all(|pair| pair[0].0 < pair[1].0), "the keys do not ascend");
        Sorted { entries }
    }
}

/// See [`Sorted::join`].
pub struct Join<'a, K, V> {
    ours: &'a [(K, V)],
    theirs: &'a [(K, V)],
}

impl<'a, K: Ord + Copy, V> Iterator for Join<'a, K, V> {
    type Item = (K, Option<&'a V>, Option<&'a V>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.ours.first(), self.theirs.first()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(mine), Some(other)) => mine.0.cmp(&other.0),
        };
        let mine = if order.is_le() { self.ours.split_off_first() } else { None };
        let other = if order.is_ge() { self.theirs.split_off_first() } else { None };
        let key = mine.or(other).expect("one of them is there").0;
        Some((key, mine.map(|entry| &entry.1), other.map(|entry| &entry.1)))
    }
}

impl<K: Wire, V: Wire> Wire for Sorted<K, V> {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.entries.len() as u32);
        for (key, value) in &self.entries {
            key.encode(sink);
            value.encode(sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// All maps over the keys 0..3 with values 0..3.
    fn maps() -> impl Iterator<Item = Sorted<u32, u32>> {
        (0..64u32).map(|code| {
            let digits = (0..3).map(move |key| (key, code >> (2 * key) & 3));
            digits.filter(|(_, digit)| *digit > 0).map(|(key, digit)| (key, digit - 1)).collect()
        })
    }

    #[test]
    fn merging_agrees_with_a_plain_map_over_every_pair_of_small_maps() {
        for ours in maps() {
            for theirs in maps() {
                let mut expect: BTreeMap<u32, u32> = ours.iter().map(|(key, value)| (key, *value)).collect();
                for (key, value) in theirs.iter() {
                    expect.entry(key).and_modify(|mine| *mine = (*mine).max(*value)).or_insert(*value);
                }
                let expect: Sorted<u32, u32> = expect.into_iter().collect();
                let merged = ours.merge(&theirs, |mine, other| *mine.max(other));
                match merged {
                    Merged::Ours => assert_eq!(ours, expect),
                    Merged::Theirs => assert_eq!(theirs, expect),
                    Merged::New(new) => {
                        assert_eq!(new, expect);
                        assert!(new != ours && new != theirs, "{ours:?} and {theirs:?} were built anew for nothing");
                    }
                }
            }
        }
    }

    #[test]
    fn with_puts_one_value_in_order() {
        let map = Sorted::default().with(5, "five").with(1, "one").with(5, "cinq");
        assert_eq!(map.iter().collect::<Vec<_>>(), [(1, &"one"), (5, &"cinq")]);
        assert_eq!((map.get(5), map.get(2), map.len()), (Some(&"cinq"), None, 2));
    }

    #[test]
    fn keys_come_and_go() {
        let mut map: Sorted<u32, u32> = [(1, 10), (5, 50)].into_iter().collect();
        map.insert(3, 30);
        map.insert(5, 51);
        *map.get_mut(1).expect("it is there") += 1;
        assert_eq!(map.keys().collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!((map.remove(3), map.remove(3), map.get_mut(3)), (Some(30), None, None));
        assert_eq!(map, [(1, 11), (5, 51)].into_iter().collect());
    }
}
