//! The checks over histories, and the section of a report.

use super::actor::Node;
use super::copy::Copy;
use super::log::Log;
use super::monitor::Fact;
use super::options::Mode;
use super::{LOST_WRITES, TAKEOVERS};
use crate::harness::Seen;
use crate::registry::{Check, Report};
use crate::replication::judge;
use quorate_check::{Verdict, durable};
use quorate_engine::{NodeId, OpId, Time};
use serde_json::{Value, json};

/// Views that the evidence tells.
const VIEWS_TOLD_MAX: usize = 100;

/// A view that became active.
struct Begun {
    at: Time,
    view: u32,
    primary: NodeId,
    entries: u32,
}

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    let asynchronous = seen.options.mode == Mode::Asynchronous;
    let mut begun: Vec<Begun> = seen
        .facts
        .iter()
        .filter_map(|(at, node, fact)| match *fact {
            Fact::Primary { view, entries } => Some(Begun { at: *at, view, primary: *node, entries }),
            _ => None,
        })
        .collect();
    begun.sort_by_key(|begun| begun.view);
    let takeovers = || begun.windows(2).filter(|pair| pair[0].primary != pair[1].primary);
    // Asynchronous replication promises an order of everything only as long as nobody takes over.
    let end = takeovers().map(|pair| pair[1].at).min().filter(|_| asynchronous);
    let history = judge::history(seen.options.object, seen, report);
    let judged = end.map_or_else(|| history.clone(), |end| judge::until(&history, end));
    let holds = judge::holds(seen, report, end.unwrap_or(Time::NEVER));
    for check in judge::order(seen.options.object, &judged, &holds) {
        report.checks.push(match (check, end) {
            (Check { name, verdict: Verdict::Ok }, Some(end)) => Check {
                name,
                verdict: Verdict::NotJudged(format!(
                    "an asynchronous primary promises it until the first takeover, at {end}; it held till then"
                )),
            },
            (check, _) => check,
        });
    }
    report.checks.push(judge::written(seen.options.object, &history));
    let writes = judge::writes(seen, report);
    let log = surviving(seen).map(operations);
    let lost = log.as_ref().ok().map(|log| {
        let log: Vec<u32> = log.iter().map(|operation| operation.0).collect();
        durable::lost(&writes, &log).len()
    });
    report.checks.push(match end {
        Some(end) => Check {
            name: judge::NOTHING_LOST.name,
            verdict: Verdict::NotJudged(format!(
                "an asynchronous primary may lose writes at a takeover, and the first was at {end}"
            )),
        },
        _ => judge::nothing_lost(&writes, log.as_deref().map_err(Clone::clone)),
    });
    report.metrics.push((TAKEOVERS, takeovers().count() as f64));
    report.metrics.extend(lost.map(|lost| (LOST_WRITES, lost as f64)));
    report.evidence = seen.told(|| evidence(seen, report, &begun, lost));
}

/// The log that counts at the end: that of the active primary of the latest view, or else of a copy that joined the latest view that
/// was active.
fn surviving<'a>(seen: &'a Seen<'_, Node>) -> Result<&'a Log, String> {
    let copies = || {
        seen.live().filter_map(|(_, node)| match node {
            Node::Copy(copy) => Some(&**copy),
            Node::Server(_) => None,
        })
    };
    let decided = seen.live().map(|(_, node)| match node {
        Node::Server(server) => server.active().number,
        Node::Copy(_) => 0,
    });
    let latest = copies().map(Copy::joined).chain(decided).max().unwrap_or(0);
    let primary = copies().filter(|copy| copy.leads().is_some_and(|view| view >= latest)).max_by_key(|copy| copy.leads());
    let member = || copies().find(|copy| copy.joined() == latest);
    let found = primary.or_else(member).map(Copy::log);
    found.ok_or_else(|| format!("at the end no node is up that belonged to view {latest}, the latest that was active"))
}

fn operations(log: &Log) -> Vec<OpId> {
    log.between(0, log.len()).iter().map(|entry| entry.command.operation).collect()
}

fn evidence(seen: &Seen<'_, Node>, report: &Report, begun: &[Begun], lost: Option<usize>) -> Value {
    let options = seen.options;
    let synchronous = options.mode == Mode::Synchronous;
    let copies = seen.job.setup.nodes - u32::from(options.view_server.is_some());
    let backups = copies - 1;
    let ledger = &report.outcome.ledger;
    let sent = |name: &str| ledger.by_kind().find(|(kind, _)| kind.name == name).map_or(0, |(_, tally)| tally.sent);
    let answered = |changes: bool| {
        let known = seen.answers.iter().filter(|(request, response)| response.is_some() && request.changes() == changes);
        known.count()
    };
    let (writes, reads) = (answered(true), answered(false));
    let confirms = synchronous && options.view_server.is_some();
    let views: Vec<Value> = begun
        .iter()
        .take(VIEWS_TOLD_MAX)
        .map(|begun| {
            json!({
                "view": begun.view,
                "primary": begun.primary.to_string(),
                "active_at": begun.at.seconds(),
                "entries": begun.entries,
            })
        })
        .collect();
    json!({
        "mode": if synchronous { "synchronous" } else { "asynchronous" },
        "copies": copies,
        "view_server": options.view_server.map(|node| node.to_string()),
        "views": views,
        "acknowledged_writes": writes,
        "acknowledged_reads": reads,
        "lost_writes": lost,
        // What one operation costs between nodes when it runs alone and nothing fails.
        "closed_form": {
            "messages_per_write": 2 * backups,
            "messages_per_read": if confirms { 2 * backups } else { 0 },
            "forced_writes_per_write": 1 + backups,
            "delays_before_answer": if synchronous && backups > 0 { 2 } else { 0 },
        },
        "measured": {
            "append": sent("append"),
            "confirm": sent("confirm"),
            "acked": sent("acked"),
            "sent_again": sent("append-again"),
            "transferred": sent("transfer"),
            "forced_writes": ledger.forced_writes,
        },
    })
}
