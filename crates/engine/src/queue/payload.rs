//! The message of an entry: inline in eight bytes when it fits, otherwise in a slab. All `unsafe` of the queue is here.
//!
//! Entries are copied freely (between slots, into a clone of the queue), so a payload must be a thing that may be
//! copied: a message goes inline only if it is small *and* has no destructor. This is not an arena with checked
//! handles: eight bytes have no room for a generation.

use std::fmt;
use std::mem::{MaybeUninit, needs_drop};

/// Eight raw bytes: a small message itself, or the number of its place in the [`Store`] that made it.
///
/// A payload that is never taken leaks its message until the store is dropped.
#[derive(Clone, Copy)]
pub struct Payload(MaybeUninit<u64>);

impl Payload {
    /// The payload of an event that carries no message; never to be taken.
    pub const EMPTY: Self = Self(MaybeUninit::new(0));
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The bytes may be uninitialised padding of a message: they cannot be printed.
        f.write_str("Payload")
    }
}

/// Turns messages into payloads and back.
///
/// Which of the two ways a message type takes is decided at compile time, see [`Store::INLINE`].
#[derive(Clone, Debug)]
pub struct Store<M> {
    slab: Vec<Option<M>>,
    // Invariant: the numbers of exactly those places in `slab` that are `None`.
    free: Vec<u32>,
}

impl<M> Default for Store<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Store<M> {
    /// Whether messages of this type live in the payload itself: at most 8 bytes, aligned to at most 8, no destructor.
    pub const INLINE: bool = size_of::<M>() <= 8 && align_of::<M>() <= align_of::<u64>() && !needs_drop::<M>();

    /// An empty store; allocates nothing.
    pub const fn new() -> Self {
        Self { slab: Vec::new(), free: Vec::new() }
    }

    /// Stores a message. Unless its payload is taken, it stays until the store is dropped.
    ///
    /// # Panics
    /// If more than 2^32 messages would be in the slab at once.
    #[inline]
    pub fn put(&mut self, message: M) -> Payload {
        if Self::INLINE {
            let mut raw = MaybeUninit::<u64>::uninit();
            // SAFETY: `INLINE` says that an `M` fits into a `u64`'s size and alignment, and `raw` is ours to write.
            unsafe { raw.as_mut_ptr().cast::<M>().write(message) };
            return Payload(raw);
        }
        let place = match self.free.pop() {
            Some(place) => {
                self.slab[place as usize] = Some(message);
                place
            }
            None => {
                let place = u32::try_from(self.slab.len()).expect("at most 2^32 messages in flight");
                self.slab.push(Some(message));
                place
            }
        };
        Payload(MaybeUninit::new(u64::from(place)))
    }

    /// Takes the message out. Crate-private, because the types cannot enforce the contract: `payload` was made by
    /// this store (or the one that it was cloned from), and was not taken from it before.
    ///
    /// # Panics
    /// If a message in the slab was taken before and its place is still free.
    #[inline]
    pub(crate) fn take(&mut self, payload: Payload) -> M {
        if Self::INLINE {
            // SAFETY: by contract `put` of a store of the same `M` wrote an `M` at this address's start, with the
            // size and alignment that `INLINE` asserts; an `M` without a destructor may be read more than once,
            // because nothing is released when a copy is dropped.
            return unsafe { payload.0.as_ptr().cast::<M>().read() };
        }
        let place = Self::place(&payload);
        let message = self.slab[place as usize].take().expect("a payload is taken once");
        self.free.push(place);
        message
    }

    /// Bytes allocated by the store itself, not counting what its messages own.
    pub fn footprint_bytes(&self) -> usize {
        self.slab.capacity() * size_of::<Option<M>>() + self.free.capacity() * size_of::<u32>()
    }

    #[inline]
    fn place(payload: &Payload) -> u32 {
        // SAFETY: by contract `put` made this payload, and when not `INLINE` it wrote all eight bytes.
        unsafe { payload.0.assume_init() as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    fn check<M: Clone + PartialEq + fmt::Debug>(inline: bool, messages: &[M]) {
        assert_eq!(Store::<M>::INLINE, inline);
        let mut store = Store::new();
        let payloads: Vec<_> = messages.iter().map(|message| store.put(message.clone())).collect();
        // Taking in another order than putting, and putting again in between.
        let again = store.put(messages[0].clone());
        for (&payload, message) in payloads.iter().zip(messages).rev() {
            assert_eq!(&store.take(payload), message);
        }
        assert_eq!(store.take(again), messages[0]);
    }

    #[derive(Clone, Copy, PartialEq, Debug)]
    enum Small {
        Nothing,
        Byte(u8),
        Word(u32),
    }

    #[test]
    fn small_messages_are_inline_and_others_are_not() {
        check(true, &[()]);
        check(true, &[1_u8, 2, 255]);
        check(true, &[u64::MAX, 0, 7]);
        check(true, &[Small::Nothing, Small::Byte(9), Small::Word(u32::MAX), Small::Byte(0)]);
        check(true, &[Some([1_u8; 3]), None]);
        check(false, &[[1_u64, 2], [3, 4], [5, 6]]);
        check(false, &[u128::MAX, 1]);
        check(false, &[Box::new(1_u8), Box::new(2)]);
        check(false, &["one".to_string(), String::new(), "three".to_string()]);
    }

    #[test]
    fn places_are_reused() {
        let mut store = Store::new();
        for round in 0..1_000_u64 {
            let payloads = [0, 1, 2].map(|at| store.put([round, at]));
            for (at, payload) in payloads.into_iter().enumerate() {
                assert_eq!(store.take(payload), [round, at as u64]);
            }
        }
        assert!(store.footprint_bytes() < 300, "{} bytes", store.footprint_bytes());
        assert_eq!(Store::<u64>::new().footprint_bytes(), 0);
    }

    #[derive(Clone)]
    struct Counted(Rc<Cell<u32>>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn each_message_is_dropped_once() {
        let drops = Rc::new(Cell::new(0));
        const { assert!(!Store::<Counted>::INLINE, "small, but it has a destructor") };
        let mut store = Store::new();
        let payloads: Vec<_> = (0..10).map(|_| store.put(Counted(drops.clone()))).collect();
        for (dropped, &payload) in payloads[..6].iter().enumerate() {
            assert_eq!(drops.get(), dropped as u32);
            drop(store.take(payload));
        }
        let mut twin = store.clone();
        drop(twin.take(payloads[9]));
        assert_eq!(drops.get(), 7, "the clone's copy, not the original");
        drop(twin);
        assert_eq!(drops.get(), 10);
        // Four that were never taken stay until here.
        drop(store);
        assert_eq!(drops.get(), 14);
    }

    #[test]
    #[should_panic(expected = "taken once")]
    fn taking_twice_from_the_slab_panics() {
        let mut store = Store::new();
        let payload = store.put([1_u64, 2]);
        store.take(payload);
        store.take(payload);
    }
}
