//! Sweeps: one scenario over a grid of values and many seeds, as rows in a fixed order. Here is what a sweep means: which points
//! there are (`grid`), which row is which run (`manifest`), how rows are cut into parts that shards can do (`cut`), which columns
//! a row has (`columns`), the digest of all rows (`rows`), and what a point's rows come to (`select`, `summary`, `print`).
//! All of it is a pure function of the plan: no files, threads or machines in here.

mod columns;
mod cut;
mod grid;
mod manifest;
mod print;
mod rows;
mod select;
mod summary;

pub use columns::Column;
pub use cut::{Cut, Shard, listed};
pub use grid::{Axis, grid, settings};
pub use manifest::{FORMAT, Manifest, Unread};
pub use print::{to_csv, to_markdown};
pub use rows::{RowDigest, Rows};
pub use summary::{Figures, PointSummary, Summing};

use crate::plan::Plan;
use crate::run::{RunFailure, SeedResult, outcome, run_briefly};
use quorate_engine::outcome::Digest;
use quorate_engine::wire::Wire;

/// A sweep that can be run.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What it is, without the plans.
    pub manifest: Manifest,
    /// The points' plans, in the order of the grid.
    plans: Vec<Plan>,
    /// For each point: the columns of its runs' values.
    places: Vec<Vec<usize>>,
}

impl Sweep {
    /// Brings the points' plans together. `plans` are as many as [`grid`] has points, in its order; `file` and `set` are only told.
    ///
    /// # Errors
    /// In words: no first seed so high, more rows than can be counted, or a column that would be there twice.
    pub fn new(
        file: &str,
        set: &[String],
        axes: Vec<Axis>,
        mut plans: Vec<Plan>,
        seeds: u64,
        first_seed: u64,
    ) -> Result<Sweep, String> {
        let points = plans.len() as u64;
        assert!(points > 0 && seeds > 0, "a sweep has rows");
        if first_seed.checked_add(seeds - 1).is_none() {
            return Err(format!("--seeds {seeds} from seed {first_seed} on goes beyond the last seed, {}", u64::MAX));
        }
        let rows = points.checked_mul(seeds).filter(|rows| *rows <= Cut::ROWS_MAX);
        let Some(rows) = rows else {
            return Err(format!("{points} points with {seeds} seeds each are more than {} runs", Cut::ROWS_MAX));
        };
        // The file's own first seed does not matter here.
        plans.iter_mut().for_each(|plan| plan.seed = first_seed);
        let (columns, places) = columns::columns(&plans);
        let taken = |name: &str| columns::FIXED.contains(&name) || columns.iter().any(|column| column.name == name);
        if let Some(axis) = axes.iter().find(|axis| taken(&axis.key)) {
            return Err(format!("--vary {0}: the rows have a column {0} already", axis.key));
        }
        // The first runs of the first point and of the last say how long runs are; on every machine they say the same.
        let tried = [plans.first(), plans.last()].into_iter().flatten();
        let events = tried.filter_map(|plan| Some(outcome(plan, first_seed).ok()?.events)).max();
        let mut manifest = Manifest {
            quorate: env!("CARGO_PKG_VERSION").to_string(),
            plan: Digest(0),
            scenario: plans[0].name.clone(),
            file: file.to_string(),
            set: set.to_vec(),
            axes,
            seeds,
            first_seed,
            columns,
            cut: Cut::new(rows, events.unwrap_or(0)),
        };
        manifest.plan = plan_hash(&manifest, &plans);
        Ok(Sweep { manifest, plans, places })
    }

    /// Does the run of a row.
    ///
    /// # Errors
    /// As [`crate::run::run_seed`].
    pub fn run(&self, row: u64) -> Result<SeedResult, RunFailure> {
        let (point, seed) = self.manifest.at(row);
        run_briefly(&self.plans[point as usize], seed)
    }

    /// An empty block that begins with that row.
    pub fn rows_from(&self, first: u64) -> Rows {
        Rows::empty(first, self.manifest.columns.len())
    }

    /// Adds the next row to a block.
    pub fn push(&self, rows: &mut Rows, result: &SeedResult) {
        let (point, _) = self.manifest.at(rows.first + rows.len() as u64);
        rows.push(result.digest, result.verdict, columns::values(result).zip(&self.places[point as usize]));
    }
}

/// Over everything that makes the rows: not the file's path, nor which flag said what.
fn plan_hash(manifest: &Manifest, plans: &[Plan]) -> Digest {
    let axes: Vec<(&str, &[String])> = manifest.axes.iter().map(|axis| (axis.key.as_str(), axis.values.as_slice())).collect();
    let columns: Vec<&str> = manifest.columns.iter().map(|column| column.name.as_str()).collect();
    let grid =
        serde_json::json!({ "vary": axes, "seeds": manifest.seeds, "first_seed": manifest.first_seed, "columns": columns });
    let texts = std::iter::once(grid).chain(plans.iter().map(Plan::to_json)).map(|each| each.to_string().wire_digest());
    rows::fold(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Standing;
    use crate::run::{Verify, run_seed};
    use crate::text::{Files, Override, Source, parse};

    fn sweep(text: &str, vary: &str, set: &[(&str, &str)], seeds: u64, first: u64) -> Sweep {
        let source = Source { name: "x.toml".to_string(), bytes: text.as_bytes() };
        let axes = vec![Axis::of(vary).unwrap()];
        let plan = |value: &String| {
            let change = |(key, value): (&str, &str)| Override { key: key.to_string(), value: value.to_string() };
            let overrides: Vec<_> = set.iter().copied().chain([(axes[0].key.as_str(), value.as_str())]).map(change).collect();
            parse(&source, &overrides, &Files::default()).unwrap()
        };
        let plans = axes[0].values.iter().map(plan).collect();
        Sweep::new("x.toml", &[], axes, plans, seeds, first).unwrap()
    }

    const TEXT: &str = "schema = 1\nname = \"x\"\nseed = 4\nduration = \"1s\"\nnodes = 3\n[protocol.gossip]\nfanout = 1\n\
        [workload.updates]\nat = \"0s\"\nfrom = 0\n";

    #[test]
    fn the_plan_hash_is_of_what_makes_the_rows() {
        let hash =
            |text: &str, vary: &str, set: &[(&str, &str)], seeds, first| sweep(text, vary, set, seeds, first).manifest.plan;
        let plan = hash(TEXT, "nodes=3,4", &[], 5, 1);
        // What is said otherwise and means the same.
        assert_eq!(hash(&TEXT.replace("seed = 4", "seed = 9"), "nodes=3,4", &[], 5, 1), plan);
        assert_eq!(hash(&format!("# a comment\n{TEXT}"), "nodes=3,4", &[("network.loss", "0")], 5, 1), plan);
        let others = [
            hash(TEXT, "nodes=4,3", &[], 5, 1),
            hash(TEXT, "nodes=3,5", &[], 5, 1),
            hash(TEXT, "nodes=3,4", &[], 6, 1),
            hash(TEXT, "nodes=3,4", &[], 5, 2),
            hash(TEXT, "nodes=3,4", &[("network.loss", "0.1")], 5, 1),
            hash(&TEXT.replace("1s", "2s"), "nodes=3,4", &[], 5, 1),
        ];
        assert!(!others.contains(&plan), "{others:?}");
    }

    #[test]
    fn a_row_is_the_run_of_its_point_and_seed() {
        let sweep = sweep(TEXT, "nodes=3,4", &[], 5, 10);
        let mut rows = sweep.rows_from(3);
        for row in 3..8 {
            let result = sweep.run(row).unwrap();
            assert_eq!(result.seed, 10 + row % 5);
            sweep.push(&mut rows, &result);
        }
        let place = sweep.manifest.columns.iter().position(|column| column.name == "messages.total").unwrap();
        let messages: Vec<f64> = rows.values[place].iter().copied().flatten().collect();
        // Each node pushes to one other in each round.
        assert!(messages[2] > messages[1] && rows.len() == 5, "{messages:?}");
    }

    #[test]
    fn a_rows_verdict_is_on_what_one_run_can_tell() {
        let verdict = |expected: &str| {
            let text = format!(
                "{TEXT}[expect]\nmost = \"rate(converges) >= 90%\"\nspread = \"stddev(convergence.time) <= 1s\"\n{expected}"
            );
            let sweep = sweep(&text, "nodes=3,4", &[], 5, 1);
            (run_seed(&sweep.plans[0], 1, Verify::IfExpected).unwrap().verdict, sweep.run(0).unwrap().verdict)
        };
        assert_eq!(verdict(""), (Standing::Undecided, Standing::Held));
        assert_eq!(verdict("none = \"messages.total <= 1\"\n"), (Standing::Failed, Standing::Failed));
    }
}
