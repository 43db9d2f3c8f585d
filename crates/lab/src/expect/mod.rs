//! Expectations: strings that a person can read, such as `p99(convergence.time) <= 30s`, `messages.total <= nodes * 400`, or
//! the name of a check. They are parsed against a protocol's metrics, checks and options (`parse`), so that one that could
//! never be judged is an error of the scenario, and judged over one run or many (`judge`); `decide` knows when more runs would change
//! nothing. Nothing is measured here.

mod bound;
mod decide;
mod judge;
mod parse;
mod reading;

pub use crate::arithmetic::Mistake;
pub use decide::Decision;
pub use judge::{Judged, Looks, Seen, Standing};
pub(crate) use parse::{SCOPED, reading as reading_of, statistic as statistic_of};
pub use reading::{Of, Reading, Slice};

use crate::arithmetic::Parameters;
use crate::metrics::Unit;
use crate::statistics::Quantile;
use quorate_engine::time::Nanos;
use quorate_protocols::options::Values;
use quorate_protocols::registry::Protocol;
use std::fmt;

/// An expectation with its name.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// The name in the scenario.
    pub name: String,
    /// As written.
    pub text: String,
    /// What it says.
    pub claim: Claim,
}

/// What an expectation says.
#[derive(Clone, PartialEq, Debug)]
pub enum Claim {
    /// The check of that name finds nothing wrong in any run.
    Check(&'static str),
    /// Something that is measured keeps to a bound.
    Compare(Comparison),
}

/// `p99(convergence.time) <= 30s with 99% confidence`.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// What is measured.
    pub subject: Subject,
    /// How it is compared with the bound.
    pub comparator: Comparator,
    /// The bound in the subject's unit, options and nodes filled in; finite.
    pub bound: f64,
    /// Let the interval at this level decide over many runs, such as 0.99.
    pub confidence: Option<f64>,
}

/// What a comparison is about.
#[derive(Clone, PartialEq, Debug)]
pub enum Subject {
    /// Every single run's value.
    Each(Reading),
    /// A statistic of the runs' values.
    Of(Statistic, Reading),
    /// The share of the runs in which this holds: a check, or a comparison of each run's value.
    Rate(Box<Claim>),
}

/// What many runs' values of a metric are made into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The standard deviation.
    Deviation,
    /// A quantile, by nearest rank.
    Quantile(Quantile),
}

/// How a value is compared with its bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparator {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
}

/// What an expectation may refer to.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Its metrics and checks.
    pub protocol: &'static Protocol,
    /// Its options: whole numbers and durations may stand in bounds.
    pub options: &'a Values,
    /// The number of nodes: `nodes` in bounds.
    pub nodes: u32,
    /// The scenario's parameters.
    pub parameters: &'a Parameters,
    /// Twice the latency between replicas, where that is one and always the same: `rtt` in bounds.
    pub rtt: Option<Nanos>,
}

impl Expectation {
    /// Parses an expectation.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place in the text.
    pub fn parse(name: &str, text: &str, scope: &Scope<'_>) -> Result<Expectation, Mistake> {
        let claim = parse::claim(text, scope)?;
        Ok(Expectation { name: name.to_string(), text: text.to_string(), claim })
    }

    /// What it reads off a run, if it is no check.
    pub fn reading(&self) -> Option<&Reading> {
        self.claim.reading()
    }
}

impl Claim {
    /// What it reads off a run, if it is no check.
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Claim::Check(_) => None,
            Claim::Compare(comparison) => match &comparison.subject {
                Subject::Each(reading) | Subject::Of(_, reading) => Some(reading),
                Subject::Rate(of) => of.reading(),
            },
        }
    }

    /// The check that it looks at, if it is one or the share of runs in which one holds.
    pub fn check(&self) -> Option<&'static str> {
        match self {
            Claim::Check(name) => Some(name),
            Claim::Compare(Comparison { subject: Subject::Rate(of), .. }) => of.check(),
            Claim::Compare(_) => None,
        }
    }
}

impl Subject {
    /// What it counts in.
    pub fn unit(&self) -> Unit {
        match self {
            Subject::Each(reading) | Subject::Of(_, reading) => reading.unit,
            Subject::Rate(_) => Unit::Ratio,
        }
    }
}

impl Comparator {
    /// Whether less is wanted.
    pub(crate) fn bounds_above(self) -> bool {
        matches!(self, Comparator::Less | Comparator::AtMost)
    }

    /// Whether `value` stands in this relation to `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparator::Less => value < bound,
            Comparator::AtMost => value <= bound,
            Comparator::Greater => value > bound,
            Comparator::AtLeast => value >= bound,
            Comparator::Equal => value == bound,
        }
    }
}

impl fmt::Display for Comparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparator::Less => "<",
            Comparator::AtMost => "<=",
            Comparator::Greater => ">",
            Comparator::AtLeast => ">=",
            Comparator::Equal => "==",
        })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statistic::Mean => f.write_str("mean"),
            Statistic::Min => f.write_str("min"),
            Statistic::Max => f.write_str("max"),
            Statistic::Deviation => f.write_str("stddev"),
            Statistic::Quantile(quantile) => quantile.fmt(f),
        }
    }
}
