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
    /// The number of each author's latest write.
    latest: BTreeMap<NodeId, u32>,
}

impl Lineage {
    /// Whether `descendant` was made over `ancestor`, directly or through others.
    fn descends(&self, descendant: Update, ancestor: Update) -> bool {
        std::iter::successors(self.over.get(&descendant), |update| self.over.get(update)).any(|update| *update == ancestor)
    }

    fn wrote(&mut self, update: Update, over: Option<Update>) {
        let known = self.latest.get(&update.origin).is_some_and(|latest| *latest >= update.number);
        if known && self.over.get(&update) == over.as_ref() {
            return; // its author has started again, and read its log
        }
        let again = |named: &Update| named.origin == update.origin && named.number >= update.number;
        // Whose disk is gone counts from 1 again: of what those names meant before, nothing can be said any more.
        self.latest.insert(update.origin, update.number);
        if known {
            self.over.retain(|update, over| !again(update) && !again(over));
        }
        if let Some(over) = over.filter(|over| !again(over)) {
            self.over.insert(update, over);
        }
    }
}

impl Monitor<Gossip<Store>> for Lineage {
    const PROPERTIES: &'static [&'static str] = &[NO_LOST_UPDATE];

    fn fact(&mut self, _: &Options<Rule>, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match *fact {
            Fact::Wrote { update, over } => {
                self.wrote(update, over);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn write(origin: u32, number: u32) -> Update {
        Update { origin: NodeId(origin), number }
    }

    #[test]
    fn a_name_that_is_given_again_has_no_ancestors_of_its_former_life() {
        let mut lineage = Lineage::default();
        lineage.wrote(write(0, 1), None);
        lineage.wrote(write(1, 1), Some(write(0, 1)));
        lineage.wrote(write(0, 2), Some(write(1, 1)));
        assert!(lineage.descends(write(0, 2), write(0, 1)));
        // Node 0 has lost its disk, and writes over what it hears of.
        lineage.wrote(write(0, 1), Some(write(1, 1)));
        assert!(lineage.descends(write(0, 1), write(1, 1)));
        assert!(!lineage.descends(write(1, 1), write(0, 1)) && !lineage.descends(write(0, 2), write(1, 1)));
        // What it still hears of itself is of that life.
        lineage.wrote(write(0, 2), Some(write(0, 9)));
        assert_eq!(lineage.over.len(), 1, "{lineage:?}");
    }
}
