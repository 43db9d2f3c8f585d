//! Paxos Commit (Gray and Lamport, "Consensus on transaction commit", TODS 31(1), 2006): each participant's vote is agreed on by Paxos, so no
//! coordinator is needed to know what was decided. As long as F + 1 of 2 F + 1 acceptors are up and hear each other, nobody blocks; with F = 0
//! it is two-phase commit.
//!
//! **Who.** Nodes `0..participants` keep the keys. The acceptors are the nodes after them, if there are 2 F + 1 such; else the first nodes, which
//! then are participants too, and what a node says to itself is no message. Any participant of a transaction may be asked; the leader of its
//! first ballot is an acceptor, on the same node where that is one.
//!
//! **The first ballot** is the participants' own: who is prepared sends phase 2a to the F + 1 active acceptors, the one who was asked first with
//! the beginning of all in the same message. An acceptor that has heard all writes once and says so once. Who is not prepared says so to the
//! leader alone: nobody else can propose anything in the first ballot, and later ones can only find nothing.
//!
//! **Later ballots** begin where somebody waits too long, the leader for the votes or a participant for the decision. Whoever leads then asks all
//! acceptors, proposes what one of them had accepted, and for a participant of whom none knows, that it aborts. What the participants'
//! reads found is in no ballot: if all acceptors have forgotten it, the client is not told, though the transaction is committed.
//!
//! | literature | here |
//! |---|---|
//! | resource manager (Gray and Lamport 2006, §2) | participant |
//! | BeginCommit, Prepare, Prepared as phase 2a, phase 2b, Commit (the same, §4.2) | [`message::Message::Begin`], [`message::Message::Prepare`], [`message::Message::Vote`], [`message::Message::Accepted`], [`message::Message::Decision`] |
//! | phases 1a to 2b of ballots above 0 (the same, §4.1) | [`message::Message::Phase1a`] to [`message::Message::Phase2b`] |
//! | Faster Paxos Commit (the same, §4.3) | `faster` |
//! | co-located acceptors (the same, §5) | the first nodes are the acceptors |

mod acceptor;
mod leader;
pub mod message;
pub mod node;
pub mod options;
mod participant;

use super::monitor::Fact;
use super::report::{self, CHECKS, METRICS, telling};
use crate::harness::{self, Glue, Replicates};
use crate::registry::Protocol;
use node::Node;
use options::Options;
use serde_json::{Value, json};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "paxos-commit",
    family: "commit",
    summary: "acceptors agree on every participant's vote, and whoever asks them knows the decision; nobody waits for one node",
    source: "Gray and Lamport 2006",
    catalogue: &["F3", "F4"],
    options: options::FIELDS,
    variants: &options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &CHECKS,
    metrics: &METRICS,
    scenarios: &["commit/paxos-commit.toml", "commit/paxos-commit-cost.toml", "commit/paxos-commit-swarm.toml"],
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

/// What one transaction that all participants change and commit costs, by the paper (§5, table II).
fn closed_form(options: &Options) -> Value {
    let (n, f) = (u64::from(options.common.keepers), u64::from(options.faults));
    let is_apart = options.first > 0;
    if !is_apart && n <= f {
        return json!({ "why_none": "fewer participants than acceptors that vote: they are not all co-located" });
    }
    let messages = match (options.faster, is_apart) {
        (false, true) => (n + 1) * (f + 3) - 4,
        (false, false) => n * (f + 3) - 3,
        (true, true) => n * (2 * f + 3) - 1,
        (true, false) => (n - 1) * (2 * f + 3),
    };
    let delays = if options.faster { 4 } else { 5 };
    json!({ "messages": messages, "delays": if is_apart { json!(delays) } else { Value::Null }, "forced_writes": n + f + 1 })
}
