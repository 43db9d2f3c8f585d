//! Table files: text to [`Table`]. What a cell's texts mean depends on the scenario that runs in it, so expressions are kept with
//! their places ([`Held`]) until that is known; values and tolerances are read here.

use super::error::{Errors, Problem, Problems, Read};
use super::files::Files;
use super::scenario::{name, optional_text, schema};
use super::schema::TABLE;
use super::spot::{Given, Spot};
use super::tree::{Node, Tree};
use super::{Override, Source, document, walk};
use crate::arithmetic::{self, Measure, Mistake, Parameters, Rational};
use crate::table::{Claim, Column, Row, Setting, Settings, Table, Tolerance, Word};
use crate::units::{self, quoted};
use std::collections::BTreeSet;

/// A value of a table file that is looked at again when more is known.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    node: Node,
    path: String,
}

impl Held {
    fn of(spot: &Spot<'_>) -> Held {
        Held { node: spot.node.clone(), path: spot.path.clone() }
    }

    /// The text, where it is one.
    pub(crate) fn text(&self) -> &str {
        match &self.node.tree {
            Tree::Text(text) => text,
            _ => "",
        }
    }

    /// The value as people read it, without quotes.
    pub(crate) fn shown(&self) -> String {
        self.with(|spot| spot.shown().trim_matches('"').trim().to_string())
    }

    /// A problem with it.
    pub(crate) fn fail(&self, message: impl Into<String>) -> Box<Problem> {
        self.with(|spot| spot.fail(message))
    }

    /// What is wrong with the expression that it is, seen from one cell.
    pub(crate) fn mistaken(&self, cell: &str, mistake: Mistake) -> Box<Problem> {
        let mut problem = self.with(|spot| spot.point(self.text(), 0, mistake));
        problem.message += cell;
        problem
    }

    fn with<T>(&self, see: impl FnOnce(&Spot<'_>) -> T) -> T {
        let (parameters, files) = (Parameters::default(), Files::default());
        let given = Given { parameters: &parameters, files: &files };
        see(&Spot { node: &self.node, path: self.path.clone(), given })
    }
}

const EMPTY: &str = "the file is empty; a table has at least schema, name, summary, source, [[columns]] and [[rows]]";

/// Reads a table file.
///
/// # Errors
/// All that is wrong with its syntax, its keys and its values, as far as it does not depend on the scenarios.
pub fn table(source: &Source<'_>) -> Result<Table, Errors> {
    let refuse = |problems| Errors::new(&source.name, problems);
    let root = document(source.bytes, EMPTY).map_err(|problem| refuse(vec![*problem]))?;
    let (parameters, files) = (Parameters::default(), Files::default());
    let root = Spot::root(&root, Given { parameters: &parameters, files: &files });
    if root.get("duration").is_some() && root.get("rows").is_none() && root.get("columns").is_none() {
        return Err(refuse(vec![Problem::whole("this is a scenario and no table: quorate run runs it")]));
    }
    let problems = walk::check(&root, TABLE);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let mut problems = Problems::default();
    let table = whole(&root, &source.name, &mut problems);
    table.filter(|_| problems.list.is_empty()).ok_or_else(|| refuse(problems.list))
}

/// Whether a file is a table and no scenario: what neither is, is taken for a scenario.
pub fn is_table(source: &Source<'_>) -> bool {
    document(source.bytes, EMPTY).is_ok_and(|root| has_cells(&root))
}

/// Whether a document has what only tables have, and not what every scenario has.
pub(super) fn has_cells(root: &Node) -> bool {
    let has = |name: &str| root.entries().iter().any(|entry| entry.key == name);
    (has("rows") || has("columns")) && !has("duration")
}

fn whole(root: &Spot<'_>, file: &str, problems: &mut Problems) -> Option<Table> {
    problems.take(schema(root));
    let name = problems.take(name(root, "a table"));
    let summary = problems.take(root.need("summary").and_then(|spot| said(&spot)));
    let source = problems.take(root.need("source").and_then(|spot| said(&spot)));
    let word = problems.or(word(root), Word::Claimed);
    let note = problems.take(optional_text(root, "note")).flatten();
    let settings = settings(root, problems);
    let names = root.get("where").map_or_else(Vec::new, |section| names(&section, problems));
    let columns = entries(root, "columns", problems, column);
    let rows = entries(root, "rows", problems, |spot, problems| row(spot, columns.len(), problems));
    Some(Table {
        file: file.to_string(),
        name: name?,
        summary: summary?,
        source: source?,
        word,
        note,
        settings,
        names,
        columns,
        rows,
    })
}

/// A text that says something.
fn said(spot: &Spot<'_>) -> Read<String> {
    let text = spot.text()?.trim();
    if text.is_empty() { Err(spot.fail("the text is empty")) } else { Ok(text.to_string()) }
}

fn word(root: &Spot<'_>) -> Read<Word> {
    let Some(spot) = root.get("claimed") else { return Ok(Word::Claimed) };
    Ok(if spot.word(["claimed", "published"])? == "published" { Word::Published } else { Word::Claimed })
}

/// The most columns, and the most rows.
const ENTRIES_MAX: usize = 1_000;

/// The entries of a list of tables, each of which has a name of its own.
fn entries<T>(
    root: &Spot<'_>,
    key: &str,
    problems: &mut Problems,
    mut read: impl FnMut(&Spot<'_>, &mut Problems) -> Option<T>,
) -> Vec<T> {
    let Some(section) = root.get(key) else { return Vec::new() };
    let list = section.list().unwrap_or_default();
    if list.is_empty() || list.len() > ENTRIES_MAX {
        problems.take(Err::<(), _>(section.fail(format!("{} entries; a table has 1 to {ENTRIES_MAX}", list.len()))));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for spot in &list {
        if let Some(name) = spot.get("name")
            && let Ok(text) = name.text()
            && !seen.insert(text.trim())
        {
            problems.take(Err::<(), _>(name.fail(format!("{} stands here a second time; choose another name", quoted(text)))));
        }
        found.extend(read(spot, problems));
    }
    found
}

/// Beyond it, a line of 80 columns has no room for figures.
const COLUMN_NAME_MAX: usize = 40;

fn column(spot: &Spot<'_>, problems: &mut Problems) -> Option<Column> {
    let name = problems.take(spot.need("name").and_then(|name| match said(&name)? {
        text if text.chars().count() > COLUMN_NAME_MAX => {
            Err(name.fail(format!("a name of {} characters; {COLUMN_NAME_MAX} is the most", text.chars().count())))
        }
        text => Ok(text),
    }));
    let settings = settings(spot, problems);
    Some(Column { name: name?, settings })
}

fn row(spot: &Spot<'_>, columns: usize, problems: &mut Problems) -> Option<Row> {
    let name = problems.take(spot.need("name").and_then(|name| said(&name)));
    let measure = problems.take(spot.need("measure").and_then(|measure| said(&measure).map(|_| Held::of(&measure))));
    let claimed = each(spot, "claimed", columns, problems, claim);
    let closed = each(spot, "closed", columns, problems, |spot| match spot.text()?.trim() {
        "" => Ok(None),
        _ => Ok(Some(Held::of(spot))),
    });
    let tolerance = each(spot, "tolerance", columns, problems, |spot| tolerance(spot).map(Some));
    let note = problems.take(optional_text(spot, "note")).flatten();
    let settings = settings(spot, problems);
    Some(Row { name: name?, measure: measure?, claimed, closed, tolerance, note, settings })
}

/// What a row says for each column: a list of as many, or one for all of them.
fn each<T: Clone>(
    row: &Spot<'_>,
    key: &str,
    columns: usize,
    problems: &mut Problems,
    read: impl Fn(&Spot<'_>) -> Read<Option<T>>,
) -> Vec<Option<T>> {
    let Some(spot) = row.get(key) else { return vec![None; columns] };
    let Some(list) = spot.list() else {
        return vec![problems.take(read(&spot)).flatten(); columns];
    };
    if list.len() != columns {
        let message = format!("{} values for {columns} columns; write one for each, \"\" where there is none", list.len());
        problems.take(Err::<(), _>(spot.fail(message)));
        return vec![None; columns];
    }
    list.iter().map(|spot| problems.take(read(spot)).flatten()).collect()
}

/// Beyond it, a line of 80 columns has no room for the rest.
const CLAIM_MAX: usize = 16;

fn claim(spot: &Spot<'_>) -> Read<Option<Claim>> {
    if let Tree::Text(text) = &spot.node.tree {
        if text.trim().is_empty() {
            return Ok(None);
        }
        if text.chars().count() > CLAIM_MAX {
            return Err(spot.fail(format!("a value of {} characters; {CLAIM_MAX} is the most", text.chars().count())));
        }
    }
    let (measure, at) = (value(spot)?, Held::of(spot));
    Ok(Some(Claim { measure, shown: at.shown(), at }))
}

/// A number, or a text with a unit.
fn value(spot: &Spot<'_>) -> Read<Measure> {
    let number = match &spot.node.tree {
        Tree::Text(text) => {
            return arithmetic::evaluate(text, &Parameters::default()).map_err(|mistake| spot.point(text, 0, mistake));
        }
        Tree::Integer(Some(number)) => Rational::whole(*number),
        Tree::Float(number) if number.is_finite() => units::exact_float(*number),
        _ => return Err(spot.fail(format!("{} is no value; write a number, or a text such as \"430ms\"", spot.shown()))),
    };
    number.map(Measure::plain).ok_or_else(|| spot.fail("has more digits than can be worked out exactly: 38"))
}

fn tolerance(spot: &Spot<'_>) -> Read<Tolerance> {
    const FORMS: &str = "write \"exact\", \"3%\", \"10ms\", 0.2 or \"3 sigma\"";
    let part = |text: &str| text.trim().parse::<f64>().ok().filter(|part| part.is_finite() && *part >= 0.0);
    let wrong = || spot.fail(format!("{} is no tolerance; {FORMS}", spot.shown()));
    if let Tree::Text(text) = &spot.node.tree {
        let text = text.trim();
        if text == "exact" {
            return Ok(Tolerance::Exact);
        }
        if let Some(percent) = text.strip_suffix('%') {
            return part(percent).map(|percent| Tolerance::Relative(percent / 100.0)).ok_or_else(wrong);
        }
        if let Some(sigmas) = text.strip_suffix("sigma") {
            return part(sigmas).map(|sigmas| Tolerance::Sigmas(sigmas, Held::of(spot))).ok_or_else(wrong);
        }
        let begins = text.starts_with(|c: char| c.is_ascii_digit());
        if !begins {
            return Err(wrong());
        }
    }
    let measure = value(spot)?;
    if measure.value.is_negative() {
        return Err(wrong());
    }
    Ok(Tolerance::Absolute(measure, Held::of(spot)))
}

/// What the table, a column or a row says of the runs.
fn settings(spot: &Spot<'_>, problems: &mut Problems) -> Settings {
    let scenario = spot.get("scenario").and_then(|path| problems.take(said(&path).map(|_| Held::of(&path))));
    let seeds = spot.get("seeds").and_then(|seeds| problems.take(seeds.integer(1..=u32::MAX)));
    let set = spot.get("set");
    let changes = set.iter().flat_map(Spot::entries).filter_map(|(key, value)| problems.take(setting(key, &value))).collect();
    Settings { scenario, seeds, changes }
}

/// A key and its value, as `--set` has them.
fn setting(key: &str, spot: &Spot<'_>) -> Read<Setting> {
    if spot.is_table() && !key.contains('.') && !spot.node.is_written_out() {
        // What TOML makes of a key with points that is not in quotes; taken as it is, it would replace the whole section.
        let below = spot.entries().next().map_or("KEY", |(below, _)| below);
        return Err(spot.fail(format!("write the path of each key in quotes: set = {{ \"{key}.{below}\" = … }}")));
    }
    let value = toml_value(spot)?.to_string();
    Ok(Setting { change: Override { key: key.to_string(), value }, at: Held::of(spot) })
}

fn toml_value(spot: &Spot<'_>) -> Read<toml::Value> {
    Ok(match &spot.node.tree {
        Tree::Text(text) => toml::Value::String(text.clone()),
        Tree::Integer(number) => {
            let number = number.and_then(|number| i64::try_from(number).ok());
            toml::Value::Integer(number.ok_or_else(|| spot.fail("a number of more than 64 bits"))?)
        }
        Tree::Float(number) => toml::Value::Float(*number),
        Tree::Flag(flag) => toml::Value::Boolean(*flag),
        Tree::Date(_) => return Err(spot.fail(format!("{} is a date, which no key takes", spot.shown()))),
        Tree::List(_) => toml::Value::Array(spot.list().unwrap_or_default().iter().map(toml_value).collect::<Read<_>>()?),
        Tree::Table(_) => {
            let entries = spot.entries().map(|(key, below)| Ok((key.to_string(), toml_value(&below)?)));
            toml::Value::Table(entries.collect::<Read<_>>()?)
        }
    })
}

/// `[where]`: names for closed forms.
fn names(section: &Spot<'_>, problems: &mut Problems) -> Vec<(String, Held)> {
    let named = section.entries().filter_map(|(name, spot)| {
        let held = match &spot.node.tree {
            Tree::Text(_) => problems.take(said(&spot).map(|_| Held::of(&spot))),
            _ => problems.take(Err(spot.fail(format!("{} is no expression; write it as a text", spot.shown())))),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(allowed) {
            problems
                .take(Err::<(), _>(spot.fail(format!("{} is no name: letters, digits and _, and first a letter", quoted(name)))));
        }
        Some((name.to_string(), held?))
    });
    named.collect()
}
