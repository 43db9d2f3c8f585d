//! The memory behind the wheel's slots: chunks of 64 entries in pooled segments, chained into bags without order.
//!
//! Segments of fixed size instead of one doubling vector: growing copies nothing, so that the peak stays close to
//! 32 bytes times the largest population. Memory is reused, last freed first, and released only with the pool.

use super::Entry;

/// Entries a chunk.
pub(super) const CHUNK: usize = 64;
/// Chunks a segment: 2 MiB and a little.
const SEGMENT: usize = 1024;

/// No chunk: the end of a chain.
const NONE: u32 = u32::MAX;

/// A bag of entries. All chunks of the chain but the newest are full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bag {
    /// The newest chunk; meaningless while the bag is empty.
    newest: u32,
    /// Entries in the whole chain.
    count: u32,
}

impl Bag {
    pub(super) const EMPTY: Self = Self { newest: NONE, count: 0 };

    #[inline]
    pub(super) fn count(self) -> usize {
        self.count as usize
    }

    /// Whether the next push needs another chunk, as the first one does.
    #[inline]
    pub(super) fn is_full(self) -> bool {
        (self.count as usize).is_multiple_of(CHUNK)
    }
}

// The alignment makes the stride 65 * 32 bytes. At a stride of 2,048 the heads of all chunks would compete for two
// sets of a level 1 cache.
#[derive(Clone, Debug)]
#[repr(align(32))]
struct Chunk {
    older: u32,
    entries: [Entry; CHUNK],
}

/// A pool of chunks.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    // Invariant: every segment but the last holds exactly SEGMENT chunks.
    segments: Vec<Vec<Chunk>>,
    /// The chain of unused chunks.
    free: u32,
}

impl Chunks {
    pub(super) const fn new() -> Self {
        Self { segments: Vec::new(), free: NONE }
    }

    /// Adds an entry to a bag that has room.
    #[inline(always)]
    pub(super) fn push(&mut self, bag: &mut Bag, entry: Entry) {
        let at = bag.count as usize % CHUNK;
        self.chunk_mut(bag.newest).entries[at] = entry;
        bag.count += 1;
    }

    /// Gives a full (or empty) bag room for another chunk of entries.
    ///
    /// # Panics
    /// If the bag could then hold more than 2^32 - 1 entries.
    pub(super) fn grow(&mut self, bag: &mut Bag) {
        assert!(bag.count <= u32::MAX - CHUNK as u32, "a bag of {} entries is full", bag.count);
        let fresh = if self.free == NONE {
            self.allocate()
        } else {
            let fresh = self.free;
            self.free = self.chunk(fresh).older;
            fresh
        };
        self.chunk_mut(fresh).older = if bag.count == 0 { NONE } else { bag.newest };
        bag.newest = fresh;
    }

    /// The newest chunk's entries and the bag of the older ones, or `None` if the bag is empty.
    #[inline]
    pub(super) fn split(&self, bag: Bag) -> Option<(&[Entry], Bag)> {
        if bag.count == 0 {
            return None;
        }
        let chunk = self.chunk(bag.newest);
        let here = (bag.count as usize - 1) % CHUNK + 1;
        Some((&chunk.entries[..here], Bag { newest: chunk.older, count: bag.count - here as u32 }))
    }

    /// Frees the newest chunk of a bag that was split and read.
    #[inline]
    pub(super) fn release(&mut self, bag: Bag) {
        self.chunk_mut(bag.newest).older = self.free;
        self.free = bag.newest;
    }

    /// All entries of a bag.
    pub(super) fn iter(&self, mut bag: Bag) -> impl Iterator<Item = &Entry> {
        std::iter::from_fn(move || {
            let (entries, rest) = self.split(bag)?;
            bag = rest;
            Some(entries)
        })
        .flatten()
    }

    /// Bytes allocated.
    pub(super) fn footprint_bytes(&self) -> usize {
        let chunks: usize = self.segments.iter().map(Vec::capacity).sum();
        chunks * size_of::<Chunk>() + self.segments.capacity() * size_of::<Vec<Chunk>>()
    }

    #[cold]
    fn allocate(&mut self) -> u32 {
        if self.segments.last().is_none_or(|last| last.len() == SEGMENT) {
            // The first segment grows with the population, so that a small world stays small.
            let room = if self.segments.is_empty() { 0 } else { SEGMENT };
            self.segments.push(Vec::with_capacity(room));
        }
        if self.segments.len() == 1 {
            // By a quarter, not by half: most worlds are small, and many of them may run side by side.
            let first = &mut self.segments[0];
            if first.len() == first.capacity() {
                first.reserve_exact((first.len() / 4).clamp(16, SEGMENT - first.len()));
            }
        }
        let before = (self.segments.len() - 1) * SEGMENT;
        let last = self.segments.last_mut().expect("a segment was just ensured");
        let index = u32::try_from(before + last.len()).expect("at most 2^32 chunks");
        last.push(Chunk { older: NONE, entries: [Entry::FILLER; CHUNK] });
        index
    }

    #[inline]
    fn chunk(&self, index: u32) -> &Chunk {
        &self.segments[index as usize / SEGMENT][index as usize % SEGMENT]
    }

    #[inline]
    fn chunk_mut(&mut self, index: u32) -> &mut Chunk {
        &mut self.segments[index as usize / SEGMENT][index as usize % SEGMENT]
    }
}
