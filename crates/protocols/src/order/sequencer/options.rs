//! What a scenario says of sequencers.

use super::placement::{Placement, Shape};
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::order::deliveries::{NO_DUPLICATION, ORDERED};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos};
use std::rc::Rc;

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How a message and its number reach everybody.
    pub form: Form,
    /// Whether another node takes over from a sequencer that is gone: then a message is delivered when a majority has it.
    pub takeover: bool,
    /// Messages that get their numbers together.
    pub batch: u32,
    /// How long the first of them waits for the others, in ns.
    pub linger: Nanos,
    /// How long a sender waits before it says a message again, in ns.
    pub resend: Nanos,
    /// From one sign of life to the next, in ns.
    pub heartbeat: Nanos,
    /// Signs of life that may be missing before a sequencer counts as gone.
    pub patience: u32,
    /// Which nodes serve which channel.
    pub placement: Rc<Placement>,
    /// Whether everybody delivers everything.
    pub all_hear: bool,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// How a message and its number reach everybody (Défago, Schiper and Urbán 2004, §4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// The sender sends it to the sequencer, which broadcasts it with its number.
    UnicastBroadcast,
    /// The sender broadcasts it, and the sequencer broadcasts its number.
    BroadcastBroadcast,
    /// The sender asks the sequencer for a number, and broadcasts the message with it.
    UnicastUnicastBroadcast,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Who takes over goes on from what it has itself.
    OwnCounter,
    /// Nobody promises to refuse the old sequencer.
    NoSeal,
    /// Who takes over gives messages that have numbers new ones.
    NumbersAgain,
    /// Messages are delivered before a majority has them.
    DeliversEarly,
    /// A missing number is not waited for.
    DropsGap,
}

const FORM: Field = Field {
    name: "form",
    kind: FieldKind::Choice(&[
        Choice { name: "unicast-broadcast", doc: "to the sequencer, which broadcasts it with its number" },
        Choice { name: "broadcast-broadcast", doc: "to everybody; the sequencer broadcasts its number" },
        Choice { name: "unicast-unicast-broadcast", doc: "a number from the sequencer, then to everybody with it" },
    ]),
    default: Default::Choice("unicast-broadcast"),
    doc: "How a message and its number reach everybody.",
};
const TAKEOVER: Field = Field {
    name: "takeover",
    kind: FieldKind::Choice(&[
        Choice {
            name: "quorum",
            doc: "another node seals a majority and goes on from the highest number there; messages are delivered when a majority has them",
        },
        Choice {
            name: "none",
            doc: "everybody waits until the sequencer is back with its log; messages are delivered as they come",
        },
    ]),
    default: Default::Choice("quorum"),
    doc: "What happens when a sequencer is gone.",
};
const BATCH: Field = Field::integer("batch", 1, 10_000, 1, "How many messages get their numbers together, in one broadcast.");
const LINGER: Field = Field::duration(
    "linger",
    5 * MILLISECOND,
    "How long the first message of a batch waits for the others, with a batch above 1.",
);
const RESEND: Field = Field::duration(
    "resend",
    400 * MILLISECOND,
    "How long a sender waits until it has delivered its own message, before it says it again.",
);
const HEARTBEAT: Field = Field::duration(
    "heartbeat",
    100 * MILLISECOND,
    "How often a sequencer says that it is there, and how far its channels are; then others ask for what they lack.",
);
const PATIENCE: Field =
    Field::integer("patience", 2, 1_000, 5, "How many signs of life may be missing before another node takes a channel over.");
const CHANNELS: Field = Field::integer("channels", 1, 4_096, 16, "How many channels there are: the keys of the workload.");
const SEQUENCERS: Field = Field::integer(
    "sequencers",
    0,
    4_096,
    3,
    "How many nodes sequence channels, from node 0 on; the others only send and deliver. 0: all nodes.",
);
const REPLICAS: Field = Field::integer(
    "replicas",
    1,
    9,
    3,
    "How many sequencers keep the order of a channel, the one that gives the numbers included.",
);
const MEMBERS: Field = Field::integer(
    "members",
    0,
    4_096,
    0,
    "How many of the nodes that do not sequence deliver the messages of a channel; clients are sent to one of them. 0: all nodes.",
);
const SLACK: Field = Field::integer(
    "slack",
    0,
    1_000,
    25,
    "By how many percent a sequencer may have more channels than it would if all had as many: ε of hashing with bounded loads.",
);

pub(super) const OF_ONE: &[Field] = &[FORM, TAKEOVER, BATCH, LINGER, RESEND, HEARTBEAT, PATIENCE];
pub(super) const OF_CHANNELS: &[Field] =
    &[CHANNELS, SEQUENCERS, REPLICAS, MEMBERS, SLACK, FORM, TAKEOVER, BATCH, LINGER, RESEND, HEARTBEAT, PATIENCE];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 5] = &[
    Variant {
        name: "sequencer-failover",
        summary: "who takes over goes on from the highest number that it has itself, whatever the majority has",
        caught_by: ORDERED,
    },
    Variant {
        name: "no-seal",
        summary: "nobody refuses what the old sequencer orders after another has taken over",
        caught_by: ORDERED,
    },
    Variant {
        name: "numbers-again",
        summary: "after a takeover a message that is sent again gets a second number",
        caught_by: NO_DUPLICATION,
    },
    Variant {
        name: "delivers-unstable",
        summary: "messages are delivered in the order of their numbers before a majority has them, although others may take over",
        caught_by: ORDERED,
    },
    Variant { name: "drops-gap", summary: "a number that is missing is skipped, not waited for", caught_by: ORDERED },
];

const MISTAKES: [Mistake; 5] =
    [Mistake::OwnCounter, Mistake::NoSeal, Mistake::NumbersAgain, Mistake::DeliversEarly, Mistake::DropsGap];

/// One sequencer, and all nodes keep its order.
pub(super) fn of_one(job: &Job<'_>) -> Result<Options, OptionError> {
    let nodes = job.setup.nodes;
    build(job, Shape { channels: 1, sequencers: nodes, replicas: nodes, members: 0, slack: 0, nodes })
}

/// One for each channel.
pub(super) fn of_channels(job: &Job<'_>) -> Result<Options, OptionError> {
    let (values, nodes) = (job.options, job.setup.nodes);
    let number = |field: Field| values.integer(field.name) as u32;
    let sequencers = match number(SEQUENCERS) {
        0 => nodes,
        asked => asked.min(nodes),
    };
    let members = number(MEMBERS);
    if members > 0 && sequencers == nodes {
        let message =
            format!("all {nodes} nodes sequence, and none is left to be a member; lower sequencers, or leave members out");
        return Err(OptionError { field: MEMBERS.name, message });
    }
    let replicas = number(REPLICAS).min(sequencers);
    build(job, Shape { channels: number(CHANNELS), sequencers, replicas, members, slack: number(SLACK), nodes })
}

fn build(job: &Job<'_>, shape: Shape) -> Result<Options, OptionError> {
    let values = job.options;
    let mut placement = Placement::new(shape);
    if shape.channels == 1 && shape.replicas == shape.nodes {
        placement.begin_with_the_first();
    }
    Ok(Options {
        form: match values.choice(FORM.name) {
            "broadcast-broadcast" => Form::BroadcastBroadcast,
            "unicast-unicast-broadcast" => Form::UnicastUnicastBroadcast,
            _ => Form::UnicastBroadcast,
        },
        takeover: values.choice(TAKEOVER.name) == "quorum",
        batch: values.integer(BATCH.name) as u32,
        linger: values.duration(LINGER.name),
        resend: values.duration(RESEND.name),
        heartbeat: values.duration(HEARTBEAT.name),
        patience: values.integer(PATIENCE.name) as u32,
        placement: Rc::new(placement),
        all_hear: shape.members == 0,
        mistake: planted(job.variant, VARIANTS, &MISTAKES)?,
    })
}

impl Options {
    /// The channel of a key.
    pub(super) fn channel(&self, key: u32) -> u32 {
        key % self.placement.channels()
    }
}
