//! Total order by consensus: processes agree on one log, and each delivers what is in it, in its order (Chandra and Toueg, "Unreliable failure
//! detectors for reliable distributed systems", JACM 1996, §7; Hadzilacos and Toueg 1994, §5; Cachin, Guerraoui and Rodrigues 2011, §6.1). The
//! log is that of an embedded [`Raft`](crate::consensus::raft), whose lists hold the messages of each channel.
//!
//! | Cachin, Guerraoui and Rodrigues 2011, Algorithm 6.1 | here |
//! |---|---|
//! | to-broadcast | `broadcast` of [`node::Member`]: logged, and then proposed until it is delivered |
//! | `unordered` | `open` of [`node::Member`] |
//! | the consensus of a round | an entry of Raft's log |
//! | to-deliver | `deliver` of [`node::Member`], once the entry is committed |
//!
//! A message has one number in its channel for ever. A process that has lost its disk has no vote any more, and stays out; a majority must not.

mod embedding;
mod evidence;
mod log;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::order::costs::METRICS;
use crate::order::deliveries::CHECKS;
use crate::order::request::{request, telling};
use crate::registry::Protocol;
use monitor::Fact;
use node::Member;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "consensus-broadcast",
    family: "order",
    summary: "all deliver in one order, that of a log on which they agree: a majority is enough",
    source: "Chandra and Toueg 1996, §7; Hadzilacos and Toueg 1994; Ongaro and Ousterhout 2014",
    catalogue: &["E2"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Member>(),
    records: harness::keeps_records::<Member>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[CONVERGES, VERIFIED, CHECKS[0], CHECKS[1], CHECKS[2], CHECKS[3]],
    metrics: &METRICS,
    scenarios: &["order/broadcast-consensus.toml", "order/broadcast-consensus-cost.toml", "order/consensus-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const GLUE: Glue<Member> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Updates,
    history: |_| telling(),
    report: evidence::report,
};
