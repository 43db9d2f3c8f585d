//! What a leader knows: which slots are open, how far the others are, which clients wait.

use super::message::{Slot, Value};
use crate::consensus::paxos::ballot::Ballot;
use crate::consensus::reads::Reads;
use crate::replication::machine::Request;
use quorate_engine::{NodeId, OpId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A leader's volatile state.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Leader {
    pub(super) ballot: Ballot,
    /// The next slot that nothing was proposed in.
    pub(super) next: Slot,
    /// Up to here it proposed what others may have proposed before it: all that was chosen then is among it.
    pub(super) settled: Slot,
    /// What it has proposed in slots whose outcome it does not know, and who accepted it.
    pub(super) open: BTreeMap<Slot, (Value, BTreeSet<NodeId>)>,
    /// The last slot of each message of these.
    pub(super) batches: VecDeque<Slot>,
    /// What was open at the last heartbeat was so up to here.
    pub(super) stale: Slot,
    pub(super) others: BTreeMap<NodeId, Progress>,
    /// Who was heard since it last looked.
    pub(super) heard: BTreeSet<NodeId>,
    pub(super) reads: Reads,
    /// Commands that wait to be proposed.
    pub(super) queue: VecDeque<(OpId, Request)>,
    /// Operations whose commands wait, or are open.
    pub(super) pending: BTreeSet<OpId>,
}

/// How far another server is.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Progress {
    /// The latest round that it has answered.
    pub(super) round: u64,
    /// It was told what was chosen up to here since the last heartbeat.
    pub(super) told: Slot,
}

impl Leader {
    pub(super) fn new(ballot: Ballot, others: impl Iterator<Item = NodeId>, known: Slot, settled: Slot) -> Leader {
        Leader {
            ballot,
            next: known + 1,
            settled,
            open: BTreeMap::new(),
            batches: VecDeque::new(),
            stale: known,
            others: others.map(|other| (other, Progress::default())).collect(),
            heard: BTreeSet::new(),
            reads: Reads::default(),
            queue: VecDeque::new(),
            pending: BTreeSet::new(),
        }
    }

    /// Clients for whom nothing was done.
    pub(super) fn into_unserved(self) -> impl Iterator<Item = (OpId, Request)> {
        self.queue.into_iter().chain(self.reads.into_waiting())
    }

    /// What was chosen up to here is known by other ways than its own count.
    pub(super) fn retire(&mut self, known: Slot) {
        self.open = self.open.split_off(&(known + 1));
        self.next = self.next.max(known + 1);
        while self.batches.front().is_some_and(|last| *last <= known) {
            self.batches.pop_front();
        }
    }

    /// The latest round that a majority has answered, the leader itself among them.
    pub(super) fn confirmed(&self) -> u64 {
        let mut rounds: Vec<u64> = self.others.values().map(|other| other.round).chain([self.reads.round()]).collect();
        rounds.sort_unstable_by(|a, b| b.cmp(a));
        rounds[rounds.len() / 2]
    }

    /// The slots up to `stale` that a server has not accepted, as ranges of slots that follow each other.
    pub(super) fn missing(&self, server: NodeId) -> Vec<(Slot, Slot)> {
        let mut runs: Vec<(Slot, Slot)> = Vec::new();
        for (slot, _) in self.open.range(..=self.stale).filter(|(_, (_, acceptors))| !acceptors.contains(&server)) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == *slot => *last = *slot,
                _ => runs.push((*slot, *slot)),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader() -> Leader {
        let mut leader = Leader::new(Ballot { round: 1, proposer: 0 }, (1..5).map(NodeId), 10, 10);
        for slot in 11..=16 {
            leader.open.insert(slot, (Value::Noop, BTreeSet::new()));
        }
        (leader.next, leader.stale) = (17, 15);
        leader.batches = VecDeque::from([12, 14, 16]);
        leader
    }

    #[test]
    fn what_was_not_accepted_in_time_is_sent_again_in_runs() {
        let mut leader = leader();
        for slot in [11, 13] {
            leader.open.get_mut(&slot).expect("it is open").1.insert(NodeId(3));
        }
        assert_eq!(leader.missing(NodeId(3)), [(12, 12), (14, 15)]);
        assert_eq!(leader.missing(NodeId(1)), [(11, 15)]);
        leader.retire(14);
        assert_eq!(leader.missing(NodeId(3)), [(15, 15)]);
        assert_eq!((leader.batches.len(), leader.next), (1, 17));
        leader.retire(20);
        assert_eq!((leader.batches.len(), leader.open.len(), leader.next), (0, 0, 21));
    }

    #[test]
    fn a_round_is_confirmed_by_a_majority_with_the_leader_in_it() {
        let mut leader = leader();
        (1..=4).for_each(|_| {
            leader.reads.begin(None);
        });
        assert_eq!(leader.confirmed(), 0);
        for (other, round) in [(1, 2), (2, 3)] {
            leader.others.get_mut(&NodeId(other)).expect("it is another").round = round;
        }
        assert_eq!(leader.confirmed(), 2);
    }
}
