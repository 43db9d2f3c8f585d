//! Where the characters of a text stand: the sequence, the way from a name to a place in it, and the rules by which a run finds its
//! place. All of it follows from what was inserted and deleted, in whatever order that came.
//!
//! Each rule makes a tree of the characters, by what they hang on, and reads it in some order:
//!
//! - **RGA** (Roh et al. 2011; as the timestamped insertion tree of Attiya et al. 2016): a character, then those inserted after it, the
//!   greatest name first. A name begins with a Lamport stamp, so that what hangs on a character has a greater name than it, and a scan
//!   to the right past all greater names ends where the run belongs.
//! - **Fugue** (Weidner and Kleppmann 2023): what hangs on the left of a character, the character, what hangs on its right; on one
//!   side the smallest name first.

use super::content::{Letter, Run, Side, Span};
use super::sequence::{Piece, Sequence};
use crate::crdt::types::{Mistake, Rule, TextOrder};
use quorate_engine::random::mix;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default, Debug)]
pub(super) struct Index {
    sequence: Sequence,
    /// The number of each piece by its first character.
    names: BTreeMap<Letter, u32>,
    /// What hangs on which side of what, and how long the runs are: kept for Fugue only.
    children: BTreeSet<(Option<Letter>, Side, Letter, u32)>,
    /// The sum of the hashes of all pairs of neighbours.
    pairs: u64,
}

impl Index {
    /// How many characters people see.
    pub(super) fn visible(&self) -> u32 {
        self.sequence.visible()
    }

    /// Whether the character has found its place.
    pub(super) fn holds(&self, letter: Letter) -> bool {
        self.find(letter).is_some()
    }

    /// The hash of the order of all characters, the deleted ones too.
    pub(super) fn pairs(&self) -> u64 {
        self.pairs
    }

    /// The same, computed anew.
    pub(super) fn pairs_anew(&self) -> u64 {
        let letters = self.sequence.iter().flat_map(|index| names(self.sequence.piece(index))).map(Letter::hash);
        let (sum, last) = letters.fold((0_u64, 0), |(sum, before), after| (sum.wrapping_add(mix(before, after)), after));
        if last == 0 { sum } else { sum.wrapping_add(mix(last, 0)) }
    }

    /// The visible characters with their names.
    pub(super) fn letters(&self) -> impl Iterator<Item = (Letter, char)> {
        let pieces = self.sequence.iter().filter(|index| self.sequence.piece(*index).visible);
        pieces.flat_map(|index| names(self.sequence.piece(index)).zip(self.sequence.letters(index).iter().copied()))
    }

    /// The names of the visible characters from a place on; there must be so many.
    pub(super) fn spans(&self, place: u32, length: u32) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut rest = length;
        let mut at = (rest > 0).then(|| self.sequence.at(place));
        while let Some((index, skipped)) = at.filter(|_| rest > 0) {
            let piece = self.sequence.piece(index);
            if piece.visible {
                let length = rest.min(piece.length - skipped);
                rest -= length;
                let first = piece.first.plus(skipped);
                match spans.last_mut() {
                    Some(span) if span.first.plus(span.length) == first => span.length += length,
                    _ => spans.push(Span { first, length }),
                }
            }
            at = self.sequence.after(Some(index)).map(|next| (next, 0));
        }
        spans
    }

    /// On what a run hangs that is to stand at this place.
    pub(super) fn parent(&self, rule: &Rule, place: u32) -> (Option<Letter>, Side) {
        let left = place.checked_sub(1).map(|before| self.sequence.at(before));
        let name = left.map(|(index, offset)| self.sequence.piece(index).first.plus(offset));
        match self.next_if_taken(rule, left) {
            Some(next) => (Some(next), Side::Left),
            None => (name, Side::Right),
        }
    }

    /// The character after this one, if something hangs on the right of this one already and that matters.
    fn next_if_taken(&self, rule: &Rule, left: Option<(u32, u32)>) -> Option<Letter> {
        if rule.order != TextOrder::Fugue {
            return None;
        }
        let mut name = None;
        if let Some((index, offset)) = left {
            let piece = self.sequence.piece(index);
            name = Some(piece.first.plus(offset));
            if offset + 1 < piece.length {
                return name.map(|name| name.plus(1));
            }
            if !piece.ends_run {
                return self.head_after(Some(index));
            }
        }
        self.last_child(name, Side::Right).and_then(|_| self.head_after(left.map(|(index, _)| index)))
    }

    fn head_after(&self, index: Option<u32>) -> Option<Letter> {
        self.sequence.after(index).map(|next| self.sequence.piece(next).first)
    }

    /// Puts a run where it belongs; what it hangs on is here.
    pub(super) fn insert(&mut self, rule: &Rule, stamp: u64, first: Letter, run: &Run) {
        let before = match (rule.mistake, rule.order) {
            (Some(Mistake::SortById), _) => self.names.range(..first).next_back().map(|(_, index)| *index),
            (Some(Mistake::RgaNoSkip), TextOrder::Rga) => self.split_after(run.parent),
            (_, TextOrder::Rga) => self.past_greater(stamp, first, run),
            (_, TextOrder::Fugue) => self.in_tree(first, run),
        };
        let after = self.sequence.after(before);
        let index = self.sequence.insert(before, first, stamp, &run.text);
        self.names.insert(first, index);
        self.pair(before, index, after);
    }

    /// Roh et al. 2011: from the parent on, past all that have a greater name.
    fn past_greater(&mut self, stamp: u64, first: Letter, run: &Run) -> Option<u32> {
        let mut before = self.split_after(run.parent);
        while let Some(next) = self.sequence.after(before) {
            let piece = self.sequence.piece(next);
            if (piece.stamp, piece.first) < (stamp, first) {
                break;
            }
            before = Some(next);
        }
        before
    }

    /// Weidner and Kleppmann 2023: after the sibling with the next smaller name and all that hangs on that.
    fn in_tree(&mut self, first: Letter, run: &Run) -> Option<u32> {
        let siblings = (run.parent, run.side, Letter::FIRST, 0)..(run.parent, run.side, first, 0);
        let smaller = self.children.range(siblings).next_back().map(|(_, _, name, length)| name.plus(length - 1));
        let greater = self.children.range((run.parent, run.side, first, 0)..).next().copied();
        let before = match (smaller, run.side, run.parent) {
            (Some(smaller), _, _) => {
                let last = self.rightmost(smaller);
                self.split_after(Some(last))
            }
            (None, Side::Left, Some(parent)) => {
                let sibling = greater.filter(|(of, side, ..)| (*of, *side) == (run.parent, run.side));
                let next = self.leftmost(sibling.map_or(parent, |(_, _, name, _)| name));
                self.split_before(next)
            }
            (None, ..) => self.split_after(run.parent),
        };
        self.children.insert((run.parent, run.side, first, run.text.chars().count() as u32));
        before
    }

    /// The last of all that hangs on the right of a run's last character, or this itself.
    fn rightmost(&self, mut last: Letter) -> Letter {
        while let Some((name, length)) = self.last_child(Some(last), Side::Right) {
            last = name.plus(length - 1);
        }
        last
    }

    /// The first of all that hangs on the left of a character, or this itself.
    fn leftmost(&self, mut first: Letter) -> Letter {
        while let Some((_, _, name, _)) = self.children_of(Some(first), Side::Left).next() {
            first = *name;
        }
        first
    }

    fn last_child(&self, parent: Option<Letter>, side: Side) -> Option<(Letter, u32)> {
        self.children_of(parent, side).next_back().map(|(_, _, name, length)| (*name, *length))
    }

    fn children_of(
        &self,
        parent: Option<Letter>,
        side: Side,
    ) -> impl DoubleEndedIterator<Item = &(Option<Letter>, Side, Letter, u32)> {
        self.children.range((parent, side, Letter::FIRST, 0)..=(parent, side, Letter::LAST, u32::MAX))
    }

    /// Deletes those of these characters that are here.
    pub(super) fn hide(&mut self, span: Span) {
        let last = span.first.plus(span.length - 1);
        let Some(mut index) = self.find(span.first) else { return };
        if self.sequence.piece(index).first != span.first {
            self.split_before(span.first);
            index = self.names[&span.first];
        }
        loop {
            let piece = self.sequence.piece(index);
            let (first, end) = (piece.first, piece.last());
            if end > last {
                self.split_after(Some(last));
            }
            self.sequence.hide(index);
            if end >= last {
                return;
            }
            match self.names.range(first.plus(1)..=last).next() {
                Some((_, next)) => index = *next,
                None => return,
            }
        }
    }

    /// The piece of which the last character is this one: it is split for that where need be.
    fn split_after(&mut self, letter: Option<Letter>) -> Option<u32> {
        let letter = letter?;
        let index = self.find(letter).expect("what a run hangs on is here");
        let piece = self.sequence.piece(index);
        if piece.last() != letter {
            self.split(index, letter.offset - piece.first.offset + 1);
        }
        Some(index)
    }

    /// The piece before the one of which the first character is this one.
    fn split_before(&mut self, letter: Letter) -> Option<u32> {
        let index = self.find(letter).expect("what a run hangs on is here");
        let piece = self.sequence.piece(index);
        if piece.first == letter {
            return self.sequence.before(index);
        }
        self.split(index, letter.offset - piece.first.offset);
        Some(index)
    }

    fn split(&mut self, index: u32, length: u32) {
        let rest = self.sequence.split(index, length);
        self.names.insert(self.sequence.piece(rest).first, rest);
    }

    /// The piece with this character.
    fn find(&self, letter: Letter) -> Option<u32> {
        let (_, index) = self.names.range(..=letter).next_back()?;
        let piece = self.sequence.piece(*index);
        (piece.first.dot == letter.dot && letter <= piece.last()).then_some(*index)
    }

    /// Counts the pairs of neighbours that a new piece makes, and not the one that it parts.
    fn pair(&mut self, before: Option<u32>, index: u32, after: Option<u32>) {
        let left = before.map_or(0, |before| self.sequence.piece(before).last().hash());
        let right = after.map_or(0, |after| self.sequence.piece(after).first.hash());
        if (before, after) != (None, None) {
            self.pairs = self.pairs.wrapping_sub(mix(left, right));
        }
        let mut last = left;
        for letter in names(self.sequence.piece(index)) {
            let hash = letter.hash();
            self.pairs = self.pairs.wrapping_add(mix(last, hash));
            last = hash;
        }
        self.pairs = self.pairs.wrapping_add(mix(last, right));
    }
}

fn names(piece: &Piece) -> impl Iterator<Item = Letter> + use<> {
    let first = piece.first;
    (0..piece.length).map(move |step| first.plus(step))
}
