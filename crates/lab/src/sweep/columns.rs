//! Which columns the rows of a sweep have: the only place that lists them. A metric of any point's protocol is a column of all rows;
//! where a point's protocol does not have it, it has no value.

use crate::metrics::{self, Unit};
use crate::plan::Plan;
use crate::run::SeedResult;

/// The columns that every row has beside those that vary and the metrics.
pub(super) const FIXED: [&str; 3] = ["seed", "digest", "verdict"];

/// A column of values: a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The metric's name.
    pub name: String,
    /// What it counts in.
    pub unit: Unit,
}

impl Column {
    /// The unit as the registry writes it.
    pub fn unit_name(&self) -> &'static str {
        unit_name(self.unit)
    }
}

const UNITS: [Unit; 4] = [Unit::Seconds, Unit::Bytes, Unit::Ratio, Unit::Count];

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::Bytes => "bytes",
        Unit::Ratio => "ratio",
        Unit::Count => "",
    }
}

/// The unit of that name.
pub(super) fn unit_named(name: &str) -> Option<Unit> {
    UNITS.into_iter().find(|unit| unit_name(*unit) == name)
}

/// The columns of all plans' runs, and for each plan which of them its runs' [`values`] stand in.
pub(super) fn columns(plans: &[Plan]) -> (Vec<Column>, Vec<Vec<usize>>) {
    let mut columns: Vec<Column> = Vec::new();
    let mut place = |column: Column| {
        columns.iter().position(|known| known.name == column.name).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        })
    };
    let places = plans.iter().map(|plan| of(plan).map(&mut place).collect()).collect();
    (columns, places)
}

/// The columns of one plan's runs.
fn of(plan: &Plan) -> impl Iterator<Item = Column> {
    let metrics = metrics::of(plan.protocol.0).map(|metric| Column { name: metric.name.to_string(), unit: Unit::of(metric) });
    metrics.chain(plan.slices.iter().map(|slice| Column { name: slice.name.to_string(), unit: slice.unit }))
}

/// A run's values, in the order of its plan's columns.
pub(super) fn values(result: &SeedResult) -> impl Iterator<Item = Option<f64>> {
    result.metrics.iter().map(|(_, value)| *value).chain(result.slices.iter().map(|(_, value)| *value))
}
