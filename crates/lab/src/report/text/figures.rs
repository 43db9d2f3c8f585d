//! Figures for people: four significant digits, units, thousands apart. JSON has the exact values.

use crate::metrics::Unit;
use quorate_engine::time::{Nanos, seconds};

/// A value of a metric with its unit.
pub(crate) fn value(value: f64, unit: Unit) -> String {
    match unit {
        _ if value.is_nan() => "-".to_string(),
        _ if value.is_infinite() => if value > 0.0 { "infinite" } else { "-infinite" }.to_string(),
        Unit::Seconds => duration(value),
        Unit::Bytes => format!("{}B", large(value, 1e6, " ")),
        Unit::Ratio | Unit::Count => large(value, 1e7, ""),
    }
}

/// Whether a metric is about something that the run did not have: queues, hosts that take time, relays, what befalls disks, sides.
/// People are spared it.
pub(super) fn idle(metric: &str, value: Option<f64>) -> bool {
    if metric.starts_with("availability.") && value.is_none() {
        return true;
    }
    let queues = ["links.", "hosts.", "disk."].iter().any(|kind| metric.starts_with(kind)) && metric != "disk.forced_writes";
    let special = queues || metric == "messages.relayed";
    special && value == Some(0.0)
}

/// A number; from `narrow` on in millions, so that tables stay narrow.
fn large(value: f64, narrow: f64, before_unit: &str) -> String {
    let (scale, prefix) = match value.abs() {
        size if size >= narrow * 1e3 => (1e9, "G"),
        size if size >= narrow => (1e6, "M"),
        _ => return format!("{}{before_unit}", plain(value)),
    };
    format!("{}{before_unit}{prefix}", plain(libm::round(value / scale * 100.0) / 100.0))
}

/// A length of time.
pub(super) fn nanos(nanos: Nanos) -> String {
    duration(seconds(nanos))
}

/// Seconds in the unit that suits them: `12.35s`, `5.321ms`.
pub(super) fn duration(seconds: f64) -> String {
    let (scale, unit) = match seconds.abs() {
        0.0 => (1.0, "s"),
        size if size >= 0.999_95 => (1.0, "s"),
        size if size >= 0.999_95e-3 => (1e3, "ms"),
        size if size >= 0.999_95e-6 => (1e6, "us"),
        _ => (1e9, "ns"),
    };
    format!("{}{unit}", plain(seconds * scale))
}

/// A number: whole ones in full, others to four significant digits.
pub(crate) fn plain(value: f64) -> String {
    let whole = value == libm::trunc(value);
    let size = value.abs();
    let places = match size {
        _ if whole || size >= 1_000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ if size >= 1.0 => 3,
        _ => 4,
    };
    let mut text = format!("{value:.places$}");
    if places > 0 {
        text = text.trim_end_matches('0').trim_end_matches('.').to_string();
        // A small value is not nothing.
        if value != 0.0 && matches!(text.as_str(), "0" | "-0") {
            text = format!("{value:.1e}");
        }
    }
    grouped(&text)
}

/// A count.
pub(crate) fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// A count with what it counts: `1 message`, `2 messages`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!(
        "{} {what}{}",
        count(number),
        match number {
            1 => "",
            _ if what.ends_with("sh") => "es",
            _ => "s",
        }
    )
}

/// Thousands apart, before any point.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    let mut grouped = sign.to_string();
    for (index, digit) in digits[..whole].chars().enumerate() {
        if index > 0 && (whole - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &digits[whole..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        for (figure, text) in [
            (0.0, "0"),
            (1_234_567.0, "1,234,567"),
            (-1_234.0, "-1,234"),
            (12_345.6, "12,346"),
            (123.456, "123.5"),
            (1.5, "1.5"),
            (0.25, "0.25"),
            (0.000_012_3, "1.2e-5"),
            (999.0, "999"),
        ] {
            assert_eq!(plain(figure), text);
        }
        for (seconds, text) in
            [(0.0, "0s"), (12.345_678, "12.35s"), (0.005_321_4, "5.321ms"), (90.0, "90s"), (2e-9, "2ns"), (3e-5, "30us")]
        {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!((value(12_345_678.0, Unit::Bytes), value(99.0, Unit::Bytes)), ("12.35 MB".into(), "99 B".into()));
        assert_eq!((value(12_345_678.0, Unit::Count), value(4.0, Unit::Count)), ("12.35M".into(), "4".into()));
        assert_eq!((counted(1, "message"), counted(2_000, "message")), ("1 message".into(), "2,000 messages".into()));
    }
}
