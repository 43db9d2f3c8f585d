//! Counts of durations in cells of 1/16 octave: constant memory, integer arithmetic, exact counts, values within 6.25 %.

use crate::time::Nanos;

/// 61 octaves of 16 cells are used; a power of two spares the bounds check.
const CELLS: usize = 1_024;

/// A histogram of durations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Histogram {
    cells: Box<[u64; CELLS]>,
    longest: Nanos,
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Histogram {
        Histogram { cells: Box::new([0; CELLS]), longest: 0 }
    }

    /// Counts one duration.
    #[inline]
    pub fn record(&mut self, value: Nanos) {
        self.cells[cell(value) % CELLS] += 1;
        // A branch that is hardly ever taken, and no store at each record.
        if value > self.longest {
            self.longest = value;
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Histogram) {
        self.cells.iter_mut().zip(&*other.cells).for_each(|(mine, theirs)| *mine += theirs);
        self.longest = self.longest.max(other.longest);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// The upper end of the first cell at or below which the share `q` of the counts lies: at most 6.25 % above the exact
    /// quantile, and exact at 1. `None` when nothing was counted.
    pub fn quantile(&self, q: f64) -> Option<Nanos> {
        let count = self.count();
        let wanted = ((q * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0;
        let reached = self.cells.iter().position(|cell| {
            seen += cell;
            seen >= wanted
        });
        reached.map(|cell| upper_end(cell).min(self.longest))
    }
}

/// How long things waited: those that did not wait count with 0.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Waits {
    /// All of them.
    pub spread: Histogram,
    /// The longest, in ns.
    pub longest: Nanos,
    /// Their sum, in ns.
    pub total: u128,
}

impl Waits {
    /// The mean in seconds; `None` when nothing was counted.
    pub fn mean_s(&self) -> Option<f64> {
        let count = self.spread.count();
        (count > 0).then(|| self.total as f64 / 1e9 / count as f64)
    }

    /// Counts one wait.
    pub fn record(&mut self, wait: Nanos) {
        self.spread.record(wait);
        self.longest = self.longest.max(wait);
        self.total += u128::from(wait);
    }
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram::new()
    }
}

#[inline]
fn cell(value: Nanos) -> usize {
    if value < 16 {
        return value as usize;
    }
    let octave = value.ilog2() as usize;
    (octave - 3) * 16 + (value >> (octave - 4) & 15) as usize
}

fn upper_end(cell: usize) -> Nanos {
    if cell < 16 {
        return cell as u64;
    }
    let (octave, part) = (cell / 16 + 3, (cell % 16) as u64);
    ((16 + part) << (octave - 4)) + ((1u64 << (octave - 4)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_at_or_below_its_cells_upper_end() {
        let values = (0..64).flat_map(|bit| [1u64 << bit, (1u64 << bit) - 1, (1u64 << bit) | 5]).chain([u64::MAX]);
        for value in values {
            let end = upper_end(cell(value));
            assert!(end >= value && end - value <= value / 16, "{value} in a cell up to {end}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_counts() {
        let mut histogram = Histogram::new();
        (1..=1_000).for_each(|value| histogram.record(value));
        for (q, exact) in [(0.0, 1), (0.5, 500), (0.99, 990), (1.0, 1_000)] {
            let got = histogram.quantile(q).unwrap();
            assert!(got >= exact && got - exact <= exact / 16, "q{q}: {got} for {exact}");
        }
    }
}
