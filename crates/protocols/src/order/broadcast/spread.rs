//! Who has which message: what a process goes on saying, and how many have on disk what it is about to deliver.

use quorate_engine::{NodeId, Update};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that are not known to be everywhere.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Spread {
    open: BTreeMap<Update, Holders>,
    /// Who has lost its disk, and is waited for no more.
    gone: BTreeSet<NodeId>,
    /// Who has said something since the last turn.
    awake: BTreeSet<NodeId>,
}

/// Who has a message on disk, as far as this process was told.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Holders {
    has: BTreeSet<NodeId>,
    /// Whether this process says it to those who lack it.
    says: bool,
    /// Whether it has waited a whole turn for their acknowledgements.
    waited: bool,
}

impl Spread {
    /// The process says this to everybody from now on.
    pub(super) fn say(&mut self, message: Update) {
        self.open.entry(message).or_default().says = true;
    }

    /// Whether it does.
    pub(super) fn says(&self, message: Update) -> bool {
        self.open.get(&message).is_some_and(|holders| holders.says)
    }

    /// This process wants to know who has it.
    pub(super) fn watch(&mut self, message: Update) {
        self.open.entry(message).or_default();
    }

    /// It was told that `node` has it. Whether that makes it one that everybody has.
    pub(super) fn shown(&mut self, message: Update, node: NodeId, others: impl Iterator<Item = NodeId>) -> bool {
        let Some(holders) = self.open.get_mut(&message) else { return false };
        holders.has.insert(node);
        self.is_everywhere(message, others)
    }

    /// How many others have it.
    pub(super) fn holders(&self, message: Update) -> u32 {
        self.open.get(&message).map_or(0, |holders| holders.has.len() as u32)
    }

    /// Nobody waits for this one any more. Whether that is news.
    pub(super) fn lose(&mut self, node: NodeId) -> bool {
        self.gone.insert(node)
    }

    /// All that are not known to be everywhere.
    pub(super) fn open(&self) -> Vec<Update> {
        self.open.keys().copied().collect()
    }

    /// Whether everybody has it who is not gone.
    pub(super) fn is_everywhere(&self, message: Update, mut others: impl Iterator<Item = NodeId>) -> bool {
        let Some(holders) = self.open.get(&message) else { return false };
        others.all(|node| holders.has.contains(&node) || self.gone.contains(&node))
    }

    /// It is everywhere: no more of it.
    pub(super) fn close(&mut self, message: Update) {
        self.open.remove(&message);
    }

    /// Whether there is anything to say.
    pub(super) fn is_quiet(&self) -> bool {
        !self.open.values().any(|holders| holders.says)
    }

    /// Something arrived from that one.
    pub(super) fn heard(&mut self, node: NodeId) {
        self.awake.insert(node);
    }

    /// What is to be said again, and to whom: what has waited a turn, of what each lacks the oldest of each sender first. Who has said nothing
    /// since the last turn gets one message, to see whether it is there, and the others `most`.
    pub(super) fn again(&mut self, most: usize, others: impl Iterator<Item = NodeId>) -> Vec<(Update, Vec<NodeId>)> {
        let awake = std::mem::take(&mut self.awake);
        let room = |node: NodeId| (node, if awake.contains(&node) { most } else { 1 });
        let mut room: BTreeMap<NodeId, usize> = others.filter(|node| !self.gone.contains(node)).map(room).collect();
        let mut due = Vec::new();
        for (message, holders) in self.open.iter_mut().filter(|(_, holders)| holders.says) {
            if !std::mem::replace(&mut holders.waited, true) {
                continue;
            }
            let mut whom = Vec::new();
            for (node, room) in room.iter_mut().filter(|(node, room)| **room > 0 && !holders.has.contains(node)) {
                *room -= 1;
                whom.push(*node);
            }
            if !whom.is_empty() {
                due.push((*message, whom));
            }
        }
        due
    }
}
