//! A table's report as bytes: for people, for documents, for spreadsheets and for scripts. They draw the same data.

mod csv;
mod json;
mod markdown;
mod text;

use super::Cell;
use crate::metrics::Unit;
use crate::statistics::Interval;
use crate::units;

/// The figures of a cell as people read them, in the unit in which the source tells them.
struct Figures {
    claimed: String,
    closed_form: String,
    measured: String,
    interval: String,
}

impl Figures {
    fn of(cell: &Cell) -> Figures {
        let unit = Shown::of(cell);
        let told = |value: Option<f64>| value.map(|value| unit.value(value)).unwrap_or_default();
        Figures {
            claimed: cell.claimed.as_ref().map(|(_, shown)| shown.clone()).unwrap_or_default(),
            closed_form: told(cell.closed_form),
            measured: told(cell.measured),
            interval: cell.interval.map(|interval| unit.interval(interval)).unwrap_or_default(),
        }
    }
}

/// The unit in which a cell is told: so many of it are one of the metric's, and its name.
struct Shown {
    scale: f64,
    name: String,
}

impl Shown {
    /// That of what the source says; without, one that suits the value.
    fn of(cell: &Cell) -> Shown {
        let said = cell.claimed.as_ref().map(|(_, shown)| shown.trim_start_matches(|c: char| !c.is_alphabetic() && c != '%'));
        let shown = |scale: f64, name: &str| Shown { scale, name: name.to_string() };
        match cell.unit {
            Some(Unit::Seconds) => {
                let value = cell.measured.or(cell.closed_form).unwrap_or(1.0).abs();
                let suits = match value {
                    0.0 => "s",
                    value if value >= 0.999_95 => "s",
                    value if value >= 0.999_95e-3 => "ms",
                    value if value >= 0.999_95e-6 => "us",
                    _ => "ns",
                };
                let name = said.filter(|name| units::nanos_in(name).is_some()).unwrap_or(suits);
                shown(1e9 / units::nanos_in(name).unwrap_or(1) as f64, name)
            }
            Some(Unit::Bytes) => {
                let name = said.filter(|name| units::bytes_in(name).is_some()).unwrap_or("B");
                shown(1.0 / units::bytes_in(name).unwrap_or(1) as f64, name)
            }
            _ if said == Some("%") => shown(100.0, "%"),
            _ => shown(1.0, ""),
        }
    }

    fn value(&self, value: f64) -> String {
        let scaled = self.scaled(value);
        format!("{}{}", figure(scaled, places(scaled)), if value.is_finite() { &self.name } else { "" })
    }

    /// Both ends to as many places, without the unit, which stands beside the estimate.
    fn interval(&self, interval: Interval) -> String {
        let (low, high) = (self.scaled(interval.low), self.scaled(interval.high));
        let larger = [low, high].into_iter().filter(|end| end.is_finite()).fold(0.0, |larger: f64, end| larger.max(end.abs()));
        let places = if places(low) + places(high) == 0 { 0 } else { decimals(larger) };
        let (low, high) = (figure(low, places), figure(high, places));
        match (interval.low.is_finite(), interval.high.is_finite()) {
            (true, true) => format!("{low} to {high}"),
            (true, false) => format!("from {low}"),
            (false, true) => format!("up to {high}"),
            (false, false) => String::new(),
        }
    }

    fn scaled(&self, value: f64) -> f64 {
        let value = value * self.scale;
        // A time of 0.43 s is not quite 430 ms in floats.
        let whole = libm::round(value);
        if (value - whole).abs() <= 1e-9 * value.abs() { whole } else { value }
    }
}

/// The decimal places that a figure needs; a whole number none.
fn places(value: f64) -> usize {
    if value == libm::trunc(value) || !value.is_finite() { 0 } else { decimals(value.abs()) }
}

/// With how many decimal places a figure of that size has four significant digits.
fn decimals(mut size: f64) -> usize {
    let mut places = 3usize;
    while size >= 10.0 && places > 0 {
        (places, size) = (places - 1, size / 10.0);
    }
    while size < 1.0 && places < PLACES_MAX {
        (places, size) = (places + 1, size * 10.0);
    }
    places
}

/// A smaller figure is written with an exponent.
const PLACES_MAX: usize = 9;

/// A figure as sources write theirs: no thousands apart.
fn figure(value: f64, places: usize) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "infinite" } else { "-infinite" }.to_string();
    }
    let text = format!("{value:.places$}");
    let nothing = text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'));
    if nothing && value != 0.0 { format!("{value:.1e}") } else { text }
}

/// The word for a verdict; nothing where there is none.
fn verdict(cell: &Cell) -> &'static str {
    cell.verdict.map_or("", super::Verdict::name)
}

/// The name of a unit in the registry's words.
fn unit(unit: Option<Unit>) -> &'static str {
    match unit {
        Some(Unit::Seconds) => "s",
        Some(Unit::Bytes) => "bytes",
        Some(Unit::Ratio) => "ratio",
        Some(Unit::Count) | None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(unit: Unit, measured: f64, claimed: Option<(f64, &str)>) -> Cell {
        Cell {
            verdict: None,
            claimed: claimed.map(|(value, shown)| (value, shown.to_string())),
            closed_form: None,
            measured: Some(measured),
            interval: None,
            unit: Some(unit),
            tolerance: None,
            notes: Vec::new(),
            failed_checks: Vec::new(),
            ran: None,
        }
    }

    #[test]
    fn a_figure_is_told_in_the_unit_of_the_source() {
        for (unit, measured, claimed, shown) in [
            (Unit::Seconds, 0.427_84, Some((0.43, "430ms")), "427.8ms"),
            (Unit::Seconds, 0.43, Some((0.43, "430ms")), "430ms"),
            (Unit::Seconds, 1.424, Some((1.424, "1424ms")), "1424ms"),
            (Unit::Seconds, 1.424, None, "1.424s"),
            (Unit::Seconds, 0.000_02, None, "20us"),
            (Unit::Seconds, 90.0, Some((60.0, "1m")), "1.500m"),
            (Unit::Bytes, 1_500.0, Some((1_000.0, "1KB")), "1.500KB"),
            (Unit::Bytes, 1_500.0, None, "1500B"),
            (Unit::Ratio, 0.974_12, Some((0.974, "97.4%")), "97.41%"),
            (Unit::Ratio, 0.000_593_4, Some((0.000_59, "0.00059")), "0.0005934"),
            (Unit::Ratio, 0.05, None, "0.05000"),
            (Unit::Count, 14.0, Some((14.0, "14")), "14"),
            (Unit::Count, 1e-12, None, "1.0e-12"),
            (Unit::Count, f64::INFINITY, None, "infinite"),
        ] {
            assert_eq!(Figures::of(&cell(unit, measured, claimed)).measured, shown, "{measured} {claimed:?}");
        }
    }

    #[test]
    fn the_ends_of_an_interval_have_as_many_places() {
        let infinite = f64::INFINITY;
        for (unit, low, high, shown) in [
            (Unit::Ratio, 0.000_061_77, 0.000_938_2, "0.0000618 to 0.0009382"),
            (Unit::Ratio, 0.166, 0.180_82, "0.1660 to 0.1808"),
            (Unit::Ratio, -0.000_1, 0.5, "-0.0001 to 0.5000"),
            (Unit::Count, 7.0, 7.0, "7 to 7"),
            (Unit::Count, 7.0, 12.345_67, "7.00 to 12.35"),
            (Unit::Count, 6.5, 8.0, "6.500 to 8.000"),
            (Unit::Count, 99_123.4, 120_000.6, "99123 to 120001"),
            (Unit::Seconds, 0.973_5, infinite, "from 973.5"),
            (Unit::Seconds, -infinite, 0.973_5, "up to 973.5"),
        ] {
            let claimed = Some((0.985, "985ms")).filter(|_| unit == Unit::Seconds);
            let cell = Cell { interval: Some(Interval { low, high }), ..cell(unit, 1.0, claimed) };
            assert_eq!(Figures::of(&cell).interval, shown);
        }
    }
}
