//! The observed-remove set with tombstones (Shapiro et al. 2011, specification 15; S1 `ORSet`): every addition has a tag of its own, and
//! a removal buries the tags that it sees. What is buried stays so wherever it turns up again; that is what tombstones are for.

use super::super::cells::{Cell, Cells};
use super::super::dot::Dot;
use super::super::{At, Mistake, Request, Rule, Value};
use quorate_engine::{Sink, Wire};

/// A set in which an addition outlives the removals that have not seen it.
pub type TombstoneSet = Cells<Tombstones>;

/// Its cells: for each element and tag, who buried it, if it was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tombstones;

/// What is done to the set.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// The element gets a tag: the operation's dot.
    Add(u32),
    /// These tags of the element are buried.
    Bury(u32, Vec<Dot>),
}

/// After how many further operations of who buried a tag [`Mistake::Doomstone`] throws the tombstone away.
const GRACE: u32 = 4;

/// The tags of an element with who buried them.
fn tags(set: &TombstoneSet, element: u32) -> impl Iterator<Item = (Dot, &Option<Dot>)> {
    set.held.range((element, Dot::FIRST)..=(element, Dot::LAST)).map(|((_, tag), buried)| (tag, buried))
}

/// Every tag that was ever given, by element, and by which operation it was buried, if it was.
pub fn tagged(set: &TombstoneSet) -> impl Iterator<Item = (u32, Dot, Option<Dot>)> {
    set.held.iter().map(|((element, tag), buried)| (element, tag, *buried))
}

impl Cell for Tombstones {
    type Key = (u32, Dot);
    /// The removal that buried the tag; the last where there are more, for all must choose alike.
    type Held = Option<Dot>;
    type Operation = Operation;

    /// S1 `add`, `remove`.
    fn prepare(set: &TombstoneSet, _: &Rule, request: &Request, _: &mut At<'_>) -> Result<Operation, &'static str> {
        let live = |key| tags(set, key).filter(|(_, buried)| buried.is_none()).map(|(tag, _)| tag).collect();
        match *request {
            Request::Add { key, .. } => Ok(Operation::Add(key)),
            Request::Remove { key, .. } => Ok(Operation::Bury(key, live(key))),
            _ => Err("a set is added to and removed from"),
        }
    }

    fn changes(_: &TombstoneSet, rule: &Rule, dot: Dot, operation: &Operation) -> Vec<((u32, Dot), Option<Dot>)> {
        match operation {
            Operation::Add(element) => vec![((*element, dot), None)],
            Operation::Bury(..) if rule.mistake == Some(Mistake::OrSetNoTombstone) => Vec::new(),
            Operation::Bury(element, tags) => tags.iter().map(|tag| ((*element, *tag), Some(dot))).collect(),
        }
    }

    fn join(_: &Rule, ours: &Option<Dot>, theirs: &Option<Dot>) -> Option<Dot> {
        *ours.max(theirs)
    }

    fn afterwards(set: &mut TombstoneSet, rule: &Rule, dot: Dot, operation: &Operation) {
        match (rule.mistake, operation) {
            // S1: `self.elements[element] = set()`.
            (Some(Mistake::OrSetNoTombstone), Operation::Bury(element, tags)) => {
                set.held.remove_all(tags.iter().map(|tag| (*element, *tag)));
            }
            (Some(Mistake::Doomstone), _) => forget_tombstones(set, dot),
            _ => {}
        }
    }

    fn part((element, _): (u32, Dot)) -> u64 {
        u64::from(element)
    }

    fn value(set: &TombstoneSet, _: &Rule) -> Value {
        let mut elements: Vec<u32> =
            set.held.iter().filter(|(_, buried)| buried.is_none()).map(|((element, _), _)| element).collect();
        elements.dedup();
        Value::Elements(elements)
    }

    fn read(set: &TombstoneSet, _: &Rule, element: u32) -> Value {
        Value::Present(tags(set, element).any(|(_, buried)| buried.is_none()))
    }
}

/// Throws away the tombstones that the origin of this operation dug [`GRACE`] operations ago, whoever has not seen them.
fn forget_tombstones(set: &mut TombstoneSet, now: Dot) {
    let old = |by: &Dot| by.origin == now.origin && by.number + GRACE <= now.number;
    let gone: Vec<(u32, Dot)> =
        set.held.iter().filter(|(_, buried)| buried.as_ref().is_some_and(old)).map(|(key, _)| key).collect();
    set.held.remove_all(gone);
}

impl Wire for Operation {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Operation::Add(element) => {
                sink.u8(0);
                sink.u32(*element);
            }
            Operation::Bury(element, tags) => {
                sink.u8(1);
                sink.u32(*element);
                tags.encode(sink);
            }
        }
    }
}
