//! What is queued: a total key, whom it is for, a packed tag, and eight bytes of message.
//!
//! The fields of the tag are the engine's; nothing in the queue reads them. Order is by key alone.

use super::Payload;
use std::cmp::Ordering;

/// The total order of events: time, then the rank of the source, then the source's own sequence number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Key(pub(super) u128);

impl Key {
    /// A key from the time in nanoseconds since the start, the source's rank, and the source's sequence number.
    #[inline]
    pub const fn new(time: u64, rank: u32, sequence: u32) -> Self {
        Self((time as u128) << 64 | (rank as u128) << 32 | sequence as u128)
    }

    /// Nanoseconds since the start.
    #[inline]
    pub const fn time(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// The rank of the source among sources that act at the same time.
    #[inline]
    pub const fn rank(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The source's own sequence number.
    #[inline]
    pub const fn sequence(self) -> u32 {
        self.0 as u32
    }
}

/// Four small fields in 32 bits: class (2), timer (6), incarnation (8), causal depth (16).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tag(u32);

impl Tag {
    /// The largest class.
    pub const CLASS_MAX: u32 = (1 << 2) - 1;
    /// The largest timer number.
    pub const TIMER_MAX: u32 = (1 << 6) - 1;

    /// Packs the four fields.
    ///
    /// # Panics
    /// If `class` exceeds [`Tag::CLASS_MAX`] or `timer` exceeds [`Tag::TIMER_MAX`], in debug builds; a release build
    /// keeps their low bits.
    #[inline]
    pub const fn new(class: u32, timer: u32, incarnation: u8, depth: u16) -> Self {
        debug_assert!(class <= Self::CLASS_MAX, "an event's class has 2 bits");
        debug_assert!(timer <= Self::TIMER_MAX, "a timer's number has 6 bits");
        let (class, timer) = (class & Self::CLASS_MAX, timer & Self::TIMER_MAX);
        Self(class << 30 | timer << 24 | (incarnation as u32) << 16 | depth as u32)
    }

    /// What kind of event this is, 0 to [`Tag::CLASS_MAX`].
    #[inline]
    pub const fn class(self) -> u32 {
        self.0 >> 30
    }

    /// Which timer of the node, 0 to [`Tag::TIMER_MAX`].
    #[inline]
    pub const fn timer(self) -> u32 {
        self.0 >> 24 & Self::TIMER_MAX
    }

    /// Which life of the destination the event was meant for, modulo 256.
    #[inline]
    pub const fn incarnation(self) -> u8 {
        (self.0 >> 16) as u8
    }

    /// The causal depth in message delays.
    #[inline]
    pub const fn depth(self) -> u16 {
        self.0 as u16
    }
}

/// One pending event: 32 bytes, half a cache line.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its place in the order.
    pub key: Key,
    /// The node it is for.
    pub destination: u32,
    /// The engine's packed fields.
    pub tag: Tag,
    /// Its message, to be read through the [`Store`](super::Store) that made it.
    pub payload: Payload,
}

const _: () = assert!(size_of::<Entry>() == 32);

impl Entry {
    /// What unused room in a chunk or bucket holds; never handed out.
    pub(super) const FILLER: Self = Self { key: Key(0), destination: 0, tag: Tag(0), payload: Payload::EMPTY };
}

/// An entry in std's max-heap, turned round so that the earliest key is on top.
#[derive(Clone, Copy)]
pub(super) struct Earliest(pub(super) Entry);

impl Ord for Earliest {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.key.cmp(&self.0.key)
    }
}

impl PartialOrd for Earliest {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Earliest {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Earliest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_orders_by_time_then_rank_then_sequence() {
        let keys = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, u32::MAX, 0), (1, 0, 0), (u64::MAX, u32::MAX, u32::MAX)];
        let keys = keys.map(|(time, rank, sequence)| {
            let key = Key::new(time, rank, sequence);
            assert_eq!((key.time(), key.rank(), key.sequence()), (time, rank, sequence));
            key
        });
        assert!(keys.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_tag_returns_what_it_was_given() {
        for (class, timer, incarnation, depth) in [(0, 0, 0, 0), (3, 63, 255, u16::MAX), (1, 40, 7, 513), (2, 1, 128, 1)] {
            let tag = Tag::new(class, timer, incarnation, depth);
            assert_eq!((tag.class(), tag.timer(), tag.incarnation(), tag.depth()), (class, timer, incarnation, depth));
        }
    }
}
