//! A value with what it is measured in. Sums need one dimension; products and quotients may change it, as long as the result
//! is something that a scenario has.

use super::rational::Rational;
use crate::units;
use std::fmt;

/// A value in the base unit of its dimension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measure {
    /// How much.
    pub value: Rational,
    /// Of what.
    pub dimension: Dimension,
}

/// What a value measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dimension {
    /// A plain number.
    Plain,
    /// A time, in nanoseconds.
    Time,
    /// A size, in bytes.
    Data,
    /// Events a nanosecond.
    Rate,
    /// Bytes a nanosecond.
    Bandwidth,
}

/// Nanoseconds in a second: rates are counted in the one and written in the other.
const SECOND: i128 = 1_000_000_000;

impl Dimension {
    const ALL: [Dimension; 5] = [Dimension::Plain, Dimension::Time, Dimension::Data, Dimension::Rate, Dimension::Bandwidth];

    /// The powers of time and of data in it.
    fn powers(self) -> (i8, i8) {
        match self {
            Dimension::Plain => (0, 0),
            Dimension::Time => (1, 0),
            Dimension::Data => (0, 1),
            Dimension::Rate => (-1, 0),
            Dimension::Bandwidth => (-1, 1),
        }
    }

    fn of(powers: (i8, i8)) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| dimension.powers() == powers)
    }

    /// That of a product.
    pub(super) fn times(self, other: Dimension) -> Option<Dimension> {
        let ((time, data), (other_time, other_data)) = (self.powers(), other.powers());
        Dimension::of((time + other_time, data + other_data))
    }

    /// That of a quotient.
    pub(super) fn over(self, other: Dimension) -> Option<Dimension> {
        let ((time, data), (other_time, other_data)) = (self.powers(), other.powers());
        Dimension::of((time - other_time, data - other_data))
    }

    /// With its article, for messages.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Dimension::Plain => "a plain number",
            Dimension::Time => "a time",
            Dimension::Data => "a size",
            Dimension::Rate => "a rate",
            Dimension::Bandwidth => "a bandwidth",
        }
    }
}

impl Measure {
    pub(crate) fn plain(value: Rational) -> Measure {
        Measure { value, dimension: Dimension::Plain }
    }

    /// As people count it: rates a second, all else in its base unit.
    fn counted(self) -> Option<Rational> {
        match self.dimension {
            Dimension::Rate | Dimension::Bandwidth => self.value.times(Rational::whole(SECOND)?),
            Dimension::Plain | Dimension::Time | Dimension::Data => Some(self.value),
        }
    }

    /// Made whole, as people count it, by `round`.
    pub(super) fn rounded(self, round: fn(Rational) -> Rational) -> Option<Measure> {
        let rounded = round(self.counted()?);
        match self.dimension {
            Dimension::Rate | Dimension::Bandwidth => Some(Measure { value: rounded.over(Rational::whole(SECOND)?)?, ..self }),
            Dimension::Plain | Dimension::Time | Dimension::Data => Some(Measure { value: rounded, ..self }),
        }
    }

    /// The exact value as a text that reads back as the same: `5ms`, `10MB/s`, and where no literal says it, a quotient.
    pub fn written(self) -> String {
        let (above, below) = (self.value.numerator(), self.value.denominator());
        let literal = self.counted().and_then(|counted| match self.dimension {
            Dimension::Plain => counted.decimal(LITERAL_PLACES),
            Dimension::Time => counted.to_whole().map(units::show_nanos),
            Dimension::Data => counted.to_whole().map(units::show_bytes),
            Dimension::Rate => PERIODS.iter().find_map(|&(name, seconds)| {
                let events = counted.times(Rational::whole(seconds)?)?.decimal(LITERAL_PLACES)?;
                Some(format!("{events}/{name}"))
            }),
            Dimension::Bandwidth => counted.to_whole().map(|bytes| format!("{}/s", units::show_bytes(bytes))),
        });
        literal.unwrap_or_else(|| match self.dimension {
            Dimension::Plain => format!("{above}/{below}"),
            Dimension::Time => format!("{above}ns/{below}"),
            Dimension::Data => format!("{above}B/{below}"),
            Dimension::Rate => format!("{above}/{below}ns"),
            Dimension::Bandwidth => format!("{above}B/{below}ns"),
        })
    }
}

/// What a rate may be told by, and its seconds.
const PERIODS: [(&str, i128); 3] = [("s", 1), ("min", 60), ("h", 3_600)];

/// Beyond so many decimal places a quotient is the shorter text.
const LITERAL_PLACES: usize = 18;

impl fmt::Display for Measure {
    /// For messages, where a nearby value says more than an exact quotient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.counted().unwrap_or(self.value);
        match (self.dimension, counted.to_whole()) {
            (Dimension::Plain, _) => counted.fmt(f),
            (Dimension::Time, None) => write!(f, "{counted}ns"),
            (Dimension::Data, None) => write!(f, "{counted}B"),
            (Dimension::Rate, _) => write!(f, "{counted}/s"),
            (Dimension::Bandwidth, None) => write!(f, "{counted}B/s"),
            (Dimension::Time | Dimension::Data | Dimension::Bandwidth, Some(_)) => f.write_str(&self.written()),
        }
    }
}
