//! What nodes state of updates, and the monitor that holds what they believe of each other against what each has on its disk.

use super::holders::Holders;
use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, NodeId, OpId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It has the update, on its disk.
    Has(OpId),
    /// It counts these among those who have it. With every acknowledgement; not kept.
    Counts(OpId, Holders),
    /// It knows that all have it.
    KnowsAll(OpId),
    /// It told the client that asked for the update that these have it.
    Answered(OpId, Holders),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "has", summary: "It has an update on its disk.", leads: false },
        FactKind { name: "knows-all", summary: "It knows that all have an update.", leads: false },
        FactKind { name: "answered", summary: "It told a client who has the update.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Has(_) => Some(0),
            Fact::Counts(..) => None,
            Fact::KnowsAll(_) => Some(1),
            Fact::Answered(..) => Some(2),
        }
    }

    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Counts(..))
    }
}

/// Whoever is counted as having acknowledged had the update.
pub const NO_FALSE_ACKNOWLEDGEMENT: &str = "no-false-acknowledgement";

/// Who had each update on its disk at some time.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Disks {
    had: BTreeMap<OpId, Holders>,
}

impl Disks {
    /// Those who had it.
    pub(super) fn had(&self, operation: OpId) -> Option<&Holders> {
        self.had.get(&operation)
    }

    fn judge(&self, node: NodeId, operation: OpId, counted: &Holders, says: &str) -> Result<(), Broken> {
        let had = self.had(operation).is_some_and(|had| had.covers(counted));
        if had || counted.is_empty() {
            return Ok(());
        }
        let without: Vec<String> = counted
            .iter()
            .filter(|other| !self.had(operation).is_some_and(|had| had.has(*other)))
            .map(|other| other.to_string())
            .collect();
        let evidence = format!("{node} {says} that these have update {}, and they do not: {}", operation.0, without.join(", "));
        Err(Broken { property: NO_FALSE_ACKNOWLEDGEMENT, evidence })
    }
}

impl Monitor<Node> for Disks {
    const PROPERTIES: &'static [&'static str] = &[NO_FALSE_ACKNOWLEDGEMENT];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Has(operation) => {
                self.had.entry(*operation).or_default().add(node);
                Ok(())
            }
            Fact::Counts(operation, holders) => self.judge(node, *operation, holders, "believes"),
            Fact::Answered(operation, holders) => self.judge(node, *operation, holders, "told a client"),
            // What it knows it has counted.
            Fact::KnowsAll(_) => Ok(()),
        }
    }
}
