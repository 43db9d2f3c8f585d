//! What a scenario says of three-phase commit.

use super::super::monitor::{AGREEMENT, Promises};
use super::super::options::{self, BACKOFF, Common, GROUP_COMMIT, KEEPERS, LOCK_TIMEOUT, PREPARE_TIMEOUT, RETRIES};
use super::super::store::LOCKING;
use super::super::transaction::{BALANCE, OBJECT};
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::SECOND;
use quorate_engine::{NodeId, OpId};

/// How participants end a transaction whose coordinator they do not hear.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Termination {
    /// With a quorum, whatever fails (Skeen 1982).
    Quorum,
    /// By the states of all who answer: right where only sites fail (Skeen 1981).
    Skeen,
    /// They wait for the coordinator.
    Never,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mistake {
    /// A participant that hears nothing decides alone: precommitted it commits, else it aborts.
    DecidesAlone,
    /// A participant says that it is precommitted before that is on its disk.
    PrecommitsBeforeForce,
}

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all protocols that commit have.
    pub common: Common,
    /// How a transaction is ended without its coordinator.
    pub termination: Termination,
    /// How many participants must be precommitted; 0 for a majority.
    commit_quorum: usize,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

const COMMIT_TIMEOUT: Field = Field::duration(
    options::COMMIT_TIMEOUT,
    5 * SECOND,
    "How long a participant that has voted yes hears nothing before it asks the others, and each such attempt waits for answers; how long a coordinator waits for precommitted participants before it asks again.",
);
const TERMINATION: Field = Field {
    name: "termination",
    kind: FieldKind::Choice(&[
        Choice { name: "quorum", doc: "with a quorum of the participants: right whatever fails, and blocked without one" },
        Choice {
            name: "skeen",
            doc: "by the states of all who answer: blocks nobody, and is right where nodes crash and nothing else fails",
        },
        Choice { name: "none", doc: "they wait for the coordinator" },
    ]),
    default: Default::Choice("quorum"),
    doc: "How participants end a transaction whose coordinator they do not hear.",
};
const COMMIT_QUORUM: Field = Field::integer(
    "commit-quorum",
    0,
    1_000_000,
    0,
    "How many of a transaction's N participants must be precommitted before it is committed, where termination is quorum: all of them where it has fewer. It is aborted without its coordinator when N + 1 less these are preaborted. 0 stands for a majority.",
);

pub(super) const FIELDS: &[Field] = &[
    KEEPERS,
    OBJECT,
    BALANCE,
    TERMINATION,
    COMMIT_QUORUM,
    LOCKING,
    LOCK_TIMEOUT,
    PREPARE_TIMEOUT,
    COMMIT_TIMEOUT,
    RETRIES,
    BACKOFF,
    GROUP_COMMIT,
];

const MISTAKES: [Mistake; 2] = [Mistake::DecidesAlone, Mistake::PrecommitsBeforeForce];

/// The planted variants, in the order of [`MISTAKES`].
pub(super) const VARIANTS: [Variant; MISTAKES.len()] = [
    Variant {
        name: "3pc-partition",
        summary: "a participant that hears nothing for commit-timeout decides alone: precommitted it commits, else it aborts",
        caught_by: AGREEMENT,
    },
    Variant {
        name: "precommit-amnesia",
        summary: "a participant says that it is precommitted before that is on its disk, and a restart forgets it",
        caught_by: AGREEMENT,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let common = Common::of(job)?;
    let termination = match values.choice(TERMINATION.name) {
        "skeen" => Termination::Skeen,
        "none" => Termination::Never,
        _ => Termination::Quorum,
    };
    let commit_quorum = values.integer(COMMIT_QUORUM.name) as usize;
    if commit_quorum > common.keepers as usize {
        let keepers = common.keepers;
        let message = format!("{commit_quorum} participants are to be precommitted, and there are {keepers}; say fewer, or 0");
        return Err(OptionError { field: COMMIT_QUORUM.name, message });
    }
    let mistake = planted(job.variant, &VARIANTS, &MISTAKES)?;
    Ok(Options { common, termination, commit_quorum, mistake })
}

impl Options {
    /// Whether this mistake is made.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Who coordinates an operation that a participant was asked for: itself, or one of those who do nothing else.
    pub(super) fn coordinator(&self, asked: NodeId, operation: OpId) -> NodeId {
        match self.common.nodes - self.common.keepers {
            others if others > 0 && self.common.keeps(asked) => NodeId(self.common.keepers + operation.0 % others),
            _ => asked,
        }
    }

    /// How many of so many participants must be precommitted for a commit, or preaborted for an abort. Any set of the one size meets any of
    /// the other: together they are one more than there are participants (Skeen 1982, §3).
    pub fn quorum(&self, participants: usize, commit: bool) -> usize {
        let to_commit = match self.commit_quorum {
            0 => participants / 2 + 1,
            wanted => wanted.min(participants),
        };
        if commit { to_commit } else { participants + 1 - to_commit }
    }

    /// How many of so many participants the coordinator wants precommitted before it commits.
    pub(super) fn wanted(&self, participants: usize) -> usize {
        match self.termination {
            Termination::Quorum => self.quorum(participants, true),
            Termination::Skeen | Termination::Never => participants,
        }
    }
}

impl Promises for Options {
    fn calm(&self) -> bool {
        self.common.calm
    }
}
