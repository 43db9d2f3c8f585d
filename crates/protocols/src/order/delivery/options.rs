//! What a scenario says of deliveries: what is promised, how a sender tries again, and what a receiver remembers.

use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::order::deliveries::NO_DUPLICATION;
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is promised.
    pub guarantee: Guarantee,
    /// How long a sender waits for an acknowledgement before it says a message again, in ns.
    pub resend: Nanos,
    /// How many messages a sender has open with one receiver, and how many the receiver remembers of it.
    pub window: u32,
    /// How long a receiver remembers a delivery, in ns on its elapsed clock.
    pub remember: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What is promised of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guarantee {
    /// Nothing.
    FireAndForget,
    /// It arrives, once or more.
    Acknowledged,
    /// It arrives once.
    ExactlyOnce,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Every arrival is delivered.
    NoDedup,
    /// Deliveries are remembered for less than a sender's first wait.
    Expiry,
}

const DAY: Nanos = 86_400 * SECOND;

const GUARANTEE: Field = Field {
    name: "guarantee",
    kind: FieldKind::Choice(&[
        Choice { name: "fire-and-forget", doc: "a message is sent once, and nobody asks what became of it" },
        Choice { name: "acknowledged", doc: "a message is said again until the receiver says that it has it: at least once" },
        Choice { name: "exactly-once", doc: "and the receiver remembers what it has delivered" },
    ]),
    default: Default::Choice("exactly-once"),
    doc: "What is promised of a message.",
};
const RESEND: Field = Field::duration(
    "resend",
    200 * MILLISECOND,
    "How long a sender waits for an acknowledgement before it says a message again, and again after that.",
);
const WINDOW: Field = Field::integer(
    "window",
    1,
    65_536,
    64,
    "How many messages a sender has open with one receiver; the others wait. The receiver remembers as many of each sender.",
);
const REMEMBER: Field = Field {
    name: "remember",
    kind: FieldKind::Duration(MILLISECOND, 365 * DAY),
    default: Default::Duration(DAY),
    doc: "How long a receiver remembers a delivery, on its elapsed clock. It must be longer than any sender goes on trying, and than any message is under way.",
};

pub(super) const FIELDS: &[Field] = &[GUARANTEE, RESEND, WINDOW, REMEMBER];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 2] = &[
    Variant {
        name: "no-dedup",
        summary: "the receiver remembers nothing, and delivers a message each time that it arrives",
        caught_by: NO_DUPLICATION,
    },
    Variant {
        name: "expiry",
        summary: "deliveries are forgotten after half of a sender's first wait, sooner than it says them again",
        caught_by: NO_DUPLICATION,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    Ok(Options {
        guarantee: match values.choice(GUARANTEE.name) {
            "fire-and-forget" => Guarantee::FireAndForget,
            "acknowledged" => Guarantee::Acknowledged,
            _ => Guarantee::ExactlyOnce,
        },
        resend: values.duration(RESEND.name),
        window: values.integer(WINDOW.name) as u32,
        remember: values.duration(REMEMBER.name),
        mistake: planted(job.variant, VARIANTS, &[Mistake::NoDedup, Mistake::Expiry])?,
    })
}

impl Options {
    /// How long a delivery is remembered, in ns; `None` where every arrival is delivered.
    pub(super) fn memory(&self) -> Option<Nanos> {
        match (self.guarantee, self.mistake) {
            (Guarantee::FireAndForget | Guarantee::Acknowledged, _) | (_, Some(Mistake::NoDedup)) => None,
            (_, Some(Mistake::Expiry)) => Some(self.resend / 2),
            (_, None) => Some(self.remember),
        }
    }

    /// Whether a sender goes on until it hears that a message has arrived.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.guarantee != Guarantee::FireAndForget
    }
}
