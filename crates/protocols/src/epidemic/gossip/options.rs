//! The options of whatever gossips: the table that scenario files are held against, and what it becomes.

use crate::options::{Choice, Default, Field, FieldKind, Values};
use quorate_engine::time::{MICROSECOND, Nanos, SECOND};

/// How a state gossips, and by which rule two states become one.
#[derive(Clone, Debug)]
pub struct Options<R> {
    /// Who tells whom when two replicas meet.
    pub mode: Mode,
    /// Different peers that a replica meets in a round: 1 to [`super::actor::FANOUT_MAX`], capped at the number of peers.
    pub fanout: usize,
    /// From round to round, in ns on the replica's elapsed clock; at least 1.
    pub interval: Nanos,
    /// When the first round is.
    pub start: Start,
    /// Which state a reply carries.
    pub reply: Reply,
    /// Whom a replica meets.
    pub partners: Partners,
    /// How states change and merge.
    pub rule: R,
}

/// Who tells whom when two replicas meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The one that calls tells the other.
    Push,
    /// The one that calls is told.
    Pull,
    /// Both.
    PushPull,
}

/// When the first round is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// One interval after a replica's start, for all at once: with true clocks and no restarts, synchronous rounds.
    Together,
    /// Drawn by each replica within one interval of its start.
    Spread,
}

/// Which state a reply carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The one at the replying replica's own latest round, as in the textbook's synchronous model.
    RoundStart,
    /// The one that it has when it replies.
    Live,
}

/// Whom a replica meets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Partners {
    /// Its neighbours in the topology.
    Neighbours,
    /// Any other replica: what is said to one that is no neighbour is handed on.
    Anyone,
}

const MODES: &[Choice] = &[
    Choice { name: "push", doc: "the caller tells the peer its state; nothing is sent while there is nothing to tell" },
    Choice { name: "pull", doc: "the caller asks the peer for its state" },
    Choice { name: "push-pull", doc: "both: the caller tells, the peer answers" },
];

const STARTS: &[Choice] = &[
    Choice { name: "spread", doc: "drawn by each replica within the first interval" },
    Choice { name: "together", doc: "all after one interval: synchronous rounds, as long as clocks are true" },
];

const REPLIES: &[Choice] = &[
    Choice { name: "live", doc: "the state at the moment of the reply" },
    Choice { name: "round-start", doc: "the state at the replying replica's own latest round, as the literature counts rounds" },
];

const PARTNERS_CHOICES: &[Choice] = &[
    Choice { name: "neighbours", doc: "its neighbours in the topology: all others in a mesh" },
    Choice { name: "anyone", doc: "any other replica: what is said to one that is no neighbour is handed on, hop by hop" },
];

pub(crate) const MODE: Field = Field {
    name: "mode",
    kind: FieldKind::Choice(MODES),
    default: Default::Choice("push-pull"),
    doc: "Who tells whom when two replicas meet.",
};

pub(crate) const FANOUT: Field = Field {
    name: "fanout",
    kind: FieldKind::Integer(1, super::actor::FANOUT_MAX as u64),
    default: Default::Integer(3),
    doc: "Different peers that a replica meets in each round; at most all of them.",
};

pub(crate) const INTERVAL: Field = Field {
    name: "interval",
    kind: FieldKind::Duration(MICROSECOND, 86_400 * SECOND),
    default: Default::Duration(SECOND),
    doc: "The time from one round of a replica to its next, on its own clock.",
};

pub(crate) const START: Field = Field {
    name: "start",
    kind: FieldKind::Choice(STARTS),
    default: Default::Choice("spread"),
    doc: "When a replica's first round is.",
};

pub(crate) const REPLY: Field = Field {
    name: "reply",
    kind: FieldKind::Choice(REPLIES),
    default: Default::Choice("live"),
    doc: "Which state the answer to a pull or push-pull carries.",
};

pub(crate) const PARTNERS: Field = Field {
    name: "partners",
    kind: FieldKind::Choice(PARTNERS_CHOICES),
    default: Default::Choice("neighbours"),
    doc: "Among whom a replica draws its peers.",
};

impl<R> Options<R> {
    /// The options of a checked scenario.
    pub(crate) fn new(values: &Values, rule: R) -> Options<R> {
        Options {
            mode: match values.choice(MODE.name) {
                "push" => Mode::Push,
                "pull" => Mode::Pull,
                _ => Mode::PushPull,
            },
            fanout: values.integer(FANOUT.name) as usize,
            interval: values.duration(INTERVAL.name),
            start: if values.choice(START.name) == "together" { Start::Together } else { Start::Spread },
            reply: if values.choice(REPLY.name) == "round-start" { Reply::RoundStart } else { Reply::Live },
            partners: if values.choice(PARTNERS.name) == "anyone" { Partners::Anyone } else { Partners::Neighbours },
            rule,
        }
    }
}
