//! The keyed mixer behind every hot draw: (key, node, counter) in, 64 uniform bits out, with no state.
//!
//! Its one ingredient is the folded multiplication of wyhash and wyrand (Wang Yi, "wyhash final version 3", released into the
//! public domain): the two halves of a 64×64→128-bit product, xored. A draw is three of them in a row: two by constants, each
//! after a half of the key, spread every bit of key, node and counter over the word; the third multiplies the result with
//! itself, which removes the lattice that constants leave. (With two,
//! dieharder passed, but the key's low bits moved the draw's low bits unevenly.)
//!
//! Tested for what the engine needs: `scripts/dieharder` for randomness over nodes, over counters and over lanes, and
//! `quality.rs` for avalanche. It is deliberately not a cipher: whoever sees draws can recover the key.

use super::Draw;

/// Odd constants with 32 bits set, from wyhash; their only merit is to be irregular and fixed.
const C0: u64 = 0xa076_1d64_78bd_642f;
const C1: u64 = 0xe703_7ed1_a0b4_28db;
const C2: u64 = 0x8ebc_6af0_9c88_c6e3;
const C3: u64 = 0x5899_65cc_7537_4cc3;

/// The two halves of the 128-bit product, xored.
#[inline(always)]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// One purpose's 128-bit key: the source of all hot draws of that purpose in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamKey {
    pub(super) low: u64,
    pub(super) high: u64,
}

impl StreamKey {
    /// A key of the given halves; [`super::Keys::stream`] is where keys come from, this is for tests and tools.
    pub const fn new(low: u64, high: u64) -> StreamKey {
        StreamKey { low, high }
    }

    /// The draw of `node` at `counter`: 64 uniform bits, the same for the same key, node and counter, whatever else was drawn.
    ///
    /// Who uses a counter twice gets the same bits twice; the owner of the counter counts on.
    #[inline]
    pub const fn draw(&self, node: u32, counter: u32) -> u64 {
        let position = (node as u64) << 32 | counter as u64;
        mix_from(fold(position ^ self.low, C0), self.high)
    }

    /// The unbiased choice in `0..bound` at that draw; consumes one counter, however often it has to try.
    ///
    /// # Panics
    /// If `bound` is 0.
    #[inline]
    pub const fn below(&self, node: u32, counter: u32, bound: u64) -> u64 {
        Draw(self.draw(node, counter)).below(bound)
    }

    /// [`lane`] of [`StreamKey::draw`], for one who needs only that lane.
    #[inline]
    pub const fn draw_lane(&self, node: u32, counter: u32, number: u32) -> u64 {
        lane(self.draw(node, counter), number)
    }
}

/// A further draw from a draw: lanes of different numbers are independent of each other and of the draw itself.
///
/// The draw is the start of a wyrand sequence, and the lane its place there. One multiplication is enough because draws have
/// nothing in common; for other words, counters say, use [`mix`]. Give each decision its own lane number and
/// never reuse one for two decisions about the same draw.
#[inline]
pub const fn lane(draw: u64, number: u32) -> u64 {
    let position = draw.wrapping_add((number as u64 + 1).wrapping_mul(C0));
    fold(position, position ^ C1)
}

/// The value to try after `draw` was refused for the `attempt`th time: the lanes' construction with other constants, so that
/// no lane is ever also a retry.
#[inline]
pub(super) const fn retry(draw: u64, attempt: u32) -> u64 {
    let position = draw.wrapping_add((attempt as u64 + 1).wrapping_mul(C2));
    fold(position, position ^ C3)
}

/// Two words into one: not symmetric, and each bit of either moves every bit of the result.
///
/// For combining hashes and deriving keys. Like any function from 128 bits to 64 it has collisions; by accident they are as
/// rare as chance, but they can be constructed.
#[inline]
pub const fn mix(a: u64, b: u64) -> u64 {
    mix_from(fold(a ^ C0, C2), b)
}

/// The last two rounds. By one round alone the low bits of `b` would move the low bits of the result unevenly.
#[inline(always)]
const fn mix_from(spread: u64, b: u64) -> u64 {
    let both = fold(spread ^ b, C3);
    fold(both, both ^ C1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_lanes_retries_and_mixes_are_pinned() {
        let key = StreamKey::new(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        for (node, counter, expected) in DRAWS {
            assert_eq!(key.draw(node, counter), expected, "draw of node {node}, counter {counter}");
        }
        for (draw, number, expected_lane, expected_retry) in LANES {
            assert_eq!(lane(draw, number), expected_lane, "lane {number} of {draw:#x}");
            assert_eq!(retry(draw, number), expected_retry, "retry {number} of {draw:#x}");
        }
        for (a, b, expected) in MIXES {
            assert_eq!(mix(a, b), expected, "mix of {a:#x} and {b:#x}");
        }
        assert_eq!(key.draw_lane(7, 9, 2), lane(key.draw(7, 9), 2));
        assert_eq!(key.below(7, 9, 1_000), Draw(key.draw(7, 9)).below(1_000));
    }

    const DRAWS: [(u32, u32, u64); 5] = [
        (0, 0, 0xc881_3bef_68b3_74df),
        (0, 1, 0x3ef5_b37a_c624_6c1d),
        (1, 0, 0xc9d9_e7c0_33c1_f53a),
        (999_999, 123_456, 0xf04e_9059_dd01_1bb5),
        (u32::MAX, u32::MAX, 0x2e6a_de06_49cb_001b),
    ];
    const LANES: [(u64, u32, u64, u64); 4] = [
        (0, 0, 0x111c_b3a7_8f59_a58e, 0x12d3_68a5_d2ce_52e3),
        (0, 1, 0xceab_d938_ff4e_856d, 0x5385_3ecd_d5ff_a3c0),
        (0x0123_4567_89ab_cdef, 3, 0x159c_6469_d427_95c0, 0x1a48_66ec_9de5_ae3d),
        (u64::MAX, u32::MAX, 0x7f9b_3e19_9913_b52e, 0x3986_3227_f812_f5b7),
    ];
    const MIXES: [(u64, u64, u64); 4] = [
        (0, 0, 0x58aa_fbc8_9327_7748),
        (0, 1, 0x0d0b_fb52_3ed3_45ae),
        (1, 0, 0xc57c_ef47_5a9a_3ae3),
        (u64::MAX, 0x0123_4567_89ab_cdef, 0xcc7e_c984_b656_cd1d),
    ];
}
