//! Multi-Paxos: a log of instances under one stable leader ("Paxos made simple", §3; Chandra, Griesemer and Redstone, "Paxos made live:
//! an engineering perspective", PODC 2007; van Renesse and Altinbuken, "Paxos made moderately complex", ACM Computing Surveys 2015).
//!
//! | papers | here |
//! |---|---|
//! | phase 1 for all instances at once (§3) | `election`; an acceptor has one promise for all slots |
//! | "no-op" command for a gap (§3) | [`message::Value::Noop`] |
//! | phase 2 for each command (§3) | `proposing` |
//! | master lease ("Paxos made live", §5.2) | `hears_leader`, the options `reads` and `check-quorum` |
//! | snapshots, catch-up ("Paxos made live", §5.5) | `learning` |
//! | decision ("Paxos made moderately complex") | the leader's `commit`, sent with whatever it sends |
//!
//! Requests, answers and the state machine are those of [`crate::replication::machine`], as for Raft.

mod election;
mod evidence;
mod leader;
mod learning;
pub mod message;
pub mod monitor;
mod options;
mod proposing;
pub mod server;

use crate::consensus::paxos::monitor::{AGREEMENT, ONE_VALUE_PER_BALLOT, PROMISE_MONOTONE, VALIDITY};
use crate::consensus::peace::UNSERVED;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::registry::{CheckInfo, MetricInfo, Protocol};
use crate::replication::judge::{EXCLUSION, FENCING, LINEARIZABLE, SESSIONS, STRICT, WRITTEN, telling};
use monitor::{Fact, STATE_MACHINE_SAFETY};
use server::MultiPaxos;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "multi-paxos",
    family: "consensus",
    summary: "a log of Paxos instances under one stable leader, which asks for promises once for all of them",
    source: "Lamport 2001, §3; Chandra, Griesemer and Redstone, PODC 2007; van Renesse and Altinbuken 2015",
    catalogue: &["G1"],
    options: options::FIELDS,
    variants: &super::options::VARIANTS,
    kinds: harness::kinds::<MultiPaxos>(),
    records: harness::keeps_records::<MultiPaxos>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: AGREEMENT, summary: "one value is chosen in a slot, and nobody learns another" },
        CheckInfo { name: VALIDITY, summary: "what is chosen was proposed, and a client asked for it, or it is a no-op" },
        CheckInfo { name: PROMISE_MONOTONE, summary: "an acceptor's promise never falls, over restarts too" },
        CheckInfo { name: ONE_VALUE_PER_BALLOT, summary: "in one ballot one value is proposed for a slot" },
        CheckInfo {
            name: STATE_MACHINE_SAFETY,
            summary: "after a slot the state machine is the same everywhere; snapshots are what their slots make",
        },
        LINEARIZABLE,
        SESSIONS,
        STRICT,
        EXCLUSION,
        FENCING,
        WRITTEN,
    ],
    metrics: &[
        MetricInfo { name: ELECTIONS, unit: "", summary: "Leaders elected" },
        MetricInfo { name: LOG_LENGTH, unit: "", summary: "Slots in which a value is known to be chosen" },
        UNSERVED,
    ],
    scenarios: &["paxos/steady.toml", "paxos/leader-failure.toml", "paxos/multi-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const ELECTIONS: &str = "multi-paxos.elections";
const LOG_LENGTH: &str = "multi-paxos.chosen";

const GLUE: Glue<MultiPaxos> = Glue {
    options: options::options,
    request: |options, operation, ask| options.object.request(operation, ask),
    replicates: |_| Replicates::Updates,
    history: |options| telling(options.object),
    report: evidence::report,
};
