//! What a scenario says of Raft, and what its planted variants do wrong, each at one branch.

use super::config::Configuration;
use crate::harness::no_variant;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use crate::replication::machine::{OBJECT, Object};
use quorate_engine::NodeId;
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all servers.
#[derive(Clone, Debug)]
pub struct Options {
    /// The least and the greatest election timeout, in ns (§5.2).
    pub election: (Nanos, Nanos),
    /// From one heartbeat of a leader to its next, in ns.
    pub heartbeat: Nanos,
    /// A server asks whether it could win before it begins a term (thesis §9.6).
    pub pre_vote: bool,
    /// A leader that hears of no majority for an election timeout steps down (thesis §6.2).
    pub check_quorum: bool,
    /// A new leader begins with an entry of its own (§8).
    pub noop: bool,
    /// How reads are served.
    pub reads: Reads,
    /// How far clocks may drift apart, in parts per million: leases are shortened by it.
    pub drift_ppm: u64,
    /// Entries of one message.
    pub batch_max: usize,
    /// Messages with entries that a follower may not have answered yet.
    pub pipeline_max: usize,
    /// One forced write covers all that came in during the last one.
    pub group_commit: bool,
    /// Applied entries after which a snapshot takes the place of the log; `None`: never.
    pub snapshot_every: Option<u64>,
    /// Bytes of a snapshot in one message.
    pub chunk_bytes: u64,
    /// Who belongs to the cluster at first.
    pub members: Configuration,
    /// An order that would leave fewer voters than these is refused: at least 1.
    pub voters_min: usize,
    /// How that changes.
    pub membership: Membership,
    /// What the state machine holds.
    pub object: Object,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// How a leader answers a read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reads {
    /// As a command: through the log (§8).
    Log,
    /// After a round of heartbeats that says that it still leads (thesis §6.4).
    ReadIndex,
    /// At once while a majority has promised not to elect another (thesis §6.4.1).
    Lease,
}

/// How a cluster comes to have other members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {
    /// Any set takes the place of any other, over a time in which majorities of both decide (§6).
    Joint,
    /// One server comes or goes at a time (thesis §4.1).
    SingleServer,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// An entry of an earlier term counts as committed when a majority stores it (figure 8).
    CommitsEarlierTerms,
    /// The vote is not written down.
    ForgetsVotes,
    /// What is appended counts as stored.
    AcksBeforeSync,
    /// A follower cuts its log behind every append.
    CutsAlways,
    /// A follower takes the leader's commit index as it comes.
    CommitsPastMatch,
    /// Votes go to whoever has the longer log, whatever its terms.
    VotesByLength,
    /// A leader takes an answer to mean all that it has sent by then.
    MatchesFromNext,
    /// A leader answers reads from its own state.
    ReadsLocally,
    /// A lease lasts a whole election timeout on the leader's own clock, however clocks drift.
    LeasesWithoutBound,
    /// A new leader serves reads before it has committed an entry of its own term.
    ReadsBeforeOwnTerm,
    /// A leader that was deposed appends what it had queued, with the new term.
    RelabelsQueue,
    /// A new leader changes the members before it has committed an entry of its own term.
    ChangesBeforeOwnTerm,
    /// A server goes by a configuration only once it knows that it is committed.
    ConfiguresOnCommit,
    /// A server whose disk was replaced takes itself for the one that it was.
    ReturnsAsItself,
}

/// The planted variants: name, what is wrong, the check that must see it.
const MISTAKES: &[(Variant, Mistake)] = &[
    (
        Variant {
            name: "commit-earlier-term",
            summary: "an entry of an earlier term counts as committed when a majority stores it (figure 8)",
            caught_by: "leader-completeness",
        },
        Mistake::CommitsEarlierTerms,
    ),
    (
        Variant { name: "vote-amnesia", summary: "a vote is not written down before it is given", caught_by: "election-safety" },
        Mistake::ForgetsVotes,
    ),
    (
        Variant {
            name: "ack-before-sync",
            summary: "an entry counts as stored when it is in memory",
            caught_by: "leader-completeness",
        },
        Mistake::AcksBeforeSync,
    ),
    (
        Variant {
            name: "truncate-always",
            summary: "a follower cuts its log behind every append, not at conflicts only",
            caught_by: "leader-completeness",
        },
        Mistake::CutsAlways,
    ),
    (
        Variant {
            name: "commit-past-match",
            summary: "a follower takes over the leader's commit index beyond what it knows to be the leader's log",
            caught_by: "state-machine-safety",
        },
        Mistake::CommitsPastMatch,
    ),
    (
        Variant {
            name: "vote-by-length",
            summary: "votes go to the longer log, whatever the terms of its entries",
            caught_by: "leader-completeness",
        },
        Mistake::VotesByLength,
    ),
    (
        Variant {
            name: "match-from-next",
            summary: "a leader takes an answer to an append to stand for all that it has sent by then",
            caught_by: "leader-completeness",
        },
        Mistake::MatchesFromNext,
    ),
    (
        Variant { name: "local-read", summary: "a leader answers reads from its own state", caught_by: "linearizable" },
        Mistake::ReadsLocally,
    ),
    (
        Variant {
            name: "lease-without-bound",
            summary: "a lease lasts an election timeout on the leader's own clock, however clocks drift",
            caught_by: "linearizable",
        },
        Mistake::LeasesWithoutBound,
    ),
    (
        Variant {
            name: "read-before-own-term",
            summary: "a new leader serves reads before it has committed an entry of its own term",
            caught_by: "linearizable",
        },
        Mistake::ReadsBeforeOwnTerm,
    ),
    (
        Variant {
            name: "relabel-queue",
            summary: "a deposed leader appends the commands that it had queued, with the new term",
            caught_by: "log-matching",
        },
        Mistake::RelabelsQueue,
    ),
    (
        Variant {
            name: "change-before-own-term",
            summary: "a new leader adds or removes a server before it has committed an entry of its own term",
            caught_by: "state-machine-safety",
        },
        Mistake::ChangesBeforeOwnTerm,
    ),
    (
        Variant {
            name: "config-on-commit",
            summary: "a server goes by a new configuration only once it knows that it is committed",
            caught_by: "state-machine-safety",
        },
        Mistake::ConfiguresOnCommit,
    ),
    (
        Variant {
            name: "wiped-returns",
            summary: "a server whose disk was replaced comes back under its old name",
            caught_by: "promises",
        },
        Mistake::ReturnsAsItself,
    ),
];

/// The planted variants, for the registry.
pub(super) const VARIANTS: [Variant; MISTAKES.len()] = {
    let mut variants = [MISTAKES[0].0; MISTAKES.len()];
    let mut place = 0;
    while place < MISTAKES.len() {
        variants[place] = MISTAKES[place].0;
        place += 1;
    }
    variants
};

impl Options {
    /// Whether this mistake is made.
    pub fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// How long a majority's word that it heard the leader keeps another from being elected, on the leader's own clock, in ns.
    pub fn lease(&self) -> Nanos {
        let whole = self.election.0;
        if self.makes(Mistake::LeasesWithoutBound) {
            return whole;
        }
        // A voter's clock may run fast by the drift, and the leader's slow by as much.
        let drift = 2 * u128::from(self.drift_ppm);
        (u128::from(whole) * 1_000_000u128.saturating_sub(drift) / 1_000_000) as Nanos
    }
}

pub(crate) const ELECTION_MIN: Field = Field::duration(
    "election-min",
    150 * MILLISECOND,
    "The least election timeout; each wait is drawn evenly from here to election-max.",
);
pub(crate) const ELECTION_MAX: Field = Field::duration("election-max", 300 * MILLISECOND, "The greatest election timeout.");
pub(crate) const HEARTBEAT: Field = Field::duration(
    "heartbeat",
    50 * MILLISECOND,
    "From one heartbeat of a leader to its next; what was lost is sent again with it.",
);
const PRE_VOTE: Field = Field::flag("pre-vote", true, "A server asks whether it could win before it begins a term.");
const CHECK_QUORUM: Field = Field::flag(
    "check-quorum",
    true,
    "A leader that hears of no majority for election-max steps down, and voters that hear one keep to it.",
);
const NOOP: Field =
    Field::flag("noop", true, "A new leader begins with an entry of its own, with which it commits those before.");
const READS: Field = Field {
    name: "reads",
    kind: FieldKind::Choice(&[
        Choice { name: "log", doc: "through the log, as commands" },
        Choice { name: "read-index", doc: "after a round of heartbeats that shows that the leader still leads" },
        Choice {
            name: "lease",
            doc: "at once, while a majority has lately heard the leader; needs check-quorum and a bound on drift",
        },
    ]),
    default: Default::Choice("read-index"),
    doc: "How a leader answers reads.",
};
const DRIFT: Field = Field::integer(
    "drift-ppm",
    0,
    500_000,
    1_000,
    "How far any clock may run fast or slow, in parts per million; leases are shorter by twice that.",
);
const BATCH: Field = Field::integer("batch", 1, 1_000_000, 64, "Entries that one message takes at most.");
const PIPELINE: Field = Field::integer(
    "pipeline",
    1,
    10_000,
    8,
    "Messages with entries that a leader sends to a follower before it has heard of the first.",
);
const GROUP_COMMIT: Field = Field::flag("group-commit", true, "Commands that come in during a forced write share the next one.");
const SNAPSHOTS: Field = Field::flag("snapshots", true, "Whether snapshots ever take the place of the log.");
const SNAPSHOT: Field = Field::integer(
    "snapshot-every",
    1,
    1_000_000_000,
    1_000,
    "Applied entries after which a snapshot takes the place of the log.",
);
const CHUNK: Field = Field::integer("snapshot-chunk", 16, 1 << 30, 64 << 10, "Bytes of a snapshot in one message.");
const MEMBERS: Field = Field::integer(
    "members",
    0,
    u32::MAX as u64,
    0,
    "How many nodes, from the first on, vote at first; the others wait to be added. 0: all but the learners.",
);
const LEARNERS: Field = Field::integer(
    "learners",
    0,
    u32::MAX as u64,
    0,
    "How many nodes, the next after the members, follow without a vote at first.",
);
const VOTERS_MIN: Field =
    Field::integer("voters-min", 1, u32::MAX as u64, 1, "An order that would leave fewer voters than these is refused.");
const MEMBERSHIP: Field = Field {
    name: "membership",
    kind: FieldKind::Choice(&[
        Choice {
            name: "joint",
            doc: "any set takes the place of any other; in between, majorities of both decide (joint consensus)",
        },
        Choice { name: "single-server", doc: "one server comes or goes at a time, so that majorities before and after overlap" },
    ]),
    default: Default::Choice("joint"),
    doc: "How members change.",
};

pub(crate) const FIELDS: &[Field] = &[
    ELECTION_MIN,
    ELECTION_MAX,
    HEARTBEAT,
    PRE_VOTE,
    CHECK_QUORUM,
    NOOP,
    READS,
    DRIFT,
    BATCH,
    PIPELINE,
    GROUP_COMMIT,
    SNAPSHOTS,
    SNAPSHOT,
    CHUNK,
    MEMBERS,
    LEARNERS,
    MEMBERSHIP,
    VOTERS_MIN,
    OBJECT,
];

pub(crate) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let mistake = match job.variant {
        "right" => None,
        name => Some(MISTAKES.iter().find(|(variant, _)| variant.name == name).ok_or_else(|| no_variant(name))?.1),
    };
    let wrong = |field: &'static str, message: String| Err(OptionError { field, message });
    let nodes = u64::from(job.setup.nodes);
    let learners = values.integer(LEARNERS.name);
    let members = match values.integer(MEMBERS.name) {
        0 => nodes.saturating_sub(learners),
        members => members,
    };
    if members > nodes {
        return wrong(MEMBERS.name, format!("{members} nodes vote, and there are {nodes}; let fewer vote, or raise nodes"));
    }
    if members == 0 || learners > nodes - members {
        return wrong(LEARNERS.name, format!("{learners} of {nodes} nodes follow, and {members} vote; let fewer follow"));
    }
    let numbered = |low: u64, high: u64| (low..high).map(|node| NodeId(node as u32));
    let options = Options {
        election: values.range(&ELECTION_MIN, &ELECTION_MAX)?,
        heartbeat: values.duration(HEARTBEAT.name),
        pre_vote: values.flag(PRE_VOTE.name),
        check_quorum: values.flag(CHECK_QUORUM.name),
        noop: values.flag(NOOP.name),
        reads: match values.choice(READS.name) {
            "log" => Reads::Log,
            "lease" => Reads::Lease,
            _ => Reads::ReadIndex,
        },
        drift_ppm: values.integer(DRIFT.name),
        batch_max: values.integer(BATCH.name) as usize,
        pipeline_max: values.integer(PIPELINE.name) as usize,
        group_commit: values.flag(GROUP_COMMIT.name),
        snapshot_every: values.flag(SNAPSHOTS.name).then(|| values.integer(SNAPSHOT.name)),
        chunk_bytes: values.integer(CHUNK.name),
        members: Configuration::of(numbered(0, members), numbered(members, members + learners)),
        voters_min: values.integer(VOTERS_MIN.name) as usize,
        membership: match values.choice(MEMBERSHIP.name) {
            "single-server" => Membership::SingleServer,
            _ => Membership::Joint,
        },
        object: Object::of(values),
        mistake,
    };
    if options.heartbeat >= options.election.0 {
        return wrong(
            HEARTBEAT.name,
            "it is not below election-min, so that followers would depose a leader that is well; make it shorter".into(),
        );
    }
    if options.reads == Reads::Lease && !options.check_quorum {
        return wrong(
            READS.name,
            "leases need voters that keep to the leader they hear; set check-quorum to true, or reads to `read-index`".into(),
        );
    }
    Ok(options)
}
