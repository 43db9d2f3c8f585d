//! The five patterns of coordination (S2, "Coordination Patterns: A Visual Guide") on one task: a node is asked to take in an update, all
//! nodes should come to have it, and the node that was asked should come to know that they do. Each tells only what is on its disk, and
//! an acknowledgement names those who have the update, so that one that comes twice counts once.
//!
//! | S2 | here |
//! |---|---|
//! | "No Coordination (Chaos)" | `pattern = "none"` |
//! | "Master-Slave (Centralized)" | `pattern = "master"`: node 0 is the master; a tree in which everybody hangs on it |
//! | "Peer-to-Peer (Mesh)", "everyone talks" | `pattern = "mesh"`: whoever has the update tells everybody, so that everybody knows of everybody |
//! | "Hierarchical (Tree)" | `pattern = "tree"`: [`tree::Tree`]; a node acknowledges once all beyond it have |
//! | "Gossip (Epidemic)" | `pattern = "gossip"`: a rumor carries the names of those who have it, so that its origin learns |
//! | "Single point of failure", "Layered failures" | `pattern.reached`, `pattern.unacknowledged` with somebody down |
//!
//! In a tree no place is special: the node that was asked acts as its root, and neighbours pass on away from it. Nobody finds another way
//! round a node that is down; that is what the patterns are compared by.
//!
//! Not here: agreement. Updates are additions, so it does not matter who has which first (`raft`, `two-phase-commit` for the rest).

mod evidence;
pub mod holders;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
pub mod tree;
mod update;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot};
use crate::history::{self, Telling};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use message::{Request, Response};
use monitor::{Fact, NO_FALSE_ACKNOWLEDGEMENT};
use node::Node;
use options::Options;
use quorate_check::history::{Answer, Call, Model};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "coordination-pattern",
    family: "patterns",
    summary: "an update that all are to have, and to be known to have: alone, by a master, a mesh, a tree, or gossip",
    source: "S2, Coordination Patterns",
    catalogue: &["E6"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo {
            name: NO_FALSE_ACKNOWLEDGEMENT,
            summary: "whoever is counted among those who have an update has it on its disk",
        },
    ],
    metrics: &[
        MetricInfo { name: MESSAGES, unit: "", summary: "Messages between nodes for each update, without what was said again" },
        MetricInfo { name: RETRIES, unit: "", summary: "What was said again for each update, and the answers to that" },
        MetricInfo { name: BUSIEST, unit: "", summary: "Messages sent and received by the busiest node, for each update" },
        MetricInfo {
            name: TIME_ALL_HAVE,
            unit: "s",
            summary: "From the asking until the last node that is up at the end has the update, on average over updates that all have",
        },
        MetricInfo {
            name: TIME_KNOWN,
            unit: "s",
            summary: "From the asking until the node that was asked knows that all have the update, on average over those of which it does",
        },
        MetricInfo {
            name: REACHED,
            unit: "ratio",
            summary: "Nodes that have an update at the end, of those that are up, on average over updates that were asked",
        },
        MetricInfo {
            name: UNACKNOWLEDGED,
            unit: "",
            summary: "Nodes that an answer to a client does not count as having the update, on average over answers",
        },
    ],
    scenarios: &["patterns/coordination.toml", "patterns/coordination-crash.toml", "patterns/coordination-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const MESSAGES: &str = "pattern.messages";
const RETRIES: &str = "pattern.retries";
const BUSIEST: &str = "pattern.busiest";
const TIME_ALL_HAVE: &str = "pattern.time_all_have";
const TIME_KNOWN: &str = "pattern.time_known";
const REACHED: &str = "pattern.reached";
const UNACKNOWLEDGED: &str = "pattern.unacknowledged";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request,
    replicates: |options| match options.excuse() {
        Some(_) => Replicates::Nothing,
        None => Replicates::Updates,
    },
    history: |_| Telling {
        model: Model::Counter,
        concerns: |_| true,
        call: |request, names| match *request {
            Request::Update { key, amount } => (history::key(key, names), Call::Increment(i64::from(amount))),
            Request::Read(key) => (history::key(key, names), Call::Read),
        },
        answer: |response, _| {
            Some(match *response {
                Response::Known(_) => Answer::Done,
                Response::Sum(sum) => Answer::Number(sum.cast_signed()),
            })
        },
    },
    report: evidence::report,
};

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { key, amount } => match u32::try_from(amount) {
            Ok(amount) => Request::Update { key, amount },
            Err(_) => return Err(format!("the sums only grow, and {amount} is not from 0 to {}", u32::MAX)),
        },
        Ask::Read { key } => Request::Read(key),
        _ => return Err(cannot(ask)),
    })
}
