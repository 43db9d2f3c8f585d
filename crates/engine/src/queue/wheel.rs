//! The queue: a hierarchical timing wheel over the digits of the key.
//!
//! Every pending entry is in one of three places. Those after the cursor are in the slots of [`Levels`], unsorted; an
//! entry's level is the highest digit in which its key differs from the cursor. The others are in the open [`Bucket`],
//! sorted, or, if they arrived later and it was not small then, in a heap beside it. When both are empty, the first
//! occupied slot of the lowest level is opened: it becomes the bucket, and its last key the cursor. A slot with too many
//! entries to sort, or spread over more than a tick, is first scattered over a lower level.
//!
//! There is no decrease-key and no removal: see the folder's introduction.

use super::bucket::Bucket;
use super::chunks::Bag;
use super::entry::Earliest;
use super::levels::Levels;
use super::tick::Tick;
use super::{Entry, Key};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fmt;

/// A slot with at most this many entries is sorted, if they lie within a tick. Beyond it, scattering is faster.
const SORT_MAX: usize = 512;
/// A slot with at most this many entries is sorted, however wide it is.
const SORT_ANY: usize = 4;
/// Among fewer entries than this, what arrives after the bucket was opened is put where it belongs: that takes less than the
/// side heap.
const INSERT_MAX: usize = 32;
/// A bucket into which this many entries have crowded after it was opened goes back into the wheel.
const CROWD_MAX: usize = 64;

/// A priority queue of [`Entry`]s by [`Key`], at a cost that hardly depends on how many are pending.
///
/// Any key may be pushed at any time, also below the last one popped, and several entries may share one key: all come
/// out, in an order among themselves that is deterministic but not specified.
///
/// Memory grows with the largest population (32 bytes an entry, and at most one partly filled chunk of 64 for each
/// slot in use) and is kept for reuse until the queue is dropped.
#[derive(Clone)]
pub struct Wheel {
    /// The earliest entries, sorted.
    // Invariant: entries in `open` and `side` have keys <= cursor, entries in `levels` have keys > cursor.
    open: Bucket,
    /// What was pushed at or below the cursor, where the open bucket was not small.
    side: BinaryHeap<Earliest>,
    cursor: u128,
    len: usize,
    levels: Levels,
    tick: Tick,
    /// How many entries were pushed among those of the open bucket since it was opened.
    crowd: usize,
    /// How many buckets were opened.
    openings: u64,
}

impl Default for Wheel {
    fn default() -> Self {
        Self::new()
    }
}

impl Wheel {
    /// An empty queue. The slots of a queue take 32 KiB, of which a small population touches little.
    pub fn new() -> Self {
        let tick = Tick::new();
        Self {
            open: Bucket::new(),
            side: BinaryHeap::new(),
            cursor: 0,
            len: 0,
            levels: Levels::new(tick.bit() % 8),
            tick,
            crowd: 0,
            openings: 0,
        }
    }

    /// How many entries are pending.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry, at any key.
    ///
    /// # Panics
    /// If close to 2^32 entries share a slot of the wheel, or more than 2^38 are pending.
    #[inline(always)]
    pub fn push(&mut self, entry: Entry) {
        self.len += 1;
        if entry.key.0 > self.cursor {
            self.place(entry);
        } else {
            self.push_side(entry);
        }
    }

    /// Removes the entry with the smallest key.
    #[inline]
    pub fn pop(&mut self) -> Option<Entry> {
        if self.side.is_empty()
            && let Some(entry) = self.open.pop()
        {
            self.len -= 1;
            return Some(entry);
        }
        self.pop_slow()
    }

    /// The smallest pending key. Takes the queue mutably, because it may have to open the next bucket.
    #[inline]
    pub fn peek(&mut self) -> Option<Key> {
        if self.open.len() == 0 && self.side.is_empty() && !self.advance() {
            return None;
        }
        let open = self.open.ahead(0).map(|entry| entry.key);
        let side = self.side.peek().map(|Earliest(entry)| entry.key);
        open.into_iter().chain(side).min()
    }

    /// How many buckets have been opened so far: when it changes, [`Wheel::opened`] has fresh entries.
    #[inline]
    pub fn openings(&self) -> u64 {
        self.openings
    }

    /// The entries of the open bucket, latest first. They are popped next, but for what is pushed among them.
    #[inline]
    pub fn opened(&self) -> &[Entry] {
        self.open.entries()
    }

    /// All pending entries, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        let side = self.side.iter().map(|Earliest(entry)| entry);
        self.open.entries().iter().chain(side).chain(self.levels.iter())
    }

    /// Bytes allocated, used or kept for reuse.
    pub fn footprint_bytes(&self) -> usize {
        let side = self.side.capacity() * size_of::<Earliest>();
        size_of::<Self>() + self.levels.footprint_bytes() + self.open.footprint_bytes() + side
    }

    /// Puts an entry after the cursor where it belongs.
    #[inline(always)]
    fn place(&mut self, entry: Entry) {
        let level = self.levels.level_of(entry.key.0 ^ self.cursor);
        self.levels.push(level, entry);
    }

    #[inline(never)]
    fn push_side(&mut self, entry: Entry) {
        if self.side.is_empty() && self.open.len() < INSERT_MAX {
            if self.open.ahead(0).is_some_and(|first| first.key < entry.key) {
                self.tick.crowded();
            }
            return self.open.insert(entry);
        }
        self.side.push(Earliest(entry));
        // What comes before the whole bucket (a zero delay, say) can go nowhere else; the rest is a crowd.
        if self.open.ahead(0).is_some_and(|first| first.key < entry.key) {
            self.tick.crowded();
            self.crowd += 1;
            if self.crowd >= CROWD_MAX && self.crowd * 2 > self.side.len() {
                self.spill();
            }
        }
    }

    #[inline(never)]
    fn pop_slow(&mut self) -> Option<Entry> {
        if let Some(side) = self.side.peek_mut() {
            self.len -= 1;
            if self.open.ahead(0).is_some_and(|first| first.key < side.0.key) {
                drop(side);
                return self.open.pop();
            }
            return Some(PeekMut::pop(side).0);
        }
        if !self.advance() {
            return None;
        }
        self.len -= 1;
        self.open.pop()
    }

    /// Opens the next bucket, when bucket and side heap are empty. Returns whether there was one.
    #[inline(never)]
    fn advance(&mut self) -> bool {
        if self.tick.is_due(self.len) && self.tick.adapt() {
            self.rebuild();
        }
        let tick_level = self.tick.bit() / 8;
        while let Some((level, bag)) = self.levels.take_first() {
            let count = bag.count();
            let sort_max = if level <= tick_level { SORT_MAX } else { SORT_ANY };
            if count <= sort_max || level == 0 {
                self.open(bag, level, level >= tick_level);
                return true;
            }
            let difference = self.levels.difference(bag, level);
            let lower = self.levels.level_of(difference);
            let within_tick = lower < tick_level;
            if difference == 0 || within_tick && count <= SORT_MAX {
                self.open(bag, lower + 1, level >= tick_level);
                return true;
            }
            if within_tick && level >= tick_level {
                let at_one_time = difference >> 64 == 0;
                self.tick.opened(count, if at_one_time { 1 } else { count });
            }
            // Straight to the digit in which they differ: entries that are close together, but far away, would
            // otherwise be moved once for each digit in between.
            self.levels.drain(bag, |levels, entry| levels.push(lower, entry));
        }
        false
    }

    /// Makes a slot of `level` the open bucket. `judge`: whether its size says something about the tick, as that of a
    /// part of a tick does not.
    fn open(&mut self, bag: Bag, level: u32, judge: bool) {
        let count = bag.count();
        let bits = self.levels.bits_below(level);
        self.cursor = self.open.fill(&mut self.levels.chunks, bag, bits).0;
        self.crowd = 0;
        self.openings += 1;
        if judge {
            // A small bucket cannot be too wide: its times need not be told apart.
            let times = if count <= 64 { count } else { self.open.times() };
            self.tick.opened(count, times);
        }
    }

    /// Puts the open bucket, all but its first entry, and what crowded into it back into the wheel.
    ///
    /// A bucket that was opened in a quiet stretch may be wide; if its first entries cause a storm, all of that would go
    /// through the heap. The cursor moves back to the bucket's first key. Every entry pushed since the bucket was opened
    /// moves at most once, because only those can be at levels below the highest digit that changed in the cursor.
    #[cold]
    #[inline(never)]
    fn spill(&mut self) {
        self.crowd = 0;
        let Some(first) = self.open.ahead(0).map(|entry| entry.key.0) else {
            return;
        };
        let changed = self.levels.level_of(first ^ self.cursor);
        self.cursor = first;
        let bags = self.levels.take_below(changed);
        self.place_again(bags);
        let crowd = std::mem::take(&mut self.side).into_vec();
        let crowd = crowd.into_iter().map(|Earliest(entry)| entry);
        for entry in self.open.keep_first().into_iter().chain(crowd) {
            if entry.key.0 > self.cursor {
                self.place(entry);
            } else {
                // A zero delay before the whole bucket, or a twin of its first key.
                self.side.push(Earliest(entry));
            }
        }
    }

    /// Starts the digits at the tick, and places all entries anew.
    #[cold]
    #[inline(never)]
    fn rebuild(&mut self) {
        let bags = self.levels.realign(self.tick.bit() % 8);
        self.place_again(bags);
    }

    /// Puts detached entries, all of them after the cursor, where they belong now.
    fn place_again(&mut self, bags: Vec<Bag>) {
        let cursor = self.cursor;
        for bag in bags {
            self.levels.drain(bag, |levels, entry| {
                let level = levels.level_of(entry.key.0 ^ cursor);
                levels.push(level, entry);
            });
        }
    }
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("len", &self.len)
            .field("open", &self.open.len())
            .field("side", &self.side.len())
            .field("tick", &self.tick)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Payload, Tag};
    use super::*;

    /// Runs the hold model with a fixed set of delays and returns how often the tick changed.
    fn tick_changes(wheel: &mut Wheel, operations: u32, mut delay: impl FnMut(u32) -> u64) -> u32 {
        let (mut changes, mut bit) = (0, wheel.tick.bit());
        for at in 0..operations {
            let Some(mut entry) = wheel.pop() else { break };
            entry.key = Key::new(entry.key.time() + delay(at), entry.destination, at);
            wheel.push(entry);
            changes += u32::from(wheel.tick.bit() != bit);
            bit = wheel.tick.bit();
        }
        changes
    }

    fn filled(pending: u32, mut time: impl FnMut(u32) -> u64) -> Wheel {
        let mut wheel = Wheel::new();
        for at in 0..pending {
            let key = Key::new(time(at), at, at);
            wheel.push(Entry { key, destination: at, tag: Tag::default(), payload: Payload::EMPTY });
        }
        wheel
    }

    fn scramble(at: u32, range: u64) -> u64 {
        ((u128::from(at.wrapping_mul(0x9e37_79b9)) * u128::from(range)) >> 32) as u64
    }

    #[test]
    fn the_tick_settles_at_8_to_64_entries_a_bucket() {
        for pending in [100, 1_000, 20_000] {
            for range in [1_000_000, 1_000_000_000, 1 << 45] {
                let mut wheel = filled(pending, |at| scramble(at, range));
                tick_changes(&mut wheel, 5 * pending.max(2_000), |at| 1 + scramble(at, range));
                let changes = tick_changes(&mut wheel, 20 * pending.max(2_000), |at| 1 + scramble(at, range));
                let (entries, buckets) = wheel.tick.seen();
                assert!(changes == 0, "{pending} pending in {range} ns: {changes} changes");
                assert!((8 * buckets..=64 * buckets).contains(&entries), "{entries} in {buckets}");
            }
        }
    }

    #[test]
    fn the_tick_does_not_chase_what_it_cannot_help() {
        // All at one instant, over and over; and half at one instant, the others far and wide.
        let mut wheel = filled(20_000, |_| 1_000_000);
        assert!(tick_changes(&mut wheel, 200_000, |_| 1_000_000) <= 2);
        let mut wheel = filled(20_000, |_| 1_000_000);
        let delay = |at: u32| {
            if at.is_multiple_of(2) { 1_000_000_000 } else { 1 + scramble(at, 1 << 40) }
        };
        assert!(tick_changes(&mut wheel, 400_000, delay) <= 8);
    }

    #[test]
    fn a_storm_into_a_wide_bucket_does_not_stay_in_the_heap() {
        let mut wheel = filled(10, |at| u64::from(at) << 40);
        for entry in filled(10_000, |at| 1 + scramble(at, 1 << 39)).iter() {
            wheel.push(*entry);
        }
        assert!(wheel.pop().is_some());
        for entry in filled(10_000, |at| 1 + scramble(at, 1 << 39)).iter() {
            wheel.push(*entry);
        }
        assert!(wheel.side.len() <= 2 * CROWD_MAX + wheel.open.len(), "{wheel:?}");
    }
}
