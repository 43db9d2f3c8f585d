//! Golden samples: what each distribution gives at chosen draws, and a digest over 100,000 draws of the hot mixer.
//!
//! They pin the tables bit by bit across platforms, versions of `libm` and changes of ours. Deliberately not a judgement of
//! accuracy: that is beside the table. A failure here means that every published result changes; re-bless only with the reason
//! written down.

use super::{Distribution, Sampler};
use crate::random::{Hasher64, Keys, Purpose};

/// Both ends, both tails, both sides of the middle.
const DRAWS: [u64; 9] =
    [0, 1 << 20, 1 << 44, 0x0123_4567_89ab_cdef, (1 << 63) - 1, 1 << 63, 0xfedc_ba98_7654_3210, !(1 << 20), u64::MAX];

struct Golden {
    distribution: Distribution,
    samples_ns: [u64; 9],
    digest: u64,
}

const GOLDEN: [Golden; 7] = [
    Golden {
        distribution: Distribution::Constant { ns: 5_000_000 },
        samples_ns: [5_000_000, 5_000_000, 5_000_000, 5_000_000, 5_000_000, 5_000_000, 5_000_000, 5_000_000, 5_000_000],
        digest: 0xf362_f375_f91d_d498,
    },
    Golden {
        distribution: Distribution::Uniform { low_ns: 1_000_000, high_ns: 10_000_000 },
        samples_ns: [1_000_000, 1_000_000, 1_000_008, 1_040_000, 5_500_000, 5_500_000, 9_960_000, 10_000_000, 10_000_000],
        digest: 0x472e_a74b_2e58_cb0c,
    },
    Golden {
        distribution: Distribution::Uniform { low_ns: 0, high_ns: u64::MAX },
        samples_ns: [
            0,
            1_048_576,
            17_592_186_044_416,
            81_985_529_216_486_895,
            9_223_372_036_854_775_807,
            9_223_372_036_854_775_808,
            18_364_758_544_493_064_720,
            18_446_744_073_708_503_039,
            u64::MAX,
        ],
        digest: 0x7ee3_188a_c5d9_b89c,
    },
    Golden {
        distribution: Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 40_000_000 },
        samples_ns: [4_762, 6_561, 70_790, 482_297, 5_000_000, 5_000_000, 51_836_224, 3_810_210_762, 5_250_220_107],
        digest: 0x96c9_4580_6045_4e9a,
    },
    Golden {
        distribution: Distribution::Lognormal { median_ns: 100, p99_ns: 1_000_000_000 },
        samples_ns: [0, 0, 0, 0, 100, 100, 7_460_467_052, u64::MAX, u64::MAX],
        digest: 0xb4a5_755a_b7b2_c273,
    },
    Golden {
        distribution: Distribution::Exponential { mean_ns: 5_000_000 },
        samples_ns: [0, 0, 5, 22_272, 3_465_736, 3_465_736, 27_080_956, 152_492_380, 166_355_323],
        digest: 0xa7ca_1e76_9e5c_8f46,
    },
    Golden {
        distribution: Distribution::Exponential { mean_ns: 7 },
        samples_ns: [0, 0, 0, 0, 5, 5, 38, 213, 233],
        digest: 0xf689_dbf3_7d4d_f26e,
    },
];

#[test]
fn samples_are_pinned() {
    for golden in GOLDEN {
        let sampler = Sampler::new(&golden.distribution);
        let samples_ns = DRAWS.map(|draw| sampler.sample(draw));
        let key = Keys::from_seed(42).stream(Purpose::Network);
        let mut hasher = Hasher64::default();
        for counter in 0..100_000 {
            hasher.write_u64(sampler.sample(key.draw(7, counter)));
        }
        let found = (samples_ns, hasher.finish64());
        assert_eq!(found, (golden.samples_ns, golden.digest), "{:?}: digest {:#018x}", golden.distribution, found.1);
    }
}
