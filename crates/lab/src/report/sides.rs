//! Availability by side: while a partition lasted, which of its sides still answered what it was asked.

use crate::run::availability;
use quorate_engine::Time;
use quorate_engine::fault::{Fault, Partition};
use quorate_engine::id::NodeSet;
use quorate_engine::outcome::{OperationOutcome, OperationStatus, Outcome, Strike};

/// A partition while it lasted, as seen by clients.
#[derive(Clone, PartialEq, Debug)]
pub struct Split {
    /// When it came into force.
    pub from: Time,
    /// When it was healed, or the run ended.
    pub to: Time,
    /// Its sides: its groups; for a one-way partition, those that were not heard, then those that did not hear.
    pub sides: Vec<Side>,
}

/// One side of a partition.
#[derive(Clone, PartialEq, Debug)]
pub struct Side {
    /// The nodes.
    pub nodes: NodeSet,
    /// Operations that these nodes were asked in that time.
    pub asked: u64,
    /// Of these, those that were answered well, be it later.
    pub answered: u64,
    /// `answered` of `asked`; none when nothing was asked.
    pub availability: Option<f64>,
}

/// Every partition that struck.
pub fn splits(outcome: &Outcome) -> Vec<Split> {
    outcome.strikes.iter().enumerate().filter_map(|(index, strike)| split(outcome, index, strike)).collect()
}

fn split(outcome: &Outcome, index: usize, strike: &Strike) -> Option<Split> {
    let Fault::Partition(number, partition) = &strike.planned.fault else { return None };
    if !strike.struck() {
        return None;
    }
    let heals = |later: &&Strike| later.struck() && matches!(later.planned.fault, Fault::Heal(healed) if healed == *number);
    let healed = outcome.strikes[index..].iter().find(heals);
    let (from, to) = (strike.planned.at, healed.map_or(outcome.ended, |heal| heal.planned.at));
    let sets = match partition {
        Partition::Groups(groups) => groups.iter().collect(),
        Partition::OneWay(unheard, deaf) => vec![unheard, deaf],
    };
    Some(Split { from, to, sides: sets.into_iter().map(|nodes| side(outcome, nodes, from, to)).collect() })
}

fn side(outcome: &Outcome, nodes: &NodeSet, from: Time, to: Time) -> Side {
    let meanwhile = |operation: &&OperationOutcome| {
        nodes.contains(operation.to) && operation.invoked().is_some_and(|invoked| from <= invoked && invoked < to)
    };
    let asked = || outcome.operations.iter().filter(meanwhile);
    Side {
        nodes: nodes.clone(),
        asked: asked().count() as u64,
        answered: asked().filter(|operation| operation.status == OperationStatus::Ok).count() as u64,
        availability: availability(asked()),
    }
}
