//! Names of operations, and sets of them: dots, version vectors, and causal contexts (Almeida, Shoker and Baquero 2018, §7.1).

use crate::sorted::Sorted;
use quorate_engine::{NodeId, Sink, Update, Wire};
use std::collections::BTreeSet;
use std::fmt;

/// Who gives names: a node in one of its lives. A node that has lost its disk begins another life, for it no longer knows
/// which names it has given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The node.
    pub node: NodeId,
    /// Which life: a number that outlives the disk, at most 255.
    pub life: u8,
}

/// An operation's name: the `number`-th of its origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// Who prepared it.
    pub origin: Origin,
    /// 1 for the origin's first, at most [`NUMBER_MAX`].
    pub number: u32,
}

/// The most operations that one life of a node has names for: life and number share the four bytes in which names travel.
pub const NUMBER_MAX: u32 = (1 << 24) - 1;

impl Origin {
    /// Its operation of that number.
    pub fn dot(self, number: u32) -> Dot {
        Dot { origin: self, number }
    }
}

impl Dot {
    /// No dot is below it.
    pub const FIRST: Dot = Dot { origin: Origin { node: NodeId(0), life: 0 }, number: 0 };
    /// No dot is above it.
    pub const LAST: Dot = Dot { origin: Origin { node: NodeId(u32::MAX), life: u8::MAX }, number: u32::MAX };

    /// The name by which the ledger knows the operation.
    pub fn update(self) -> Update {
        Update { origin: self.origin.node, number: (u32::from(self.origin.life) << 24) | self.number }
    }
}

/// For each origin, how many of its operations: the first so many.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct VersionVector {
    // Invariant: no count is 0.
    counts: Sorted<Origin, u32>,
}

impl VersionVector {
    /// How many of an origin's operations.
    pub fn count(&self, origin: Origin) -> u32 {
        self.counts.get(origin).copied().unwrap_or(0)
    }

    /// Whether the operation is one of them.
    pub fn contains(&self, dot: Dot) -> bool {
        dot.number <= self.count(dot.origin)
    }

    /// Takes in all of an origin's operations up to this one.
    pub fn raise(&mut self, dot: Dot) {
        if !self.contains(dot) {
            self.counts.insert(dot.origin, dot.number);
        }
    }

    /// Takes in all that the other has.
    pub fn merge(&mut self, other: &VersionVector) {
        for (origin, count) in other.counts.iter() {
            self.raise(origin.dot(*count));
        }
    }

    /// Whether it has all that the other has.
    pub fn covers(&self, other: &VersionVector) -> bool {
        other.counts.iter().all(|(origin, count)| self.count(origin) >= *count)
    }

    /// Each origin with its count, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (Origin, u32)> {
        self.counts.iter().map(|(origin, count)| (origin, *count))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many operations there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// Any set of operations, small where it has few gaps: a version vector, and the dots beyond it.
///
/// The first so many of an origin stand in the vector only, so that equal sets are equal values.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct CausalContext {
    vector: VersionVector,
    // Invariant: none of these is in the vector, nor is it the next after what the vector has of its origin.
    cloud: BTreeSet<Dot>,
}

impl CausalContext {
    /// Just this operation.
    pub fn of(dot: Dot) -> CausalContext {
        let mut context = CausalContext::default();
        context.insert(dot);
        context
    }

    /// Whether the operation is in the set.
    pub fn contains(&self, dot: Dot) -> bool {
        self.vector.contains(dot) || self.cloud.contains(&dot)
    }

    /// Takes in an operation.
    pub fn insert(&mut self, dot: Dot) {
        if !self.vector.contains(dot) {
            self.cloud.insert(dot);
            self.compact(dot.origin);
        }
    }

    /// Takes in all that the other has.
    pub fn merge(&mut self, other: &CausalContext) {
        for (origin, count) in other.vector.iter() {
            if count > self.vector.count(origin) {
                self.vector.raise(origin.dot(count));
                self.compact(origin);
            }
        }
        for dot in &other.cloud {
            self.insert(*dot);
        }
    }

    /// Whether it has all that the other has.
    pub fn covers(&self, other: &CausalContext) -> bool {
        let vector = other.vector.iter().all(|(origin, count)| {
            let have = self.vector.count(origin);
            have >= count || (have + 1..=count).all(|number| self.cloud.contains(&origin.dot(number)))
        });
        vector && other.cloud.iter().all(|dot| self.contains(*dot))
    }

    /// What is in this set and not in the other.
    pub fn without(&self, other: &CausalContext) -> CausalContext {
        let mut rest = CausalContext::default();
        self.each_beyond(other, &mut |dot| rest.insert(dot));
        rest
    }

    /// Every operation that is in this set and not in the other; what both have in their vectors is not walked.
    pub fn each_beyond(&self, other: &CausalContext, each: &mut dyn FnMut(Dot)) {
        for (origin, count) in self.vector.iter() {
            let numbers = other.vector.count(origin) + 1..=count;
            numbers.map(|number| origin.dot(number)).filter(|dot| !other.cloud.contains(dot)).for_each(&mut *each);
        }
        self.cloud.iter().filter(|dot| !other.contains(**dot)).for_each(|dot| each(*dot));
    }

    /// Those that have all before them in the set.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// The others, ascending.
    pub fn cloud(&self) -> impl Iterator<Item = Dot> {
        self.cloud.iter().copied()
    }

    /// How many operations there are.
    pub fn total(&self) -> u64 {
        self.vector.total() + self.cloud.len() as u64
    }

    /// Moves what follows the vector without a gap into it.
    fn compact(&mut self, origin: Origin) {
        let first = origin.dot(self.vector.count(origin) + 1);
        let mut next = first;
        while self.cloud.remove(&next) {
            next.number += 1;
        }
        if next != first {
            self.vector.raise(origin.dot(next.number - 1));
        }
        // The vector may have overtaken some.
        while let Some(stale) = self.cloud.range(origin.dot(0)..=origin.dot(self.vector.count(origin))).next().copied() {
            self.cloud.remove(&stale);
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.life {
            0 => self.node.fmt(f),
            life => write!(f, "{}'{life}", self.node),
        }
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.origin, self.number)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for CausalContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vector = self.vector.iter().map(|(origin, count)| format!("{origin}#1..={count}"));
        let all: Vec<String> = vector.chain(self.cloud().map(|dot| dot.to_string())).collect();
        write!(f, "{{{}}}", all.join(", "))
    }
}

impl Wire for Dot {
    fn encode(&self, sink: &mut impl Sink) {
        self.update().encode(sink);
    }
}

impl Wire for VersionVector {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.counts.len() as u32);
        for (origin, count) in self.iter() {
            origin.dot(count).encode(sink);
        }
    }
}

impl Wire for CausalContext {
    fn encode(&self, sink: &mut impl Sink) {
        self.vector.encode(sink);
        sink.u32(self.cloud.len() as u32);
        self.cloud.iter().for_each(|dot| dot.encode(sink));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots() -> Vec<Dot> {
        let origin = |node| Origin { node: NodeId(node), life: 0 };
        (0..2).flat_map(|node| (1..=3).map(move |number| origin(node).dot(number))).collect()
    }

    fn context(code: u32) -> CausalContext {
        let mut context = CausalContext::default();
        dots().into_iter().enumerate().filter(|(bit, _)| code >> bit & 1 == 1).for_each(|(_, dot)| context.insert(dot));
        context
    }

    #[test]
    fn contexts_are_sets_however_they_come_to_be() {
        for a in 0..64 {
            for b in 0..64 {
                let (ours, theirs) = (context(a), context(b));
                let mut both = ours.clone();
                both.merge(&theirs);
                assert_eq!(both, context(a | b), "{a:b} {b:b}");
                assert_eq!(ours.covers(&theirs), a & b == b, "{a:b} {b:b}");
                assert_eq!(ours.without(&theirs), context(a & !b), "{a:b} {b:b}");
                assert_eq!(ours.total(), u64::from(a.count_ones()));
            }
            for (bit, dot) in dots().into_iter().enumerate() {
                assert_eq!(context(a).contains(dot), a >> bit & 1 == 1);
            }
        }
    }

    #[test]
    fn a_version_vector_has_all_up_to_its_counts() {
        let dots = dots();
        let mut vector = VersionVector::default();
        vector.raise(dots[1]);
        assert!(vector.contains(dots[0]) && !vector.contains(dots[2]) && !vector.contains(dots[3]));
        let mut other = VersionVector::default();
        other.raise(dots[3]);
        assert!(!vector.covers(&other));
        vector.merge(&other);
        assert!(vector.covers(&other) && vector.total() == 3);
    }
}
