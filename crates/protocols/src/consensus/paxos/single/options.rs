//! What a scenario says of single-decree Paxos.

use crate::consensus::paxos::options::{Common, GROUP_COMMIT};
use crate::options::{Field, OptionError};
use crate::registry::Job;
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What both protocols need.
    pub common: Common,
    /// The least and the greatest time that a proposer waits for a majority before it asks again, in ns.
    pub retry: (Nanos, Nanos),
    /// The least and the greatest time that a proposer waits after a higher ballot stood in its way, in ns.
    pub backoff: (Nanos, Nanos),
    /// The greatest time from one look at another learner to the next, in ns; the least is half of it.
    pub catch_up: Nanos,
}

const RETRY_MIN: Field = Field::duration(
    "retry-min",
    100 * MILLISECOND,
    "The least time that a proposer waits for a majority before it asks again; each wait is drawn evenly from here to retry-max.",
);
const RETRY_MAX: Field = Field::duration("retry-max", 200 * MILLISECOND, "The greatest such time.");
const BACKOFF_MIN: Field = Field::duration(
    "backoff-min",
    5 * MILLISECOND,
    "The least time that a proposer waits when a higher ballot stood in its way; drawn evenly from here to backoff-max.",
);
const BACKOFF_MAX: Field = Field::duration("backoff-max", 100 * MILLISECOND, "The greatest such time.");
const CATCH_UP: Field = Field::duration(
    "catch-up",
    500 * MILLISECOND,
    "The greatest time from one look at what another node has learned to the next; the least is half of it.",
);

pub(super) const FIELDS: &[Field] = &[RETRY_MIN, RETRY_MAX, BACKOFF_MIN, BACKOFF_MAX, CATCH_UP, GROUP_COMMIT];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    Ok(Options {
        common: Common::of(job)?,
        retry: job.options.range(&RETRY_MIN, &RETRY_MAX)?,
        backoff: job.options.range(&BACKOFF_MIN, &BACKOFF_MAX)?,
        catch_up: job.options.duration(CATCH_UP.name),
    })
}
