//! The smooth laws that tables are made of, in real numbers: quantiles, probabilities and means, each exact in its own tail.
//!
//! All maths is `libm`'s, the same on every platform. Deliberately no limits, roundings or checks: these are [`super::window`]'s
//! and [`super::Distribution`]'s.

use libm::{exp, expm1, log, log1p};

use super::distribution::End;
use super::normal::{normal_above, normal_density, normal_mass, normal_quantile};

/// A law, valid by construction of whoever made it: all parameters in nanoseconds or plain numbers, finite and above 0; but a
/// normal's mean may be 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Law {
    /// `sigma` is the standard deviation of the logarithm.
    Lognormal {
        median: f64,
        sigma: f64,
    },
    Exponential {
        mean: f64,
    },
    /// All of it: also what is below 0.
    Normal {
        mean: f64,
        stddev: f64,
    },
    Pareto {
        scale: f64,
        shape: f64,
    },
}

impl Law {
    /// The value beyond which, seen from `end`, lies probability `p`.
    pub(super) fn tail(&self, end: End, p: f64) -> f64 {
        match (*self, end) {
            (Law::Lognormal { median, sigma }, End::Lower) => median * exp(sigma * normal_quantile(p)),
            (Law::Lognormal { median, sigma }, End::Upper) => median * exp(-sigma * normal_quantile(p)),
            (Law::Exponential { mean }, End::Lower) => mean * -log1p(-p),
            (Law::Exponential { mean }, End::Upper) => mean * -log(p),
            (Law::Normal { mean, stddev }, End::Lower) => mean + stddev * normal_quantile(p),
            (Law::Normal { mean, stddev }, End::Upper) => mean - stddev * normal_quantile(p),
            (Law::Pareto { scale, shape }, End::Lower) => scale * exp(-log1p(-p) / shape),
            (Law::Pareto { scale, shape }, End::Upper) => scale * exp(-log(p) / shape),
        }
    }

    /// The probability of what lies beyond `x`, seen from `end`; `x` may be infinite.
    pub(super) fn beyond(&self, end: End, x: f64) -> f64 {
        match (*self, end) {
            (Law::Lognormal { median, sigma }, End::Lower) => normal_above(-log(x / median) / sigma),
            (Law::Lognormal { median, sigma }, End::Upper) => normal_above(log(x / median) / sigma),
            (Law::Exponential { mean }, End::Lower) => -expm1(-x / mean),
            (Law::Exponential { mean }, End::Upper) => exp(-x / mean),
            (Law::Normal { mean, stddev }, End::Lower) => normal_above((mean - x) / stddev),
            (Law::Normal { mean, stddev }, End::Upper) => normal_above((x - mean) / stddev),
            (Law::Pareto { scale, shape }, End::Lower) => -expm1(-shape * log(x.max(scale) / scale)),
            (Law::Pareto { scale, shape }, End::Upper) => exp(-shape * log(x.max(scale) / scale)),
        }
    }

    /// The probability of what lies between; `high` may be infinite.
    pub(super) fn mass(&self, low: f64, high: f64) -> f64 {
        let (below, above) = (self.beyond(End::Lower, low), self.beyond(End::Upper, high));
        // The difference of two small probabilities keeps what the difference of two large ones would lose.
        if below > 0.5 {
            self.beyond(End::Upper, low) - above
        } else if above > 0.5 {
            self.beyond(End::Lower, high) - below
        } else {
            1.0 - below - above
        }
    }

    /// The mean on condition that the value lies between, in closed form; `high` may be infinite, and so may be the mean.
    pub(super) fn mean_within(&self, low: f64, high: f64) -> f64 {
        let mean = match *self {
            Law::Lognormal { median, sigma } => {
                let (from, to) = (log(low / median) / sigma, log(high / median) / sigma);
                median * exp(sigma * sigma / 2.0) * (normal_mass(from - sigma, to - sigma) / normal_mass(from, to))
            }
            Law::Exponential { mean } => exponential_mean(mean, low, high),
            Law::Normal { mean, stddev } => {
                let (from, to) = ((low - mean) / stddev, (high - mean) / stddev);
                mean + stddev * (normal_density(from) - normal_density(to)) / normal_mass(from, to)
            }
            Law::Pareto { scale, shape } => pareto_mean(shape, low.max(scale), high),
        };
        // Where the bounds are next to each other, differences lose digits, but never the bounds.
        mean.clamp(low, high)
    }
}

/// Memoryless: above `low` it begins anew.
fn exponential_mean(mean: f64, low: f64, high: f64) -> f64 {
    let width = high - low;
    if width.is_infinite() { low + mean } else { low + mean - width / expm1(width / mean) }
}

/// Above `low`, at least the scale, a Pareto distribution is one of scale `low`.
fn pareto_mean(shape: f64, low: f64, high: f64) -> f64 {
    let (width, excess) = (log(high / low), 1.0 - shape);
    if width.is_infinite() {
        return if shape > 1.0 { low * (shape / (shape - 1.0)) } else { f64::INFINITY };
    }
    // The integral of x^-shape over the interval, in units of its beginning; at shape 1 it is a logarithm.
    let integral = if excess == 0.0 { width } else { expm1(excess * width) / excess };
    low * (shape * integral / -expm1(-shape * width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laws() -> Vec<Law> {
        let mut laws = vec![
            Law::Lognormal { median: 5e6, sigma: 0.894 },
            Law::Lognormal { median: 1.0, sigma: 8.0 },
            Law::Exponential { mean: 5e6 },
            Law::Normal { mean: 5e6, stddev: 1e6 },
            Law::Normal { mean: 0.0, stddev: 1.0 },
        ];
        laws.extend([0.3, 1.0, 1.51, 3.35, 10.0].map(|shape| Law::Pareto { scale: 235_000.0, shape }));
        laws
    }

    /// Quantiles and probabilities are written down apart; each must undo the other, in either tail.
    #[test]
    fn probabilities_lead_back() {
        for law in laws() {
            for k in 1..=48 {
                let p = 1.0 / (1_u64 << k) as f64;
                for end in [End::Lower, End::Upper] {
                    let x = law.tail(end, p);
                    let back = law.beyond(end, x);
                    // What rounding of x itself, next to a least value above 0, makes of a small probability.
                    let slack = match (law, end) {
                        (Law::Pareto { shape, .. }, End::Lower) => shape * 1e-15 / p,
                        (Law::Normal { mean, stddev }, _) => mean / stddev * 1e-14,
                        _ => 0.0,
                    };
                    assert!((back / p - 1.0).abs() < 1e-12 + slack, "{law:?} {end:?} 2^-{k}: {x}, back {back}");
                    assert!((law.mass(least(&law), x) + law.beyond(End::Upper, x) - 1.0).abs() < 1e-15);
                }
            }
        }
    }

    fn least(law: &Law) -> f64 {
        if let Law::Normal { .. } = law { f64::NEG_INFINITY } else { 0.0 }
    }

    /// Against a sum over strata of equal probability, each at its middle.
    #[test]
    fn means_are_those_of_the_quantiles() {
        const STRATA: u32 = 1 << 14;
        for law in laws() {
            for (from, to) in [(0.0, 0.9), (0.1, 0.2), (0.6, 0.99), (0.99, 0.999)] {
                let at = |p: f64| if p <= 0.5 { law.tail(End::Lower, p) } else { law.tail(End::Upper, 1.0 - p) };
                let (low, high) = (if from == 0.0 { least(&law).max(-1e7) } else { at(from) }, at(to));
                let from = law.beyond(End::Lower, low);
                let stratum = |n: u32| at(from + (to - from) * (f64::from(n) + 0.5) / f64::from(STRATA));
                let sum: f64 = (0..STRATA).map(stratum).sum();
                let (mean, expected) = (law.mean_within(low, high), sum / f64::from(STRATA));
                assert!((mean - expected).abs() < 1e-4 * (high - low), "{law:?} {low} to {high}: {mean} for {expected}");
            }
        }
    }

    #[test]
    fn nothing_is_certain_but_the_ends() {
        for law in laws() {
            assert_eq!((law.beyond(End::Lower, least(&law)), law.beyond(End::Upper, f64::INFINITY)), (0.0, 0.0), "{law:?}");
            assert_eq!(law.mass(least(&law), f64::INFINITY), 1.0, "{law:?}");
            assert_eq!(law.tail(End::Upper, 0.0), f64::INFINITY, "{law:?}");
        }
    }
}
