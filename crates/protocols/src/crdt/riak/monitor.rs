//! What vnodes state of their counters, and the monitor that follows which disk has what.

use super::node::Node;
use super::options::Options;
use crate::crdt::types::Tally;
use crate::crdt::types::dot::Origin;
use quorate_engine::{Broken, FactKind, Monitor, NodeId, OpId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It has added a client's amount to its own entry, on disk.
    Counted {
        /// The client's operation.
        operation: OpId,
        /// The counter.
        key: u32,
        /// How much.
        amount: i64,
        /// The actor id under which it counts.
        actor: Origin,
        /// The entry from now on.
        tally: Tally,
    },
    /// It has merged what others counted, on disk: the entries that are new to it.
    Merged(u32, Vec<(Origin, Tally)>),
    /// A read found a vnode behind, and sent it the join.
    Repaired(u32, NodeId),
    /// It came back without its disk.
    LostDisk,
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "counted", summary: "A vnode has counted an increment.", leads: false },
        FactKind { name: "merged", summary: "A vnode has merged what others counted.", leads: false },
        FactKind { name: "repaired", summary: "A read found a vnode behind, and sent it the join.", leads: false },
        FactKind { name: "lost-disk", summary: "A node came back without its disk.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Counted { .. } => 0,
            Fact::Merged(..) => 1,
            Fact::Repaired(..) => 2,
            Fact::LostDisk => 3,
        })
    }
}

/// Nobody counts twice in the same place of an entry.
pub const UNIQUE_ACTORS: &str = "unique-actors";

/// What each actor has counted, and what each disk has of it.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Disks {
    counted: BTreeMap<(u32, Origin), Tally>,
    held: BTreeMap<(u32, Origin, NodeId), Tally>,
    /// What a node counted, and who lost a disk, in the order in which it happened.
    pub(super) story: Vec<Event>,
    pub(super) repairs: u64,
}

/// What the judge of final values goes by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Event {
    /// An operation was counted at this node.
    Counted(OpId, NodeId),
    /// This node lost its disk.
    LostDisk(NodeId),
}

impl Disks {
    /// The greatest tally that some disk has of each actor's entry under a key.
    pub(super) fn owed(&self) -> impl Iterator<Item = (u32, Origin, NodeId, Tally)> {
        self.held.iter().map(|(&(key, actor, node), tally)| (key, actor, node, *tally))
    }
}

/// How much an entry went through in both directions.
pub(super) fn volume(tally: &Tally) -> u64 {
    tally.added.saturating_add(tally.removed)
}

impl Monitor<Node> for Disks {
    const PROPERTIES: &'static [&'static str] = &[UNIQUE_ACTORS];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Counted { operation, key, amount, actor, tally } => {
                self.story.push(Event::Counted(*operation, node));
                self.held.insert((*key, *actor, node), *tally);
                let before = self.counted.insert((*key, *actor), *tally).map_or(0, |before| volume(&before));
                let least = before.saturating_add(amount.unsigned_abs());
                let now = volume(tally);
                if now < least {
                    let evidence = format!(
                        "{node} adds {amount} to counter {key} as actor {actor}, and its entry is at {now}, where {least} was \
                         counted under that id"
                    );
                    return Err(Broken { property: UNIQUE_ACTORS, evidence });
                }
            }
            Fact::Merged(key, entries) => {
                self.held.extend(entries.iter().map(|(actor, tally)| ((*key, *actor, node), *tally)));
            }
            Fact::Repaired(..) => self.repairs += 1,
            Fact::LostDisk => {
                self.story.push(Event::LostDisk(node));
                self.held.retain(|(_, _, holder), _| *holder != node);
            }
        }
        Ok(())
    }
}
