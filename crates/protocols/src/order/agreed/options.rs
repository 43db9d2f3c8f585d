//! What a scenario says of total order by consensus: how soon a message is proposed again, and Raft's timeouts.

use crate::consensus::raft::options as raft;
use crate::consensus::raft::options::{ELECTION_MAX, ELECTION_MIN, HEARTBEAT};
use crate::harness::planted;
use crate::options::{Field, OptionError, Value, Values};
use crate::order::deliveries::ORDERED;
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all processes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a process waits for its message to be delivered before it proposes it again, in ns.
    pub retry: Nanos,
    /// Raft's parameters.
    pub raft: raft::Options,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Who leads delivers what it appends.
    BeforeCommit,
}

const RETRY: Field = Field::duration(
    "retry",
    200 * MILLISECOND,
    "How long a process waits for its message to be delivered before it proposes it again, and again after that.",
);

pub(super) const FIELDS: &[Field] = &[RETRY, ELECTION_MIN, ELECTION_MAX, HEARTBEAT];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 1] = &[Variant {
    name: "delivers-before-commit",
    summary: "who leads delivers what it has appended to its own log: another leader may have another message there",
    caught_by: ORDERED,
}];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let mut inner = Values::defaults(raft::FIELDS);
    for field in [ELECTION_MIN, ELECTION_MAX, HEARTBEAT] {
        inner.set(field.name, Value::Duration(values.duration(field.name)));
    }
    inner.set("object", Value::Choice("list-append"));
    Ok(Options {
        retry: values.duration(RETRY.name),
        raft: raft::options(&Job { options: &inner, variant: "right", ..job.clone() })?,
        mistake: planted(job.variant, VARIANTS, &[Mistake::BeforeCommit])?,
    })
}
