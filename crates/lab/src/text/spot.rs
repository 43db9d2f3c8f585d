//! A value with the path that leads to it, and how to read it as one thing or another. What a value means is the sections'
//! business; here is only what it is.

use super::error::{Problem, Read};
use super::files::Files;
use super::nearest::did_you_mean;
use super::tree::{Node, Tree};
use crate::arithmetic::{Dimension, Parameters, Rational};
use crate::units::{self, Rate, quoted};
use quorate_engine::random::Probability;
use quorate_engine::time::Nanos;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// A value and its path.
#[derive(Clone, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: String,
    pub(crate) given: Given<'a>,
}

/// What a value may refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) files: &'a Files,
}

impl<'a> Spot<'a> {
    /// The whole document.
    pub(crate) fn root(node: &'a Node, given: Given<'a>) -> Spot<'a> {
        Spot { node, path: String::new(), given }
    }

    fn at(&self, node: &'a Node, path: String) -> Spot<'a> {
        Spot { node, path, given: self.given }
    }

    /// The value under a key, if there is one.
    pub(crate) fn get(&self, key: &str) -> Option<Spot<'a>> {
        let entry = self.node.entries().iter().find(|entry| entry.key == key)?;
        Some(self.at(&entry.node, self.below(key)))
    }

    /// The value under a key that must be there.
    pub(crate) fn need(&self, key: &str) -> Read<Spot<'a>> {
        self.get(key).ok_or_else(|| self.fail(format!("\"{key}\" is missing here")))
    }

    /// The entries of a table, in the order of the file.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Spot<'a>)> + '_ {
        self.node.entries().iter().map(|entry| (entry.key.as_str(), self.at(&entry.node, self.below(&entry.key))))
    }

    /// The path of a key of this table.
    pub(crate) fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    /// The entries of a list; `None` when it is no list.
    pub(crate) fn list(&self) -> Option<Vec<Spot<'a>>> {
        match &self.node.tree {
            Tree::List(items) => {
                let item = |(index, node)| self.at(node, format!("{}[{index}]", self.path));
                Some(items.iter().enumerate().map(item).collect())
            }
            _ => None,
        }
    }

    /// The entries of a list of exactly two.
    pub(crate) fn pair(&self, example: &str) -> Read<[Spot<'a>; 2]> {
        let items = self.list().and_then(|items| <[Spot<'a>; 2]>::try_from(items).ok());
        items.ok_or_else(|| self.fail(format!("must be a list of two, such as {example}")))
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.node.tree, Tree::Table(_))
    }

    /// A problem with this value.
    pub(crate) fn fail(&self, message: impl Into<String>) -> Box<Problem> {
        Box::new(self.node.place.problem(&self.path, message).label("here"))
    }

    /// The value as it would be quoted in a message, with what it is.
    pub(crate) fn shown(&self) -> String {
        match &self.node.tree {
            Tree::Text(text) => quoted(text),
            Tree::Integer(Some(number)) => number.to_string(),
            Tree::Integer(None) => "a number of more than 38 digits".to_string(),
            Tree::Float(number) => format!("{number:?}"),
            Tree::Flag(flag) => flag.to_string(),
            Tree::Date(date) => date.clone(),
            Tree::List(_) | Tree::Table(_) => self.node.kind().to_string(),
        }
    }

    fn wrong_kind<T>(&self, expected: &str) -> Read<T> {
        Err(self.fail(format!("{} stands where {expected} should", self.shown())))
    }

    pub(crate) fn text(&self) -> Read<&'a str> {
        match &self.node.tree {
            Tree::Text(text) => Ok(text),
            Tree::Integer(_) | Tree::Float(_) | Tree::Flag(_) | Tree::Date(_) => {
                Err(self.fail(format!("{} is no text; write \"{}\" in quotes", self.shown(), self.shown())))
            }
            Tree::List(_) | Tree::Table(_) => self.wrong_kind("a text"),
        }
    }

    pub(crate) fn flag(&self) -> Read<bool> {
        match &self.node.tree {
            Tree::Flag(flag) => Ok(*flag),
            _ => self.wrong_kind("true or false"),
        }
    }

    /// A whole number within bounds, both included.
    pub(crate) fn integer<T: TryFrom<i128> + Into<i128> + Display + Copy>(&self, bounds: RangeInclusive<T>) -> Read<T> {
        let (low, high) = (*bounds.start(), *bounds.end());
        let (number, shown) = self.whole_number()?;
        match number {
            Some(number) if (low.into()..=high.into()).contains(&number) => {
                T::try_from(number).or_else(|_| self.wrong_kind("a whole number"))
            }
            _ if high.into() == i128::from(u64::MAX) || high.into() == i128::from(i64::MAX) => {
                Err(self.fail(format!("{shown} is out of range; it must be a whole number from {low}")))
            }
            _ => Err(self.fail(format!("{shown} is out of range; it must lie in {low} to {high}"))),
        }
    }

    /// A whole number, `None` when it is beyond 128 bits; and how messages show it.
    fn whole_number(&self) -> Read<(Option<i128>, String)> {
        match &self.node.tree {
            Tree::Integer(number) => Ok((*number, self.shown())),
            Tree::Text(text) => match self.expression(text, "a whole number", Dimension::Plain)? {
                Some(measure) => {
                    let number = self.whole(text, measure.value)?;
                    Ok((Some(number), format!("{}, which is {number},", quoted(text))))
                }
                None => self.wrong_kind("a whole number"),
            },
            _ => self.wrong_kind("a whole number"),
        }
    }

    pub(crate) fn number(&self) -> Read<f64> {
        match &self.node.tree {
            Tree::Integer(Some(number)) => Ok(*number as f64),
            Tree::Float(number) if number.is_finite() => Ok(*number),
            Tree::Text(text) => match self.expression(text, "a number", Dimension::Plain)? {
                Some(measure) => Ok(measure.value.to_f64()),
                None => self.wrong_kind("a number"),
            },
            _ => self.wrong_kind("a number"),
        }
    }

    pub(crate) fn probability(&self) -> Read<Probability> {
        if let Tree::Text(text) = &self.node.tree
            && let Some(percent) = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok())
            && (0.0..=100.0).contains(&percent)
        {
            return Err(self.fail(format!("{} is not how a probability is written; write {}", self.shown(), percent / 100.0)));
        }
        units::probability(self.number()?).map_err(|message| self.fail(message))
    }

    pub(crate) fn duration(&self) -> Read<Nanos> {
        self.measured(&Figure {
            literal: units::duration,
            value: units::duration_of,
            dimension: Dimension::Time,
            expected: DURATION,
            bare: |number| units::bare_duration(number),
        })
    }

    /// A duration above zero.
    pub(crate) fn positive_duration(&self) -> Read<Nanos> {
        match self.duration()? {
            0 => Err(self.fail(format!("{} is no time at all; it must be longer than 0s", self.shown()))),
            nanos => Ok(nanos),
        }
    }

    pub(crate) fn signed_duration(&self) -> Read<i64> {
        self.measured(&Figure {
            literal: units::signed_duration,
            value: units::signed_duration_of,
            dimension: Dimension::Time,
            expected: DURATION,
            bare: |number| units::bare_duration(number),
        })
    }

    /// A size in bytes: `"1KB"`.
    pub(crate) fn bytes(&self) -> Read<u64> {
        self.measured(&Figure {
            literal: units::bytes,
            value: units::bytes_of,
            dimension: Dimension::Data,
            expected: "a size such as \"1KB\"",
            bare: |number| units::bare_bytes(number),
        })
    }

    /// A bandwidth in bytes a second, at least 1: `"10MB/s"`, `"1Gbit/s"`.
    pub(crate) fn bytes_per_second(&self) -> Read<u64> {
        self.measured(&Figure {
            literal: units::bytes_per_second,
            value: units::bytes_per_second_of,
            dimension: Dimension::Bandwidth,
            expected: "a bandwidth such as \"10MB/s\"",
            bare: |number| units::bare_bandwidth(number),
        })
    }

    /// So many in so long: `"500/s"`.
    pub(crate) fn rate(&self) -> Read<Rate> {
        self.measured(&Figure {
            literal: units::rate,
            value: units::rate_of,
            dimension: Dimension::Rate,
            expected: "a rate such as \"500/s\"",
            bare: |number| units::bare_rate(number),
        })
    }

    fn measured<T>(&self, figure: &Figure<T>) -> Read<T> {
        match &self.node.tree {
            Tree::Text(text) => match (figure.literal)(text) {
                Ok(value) => Ok(value),
                // The stroke of "10MB/sec" is no division.
                Err(message) if figure.is_rate() && units::is_rate(text) && !self.names_parameter(text) => {
                    Err(self.fail(message))
                }
                Err(message) => match self.expression(text, figure.expected, figure.dimension)? {
                    Some(measure) => (figure.value)(measure.value, text).map_err(|message| self.fail(message)),
                    None => Err(self.fail(message)),
                },
            },
            Tree::Integer(_) | Tree::Float(_) => Err(self.fail((figure.bare)(&self.shown()))),
            _ => self.wrong_kind(figure.expected),
        }
    }

    /// One of some words.
    pub(crate) fn word<'w>(&self, words: impl IntoIterator<Item = &'w str> + Clone) -> Read<&'w str> {
        let text = self.text()?;
        words.clone().into_iter().find(|word| *word == text).ok_or_else(|| {
            let listed: Vec<_> = words.clone().into_iter().map(quoted).collect();
            let guess = did_you_mean(text, words);
            let mut problem = self.fail(format!("{} is not known here{guess}", quoted(text)));
            problem.help = Some(format!("allowed: {}", listed.join(", ")));
            problem
        })
    }

    /// The one entry of a table that must have exactly one, as `{ uniform = [..] }` has.
    pub(crate) fn only(&self, what: &str) -> Read<(&'a str, Spot<'a>)> {
        let mut entries = self.entries();
        match (entries.next(), entries.next()) {
            (Some(only), None) => Ok(only),
            (Some((first, _)), Some((second, _))) => {
                Err(self.fail(format!("has both \"{first}\" and \"{second}\"; {what} is exactly one of them")))
            }
            (None, _) => Err(self.fail(format!("is empty; {what} needs exactly one key"))),
        }
    }
}

const DURATION: &str = "a duration such as \"5ms\"";

/// A kind of quantity, and its readers.
struct Figure<T> {
    literal: fn(&str) -> Result<T, String>,
    /// From what an expression came to.
    value: fn(Rational, &str) -> Result<T, String>,
    dimension: Dimension,
    expected: &'static str,
    /// What is wrong with a number without its unit.
    bare: fn(&str) -> String,
}

impl<T> Figure<T> {
    fn is_rate(&self) -> bool {
        matches!(self.dimension, Dimension::Rate | Dimension::Bandwidth)
    }
}
