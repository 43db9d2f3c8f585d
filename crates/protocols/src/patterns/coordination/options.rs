//! What a scenario says: which pattern, how wide a tree or a round of gossip is, and how long nodes wait.

use super::monitor::NO_FALSE_ACKNOWLEDGEMENT;
use super::tree::Tree;
use crate::harness::{CONVERGES, planted};
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who tells whom.
    pub pattern: Pattern,
    /// The tree by which nodes pass on in [`Pattern::Tree`].
    pub tree: Tree,
    /// Whether a node asks its next neighbour only when it has heard from the one before.
    pub one_by_one: bool,
    /// Gossip: to how many a node tells a rumor in a round.
    pub fanout: u32,
    /// How often a node looks at what is not acknowledged, in ns: gossip's round, or when it says again what was not answered.
    pub period: Nanos,
    /// Whether what was not acknowledged is said again. Gossip's rounds go on in any case.
    pub again: bool,
    /// After how many such looks a client is told what is known so far.
    pub patience: u32,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// Who tells whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    /// Nobody tells anybody.
    None,
    /// Neighbours in a tree; a master's slaves are those of a flat one.
    Tree,
    /// Everybody tells everybody.
    Mesh,
    /// Everybody tells some, drawn at random, in rounds.
    Gossip,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// A node of a tree speaks for all beyond it as soon as it has the update itself.
    AckEarly,
    /// What is not on disk yet is passed on and acknowledged.
    TellsBeforeForce,
    /// Acknowledgements are counted, not those who acknowledge.
    CountsAcks,
    /// Who did not say no in time is counted.
    SilenceIsConsent,
    /// A node that was restarted leaves off what it had begun.
    LeavesOff,
}

const PATTERNS: &[Choice] = &[
    Choice { name: "none", doc: "nobody tells anybody: each has what it was asked itself" },
    Choice { name: "master", doc: "node 0 is told, tells each of the others, and says when all have acknowledged" },
    Choice { name: "mesh", doc: "everybody tells everybody, so that each knows of each" },
    Choice { name: "tree", doc: "each passes on to its neighbours in a tree, and acknowledges when all beyond it have" },
    Choice { name: "gossip", doc: "in each round everybody tells some others, drawn at random, and who is known to have it" },
];

const PATTERN: Field =
    Field { name: "pattern", kind: FieldKind::Choice(PATTERNS), default: Default::Choice("tree"), doc: "Who tells whom." };
const BRANCHING: Field = Field::integer("branching", 1, 1_000, 2, "Children of a node in the tree; node 0 is at the top.");
const ONE_BY_ONE: Field = Field::flag(
    "one-by-one",
    false,
    "In a tree, and a master's too: whether a node asks a neighbour only when the one before has acknowledged.",
);
const FANOUT: Field = Field::integer("fanout", 1, 1_000, 2, "Gossip: how many others a node tells in a round.");
const INTERVAL: Field = Field::duration("interval", 100 * MILLISECOND, "Gossip: from a node's round to its next.");
const RESEND: Field = Field::duration(
    "resend",
    200 * MILLISECOND,
    "In the other patterns: how often a node says again what was not acknowledged; the first wait is of one to two times that.",
);
const AGAIN: Field = Field::flag(
    "again",
    true,
    "In the other patterns: whether a node says again what was not acknowledged. If not, what is lost stays lost.",
);
const PATIENCE: Field = Field::duration(
    "patience",
    2 * SECOND,
    "How long a client waits at least before it is told of those who are known by then; in whole rounds, or waits. Nodes go on.",
);

pub(super) const FIELDS: &[Field] = &[PATTERN, BRANCHING, ONE_BY_ONE, FANOUT, INTERVAL, RESEND, AGAIN, PATIENCE];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 5] = &[
    Variant {
        name: "ack-early",
        summary: "a node of a tree acknowledges for all beyond it as soon as it has the update itself",
        caught_by: NO_FALSE_ACKNOWLEDGEMENT,
    },
    Variant {
        name: "tell-before-force",
        summary: "a node passes on and acknowledges what is not on its disk yet",
        caught_by: NO_FALSE_ACKNOWLEDGEMENT,
    },
    Variant {
        name: "count-acks",
        summary: "acknowledgements are counted, so that one that comes twice stands for somebody else too",
        caught_by: NO_FALSE_ACKNOWLEDGEMENT,
    },
    Variant {
        name: "silence-is-consent",
        summary: "when its patience is over, a node counts those of whom it has not heard",
        caught_by: NO_FALSE_ACKNOWLEDGEMENT,
    },
    Variant {
        name: "leave-off",
        summary: "a node that was restarted does not go on with the updates that not all have",
        caught_by: CONVERGES.name,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let nodes = job.setup.nodes;
    let name = values.choice(PATTERN.name);
    let pattern = match name {
        "none" => Pattern::None,
        "mesh" => Pattern::Mesh,
        "gossip" => Pattern::Gossip,
        _ => Pattern::Tree,
    };
    let branching = match name {
        "master" => nodes.saturating_sub(1).max(1),
        _ => values.integer(BRANCHING.name) as u32,
    };
    let period = values.duration(if pattern == Pattern::Gossip { INTERVAL.name } else { RESEND.name });
    let patience = values.duration(PATIENCE.name).div_ceil(period);
    Ok(Options {
        pattern,
        tree: Tree { nodes, branching },
        one_by_one: values.flag(ONE_BY_ONE.name),
        fanout: values.integer(FANOUT.name) as u32,
        period,
        again: values.flag(AGAIN.name),
        patience: u32::try_from(patience).unwrap_or(u32::MAX - 1),
        mistake: planted(
            job.variant,
            VARIANTS,
            &[Mistake::AckEarly, Mistake::TellsBeforeForce, Mistake::CountsAcks, Mistake::SilenceIsConsent, Mistake::LeavesOff],
        )?,
    })
}

impl Options {
    /// Why nobody promises that all come to have an update; `None` where it is promised.
    pub(super) fn excuse(&self) -> Option<&'static str> {
        match self.pattern {
            Pattern::None => Some("nobody tells anybody"),
            Pattern::Tree | Pattern::Mesh if !self.again => Some("nothing is said again: what is lost stays lost"),
            Pattern::Tree | Pattern::Mesh | Pattern::Gossip => None,
        }
    }

    /// Whether this is what is wrong.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
