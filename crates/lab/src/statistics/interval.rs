//! Confidence intervals: of a mean by Student's t, of a quantile by order statistics, which assumes nothing about the
//! distribution. An end that the values cannot bound is infinite.

use super::special::t_quantile;
use super::{Quantile, mean};
use libm::{exp, lgamma, log, log1p, sqrt};
use quorate_engine::latency::normal_quantile;

/// An interval, both ends included.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The lower end; may be `-inf`.
    pub low: f64,
    /// The upper end; may be `inf`.
    pub high: f64,
}

impl Interval {
    /// Bounds nothing.
    pub const UNBOUNDED: Interval = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

/// The standard error of the mean, estimated from the values; none of fewer than two.
pub fn standard_error(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| sqrt(squares / (count - 1.0) / count))
}

/// The interval of the mean at a level such as 0.95.
pub fn mean_interval(values: &[f64], level: f64) -> Interval {
    let count = values.len() as f64;
    if values.len() < 2 {
        return Interval::UNBOUNDED;
    }
    let mean = mean(values);
    let half = t_quantile(1.0 - level, count - 1.0) * standard_error(values).unwrap_or(f64::INFINITY);
    // With an infinite value among them there is no saying.
    if half.is_finite() { Interval { low: mean - half, high: mean + half } } else { Interval::UNBOUNDED }
}

/// The interval of a share that showed itself in `hits` of `count` trials (E. B. Wilson, JASA 22, 1927): unlike that of a mean it says
/// something where none or all did. `count` is at least 1.
pub fn share_interval(hits: f64, count: f64, level: f64) -> Interval {
    let z = normal_quantile((1.0 - level) / 2.0);
    let (share, square) = (hits / count, z * z / count);
    let centre = (share + square / 2.0) / (1.0 + square);
    let half = sqrt(square * (share * (1.0 - share) + square / 4.0)) / (1.0 + square);
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// The interval of a quantile at a level such as 0.95, from values in ascending order: from the `l`-th to the `u`-th value,
/// where the number of values below the true quantile is binomial (David and Nagaraja, *Order Statistics*, 7.1). It covers
/// the quantile with at least that probability.
pub fn quantile_interval(sorted: &[f64], quantile: Quantile, level: f64) -> Interval {
    let (count, part) = (sorted.len() as u64, quantile.to_f64());
    let tail = (1.0 - level) / 2.0;
    // P(B < l) <= tail for the lower rank, P(B >= u) <= tail for the upper; ranks count from 1.
    let (mut lower, mut upper) = (0, count + 1);
    let mut below = 0.0;
    for successes in first_likely(count, part)..=count {
        // Here `below` is P(B < successes).
        if below <= tail {
            lower = successes;
        }
        if 1.0 - below <= tail {
            upper = successes;
            break;
        }
        below += binomial(count, successes, part);
    }
    let at = |rank: u64| sorted[rank as usize - 1];
    Interval {
        low: if lower == 0 { f64::NEG_INFINITY } else { at(lower) },
        high: if upper > count { f64::INFINITY } else { at(upper) },
    }
}

/// Below this many successes lies less than 1e-30: nothing that a sum would notice.
fn first_likely(count: u64, part: f64) -> u64 {
    let mean = count as f64 * part;
    (mean - 12.0 * sqrt(mean * (1.0 - part)) - 140.0).max(0.0) as u64
}

/// The probability of so many successes.
fn binomial(count: u64, successes: u64, part: f64) -> f64 {
    let (n, k) = (count as f64, successes as f64);
    let ways = lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0);
    exp(ways + k * log(part) + (n - k) * log1p(-part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_the_textbook_one() {
        // Mean 5, standard deviation 2.5820 / sqrt(4), t(0.975, 3) = 3.1824.
        let interval = mean_interval(&[2.0, 4.0, 6.0, 8.0], 0.95);
        assert!((interval.low - 0.891_5).abs() < 1e-3 && (interval.high - 9.108_5).abs() < 1e-3, "{interval:?}");
        assert_eq!(mean_interval(&[7.0; 5], 0.95), Interval { low: 7.0, high: 7.0 });
        assert_eq!(mean_interval(&[1.0, f64::INFINITY], 0.95), Interval::UNBOUNDED);
    }

    #[test]
    fn the_interval_of_a_share_is_the_published_one() {
        for (hits, count, low, high) in [(0.0, 10.0, 0.0, 0.2775), (5.0, 10.0, 0.2366, 0.7634), (10.0, 10.0, 0.7225, 1.0)] {
            let interval = share_interval(hits, count, 0.95);
            assert!((interval.low - low).abs() < 1e-4 && (interval.high - high).abs() < 1e-4, "{hits}: {interval:?}");
        }
    }

    #[test]
    fn the_ranks_of_a_quantile_are_the_published_ones() {
        let upto = |count: u64| (1..=count).map(|value| value as f64).collect::<Vec<_>>();
        // Medians at 95 % (Conover, table A3 by the exact binomial): n = 6: 1 to 6; n = 10: 2 to 9; n = 100: 40 to 61.
        for (count, low, high) in [(6, 1.0, 6.0), (10, 2.0, 9.0), (20, 6.0, 15.0), (100, 40.0, 61.0)] {
            assert_eq!(quantile_interval(&upto(count), Quantile::P50, 0.95), Interval { low, high }, "{count}");
        }
        let few = quantile_interval(&upto(100), Quantile::P99, 0.95);
        assert_eq!((few.low, few.high), (97.0, f64::INFINITY), "100 runs do not bound a p99 from above");
        assert_eq!(quantile_interval(&upto(3), Quantile::P50, 0.95), Interval::UNBOUNDED);
        let many = quantile_interval(&upto(100_000), Quantile::P99, 0.99);
        assert!((98_910.0..98_930.0).contains(&many.low) && (99_070.0..99_090.0).contains(&many.high), "{many:?}");
    }

    #[test]
    fn coverage_is_at_least_the_level() {
        // Exactly, by summing the binomial between the ranks.
        for count in [5u64, 17, 60, 333] {
            for quantile in [Quantile::P50, Quantile::P90, Quantile::P99] {
                let values: Vec<f64> = (1..=count).map(|value| value as f64).collect();
                let interval = quantile_interval(&values, quantile, 0.95);
                let (low, high) = (interval.low.max(0.0) as u64, interval.high.min(count as f64 + 1.0) as u64);
                let covered: f64 = (low..high).map(|below| binomial(count, below, quantile.to_f64())).sum();
                assert!(covered >= 0.95 - 1e-12, "{quantile} of {count}: {covered}");
            }
        }
    }
}
