//! What the runs of each point come to. Rows are shown block by block; what is held does not grow with their number: a point with
//! more runs than are held is shown more than once.

use super::select::{Selection, image, value};
use super::{Manifest, Rows};
use crate::expect::Standing;
use crate::statistics::{Interval, Quantile, mean_interval_of, quantile_ranks};
use std::collections::BTreeMap;

/// Quantiles that a summary tells.
pub(super) const QUANTILES: [Quantile; 3] = [Quantile::P50, Quantile::P90, Quantile::P99];
/// The level of all intervals.
const LEVEL: f64 = 0.95;
/// Values of a point that are held, of each column: a point with no more runs is shown once.
const HELD_MAX: u64 = 1 << 15;
/// Different values of a column that are counted one by one: a column with no more is shown once.
const TALLY_MAX: usize = 256;

/// A point, summed up.
#[derive(Clone, PartialEq, Debug)]
pub struct PointSummary {
    /// Its number in the grid.
    pub point: u64,
    /// All of its runs.
    pub runs: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that are open.
    pub undecided: u64,
    /// The first that failed.
    pub first_failed_seed: Option<u64>,
    /// For each column what its values come to; `None` where no run has one.
    pub figures: Vec<Option<Figures>>,
}

/// What values come to.
#[derive(Clone, PartialEq, Debug)]
pub struct Figures {
    /// How many runs had a value.
    pub values: u64,
    /// The mean.
    pub mean: f64,
    /// Of the mean, by Student's t.
    pub interval: Interval,
    /// Of the values, estimated; none of a single one, or where one is infinite.
    pub stddev: Option<f64>,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Median, 90th and 99th percentile by nearest rank, each with its interval by order statistics.
    pub quantiles: [(f64, Interval); 3],
}

/// A quantile's rank, and those of its interval's ends.
#[derive(Clone, Copy, Debug)]
struct Ranks {
    at: u64,
    low: Option<u64>,
    high: Option<u64>,
}

/// Sums up one point after another.
#[derive(Clone, Debug)]
pub struct Summing {
    summary: PointSummary,
    columns: Vec<Values>,
    /// Whether the point is small enough that its values are held.
    holds: bool,
    pass: u32,
    /// By numbers of values: points are of one size, and to find the ranks takes long.
    ranks: BTreeMap<u64, [Ranks; 3]>,
}

/// The values of a column so far.
#[derive(Clone, Debug)]
struct Values {
    count: u64,
    sum: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
    /// Images.
    min: u64,
    max: u64,
    /// How often each comes, by images; none where there are too many. Most metrics are counts.
    tally: Option<BTreeMap<u64, u64>>,
    /// All of them, where they are few.
    held: Vec<f64>,
    /// Known after the first pass.
    selection: Option<Selection>,
}

impl Summing {
    /// Begins with a point.
    pub fn new(manifest: &Manifest, point: u64) -> Summing {
        let mut summing =
            Summing { summary: PointSummary::empty(point), columns: Vec::new(), holds: false, pass: 0, ranks: BTreeMap::new() };
        summing.begin(manifest, point);
        summing
    }

    /// Goes on to another point.
    pub fn begin(&mut self, manifest: &Manifest, point: u64) {
        let values = || Values {
            count: 0,
            sum: 0.0,
            squares: 0.0,
            min: u64::MAX,
            max: 0,
            tally: Some(BTreeMap::new()),
            held: Vec::new(),
            selection: None,
        };
        self.summary = PointSummary::empty(point);
        self.columns = manifest.columns.iter().map(|_| values()).collect();
        self.holds = manifest.seeds <= HELD_MAX;
        self.pass = 0;
    }

    /// Sees rows of the point: all of them once, in their order.
    pub fn take(&mut self, manifest: &Manifest, rows: &Rows) {
        for (index, verdict) in rows.verdicts.iter().enumerate() {
            let (_, seed) = manifest.at(rows.first + index as u64);
            self.summary.see(seed, *verdict);
        }
        for (values, column) in self.columns.iter_mut().zip(&rows.values) {
            values.first(column, self.holds);
        }
    }

    /// Sees rows of the point in a pass after the first: these columns of them.
    pub fn take_columns(&mut self, values: &[Vec<Option<f64>>], columns: &[usize]) {
        for (index, column) in columns.iter().zip(values) {
            if let Some(selection) = &mut self.columns[*index].selection {
                column.iter().flatten().for_each(|value| selection.take(*value));
            }
        }
    }

    /// All rows of the point were shown. The columns that are to be shown once more: none when all is known.
    pub fn end_pass(&mut self) -> Vec<usize> {
        self.pass += 1;
        for values in &mut self.columns {
            if self.pass == 1 {
                let ranks = if values.count == 0 { continue } else { self.ranks.entry(values.count).or_insert_with_key(ranks) };
                values.end_first(ranks, self.holds);
            } else if let Some(selection) = &mut values.selection {
                selection.end_pass();
            }
        }
        let open = |values: &Values| values.selection.as_ref().is_some_and(Selection::wants_a_pass);
        (0..self.columns.len()).filter(|index| open(&self.columns[*index])).collect()
    }

    /// What the point came to; passes are over.
    pub fn finish(&mut self) -> PointSummary {
        let mut summary = self.summary.clone();
        let figures = |values: &Values| (values.count > 0).then(|| values.figures(&self.ranks[&values.count]));
        summary.figures = self.columns.iter().map(figures).collect();
        summary
    }
}

impl PointSummary {
    fn empty(point: u64) -> PointSummary {
        PointSummary { point, runs: 0, failed: 0, undecided: 0, first_failed_seed: None, figures: Vec::new() }
    }

    fn see(&mut self, seed: u64, verdict: Standing) {
        self.runs += 1;
        match verdict {
            Standing::Held => {}
            Standing::Undecided => self.undecided += 1,
            Standing::Failed => {
                self.failed += 1;
                self.first_failed_seed.get_or_insert(seed);
            }
        }
    }
}

fn ranks(count: &u64) -> [Ranks; 3] {
    QUANTILES.map(|quantile| {
        let (low, high) = quantile_ranks(*count, quantile, LEVEL);
        Ranks { at: quantile.rank(*count), low, high }
    })
}

impl Values {
    fn first(&mut self, column: &[Option<f64>], holds: bool) {
        let known = || column.iter().copied().flatten();
        let Some(one) = known().next() else { return };
        if column.iter().all(|value| value.map(f64::to_bits) == Some(one.to_bits())) {
            // Most metrics of most runs: nothing that could happen did.
            self.join(column.len() as f64, one, 0.0);
            self.count_equal(image(one), column.len() as u64);
        } else {
            let mut images: Vec<u64> = known().map(image).collect();
            let count = images.len() as f64;
            let mean = known().sum::<f64>() / count;
            self.join(count, mean, known().map(|value| (value - mean) * (value - mean)).sum());
            if self.tally.is_some() {
                images.sort_unstable();
                images.chunk_by(|one, other| one == other).for_each(|equal| self.count_equal(equal[0], equal.len() as u64));
            } else {
                images.iter().for_each(|image| self.widen(*image));
            }
        }
        // In the order of rows: it is the mean of the same runs elsewhere, to the last bit.
        self.sum = known().fold(self.sum, |sum, value| sum + value);
        if holds {
            self.held.extend(known());
        }
    }

    fn count_equal(&mut self, image: u64, count: u64) {
        self.widen(image);
        if let Some(tally) = &mut self.tally {
            *tally.entry(image).or_insert(0) += count;
            if tally.len() > TALLY_MAX {
                self.tally = None;
            }
        }
    }

    fn widen(&mut self, image: u64) {
        (self.min, self.max) = (self.min.min(image), self.max.max(image));
    }

    /// Adds the squares of others (Chan, Golub and LeVeque 1983, their pairwise update).
    fn join(&mut self, count: f64, mean: f64, squares: f64) {
        let ours = self.count as f64;
        if self.count > 0 {
            let distance = mean - self.sum / ours;
            self.squares += distance * distance * (ours * count / (ours + count));
        }
        self.squares += squares;
        self.count += count as u64;
    }

    fn end_first(&mut self, ranks: &[Ranks; 3], holds: bool) {
        let all = ranks.iter().flat_map(|ranks| [Some(ranks.at), ranks.low, ranks.high]).flatten();
        self.selection = Some(match self.tally.take() {
            Some(tally) => Selection::among(&tally, all),
            None => {
                let mut selection = Selection::new(self.min, self.max, self.count, all);
                while holds && selection.wants_a_pass() {
                    self.held.iter().for_each(|value| selection.take(*value));
                    selection.end_pass();
                }
                selection
            }
        });
        self.held = Vec::new();
    }

    /// Of equal values it is the value: a sum would round.
    fn mean(&self) -> f64 {
        if self.varies() { self.sum / self.count as f64 } else { value(self.min) }
    }

    fn varies(&self) -> bool {
        self.min < self.max
    }

    fn figures(&self, ranks: &[Ranks; 3]) -> Figures {
        let count = self.count as f64;
        let variance = if self.varies() { self.squares / (count - 1.0) } else { 0.0 };
        let several = self.count > 1;
        let interval = match several {
            true => mean_interval_of(self.mean(), libm::sqrt(variance / count), count, LEVEL),
            false => Interval::UNBOUNDED,
        };
        let selection = self.selection.as_ref().expect("the first pass is over");
        let quantile = |ranks: &Ranks| {
            let end = |rank: Option<u64>, unbounded: f64| rank.map_or(unbounded, |rank| selection.of(rank));
            (selection.of(ranks.at), Interval { low: end(ranks.low, f64::NEG_INFINITY), high: end(ranks.high, f64::INFINITY) })
        };
        Figures {
            values: self.count,
            mean: self.mean(),
            interval,
            stddev: (several && variance.is_finite()).then(|| libm::sqrt(variance)),
            min: value(self.min),
            max: value(self.max),
            quantiles: [quantile(&ranks[0]), quantile(&ranks[1]), quantile(&ranks[2])],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Column, Cut};
    use super::*;
    use crate::metrics::Unit;
    use crate::statistics::{Summary, quantile_interval, sorted, standard_error};
    use quorate_engine::outcome::Digest;
    use quorate_engine::random::mix;

    fn manifest(seeds: u64) -> Manifest {
        Manifest {
            quorate: String::new(),
            plan: Digest(0),
            scenario: String::new(),
            file: String::new(),
            set: Vec::new(),
            axes: vec![Axis::of("nodes=3,5").unwrap()],
            seeds,
            first_seed: 10,
            columns: vec![Column { name: "a".to_string(), unit: Unit::Seconds }],
            cut: Cut::new(seeds * 2, 3),
        }
    }

    /// Point 1 of two, in blocks of 1,000, and how many passes it took.
    fn summed(values: &[Option<f64>]) -> (PointSummary, u32) {
        let manifest = manifest(values.len() as u64);
        let mut summing = Summing::new(&manifest, 0);
        summing.begin(&manifest, 1);
        let (mut passes, mut open) = (0, Vec::new());
        loop {
            let mut first = manifest.rows_of(1).start;
            for block in values.chunks(1_000) {
                let verdicts = (0..block.len()).map(|index| match (first + index as u64) % 100 {
                    7 => Standing::Failed,
                    8 | 9 => Standing::Undecided,
                    _ => Standing::Held,
                });
                let rows = Rows {
                    first,
                    digests: vec![Digest(0); block.len()],
                    verdicts: verdicts.collect(),
                    values: vec![block.to_vec()],
                };
                match open.as_slice() {
                    [] => summing.take(&manifest, &rows),
                    columns => summing.take_columns(&rows.values, columns),
                }
                first += block.len() as u64;
            }
            passes += 1;
            open = summing.end_pass();
            if open.is_empty() {
                return (summing.finish(), passes);
            }
        }
    }

    #[test]
    fn a_point_is_summed_up_as_if_all_its_values_were_held() {
        for (count, passes_max) in [(1, 1), (2, 1), (100, 1), (3_000, 1), (HELD_MAX, 1), (HELD_MAX + 1, 3), (200_000, 3)] {
            let values: Vec<Option<f64>> =
                (0..count).map(|index| (index % 5 > 0 || count < 3).then(|| (mix(index, 9) >> 11) as f64 / 1e12)).collect();
            let (summary, passes) = summed(&values);
            assert!(passes <= passes_max, "{count}: {passes} passes");
            let known: Vec<f64> = values.iter().copied().flatten().collect();
            let (expected, ordered) = (Summary::of(&known).unwrap(), sorted(&known));
            let figures = summary.figures[0].clone().unwrap();
            assert_eq!((summary.runs, figures.values), (count, expected.count));
            assert_eq!((figures.mean, figures.min, figures.max), (expected.mean, expected.min, expected.max), "{count}");
            assert_eq!(figures.quantiles.map(|it| it.0), [expected.p50, expected.p90, expected.p99], "{count}");
            assert_eq!(figures.quantiles.map(|it| it.1), QUANTILES.map(|quantile| quantile_interval(&ordered, quantile, 0.95)));
            let error = standard_error(&known).map(|error| error * (known.len() as f64).sqrt());
            assert_eq!(figures.stddev.is_some(), error.is_some());
            let near = |one: f64, other: f64| one == other || (one - other).abs() <= 1e-12 * one.abs();
            assert!(near(figures.stddev.unwrap_or(0.0), error.unwrap_or(0.0)), "{count}");
            assert!(near(figures.interval.low, expected.ci95.low) && near(figures.interval.high, expected.ci95.high), "{count}");
        }
    }

    #[test]
    fn verdicts_are_counted_once_however_often_rows_are_shown() {
        let (summary, passes) = summed(&vec![Some(1.5); 50_000]);
        assert_eq!((summary.failed, summary.undecided, summary.first_failed_seed), (500, 1_000, Some(17)));
        assert_eq!(passes, 1, "few different values need no second look");
        let counts: Vec<_> = (0..50_000).map(|index| Some((index % 200) as f64)).collect();
        assert_eq!(summed(&counts).1, 1);
        let figures = summary.figures[0].clone().unwrap();
        assert_eq!((figures.mean, figures.stddev, figures.interval), (1.5, Some(0.0), Interval { low: 1.5, high: 1.5 }));
        assert_eq!(summed(&[None; 20]).0.figures, [None]);
        let infinite = summed(&[Some(1.0), Some(f64::INFINITY), None]).0.figures[0].clone().unwrap();
        assert_eq!((infinite.mean, infinite.stddev, infinite.interval), (f64::INFINITY, None, Interval::UNBOUNDED));
        assert_eq!((infinite.quantiles[0].0, infinite.max), (1.0, f64::INFINITY));
    }
}
