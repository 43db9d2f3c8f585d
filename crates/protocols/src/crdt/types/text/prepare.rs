//! What a request becomes: places in the text as its user sees it become names of characters.

use super::content::{Inserted, Letter, Run, Span};
use super::index::Index;
use super::{Change, Text};
use crate::crdt::types::{At, Edit, Request, Rule};
use std::borrow::Cow;

/// An edit of which the place is known.
struct Placed<'a> {
    place: u32,
    deleted: u32,
    inserted: &'a str,
}

pub(super) fn change(text: &Text, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Change, &'static str> {
    match request {
        Request::Edit(edits) => changes(text, rule, edits, at),
        Request::Add { value, .. } => {
            let inserted = char::from(b'a' + (value % 26) as u8).to_string();
            changes(text, rule, &[Edit { place: None, deleted: 0, inserted }], at)
        }
        Request::Remove { .. } if text.length() == 0 => Err("the text is empty"),
        Request::Remove { .. } => changes(text, rule, &[Edit { place: None, deleted: 1, inserted: String::new() }], at),
        Request::Clear { .. } => Ok(Change { inserted: None, deleted: text.index.spans(0, text.length()) }),
        Request::Move { .. } | Request::Write { .. } | Request::Share | Request::Read { .. } => Err("a text is edited"),
    }
}

/// The edits one after the other, each in the text that the one before left.
fn changes(text: &Text, rule: &Rule, edits: &[Edit], at: &mut At<'_>) -> Result<Change, &'static str> {
    let stamp = text.stamp_max + 1;
    let mut index = Cow::Borrowed(&text.index);
    let mut next = Letter { dot: at.dot, offset: 0 };
    let (mut runs, mut deleted): (Vec<Run>, Vec<Span>) = Default::default();
    for (number, edit) in edits.iter().enumerate() {
        let placed = placed(&index, edit, at)?;
        let gone = index.spans(placed.place, placed.deleted);
        let run = (!placed.inserted.is_empty()).then(|| {
            let (parent, side) = index.parent(rule, placed.place);
            Run { parent, side, text: placed.inserted.into() }
        });
        if number + 1 < edits.len() {
            let index = index.to_mut();
            gone.iter().for_each(|span| index.hide(*span));
            run.iter().for_each(|run| index.insert(rule, stamp, next, run));
        }
        next = next.plus(edit.inserted.chars().count() as u32);
        deleted.extend(gone);
        runs.extend(run);
    }
    let inserted = (!runs.is_empty()).then(|| Inserted { stamp, runs: runs.into() });
    Ok(Change { inserted, deleted })
}

/// Where an edit is to happen. One that names no place is content with as many characters as there are.
fn placed<'a>(index: &Index, edit: &'a Edit, at: &mut At<'_>) -> Result<Placed<'a>, &'static str> {
    let length = index.visible();
    let (place, deleted) = match edit.place {
        Some(place) if place > length => return Err("the place is beyond the end of the text"),
        Some(place) if edit.deleted > length - place => return Err("there are not so many characters to delete"),
        Some(place) => (place, edit.deleted),
        None => {
            let deleted = edit.deleted.min(length);
            ((at.choose)(u64::from(length - deleted) + 1) as u32, deleted)
        }
    };
    Ok(Placed { place, deleted, inserted: &edit.inserted })
}
