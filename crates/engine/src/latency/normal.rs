//! The standard normal law: its quantiles, from which normal and lognormal ones are made, and its probabilities, from which
//! truncated ones are.
//!
//! Quantiles: algorithm AS 241, routine PPND16 (Michael J. Wichura, "The Percentage Points of the Normal Distribution", Applied
//! Statistics 37(3), 1988): three rational approximations, relative error about 1e-16 down to probabilities of 1e-300, so it
//! needs no refining step. The test holds it against `libm::erfc`. Also what spreads clock offsets; deliberately not a sampler.

use std::f64::consts::FRAC_1_SQRT_2;

use libm::{erfc, exp, log};

/// The `z` below which a standard normal variable stays with probability `p`.
///
/// Precise relative to `p` however small, so for an upper tail ask for the lower one and change the sign. Minus infinity at 0,
/// infinity at 1.
///
/// # Panics
/// If `p` does not lie in 0 to 1.
pub fn normal_quantile(p: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a normal quantile at {p}, outside 0 to 1");
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let from_median = p - 0.5;
    if from_median.abs() <= 0.425 {
        let r = 0.180625 - from_median * from_median;
        return from_median * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r);
    }
    let r = (-log(p.min(1.0 - p))).sqrt();
    let distance = if r <= 5.0 {
        polynomial(&TAIL_ABOVE, r - 1.6) / polynomial(&TAIL_BELOW, r - 1.6)
    } else {
        polynomial(&FAR_ABOVE, r - 5.0) / polynomial(&FAR_BELOW, r - 5.0)
    };
    if from_median < 0.0 { -distance } else { distance }
}

/// The probability of more than `z`, precise relative to itself however small; `z` may be infinite.
pub(super) fn normal_above(z: f64) -> f64 {
    erfc(z * FRAC_1_SQRT_2) / 2.0
}

/// The probability of what lies between `from` and `to`, from whichever end loses less to cancellation.
pub(super) fn normal_mass(from: f64, to: f64) -> f64 {
    if from > 0.0 {
        normal_above(from) - normal_above(to)
    } else if to < 0.0 {
        normal_above(-to) - normal_above(-from)
    } else {
        1.0 - normal_above(-from) - normal_above(to)
    }
}

/// The density at `z`; 0 at infinity.
pub(super) fn normal_density(z: f64) -> f64 {
    /// 1 / sqrt(2 pi)
    const PEAK: f64 = 0.398_942_280_401_432_7;
    PEAK * exp(-z * z / 2.0)
}

/// Horner's rule; the coefficient of the highest power comes last.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

// The coefficients as published, a to f; numerators `ABOVE`, denominators `BELOW`.
const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_545,
];
const TAIL_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_545,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    7.745_450_142_783_414e-4,
];
const TAIL_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    0.599_832_206_555_887_9,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_7e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_quantiles() {
        for (p, expected) in
            [(0.5, 0.0), (0.99, 2.326_347_874_040_841), (0.975, 1.959_963_984_540_054), (1e-10, -6.361_340_902_404_056)]
        {
            assert!((normal_quantile(p) - expected).abs() < 1e-14 * (1.0 + expected.abs()), "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn the_distribution_function_leads_back() {
        let mut p = 0.5;
        while p > 1e-25 {
            let z = normal_quantile(p);
            let back = normal_above(-z);
            // An error of 1e-16 in z is one of z² 1e-16 in the tail.
            assert!((back / p - 1.0).abs() < 1e-13, "{p}: z {z}, back {back}");
            p *= 0.97;
        }
    }

    #[test]
    fn masses_add_up() {
        // Table 26.1 of Abramowitz and Stegun, Handbook of Mathematical Functions.
        for (z, within) in [(1.0, 0.682_689_492_137_086), (2.0, 0.954_499_736_103_642), (3.0, 0.997_300_203_936_740)] {
            assert!((normal_mass(-z, z) - within).abs() < 1e-14);
            assert!((normal_mass(f64::NEG_INFINITY, -z) * 2.0 + within - 1.0).abs() < 1e-14);
            assert_eq!(normal_mass(z, f64::INFINITY), normal_mass(f64::NEG_INFINITY, -z));
        }
        // Far out and narrow: the density times the width.
        let (far, width) = (20.0, 1e-6);
        let middle: f64 = far + width / 2.0;
        assert!((normal_mass(far, far + width) / (normal_density(middle) * width) - 1.0).abs() < 1e-8);
        assert_eq!((normal_density(f64::INFINITY), normal_mass(f64::NEG_INFINITY, f64::INFINITY)), (0.0, 1.0));
    }

    #[test]
    fn the_ends_are_infinite() {
        assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn both_halves_mirror_each_other() {
        for p in [0.25, 0.0625, 0.03125, 1.0 / 1_024.0, 1.0 / 1_048_576.0] {
            assert_eq!(normal_quantile(1.0 - p), -normal_quantile(p));
        }
    }
}
