//! The rows of a sweep's folder, in their order, block by block: nothing but a part is held at a time.

use super::again;
use super::folder::{Folder, Found};
use super::part::{Part, PartRows, Wrong};
use crate::output::Stop;
use parquet::errors::{ParquetError, Result as Written};
use quorate_engine::outcome::Digest;
use quorate_lab::sweep::{Manifest, Rows, listed};
use std::path::Path;

/// Rows of a block.
const BLOCK: u64 = 4_096;

/// A sweep that is done: what it is, and its rows.
pub(crate) struct Results {
    /// Points (`settings`), columns, seeds.
    pub(crate) manifest: Manifest,
    folder: Folder,
}

impl Results {
    /// Opens a folder in which all parts are. Whether they are sound is seen when they are read.
    ///
    /// # Errors
    /// No sweep, a missing part, or a file that is in nobody's place.
    pub(crate) fn open(path: &Path) -> Result<Results, Stop> {
        let folder = Folder::new(path);
        if !path.is_dir() {
            let error = std::fs::read_dir(path).err().map_or("it is no folder".to_string(), |error| error.to_string());
            return Err(Stop::Machine(format!("cannot read the folder {}: {error}", path.display())));
        }
        let Some(manifest) = folder.manifest()? else {
            return Err(Stop::Input(format!("{}: there is no sweep.json, so there is no sweep in it", path.display())));
        };
        let results = Results { manifest, folder };
        results.whole()?;
        Ok(results)
    }

    fn whole(&self) -> Result<(), Stop> {
        let Results { manifest, folder } = self;
        if let Some(stranger) = folder.strangers(manifest)?.first() {
            let told = |what: String| Stop::Input(format!("{}: {what}; move it elsewhere", stranger.display()));
            let bytes = std::fs::read(stranger).map_err(|error| Stop::io("read", stranger, &error))?;
            // Any number that there is not does.
            return Err(match super::part::open(manifest, u64::MAX, bytes) {
                Err(Wrong::Misplaced(part)) => told(format!("it is part {part} of this sweep a second time")),
                Err(Wrong::Foreign(why)) => told(why),
                _ => told("it is no part of this sweep".to_string()),
            });
        }
        let missing: Vec<u64> = (0..manifest.cut.parts()).filter(|part| !folder.part_path(*part).exists()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (count, parts, again) = (missing.len(), manifest.cut.parts(), again(manifest, &folder.path));
        Err(Stop::Input(format!(
            "{}: {count} of {parts} parts are missing: {}\nto do them here: {again}\nto know which of N shards have them: {again} --missing N",
            folder.path.display(),
            listed(missing),
        )))
    }

    /// Reads rows, with these of the manifest's columns, from the first on.
    pub(crate) fn reader(&self, columns: Vec<usize>) -> Reader<'_> {
        Reader { results: self, columns, row: 0, part: None }
    }

    /// A part that must be there and sound.
    pub(crate) fn part(&self, part: u64) -> Result<Part, Stop> {
        let Results { manifest, folder } = self;
        let path = folder.part_path(part);
        let told = |what: String| Stop::Input(format!("{}: {what}", path.display()));
        let again = || format!("delete it and run this again: {}", again(manifest, &folder.path));
        match folder.part(manifest, part)? {
            Found::Sound(part) => Ok(part),
            Found::Missing => Err(told(format!("it is missing; run this again: {}", super::again(manifest, &folder.path)))),
            Found::Wrong(Wrong::Damaged) => Err(told(format!("it is truncated or damaged; {}", again()))),
            Found::Wrong(Wrong::Foreign(why)) => Err(told(format!("{why}; {}", again()))),
            Found::Wrong(Wrong::Misplaced(other)) => Err(told(format!("it is part {other} a second time; {}", again()))),
        }
    }

    fn strange(&self, part: u64, error: &ParquetError) -> Stop {
        Stop::Input(format!("{}: it cannot be read: {error}", self.folder.part_path(part).display()))
    }
}

/// Reads rows in their order.
pub(crate) struct Reader<'r> {
    results: &'r Results,
    columns: Vec<usize>,
    /// The next row.
    row: u64,
    part: Option<Open>,
}

/// The part that is being read.
struct Open {
    number: u64,
    rows: PartRows,
    /// The row that it would give next.
    at: u64,
    /// What it says of all its rows.
    digest: String,
}

impl Reader<'_> {
    /// Goes to a row.
    pub(crate) fn seek(&mut self, row: u64) {
        self.row = row;
    }

    /// The next rows, all of one point and one part; none from the row `end` on.
    pub(crate) fn next(&mut self, end: u64) -> Result<Option<Rows>, Stop> {
        self.block(end, PartRows::next)
    }

    /// The same of the values alone, column by column.
    pub(crate) fn values(&mut self, end: u64) -> Result<Option<Vec<Vec<Option<f64>>>>, Stop> {
        self.block(end, PartRows::values)
    }

    fn block<T>(&mut self, end: u64, mut read: impl FnMut(&mut PartRows, usize) -> Written<T>) -> Result<Option<T>, Stop> {
        let manifest = &self.results.manifest;
        if self.row >= end {
            return Ok(None);
        }
        let (point, _) = manifest.at(self.row);
        let number = manifest.cut.part_of(self.row);
        let end = end.min(manifest.rows_of(point).end).min(manifest.cut.rows_of(number).end).min(self.row + BLOCK);
        let goes_on = |open: &Open| open.number == number && open.at <= self.row;
        let strange = |error: ParquetError| self.results.strange(number, &error);
        let mut open = match self.part.take().filter(goes_on) {
            Some(open) => open,
            None => {
                let part = self.results.part(number)?;
                let at = manifest.cut.rows_of(number).start;
                let rows = part.read(manifest, at, &self.columns).map_err(strange)?;
                Open { number, rows, at, digest: part.digest }
            }
        };
        while open.at < self.row {
            let passed = (self.row - open.at).min(BLOCK);
            open.rows.values(passed as usize).map_err(strange)?;
            open.at += passed;
        }
        let block = read(&mut open.rows, (end - self.row) as usize).map_err(strange)?;
        open.at = end;
        self.row = end;
        self.part = Some(open);
        Ok(Some(block))
    }

    /// Refuses the part that is open if its rows have not the digest that it says.
    pub(crate) fn holds(&self, digest: Digest) -> Result<(), Stop> {
        match &self.part {
            Some(open) if open.digest != digest.to_string() => Err(self
                .results
                .strange(open.number, &ParquetError::General("its rows are not those that were written".to_string()))),
            _ => Ok(()),
        }
    }
}
