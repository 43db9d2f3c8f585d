//! What the node with the books states, and the monitor that counts how often each payment is charged.

use super::message::Charge;
use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, NodeId, OpId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A charge is on disk.
    Charged(Charge),
    /// A payment came that is charged already, and was not charged again.
    TurnedAway(OpId),
    /// The books are open again, with these charges in them.
    Opened(Vec<Charge>),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "charged", summary: "A charge is on disk.", leads: false },
        FactKind { name: "turned-away", summary: "A payment came again, and was not charged again.", leads: false },
        FactKind { name: "opened", summary: "The node with the books has read them, and serves.", leads: true },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Charged(_) => 0,
            Fact::TurnedAway(_) => 1,
            Fact::Opened(_) => 2,
        })
    }
}

/// No payment is charged more than once.
pub const CHARGED_ONCE: &str = "charged-once";

/// How often each payment is in the books, and how often it was turned away.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Charges {
    times: BTreeMap<OpId, u32>,
    /// Deliveries that were not charged.
    pub(super) turned_away: u64,
}

impl Charges {
    fn count(&mut self, charge: &Charge) -> Result<(), Broken> {
        let times = self.times.entry(charge.operation).or_default();
        *times += 1;
        if *times < 2 {
            return Ok(());
        }
        let Charge { operation, account, amount, .. } = charge;
        let evidence = format!("payment {} of {amount} by account {account} is charged {times} times", operation.0);
        Err(Broken { property: CHARGED_ONCE, evidence })
    }
}

impl Monitor<Node> for Charges {
    const PROPERTIES: &'static [&'static str] = &[CHARGED_ONCE];

    fn fact(&mut self, _: &Options, _: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Charged(charge) => self.count(charge),
            Fact::TurnedAway(_) => {
                self.turned_away += 1;
                Ok(())
            }
            // What a crash kept although nobody had been told of it counts too.
            Fact::Opened(charges) => {
                self.times.clear();
                charges.iter().try_for_each(|charge| self.count(charge))
            }
        }
    }
}
