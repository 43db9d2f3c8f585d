//! A counter.

use crate::history::{Answer, Call, Names};
use crate::linearizable::object::Object;
use crate::linearizable::print::{Kind, zobrist};

/// A counter; no history of 64-bit numbers can make it overflow.
pub(in crate::linearizable) struct Counter(pub(in crate::linearizable) i128);

/// What was asked of it, and told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::linearizable) enum Op {
    Add(i64),
    Read(i64),
}

/// What an operation comes to; `None` when it neither tells nor changes anything.
pub(in crate::linearizable) fn op(call: &Call, answer: Option<&Answer>) -> Option<Op> {
    match (call, answer) {
        (Call::Increment(by), _) => Some(Op::Add(*by)),
        (Call::Read, Some(Answer::Number(number))) => Some(Op::Read(*number)),
        _ => None,
    }
}

impl Object for Counter {
    type Op = Op;
    type Undo = ();

    fn apply(&mut self, op: &Op) -> Option<()> {
        match op {
            Op::Add(by) => self.0 += i128::from(*by),
            Op::Read(number) if self.0 == i128::from(*number) => {}
            Op::Read(_) => return None,
        }
        Some(())
    }

    fn undo(&mut self, op: &Op, (): ()) {
        if let Op::Add(by) = op {
            self.0 -= i128::from(*by);
        }
    }

    fn print(&self) -> u128 {
        zobrist(Kind::State, self.0 as u64) ^ zobrist(Kind::Member, (self.0 >> 64) as u64)
    }

    fn looks(op: &Op) -> bool {
        matches!(op, Op::Read(_) | Op::Add(0))
    }

    fn commutes(op: &Op, other: &Op) -> bool {
        matches!((op, other), (Op::Add(_), Op::Add(_)))
    }

    fn tell(&self, _names: &Names) -> String {
        format!("it is {}", self.0)
    }
}
