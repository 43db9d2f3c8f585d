//! A large sorted map that knows its digest: every change costs the logarithm of its size, and so does keeping the digest up to date.

use quorate_engine::random::mix;
use quorate_engine::{Sink, Wire};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeBounds;

/// A map from `K` to `V`. Its digest is the sum of those of its entries, so that neither order nor history show in it.
#[derive(Clone)]
pub struct Digested<K, V> {
    entries: BTreeMap<K, V>,
    // Invariant: the wrapping sum of `entry_digest` over the entries.
    sum: u64,
}

/// The digest of one entry.
fn entry_digest(key: &impl Wire, value: &impl Wire) -> u64 {
    mix(key.wire_digest(), value.wire_digest())
}

impl<K, V> Default for Digested<K, V> {
    fn default() -> Digested<K, V> {
        Digested { entries: BTreeMap::new(), sum: 0 }
    }
}

impl<K: Ord + Copy + Wire, V: Wire> Digested<K, V> {
    /// The value under `key`.
    pub fn get(&self, key: K) -> Option<&V> {
        self.entries.get(&key)
    }

    /// Whether there is one.
    pub fn contains(&self, key: K) -> bool {
        self.entries.contains_key(&key)
    }

    /// Puts `value` under `key`.
    pub fn insert(&mut self, key: K, value: V) {
        self.sum = self.sum.wrapping_add(entry_digest(&key, &value));
        if let Some(before) = self.entries.insert(key, value) {
            self.sum = self.sum.wrapping_sub(entry_digest(&key, &before));
        }
    }

    /// Puts under `key` what `join` makes of what is there and `value`; `value` where nothing is.
    pub fn join(&mut self, key: K, value: &V, join: impl FnOnce(&V, &V) -> V)
    where
        V: Clone + PartialEq,
    {
        match self.entries.entry(key) {
            Entry::Vacant(place) => {
                self.sum = self.sum.wrapping_add(entry_digest(&key, value));
                place.insert(value.clone());
            }
            Entry::Occupied(mut place) => {
                let both = join(place.get(), value);
                if both != *place.get() {
                    self.sum = self.sum.wrapping_sub(entry_digest(&key, place.get())).wrapping_add(entry_digest(&key, &both));
                    place.insert(both);
                }
            }
        }
    }

    /// Takes away what is under `key`.
    pub fn remove(&mut self, key: K) -> Option<V> {
        let value = self.entries.remove(&key)?;
        self.sum = self.sum.wrapping_sub(entry_digest(&key, &value));
        Some(value)
    }

    /// Takes away what is under any of these.
    pub fn remove_all(&mut self, keys: impl IntoIterator<Item = K>) {
        for key in keys {
            self.remove(key);
        }
    }

    /// The entries in ascending order of key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// Those whose keys are in a range.
    pub fn range(&self, keys: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (K, &V)> {
        self.entries.range(keys).map(|(key, value)| (*key, value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The sum of the entries' digests, as it was kept.
    pub fn digest(&self) -> u64 {
        self.sum
    }

    /// The same, added up anew.
    pub fn digest_anew(&self) -> u64 {
        self.iter().fold(0, |sum, (key, value)| sum.wrapping_add(entry_digest(&key, value)))
    }

    /// The pieces of the map: the entries of which `place` says the same, and which follow each other, are one piece.
    pub fn pieces(&self, place: impl Fn(K) -> u64, each: &mut dyn FnMut(u64, u64)) {
        let mut piece = None;
        for (key, value) in self.iter() {
            let (here, digest) = (place(key), entry_digest(&key, value));
            piece = match piece {
                Some((there, sum)) if there == here => Some((here, digest.wrapping_add(sum))),
                Some((there, sum)) => {
                    each(there, sum);
                    Some((here, digest))
                }
                None => Some((here, digest)),
            };
        }
        if let Some((place, sum)) = piece {
            each(place, sum);
        }
    }
}

impl<K: Ord + Copy + Wire, V: Wire> FromIterator<(K, V)> for Digested<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Digested<K, V> {
        let mut map = Digested::default();
        entries.into_iter().for_each(|(key, value)| map.insert(key, value));
        map
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Digested<K, V> {
    fn eq(&self, other: &Digested<K, V>) -> bool {
        self.sum == other.sum && self.entries == other.entries
    }
}

impl<K: Eq, V: Eq> Eq for Digested<K, V> {}

impl<K, V> Hash for Digested<K, V> {
    /// The sum stands for the entries.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Digested { entries, sum } = self;
        state.write_usize(entries.len());
        state.write_u64(*sum);
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Digested<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

impl<K: Wire, V: Wire> Wire for Digested<K, V> {
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

    #[test]
    fn the_digest_is_kept_through_every_change() {
        let mut map: Digested<u32, u32> = Digested::default();
        for step in 0..1_000_u32 {
            let key = step * 7 % 13;
            match step % 3 {
                0 => map.insert(key, step),
                1 => map.join(key, &step, |mine, theirs| *mine.max(theirs)),
                _ => drop(map.remove(key)),
            }
            assert_eq!(map.digest(), map.digest_anew(), "step {step}");
        }
        let again: Digested<u32, u32> = map.iter().rev().map(|(key, value)| (key, *value)).collect();
        assert_eq!((&again, again.digest()), (&map, map.digest()));
    }

    #[test]
    fn pieces_add_up_to_the_digest() {
        let map: Digested<u32, u32> = (0..10).map(|key| (key, key * key)).collect();
        let (mut places, mut sum) = (Vec::new(), 0_u64);
        map.pieces(|key| u64::from(key / 4), &mut |place, digest| {
            places.push(place);
            sum = sum.wrapping_add(digest);
        });
        assert_eq!((places, sum), (vec![0, 1, 2], map.digest()));
    }
}
