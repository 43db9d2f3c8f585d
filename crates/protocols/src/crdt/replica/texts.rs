//! What a replica of a text states for the judge of lists: what its users ask, in their places, and what they then see.

use super::super::data::Data;
use super::super::types::text::{Letter, Text};
use super::super::types::{Crdt, Edit, Request as Ask};
use super::message::{Envelope, Fact};
use super::node::{Ctx, Replica};
use quorate_check::list::Change;
use quorate_engine::Wire;
use std::rc::Rc;

/// The longest text that is judged as a list.
pub(crate) const JUDGED_MAX: u32 = 500;

impl Replica {
    /// A user of a text asks for an edit.
    pub(super) fn tell_edit(&self, ctx: &mut Ctx<'_>, envelope: &Rc<Envelope>, ask: &Ask) {
        let Data::Text(text) = &self.data else { return };
        let changes = if text.length() > JUDGED_MAX { Vec::new() } else { self.changes(ctx, text, envelope, ask) };
        ctx.fact(Fact::Edits(envelope.dot, Rc::new(changes)));
    }

    /// A text stands so.
    pub(super) fn tell_list(&self, ctx: &mut Ctx<'_>, restarted: bool) {
        let Data::Text(text) = &self.data else { return };
        let list = (text.length() <= JUDGED_MAX).then(|| Rc::new(names(text)));
        ctx.fact(Fact::Shows { history: Rc::new(self.history.clone()), list, restarted });
    }

    fn changes(&self, ctx: &Ctx<'_>, text: &Text, envelope: &Envelope, ask: &Ask) -> Vec<Change> {
        let mut list = names(text);
        match ask {
            Ask::Edit(edits) if edits.iter().all(|edit| edit.place.is_some()) => told(&mut list, envelope, edits),
            _ => vec![drawn(&list, &self.after(ctx, envelope))],
        }
    }

    fn after(&self, ctx: &Ctx<'_>, envelope: &Envelope) -> Vec<u64> {
        let mut data = self.data.clone();
        data.apply(&ctx.options().rule, envelope.dot, &envelope.operation);
        match &data {
            Data::Text(text) => names(text),
            _ => unreachable!("a text stays one"),
        }
    }
}

/// The names of the characters, each as a number.
pub(crate) fn names(text: &Text) -> Vec<u64> {
    text.letters().map(|(letter, _)| name(letter)).collect()
}

fn name(letter: Letter) -> u64 {
    letter.wire_digest()
}

/// What a user asked for, in the places that it named.
fn told(list: &mut Vec<u64>, envelope: &Envelope, edits: &[Edit]) -> Vec<Change> {
    let mut offset = 0;
    let mut changes = Vec::new();
    for Edit { place, deleted, inserted } in edits {
        let place = place.unwrap_or(0);
        let (from, to) = (place as usize, (place + deleted) as usize);
        let count = inserted.chars().count() as u32;
        let inserted: Vec<u64> = (offset..offset + count).map(|offset| name(Letter { dot: envelope.dot, offset })).collect();
        offset += count;
        let change = Change {
            place,
            after: from.checked_sub(1).map(|before| list[before]),
            before: list.get(from).copied(),
            deleted: list[from..to].to_vec(),
            inserted: inserted.clone(),
        };
        list.splice(from..to, inserted);
        changes.push(change);
    }
    changes
}

/// What happened in a place that the replica has drawn, from what the text was and is.
fn drawn(before: &[u64], after: &[u64]) -> Change {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let left = before.len().min(after.len()) - same;
    let same_at_end = before.iter().rev().zip(after.iter().rev()).take(left).take_while(|(a, b)| a == b).count();
    Change {
        place: same as u32,
        after: same.checked_sub(1).map(|place| before[place]),
        before: before.get(same).copied(),
        deleted: before[same..before.len() - same_at_end].to_vec(),
        inserted: after[same..after.len() - same_at_end].to_vec(),
    }
}
