//! The checks over histories, the metrics and the section of a report.

use super::monitor::Fact;
use super::server::Raft;
use super::{BYTES_PER_COMMIT, ELECTIONS, FORCED_PER_COMMIT, LOG_HELD, LOG_LENGTH, MESSAGES_PER_COMMIT, SNAPSHOT_BYTES, TERMS};
use crate::consensus::peace;
use crate::harness::Seen;
use crate::registry::Report;
use crate::replication::judge;
use quorate_engine::{NodeId, Time};
use serde_json::{Value, json};

/// Terms that the evidence tells.
const TERMS_TOLD_MAX: usize = 100;

pub(super) fn report(seen: &Seen<'_, Raft>, report: &mut Report) {
    let object = seen.options.object;
    let history = judge::history(object, seen, report);
    let holds = judge::holds(seen, report, Time::NEVER);
    report.checks.extend(judge::order_and_written(object, &history, &holds));
    let elected: Vec<(Time, NodeId, u64)> = seen
        .facts
        .iter()
        .filter_map(|(at, node, fact)| match fact {
            Fact::Elected(term) => Some((*at, *node, *term)),
            _ => None,
        })
        .collect();
    let committed = seen.live().map(|(_, server)| server.committed()).max().unwrap_or(0);
    let ledger = &report.outcome.ledger;
    let of =
        |name: &str| ledger.by_kind().filter(|(kind, _)| kind.name == name).map(|(_, tally)| (tally.sent, tally.bytes)).next();
    let append = ["append", "append-again", "appended"].map(|name| of(name).unwrap_or_default());
    let terms = seen.facts.iter().filter_map(|(_, _, fact)| if let Fact::Candidate(term) = fact { Some(*term) } else { None });
    let entries = seen.live().map(|(_, server)| server.held_entries()).max().unwrap_or(0);
    let snapshot = seen.live().map(|(_, server)| server.snapshot_bytes()).max().unwrap_or(0);
    let mut metrics = vec![
        (ELECTIONS, elected.len() as f64),
        (TERMS, terms.max().unwrap_or(0) as f64),
        (LOG_LENGTH, committed as f64),
        (LOG_HELD, entries as f64),
        (SNAPSHOT_BYTES, snapshot as f64),
    ];
    if committed > 0 {
        let per_commit = |amount: u64| amount as f64 / committed as f64;
        metrics.push((MESSAGES_PER_COMMIT, per_commit(append.iter().map(|(sent, _)| sent).sum())));
        metrics.push((BYTES_PER_COMMIT, per_commit(append.iter().map(|(_, bytes)| bytes).sum())));
        metrics.push((FORCED_PER_COMMIT, per_commit(ledger.forced_writes)));
    }
    metrics.push(peace::unserved(seen, report));
    report.metrics.extend(metrics);
    super::metrics::measure(seen, report);
    report.evidence = seen.told(|| evidence(seen, report, &elected, committed));
}

fn evidence(seen: &Seen<'_, Raft>, report: &Report, elected: &[(Time, NodeId, u64)], committed: u64) -> Value {
    let count = |kind: fn(&Fact) -> bool| seen.facts.iter().filter(|(_, _, fact)| kind(fact)).count();
    let others = seen.job.setup.nodes - 1;
    let ledger = &report.outcome.ledger;
    let sent = |name: &str| ledger.by_kind().find(|(kind, _)| kind.name == name).map_or(0, |(_, tally)| tally.sent);
    let terms: Vec<Value> = elected
        .iter()
        .take(TERMS_TOLD_MAX)
        .map(|(at, node, term)| json!({ "term": term, "leader": node.to_string(), "elected_at": at.seconds() }))
        .collect();
    json!({
        "servers": seen.job.setup.nodes,
        "terms": terms,
        "elections": elected.len(),
        "candidacies": count(|fact| matches!(fact, Fact::Candidate(_))),
        "depositions": count(|fact| matches!(fact, Fact::Deposed(_))),
        "reconfigurations": count(|fact| matches!(fact, Fact::Reconfigured(_))),
        "transfers": count(|fact| matches!(fact, Fact::HandsOver(_))),
        "replaced_disks": count(|fact| matches!(fact, Fact::Born)),
        "snapshots": count(|fact| matches!(fact, Fact::Snapshot { .. })),
        "snapshots_installed": count(|fact| matches!(fact, Fact::Installed { .. })),
        "committed_entries": committed,
        "servers_at_end": seen.live().map(|(number, server)| (format!("n{number}"), server.tell())).collect::<serde_json::Map<_, _>>(),
        // What one command costs between servers when it runs alone and nothing fails.
        "closed_form": { "messages_per_commit": 2 * others, "delays_before_answer": if others > 0 { 2 } else { 0 } },
        "measured": {
            "append": sent("append"),
            "appended": sent("appended"),
            "append_again": sent("append-again"),
            "heartbeat": sent("heartbeat"),
            "heartbeat_answer": sent("heartbeat-answer"),
            "request_vote": sent("request-vote"),
            "install_snapshot": sent("install-snapshot"),
            "forced_writes": ledger.forced_writes,
        },
    })
}
