//! What an expectation reads off a run: a metric of the registry, or of the messages those that it names.

use crate::metrics::Unit;
use quorate_engine::actor::Role;
use std::sync::Arc;

/// What is read off a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// The metric's name; of a part of the messages its canonical form, such as `messages(kind = append, per_op)`.
    pub name: Arc<str>,
    /// What it counts in.
    pub unit: Unit,
    /// Where it comes from.
    pub of: Of,
}

/// Where a reading comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum Of {
    /// The metric of that name in the registry.
    Metric(&'static str),
    /// Some of the messages between replicas.
    Messages(Slice),
}

/// Some of the messages between replicas.
#[derive(Clone, PartialEq, Debug)]
pub struct Slice {
    /// Only those of that kind.
    pub kind: Option<&'static str>,
    /// Only those that are for that.
    pub role: Option<Role>,
    /// Their bytes, and not their number.
    pub bytes: bool,
    /// For each operation that was answered.
    pub per_op: bool,
}

impl Reading {
    /// A metric.
    pub fn metric(name: &'static str, unit: Unit) -> Reading {
        Reading { name: Arc::from(name), unit, of: Of::Metric(name) }
    }

    /// A part of the messages; of all of them there are metrics.
    pub fn messages(slice: Slice) -> Reading {
        let mut scopes = Vec::new();
        scopes.extend(slice.kind.map(|kind| format!("kind = {kind}")));
        scopes.extend(slice.role.map(|role| format!("role = {}", role.name())));
        scopes.extend(slice.per_op.then(|| "per_op".to_string()));
        let (of, unit) = if slice.bytes { ("bytes", Unit::Bytes) } else { ("messages", Unit::Count) };
        Reading { name: Arc::from(format!("{of}({})", scopes.join(", "))), unit, of: Of::Messages(slice) }
    }
}
