//! Simulated time: nanoseconds since the start of the run. Not a calendar, and never the machine's clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A length of simulated time in nanoseconds; at most 584 years.
pub type Nanos = u64;

/// One microsecond in [`Nanos`].
pub const MICROSECOND: Nanos = 1_000;
/// One millisecond in [`Nanos`].
pub const MILLISECOND: Nanos = 1_000_000;
/// One second in [`Nanos`].
pub const SECOND: Nanos = 1_000_000_000;

/// An instant of true simulated time, in nanoseconds since the start. Nodes never see it: they read their own clocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Time(pub u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than every event of a run.
    pub const NEVER: Time = Time(u64::MAX);

    /// The time from `earlier` to `self`; zero when `earlier` is the later one.
    pub fn since(self, earlier: Time) -> Nanos {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant in seconds, for reports only.
    pub fn seconds(self) -> f64 {
        seconds(self.0)
    }
}

/// A length of time in seconds, for reports only.
pub fn seconds(nanos: Nanos) -> f64 {
    nanos as f64 / SECOND as f64
}

impl Add<Nanos> for Time {
    type Output = Time;

    /// Saturates: what would happen after the end of time happens never.
    fn add(self, later: Nanos) -> Time {
        Time(self.0.saturating_add(later))
    }
}

impl AddAssign<Nanos> for Time {
    fn add_assign(&mut self, later: Nanos) {
        *self = *self + later;
    }
}

impl Sub for Time {
    type Output = Nanos;

    fn sub(self, earlier: Time) -> Nanos {
        self.0 - earlier.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0).fmt(f)
    }
}

/// A length of time as a person writes it, exact: `1.5s`, `250ms`, `17ns`.
pub fn show(nanos: Nanos) -> String {
    let (unit, name) = match nanos {
        0 => return "0s".to_string(),
        SECOND.. => (SECOND, "s"),
        MILLISECOND.. => (MILLISECOND, "ms"),
        MICROSECOND.. => (MICROSECOND, "us"),
        _ => (1, "ns"),
    };
    let (whole, rest) = (nanos / unit, nanos % unit);
    if rest == 0 {
        return format!("{whole}{name}");
    }
    let digits = (unit.ilog10()) as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}{name}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (nanos, text) in [
            (0, "0s"),
            (17, "17ns"),
            (1_500, "1.5us"),
            (250 * MILLISECOND, "250ms"),
            (1_000_000_001, "1.000000001s"),
            (90 * SECOND, "90s"),
        ] {
            assert_eq!(show(nanos), text);
        }
    }

    #[test]
    fn time_saturates_at_its_end() {
        assert_eq!(Time(u64::MAX - 1) + 5, Time::NEVER);
        assert_eq!(Time(3).since(Time(5)), 0);
    }
}
