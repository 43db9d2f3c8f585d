//! The open bucket: the entries that come next, sorted, so that popping one is a load.
//!
//! It is filled from one slot at a time. What arrives late joins it as long as it is small, and else goes to the wheel's side heap.

use super::chunks::{Bag, CHUNK, Chunks};
use super::{Entry, Key};
use std::cmp::Reverse;

/// Sorted entries, latest first.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    // Invariant: room[..left] is sorted by descending key. The rest is old room, kept to be written over.
    room: Vec<Entry>,
    /// Where a large bucket is dealt out before it is sorted; kept to be written over.
    spare: Vec<Entry>,
    left: usize,
}

impl Bucket {
    pub(super) const fn new() -> Self {
        Self { room: Vec::new(), spare: Vec::new(), left: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.left
    }

    /// Removes the earliest entry.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.left = self.left.checked_sub(1)?;
        Some(self.room[self.left])
    }

    /// Puts an entry where it belongs; those before it move on, so there should be few.
    pub(super) fn insert(&mut self, entry: Entry) {
        let place = self.entries().partition_point(|other| other.key > entry.key);
        if self.left == self.room.len() {
            self.room.resize((2 * self.left).max(CHUNK), Entry::FILLER);
        }
        self.room.copy_within(place..self.left, place + 1);
        self.room[place] = entry;
        self.left += 1;
    }

    /// The entry that comes `distance` pops after the next.
    #[inline]
    pub(super) fn ahead(&self, distance: usize) -> Option<&Entry> {
        self.room[..self.left].iter().nth_back(distance)
    }

    /// The remaining entries, latest first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.room[..self.left]
    }

    /// Keeps only the earliest entry, and returns the others.
    pub(super) fn keep_first(&mut self) -> Vec<Entry> {
        let Some(last) = self.left.checked_sub(1) else {
            return Vec::new();
        };
        let others = self.room[..last].to_vec();
        self.room[0] = self.room[last];
        self.left = 1;
        others
    }

    /// Fills the empty bucket with a bag's entries and frees the bag. All keys agree from bit `bits` upwards.
    #[inline]
    pub(super) fn fill(&mut self, chunks: &mut Chunks, bag: Bag, bits: u32) -> Key {
        let count = bag.count();
        if self.room.len() < count {
            self.room.resize(count.next_power_of_two().max(CHUNK), Entry::FILLER);
        }
        if count <= CHUNK {
            if let Some((entries, _)) = chunks.split(bag) {
                sort_into(&mut self.room[..count], entries, bits);
            }
            chunks.release(bag);
        } else {
            self.fill_large(chunks, bag, bits);
        }
        self.left = count;
        self.room[0].key
    }

    /// More than a chunk: dealt out by the leading digits in which the keys may differ, and then sorted part by part, which
    /// costs little more an entry than a small bucket does. Only what crowds into one part is left to a comparison sort.
    #[cold]
    #[inline(never)]
    fn fill_large(&mut self, chunks: &mut Chunks, mut bag: Bag, bits: u32) {
        let count = bag.count();
        let digits = (count / 8).next_power_of_two().ilog2().min(8).min(bits);
        let part = |entry: &Entry| (entry.key.0 >> (bits - digits)) as usize & ((1 << digits) - 1);
        // How many belong to each part, then where the next of each goes: the latest part comes first.
        let mut next = [0_usize; 256];
        let mut rest = bag;
        while let Some((entries, older)) = chunks.split(rest) {
            entries.iter().for_each(|entry| next[part(entry)] += 1);
            rest = older;
        }
        let mut begin = 0;
        for next in next[..1 << digits].iter_mut().rev() {
            begin += std::mem::replace(next, begin);
        }
        if self.spare.len() < count {
            self.spare.resize(count.next_power_of_two(), Entry::FILLER);
        }
        while let Some((entries, older)) = chunks.split(bag) {
            for entry in entries {
                let at = &mut next[part(entry)];
                self.spare[*at] = *entry;
                *at += 1;
            }
            chunks.release(bag);
            bag = older;
        }
        // Each part ends now where the next of it would have gone.
        let mut begin = 0;
        for &end in next[..1 << digits].iter().rev() {
            let (sorted, entries) = (&mut self.room[begin..end], &self.spare[begin..end]);
            if entries.len() <= CHUNK {
                sort_into(sorted, entries, bits - digits);
            } else {
                sorted.copy_from_slice(entries);
                sorted.sort_unstable_by_key(|entry| Reverse(entry.key));
            }
            begin = end;
        }
    }

    /// How many different times there are in the bucket.
    pub(super) fn times(&self) -> usize {
        self.entries().chunk_by(|a, b| a.key.time() == b.key.time()).count()
    }

    /// Bytes allocated.
    pub(super) fn footprint_bytes(&self) -> usize {
        (self.room.capacity() + self.spare.capacity()) * size_of::<Entry>()
    }
}

/// So few entries are put in order one by one: they are not worth setting up the ranks.
const FEW: usize = 4;

/// Sorts at most one chunk of entries by descending key. All keys agree from bit `bits` upwards.
///
/// Each entry is put at its rank: the number of entries after it. The ranks come from comparing every pair of 31-bit
/// digests (25 bits of the key, then the position, so that no two are equal), which compiles to vector code without
/// a branch to mispredict; at 8 to 64 entries that beats every comparison sort that we tried. Keys that agree in
/// those 25 bits are then put right by an insertion sort, which has nothing to do as a rule.
#[inline]
fn sort_into(sorted: &mut [Entry], entries: &[Entry], bits: u32) {
    if entries.len() <= FEW {
        for (at, entry) in entries.iter().enumerate() {
            let mut to = at;
            while to > 0 && sorted[to - 1].key < entry.key {
                sorted[to] = sorted[to - 1];
                to -= 1;
            }
            sorted[to] = *entry;
        }
        return;
    }
    let shift = bits.saturating_sub(25);
    let mut digests = [0_i32; CHUNK];
    for (at, (digest, entry)) in digests.iter_mut().zip(entries).enumerate() {
        *digest = ((entry.key.0 >> shift) as i32 & 0x1ff_ffff) << 6 | at as i32;
    }
    let mut ranks = [0_i32; CHUNK];
    const STEP: usize = 16;
    for start in (0..entries.len()).step_by(STEP) {
        let ours: &[i32; STEP] = digests[start..start + STEP].try_into().expect("a step's length");
        let mut counts = [0_i32; STEP];
        for &digest in &digests[..entries.len()] {
            for (count, &our) in counts.iter_mut().zip(ours) {
                *count += i32::from(digest > our);
            }
        }
        ranks[start..start + STEP].copy_from_slice(&counts);
    }
    for (entry, &rank) in entries.iter().zip(&ranks) {
        sorted[rank as usize] = *entry;
    }
    for at in 1..sorted.len() {
        if sorted[at - 1].key < sorted[at].key {
            sink(sorted, at);
        }
    }
}

/// Moves the entry at `at` to its place in the sorted entries before it.
#[cold]
#[inline(never)]
fn sink(sorted: &mut [Entry], at: usize) {
    let to = sorted[..at].partition_point(|entry| entry.key >= sorted[at].key);
    sorted[to..=at].rotate_right(1);
}
