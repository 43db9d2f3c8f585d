//! What a nemesis draws, before it is known whether it can be.

use super::Away;
use super::partitions::Shape;
use crate::fault::{Behaviour, Degradation};
use crate::id::NodeId;
use crate::time::Time;

/// Something that a kind wants to do, from an instant to another. It draws nothing any more.
#[derive(Clone, Debug)]
pub(super) struct Strike {
    pub(super) start: Time,
    /// After `start`.
    pub(super) end: Time,
    /// The kind's number.
    pub(super) kind: u32,
    /// Its place among all that the kind draws.
    pub(super) number: u32,
    pub(super) effect: Effect,
}

#[derive(Clone, Debug)]
pub(super) enum Effect {
    /// The nodes are in a state until the end. With `whole`, all whom it concerns at once, or nobody.
    Hold { state: State, nodes: Vec<NodeId>, whole: bool },
    /// Likewise who stated that fact last.
    HoldWhom(Away, &'static str),
    /// A partition is in force until the end.
    Cut(Shape),
    /// Who stated that fact last is isolated until the end.
    CutWhom(&'static str),
    /// A degradation is in force until the end.
    Degrade(Degradation),
    /// Disks, at the start.
    Spoil(Spoilt, Vec<NodeId>),
    /// Wall clocks jump by so many ns at the start, and with `back` as far back at the end.
    Jump { by_ns: Vec<(NodeId, i64)>, back: bool },
}

/// What a node may be in, apart from as usual.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum State {
    Away(Away),
    Slow(u32),
    SlowDisk(u32),
    FullDisk,
    Drift(i64),
    Byzantine(Behaviour),
}

/// What about a node a state is of. Of each, a node is in one state at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Aspect {
    Presence,
    Host,
    DiskSpeed,
    DiskRoom,
    Clock,
    Honesty,
}

impl State {
    pub(super) fn aspect(&self) -> Aspect {
        match self {
            State::Away(_) => Aspect::Presence,
            State::Slow(_) => Aspect::Host,
            State::SlowDisk(_) => Aspect::DiskSpeed,
            State::FullDisk => Aspect::DiskRoom,
            State::Drift(_) => Aspect::Clock,
            State::Byzantine(_) => Aspect::Honesty,
        }
    }
}

impl Aspect {
    /// Whether others may no longer count on a node that is not as usual.
    pub(super) fn is_away(self) -> bool {
        matches!(self, Aspect::Presence | Aspect::Honesty)
    }
}

/// What becomes of disks at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spoilt {
    Corrupt(u32),
    Wiped,
}
