//! The checks over histories, the metrics and the section of a report.

use super::monitor::Fact;
use super::server::MultiPaxos;
use super::{ELECTIONS, LOG_LENGTH};
use crate::consensus::peace;
use crate::harness::Seen;
use crate::registry::Report;
use crate::replication::judge;
use quorate_engine::Time;
use serde_json::{Value, json};

/// Ballots that the evidence tells.
const BALLOTS_TOLD_MAX: usize = 100;

pub(super) fn report(seen: &Seen<'_, MultiPaxos>, report: &mut Report) {
    let object = seen.options.object;
    let history = judge::history(object, seen, report);
    let holds = judge::holds(seen, report, Time::NEVER);
    report.checks.extend(judge::order_and_written(object, &history, &holds));
    let elections = count(seen, |fact| matches!(fact, Fact::Elected(_)));
    let chosen = seen.live().map(|(_, server)| server.known).max().unwrap_or(0);
    report.metrics.push((ELECTIONS, elections as f64));
    report.metrics.push((LOG_LENGTH, chosen as f64));
    report.metrics.push(peace::unserved(seen, report));
    report.evidence = seen.told(|| evidence(seen, report, chosen));
}

fn count(seen: &Seen<'_, MultiPaxos>, kind: fn(&Fact) -> bool) -> usize {
    seen.facts.iter().filter(|(_, _, fact)| kind(fact)).count()
}

fn evidence(seen: &Seen<'_, MultiPaxos>, report: &Report, chosen: u64) -> Value {
    let others = seen.job.setup.nodes - 1;
    let ledger = &report.outcome.ledger;
    let sent = |name: &str| ledger.by_kind().find(|(kind, _)| kind.name == name).map_or(0, |(_, tally)| tally.sent);
    let elected = seen.facts.iter().filter_map(|(at, node, fact)| match fact {
        Fact::Elected(ballot) => {
            Some(json!({ "ballot": ballot.to_string(), "leader": node.to_string(), "elected_at": at.seconds() }))
        }
        _ => None,
    });
    let work = sent("accept") + sent("accepted");
    json!({
        "servers": seen.job.setup.nodes,
        "ballots": elected.take(BALLOTS_TOLD_MAX).collect::<Vec<Value>>(),
        "elections": count(seen, |fact| matches!(fact, Fact::Elected(_))),
        "candidacies": count(seen, |fact| matches!(fact, Fact::Candidate(_))),
        "depositions": count(seen, |fact| matches!(fact, Fact::Deposed(_))),
        "snapshots": count(seen, |fact| matches!(fact, Fact::Snapshot(..))),
        "snapshots_installed": count(seen, |fact| matches!(fact, Fact::Installed(..))),
        "chosen_slots": chosen,
        "servers_at_end": seen.live().map(|(number, server)| (format!("n{number}"), server.tell())).collect::<serde_json::Map<_, _>>(),
        // What one command costs between servers when it runs alone and nothing fails: the news goes with what is sent next.
        "closed_form": { "messages_per_command": 2 * others, "delays_before_answer": if others > 0 { 2 } else { 0 } },
        "measured": {
            "messages_per_command": if chosen > 0 { json!(work as f64 / chosen as f64) } else { Value::Null },
            "prepare": sent("prepare"),
            "promise": sent("promise"),
            "accept": sent("accept"),
            "accept_again": sent("accept-again"),
            "accepted": sent("accepted"),
            "heartbeat": sent("heartbeat"),
            "heard": sent("heard"),
            "chosen": sent("chosen"),
            "install_snapshot": sent("install-snapshot"),
            "forced_writes": ledger.forced_writes,
        },
    })
}
