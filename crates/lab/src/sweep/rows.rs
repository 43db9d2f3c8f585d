//! Rows, column by column, and their digest. The digest of a sweep is a sum over its rows, each hashed together with its place: so
//! it does not matter how rows were cut, nor in which order parts were done or read, and still no row may change, move or be missing.

use super::Manifest;
use crate::expect::Standing;
use quorate_engine::outcome::Digest;
use quorate_engine::random::{Hasher64, mix};
use quorate_engine::wire::Wire;

/// A block of consecutive rows. Their points and seeds follow from their places.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows {
    /// The place of the first among all rows of the sweep.
    pub first: u64,
    /// Of each run.
    pub digests: Vec<Digest>,
    /// On each run alone.
    pub verdicts: Vec<Standing>,
    /// For each column the value of each run; `None` where a run has none. Invariant: no value is NaN, columns are of equal length.
    pub values: Vec<Vec<Option<f64>>>,
}

impl Rows {
    /// No rows yet.
    pub fn empty(first: u64, columns: usize) -> Rows {
        Rows { first, digests: Vec::new(), verdicts: Vec::new(), values: vec![Vec::new(); columns] }
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.digests.reserve_exact(more);
        self.verdicts.reserve_exact(more);
        self.values.iter_mut().for_each(|column| column.reserve_exact(more));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Adds a row; `values` come with the columns that they stand in.
    pub(super) fn push<'c>(&mut self, digest: Digest, verdict: Standing, values: impl Iterator<Item = (Option<f64>, &'c usize)>) {
        self.digests.push(digest);
        self.verdicts.push(verdict);
        for (value, column) in values {
            self.values[*column].push(value);
        }
        // Columns that this run's protocol does not have.
        let length = self.digests.len();
        self.values.iter_mut().for_each(|column| column.resize(length, None));
    }

    /// Adds the rows that follow these.
    pub fn append(&mut self, other: Rows) {
        assert_eq!(self.first + self.len() as u64, other.first, "rows are consecutive");
        self.digests.extend(other.digests);
        self.verdicts.extend(other.verdicts);
        self.values.iter_mut().zip(other.values).for_each(|(column, more)| column.extend(more));
    }
}

/// Rows that are hashed together: their hashes stay in the nearest cache.
const TOGETHER: usize = 512;

/// The digest of rows so far: any rows, in any order, each once.
#[derive(Clone, Debug)]
pub struct RowDigest {
    sum: u128,
    rows: u64,
}

impl RowDigest {
    /// Of no rows.
    pub const EMPTY: RowDigest = RowDigest { sum: 0, rows: 0 };

    /// Adds rows.
    pub fn add(&mut self, manifest: &Manifest, rows: &Rows) {
        let mut point = None;
        let mut begin = |index: usize| {
            let row = rows.first + index as u64;
            let (number, seed) = manifest.at(row);
            let settings = match point {
                Some((known, settings)) if known == number => settings,
                _ => manifest.settings_digest(number),
            };
            point = Some((number, settings));
            let mut hash = Hasher64::new();
            hash.write_u64(row);
            hash.write_u64(settings);
            hash.write_u64(seed);
            hash.write_u64(rows.digests[index].0 as u64);
            hash.write_u64((rows.digests[index].0 >> 64) as u64);
            hash.write_u64(code(rows.verdicts[index]));
            hash
        };
        // Column by column: the rows' hashes do not wait for each other.
        for start in (0..rows.len()).step_by(TOGETHER) {
            let chunk = start..rows.len().min(start + TOGETHER);
            let mut hashes: Vec<Hasher64> = chunk.clone().map(&mut begin).collect();
            for column in &rows.values {
                for (hash, value) in hashes.iter_mut().zip(&column[chunk.clone()]) {
                    // A NaN would be taken for none; there is no NaN.
                    hash.write_u64(value.map_or(u64::MAX, f64::to_bits));
                }
            }
            for (row, hash) in (rows.first + start as u64..).zip(&hashes) {
                let hash = hash.finish64();
                self.sum = self.sum.wrapping_add(u128::from(mix(hash, row)) << 64 | u128::from(hash));
            }
        }
        self.rows += rows.len() as u64;
    }

    /// Adds the rows of another.
    pub fn join(&mut self, other: &RowDigest) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.rows += other.rows;
    }

    /// The digest: of the rows and the names of their columns.
    pub fn finish(&self, manifest: &Manifest) -> Digest {
        let axes = manifest.axes.iter().map(|axis| axis.key.as_str());
        let names = axes.chain(manifest.columns.iter().map(|column| column.name.as_str())).map(Wire::wire_digest);
        fold([self.rows, self.sum as u64, (self.sum >> 64) as u64].into_iter().chain(names))
    }
}

/// A verdict in a digest: whatever else changes, these do not.
fn code(verdict: Standing) -> u64 {
    match verdict {
        Standing::Held => 0,
        Standing::Failed => 1,
        Standing::Undecided => 2,
    }
}

/// One digest over words, in their order.
pub(super) fn fold(words: impl Iterator<Item = u64>) -> Digest {
    let (low, high, _) = words.fold((0, 1, 0), |(low, high, count): (u64, u64, u64), word| {
        let low = mix(low ^ word, high);
        (low, mix(high ^ word.rotate_left(32), low ^ count), count + 1)
    });
    Digest(u128::from(high) << 64 | u128::from(low))
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Column, Cut};
    use super::*;
    use crate::metrics::Unit;

    fn manifest() -> Manifest {
        let axis = |text: &str| Axis::of(text).unwrap();
        let column = |name: &str| Column { name: name.to_string(), unit: Unit::Count };
        Manifest {
            quorate: "0".to_string(),
            plan: Digest(7),
            scenario: "x".to_string(),
            file: "x.toml".to_string(),
            set: Vec::new(),
            axes: vec![axis("nodes=3,5"), axis("network.loss=0,0.1,0.2")],
            seeds: 11,
            first_seed: 100,
            columns: vec![column("a"), column("b")],
            cut: Cut::new(66, 5),
        }
    }

    fn rows(first: u64, count: u64) -> Rows {
        let mut rows = Rows::empty(first, 2);
        for row in first..first + count {
            let values = [(Some(row as f64), &0), ((row % 3 > 0).then_some(0.5), &1)];
            rows.push(Digest(u128::from(row) << 70), Standing::Held, values.into_iter());
        }
        rows
    }

    fn digest(blocks: &[Rows]) -> Digest {
        let (manifest, mut digest) = (manifest(), RowDigest::EMPTY);
        blocks.iter().for_each(|block| digest.add(&manifest, block));
        digest.finish(&manifest)
    }

    #[test]
    fn the_digest_does_not_depend_on_cuts_or_their_order() {
        let whole = digest(&[rows(0, 66)]);
        for cut in 1..66 {
            assert_eq!(digest(&[rows(cut, 66 - cut), rows(0, cut)]), whole, "cut at {cut}");
        }
        let mut joined = rows(0, 30);
        joined.append(rows(30, 36));
        assert_eq!(joined, rows(0, 66));
    }

    #[test]
    fn the_digest_depends_on_every_cell_and_its_place() {
        let mut digests = vec![digest(&[rows(0, 66)]), digest(&[rows(0, 65)]), digest(&[rows(0, 65), rows(0, 1)])];
        let changes: [fn(&mut Rows); 8] = [
            |rows| rows.first = 1,
            |rows| rows.digests[5].0 ^= 1,
            |rows| rows.digests[5].0 ^= 1 << 127,
            |rows| rows.verdicts[64] = Standing::Undecided,
            |rows| rows.values[1][7] = None,
            |rows| rows.values[0][0] = Some(-0.0),
            |rows| rows.values[1].swap(8, 9),
            |rows| {
                rows.digests.swap(3, 4);
                rows.values[0].swap(3, 4);
                rows.values[1].swap(3, 4);
            },
        ];
        for change in changes {
            let mut changed = rows(0, 65);
            change(&mut changed);
            digests.push(digest(&[changed]));
        }
        for (place, one) in digests.iter().enumerate() {
            assert!(!digests[..place].contains(one), "{place}");
        }
    }

    #[test]
    fn a_column_that_a_run_does_not_have_is_empty() {
        let mut rows = Rows::empty(0, 3);
        rows.push(Digest(0), Standing::Held, [(Some(1.0), &2)].into_iter());
        rows.push(Digest(0), Standing::Held, [(Some(2.0), &0), (None, &1)].into_iter());
        assert_eq!(rows.values, [vec![None, Some(2.0)], vec![None, None], vec![Some(1.0), None]]);
    }
}
