//! What a scenario says of two-phase commit.

use super::super::monitor::{AGREEMENT, Promises};
use super::super::options::{self, BACKOFF, Common, GROUP_COMMIT, KEEPERS, LOCK_TIMEOUT, PREPARE_TIMEOUT, RETRIES};
use super::super::report::MONEY;
use super::super::store::{CONCURRENCY, Waits};
use super::super::transaction::{BALANCE, OBJECT};
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use crate::replication::judge::STRICT;
use quorate_engine::time::{Nanos, SECOND};
use quorate_engine::{NodeId, OpId};

/// What is presumed of a transaction of which nothing is known any more (Mohan, Lindsay and Obermarck, TODS 11(4), 1986, §2 and §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Presumption {
    /// Both outcomes are written down and acknowledged.
    Nothing,
    /// It was aborted: aborts cost neither.
    Abort,
    /// It was committed: commits cost neither, but who votes is written down before.
    Commit,
    /// Nothing is ever forgotten, so nothing is acknowledged (Gray and Lamport, TODS 31(1), 2006, §3).
    Remember,
}

/// How the votes and the decision travel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// From the coordinator to each, and back.
    Central,
    /// Along a chain, and back (Gray, "Notes on data base operating systems", 1978, §5.8.3.3).
    Linear,
    /// From the coordinator to each, and from each to all (Skeen, "Nonblocking commit protocols", 1981, §3).
    Decentralised,
}

/// What a participant does that has waited too long for a decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Guess {
    /// It waits on.
    Never,
    /// It aborts.
    Abort,
    /// It commits.
    Commit,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mistake {
    /// The coordinator says what it decides before that is on its disk.
    DecidesBeforeForce,
    /// A participant that waits for a decision aborts.
    AbortsAlone,
    /// A participant votes before that is on its disk.
    VotesBeforeForce,
    /// Locks are given back with the vote.
    ReleasesEarly,
}

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all protocols that commit have.
    pub common: Common,
    /// What is presumed.
    pub presumption: Presumption,
    /// How votes and decisions travel.
    pub form: Form,
    /// Who only reads votes so, and is told nothing more.
    pub read_only: bool,
    /// Who waits for a decision asks all who voted.
    pub cooperative: bool,
    /// What who waits too long does.
    pub guess: Guess,
    /// How long that is, in ns.
    pub guess_after: Nanos,
    /// The coordinator aborts when all have voted yes.
    pub cancel: bool,
    /// Nothing can fail.
    pub calm: bool,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

const PRESUMPTION: Field = Field {
    name: "presumption",
    kind: FieldKind::Choice(&[
        Choice { name: "nothing", doc: "both outcomes are forced to disk by all, and acknowledged" },
        Choice { name: "abort", doc: "what nobody knows was aborted: aborts are neither forced nor acknowledged" },
        Choice {
            name: "commit",
            doc: "what nobody knows was committed: commits are not acknowledged, and who is to vote is forced to disk first",
        },
        Choice { name: "remember", doc: "the coordinator never forgets what it committed, and nobody acknowledges" },
    ]),
    default: Default::Choice("abort"),
    doc: "What a participant is told of a transaction that its coordinator has forgotten.",
};
const FORM: Field = Field {
    name: "form",
    kind: FieldKind::Choice(&[
        Choice { name: "central", doc: "the coordinator asks each, and tells each" },
        Choice { name: "linear", doc: "each asks the next, the last decides, and each tells the one before" },
        Choice { name: "decentralised", doc: "the coordinator asks each, and each tells all how it votes" },
    ]),
    default: Default::Choice("central"),
    doc: "How votes and decisions travel.",
};
const READ_ONLY: Field = Field::flag(
    "read-only",
    false,
    "Everybody does its part before it is asked to vote, for two messages more; one that only reads then gives its locks back with its vote, and is told nothing more.",
);
const COMMIT_TIMEOUT: Field = Field::duration(
    options::COMMIT_TIMEOUT,
    5 * SECOND,
    "How long a participant waits for a decision before it asks, and a coordinator for an acknowledgement before it says it again.",
);
const COOPERATIVE: Field = Field::flag("cooperative", true, "Who waits too long for a decision asks the other participants too.");
const GUESS: Field = Field {
    name: "heuristic",
    kind: FieldKind::Choice(&[
        Choice { name: "none", doc: "it waits on: blocked" },
        Choice { name: "abort", doc: "it aborts, and the damage is counted if that was wrong" },
        Choice { name: "commit", doc: "it commits, and the damage is counted if that was wrong" },
    ]),
    default: Default::Choice("none"),
    doc: "What a participant does that has voted and hears no decision for heuristic-after.",
};
const GUESS_AFTER: Field = Field::duration("heuristic-after", 60 * SECOND, "How long it waits before.");
const CANCEL: Field =
    Field::flag("cancel", false, "The coordinator aborts every transaction for which all have voted: what that costs.");

pub(super) const FIELDS: &[Field] = &[
    KEEPERS,
    OBJECT,
    BALANCE,
    PRESUMPTION,
    FORM,
    CONCURRENCY,
    LOCK_TIMEOUT,
    READ_ONLY,
    PREPARE_TIMEOUT,
    COMMIT_TIMEOUT,
    RETRIES,
    BACKOFF,
    COOPERATIVE,
    GUESS,
    GUESS_AFTER,
    CANCEL,
    GROUP_COMMIT,
];

const MISTAKES: [Mistake; 4] =
    [Mistake::DecidesBeforeForce, Mistake::AbortsAlone, Mistake::VotesBeforeForce, Mistake::ReleasesEarly];

/// The planted variants, in the order of [`MISTAKES`].
pub(super) const VARIANTS: [Variant; MISTAKES.len()] = [
    Variant {
        name: "coordinator-forgets",
        summary: "the coordinator tells its decision before it is on its disk, and a restart aborts what some have committed",
        caught_by: AGREEMENT,
    },
    Variant {
        name: "unilateral-abort",
        summary: "a participant that has voted yes and hears nothing for commit-timeout aborts by itself",
        caught_by: AGREEMENT,
    },
    Variant {
        name: "prepared-amnesia",
        summary: "a participant votes yes before that is on its disk, and a restart forgets it",
        caught_by: MONEY.name,
    },
    Variant {
        name: "early-release",
        summary: "a participant gives its locks back when it votes: others read and change what may yet be aborted",
        caught_by: STRICT.name,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let common = Common::of(job)?;
    let presumption = match values.choice(PRESUMPTION.name) {
        "nothing" => Presumption::Nothing,
        "commit" => Presumption::Commit,
        "remember" => Presumption::Remember,
        _ => Presumption::Abort,
    };
    let form = match values.choice(FORM.name) {
        "linear" => Form::Linear,
        "decentralised" => Form::Decentralised,
        _ => Form::Central,
    };
    let read_only = values.flag(READ_ONLY.name);
    if read_only && (form != Form::Central || common.waits == Waits::Never) {
        let message = "needs locks and the central form: set concurrency = \"wait-die\" and form = \"central\"".to_string();
        return Err(OptionError { field: READ_ONLY.name, message });
    }
    if form != Form::Central {
        if presumption != Presumption::Remember {
            let message = "only the central form knows acknowledgements; set presumption = \"remember\"".to_string();
            return Err(OptionError { field: FORM.name, message });
        }
        if common.waits == Waits::WoundWait {
            let message = "only a coordinator in the middle can be told to abort; set concurrency = \"wait-die\"".to_string();
            return Err(OptionError { field: CONCURRENCY.name, message });
        }
    }
    let mistake = planted(job.variant, &VARIANTS, &MISTAKES)?;
    Ok(Options {
        calm: common.calm && !values.flag(CANCEL.name) && common.waits != Waits::WoundWait,
        common,
        presumption,
        form,
        read_only,
        cooperative: values.flag(COOPERATIVE.name),
        guess: match values.choice(GUESS.name) {
            "abort" => Guess::Abort,
            "commit" => Guess::Commit,
            _ => Guess::Never,
        },
        guess_after: values.duration(GUESS_AFTER.name),
        cancel: values.flag(CANCEL.name),
        mistake,
    })
}

impl Options {
    /// Whether this mistake is made.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether everybody does its part before anybody is asked to vote, and not when it is asked: a lock that is given back with the vote
    /// must not be given back before all others are taken.
    pub(super) fn works_first(&self) -> bool {
        self.read_only || self.common.waits == Waits::Never
    }

    /// Who coordinates an operation that a participant was asked for: itself, or one of those who do nothing else.
    pub(super) fn coordinator(&self, asked: NodeId, operation: OpId) -> NodeId {
        match self.common.nodes - self.common.keepers {
            others if others > 0 && self.common.keeps(asked) => NodeId(self.common.keepers + operation.0 % others),
            _ => asked,
        }
    }

    /// Whether a decision is acknowledged, so that its coordinator may forget it.
    pub(super) fn acknowledges(&self, commit: bool) -> bool {
        match self.presumption {
            Presumption::Nothing => true,
            Presumption::Abort => commit,
            Presumption::Commit => !commit,
            Presumption::Remember => false,
        }
    }

    /// Whether a coordinator forces a decision before it tells it.
    pub(super) fn forces_decision(&self, commit: bool) -> bool {
        commit || self.presumption == Presumption::Nothing
    }
}

impl Promises for Options {
    fn calm(&self) -> bool {
        self.calm
    }
}
