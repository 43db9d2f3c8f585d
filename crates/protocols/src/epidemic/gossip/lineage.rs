//! The monitor of the store: which write was made over which, and that nothing older ever takes the place of what was made
//! over it. Who lacks a write is not judged here; convergence is.

use super::actor::Gossip;
use super::options::Options;
use super::store::{Rule, Store};
use quorate_engine::{Broken, FactKind, Monitor, NodeId, Update};
use std::collections::BTreeMap;

/// What a replica states about its store.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A local write took effect.
    Wrote {
        /// The write.
        update: Update,
        /// The one that its author held under the key.
        over: Option<Update>,
    },
    /// Of two writes that met, one took the other's place.
    Replaced {
        /// What the replica held.
        old: Update,
        /// What it holds from now on.
        new: Update,
    },
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "wrote", summary: "A local write took effect.", leads: false },
        FactKind { name: "replaced", summary: "Of two writes that met, one took the other's place.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Wrote { .. } => 0,
            Fact::Replaced { .. } => 1,
        })
    }
}

/// The property that the monitor judges.
pub const NO_LOST_UPDATE: &str = "no-lost-update";

/// For every write, the one that it was made over.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Lineage {
    // Invariant: a write's ancestors were stated before it, so there is no circle.
    over: BTreeMap<Update, Update>,
}

impl Lineage {
    /// Whether `descendant` was made over `ancestor`, directly or through others.
    fn descends(&self, descendant: Update, ancestor: Update) -> bool {
        std::iter::successors(self.over.get(&descendant), |update| self.over.get(update)).any(|update| *update == ancestor)
    }
}

impl Monitor<Gossip<Store>> for Lineage {
    const PROPERTIES: &'static [&'static str] = &[NO_LOST_UPDATE];

    fn fact(&mut self, _: &Options<Rule>, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match *fact {
            Fact::Wrote { update, over } => {
                if let Some(over) = over {
                    self.over.insert(update, over);
                }
                Ok(())
            }
            Fact::Replaced { old, new } if self.descends(old, new) => Err(Broken {
                property: NO_LOST_UPDATE,
                evidence: format!("{node} put {new} back in the place of {old}, which had been written over it"),
            }),
            Fact::Replaced { .. } => Ok(()),
        }
    }
}
