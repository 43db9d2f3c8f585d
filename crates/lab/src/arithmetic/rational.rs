//! Fractions of 128-bit whole numbers: exact, or `None` where 128 bits do not hold the result. Nothing is rounded but by
//! [`Rational::to_f64`], at the very end.

use std::fmt;

/// A fraction. Invariant: in lowest terms, the denominator positive, and neither part `i128::MIN`, so that both can be negated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rational {
    numerator: i128,
    denominator: i128,
}

impl Rational {
    /// Zero.
    pub const ZERO: Rational = Rational { numerator: 0, denominator: 1 };

    /// `numerator / denominator`; `None` for a denominator of 0.
    pub fn of(numerator: i128, denominator: i128) -> Option<Rational> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        let common = greatest_common(numerator, denominator);
        let sign = denominator.signum();
        Some(Rational { numerator: numerator / common * sign, denominator: denominator / common * sign })
    }

    /// A whole number.
    pub fn whole(number: i128) -> Option<Rational> {
        Rational::of(number, 1)
    }

    /// The whole number that it is, if it is one.
    pub fn to_whole(self) -> Option<i128> {
        (self.denominator == 1).then_some(self.numerator)
    }

    /// Above the line; its sign is the sign of the whole.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// Below the line; at least 1.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    pub(crate) fn plus(self, other: Rational) -> Option<Rational> {
        // Over the least common denominator: as small as the intermediate results can be.
        let common = greatest_common(self.denominator, other.denominator);
        let (left, right) = (other.denominator / common, self.denominator / common);
        let sum = self.numerator.checked_mul(left)?.checked_add(other.numerator.checked_mul(right)?)?;
        Rational::of(sum, self.denominator.checked_mul(left)?)
    }

    pub(crate) fn minus(self, other: Rational) -> Option<Rational> {
        self.plus(other.negated())
    }

    pub(crate) fn negated(self) -> Rational {
        Rational { numerator: -self.numerator, ..self }
    }

    pub(crate) fn times(self, other: Rational) -> Option<Rational> {
        // Reduced crosswise first: then whatever overflows has no result in 128 bits either.
        let one = Rational::of(self.numerator, other.denominator)?;
        let two = Rational::of(other.numerator, self.denominator)?;
        Rational::of(one.numerator.checked_mul(two.numerator)?, one.denominator.checked_mul(two.denominator)?)
    }

    /// `None` also for a divisor of zero.
    pub(crate) fn over(self, other: Rational) -> Option<Rational> {
        self.times(Rational::of(other.denominator, other.numerator)?)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.numerator == 0
    }

    pub(crate) fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// The greatest whole number that is not above it.
    pub(crate) fn floor(self) -> Rational {
        Rational { numerator: self.numerator.div_euclid(self.denominator), denominator: 1 }
    }

    /// The least whole number that is not below it.
    pub(crate) fn ceil(self) -> Rational {
        self.negated().floor().negated()
    }

    /// The nearest float: exactly that of a decimal fraction, else of the quotient of the two parts.
    pub fn to_f64(self) -> f64 {
        match self.decimal(DECIMALS_MAX) {
            Some(text) => text.parse().unwrap_or(f64::NAN),
            None => self.numerator as f64 / self.denominator as f64,
        }
    }

    /// All of its decimal places, if there are at most so many.
    pub(crate) fn decimal(self, places_max: usize) -> Option<String> {
        let sign = if self.is_negative() { "-" } else { "" };
        let below = self.denominator.unsigned_abs();
        let above = self.numerator.unsigned_abs();
        let mut text = format!("{sign}{}", above / below);
        let mut rest = above % below;
        for place in 0..=places_max {
            if rest == 0 {
                return Some(text);
            }
            if place == 0 {
                text.push('.');
            }
            rest = rest.checked_mul(10)?;
            text.push(char::from(b'0' + (rest / below) as u8));
            rest %= below;
        }
        None
    }
}

/// More decimal places than this no denominator of 128 bits has: it would be 2^128.
const DECIMALS_MAX: usize = 128;

/// How many decimal places a message shows.
const DECIMALS_SHOWN: usize = 9;

impl fmt::Display for Rational {
    /// For messages: a short decimal as it is, anything else to some places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimal(DECIMALS_SHOWN) {
            Some(text) => f.write_str(&text),
            None => write!(f, "about {:.6}", self.to_f64()),
        }
    }
}

/// Of zero and a number: that number. Never zero, as a denominator is not.
fn greatest_common(one: i128, other: i128) -> i128 {
    let (mut one, mut other) = (one.unsigned_abs(), other.unsigned_abs());
    while other != 0 {
        (one, other) = (other, one % other);
    }
    // Neither part is `i128::MIN`, so the divisor of both is below 2^127.
    one.max(1) as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: i128, denominator: i128) -> Rational {
        Rational::of(numerator, denominator).unwrap()
    }

    #[test]
    fn small_fractions_agree_with_cross_multiplication() {
        let all = || (-6..=6).flat_map(|above| [-4, -3, -2, -1, 1, 2, 3, 4].map(|below| (above, below)));
        for (a, b) in all() {
            let one = fraction(a, b);
            assert!(one.floor().to_whole().unwrap() * b.abs() <= a * b.signum(), "{a}/{b}");
            assert!(one.ceil().to_whole().unwrap() * b.abs() >= a * b.signum(), "{a}/{b}");
            assert_eq!(one.to_f64(), a as f64 / b as f64);
            for (c, d) in all() {
                let other = fraction(c, d);
                assert_eq!(one.plus(other), Rational::of(a * d + c * b, b * d));
                assert_eq!(one.minus(other), Rational::of(a * d - c * b, b * d));
                assert_eq!(one.times(other), Rational::of(a * c, b * d));
                assert_eq!(one.over(other), Rational::of(a * d, b * c));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_none_and_no_panic() {
        let huge = fraction(i128::MAX, 1);
        let tiny = fraction(1, i128::MAX);
        assert_eq!((Rational::of(1, 0), Rational::of(i128::MIN, 1), Rational::of(1, i128::MIN)), (None, None, None));
        assert_eq!((huge.plus(huge), huge.times(huge), huge.over(tiny)), (None, None, None));
        assert_eq!((huge.plus(tiny), tiny.over(huge), huge.over(Rational::ZERO)), (None, None, None));
        assert_eq!(huge.times(tiny), Rational::whole(1));
        assert_eq!(huge.minus(huge), Some(Rational::ZERO));
        assert_eq!((tiny.floor(), tiny.negated().floor().to_whole()), (Rational::ZERO, Some(-1)));
        assert!(huge.to_f64() > 1e38 && tiny.to_f64() < 1e-38);
    }

    #[test]
    fn decimals_are_shown_in_full_and_others_nearly() {
        for (above, below, shown) in [(9, 2, "4.5"), (-1, 4, "-0.25"), (13, 1, "13"), (1, 3, "about 0.333333"), (0, 5, "0")] {
            assert_eq!(fraction(above, below).to_string(), shown);
        }
        assert_eq!(fraction(1, 10).to_f64(), 0.1);
        assert_eq!(fraction(12_345_678_901_234_567, 100_000_000_000_000_000).to_f64(), 0.12345678901234567);
    }
}
