//! What a scenario says of rumor mongering: the variations of the paper (Demers et al. 1987, §1.4), and two questions that it leaves open.

use super::monitor::{NEWEST_WINS, NO_FORGETTING};
use crate::harness::no_variant;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MICROSECOND, Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who tells whom.
    pub mode: Mode,
    /// Interest is lost over contacts that were unnecessary; else over any (blind).
    pub feedback: bool,
    /// How interest is lost.
    pub removal: Removal,
    /// The paper's k: at least 1.
    pub k: u32,
    /// On which state of the recipient a contact is judged.
    pub judged: Judged,
    /// A useful contact sets the counter back to 0.
    pub resets: bool,
    /// From cycle to cycle, in ns on the node's elapsed clock; at least 1.
    pub interval: Nanos,
    /// When cycles begin.
    pub start: Start,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// Who tells whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Who spreads something tells it.
    Push,
    /// Everybody asks, and who spreads something answers.
    Pull,
    /// Both; of two that spread the same, the one with the smaller counter counts (Demers et al. 1987, §1.4, minimization).
    PushPull,
}

/// How interest is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Removal {
    /// After k contacts that count.
    Counter,
    /// After each contact that counts, with probability 1/k.
    Coin,
}

/// On which state of the recipient a contact is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judged {
    /// The one at the start of its cycle: two that tell it in one cycle were both useful.
    CycleStart,
    /// The one that it has when the rumor arrives.
    Live,
}

/// When cycles begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// At the multiples of the interval on the elapsed clock: where clocks are true, for all at once.
    Together,
    /// Anywhere within an interval.
    Spread,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// A rumor that comes replaces another one of its key, whichever is newer.
    Overwrites,
    /// A node believes, tells and confirms what is not on its disk yet.
    TellsBeforeForce,
}

const MODE: Field = Field {
    name: "mode",
    kind: FieldKind::Choice(&[
        Choice { name: "push", doc: "who spreads a rumor tells it to one other node in each cycle" },
        Choice {
            name: "pull",
            doc: "every node asks one other in each cycle, which tells it what it spreads; asking never ends",
        },
        Choice {
            name: "push-pull",
            doc: "both at once; where both know the rumor, only who spreads it with the smaller counter counts that (minimization)",
        },
    ]),
    default: Default::Choice("push"),
    doc: "Who tells whom.",
};
const FEEDBACK: Field = Field::flag(
    "feedback",
    true,
    "Recipients say whether a rumor was new to them, and only contacts that were unnecessary cost interest; without it (blind) all do.",
);
const REMOVAL: Field = Field {
    name: "removal",
    kind: FieldKind::Choice(&[
        Choice { name: "counter", doc: "after k contacts that count" },
        Choice { name: "coin", doc: "after each contact that counts, with probability 1/k" },
    ]),
    default: Default::Choice("counter"),
    doc: "When a node loses interest in a rumor, and spreads it no more. In one cycle it counts once at most; asked several times in a cycle, it counts that if nobody who asked needed the rumor.",
};
const K: Field =
    Field::integer("k", 1, 1_000_000, 1, "How persistent a node is: how many contacts that count it takes to lose interest.");
const JUDGED: Field = Field {
    name: "judged",
    kind: FieldKind::Choice(&[
        Choice {
            name: "cycle-start",
            doc: "what it knew when its cycle began; what it heard since is passed on from the next cycle on",
        },
        Choice { name: "live", doc: "what it knows when the rumor comes" },
    ]),
    default: Default::Choice("cycle-start"),
    doc: "By which state of the recipient a contact was necessary or not; the paper leaves it open.",
};
const RESET: Field = Field::flag(
    "reset",
    true,
    "A contact that was useful sets the counter back to 0: then k unnecessary ones in a row are meant. The paper leaves it open.",
);
const INTERVAL: Field = Field {
    name: "interval",
    kind: FieldKind::Duration(MICROSECOND, 86_400 * SECOND),
    default: Default::Duration(SECOND),
    doc: "The length of a cycle, on a node's own clock.",
};
const START: Field = Field {
    name: "start",
    kind: FieldKind::Choice(&[
        Choice { name: "together", doc: "at the multiples of the interval: synchronous cycles, as long as clocks are true" },
        Choice { name: "spread", doc: "drawn by each node whenever it has something to do again" },
    ]),
    default: Default::Choice("together"),
    doc: "When a node's cycles begin.",
};

pub(super) const FIELDS: &[Field] = &[MODE, FEEDBACK, REMOVAL, K, JUDGED, RESET, INTERVAL, START];

/// The planted variants.
pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "overwrites",
        summary: "a rumor that comes replaces what is under its key, even where that is newer",
        caught_by: NEWEST_WINS,
    },
    Variant {
        name: "tells-before-force",
        summary: "a node believes and confirms a rumor before that is on its disk, and a restart forgets it",
        caught_by: NO_FORGETTING,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let mistake = match job.variant {
        "right" => None,
        "overwrites" => Some(Mistake::Overwrites),
        "tells-before-force" => Some(Mistake::TellsBeforeForce),
        _ => return Err(no_variant(job.variant)),
    };
    Ok(Options {
        mode: match values.choice(MODE.name) {
            "push" => Mode::Push,
            "pull" => Mode::Pull,
            _ => Mode::PushPull,
        },
        feedback: values.flag(FEEDBACK.name),
        removal: if values.choice(REMOVAL.name) == "coin" { Removal::Coin } else { Removal::Counter },
        k: values.integer(K.name) as u32,
        judged: if values.choice(JUDGED.name) == "live" { Judged::Live } else { Judged::CycleStart },
        resets: values.flag(RESET.name),
        interval: values.duration(INTERVAL.name),
        start: if values.choice(START.name) == "spread" { Start::Spread } else { Start::Together },
        mistake,
    })
}

impl Options {
    /// Whether this mistake is made.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
