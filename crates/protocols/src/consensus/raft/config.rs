//! Who belongs to a cluster (§6; Ongaro's thesis, chapter 4): servers that vote, those that voted until now while two sets decide
//! together, and learners, which only follow.

use quorate_engine::{NodeId, Sink, Wire};
use std::collections::BTreeSet;
use std::fmt;

/// A server: a node, for as long as it has its disk. A node that comes back without what it had on disk is another server, because it
/// does not know what it had promised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server {
    /// The node.
    pub node: NodeId,
    /// 0 for the disk that the node began with; of two others the later is the greater.
    pub life: u64,
}

/// The servers of a cluster.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Configuration {
    /// Who votes, in ascending order.
    pub voters: BTreeSet<Server>,
    /// While there are two sets, who voted until now: whatever is decided needs a majority of both (joint consensus). Empty otherwise.
    pub outgoing: BTreeSet<Server>,
    /// Who follows without a vote.
    pub learners: BTreeSet<Server>,
}

impl Configuration {
    /// One in which these vote, and those follow, each with the disk that it began with.
    pub fn of(voters: impl IntoIterator<Item = NodeId>, learners: impl IntoIterator<Item = NodeId>) -> Configuration {
        let first = |node| Server { node, life: 0 };
        Configuration {
            voters: voters.into_iter().map(first).collect(),
            outgoing: BTreeSet::new(),
            learners: learners.into_iter().map(first).collect(),
        }
    }

    /// Whether a server votes.
    pub fn votes(&self, server: Server) -> bool {
        self.voters.contains(&server) || self.outgoing.contains(&server)
    }

    /// Whether two sets decide together.
    pub fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The same without those that voted until now.
    pub fn without_outgoing(&self) -> Configuration {
        Configuration { outgoing: BTreeSet::new(), ..self.clone() }
    }

    /// Everybody who follows the leader.
    pub fn members(&self) -> impl Iterator<Item = Server> {
        self.voters.iter().chain(&self.outgoing).chain(&self.learners).copied()
    }

    /// Whether those of whom `has` says so are a majority of every set that must agree.
    pub fn is_quorum(&self, has: impl Fn(Server) -> bool) -> bool {
        let majority = |set: &BTreeSet<Server>| set.iter().filter(|server| has(**server)).count() > set.len() / 2;
        majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))
    }

    /// The greatest value that a majority of every set has reached, where each server's value is as `of` says.
    pub fn agreed(&self, of: impl Fn(Server) -> u64) -> u64 {
        let first = middle(&self.voters, &of);
        if self.outgoing.is_empty() { first } else { first.min(middle(&self.outgoing, &of)) }
    }
}

/// The greatest value that a majority of a set has reached. Asked at each answer, so small sets need no memory of their own.
fn middle(set: &BTreeSet<Server>, of: impl Fn(Server) -> u64) -> u64 {
    let mut few = [0; 9];
    let mut many = Vec::new();
    let values: &mut [u64] = match few.get_mut(..set.len()) {
        Some(values) => values,
        None => {
            many.resize(set.len(), 0);
            &mut many[..]
        }
    };
    for (value, server) in values.iter_mut().zip(set) {
        *value = of(*server);
    }
    values.sort_unstable();
    // It and those behind it are the fewest that are a majority.
    values.get(set.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

impl fmt::Display for Server {
    /// The node; one that began anew has its life behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.life {
            0 => self.node.fmt(f),
            life => write!(f, "{}@{life}", self.node),
        }
    }
}

impl Wire for Server {
    fn encode(&self, sink: &mut impl Sink) {
        self.node.encode(sink);
        sink.u64(self.life);
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

    fn set(bits: u32) -> BTreeSet<Server> {
        (0..5).filter(|bit| bits >> bit & 1 == 1).map(|bit| Server { node: NodeId(bit), life: 0 }).collect()
    }

    #[test]
    fn what_is_agreed_is_what_a_quorum_has() {
        for (voters, outgoing) in (1..32).flat_map(|voters| (0..32).map(move |outgoing| (voters, outgoing))) {
            let configuration = Configuration { voters: set(voters), outgoing: set(outgoing), learners: BTreeSet::new() };
            for code in 0..243u32 {
                let of = |server: Server| u64::from(code / 3u32.pow(server.node.0) % 3);
                let reached = |value: u64| configuration.is_quorum(|server| of(server) >= value);
                let agreed = configuration.agreed(of);
                assert!(agreed == 0 || reached(agreed), "{configuration:?} {code}");
                assert!(!reached(agreed + 1), "{configuration:?} {code}");
            }
        }
    }
}
