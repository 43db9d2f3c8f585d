//! From the run's seed to one key per purpose, so that what one part of the engine draws never shifts another's draws.
//!
//! The seed keys a ChaCha20 generator; each purpose owns two of its 2^64 streams, chosen by the purpose's pinned number: one
//! for its [`StreamKey`], one for its sequential generator. So a new purpose changes no existing key. ChaCha20 and not a faster
//! sibling because this is not hot, and seeds are consecutive (seed, seed+1, …): the step from them to unrelated keys must be
//! beyond doubt.
//!
//! It deliberately does not take entropy from anywhere else, and does not count draws: counters belong to their nodes.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::StreamKey;

/// What a draw decides. Each purpose has its own key, and its number is part of every published result: never renumber, only
/// add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Purpose {
    /// What the network does to a send: loss, latency, duplication, reordering, corruption. Counter: the source's send index.
    Network = 0,
    /// What a protocol chooses through its context. Counter: the node's choice index.
    Actor = 1,
    /// Timers that are armed with a range. Counter: the node's choice index.
    Timer = 2,
    /// What clients ask for, and when.
    Workload = 3,
    /// Which faults strike, and when.
    Nemesis = 4,
    /// Random graphs and placements.
    Topology = 5,
    /// Offsets and drifts of the nodes' clocks.
    Clock = 6,
    /// Which node wins when two events are due at the same instant.
    Order = 7,
    /// Node keys of the run's digest.
    Digest = 8,
    /// How long hosts take to serve what arrives. Counter: what the host has served.
    Service = 9,
    /// How long forced writes take, where a crash cuts what was not synced, and which bits change. Counter: the disk's own.
    Disk = 10,
    /// What byzantine nodes do. Counter: the node's own.
    Byzantine = 11,
    /// Which of several values an option of the protocol has in this run.
    Options = 12,
}

impl Purpose {
    /// Every purpose, in the order of their numbers.
    pub const ALL: [Purpose; 13] = [
        Purpose::Network,
        Purpose::Actor,
        Purpose::Timer,
        Purpose::Workload,
        Purpose::Nemesis,
        Purpose::Topology,
        Purpose::Clock,
        Purpose::Order,
        Purpose::Digest,
        Purpose::Service,
        Purpose::Disk,
        Purpose::Byzantine,
        Purpose::Options,
    ];
}

/// The run's seed, ready to be turned into keys. Cheap to keep and to copy; ask for a stream once and keep that, not this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    seed: u64,
}

/// Fills the ChaCha key beside the seed, so that no other use of the same seed elsewhere meets our streams.
const DOMAIN: [u8; 24] = *b"quorate randomness v1\0\0\0";

impl Keys {
    /// The keys of a run with this seed.
    pub const fn from_seed(seed: u64) -> Keys {
        Keys { seed }
    }

    /// The key of the purpose's hot draws. Costs a ChaCha block (some 100 ns): take it once, at the start of a run.
    pub fn stream(&self, purpose: Purpose) -> StreamKey {
        let mut generator = self.generator(purpose, 0);
        StreamKey::new(generator.next_u64(), generator.next_u64())
    }

    /// A sequential generator of the purpose, for work that is not hot; always from its beginning.
    ///
    /// For an unbiased choice wrap its output: `Draw(generator.next_u64()).below(bound)`.
    pub fn chacha(&self, purpose: Purpose) -> impl Rng + Clone + use<> {
        self.generator(purpose, 1)
    }

    fn generator(&self, purpose: Purpose, use_number: u64) -> ChaCha20Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..].copy_from_slice(&DOMAIN);
        let mut generator = ChaCha20Rng::from_seed(key);
        generator.set_stream(use_number << 32 | purpose as u64);
        generator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_pinned() {
        for (seed, purpose, low, high, first) in GOLDEN {
            let keys = Keys::from_seed(seed);
            let found = (keys.stream(purpose), keys.chacha(purpose).next_u64());
            assert_eq!(found, (StreamKey::new(low, high), first), "seed {seed}, {purpose:?}: {found:#x?}");
        }
    }

    const GOLDEN: [(u64, Purpose, u64, u64, u64); 4] = [
        (0, Purpose::Network, 0x6403_387d_ab60_21c1, 0x2cd1_43f4_f67c_958a, 0x4afb_52ca_ea67_c0c0),
        (42, Purpose::Network, 0xca30_42b2_ff49_2526, 0xc5e0_7a46_b43d_554a, 0xbebd_9084_e71e_6410),
        (42, Purpose::Digest, 0x54c1_4281_cb40_1e0b, 0x25ba_1f92_88fc_ca56, 0x05ac_e230_c9c0_42ba),
        (u64::MAX, Purpose::Order, 0x8198_0607_93e6_a67b, 0x36dd_9d51_7992_ae41, 0x22ce_0bce_8bcd_eeea),
    ];

    #[test]
    fn every_seed_and_purpose_has_its_own_key_and_generator() {
        let mut words = std::collections::BTreeSet::new();
        let mut expected = 0;
        for seed in (0..100).chain([u64::MAX - 1, u64::MAX]) {
            let keys = Keys::from_seed(seed);
            for purpose in Purpose::ALL {
                let stream = keys.stream(purpose);
                words.extend([stream.low, stream.high, keys.chacha(purpose).next_u64()]);
                expected += 3;
            }
        }
        assert_eq!(words.len(), expected);
    }

    #[test]
    fn the_numbers_of_purposes_are_their_places() {
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, place);
        }
    }
}
