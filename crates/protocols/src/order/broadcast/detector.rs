//! Who has been silent for too long: an eventually perfect failure detector by heartbeats (Chandra and Toueg 1996, §3; Cachin, Guerraoui and
//! Rodrigues 2011, §2.6.5). It counts its own heartbeats, and reads no clock.

use quorate_engine::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// What a process believes of others.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Detector {
    /// Heartbeats of this process since it heard of another one. Invariant: none is above the patience.
    silent: BTreeMap<NodeId, u32>,
    suspected: BTreeSet<NodeId>,
}

impl Detector {
    /// Something arrived from it.
    pub(super) fn heard(&mut self, from: NodeId) {
        self.silent.insert(from, 0);
        self.suspected.remove(&from);
    }

    /// A heartbeat has passed. Whom the process suspects from now on.
    pub(super) fn beat(&mut self, others: impl Iterator<Item = NodeId>, patience: u32) -> Vec<NodeId> {
        let mut fresh = Vec::new();
        for node in others {
            let silent = self.silent.entry(node).or_default();
            *silent = (*silent + 1).min(patience);
            if *silent == patience && self.suspected.insert(node) {
                fresh.push(node);
            }
        }
        fresh
    }

    pub(super) fn suspects(&self, node: NodeId) -> bool {
        self.suspected.contains(&node)
    }
}
