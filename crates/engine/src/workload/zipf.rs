//! Skewed choice among keys: the k-th, from 1, with probability `k^-s / H(n, s)`, where `H(n, s)` is the sum of `k^-s` over all `n`
//! keys (Zipf's law; Knuth, The Art of Computer Programming 3, §6.1).
//!
//! Up to [`TABLE_KEYS_MAX`] keys by inversion: a table of where, out of 2^64, the share of each key ends. Above, by
//! rejection-inversion (Hörmann and Derflinger, "Rejection-Inversion to Generate Variates from Monotone Discrete Distributions",
//! ACM TOMACS 6(3), 1996), which needs no table and on average fewer than 1.1 tries. All floating point is `libm`'s, so every
//! platform draws the same keys.

use crate::random::lane;
use std::sync::{Arc, OnceLock};

/// The most keys that have a table: a table takes a millisecond or two to make.
const TABLE_KEYS_MAX: u32 = 1 << 14;

/// Keys under Zipf's law, ready to be drawn. Clones share the table.
#[derive(Clone, Debug)]
pub struct Zipf {
    keys: u32,
    skew: f64,
    form: Arc<OnceLock<Form>>,
}

#[derive(Debug)]
enum Form {
    /// Where the share of each key but the last ends. Each share is right to 2^-64 and to a relative 2^-50.
    Table(Box<[u64]>),
    Rejection(Rejection),
}

impl Zipf {
    /// The law over `keys` keys with that skew.
    ///
    /// # Panics
    /// Without keys, or when the skew is not a positive finite number.
    pub fn new(keys: u32, skew: f64) -> Zipf {
        assert!(keys > 0 && skew > 0.0 && skew.is_finite(), "a Zipf law over {keys} keys with the skew {skew}");
        Zipf { keys, skew, form: Arc::default() }
    }

    /// How many keys there are.
    pub fn keys(&self) -> u32 {
        self.keys
    }

    /// The exponent: 0 would make all equally likely.
    pub fn skew(&self) -> f64 {
        self.skew
    }

    /// The key of a draw, from 0: the commonest is 0.
    #[inline]
    pub fn key(&self, draw: u64) -> u32 {
        let form = || match self.keys {
            ..=TABLE_KEYS_MAX => Form::Table(ends(self.keys, self.skew)),
            _ => Form::Rejection(Rejection::new(self.keys, self.skew)),
        };
        match self.form.get_or_init(form) {
            Form::Table(ends) => ends.partition_point(|end| *end <= draw) as u32,
            Form::Rejection(rejection) => rejection.key(draw),
        }
    }
}

impl PartialEq for Zipf {
    fn eq(&self, other: &Zipf) -> bool {
        (self.keys, self.skew) == (other.keys, other.skew)
    }
}

/// The weight of the first key, as an integer. The sum of 2^14 weights then stays below 2^96, which the division needs.
const ONE: f64 = (1u128 << 79) as f64;

fn ends(keys: u32, skew: f64) -> Box<[u64]> {
    // Integers from here on: a sum of floats would round at every key.
    let weight = |key: u32| (libm::pow(f64::from(key), -skew) * ONE) as u128;
    let all: u128 = (1..=keys).map(weight).sum();
    let mut sum = 0;
    let end = |key| {
        sum += weight(key);
        let (high, rest) = ((sum << 32) / all, (sum << 32) % all);
        // The last keys may weigh nothing: 2^64 then is its own end, as near as a word comes to it.
        u64::try_from((high << 32) + (rest << 32) / all).unwrap_or(u64::MAX)
    };
    (1..keys).map(end).collect()
}

/// The area under `x^-s` from 1/2 on is cut into bars as wide as a key, and a point drawn evenly from it belongs to the key whose
/// bar it is in. The curve is convex, so a bar has at least the area that its key should have; the rest is refused.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Rejection {
    keys: f64,
    skew: f64,
    /// The area's integral where the first key's own share begins, and at the end of the last key's bar.
    first: f64,
    last: f64,
    /// No point that is so little left of its key is ever refused.
    surely: f64,
}

impl Rejection {
    fn new(keys: u32, skew: f64) -> Rejection {
        let mut law = Rejection { keys: f64::from(keys), skew, first: 0.0, last: 0.0, surely: 0.0 };
        law.first = law.integral(1.5) - 1.0;
        law.last = law.integral(law.keys + 0.5);
        law.surely = 2.0 - law.inverse(law.integral(2.5) - law.weight(2.0));
        law
    }

    fn key(&self, draw: u64) -> u32 {
        for attempt in 0.. {
            // 53 bits, in the middle of their step: neither 0 nor 1.
            let evenly = ((lane(draw, attempt) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            let area = self.last + evenly * (self.first - self.last);
            let point = self.inverse(area);
            let key = libm::floor(point + 0.5).clamp(1.0, self.keys);
            if key - point <= self.surely || area >= self.integral(key + 0.5) - self.weight(key) {
                return key as u32 - 1;
            }
        }
        unreachable!("most points are taken")
    }

    fn weight(&self, x: f64) -> f64 {
        libm::pow(x, -self.skew)
    }

    /// `(x^(1-s) - 1) / (1 - s)`, and its limit `ln x` at `s = 1`.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        let exponent = (1.0 - self.skew) * log;
        // Near 0 the quotient of two small numbers; its series has what it loses.
        if exponent.abs() > 1e-8 { libm::expm1(exponent) / (1.0 - self.skew) } else { log * (1.0 + exponent / 2.0) }
    }

    /// The inverse of [`Rejection::integral`].
    fn inverse(&self, area: f64) -> f64 {
        let scaled = ((1.0 - self.skew) * area).max(-1.0);
        libm::exp(if scaled.abs() > 1e-8 { libm::log1p(scaled) / (1.0 - self.skew) } else { area * (1.0 - scaled / 2.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    /// The law by its definition, smallest weights first.
    fn shares(keys: u32, skew: f64) -> Vec<f64> {
        let weights: Vec<f64> = (1..=keys).map(|key| libm::pow(f64::from(key), -skew)).collect();
        let all: f64 = weights.iter().rev().sum();
        weights.into_iter().map(|weight| weight / all).collect()
    }

    /// Pearson's statistic over cells of at least `MEAN` expected draws each, and its degrees of freedom.
    fn chi_square(shares: &[f64], counts: &[u64], draws: f64) -> (f64, f64) {
        const MEAN: f64 = 20.0;
        let (mut statistic, mut cells) = (0.0, 0.0);
        let (mut expected, mut seen) = (0.0, 0.0);
        let (mut rest, mut left) = (draws, draws);
        for (share, count) in shares.iter().zip(counts) {
            expected += share * draws;
            seen += *count as f64;
            if expected >= MEAN && rest - expected >= MEAN {
                statistic += (seen - expected) * (seen - expected) / expected;
                cells += 1.0;
                (rest, left) = (rest - expected, left - seen);
                (expected, seen) = (0.0, 0.0);
            }
        }
        if rest > 0.0 {
            statistic += (left - rest) * (left - rest) / rest;
            cells += 1.0;
        }
        (statistic, cells - 1.0)
    }

    /// The quantile of chi-square at 1 - 1e-6 by Wilson and Hilferty's cube, 4.7534 being the normal one.
    fn limit(freedom: f64) -> f64 {
        let part = 2.0 / (9.0 * freedom);
        let root = 1.0 - part + 4.7534 * libm::sqrt(part);
        freedom * root * root * root
    }

    fn check(keys: u32, skew: f64, law: &Zipf) {
        const DRAWS: u32 = 400_000;
        let stream = StreamKey::new(u64::from(keys), skew.to_bits());
        let mut counts = vec![0; keys as usize];
        (0..DRAWS).for_each(|counter| counts[law.key(stream.draw(1, counter)) as usize] += 1);
        let (statistic, freedom) = chi_square(&shares(keys, skew), &counts, f64::from(DRAWS));
        assert!(freedom >= 1.0 && statistic < limit(freedom), "{keys} keys, skew {skew}: {statistic} over {freedom}");
    }

    const SKEWS: [f64; 7] = [0.01, 0.5, 0.99, 1.0, 1.01, 1.5, 3.0];

    #[test]
    fn keys_come_as_often_as_the_law_says() {
        for keys in [2, 3, 10, 100, 1_000, TABLE_KEYS_MAX, TABLE_KEYS_MAX + 1, 1_000_000] {
            for skew in SKEWS {
                check(keys, skew, &Zipf::new(keys, skew));
            }
        }
    }

    #[test]
    fn rejection_inversion_is_the_same_law_where_there_is_a_table() {
        for keys in [2, 3, 10, 1_000] {
            for skew in SKEWS {
                check(
                    keys,
                    skew,
                    &Zipf { keys, skew, form: Arc::new(OnceLock::from(Form::Rejection(Rejection::new(keys, skew)))) },
                );
            }
        }
    }

    #[test]
    fn the_table_is_the_law_as_far_as_a_sum_of_floats_can_tell() {
        for keys in [1, 2, 10, 1_000, TABLE_KEYS_MAX] {
            for skew in SKEWS {
                let ends = ends(keys, skew);
                assert_eq!(ends.len() as u32, keys - 1);
                let mut before = 0;
                for (end, share) in ends.iter().zip(shares(keys, skew)) {
                    let found = (end - before) as f64 / libm::exp2(64.0);
                    assert!(
                        (found - share).abs() <= share * libm::exp2(-45.0) + libm::exp2(-63.0),
                        "{keys} {skew}: {found} {share}"
                    );
                    before = *end;
                }
            }
        }
        // 1, 1/2 and 1/3 of 11/6: a third is no float, and a share is as exact as that.
        for (end, elevenths) in ends(3, 1.0).iter().zip([6u128, 9]) {
            assert!(u128::from(*end).abs_diff((elevenths << 64) / 11) < 1 << 12, "{end}");
        }
    }

    #[test]
    fn no_draw_leaves_the_keys() {
        for (keys, skew) in [(1, 1.0), (5, 40.0), (1_000, 300.0), (u32::MAX, 0.2), (u32::MAX, 1.0), (u32::MAX, 5.0)] {
            let law = Zipf::new(keys, skew);
            for draw in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
                assert!(law.key(draw) < keys, "{keys} {skew} {draw}");
            }
        }
    }

    #[test]
    fn draws_are_pinned() {
        let stream = StreamKey::new(1, 2);
        for (keys, skew, golden) in GOLDEN {
            let law = Zipf::new(keys, skew);
            let found: Vec<u32> = (0..8).map(|counter| law.key(stream.draw(0, counter))).collect();
            assert_eq!(found, golden, "{keys} {skew}");
        }
    }

    const GOLDEN: [(u32, f64, [u32; 8]); 4] = [
        (10, 0.5, [9, 6, 2, 3, 3, 1, 7, 0]),
        (1_000, 0.99, [726, 158, 16, 35, 20, 2, 372, 0]),
        (1_000_000, 1.0, [2_540, 1_751, 3_016, 18, 9_501, 116, 23, 5]),
        (1_000_000, 1.2, [30, 23, 35, 1, 90, 4, 1, 0]),
    ];
}
