//! Tables: what a source claims, its closed form, and what the engine measures, side by side, a cell for each row and column.
//!
//! A table file becomes a [`Table`] ([`read`]), whose cells say which scenarios must run ([`Table::worlds`]): each once, however
//! many cells look at it. Whoever has files brings their plans; then every measure and closed form is read in its cell's own terms
//! ([`Worlds::plan`]), and the runs are jobs that may be done in any order ([`TablePlan::jobs`]). Their results make the report
//! ([`TablePlan::report`]). A measured value comes out of runs and nowhere else; a closed form only ever stands beside it.

mod closed;
mod measure;
mod plan;
mod print;
mod report;
mod worlds;

pub use plan::{Job, TablePlan};
pub use report::{Cell, FailedCheck, Ran, RowReport, TableReport, Verdict};
pub use worlds::{World, Worlds};

use crate::arithmetic::{Measure, Rational};
use crate::metrics::Unit;
use crate::text::{self, Errors, Held, Override, Source};

/// A table as its file has it. What its expressions mean depends on the scenarios that run.
#[derive(Clone, Debug)]
pub struct Table {
    /// What messages call the file.
    pub file: String,
    /// Its name: a-z, 0-9 and -.
    pub name: String,
    /// What it compares, in a sentence.
    pub summary: String,
    /// Where the numbers come from.
    pub source: String,
    /// The word for what the source says.
    pub word: Word,
    /// What a reader must know of all of it.
    pub note: Option<String>,
    /// What is varied: at least one.
    pub columns: Vec<Column>,
    /// What is measured: at least one.
    pub rows: Vec<Row>,
    pub(crate) settings: Settings,
    /// Names for closed forms, with their expressions.
    pub(crate) names: Vec<(String, Held)>,
}

/// How the source came to its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// It says so.
    Claimed,
    /// It is a publication.
    Published,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// What is particular about it: 1 to 40 characters.
    pub name: String,
    pub(crate) settings: Settings,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is measured, in words.
    pub name: String,
    /// What a reader must know of it.
    pub note: Option<String>,
    pub(crate) measure: Held,
    /// One for each column, as the next two.
    pub(crate) claimed: Vec<Option<Claim>>,
    pub(crate) closed: Vec<Option<Held>>,
    pub(crate) tolerance: Vec<Option<Tolerance>>,
    pub(crate) settings: Settings,
}

/// What the source says of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) measure: Measure,
    /// As written.
    pub(crate) shown: String,
    pub(crate) at: Held,
}

/// How far a measured value may be from the one that it is held against.
#[derive(Clone, Debug)]
pub(crate) enum Tolerance {
    Exact,
    /// A part of the value.
    Relative(f64),
    /// So much either way.
    Absolute(Measure, Held),
    /// So many standard errors of the mean.
    Sigmas(f64, Held),
}

/// What the table, a column or a row says of the runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) scenario: Option<Held>,
    pub(crate) seeds: Option<u32>,
    pub(crate) changes: Vec<Setting>,
}

/// A changed key of the scenario.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) change: Override,
    pub(crate) at: Held,
}

/// Reads a table file.
///
/// # Errors
/// All that is wrong with its syntax, its keys and its values, as far as it does not depend on the scenarios.
pub fn read(source: &Source<'_>) -> Result<Table, Errors> {
    text::table(source)
}

impl Word {
    /// `claimed` or `published`.
    pub fn name(self) -> &'static str {
        match self {
            Word::Claimed => "claimed",
            Word::Published => "published",
        }
    }
}

impl Tolerance {
    /// As people read it.
    fn shown(&self) -> String {
        match self {
            Tolerance::Exact => "exact".to_string(),
            Tolerance::Relative(part) => format!("{} %", libm::round(part * 1e8) / 1e6),
            Tolerance::Absolute(_, at) => at.shown(),
            Tolerance::Sigmas(sigmas, _) => format!("{sigmas} sigma"),
        }
    }
}

impl Row {
    /// The measure, as written.
    pub fn measure(&self) -> &str {
        self.measure.text().trim()
    }
}

impl Table {
    /// Where a cell is, for messages.
    fn cell_name(&self, row: usize, column: usize) -> String {
        format!(" (row \"{}\", column \"{}\")", self.rows[row].name, self.columns[column].name)
    }
}

/// An exact value in the unit in which reports count.
fn in_unit(measure: Measure, unit: Unit) -> Option<f64> {
    let value = match unit {
        Unit::Seconds => measure.value.over(Rational::whole(i128::from(quorate_engine::time::SECOND))?)?,
        Unit::Bytes | Unit::Ratio | Unit::Count => measure.value,
    };
    Some(value.to_f64())
}
