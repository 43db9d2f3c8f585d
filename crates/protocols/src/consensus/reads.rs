//! Reads that a leader answers from its own state: after a round of messages that shows that it still leads, or under a lease (Ongaro's
//! thesis, §6.4; Chandra, Griesemer and Redstone, "Paxos made live", 2007, §5.2). Who answered which round is the protocol's business.

use crate::replication::machine::Request;
use quorate_engine::OpId;
use quorate_engine::time::Nanos;
use std::collections::VecDeque;

/// The reads of a leader, and the rounds that confirm it.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Reads {
    /// In the order in which they came.
    waiting: VecDeque<Read>,
    /// The latest round.
    round: u64,
    /// When each round began that may still give a lease, by the leader's elapsed clock, in ns.
    begun: VecDeque<(u64, u64)>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Read {
    operation: OpId,
    request: Request,
    /// The state machine must have come so far; `None` until the leader knows all that was decided before it led.
    index: Option<u64>,
    /// A majority must have answered this round; `None` until one has begun for it.
    round: Option<u64>,
}

impl Reads {
    /// A client asks; one that asks twice need not wait twice.
    pub(super) fn push(&mut self, operation: OpId, request: Request) {
        self.waiting.retain(|read| read.operation != operation);
        self.waiting.push_back(Read { operation, request, index: None, round: None });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What comes after this index need not be seen by the reads that are there.
    pub(super) fn settle(&mut self, index: u64) {
        self.waiting.iter_mut().for_each(|read| {
            read.index.get_or_insert(index);
        });
    }

    /// The latest round.
    pub(super) fn round(&self) -> u64 {
        self.round
    }

    /// A new round begins, at that instant of the leader's elapsed clock if leases matter.
    pub(super) fn begin(&mut self, now: Option<u64>) -> u64 {
        self.round += 1;
        self.begun.extend(now.map(|now| (self.round, now)));
        self.round
    }

    /// Whether reads wait for no round that is under way.
    pub(super) fn need_round(&self) -> bool {
        !self.waiting.is_empty() && self.waiting.iter().all(|read| read.round.is_none())
    }

    /// Whether the first read waits for the answers to a round.
    pub(super) fn await_answers(&self) -> bool {
        self.waiting.front().is_some_and(|read| read.round.is_some())
    }

    /// The reads that wait for no round wait for the latest now.
    pub(super) fn await_round(&mut self) {
        let round = self.round;
        self.waiting.iter_mut().for_each(|read| {
            read.round.get_or_insert(round);
        });
    }

    /// The next read that can be answered when the state machine has come so far and a majority has answered that round; under a lease
    /// no round need be answered.
    pub(super) fn next(&mut self, applied: u64, confirmed: u64, leased: bool) -> Option<(OpId, Request)> {
        let read = self.waiting.front()?;
        let is_confirmed = leased || read.round.is_some_and(|round| round <= confirmed);
        if read.index.is_none_or(|index| index > applied) || !is_confirmed {
            return None;
        }
        self.waiting.pop_front().map(|read| (read.operation, read.request))
    }

    /// Whether a majority keeps to the leader for now: each promised so for `lease` ns when it answered a round, which was after the round
    /// began.
    pub(super) fn has_lease(&mut self, confirmed: u64, now: u64, lease: Nanos) -> bool {
        while self.begun.len() > 1 && self.begun[1].0 <= confirmed {
            self.begun.pop_front();
        }
        self.begun.front().is_some_and(|(round, begun)| *round <= confirmed && now < begun + lease)
    }

    /// Those who were not answered.
    pub(super) fn into_waiting(self) -> impl Iterator<Item = (OpId, Request)> {
        self.waiting.into_iter().map(|read| (read.operation, read.request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_waits_for_its_round_and_its_index() {
        let mut reads = Reads::default();
        reads.push(OpId(1), Request::Read(0));
        assert_eq!(reads.next(9, 9, true), None, "nobody knows yet what it must see");
        reads.settle(5);
        assert!(reads.need_round());
        let round = reads.begin(Some(100));
        reads.await_round();
        reads.push(OpId(2), Request::Read(0));
        reads.settle(6);
        assert!(!reads.need_round(), "one round at a time");
        assert_eq!(reads.next(4, round, false), None);
        assert_eq!(reads.next(5, round - 1, false), None);
        assert_eq!(reads.next(5, round, false), Some((OpId(1), Request::Read(0))));
        assert_eq!(reads.next(9, round, false), None, "it came after the round began");
        assert!(reads.need_round());
        assert_eq!(reads.next(6, 0, true), Some((OpId(2), Request::Read(0))));
    }

    #[test]
    fn a_lease_counts_from_when_the_round_began() {
        let mut reads = Reads::default();
        let (first, second) = (reads.begin(Some(100)), reads.begin(Some(150)));
        assert!(!reads.has_lease(0, 110, 20), "nobody has answered");
        assert!(reads.has_lease(first, 119, 20) && !reads.has_lease(first, 120, 20));
        assert!(reads.has_lease(second, 169, 20) && !reads.has_lease(second, 170, 20));
    }
}
