//! The slots of the wheel: the key is read as digits of eight bits, and each digit's level has 256 slots and a bitmap.
//!
//! The lowest digit starts at bit `align`, 0 to 7, of the key; the bits below it are no digit, and are left to sorting.
//! Which level an entry belongs to is the wheel's decision, not made here.

use super::Entry;
use super::chunks::{Bag, Chunks};

const LEVELS: usize = 16;
const SLOTS: usize = 256;

/// All slots, and the memory behind them.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    slots: Box<[Bag; LEVELS * SLOTS]>,
    // Invariant: a slot's bit is set exactly when it holds an entry, a level's bit exactly when one of its slots does.
    slots_used: [[u64; SLOTS / 64]; LEVELS],
    levels_used: u32,
    /// The bit of the key at which the lowest digit starts.
    align: u32,
    /// Room for one chunk's entries, see [`Levels::drain`].
    copy: Vec<Entry>,
    pub(super) chunks: Chunks,
}

impl Levels {
    pub(super) fn new(align: u32) -> Self {
        let slots = vec![Bag::EMPTY; LEVELS * SLOTS].into_boxed_slice();
        Self {
            slots: slots.try_into().expect("the box has this very length"),
            slots_used: [[0; SLOTS / 64]; LEVELS],
            levels_used: 0,
            align,
            copy: Vec::new(),
            chunks: Chunks::new(),
        }
    }

    /// The level of the highest digit in which two different keys differ; 0 if only bits below all digits do.
    #[inline]
    pub(super) fn level_of(&self, difference: u128) -> u32 {
        (127 - (difference | 1).leading_zeros()).saturating_sub(self.align) / 8
    }

    /// The lowest bit of the key that is above all digits of `level`'s lower neighbours.
    #[inline]
    pub(super) fn bits_below(&self, level: u32) -> u32 {
        self.align + 8 * level
    }

    /// Adds an entry to the slot of its digit at this level.
    #[inline(always)]
    pub(super) fn push(&mut self, level: u32, entry: Entry) {
        let digit = (entry.key.0 >> self.bits_below(level)) as u8;
        let bag = &mut self.slots[Self::index(level, digit)];
        if bag.is_full() {
            return self.push_growing(level, digit, entry);
        }
        self.chunks.push(bag, entry);
    }

    #[cold]
    #[inline(never)]
    fn push_growing(&mut self, level: u32, digit: u8, entry: Entry) {
        self.levels_used |= 1 << level;
        self.slots_used[level as usize][usize::from(digit) / 64] |= 1 << (digit % 64);
        let bag = &mut self.slots[Self::index(level, digit)];
        self.chunks.grow(bag);
        self.chunks.push(bag, entry);
    }

    /// Detaches the first occupied slot of the lowest occupied level, and says which level that is.
    #[inline]
    pub(super) fn take_first(&mut self) -> Option<(u32, Bag)> {
        if self.levels_used == 0 {
            return None;
        }
        let level = self.levels_used.trailing_zeros();
        Some((level, self.take_first_of(level)))
    }

    /// Hands every entry of a detached bag to `each`, freeing its memory on the way.
    ///
    /// A chunk is copied out first: that reads it at the speed of memory, where pushing entry by entry would wait for
    /// each line, and it lets `each` reuse the chunk.
    #[inline]
    pub(super) fn drain(&mut self, mut bag: Bag, mut each: impl FnMut(&mut Self, Entry)) {
        let mut copy = std::mem::take(&mut self.copy);
        while let Some((entries, rest)) = self.chunks.split(bag) {
            copy.clear();
            copy.extend_from_slice(entries);
            self.chunks.release(bag);
            bag = rest;
            for &entry in &copy {
                each(self, entry);
            }
        }
        self.copy = copy;
    }

    /// The bits in which the keys of a slot of this level differ. It stops looking once they differ in the digit just
    /// below, because more would not change the answer's level: as a rule that is after a few entries.
    #[inline]
    pub(super) fn difference(&self, bag: Bag, level: u32) -> u128 {
        let enough = 1 << self.bits_below(level - 1);
        let mut keys = self.chunks.iter(bag).map(|entry| entry.key.0);
        let first = keys.next().unwrap_or(0);
        let mut difference = 0;
        for key in keys {
            difference |= key ^ first;
            if difference >= enough {
                break;
            }
        }
        difference
    }

    /// Detaches all slots of the levels below `end`.
    pub(super) fn take_below(&mut self, end: u32) -> Vec<Bag> {
        let mut bags = Vec::new();
        while self.levels_used.trailing_zeros() < end {
            bags.extend(self.take_first().map(|(_, bag)| bag));
        }
        bags
    }

    /// Detaches everything, and starts the lowest digit at another bit.
    pub(super) fn realign(&mut self, align: u32) -> Vec<Bag> {
        let bags = self.take_below(LEVELS as u32);
        self.align = align;
        bags
    }

    /// All entries, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flat_map(|&bag| self.chunks.iter(bag))
    }

    /// Bytes allocated.
    pub(super) fn footprint_bytes(&self) -> usize {
        let copy = self.copy.capacity() * size_of::<Entry>();
        size_of_val(&*self.slots) + copy + self.chunks.footprint_bytes()
    }

    #[inline]
    fn take_first_of(&mut self, level: u32) -> Bag {
        let digit = self.first_digit(level);
        let words = &mut self.slots_used[level as usize];
        words[usize::from(digit) / 64] &= !(1 << (digit % 64));
        if *words == [0; SLOTS / 64] {
            self.levels_used &= !(1 << level);
        }
        std::mem::replace(&mut self.slots[Self::index(level, digit)], Bag::EMPTY)
    }

    /// The first occupied digit of an occupied level.
    #[inline]
    fn first_digit(&self, level: u32) -> u8 {
        let words = &self.slots_used[level as usize];
        let word = words.iter().position(|&word| word != 0).expect("a level in use has a slot in use");
        (word as u32 * 64 + words[word].trailing_zeros()) as u8
    }

    #[inline]
    fn index(level: u32, digit: u8) -> usize {
        // The mask is no clamp, levels end at 15: it lets the compiler drop the bounds check.
        level as usize % LEVELS * SLOTS + usize::from(digit)
    }
}
