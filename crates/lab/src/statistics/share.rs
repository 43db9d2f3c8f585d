//! Intervals of a share: exact for a number of trials that was fixed before (Clopper and Pearson, Biometrika 26, 1934), and one that holds
//! at every number of trials at once, so that whoever looks after each trial may stop when it says enough.

use super::Interval;
use super::special::{beta_quantile, ln_beta};
use libm::{log, log1p};

/// The interval of a share that showed itself in `hits` of `count` trials; `count` was fixed beforehand and is at least 1. It covers the
/// true share with at least that probability, whatever the share is.
///
/// # Panics
/// With more hits than trials.
pub fn share_interval(hits: u64, count: u64, level: f64) -> Interval {
    assert!(hits <= count && count > 0, "{hits} of {count} is no share");
    let tail = (1.0 - level) / 2.0;
    let (k, n) = (hits as f64, count as f64);
    Interval {
        low: if hits == 0 { 0.0 } else { beta_quantile(tail, k, n - k + 1.0) },
        high: if hits == count { 1.0 } else { 1.0 - beta_quantile(tail, n - k, k + 1.0) },
    }
}

/// What a number of trials says about a share when one may look after each of them (a confidence sequence). The ratio of the trials'
/// likelihood under a mixture of shares to that under a share `p` is, if `p` is true, a martingale of mean 1: it ever reaches 1/x with
/// probability x at most (Ville 1939; Robbins, Ann. Math. Stat. 41, 1970). Shares for which it did are out.
///
/// The mixture is a beta distribution about the share that matters, worth half a trial of the rarer outcome: whatever it is the sequence
/// is right, and it is sharp about that share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sequence {
    hits: f64,
    misses: f64,
}

impl Sequence {
    /// For questions about shares near `share`.
    pub fn about(share: f64) -> Sequence {
        let rarer = share.min(1.0 - share).max(1e-9);
        let other = 0.5 * (1.0 - rarer) / rarer;
        if share > 0.5 { Sequence { hits: other, misses: 0.5 } } else { Sequence { hits: 0.5, misses: other } }
    }

    /// The logarithm of that ratio, for `hits` of `count` trials and a share strictly between 0 and 1.
    fn evidence_against(self, share: f64, hits: u64, count: u64) -> f64 {
        let (k, n) = (hits as f64, count as f64);
        ln_beta(self.hits + k, self.misses + (n - k)) - ln_beta(self.hits, self.misses) - k * log(share) - (n - k) * log1p(-share)
    }

    /// Whether so many hits are too few or too many for that share at that level, at this look or any before it.
    pub fn rules_out(self, share: f64, hits: u64, count: u64, level: f64) -> bool {
        match share {
            share if share <= 0.0 => hits > 0,
            share if share >= 1.0 => hits < count,
            share => self.evidence_against(share, hits, count) >= -log(1.0 - level),
        }
    }

    /// The shares that are not ruled out.
    pub fn interval(self, hits: u64, count: u64, level: f64) -> Interval {
        if count == 0 {
            return Interval { low: 0.0, high: 1.0 };
        }
        let seen = hits as f64 / count as f64;
        // The evidence falls up to the share that was seen, and rises from there on.
        let end = |edge: f64| {
            if !self.rules_out(edge, hits, count, level) {
                return edge;
            }
            let (mut out, mut inside) = (edge, seen);
            for _ in 0..60 {
                let middle = (out + inside) / 2.0;
                *(if self.rules_out(middle, hits, count, level) { &mut out } else { &mut inside }) = middle;
            }
            out
        };
        Interval { low: end(0.0), high: end(1.0) }
    }

    /// The least and the greatest number of hits in `count` trials that do not rule the share out.
    pub(super) fn hits_left(self, share: f64, count: u64, level: f64) -> (u64, u64) {
        let out = |hits: u64| self.rules_out(share, hits, count, level);
        let likeliest = (libm::round(share * count as f64) as u64).min(count);
        (last_left(likeliest, 0, &out), last_left(likeliest, count, &out))
    }
}

/// The number nearest to `far`, from `likeliest` on, that is not out.
fn last_left(likeliest: u64, far: u64, out: &dyn Fn(u64) -> bool) -> u64 {
    if !out(far) {
        return far;
    }
    let (mut inside, mut beyond) = (likeliest, far);
    while inside.abs_diff(beyond) > 1 {
        let middle = inside.midpoint(beyond);
        *(if out(middle) { &mut beyond } else { &mut inside }) = middle;
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_interval_is_the_published_one() {
        for (hits, count, low, high) in [
            (0, 10, 0.0, 0.308_5),
            (5, 10, 0.187_1, 0.812_9),
            (10, 10, 0.691_5, 1.0),
            (1, 100, 0.000_253, 0.054_46),
            (81, 263, 0.252_7, 0.367_6),
        ] {
            let interval = share_interval(hits, count, 0.95);
            assert!((interval.low - low).abs() < 1e-4 && (interval.high - high).abs() < 1e-4, "{hits} of {count}: {interval:?}");
        }
    }

    #[test]
    fn the_exact_interval_covers_every_share() {
        // Exactly, by summing the binomial over the hits whose interval has the share in it.
        for count in [1u64, 7, 40, 200] {
            let intervals: Vec<Interval> = (0..=count).map(|hits| share_interval(hits, count, 0.95)).collect();
            for share in [0.001, 0.02, 0.1, 0.37, 0.5, 0.9, 0.999] {
                let has = |hits: &u64| (intervals[*hits as usize].low..=intervals[*hits as usize].high).contains(&share);
                let covered: f64 = (0..=count).filter(has).map(|hits| super::super::interval::binomial(count, hits, share)).sum();
                assert!(covered >= 0.95 - 1e-9, "{share} of {count}: {covered}");
            }
        }
    }

    #[test]
    fn a_sequence_stops_where_it_says_enough() {
        let near = Sequence::about(0.99);
        let first = |share: f64| (1..10_000).find(|count| near.rules_out(share, *count, *count, 0.95)).unwrap();
        // Trials that were fixed beforehand need 368 without a miss for the same; whoever looks all the time pays a little.
        assert!((368..520).contains(&first(0.99)), "{}", first(0.99));
        assert!(!near.rules_out(0.99, 990, 1_000, 0.95), "what is expected rules nothing out");
        assert!(near.rules_out(0.99, 0, 4, 0.95), "four misses at once where one in a hundred is the limit");
        assert!(near.rules_out(1.0, 9, 10, 0.95) && !near.rules_out(1.0, 10, 10, 0.95) && near.rules_out(0.0, 1, 10, 0.95));
    }

    #[test]
    fn what_is_left_of_the_hits_and_of_the_shares_fits_together() {
        for (share, count) in [(0.5, 10), (0.5, 1_000), (0.99, 1_000), (0.999, 100), (0.01, 5_000), (0.9, 1)] {
            let sequence = Sequence::about(share);
            let (low, high) = sequence.hits_left(share, count, 0.95);
            for hits in 0..=count {
                let left = !sequence.rules_out(share, hits, count, 0.95);
                assert_eq!(left, (low..=high).contains(&hits), "{hits} of {count} for {share}: {low} to {high}");
                let Interval { low, high } = sequence.interval(hits, count, 0.95);
                assert_eq!(left, (low - 1e-9..=high + 1e-9).contains(&share), "{hits} of {count} for {share}: {low} to {high}");
            }
        }
        assert_eq!(Sequence::about(0.5).interval(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
    }
}
