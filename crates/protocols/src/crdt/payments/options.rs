//! What a scenario says of payments: how gateways try again, and how long the books keep ids.

use super::monitor::CHARGED_ONCE;
use crate::harness::planted;
use crate::options::{Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a gateway waits before it says a payment again for the first time, in ns.
    pub resend: Nanos,
    /// How often a gateway says a payment, the first time included.
    pub attempts: u32,
    /// How long the books keep an id, in ns on their elapsed clock.
    pub remember: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Every delivery is charged.
    WithoutIds,
    /// Ids are kept for less than a gateway's first wait.
    Expiry,
}

const DAY: Nanos = 86_400 * SECOND;

const RESEND: Field = Field::duration(
    "resend",
    200 * MILLISECOND,
    "How long a gateway waits for the books before it says a payment again; it waits twice as long each time.",
);
const ATTEMPTS: Field = Field::integer(
    "attempts",
    1,
    20,
    8,
    "How often a gateway says a payment before it leaves it to the client, the first time included.",
);
const REMEMBER: Field = Field {
    name: "remember",
    kind: FieldKind::Duration(MILLISECOND, 365 * DAY),
    default: Default::Duration(DAY),
    doc: "How long the books keep a payment's id, on the elapsed clock of the node that keeps them. It must be longer than anybody goes on trying: clients, gateways, and messages that are late.",
};

pub(super) const FIELDS: &[Field] = &[RESEND, ATTEMPTS, REMEMBER];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 2] = &[
    Variant {
        name: "without-ids",
        summary: "the books look at no id, and charge a payment each time that it is delivered",
        caught_by: CHARGED_ONCE,
    },
    Variant {
        name: "idempotency-expiry",
        summary: "ids are forgotten after half of a gateway's first wait, sooner than the last retry comes",
        caught_by: CHARGED_ONCE,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    Ok(Options {
        resend: values.duration(RESEND.name),
        attempts: values.integer(ATTEMPTS.name) as u32,
        remember: values.duration(REMEMBER.name),
        mistake: planted(job.variant, VARIANTS, &[Mistake::WithoutIds, Mistake::Expiry])?,
    })
}

impl Options {
    /// How long an id is kept, in ns; `None` where nobody looks at ids.
    pub(super) fn memory(&self) -> Option<Nanos> {
        match self.mistake {
            None => Some(self.remember),
            Some(Mistake::WithoutIds) => None,
            Some(Mistake::Expiry) => Some(self.resend / 2),
        }
    }
}
