//! Fingerprints of 128 bits, by which the search tells apart what it has placed and what objects hold. They are sums that change with
//! every operation in constant time: of a number drawn for each index (Zobrist, 1970), or of a polynomial (Karp and Rabin, 1987).

/// What an index counts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Operation = 0,
    State = 1,
    Member = 2,
    Flag = 3,
}

/// 128 bits for an index of one kind, as if drawn: the finalizer of splitmix64 (Steele, Lea and Flood, 2014) at two places.
pub(super) fn zobrist(kind: Kind, index: u64) -> u128 {
    let place = index << 2 | kind as u64;
    u128::from(spread(place.wrapping_mul(2).wrapping_add(1))) << 64 | u128::from(spread(place.wrapping_mul(2).wrapping_add(2)))
}

/// A fingerprint under a number: equal ones under different numbers differ.
pub(super) fn under(number: u32, print: u128) -> u128 {
    let salt = zobrist(Kind::Member, u64::from(number));
    let (high, low) = (spread((print >> 64) as u64 ^ (salt >> 64) as u64), spread(print as u64 ^ salt as u64));
    u128::from(spread(high.wrapping_add(low.rotate_left(32)))) << 64 | u128::from(spread(low ^ high.rotate_left(17)))
}

pub(super) fn spread(place: u64) -> u64 {
    let mut word = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;
/// Two numbers below the prime, drawn once.
const BASES: [u64; 2] = [0x0f3c_9a5b_71d2_e846, 0x1b64_02c7_d95e_8a33];

/// The fingerprint of a sequence: a polynomial in two lanes, whose coefficients are the elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Rolling {
    sums: [u64; 2],
    length: u64,
}

/// The bases to the power of a length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Power([u64; 2]);

impl Rolling {
    /// Of these bytes.
    pub(super) fn of(text: &str) -> Rolling {
        text.bytes().fold(Rolling::default(), |sum, byte| sum.with(u64::from(byte) + 1))
    }

    /// With one more element at the end.
    pub(super) fn with(self, element: u64) -> Rolling {
        let lane = |lane: usize| reduce(u128::from(self.sums[lane]) * u128::from(BASES[lane]) + u128::from(coefficient(element)));
        Rolling { sums: [lane(0), lane(1)], length: self.length + 1 }
    }

    /// With another sequence at the end, of whose length this is the power.
    pub(super) fn followed_by(self, other: Rolling, power: Power) -> Rolling {
        let lane = |lane: usize| reduce(u128::from(self.sums[lane]) * u128::from(power.0[lane]) + u128::from(other.sums[lane]));
        Rolling { sums: [lane(0), lane(1)], length: self.length + other.length }
    }

    /// Without its first element; the power is that of the length that is left.
    pub(super) fn without_first(self, element: u64, power: Power) -> Rolling {
        let lane = |lane: usize| {
            let first = reduce(u128::from(coefficient(element)) * u128::from(power.0[lane]));
            reduce(u128::from(self.sums[lane]) + u128::from(PRIME - first))
        };
        Rolling { sums: [lane(0), lane(1)], length: self.length - 1 }
    }

    /// As 128 bits that can be added to others.
    pub(super) fn print(self) -> u128 {
        let length = self.length.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u128::from(spread(self.sums[0] ^ length)) << 64 | u128::from(spread(self.sums[1].wrapping_add(length)))
    }
}

impl Power {
    /// Of a length.
    pub(super) fn of(length: usize) -> Power {
        (0..length).fold(Power([1, 1]), |power, _| power.next())
    }

    /// Of one more.
    pub(super) fn next(self) -> Power {
        let lane = |lane: usize| reduce(u128::from(self.0[lane]) * u128::from(BASES[lane]));
        Power([lane(0), lane(1)])
    }
}

/// An element as a number below the prime.
fn coefficient(element: u64) -> u64 {
    spread(element + 1) >> 3
}

fn reduce(number: u128) -> u64 {
    let folded = (number & u128::from(PRIME)) as u64 + (number >> 61) as u64;
    let folded = (folded & PRIME) + (folded >> 61);
    if folded >= PRIME { folded - PRIME } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_indices_share_their_bits() {
        let kinds = [Kind::Operation, Kind::State, Kind::Member, Kind::Flag];
        let all: BTreeSet<u128> = (0..10_000).flat_map(|index| kinds.map(|kind| zobrist(kind, index))).collect();
        assert_eq!(all.len(), 40_000);
    }

    #[test]
    fn sequences_can_be_joined_and_cut() {
        let (left, right) = ("some text, ", "and then more");
        let joined = Rolling::of(left).followed_by(Rolling::of(right), Power::of(right.len()));
        assert_eq!(joined, Rolling::of("some text, and then more"));
        let numbers = |from: u64, to: u64| (from..to).fold(Rolling::default(), Rolling::with);
        assert_eq!(numbers(3, 50).without_first(3, Power::of(46)), numbers(4, 50));
        assert_ne!(numbers(0, 2).print(), numbers(0, 3).print());
    }
}
