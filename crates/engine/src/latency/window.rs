//! A smooth law on condition that it lies within bounds, and shifted: what a table is built from.
//!
//! Conditioning is exact: the quantile of the conditioned law is the law's own quantile at the probability to which the
//! condition maps, counted from whichever end of the law is nearer. It is deliberately not clamping, which would heap the
//! tails onto the bounds.

use super::distribution::{End, round_to_ns};
use super::law::Law;

/// A law within bounds and then shifted. Invariant: some of the law lies within the bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    law: Law,
    /// The bounds, included, before the shift; 0 stands for none below, because no latency is negative.
    low_ns: u64,
    high_ns: Option<u64>,
    // Invariant: does not overflow when the bounds are added; what is above them saturates.
    by_ns: u64,
    /// The law's probability below the lower bound, above the upper and between them.
    below: f64,
    above: f64,
    inside: f64,
}

impl Window {
    /// All of the law that is not negative.
    pub(super) fn of(law: Law) -> Window {
        Window::between(law, 0, None, 0)
    }

    fn between(law: Law, low_ns: u64, high_ns: Option<u64>, by_ns: u64) -> Window {
        let (low, high) = (low_ns as f64, real(high_ns));
        let (below, above) = (law.beyond(End::Lower, low), law.beyond(End::Upper, high));
        Window { law, low_ns, high_ns, by_ns, below, above, inside: law.mass(low, high) }
    }

    /// So much later; together with [`Window::bound_ns`] it must fit.
    pub(super) fn shifted(self, by_ns: u64) -> Window {
        Window { by_ns: self.by_ns + by_ns, ..self }
    }

    /// What of it lies within further bounds, and which part that is; `None` if it is nothing.
    pub(super) fn within(&self, low_ns: u64, high_ns: Option<u64>) -> Option<(f64, Window)> {
        let low_ns = low_ns.saturating_sub(self.by_ns).max(self.low_ns);
        let high_ns = match high_ns {
            Some(high_ns) => Some(high_ns.checked_sub(self.by_ns)?.min(self.high_ns.unwrap_or(u64::MAX))),
            None => self.high_ns,
        };
        if high_ns.is_some_and(|high_ns| high_ns < low_ns) {
            return None;
        }
        let window = Window::between(self.law, low_ns, high_ns, self.by_ns);
        (window.inside > 0.0).then(|| (window.inside / self.inside, window))
    }

    /// The upper bound; without one, the lower.
    pub(super) fn bound_ns(&self) -> u64 {
        self.by_ns + self.high_ns.unwrap_or(self.low_ns)
    }

    /// The latency beyond which, seen from `end`, lies probability `p`, as a real number.
    pub(super) fn tail(&self, end: End, p: f64) -> f64 {
        self.by_ns as f64 + self.unshifted(end, p)
    }

    /// The same, to the nearest nanosecond; what is too large saturates.
    pub(super) fn tail_ns(&self, end: End, p: f64) -> u64 {
        // Once more the bounds: beyond 2^53 they are not exact as floats.
        let ns = round_to_ns(self.unshifted(end, p)).clamp(self.low_ns, self.high_ns.unwrap_or(u64::MAX));
        ns.saturating_add(self.by_ns)
    }

    fn unshifted(&self, end: End, p: f64) -> f64 {
        let (near, far, other) = match end {
            End::Lower => (self.below, self.above, End::Upper),
            End::Upper => (self.above, self.below, End::Lower),
        };
        let from_near = near + p * self.inside;
        let latency = if from_near <= 0.5 {
            self.law.tail(end, from_near)
        } else {
            self.law.tail(other, (far + (1.0 - p) * self.inside).min(1.0))
        };
        latency.clamp(self.low_ns as f64, real(self.high_ns))
    }

    /// The probability of what lies beyond `x`, seen from `end`.
    pub(super) fn beyond(&self, end: End, x: f64) -> f64 {
        let (low, high) = (self.low_ns as f64, real(self.high_ns));
        let x = (x - self.by_ns as f64).clamp(low, high);
        let part = match end {
            End::Lower => self.law.mass(low, x),
            End::Upper => self.law.mass(x, high),
        };
        part / self.inside
    }

    /// The mean; infinite where it is.
    pub(super) fn mean(&self) -> f64 {
        self.by_ns as f64 + self.law.mean_within(self.low_ns as f64, real(self.high_ns))
    }
}

fn real(high_ns: Option<u64>) -> f64 {
    high_ns.map_or(f64::INFINITY, |high_ns| high_ns as f64)
}
