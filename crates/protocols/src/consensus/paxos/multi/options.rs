//! What a scenario says of Multi-Paxos. Options that Raft has too have Raft's names.

use crate::consensus::paxos::options::{Common, GROUP_COMMIT};
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::Job;
use crate::replication::machine::{OBJECT, Object};
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all servers.
#[derive(Clone, Debug)]
pub struct Options {
    /// What both protocols need.
    pub common: Common,
    /// The least and the greatest election timeout, in ns.
    pub election: (Nanos, Nanos),
    /// From one heartbeat of a leader to its next, in ns.
    pub heartbeat: Nanos,
    /// Acceptors that hear a leader promise nobody else, and a leader that hears of no majority leads no more.
    pub check_quorum: bool,
    /// How reads are served.
    pub reads: Reads,
    /// How far clocks may drift apart, in parts per million: leases are shortened by it.
    pub drift_ppm: u64,
    /// Commands of one message.
    pub batch_max: usize,
    /// Messages with commands that are not chosen yet.
    pub pipeline_max: usize,
    /// Chosen slots after which a snapshot takes the place of the log; 0: never.
    pub snapshot_every: u64,
    /// What the state machine holds.
    pub object: Object,
}

/// How a leader answers a read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reads {
    /// As a command: through the log.
    Log,
    /// After a round of heartbeats that says that it still leads.
    Quorum,
    /// At once while a majority has promised not to promise another ("Paxos made live", §5.2).
    Lease,
}

impl Options {
    /// How long a majority's word that it heard the leader keeps another from being promised, on the leader's own clock, in ns.
    pub(super) fn lease(&self) -> Nanos {
        // An acceptor's clock may run fast by the drift, and the leader's slow by as much.
        let drift = 2 * u128::from(self.drift_ppm);
        (u128::from(self.election.0) * 1_000_000u128.saturating_sub(drift) / 1_000_000) as Nanos
    }
}

const ELECTION_MIN: Field = Field::duration(
    "election-min",
    150 * MILLISECOND,
    "The least election timeout; each wait is drawn evenly from here to election-max.",
);
const ELECTION_MAX: Field = Field::duration("election-max", 300 * MILLISECOND, "The greatest election timeout.");
const HEARTBEAT: Field = Field::duration(
    "heartbeat",
    50 * MILLISECOND,
    "From one heartbeat of a leader to its next; what was lost is sent again with it.",
);
const CHECK_QUORUM: Field = Field {
    name: "check-quorum",
    kind: FieldKind::Flag,
    default: Default::Flag(false),
    doc: "Acceptors that hear a leader promise nobody else, and a leader that hears of no majority for election-max steps down; always so \
          with leases.",
};
const READS: Field = Field {
    name: "reads",
    kind: FieldKind::Choice(&[
        Choice { name: "log", doc: "through the log, as commands" },
        Choice { name: "read-index", doc: "after a round of heartbeats that shows that no majority has promised another" },
        Choice { name: "lease", doc: "at once, while a majority has lately heard the leader; needs a bound on drift" },
    ]),
    default: Default::Choice("read-index"),
    doc: "How a leader answers reads.",
};
const DRIFT: Field = Field::integer(
    "drift-ppm",
    0,
    500_000,
    1_000,
    "How far any clock may run fast or slow, in parts per million; leases are shorter by twice that.",
);
const BATCH: Field = Field::integer("batch", 1, 1_000_000, 64, "Commands that one message takes at most.");
const PIPELINE: Field =
    Field::integer("pipeline", 1, 10_000, 8, "Messages with commands that a leader sends before the first of them is chosen.");
const SNAPSHOT: Field = Field::integer(
    "snapshot-every",
    0,
    1_000_000_000,
    1_000,
    "Chosen slots after which a snapshot takes the place of the log; 0: never.",
);

pub(super) const FIELDS: &[Field] =
    &[ELECTION_MIN, ELECTION_MAX, HEARTBEAT, CHECK_QUORUM, READS, DRIFT, BATCH, PIPELINE, GROUP_COMMIT, SNAPSHOT, OBJECT];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let reads = match values.choice(READS.name) {
        "log" => Reads::Log,
        "lease" => Reads::Lease,
        _ => Reads::Quorum,
    };
    let options = Options {
        common: Common::of(job)?,
        election: values.range(&ELECTION_MIN, &ELECTION_MAX)?,
        heartbeat: values.duration(HEARTBEAT.name),
        check_quorum: values.flag(CHECK_QUORUM.name) || reads == Reads::Lease,
        reads,
        drift_ppm: values.integer(DRIFT.name),
        batch_max: values.integer(BATCH.name) as usize,
        pipeline_max: values.integer(PIPELINE.name) as usize,
        snapshot_every: values.integer(SNAPSHOT.name),
        object: Object::of(values),
    };
    if options.heartbeat >= options.election.0 {
        let message =
            "it is not below election-min, so that others would stand while the leader is well; make it shorter".to_string();
        return Err(OptionError { field: HEARTBEAT.name, message });
    }
    Ok(options)
}
