//! What a text is made of, whatever the order in which it came: the runs that operations inserted, and the characters that went. Two
//! texts are equal when these are. Where a run stands among the others follows from it, and is not part of it.

use crate::crdt::types::dot::{Dot, Origin};
use quorate_engine::random::mix;
use quorate_engine::{NodeId, Sink, Wire};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The name of a character: the `offset`-th of those that an operation inserted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Letter {
    /// The operation.
    pub dot: Dot,
    /// From 0.
    pub offset: u32,
}

/// On which side of its parent a run hangs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Before it: Fugue only.
    Left,
    /// After it.
    Right,
}

/// Characters inserted side by side. Each after the first hangs on the right of the one before.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Run {
    /// On which character the first hangs; `None`: the beginning of the text.
    pub parent: Option<Letter>,
    /// On which side of it.
    pub side: Side,
    /// The characters: at least one.
    pub text: Rc<str>,
}

/// All that one operation inserted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Inserted {
    /// Greater than that of every insertion that its author knew.
    pub stamp: u64,
    /// The runs; their characters are counted through. A run may hang on one before it.
    pub runs: Rc<[Run]>,
}

/// Characters of one operation, side by side.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// The first.
    pub first: Letter,
    /// How many: at least 1.
    pub length: u32,
}

/// The state of a text.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Content {
    pub(super) inserted: BTreeMap<Dot, Inserted>,
    // Invariant: ranges are ascending, and there is a gap between two; none is empty, nor is a list of them.
    deleted: BTreeMap<Dot, Vec<(u32, u32)>>,
}

impl Letter {
    /// None has a smaller name.
    pub(super) const FIRST: Letter = Letter { dot: Dot { origin: Origin { node: NodeId(0), life: 0 }, number: 0 }, offset: 0 };
    /// None has a greater name.
    pub(super) const LAST: Letter =
        Letter { dot: Dot { origin: Origin { node: NodeId(u32::MAX), life: u8::MAX }, number: u32::MAX }, offset: u32::MAX };

    /// The one so many further on.
    #[must_use]
    pub fn plus(self, count: u32) -> Letter {
        Letter { offset: self.offset + count, ..self }
    }

    pub(super) fn hash(self) -> u64 {
        mix(dot_hash(self.dot), u64::from(self.offset))
    }
}

/// The hash of an operation's name, spread evenly.
pub(super) fn dot_hash(dot: Dot) -> u64 {
    let update = dot.update();
    mix(u64::from(update.origin.0), u64::from(update.number))
}

impl Inserted {
    /// The runs with the names of their first characters.
    pub(super) fn named(&self, dot: Dot) -> impl Iterator<Item = (Letter, &Run)> {
        self.runs.iter().scan(Letter { dot, offset: 0 }, |next, run| {
            let first = *next;
            *next = next.plus(run.text.chars().count() as u32);
            Some((first, run))
        })
    }

    pub(super) fn hash(&self, dot: Dot) -> u64 {
        self.named(dot).fold(mix(dot_hash(dot), self.stamp), |sum, (first, run)| {
            let parent = run.parent.map_or(0, Letter::hash);
            let head = mix(first.hash(), mix(parent, u64::from(run.side == Side::Right)));
            let text = run.text.chars().fold(head, |hash, letter| mix(hash, u64::from(letter)));
            sum.wrapping_add(text)
        })
    }
}

impl Span {
    fn range(self) -> (u32, u32) {
        (self.first.offset, self.first.offset + self.length)
    }

    fn of(dot: Dot, (start, end): (u32, u32)) -> Span {
        Span { first: Letter { dot, offset: start }, length: end - start }
    }

    pub(super) fn hash(self) -> u64 {
        (0..self.length).fold(0, |sum, step| sum.wrapping_add(mix(1, self.first.plus(step).hash())))
    }
}

impl Content {
    pub(super) fn is_empty(&self) -> bool {
        self.inserted.is_empty() && self.deleted.is_empty()
    }

    /// The greatest stamp.
    pub(super) fn stamp_max(&self) -> u64 {
        self.inserted.values().map(|inserted| inserted.stamp).max().unwrap_or(0)
    }

    /// All that is deleted, in spans as long as can be.
    pub(super) fn deleted(&self) -> impl Iterator<Item = Span> {
        self.deleted.iter().flat_map(|(dot, ranges)| ranges.iter().map(|range| Span::of(*dot, *range)))
    }

    /// What is deleted of an operation's characters.
    pub(super) fn deleted_of(&self, dot: Dot) -> impl Iterator<Item = Span> {
        self.deleted.get(&dot).into_iter().flatten().map(move |range| Span::of(dot, *range))
    }

    /// What of these characters is not deleted.
    pub(super) fn not_deleted(&self, span: Span) -> Vec<Span> {
        let (mut start, end) = span.range();
        let mut rest = Vec::new();
        for &(from, to) in self.deleted.get(&span.first.dot).into_iter().flatten() {
            if from > start && start < end {
                rest.push(Span::of(span.first.dot, (start, from.min(end))));
            }
            start = start.max(to);
        }
        if start < end {
            rest.push(Span::of(span.first.dot, (start, end)));
        }
        rest
    }

    /// Counts these characters among the deleted.
    pub(super) fn delete(&mut self, span: Span) {
        let ranges = self.deleted.entry(span.first.dot).or_default();
        let (mut start, mut end) = span.range();
        let low = ranges.partition_point(|range| range.1 < start);
        let high = ranges.partition_point(|range| range.0 <= end);
        if let Some(touched) = ranges[low..high].first() {
            start = start.min(touched.0);
        }
        if let Some(touched) = ranges[low..high].last() {
            end = end.max(touched.1);
        }
        ranges.splice(low..high, [(start, end)]);
    }

    /// What of this `known` lacks.
    pub(super) fn without(&self, known: &Content) -> Content {
        let lacks = self.inserted.iter().filter(|(dot, _)| !known.inserted.contains_key(dot));
        let mut rest =
            Content { inserted: lacks.map(|(dot, inserted)| (*dot, inserted.clone())).collect(), ..Content::default() };
        self.deleted().flat_map(|span| known.not_deleted(span)).for_each(|span| rest.delete(span));
        rest
    }

    /// What concerns the characters of these operations.
    pub(super) fn only(&self, wanted: &dyn Fn(Dot) -> bool) -> Content {
        let mut part = self.clone();
        part.inserted.retain(|dot, _| wanted(*dot));
        part.deleted.retain(|dot, _| wanted(*dot));
        part
    }

    /// The sum of all hashes.
    pub(super) fn sum(&self) -> u64 {
        self.hashes().values().fold(0, |sum, hash| sum.wrapping_add(*hash))
    }

    /// For each operation of which it has something, a hash of that.
    pub(super) fn hashes(&self) -> BTreeMap<Dot, u64> {
        let mut hashes: BTreeMap<Dot, u64> = self.inserted.iter().map(|(dot, inserted)| (*dot, inserted.hash(*dot))).collect();
        for span in self.deleted() {
            let hash = hashes.entry(span.first.dot).or_default();
            *hash = hash.wrapping_add(span.hash());
        }
        hashes
    }
}

impl Wire for Letter {
    fn encode(&self, sink: &mut impl Sink) {
        self.dot.encode(sink);
        sink.u32(self.offset);
    }
}

impl Wire for Run {
    fn encode(&self, sink: &mut impl Sink) {
        // The tag says both whether there is a parent and on which side of it.
        sink.u8(u8::from(self.parent.is_some()) << 1 | u8::from(self.side == Side::Right));
        if let Some(parent) = self.parent {
            parent.encode(sink);
        }
        sink.bytes(self.text.as_bytes());
    }
}

impl Wire for Inserted {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.stamp);
        self.runs.encode(sink);
    }
}

impl Wire for Span {
    fn encode(&self, sink: &mut impl Sink) {
        self.first.encode(sink);
        sink.u32(self.length);
    }
}

impl Wire for Content {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.inserted.len() as u32);
        for (dot, inserted) in &self.inserted {
            dot.encode(sink);
            inserted.encode(sink);
        }
        sink.u32(self.deleted().count() as u32);
        self.deleted().for_each(|span| span.encode(sink));
    }
}
