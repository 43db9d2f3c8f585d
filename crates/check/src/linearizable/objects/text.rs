//! A text that grows at its end. Reads compare fingerprints first, and bytes only where these agree.

use crate::history::{Answer, Call, Names, Scalar, Value};
use crate::linearizable::object::Object;
use crate::linearizable::print::{Power, Rolling};
use std::marker::PhantomData;

/// A text; its operations borrow theirs from the history.
pub(in crate::linearizable) struct Text<'a> {
    text: String,
    sum: Rolling,
    history: PhantomData<&'a Names>,
}

/// What was asked of it, and told.
#[derive(PartialEq)]
pub(in crate::linearizable) enum Op<'a> {
    Get(&'a str, Rolling),
    Put(&'a str, Rolling),
    Append(&'a str, Rolling, Power),
}

/// What it takes to take an operation back.
pub(in crate::linearizable) enum Undo {
    Nothing,
    Replaced(String, Rolling),
    Longer(usize, Rolling),
}

impl<'a> Text<'a> {
    pub(in crate::linearizable) fn new(text: &str) -> Text<'a> {
        Text { text: text.to_string(), sum: Rolling::of(text), history: PhantomData }
    }
}

/// What an operation comes to; `None` when it neither tells nor changes anything.
pub(in crate::linearizable) fn op<'a>(names: &'a Names, call: &Call, answer: Option<&Answer>) -> Option<Op<'a>> {
    match (call, answer) {
        (Call::Read, Some(Answer::Value(value))) => Some(Op::Get(text(names, *value), Rolling::of(text(names, *value)))),
        (Call::Write(value), _) => Some(Op::Put(text(names, *value), Rolling::of(text(names, *value)))),
        (Call::Append(value), _) => {
            let text = text(names, *value);
            Some(Op::Append(text, Rolling::of(text), Power::of(text.len())))
        }
        _ => None,
    }
}

/// The text of a value; nothing is the empty one.
pub(in crate::linearizable) fn text(names: &Names, value: Value) -> &str {
    match names.scalar(value) {
        Scalar::Text(text) => text,
        _ => "",
    }
}

impl<'a> Object for Text<'a> {
    type Op = Op<'a>;
    type Undo = Undo;

    fn apply(&mut self, op: &Op<'a>) -> Option<Undo> {
        let Text { text, sum, .. } = self;
        match op {
            Op::Get(found, print) => (*sum == *print && *text == *found).then_some(Undo::Nothing),
            Op::Put(new, print) => {
                let before = std::mem::replace(text, (*new).to_string());
                Some(Undo::Replaced(before, std::mem::replace(sum, *print)))
            }
            Op::Append(more, print, power) => {
                let undo = Undo::Longer(text.len(), *sum);
                text.push_str(more);
                *sum = sum.followed_by(*print, *power);
                Some(undo)
            }
        }
    }

    fn undo(&mut self, _op: &Op<'a>, undo: Undo) {
        match undo {
            Undo::Nothing => {}
            Undo::Replaced(text, sum) => (self.text, self.sum) = (text, sum),
            Undo::Longer(length, sum) => {
                self.text.truncate(length);
                self.sum = sum;
            }
        }
    }

    fn print(&self) -> u128 {
        self.sum.print()
    }

    fn looks(op: &Op<'a>) -> bool {
        matches!(op, Op::Get(..) | Op::Append("", ..))
    }

    fn overwrites(op: &Op<'a>, _before: &Op<'a>) -> bool {
        matches!(op, Op::Put(..))
    }

    fn tell(&self, _names: &Names) -> String {
        format!("it holds {:?}", shorten(&self.text))
    }
}

/// A text, cut in the middle where it is too long to be read.
pub(in crate::linearizable) fn shorten(text: &str) -> String {
    const SHOWN: usize = 12;
    let length = text.chars().count();
    if length <= 2 * SHOWN + 1 {
        return text.to_string();
    }
    let first: String = text.chars().take(SHOWN).collect();
    let last: String = text.chars().skip(length - SHOWN).collect();
    format!("{first}…{last}")
}
