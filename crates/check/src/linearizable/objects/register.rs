//! A register with compare-and-set. A lock is one too, of two values.

use crate::history::{Answer, Call, Names, Value};
use crate::linearizable::object::{Footprint, Object};
use crate::linearizable::print::{Kind, zobrist};

/// A register that holds a value; `null` is nothing.
pub(in crate::linearizable) struct Register {
    value: Value,
    is_lock: bool,
}

/// What was asked of it, and told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::linearizable) enum Op {
    /// A read found this.
    Read(Value),
    /// This was put.
    Write(Value),
    /// The first was replaced by the second.
    Swapped(Value, Value),
    /// The swap was refused, for something else was held.
    Lost(Value),
}

const FREE: Value = Value::NULL;
const HELD: Value = Value(1);

impl Register {
    pub(in crate::linearizable) fn new(value: Value) -> Register {
        Register { value, is_lock: false }
    }

    pub(in crate::linearizable) fn lock(is_held: bool) -> Register {
        Register { value: if is_held { HELD } else { FREE }, is_lock: true }
    }
}

/// What an operation comes to; `None` when it neither tells nor changes anything.
pub(in crate::linearizable) fn op(call: &Call, answer: Option<&Answer>) -> Option<Op> {
    Some(match (call, answer) {
        (Call::Read, Some(Answer::Value(value))) => Op::Read(*value),
        (Call::Write(value), _) => Op::Write(*value),
        (Call::Cas { expected, .. }, Some(Answer::Flag(false))) => Op::Lost(*expected),
        (Call::Cas { expected, new }, _) => Op::Swapped(*expected, *new),
        (Call::Acquire, _) => Op::Swapped(FREE, HELD),
        (Call::Release, _) => Op::Swapped(HELD, FREE),
        _ => return None,
    })
}

impl Object for Register {
    type Op = Op;
    type Undo = Value;

    fn apply(&mut self, op: &Op) -> Option<Value> {
        let before = self.value;
        self.value = match *op {
            Op::Read(value) if before == value => before,
            Op::Lost(expected) if before != expected => before,
            Op::Write(value) => value,
            Op::Swapped(expected, new) if before == expected => new,
            _ => return None,
        };
        Some(before)
    }

    fn undo(&mut self, _op: &Op, before: Value) {
        self.value = before;
    }

    fn print(&self) -> u128 {
        zobrist(Kind::State, u64::from(self.value.0))
    }

    fn looks(op: &Op) -> bool {
        matches!(op, Op::Read(_) | Op::Lost(_))
    }

    fn overwrites(op: &Op, _before: &Op) -> bool {
        matches!(op, Op::Write(_))
    }

    fn footprint(op: &Op) -> Option<Footprint> {
        Some(match *op {
            Op::Read(value) => Footprint { needs: Some(value.0), ..Footprint::default() },
            Op::Write(value) => Footprint { makes: Some(value.0), ..Footprint::default() },
            Op::Swapped(expected, new) => Footprint { needs: Some(expected.0), makes: Some(new.0), ..Footprint::default() },
            Op::Lost(expected) => Footprint { avoids: Some(expected.0), ..Footprint::default() },
        })
    }

    fn value(&self) -> Option<u32> {
        Some(self.value.0)
    }

    fn tell(&self, names: &Names) -> String {
        match (self.is_lock, self.value) {
            (true, FREE) => "it is free".to_string(),
            (true, _) => "it is held".to_string(),
            (false, value) => format!("it holds {}", names.tell(value)),
        }
    }
}
