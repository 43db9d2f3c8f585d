//! Statistical tests of the hot draws that are quick enough for every build: avalanche, and independence of neighbours.
//!
//! Deliberately not the proof of quality: that is `scripts/dieharder`, which runs for hours. These catch a broken mixer.
//!
//! Each test counts, over many inputs, how often an output bit is set (or flips), and holds the count against a fair coin.
//! Up to 16,384 counts a test at a level of 1e-6 for the worst of them: 6.7 standard deviations.

use super::{Hasher64, StreamKey, lane, mix};

const SAMPLES: u32 = 4_096;
const DEVIATIONS: f64 = 6.7;

/// How often each of 64 bits was set.
struct BitCounts([u32; 64]);

impl BitCounts {
    fn over(words: impl Iterator<Item = u64>) -> BitCounts {
        let mut counts = [0; 64];
        for word in words {
            for (bit, count) in counts.iter_mut().enumerate() {
                *count += (word >> bit) as u32 & 1;
            }
        }
        BitCounts(counts)
    }

    fn assert_fair(&self, of: u32, what: &str) {
        let allowed = DEVIATIONS * f64::from(of).sqrt() / 2.0;
        for (bit, &count) in self.0.iter().enumerate() {
            let excess = f64::from(count) - f64::from(of) / 2.0;
            assert!(excess.abs() <= allowed, "{what}: output bit {bit} in {count} of {of}");
        }
    }
}

/// Flips every bit of every input word, in turn, and holds each output bit's flips against a fair coin.
fn assert_avalanche<const WORDS: usize>(
    what: &str,
    widths: [u32; WORDS],
    input: impl Fn(u32) -> [u64; WORDS],
    output: impl Fn([u64; WORDS]) -> u64,
) {
    for word in 0..WORDS {
        for bit in 0..widths[word] {
            let flips = (0..SAMPLES).map(|sample| {
                let mut changed = input(sample);
                changed[word] ^= 1 << bit;
                output(input(sample)) ^ output(changed)
            });
            BitCounts::over(flips).assert_fair(SAMPLES, &format!("{what}: word {word}, bit {bit} flipped"));
        }
    }
}

/// A few thousand keys that owe nothing to the mixer under test.
fn key(number: u32) -> [u64; 2] {
    // Middle bits of a linear congruential generator (Knuth's MMIX), far apart.
    let step = |state: u64| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let start = step(step(u64::from(number) << 20 | 7));
    let (low, high) = (step(start), step(step(step(start))));
    [low ^ high >> 31, high ^ low >> 27]
}

fn draw([low, high, node, counter]: [u64; 4]) -> u64 {
    StreamKey::new(low, high).draw(node as u32, counter as u32)
}

#[test]
fn every_bit_of_key_node_and_counter_moves_every_bit_of_a_draw() {
    let widths = [64, 64, 32, 32];
    let over_keys = |sample| [key(sample)[0], key(sample)[1], 3, 5];
    assert_avalanche("over keys", widths, over_keys, draw);
    let over_nodes = |sample| [key(1)[0], key(1)[1], u64::from(sample), 5];
    assert_avalanche("over nodes", widths, over_nodes, draw);
    let over_counters = |sample| [key(2)[0], key(2)[1], 3, u64::from(sample)];
    assert_avalanche("over counters", widths, over_counters, draw);
}

#[test]
fn every_bit_of_both_words_moves_every_bit_of_a_mix() {
    let mixes = |[a, b]: [u64; 2]| mix(a, b);
    assert_avalanche("mix of random words", [64, 64], key, mixes);
    assert_avalanche("mix of small words", [64, 64], |sample| [u64::from(sample) / 64, u64::from(sample) % 64], mixes);
}

#[test]
fn every_bit_of_both_words_moves_every_bit_of_a_hash() {
    let hash = |words: [u64; 2]| {
        let mut hasher = Hasher64::default();
        words.into_iter().for_each(|word| hasher.write_u64(word));
        hasher.finish64()
    };
    assert_avalanche("hash of random words", [64, 64], key, hash);
}

/// Consecutive counters, neighbouring nodes, a node's lanes, consecutive keys: xored, neighbours are as fair as alone.
#[test]
fn neighbours_have_nothing_in_common() {
    let [low, high] = key(0);
    let draw = |node, counter| StreamKey::new(low, high).draw(node, counter);
    let many = 64 * SAMPLES;
    let keyed = |low, high| StreamKey::new(low, high).draw(1, 1);
    let checks: [(&str, &dyn Fn(u32) -> u64); 9] = [
        ("alone, over counters", &|n| draw(0, n)),
        ("alone, over nodes", &|n| draw(n, 0)),
        ("next counter", &|n| draw(0, n) ^ draw(0, n + 1)),
        ("next node", &|n| draw(n, 0) ^ draw(n + 1, 0)),
        ("node and counter swapped", &|n| draw(n, 1 << 31) ^ draw(1 << 31, n)),
        ("own lane", &|n| draw(0, n) ^ lane(draw(0, n), 0)),
        ("next lane", &|n| lane(draw(0, n), 0) ^ lane(draw(0, n), 1)),
        ("next key, low", &|n| keyed(u64::from(n), high) ^ keyed(u64::from(n) + 1, high)),
        ("next key, high", &|n| keyed(low, u64::from(n)) ^ keyed(low, u64::from(n) + 1)),
    ];
    for (what, word) in checks {
        BitCounts::over((0..many).map(word)).assert_fair(many, what);
    }
}

/// A lane is drawn after another was judged: it must be fair among the draws that a loss of 1 in 16 lets through or takes.
#[test]
fn a_lane_does_not_know_what_another_decided() {
    let [low, high] = key(3);
    let draws = || (0..64 * SAMPLES).map(|counter| StreamKey::new(low, high).draw(9, counter));
    for decided in [0, 1] {
        let taken: Vec<u64> = draws().filter(|&draw| lane(draw, decided) < 1 << 60).collect();
        for other in [0, 1, 2, 3].into_iter().filter(|&other| other != decided) {
            BitCounts::over(taken.iter().map(|&draw| lane(draw, other)))
                .assert_fair(taken.len() as u32, &format!("lane {other} where lane {decided} struck"));
        }
    }
}

/// What gives the `n`th pair.
type Pair<'a> = &'a dyn Fn(u32) -> (u64, u64);

/// Pairs of draws fill a 64 × 64 grid evenly, by their high bits and by their low bits: chi-square with 4,095 degrees of
/// freedom (standard deviation 90.5) within 5.5 deviations.
#[test]
fn pairs_of_draws_fill_the_plane() {
    let [low, high] = key(4);
    let draw = |node, counter| StreamKey::new(low, high).draw(node, counter);
    let pairs: [(&str, Pair<'_>); 4] = [
        ("counters", &|n| (draw(0, 2 * n), draw(0, 2 * n + 1))),
        ("nodes", &|n| (draw(2 * n, 0), draw(2 * n + 1, 0))),
        ("lanes", &|n| (lane(draw(1, n), 0), lane(draw(1, n), 1))),
        ("draw and lane", &|n| (draw(1, n), lane(draw(1, n), 0))),
    ];
    for (what, pair) in pairs {
        for shift in [58, 0] {
            let mut cells = vec![0_u32; 4_096];
            let samples = 64 * 4_096;
            for (x, y) in (0..samples).map(pair) {
                cells[((x >> shift & 63) << 6 | (y >> shift & 63)) as usize] += 1;
            }
            let expected = f64::from(samples) / 4_096.0;
            let chi_square: f64 = cells.iter().map(|&n| (f64::from(n) - expected) * (f64::from(n) - expected) / expected).sum();
            assert!((chi_square - 4_095.0).abs() < 5.5 * 90.5, "{what}, shift {shift}: chi-square {chi_square}");
        }
    }
}
