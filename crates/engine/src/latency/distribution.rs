//! The latency distributions a scenario may name: their parameters, what makes these valid, quantiles and mean.
//!
//! To add a continuous one (normal, Pareto, shifted, truncated): a variant, its checks in [`Distribution::validate`], its
//! inverse in `tail`, its mean; [`super::Table`] and the tests need nothing but the quantiles. One that is not a single
//! smooth law (a mixture, an empirical one with steps) also needs a variant of [`super::Sampler`]: a mixture draws its
//! component first, and steps would be blurred by the table's interpolation.
//!
//! It deliberately does not sample, and its floating point never meets a draw.

use std::fmt;

use libm::{exp, log, log1p};

use super::normal::normal_quantile;

/// How long a message is under way. Parameters in nanoseconds; plain data, valid only if [`Distribution::validate`] says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Always the same; 0 is allowed.
    Constant {
        /// The latency.
        ns: u64,
    },
    /// Every whole nanosecond between the bounds equally likely.
    Uniform {
        /// The least latency.
        low_ns: u64,
        /// The greatest latency, itself included.
        high_ns: u64,
    },
    /// The logarithm is normal: given by the two quantiles that people measure. Equal ones make it constant.
    Lognormal {
        /// Half of all latencies are below; at least 1.
        median_ns: u64,
        /// 99 % of all latencies are below; at least the median.
        p99_ns: u64,
    },
    /// Memoryless.
    Exponential {
        /// The mean, at least 1.
        mean_ns: u64,
    },
}

/// The standard normal quantile at 0.99.
const Z99: f64 = 2.326_347_874_040_841;

/// Which end of the distribution a probability is counted from. Counting from the nearer end is what keeps quantiles exact
/// in the upper tail, where `1 - p` would be rounded.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Lower,
    Upper,
}

impl Distribution {
    /// The lognormal whose logarithm (of nanoseconds) has mean `mu` and standard deviation `sigma`; its median and 99th
    /// percentile are rounded to whole nanoseconds.
    ///
    /// # Errors
    /// If `sigma` is negative, either is not finite, or the quantiles do not lie in 1 to `u64::MAX` nanoseconds.
    pub fn lognormal_of_logarithm(mu: f64, sigma: f64) -> Result<Distribution, InvalidDistribution> {
        let (median, p99) = (exp(mu), exp(mu + Z99 * sigma));
        let within = |quantile: f64| (0.5..u64::MAX as f64).contains(&quantile);
        // Not a number is within nothing.
        if !(sigma >= 0.0 && within(median) && within(p99)) {
            return Err(InvalidDistribution::LogarithmOutOfRange);
        }
        Ok(Distribution::Lognormal { median_ns: round_to_ns(median), p99_ns: round_to_ns(p99) })
    }

    /// Are these parameters those of a distribution?
    ///
    /// # Errors
    /// What is wrong with them, in the words of the scenario.
    pub fn validate(&self) -> Result<(), InvalidDistribution> {
        match *self {
            Distribution::Uniform { low_ns, high_ns } if low_ns > high_ns => {
                Err(InvalidDistribution::LowAboveHigh { low_ns, high_ns })
            }
            Distribution::Lognormal { median_ns: 0, .. } => Err(InvalidDistribution::ZeroMedian),
            Distribution::Lognormal { median_ns, p99_ns } if p99_ns < median_ns => {
                Err(InvalidDistribution::P99BelowMedian { median_ns, p99_ns })
            }
            Distribution::Exponential { mean_ns: 0 } => Err(InvalidDistribution::ZeroMean),
            Distribution::Constant { .. }
            | Distribution::Uniform { .. }
            | Distribution::Lognormal { .. }
            | Distribution::Exponential { .. } => Ok(()),
        }
    }

    /// The latency in nanoseconds that is not exceeded with probability `p`, as a real number: the exact function that the
    /// table is built from and held against, and the closed form for reports. Infinite where the distribution is, at 1.
    ///
    /// # Panics
    /// If `p` does not lie in 0 to 1.
    pub fn quantile(&self, p: f64) -> f64 {
        assert!((0.0..=1.0).contains(&p), "a quantile at {p}, outside 0 to 1");
        // Exact from 1/2 on (Sterbenz), so this loses nothing that `p` still had.
        if p <= 0.5 { self.tail(End::Lower, p) } else { self.tail(End::Upper, 1.0 - p) }
    }

    /// The latency in nanoseconds beyond which, seen from `end`, lies probability `p`, in 0 to 1/2.
    pub(super) fn tail(&self, end: End, p: f64) -> f64 {
        match *self {
            Distribution::Constant { ns } => ns as f64,
            Distribution::Uniform { low_ns, high_ns } => {
                let part = (high_ns - low_ns) as f64 * p;
                match end {
                    End::Lower => low_ns as f64 + part,
                    End::Upper => high_ns as f64 - part,
                }
            }
            Distribution::Lognormal { median_ns, p99_ns } => {
                let distance = -normal_quantile(p);
                let (median, sigma) = (median_ns as f64, lognormal_sigma(median_ns, p99_ns));
                match end {
                    _ if sigma == 0.0 => median,
                    End::Lower => median * exp(-sigma * distance),
                    End::Upper => median * exp(sigma * distance),
                }
            }
            Distribution::Exponential { mean_ns } => match end {
                End::Lower => mean_ns as f64 * -log1p(-p),
                End::Upper => mean_ns as f64 * -log(p),
            },
        }
    }

    /// The mean in nanoseconds, as a real number: the closed form, before any rounding to whole nanoseconds.
    pub fn mean(&self) -> f64 {
        match *self {
            Distribution::Constant { ns } => ns as f64,
            Distribution::Uniform { low_ns, high_ns } => (low_ns as f64 + high_ns as f64) / 2.0,
            Distribution::Lognormal { median_ns, p99_ns } => {
                let sigma = lognormal_sigma(median_ns, p99_ns);
                median_ns as f64 * exp(sigma * sigma / 2.0)
            }
            Distribution::Exponential { mean_ns } => mean_ns as f64,
        }
    }
}

/// The standard deviation of the logarithm.
fn lognormal_sigma(median_ns: u64, p99_ns: u64) -> f64 {
    log(p99_ns as f64 / median_ns as f64) / Z99
}

/// To the nearest whole nanosecond; what is too large, infinity included, saturates.
pub(super) fn round_to_ns(quantile: f64) -> u64 {
    // From 2^53 on a float is whole already, and adding a half would round it a second time.
    if quantile < 9_007_199_254_740_992.0 { (quantile + 0.5) as u64 } else { quantile as u64 }
}

/// Why parameters are not those of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the offending parameters, named as in the distribution")]
pub enum InvalidDistribution {
    /// A uniform distribution's bounds are the wrong way round.
    LowAboveHigh { low_ns: u64, high_ns: u64 },
    /// A lognormal distribution cannot have a median of zero.
    ZeroMedian,
    /// A lognormal distribution's 99th percentile cannot be below its median.
    P99BelowMedian { median_ns: u64, p99_ns: u64 },
    /// A lognormal distribution's logarithm leads outside the representable latencies.
    LogarithmOutOfRange,
    /// An exponential distribution cannot have a mean of zero.
    ZeroMean,
}

impl fmt::Display for InvalidDistribution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidDistribution::LowAboveHigh { low_ns, high_ns } => {
                write!(formatter, "the lower bound, {low_ns} ns, is above the upper bound, {high_ns} ns")
            }
            InvalidDistribution::ZeroMedian => {
                formatter.write_str("the median of a lognormal latency is 0; it must be at least 1 ns")
            }
            InvalidDistribution::P99BelowMedian { median_ns, p99_ns } => {
                write!(formatter, "the 99th percentile, {p99_ns} ns, is below the median, {median_ns} ns")
            }
            InvalidDistribution::LogarithmOutOfRange => formatter.write_str(
                "the logarithm's standard deviation must be at least 0, and median and 99th percentile within 1 ns to 584 years",
            ),
            InvalidDistribution::ZeroMean => {
                formatter.write_str("the mean of an exponential latency is 0; it must be at least 1 ns, or the latency constant")
            }
        }
    }
}

impl std::error::Error for InvalidDistribution {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_parameters_is_told() {
        let cases = [
            (Distribution::Uniform { low_ns: 3, high_ns: 2 }, InvalidDistribution::LowAboveHigh { low_ns: 3, high_ns: 2 }),
            (Distribution::Lognormal { median_ns: 0, p99_ns: 2 }, InvalidDistribution::ZeroMedian),
            (
                Distribution::Lognormal { median_ns: 3, p99_ns: 2 },
                InvalidDistribution::P99BelowMedian { median_ns: 3, p99_ns: 2 },
            ),
            (Distribution::Exponential { mean_ns: 0 }, InvalidDistribution::ZeroMean),
        ];
        for (distribution, expected) in cases {
            assert_eq!(distribution.validate(), Err(expected), "{distribution:?}");
            assert!(!expected.to_string().is_empty());
        }
    }

    #[test]
    fn the_smallest_valid_parameters_are_valid() {
        for distribution in [
            Distribution::Constant { ns: 0 },
            Distribution::Uniform { low_ns: 0, high_ns: 0 },
            Distribution::Uniform { low_ns: 0, high_ns: u64::MAX },
            Distribution::Lognormal { median_ns: 1, p99_ns: 1 },
            Distribution::Lognormal { median_ns: 1, p99_ns: u64::MAX },
            Distribution::Exponential { mean_ns: 1 },
        ] {
            assert_eq!(distribution.validate(), Ok(()), "{distribution:?}");
        }
    }

    #[test]
    fn quantiles_are_the_parameters_where_these_are_quantiles() {
        let near = |value: f64, expected: f64| assert!((value - expected).abs() <= 1e-12 * expected, "{value} for {expected}");
        let lognormal = Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 40_000_000 };
        near(lognormal.quantile(0.5), 5e6);
        near(lognormal.quantile(0.99), 4e7);
        near(lognormal.quantile(0.01), 25e12 / 4e7);
        assert_eq!((lognormal.quantile(0.0), lognormal.quantile(1.0)), (0.0, f64::INFINITY));
        let exponential = Distribution::Exponential { mean_ns: 1_000 };
        near(exponential.quantile(0.5), 1_000.0 * std::f64::consts::LN_2);
        near(exponential.quantile(0.75), 2_000.0 * std::f64::consts::LN_2);
        assert_eq!((exponential.quantile(0.0), exponential.quantile(1.0)), (0.0, f64::INFINITY));
        let uniform = Distribution::Uniform { low_ns: 100, high_ns: 200 };
        assert_eq!([0.0, 0.25, 0.75, 1.0].map(|p| uniform.quantile(p)), [100.0, 125.0, 175.0, 200.0]);
        let constant = Distribution::Lognormal { median_ns: 7, p99_ns: 7 };
        assert_eq!([0.0, 0.1, 0.9, 1.0].map(|p| constant.quantile(p)), [7.0; 4]);
    }

    #[test]
    fn a_lognormal_may_be_given_by_its_logarithm() {
        let distribution = Distribution::lognormal_of_logarithm(log(5e6), 0.5).unwrap();
        assert_eq!(distribution, Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 16_000_370 });
        assert!((distribution.mean() / (5e6 * exp(0.125)) - 1.0).abs() < 1e-6);
        for (mu, sigma) in [(f64::NAN, 1.0), (1.0, f64::NAN), (10.0, -0.1), (-5.0, 1.0), (44.0, 1.0), (f64::INFINITY, 0.0)] {
            let refused = Distribution::lognormal_of_logarithm(mu, sigma);
            assert_eq!(refused, Err(InvalidDistribution::LogarithmOutOfRange), "mu {mu}, sigma {sigma}");
        }
    }

    #[test]
    fn rounding_goes_to_the_nearest_and_saturates() {
        let cases = [
            (0.0, 0),
            (0.49, 0),
            (0.5, 1),
            (2.5, 3),
            (9_007_199_254_740_993.0, 9_007_199_254_740_992),
            (1e30, u64::MAX),
            (f64::INFINITY, u64::MAX),
        ];
        for (quantile, expected) in cases {
            assert_eq!(round_to_ns(quantile), expected, "{quantile}");
        }
    }
}
