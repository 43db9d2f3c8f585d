//! The hold model, the classic benchmark of event queues: fill to a size, then pop one and push one, again and again.
//!
//! There is no clock in here: who measures times [`Hold::run`] and leaves the filling out. The digest covers every
//! popped key, so two queues that were given the same parameters must return the same one, or one of them is wrong.

use super::entry::Earliest;
use super::{Entry, Key, Payload, Tag, Wheel};
use std::collections::BinaryHeap;

/// What the hold model needs of a queue.
pub trait Queue {
    /// Adds an entry.
    fn push(&mut self, entry: Entry);
    /// Removes the entry with the smallest key.
    fn pop(&mut self) -> Option<Entry>;
}

impl Queue for Wheel {
    #[inline]
    fn push(&mut self, entry: Entry) {
        Wheel::push(self, entry);
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry> {
        Wheel::pop(self)
    }
}

/// std's binary heap over the same 32-byte entries: the yardstick, and the oracle of the wheel's tests.
#[derive(Clone, Default)]
pub struct Heap(BinaryHeap<Earliest>);

impl Queue for Heap {
    #[inline]
    fn push(&mut self, entry: Entry) {
        self.0.push(Earliest(entry));
    }

    #[inline]
    fn pop(&mut self) -> Option<Entry> {
        self.0.pop().map(|Earliest(entry)| entry)
    }
}

/// A queue that was filled, ready to be measured.
#[derive(Clone)]
pub struct Hold<Q> {
    queue: Q,
    delta_max: u64,
    state: u64,
    sequence: u32,
    digest: u64,
}

impl<Q: Queue> Hold<Q> {
    /// Fills `queue` with `pending` entries at uniform times from 1 to `delta_max` nanoseconds.
    ///
    /// # Panics
    /// If `delta_max` is zero.
    pub fn new(mut queue: Q, pending: u32, delta_max: u64, seed: u64) -> Self {
        assert!(delta_max > 0, "a delta needs a range");
        let mut state = seed;
        for destination in 0..pending {
            let key = Key::new(delta(&mut state, delta_max), destination, destination);
            queue.push(Entry { key, destination, tag: Tag::default(), payload: Payload::EMPTY });
        }
        Self { queue, delta_max, state, sequence: pending, digest: 0 }
    }

    /// Pops an entry and pushes it again 1 to `delta_max` nanoseconds later, `operations` times. Returns the digest of
    /// all keys popped so far, in order.
    pub fn run(&mut self, operations: u64) -> u64 {
        for _ in 0..operations {
            let Some(mut entry) = self.queue.pop() else {
                break;
            };
            let low = u64::from(entry.key.sequence()) ^ u64::from(entry.key.rank()) << 32;
            self.digest = (self.digest.rotate_left(5) ^ entry.key.time() ^ low).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let time = entry.key.time().saturating_add(delta(&mut self.state, self.delta_max));
            self.sequence = self.sequence.wrapping_add(1);
            entry.key = Key::new(time, entry.destination, self.sequence);
            self.queue.push(entry);
        }
        self.digest
    }

    /// The queue, to look at its footprint.
    pub fn queue(&self) -> &Q {
        &self.queue
    }
}

/// A uniform draw from 1 to `delta_max`: splitmix64, scaled by the high half of a product.
#[inline]
fn delta(state: &mut u64, delta_max: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    ((u128::from(z) * u128::from(delta_max)) >> 64) as u64 + 1
}
