//! Keeping n copies of some registers alike, wastefully and well: two anti-patterns and what to do instead (S2, "Anti-Pattern Gallery", 2
//! and 3). Two questions are apart: what an update sets going, and what goes on whether anything changed or not.
//!
//! | S2 | `on-update` | `versions` |
//! |---|---|---|
//! | 2, "Paranoid Sync": "every 100ms: node A → all: I'm at version 42" | `nothing` | `all`, `interval = "100ms"` |
//! | its fix: say so when something changes, and rarely otherwise | `delta` | `one`, `interval = "10s"` |
//! | its fix: tell one at a time | `nothing` | `one`, `interval = "100ms"` |
//! | 3, "Accidental N²": "on any update, for each node, for each other node: send full state" | `full-state` | any |
//! | its fix: who was asked sends what changed | `delta` | any |
//! | its fix: along a tree, so that nobody sends to all | `tree` | any |
//!
//! "I'm at version 42" is a digest of all registers beside the newest stamp: two nodes may be at one version with different registers. Who
//! hears another digest than its own compares, register by register, and both have what either had (anti-entropy: Demers et al. 1987,
//! §1.3). Of two writes to a register the one with the greater stamp wins, then the greater update.
//!
//! Not here: rumors that are lost interest in (`rumor-mongering`), and who knows that all have an update (`coordination-pattern`).

mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::registers;
use crate::registry::{CheckInfo, MetricInfo, Protocol};
use monitor::{Fact, NEWEST_WINS, NO_FORGETTING};
use node::Node;
use options::Versions;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "state-sync",
    family: "patterns",
    summary: "copies of registers kept alike: by full states, deltas or a tree on each update, and by versions told to all or to one",
    source: "S2, Anti-Pattern Gallery 2 and 3",
    catalogue: &["E7"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: NEWEST_WINS, summary: "what a node has under a key never gives way to something older" },
        CheckInfo { name: NO_FORGETTING, summary: "a node that was restarted has what it had, or something newer" },
    ],
    metrics: &[
        MetricInfo { name: TRANSFERS, unit: "", summary: "States and deltas that an update set going, for each update" },
        MetricInfo {
            name: TRANSFER_BYTES,
            unit: "bytes",
            summary: "Bytes of the states and deltas that an update set going, for each update",
        },
        MetricInfo {
            name: VERSIONS,
            unit: "",
            summary: "Times that a node told another its version, for each second of the run",
        },
        MetricInfo { name: REPAIRS, unit: "", summary: "Messages by which nodes compared and repaired, for each update" },
        MetricInfo {
            name: STALENESS,
            unit: "s",
            summary: "From the asking until the last node that is up at the end has an update, on average over updates that all had",
        },
    ],
    scenarios: &["patterns/paranoid-sync.toml", "patterns/accidental-n2.toml", "patterns/sync-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const TRANSFERS: &str = "sync.transfers";
const TRANSFER_BYTES: &str = "sync.transfer_bytes";
const VERSIONS: &str = "sync.versions_per_sec";
const REPAIRS: &str = "sync.repairs";
const STALENESS: &str = "sync.staleness";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request: registers::request,
    replicates: |options| match options.versions {
        // What is lost stays lost.
        Versions::Nothing => Replicates::Nothing,
        Versions::All | Versions::One => Replicates::Updates,
    },
    history: |_| registers::telling(),
    report: evidence::report,
};
