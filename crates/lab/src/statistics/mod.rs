//! What many runs' values come to: summaries, quantiles and their intervals. Transcendental functions come from `libm` alone,
//! so that a report has the same bytes everywhere; sums run in the order in which values are given.

pub mod coverage;
mod interval;
mod share;
mod special;

pub use interval::{Interval, deviation, mean_interval, mean_needs, quantile_interval, quantile_sequence, standard_error};
pub(crate) use interval::{mean_interval_of, quantile_ranks};
pub use share::{Sequence, share_interval};

use std::fmt;

/// A quantile as an exact ratio, strictly between 0 and 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Quantile {
    numerator: u64,
    denominator: u64,
}

impl Quantile {
    /// The median.
    pub const P50: Quantile = Quantile { numerator: 1, denominator: 2 };
    /// 90 % are at or below.
    pub const P90: Quantile = Quantile { numerator: 9, denominator: 10 };
    /// 99 % are at or below.
    pub const P99: Quantile = Quantile { numerator: 99, denominator: 100 };

    /// From the digits of a name: `99` and `5` are per cent, `999` and `99.9` are 99.9 %. `None` for what is none, for 0 and
    /// for 100: those are the minimum and the maximum.
    pub fn of_percent_digits(digits: &str) -> Option<Quantile> {
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() && whole.len() <= 2 => (whole, fraction),
            Some(_) => return None,
            None => digits.split_at_checked(digits.len().min(2))?,
        };
        let text = format!("{whole}{fraction}");
        let all_digits = !whole.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let numerator = if all_digits { text.parse::<u64>().ok()? } else { return None };
        // `p100` is not 10.0 %.
        if numerator == 0 || digits == "100" {
            return None;
        }
        let denominator = 10u64.pow(2 + fraction.len() as u32);
        let divisor = gcd(numerator, denominator);
        Some(Quantile { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// The value in 0 to 1.
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The quantile by nearest rank: the least value that at least this part of all values do not exceed. No value is made up
    /// between two others, and an infinite one is a value like any other. `sorted` ascends and is not empty.
    pub fn of(self, sorted: &[f64]) -> f64 {
        assert!(!sorted.is_empty(), "no values have no quantile");
        sorted[self.rank(sorted.len() as u64) as usize - 1]
    }

    /// Which of so many values in ascending order it is, counted from 1.
    pub fn rank(self, count: u64) -> u64 {
        (u128::from(count) * u128::from(self.numerator)).div_ceil(u128::from(self.denominator)) as u64
    }
}

impl fmt::Display for Quantile {
    /// `p99`, `p99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundred = u128::from(self.numerator) * 100;
        let denominator = u128::from(self.denominator);
        write!(f, "p{}", hundred / denominator)?;
        let mut rest = hundred % denominator;
        if rest > 0 {
            f.write_str(".")?;
        }
        while rest > 0 {
            write!(f, "{}", rest * 10 / denominator)?;
            rest = rest * 10 % denominator;
        }
        Ok(())
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The summary of a metric over many runs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Summary {
    /// How many runs had a value.
    pub count: u64,
    /// How many had none because what is timed did not happen: greater than any value, in all that follows.
    pub never: u64,
    /// The mean.
    pub mean: f64,
    /// The median, by nearest rank.
    pub p50: f64,
    /// The 90th percentile, by nearest rank.
    pub p90: f64,
    /// The 99th percentile, by nearest rank.
    pub p99: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The interval of the mean at 95 %; unbounded for a single value.
    pub ci95: Interval,
}

impl Summary {
    /// The summary of values in the order of their seeds; none of no values.
    pub fn of(values: &[f64]) -> Option<Summary> {
        Summary::of_censored(values, 0)
    }

    /// The summary of values of which so many more are only known to be greater; none where there is no value at all.
    pub fn of_censored(known: &[f64], never: u64) -> Option<Summary> {
        let mut values = known.to_vec();
        values.extend((0..if known.is_empty() { 0 } else { never }).map(|_| f64::INFINITY));
        let values = &values[..];
        let sorted = sorted(values);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        Some(Summary {
            count: known.len() as u64,
            never,
            mean: mean(values),
            p50: Quantile::P50.of(&sorted),
            p90: Quantile::P90.of(&sorted),
            p99: Quantile::P99.of(&sorted),
            min,
            max,
            ci95: mean_interval(values, 0.95),
        })
    }
}

/// The values in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The mean; `values` is not empty.
pub fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "no values have no mean");
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_from_names() {
        for (digits, expected, shown) in [
            ("50", 0.5, "p50"),
            ("99", 0.99, "p99"),
            ("999", 0.999, "p99.9"),
            ("99.9", 0.999, "p99.9"),
            ("5", 0.05, "p5"),
            ("05", 0.05, "p5"),
            ("9999", 0.9999, "p99.99"),
        ] {
            let quantile = Quantile::of_percent_digits(digits).unwrap();
            assert_eq!((quantile.to_f64(), quantile.to_string().as_str()), (expected, shown), "{digits}");
        }
        for digits in ["", "0", "00", "100", "x", "9x", "99.", ".9", "100.0", "9999999999999999999999", "-5", "é"] {
            assert_eq!(Quantile::of_percent_digits(digits), None, "{digits}");
        }
    }

    #[test]
    fn nearest_rank_is_the_least_value_that_enough_do_not_exceed() {
        for count in 1..=40usize {
            let values: Vec<f64> = (1..=count).map(|value| value as f64).collect();
            for percent in 1..=99u64 {
                let quantile = Quantile::of_percent_digits(&format!("{percent:02}")).unwrap();
                let enough =
                    |value: &&f64| values.iter().filter(|other| other <= value).count() as u64 * 100 >= percent * count as u64;
                assert_eq!(quantile.of(&values), *values.iter().find(enough).unwrap(), "p{percent} of {count}");
            }
        }
    }

    #[test]
    fn a_summary_of_few_and_of_infinite_values() {
        assert_eq!(Summary::of(&[]), None);
        let one = Summary::of(&[3.0]).unwrap();
        assert_eq!((one.mean, one.p99, one.ci95.low, one.ci95.high), (3.0, 3.0, f64::NEG_INFINITY, f64::INFINITY));
        let five = Summary::of(&[5.0, 1.0, 3.0, 2.0, 4.0]).unwrap();
        assert_eq!((five.mean, five.p50, five.p90, five.min, five.max), (3.0, 3.0, 5.0, 1.0, 5.0));
        let never = Summary::of_censored(&[1.0], 1).unwrap();
        assert_eq!((never.count, never.mean, never.p50, never.max), (1, f64::INFINITY, 1.0, f64::INFINITY));
        assert_eq!(Summary::of_censored(&[], 3), None);
    }
}
