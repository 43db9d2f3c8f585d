//! What a scenario says: what an update sets going, and what goes on whether anything changed or not.

use super::monitor::{NEWEST_WINS, NO_FORGETTING};
use crate::harness::{CONVERGES, planted};
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::patterns::coordination::tree::Tree;
use crate::registry::{Job, Variant};
use quorate_engine::time::{Nanos, SECOND};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What an update sets going.
    pub on_update: OnUpdate,
    /// The tree along which deltas go in [`OnUpdate::Tree`].
    pub tree: Tree,
    /// To whom nodes tell their version.
    pub versions: Versions,
    /// How often, in ns.
    pub interval: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What an update sets going.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnUpdate {
    /// Nothing: versions will show it.
    Nothing,
    /// Whoever has something new by it sends all that it has to all others.
    FullState,
    /// Who was asked sends what changed to all others.
    Delta,
    /// What changed goes along a tree.
    Tree,
}

/// To whom nodes tell their version in each interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Versions {
    /// To nobody: what is lost stays lost.
    Nothing,
    /// To all others.
    All,
    /// To one other, all equally likely.
    One,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// Another version is heard of, and nothing is done.
    NoRepair,
    /// A delta is taken over, new or not. States are not: they would chase each other for ever.
    Overwrites,
    /// What is not on disk yet is told to others and to the client.
    TellsBeforeForce,
}

const ON_UPDATES: &[Choice] = &[
    Choice { name: "nothing", doc: "nothing; versions will show it" },
    Choice { name: "full-state", doc: "whoever has something new by it sends all that it has to all others: n(n-1) states" },
    Choice { name: "delta", doc: "the node that was asked sends what changed to all others: n-1 deltas" },
    Choice { name: "tree", doc: "what changed goes along a tree: n-1 deltas, a few from each" },
];
const VERSION_CHOICES: &[Choice] = &[
    Choice { name: "nothing", doc: "to nobody: what is lost stays lost" },
    Choice { name: "all", doc: "to all others" },
    Choice { name: "one", doc: "to one other, drawn at random" },
];

const ON_UPDATE: Field = Field {
    name: "on-update",
    kind: FieldKind::Choice(ON_UPDATES),
    default: Default::Choice("delta"),
    doc: "What an update sets going.",
};
const BRANCHING: Field = Field::integer("branching", 1, 1_000, 2, "Children of a node in the tree; node 0 is at the top.");
const VERSIONS: Field = Field {
    name: "versions",
    kind: FieldKind::Choice(VERSION_CHOICES),
    default: Default::Choice("one"),
    doc: "To whom a node tells in each interval at which version it is. Who is at another one compares, and both repair.",
};
const INTERVAL: Field = Field::duration("interval", 10 * SECOND, "How often a node tells at which version it is.");

pub(super) const FIELDS: &[Field] = &[ON_UPDATE, BRANCHING, VERSIONS, INTERVAL];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 3] = &[
    Variant {
        name: "no-repair",
        summary: "a node that hears of another version does nothing, so that a delta that was lost stays lost",
        caught_by: CONVERGES.name,
    },
    Variant { name: "overwrite", summary: "a delta takes the place of what is there, newer or not", caught_by: NEWEST_WINS },
    Variant {
        name: "tell-before-force",
        summary: "a node tells others and its client what is not on its disk yet",
        caught_by: NO_FORGETTING,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    Ok(Options {
        on_update: match values.choice(ON_UPDATE.name) {
            "nothing" => OnUpdate::Nothing,
            "full-state" => OnUpdate::FullState,
            "tree" => OnUpdate::Tree,
            _ => OnUpdate::Delta,
        },
        tree: Tree { nodes: job.setup.nodes, branching: values.integer(BRANCHING.name) as u32 },
        versions: match values.choice(VERSIONS.name) {
            "nothing" => Versions::Nothing,
            "all" => Versions::All,
            _ => Versions::One,
        },
        interval: values.duration(INTERVAL.name),
        mistake: planted(job.variant, VARIANTS, &[Mistake::NoRepair, Mistake::Overwrites, Mistake::TellsBeforeForce])?,
    })
}

impl Options {
    /// Whether this is what is wrong.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
