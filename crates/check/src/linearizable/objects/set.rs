//! A set of values.

use crate::history::{Answer, Call, Names, Value};
use crate::linearizable::object::Object;
use crate::linearizable::print::{Kind, zobrist};
use std::collections::BTreeSet;

/// A set.
pub(in crate::linearizable) struct Set {
    elements: BTreeSet<Value>,
    print: u128,
}

/// What was asked of it, and told.
#[derive(PartialEq, Eq)]
pub(in crate::linearizable) enum Op {
    /// The value is in from now on (`true`) or out; where it was told, it was so (`Some(true)`) or not before.
    Put(Value, bool, Option<bool>),
    /// The value is in, or not.
    Contains(Value, bool),
    /// These are all, in the order of their numbers.
    Read(Box<[Value]>, u128),
    /// What no set answers.
    Never,
}

impl Set {
    pub(in crate::linearizable) fn new(values: &[Value]) -> Set {
        let elements: BTreeSet<Value> = values.iter().copied().collect();
        let print = elements.iter().fold(0, |sum, value| sum ^ one(*value));
        Set { elements, print }
    }
}

fn one(value: Value) -> u128 {
    zobrist(Kind::State, u64::from(value.0))
}

/// What an operation comes to; `None` when it neither tells nor changes anything.
pub(in crate::linearizable) fn op(call: &Call, answer: Option<&Answer>) -> Option<Op> {
    let changed = match answer {
        Some(Answer::Flag(changed)) => Some(*changed),
        _ => None,
    };
    Some(match (call, answer) {
        (Call::Add(value), _) => Op::Put(*value, true, changed.map(|changed| !changed)),
        (Call::Remove(value), _) => Op::Put(*value, false, changed.map(|changed| !changed)),
        (Call::Contains(value), Some(Answer::Flag(found))) => Op::Contains(*value, *found),
        (Call::Read, Some(Answer::Values(values))) => {
            let mut sorted = values.to_vec();
            sorted.sort_unstable();
            if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
                return Some(Op::Never);
            }
            let print = sorted.iter().fold(0, |sum, value| sum ^ one(*value));
            Op::Read(sorted.into(), print)
        }
        _ => return None,
    })
}

impl Object for Set {
    type Op = Op;
    /// Whether the set changed.
    type Undo = bool;

    fn apply(&mut self, op: &Op) -> Option<bool> {
        match op {
            Op::Put(value, is_in, was_so) => {
                let is_so = self.elements.contains(value) == *is_in;
                if was_so.is_some_and(|was_so| was_so != is_so) {
                    return None;
                }
                if !is_so {
                    self.print ^= one(*value);
                    if *is_in {
                        self.elements.insert(*value)
                    } else {
                        self.elements.remove(value)
                    };
                }
                Some(!is_so)
            }
            Op::Contains(value, found) => (self.elements.contains(value) == *found).then_some(false),
            Op::Read(values, print) => (self.print == *print && self.elements.iter().eq(values.iter())).then_some(false),
            Op::Never => None,
        }
    }

    fn undo(&mut self, op: &Op, changed: bool) {
        if let Op::Put(value, is_in, _) = op
            && changed
        {
            self.print ^= one(*value);
            if *is_in {
                self.elements.remove(value)
            } else {
                self.elements.insert(*value)
            };
        }
    }

    fn print(&self) -> u128 {
        self.print
    }

    fn looks(op: &Op) -> bool {
        !matches!(op, Op::Put(_, _, None | Some(false)))
    }

    fn commutes(op: &Op, other: &Op) -> bool {
        match (op, other) {
            (Op::Put(value, ..) | Op::Contains(value, _), Op::Put(other, ..)) => value != other,
            _ => false,
        }
    }

    fn tell(&self, names: &Names) -> String {
        const TOLD_MAX: usize = 8;
        let told: Vec<String> = self.elements.iter().take(TOLD_MAX).map(|value| names.tell(*value)).collect();
        let more = if self.elements.len() > TOLD_MAX { ", …" } else { "" };
        format!("it holds {{{}{more}}}", told.join(", "))
    }
}
