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

/// A published mixture: LinkedIn's solid-state disks, from the paper on probabilistically bounded staleness.
fn solid_state() -> Distribution {
    let pareto = Distribution::Pareto { scale_ns: 235_000, shape: 10.0 };
    Distribution::mixture([(91.22, pareto), (8.78, Distribution::Exponential { mean_ns: 602_410 })])
}

fn golden() -> Vec<Golden> {
    vec![
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
        Golden {
            distribution: Distribution::Normal { mean_ns: 5_000_000, stddev_ns: 1_000_000 },
            samples_ns: [0, 0, 290_286, 2_383_696, 5_000_000, 5_000_000, 7_616_326, 12_423_940, 12_782_591],
            digest: 0xbbb3_2c60_33e7_6654,
        },
        Golden {
            distribution: Distribution::Normal { mean_ns: 1_000_000, stddev_ns: 2_000_000 },
            samples_ns: [0, 0, 4, 17_420, 1_793_742, 1_793_742, 6_479_795, 15_945_252, 16_658_231],
            digest: 0x4ab4_0f81_5aeb_a7e9,
        },
        Golden {
            distribution: Distribution::Pareto { scale_ns: 1_050_000, shape: 1.51 },
            samples_ns: [
                1_050_000,
                1_050_000,
                1_050_001,
                1_053_102,
                1_661_678,
                1_661_678,
                37_928_831,
                620_760_782_718_920,
                3_893_630_400_839_770,
            ],
            digest: 0xbb39_7826_5acf_eae9,
        },
        Golden {
            distribution: Distribution::Pareto { scale_ns: 3_000_000, shape: 3.35 },
            samples_ns: [
                3_000_000,
                3_000_000,
                3_000_001,
                3_003_992,
                3_689_614,
                3_689_614,
                15_110_561,
                26_974_168_335,
                61_714_450_188,
            ],
            digest: 0xf5ab_20c5_4884_0947,
        },
        Golden {
            distribution: Distribution::Pareto { scale_ns: 235_000, shape: 10.0 },
            samples_ns: [235_000, 235_000, 235_000, 235_105, 251_867, 251_867, 403_915, 4_961_350, 6_546_540],
            digest: 0x92c9_d0b4_35c2_baf5,
        },
        Golden {
            distribution: Distribution::Pareto { scale_ns: 1_000, shape: 0.5 },
            samples_ns: [1_000, 1_000, 1_000, 1_009, 4_000, 4_000, 50_652_516, u64::MAX, u64::MAX],
            digest: 0x9032_6228_293e_8768,
        },
        Golden {
            distribution: solid_state(),
            samples_ns: [235_000, 235_000, 235_000, 235_105, 251_867, 251_867, 403_915, 4_961_350, 6_546_540],
            digest: 0xfcd3_41b3_99fc_c3a7,
        },
        Golden {
            distribution: Distribution::empirical(vec![9_000_000, 1_000_000, 1_000_000, 4_000_000, 2_500_000]),
            samples_ns: [1_000_000, 1_000_000, 1_000_000, 1_000_000, 2_500_000, 2_500_000, 9_000_000, 9_000_000, 9_000_000],
            digest: 0x8233_d6ea_3ee9_9aef,
        },
        Golden {
            distribution: solid_state().shifted(75_000_000),
            samples_ns: [
                75_235_000, 75_235_000, 75_235_000, 75_235_105, 75_251_867, 75_251_867, 75_403_915, 79_961_350, 81_546_540,
            ],
            digest: 0x114f_d5e1_cfaf_08e5,
        },
        Golden {
            distribution: solid_state().truncated(Some(240_000), Some(5_000_000)),
            samples_ns: [240_000, 240_000, 240_000, 240_107, 257_226, 257_226, 412_509, 4_695_240, 4_973_433],
            digest: 0x0fbd_ed63_2a72_a80a,
        },
        Golden {
            distribution: Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 40_000_000 }
                .truncated(Some(1_000_000), Some(50_000_000)),
            samples_ns: [1_000_000, 1_000_000, 1_000_010, 1_047_200, 5_176_104, 5_176_104, 41_039_318, 50_000_000, 50_000_000],
            digest: 0xb402_958f_30de_dfcc,
        },
        Golden {
            distribution: Distribution::Exponential { mean_ns: 5_000_000 }.truncated(Some(10_000_000), None).shifted(2_000_000),
            samples_ns: [
                12_000_000,
                12_000_000,
                12_000_005,
                12_022_272,
                15_465_736,
                15_465_736,
                39_080_956,
                164_492_380,
                178_355_323,
            ],
            digest: 0xa2ef_85b2_9603_4538,
        },
    ]
}

#[test]
fn samples_are_pinned() {
    for golden in golden() {
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
