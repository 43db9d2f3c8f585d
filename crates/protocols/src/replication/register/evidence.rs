//! The register's checks and section of a report.

use super::WRITES_PER_FORCE;
use super::actor::Register;
use crate::harness::Seen;
use crate::registry::Report;
use crate::replication::judge;
use crate::replication::machine::Object;
use serde_json::json;

pub(super) fn report(seen: &Seen<'_, Register>, report: &mut Report) {
    let home = seen.replicas[0].as_ref();
    let history = judge::history(Object::Kv, seen, report);
    let writes = judge::writes(seen, report);
    let log = home.ok_or("n0 is down at the end, and so is its log").and_then(|home| {
        home.log().ok_or("n0 found its log damaged, said so, and refuses to serve: one copy cannot know what is gone")
    });
    report.checks.push(judge::linearizable(&history));
    report.checks.push(judge::written(Object::Kv, &history));
    report.checks.push(judge::nothing_lost(&writes, log.map_err(str::to_string)));
    let ledger = &report.outcome.ledger;
    let logged = log.map_or(0, <[_]>::len);
    if ledger.forced_writes > 0 && log.is_ok() {
        report.metrics.push((WRITES_PER_FORCE, logged as f64 / ledger.forced_writes as f64));
    }
    report.evidence = seen.told(|| {
        json!({
            "copies": 1,
            "acknowledged_writes": writes.iter().filter(|write| write.acknowledged.is_some()).count(),
            "logged_writes": logged,
            "per_write_alone": { "messages_between_replicas": 0, "forced_writes": 1 },
            "measured": {
                "messages_between_replicas": ledger.between_replicas().sent,
                "forced_writes": ledger.forced_writes,
            },
            "survives": "a crash; not the loss of its disk",
        })
    });
}
