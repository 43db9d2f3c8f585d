//! A bucket of counters as in Riak (S1 Part V, example 1; Basho's riak_core and riak_kv): keys are spread over a ring of partitions, and a key's
//! counter is kept by the `n-val` vnodes that follow its place on the ring ([`ring`]).
//!
//! **Increments.** Any node takes one, and hands it to a vnode of the key's preference list, itself if it is one. That vnode adds to its own
//! entry of the counter, on disk, and answers when `w` vnodes have stored it; with 1 it answers alone. The others are told at once and merge
//! when they hear. **Reads** ask all vnodes of the list and answer with the join of the first `r` states; who turns out to be behind is sent
//! the join (read repair). **Anti-entropy**: every `interval` a node compares digests with another one, and what differs is exchanged.
//!
//! **Names.** Two increments must never have the same place in the same entry. So a vnode that comes back without its disk takes another
//! actor id: what it had counted under the old one it does not know, but others may. Riak learned this the hard way (riak_kv issues 679, pull
//! requests 1094 and 1643): the variant `actor-id-reuse`.
//!
//! **What is lost.** With `w = 1` an acknowledged increment may be on one disk only; if that disk is lost before others have merged, the
//! increment is gone, and nothing promised otherwise: `riak.lost_with_disks` counts it. What any other disk has stays.
//!
//! | S1, Riak | here |
//! |---|---|
//! | `riak_kv:update_counter` | `put` of [`node::Node`] |
//! | `riak_kv:read_counter` | `get` of [`node::Node`] |
//! | `replicas_updated.local_vnode`, `.remote_vnodes` | measured in the evidence |
//! | preference list (`riak_core_apl`) | [`ring::preference_list`] |
//! | read repair, active anti-entropy | `check_get`, `timer` of [`node::Node`] |
//! | vnode id and epoch | [`crate::crdt::types::dot::Origin`] |
//!
//! Not here: sloppy quorums and hinted handoff, nodes that join and leave the ring, and deletion.

mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
pub mod ring;

use crate::harness::{self, Glue, Replicates, cannot};
use crate::history::{self, Telling};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use message::{Request, Response};
use monitor::{Fact, UNIQUE_ACTORS};
use node::Node;
use options::Options;
use quorate_check::history::{Answer, Call, Model};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "riak-counter",
    family: "crdt",
    summary: "a bucket of counters over vnodes on a ring: local updates, read repair, anti-entropy",
    source: "S1 Part V, example 1; Basho riak_kv",
    catalogue: &["B7"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CheckInfo { name: UNIQUE_ACTORS, summary: "under one actor id no vnode counts again from less than it had counted" },
        CheckInfo {
            name: BUCKET_VALUE,
            summary: "in the end each vnode of a key has the sum of what was acknowledged, but for what only lost disks had",
        },
        CheckInfo { name: SURVIVORS_KEPT, summary: "in the end each vnode of a key has all that any disk has kept of it" },
    ],
    metrics: &[
        MetricInfo { name: LOST, unit: "", summary: "what was acknowledged and went with the disks that alone had it" },
        MetricInfo { name: REPAIRS, unit: "", summary: "vnodes that a read found behind, and sent the join" },
        MetricInfo {
            name: STALE,
            unit: "ratio",
            summary: "share of the reads that told less than was acknowledged before they began, where nothing is taken away",
        },
        MetricInfo { name: DELAY, unit: "s", summary: "from an increment at one vnode until another has merged it, their mean" },
    ],
    scenarios: &["crdt/riak.toml", "crdt/riak-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const BUCKET_VALUE: &str = "bucket-value";
const SURVIVORS_KEPT: &str = "survivors-kept";
const LOST: &str = "riak.lost_with_disks";
const REPAIRS: &str = "riak.read_repairs";
const STALE: &str = "riak.stale_reads";
const DELAY: &str = "riak.remote_delay";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request,
    // Each node has other keys.
    replicates: |_| Replicates::Nothing,
    history: |_| Telling {
        model: Model::Counter,
        concerns: |_| true,
        call: |request, names| match *request {
            Request::Add { key, amount } => (history::key(key, names), Call::Increment(amount)),
            Request::Read(key) => (history::key(key, names), Call::Read),
        },
        answer: |response, _| {
            Some(match *response {
                Response::Done => Answer::Done,
                Response::Value(value) => Answer::Number(value),
            })
        },
    },
    report: evidence::report,
};

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { key, amount } => Request::Add { key, amount },
        Ask::Remove { key, amount } => Request::Add { key, amount: -amount },
        Ask::Read { key } => Request::Read(key),
        _ => return Err(cannot(ask)),
    })
}
