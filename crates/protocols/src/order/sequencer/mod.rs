//! Total order by a fixed sequencer (Défago, Schiper and Urbán, "Total order broadcast and multicast algorithms", ACM Computing Surveys 36(4), 2004,
//! §4.1; Kaashoek and Tanenbaum, "Group communication in the Amoeba distributed operating system", 1991): one node gives every message a number, and
//! all deliver in the order of the numbers. Who misses one holds back what comes after it, and asks for it.
//!
//! **Forms.** A sender has the sequencer broadcast its message (unicast-broadcast: n messages, 2 delays), broadcasts the message itself while the
//! sequencer broadcasts the number (broadcast-broadcast: 2(n-1), 2 delays), or asks for a number first (unicast-unicast-broadcast: n+1, 3 delays).
//!
//! **Takeover.** With `takeover = "none"` that is all: messages are delivered as they come, and while the sequencer is away nothing is. With
//! `"quorum"` another node takes over: it seals a majority of those who keep the order, which then accept nothing more of the old sequencer, and
//! goes on from what it finds there (Balakrishnan et al., "CORFU", NSDI 2012). Then a message may be delivered only once a majority has it:
//! it acknowledges to the sequencer, which tells all how far the order is stable. That is the price: 2(n-1) messages and 2 delays more.
//! A new sequencer that goes on from its own counter is the variant `sequencer-failover`.
//!
//! **Channels** (S2, "How Slack Handles 10M Concurrent Users"). Order is needed within a channel only: each channel has a sequencer of its own,
//! where consistent hashing with bounded loads puts it ([`placement`]). What becomes of one sequencer is nothing to the channels of others.
//!
//! | S2, the papers | here |
//! |---|---|
//! | "Single sequencer per channel", "Channel rehashed to different sequencer" | [`placement`], `successor` in [`takeover`] |
//! | "Sequencer assigns monotonic IDs: Simple counter" | `flush` in [`ordering`]; a plain counter over a rehash repeats numbers |
//! | "Clients handle reordering: Based on sequence IDs" | `order` and `deliver` in [`following`] |
//! | gateways | the nodes that do not sequence |
//! | epoch, seal (CORFU) | [`message::Epoch`], `seal` in [`takeover`] |
//!
//! A process logs what it sends before it sends it, what it accepts before it says so, and what it delivers before it delivers it.

mod channel;
mod evidence;
pub mod fact;
mod following;
pub mod message;
pub mod node;
pub mod options;
mod ordering;
pub mod placement;
mod recovery;
mod takeover;
mod wire;

use super::costs;
use super::deliveries::{Broadcasts, CHECKS, Order, Promises, Step};
use super::request;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::registry::{CheckInfo, MetricInfo, Protocol, joined};
use fact::Fact;
use node::Sequenced;
use options::Options;
use quorate_check::order::Scope;
use quorate_engine::NodeId;

/// One sequencer for everything.
pub const FIXED: Protocol = Protocol {
    name: "fixed-sequencer",
    summary: "total order: one node numbers every message; when it is gone, another seals a majority and goes on",
    catalogue: &["E3"],
    options: options::OF_ONE,
    scenarios: &[
        "order/fixed-sequencer.toml",
        "order/sequencer-failover.toml",
        "order/sequencer-load.toml",
        "order/sequencer-swarm.toml",
    ],
    run: |job| harness::run(&ONE, job),
    explore: |job, bounds| harness::explore(&ONE, job, bounds),
    replay: |job| harness::replay(&ONE, job),
    ..ENTRY
};

/// One for each channel.
pub const PER_CHANNEL: Protocol = Protocol {
    name: "sequencer-per-channel",
    summary: "total order in each channel: channels are hashed to sequencers, and rehashed when one is gone",
    source: "S2, How Slack Handles 10M Concurrent Users; Mirrokni, Thorup and Zadimoghaddam 2018",
    catalogue: &["E5"],
    options: options::OF_CHANNELS,
    scenarios: &["order/channels.toml", "order/channel-failover.toml", "order/channels-load.toml", "order/channels-swarm.toml"],
    run: |job| harness::run(&CHANNELS, job),
    explore: |job, bounds| harness::explore(&CHANNELS, job, bounds),
    replay: |job| harness::replay(&CHANNELS, job),
    ..ENTRY
};

const ENTRY: Protocol = Protocol {
    name: "",
    family: "order",
    summary: "",
    source: "Défago, Schiper and Urbán 2004, §4.1; Balakrishnan et al. 2012 (CORFU)",
    catalogue: &[],
    options: &[],
    variants: options::VARIANTS,
    kinds: harness::kinds::<Sequenced>(),
    records: harness::keeps_records::<Sequenced>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &joined::<CheckInfo, 2, 4, 6>([CONVERGES, VERIFIED], CHECKS),
    metrics: &joined::<MetricInfo, 7, 5, 12>(costs::METRICS, evidence::METRICS),
    scenarios: &[],
    run: |job| harness::run(&ONE, job),
    explore: |job, bounds| harness::explore(&ONE, job, bounds),
    replay: |job| harness::replay(&ONE, job),
    laws: None,
};

const ONE: Glue<Sequenced> = Glue {
    options: options::of_one,
    request: request::request,
    replicates: |_| Replicates::Updates,
    history: |_| request::telling(),
    report: evidence::report,
};

const CHANNELS: Glue<Sequenced> = Glue {
    options: options::of_channels,
    replicates: |options| if options.all_hear { Replicates::Updates } else { Replicates::Nothing },
    ..ONE
};

impl Broadcasts for Sequenced {
    fn promises(_: &Options) -> Promises {
        Promises { once: true, order: Order::Total, agreement: Some(Scope::All) }
    }

    fn step(fact: &Fact) -> Option<Step> {
        fact.step()
    }

    fn hears(options: &Options, node: NodeId, _: u32, channel: u32) -> bool {
        options.placement.hears(channel, node)
    }

    fn is_out(&self) -> bool {
        Sequenced::is_out(self)
    }
}
