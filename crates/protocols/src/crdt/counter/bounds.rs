//! The monitor of the counters: whatever a replica has heard of, its value lies between all that was taken away and all that
//! was added. It needs no agreement, so it holds at every step; that all additions arrive is judged at the end, elsewhere.

use super::actor::{Counter, Fact};
use super::counts::Combine;
use crate::epidemic::gossip::options::Options;
use quorate_engine::{Broken, Monitor, NodeId};

/// The property that the monitor judges.
pub const VALUE_BOUNDED: &str = "value-bounded";

/// What was added and taken away so far, everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Bounds {
    // Invariant: low <= 0 <= high.
    low: i128,
    high: i128,
}

impl Monitor<Counter> for Bounds {
    const PROPERTIES: &'static [&'static str] = &[VALUE_BOUNDED];

    fn fact(&mut self, _: &Options<Combine>, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        let value = match *fact {
            Fact::Added(amount) => {
                self.low += i128::from(amount.min(0));
                self.high += i128::from(amount.max(0));
                return Ok(());
            }
            Fact::Read(value) | Fact::Merged { value, .. } => value,
        };
        if (self.low..=self.high).contains(&i128::from(value)) {
            return Ok(());
        }
        let Bounds { low, high } = self;
        Err(Broken {
            property: VALUE_BOUNDED,
            evidence: format!("{node} counts {value}, but what was added and taken away allows only {low}..={high}"),
        })
    }
}
