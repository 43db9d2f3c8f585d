//! What the replicas agree on: for each origin, how much it has counted.

use crate::crdt::types::dot::Origin;
use crate::sorted::{Merged, Sorted};
use quorate_engine::{NodeId, Sink, Wire};

/// For each origin the greatest tally that is known of it.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Tallies {
    by_origin: Sorted<Origin, u64>,
}

impl Tallies {
    /// What is known of an origin; nothing of one that was never heard of.
    pub fn of(&self, origin: Origin) -> Option<u64> {
        self.by_origin.get(origin).copied()
    }

    /// The sum of all.
    pub fn sum(&self) -> u64 {
        self.by_origin.iter().map(|(_, tally)| *tally).fold(0, u64::saturating_add)
    }

    /// Takes in what else is known. Whether any of it was new.
    pub fn merge(&mut self, other: &Tallies) -> bool {
        match self.by_origin.merge(&other.by_origin, |ours, theirs| *ours.max(theirs)) {
            Merged::Ours => return false,
            Merged::Theirs => self.by_origin = other.by_origin.clone(),
            Merged::New(both) => self.by_origin = both,
        }
        true
    }

    /// Takes in what an origin has counted.
    pub fn raise(&mut self, origin: Origin, tally: u64) {
        if self.of(origin).is_none_or(|known| known < tally) {
            self.by_origin.insert(origin, tally);
        }
    }

    /// Each origin with its tally, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (Origin, u64)> {
        self.by_origin.iter().map(|(origin, tally)| (origin, *tally))
    }
}

impl FromIterator<(Origin, u64)> for Tallies {
    fn from_iter<I: IntoIterator<Item = (Origin, u64)>>(tallies: I) -> Tallies {
        let mut all = Tallies::default();
        tallies.into_iter().for_each(|(origin, tally)| all.raise(origin, tally));
        all
    }
}

/// The register of Raft's in which an origin's tally is.
pub(super) fn key(origin: Origin) -> u32 {
    origin.node.0 << 8 | u32::from(origin.life)
}

/// Whose tally is in that register.
pub(super) fn origin(key: u32) -> Origin {
    Origin { node: NodeId(key >> 8), life: key as u8 }
}

impl Wire for Tallies {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.by_origin.len() as u32);
        for (origin, tally) in self.iter() {
            sink.u32(key(origin));
            sink.u64(tally);
        }
    }
}
