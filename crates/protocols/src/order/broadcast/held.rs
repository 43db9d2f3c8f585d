//! What a process has received and not delivered, and which of it is next: the order of deliveries.

use super::message::{Envelope, everybody};
use super::options::{Guarantee, Mistake, Options};
use quorate_engine::{NodeId, Update};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that wait for their turn.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Held {
    /// By stamp, where there are stamps, then by sender and number.
    waiting: BTreeSet<(u64, Update)>,
    /// Of each sender, how many messages were delivered.
    delivered: BTreeMap<NodeId, u32>,
    /// Of each other process a stamp that it will never send again, nor any below it, and all its messages up to there have arrived.
    heard: BTreeMap<NodeId, u64>,
    /// The same of those of whom some messages up to there are still missing, with how many they have broadcast.
    said: BTreeMap<NodeId, (u64, u32)>,
}

impl Held {
    pub(super) fn put(&mut self, envelope: &Envelope) {
        self.waiting.insert((envelope.stamp, envelope.message));
    }

    /// It is delivered, and waits no more.
    pub(super) fn take(&mut self, envelope: &Envelope) {
        self.waiting.remove(&(envelope.stamp, envelope.message));
        *self.delivered.entry(envelope.message.origin).or_default() += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn contains(&self, envelope: &Envelope) -> bool {
        self.waiting.contains(&(envelope.stamp, envelope.message))
    }

    /// How many messages of each process were delivered here: the vector of a message that is broadcast now.
    pub(super) fn clock(&self, nodes: u32) -> Vec<u32> {
        everybody(nodes).map(|node| self.of(node)).collect()
    }

    fn of(&self, node: NodeId) -> u32 {
        self.delivered.get(&node).copied().unwrap_or(0)
    }

    /// Lamport 1978: a process has said that it never sends this stamp again, nor any below, and has broadcast `count` messages; of those,
    /// `has` have arrived, without a gap.
    pub(super) fn hear(&mut self, from: NodeId, stamp: u64, count: u32, has: u32) {
        let said = self.said.entry(from).or_default();
        if stamp > said.0 {
            *said = (stamp, count);
        }
        self.arrived(from, has);
    }

    /// So many messages of a process have arrived, without a gap.
    pub(super) fn arrived(&mut self, from: NodeId, has: u32) {
        if let Some((stamp, count)) = self.said.get(&from).copied()
            && has >= count
        {
            let heard = self.heard.entry(from).or_default();
            *heard = stamp.max(*heard);
            self.said.remove(&from);
        }
    }

    /// Who has not yet said anything later than the first message that waits.
    pub(super) fn silent(&self, others: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
        let Some((stamp, _)) = self.waiting.first().copied() else { return Vec::new() };
        others.filter(|node| !self.is_heard(*node, stamp)).collect()
    }

    fn is_heard(&self, node: NodeId, stamp: u64) -> bool {
        self.heard.get(&node).is_some_and(|heard| *heard >= stamp)
    }

    /// The next message to deliver at `me`, if any is ready. `envelope` tells what is in a message, `holders` how many processes have it on
    /// disk, this one not counted.
    pub(super) fn next<'a>(
        &self,
        options: &Options,
        (me, nodes): (NodeId, u32),
        envelope: impl Fn(Update) -> &'a Envelope,
        holders: impl Fn(Update) -> u32,
    ) -> Option<Update> {
        let mut waiting = self.waiting.iter().map(|(_, message)| *message);
        match options.guarantee {
            Guarantee::BestEffort | Guarantee::Reliable => waiting.next(),
            Guarantee::Uniform if options.makes(Mistake::BeforeMajority) => waiting.next(),
            Guarantee::Uniform => waiting.find(|message| 2 * (holders(*message) + 1) > nodes),
            Guarantee::Fifo if options.makes(Mistake::NoHold) => waiting.next(),
            Guarantee::Fifo => waiting.find(|message| message.number == self.of(message.origin) + 1),
            Guarantee::Causal => waiting.find(|message| {
                let looks_at = |node: &NodeId| *node == message.origin || !options.makes(Mistake::NoWait);
                let clock = &envelope(*message).clock;
                everybody(nodes).filter(looks_at).all(|node| self.of(node) >= clock[node.index()])
            }),
            Guarantee::Total => self.waiting.first().and_then(|(stamp, message)| {
                let mut others = everybody(nodes).filter(|node| *node != me);
                let is_first = options.makes(Mistake::OwnHead) || others.all(|node| self.is_heard(node, *stamp));
                is_first.then_some(*message)
            }),
        }
    }
}
