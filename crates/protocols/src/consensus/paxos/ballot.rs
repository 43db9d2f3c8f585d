//! Ballots, and proposals made in them (Lamport, "Paxos made simple", 2001, §2.2).

use super::options::Mistake;
use quorate_engine::{NodeId, Sink, Wire};

/// The number of a proposal. No two proposers have one in common; the order is by round, then by proposer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Ballot {
    /// Counts from 1; 0 is before every ballot.
    pub round: u64,
    /// Whose it is.
    pub proposer: u32,
}

impl Ballot {
    /// The first ballot of a proposer above all those of a round.
    pub(crate) fn above(round: u64, proposer: NodeId, mistake: Option<Mistake>) -> Ballot {
        let proposer = if mistake == Some(Mistake::SharesBallots) { 0 } else { proposer.0 };
        Ballot { round: round + 1, proposer }
    }
}

/// A value in a ballot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proposal<V> {
    /// The ballot.
    pub ballot: Ballot,
    /// The value.
    pub value: V,
}

impl<V> Proposal<V> {
    /// "The value of the highest-numbered proposal among the responses" (§2.2): takes the other's place if it is higher.
    pub(crate) fn outbid(highest: &mut Option<Proposal<V>>, other: Proposal<V>) {
        if highest.as_ref().is_none_or(|highest| highest.ballot < other.ballot) {
            *highest = Some(other);
        }
    }
}

impl std::fmt::Display for Ballot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({}, n{})", self.round, self.proposer)
    }
}

impl Wire for Ballot {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.round);
        sink.u32(self.proposer);
    }
}

impl<V: Wire> Wire for Proposal<V> {
    fn encode(&self, sink: &mut impl Sink) {
        self.ballot.encode(sink);
        self.value.encode(sink);
    }
}
