//! Broadcasts: one process, and what it may deliver when (Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related
//! problems", 1994; Cachin, Guerraoui and Rodrigues, "Introduction to Reliable and Secure Distributed Programming", 2011, chapter 3; Lamport,
//! "Time, clocks, and the ordering of events in a distributed system", CACM 1978). One actor; the lines of the registry differ in what
//! they promise.
//!
//! | Cachin, Guerraoui and Rodrigues 2011 | here |
//! |---|---|
//! | Algorithm 3.1, basic broadcast; 2.2, retransmit forever | `best-effort-broadcast`; [`node::Process`] with the option `resend` |
//! | Algorithm 3.2, lazy reliable broadcast; 3.3, eager | `reliable-broadcast`, option `relay` |
//! | Algorithm 3.5, majority-ack uniform reliable broadcast | `uniform-broadcast` |
//! | Algorithm 3.12, broadcast with sequence number: FIFO | `fifo-broadcast` |
//! | Algorithm 3.14, waiting causal broadcast | `causal-broadcast` |
//! | Lamport 1978, rules 1 to 5 without the releases | `lamport-broadcast` |
//! | §3.5, log-delivered | what a process has delivered is in its log |
//! | beb-deliver, rb-deliver, crb-deliver | `advance` of [`node::Process`], by the rule in `held` |
//!
//! A message is logged before it is sent, passed on or acknowledged, and delivered when the log says so: a process that comes back goes on where
//! it was. One that has lost its disk is gone: it says so to whoever asks, and nobody waits for its acknowledgements; but Lamport's order waits
//! for it for ever. With `links = "given"` nothing is acknowledged and nothing said twice: what the papers count.
//!
//! Not here: total order with a sequencer, or by consensus.

mod detector;
mod evidence;
mod held;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
mod spread;
mod steps;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::order::deliveries::CHECKS;
use crate::order::request::{request, telling};
use crate::registry::{CheckInfo, Protocol};
use evidence::{METRICS, VALIDITY};
use monitor::Fact;
use node::Process;
use options::{Guarantee, Mistake};

const CREATED: CheckInfo = CHECKS[0];
const TWICE: CheckInfo = CHECKS[1];
const ORDERED: CheckInfo = CHECKS[2];
const AGREED: CheckInfo = CHECKS[3];

/// What all lines share.
const BASE: Protocol = Protocol {
    name: "",
    family: "order",
    summary: "",
    source: "Hadzilacos and Toueg 1994; Cachin, Guerraoui and Rodrigues 2011, chapter 3",
    catalogue: &["E2"],
    options: &options::LINKED,
    variants: &[],
    kinds: harness::kinds::<Process>(),
    records: harness::keeps_records::<Process>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[],
    metrics: &METRICS,
    scenarios: &[],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const GLUE: Glue<Process> = Glue {
    options: |job| options::options(job, Guarantee::BestEffort, &options::BEST_EFFORT, &[Mistake::Forgets]),
    request,
    replicates: |options| match options.guarantee {
        Guarantee::BestEffort => Replicates::Nothing,
        // What only a process that is gone has delivered is lost, though it was acknowledged.
        Guarantee::Reliable | Guarantee::Fifo | Guarantee::Causal => Replicates::States,
        Guarantee::Uniform | Guarantee::Total => Replicates::Updates,
    },
    history: |_| telling(),
    report: evidence::report,
};

/// A line of the registry: how it is made, and what it is in other words than [`BASE`].
macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $options:expr, { $($field:ident: $value:expr),* $(,)? }) => {
        $(#[$doc])*
        pub const $name: Protocol = {
            const LINE: Glue<Process> = Glue { options: $options, ..GLUE };
            Protocol {
                $($field: $value,)*
                run: |job| harness::run(&LINE, job),
                explore: |job, bounds| harness::explore(&LINE, job, bounds),
                replay: |job| harness::replay(&LINE, job),
                ..BASE
            }
        };
    };
}

line!(
    /// Best-effort broadcast.
    BEST_EFFORT,
    GLUE.options,
    {
        name: "best-effort-broadcast",
        summary: "a process tells everybody: if it stays, all hear",
        variants: &options::BEST_EFFORT,
        checks: &[VERIFIED, CREATED, TWICE, VALIDITY],
        scenarios: &["order/broadcast-best-effort.toml", "order/best-effort-swarm.toml", "order/broadcast-cost.toml"],
    }
);

line!(
    /// Reliable broadcast.
    RELIABLE,
    |job| options::options(job, Guarantee::Reliable, &options::RELIABLE, &[Mistake::NoRelay, Mistake::Forgets]),
    {
        name: "reliable-broadcast",
        summary: "what one process delivers, all do: whoever has a message passes it on, at once or when its sender is suspected",
        options: &options::RELAYED,
        variants: &options::RELIABLE,
        checks: &[CONVERGES, VERIFIED, CREATED, TWICE, AGREED],
        scenarios: &["order/broadcast-reliable.toml", "order/reliable-swarm.toml"],
    }
);

line!(
    /// Uniform reliable broadcast.
    UNIFORM,
    |job| options::options(job, Guarantee::Uniform, &options::UNIFORM, &[Mistake::BeforeMajority, Mistake::Forgets]),
    {
        name: "uniform-broadcast",
        summary: "what anybody delivers, all who stay do: a message is delivered once a majority has it on disk",
        variants: &options::UNIFORM,
        checks: &[CONVERGES, VERIFIED, CREATED, TWICE, AGREED],
        scenarios: &["order/broadcast-uniform.toml", "order/uniform-swarm.toml"],
    }
);

line!(
    /// FIFO broadcast.
    FIFO,
    |job| options::options(job, Guarantee::Fifo, &options::FIFO, &[Mistake::NoHold, Mistake::Forgets]),
    {
        name: "fifo-broadcast",
        summary: "reliable, and each sender's messages are delivered in the order in which it sent them",
        options: &options::RELAYED,
        variants: &options::FIFO,
        checks: &[CONVERGES, VERIFIED, CREATED, TWICE, ORDERED, AGREED],
        scenarios: &["order/broadcast-fifo.toml", "order/fifo-swarm.toml"],
    }
);

line!(
    /// Causal broadcast.
    CAUSAL,
    |job| options::options(job, Guarantee::Causal, &options::CAUSAL, &[Mistake::NoWait, Mistake::Forgets]),
    {
        name: "causal-broadcast",
        summary: "reliable, and nothing is delivered before what its sender had seen: vector clocks say what that is",
        options: &options::RELAYED,
        variants: &options::CAUSAL,
        checks: &[CONVERGES, VERIFIED, CREATED, TWICE, ORDERED, AGREED],
        scenarios: &["order/broadcast-causal.toml", "order/causal-swarm.toml"],
    }
);

line!(
    /// Total order by Lamport's clocks.
    LAMPORT,
    |job| options::options(job, Guarantee::Total, &options::TOTAL, &[Mistake::OwnHead, Mistake::Forgets]),
    {
        name: "lamport-broadcast",
        summary: "all deliver in one order, that of Lamport's clocks: a message waits until everybody has said something later",
        source: "Lamport 1978; Hadzilacos and Toueg 1994; Défago, Schiper and Urbán 2004, §4.4",
        variants: &options::TOTAL,
        checks: &[CONVERGES, VERIFIED, CREATED, TWICE, ORDERED, AGREED],
        scenarios: &["order/broadcast-lamport.toml", "order/lamport-swarm.toml"],
    }
);
