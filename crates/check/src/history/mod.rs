//! Histories of operations as clients saw them: what they are in memory, and the format `quorate/1` in which they come from and go to
//! other programs. `docs/histories.md` describes the format. Nothing here judges.

pub mod model;
pub mod names;
pub mod read;
pub mod write;

pub use model::Model;
pub use names::{Names, Plain, Scalar, Value};

/// A history.
#[derive(Clone, Debug)]
pub struct History {
    /// The object that the operations are meant for.
    pub model: Model,
    /// What it is at the start.
    pub init: Init,
    /// Where the history comes from, in words; may be empty.
    pub source: String,
    /// What one unit of time is.
    pub time: TimeUnit,
    /// The operations. Invariant: in the order of their invocations; no process has two open at once, and none goes on after an
    /// operation whose outcome it does not know.
    pub operations: Vec<Operation>,
    /// The values and keys by number.
    pub names: Names,
}

/// What an object is at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Init {
    /// What its model begins with: nothing written, empty, free, 0.
    Default,
    /// A register, or the text under each key of a kv store.
    Value(Value),
    /// Registers by key, in the order of the keys' numbers; others hold nothing.
    Keyed(Vec<(Value, Value)>),
    /// The elements of a queue (the next one first), a stack (the bottom first) or a set.
    Values(Vec<Value>),
    /// A counter.
    Number(i64),
    /// A mutex: whether somebody holds it.
    Held(bool),
}

/// What one unit of a history's times is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeUnit {
    /// Nobody said; a position in a log, say.
    Unspecified,
    /// A nanosecond.
    Nanoseconds,
    /// A picosecond.
    Picoseconds,
}

/// An operation as its client saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// Its name in evidence, different from all others in the history.
    pub id: i64,
    /// Whoever works in sequence: a client, until it no longer knows what became of an operation.
    pub process: i64,
    /// The object, where there are several; else `null`.
    pub key: Value,
    /// What was asked.
    pub call: Call,
    /// What is known of it.
    pub outcome: Outcome,
    /// When it was sent. One operation comes before another when its response is strictly before the other's invocation.
    pub invoke: i64,
    /// When the outcome was heard; `None` exactly when it is unknown.
    pub response: Option<i64>,
}

/// What is known of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It took effect, with this answer.
    Ok(Answer),
    /// It took no effect and never will.
    Fail,
    /// It may take effect at any time after its invocation, or never.
    Unknown,
}

/// What was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    /// What does it hold?
    Read,
    /// Put a value.
    Write(Value),
    /// Put `new` if it holds `expected`.
    Cas {
        /// What it must hold.
        expected: Value,
        /// What it is to hold.
        new: Value,
    },
    /// Put this text at the end.
    Append(Value),
    /// Take the lock.
    Acquire,
    /// Give it back.
    Release,
    /// Put an element in: at the end of a queue, on top of a stack.
    Insert(Value),
    /// Take an element out: the first of a queue, the top of a stack.
    Take,
    /// Put an element into a set.
    Add(Value),
    /// Take an element out of a set.
    Remove(Value),
    /// Is it in the set?
    Contains(Value),
    /// Add to a counter.
    Increment(i64),
    /// Give an id that nobody has.
    Generate,
    /// Several accesses as one.
    Transaction(Box<[Access]>),
}

/// An access of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// Of what.
    pub key: Value,
    /// What is done there.
    pub act: Act,
}

/// What an access does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// What does it hold?
    Read,
    /// Put a value, or an element at the end of a list.
    Write(Value),
}

/// What was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// A value: what a register holds, what was taken out, an id; `null` when there is nothing.
    Value(Value),
    /// A truth value: whether a cas put its value, or a set changed or holds the element.
    Flag(bool),
    /// A counter.
    Number(i64),
    /// The elements of a set.
    Values(Box<[Value]>),
    /// What the reads of a transaction found, in their order.
    Found(Box<[Found]>),
}

/// What a read of a transaction found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// A register's value.
    Value(Value),
    /// A list.
    List(Box<[Value]>),
}

impl History {
    /// What a register holds at the start.
    pub fn initial(&self, key: Value) -> Value {
        match &self.init {
            Init::Value(value) => *value,
            Init::Keyed(pairs) => pairs.binary_search_by_key(&key, |(name, _)| *name).map_or(Value::NULL, |place| pairs[place].1),
            _ => Value::NULL,
        }
    }
}

impl Operation {
    /// The answer, if the operation took effect for certain.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Ok(answer) => Some(answer),
            Outcome::Fail | Outcome::Unknown => None,
        }
    }

    /// Whether it took effect for certain.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// Whether it may have taken effect.
    pub fn is_possible(&self) -> bool {
        !matches!(self.outcome, Outcome::Fail)
    }

    /// About how many bytes this holds.
    pub fn bytes(&self) -> u64 {
        let call = match &self.call {
            Call::Transaction(accesses) => size_of_val::<[Access]>(accesses),
            _ => 0,
        };
        let answer = match self.answer() {
            Some(Answer::Values(values)) => size_of_val::<[Value]>(values),
            Some(Answer::Found(found)) => {
                let lists = found.iter().map(|found| match found {
                    Found::List(list) => size_of_val::<[Value]>(list) + 16,
                    Found::Value(_) => 0,
                });
                size_of_val::<[Found]>(found) + lists.sum::<usize>()
            }
            _ => 0,
        };
        (size_of::<Operation>() + call + answer) as u64
    }
}
