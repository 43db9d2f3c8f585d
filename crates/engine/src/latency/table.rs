//! An inverse distribution function as a table of integers, from which a latency is drawn without floating point.
//!
//! **Cells.** A draw is a point of the unit interval. It is folded at the middle, so that what counts is its distance from
//! the nearer end, and that distance is cut into octaves (1/2 to 1/4, 1/4 to 1/8, …, down to 2^-48), each into 32 equal cells.
//! So a cell is never wider than 1/32 of its own tail probability, in the middle (1/128) as in the tails. The table holds
//! the exact quantile, rounded to a nanosecond, at each cell's edge, and a sample is interpolated between two edges.
//! (1,024 uniform cells, measured, err by 89 % in a lognormal's head and by 7 % in a Pareto's tail.)
//!
//! **Error.** At the edges, which all 2^-k and 1 - 2^-k are, only that rounding. Inside a cell, interpolation adds at most, in
//! parts of the value (measured over all cells by the tests): 7e-5 for an exponential, 2e-4 for a lognormal with a 99th
//! percentile of 33 medians, 6e-4 for 1,000 medians, 1e-3 for 10,000, 5e-3 for 10^8. To the mean it adds 3e-5 for an
//! exponential. Where the quantile grows like p^-a, as in a Pareto's tail of index 1/a, the bound is a (a + 1) / 8192. Draws
//! within 2^-48 of an end (one in 10^14) give the quantile at 2^-48 from it. Quantiles beyond `u64::MAX` saturate.
//!
//! It is deliberately not for distributions with steps, which interpolation would blur; [`super::Sampler`] has those.

use super::Distribution;
use super::distribution::{End, round_to_ns};

/// Cells in an octave, as a power of two.
const CELL_BITS: u32 = 5;
const CELLS: usize = 1 << CELL_BITS;
/// Octaves from 1/2 to the smallest tail probability that the table distinguishes.
const OCTAVES: usize = 47;
/// That probability, 2^-48, as a distance in draws.
const LEAST: u64 = 1 << (63 - OCTAVES);
/// Cells from either end to the middle.
const HALF: usize = OCTAVES * CELLS;
/// Every cell's edges.
const EDGES: usize = 2 * HALF + 1;

/// A table of a distribution's quantiles: 24 kB, of which nearly all draws touch the same 2.5 kB.
#[derive(Clone, PartialEq, Eq)]
pub struct Table {
    /// Latencies in nanoseconds at the edges of the cells, from the lower end to the upper.
    // Invariant: never descending, hence sampling is monotone in the draw.
    quantiles_ns: Box<[u64; EDGES]>,
}

impl Table {
    /// The table of a distribution that is valid; takes a fraction of a millisecond.
    pub fn new(distribution: &Distribution) -> Table {
        let mut quantiles_ns: Box<[u64; EDGES]> = vec![0; EDGES].try_into().expect("the vector has the array's length");
        for cell in 0..=HALF {
            let p = edge(cell);
            quantiles_ns[cell] = round_to_ns(distribution.tail(End::Lower, p));
            quantiles_ns[EDGES - 1 - cell] = round_to_ns(distribution.tail(End::Upper, p));
        }
        // The last bits of the approximations may disagree where they meet; a table must ascend.
        for at in 1..EDGES {
            quantiles_ns[at] = quantiles_ns[at].max(quantiles_ns[at - 1]);
        }
        Table { quantiles_ns }
    }

    /// The latency in nanoseconds at this draw of 64 uniform bits; a greater draw never gives a smaller latency.
    #[inline]
    pub fn sample(&self, draw: u64) -> u64 {
        // All ones in the upper half, else zero. Masks instead of branches, which would be mispredicted half of the time.
        let upper = (draw as i64 >> 63) as u64;
        let distance = (draw ^ upper).max(LEAST);
        let octave_bit = distance.ilog2();
        let octave = (octave_bit - LEAST.ilog2()) as usize;
        let in_octave = (distance >> (octave_bit - CELL_BITS)) as usize & (CELLS - 1);
        let from_end = octave * CELLS + in_octave;
        // Counted from the lower end; and the part of the cell, in 2^-64ths, that lies below the draw.
        let cell = (from_end ^ upper as usize).wrapping_add(upper as usize & (2 * HALF));
        let part = (distance << (63 - octave_bit + CELL_BITS) << 1) ^ upper;
        interpolate(self.quantiles_ns[cell], self.quantiles_ns[cell + 1], part)
    }
}

/// The point `part` / 2^64 of the way from `low` to `high`, to the nearest integer.
#[inline]
fn interpolate(low: u64, high: u64, part: u64) -> u64 {
    let rise = u128::from(high - low) * u128::from(part) + (1 << 63);
    // At most `high`: the rise is below (high - low + 1) 2^64.
    low + (rise >> 64) as u64
}

/// The tail probability at which the `cell`th cell from an end begins, exact in a float.
fn edge(cell: usize) -> f64 {
    let (octave, in_octave) = (cell / CELLS, cell % CELLS);
    let distance = (LEAST << octave) as f64 * (1.0 + in_octave as f64 / CELLS as f64);
    distance / 18_446_744_073_709_551_616.0
}

impl std::fmt::Debug for Table {
    /// Three thousand numbers help nobody.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Table").field("median_ns", &self.quantiles_ns[HALF]).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;
    use proptest::prelude::*;

    /// From a constant in disguise to eight orders of magnitude between median and 99th percentile.
    fn distributions() -> Vec<Distribution> {
        let mut distributions = vec![
            Distribution::Uniform { low_ns: 0, high_ns: 1_000_000_000_000_000 },
            Distribution::Uniform { low_ns: 1_000_000, high_ns: 10_000_000 },
            Distribution::Exponential { mean_ns: 10 },
            Distribution::Exponential { mean_ns: 5_000_000 },
            Distribution::Exponential { mean_ns: 1 << 50 },
        ];
        for p99_over_median in [1, 2, 8, 33, 1_000, 100_000_000] {
            for median_ns in [50, 5_000_000, 1 << 40] {
                distributions.push(Distribution::Lognormal { median_ns, p99_ns: median_ns.saturating_mul(p99_over_median) });
            }
        }
        distributions
    }

    /// Holds the sample at a draw to the exact quantile there, to 1e-3 of it and a nanosecond.
    fn assert_exact(table: &Table, distribution: &Distribution, end: End, distance: u64, tolerance: f64) {
        let draw = match end {
            End::Lower => distance,
            End::Upper => !distance,
        };
        let exact = distribution.tail(end, (distance as f64 + 0.5) / 18_446_744_073_709_551_616.0).min(u64::MAX as f64);
        let sampled = table.sample(draw) as f64;
        if exact > u64::MAX as f64 / 2.0 {
            // In the one cell whose outer edge saturates, interpolation is towards the wrong value.
            return assert!(sampled > u64::MAX as f64 / 4.0, "{distribution:?} {end:?} {distance:#x}: {sampled} for {exact}");
        }
        let error = (sampled - exact).abs();
        assert!(error <= tolerance * exact + 1.0, "{distribution:?} {end:?} {distance:#x}: {sampled} for {exact}");
    }

    #[test]
    fn quantiles_are_exact_at_every_power_of_two_down_to_2_to_the_minus_48() {
        for distribution in distributions() {
            let table = Table::new(&distribution);
            for k in 1..=48 {
                for end in [End::Lower, End::Upper] {
                    let distance = 1_u64 << (64 - k);
                    assert_exact(&table, &distribution, end, distance - u64::from(k == 1), 1e-3);
                    assert_exact(&table, &distribution, end, distance.max(LEAST + 1) - 1, 1e-3);
                }
            }
        }
    }

    /// Inside the cells it is not exact: the middles of all cells, where interpolation errs most, within 1e-3 for every
    /// lognormal up to a 99th percentile of a thousand medians.
    #[test]
    fn quantiles_are_close_inside_every_cell() {
        for distribution in distributions() {
            let Distribution::Lognormal { median_ns, p99_ns } = distribution else {
                check_inside_cells(&distribution, 1e-4);
                continue;
            };
            check_inside_cells(&distribution, if p99_ns / median_ns <= 1_000 { 1e-3 } else { 6e-3 });
        }
    }

    fn check_inside_cells(distribution: &Distribution, tolerance: f64) {
        let table = Table::new(distribution);
        for cell in 0..HALF {
            let width = (LEAST << (cell / CELLS)) / CELLS as u64;
            let begin = (LEAST << (cell / CELLS)) + width * (cell % CELLS) as u64;
            for distance in [begin + width / 4, begin + width / 2, begin + width - 1] {
                assert_exact(&table, distribution, End::Lower, distance, tolerance);
                assert_exact(&table, distribution, End::Upper, distance, tolerance);
            }
        }
    }

    #[test]
    fn the_outermost_draws_are_sane() {
        for distribution in distributions() {
            let table = Table::new(&distribution);
            for draw in [0, 1, LEAST - 1, LEAST] {
                assert_eq!(table.sample(draw), table.quantiles_ns[0], "{distribution:?}");
                assert_eq!(table.sample(!draw), table.quantiles_ns[EDGES - 1], "{distribution:?}");
            }
        }
        let overflowing = Table::new(&Distribution::Lognormal { median_ns: 1 << 40, p99_ns: u64::MAX });
        assert_eq!(overflowing.sample(u64::MAX), u64::MAX);
        assert!(overflowing.sample(u64::MAX / 2) < 1 << 41);
    }

    #[test]
    fn the_middle_is_continuous() {
        let table = Table::new(&Distribution::Lognormal { median_ns: 1 << 40, p99_ns: 1 << 43 });
        let (below, above) = (table.sample((1 << 63) - 1), table.sample(1 << 63));
        assert!(below.abs_diff(1 << 40) <= 1 && above.abs_diff(1 << 40) <= 1, "{below}, {above}");
    }

    #[test]
    fn samples_ascend_with_the_draw() {
        for distribution in distributions() {
            let table = Table::new(&distribution);
            let key = StreamKey::new(1, 2);
            // All scales: a draw shifted by 0 to 63, from either end.
            let mut draws: Vec<u64> = (0..20_000).map(|n| key.draw(0, n) >> (n % 64)).collect();
            draws.extend((0..20_000).map(|n| !(key.draw(1, n) >> (n % 64))));
            draws.sort_unstable();
            assert!(draws.windows(2).all(|pair| table.sample(pair[0]) <= table.sample(pair[1])), "{distribution:?}");
        }
    }

    /// A grid of one draw a stratum integrates the table, so what remains is the table's own error.
    #[test]
    fn means_are_right() {
        const STRATA: u64 = 1 << 18;
        for (distribution, tolerance) in [
            (Distribution::Uniform { low_ns: 1_000_000, high_ns: 10_000_000 }, 1e-6),
            (Distribution::Exponential { mean_ns: 5_000_000 }, 1e-4),
            (Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 10_000_000 }, 1e-4),
            (Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 40_000_000 }, 1e-4),
            (Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 165_000_000 }, 2e-4),
        ] {
            let table = Table::new(&distribution);
            let width = u64::MAX / STRATA + 1;
            let sum: u128 = (0..STRATA).map(|n| u128::from(table.sample(n * width + width / 2))).sum();
            let mean = sum as f64 / STRATA as f64;
            assert!((mean / distribution.mean() - 1.0).abs() < tolerance, "{distribution:?}: {mean} for {}", distribution.mean());
        }
    }

    proptest! {
        #[test]
        fn interpolation_stays_between_its_ends(a: u64, b: u64, part: u64) {
            let (low, high) = (a.min(b), a.max(b));
            let point = interpolate(low, high, part);
            prop_assert!(low <= point && point <= high);
            prop_assert!(interpolate(low, high, part.saturating_add(1)) >= point);
        }
    }
}
