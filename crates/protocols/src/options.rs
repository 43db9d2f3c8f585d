//! A protocol's options as data: one table of fields from which the scenario text is checked, defaults are filled in, and
//! help and schema are printed. What the values mean together is each protocol's own business (`build` in its entry).

use quorate_engine::time::{MICROSECOND, Nanos, SECOND, show};
use std::collections::BTreeMap;
use std::fmt;

/// One option of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key in the scenario file.
    pub name: &'static str,
    /// What may stand there.
    pub kind: FieldKind,
    /// What holds when the file is silent.
    pub default: Default,
    /// What it means, in a sentence.
    pub doc: &'static str,
}

impl Field {
    /// A duration from 100 us to an hour.
    pub const fn duration(name: &'static str, default: Nanos, doc: &'static str) -> Field {
        Field { name, kind: FieldKind::Duration(100 * MICROSECOND, 3_600 * SECOND), default: Default::Duration(default), doc }
    }

    /// A whole number within these bounds, both included.
    pub const fn integer(name: &'static str, low: u64, high: u64, default: u64, doc: &'static str) -> Field {
        Field { name, kind: FieldKind::Integer(low, high), default: Default::Integer(default), doc }
    }

    /// `true` or `false`.
    pub const fn flag(name: &'static str, default: bool, doc: &'static str) -> Field {
        Field { name, kind: FieldKind::Flag, default: Default::Flag(default), doc }
    }
}

/// What an option's value may be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum FieldKind {
    /// A whole number within these bounds, both included.
    Integer(u64, u64),
    /// A duration with its unit, within these bounds in ns, both included.
    Duration(Nanos, Nanos),
    /// One of these words.
    Choice(&'static [Choice]),
    /// `true` or `false`.
    Flag,
}

/// A word that an option may be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Choice {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// The value of an option that the file leaves out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Default {
    /// Of an integer.
    Integer(u64),
    /// Of a duration, in ns.
    Duration(Nanos),
    /// Of a choice.
    Choice(&'static str),
    /// Of a flag.
    Flag(bool),
}

/// A checked value of one option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A whole number.
    Integer(u64),
    /// A duration in ns.
    Duration(Nanos),
    /// One of the field's words.
    Choice(&'static str),
    /// A flag.
    Flag(bool),
}

impl fmt::Display for Value {
    /// As the scenario file would have it, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => value.fmt(f),
            Value::Duration(nanos) => f.write_str(&show(*nanos)),
            Value::Choice(name) => f.write_str(name),
            Value::Flag(value) => value.fmt(f),
        }
    }
}

/// All options of one protocol, each within its field's bounds, defaults filled in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Values {
    by_name: BTreeMap<&'static str, Value>,
}

impl Values {
    /// The defaults of these fields.
    pub fn defaults(fields: &[Field]) -> Values {
        let by_name = fields.iter().map(|field| (field.name, field.default.value())).collect();
        Values { by_name }
    }

    /// Sets an option. The caller has held the value against the field.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.by_name.insert(name, value);
    }

    /// Takes an option away, because it has no one value.
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// All options, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.by_name.iter().map(|(name, value)| (*name, value))
    }

    /// A whole number.
    ///
    /// # Panics
    /// When the protocol's table has no such field of that kind: a mistake in the protocol. So do the others.
    pub fn integer(&self, name: &str) -> u64 {
        match self.by_name.get(name) {
            Some(Value::Integer(value)) => *value,
            other => panic!("option {name} is no integer but {other:?}"),
        }
    }

    /// A duration in ns.
    pub fn duration(&self, name: &str) -> Nanos {
        match self.by_name.get(name) {
            Some(Value::Duration(value)) => *value,
            other => panic!("option {name} is no duration but {other:?}"),
        }
    }

    /// Two durations that are the ends of a range, in ns.
    ///
    /// # Errors
    /// When it is empty.
    pub fn range(&self, low: &Field, high: &Field) -> Result<(Nanos, Nanos), OptionError> {
        let range = (self.duration(low.name), self.duration(high.name));
        if range.0 > range.1 {
            let message = format!("it is below {}; make it at least as long", low.name);
            return Err(OptionError { field: high.name, message });
        }
        Ok(range)
    }

    /// One of the field's words.
    pub fn choice(&self, name: &str) -> &'static str {
        match self.by_name.get(name) {
            Some(Value::Choice(value)) => value,
            other => panic!("option {name} is no choice but {other:?}"),
        }
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> bool {
        match self.by_name.get(name) {
            Some(Value::Flag(value)) => *value,
            other => panic!("option {name} is no flag but {other:?}"),
        }
    }
}

impl self::Default {
    /// The default as a value.
    pub fn value(self) -> Value {
        match self {
            Default::Integer(value) => Value::Integer(value),
            Default::Duration(value) => Value::Duration(value),
            Default::Choice(value) => Value::Choice(value),
            Default::Flag(value) => Value::Flag(value),
        }
    }
}

/// Options that are each within bounds and still do not go together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionError {
    /// The field to point at.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}
