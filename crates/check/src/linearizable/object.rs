//! What a sequential object must be able to do for the search: carry operations out and take them back, and tell its states apart.

use super::print::under;
use crate::history::Names;

/// A sequential object in some state.
///
/// An operation here is what one in a history comes to once its answer is known: a read that found 5 is carried out exactly where 5 is
/// held. One whose outcome is unknown demands nothing but what it needs to have an effect.
pub(super) trait Object {
    /// An operation with its answer.
    type Op: PartialEq;
    /// What it takes to take one back.
    type Undo;

    /// Carries an operation out; `None` when the object would not have answered so, and then it is as before.
    fn apply(&mut self, op: &Self::Op) -> Option<Self::Undo>;

    /// Takes the latest operation back.
    fn undo(&mut self, op: &Self::Op, undo: Self::Undo);

    /// A fingerprint of the state: states differ if their fingerprints do, and most surely only then.
    fn print(&self) -> u128;

    /// Whether the operation changes no state whatever.
    fn looks(op: &Self::Op) -> bool;

    /// Whether the first operation can be carried out in every state, and leaves nothing of what the second did just before.
    fn overwrites(_op: &Self::Op, _before: &Self::Op) -> bool {
        false
    }

    /// Whether two operations that follow each other could as well change places, in every state.
    fn commutes(_op: &Self::Op, _other: &Self::Op) -> bool {
        false
    }

    /// What the operation has to do with states, if this object is one whose states are values.
    fn footprint(_op: &Self::Op) -> Option<Footprint> {
        None
    }

    /// The state as a value, if it is one.
    fn value(&self) -> Option<u32> {
        None
    }

    /// The state in a few words: `it holds 8`.
    fn tell(&self, names: &Names) -> String;
}

/// What an operation on a single value has to do with it.
#[derive(Clone, Copy, Default)]
pub(super) struct Footprint {
    /// It takes effect at this value and no other.
    pub(super) needs: Option<u32>,
    /// It takes effect at any value but this.
    pub(super) avoids: Option<u32>,
    /// This is the value afterwards; `None` when it stays.
    pub(super) makes: Option<u32>,
}

/// Several objects of one kind, whose operations are sequences of operations on them, each carried out as one.
pub(super) struct Many<O> {
    objects: Vec<O>,
    /// What each is called in evidence; empty when there is only one.
    names: Vec<String>,
    print: u128,
}

/// What it takes to take back a sequence.
pub(super) enum Undos<U> {
    One(U),
    Several(Vec<U>),
}

impl<O: Object> Many<O> {
    pub(super) fn new(objects: Vec<O>, names: Vec<String>) -> Many<O> {
        let print = objects.iter().zip(0..).fold(0, |sum, (object, slot)| sum ^ under(slot, object.print()));
        Many { objects, names, print }
    }

    fn apply_one(&mut self, slot: u32, op: &O::Op) -> Option<O::Undo> {
        let object = &mut self.objects[slot as usize];
        let before = object.print();
        let undo = object.apply(op)?;
        let after = object.print();
        if before != after {
            self.print ^= under(slot, before) ^ under(slot, after);
        }
        Some(undo)
    }

    fn undo_one(&mut self, slot: u32, op: &O::Op, undo: O::Undo) {
        let object = &mut self.objects[slot as usize];
        let after = object.print();
        object.undo(op, undo);
        let before = object.print();
        if before != after {
            self.print ^= under(slot, before) ^ under(slot, after);
        }
    }

    fn undo_all(&mut self, ops: &[(u32, O::Op)], undos: Vec<O::Undo>) {
        for (undo, (slot, op)) in undos.into_iter().zip(ops).rev() {
            self.undo_one(*slot, op, undo);
        }
    }
}

impl<O: Object> Object for Many<O> {
    type Op = Box<[(u32, O::Op)]>;
    type Undo = Undos<O::Undo>;

    fn apply(&mut self, ops: &Self::Op) -> Option<Self::Undo> {
        if let [(slot, op)] = &**ops {
            return self.apply_one(*slot, op).map(Undos::One);
        }
        let mut undos = Vec::with_capacity(ops.len());
        for (slot, op) in ops {
            match self.apply_one(*slot, op) {
                Some(undo) => undos.push(undo),
                None => {
                    let done = undos.len();
                    self.undo_all(&ops[..done], undos);
                    return None;
                }
            }
        }
        Some(Undos::Several(undos))
    }

    fn undo(&mut self, ops: &Self::Op, undo: Self::Undo) {
        match undo {
            Undos::One(undo) => self.undo_one(ops[0].0, &ops[0].1, undo),
            Undos::Several(undos) => self.undo_all(ops, undos),
        }
    }

    fn print(&self) -> u128 {
        self.print
    }

    fn looks(ops: &Self::Op) -> bool {
        ops.iter().all(|(_, op)| O::looks(op))
    }

    fn overwrites(ops: &Self::Op, before: &Self::Op) -> bool {
        match (&**ops, &**before) {
            ([(slot, op)], [(slot_before, op_before)]) => slot == slot_before && O::overwrites(op, op_before),
            _ => false,
        }
    }

    fn commutes(ops: &Self::Op, others: &Self::Op) -> bool {
        ops.iter().all(|(slot, op)| others.iter().all(|(other_slot, other)| slot != other_slot || O::commutes(op, other)))
    }

    fn tell(&self, names: &Names) -> String {
        if let ([object], true) = (&self.objects[..], self.names.is_empty()) {
            return object.tell(names);
        }
        let each: Vec<String> =
            self.objects.iter().zip(&self.names).map(|(object, name)| format!("{name}: {}", object.tell(names))).collect();
        if each.is_empty() { "nothing was written".to_string() } else { each.join(", ") }
    }
}
