//! What servers state, and what must hold of it at every event: that of every Paxos for each slot, and that all apply the same.

use super::message::Slot;
use super::options::Options;
use super::server::MultiPaxos;
use crate::consensus::paxos::ballot::Ballot;
use crate::consensus::paxos::monitor::{Consensus, Step, broken};
use quorate_engine::{Broken, Fact as Named, FactKind, Monitor, NodeId};
use std::collections::BTreeMap;

/// What a server states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// What it did in one of its roles in a slot.
    Step(Step),
    /// It asks for promises in this ballot.
    Candidate(Ballot),
    /// A majority promised this ballot: it leads.
    Elected(Ballot),
    /// It led until now, in this ballot.
    Deposed(Ballot),
    /// It has applied what was chosen in the slot: the digest of the state machine after it.
    Applied(Slot, u64),
    /// It took a snapshot of the state machine of that digest after the slot.
    Snapshot(Slot, u64),
    /// It took over another's.
    Installed(Slot, u64),
    /// Recovery found that the disk lost what was durable.
    Damaged,
}

impl Named for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "candidate", summary: "A server asks for promises in a new ballot.", leads: false },
        FactKind { name: "elected", summary: "A majority promised a server its ballot.", leads: true },
        FactKind { name: "deposed", summary: "A leader learned of a higher ballot, or heard of no majority.", leads: false },
        FactKind { name: "snapshot", summary: "A server put a snapshot in the place of its log.", leads: false },
        FactKind { name: "installed", summary: "A server took over another's snapshot.", leads: false },
        FactKind { name: "damaged", summary: "Recovery could not read a log to its end.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Candidate(_) => 0,
            Fact::Elected(_) => 1,
            Fact::Deposed(_) => 2,
            Fact::Snapshot(..) => 3,
            Fact::Installed(..) => 4,
            Fact::Damaged => 5,
            Fact::Step(_) | Fact::Applied(..) => return None,
        })
    }

    fn is_kept(&self) -> bool {
        self.kind().is_some()
    }
}

/// After a slot the state machine is the same everywhere; a snapshot is what its slots make.
pub const STATE_MACHINE_SAFETY: &str = "state-machine-safety";

/// What was stated so far.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Invariants {
    consensus: Consensus,
    /// By slot: the digest of the state machine after it.
    applied: BTreeMap<Slot, u64>,
}

impl Monitor<MultiPaxos> for Invariants {
    const PROPERTIES: &'static [&'static str] = &[
        Consensus::PROPERTIES[0],
        Consensus::PROPERTIES[1],
        Consensus::PROPERTIES[2],
        Consensus::PROPERTIES[3],
        STATE_MACHINE_SAFETY,
    ];

    fn fact(&mut self, options: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match *fact {
            Fact::Step(ref step) => self.consensus.step(options.common.nodes, node, step),
            Fact::Applied(slot, digest) | Fact::Snapshot(slot, digest) | Fact::Installed(slot, digest) => {
                if *self.applied.entry(slot).or_insert(digest) == digest {
                    return Ok(());
                }
                broken(
                    STATE_MACHINE_SAFETY,
                    format!("after slot {slot}, the state of {node} is not that of the first to come so far"),
                )
            }
            Fact::Candidate(_) | Fact::Elected(_) | Fact::Deposed(_) | Fact::Damaged => Ok(()),
        }
    }
}
