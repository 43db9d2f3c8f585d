//! The clocks of the nodes. Each node has a wall clock (offset, drift, jumps; for timestamps) and an elapsed clock (drift
//! only; for timers and leases). Integer arithmetic throughout: a timestamp is exact, not nearly so.

use crate::random::StreamKey;
use crate::time::{Nanos, Time};

/// A drift beyond this is refused: a clock that stands still or runs backwards is not a clock.
pub const DRIFT_PPB_MAX: i64 = 900_000_000;

/// Two clocks of one node, as lines through the last instant at which anything about them changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Clock {
    since: Time,
    /// Both clocks' readings at `since`.
    wall_ns: i64,
    elapsed_ns: u64,
    drift_ppb: i64,
}

impl Clock {
    /// Reads true time on both clocks.
    pub const TRUE: Clock = Clock { since: Time::ZERO, wall_ns: 0, elapsed_ns: 0, drift_ppb: 0 };

    /// A clock that starts `offset_ns` off and gains `drift_ppb` nanoseconds a true second.
    pub fn new(offset_ns: i64, drift_ppb: i64) -> Clock {
        assert!(drift_ppb.abs() <= DRIFT_PPB_MAX, "a drift of {drift_ppb} ppb is beyond {DRIFT_PPB_MAX}");
        Clock { since: Time::ZERO, wall_ns: offset_ns, elapsed_ns: 0, drift_ppb }
    }

    /// The wall clock at a true instant, in ns since the run's start as this node believes it.
    pub fn wall(&self, now: Time) -> i64 {
        self.wall_ns.saturating_add_unsigned(self.advance(now))
    }

    /// The elapsed clock at a true instant, in ns.
    pub fn elapsed(&self, now: Time) -> u64 {
        self.elapsed_ns.saturating_add(self.advance(now))
    }

    /// The first true instant at which the elapsed clock has advanced by at least `delay` from its reading at `now`.
    pub fn after(&self, now: Time, delay: Nanos) -> Time {
        if self.drift_ppb == 0 {
            return now + delay;
        }
        // advance(t) = floor(rate * (t - since)), so the first t with advance(t) >= target is ceil(target / rate).
        let target = u128::from(self.advance(now)) + u128::from(delay);
        let rate = BILLION.wrapping_add_signed(i128::from(self.drift_ppb));
        let passed = (target * BILLION).div_ceil(rate);
        // Rounding may name an instant before `now` for a zero delay.
        (self.since + u64::try_from(passed).unwrap_or(u64::MAX)).max(now)
    }

    /// Moves the wall clock by `by_ns`; the elapsed clock does not notice.
    pub fn jump(&mut self, by_ns: i64) {
        self.wall_ns = self.wall_ns.saturating_add(by_ns);
    }

    /// Changes the drift from `now` on.
    pub fn set_drift(&mut self, now: Time, drift_ppb: i64) {
        assert!(drift_ppb.abs() <= DRIFT_PPB_MAX, "a drift of {drift_ppb} ppb is beyond {DRIFT_PPB_MAX}");
        *self = Clock { since: now, wall_ns: self.wall(now), elapsed_ns: self.elapsed(now), drift_ppb };
    }

    #[inline]
    fn advance(&self, now: Time) -> u64 {
        let passed = now.since(self.since);
        if self.drift_ppb == 0 {
            return passed;
        }
        let rate = BILLION.wrapping_add_signed(i128::from(self.drift_ppb));
        u64::try_from(u128::from(passed) * rate / BILLION).unwrap_or(u64::MAX)
    }
}

const BILLION: u128 = 1_000_000_000;

/// How a figure of the clocks is spread over the nodes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Spread {
    /// The same on every node.
    Constant(i64),
    /// Uniform between two bounds, both included.
    Uniform(i64, i64),
    /// Normal with a mean and a standard deviation, by the exact inverse of the distribution.
    Normal(f64, f64),
}

impl Spread {
    /// No spread, no value: perfect clocks.
    pub const ZERO: Spread = Spread::Constant(0);

    /// The node's draw.
    pub fn draw(&self, key: StreamKey, node: u32, lane: u32) -> i64 {
        let draw = key.draw(node, lane);
        match *self {
            Spread::Constant(value) => value,
            Spread::Uniform(low, high) => {
                let width = (i128::from(high) - i128::from(low) + 1) as u128;
                (i128::from(low) + ((u128::from(draw) * width) >> 64) as i128) as i64
            }
            Spread::Normal(mean, deviation) => {
                // 52 bits: with one more, the topmost draw would round to 1, and its quantile to infinity.
                let p = ((draw >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
                (mean + deviation * crate::latency::normal_quantile(p)) as i64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn offset_drift_and_jump_show_exactly() {
        let mut clock = Clock::new(-50, 20_000);
        assert_eq!(clock.wall(Time(SECOND)), 1_000_000_000 + 20_000 - 50);
        assert_eq!(clock.elapsed(Time(SECOND)), 1_000_000_000 + 20_000);
        clock.jump(1_000);
        assert_eq!(clock.wall(Time(SECOND)), 1_000_000_000 + 20_000 + 950);
        assert_eq!(clock.elapsed(Time(SECOND)), 1_000_000_000 + 20_000, "timers do not jump");
        clock.set_drift(Time(SECOND), -100_000_000);
        assert_eq!(clock.elapsed(Time(2 * SECOND)), 1_000_020_000 + 900_000_000);
    }

    #[test]
    fn a_timer_is_due_at_the_first_instant_that_has_seen_its_delay() {
        for drift_ppb in [-900_000_000, -333_333_333, -1, 0, 1, 7, 20_000, 333_333_333] {
            let mut clock = Clock::new(0, 0);
            clock.set_drift(Time(1_234_567), drift_ppb);
            for now in [1_234_567, 2_000_001, 987_654_321] {
                let before = clock.elapsed(Time(now));
                for delay in [0, 1, 999, 1_000_003, SECOND] {
                    let due = clock.after(Time(now), delay);
                    assert!(due >= Time(now));
                    assert!(clock.elapsed(due) - before >= delay, "drift {drift_ppb} now {now} delay {delay}");
                    if due > Time(now) {
                        assert!(clock.elapsed(Time(due.0 - 1)) - before < delay, "drift {drift_ppb} now {now} delay {delay}");
                    }
                }
            }
        }
    }
}
