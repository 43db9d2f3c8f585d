//! Three-phase commit: between the votes and the commit everybody learns that all have voted yes, so that whoever is left can go on without
//! the coordinator (Skeen, "Nonblocking commit protocols", SIGMOD 1981). Central form; nobody forgets, so a commit is not acknowledged.
//!
//! **Course.** The coordinator asks all participants to prepare; when all have voted yes, it has them precommit; when they have, it commits.
//! That are 5N messages and five in a row, for N participants apart from it. Nodes `0..participants` keep the keys. Where there are more
//! nodes, those coordinate, and a participant that a client asks sends it there; else whoever is asked coordinates.
//!
//! **Termination.** A participant that has voted yes and hears nothing asks all others for their states, and decides by them, as
//! `termination` says. Attempts to do so have numbers, and everybody obeys the newest only ([`message::Epoch`]). Who has not voted makes
//! sure that it never will. A coordinator that is asked and has not decided gives up its lead.
//! - `quorum` (Skeen, "A quorum-based commit protocol", 1982) commits when a commit quorum of the participants is precommitted on its
//!   disks, and aborts when an abort quorum is preaborted on its disks. Any two such quorums meet, and nobody leaves the one state for the
//!   other: so it is right whatever fails, and whoever lacks a quorum blocks. Its coordinator commits with a commit quorum too.
//! - `skeen` (Skeen 1981; rules TR1 to TR4 of Bernstein, Hadzilacos and Goodman 1987, §7.5) goes by the states of all who answer. It is right
//!   where sites crash and messages are never late: a partition splits it. Who has crashed since it voted has no say (the same, §7.5:
//!   recovery), unless all have: then all must be back.
//! - `none` waits for the coordinator. One that has come back asks all participants, and decides by the same rules once all have answered.
//!
//! What is not here: the decentralised form, and a coordinator's elections: any participant may lead an attempt, and those who wait begin
//! one after the other.
//!
//! | literature | here |
//! |---|---|
//! | q, w, p, a, c: the states of a participant (Skeen 1981, §3) | [`participant::Stage`]: waiting or preparing, ready, precommitted; and [`super::resource::Resource::ended`] |
//! | prepare to commit, prepare to abort (Skeen 1982, §4) | [`message::Message::Move`], states precommitted and preaborted |
//! | commit quorum, abort quorum (the same, §3) | `commit-quorum`, [`options::Options::quorum`] |
//! | CAN-COMMIT, PRE-COMMIT, ACK, COMMIT (Bernstein et al. 1987, §7.5) | [`message::Message::Prepare`], [`message::Message::Precommit`], [`message::Message::Acknowledge`], [`message::Message::Decision`] |
//! | STATE-REQ, state report (the same, §7.5) | [`message::Message::Ask`], [`message::Message::State`] |
//! | termination rules TR1 to TR4 (the same, §7.5) | [`rules::by_states`] |
//! | total failure (the same, §7.5) | [`termination`] |

mod coordinator;
pub mod message;
pub mod node;
pub mod options;
pub mod participant;
pub mod rules;
pub mod termination;

use super::monitor::Fact;
use super::report::{self, CHECKS, METRICS, telling};
use crate::harness::{self, Glue, Replicates};
use crate::registry::Protocol;
use node::Node;
use options::Options;
use serde_json::{Value, json};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "three-phase-commit",
    family: "commit",
    summary: "all learn that all have voted yes before anybody commits; so those who are left can end a transaction",
    source: "Skeen 1981 and 1982; Bernstein, Hadzilacos and Goodman 1987",
    catalogue: &["F2"],
    options: options::FIELDS,
    variants: &options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &CHECKS,
    metrics: &METRICS,
    scenarios: &[
        "commit/three-phase.toml",
        "commit/three-phase-cost.toml",
        "commit/three-phase-crashes.toml",
        "commit/three-phase-split.toml",
        "commit/three-phase-swarm.toml",
    ],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request: |options, operation, ask| options.common.object.request(operation, ask),
    replicates: |_| Replicates::Nothing,
    history: |options| telling(options.common.object),
    report: |seen, report| report::report(seen, report, seen.options.common.object, &closed_form(seen.options)),
};

/// What one transaction that all participants change and commit costs with a coordinator apart: each of them is asked, told and answers
/// five times in all, and forces its yes and that it is precommitted; the coordinator forces its commit.
fn closed_form(options: &Options) -> Value {
    let n = u64::from(options.common.keepers);
    json!({ "messages": 5 * n, "delays": 5, "forced_writes": 2 * n + 1, "asked": "a coordinator" })
}
