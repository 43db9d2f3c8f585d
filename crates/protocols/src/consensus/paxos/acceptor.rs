//! An acceptor ("Paxos made simple", §2.2): what it has promised, for one instance or for all of a log at once, and what it has
//! accepted. When that is on disk, and who is told, is the server's business.

use super::ballot::{Ballot, Proposal};
use super::options::{EXPIRES_AFTER, Mistake};
use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// What an acceptor remembers of instances named `I`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Acceptor<I: Ord, V> {
    // Invariant: nothing in `accepted` is above it, but for what is known to be chosen.
    promised: Ballot,
    accepted: BTreeMap<I, Accepted<V>>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Accepted<V> {
    proposal: Proposal<V>,
    /// When, by the wall clock in ns, for an acceptor that forgets; 0 for one that does not.
    written: i64,
}

impl<I: Ord, V> Default for Acceptor<I, V> {
    fn default() -> Acceptor<I, V> {
        Acceptor { promised: Ballot::default(), accepted: BTreeMap::new() }
    }
}

impl<I: Ord + Copy, V: Clone> Acceptor<I, V> {
    /// The greatest ballot that it has answered.
    pub fn promised(&self) -> Ballot {
        self.promised
    }

    /// "If an acceptor receives a prepare request with number n greater than that of any prepare request to which it has already
    /// responded, then it responds to the request with a promise" (phase 1b). The same request is answered again, for the answer may have
    /// been lost.
    pub fn prepare(&mut self, ballot: Ballot) -> bool {
        let promises = ballot >= self.promised;
        if promises {
            self.promised = ballot;
        }
        promises
    }

    /// "It accepts the proposal unless it has already responded to a prepare request having a number greater than n" (phase 2b). To
    /// accept is also to promise.
    pub fn accept(&mut self, instance: I, proposal: Proposal<V>, written: i64, mistake: Option<Mistake>) -> bool {
        let accepts = proposal.ballot >= self.promised;
        if accepts {
            if mistake != Some(Mistake::AcceptsWithoutPromise) {
                self.promised = proposal.ballot;
            }
            self.accepted.insert(instance, Accepted { proposal, written });
        }
        accepts
    }

    /// Puts a value there that is known to be chosen: whatever else was accepted there is of no account any more.
    pub fn settle(&mut self, instance: I, proposal: Proposal<V>) {
        self.accepted.insert(instance, Accepted { proposal, written: 0 });
    }

    /// What it has accepted in an instance.
    pub fn accepted(&self, instance: I) -> Option<&Proposal<V>> {
        self.accepted.get(&instance).map(|accepted| &accepted.proposal)
    }

    /// What it has accepted in some instances; an acceptor that forgets leaves out what is old by its wall clock.
    pub fn told(&self, instances: impl RangeBounds<I>, now: Option<i64>) -> impl Iterator<Item = (I, Proposal<V>)> {
        let is_fresh = move |accepted: &Accepted<V>| now.is_none_or(|now| now.saturating_sub(accepted.written) < EXPIRES_AFTER);
        let fresh = self.accepted.range(instances).filter(move |(_, accepted)| is_fresh(accepted));
        fresh.map(|(instance, accepted)| (*instance, accepted.proposal.clone()))
    }

    /// Forgets what is below an instance.
    pub fn truncate(&mut self, first: I) {
        self.accepted = self.accepted.split_off(&first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(round: u64) -> Ballot {
        Ballot { round, proposer: 0 }
    }

    #[test]
    fn what_is_accepted_is_promised_too() {
        for (mistake, promises_less) in [(None, false), (Some(Mistake::AcceptsWithoutPromise), true)] {
            let mut acceptor = Acceptor::<u32, char>::default();
            assert!(acceptor.prepare(ballot(2)) && acceptor.prepare(ballot(2)) && !acceptor.prepare(ballot(1)));
            assert!(!acceptor.accept(7, Proposal { ballot: ballot(1), value: 'a' }, 0, mistake));
            assert!(acceptor.accept(7, Proposal { ballot: ballot(4), value: 'b' }, 0, mistake));
            assert_eq!(acceptor.prepare(ballot(3)), promises_less);
        }
    }

    #[test]
    fn what_is_old_by_the_wall_clock_is_left_out_of_what_is_told() {
        let mut acceptor = Acceptor::<u32, char>::default();
        acceptor.accept(1, Proposal { ballot: ballot(1), value: 'a' }, 0, None);
        acceptor.accept(2, Proposal { ballot: ballot(1), value: 'b' }, EXPIRES_AFTER, None);
        let told = |now| acceptor.told(.., now).map(|(instance, _)| instance).collect::<Vec<u32>>();
        assert_eq!([told(None), told(Some(0)), told(Some(EXPIRES_AFTER))], [vec![1, 2], vec![1, 2], vec![2]]);
    }
}
