//! Single-decree Paxos ("Paxos made simple", §2): every key is an instance, and every node plays all three roles in it. A client's
//! update proposes its value for the key, and is told whether that was chosen, or what was; a read learns what was chosen, if anything
//! was: a register that is written once.
//!
//! | paper | here |
//! |---|---|
//! | prepare request, promise (§2.2, phase 1) | [`message::Message::Prepare`], [`message::Message::Promise`] |
//! | accept request (§2.2, phase 2) | [`message::Message::Accept`], [`message::Message::Accepted`] |
//! | "inform the proposer, who should then abandon its proposal" (§2.2) | [`message::Message::Refuse`], with a random back-off |
//! | distinguished learner (§2.3) | the proposer hears of acceptances, and tells the others: [`message::Message::Chosen`] |
//! | "it can have a proposer issue a proposal" to learn (§2.3) | `look_around` in `learner` |
//!
//! Learners that missed something ask each other for what they have learned, a part at a time.

mod evidence;
mod learner;
pub mod message;
pub mod node;
mod options;
mod proposer;

use super::monitor::{AGREEMENT, ONE_VALUE_PER_BALLOT, PROMISE_MONOTONE, VALIDITY};
use crate::consensus::peace::UNSERVED;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use crate::replication::judge::{LINEARIZABLE, WRITTEN, telling};
use crate::replication::machine::{Object, Request};
use node::{Fact, Paxos};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "paxos",
    family: "consensus",
    summary: "a majority of acceptors decides once for each key, whoever proposes",
    source: "Lamport, \"Paxos made simple\", 2001",
    catalogue: &["G1"],
    options: options::FIELDS,
    variants: &super::options::VARIANTS,
    kinds: harness::kinds::<Paxos>(),
    records: harness::keeps_records::<Paxos>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: AGREEMENT, summary: "one value is chosen for a key, and nobody learns another" },
        CheckInfo { name: VALIDITY, summary: "what is chosen was proposed, and a client asked for it" },
        CheckInfo { name: PROMISE_MONOTONE, summary: "an acceptor's promise never falls, over restarts too" },
        CheckInfo { name: ONE_VALUE_PER_BALLOT, summary: "in one ballot one value is proposed for a key" },
        LINEARIZABLE,
        WRITTEN,
    ],
    metrics: &[
        MetricInfo { name: ROUNDS, unit: "", summary: "Ballots that proposers began" },
        MetricInfo { name: PREEMPTED, unit: "", summary: "Ballots that were given up for a higher one" },
        MetricInfo { name: DECIDED, unit: "", summary: "Keys for which some live node knows what was chosen" },
        UNSERVED,
    ],
    scenarios: &["paxos/dueling.toml", "paxos/swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const ROUNDS: &str = "paxos.rounds";
const PREEMPTED: &str = "paxos.preempted";
const DECIDED: &str = "paxos.decided";

const GLUE: Glue<Paxos> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Updates,
    history: |_| telling(Object::Kv),
    report: evidence::report,
};

/// To propose is to put a value where there is none.
fn request(_: &options::Options, operation: u64, ask: &Ask) -> Result<Request, String> {
    match ask {
        Ask::Read { key } => Ok(Request::Read(*key)),
        Ask::Update { key, .. } => Object::Kv.request(operation, &Ask::Cas { key: *key, expected: None }),
        _ => Err(cannot(ask)),
    }
}
