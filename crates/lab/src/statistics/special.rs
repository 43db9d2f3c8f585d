//! Quantiles of Student's t. The normal ones come from the engine, which has them for its latencies.

use libm::{expm1, pow, sqrt};
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
}
