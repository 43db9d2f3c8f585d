//! The monitor of the counters: whatever a replica has heard of, its value lies between all that was taken away and all that
//! was added. It needs no agreement, so it holds at every step; that all additions arrive is judged at the end, elsewhere.

use super::actor::{Counter, Fact};
use super::counts::Combine;
use crate::epidemic::gossip::options::Options;
use quorate_engine::{Broken, Monitor, NodeId};
use std::collections::BTreeMap;

/// The property that the monitor judges.
pub const VALUE_BOUNDED: &str = "value-bounded";

/// What was added and taken away so far, everywhere.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Bounds {
    /// By each replica's own clients.
    own: BTreeMap<NodeId, (i128, i128)>,
    // Invariant: low <= 0 <= high, the sums over `own`.
    low: i128,
    high: i128,
}

impl Bounds {
    /// A replica's own clients have by now taken away and added so much; what was known before still holds.
    fn raise(&mut self, node: NodeId, low: i128, high: i128) {
        let own = self.own.entry(node).or_default();
        let (least, most) = (low.min(own.0), high.max(own.1));
        self.low += least - own.0;
        self.high += most - own.1;
        *own = (least, most);
    }
}

impl Monitor<Counter> for Bounds {
    const PROPERTIES: &'static [&'static str] = &[VALUE_BOUNDED];

    fn fact(&mut self, _: &Options<Combine>, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        let value = match *fact {
            Fact::Added(amount) => {
                let (low, high) = self.own.get(&node).copied().unwrap_or_default();
                self.raise(node, low + i128::from(amount.min(0)), high + i128::from(amount.max(0)));
                return Ok(());
            }
            Fact::Recovered { added, removed } => {
                self.raise(node, -i128::from(removed), i128::from(added));
                return Ok(());
            }
            Fact::Read(value) | Fact::Merged { value, .. } => value,
        };
        if (self.low..=self.high).contains(&i128::from(value)) {
            return Ok(());
        }
        let Bounds { low, high, .. } = self;
        Err(Broken {
            property: VALUE_BOUNDED,
            evidence: format!("{node} counts {value}, but what was added and taken away allows only {low}..={high}"),
        })
    }
}
