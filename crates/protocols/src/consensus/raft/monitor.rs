//! What servers state, and the invariants of figure 3 that it must keep, judged at every event from outside.

use super::by_index::ByIndex;
use super::log::{Index, Position, Term};
use super::options::Options;
use super::server::Raft;
use quorate_engine::{Broken, Fact as Named, FactKind, Monitor, NodeId};
use std::collections::BTreeMap;

/// What a server states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It starts, in this term and with a snapshot that ends here; what else is in its log it states next.
    Started {
        /// The server's `life`: with another it is another server, of which nothing is known.
        life: u64,
        /// The term.
        term: Term,
        /// The last index that the snapshot stands for.
        end: Index,
    },
    /// It stands for election in this term.
    Candidate(Term),
    /// It leads this term.
    Elected(Term),
    /// It led until now, in this term.
    Deposed(Term),
    /// It gives its vote, which is safe.
    Voted {
        /// In this term.
        term: Term,
        /// To this one.
        candidate: NodeId,
    },
    /// Its log has this entry, behind one of that term.
    Stored {
        /// The entry's index.
        index: Index,
        /// Its term.
        term: Term,
        /// The digest of the entry.
        digest: u64,
        /// The term of the entry before.
        before: Term,
    },
    /// Its log ends before this index now.
    Cut(Index),
    /// It has applied the entry, which is committed.
    Applied {
        /// The entry's index.
        index: Index,
        /// Its term.
        term: Term,
        /// The term in which the server learned that it is committed.
        by: Term,
        /// The digest of the state machine after it.
        digest: u64,
    },
    /// It took a snapshot.
    Snapshot {
        /// The last entry that it stands for.
        last: Index,
        /// The digest of the state machine in it.
        digest: u64,
    },
    /// It took over its leader's snapshot.
    Installed {
        /// The last entry that it stands for.
        last: Position,
        /// The digest of the state machine in it.
        digest: u64,
        /// The log goes on from there; else the snapshot is all there is.
        goes_on: bool,
    },
    /// Its disk was replaced, or cannot be read: it begins as another server.
    Born,
    /// It leads, and this entry, which is committed, says who belongs to the cluster.
    Reconfigured(Index),
    /// It leads, and tells another to stand for election at once.
    HandsOver(NodeId),
}

impl Named for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "candidate", summary: "A server began a term and stands for election in it.", leads: false },
        FactKind { name: "elected", summary: "A server became the leader of a term.", leads: true },
        FactKind { name: "deposed", summary: "A leader learned of a later term, or heard of no majority.", leads: false },
        FactKind { name: "voted", summary: "A server voted in a term.", leads: false },
        FactKind { name: "snapshot", summary: "A server put a snapshot in the place of its log.", leads: false },
        FactKind { name: "installed", summary: "A follower took over its leader's snapshot.", leads: false },
        FactKind { name: "born", summary: "A server's disk was replaced or cannot be read: it begins as another.", leads: false },
        FactKind { name: "reconfigured", summary: "A leader has committed a configuration.", leads: false },
        FactKind { name: "hands-over", summary: "A leader told another to stand for election.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Candidate(_) => 0,
            Fact::Elected(_) => 1,
            Fact::Deposed(_) => 2,
            Fact::Voted { .. } => 3,
            Fact::Snapshot { .. } => 4,
            Fact::Installed { .. } => 5,
            Fact::Born => 6,
            Fact::Reconfigured(_) => 7,
            Fact::HandsOver(_) => 8,
            Fact::Started { .. } | Fact::Stored { .. } | Fact::Cut(_) | Fact::Applied { .. } => return None,
        })
    }

    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Started { .. } | Fact::Voted { .. } | Fact::Stored { .. } | Fact::Cut(_) | Fact::Applied { .. })
    }
}

/// At most one leader a term (§5.2).
pub const ELECTION_SAFETY: &str = "election-safety";
/// A server votes once a term, and terms only grow, over restarts too (figure 2).
pub const PROMISES: &str = "promises";
/// A leader never takes away from its log (§5.3).
pub const LEADER_APPEND_ONLY: &str = "leader-append-only";
/// Entries of one index and term are equal, and so is all before them (§5.3).
pub const LOG_MATCHING: &str = "log-matching";
/// A leader has every entry that was committed before (§5.4).
pub const LEADER_COMPLETENESS: &str = "leader-completeness";
/// All servers apply the same entry at an index, with the same result (§5.4.3); a snapshot is what its prefix makes.
pub const STATE_MACHINE_SAFETY: &str = "state-machine-safety";
/// Nobody gives up an entry that was committed.
pub const COMMITTED_KEPT: &str = "committed-kept";

/// What was stated so far.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Invariants {
    leaders: BTreeMap<Term, NodeId>,
    /// By node.
    servers: Vec<Server>,
    /// By term and index: the digest of the entry, and the term of the one before.
    entries: BTreeMap<Term, ByIndex<(u64, Term)>>,
    /// What was applied there first.
    applied: ByIndex<Committed>,
}

/// An entry that was applied.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Committed {
    /// Its term.
    term: Term,
    /// The term of the leader that committed it.
    by: Term,
    /// The digest of the state machine after it.
    digest: u64,
}

/// What one server has stated.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Server {
    life: u64,
    /// The latest term in which it acted.
    term: Term,
    /// Whom it voted for in it.
    voted_for: Option<NodeId>,
    /// It leads this term.
    leads: Option<Term>,
    /// The terms of the entries of its log.
    log: ByIndex<Term>,
    /// What a snapshot stands for.
    base: Position,
}

impl Monitor<Raft> for Invariants {
    const PROPERTIES: &'static [&'static str] =
        &[ELECTION_SAFETY, PROMISES, LEADER_APPEND_ONLY, LOG_MATCHING, LEADER_COMPLETENESS, STATE_MACHINE_SAFETY, COMMITTED_KEPT];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match *fact {
            Fact::Started { life, term, end } => self.started(node, life, term, end),
            Fact::Candidate(_) | Fact::Born | Fact::Reconfigured(_) | Fact::HandsOver(_) => Ok(()),
            Fact::Elected(term) => self.elected(node, term),
            Fact::Deposed(_) => {
                self.server(node).leads = None;
                Ok(())
            }
            Fact::Voted { term, candidate } => self.voted(node, term, candidate),
            Fact::Stored { index, term, digest, before } => self.stored(node, index, term, (digest, before)),
            Fact::Cut(from) => self.cut(node, from),
            Fact::Applied { index, term, by, digest } => self.applied(node, index, Committed { term, by, digest }),
            Fact::Snapshot { last, digest } => self.snapshot(node, last, digest),
            Fact::Installed { last, digest, goes_on } => {
                let server = self.server(node);
                if goes_on {
                    server.log.forget(last.index);
                } else {
                    server.log = ByIndex::default();
                }
                server.base = last;
                self.snapshot(node, last.index, digest)
            }
        }
    }
}

fn broken(property: &'static str, evidence: String) -> Result<(), Broken> {
    Err(Broken { property, evidence })
}

impl Invariants {
    fn server(&mut self, node: NodeId) -> &mut Server {
        if self.servers.len() <= node.index() {
            self.servers.resize_with(node.index() + 1, Server::default);
        }
        &mut self.servers[node.index()]
    }

    fn started(&mut self, node: NodeId, life: u64, term: Term, end: Index) -> Result<(), Broken> {
        let server = self.server(node);
        if server.life != life {
            *server = Server { life, ..Server::default() };
        }
        server.leads = None;
        server.log.cut(end + 1);
        if term < server.term {
            let acted = server.term;
            return broken(PROMISES, format!("{node} starts again in term {term}, and has voted or led in term {acted}"));
        }
        Ok(())
    }

    fn elected(&mut self, node: NodeId, term: Term) -> Result<(), Broken> {
        if let Some(other) = self.leaders.insert(term, node) {
            return broken(ELECTION_SAFETY, format!("{node} is elected in term {term}, and {other} was elected in it before"));
        }
        // What a later leader has committed by then is not owed to one whose votes come late.
        let before = self.applied.iter().rev().find(|(_, entry)| entry.by < term);
        let last = before.map(|(index, entry)| (index, entry.term));
        let server = self.server(node);
        server.leads = Some(term);
        if let Some((index, of)) = last.filter(|(index, _)| *index > server.base.index)
            && server.log.get(index) != Some(&of)
        {
            let has = match server.log.get(index) {
                Some(other) => format!("has one of term {other} there"),
                None => format!("has no entry {index}"),
            };
            return broken(
                LEADER_COMPLETENESS,
                format!("{node} is elected in term {term} and {has}; entry {index} of term {of} was committed before"),
            );
        }
        Ok(())
    }

    fn voted(&mut self, node: NodeId, term: Term, candidate: NodeId) -> Result<(), Broken> {
        let server = self.server(node);
        if term < server.term {
            let acted = server.term;
            return broken(PROMISES, format!("{node} votes in term {term}, and has acted in term {acted}"));
        }
        if term > server.term {
            (server.term, server.voted_for) = (term, None);
        }
        match server.voted_for.replace(candidate) {
            Some(other) if other != candidate => {
                broken(PROMISES, format!("{node} votes for {candidate} in term {term}, and has voted for {other}"))
            }
            _ => Ok(()),
        }
    }

    fn stored(&mut self, node: NodeId, index: Index, term: Term, content: (u64, Term)) -> Result<(), Broken> {
        self.server(node).log.put(index, term);
        let known = *self.entries.entry(term).or_default().get_or_put(index, content);
        if known != content {
            let what = if known.0 == content.0 { "behind another entry" } else { "with another content" };
            return broken(LOG_MATCHING, format!("{node} has an entry {index} of term {term} {what} than the first that had it"));
        }
        Ok(())
    }

    fn cut(&mut self, node: NodeId, from: Index) -> Result<(), Broken> {
        let server = self.server(node);
        let gone = server.log.cut(from);
        if let Some(term) = server.leads {
            return broken(LEADER_APPEND_ONLY, format!("{node}, which leads term {term}, gives up its entries from {from} on"));
        }
        let committed = gone.iter().find(|(index, term)| self.applied.get(*index).is_some_and(|entry| entry.term == **term));
        match committed {
            Some((index, term)) => {
                broken(COMMITTED_KEPT, format!("{node} gives up entry {index} of term {term}, which was committed"))
            }
            None => Ok(()),
        }
    }

    fn applied(&mut self, node: NodeId, index: Index, entry: Committed) -> Result<(), Broken> {
        let first = *self.applied.get_or_put(index, entry);
        if first.term != entry.term {
            let (of, term) = (first.term, entry.term);
            return broken(
                STATE_MACHINE_SAFETY,
                format!("{node} applies an entry {index} of term {term}, and one of term {of} was applied"),
            );
        }
        self.snapshot(node, index, entry.digest)
    }

    /// The state machine after an index is one and the same everywhere.
    fn snapshot(&mut self, node: NodeId, last: Index, digest: u64) -> Result<(), Broken> {
        match self.applied.get(last) {
            Some(first) if first.digest != digest => broken(
                STATE_MACHINE_SAFETY,
                format!("after entry {last}, the state of {node} is not that of the first to apply it"),
            ),
            _ => Ok(()),
        }
    }
}
