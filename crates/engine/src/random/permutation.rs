//! A keyed order of the nodes for breaking ties: when two events are due at the same instant, the lower rank goes first.
//!
//! Three rounds of a bijection on 32 bits (multiply by an odd number, xor the high half into the low one), every round keyed
//! by the run's seed, and a final xor. So there is no table, whatever the number of nodes, and the rank's owner is found by
//! running the rounds backwards. That final xor alone makes the order of any *two* nodes a fair coin over the seeds; the
//! rounds make it hard to tell the order of *many* nodes from a uniform one.
//!
//! It is deliberately not a shuffle of `0..n`: ranks are spread over all of `u32`. Nor is it a cipher.

use super::StreamKey;
use super::mixer::mix;

/// A bijection between node ids and ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    /// Added to the id first, so that no id (0 least of all) is a fixed point of the multiplications.
    offset: u32,
    /// Invariant: odd, hence invertible modulo 2^32.
    factors: [u32; ROUNDS],
    /// Invariant: `factors[i] * inverses[i] == 1` modulo 2^32.
    inverses: [u32; ROUNDS],
    /// Which of the high half's bits are xored into the low half: all, or in the identity none.
    fold_mask: u32,
    /// Xored into the rank last.
    flip: u32,
}

const ROUNDS: usize = 3;

impl Permutation {
    /// The order under this key.
    pub fn new(key: StreamKey) -> Permutation {
        let word = |number| mix(mix(key.low, key.high), number);
        let factors = [word(0) as u32 | 1, (word(0) >> 32) as u32 | 1, word(1) as u32 | 1];
        Permutation {
            offset: (word(1) >> 32) as u32,
            factors,
            inverses: factors.map(inverse),
            fold_mask: 0xffff,
            flip: (word(2) >> 32) as u32,
        }
    }

    /// The order of the ids themselves: `rank(id) == id`.
    pub const fn identity() -> Permutation {
        Permutation { offset: 0, factors: [1; ROUNDS], inverses: [1; ROUNDS], fold_mask: 0, flip: 0 }
    }

    /// The rank of a node; every node has another.
    #[inline]
    pub const fn rank(&self, id: u32) -> u32 {
        let [first, second, third] = self.factors;
        let mixed = id.wrapping_add(self.offset).wrapping_mul(first);
        let mixed = self.fold(mixed).wrapping_mul(second);
        self.fold(mixed).wrapping_mul(third) ^ self.flip
    }

    /// The node of a rank: the exact inverse of [`Permutation::rank`].
    #[inline]
    pub const fn id(&self, rank: u32) -> u32 {
        let [first, second, third] = self.inverses;
        let mixed = self.fold((rank ^ self.flip).wrapping_mul(third));
        let mixed = self.fold(mixed.wrapping_mul(second));
        mixed.wrapping_mul(first).wrapping_sub(self.offset)
    }

    /// Its own inverse, because the high half, which decides what is xored, stays as it is.
    #[inline]
    const fn fold(&self, value: u32) -> u32 {
        value ^ (value >> 16 & self.fold_mask)
    }
}

/// The inverse of an odd number modulo 2^32, by Newton's iteration: an odd number is its own inverse modulo 8, and each step
/// doubles the number of right bits.
const fn inverse(odd: u32) -> u32 {
    let mut inverse = odd;
    let mut right_bits = 3;
    while right_bits < 32 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)));
        right_bits *= 2;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Keys, Purpose};
    use proptest::prelude::*;

    fn of_seed(seed: u64) -> Permutation {
        Permutation::new(Keys::from_seed(seed).stream(Purpose::Order))
    }

    #[test]
    fn ranks_are_pinned() {
        let permutation = of_seed(42);
        assert_eq!([0, 1, 2, 999_999, u32::MAX].map(|id| permutation.rank(id)), GOLDEN);
    }

    const GOLDEN: [u32; 5] = [4_000_694_133, 3_174_702_479, 2_814_340_916, 4_180_804_878, 3_794_406_556];

    #[test]
    fn no_two_nodes_share_a_rank() {
        for seed in [0, 1, 42] {
            let permutation = of_seed(seed);
            let mut ranks: Vec<u32> = (0..1 << 16).map(|id| permutation.rank(id)).collect();
            ranks.sort_unstable();
            assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}");
        }
    }

    #[test]
    fn the_identity_leaves_every_id() {
        for id in (0..1 << 16).chain([1 << 31, u32::MAX - 1, u32::MAX]) {
            assert_eq!((Permutation::identity().rank(id), Permutation::identity().id(id)), (id, id));
        }
    }

    proptest! {
        #[test]
        fn a_rank_leads_back_to_its_node(low: u64, high: u64, id: u32) {
            let permutation = Permutation::new(StreamKey::new(low, high));
            prop_assert_eq!(permutation.id(permutation.rank(id)), id);
            prop_assert_eq!(permutation.rank(permutation.id(id)), id);
        }

        #[test]
        fn an_odd_number_times_its_inverse_is_one(half: u32) {
            let odd = half | 1;
            prop_assert_eq!(odd.wrapping_mul(inverse(odd)), 1);
        }
    }

    /// Every bound below: the standard deviation of a count of `keys` coins of probability `p`, times 5.5 for the 1e-6 of a
    /// test with up to a few dozen counts.
    fn assert_near(count: u32, keys: u32, p: f64, what: &str) {
        let (expected, deviation) = (f64::from(keys) * p, (f64::from(keys) * p * (1.0 - p)).sqrt());
        assert!((f64::from(count) - expected).abs() < 5.5 * deviation, "{what}: {count} of {keys}, expected {expected}");
    }

    #[test]
    fn over_many_seeds_every_node_wins_and_loses_equally_often() {
        const KEYS: u32 = 200_000;
        let ids: [[u32; 8]; 3] = [
            [0, 1, 2, 3, 4, 5, 6, 7],
            [0, 1 << 16, 2 << 16, 3 << 16, 4 << 16, 5 << 16, 6 << 16, 7 << 16],
            [5, 1_000, 99, 65_536, 1_000_000, 4_096, 12_345, u32::MAX],
        ];
        for ids in ids {
            let (mut wins, mut losses, mut before) = ([0; 8], [0; 8], [[0; 8]; 8]);
            for number in 0..KEYS {
                let key = StreamKey::new(u64::from(number), 0);
                let ranks = ids.map(|id| Permutation::new(key).rank(id));
                wins[place_of(&ranks, ranks.iter().min())] += 1;
                losses[place_of(&ranks, ranks.iter().max())] += 1;
                for (one, other) in pairs() {
                    before[one][other] += u32::from(ranks[one] < ranks[other]);
                }
            }
            for place in 0..8 {
                assert_near(wins[place], KEYS, 1.0 / 8.0, &format!("node {} wins", ids[place]));
                assert_near(losses[place], KEYS, 1.0 / 8.0, &format!("node {} loses", ids[place]));
            }
            for (one, other) in pairs() {
                assert_near(before[one][other], KEYS, 0.5, &format!("node {} before {}", ids[one], ids[other]));
            }
        }
    }

    fn pairs() -> impl Iterator<Item = (usize, usize)> {
        (0..8).flat_map(|one| (one + 1..8).map(move |other| (one, other)))
    }

    fn place_of(ranks: &[u32; 8], wanted: Option<&u32>) -> usize {
        ranks.iter().position(|rank| Some(rank) == wanted).unwrap()
    }

    #[test]
    fn over_many_seeds_all_orders_of_four_nodes_are_equally_likely() {
        const KEYS: u32 = 240_000;
        let mut orders = std::collections::BTreeMap::new();
        for number in 0..KEYS {
            let permutation = Permutation::new(StreamKey::new(u64::from(number), 1));
            let mut order = [0_u32, 1, 2, 3];
            order.sort_unstable_by_key(|&id| permutation.rank(id));
            *orders.entry(order).or_insert(0) += 1;
        }
        assert_eq!(orders.len(), 24);
        for (order, count) in orders {
            assert_near(count, KEYS, 1.0 / 24.0, &format!("order {order:?}"));
        }
    }
}
