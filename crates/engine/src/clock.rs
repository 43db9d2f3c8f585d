//! The clocks of the nodes. Each node has a wall clock (offset, drift, jumps; for timestamps) and an elapsed clock (drift
//! only; for timers and leases). Integer arithmetic throughout: a timestamp is exact, not nearly so.

use crate::random::{Draw, StreamKey};
use crate::setup::Wander;
use crate::time::{Nanos, Time};

/// A drift beyond this is refused: a clock that stands still or runs backwards is not a clock.
pub const DRIFT_PPB_MAX: i64 = 900_000_000;

/// A wander beyond this is refused: with the greatest drift it must still leave a clock that goes on.
pub const WANDER_PPB_MAX: i64 = 90_000_000;

/// A wander's period is cut into so many steps of constant drift.
pub const WANDER_STEPS: u64 = 64;

/// Two clocks of one node, as lines through the last instant at which anything about them changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Clock {
    since: Time,
    /// Both clocks' readings at `since`.
    wall_ns: i64,
    elapsed_ns: u64,
    drift_ppb: i64,
    wave: Option<Wave>,
}

/// A wander with its phase: a sine in steps, so that all of it stays in integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Wave {
    amplitude_ppb: i64,
    step_ns: u64,
    /// The step at true time 0.
    phase: u8,
}

impl Clock {
    /// Reads true time on both clocks.
    pub const TRUE: Clock = Clock { since: Time::ZERO, wall_ns: 0, elapsed_ns: 0, drift_ppb: 0, wave: None };

    /// A clock that starts `offset_ns` off and gains `drift_ppb` nanoseconds a true second.
    pub fn new(offset_ns: i64, drift_ppb: i64) -> Clock {
        assert!(drift_ppb.abs() <= DRIFT_PPB_MAX, "a drift of {drift_ppb} ppb is beyond {DRIFT_PPB_MAX}");
        Clock { since: Time::ZERO, wall_ns: offset_ns, elapsed_ns: 0, drift_ppb, wave: None }
    }

    /// The same clock with a wander, at a phase that 64 uniform bits choose.
    pub(crate) fn wandering(self, wander: &Wander, draw: u64) -> Clock {
        let Wander { amplitude_ppb, period } = *wander;
        assert!((0..=WANDER_PPB_MAX).contains(&amplitude_ppb), "a wander of {amplitude_ppb} ppb is beyond {WANDER_PPB_MAX}");
        assert!(period >= WANDER_STEPS, "a period of {period} ns has no {WANDER_STEPS} steps");
        let phase = Draw(draw).below(WANDER_STEPS) as u8;
        Clock { wave: Some(Wave { amplitude_ppb, step_ns: period / WANDER_STEPS, phase }), ..self }
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
        if let Some(wave) = &self.wave {
            return self.search(now, delay, wave);
        }
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
        *self = Clock { since: now, wall_ns: self.wall(now), elapsed_ns: self.elapsed(now), drift_ppb, wave: self.wave };
    }

    /// The first instant by bisection: the clock goes on at all times, only not evenly.
    fn search(&self, now: Time, delay: Nanos, wave: &Wave) -> Time {
        let target = u128::from(self.advance(now)) + u128::from(delay);
        let slowest = BILLION.wrapping_add_signed(i128::from(self.drift_ppb - wave.amplitude_ppb));
        let longest = ((u128::from(delay) + 1) * BILLION).div_ceil(slowest) + 1;
        let (mut low, mut high) = (now.0, now.0.saturating_add(u64::try_from(longest).unwrap_or(u64::MAX)));
        while low < high {
            let middle = low + (high - low) / 2;
            match u128::from(self.advance(Time(middle))) >= target {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Time(low)
    }

    #[inline]
    fn advance(&self, now: Time) -> u64 {
        let passed = now.since(self.since);
        if let Some(wave) = &self.wave {
            // All in 2^-30 of a ppb ns: below 2^126 in 584 years at the greatest rate.
            let rate = (BILLION.wrapping_add_signed(i128::from(self.drift_ppb))) << SINE_BITS;
            let gained = wave.gained(now) - wave.gained(self.since);
            let advanced = (u128::from(passed) * rate).saturating_add_signed(gained) / (BILLION << SINE_BITS);
            return u64::try_from(advanced).unwrap_or(u64::MAX);
        }
        if self.drift_ppb == 0 {
            return passed;
        }
        let rate = BILLION.wrapping_add_signed(i128::from(self.drift_ppb));
        u64::try_from(u128::from(passed) * rate / BILLION).unwrap_or(u64::MAX)
    }
}

impl Wave {
    /// What the wander has added since true time 0, in 2^-30 of a ppb ns.
    fn gained(&self, at: Time) -> i128 {
        let (step, within) = (at.0 / self.step_ns, at.0 % self.step_ns);
        let first = usize::from(self.phase);
        let last = (step % WANDER_STEPS) as usize + first;
        // Whole periods add nothing: the sine's steps cancel.
        let whole = SINE_SUMS[last % SINE.len()] - SINE_SUMS[first];
        let part = SINE[last % SINE.len()];
        i128::from(self.amplitude_ppb) * (i128::from(whole) * i128::from(self.step_ns) + i128::from(part) * i128::from(within))
    }
}

const BILLION: u128 = 1_000_000_000;

/// A sine in steps, at their middles, in 2^-30.
const SINE_BITS: u32 = 30;
#[rustfmt::skip]
const SINE: [i64; WANDER_STEPS as usize] = [
    52_686_014, 157_550_647, 260_897_982, 361_732_726, 459_083_786, 552_013_618, 639_627_258, 721_080_937,
    795_590_213, 862_437_520, 920_979_082, 970_651_112, 1_010_975_242, 1_041_563_127, 1_062_120_190, 1_072_448_455,
    1_072_448_455, 1_062_120_190, 1_041_563_127, 1_010_975_242, 970_651_112, 920_979_082, 862_437_520, 795_590_213,
    721_080_937, 639_627_258, 552_013_618, 459_083_786, 361_732_726, 260_897_982, 157_550_647, 52_686_014,
    -52_686_014, -157_550_647, -260_897_982, -361_732_726, -459_083_786, -552_013_618, -639_627_258, -721_080_937,
    -795_590_213, -862_437_520, -920_979_082, -970_651_112, -1_010_975_242, -1_041_563_127, -1_062_120_190, -1_072_448_455,
    -1_072_448_455, -1_062_120_190, -1_041_563_127, -1_010_975_242, -970_651_112, -920_979_082, -862_437_520, -795_590_213,
    -721_080_937, -639_627_258, -552_013_618, -459_083_786, -361_732_726, -260_897_982, -157_550_647, -52_686_014,
];
const SINE_SUMS: [i64; SINE.len()] = {
    let mut sums = [0; SINE.len()];
    let mut step = 1;
    while step < SINE.len() {
        sums[step] = sums[step - 1] + SINE[step - 1];
        step += 1;
    }
    sums
};

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

    /// The draw of a node and a lane.
    pub fn draw(&self, key: StreamKey, node: u32, lane: u32) -> i64 {
        self.at(key.draw(node, lane))
    }

    /// The value at a draw of 64 uniform bits.
    pub fn at(&self, draw: u64) -> i64 {
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
    fn a_wandering_clock_gains_and_loses_what_its_sine_says() {
        let wander = Wander { amplitude_ppb: 50_000, period: 64 * SECOND };
        let clock = Clock::new(0, 0).wandering(&wander, 0);
        // The quarter of a period with the most: amplitude times period over two pi, up to the steps.
        let gained = |seconds: u64| clock.elapsed(Time(seconds * SECOND)) as i64 - (seconds * SECOND) as i64;
        let exact = 50_000.0 * 64.0 / std::f64::consts::TAU;
        assert!((gained(16) as f64 / exact - 1.0).abs() < 1e-3, "{} for {exact}", gained(16));
        assert!((gained(32) as f64 / (2.0 * exact) - 1.0).abs() < 1e-3);
        assert_eq!((gained(64), gained(640)), (0, 0), "a whole period adds nothing");
        let phases: std::collections::BTreeSet<_> =
            (0..1_000).map(|n| Clock::new(0, 0).wandering(&wander, n << 54).elapsed(Time(10 * SECOND))).collect();
        assert!(phases.len() > 20, "phases differ");
    }

    #[test]
    fn a_timer_on_a_wandering_clock_is_due_at_the_first_instant_too() {
        let wander = Wander { amplitude_ppb: WANDER_PPB_MAX, period: 6_400 };
        for drift_ppb in [-DRIFT_PPB_MAX, -1, 0, 20_000, DRIFT_PPB_MAX] {
            let mut clock = Clock::new(7, drift_ppb).wandering(&wander, 1 << 60);
            clock.set_drift(Time(1_234), drift_ppb);
            for now in [1_234, 2_001, 9_999, u64::MAX / 4] {
                let before = clock.elapsed(Time(now));
                for delay in [0, 1, 99, 10_003] {
                    let due = clock.after(Time(now), delay);
                    assert!(
                        due >= Time(now) && clock.elapsed(due) - before >= delay,
                        "drift {drift_ppb} now {now} delay {delay}"
                    );
                    assert!(due == Time(now) || clock.elapsed(Time(due.0 - 1)) - before < delay);
                }
            }
        }
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
