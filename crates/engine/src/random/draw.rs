//! Unbiased choice among `bound` alternatives from one draw.
//!
//! Lemire's method: multiply by the bound and keep the high word, which needs no division in the common case, and refuse the
//! few draws that would make some alternatives likelier (Daniel Lemire, "Fast Random Integer Generation in an Interval",
//! ACM TOMACS 29(1), 2019). A refused draw is replaced by one derived from itself and the attempt's number, so that a choice
//! always consumes exactly one counter of its node, however often it has to try.
//!
//! It is deliberately not a generator: there is no state, and the same draw makes the same choice.

use super::mixer::retry;

/// 64 uniform bits about to become a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Draw(
    /// The bits, from [`super::StreamKey::draw`], [`super::lane`] or a sequential generator.
    pub u64,
);

impl Draw {
    /// A choice in `0..bound`, each alternative with the same probability.
    ///
    /// # Panics
    /// If `bound` is 0: there is nothing to choose from.
    #[inline]
    pub const fn below(self, bound: u64) -> u64 {
        assert!(bound != 0, "a choice among 0 alternatives");
        let product = self.0 as u128 * bound as u128;
        // `bound` is above 2^64 mod bound, so this cheap test lets nearly every draw skip the division.
        if product as u64 >= bound {
            return (product >> 64) as u64;
        }
        below_with_rejection(self.0, bound)
    }
}

/// Apart from [`Draw::below`] so that only the common case is inlined.
#[cold]
const fn below_with_rejection(draw: u64, bound: u64) -> u64 {
    let refused_below = bound.wrapping_neg() % bound;
    let mut product = draw as u128 * bound as u128;
    let mut attempt = 0;
    // At most half of all draws are refused, whatever the bound; 2^32 refusals in a row do not happen.
    while (product as u64) < refused_below {
        product = retry(draw, attempt) as u128 * bound as u128;
        attempt += 1;
    }
    (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    #[test]
    fn choices_are_below_their_bound_and_spread_over_it() {
        let key = StreamKey::new(1, 2);
        for bound in [1, 2, 3, 5, 7, 10, 64, 1_000] {
            let mut counts = vec![0_u64; bound as usize];
            let draws = 200 * bound.max(50);
            for counter in 0..draws {
                counts[Draw(key.draw(bound as u32, counter as u32)).below(bound) as usize] += 1;
            }
            let expected = draws as f64 / bound as f64;
            let chi_square: f64 =
                counts.iter().map(|&count| (count as f64 - expected) * (count as f64 - expected) / expected).sum();
            // Mean bound - 1, standard deviation sqrt(2 (bound - 1)): seven of them, and room for the skew of small bounds.
            let freedom = (bound - 1) as f64;
            assert!(chi_square <= freedom + 7.0 * (2.0 * freedom).sqrt() + 25.0, "bound {bound}: chi-square {chi_square}");
        }
    }

    #[test]
    fn refusals_leave_no_bias_where_a_plain_product_would() {
        // Three quarters of 2^64: a plain product would give every third value twice the weight of the others,
        // and a quarter of all draws is refused.
        let bound = 3 << 62;
        let key = StreamKey::new(3, 4);
        let mut thirds = [0_i64; 3];
        let draws = 300_000;
        for counter in 0..draws {
            thirds[(Draw(key.draw(0, counter)).below(bound) % 3) as usize] += 1;
        }
        // Standard deviation 258; at level 1e-6 the limit is 4.9 of them.
        for (residue, count) in thirds.into_iter().enumerate() {
            assert!((count - i64::from(draws) / 3).abs() < 1_265, "residue {residue}: {count}");
        }
    }

    #[test]
    fn choices_are_pinned_with_and_without_a_refusal() {
        for (draw, bound, expected) in GOLDEN {
            assert_eq!(Draw(draw).below(bound), expected, "{draw:#x} below {bound}");
        }
    }

    const GOLDEN: [(u64, u64, u64); 6] = [
        (0, 1, 0),
        (u64::MAX, 10, 9),
        (1 << 63 | 1, 10, 5),
        // These are refused, the first two by a hair.
        (1 << 63, 10, 8),
        (0, 10, 0),
        (0, 3 << 62, 1_017_407_230_638_210_602),
    ];

    #[test]
    #[should_panic(expected = "a choice among 0 alternatives")]
    fn a_choice_among_nothing_panics() {
        Draw(1).below(0);
    }
}
