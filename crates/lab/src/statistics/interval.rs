//! Confidence intervals: of a mean by Student's t, of a quantile by order statistics, which assumes nothing about the
//! distribution; of a share see [`super::share`]. An end that the values cannot bound is infinite.

use super::share::Sequence;
use super::special::t_quantile;
use super::{Quantile, mean};
use libm::{exp, lgamma, log, log1p, sqrt};

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

/// The standard deviation, estimated from the values; none of fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| sqrt(squares / (values.len() as f64 - 1.0)))
}

/// The standard error of the mean, estimated from the values; none of fewer than two.
pub fn standard_error(values: &[f64]) -> Option<f64> {
    deviation(values).map(|deviation| deviation / sqrt(values.len() as f64))
}

/// How many values the interval of a mean needs, if there are fewer: more than 25 times the square of their skewness (Cochran, *Sampling
/// Techniques*, 2.15). Of skewed values Student's interval covers the mean less often than it says.
pub fn mean_needs(values: &[f64]) -> Option<u64> {
    let (count, mean) = (values.len() as f64, mean(values));
    let moment = |power: i32| values.iter().map(|value| (0..power).fold(1.0, |all, _| all * (value - mean))).sum::<f64>() / count;
    let (second, third) = (moment(2), moment(3));
    let needed = 25.0 * third * third / (second * second * second);
    (second > 0.0 && needed.is_finite() && needed >= count).then(|| needed as u64 + 1)
}

/// The interval of the mean at a level such as 0.95.
pub fn mean_interval(values: &[f64], level: f64) -> Interval {
    let count = values.len() as f64;
    if values.len() < 2 {
        return Interval::UNBOUNDED;
    }
    mean_interval_of(mean(values), standard_error(values).unwrap_or(f64::INFINITY), count, level)
}

/// The interval of a mean with that standard error, over `count` values: at least two.
pub(crate) fn mean_interval_of(mean: f64, standard_error: f64, count: f64, level: f64) -> Interval {
    let half = t_quantile(1.0 - level, count - 1.0) * standard_error;
    // With an infinite value among them there is no saying.
    if half.is_finite() { Interval { low: mean - half, high: mean + half } } else { Interval::UNBOUNDED }
}

/// The interval of a quantile at a level such as 0.95, from values in ascending order: from the `l`-th to the `u`-th value,
/// where the number of values below the true quantile is binomial (David and Nagaraja, *Order Statistics*, 7.1). It covers
/// the quantile with at least that probability.
pub fn quantile_interval(sorted: &[f64], quantile: Quantile, level: f64) -> Interval {
    between(sorted, quantile_ranks(sorted.len() as u64, quantile, level))
}

/// The ranks, from 1, of the values that bound a quantile of `count` values; `None` where none of them does.
pub(crate) fn quantile_ranks(count: u64, quantile: Quantile, level: f64) -> (Option<u64>, Option<u64>) {
    let part = quantile.to_f64();
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
    ((lower > 0).then_some(lower), (upper <= count).then_some(upper))
}

/// The interval of a quantile that holds at every number of values at once (Howard and Ramdas, Bernoulli 28, 2022, by another
/// sequence): those values of which neither too few others lie below nor too many.
pub fn quantile_sequence(sorted: &[f64], quantile: Quantile, level: f64) -> Interval {
    let (part, count) = (quantile.to_f64(), sorted.len() as u64);
    let (fewest, most) = Sequence::about(part).hits_left(part, count, level);
    between(sorted, ((fewest > 0).then_some(fewest), (most < count).then_some(most + 1)))
}

/// From one rank to another; beyond the first and the last nothing is known.
fn between(sorted: &[f64], (lower, upper): (Option<u64>, Option<u64>)) -> Interval {
    let at = |rank: u64| sorted[rank as usize - 1];
    Interval { low: lower.map_or(f64::NEG_INFINITY, at), high: upper.map_or(f64::INFINITY, at) }
}

/// Below this many successes lies less than 1e-30: nothing that a sum would notice.
fn first_likely(count: u64, part: f64) -> u64 {
    let mean = count as f64 * part;
    (mean - 12.0 * sqrt(mean * (1.0 - part)) - 140.0).max(0.0) as u64
}

/// The probability of so many successes.
pub(super) fn binomial(count: u64, successes: u64, part: f64) -> f64 {
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
    fn whoever_looks_all_the_time_has_a_wider_interval() {
        let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
        for quantile in [Quantile::P50, Quantile::P90, Quantile::P99] {
            let (once, always) = (quantile_interval(&values, quantile, 0.95), quantile_sequence(&values, quantile, 0.95));
            assert!(always.low < once.low && once.high < always.high, "{quantile}: {once:?}, {always:?}");
            let wider = (always.high.min(1_000.0) - always.low) / (once.high.min(1_000.0) - once.low);
            assert!(wider < 2.0, "{quantile}: {wider} times");
        }
        assert_eq!(quantile_sequence(&[1.0], Quantile::P50, 0.95), Interval::UNBOUNDED);
    }

    #[test]
    fn skewed_values_need_many() {
        // Of 100 values one is 1: skewness 98 / sqrt(99) = 9.85, and 25 times its square is 2,425.
        let rare: Vec<f64> = (0..100).map(|index| f64::from(index == 0)).collect();
        assert_eq!(mean_needs(&rare), Some(2_426));
        let even: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!((mean_needs(&even), mean_needs(&[3.0; 10]), deviation(&[3.0])), (None, None, None));
        assert!((deviation(&[2.0, 4.0, 6.0, 8.0]).unwrap() - 2.582).abs() < 1e-3);
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
