//! A map in which every entry is a small lattice by itself: states merge entry by entry, and what is not there is the least of all.
//! Grow-only and two-phase sets, sets with tombstones, registers of which the last write wins, carts and event logs are such maps; what
//! a cell means, and what a request does to it, each says as a [`Cell`].

use super::digested::Digested;
use super::dot::Dot;
use super::{At, Crdt, Request, Rule, Value};
use quorate_engine::random::mix;
use quorate_engine::{Sink, Wire};
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::marker::PhantomData;

/// What stands in the map, and what users see in it.
pub trait Cell: Copy + Eq + Hash + Debug + 'static {
    /// By what a cell is found: a user's key comes first in it, so that the cells of a key follow each other.
    type Key: Copy + Ord + Hash + Debug + Wire + 'static;
    /// What stands there.
    type Held: Clone + Eq + Hash + Debug + Wire + 'static;
    /// See [`Crdt::Operation`].
    type Operation: Wire + Clone + Eq + Hash + Debug + 'static;

    /// See [`Crdt::prepare`].
    ///
    /// # Errors
    /// Why it cannot be done here and now.
    fn prepare(cells: &Cells<Self>, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Self::Operation, &'static str>;

    /// Which cells an operation changes, and to what: merged into the others, this is what it does.
    fn changes(cells: &Cells<Self>, rule: &Rule, dot: Dot, operation: &Self::Operation) -> Vec<(Self::Key, Self::Held)>;

    /// The join of what two states hold in one cell.
    fn join(rule: &Rule, ours: &Self::Held, theirs: &Self::Held) -> Self::Held;

    /// What is done once an operation is carried out. With nothing planted: nothing.
    fn afterwards(_cells: &mut Cells<Self>, _rule: &Rule, _dot: Dot, _operation: &Self::Operation) {}

    /// The number by which the cells are taken apart: those of one number are one piece.
    fn part(key: Self::Key) -> u64;

    /// See [`Crdt::value`].
    fn value(cells: &Cells<Self>, rule: &Rule) -> Value;

    /// See [`Crdt::read`].
    fn read(cells: &Cells<Self>, rule: &Rule, key: u32) -> Value;
}

/// The map.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cells<C: Cell> {
    pub(super) held: Digested<C::Key, C::Held>,
    kind: PhantomData<C>,
}

impl<C: Cell> Default for Cells<C> {
    fn default() -> Cells<C> {
        Cells::of(Digested::default())
    }
}

/// The place of a part among the pieces.
pub(super) fn place(part: u64) -> u64 {
    mix(part, 0)
}

impl<C: Cell> Cells<C> {
    fn of(held: Digested<C::Key, C::Held>) -> Cells<C> {
        Cells { held, kind: PhantomData }
    }

    /// How many cells there are: what the state costs.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, rule: &Rule, key: C::Key, theirs: &C::Held) {
        self.held.join(key, theirs, |ours, theirs| C::join(rule, ours, theirs));
    }

    /// Whether there is something in `theirs` that is not in what is held there.
    fn lacks(&self, rule: &Rule, key: C::Key, theirs: &C::Held) -> bool {
        self.held.get(key).is_none_or(|ours| C::join(rule, ours, theirs) != *ours)
    }
}

impl<C: Cell> Crdt for Cells<C> {
    type Operation = C::Operation;

    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<C::Operation, &'static str> {
        C::prepare(self, rule, request, at)
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, operation: &C::Operation) {
        for (key, held) in C::changes(self, rule, dot, operation) {
            self.take(rule, key, &held);
        }
        C::afterwards(self, rule, dot, operation);
    }

    fn delta(&self, rule: &Rule, dot: Dot, operation: &C::Operation) -> Cells<C> {
        Cells::of(C::changes(self, rule, dot, operation).into_iter().collect())
    }

    fn merge(&mut self, rule: &Rule, other: &Cells<C>) {
        other.held.iter().for_each(|(key, theirs)| self.take(rule, key, theirs));
    }

    fn beyond(&self, rule: &Rule, known: &Cells<C>) -> Option<Cells<C>> {
        let lacking = self.held.iter().filter(|(key, held)| known.lacks(rule, *key, held));
        let held: Digested<_, _> = lacking.map(|(key, held)| (key, held.clone())).collect();
        (!held.is_empty()).then(|| Cells::of(held))
    }

    fn value(&self, rule: &Rule) -> Value {
        C::value(self, rule)
    }

    fn read(&self, rule: &Rule, key: u32) -> Value {
        C::read(self, rule, key)
    }

    fn digest(&self) -> u64 {
        self.held.digest()
    }

    fn digest_anew(&self) -> u64 {
        self.held.digest_anew()
    }

    fn pieces(&self, each: &mut dyn FnMut(u64, u64)) {
        self.held.pieces(|key| place(C::part(key)), each);
    }

    fn only(&self, wanted: &dyn Fn(u64) -> bool) -> Cells<C> {
        let held = self.held.iter().filter(|(key, _)| wanted(place(C::part(*key))));
        Cells::of(held.map(|(key, held)| (key, held.clone())).collect())
    }
}

impl<C: Cell> Debug for Cells<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.held.fmt(f)
    }
}

impl<C: Cell> Wire for Cells<C> {
    fn encode(&self, sink: &mut impl Sink) {
        self.held.encode(sink);
    }
}
