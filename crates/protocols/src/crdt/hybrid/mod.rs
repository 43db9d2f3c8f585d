//! A hybrid counter (S1 Part IV, "Hybrid Approaches"): increments and reads need nobody, and every so often the replicas agree on a global
//! value by consensus.
//!
//! **Fast path.** A replica logs an increment, forces it, and answers: its own tally grows. A fast read is what was last agreed on, and what
//! the replica has counted itself beyond that. Others' increments since then it does not know.
//!
//! **Slow path.** Every `sync-interval` a replica proposes its tally to the others by Raft, which it embeds. What is agreed on is not a sum but
//! each origin's tally, each raised from the one before by compare-and-set: a proposal that comes late or twice changes nothing, and what is
//! counted meanwhile is simply not in it yet. S1 agrees on a sum and then sets the local counter to zero. What was counted between the two
//! is gone: the variant `reset-loses`.
//!
//! **Linearizable reads** (`reads = "linearizable"`). S1 calls its slow path linearizable; but a replica that answers increments by itself has
//! told nobody. Who must not miss any of them has to ask everybody, not only a majority: each replica has its tally agreed on and says so, and
//! the reader answers when it has applied all of that. It waits as long as anybody is away.
//!
//! | S1 | here |
//! |---|---|
//! | `increment_fast`, `read_fast` | `request` and [`node::Hybrid::value`] |
//! | `local_crdt` | the tally of [`node::Hybrid`] beyond what is agreed on of it |
//! | `global_consensus_value` | [`tally::Tallies`], agreed on |
//! | `sync_slow`, `run_consensus` | `sync` and `propose` of [`node::Hybrid`], over [`crate::consensus::raft`] |
//! | `self.local_crdt = GCounter(self.node_id)  # Reset local` | the variant `reset-loses` |
//!
//! A replica that lost its disk counts on under another origin. Raft takes it for another server, which nobody has added: it goes on
//! proposing, and learns what was agreed on from whoever leads.

mod embedding;
mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
pub mod tally;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot};
use crate::history::Telling;
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use crate::replication::judge::LINEARIZABLE;
use message::{Request, Response};
use monitor::{COUNTED_ONCE, Fact, KEPT};
use node::Hybrid;
use options::Options;
use quorate_check::history::{Answer, Call, Model, Value};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "hybrid-counter",
    family: "crdt",
    summary: "a counter that counts alone at once, and agrees on a global value by consensus now and then",
    source: "S1 Part IV, HybridCounter",
    catalogue: &["B12"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Hybrid>(),
    records: harness::keeps_records::<Hybrid>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: KEPT, summary: "a replica's tally never falls below what it has acknowledged, whatever is agreed on" },
        CheckInfo { name: COUNTED_ONCE, summary: "nothing is agreed on that no replica has counted" },
        CheckInfo {
            name: HYBRID_VALUE,
            summary: "in the end all tallies together are the acknowledged increments, and some of which nobody was told",
        },
        LINEARIZABLE,
    ],
    metrics: &[
        MetricInfo { name: LOST, unit: "", summary: "what was acknowledged and is in no tally at the end" },
        MetricInfo { name: FAST, unit: "", summary: "operations that one replica answered by itself" },
        MetricInfo { name: SLOW, unit: "", summary: "proposals of the slow path that were agreed on" },
        MetricInfo { name: SLOW_LATENCY, unit: "s", summary: "from a proposal until its replica knew it agreed on, their mean" },
        MetricInfo {
            name: GAIN,
            unit: "ratio",
            summary: "how many times as long a proposal of the slow path takes as an operation of the fast path, in the mean",
        },
    ],
    scenarios: &["crdt/hybrid.toml", "crdt/hybrid-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const HYBRID_VALUE: &str = "hybrid-value";
const LOST: &str = "hybrid.lost";
const FAST: &str = "hybrid.fast_path";
const SLOW: &str = "hybrid.slow_path";
const SLOW_LATENCY: &str = "hybrid.slow_latency";
const GAIN: &str = "hybrid.gain";

const GLUE: Glue<Hybrid> = Glue {
    options: options::options,
    request,
    // What is agreed on is the same everywhere; what a replica has counted since is its own.
    replicates: |_| Replicates::States,
    history: |_| TELLING,
    report: evidence::report,
};

const TELLING: Telling<Hybrid> = Telling {
    model: Model::Counter,
    concerns: |_| true,
    call: |request, _| match *request {
        Request::Increment(amount) => (Value::NULL, Call::Increment(i64::from(amount))),
        Request::Read => (Value::NULL, Call::Read),
    },
    answer: |response, _| {
        Some(match *response {
            Response::Done => Answer::Done,
            Response::Value(value) => Answer::Number(value.cast_signed()),
        })
    },
};

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { amount, .. } => match u32::try_from(amount) {
            Ok(amount) => Request::Increment(amount),
            Err(_) => {
                return Err(format!("a hybrid-counter only grows, and the amount is {amount}; use one of 0 to {}", u32::MAX));
            }
        },
        Ask::Read { .. } => Request::Read,
        _ => return Err(cannot(ask)),
    })
}
