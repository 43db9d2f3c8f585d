//! What a sweep is, as `sweep.json` in its folder says it: the grid, the seeds, the columns and the cut, and the plan's hash. Whoever
//! has the parts and this needs no scenario to read them.

use super::columns::unit_named;
use super::grid::places;
use super::{Axis, Column, Cut, settings};
use quorate_engine::outcome::Digest;
use quorate_engine::wire::Wire;
use serde_json::{Value, json};

/// The version of the folder's format: of `sweep.json` and of the parts.
pub const FORMAT: u64 = 1;

/// A sweep without its plans.
#[derive(Clone, PartialEq, Debug)]
pub struct Manifest {
    /// The version of quorate that makes the rows.
    pub quorate: String,
    /// Over everything that makes the rows.
    pub plan: Digest,
    /// The scenario's name, at the first point.
    pub scenario: String,
    /// The scenario's file, as somebody typed it: told, and no part of the plan.
    pub file: String,
    /// What was set at all points, as typed: told.
    pub set: Vec<String>,
    /// What varies.
    pub axes: Vec<Axis>,
    /// Runs of each point: at least 1.
    pub seeds: u64,
    /// The first seed; the others follow it.
    pub first_seed: u64,
    /// The columns of metrics.
    pub columns: Vec<Column>,
    /// The rows and how they are cut.
    pub cut: Cut,
}

/// Why a text is not what [`Manifest::to_json`] wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unread {
    /// Another version of the format, or of quorate: which, and what would be right.
    Version(String),
    /// Not a description of a sweep.
    Malformed(String),
}

impl Manifest {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.cut.rows
    }

    /// How many points the grid has.
    pub fn points(&self) -> u64 {
        self.axes.iter().map(|axis| axis.values.len() as u64).product()
    }

    /// The rows of a point.
    pub fn rows_of(&self, point: u64) -> std::ops::Range<u64> {
        point * self.seeds..(point + 1) * self.seeds
    }

    /// The point and the seed of a row.
    pub fn at(&self, row: u64) -> (u64, u64) {
        (row / self.seeds, self.first_seed + row % self.seeds)
    }

    /// Which value of each axis a point has.
    pub fn places(&self, point: u64) -> Vec<usize> {
        places(&self.axes, point)
    }

    /// The keys that vary with their values at a point.
    pub fn settings(&self, point: u64) -> Vec<(&str, &str)> {
        settings(&self.axes, point)
    }

    /// Of the settings of a point.
    pub(super) fn settings_digest(&self, point: u64) -> u64 {
        let texts = self.settings(point).into_iter().map(|(_, value)| value.wire_digest());
        super::rows::fold(texts).0 as u64
    }

    /// As it is written: the same manifest gives the same document.
    pub fn to_json(&self) -> Value {
        let axis = |axis: &Axis| json!({ "key": axis.key, "values": axis.values });
        let column = |column: &Column| json!({ "name": column.name, "unit": column.unit_name() });
        json!({
            "format": FORMAT,
            "quorate": self.quorate,
            "plan": self.plan.to_string(),
            "scenario": self.scenario,
            "file": self.file,
            "set": self.set,
            "vary": self.axes.iter().map(axis).collect::<Vec<_>>(),
            "seeds": self.seeds,
            "first_seed": self.first_seed,
            "rows": self.cut.rows,
            "rows_per_part": self.cut.rows_per_part,
            "parts": self.cut.parts(),
            "columns": self.columns.iter().map(column).collect::<Vec<_>>(),
        })
    }

    /// Reads what [`Manifest::to_json`] wrote, of this version of quorate.
    ///
    /// # Errors
    /// What is wrong.
    pub fn of_json(document: &Value) -> Result<Manifest, Unread> {
        if document.get("format").is_some_and(|format| format.as_u64() != Some(FORMAT)) {
            return Err(Unread::Version(format!("it has format {}; this quorate knows format {FORMAT}", document["format"])));
        }
        let manifest = Manifest::read(document).ok_or_else(|| Unread::Malformed("it does not describe a sweep".to_string()))?;
        if manifest.quorate != env!("CARGO_PKG_VERSION") {
            let (theirs, ours) = (&manifest.quorate, env!("CARGO_PKG_VERSION"));
            return Err(Unread::Version(format!("it was made by quorate {theirs}; this is {ours}, whose runs may differ")));
        }
        if !manifest.agrees() || document.get("parts").and_then(Value::as_u64) != Some(manifest.cut.parts()) {
            return Err(Unread::Malformed("its numbers do not go together".to_string()));
        }
        Ok(manifest)
    }

    fn read(document: &Value) -> Option<Manifest> {
        let text = |value: &Value| value.as_str().map(str::to_string);
        let texts = |value: &Value| value.as_array()?.iter().map(text).collect::<Option<Vec<String>>>();
        let number = |key: &str| document.get(key)?.as_u64();
        let axis = |axis: &Value| {
            let values = texts(axis.get("values")?)?;
            Some(Axis { key: text(axis.get("key")?)?, values })
        };
        let column =
            |column: &Value| Some(Column { name: text(column.get("name")?)?, unit: unit_named(column.get("unit")?.as_str()?)? });
        Some(Manifest {
            quorate: text(document.get("quorate")?)?,
            plan: Digest(u128::from_str_radix(document.get("plan")?.as_str()?, 16).ok()?),
            scenario: text(document.get("scenario")?)?,
            file: text(document.get("file")?)?,
            set: texts(document.get("set")?)?,
            axes: document.get("vary")?.as_array()?.iter().map(axis).collect::<Option<_>>()?,
            seeds: number("seeds")?,
            first_seed: number("first_seed")?,
            columns: document.get("columns")?.as_array()?.iter().map(column).collect::<Option<_>>()?,
            cut: Cut { rows: number("rows")?, rows_per_part: number("rows_per_part")? },
        })
    }

    /// Whether the numbers are those of a sweep, so that reckoning with them is safe.
    fn agrees(&self) -> bool {
        let points = self.axes.iter().try_fold(1u64, |points, axis| points.checked_mul(axis.values.len() as u64));
        let rows = points.and_then(|points| points.checked_mul(self.seeds));
        rows == Some(self.cut.rows)
            && (1..=Cut::ROWS_MAX).contains(&self.cut.rows)
            && self.cut.rows_per_part.is_power_of_two()
            && self.first_seed.checked_add(self.seeds - 1).is_some()
    }

    /// What of two sweeps differs: of those things that make their rows, each with what it is here and there.
    pub fn differences(&self, other: &Manifest) -> Vec<String> {
        let (here, there) = (self.to_json(), other.to_json());
        let keys = ["scenario", "set", "vary", "seeds", "first_seed", "columns"];
        let tell = |key: &str| match key {
            "columns" => "the metrics".to_string(),
            "vary" => format!("vary: {} there, {} here", vary(other), vary(self)),
            key => format!("{key}: {} there, {} here", there[key], here[key]),
        };
        let mut differences: Vec<String> = keys.into_iter().filter(|key| here[*key] != there[*key]).map(tell).collect();
        if differences.is_empty() && self.plan != other.plan {
            differences.push("what the scenario says, or a file that it names".to_string());
        }
        differences
    }
}

fn vary(manifest: &Manifest) -> String {
    if manifest.axes.is_empty() {
        return "nothing".to_string();
    }
    manifest.axes.iter().map(Axis::text).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Unit;

    fn manifest() -> Manifest {
        Manifest {
            quorate: env!("CARGO_PKG_VERSION").to_string(),
            plan: Digest(0xfeed << 100),
            scenario: "x".to_string(),
            file: "a b/x.toml".to_string(),
            set: vec!["ties=source".to_string()],
            axes: vec![Axis::of("nodes=3,5").unwrap(), Axis::of("network.loss=0,0.1,[1, 2]").unwrap()],
            seeds: 10,
            first_seed: u64::MAX - 9,
            columns: [Unit::Seconds, Unit::Bytes, Unit::Ratio, Unit::Count]
                .map(|unit| Column { name: format!("{unit:?}"), unit })
                .to_vec(),
            cut: Cut::new(60, 5),
        }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        assert_eq!(Manifest::of_json(&manifest().to_json()), Ok(manifest()));
    }

    #[test]
    fn the_last_axis_varies_fastest_and_seeds_within_it() {
        let manifest = manifest();
        let point = |point| manifest.settings(point).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        let points: Vec<_> = (0..manifest.points()).map(point).collect();
        assert_eq!(points[..4], [["3", "0"], ["3", "0.1"], ["3", "[1, 2]"], ["5", "0"]]);
        assert_eq!((points.len(), manifest.at(0), manifest.at(25)), (6, (0, u64::MAX - 9), (2, u64::MAX - 4)));
        assert_eq!(manifest.at(59), (5, u64::MAX));
        assert_eq!(manifest.rows_of(2), 20..30);
    }

    #[test]
    fn numbers_that_do_not_go_together_are_refused() {
        let changes: [(&str, Value); 9] = [
            ("format", json!(2)),
            ("quorate", json!("0.0.1")),
            ("plan", json!("x")),
            ("rows", json!(61)),
            ("rows_per_part", json!(0)),
            ("rows_per_part", json!(3)),
            ("parts", json!(1_000)),
            ("seeds", json!(0)),
            ("vary", json!([{ "key": "nodes", "values": [] }])),
        ];
        for (key, value) in changes {
            let mut document = manifest().to_json();
            document[key] = value;
            assert!(Manifest::of_json(&document).is_err(), "{document}");
        }
    }
}
