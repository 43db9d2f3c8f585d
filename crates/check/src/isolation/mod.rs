//! Isolation levels of histories of transactions that append to lists, or that read and write registers: is there a way in which a
//! database of that level could have given these answers?
//!
//! The levels are Adya's ("Weak consistency", PhD thesis, 1999; Adya, Liskov and O'Neil, "Generalized isolation level definitions",
//! ICDE 2000) for items, without predicates: *read uncommitted* is PL-1, *read committed* PL-2, *repeatable read* PL-2.99, which is
//! the same as *serializable* (PL-3) when no transaction asks for predicates. *Snapshot isolation* is as in Cerone and Gotsman,
//! "Analysing snapshot isolation" (JACM 2018): a transaction reads the snapshot of its start and its own writes, and two
//! transactions that write the same key do not overlap between start and commit; see Fekete et al., "Making snapshot isolation
//! serializable" (TODS 2005), for what that allows. *Strong session* levels also keep the order of each process (Daudjee and Salem,
//! "Lazy database replication with snapshot isolation", VLDB 2006), *strong* and *strict* ones real time: one transaction is before
//! another when it returned strictly before the other was invoked. They keep the order of processes too.
//!
//! A history is of a level when some choice of what it leaves open makes it so:
//! - Transactions that are *ok* committed. A *failed* one aborted. An *unknown* one committed when a committed transaction saw it
//!   (what it read itself is not known), and else is left out. At *read uncommitted* what was seen need not have committed: there
//!   unknown ones are always left out.
//! - The order of the versions of a key. Lists show theirs (Kingsbury and Alvaro, "Elle", VLDB 2020): what nobody saw comes after
//!   all that was seen, in any order. Of registers it is open but for the initial value, which is first. Open orders are choices
//!   between two sets of edges, a polygraph (Papadimitriou, "The serializability of concurrent database updates", JACM 1979), as in
//!   Cobra (OSDI 2020), PolySI (VLDB 2023) and Viper (EuroSys 2023).
//! - Who wrote what was read, when several wrote the same value.
//!
//! The answers are then explained exactly when a graph has no cycle. For snapshot isolation it has a start and a commit for each
//! transaction; write and read dependencies (ww, wr), sessions and real time go from commit to start, anti-dependencies (rw) from
//! start to commit. For the other levels it has one node for each transaction.

mod edges;
mod explain;
#[cfg(test)]
mod generate;
mod graph;
#[cfg(test)]
mod oracle;
mod read;
mod solve;
#[cfg(test)]
mod tests;
mod versions;

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{History, Model};
use explain::Anomaly;
use read::{Choices, Trace};
use serde_json::{Value as Json, json};

/// An isolation level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// PL-1: writes of committed transactions are ordered.
    ReadUncommitted,
    /// PL-2: and only what committed transactions wrote last is read.
    ReadCommitted,
    /// PL-2.99: and no item changes while it is in use.
    RepeatableRead,
    /// Snapshots, and the first committer wins.
    SnapshotIsolation,
    /// And no process sees an older state than before.
    StrongSessionSnapshotIsolation,
    /// And each snapshot is of the present.
    StrongSnapshotIsolation,
    /// PL-3: some serial order explains all reads.
    Serializable,
    /// And it keeps the order of each process.
    StrongSessionSerializable,
    /// And it keeps real time.
    StrictSerializable,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 9] = [
        Level::ReadUncommitted,
        Level::ReadCommitted,
        Level::RepeatableRead,
        Level::SnapshotIsolation,
        Level::StrongSessionSnapshotIsolation,
        Level::StrongSnapshotIsolation,
        Level::Serializable,
        Level::StrongSessionSerializable,
        Level::StrictSerializable,
    ];

    /// Its name as checks have it.
    pub const fn name(self) -> &'static str {
        match self {
            Level::ReadUncommitted => "read-uncommitted",
            Level::ReadCommitted => "read-committed",
            Level::RepeatableRead => "repeatable-read",
            Level::SnapshotIsolation => "snapshot-isolation",
            Level::StrongSessionSnapshotIsolation => "strong-session-snapshot-isolation",
            Level::StrongSnapshotIsolation => "strong-snapshot-isolation",
            Level::Serializable => "serializable",
            Level::StrongSessionSerializable => "strong-session-serializable",
            Level::StrictSerializable => "strict-serializable",
        }
    }

    /// Whether a transaction has a start and a commit, rather than one point.
    fn is_snapshot(self) -> bool {
        use Level::*;
        matches!(self, SnapshotIsolation | StrongSessionSnapshotIsolation | StrongSnapshotIsolation)
    }

    /// Whether anti-dependencies count, so that nothing can come between what a transaction read and what it then wrote.
    fn has_snapshots_or_more(self) -> bool {
        !matches!(self, Level::ReadUncommitted | Level::ReadCommitted)
    }

    fn keeps_sessions(self) -> bool {
        matches!(self, Level::StrongSessionSnapshotIsolation | Level::StrongSessionSerializable) || self.keeps_real_time()
    }

    fn keeps_real_time(self) -> bool {
        matches!(self, Level::StrongSnapshotIsolation | Level::StrictSerializable)
    }
}

/// Whether a history of lists or registers is of that level. A step of the budget is a transaction read, an edge looked at, or a
/// choice made.
pub fn judge(history: &History, level: Level, budget: &mut Budget<'_>) -> Judgement {
    assert!(matches!(history.model, Model::ListAppend | Model::RwRegister), "no history of transactions");
    if let Some(short) = read::answered_short(history) {
        return Judgement::from(Verdict::Violation(short));
    }
    if level != Level::StrictSerializable
        && let Some(committed) = strict_soon(history, budget)
    {
        let judgement = Judgement::from(Verdict::Ok).with("transactions", committed);
        return judgement.with("inference", inference(history.model, level)).with("steps", budget.steps());
    }
    let mut choices = Choices::default();
    let mut ambiguous = None;
    let mut first: Option<(Vec<Anomaly>, usize)> = None;
    let judgement = loop {
        let found = budget.spend(history.operations.len() as u64).and_then(|()| {
            choices.rewind();
            let trace = read::trace(history, level, &mut choices);
            ambiguous = trace.ambiguous.clone().or(ambiguous.take());
            anomalies(&trace, level, first.is_none(), budget).map(|found| (found, trace.transactions.len()))
        });
        match found {
            Err(why) => break unknown(level, &ambiguous, &why),
            Ok((None, committed)) => break Judgement::from(Verdict::Ok).with("transactions", committed),
            Ok((Some(found), committed)) => drop(first.get_or_insert((found, committed))),
        }
        if !choices.advance() {
            let (found, committed) = first.expect("there was one reading");
            break violation(level, &found, ambiguous.as_deref()).with("transactions", committed);
        }
    };
    judgement.with("inference", inference(history.model, level)).with("steps", budget.steps())
}

/// The number of committed transactions, if it is soon told that they are strictly serializable: then they are of every level, and real
/// time leaves less to choose than weaker levels do.
fn strict_soon(history: &History, budget: &mut Budget<'_>) -> Option<usize> {
    const STEPS_PER_TRANSACTION: u64 = 64;
    let mut share = budget.share(STEPS_PER_TRANSACTION * history.operations.len() as u64);
    let trace = read::trace(history, Level::StrictSerializable, &mut Choices::default());
    if trace.ambiguous.is_some() {
        return None;
    }
    let found = anomalies(&trace, Level::StrictSerializable, false, &mut share);
    budget.spend(share.steps()).ok()?;
    (found == Ok(None)).then_some(trace.transactions.len())
}

/// The anomalies of one reading of the history, none if it has none. Without `tell` it is enough that there are some.
fn anomalies(trace: &Trace<'_>, level: Level, tell: bool, budget: &mut Budget<'_>) -> Result<Option<Vec<Anomaly>>, Exhausted> {
    let versions = versions::Versions::new(trace, level);
    let is_broken = !trace.broken.is_empty() || !versions.lost.is_empty();
    let solution = if is_broken {
        solve::Solution::Refuted(solve::Refutation::default())
    } else {
        solve::solve(trace, &versions, level, budget)?
    };
    let solve::Solution::Refuted(refutation) = solution else { return Ok(None) };
    Ok(Some(if tell { explain::anomalies(trace, &versions, level, &refutation) } else { Vec::new() }))
}

fn unknown(level: Level, ambiguous: &Option<String>, why: &Exhausted) -> Judgement {
    let text = match ambiguous {
        Some(ambiguous) => format!("{ambiguous}, so that not every read names its writer, and {why} before all ways were tried"),
        None => format!("{why} before an order of the writes was found that is {}, or shown not to exist", level.name()),
    };
    Judgement::from(Verdict::Unknown(text))
}

fn violation(level: Level, found: &[Anomaly], ambiguous: Option<&str>) -> Judgement {
    let names: Vec<&str> = found.iter().map(|anomaly| &*anomaly.name).collect();
    let mut text = format!("not {}: {}", level.name(), names.join(", "));
    if let Some(ambiguous) = ambiguous {
        text += &format!("\n{ambiguous}; whoever wrote what was read, there is an anomaly, such as");
    }
    for anomaly in found {
        text += "\n";
        text += &anomaly.text;
    }
    let facts: Vec<Json> = found.iter().map(Anomaly::json).collect();
    Judgement::from(Verdict::Violation(text)).with("anomalies", facts)
}

/// What the judge took for granted beyond the answers themselves.
fn inference(model: Model, level: Level) -> Json {
    let mut rules = vec!["a read names its writer, as values are written once; where they are not, every writer is tried"];
    if model == Model::ListAppend {
        rules.push("reads of a list fix the order of its appends; appends that no read saw come after them");
    } else if level != Level::ReadUncommitted {
        rules.push("the initial value is the first version of its key");
    }
    if level.has_snapshots_or_more() {
        rules.push("a transaction that reads a version and writes its key makes the next version");
        rules.push("every order of versions that is left open is tried");
    }
    if level.keeps_sessions() {
        rules.push("the order of each process");
    }
    if level.keeps_real_time() {
        rules.push("real time");
    }
    json!(rules)
}
