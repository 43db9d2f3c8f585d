//! The parameters of a ring, and what its planted variants do wrong.

use super::monitor::NUMBERED_ONCE;
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::order::deliveries::ORDERED;
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};

/// Who gives a message its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Its sender, when the token comes: privilege-based.
    Privilege,
    /// Whoever has the token: a moving sequencer.
    Sequencer,
}

/// The parameters of all processes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who gives numbers.
    pub form: Form,
    /// Whether a lost token is made anew by a majority; if not, it is kept by logs, and nothing waits for a majority.
    pub regenerates: bool,
    /// How long a holder without messages keeps the token, in ns.
    pub pace: Nanos,
    /// How many numbers a holder gives before it passes the token.
    pub window: u64,
    /// How long a process waits for a word that the token was taken, in ns.
    pub ack_timeout: Nanos,
    /// How often it passes the token to a process that says nothing.
    pub tries: u64,
    /// How long nothing may be heard of the token before it is taken for lost, in ns.
    pub token_timeout: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Nobody looks whether a token was here before.
    TakesTwice,
    /// A new token is made of what one process has accepted.
    FromOwn,
    /// What has a number is delivered.
    Unstable,
    /// Holes in the order are passed over.
    OverHoles,
}

const PACE: Field = Field {
    name: "pace",
    kind: FieldKind::Duration(0, 3_600 * SECOND),
    default: Default::Duration(MILLISECOND),
    doc: "How long a holder that has nothing to number keeps the token; 0ns passes it at once.",
};
const WINDOW: Field = Field::integer(
    "window",
    1,
    10_000,
    16,
    "How many numbers a holder may give before it passes the token: Totem's flow control, of one visit.",
);
const ACK_TIMEOUT: Field = Field::duration(
    "ack-timeout",
    100 * MILLISECOND,
    "How long to wait for an answer before the token, a probe or a seal is sent again.",
);
const TRIES: Field =
    Field::integer("tries", 1, 100, 5, "How often the token is passed to a process that does not answer, before it is left out.");
const TOKEN_TIMEOUT: Field = Field::duration(
    "token-timeout",
    SECOND,
    "How long nothing is heard of the token before it is taken for lost; then a new one is tried for after up to as long again.",
);
const REGENERATION: Field = Field {
    name: "regeneration",
    kind: FieldKind::Choice(&[
        Choice { name: "quorum", doc: "a majority is sealed and a new one made; what a majority has accepted is delivered" },
        Choice {
            name: "none",
            doc: "it never is: holders log it, and who comes back goes on with it; what has a number is delivered",
        },
    ]),
    default: Default::Choice("quorum"),
    doc: "What happens when the token is lost.",
};

pub(super) const FIELDS: &[Field] = &[REGENERATION, PACE, WINDOW, ACK_TIMEOUT, TRIES, TOKEN_TIMEOUT];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 4] = &[
    Variant {
        name: "token-doubled",
        summary: "hops are not counted: who does not have the token takes it, though it is a copy of one that it had before",
        caught_by: NUMBERED_ONCE,
    },
    Variant {
        name: "regenerates-from-own",
        summary: "a new token goes on after what its maker itself has accepted, and what the others have does not count",
        caught_by: ORDERED,
    },
    Variant {
        name: "delivers-unstable",
        summary: "a message is delivered as soon as it has a number, and no majority need have accepted it",
        caught_by: ORDERED,
    },
    Variant { name: "drops-gap", summary: "a process delivers what is stable over numbers that it lacks", caught_by: ORDERED },
];

pub(super) fn options(job: &Job<'_>, form: Form) -> Result<Options, OptionError> {
    let values = job.options;
    Ok(Options {
        form,
        regenerates: values.choice(REGENERATION.name) == "quorum",
        pace: values.duration(PACE.name),
        window: values.integer(WINDOW.name),
        ack_timeout: values.duration(ACK_TIMEOUT.name),
        tries: values.integer(TRIES.name),
        token_timeout: values.duration(TOKEN_TIMEOUT.name),
        mistake: planted(job.variant, VARIANTS, &[Mistake::TakesTwice, Mistake::FromOwn, Mistake::Unstable, Mistake::OverHoles])?,
    })
}

impl Options {
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether a message waits for a majority before it is delivered.
    pub(super) fn waits_for_majority(&self) -> bool {
        self.regenerates && !self.makes(Mistake::Unstable)
    }
}

/// More than half of all processes.
pub(super) fn majority(nodes: u32) -> usize {
    nodes as usize / 2 + 1
}
