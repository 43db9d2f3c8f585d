//! `quorate merge`: checks that all parts are there and sound, and sums up each point. Nothing is written before all of it was read.

use super::read::{Reader, Results};
use super::{quoted, replay};
use crate::flags::{Format, Merge};
use crate::output::{Status, Stop, print, print_json};
use crate::run::progress;
use quorate_engine::outcome::Digest;
use quorate_lab::sweep::{Manifest, PointSummary, RowDigest, Summing, to_csv, to_markdown};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A sweep, brought together.
pub(crate) struct Merged {
    pub(crate) manifest: Manifest,
    /// Of the rows.
    pub(crate) digest: Digest,
    pub(crate) points: Vec<PointSummary>,
    summaries: [PathBuf; 2],
}

pub(crate) fn merge(flags: &Merge) -> Result<Status, Stop> {
    let merged = merged(&flags.folder)?;
    match flags.format {
        Format::Text => print(&merged.to_text(&flags.folder))?,
        Format::Json => print_json(&merged.to_json())?,
    }
    Ok(Status::Held)
}

/// Reads all parts and writes the summaries beside them.
pub(crate) fn merged(path: &Path) -> Result<Merged, Stop> {
    let results = Results::open(path)?;
    let manifest = &results.manifest;
    let progress = progress(manifest.rows(), "rows");
    let mut reader = results.reader((0..manifest.columns.len()).collect());
    let mut all = AllRows { results: &results, digest: RowDigest::EMPTY, part: RowDigest::EMPTY };
    let mut summing = Summing::new(manifest, 0);
    let mut points = Vec::new();
    for point in 0..manifest.points() {
        summing.begin(manifest, point);
        all.first_pass(&mut reader, &mut summing, point)?;
        // What has many values is read again, until those of the wanted ranks are told apart.
        let mut open = summing.end_pass();
        while !open.is_empty() {
            let rows = manifest.rows_of(point);
            let mut again = results.reader(open.clone());
            again.seek(rows.start);
            while let Some(values) = again.values(rows.end)? {
                summing.take_columns(&values, &open);
            }
            open = summing.end_pass();
        }
        points.push(summing.finish());
        progress.inc(manifest.seeds);
    }
    progress.finish_and_clear();
    let digest = all.digest.finish(manifest);
    let folder = super::folder::Folder::new(path);
    let csv = folder.put_text("summary.csv", &to_csv(manifest, &points))?;
    let markdown = folder.put_text("summary.md", &to_markdown(manifest, &points, &digest.to_string()))?;
    folder.sweep_out()?;
    Ok(Merged { manifest: results.manifest, digest, points, summaries: [csv, markdown] })
}

/// The digest of all rows; that of each part is held against what the part says.
struct AllRows<'r> {
    results: &'r Results,
    digest: RowDigest,
    part: RowDigest,
}

impl AllRows<'_> {
    fn first_pass(&mut self, reader: &mut Reader<'_>, summing: &mut Summing, point: u64) -> Result<(), Stop> {
        let manifest = &self.results.manifest;
        while let Some(block) = reader.next(manifest.rows_of(point).end)? {
            summing.take(manifest, &block);
            self.part.add(manifest, &block);
            let number = manifest.cut.part_of(block.first);
            if block.first + block.len() as u64 == manifest.cut.rows_of(number).end {
                let part = std::mem::replace(&mut self.part, RowDigest::EMPTY);
                reader.holds(part.finish(manifest))?;
                self.digest.join(&part);
            }
        }
        Ok(())
    }
}

impl Merged {
    fn sum(&self, of: impl Fn(&PointSummary) -> u64) -> u64 {
        self.points.iter().map(of).sum()
    }

    /// The first failing run: its point and its seed.
    fn first_failed(&self) -> Option<(u64, u64)> {
        self.points.iter().find_map(|point| Some((point.point, point.first_failed_seed?)))
    }

    pub(crate) fn to_text(&self, folder: &Path) -> String {
        let manifest = &self.manifest;
        let last = manifest.first_seed + (manifest.seeds - 1);
        let mut text = format!(
            "{}: {} rows in {} parts ({} points, seeds {} to {last})\ndigest {} over all rows\n",
            manifest.scenario,
            manifest.rows(),
            manifest.cut.parts(),
            manifest.points(),
            manifest.first_seed,
            self.digest
        );
        let (failed, undecided) = (self.sum(|point| point.failed), self.sum(|point| point.undecided));
        let held = manifest.rows() - failed - undecided;
        text += &format!("runs: {held} held, {failed} failed, {undecided} undecided\n");
        if let Some((point, seed)) = self.first_failed() {
            text += &format!("the first that failed: {}\n", replay(manifest, point, seed));
        }
        let [csv, markdown] = self.summaries.each_ref().map(|path| quoted(&path.display().to_string()));
        text + &format!("summaries: {csv}, {markdown}\nrows: {}\n", quoted(&folder.join("part-*.parquet").display().to_string()))
    }

    fn to_json(&self) -> serde_json::Value {
        let manifest = &self.manifest;
        let first = self.first_failed().map(|(point, seed)| {
            let set: Vec<String> = manifest.settings(point).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
            json!({ "seed": seed, "vary": set, "replay": replay(manifest, point, seed) })
        });
        json!({
            "digest": self.digest.to_string(),
            "rows": manifest.rows(),
            "plan": manifest.plan.to_string(),
            "parts": manifest.cut.parts(),
            "points": manifest.points(),
            "failed": self.sum(|point| point.failed),
            "undecided": self.sum(|point| point.undecided),
            "first_failed": first,
            "summaries": self.summaries.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        })
    }
}
