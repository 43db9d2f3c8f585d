//! What a scenario says of Paxos Commit.

use super::super::monitor::{AGREEMENT, Promises};
use super::super::options::{self, BACKOFF, Common, GROUP_COMMIT, KEEPERS, LOCK_TIMEOUT, PREPARE_TIMEOUT, RETRIES};
use super::super::store::LOCKING;
use super::super::transaction::{BALANCE, OBJECT, Tx};
use crate::harness::planted;
use crate::options::{Field, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::NodeId;
use quorate_engine::time::SECOND;

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mistake {
    /// An acceptor says what it accepted before that is on its disk.
    AcceptsBeforeForce,
    /// A leader that has waited long enough for the votes aborts by itself.
    AbortsAlone,
    /// A leader of a later ballot has everything aborted, whatever the acceptors told it.
    IgnoresAccepted,
    /// An acceptor takes votes although it has promised a later ballot not to.
    VotesAfterPromise,
}

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// What all protocols that commit have.
    pub common: Common,
    /// Acceptors that may fail: F of the paper.
    pub faults: u32,
    /// The node that is the first acceptor; the others follow it.
    pub first: u32,
    /// Acceptors tell the participants themselves (Faster Paxos Commit).
    pub faster: bool,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

const FAULTS: Field = Field::integer(
    "faults",
    0,
    1_000,
    1,
    "Acceptors that may fail: there are 2 F + 1, and F + 1 decide. They are nodes that keep no keys, after those that do, where there are so many; else the first nodes.",
);
const FASTER: Field = Field::flag(
    "faster",
    false,
    "Acceptors tell every participant what they accepted, and not the leader: one message delay less, for more messages.",
);
const COMMIT_TIMEOUT: Field = Field::duration(
    options::COMMIT_TIMEOUT,
    5 * SECOND,
    "How long a participant waits for a decision before it asks an acceptor to lead, and a leader for acceptors before it tries again.",
);

pub(super) const FIELDS: &[Field] = &[
    KEEPERS,
    OBJECT,
    BALANCE,
    FAULTS,
    FASTER,
    LOCKING,
    LOCK_TIMEOUT,
    PREPARE_TIMEOUT,
    COMMIT_TIMEOUT,
    RETRIES,
    BACKOFF,
    GROUP_COMMIT,
];

const MISTAKES: [Mistake; 4] =
    [Mistake::AcceptsBeforeForce, Mistake::AbortsAlone, Mistake::IgnoresAccepted, Mistake::VotesAfterPromise];

/// The planted variants, in the order of [`MISTAKES`].
pub(super) const VARIANTS: [Variant; MISTAKES.len()] = [
    Variant {
        name: "acceptor-forgets",
        summary: "an acceptor tells what it accepted before that is on its disk, and a restart forgets it",
        caught_by: AGREEMENT,
    },
    Variant {
        name: "leader-aborts-alone",
        summary: "a leader that misses votes aborts by itself, as in two-phase commit, and the acceptors do not know",
        caught_by: AGREEMENT,
    },
    Variant {
        name: "phase-one-ignored",
        summary: "the leader of a later ballot has everything aborted, whatever the acceptors had accepted",
        caught_by: AGREEMENT,
    },
    Variant {
        name: "vote-after-promise",
        summary: "an acceptor takes votes although it has promised a later ballot that it would not",
        caught_by: AGREEMENT,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let common = Common::of(job)?;
    let faults = values.integer(FAULTS.name) as u32;
    let (acceptors, nodes) = (2 * faults + 1, common.nodes);
    if acceptors > nodes {
        let message = format!("{faults} faults need {acceptors} acceptors, and there are {nodes} nodes");
        return Err(OptionError { field: FAULTS.name, message });
    }
    let mistake = planted(job.variant, &VARIANTS, &MISTAKES)?;
    let is_apart = nodes - common.keepers >= acceptors;
    Ok(Options { first: if is_apart { common.keepers } else { 0 }, common, faults, faster: values.flag(FASTER.name), mistake })
}

impl Options {
    /// Whether this mistake is made.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// How many acceptors there are.
    pub(super) fn seats(&self) -> u32 {
        2 * self.faults + 1
    }

    /// As many as decide.
    pub(super) fn quorum(&self) -> usize {
        self.faults as usize + 1
    }

    /// All acceptors, this one first and the others after it in a circle.
    fn seats_after(&self, seat: u32) -> impl Iterator<Item = NodeId> + use<> {
        let (first, seats) = (self.first, self.seats());
        (0..seats).map(move |next| NodeId(first + (seat + next) % seats))
    }

    /// All acceptors.
    pub(super) fn acceptors(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.seats_after(0)
    }

    /// A node's number among the acceptors, if it is one.
    pub(super) fn seat(&self, node: NodeId) -> Option<u32> {
        node.0.checked_sub(self.first).filter(|seat| *seat < self.seats())
    }

    /// The acceptor whose leader has the first ballot of a transaction: it is on the node that began it, if there is one (Gray and Lamport
    /// 2006, §4.2).
    fn first_seat(&self, tx: Tx) -> u32 {
        self.seat(tx.origin).unwrap_or(tx.operation.0 % self.seats())
    }

    /// Who leads a transaction after so many others have been asked to.
    pub(super) fn leader(&self, tx: Tx, after: u32) -> NodeId {
        NodeId(self.first + (self.first_seat(tx) + after) % self.seats())
    }

    /// The acceptors to whom participants send their votes: as many as decide, the first leader's among them (the same, §4.2).
    pub(super) fn active(&self, tx: Tx) -> impl Iterator<Item = NodeId> + use<> {
        self.seats_after(self.first_seat(tx)).take(self.quorum())
    }
}

impl Promises for Options {
    fn calm(&self) -> bool {
        self.common.calm
    }
}
