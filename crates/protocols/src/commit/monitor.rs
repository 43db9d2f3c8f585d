//! What nodes that commit transactions state, and the conditions of atomic commitment that they must keep (Bernstein, Hadzilacos and
//! Goodman, "Concurrency Control and Recovery in Database Systems", 1987, §7.3), judged at every event from outside.

use super::transaction::Tx;
use quorate_engine::{Actor, Broken, Fact as Named, FactKind, Monitor, NodeId, NodeSet};
use std::collections::{BTreeMap, BTreeSet};

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It begins a transaction, of which each of these has a part.
    Began {
        /// Which.
        tx: Tx,
        /// Who must vote.
        participants: NodeSet,
    },
    /// It holds the locks that its part needs.
    Locked(Tx),
    /// It votes, and cannot take it back.
    Voted {
        /// On which.
        tx: Tx,
        /// Whether it can commit.
        yes: bool,
    },
    /// It knows that all have voted yes, and has not decided (three-phase commit).
    Precommitted(Tx),
    /// It decides, as the one who does.
    Decided {
        /// Which.
        tx: Tx,
        /// Whether to commit.
        commit: bool,
    },
    /// It acts on the decision: its part is carried out, or given up, and its locks are free.
    Ended {
        /// Which.
        tx: Tx,
        /// Whether it was carried out.
        commit: bool,
    },
    /// It waited too long for a decision, and acts on a guess.
    Guessed {
        /// Which.
        tx: Tx,
        /// What it guessed.
        commit: bool,
    },
    /// Its guess was wrong.
    Damaged(Tx),
    /// It has waited for somebody for too long, and takes that one for failed: said for the judge, who holds nobody to a commit then.
    Suspected(Tx),
    /// After a restart it still knows this decision: said for the judge, who knows what was decided before.
    Recalled {
        /// Of which.
        tx: Tx,
        /// What it was.
        commit: bool,
    },
}

impl Named for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "began", summary: "A node began a transaction.", leads: false },
        FactKind { name: "locked", summary: "A participant holds the locks that its part needs.", leads: false },
        FactKind { name: "voted", summary: "A participant voted on a transaction.", leads: false },
        FactKind { name: "precommitted", summary: "A participant knows that all have voted yes.", leads: false },
        FactKind { name: "decided", summary: "A node decided a transaction.", leads: false },
        FactKind { name: "ended", summary: "A participant acted on a decision.", leads: false },
        FactKind { name: "guessed", summary: "A participant waited too long for a decision and guessed it.", leads: false },
        FactKind { name: "damaged", summary: "A participant's guess was wrong.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Began { .. } => 0,
            Fact::Locked(_) => 1,
            Fact::Voted { .. } => 2,
            Fact::Precommitted(_) => 3,
            Fact::Decided { .. } => 4,
            Fact::Ended { .. } => 5,
            Fact::Guessed { .. } => 6,
            Fact::Damaged(_) => 7,
            Fact::Suspected(_) | Fact::Recalled { .. } => return None,
        })
    }

    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Suspected(_) | Fact::Recalled { .. })
    }
}

/// All who decide decide the same (AC1).
pub const AGREEMENT: &str = "atomic-agreement";
/// Nobody reverses a decision, over restarts too (AC2), and nobody takes a vote back.
pub const IRREVOCABLE: &str = "decisions-kept";
/// What is committed has the votes of all (AC3).
pub const UNANIMITY: &str = "unanimous-commit";
/// Where nothing can fail, and nobody takes who is slow for failed, what all voted for is committed (AC4).
pub const CALM: &str = "commit-when-calm";

/// Parameters by which the conditions are judged.
pub trait Promises {
    /// Whether nothing fails: no faults, no losses, no transaction cancelled.
    fn calm(&self) -> bool;
}

/// What was stated of each transaction that is not over.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Conditions {
    open: BTreeMap<Tx, Open>,
    /// Those on which all participants have acted: whether they were committed.
    over: BTreeMap<Tx, bool>,
}

#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Open {
    participants: NodeSet,
    votes: BTreeMap<NodeId, bool>,
    /// Who decided, or acted on a decision, and which.
    decisions: BTreeMap<NodeId, bool>,
    first: Option<(NodeId, bool)>,
    /// Somebody was taken for failed, rightly or not.
    is_suspect: bool,
    /// Participants that have acted.
    acted: BTreeSet<NodeId>,
}

fn word(commit: bool) -> &'static str {
    if commit { "commit" } else { "abort" }
}

fn broken(property: &'static str, evidence: String) -> Result<(), Broken> {
    Err(Broken { property, evidence })
}

impl Conditions {
    /// How many transactions were decided, and how many of them first to commit.
    pub(super) fn decisions(&self) -> (usize, usize) {
        let open = self.open.values().filter_map(|open| Some(open.first?.1));
        let all = open.chain(self.over.values().copied());
        all.fold((0, 0), |(decided, committed), commit| (decided + 1, committed + usize::from(commit)))
    }

    fn voted(&mut self, node: NodeId, tx: Tx, yes: bool) -> Result<(), Broken> {
        if self.over.contains_key(&tx) {
            return Ok(());
        }
        let before = self.open.entry(tx).or_default().votes.insert(node, yes);
        match before {
            Some(before) if before != yes => {
                let [old, new] = [before, yes].map(|yes| if yes { "yes" } else { "no" });
                broken(IRREVOCABLE, format!("{node} voted {old} on {tx}, and votes {new} now"))
            }
            _ => Ok(()),
        }
    }

    fn decided(&mut self, calm: bool, node: NodeId, tx: Tx, commit: bool, acts: bool) -> Result<(), Broken> {
        if let Some(before) = self.over.get(&tx) {
            return match *before == commit {
                true => Ok(()),
                false => broken(AGREEMENT, format!("{node} decides to {} {tx}, and all others did not", word(commit))),
            };
        }
        let open = self.open.entry(tx).or_default();
        // What only read has nothing to lose: whether it is called committed or aborted after a restart changes nothing.
        if open.participants.is_empty() {
            open.first.get_or_insert((node, commit));
            return Ok(());
        }
        let before = open.decisions.insert(node, commit);
        if let Some(before) = before.filter(|before| *before != commit) {
            let (old, new) = (word(before), word(commit));
            return broken(IRREVOCABLE, format!("{node} decided to {old} {tx}, and decides to {new} now"));
        }
        let (first, is) = *open.first.get_or_insert((node, commit));
        if is != commit {
            let (old, new) = (word(is), word(commit));
            return broken(AGREEMENT, format!("{node} decides to {new} {tx}, and {first} decided to {old}"));
        }
        let without = open.participants.iter().find(|node| open.votes.get(node) != Some(&true));
        match (commit, without) {
            (true, Some(without)) => {
                let how = if open.votes.contains_key(&without) { "voted no" } else { "has not voted" };
                return broken(UNANIMITY, format!("{node} decides to commit {tx}, and {without} {how}"));
            }
            (false, None) if calm && !open.is_suspect => {
                return broken(CALM, format!("{node} decides to abort {tx}, for which all had voted, and nothing had failed"));
            }
            _ => {}
        }
        if acts {
            open.acted.insert(node);
            if open.acted.len() as u64 == open.participants.len() {
                self.open.remove(&tx);
                self.over.insert(tx, commit);
            }
        }
        Ok(())
    }
}

impl<A: Actor<Fact = Fact, Options: Promises>> Monitor<A> for Conditions {
    const PROPERTIES: &'static [&'static str] = &[AGREEMENT, IRREVOCABLE, UNANIMITY, CALM];

    fn fact(&mut self, options: &A::Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Began { tx, participants } => {
                self.open.entry(*tx).or_default().participants = participants.clone();
                Ok(())
            }
            Fact::Suspected(tx) => {
                if let Some(open) = self.open.get_mut(tx) {
                    open.is_suspect = true;
                }
                Ok(())
            }
            Fact::Voted { tx, yes } => self.voted(node, *tx, *yes),
            Fact::Decided { tx, commit } | Fact::Recalled { tx, commit } => {
                self.decided(options.calm(), node, *tx, *commit, false)
            }
            Fact::Ended { tx, commit } => self.decided(options.calm(), node, *tx, *commit, true),
            // A guess is no decision, and its damage is counted.
            Fact::Locked(_) | Fact::Precommitted(_) | Fact::Guessed { .. } | Fact::Damaged(_) => Ok(()),
        }
    }
}
