//! A durable key-value register over one node: what one copy and a disk can promise. Everything that changes a register is a record in
//! a write-ahead log, forced to disk before its client hears of it (Gray 1978); reads are answered from what is durable, so that nobody
//! is shown what a crash may take back; a restart replays the log. A client that asks again, under the same number, is answered again
//! and nothing happens twice.
//!
//! One copy cannot tell everything. A last record that cannot be read may be the end of a write that a crash cut short, which nobody
//! was told of, or a durable one that the disk has spoilt: it is taken for the former and cut off. With readable records after it, a
//! durable record has changed; then the register says so and refuses everything from then on, for what it would answer might be old
//! (Alagappan et al., "Protocol-aware recovery for consensus-based storage", FAST 2018, §2 and §3). Only another copy could help:
//! `primary-backup`.
//!
//! | literature | here |
//! |---|---|
//! | log record, force (Gray 1978) | [`actor::Record`], [`super::journal::Journal::force`] |
//! | group commit (DeWitt et al. 1984) | the option `group-commit` |
//! | exactly once by the operation's number (Birrell and Nelson 1984, "call identifier") | `answer` of [`super::machine::Machine`] |
//! | crash versus corruption (Alagappan et al. 2018) | `recover` of [`actor::Register`] |
//!
//! Node 0 holds the registers; others send clients to it.

pub mod actor;
mod evidence;

use super::judge::{LINEARIZABLE, NOTHING_LOST, WRITTEN, telling};
use super::machine::Object;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, no_variant};
use crate::options::{Default, Field, FieldKind, OptionError};
use crate::registry::{CheckInfo, Job, MetricInfo, Protocol, Variant};
use actor::{Fact, Options, REMEMBERS, Register};

const GROUP_COMMIT: Field = Field {
    name: "group-commit",
    kind: FieldKind::Flag,
    default: Default::Flag(true),
    doc: "Whether one forced write covers all that waits. If not, each record is forced on its own.",
};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "register",
    scenarios: &["replication/register.toml", "world/disk.toml"],
    family: "replication",
    summary: "durable registers on one node: a write-ahead log, forced before the answer",
    source: "Gray 1978, §5.8 (write-ahead log); DeWitt et al. 1984 (group commit)",
    catalogue: &["A6", "I10"],
    options: &[GROUP_COMMIT],
    variants: &[
        Variant {
            name: "answer-before-sync",
            summary: "answers when a record is appended, before it is durable: a crash takes back what clients were told",
            caught_by: REMEMBERS,
        },
        Variant {
            name: "recover-without-replay",
            summary: "comes back from a crash without reading its log: everything is forgotten",
            caught_by: NOTHING_LOST.name,
        },
    ],
    kinds: harness::kinds::<Register>(),
    records: harness::keeps_records::<Register>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: REMEMBERS, summary: "a node that starts again has every write that it ever acknowledged" },
        LINEARIZABLE,
        WRITTEN,
        NOTHING_LOST,
    ],
    metrics: &[MetricInfo {
        name: WRITES_PER_FORCE,
        unit: "",
        summary: "Records for each forced write: how much group commit saved",
    }],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

/// The name of the metric of group commit.
const WRITES_PER_FORCE: &str = "replication.per_force";

const GLUE: Glue<Register> = Glue {
    options,
    request: |_, operation, ask| Object::Kv.request(operation, ask),
    replicates: |_| Replicates::Updates,
    history: |_| telling(Object::Kv),
    report: evidence::report,
};

fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let right = Options { group_commit: job.options.flag(GROUP_COMMIT.name), answers_early: false, forgets: false };
    Ok(match job.variant {
        "right" => right,
        "answer-before-sync" => Options { answers_early: true, ..right },
        "recover-without-replay" => Options { forgets: true, ..right },
        other => return Err(no_variant(other)),
    })
}
