//! What a scenario says of mutual exclusion: how long nodes stay in, and what links there are.

use super::Algorithm;
use super::node::Timer;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::order::links::Manner;
use crate::registry::Job;
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a node stays in, in ns.
    pub hold: Nanos,
    /// How messages go.
    pub links: Manner<Timer>,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Lamport: links deliver messages as they come.
    NoFifo,
    /// Lamport: enters as soon as its request is the oldest that it knows.
    Hasty,
    /// Ricart and Agrawala: keeps a reply back only while it is in.
    AnswersAlways,
    /// Ricart and Agrawala: equal sequence numbers are answered on both sides.
    Ties,
    /// Suzuki and Kasami: a token that is sent on stays here too.
    TokenDoubled,
    /// Suzuki and Kasami: who leaves looks at no request that came meanwhile.
    Forgetful,
    /// Maekawa: voters never ask for a vote back.
    NoInquiry,
    /// Maekawa: a request that is overtaken as the oldest that waits is not told.
    OvertakenUntold,
    /// Maekawa: a quorum is a column of the grid, without the row.
    ColumnsOnly,
}

const HOLD: Field = Field::duration("hold", 10 * MILLISECOND, "How long a node stays in the critical section.");
const LINKS: Field = Field {
    name: "links",
    kind: FieldKind::Choice(&[
        Choice { name: "made", doc: "The network may lose what it likes: messages are acknowledged, and said again." },
        Choice { name: "given", doc: "The network loses nothing, and nothing is acknowledged." },
    ]),
    default: Default::Choice("made"),
    doc: "Who sees to it that what is sent arrives. Messages have numbers in any case, so that they are heard once and in order.",
};
const RESEND: Field = Field::duration(
    "resend",
    100 * MILLISECOND,
    "How often a node looks at what is not acknowledged: it says it again at the second look, the fourth, the eighth, every sixteenth.",
);

pub(super) const FIELDS: &[Field] = &[HOLD, LINKS, RESEND];

pub(super) fn options<A: Algorithm>(job: &Job<'_>) -> Result<Options, OptionError> {
    let (values, mistake) = (job.options, A::mistake(job.variant)?);
    let links = Manner {
        acknowledged: values.choice(LINKS.name) == "made",
        ordered: mistake != Some(Mistake::NoFifo),
        resend: values.duration(RESEND.name),
        timer: Timer::Resend,
    };
    Ok(Options { hold: values.duration(HOLD.name), links, mistake })
}
