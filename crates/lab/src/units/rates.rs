//! So much in so long: rates of events (`500/s`, `2/min`) and bandwidths (`10MB/s`, `1Gbit/s`).

use super::decimal::Decimal;
use super::{BYTE_UNITS, quoted, show_bytes, split, too_many_digits};
use crate::arithmetic::{Dimension, Measure, Rational};
use quorate_engine::time::Nanos;

/// So many events in so long, in lowest terms: `500/s` is 1 in 2 ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many events; 0 is never.
    pub count: u64,
    /// In how long, in nanoseconds; at least 1.
    pub per: Nanos,
}

/// What may stand behind the stroke. A minute is no `m` here: that would be a metre to most readers.
const PER: [(&str, i128); 4] = [("ms", 1_000_000), ("s", SECOND), ("min", 60 * SECOND), ("h", 3_600 * SECOND)];

const SECOND: i128 = 1_000_000_000;

/// In bits; network people count these, in powers of 1000.
const BIT_UNITS: [(&str, i128); 5] =
    [("bit", 1), ("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000), ("Tbit", 1_000_000_000_000)];

const BANDWIDTHS: &str = "B, KB, MB, GB, TB, KiB, MiB, GiB, TiB, bit, kbit, Mbit, Gbit, Tbit";

/// Whether a word may stand behind the stroke of a rate.
pub(crate) fn is_per(word: &str) -> bool {
    PER.iter().any(|(name, _)| *name == word)
}

/// Whether a text has the form of a literal, right or wrong: a number, perhaps a unit, a stroke, a word.
pub(crate) fn is_rate(text: &str) -> bool {
    let Some((amount, per)) = text.split_once('/') else { return false };
    let (number, unit) = split(amount);
    !number.is_empty() && unit.chars().chain(per.chars()).all(|c| c.is_alphabetic() || c == ' ')
}

/// What is wrong with a bare number where a rate should stand.
pub(crate) fn bare_rate(number: &str) -> String {
    no_time(number, "rate", RATE_EXAMPLES)
}

/// What is wrong with a bare number where a bandwidth should stand.
pub(crate) fn bare_bandwidth(number: &str) -> String {
    no_time(number, "bandwidth", BANDWIDTH_EXAMPLES)
}

const RATE_EXAMPLES: &str = "500/s\" or \"2/min";
const BANDWIDTH_EXAMPLES: &str = "10MB/s\" or \"1Gbit/s";

/// A rate of events such as `500/s`, `0.5/s`, `2/min`.
///
/// # Errors
/// What is wrong and what would be right: no unit, an unknown one, a bandwidth, a negative value, one that 64 bits do not hold.
pub fn rate(text: &str) -> Result<Rate, String> {
    let Some((amount, per)) = text.split_once('/') else { return Err(no_time(text, "rate", RATE_EXAMPLES)) };
    let (number, unit) = split(amount);
    let Some(decimal) = Decimal::read(number).filter(|_| unit.is_empty()) else {
        return Err(match bytes_of_unit(unit) {
            Some(_) => format!("{} is a bandwidth, and a rate of events should stand here, such as \"500/s\"", quoted(text)),
            None => format!("{} is no rate; write so many in so long, such as \"500/s\" or \"2/min\"", quoted(text)),
        });
    };
    rate_of(quotient(decimal.exact(), scale(per, amount, text)?, text)?, text)
}

/// A rate that `text` came to, in events a nanosecond.
pub(crate) fn rate_of(value: Rational, text: &str) -> Result<Rate, String> {
    if value.is_negative() {
        return Err(format!("{} is negative; a rate is at least 0/s", quoted(text)));
    }
    match (u64::try_from(value.numerator()), u64::try_from(value.denominator())) {
        (Ok(count), Ok(per)) => Ok(Rate { count, per }),
        _ => Err(format!("{} has more digits than a rate may have; write a simpler one", quoted(text))),
    }
}

/// A bandwidth such as `10MB/s` or `1Gbit/s`, in bytes a second.
///
/// # Errors
/// As [`rate`]; and less than a byte a second, or a part of one.
pub fn bytes_per_second(text: &str) -> Result<u64, String> {
    let Some((written, per)) = text.split_once('/') else { return Err(no_time(text, "bandwidth", BANDWIDTH_EXAMPLES)) };
    let (number, unit) = split(written);
    let Some(decimal) = Decimal::read(number) else {
        return Err(format!("{} is no bandwidth; write so much in so long, such as \"10MB/s\" or \"1Gbit/s\"", quoted(text)));
    };
    let bytes = bytes_of_unit(unit).ok_or_else(|| unknown_unit(text, number, unit, per))?;
    let amount = decimal.exact().and_then(|decimal| decimal.times(bytes));
    bytes_per_second_of(quotient(amount, scale(per, written, text)?, text)?, text)
}

/// A bandwidth that `text` came to, in bytes a nanosecond.
pub(crate) fn bytes_per_second_of(value: Rational, text: &str) -> Result<u64, String> {
    let a_second = value.times(Rational::whole(SECOND).unwrap_or(Rational::ZERO)).ok_or_else(|| too_many_digits(text))?;
    if a_second.is_zero() || a_second.is_negative() {
        return Err(format!("{} is no bandwidth; it is at least 1B/s", quoted(text)));
    }
    match a_second.to_whole().map(u64::try_from) {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(_)) => Err(format!("{} is more than 18 exabytes a second", quoted(text))),
        None => Err(format!("{} comes to {a_second} bytes a second, which is not whole", quoted(text))),
    }
}

/// Either of the two, where an expression has it.
pub(super) fn measure(text: &str) -> Result<Measure, String> {
    let (amount, per) = text.split_once('/').unwrap_or((text, ""));
    let (number, unit) = split(amount);
    let decimal = Decimal::read(number).ok_or_else(|| format!("{} is no number", quoted(text)))?;
    let per = scale(per, amount, text)?;
    if unit.is_empty() {
        return quotient(decimal.exact(), per, text).map(|value| Measure { value, dimension: Dimension::Rate });
    }
    let bytes = bytes_of_unit(unit).ok_or_else(|| unknown_unit(text, number, unit, "s"))?;
    let amount = decimal.exact().and_then(|decimal| decimal.times(bytes));
    quotient(amount, per, text).map(|value| Measure { value, dimension: Dimension::Bandwidth })
}

/// The inverse of [`rate`]. A rate that no literal says exactly is written as a quotient, which an expression reads.
pub fn show_rate(rate: Rate) -> String {
    match Rational::of(i128::from(rate.count), i128::from(rate.per)) {
        Some(value) => Measure { value, dimension: Dimension::Rate }.written(),
        None => format!("{}/{}ns", rate.count, rate.per),
    }
}

/// The inverse of [`bytes_per_second`].
pub fn show_bytes_per_second(bytes_a_second: u64) -> String {
    format!("{}/s", show_bytes(i128::from(bytes_a_second)))
}

fn quotient(amount: Option<Rational>, per: Rational, text: &str) -> Result<Rational, String> {
    amount.and_then(|amount| amount.over(per)).ok_or_else(|| too_many_digits(text))
}

/// The nanoseconds of what stands behind the stroke.
fn scale(per: &str, amount: &str, text: &str) -> Result<Rational, String> {
    let found = PER.iter().find(|(name, _)| *name == per).and_then(|&(_, nanos)| Rational::whole(nanos));
    found.ok_or_else(|| {
        let near = match per.to_lowercase() {
            word if word.starts_with("ms") || word.starts_with("milli") => "ms",
            word if word.starts_with('m') => "min",
            word if word.starts_with('h') => "h",
            _ => "s",
        };
        format!("{} has no time that is known behind the /; write \"{amount}/{near}\"; known are s, ms, min, h", quoted(text))
    })
}

/// How many bytes a unit is.
fn bytes_of_unit(unit: &str) -> Option<Rational> {
    let bits = BIT_UNITS.iter().find(|(name, _)| *name == unit).and_then(|&(_, bits)| Rational::of(bits, 8));
    bits.or_else(|| Rational::whole(BYTE_UNITS.scale(unit)?))
}

/// What is wrong with a text that has no stroke.
fn no_time(text: &str, what: &str, examples: &str) -> String {
    let (number, unit) = split(text);
    let lower = unit.to_lowercase();
    match Decimal::read(number) {
        Some(_) if lower.ends_with("bps") => {
            let prefix = &unit[..unit.len() - 3];
            format!("{} has no unit that is known; write \"{number}{prefix}bit/s\"", quoted(text))
        }
        Some(_) if unit.is_empty() && what == "rate" => {
            format!("{} has no unit; write \"{number}/s\" or \"{number}/min\"", quoted(text))
        }
        Some(_) if unit.is_empty() => format!("{} has no unit; write \"{number}MB/s\" or \"{number}Mbit/s\"", quoted(text)),
        Some(_) if bytes_of_unit(unit).is_some() && what == "bandwidth" => {
            format!("{} does not say in how long; write \"{}/s\"", quoted(text), text.trim())
        }
        _ => format!("{} is no {what}; write so much in so long, such as \"{examples}\"", quoted(text)),
    }
}

fn unknown_unit(text: &str, number: &str, unit: &str, per: &str) -> String {
    let lower = unit.trim().to_lowercase();
    let names = BYTE_UNITS.units.iter().chain(&BIT_UNITS).map(|(name, _)| *name);
    let cure = match names.into_iter().find(|name| name.to_lowercase() == lower) {
        Some(name) => format!("; write \"{number}{name}/{per}\""),
        None if unit.is_empty() => format!("; write \"{number}MB/{per}\" or \"{number}Mbit/{per}\""),
        None => String::new(),
    };
    format!("{} has no unit that is known{cure}; units are {BANDWIDTHS}", quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact() {
        for (text, count, per, shown) in [
            ("500/s", 1, 2_000_000, "500/s"),
            ("2/min", 1, 30 * SECOND as u64, "2/min"),
            ("1/h", 1, 3_600 * SECOND as u64, "1/h"),
            ("0.5/s", 1, 2 * SECOND as u64, "0.5/s"),
            ("3/ms", 3, 1_000_000, "3000/s"),
            ("0/h", 0, 1, "0/s"),
        ] {
            assert_eq!(rate(text), Ok(Rate { count, per }), "{text}");
            assert_eq!(show_rate(Rate { count, per }), shown, "{text}");
        }
    }

    #[test]
    fn bandwidths_are_exact() {
        for (text, bytes, shown) in [
            ("10MB/s", 10_000_000, "10MB/s"),
            ("1Gbit/s", 125_000_000, "125MB/s"),
            ("1KiB/s", 1_024, "1024B/s"),
            ("0.5KB/ms", 500_000, "500KB/s"),
            ("6MB/min", 100_000, "100KB/s"),
        ] {
            assert_eq!(bytes_per_second(text), Ok(bytes), "{text}");
            assert_eq!(show_bytes_per_second(bytes), shown, "{text}");
            assert_eq!(bytes_per_second(shown), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_told_with_the_cure() {
        for (text, expected) in [
            ("500", r#""500" has no unit; write "500/s" or "500/min""#),
            ("10MB/s", r#""10MB/s" is a bandwidth, and a rate of events should stand here, such as "500/s""#),
            ("5/m", r#"write "5/min""#),
            ("5/second", r#"write "5/s"; known are s, ms, min, h"#),
            ("often", r#""often" is no rate"#),
            ("-5/s", "is negative; a rate is at least 0/s"),
            ("x/s", r#""x/s" is no rate"#),
            ("/s", r#""/s" is no rate"#),
            ("0.00000000000000000001/s", "has more digits than a rate may have"),
            ("99999999999999999999999999999999999999999/s", "has more digits"),
        ] {
            let message = rate(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
        for (text, expected) in [
            ("10", r#""10" has no unit; write "10MB/s" or "10Mbit/s""#),
            ("10MB", r#""10MB" does not say in how long; write "10MB/s""#),
            ("10Mbps", r#"write "10Mbit/s""#),
            ("10mb/s", r#"write "10MB/s""#),
            ("10/s", r#"write "10MB/s" or "10Mbit/s""#),
            ("1bit/s", "comes to 0.125 bytes a second, which is not whole"),
            ("-1B/s", "is no bandwidth; it is at least 1B/s"),
            ("0B/s", "is no bandwidth; it is at least 1B/s"),
            ("99999999TB/s", "is more than 18 exabytes a second"),
            ("", "is no bandwidth"),
            ("MB/s", "is no bandwidth"),
        ] {
            let message = bytes_per_second(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
