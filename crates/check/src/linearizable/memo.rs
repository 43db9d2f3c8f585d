//! What a search remembers: the pairs of placed operations and state that it has been at, as 128-bit sums, in a table with open places.
//! Two pairs that share a sum would hide one of them; at a billion pairs that happens with a probability of 2^-69.

/// A set of 128-bit hashes.
#[derive(Default)]
pub(super) struct Memo {
    /// Invariant: a power of two of places, at least half of them 0, which stands for empty; or none at all.
    places: Vec<u128>,
    count: usize,
}

/// Places of the first table: few, as each key of a history has a table of its own, and most searches never turn back.
const PLACES_FIRST: usize = 1 << 4;

impl Memo {
    /// Adds a hash; whether it is new.
    pub(super) fn insert(&mut self, hash: u128) -> bool {
        if self.is_full() {
            self.grow();
        }
        let fresh = put(&mut self.places, hash | u128::from(hash == 0));
        self.count += usize::from(fresh);
        fresh
    }

    /// Whether it grows before it takes another hash.
    pub(super) fn is_full(&self) -> bool {
        2 * (self.count + 1) > self.places.len()
    }

    /// How many bytes it holds.
    pub(super) fn bytes(&self) -> u64 {
        size_of_val::<[u128]>(&self.places) as u64
    }

    fn grow(&mut self) {
        let wider = (2 * self.places.len()).max(PLACES_FIRST);
        let before = std::mem::replace(&mut self.places, vec![0; wider]);
        for hash in before.into_iter().filter(|hash| *hash != 0) {
            put(&mut self.places, hash);
        }
    }
}

fn put(places: &mut [u128], hash: u128) -> bool {
    let mask = places.len() - 1;
    let mut place = hash as usize & mask;
    while places[place] != 0 {
        if places[place] == hash {
            return false;
        }
        place = (place + 1) & mask;
    }
    places[place] = hash;
    true
}

#[cfg(test)]
mod tests {
    use super::super::print::spread;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_memo_is_a_set() {
        let (mut memo, mut oracle) = (Memo::default(), BTreeSet::new());
        for step in 0..100_000u64 {
            // Every hash comes several times, and many share their low bits.
            let hash = u128::from(spread(step % 20_011)) << 64 | u128::from((step % 20_011) << 9);
            assert_eq!(memo.insert(hash), oracle.insert(hash), "{step}");
        }
        assert!(Memo::default().insert(0));
    }
}
