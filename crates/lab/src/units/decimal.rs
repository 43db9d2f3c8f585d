//! Decimal numbers as they are typed, exactly. No exponents: nobody writes a duration as 1e3s.

use crate::arithmetic::Rational;

/// A decimal number without exponent: `digits / 10^places`.
pub(super) struct Decimal {
    digits: i128,
    places: u32,
}

pub(super) enum Inexact {
    Finer,
    Overflow,
}

impl Decimal {
    /// `None` for what is no number: digits, at most one point with digits on both sides, and a minus in front.
    pub(super) fn read(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = whole.bytes().chain(fraction.bytes()).fold(0i128, |sum, digit| {
            // Saturates: whatever is so large is out of range in any unit.
            sum.saturating_mul(10).saturating_add(i128::from(digit - b'0'))
        });
        let places = u32::try_from(fraction.len()).ok()?;
        Some(Decimal { digits: if negative { -digits } else { digits }, places })
    }

    pub(super) fn times(&self, scale: i128) -> Result<i128, Inexact> {
        // More than 13 decimal places divide no unit: the largest is 36 × 10^11.
        let divisor = 10i128.checked_pow(self.places).ok_or(Inexact::Finer)?;
        let product = self.digits.checked_mul(scale).ok_or(Inexact::Overflow)?;
        if product % divisor != 0 {
            return Err(Inexact::Finer);
        }
        Ok(product / divisor)
    }

    /// The number as a fraction; `None` when it has more digits than 128 bits hold.
    pub(super) fn exact(&self) -> Option<Rational> {
        let saturated = self.digits.unsigned_abs() >= i128::MAX.unsigned_abs();
        if saturated { None } else { Rational::of(self.digits, 10i128.checked_pow(self.places)?) }
    }
}
