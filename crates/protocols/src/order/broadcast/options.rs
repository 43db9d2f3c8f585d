//! What a scenario says of a broadcast: how lost messages are made good, and who passes messages on; and what can be wrong with each.

use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::order::deliveries::{AGREEMENT, NO_DUPLICATION, ORDERED};
use crate::registry::{Job, Variant, joined};
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all processes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is promised.
    pub guarantee: Guarantee,
    /// Who passes messages on.
    pub relay: Relay,
    /// Whether the network loses nothing: then nobody acknowledges anything, and nobody says anything twice.
    pub given: bool,
    /// How long a process waits for an acknowledgement before it says a message again, in ns.
    pub resend: Nanos,
    /// From one heartbeat to the next, in ns.
    pub heartbeat: Nanos,
    /// After how many heartbeats without a word a process is suspected.
    pub patience: u32,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What is promised of deliveries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guarantee {
    /// What a correct process broadcasts, all correct ones deliver.
    BestEffort,
    /// What a correct process delivers, all correct ones do.
    Reliable,
    /// What anybody delivers, all correct ones do.
    Uniform,
    /// Reliable, and each sender's messages in its order.
    Fifo,
    /// Reliable, and nothing before what its sender had seen.
    Causal,
    /// All in one order.
    Total,
}

/// Who passes on what it received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relay {
    /// Nobody.
    Never,
    /// Everybody, at once.
    Eager,
    /// Who suspects the sender.
    Lazy,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Nobody passes anything on.
    NoRelay,
    /// Uniform broadcast delivers what it receives.
    BeforeMajority,
    /// FIFO broadcast delivers what it receives.
    NoHold,
    /// Causal broadcast looks at the sender's own entry of the vector alone.
    NoWait,
    /// Total order delivers the first message that it knows of.
    OwnHead,
    /// After a crash, messages that were delivered are delivered.
    Forgets,
}

const LINKS: Field = Field {
    name: "links",
    kind: FieldKind::Choice(&[
        Choice {
            name: "made",
            doc: "messages may be lost: receivers acknowledge them, and senders say them again until they do",
        },
        Choice {
            name: "given",
            doc: "nothing is lost, as the papers assume: nobody acknowledges, and nobody says anything twice",
        },
    ]),
    default: Default::Choice("made"),
    doc: "Whether links lose messages. Where they do and were said not to, nobody is held to what needs all messages.",
};
const RESEND: Field = Field::duration(
    "resend",
    100 * MILLISECOND,
    "How long a process waits for acknowledgements before it says a message again, and again after that.",
);
const RELAY: Field = Field {
    name: "relay",
    kind: FieldKind::Choice(&[
        Choice { name: "eager", doc: "everybody, when it first receives a message" },
        Choice { name: "lazy", doc: "who suspects the sender to have crashed, of what may not be everywhere yet" },
    ]),
    default: Default::Choice("eager"),
    doc: "Who passes messages on, so that all have what one has.",
};
const HEARTBEAT: Field =
    Field::duration("heartbeat", 100 * MILLISECOND, "From one heartbeat to the next, where messages are relayed lazily.");
const PATIENCE: Field = Field::integer(
    "patience",
    1,
    1000,
    4,
    "After how many heartbeats without a word a process is suspected, where that matters.",
);

pub(super) const LINKED: [Field; 2] = [LINKS, RESEND];
pub(super) const RELAYED: [Field; 5] = joined(LINKED, [RELAY, HEARTBEAT, PATIENCE]);

const FORGETS: Variant = Variant {
    name: "forgets-delivered",
    summary: "a process that comes back delivers again what it had delivered before its crash",
    caught_by: NO_DUPLICATION,
};

pub(super) const BEST_EFFORT: [Variant; 1] = [FORGETS];
pub(super) const RELIABLE: [Variant; 2] = [
    Variant {
        name: "no-relay",
        summary: "nobody passes anything on: some have the last messages of a process that is gone, and others do not",
        caught_by: AGREEMENT,
    },
    FORGETS,
];
pub(super) const UNIFORM: [Variant; 2] = [
    Variant {
        name: "delivers-before-majority",
        summary: "a message is delivered on arrival: who has delivered it may be gone, and with it the message",
        caught_by: AGREEMENT,
    },
    FORGETS,
];
pub(super) const FIFO: [Variant; 2] =
    [Variant { name: "fifo-no-hold", summary: "messages are delivered as they arrive", caught_by: ORDERED }, FORGETS];
pub(super) const CAUSAL: [Variant; 2] = [
    Variant {
        name: "causal-no-wait",
        summary: "of the vector only the sender's own entry counts: answers come before what they answer",
        caught_by: ORDERED,
    },
    FORGETS,
];
pub(super) const TOTAL: [Variant; 2] = [
    Variant {
        name: "lamport-no-wait",
        summary: "the first message that a process knows of is delivered, though others may have sent earlier ones",
        caught_by: ORDERED,
    },
    FORGETS,
];

/// The options of a job for a guarantee, of whose variants a list is given.
pub(super) fn options<const N: usize>(
    job: &Job<'_>,
    guarantee: Guarantee,
    variants: &[Variant; N],
    mistakes: &[Mistake; N],
) -> Result<Options, OptionError> {
    let values = job.options;
    let is_relayed = matches!(guarantee, Guarantee::Reliable | Guarantee::Fifo | Guarantee::Causal);
    let relay = match guarantee {
        Guarantee::BestEffort | Guarantee::Total => Relay::Never,
        Guarantee::Uniform => Relay::Eager,
        _ if values.choice(RELAY.name) == "lazy" => Relay::Lazy,
        _ => Relay::Eager,
    };
    let (heartbeat, patience) = match is_relayed {
        true => (values.duration(HEARTBEAT.name), values.integer(PATIENCE.name) as u32),
        false => (MILLISECOND, 1),
    };
    let given = values.choice(LINKS.name) == "given";
    let mistake = planted(job.variant, variants, mistakes)?;
    Ok(Options { guarantee, relay, given, resend: values.duration(RESEND.name), heartbeat, patience, mistake })
}

impl Options {
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether processes look who is silent, and pass on what those have broadcast.
    pub(super) fn suspects(&self) -> bool {
        self.relay == Relay::Lazy
    }
}
