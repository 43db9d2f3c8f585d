//! How copies of a data type are kept alike: the table that scenario files are held against, and what it becomes.

use super::super::data::Kind;
use super::super::types::Rule;
use crate::epidemic::gossip::options::{FANOUT, INTERVAL, MODE, Mode, Options as Rounds, PARTNERS, REPLY, START};
use crate::options::{Choice, Default, Field, FieldKind, OptionError, Values};

/// The parameters of a replica.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is replicated.
    pub kind: Kind,
    /// The type's own parameters.
    pub rule: Rule,
    /// What travels.
    pub replication: Replication,
    /// When it travels, and to whom.
    pub spread: Spread,
    /// How two replicas find out what they lack, in anti-entropy.
    pub summary: Summary,
    /// Levels of the Merkle tree below its root: 16 children each.
    pub depth: u32,
    /// Deltas that a replica keeps for those who have not acknowledged them.
    pub buffer: usize,
    /// The rounds, as gossip has them.
    pub rounds: Rounds<()>,
    /// A planted mistake of replication.
    pub mistake: Option<Mistake>,
}

/// What travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replication {
    /// Whole states (Shapiro et al. 2011, §2.1).
    State,
    /// Deltas, acknowledged (Almeida et al. 2018, algorithm 2; Enes et al. 2019).
    Delta,
    /// Operations, by causal broadcast (Shapiro et al. 2011, §2.2).
    Operation,
}

/// When it travels, and to whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// At once to all neighbours, and again in every round.
    Direct,
    /// In every round to some, drawn at random.
    Gossip,
    /// In every round two compare what they have.
    AntiEntropy,
}

/// What two replicas compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Summary {
    /// Nothing: they exchange their states.
    Full,
    /// One digest of all.
    Digest,
    /// A tree of digests.
    Merkle,
}

/// The planted mistakes of replication: each is one branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// A delta is joined although what came before it is missing.
    DeltaGap,
    /// An operation is applied as often as it arrives.
    ApplyTwice,
    /// Who has lost its disk counts its operations from 1 again, under its old name.
    ActorIdReuse,
}

pub(crate) const REPLICATION: Field = Field {
    name: "replication",
    kind: FieldKind::Choice(&[
        Choice { name: "state", doc: "whole states, which merge" },
        Choice { name: "delta", doc: "what changed since the peer last acknowledged, which merges too" },
        Choice { name: "operation", doc: "operations, each delivered once and after those that it depends on" },
    ]),
    default: Default::Choice("state"),
    doc: "What replicas send each other.",
};

pub(crate) const SPREAD: Field = Field {
    name: "spread",
    kind: FieldKind::Choice(&[
        Choice { name: "direct", doc: "at once to all neighbours, and in every round again to who may lack it" },
        Choice { name: "gossip", doc: "in every round to `fanout` peers" },
        Choice { name: "anti-entropy", doc: "in every round `fanout` peers are compared with, by `summary`" },
    ]),
    default: Default::Choice("gossip"),
    doc: "When it is sent, and to whom.",
};

pub(crate) const SUMMARY: Field = Field {
    name: "summary",
    kind: FieldKind::Choice(&[
        Choice { name: "full", doc: "nothing is compared: states are exchanged" },
        Choice { name: "digest", doc: "a digest of the whole; states are exchanged where it differs" },
        Choice { name: "merkle", doc: "a tree of digests; the pieces below those that differ are exchanged" },
    ]),
    default: Default::Choice("digest"),
    doc: "What two replicas compare in anti-entropy.",
};

pub(crate) const DEPTH: Field =
    Field::integer("merkle-depth", 1, 4, 2, "Levels of the Merkle tree below its root; each node has 16 children.");

pub(crate) const BUFFER: Field = Field::integer(
    "delta-buffer",
    1,
    1_000_000,
    1_000,
    "Deltas that a replica keeps for peers that lack them; who lacks more gets the state.",
);

/// The options that all data types have.
pub(crate) const COMMON: [Field; 11] =
    [REPLICATION, SPREAD, SUMMARY, MODE, FANOUT, INTERVAL, START, REPLY, PARTNERS, DEPTH, BUFFER];

impl Options {
    /// The options of a checked scenario.
    ///
    /// # Errors
    /// What does not go together.
    pub(crate) fn new(values: &Values, kind: Kind, rule: Rule, mistake: Option<Mistake>) -> Result<Options, OptionError> {
        let options = Options {
            kind,
            rule,
            replication: match values.choice(REPLICATION.name) {
                "delta" => Replication::Delta,
                "operation" => Replication::Operation,
                _ => Replication::State,
            },
            spread: match values.choice(SPREAD.name) {
                "direct" => Spread::Direct,
                "anti-entropy" => Spread::AntiEntropy,
                _ => Spread::Gossip,
            },
            summary: match values.choice(SUMMARY.name) {
                "full" => Summary::Full,
                "merkle" => Summary::Merkle,
                _ => Summary::Digest,
            },
            depth: values.integer(DEPTH.name) as u32,
            buffer: values.integer(BUFFER.name) as usize,
            rounds: Rounds::new(values, ()),
            mistake,
        };
        let wrong = |field: &'static Field, message: &str| Err(OptionError { field: field.name, message: message.to_string() });
        match (options.replication, options.spread) {
            (Replication::Delta, Spread::AntiEntropy) => {
                return wrong(
                    &SPREAD,
                    "deltas are acknowledged and need no anti-entropy; use \"direct\" or \"gossip\", or replication = \"state\"",
                );
            }
            (Replication::Operation, Spread::AntiEntropy) if options.summary == Summary::Merkle => {
                return wrong(&SUMMARY, "operations are compared by their version vectors; use \"digest\"");
            }
            _ => {}
        }
        if options.rounds.mode != Mode::PushPull && (options.replication, options.spread) != (Replication::State, Spread::Gossip)
        {
            return wrong(
                &MODE,
                "only the gossip of states is pushed or pulled; leave it \"push-pull\", or use spread = \"gossip\" and replication = \"state\"",
            );
        }
        Ok(options)
    }
}
