//! Gossip over a versioned key-value state: anti-entropy by random meetings (Demers et al., "Epidemic algorithms for
//! replicated database maintenance", PODC 1987, §1.3), in the form of S1 Pattern 2.
//!
//! | S1 | here |
//! |---|---|
//! | `GossipNode.state` | [`store::Store`] |
//! | `version = time.time()` | [`store::Stamps`]: Lamport or hybrid; the wall clock is the variant `wall-clock` |
//! | `version > self.state[key][1]` | [`store::Order`]; without a tie-break it is the variant `strict-timestamp` |
//! | `update_local` | `request` and `synced` of [`actor::Gossip`], `apply` of [`store::Store`] |
//! | `gossip_round` | `timer` of [`actor::Gossip`] |
//! | `compute_updates`, `apply_updates` | `merge` of [`store::Store`] |
//! | `interval`, fanout of the evidence | [`options::Options`] |
//!
//! S1's code meets one peer a round and its evidence says three: the fanout is an option. Messages carry whole states, not
//! differences; deltas and Merkle trees are other protocols.

pub mod actor;
pub(crate) mod evidence;
pub mod lineage;
pub mod message;
pub mod options;
pub mod record;
pub mod state;
pub mod store;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, no_variant};
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registers;
use crate::registry::{CheckInfo, Job, MetricInfo, Protocol, Variant};
use actor::Gossip;
use options::{FANOUT, INTERVAL, MODE, Options, PARTNERS, REPLY, START};
use store::{Order, Rule, Stamps, Store};

const VERSION: Field = Field {
    name: "version",
    kind: FieldKind::Choice(&[
        Choice { name: "lamport", doc: "a counter, one more than any that the writer knows" },
        Choice { name: "hybrid", doc: "the wall clock, but always later than any version that the writer knows" },
    ]),
    default: Default::Choice("lamport"),
    doc: "Where the version of a write comes from; the later version wins.",
};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "gossip",
    scenarios: &[
        "gossip/push-pull-100.toml",
        "gossip/push.toml",
        "gossip/pull.toml",
        "gossip/clock-skew.toml",
        "gossip/two-writers.toml",
        "gossip/rounds.toml",
        "gossip/bench.toml",
        "gossip/million.toml",
        "gossip/churn.toml",
        "world/nemesis.toml",
        "world/regions.toml",
        "world/topologies.toml",
        "world/bandwidth.toml",
        "world/relay.toml",
        "world/clocks.toml",
        "world/byzantine.toml",
    ],
    family: "epidemic",
    summary: "replicas exchange a versioned key-value state with random peers until all agree",
    source: "S1 Pattern 2; Demers et al. 1987",
    catalogue: &["C1"],
    options: &[MODE, FANOUT, INTERVAL, START, REPLY, PARTNERS, VERSION],
    variants: &[
        Variant {
            name: "wall-clock",
            summary: "versions by the local wall clock, as in S1: under skew an older write takes the place of a newer one",
            caught_by: lineage::NO_LOST_UPDATE,
        },
        Variant {
            name: "strict-timestamp",
            summary: "equal stamps without a tie-break, as in S1: writes of equal stamp never give way to each other",
            caught_by: CONVERGES.name,
        },
    ],
    kinds: harness::kinds::<Gossip<Store>>(),
    records: harness::keeps_records::<Gossip<Store>>(),
    facts: <lineage::Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: lineage::NO_LOST_UPDATE, summary: "no write gives way to one that its author had overwritten" },
        CheckInfo { name: REGISTER, summary: "what registers read at the end was written, and not overwritten since" },
    ],
    metrics: &[MetricInfo { name: ROUNDS, unit: "", summary: "rounds from the last update until every live replica held it" }],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

/// The name of the check of final values.
const REGISTER: &str = "register";
/// The name of the metric of rounds.
pub(crate) const ROUNDS: &str = "gossip.rounds";

const GLUE: Glue<Gossip<Store>> = Glue {
    options,
    request: registers::request,
    replicates: |_| Replicates::Updates,
    history: |_| registers::telling(),
    report: evidence::report,
};

fn options(job: &Job<'_>) -> Result<Options<Rule>, OptionError> {
    let stamps = if job.options.choice(VERSION.name) == "hybrid" { Stamps::Hybrid } else { Stamps::Lamport };
    let right = Rule { stamps, order: Order::Total };
    let rule = match job.variant {
        "right" => right,
        "wall-clock" => Rule { stamps: Stamps::WallClock, ..right },
        "strict-timestamp" => Rule { order: Order::StampOnly, ..right },
        _ => return Err(no_variant(job.variant)),
    };
    Ok(Options::new(job.options, rule))
}
