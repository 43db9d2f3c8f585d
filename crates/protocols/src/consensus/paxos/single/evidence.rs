//! The checks over histories, the metrics and the section of a report.

use super::node::{Fact, Paxos};
use super::{DECIDED, PREEMPTED, ROUNDS};
use crate::consensus::peace;
use crate::harness::Seen;
use crate::registry::Report;
use crate::replication::judge;
use crate::replication::machine::Object;
use serde_json::{Value, json};

pub(super) fn report(seen: &Seen<'_, Paxos>, report: &mut Report) {
    let history = judge::history(Object::Kv, seen, report);
    report.checks.push(judge::linearizable(&history));
    report.checks.push(judge::written(Object::Kv, &history));
    let count = |kind: fn(&Fact) -> bool| seen.facts.iter().filter(|(_, _, fact)| kind(fact)).count() as f64;
    let decided = seen.live().map(|(_, node)| node.chosen.len()).max().unwrap_or(0);
    report.metrics.push((ROUNDS, count(|fact| matches!(fact, Fact::Began(_)))));
    report.metrics.push((PREEMPTED, count(|fact| matches!(fact, Fact::Preempted(_)))));
    report.metrics.push((DECIDED, decided as f64));
    report.metrics.push(peace::unserved(seen, report));
    report.evidence = seen.told(|| evidence(seen, report, decided));
}

fn evidence(seen: &Seen<'_, Paxos>, report: &Report, decided: usize) -> Value {
    let count = |kind: fn(&Fact) -> bool| seen.facts.iter().filter(|(_, _, fact)| kind(fact)).count();
    let others = seen.job.setup.nodes - 1;
    let ledger = &report.outcome.ledger;
    let sent = |name: &str| ledger.by_kind().find(|(kind, _)| kind.name == name).map_or(0, |(_, tally)| tally.sent);
    let work = ["prepare", "promise", "accept", "accepted", "refuse", "chosen"];
    let all: u64 = work.into_iter().map(sent).sum();
    let learned = seen.live().map(|(number, node)| (format!("n{number}"), json!(node.chosen.len())));
    json!({
        "nodes": seen.job.setup.nodes,
        "decided": decided,
        "ballots": count(|fact| matches!(fact, Fact::Began(_))),
        "preempted": count(|fact| matches!(fact, Fact::Preempted(_))),
        "learned_at_end": Value::Object(learned.collect()),
        // What one decision costs when its proposer is alone and nothing fails: two phases there and back, and the news.
        "closed_form": { "messages_per_decision": 5 * others, "delays_before_answer": if others > 0 { 4 } else { 0 } },
        "measured": {
            "messages_per_decision": if decided > 0 { json!(all as f64 / decided as f64) } else { Value::Null },
            "prepare": sent("prepare"),
            "promise": sent("promise"),
            "accept": sent("accept"),
            "accepted": sent("accepted"),
            "refuse": sent("refuse"),
            "chosen": sent("chosen"),
            "forced_writes": ledger.forced_writes,
        },
    })
}
