//! A probability as an integer ratio, so that whether something strikes is one comparison, the same on every platform.
//!
//! It is deliberately not a number to calculate with: it is made once from what the user wrote, and asked.

use std::fmt;

/// A probability: a threshold out of 2^64, with exactly 0 and exactly 1 among its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Probability {
    /// A draw strikes when it is below. `u64::MAX` stands for 2^64, hence for certainty; no `f64` lies between the two.
    threshold: u64,
}

impl Probability {
    /// Probability 0: strikes at no draw.
    pub const fn never() -> Probability {
        Probability { threshold: 0 }
    }

    /// Probability 1: strikes at every draw.
    pub const fn always() -> Probability {
        Probability { threshold: u64::MAX }
    }

    /// The probability of that value, in 0 to 1, rounded down to a multiple of 2^-64; but what is above 0 stays above 0.
    ///
    /// # Errors
    /// A value below 0 or above 1, or not a number.
    pub fn from_f64(value: f64) -> Result<Probability, NotAProbability> {
        if !(0.0..=1.0).contains(&value) {
            return Err(NotAProbability { value });
        }
        if value == 0.0 {
            return Ok(Probability::never());
        }
        // Exact but for the bits under 2^-64; at 1.0 the conversion saturates, which is `always`.
        let threshold = (value * TWO_POW_64) as u64;
        Ok(Probability { threshold: threshold.max(1) })
    }

    /// The value in 0 to 1, for reports.
    pub fn to_f64(self) -> f64 {
        self.threshold as f64 / TWO_POW_64
    }

    /// Is it exactly 0? Then nobody needs to draw.
    pub const fn is_never(self) -> bool {
        self.threshold == 0
    }

    /// Is it exactly 1?
    pub const fn is_always(self) -> bool {
        self.threshold == u64::MAX
    }

    /// Out of 2^64.
    pub const fn of_two_pow_64(self) -> u128 {
        if self.is_always() { 1 << 64 } else { self.threshold as u128 }
    }

    /// Does it strike at this draw of 64 uniform bits? A larger probability strikes wherever a smaller one does.
    #[inline]
    pub const fn strikes(self, draw: u64) -> bool {
        draw < self.threshold || self.is_always()
    }
}

const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// The refusal of [`Probability::from_f64`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotAProbability {
    /// What was given.
    pub value: f64,
}

impl fmt::Display for NotAProbability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is not a probability: it must lie in 0 to 1", self.value)
    }
}

impl std::error::Error for NotAProbability {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_exact() {
        for draw in [0, 1, 1 << 63, u64::MAX - 1, u64::MAX] {
            assert!(!Probability::never().strikes(draw));
            assert!(Probability::always().strikes(draw));
        }
        assert_eq!(Probability::from_f64(0.0), Ok(Probability::never()));
        assert_eq!(Probability::from_f64(-0.0), Ok(Probability::never()));
        assert_eq!(Probability::from_f64(1.0), Ok(Probability::always()));
        assert!(Probability::never().is_never() && Probability::always().is_always());
        assert_eq!(Probability::default(), Probability::never());
        let of_two_pow_64 = [0.0, 0.25, 1.0].map(|value| Probability::from_f64(value).unwrap().of_two_pow_64());
        assert_eq!(of_two_pow_64, [0, 1 << 62, 1 << 64]);
    }

    #[test]
    fn what_is_close_to_an_end_is_not_that_end() {
        let almost_one = Probability::from_f64(1.0 - f64::EPSILON / 2.0).unwrap();
        assert!(almost_one.strikes(u64::MAX - 2_048) && !almost_one.strikes(u64::MAX - 2_047));
        let almost_zero = Probability::from_f64(f64::MIN_POSITIVE).unwrap();
        assert!(almost_zero.strikes(0) && !almost_zero.strikes(1) && !almost_zero.is_never());
    }

    #[test]
    fn values_become_thresholds_and_come_back() {
        for value in [0.0, 0.25, 0.5, 0.1, 0.01, 1e-9, 0.999, 1.0] {
            let probability = Probability::from_f64(value).unwrap();
            // To the multiple of 2^-64 below.
            assert!((probability.to_f64() - value).abs() <= 1.0 / TWO_POW_64, "{value}");
        }
        let quarter = Probability::from_f64(0.25).unwrap();
        assert!(quarter.strikes((1 << 62) - 1) && !quarter.strikes(1 << 62));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -f64::MIN_POSITIVE, 1.0 + f64::EPSILON, 5.0] {
            let refusal = Probability::from_f64(value).unwrap_err();
            assert!(refusal.to_string().contains("it must lie in 0 to 1"), "{refusal}");
        }
    }
}
