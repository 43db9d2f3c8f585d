//! What a scenario says of two-phase commit.

use super::super::monitor::{AGREEMENT, Promises};
use super::super::report::MONEY;
use super::super::store::{CONCURRENCY, Waits};
use super::super::transaction::{BALANCE, OBJECT, Object};
use crate::harness::no_variant;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use crate::replication::judge::STRICT;
use quorate_engine::random::Probability;
use quorate_engine::setup::Setup;
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
    /// Nodes `0..keepers` keep the keys.
    pub keepers: u32,
    /// All nodes.
    pub nodes: u32,
    /// What is under the keys.
    pub object: Object,
    /// What every account holds at the beginning.
    pub balance: i64,
    /// What becomes of who finds a lock taken.
    pub waits: Waits,
    /// How long one waits for a lock with [`Waits::Timeout`], in ns.
    pub lock_timeout: Nanos,
    /// What is presumed.
    pub presumption: Presumption,
    /// How votes and decisions travel.
    pub form: Form,
    /// Who only reads votes so, and is told nothing more.
    pub read_only: bool,
    /// How long a coordinator waits for votes, in ns.
    pub prepare_timeout: Nanos,
    /// How long one waits for a decision, or for its acknowledgement, in ns.
    pub commit_timeout: Nanos,
    /// How often a transaction that was aborted for others' sake is tried again, and how often a wait doubles.
    pub retries: u32,
    /// The wait before the first of these, in ns.
    pub backoff: Nanos,
    /// Who waits for a decision asks all who voted.
    pub cooperative: bool,
    /// What who waits too long does.
    pub guess: Guess,
    /// How long that is, in ns.
    pub guess_after: Nanos,
    /// The coordinator aborts when all have voted yes.
    pub cancel: bool,
    /// One forced write covers all that came in during the last one.
    pub group_commit: bool,
    /// Nothing can fail.
    pub calm: bool,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

const KEEPERS: Field = Field::integer(
    "participants",
    0,
    1_000_000,
    0,
    "Nodes that keep keys, from node 0 on: key k is on node k modulo these. The others only coordinate. 0 stands for all nodes.",
);
const LOCK_TIMEOUT: Field =
    Field::duration("lock-timeout", SECOND, "How long a transaction waits for a lock, where concurrency is timeout.");
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
const PREPARE_TIMEOUT: Field =
    Field::duration("prepare-timeout", 10 * SECOND, "How long a coordinator waits for all votes before it aborts.");
const COMMIT_TIMEOUT: Field = Field::duration(
    "commit-timeout",
    5 * SECOND,
    "How long a participant waits for a decision before it asks, and a coordinator for an acknowledgement before it says it again.",
);
const RETRIES: Field = Field::integer(
    "retries",
    0,
    16,
    3,
    "How often a coordinator tries a transaction again that a timeout or another transaction aborted; and how often waits double.",
);
const BACKOFF: Field =
    Field::duration("backoff", SECOND, "How long it waits before the first of these; each further wait is twice as long.");
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
const GROUP_COMMIT: Field = Field::flag("group-commit", true, "What is to be written during a forced write shares the next one.");

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
    let nodes = job.setup.nodes;
    let keepers = match values.integer(KEEPERS.name) as u32 {
        0 => nodes,
        keepers if keepers <= nodes => keepers,
        keepers => {
            let message = format!("{keepers} nodes are to keep keys, and there are {nodes}; say fewer, or 0 for all");
            return Err(OptionError { field: KEEPERS.name, message });
        }
    };
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
    let waits = Waits::of(values);
    let read_only = values.flag(READ_ONLY.name);
    if read_only && (form != Form::Central || waits == Waits::Never) {
        let message = "needs locks and the central form: set concurrency = \"wait-die\" and form = \"central\"".to_string();
        return Err(OptionError { field: READ_ONLY.name, message });
    }
    if form != Form::Central {
        if presumption != Presumption::Remember {
            let message = "only the central form knows acknowledgements; set presumption = \"remember\"".to_string();
            return Err(OptionError { field: FORM.name, message });
        }
        if waits == Waits::WoundWait {
            let message = "only a coordinator in the middle can be told to abort; set concurrency = \"wait-die\"".to_string();
            return Err(OptionError { field: CONCURRENCY.name, message });
        }
    }
    let mistake = match job.variant {
        "right" => None,
        name => {
            let place = VARIANTS.iter().position(|variant| variant.name == name).ok_or_else(|| no_variant(name))?;
            Some(MISTAKES[place])
        }
    };
    Ok(Options {
        keepers,
        nodes,
        object: Object::of(values),
        balance: values.integer(BALANCE.name).cast_signed(),
        waits,
        lock_timeout: values.duration(LOCK_TIMEOUT.name),
        presumption,
        form,
        read_only,
        prepare_timeout: values.duration(PREPARE_TIMEOUT.name),
        commit_timeout: values.duration(COMMIT_TIMEOUT.name),
        retries: values.integer(RETRIES.name) as u32,
        backoff: values.duration(BACKOFF.name),
        cooperative: values.flag(COOPERATIVE.name),
        guess: match values.choice(GUESS.name) {
            "abort" => Guess::Abort,
            "commit" => Guess::Commit,
            _ => Guess::Never,
        },
        guess_after: values.duration(GUESS_AFTER.name),
        cancel: values.flag(CANCEL.name),
        group_commit: values.flag(GROUP_COMMIT.name),
        // A wound may come when all have voted.
        calm: is_calm(job.setup) && !values.flag(CANCEL.name) && waits != Waits::WoundWait,
        mistake,
    })
}

/// Whether nothing can fail: no faults, and no message is lost.
fn is_calm(setup: &Setup) -> bool {
    setup.faults.is_empty() && setup.network.links.iter().all(|link| link.loss == Probability::never())
}

impl Options {
    /// Whether this mistake is made.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether everybody does its part before anybody is asked to vote, and not when it is asked: a lock that is given back with the vote
    /// must not be given back before all others are taken.
    pub(super) fn works_first(&self) -> bool {
        self.read_only || self.waits == Waits::Never
    }

    /// Whether a node keeps keys.
    pub(super) fn keeps(&self, node: NodeId) -> bool {
        node.0 < self.keepers
    }

    /// Who coordinates an operation that a participant was asked for: itself, or one of those who do nothing else.
    pub(super) fn coordinator(&self, asked: NodeId, operation: OpId) -> NodeId {
        match self.nodes - self.keepers {
            others if others > 0 && self.keeps(asked) => NodeId(self.keepers + operation.0 % others),
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

    /// How long the wait of this number is, from 0: each is twice as long as the one before.
    pub(super) fn doubled(&self, wait: Nanos, number: u32) -> Nanos {
        wait.saturating_mul(1 << number.min(self.retries))
    }
}

impl Promises for Options {
    fn calm(&self) -> bool {
        self.calm
    }
}
