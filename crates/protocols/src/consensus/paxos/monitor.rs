//! What proposers, acceptors and learners state, and what must hold of it at every event, seen from outside: the requirements of
//! "Paxos made simple", §2.1, and what keeps them (P1, P2). Instances are keys, or slots of a log.

use super::ballot::Ballot;
use quorate_engine::{Broken, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// A value, by the digest of its encoding; `None` is the command that does nothing.
pub type Digest = Option<u64>;

/// What a server states in any of its roles.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// A client asks for this value.
    Asked(u64),
    /// An acceptor's promise is on disk, and given. One promise may be for many instances: for those of one `scope`.
    Promised {
        /// The instances that it is for.
        scope: u64,
        /// The ballot.
        ballot: Ballot,
    },
    /// A proposer asks acceptors to accept.
    Proposed {
        /// The instance.
        instance: u64,
        /// The ballot.
        ballot: Ballot,
        /// The value.
        value: Digest,
    },
    /// An acceptor's acceptance is on disk, and told.
    Accepted {
        /// The instances of the acceptor's promise.
        scope: u64,
        /// The instance.
        instance: u64,
        /// The ballot.
        ballot: Ballot,
        /// The value.
        value: Digest,
    },
    /// A learner takes the value for chosen.
    Learned {
        /// The instance.
        instance: u64,
        /// The value.
        value: Digest,
    },
}

/// "Only a single value is chosen" and "a process never learns that a value has been chosen unless it actually has been" (§2.1).
pub const AGREEMENT: &str = "agreement";
/// "Only a value that has been proposed may be chosen" (§2.1).
pub const VALIDITY: &str = "validity";
/// An acceptor's promise never falls, over restarts too (§2.2, P1a; §2.5).
pub const PROMISE_MONOTONE: &str = "promise-monotone";
/// "Different proposals have different numbers" (§2.2).
pub const ONE_VALUE_PER_BALLOT: &str = "one-value-per-ballot";

/// What was stated so far.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Consensus {
    asked: BTreeSet<u64>,
    /// By acceptor and scope.
    promised: BTreeMap<(NodeId, u64), Ballot>,
    instances: BTreeMap<u64, Instance>,
}

#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Instance {
    proposed: BTreeMap<Ballot, Digest>,
    accepted: BTreeMap<(Ballot, Digest), BTreeSet<NodeId>>,
    chosen: Option<Digest>,
}

impl Consensus {
    pub(super) const PROPERTIES: [&'static str; 4] = [AGREEMENT, VALIDITY, PROMISE_MONOTONE, ONE_VALUE_PER_BALLOT];

    /// Judges what a server states, of a cluster of so many.
    pub(super) fn step(&mut self, nodes: u32, node: NodeId, step: &Step) -> Result<(), Broken> {
        match *step {
            Step::Asked(value) => {
                self.asked.insert(value);
                Ok(())
            }
            Step::Promised { scope, ballot } => self.promised(node, scope, ballot),
            Step::Proposed { instance, ballot, value } => self.proposed(node, instance, ballot, value),
            Step::Accepted { scope, instance, ballot, value } => {
                let promised = self.promised(node, scope, ballot);
                self.accepted(nodes, node, instance, (ballot, value)).and(promised)
            }
            Step::Learned { instance, value } => match self.instances.entry(instance).or_default().chosen {
                Some(chosen) if chosen == value => Ok(()),
                Some(_) => {
                    broken(AGREEMENT, format!("{node} takes another value for chosen in instance {instance} than was chosen"))
                }
                None => broken(AGREEMENT, format!("{node} takes a value for chosen in instance {instance}, and none is")),
            },
        }
    }

    fn promised(&mut self, node: NodeId, scope: u64, ballot: Ballot) -> Result<(), Broken> {
        match self.promised.insert((node, scope), ballot) {
            Some(before) if before > ballot => {
                broken(PROMISE_MONOTONE, format!("{node} answers in ballot {ballot}, and has answered in ballot {before}"))
            }
            _ => Ok(()),
        }
    }

    fn proposed(&mut self, node: NodeId, instance: u64, ballot: Ballot, value: Digest) -> Result<(), Broken> {
        let first = *self.instances.entry(instance).or_default().proposed.entry(ballot).or_insert(value);
        if first != value {
            return broken(
                ONE_VALUE_PER_BALLOT,
                format!(
                    "{node} proposes another value in instance {instance} and ballot {ballot} than was proposed in it before"
                ),
            );
        }
        if value.is_some_and(|value| !self.asked.contains(&value)) {
            return broken(VALIDITY, format!("{node} proposes a value in instance {instance} that no client asked for"));
        }
        Ok(())
    }

    fn accepted(&mut self, nodes: u32, node: NodeId, number: u64, proposal: (Ballot, Digest)) -> Result<(), Broken> {
        let instance = self.instances.entry(number).or_default();
        let acceptors = instance.accepted.entry(proposal).or_default();
        acceptors.insert(node);
        if acceptors.len() <= nodes as usize / 2 {
            return Ok(());
        }
        let (ballot, value) = proposal;
        if *instance.chosen.get_or_insert(value) != value {
            return broken(
                AGREEMENT,
                format!("a majority accepts a value in instance {number} and ballot {ballot}, and another was chosen there"),
            );
        }
        if !instance.proposed.contains_key(&ballot) {
            return broken(VALIDITY, format!("what is chosen in instance {number} and ballot {ballot} was not proposed in it"));
        }
        Ok(())
    }
}

pub(super) fn broken(property: &'static str, evidence: String) -> Result<(), Broken> {
    Err(Broken { property, evidence })
}

#[cfg(test)]
mod tests {
    use super::*;

    const B1: Ballot = Ballot { round: 1, proposer: 0 };
    const B2: Ballot = Ballot { round: 1, proposer: 1 };

    /// What three servers that state these steps break.
    fn check(steps: &[(u32, Step)]) -> Vec<&'static str> {
        let mut monitor = Consensus::default();
        monitor.asked.extend([1, 2]);
        steps.iter().filter_map(|(node, step)| monitor.step(3, NodeId(*node), step).err()).map(|broken| broken.property).collect()
    }

    fn proposed(ballot: Ballot, value: u64) -> (u32, Step) {
        (0, Step::Proposed { instance: 5, ballot, value: Some(value) })
    }

    fn accepted(node: u32, ballot: Ballot, value: u64) -> (u32, Step) {
        (node, Step::Accepted { scope: 0, instance: 5, ballot, value: Some(value) })
    }

    fn learned(value: u64) -> (u32, Step) {
        (2, Step::Learned { instance: 5, value: Some(value) })
    }

    #[test]
    fn each_property_breaks_when_it_should() {
        let chosen = [proposed(B1, 1), accepted(0, B1, 1), accepted(1, B1, 1), learned(1)];
        assert_eq!(check(&chosen), [""; 0]);
        assert_eq!(check(&[chosen.as_slice(), &[proposed(B2, 1), accepted(1, B2, 1), accepted(2, B2, 1)]].concat()), [""; 0]);
        assert_eq!(check(&[chosen.as_slice(), &[proposed(B2, 2), accepted(1, B2, 2), accepted(2, B2, 2)]].concat()), [AGREEMENT]);
        assert_eq!(check(&[proposed(B1, 1), accepted(0, B1, 1), learned(1)]), [AGREEMENT]);
        assert_eq!(check(&[proposed(B1, 3)]), [VALIDITY]);
        assert_eq!(check(&[accepted(0, B1, 1), accepted(1, B1, 1)]), [VALIDITY]);
        assert_eq!(check(&[proposed(B1, 1), proposed(B1, 2)]), [ONE_VALUE_PER_BALLOT]);
        let promised = |ballot| (0, Step::Promised { scope: 0, ballot });
        assert_eq!(check(&[promised(B2), promised(B2), promised(B1)]), [PROMISE_MONOTONE]);
        assert_eq!(check(&[promised(B2), accepted(0, B1, 1)]), [PROMISE_MONOTONE]);
    }
}
