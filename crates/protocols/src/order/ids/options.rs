//! What a scenario says of ids: the scheme, and how much is set aside at once.

use super::monitor::GIVEN_ONCE;
use super::snowflake::WORKERS_MAX;
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where ids come from.
    pub scheme: Scheme,
    /// How many ids the counter sets aside with one forced write.
    pub reserve: u64,
    /// Ids in a block.
    pub block: u64,
    /// How far ahead of its clock a node writes down that it may go, in ms.
    pub ahead_ms: u64,
    /// How long a node waits before it asks the allocator again for the first time, in ns.
    pub resend: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// Where ids come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// Node 0 counts.
    Counter,
    /// Node 0 gives out blocks.
    Blocks,
    /// Each node's clock.
    Snowflake,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Ids are given up to the bound that is being written.
    NotForced,
    /// The name of a block does not say how often its node had been restarted.
    BlockReused,
    /// A clock that stands behind is used as it is.
    StepsBack,
    /// Two nodes have one worker number.
    WorkerReused,
}

const SCHEME: Field = Field {
    name: "scheme",
    kind: FieldKind::Choice(&[
        Choice { name: "counter-service", doc: "Node 0 counts, and all others ask it for each id." },
        Choice { name: "blocks", doc: "Node 0 gives out blocks of ids, and each node gives those of its own." },
        Choice {
            name: "snowflake",
            doc: "Each node makes ids of its wall clock, its number, and a count within the millisecond.",
        },
    ]),
    default: Default::Choice("counter-service"),
    doc: "Where ids come from.",
};
const RESERVE: Field = Field::integer(
    "reserve",
    1,
    1_000_000,
    100,
    "How many ids the counter sets aside with one forced write. What is left of them is lost in a crash. For `counter-service`.",
);
const BLOCK: Field = Field::integer(
    "block",
    1,
    1_000_000,
    100,
    "How many ids a node gets at once. What is left of them is lost when it crashes. For `blocks`.",
);
const AHEAD: Field = Field {
    name: "ahead",
    kind: FieldKind::Duration(2 * MILLISECOND, 3_600 * SECOND),
    default: Default::Duration(SECOND),
    doc: "How far ahead of its clock a node writes down that it may go. After a crash it waits for its clock to be past that. For `snowflake`.",
};
const RESEND: Field = Field::duration(
    "resend",
    100 * MILLISECOND,
    "How long a node waits for the allocator before it asks again; it waits twice as long each time, up to sixteen times that.",
);

pub(super) const FIELDS: &[Field] = &[SCHEME, RESERVE, BLOCK, AHEAD, RESEND];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 4] = &[
    Variant {
        name: "counter-not-forced",
        summary: "the allocator gives ids that its disk does not know yet, and gives them again after a crash",
        caught_by: GIVEN_ONCE,
    },
    Variant {
        name: "block-reused",
        summary: "a restarted node asks for its block under a name that it had used, and gets the same one from the start again",
        caught_by: GIVEN_ONCE,
    },
    Variant {
        name: "snowflake-steps-back",
        summary: "a node whose clock has stepped back uses it as it is",
        caught_by: GIVEN_ONCE,
    },
    Variant { name: "worker-reused", summary: "two nodes were given one worker number", caught_by: GIVEN_ONCE },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let scheme = match values.choice(SCHEME.name) {
        "counter-service" => Scheme::Counter,
        "blocks" => Scheme::Blocks,
        _ => Scheme::Snowflake,
    };
    if scheme == Scheme::Snowflake && job.setup.nodes > WORKERS_MAX {
        let message = format!("it has {WORKERS_MAX} worker numbers, and there are {} nodes", job.setup.nodes);
        return Err(OptionError { field: SCHEME.name, message });
    }
    let mistakes = [Mistake::NotForced, Mistake::BlockReused, Mistake::StepsBack, Mistake::WorkerReused];
    Ok(Options {
        scheme,
        reserve: values.integer(RESERVE.name),
        block: values.integer(BLOCK.name),
        ahead_ms: values.duration(AHEAD.name) / MILLISECOND,
        resend: values.duration(RESEND.name),
        mistake: planted(job.variant, VARIANTS, &mistakes)?,
    })
}
