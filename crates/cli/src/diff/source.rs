//! Where results stand: the folder or file that `quorate run` has written, or the folder of a sweep.

use crate::output::Stop;
#[cfg(feature = "parquet")]
use crate::sweep::read::{Reader, Results};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// A result.
pub(super) enum Source {
    /// Runs of one scenario.
    Runs { rows: Vec<Row>, columns: Vec<String>, values: Vec<Vec<Option<f64>>> },
    #[cfg(feature = "parquet")]
    Sweep(Box<Results>),
}

/// A run without its metrics.
pub(super) struct Row {
    pub(super) seed: u64,
    pub(super) digest: String,
    pub(super) verdict: String,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Source, Stop> {
        if !path.is_dir() {
            return runs(path);
        }
        for name in ["runs.jsonl", "report.json"] {
            let file = path.join(name);
            if file.exists() {
                return runs(&file);
            }
        }
        if path.join("sweep.json").exists() {
            #[cfg(feature = "parquet")]
            return Results::open(path).map(|results| Source::Sweep(Box::new(results)));
            #[cfg(not(feature = "parquet"))]
            return Err(Stop::Input(format!(
                "{}: this quorate was built without the feature parquet, which reads sweeps",
                path.display()
            )));
        }
        let cure = "quorate run FILE --seeds N --out DIR makes one, and so does quorate sweep";
        Err(Stop::Input(format!("{}: there is no result in it (runs.jsonl, report.json, sweep.json); {cure}", path.display())))
    }

    /// The points of its grid; a single one without a name where nothing varies.
    pub(super) fn points(&self) -> Vec<String> {
        match self {
            Source::Runs { .. } => vec![String::new()],
            #[cfg(feature = "parquet")]
            Source::Sweep(results) => (0..results.manifest.points()).map(|point| settings(results, point)).collect(),
        }
    }

    pub(super) fn columns(&self) -> Vec<String> {
        match self {
            Source::Runs { columns, .. } => columns.clone(),
            #[cfg(feature = "parquet")]
            Source::Sweep(results) => results.manifest.columns.iter().map(|column| column.name.clone()).collect(),
        }
    }

    /// The runs of a point, in the order of their seeds as they stand.
    pub(super) fn rows(&self, point: &str) -> Result<Vec<Row>, Stop> {
        match self {
            Source::Runs { rows, .. } => Ok(rows
                .iter()
                .map(|row| Row { seed: row.seed, digest: row.digest.clone(), verdict: row.verdict.clone() })
                .collect()),
            #[cfg(feature = "parquet")]
            Source::Sweep(results) => {
                let mut all = Vec::new();
                let (mut reader, end) = reader(results, point, Vec::new());
                while let Some(block) = reader.next(end)? {
                    for (place, (digest, verdict)) in block.digests.iter().zip(&block.verdicts).enumerate() {
                        let (_, seed) = results.manifest.at(block.first + place as u64);
                        all.push(Row { seed, digest: digest.to_string(), verdict: verdict.name().to_string() });
                    }
                }
                Ok(all)
            }
        }
    }

    /// A metric's values, run by run.
    pub(super) fn column(&self, point: &str, name: &str) -> Result<Vec<Option<f64>>, Stop> {
        let place = self.columns().iter().position(|column| column == name);
        let place = place.ok_or_else(|| Stop::Input(format!("there is no column {name}")))?;
        match self {
            Source::Runs { values, .. } => Ok(values[place].clone()),
            #[cfg(feature = "parquet")]
            Source::Sweep(results) => {
                let mut all = Vec::new();
                let (mut reader, end) = reader(results, point, vec![place]);
                while let Some(block) = reader.values(end)? {
                    all.extend(block.into_iter().flatten());
                }
                Ok(all)
            }
        }
    }
}

#[cfg(feature = "parquet")]
fn settings(results: &Results, point: u64) -> String {
    let settings = results.manifest.settings(point);
    settings.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// At the first row of a point, and where its last one ends.
#[cfg(feature = "parquet")]
fn reader<'r>(results: &'r Results, point: &str, columns: Vec<usize>) -> (Reader<'r>, u64) {
    let number = (0..results.manifest.points()).find(|number| settings(results, *number) == point);
    let rows = results.manifest.rows_of(number.unwrap_or(0));
    let mut reader = results.reader(columns);
    reader.seek(rows.start);
    (reader, rows.end)
}

/// Reads the lines of many runs, or the report of one.
fn runs(path: &Path) -> Result<Source, Stop> {
    let file = File::open(path).map_err(|error| Stop::io("read", path, &error))?;
    let mut documents = Vec::new();
    if path.extension().is_some_and(|extension| extension == "jsonl") {
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|error| Stop::io("read", path, &error))?;
            documents.push((number + 1, serde_json::from_str::<Value>(&line)));
        }
    } else {
        documents.push((1, serde_json::from_reader(BufReader::new(file))));
    }
    let (mut rows, mut columns, mut values): (_, Vec<String>, Vec<Vec<Option<f64>>>) = (Vec::new(), Vec::new(), Vec::new());
    let mut seeds = BTreeSet::new();
    for (number, document) in documents {
        let wrong = |what: String| Stop::Input(format!("{}:{number}: {what}", path.display()));
        let document = document.map_err(|error| wrong(format!("this is no line of a result: {error}")))?;
        let text = |key: &str| document[key].as_str().map(str::to_string);
        let run = (document["seed"].as_u64(), text("digest"), text("verdict"), document["metrics"].as_object());
        let (Some(seed), Some(digest), Some(verdict), Some(metrics)) = run else {
            let cure = "a report of many runs has no single ones: compare the runs.jsonl beside it";
            return Err(wrong(format!("this is no run: it lacks a seed, a digest, a verdict or metrics; {cure}")));
        };
        if !seeds.insert(seed) {
            return Err(wrong(format!("seed {seed} is there a second time")));
        }
        if rows.is_empty() {
            columns = metrics.keys().cloned().collect();
            values = vec![Vec::new(); columns.len()];
        }
        for (column, values) in columns.iter().zip(&mut values) {
            values.push(metrics.get(column).and_then(Value::as_f64));
        }
        rows.push(Row { seed, digest, verdict });
    }
    if rows.is_empty() {
        return Err(Stop::Input(format!("{}: there is no run in it", path.display())));
    }
    Ok(Source::Runs { rows, columns, values })
}
