//! How wide a bucket should be: a power of two nanoseconds, learned from the buckets that were opened.
//!
//! A tick decides speed only, never order. It is changed by rebuilding the wheel, so a change must have been paid for:
//! at least as many entries were opened since the last one as are pending now.

use std::cmp::Ordering;

/// A bucket with fewer entries than this, on average, is too narrow.
const NARROW: u64 = 8;
/// A bucket with more times than this, on average, is too wide.
const WIDE: u64 = 64;
/// What a change aims at, as a power of two.
const AIM_LOG2: u32 = 4;
/// The fewest entries that a judgement rests on.
const EVIDENCE_MIN: u64 = 512;
/// 1 ns, as the lowest bit of a key that tells two ticks apart: the key's time starts at bit 64.
const BIT_MIN: u32 = 64;
/// 2^56 ns, over two years.
const BIT_MAX: u32 = 64 + 56;
/// 2^10 ns, to begin with.
const BIT_FIRST: u32 = 64 + 10;

/// The width of a bucket, and what was seen at this width.
#[derive(Clone, Debug)]
pub(super) struct Tick {
    bit: u32,
    /// Buckets opened.
    buckets: u64,
    /// Their entries.
    entries: u64,
    /// Of these, what a narrower bucket would have kept apart: entries at one instant count once.
    times: u64,
    /// Doubled by each change that undoes the one just before it, so that a schedule which suits no tick is left alone.
    patience: u64,
    /// The direction of the last judgement: wider, narrower or as it was.
    last: Ordering,
}

impl Tick {
    pub(super) const fn new() -> Self {
        Self { bit: BIT_FIRST, buckets: 0, entries: 0, times: 0, patience: 1, last: Ordering::Equal }
    }

    /// The lowest bit of a key that tells two ticks apart.
    #[inline]
    pub(super) fn bit(&self) -> u32 {
        self.bit
    }

    /// A tick's bucket came up, with so many entries at so many different times.
    #[inline]
    pub(super) fn opened(&mut self, entries: usize, times: usize) {
        self.buckets += 1;
        self.entries += entries as u64;
        self.times += times as u64;
    }

    /// An entry arrived between those of the open bucket: a narrower one would have been closed to it.
    #[inline]
    pub(super) fn crowded(&mut self) {
        self.times += 1;
    }

    /// Entries and buckets since the last judgement.
    #[cfg(test)]
    pub(super) fn seen(&self) -> (u64, u64) {
        (self.entries, self.buckets)
    }

    /// Whether enough was seen to judge, at so many pending entries.
    #[inline]
    pub(super) fn is_due(&self, pending: usize) -> bool {
        self.entries >= self.patience * (pending as u64).max(EVIDENCE_MIN)
    }

    /// Judges, and starts over. Returns whether the tick changed.
    #[cold]
    #[inline(never)]
    pub(super) fn adapt(&mut self) -> bool {
        let (entries, times) = (self.entries / self.buckets, self.times / self.buckets);
        let bit = if times > WIDE {
            self.bit.saturating_sub(times.ilog2() - AIM_LOG2).max(BIT_MIN)
        } else if self.entries * 4 < self.buckets * 5 {
            // Nearly all alone: that says nothing about how far apart they are, so go a whole digit.
            (self.bit + 8).min(BIT_MAX)
        } else if entries < NARROW {
            (self.bit + AIM_LOG2 - entries.max(1).ilog2()).min(BIT_MAX)
        } else {
            self.bit
        };
        let direction = bit.cmp(&self.bit);
        self.patience = match direction {
            Ordering::Equal => 1,
            _ if direction == self.last.reverse() => (self.patience * 2).min(1 << 20),
            _ => self.patience,
        };
        (self.bit, self.buckets, self.entries, self.times, self.last) = (bit, 0, 0, 0, direction);
        direction.is_ne()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What so many buckets of this size do to the tick, in bits.
    fn check(entries: usize, times: usize, expected_change: i32) {
        let mut tick = Tick::new();
        while !tick.is_due(1_000) {
            tick.opened(entries, times);
        }
        let changed = tick.adapt();
        assert_eq!(tick.bit() as i32 - BIT_FIRST as i32, expected_change, "{entries} entries, {times} times a bucket");
        assert_eq!(changed, expected_change != 0);
        assert!(!tick.is_due(1), "a judgement starts over");
    }

    #[test]
    fn narrow_is_widened_and_wide_is_narrowed() {
        check(1, 1, 8);
        check(2, 2, 3);
        check(4, 4, 2);
        check(7, 7, 2);
        check(8, 8, 0);
        check(64, 64, 0);
        check(65, 65, -2);
        check(1_024, 1_024, -6);
        check(1_000_000, 1_000_000, -10);
        check(1_000_000, 1, 0);
    }

    #[test]
    fn changes_to_and_fro_lose_patience() {
        let mut tick = Tick::new();
        let mut waits = Vec::new();
        for round in 0..6 {
            let before = tick.bit();
            let mut entries = 0;
            while !tick.is_due(1_000) {
                let size = if round % 2 == 0 { 1 } else { 500 };
                tick.opened(size, size);
                entries += size;
            }
            tick.adapt();
            waits.push(entries / 1_000);
            assert_ne!(tick.bit(), before);
        }
        assert_eq!(waits, [1, 1, 2, 4, 8, 16]);
    }
}
