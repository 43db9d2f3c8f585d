//! Who belongs to a cluster (§6; Ongaro's thesis, chapter 4): servers that vote, those that voted until now while two sets decide
//! together, and learners, which only follow.

use quorate_engine::{NodeId, Sink, Wire};
use std::collections::BTreeSet;

/// The servers of a cluster.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Configuration {
    /// Who votes, in ascending order.
    pub voters: BTreeSet<NodeId>,
    /// While there are two sets, who voted until now: whatever is decided needs a majority of both (joint consensus). Empty otherwise.
    pub outgoing: BTreeSet<NodeId>,
    /// Who follows without a vote.
    pub learners: BTreeSet<NodeId>,
}

impl Configuration {
    /// One in which these vote.
    pub fn of(voters: impl IntoIterator<Item = NodeId>) -> Configuration {
        Configuration { voters: voters.into_iter().collect(), ..Configuration::default() }
    }

    /// Whether a server votes.
    pub fn votes(&self, server: NodeId) -> bool {
        self.voters.contains(&server) || self.outgoing.contains(&server)
    }

    /// Everybody who follows the leader, once each, in ascending order.
    pub fn members(&self) -> BTreeSet<NodeId> {
        self.voters.iter().chain(&self.outgoing).chain(&self.learners).copied().collect()
    }

    /// Whether those of whom `has` says so are a majority of every set that must agree.
    pub fn is_quorum(&self, has: impl Fn(NodeId) -> bool) -> bool {
        let majority = |set: &BTreeSet<NodeId>| set.iter().filter(|server| has(**server)).count() > set.len() / 2;
        majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))
    }

    /// The greatest value that a majority of every set has reached, where each server's value is as `of` says.
    pub fn agreed(&self, of: impl Fn(NodeId) -> u64) -> u64 {
        let middle = |set: &BTreeSet<NodeId>| {
            let mut values: Vec<u64> = set.iter().map(|server| of(*server)).collect();
            values.sort_unstable_by(|a, b| b.cmp(a));
            values.get(values.len() / 2).copied().unwrap_or(0)
        };
        let first = middle(&self.voters);
        if self.outgoing.is_empty() { first } else { first.min(middle(&self.outgoing)) }
    }
}

impl Wire for Configuration {
    fn encode(&self, sink: &mut impl Sink) {
        for set in [&self.voters, &self.outgoing, &self.learners] {
            sink.u32(set.len() as u32);
            set.iter().for_each(|server| server.encode(sink));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(bits: u32) -> BTreeSet<NodeId> {
        (0..5).filter(|bit| bits >> bit & 1 == 1).map(NodeId).collect()
    }

    #[test]
    fn what_is_agreed_is_what_a_quorum_has() {
        for (voters, outgoing) in (1..32).flat_map(|voters| (0..32).map(move |outgoing| (voters, outgoing))) {
            let configuration = Configuration { voters: set(voters), outgoing: set(outgoing), learners: BTreeSet::new() };
            for code in 0..243u32 {
                let of = |server: NodeId| u64::from(code / 3u32.pow(server.0) % 3);
                let reached = |value: u64| configuration.is_quorum(|server| of(server) >= value);
                let agreed = configuration.agreed(of);
                assert!(agreed == 0 || reached(agreed), "{configuration:?} {code}");
                assert!(!reached(agreed + 1), "{configuration:?} {code}");
            }
        }
    }
}
