//! The characters of a text in their order, the deleted ones too, as pieces of runs in a balanced tree: it finds a piece by place and its
//! neighbours by piece in logarithmic time. It knows nothing of who wrote what and why a piece stands where it does.
//!
//! The tree is a treap (Seidel and Aragon 1996) whose priorities are hashes of the pieces' numbers, so that no chance is needed. Pieces
//! never go; they are split, and hidden when they are deleted.

use super::content::Letter;
use quorate_engine::random::mix;

/// No piece.
const NONE: u32 = u32::MAX;

/// Some of a run's characters, side by side, either all visible or all deleted.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The name of the first; the others follow it.
    pub(super) first: Letter,
    /// The stamp of the run.
    pub(super) stamp: u64,
    /// How many there are: at least 1.
    pub(super) length: u32,
    /// Whether people see them.
    pub(super) visible: bool,
    /// Whether the last is also the last of its run.
    pub(super) ends_run: bool,
    /// Where they begin in [`Sequence::letters`].
    start: u32,
    left: u32,
    right: u32,
    parent: u32,
    /// How many visible characters there are here and below.
    sum: u32,
}

impl Piece {
    /// The name of the last.
    pub(super) fn last(&self) -> Letter {
        self.first.plus(self.length - 1)
    }

    fn shown(&self) -> u32 {
        if self.visible { self.length } else { 0 }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pieces: Vec<Piece>,
    letters: Vec<char>,
    root: u32,
}

impl Default for Sequence {
    fn default() -> Sequence {
        Sequence { pieces: Vec::new(), letters: Vec::new(), root: NONE }
    }
}

impl Sequence {
    /// How many characters people see.
    pub(super) fn visible(&self) -> u32 {
        self.sum(self.root)
    }

    pub(super) fn piece(&self, index: u32) -> &Piece {
        &self.pieces[index as usize]
    }

    /// The characters of a piece.
    pub(super) fn letters(&self, index: u32) -> &[char] {
        let Piece { start, length, .. } = self.pieces[index as usize];
        &self.letters[start as usize..][..length as usize]
    }

    /// The piece with the visible character at this place, and which of its characters it is.
    ///
    /// # Panics
    /// If there are not so many.
    pub(super) fn at(&self, place: u32) -> (u32, u32) {
        assert!(place < self.visible(), "place {place} of {}", self.visible());
        let (mut index, mut rest) = (self.root, place);
        loop {
            let piece = self.piece(index);
            let before = self.sum(piece.left);
            if rest < before {
                index = piece.left;
            } else if rest < before + piece.shown() {
                return (index, rest - before);
            } else {
                rest -= before + piece.shown();
                index = piece.right;
            }
        }
    }

    pub(super) fn first(&self) -> Option<u32> {
        (self.root != NONE).then(|| self.leftmost(self.root))
    }

    /// The piece after this one, or the first.
    pub(super) fn after(&self, index: Option<u32>) -> Option<u32> {
        let Some(mut index) = index else { return self.first() };
        let right = self.piece(index).right;
        if right != NONE {
            return Some(self.leftmost(right));
        }
        loop {
            let parent = self.piece(index).parent;
            if parent == NONE {
                return None;
            }
            if self.piece(parent).left == index {
                return Some(parent);
            }
            index = parent;
        }
    }

    /// The piece before this one.
    pub(super) fn before(&self, mut index: u32) -> Option<u32> {
        let mut below = self.piece(index).left;
        if below != NONE {
            while self.piece(below).right != NONE {
                below = self.piece(below).right;
            }
            return Some(below);
        }
        loop {
            let parent = self.piece(index).parent;
            if parent == NONE {
                return None;
            }
            if self.piece(parent).right == index {
                return Some(parent);
            }
            index = parent;
        }
    }

    /// All pieces in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(self.first(), |index| self.after(Some(*index)))
    }

    /// Puts new visible characters after a piece, or before all. Their piece has the number that is told.
    pub(super) fn insert(&mut self, after: Option<u32>, first: Letter, stamp: u64, text: &str) -> u32 {
        let start = self.letters.len() as u32;
        self.letters.extend(text.chars());
        let length = self.letters.len() as u32 - start;
        let piece = Piece {
            first,
            stamp,
            length,
            visible: true,
            ends_run: true,
            start,
            left: NONE,
            right: NONE,
            parent: NONE,
            sum: length,
        };
        self.hang(after, piece)
    }

    /// Splits a piece so that it keeps its first `length` characters; the number of the piece with the others is told.
    pub(super) fn split(&mut self, index: u32, length: u32) -> u32 {
        let piece = self.piece(index).clone();
        assert!(0 < length && length < piece.length, "{length} of {piece:?}");
        let rest = Piece {
            first: piece.first.plus(length),
            length: piece.length - length,
            start: piece.start + length,
            left: NONE,
            right: NONE,
            parent: NONE,
            ..piece
        };
        self.pieces[index as usize].length = length;
        self.pieces[index as usize].ends_run = false;
        self.recount(index);
        self.hang(Some(index), rest)
    }

    /// Deletes all characters of a piece.
    pub(super) fn hide(&mut self, index: u32) {
        self.pieces[index as usize].visible = false;
        self.recount(index);
    }

    fn hang(&mut self, after: Option<u32>, piece: Piece) -> u32 {
        let index = self.pieces.len() as u32;
        self.pieces.push(piece);
        let parent = match after {
            None if self.root == NONE => {
                self.root = index;
                return index;
            }
            None => self.leftmost(self.root),
            Some(before) if self.piece(before).right == NONE => before,
            Some(before) => self.leftmost(self.piece(before).right),
        };
        match after == Some(parent) {
            true => self.pieces[parent as usize].right = index,
            false => self.pieces[parent as usize].left = index,
        }
        self.pieces[index as usize].parent = parent;
        self.recount(index);
        while self.piece(index).parent != NONE && priority(index) < priority(self.piece(index).parent) {
            self.rotate_up(index);
        }
        index
    }

    /// Puts a piece in the stead of its parent, which goes below it: the order stays.
    fn rotate_up(&mut self, index: u32) {
        let parent = self.piece(index).parent;
        let above = self.piece(parent).parent;
        let from_left = self.piece(parent).left == index;
        let moved = if from_left { self.piece(index).right } else { self.piece(index).left };
        if moved != NONE {
            self.pieces[moved as usize].parent = parent;
        }
        match from_left {
            true => (self.pieces[parent as usize].left, self.pieces[index as usize].right) = (moved, parent),
            false => (self.pieces[parent as usize].right, self.pieces[index as usize].left) = (moved, parent),
        }
        self.pieces[parent as usize].parent = index;
        self.pieces[index as usize].parent = above;
        if above == NONE {
            self.root = index;
        } else if self.piece(above).left == parent {
            self.pieces[above as usize].left = index;
        } else {
            self.pieces[above as usize].right = index;
        }
        self.pieces[index as usize].sum = self.piece(parent).sum;
        self.pieces[parent as usize].sum = self.counted(parent);
    }

    /// Corrects the sums from a piece upwards.
    fn recount(&mut self, mut index: u32) {
        while index != NONE {
            self.pieces[index as usize].sum = self.counted(index);
            index = self.piece(index).parent;
        }
    }

    fn counted(&self, index: u32) -> u32 {
        let piece = self.piece(index);
        self.sum(piece.left) + piece.shown() + self.sum(piece.right)
    }

    fn sum(&self, index: u32) -> u32 {
        if index == NONE { 0 } else { self.piece(index).sum }
    }

    fn leftmost(&self, mut index: u32) -> u32 {
        while self.piece(index).left != NONE {
            index = self.piece(index).left;
        }
        index
    }
}

/// A piece with a smaller one is never below another.
fn priority(index: u32) -> u64 {
    mix(0, u64::from(index))
}
