//! Partitions: who cannot reach whom.

use crate::id::{NodeId, NodeSet};
use std::fmt;

/// Who cannot reach whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Partition {
    /// Nodes reach each other when they share a group. A node in two groups bridges them; a node in none is untouched.
    Groups(Vec<NodeSet>),
    /// What the first set sends to the second is lost; the other direction works.
    OneWay(NodeSet, NodeSet),
}

impl Partition {
    /// How many bits describe a node's place in the partition: groups, or sender and receiver.
    pub(crate) fn width(&self) -> usize {
        match self {
            Partition::Groups(groups) => groups.len(),
            Partition::OneWay(..) => 2,
        }
    }

    /// The node sets behind the bits of a node's place: the groups, or sender and receiver.
    pub fn sets(&self) -> Vec<&NodeSet> {
        match self {
            Partition::Groups(groups) => groups.iter().collect(),
            Partition::OneWay(from, to) => vec![from, to],
        }
    }

    /// The node's place: a bit for each of [`Partition::sets`] that it is in.
    pub fn place(&self, node: NodeId) -> u64 {
        let bit = |bit: usize, set: &NodeSet| u64::from(set.contains(node)) << bit;
        match self {
            Partition::Groups(groups) => groups.iter().enumerate().fold(0, |place, (index, set)| place | bit(index, set)),
            Partition::OneWay(from, to) => bit(0, from) | bit(1, to),
        }
    }

    /// Whether a message between nodes of these two places is lost.
    pub fn cuts(&self, from: u64, to: u64) -> bool {
        match self {
            Partition::Groups(_) => from != 0 && to != 0 && from & to == 0,
            Partition::OneWay(..) => from & 1 != 0 && to & 2 != 0,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Partition::Groups(groups) => {
                let sides: Vec<String> = groups.iter().map(|group| format!("{{{group}}}")).collect();
                write!(f, "partition {}", sides.join(" | "))
            }
            Partition::OneWay(from, to) => write!(f, "one-way partition {{{from}}} -/-> {{{to}}}"),
        }
    }
}
