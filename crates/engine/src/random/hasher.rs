//! The pinned hasher: the same bytes give the same hash in every process, version and architecture.
//!
//! For run digests (over wire encodings) and for hash maps inside a process ([`Pinned`]). Each word passes a bijection and
//! joins the state by a bijection, and the finish is one too: so two streams that differ in a single word never collide, and
//! others collide as rarely as chance has it, without the slow shrinking of the state that folded multiplications suffer.
//!
//! It is deliberately no defence against chosen input, and no certificate: it is fast, and finds accidents. Nor does it make
//! a derived `Hash` portable: std hashes a slice of integers as the machine's own bytes. What leaves the process is encoded
//! first and then given to [`Hasher64::write`] or [`Hasher64::write_u64`].

use std::hash::{BuildHasher, Hasher};

/// Odd multipliers, arbitrary but irregular: the golden ratio's, and two of the murmur family's best finalisers (Pelle
/// Evensen, "moremur", 2019).
const WORD: u64 = 0x9e37_79b9_7f4a_7c15;
const STATE: u64 = 0x3c79_ac49_2ba7_b653;
const FINISH: u64 = 0x1c69_b3f7_4ac4_ae35;

/// A streaming 64-bit hasher with a pinned result.
///
/// Integers of every width count as one word (`u128` as two), `usize` as `u64`, signed ones by sign extension: the result
/// does not depend on the machine's word size or byte order. A byte string counts as its little-endian words and its length,
/// so that two calls of [`Hasher::write`] differ from one call with both strings joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hasher64 {
    state: u64,
}

impl Hasher64 {
    /// An empty stream.
    pub const fn new() -> Hasher64 {
        // Not 0: the word 0 would be invisible to it.
        Hasher64 { state: FINISH }
    }

    /// Takes a word; this and [`Hasher64::finish64`] are the whole hasher, without the trait in scope.
    #[inline]
    pub const fn write_u64(&mut self, word: u64) {
        let spread = word.wrapping_mul(WORD);
        self.state = (self.state.rotate_left(26) ^ spread ^ spread >> 32).wrapping_mul(STATE);
    }

    /// The hash of what was written so far.
    #[inline]
    pub const fn finish64(&self) -> u64 {
        let mixed = (self.state ^ self.state >> 32).wrapping_mul(FINISH);
        mixed ^ mixed >> 29
    }
}

impl Default for Hasher64 {
    fn default() -> Hasher64 {
        Hasher64::new()
    }
}

impl Hasher for Hasher64 {
    #[inline]
    fn finish(&self) -> u64 {
        self.finish64()
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for &word in words {
            self.write_u64(u64::from_le_bytes(word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.write_u64(u64::from(value));
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        Hasher64::write_u64(self, value);
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.write_u64(i64::from(value) as u64);
    }

    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.write_u64(i64::from(value) as u64);
    }

    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.write_u64(i64::from(value) as u64);
    }

    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    #[inline]
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value as u128);
    }

    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as i64 as u64);
    }
}

/// Makes a [`Hasher64`] for every key of a map: always the same, so that a map behaves the same in every run.
///
/// The order of a map's entries is still nobody's business: sort before anything leaves it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pinned;

impl BuildHasher for Pinned {
    type Hasher = Hasher64;

    #[inline]
    fn build_hasher(&self) -> Hasher64 {
        Hasher64::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn hash_words(words: &[u64]) -> u64 {
        let mut hasher = Hasher64::default();
        words.iter().for_each(|&word| hasher.write_u64(word));
        hasher.finish()
    }

    fn hash_bytes(bytes: &[u8]) -> u64 {
        let mut hasher = Hasher64::default();
        hasher.write(bytes);
        hasher.finish()
    }

    #[test]
    fn hashes_are_pinned() {
        let words: [(&[u64], u64); 4] = [(&[], EMPTY), (&[0], ZERO), (&[1, 2, 3], ONE_TWO_THREE), (&[u64::MAX], ALL_ONES)];
        for (input, expected) in words {
            assert_eq!(hash_words(input), expected, "{input:?}: {:#x}", hash_words(input));
        }
        for (input, expected) in TEXTS {
            assert_eq!(hash_bytes(input.as_bytes()), expected, "{input:?}: {:#x}", hash_bytes(input.as_bytes()));
        }
        assert_eq!(Pinned.hash_one(7_u64), hash_words(&[7]));
    }

    const EMPTY: u64 = 0x1c09_2271_98d0_16a1;
    const ZERO: u64 = 0xfad4_92c8_c76b_09e0;
    const ONE_TWO_THREE: u64 = 0x6736_70b1_bfc2_4a53;
    const ALL_ONES: u64 = 0xf6a5_9bf8_61ba_ea94;
    const TEXTS: [(&str, u64); 4] = [
        ("", 0xfad4_92c8_c76b_09e0),
        ("quorate", 0x48f7_c6b8_b545_7937),
        ("quorate!", 0x051b_8d6c_188f_690e),
        ("seventeen letters", 0xed4f_6f47_208c_0ab9),
    ];

    #[test]
    fn the_width_of_an_integer_does_not_matter_but_its_sign_does() {
        let hash_with = |write: &dyn Fn(&mut Hasher64)| {
            let mut hasher = Hasher64::default();
            write(&mut hasher);
            hasher.finish()
        };
        let minus_two = hash_words(&[-2_i64 as u64]);
        assert_eq!(hash_with(&|hasher| hasher.write_usize(9)), hash_words(&[9]));
        assert_eq!(hash_with(&|hasher| hasher.write_u8(9)), hash_words(&[9]));
        assert_eq!(hash_with(&|hasher| hasher.write_u32(9)), hash_words(&[9]));
        assert_eq!(hash_with(&|hasher| hasher.write_u128(9 << 64 | 8)), hash_words(&[8, 9]));
        assert_eq!(hash_with(&|hasher| hasher.write_i8(-2)), minus_two);
        assert_eq!(hash_with(&|hasher| hasher.write_isize(-2)), minus_two);
    }

    #[test]
    fn framing_order_and_zeros_are_seen() {
        let mut joined = Hasher64::default();
        joined.write(b"ab");
        joined.write(b"c");
        let hashes = [
            joined.finish(),
            hash_bytes(b"abc"),
            hash_bytes(b"acb"),
            hash_bytes(b""),
            hash_bytes(b"\0"),
            hash_bytes(b"\0\0"),
            hash_words(&[]),
            hash_words(&[0, 0]),
            hash_words(&[0, 0, 0]),
            hash_words(&[1, 2]),
            hash_words(&[2, 1]),
        ];
        assert_eq!(BTreeSet::from(hashes).len(), hashes.len(), "{hashes:#x?}");
    }

    #[test]
    fn small_integers_fill_the_low_and_the_high_bits_evenly() {
        // What a map takes its bucket (low) and its tag (high) from.
        let mut low = vec![0_u32; 1 << 12];
        let mut high = vec![0_u32; 1 << 12];
        for value in 0..1_u64 << 18 {
            let hash = hash_words(&[value]);
            low[hash as usize & 0xfff] += 1;
            high[(hash >> 52) as usize] += 1;
        }
        // 64 expected, standard deviation 8; the largest of 4,096 stays within 6.5 of them at level 1e-6.
        for counts in [low, high] {
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(*least >= 64 - 52 && *most <= 64 + 56, "{least} to {most}");
        }
    }

    proptest! {
        #[test]
        fn streams_that_differ_in_one_word_never_collide(
            mut words in proptest::collection::vec(any::<u64>(), 1..20), place in any::<prop::sample::Index>(), change in 1_u64..,
        ) {
            let before = hash_words(&words);
            let place = place.index(words.len());
            words[place] ^= change;
            prop_assert_ne!(before, hash_words(&words));
        }
    }
}
