//! Raft (Ongaro and Ousterhout, "In search of an understandable consensus algorithm", USENIX ATC 2014, extended version; Ongaro's
//! thesis, "Consensus: bridging theory and practice", Stanford 2014): one leader at a time orders commands in a log that a majority keeps.
//!
//! | paper | here |
//! |---|---|
//! | `currentTerm`, `votedFor`, `log[]`, `commitIndex`, `lastApplied` (figure 2) | fields of [`server::Raft`] |
//! | `nextIndex[]`, `matchIndex[]` (figure 2) | `Progress` of each follower in `leading` |
//! | AppendEntries (figure 2, §5.3) | [`message::Message::Append`], [`message::Message::Appended`]; `replication` |
//! | RequestVote (figure 2, §5.2, §5.4.1) | [`message::Message::RequestVote`], [`message::Message::Vote`]; `election` |
//! | InstallSnapshot (figure 13, §7) | [`message::Message::InstallSnapshot`], [`message::Message::Installed`]; `snapshots` |
//! | `readIndex`, leases (thesis §6.4) | `reads` |
//! | PreVote (thesis §9.6), CheckQuorum (thesis §6.2), voters that keep to their leader (thesis §4.2.3) | options, `election` |
//! | the properties of figure 3 | [`monitor`] |
//!
//! What figure 2 wants on stable storage before an answer is a record, and the answer waits (`Parked`) until it is durable.

mod by_index;
#[cfg(test)]
mod cases;
pub mod config;
mod election;
mod evidence;
mod leading;
pub mod log;
mod membership;
pub mod message;
mod metrics;
pub mod monitor;
pub mod options;
mod orders;
mod reads;
mod replication;
pub mod server;
mod snapshots;
mod transfer;

use crate::consensus::peace::UNSERVED;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use crate::replication::judge::{EXCLUSION, FENCING, LINEARIZABLE, SESSIONS, STRICT, WRITTEN, telling};
use crate::replication::machine::Request;
use monitor::Fact;
use options::Options;
use server::Raft;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "raft",
    family: "consensus",
    summary: "one elected leader at a time orders commands in a log that a majority keeps",
    source: "Ongaro and Ousterhout, USENIX ATC 2014; Ongaro's thesis, 2014",
    catalogue: &["G2"],
    options: options::FIELDS,
    variants: &options::VARIANTS,
    kinds: harness::kinds::<Raft>(),
    records: harness::keeps_records::<Raft>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: monitor::ELECTION_SAFETY, summary: "a term has at most one leader" },
        CheckInfo { name: monitor::PROMISES, summary: "a server votes once a term, and its terms only grow, over restarts too" },
        CheckInfo { name: monitor::LEADER_APPEND_ONLY, summary: "a leader takes nothing away from its log" },
        CheckInfo { name: monitor::LOG_MATCHING, summary: "entries of one index and term are equal, and so is all before them" },
        CheckInfo { name: monitor::LEADER_COMPLETENESS, summary: "whoever is elected has every entry that was committed before" },
        CheckInfo {
            name: monitor::STATE_MACHINE_SAFETY,
            summary: "all servers apply the same entry at an index, with the same result; snapshots are what their prefix makes",
        },
        CheckInfo { name: monitor::COMMITTED_KEPT, summary: "nobody gives up an entry that was committed" },
        LINEARIZABLE,
        SESSIONS,
        STRICT,
        EXCLUSION,
        FENCING,
        WRITTEN,
    ],
    metrics: &[
        MetricInfo { name: ELECTIONS, unit: "", summary: "leaders elected" },
        UNSERVED,
        MetricInfo { name: TERMS, unit: "", summary: "the last term that anybody began" },
        MetricInfo { name: LOG_LENGTH, unit: "", summary: "entries that were committed" },
        MetricInfo { name: LOG_HELD, unit: "", summary: "entries that the longest log holds at the end, besides its snapshot" },
        MetricInfo { name: SNAPSHOT_BYTES, unit: "bytes", summary: "the size of the largest snapshot at the end" },
        MetricInfo {
            name: MESSAGES_PER_COMMIT,
            unit: "",
            summary: "appends, first and again, and answers to them, for each committed entry",
        },
        MetricInfo {
            name: BYTES_PER_COMMIT,
            unit: "bytes",
            summary: "the bytes of appends, first and again, and of the answers to them, for each committed entry",
        },
        MetricInfo { name: FORCED_PER_COMMIT, unit: "", summary: "forced writes of all servers, for each committed entry" },
        metrics::ELECTION_TIME,
        metrics::FIRST_ELECTION_TERMS,
        metrics::SPLIT_VOTES,
    ],
    scenarios: &[
        "order/consensus-load.toml",
        "raft/bench.toml",
        "raft/bridge-partition.toml",
        "raft/clock-drift.toml",
        "raft/counter.toml",
        "raft/disk-loss.toml",
        "raft/elections.toml",
        "raft/flapping-link-without-pre-vote.toml",
        "raft/flapping-link.toml",
        "raft/leader-crash.toml",
        "raft/lock.toml",
        "raft/majority-partition.toml",
        "raft/membership.toml",
        "raft/minority-partition.toml",
        "raft/one-way-partition.toml",
        "raft/regions.toml",
        "raft/rolling-restart.toml",
        "raft/slow-disk.toml",
        "raft/split-votes.toml",
        "raft/steady.toml",
        "raft/swarm.toml",
        "raft/transactions.toml",
    ],
    run: |job| {
        orders::check(job)?;
        harness::run(&GLUE, job)
    },
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const ELECTIONS: &str = "raft.elections";
const TERMS: &str = "raft.terms";
const LOG_LENGTH: &str = "raft.committed";
const LOG_HELD: &str = "raft.log_held";
const SNAPSHOT_BYTES: &str = "raft.snapshot_bytes";
const MESSAGES_PER_COMMIT: &str = "raft.messages_per_commit";
const BYTES_PER_COMMIT: &str = "raft.bytes_per_commit";
const FORCED_PER_COMMIT: &str = "raft.forced_per_commit";

/// Operators may change members and leaders; all else is the object's.
fn request(options: &Options, operation: u64, ask: &Ask) -> Result<Request, String> {
    match ask {
        Ask::Change(change) => Ok(Request::Change(change.clone())),
        ask => options.object.request(operation, ask),
    }
}

const GLUE: Glue<Raft> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Updates,
    history: |options| telling(options.object),
    report: evidence::report,
};
