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
//! exponential. Where the quantile grows like p^-a, as in a Pareto's tail of shape 1/a, the bound is a (a + 1) / 8192: 1.3e-4 at
//! the shape 1.51, 1e-3 at 0.41. What is truncated stays within 1e-3 if its law does. Draws within 2^-48 of an end (one in
//! 10^14) give the quantile at 2^-48 from it. Quantiles beyond `u64::MAX` saturate.
//!
//! It is deliberately not for distributions with steps, which interpolation would blur; [`super::Sampler`] has those.

use super::distribution::End;

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
pub(super) struct Table {
    /// Latencies in nanoseconds at the edges of the cells, from the lower end to the upper.
    // Invariant: never descending, hence sampling is monotone in the draw.
    quantiles_ns: Box<[u64; EDGES]>,
}

impl Table {
    /// The table of a law, given by its exact quantile, rounded, at a probability in 0 to 1/2 counted from an end. Takes a
    /// fraction of a millisecond.
    pub(super) fn new(tail_ns: impl Fn(End, f64) -> u64) -> Table {
        let mut quantiles_ns: Box<[u64; EDGES]> = vec![0; EDGES].try_into().expect("the vector has the array's length");
        for cell in 0..=HALF {
            let p = edge(cell);
            quantiles_ns[cell] = tail_ns(End::Lower, p);
            quantiles_ns[EDGES - 1 - cell] = tail_ns(End::Upper, p);
        }
        // The last bits of the approximations may disagree where they meet; a table must ascend.
        for at in 1..EDGES {
            quantiles_ns[at] = quantiles_ns[at].max(quantiles_ns[at - 1]);
        }
        Table { quantiles_ns }
    }

    /// The latency in nanoseconds at this draw of 64 uniform bits; a greater draw never gives a smaller latency.
    #[inline]
    pub(super) fn sample(&self, draw: u64) -> u64 {
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
    use super::super::Distribution;
    use super::super::distribution::round_to_ns;
    use super::super::parts::{self, Shape};
    use super::*;
    use crate::random::StreamKey;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    /// From a constant in disguise to eight orders of magnitude between median and 99th percentile; each with what
    /// interpolation may err by inside a cell.
    fn distributions() -> Vec<(Distribution, f64)> {
        let mut distributions = vec![
            (Distribution::Uniform { low_ns: 0, high_ns: 1_000_000_000 * MS }, 1e-4),
            (Distribution::Uniform { low_ns: MS, high_ns: 10 * MS }, 1e-4),
        ];
        for mean_ns in [10, 5 * MS, 1 << 50] {
            distributions.push((Distribution::Exponential { mean_ns }, 1e-4));
        }
        for (p99_over_median, tolerance) in [(1, 1e-4), (2, 1e-3), (8, 1e-3), (33, 1e-3), (1_000, 1e-3), (100_000_000, 6e-3)] {
            for median_ns in [50, 5 * MS, 1 << 40] {
                let p99_ns = median_ns.saturating_mul(p99_over_median);
                distributions.push((Distribution::Lognormal { median_ns, p99_ns }, tolerance));
            }
        }
        for (mean_ns, stddev_ns) in [(0, MS), (MS, 1 << 40), (5 * MS, 5 * MS), (5 * MS, MS), (8 * MS, MS), (50 * MS, MS)] {
            distributions.push((Distribution::Normal { mean_ns, stddev_ns }, 1e-3));
        }
        // The published ones, and around the shape at which the mean ends.
        for (shape, tolerance) in
            [(0.3, 2e-3), (0.5, 1e-3), (1.0, 3e-4), (1.51, 2e-4), (3.35, 1e-4), (3.8, 1e-4), (10.0, 1e-4), (1e6, 1e-4)]
        {
            for scale_ns in [1, 235_000, 1 << 40] {
                distributions.push((Distribution::Pareto { scale_ns, shape }, tolerance));
            }
        }
        distributions.extend(carved());
        distributions
    }

    /// Truncated and shifted ones: bounds in the middle and in either tail, alone and nested.
    fn carved() -> Vec<(Distribution, f64)> {
        let lognormal = || Distribution::Lognormal { median_ns: 5 * MS, p99_ns: 40 * MS };
        let exponential = || Distribution::Exponential { mean_ns: 5 * MS };
        let normal = || Distribution::Normal { mean_ns: 5 * MS, stddev_ns: 2 * MS };
        let pareto = |shape| Distribution::Pareto { scale_ns: 235_000, shape };
        let carved = [
            lognormal().truncated(Some(MS), Some(50 * MS)),
            lognormal().truncated(Some(80 * MS), None),
            lognormal().truncated(None, Some(300_000)),
            lognormal().truncated(Some(5 * MS), Some(5 * MS + 100)),
            lognormal().shifted(75 * MS),
            lognormal().truncated(None, Some(50 * MS)).shifted(2 * MS).truncated(Some(4 * MS), None),
            exponential().truncated(Some(60 * MS), None),
            exponential().truncated(None, Some(MS)),
            normal().truncated(Some(12 * MS), Some(13 * MS)),
            normal().truncated(None, Some(100_000)),
            normal().shifted(1 << 45),
            pareto(1.51).truncated(None, Some(50 * MS)),
            pareto(1.51).truncated(Some(100 * MS), None),
            pareto(3.35).shifted(2 * MS),
            pareto(10.0).truncated(Some(250_000), Some(300_000)),
            pareto(0.1).truncated(None, Some(1_000 * MS)),
            Distribution::Lognormal { median_ns: 5 * MS, p99_ns: 5_000 * MS }.truncated(Some(10_000), Some(1_000 * MS)),
        ];
        carved.into_iter().map(|distribution| (distribution, 1e-3)).collect()
    }

    /// The table as a sampler has it; a uniform distribution, which needs none, is there as the simplest law.
    fn table(distribution: &Distribution) -> Table {
        match &distribution.valid_parts()[..] {
            [part] => match &part.shape {
                Shape::Smooth(window) => Table::new(|end, p| window.tail_ns(end, p)),
                shape => Table::new(|end, p| round_to_ns(shape.tail(end, p))),
            },
            parts => panic!("a mixture of {} has no table", parts.len()),
        }
    }

    fn exact(distribution: &Distribution, end: End, p: f64) -> f64 {
        parts::tail(&distribution.valid_parts(), end, p).min(u64::MAX as f64)
    }

    /// Holds the sample at a draw to the exact quantile there, to 1e-3 of it and a nanosecond.
    fn assert_exact(table: &Table, distribution: &Distribution, end: End, distance: u64, tolerance: f64) {
        let draw = match end {
            End::Lower => distance,
            End::Upper => !distance,
        };
        let exact = exact(distribution, end, (distance as f64 + 0.5) / 18_446_744_073_709_551_616.0);
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
        for (distribution, _) in distributions() {
            let table = table(&distribution);
            for k in 1..=48 {
                for end in [End::Lower, End::Upper] {
                    let distance = 1_u64 << (64 - k);
                    assert_exact(&table, &distribution, end, distance - u64::from(k == 1), 1e-3);
                    assert_exact(&table, &distribution, end, distance.max(LEAST + 1) - 1, 1e-3);
                }
            }
        }
    }

    /// Inside the cells it is not exact: their quarters, middles and ends, where interpolation errs most, within 1e-3 for
    /// every lognormal up to a 99th percentile of a thousand medians, and for every Pareto with a finite mean.
    #[test]
    fn quantiles_are_close_inside_every_cell() {
        for (distribution, tolerance) in distributions() {
            check_inside_cells(&distribution, tolerance);
        }
    }

    fn check_inside_cells(distribution: &Distribution, tolerance: f64) {
        let table = table(distribution);
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
        for (distribution, _) in distributions() {
            let table = table(&distribution);
            for draw in [0, 1, LEAST - 1, LEAST] {
                assert_eq!(table.sample(draw), table.quantiles_ns[0], "{distribution:?}");
                assert_eq!(table.sample(!draw), table.quantiles_ns[EDGES - 1], "{distribution:?}");
            }
        }
        let overflowing = table(&Distribution::Lognormal { median_ns: 1 << 40, p99_ns: u64::MAX });
        assert_eq!(overflowing.sample(u64::MAX), u64::MAX);
        assert!(overflowing.sample(u64::MAX / 2) < 1 << 41);
    }

    #[test]
    fn the_middle_is_continuous() {
        let table = table(&Distribution::Lognormal { median_ns: 1 << 40, p99_ns: 1 << 43 });
        let (below, above) = (table.sample((1 << 63) - 1), table.sample(1 << 63));
        assert!(below.abs_diff(1 << 40) <= 1 && above.abs_diff(1 << 40) <= 1, "{below}, {above}");
    }

    #[test]
    fn samples_ascend_with_the_draw() {
        for (distribution, _) in distributions() {
            let table = table(&distribution);
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
            (Distribution::Normal { mean_ns: 5_000_000, stddev_ns: 1_000_000 }, 1e-5),
            (Distribution::Normal { mean_ns: 5_000_000, stddev_ns: 10_000_000 }, 1e-5),
            (Distribution::Pareto { scale_ns: 235_000, shape: 10.0 }, 1e-5),
            (Distribution::Pareto { scale_ns: 3_000_000, shape: 3.35 }, 1e-4),
            (Distribution::Pareto { scale_ns: 1_050_000, shape: 1.51 }.truncated(None, Some(1_000_000_000)), 1e-4),
            (Distribution::Pareto { scale_ns: 1_050_000, shape: 1.0 }.truncated(Some(2_000_000), Some(40_000_000)), 1e-4),
            (Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 40_000_000 }.truncated(Some(MS), Some(9 * MS)), 1e-5),
            (Distribution::Lognormal { median_ns: 5_000_000, p99_ns: 40_000_000 }.truncated(Some(50 * MS), None), 1e-5),
            (Distribution::Exponential { mean_ns: 5_000_000 }.truncated(Some(MS), Some(2 * MS)).shifted(MS), 1e-5),
            (Distribution::Normal { mean_ns: 5_000_000, stddev_ns: 1_000_000 }.truncated(Some(9 * MS), None), 1e-5),
        ] {
            let table = table(&distribution);
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
