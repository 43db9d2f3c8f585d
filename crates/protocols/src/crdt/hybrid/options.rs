//! What a scenario says of a hybrid counter: how often the replicas agree, how a client reads, and Raft's timeouts.

use super::monitor::KEPT;
use crate::consensus::raft::options as raft;
use crate::consensus::raft::options::{ELECTION_MAX, ELECTION_MIN, HEARTBEAT};
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError, Value, Values};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};

/// The parameters of all replicas.
#[derive(Clone, Debug)]
pub struct Options {
    /// From one proposal of a replica to its next, in ns.
    pub interval: Nanos,
    /// How long a replica waits before it proposes or asks again, in ns.
    pub retry: Nanos,
    /// How a client reads.
    pub reads: Reads,
    /// Raft's parameters.
    pub raft: raft::Options,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// How a client reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reads {
    /// From what the replica knows.
    Fast,
    /// When everybody's tally is agreed on.
    Linearizable,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Once a proposal is agreed on, the replica's own tally is what was agreed on.
    ResetLoses,
}

const SYNC_INTERVAL: Field = Field {
    name: "sync-interval",
    kind: FieldKind::Duration(MILLISECOND, 86_400 * SECOND),
    default: Default::Duration(60 * SECOND),
    doc: "How long a replica counts by itself between two proposals of the slow path.",
};
const RETRY: Field = Field::duration(
    "retry",
    500 * MILLISECOND,
    "How long a replica waits for a proposal to be agreed on before it proposes again, and so for the tallies of others.",
);
const READS: Field = Field {
    name: "reads",
    kind: FieldKind::Choice(&[
        Choice { name: "fast", doc: "at once: what was last agreed on, and what the replica has counted itself beyond that" },
        Choice { name: "linearizable", doc: "when every replica has had its tally agreed on: it waits for who is away" },
    ]),
    default: Default::Choice("fast"),
    doc: "How a replica answers reads.",
};

pub(super) const FIELDS: &[Field] = &[SYNC_INTERVAL, RETRY, READS, ELECTION_MIN, ELECTION_MAX, HEARTBEAT];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 1] = &[Variant {
    name: "reset-loses",
    summary: "when a value is agreed on, the local counter starts from zero again, as in S1: what was counted meanwhile is lost",
    caught_by: KEPT,
}];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let mut inner = Values::defaults(raft::FIELDS);
    for field in [ELECTION_MIN, ELECTION_MAX, HEARTBEAT] {
        inner.set(field.name, Value::Duration(values.duration(field.name)));
    }
    let mistake = planted(job.variant, VARIANTS, &[Mistake::ResetLoses])?;
    Ok(Options {
        interval: values.duration(SYNC_INTERVAL.name),
        retry: values.duration(RETRY.name),
        reads: if values.choice(READS.name) == "linearizable" { Reads::Linearizable } else { Reads::Fast },
        raft: raft::options(&Job { options: &inner, variant: "right", ..job.clone() })?,
        mistake,
    })
}
