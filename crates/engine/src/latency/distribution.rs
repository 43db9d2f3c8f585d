//! The latency distributions a scenario may name: their parameters, quantiles and mean.
//!
//! To add a smooth one: a variant, its checks in [`Distribution::parts`], its law in `law.rs`; the table, truncation, shifts
//! and mixtures need nothing else. One with steps, which the table's interpolation would blur, is a `Shape` of its own.
//!
//! It deliberately does not sample, and its floating point never meets a draw.

use std::sync::Arc;

use libm::{exp, log};

use super::invalid::InvalidDistribution;
use super::law::Law;
use super::parts::{self, Part, Shape};

/// How long a message is under way. Durations in nanoseconds; plain data, valid only if [`Distribution::validate`] says so.
#[derive(Debug, Clone, PartialEq)]
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
    /// The normal law on condition that it is not negative: as if a negative draw were repeated, and not as if it were 0. The
    /// condition raises the mean ([`Distribution::mean`] says to what), by less than 0.2 % from three standard deviations on.
    Normal {
        /// The mean before the condition. That it cannot be negative keeps at least half of the law.
        mean_ns: u64,
        /// The standard deviation before the condition; 0 makes it constant.
        stddev_ns: u64,
    },
    /// The probability of more than `x` is (scale/x)^shape. The mean is infinite for shapes up to 1; these are allowed, and
    /// draws stay finite, because they end at `u64::MAX` and at the quantile 2^-48 from the end.
    Pareto {
        /// The least latency, at least 1.
        scale_ns: u64,
        /// The tail's index, often called alpha: above 0; the smaller, the heavier the tail.
        shape: f64,
    },
    /// Each latency comes from one of the components, drawn by weight.
    Mixture {
        /// At least one; itself any distribution, a mixture too.
        components: Arc<[Component]>,
    },
    /// One of the samples, each equally likely, and nothing between them. [`Distribution::empirical`] sorts.
    Empirical {
        /// 1 to [`Distribution::SAMPLES_MAX`], ascending; one that stands there twice is twice as likely.
        samples_ns: Arc<[u64]>,
    },
    /// Another distribution, and always so much more.
    Shifted {
        /// How much more.
        by_ns: u64,
        /// The other.
        latency: Arc<Distribution>,
    },
    /// Another distribution on condition that it lies within bounds: as if other draws were repeated, and not as if they were
    /// moved to the bounds. At least one bound, and at least [`Distribution::INSIDE_MIN`] of the other within.
    Truncated {
        /// The other.
        latency: Arc<Distribution>,
        /// The least latency that stays.
        low_ns: Option<u64>,
        /// The greatest latency that stays, itself included.
        high_ns: Option<u64>,
    },
}

/// One of the distributions that a mixture is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// How often it is drawn, relative to the other weights: above 0, in any unit.
    pub weight: f64,
    /// What is then drawn from.
    pub latency: Distribution,
}

impl Component {
    /// The greatest weight; sums of such do not overflow.
    pub const WEIGHT_MAX: f64 = 1e300;

    /// Is the weight one? Whether it counts for anything beside the others, and the rest, [`Distribution::validate`] knows.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the scenario.
    pub fn validate_weight(&self) -> Result<(), InvalidDistribution> {
        // Not a number is within nothing.
        if !(f64::MIN_POSITIVE..=Component::WEIGHT_MAX).contains(&self.weight) {
            return Err(InvalidDistribution::WeightOutOfRange { weight: self.weight });
        }
        Ok(())
    }
}

/// The standard normal quantile at 0.99.
const Z99: f64 = 2.326_347_874_040_841;

impl Distribution {
    /// The most samples of an empirical distribution.
    pub const SAMPLES_MAX: usize = 100_000;
    /// The most components of a mixture, those of mixtures inside it counted one by one: each has its table.
    pub const COMPONENTS_MAX: usize = 64;
    /// The least part of all draws that a component of a mixture may have; one with less would never be met in a run.
    pub const SHARE_MIN: f64 = 1e-12;
    /// The least part of a distribution that a truncation may leave; with less, bounds and distribution do not belong together.
    pub const INSIDE_MIN: f64 = 1e-6;

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

    /// The empirical distribution of these samples, in any order.
    pub fn empirical(mut samples_ns: Vec<u64>) -> Distribution {
        samples_ns.sort_unstable();
        Distribution::Empirical { samples_ns: samples_ns.into() }
    }

    /// The mixture of these distributions by their weights.
    pub fn mixture(components: impl IntoIterator<Item = (f64, Distribution)>) -> Distribution {
        let components = components.into_iter().map(|(weight, latency)| Component { weight, latency });
        Distribution::Mixture { components: components.collect() }
    }

    /// This distribution, and always so much more.
    pub fn shifted(self, by_ns: u64) -> Distribution {
        Distribution::Shifted { by_ns, latency: Arc::new(self) }
    }

    /// This distribution on condition that it lies within the bounds, both included.
    pub fn truncated(self, low_ns: Option<u64>, high_ns: Option<u64>) -> Distribution {
        Distribution::Truncated { latency: Arc::new(self), low_ns, high_ns }
    }

    /// Are these parameters those of a distribution?
    ///
    /// # Errors
    /// What is wrong with them, in the words of the scenario.
    pub fn validate(&self) -> Result<(), InvalidDistribution> {
        self.parts().map(|_| ())
    }

    /// The latency in nanoseconds that is not exceeded with probability `p`, as a real number: the exact function that the
    /// table is built from and held against, and the closed form for reports. Infinite where the distribution is, at 1. A
    /// mixture has no closed form; there its distribution function is inverted by bisection.
    ///
    /// # Panics
    /// If `p` does not lie in 0 to 1, or the distribution is not valid.
    pub fn quantile(&self, p: f64) -> f64 {
        assert!((0.0..=1.0).contains(&p), "a quantile at {p}, outside 0 to 1");
        let parts = self.valid_parts();
        // Exact from 1/2 on (Sterbenz), so this loses nothing that `p` still had.
        if p <= 0.5 { parts::tail(&parts, End::Lower, p) } else { parts::tail(&parts, End::Upper, 1.0 - p) }
    }

    /// The mean in nanoseconds, as a real number: the closed form, which every distribution here has, before any rounding to
    /// whole nanoseconds and any saturation. Infinite for a Pareto of shape up to 1 without an upper bound.
    ///
    /// # Panics
    /// If the distribution is not valid.
    pub fn mean(&self) -> f64 {
        parts::mean(&self.valid_parts())
    }

    /// # Panics
    /// If the distribution is not valid: whoever took it from a user has asked [`Distribution::validate`].
    pub(super) fn valid_parts(&self) -> Vec<Part> {
        self.parts().unwrap_or_else(|error| panic!("{self:?} is no distribution: {error}"))
    }

    /// The mixture of simple shapes that the distribution comes to: truncations, shifts and mixtures within mixtures are
    /// carried down to these, where each is exact.
    pub(super) fn parts(&self) -> Result<Vec<Part>, InvalidDistribution> {
        let shape = match *self {
            Distribution::Mixture { ref components } => return parts::mixed(components),
            Distribution::Shifted { by_ns, ref latency } => return parts::shifted(latency.parts()?, by_ns),
            Distribution::Truncated { ref latency, low_ns, high_ns } => {
                return parts::truncated(latency.parts()?, low_ns, high_ns);
            }
            Distribution::Constant { ns } => Shape::constant(ns),
            Distribution::Uniform { low_ns, high_ns } => uniform(low_ns, high_ns)?,
            Distribution::Lognormal { median_ns, p99_ns } => lognormal(median_ns, p99_ns)?,
            Distribution::Exponential { mean_ns } => exponential(mean_ns)?,
            Distribution::Normal { mean_ns, stddev_ns } => normal(mean_ns, stddev_ns),
            Distribution::Pareto { scale_ns, shape } => pareto(scale_ns, shape)?,
            Distribution::Empirical { ref samples_ns } => empirical(samples_ns)?,
        };
        Ok(vec![Part { share: 1.0, shape }])
    }
}

fn uniform(low_ns: u64, high_ns: u64) -> Result<Shape, InvalidDistribution> {
    if low_ns > high_ns {
        return Err(InvalidDistribution::LowAboveHigh { low_ns, high_ns });
    }
    Ok(Shape::Even { low_ns, high_ns })
}

fn lognormal(median_ns: u64, p99_ns: u64) -> Result<Shape, InvalidDistribution> {
    if median_ns == 0 {
        return Err(InvalidDistribution::ZeroMedian);
    }
    if p99_ns < median_ns {
        return Err(InvalidDistribution::P99BelowMedian { median_ns, p99_ns });
    }
    // The standard deviation of the logarithm.
    let sigma = log(p99_ns as f64 / median_ns as f64) / Z99;
    Ok(match sigma {
        0.0 => Shape::constant(median_ns),
        _ => Shape::smooth(Law::Lognormal { median: median_ns as f64, sigma }),
    })
}

fn exponential(mean_ns: u64) -> Result<Shape, InvalidDistribution> {
    if mean_ns == 0 {
        return Err(InvalidDistribution::ZeroMean);
    }
    Ok(Shape::smooth(Law::Exponential { mean: mean_ns as f64 }))
}

fn normal(mean_ns: u64, stddev_ns: u64) -> Shape {
    match stddev_ns {
        0 => Shape::constant(mean_ns),
        _ => Shape::smooth(Law::Normal { mean: mean_ns as f64, stddev: stddev_ns as f64 }),
    }
}

fn pareto(scale_ns: u64, shape: f64) -> Result<Shape, InvalidDistribution> {
    if scale_ns == 0 {
        return Err(InvalidDistribution::ZeroScale);
    }
    // Not a number is not above 0 either.
    if !(shape > 0.0 && shape.is_finite()) {
        return Err(InvalidDistribution::ShapeOutOfRange { shape });
    }
    Ok(Shape::smooth(Law::Pareto { scale: scale_ns as f64, shape }))
}

fn empirical(samples_ns: &Arc<[u64]>) -> Result<Shape, InvalidDistribution> {
    if samples_ns.is_empty() {
        return Err(InvalidDistribution::NoSamples);
    }
    if samples_ns.len() > Distribution::SAMPLES_MAX {
        return Err(InvalidDistribution::TooManySamples { count: samples_ns.len() });
    }
    if let Some(at) = samples_ns.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(InvalidDistribution::SamplesDescend { at: at + 1 });
    }
    Ok(Shape::Steps(samples_ns.clone()))
}

/// Which end of the distribution a probability is counted from. Counting from the nearer end is what keeps quantiles exact
/// in the upper tail, where `1 - p` would be rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Lower,
    Upper,
}

/// To the nearest whole nanosecond; what is too large, infinity included, saturates.
pub(super) fn round_to_ns(quantile: f64) -> u64 {
    // From 2^53 on a float is whole already, and adding a half would round it a second time.
    if quantile < 9_007_199_254_740_992.0 { (quantile + 0.5) as u64 } else { quantile as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    use InvalidDistribution as Invalid;

    const MS: u64 = 1_000_000;

    fn constant(ns: u64) -> Distribution {
        Distribution::Constant { ns }
    }

    /// `count` mixtures of two, in one another.
    fn nested(count: usize) -> Distribution {
        (0..count).fold(constant(1), |inner, ns| Distribution::mixture([(1.0, inner), (1.0, constant(ns as u64))]))
    }

    #[test]
    fn what_is_wrong_with_parameters_is_told() {
        let uniform = |low_ns, high_ns| Distribution::Uniform { low_ns, high_ns };
        let lognormal = |median_ns, p99_ns| Distribution::Lognormal { median_ns, p99_ns };
        let pareto = |scale_ns, shape| Distribution::Pareto { scale_ns, shape };
        let pair = |one, other| Distribution::mixture([(one, constant(1)), (other, constant(2))]);
        let cases = [
            (uniform(3, 2), Invalid::LowAboveHigh { low_ns: 3, high_ns: 2 }, "3ns, is above the upper bound, 2ns"),
            (lognormal(0, 2), Invalid::ZeroMedian, "must be at least 1ns"),
            (lognormal(3, 2), Invalid::P99BelowMedian { median_ns: 3, p99_ns: 2 }, "2ns, is below the median, 3ns"),
            (Distribution::Exponential { mean_ns: 0 }, Invalid::ZeroMean, "or the latency constant"),
            (pareto(0, 1.0), Invalid::ZeroScale, "must be at least 1ns"),
            (pareto(1, 0.0), Invalid::ShapeOutOfRange { shape: 0.0 }, "is 0; it must be a number above 0"),
            (pareto(1, -1.5), Invalid::ShapeOutOfRange { shape: -1.5 }, "is -1.5; it"),
            (pareto(1, f64::INFINITY), Invalid::ShapeOutOfRange { shape: f64::INFINITY }, "is inf"),
            (Distribution::mixture([]), Invalid::NoComponents, "at least one component"),
            (nested(64), Invalid::TooManyComponents { count: 65 }, "65 components, those of mixtures inside it included"),
            (pair(1.0, 0.0), Invalid::WeightOutOfRange { weight: 0.0 }, "is 0; it must be a number above 0"),
            (pair(-2.0, 1.0), Invalid::WeightOutOfRange { weight: -2.0 }, "is -2"),
            (pair(1e301, 1.0), Invalid::WeightOutOfRange { weight: 1e301 }, "at most 1e300"),
            (pair(1.0, 1e-13), Invalid::WeightTooSmall { weight: 1e-13, sum: 1.0 + 1e-13 }, "at least 1e-12 of the sum"),
            (Distribution::empirical(vec![]), Invalid::NoSamples, "at least one"),
            (Distribution::empirical(vec![0; 100_001]), Invalid::TooManySamples { count: 100_001 }, "at most 100000"),
            (Distribution::Empirical { samples_ns: [1, 3, 2].into() }, Invalid::SamplesDescend { at: 2 }, "sample 2 is below"),
            (constant(2).shifted(u64::MAX - 1), Invalid::ShiftTooFar { by_ns: u64::MAX - 1, greatest_ns: 2 }, "reaches 2ns"),
            (
                pareto(2, 1.0).shifted(1).shifted(u64::MAX),
                Invalid::ShiftTooFar { by_ns: u64::MAX, greatest_ns: 1 },
                "beyond 584 years",
            ),
            (constant(2).truncated(None, None), Invalid::NoBounds, "low, high or both"),
            (constant(2).truncated(Some(3), Some(1)), Invalid::LowAboveHigh { low_ns: 3, high_ns: 1 }, "above the upper"),
            (
                constant(2).truncated(Some(3), None),
                Invalid::LittleInside { low_ns: Some(3), high_ns: None, inside: 0.0 },
                "nothing of the latency lies from 3ns on",
            ),
            (
                uniform(1, MS).shifted(MS).truncated(None, Some(MS)),
                Invalid::LittleInside { low_ns: None, high_ns: Some(MS), inside: 0.0 },
                "lies up to 1ms; a truncation must leave at least 1e-6 of it: widen the bounds",
            ),
            (nested(3).truncated(None, None).shifted(1), Invalid::NoBounds, "needs a bound"),
            (Distribution::mixture([(1.0, uniform(3, 2))]), Invalid::LowAboveHigh { low_ns: 3, high_ns: 2 }, "3ns"),
        ];
        for (distribution, expected, words) in cases {
            assert_eq!(distribution.validate(), Err(expected), "{distribution:?}");
            assert!(expected.to_string().contains(words), "{expected}");
        }
        // Not a number is not equal to itself.
        let refused = pareto(1, f64::NAN).validate().unwrap_err().to_string();
        assert!(refused.contains("is NaN"), "{refused}");
        let refused = pair(1.0, f64::NAN).validate().unwrap_err().to_string();
        assert!(refused.contains("is NaN"), "{refused}");
    }

    #[test]
    fn a_truncation_must_leave_a_millionth() {
        let exponential = || Distribution::Exponential { mean_ns: MS };
        assert_eq!(exponential().truncated(Some(13_800_000), None).validate(), Ok(()));
        let refused = exponential().truncated(Some(13_900_000), None).validate().unwrap_err();
        assert!(refused.to_string().starts_with("only 9.2e-7 of the latency lies from 13.9ms on"), "{refused}");
        assert_eq!(exponential().truncated(None, Some(2)).validate(), Ok(()));
        assert!(exponential().truncated(None, Some(0)).validate().is_err());
        // A millionth of what is left of it, each time; what has been cut off does not count.
        let tail = exponential().truncated(Some(13 * MS), None).truncated(Some(26 * MS), None);
        assert_eq!((tail.validate(), tail.quantile(0.0)), (Ok(()), 26.0 * MS as f64));
        assert!((tail.mean() / (27.0 * MS as f64) - 1.0).abs() < 1e-12, "{}", tail.mean());
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
            Distribution::Normal { mean_ns: 0, stddev_ns: 0 },
            Distribution::Normal { mean_ns: 0, stddev_ns: u64::MAX },
            Distribution::Normal { mean_ns: u64::MAX, stddev_ns: u64::MAX },
            Distribution::Pareto { scale_ns: 1, shape: f64::MIN_POSITIVE },
            Distribution::Pareto { scale_ns: u64::MAX, shape: f64::MAX },
            Distribution::mixture([(1e300, constant(0))]),
            Distribution::mixture([(1.0, constant(0)), (9e11, constant(1))]),
            nested(63),
            Distribution::empirical(vec![0]),
            Distribution::empirical(vec![u64::MAX; 100_000]),
            constant(0).shifted(u64::MAX),
            Distribution::Exponential { mean_ns: u64::MAX }.shifted(u64::MAX),
            constant(0).truncated(None, Some(0)),
            constant(u64::MAX).truncated(Some(u64::MAX), None),
            Distribution::Uniform { low_ns: 0, high_ns: 999_999 }.truncated(Some(7), Some(7)),
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
        let pareto = Distribution::Pareto { scale_ns: 100, shape: 2.0 };
        assert_eq!((pareto.quantile(0.0), pareto.quantile(1.0)), (100.0, f64::INFINITY));
        near(pareto.quantile(0.75), 200.0);
        near(pareto.quantile(0.99), 1_000.0);
        let empirical = Distribution::empirical(vec![30, 10, 20, 10]);
        assert_eq!([0.0, 0.5, 0.51, 0.75, 0.76, 1.0].map(|p| empirical.quantile(p)), [10.0, 10.0, 20.0, 20.0, 30.0, 30.0]);
        assert_eq!((empirical.mean(), empirical.shifted(5).mean()), (17.5, 22.5));
        let raised = Distribution::Normal { mean_ns: 3 * MS, stddev_ns: MS }.mean() / (3 * MS) as f64;
        assert!((1.0..1.002).contains(&raised), "{raised}");
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
