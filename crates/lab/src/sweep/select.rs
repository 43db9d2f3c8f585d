//! Exact ranks among more values than are held in memory: by passes over them, each of which counts the values in some thousand cells
//! of what is still open, until what is left in a cell with a wanted rank can be held and sorted (or is a single value).

use std::collections::BTreeMap;

/// Cells of a span: 2 to this.
const CELL_BITS: u32 = 12;
/// A span of so many values is held and sorted.
const HELD_MAX: u64 = 2_048;

/// The search for the values of some ranks. It is shown all values, in any order, once a pass, until it has them.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    open: Vec<Span>,
    /// Ranks with their values' images.
    found: Vec<(u64, u64)>,
}

/// Neighbouring values with a wanted rank among them.
#[derive(Clone, Debug)]
struct Span {
    /// Images, both ends included.
    low: u64,
    high: u64,
    /// How many values lie below.
    below: u64,
    /// Wanted ranks, ascending, from 1 among all values.
    ranks: Vec<u64>,
    /// How many values lie in each cell; or, where the span is held, nothing.
    counts: Vec<u64>,
    held: Vec<u64>,
}

/// An image of a value with the order of `total_cmp`.
pub(super) fn image(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ if bits >> 63 == 1 { u64::MAX } else { 1 << 63 }
}

/// The value of an image.
pub(super) fn value(image: u64) -> f64 {
    f64::from_bits(image ^ if image >> 63 == 1 { 1 << 63 } else { u64::MAX })
}

impl Selection {
    /// Looks for the values of some ranks, from 1, among `count` values between two images.
    pub(super) fn new(low: u64, high: u64, count: u64, ranks: impl IntoIterator<Item = u64>) -> Selection {
        let mut ranks: Vec<u64> = ranks.into_iter().collect();
        ranks.sort_unstable();
        ranks.dedup();
        let mut selection = Selection { open: Vec::new(), found: Vec::new() };
        selection.narrow(low, high, 0, count, ranks);
        selection
    }

    /// The values of some ranks among values whose images were counted one by one: found at once.
    pub(super) fn among(counts: &BTreeMap<u64, u64>, ranks: impl IntoIterator<Item = u64>) -> Selection {
        // The last rank of each.
        let last = |upto: &mut u64, (image, count): (&u64, &u64)| {
            *upto += count;
            Some((*upto, *image))
        };
        let last: Vec<(u64, u64)> = counts.iter().scan(0, last).collect();
        let image = |rank: u64| last[last.partition_point(|(upto, _)| *upto < rank)].1;
        Selection { open: Vec::new(), found: ranks.into_iter().map(|rank| (rank, image(rank))).collect() }
    }

    /// Whether it has to see the values, once more.
    pub(super) fn wants_a_pass(&self) -> bool {
        !self.open.is_empty()
    }

    /// Sees a value.
    pub(super) fn take(&mut self, value: f64) {
        let image = image(value);
        for span in &mut self.open {
            if image < span.low {
                break;
            }
            if image <= span.high {
                match span.counts.as_mut_slice() {
                    [] => span.held.push(image),
                    counts => counts[((image - span.low) >> shift(span.low, span.high)) as usize] += 1,
                }
                break;
            }
        }
    }

    /// All values have been seen.
    pub(super) fn end_pass(&mut self) {
        for mut span in std::mem::take(&mut self.open) {
            if span.counts.is_empty() {
                span.held.sort_unstable();
                self.found.extend(span.ranks.iter().map(|rank| (*rank, span.held[(rank - span.below - 1) as usize])));
                continue;
            }
            let shift = shift(span.low, span.high);
            let (mut below, mut ranks) = (span.below, span.ranks.as_slice());
            for (cell, count) in (0u64..).zip(&span.counts) {
                let here = ranks.partition_point(|rank| *rank <= below + count);
                if here > 0 {
                    let low = span.low + (cell << shift);
                    let high = span.high.min(low + ((1 << shift) - 1));
                    self.narrow(low, high, below, *count, ranks[..here].to_vec());
                    ranks = &ranks[here..];
                }
                below += count;
            }
        }
    }

    fn narrow(&mut self, low: u64, high: u64, below: u64, count: u64, ranks: Vec<u64>) {
        if low == high {
            self.found.extend(ranks.into_iter().map(|rank| (rank, low)));
            return;
        }
        let counts = if count <= HELD_MAX { Vec::new() } else { vec![0; 1 << CELL_BITS] };
        self.open.push(Span { low, high, below, ranks, counts, held: Vec::new() });
    }

    /// The value of a rank that was looked for.
    pub(super) fn of(&self, rank: u64) -> f64 {
        let found = self.found.iter().find(|(known, _)| *known == rank);
        value(found.expect("passes are over, and the rank was asked for").1)
    }
}

/// How much finer images are than the cells of a span.
fn shift(low: u64, high: u64) -> u32 {
    (u64::BITS - (high - low).leading_zeros()).saturating_sub(CELL_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_engine::random::mix;

    fn ranked(values: &[f64], ranks: &[u64]) -> Vec<f64> {
        let images = || values.iter().map(|value| image(*value));
        let (low, high) = (images().min().unwrap(), images().max().unwrap());
        let mut selection = Selection::new(low, high, values.len() as u64, ranks.iter().copied());
        let mut passes = 0;
        while selection.wants_a_pass() {
            values.iter().for_each(|value| selection.take(*value));
            selection.end_pass();
            passes += 1;
            assert!(passes <= 6, "{passes} passes");
        }
        let mut counts = BTreeMap::new();
        images().for_each(|image| *counts.entry(image).or_insert(0) += 1);
        let counted = Selection::among(&counts, ranks.iter().copied());
        assert!(!counted.wants_a_pass());
        let same = |rank: &u64| counted.of(*rank).to_bits() == selection.of(*rank).to_bits();
        assert!(ranks.iter().all(same), "{} values", values.len());
        ranks.iter().map(|rank| selection.of(*rank)).collect()
    }

    #[test]
    fn images_have_the_order_of_values() {
        let values = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1.0 + f64::EPSILON, f64::INFINITY];
        assert!(values.windows(2).all(|pair| image(pair[0]) < image(pair[1])));
        assert!(values.iter().all(|each| value(image(*each)).to_bits() == each.to_bits()));
    }

    #[test]
    fn ranks_are_those_of_sorted_values() {
        let even = |count: u64| (0..count).map(|index| mix(index, 1) as f64 / 1e19).collect::<Vec<_>>();
        let mut spread: Vec<f64> =
            (0..30_000).map(|index| f64::from_bits(mix(index, 2))).filter(|value| !value.is_nan()).collect();
        spread.extend([f64::INFINITY; 3_000]);
        // All ties, nearly all ties, and values that differ in their last bits alone.
        let tied = vec![0.25; 10_000];
        let nearly: Vec<f64> = (0..20_000u64).map(|index| if index % 7 == 0 { mix(index, 3) as f64 } else { 4.0 }).collect();
        let close: Vec<f64> = (0..10_000u64).map(|index| f64::from_bits(1.0f64.to_bits() + mix(index, 4) % 9_000)).collect();
        for values in [even(1), even(2), even(100), even(2_048), even(2_049), even(100_000), spread, tied, nearly, close] {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let count = values.len() as u64;
            let ranks: Vec<u64> = [1, 2, 50, 90, 99, 100].iter().map(|part| (count * part).div_ceil(100).max(1)).collect();
            let expected: Vec<u64> = ranks.iter().map(|rank| sorted[*rank as usize - 1].to_bits()).collect();
            let found: Vec<u64> = ranked(&values, &ranks).into_iter().map(f64::to_bits).collect();
            assert_eq!(found, expected, "{count} values");
        }
    }
}
