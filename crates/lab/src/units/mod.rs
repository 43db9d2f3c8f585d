//! Quantities as people write them: durations, sizes, rates, bandwidths, probabilities, parts per million. Exact decimal
//! arithmetic to integers; nothing is rounded, and a number without its unit is refused with the cure. It does not know where a
//! text stands: the messages are about the value alone.
//!
//! Each quantity is read from a literal (`duration`), and from a value that an expression came to (`duration_of`), within the
//! same range.

mod decimal;
mod rates;

use crate::arithmetic::{Dimension, Measure, Rational};
use decimal::{Decimal, Inexact};
use quorate_engine::random::Probability;
use quorate_engine::time::{Nanos, show};
use std::fmt::Display;

pub use rates::{Rate, bytes_per_second, rate, show_bytes_per_second, show_rate};
pub(crate) use rates::{bare_bandwidth, bare_rate, bytes_per_second_of, is_per, is_rate, rate_of};

const DURATION_UNITS: Units = Units {
    what: "duration",
    examples: ["ms", "s"],
    units: &[
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ],
    listed: "ns, us, ms, s, m, h",
    finest: "a nanosecond",
};

const BYTE_UNITS: Units = Units {
    what: "size",
    examples: ["B", "KB"],
    units: &[
        ("B", 1),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
    ],
    listed: "B, KB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (powers of 1024)",
    finest: "a byte",
};

/// The longest duration that fits, for messages.
const LONGEST: &str = "584 years";

/// A duration such as `5ms`, `1.5s`, `2m`, in nanoseconds.
///
/// # Errors
/// What is wrong and what would be right: no unit, an unknown one, a negative value, a part of a nanosecond, more than
/// 584 years.
pub fn duration(text: &str) -> Result<Nanos, String> {
    nonnegative_nanos(DURATION_UNITS.read(text)?, text)
}

/// A duration that `text` came to.
pub(crate) fn duration_of(value: Rational, text: &str) -> Result<Nanos, String> {
    nonnegative_nanos(whole(value, text, "nanoseconds")?, text)
}

fn nonnegative_nanos(nanos: i128, text: &str) -> Result<Nanos, String> {
    if nanos < 0 {
        return Err(format!("{} is negative; a duration here is at least 0s", quoted(text)));
    }
    Nanos::try_from(nanos).map_err(|_| too_long(text))
}

/// A duration that may be negative, such as a clock's offset: `-50ms`.
///
/// # Errors
/// As [`duration`], but for the sign; and the limit is 292 years either way.
pub fn signed_duration(text: &str) -> Result<i64, String> {
    signed_nanos(DURATION_UNITS.read(text)?, text)
}

/// A duration, perhaps negative, that `text` came to.
pub(crate) fn signed_duration_of(value: Rational, text: &str) -> Result<i64, String> {
    signed_nanos(whole(value, text, "nanoseconds")?, text)
}

fn signed_nanos(nanos: i128, text: &str) -> Result<i64, String> {
    i64::try_from(nanos).map_err(|_| format!("{} is longer than 292 years", quoted(text)))
}

/// A number of bytes such as `200B`, `1KB` (1000) or `1KiB` (1024).
///
/// # Errors
/// As [`duration`].
pub fn bytes(text: &str) -> Result<u64, String> {
    nonnegative_bytes(BYTE_UNITS.read(text)?, text)
}

/// A number of bytes that `text` came to.
pub(crate) fn bytes_of(value: Rational, text: &str) -> Result<u64, String> {
    nonnegative_bytes(whole(value, text, "bytes")?, text)
}

fn nonnegative_bytes(bytes: i128, text: &str) -> Result<u64, String> {
    if bytes < 0 {
        return Err(format!("{} is negative; a size is at least 0B", quoted(text)));
    }
    u64::try_from(bytes).map_err(|_| format!("{} is more than 18 exabytes", quoted(text)))
}

/// A probability.
///
/// # Errors
/// A value outside 0 to 1.
pub fn probability(value: f64) -> Result<Probability, String> {
    Probability::from_f64(value).map_err(|_| {
        let cure = if (1.0..=100.0).contains(&value) { format!("; {value} % is {}", value / 100.0) } else { String::new() };
        format!("{value} is not a probability: it must lie in 0 to 1{cure}")
    })
}

/// Parts per million as whole parts per billion.
///
/// # Errors
/// Not a number, finer than 0.001 ppm, or beyond 64 bits.
pub fn parts_per_billion(ppm: f64) -> Result<i64, String> {
    let ppb = ppm * 1e3;
    if ppb.is_nan() || ppb.abs() >= 9e18 {
        return Err(format!("{ppm} ppm is no drift that a clock can have"));
    }
    let whole = libm::round(ppb);
    // A decimal such as 20.001 is not exact as a float; what a person types is within this of a whole number.
    if (ppb - whole).abs() > 1e-6 * (1.0 + ppb.abs() * 1e-6) {
        return Err(format!("{ppm} ppm is finer than 0.001 ppm, the finest drift"));
    }
    Ok(whole as i64)
}

/// A signed duration as a person writes it: the inverse of [`signed_duration`].
pub fn show_signed(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    format!("{sign}{}", show(nanos.unsigned_abs()))
}

/// Nanoseconds as a person writes them, whatever their sign and number.
pub(crate) fn show_nanos(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    match u64::try_from(nanos.unsigned_abs()) {
        Ok(magnitude) => format!("{sign}{}", show(magnitude)),
        Err(_) => format!("{nanos}ns"),
    }
}

/// Bytes as a person writes them: in the largest decimal unit that needs no fraction.
pub fn show_bytes(bytes: i128) -> String {
    let decimal = BYTE_UNITS.units.iter().filter(|(name, _)| !name.contains('i'));
    let (name, scale) = decimal.rev().find(|(_, scale)| bytes != 0 && bytes % scale == 0).unwrap_or(&("B", 1));
    format!("{}{name}", bytes / scale)
}

/// Whether a word is a unit of time.
pub(crate) fn is_duration(unit: &str) -> bool {
    nanos_in(unit).is_some()
}

/// How many nanoseconds a unit of time has.
pub(crate) fn nanos_in(unit: &str) -> Option<i128> {
    DURATION_UNITS.scale(unit)
}

/// How many bytes a unit of sizes has.
pub(crate) fn bytes_in(unit: &str) -> Option<i128> {
    BYTE_UNITS.scale(unit)
}

/// What is wrong with a bare number where a duration should stand.
pub(crate) fn bare_duration(number: impl Display) -> String {
    DURATION_UNITS.no_unit(&number.to_string())
}

/// What is wrong with a bare number where a size should stand.
pub(crate) fn bare_bytes(number: impl Display) -> String {
    BYTE_UNITS.no_unit(&number.to_string())
}

/// A number whose unit says what it is: `2s`, `10KB`, `500/s`, `99%`, `400`.
pub(crate) fn measure(text: &str) -> Result<Measure, String> {
    let (number, unit) = split(text);
    let of = |dimension| move |value| Measure { value, dimension };
    if text.contains('/') {
        return rates::measure(text);
    }
    match unit {
        "" => exact(number, text).map(of(Dimension::Plain)),
        "%" => exact(number, text)?.over(hundred()).ok_or_else(|| too_many_digits(text)).map(of(Dimension::Plain)),
        unit if BYTE_UNITS.scale(unit).is_some() => BYTE_UNITS.read_exact(text).map(of(Dimension::Data)),
        unit if DURATION_UNITS.scale(unit).is_some() => DURATION_UNITS.read_exact(text).map(of(Dimension::Time)),
        _ => Err(format!(
            "{} has an unknown unit; durations take {}, sizes {}",
            quoted(text),
            DURATION_UNITS.listed,
            BYTE_UNITS.listed
        )),
    }
}

fn hundred() -> Rational {
    Rational::whole(100).unwrap_or(Rational::ZERO)
}

/// Plain digits, perhaps with a point and digits.
fn exact(number: &str, text: &str) -> Result<Rational, String> {
    let decimal = Decimal::read(number).ok_or_else(|| format!("{} is no number", quoted(text)))?;
    decimal.exact().ok_or_else(|| too_many_digits(text))
}

fn too_many_digits(text: &str) -> String {
    format!("{} has more digits than can be worked out exactly: 38", quoted(text))
}

/// A float as the decimal that a person wrote: the shortest one that reads as it.
pub(crate) fn exact_float(number: f64) -> Option<Rational> {
    // The plain form: it never has an exponent.
    Decimal::read(&format!("{number}"))?.exact()
}

/// The whole number that `text` came to, of something.
fn whole(value: Rational, text: &str, of: &str) -> Result<i128, String> {
    value.to_whole().ok_or_else(|| {
        let clean = text.trim();
        format!("{} comes to {value} {of}, which is not whole; write floor({clean}) or ceil({clean})", quoted(text))
    })
}

/// A family of units.
struct Units {
    what: &'static str,
    examples: [&'static str; 2],
    units: &'static [(&'static str, i128)],
    listed: &'static str,
    finest: &'static str,
}

impl Units {
    fn scale(&self, unit: &str) -> Option<i128> {
        self.units.iter().find(|(name, _)| *name == unit).map(|&(_, scale)| scale)
    }

    /// The value in the base unit.
    fn read(&self, text: &str) -> Result<i128, String> {
        let (number, unit) = split(text);
        let Some(decimal) = Decimal::read(number) else {
            return Err(self.no_number(text));
        };
        if unit.is_empty() {
            return Err(self.no_unit(text));
        }
        let Some(scale) = self.scale(unit) else {
            return Err(self.unknown_unit(text, number, unit));
        };
        match decimal.times(scale) {
            Ok(value) => Ok(value),
            Err(Inexact::Finer) => Err(format!("{} is not a whole number of {}s", quoted(text), &self.finest[2..])),
            Err(Inexact::Overflow) => Err(too_large(text, self.what)),
        }
    }

    /// The value in the base unit, as a fraction.
    fn read_exact(&self, text: &str) -> Result<Rational, String> {
        Rational::whole(self.read(text)?).ok_or_else(|| too_many_digits(text))
    }

    fn no_number(&self, text: &str) -> String {
        let [small, large] = self.examples;
        if text.trim().is_empty() {
            return format!("the {} is empty; write a number with its unit, such as \"5{small}\" or \"5{large}\"", self.what);
        }
        format!("{} is no {}; write a number with its unit, such as \"5{small}\" or \"1.5{large}\"", quoted(text), self.what)
    }

    fn no_unit(&self, text: &str) -> String {
        let [small, large] = self.examples;
        let number = quoted(text);
        let bare = number.trim_matches('"');
        format!("\"{bare}\" has no unit; write \"{bare}{small}\" or \"{bare}{large}\"")
    }

    fn unknown_unit(&self, text: &str, number: &str, unit: &str) -> String {
        let lower = unit.trim().to_lowercase();
        let known = self.units.iter().find(|(name, _)| name.to_lowercase() == lower);
        let cure = match known {
            Some((name, _)) => format!("; write \"{number}{name}\""),
            None => String::new(),
        };
        format!("{} has no unit that is known{cure}; units are {}", quoted(text), self.listed)
    }
}

fn too_long(text: &str) -> String {
    too_large(text, "duration")
}

fn too_large(text: &str, what: &str) -> String {
    match what {
        "duration" => format!("{} is longer than {LONGEST}, the most that fits", quoted(text)),
        _ => format!("{} is larger than any {what} that fits", quoted(text)),
    }
}

/// The longest prefix that could be a number, and the rest.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    text.split_at(end)
}

/// A text in quotes for a message; a long one is cut.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let clean: String =
        text.chars().take(SHOWN).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("\"{clean}{more}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, nanos) in [
            ("5ms", 5_000_000),
            ("1.5s", 1_500_000_000),
            ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("17ns", 17),
            ("0s", 0),
            ("0.001us", 1),
            ("0.100000000000000000000us", 100),
            ("18446744073709551615ns", u64::MAX),
        ] {
            assert_eq!(duration(text), Ok(nanos), "{text}");
            assert_eq!(duration(&show(nanos)), Ok(nanos), "{text} as shown");
        }
        assert_eq!(signed_duration("-50ms"), Ok(-50_000_000));
        assert_eq!(show_signed(-50_000_000), "-50ms");
        assert_eq!(signed_duration(&show_signed(i64::MIN + 1)), Ok(i64::MIN + 1));
    }

    #[test]
    fn what_is_no_duration_is_told_with_the_cure() {
        for (text, expected) in [
            ("5", r#""5" has no unit; write "5ms" or "5s""#),
            ("", "the duration is empty"),
            ("ms", r#""ms" is no duration"#),
            ("5MS", r#"write "5ms""#),
            ("5 s", r#"write "5s""#),
            ("5min", "units are ns, us, ms, s, m, h"),
            ("1e3s", "no unit that is known"),
            ("1.2.3s", "is no duration"),
            (".5s", "is no duration"),
            ("--5s", "is no duration"),
            ("+5s", "is no duration"),
            ("-5s", "is negative"),
            ("1.5ns", "not a whole number of nanoseconds"),
            ("18446744073709551616ns", "longer than 584 years"),
            ("99999999999999999999999999999999999999999999h", "longer than 584 years"),
            ("inf", "is no duration"),
        ] {
            let message = duration(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn sizes_probabilities_and_drifts() {
        for (text, size) in [("200B", 200), ("1KB", 1_000), ("1KiB", 1_024), ("1.5MiB", 1_572_864), ("0B", 0)] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        assert!(bytes("5").unwrap_err().contains(r#"write "5B" or "5KB""#));
        assert!(bytes("5kb").unwrap_err().contains(r#"write "5KB""#));
        assert!(probability(5.0).unwrap_err().contains("5 % is 0.05"));
        assert!(probability(f64::NAN).is_err() && probability(-0.1).is_err() && probability(0.5).is_ok());
        for (ppm, ppb) in [(20.0, 20_000), (0.001, 1), (-20.001, -20_001), (123456.789, 123_456_789)] {
            assert_eq!(parts_per_billion(ppm), Ok(ppb), "{ppm}");
        }
        assert!(parts_per_billion(0.0005).is_err() && parts_per_billion(f64::NAN).is_err());
    }
}
