//! The beta distribution, and quantiles of Student's t. Normal quantiles come from the engine, which has them for its latencies.

use libm::{exp, expm1, lgamma, log, log1p, pow, sqrt};
use quorate_engine::latency::normal_quantile;
use std::f64::consts::FRAC_PI_2;

/// The `t` that a Student variable of `freedom` degrees (1 or more) exceeds in absolute value with probability `tails`.
///
/// G. W. Hill, "Algorithm 396: Student's t-quantiles", CACM 13(10), 1970; exact for 1 and 2 degrees, six digits beyond.
pub(super) fn t_quantile(tails: f64, freedom: f64) -> f64 {
    if freedom < 1.5 {
        // cot(tails * pi / 2); the tangent of the complement, by the sine that libm gives.
        let angle = tails * FRAC_PI_2;
        return libm::cos(angle) / libm::sin(angle);
    }
    if freedom < 2.5 {
        return sqrt(2.0 / (tails * (2.0 - tails)) - 2.0);
    }
    let a = 1.0 / (freedom - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * sqrt(a * FRAC_PI_2) * freedom;
    let mut y = pow(d * tails, 2.0 / freedom);
    if y > 0.05 + a {
        let x = normal_quantile(tails / 2.0);
        y = x * x;
        if freedom < 5.0 {
            c += 0.3 * (freedom - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        y = expm1(a * y * y);
    } else {
        let head = ((freedom + 6.0) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2.0) * 3.0;
        y = ((1.0 / head + 0.5 / (freedom + 4.0)) * y - 1.0) * (freedom + 1.0) / (freedom + 2.0) + 1.0 / y;
    }
    sqrt(freedom * y)
}

/// The logarithm of the beta function.
pub(super) fn ln_beta(a: f64, b: f64) -> f64 {
    lgamma(a) + lgamma(b) - lgamma(a + b)
}

/// The probability that a beta variable is at most `x` (the regularised incomplete beta function): by its continued fraction, DLMF
/// 8.17.22, where that converges fast, and by the other tail elsewhere.
pub(super) fn beta_below(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = |x: f64, a: f64, b: f64| exp(a * log(x) + b * log1p(-x) - ln_beta(a, b)) / a;
    if x < (a + 1.0) / (a + b + 2.0) {
        front(x, a, b) * fraction(x, a, b)
    } else {
        1.0 - front(1.0 - x, b, a) * fraction(1.0 - x, b, a)
    }
}

/// That fraction, from the front by Lentz's rule.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    // Some square root of the greater parameter is enough.
    for step in 1..100_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The value that a beta variable is below with that probability.
pub(super) fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Near 0 the middle comes down by halves: as many steps as an exponent and a mantissa have.
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        *(if beta_below(middle, a, b) < probability { &mut low } else { &mut high }) = middle;
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabulated_quantiles() {
        for (tails, freedom, expected) in [
            (0.05, 1.0, 12.706_2),
            (0.05, 2.0, 4.302_7),
            (0.05, 3.0, 3.182_4),
            (0.05, 4.0, 2.776_4),
            (0.05, 10.0, 2.228_1),
            (0.05, 30.0, 2.042_3),
            (0.05, 120.0, 1.979_9),
            (0.05, 1e6, 1.959_97),
            (0.01, 3.0, 5.840_9),
            (0.01, 5.0, 4.032_1),
            (0.01, 30.0, 2.750_0),
            (0.5, 3.0, 0.764_9),
            (0.5, 10.0, 0.699_8),
        ] {
            let t = t_quantile(tails, freedom);
            assert!((t - expected).abs() < 2e-4 * expected, "t({tails}, {freedom}) = {t}, not {expected}");
        }
    }

    #[test]
    fn the_beta_distribution_is_the_tabulated_one() {
        for (x, a, b, expected) in [
            (0.5, 2.0, 3.0, 0.687_5),
            (0.3, 0.5, 0.5, 0.369_010_12),
            (0.1, 1.0, 10.0, 0.651_321_56),
            (0.2, 5.0, 2.0, 0.001_6),
            (0.99, 990.0, 10.0, 0.458_558),
        ] {
            let below = beta_below(x, a, b);
            assert!((below - expected).abs() < 1e-4, "{x}, {a}, {b}: {below}, not {expected}");
            assert!((beta_quantile(below, a, b) - x).abs() < 1e-9, "{x}, {a}, {b}");
            assert!((below + beta_below(1.0 - x, b, a) - 1.0).abs() < 1e-12);
        }
        assert!((beta_quantile(0.025, 1.0, 1e6) - 2.531_8e-8).abs() < 1e-11);
    }
}
