//! A replicated text (Attiya, Burckhardt, Gotsman, Morrison, Yang and Zawirski 2016; S1 `CollaborativeDocument`): every character has a
//! name of its own and hangs on another, and the order of all follows from that. It is kept by one of two orders:
//! the replicated growable array (Roh et al. 2011), which interleaves what two users type backwards at one place, or Fugue (Weidner and
//! Kleppmann 2023), which does not. What is deleted stays as a tombstone, for others may hang on it.
//!
//! | file | what is there |
//! |---|---|
//! | `content.rs` | the state: what was inserted and what deleted |
//! | `index.rs` | where it all stands, by which rule |
//! | `sequence.rs` | a sequence that is searched by place |
//! | `prepare.rs` | from places to names |
//!
//! A text may have heard of characters that hang on others of which it has not, as a delta does by itself. These wait, unseen.

mod content;
mod index;
mod prepare;
mod sequence;
#[cfg(test)]
mod tests;

use super::dot::Dot;
use super::{At, Crdt, Request, Rule, Value};
use content::Content;
pub use content::{Inserted, Letter, Run, Side, Span};
use index::Index;
use quorate_engine::{Sink, Wire};
use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};

/// A replicated text.
#[derive(Clone, Default)]
pub struct Text {
    content: Content,
    // What follows from the content, kept because it is slow to find anew.
    index: Index,
    /// What was inserted and hangs on what is not here, by stamp: the stamps of what it hangs on are smaller.
    waiting: BTreeSet<(u64, Dot)>,
    stamp_max: u64,
    /// The sum of the hashes of all that the content has.
    sum: u64,
}

/// A change of a text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Change {
    /// What it inserts, if anything.
    pub inserted: Option<Inserted>,
    /// What it deletes.
    pub deleted: Vec<Span>,
}

impl Text {
    /// How many characters people see.
    pub fn length(&self) -> u32 {
        self.index.visible()
    }

    /// The characters that people see, each with its name.
    pub fn letters(&self) -> impl Iterator<Item = (Letter, char)> {
        self.index.letters()
    }

    /// Takes in what an operation inserted, but does not yet look for its place.
    fn hear(&mut self, dot: Dot, inserted: &Inserted) {
        if self.content.inserted.contains_key(&dot) {
            return;
        }
        self.stamp_max = self.stamp_max.max(inserted.stamp);
        self.sum = self.sum.wrapping_add(inserted.hash(dot));
        self.waiting.insert((inserted.stamp, dot));
        self.content.inserted.insert(dot, inserted.clone());
    }

    /// Finds the places of all that waits for nothing more.
    fn settle(&mut self, rule: &Rule) {
        if self.waiting.is_empty() {
            return;
        }
        // Ascending by stamp, whatever something hangs on comes before it.
        for (stamp, dot) in std::mem::take(&mut self.waiting) {
            let inserted = &self.content.inserted[&dot];
            let mut parents = inserted.runs.iter().filter_map(|run| run.parent);
            if !parents.all(|parent| parent.dot == dot || self.index.holds(parent)) {
                self.waiting.insert((stamp, dot));
                continue;
            }
            inserted.named(dot).for_each(|(first, run)| self.index.insert(rule, stamp, first, run));
            self.content.deleted_of(dot).for_each(|span| self.index.hide(span));
        }
    }

    fn delete(&mut self, span: Span) {
        for span in self.content.not_deleted(span) {
            self.sum = self.sum.wrapping_add(span.hash());
            self.content.delete(span);
            self.index.hide(span);
        }
    }

    fn merge_content(&mut self, rule: &Rule, other: &Content) {
        other.inserted.iter().for_each(|(dot, inserted)| self.hear(*dot, inserted));
        self.settle(rule);
        other.deleted().for_each(|span| self.delete(span));
    }

    /// The text of which this is the content.
    fn of(rule: &Rule, content: &Content) -> Text {
        let mut text = Text::default();
        text.merge_content(rule, content);
        text
    }
}

impl Crdt for Text {
    type Operation = Change;

    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Change, &'static str> {
        prepare::change(self, rule, request, at)
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, change: &Change) {
        if let Some(inserted) = &change.inserted {
            self.hear(dot, inserted);
            self.settle(rule);
        }
        change.deleted.iter().for_each(|span| self.delete(*span));
    }

    fn delta(&self, rule: &Rule, dot: Dot, change: &Change) -> Text {
        let mut delta = Text::default();
        delta.apply(rule, dot, change);
        delta
    }

    fn merge(&mut self, rule: &Rule, other: &Text) {
        self.merge_content(rule, &other.content);
    }

    fn beyond(&self, rule: &Rule, known: &Text) -> Option<Text> {
        let more = self.content.without(&known.content);
        (!more.is_empty()).then(|| Text::of(rule, &more))
    }

    fn value(&self, _: &Rule) -> Value {
        Value::Text(self.letters().map(|(_, letter)| letter).collect())
    }

    fn digest(&self) -> u64 {
        self.sum.wrapping_add(self.index.pairs())
    }

    fn digest_anew(&self) -> u64 {
        self.content.sum().wrapping_add(self.index.pairs_anew())
    }

    fn pieces(&self, each: &mut dyn FnMut(u64, u64)) {
        self.content.hashes().into_iter().for_each(|(dot, hash)| each(content::dot_hash(dot), hash));
    }

    fn only(&self, wanted: &dyn Fn(u64) -> bool) -> Text {
        let content = self.content.only(&|dot| wanted(content::dot_hash(dot)));
        // There is no rule here to find the places by: all of it waits, until something is merged into it.
        Text {
            waiting: content.inserted.iter().map(|(dot, inserted)| (inserted.stamp, *dot)).collect(),
            stamp_max: content.stamp_max(),
            sum: content.sum(),
            content,
            index: Index::default(),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.content == other.content
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Text { content, index: _, waiting: _, stamp_max: _, sum: _ } = self;
        content.hash(state);
    }
}

impl Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content.fmt(f)
    }
}

impl Wire for Text {
    fn encode(&self, sink: &mut impl Sink) {
        self.content.encode(sink);
    }
}

impl Wire for Change {
    fn encode(&self, sink: &mut impl Sink) {
        self.inserted.encode(sink);
        self.deleted.encode(sink);
    }
}
