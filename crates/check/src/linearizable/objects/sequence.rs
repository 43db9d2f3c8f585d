//! Sequences of values: queues, stacks, and lists that grow at their end.

use super::fates::Fates;
use crate::history::{Answer, Call, Names, Value};
use crate::linearizable::object::Object;
use crate::linearizable::print::{Power, Rolling};
use std::collections::VecDeque;

/// A queue, whose first element is taken, or a stack, whose last is.
pub(in crate::linearizable) struct Store {
    elements: VecDeque<Value>,
    sum: Rolling,
    is_stack: bool,
    /// A stack's sums below each element; a queue's powers of every length so far.
    sums: Vec<Rolling>,
    powers: Vec<Power>,
    fates: Fates,
}

/// What was asked of a queue or stack, and told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::linearizable) enum Op {
    Insert(Value),
    /// This was taken; `null`: there was nothing.
    Took(Value),
    /// Whatever there is, was taken.
    Take,
}

/// The sum before an operation, and what it took.
pub(in crate::linearizable) struct Undo {
    sum: Rolling,
    taken: Option<Value>,
}

/// What an operation comes to; `None` when it neither tells nor changes anything.
pub(in crate::linearizable) fn op(call: &Call, answer: Option<&Answer>) -> Option<Op> {
    match (call, answer) {
        (Call::Insert(value), _) => Some(Op::Insert(*value)),
        (Call::Take, Some(Answer::Value(value))) => Some(Op::Took(*value)),
        (Call::Take, _) => Some(Op::Take),
        _ => None,
    }
}

impl Store {
    /// With these elements at the start, and `fates` of all.
    pub(in crate::linearizable) fn new(values: &[Value], is_stack: bool, fates: Fates) -> Store {
        let (sum, elements, sums, powers) = (Rolling::default(), VecDeque::new(), Vec::new(), vec![Power::of(0)]);
        let mut store = Store { elements, sum, is_stack, sums, powers, fates };
        for value in values {
            store.insert(*value);
        }
        store
    }

    fn insert(&mut self, value: Value) {
        if self.is_stack {
            self.sums.push(self.sum);
        } else if self.powers.len() <= self.elements.len() {
            let next = self.powers[self.powers.len() - 1].next();
            self.powers.push(next);
        }
        self.elements.push_back(value);
        self.fates.insert(value);
        self.sum = self.sum.with(self.fates.print(value));
    }

    /// What would be taken next.
    fn next(&self) -> Option<Value> {
        if self.is_stack { self.elements.back().copied() } else { self.elements.front().copied() }
    }

    fn take(&mut self) -> Option<Undo> {
        let before = self.sum;
        let taken = if self.is_stack {
            self.sum = self.sums.pop()?;
            self.fates.below.pop();
            self.elements.pop_back()?
        } else {
            let first = self.elements.pop_front()?;
            self.sum = self.sum.without_first(self.fates.print(first), self.powers[self.elements.len()]);
            first
        };
        Some(Undo { sum: before, taken: Some(taken) })
    }
}

impl Object for Store {
    type Op = Op;
    type Undo = Undo;

    fn apply(&mut self, op: &Op) -> Option<Undo> {
        let nothing = Undo { sum: self.sum, taken: None };
        match *op {
            Op::Insert(value) if self.fates.forbid(value) => None,
            Op::Insert(value) => {
                self.insert(value);
                Some(nothing)
            }
            Op::Took(Value::NULL) => self.elements.is_empty().then_some(nothing),
            Op::Took(value) if self.next() == Some(value) => self.take(),
            Op::Took(_) => None,
            Op::Take => self.take(),
        }
    }

    fn undo(&mut self, op: &Op, undo: Undo) {
        let taken_from = self.sum;
        self.sum = undo.sum;
        match (op, undo.taken) {
            (Op::Insert(value), _) => {
                self.elements.pop_back();
                self.fates.take_back(*value);
                if self.is_stack {
                    self.sums.pop();
                }
            }
            (_, Some(taken)) if self.is_stack => {
                self.elements.push_back(taken);
                self.fates.cover(taken);
                self.sums.push(taken_from);
            }
            (_, Some(taken)) => self.elements.push_front(taken),
            (_, None) => {}
        }
    }

    fn print(&self) -> u128 {
        self.sum.print()
    }

    fn looks(op: &Op) -> bool {
        *op == Op::Took(Value::NULL)
    }

    fn tell(&self, names: &Names) -> String {
        tell(names, self.elements.len(), self.elements.iter())
    }
}

/// A list that grows at its end; its operations borrow theirs from the history.
pub(in crate::linearizable) struct List<'a> {
    elements: Vec<Value>,
    sum: Rolling,
    /// The longest list that anybody was told: what it must come to be, since it only grows.
    fate: &'a [Value],
}

/// What was asked of a list, and told.
#[derive(PartialEq)]
pub(in crate::linearizable) enum ListOp<'a> {
    Append(Value),
    Read(&'a [Value], Rolling),
}

impl<'a> ListOp<'a> {
    pub(in crate::linearizable) fn read(values: &'a [Value]) -> ListOp<'a> {
        ListOp::Read(values, values.iter().fold(Rolling::default(), |sum, value| sum.with(u64::from(value.0))))
    }
}

impl<'a> List<'a> {
    pub(in crate::linearizable) fn new(fate: &'a [Value]) -> List<'a> {
        List { elements: Vec::new(), sum: Rolling::default(), fate }
    }
}

impl<'a> Object for List<'a> {
    type Op = ListOp<'a>;
    type Undo = Rolling;

    fn apply(&mut self, op: &ListOp<'a>) -> Option<Rolling> {
        let List { elements, sum, fate } = self;
        let before = *sum;
        match op {
            ListOp::Append(value) if fate.get(elements.len()).is_some_and(|next| next != value) => None,
            ListOp::Append(value) => {
                elements.push(*value);
                *sum = sum.with(u64::from(value.0));
                Some(before)
            }
            ListOp::Read(found, print) => (before == *print && *elements == *found).then_some(before),
        }
    }

    fn undo(&mut self, op: &ListOp<'a>, before: Rolling) {
        self.sum = before;
        if let ListOp::Append(_) = op {
            self.elements.pop();
        }
    }

    fn print(&self) -> u128 {
        self.sum.print()
    }

    fn looks(op: &ListOp<'a>) -> bool {
        matches!(op, ListOp::Read(..))
    }

    fn tell(&self, names: &Names) -> String {
        tell(names, self.elements.len(), self.elements.iter())
    }
}

/// The first few elements.
fn tell<'a>(names: &Names, count: usize, values: impl Iterator<Item = &'a Value>) -> String {
    const TOLD_MAX: usize = 8;
    let told: Vec<String> = values.take(TOLD_MAX).map(|value| names.tell(*value)).collect();
    let more = if count > TOLD_MAX { ", …" } else { "" };
    format!("it holds [{}{more}]", told.join(", "))
}
