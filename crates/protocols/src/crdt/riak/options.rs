//! What a scenario says of a bucket: on how many vnodes each key is, and how many of them a client waits for.

use super::monitor::UNIQUE_ACTORS;
use super::ring::preference_list;
use crate::harness::planted;
use crate::options::{Field, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::NodeId;
use quorate_engine::time::{Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Partitions of the ring.
    pub partitions: u32,
    /// On how many vnodes a key is.
    pub n_val: u32,
    /// How many of them have stored an increment that is answered.
    pub w: u32,
    /// Of how many a read's answer is the join.
    pub r: u32,
    /// From one anti-entropy exchange of a node to its next, in ns.
    pub interval: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// A vnode that has lost its disk goes on under its old actor id.
    ReusesActors,
}

const RING_SIZE: Field =
    Field::integer("ring-size", 1, 1_024, 64, "How many partitions the ring has; they belong to the nodes in turn.");
const N_VAL: Field =
    Field::integer("n-val", 1, 100, 3, "How many vnodes keep a key, each on another node: at most one on each node.");
const W: Field = Field::integer(
    "w",
    1,
    100,
    1,
    "How many vnodes have an increment on disk before its client is answered. With 1 there is no coordination.",
);
const R: Field = Field::integer(
    "r",
    1,
    100,
    1,
    "How many vnodes a read hears before its client is answered, with the join of what they have.",
);
const INTERVAL: Field = Field::duration("interval", SECOND, "How often a node compares its counters with those of another node.");

pub(super) const FIELDS: &[Field] = &[RING_SIZE, N_VAL, W, R, INTERVAL];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 1] = &[Variant {
    name: "actor-id-reuse",
    summary: "a vnode that comes back without its disk counts on under its old actor id, from zero: others know better, and drop it",
    caught_by: UNIQUE_ACTORS,
}];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let n_val = values.integer(N_VAL.name);
    for field in [W, R] {
        let asked = values.integer(field.name);
        let most = n_val.min(u64::from(job.setup.nodes));
        if asked > most {
            let message = format!("a key is on {most} vnodes, and {asked} are to answer; make it at most {most}");
            return Err(OptionError { field: field.name, message });
        }
    }
    Ok(Options {
        partitions: values.integer(RING_SIZE.name) as u32,
        n_val: n_val as u32,
        w: values.integer(W.name) as u32,
        r: values.integer(R.name) as u32,
        interval: values.duration(INTERVAL.name),
        mistake: planted(job.variant, VARIANTS, &[Mistake::ReusesActors])?,
    })
}

impl Options {
    /// The nodes whose vnodes keep a key.
    pub fn preference_list(&self, key: u32, nodes: u32) -> Vec<NodeId> {
        preference_list(key, self.partitions, nodes, self.n_val)
    }
}
