//! The section of a report on a pattern: what an update cost, how soon all had it, and what the node that was asked knew of that.

use super::message::{Request, Response};
use super::monitor::Fact;
use super::node::Node;
use super::options::{Options, Pattern};
use super::{BUSIEST, MESSAGES, REACHED, RETRIES, TIME_ALL_HAVE, TIME_KNOWN, UNACKNOWLEDGED};
use crate::harness::{CONVERGES, Seen};
use crate::registry::{Check, Report};
use quorate_check::Verdict;
use quorate_engine::outcome::OperationOutcome;
use quorate_engine::time::seconds;
use quorate_engine::{NodeId, OpId, Role, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Updates that are told one by one.
const SHOWN_MAX: usize = 10;

/// What came of one update.
struct Course {
    operation: OpId,
    /// The node that was asked, at last where several were.
    asked: NodeId,
    from: Time,
    /// Those that are up at the end, and do not have it.
    without: Vec<u32>,
    /// When the last of those that are up had it, when all have it.
    all_had: Option<Time>,
    /// When the node that was asked knew that all have it.
    known: Option<Time>,
    /// How many the client was told of.
    answer: Option<u32>,
}

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    match seen.options.excuse() {
        Some(why) => report.checks.push(Check { name: CONVERGES.name, verdict: Verdict::NotJudged(why.to_string()) }),
        None => excuse_the_cut_off(seen, report),
    }
    let nodes = seen.job.setup.nodes;
    let courses = courses(seen, report);
    let live = seen.live().count();
    let ledger = &report.outcome.ledger;
    let sent =
        |role: Role| ledger.by_kind().filter(|(kind, _)| kind.role == role).map(|(_, tally)| tally.sent).sum::<u64>() as f64;
    let (_, busiest) = report.outcome.busiest;
    let mut metrics = Vec::new();
    if !courses.is_empty() {
        let updates = courses.len() as f64;
        metrics.push((MESSAGES, sent(Role::Protocol) / updates));
        metrics.push((RETRIES, sent(Role::Retry) / updates));
        metrics.push((BUSIEST, (f64::from(busiest.sent) + f64::from(busiest.received)) / updates));
    }
    let time = |end: Option<Time>, course: &Course| Some(seconds(end?.0.saturating_sub(course.from.0)));
    let each = |of: &dyn Fn(&Course) -> Option<f64>| mean(courses.iter().filter_map(of));
    let reached = each(&|course| (live > 0).then(|| 1.0 - course.without.len() as f64 / live as f64));
    metrics.extend(each(&|course| time(course.all_had, course)).map(|time| (TIME_ALL_HAVE, time)));
    metrics.extend(each(&|course| time(course.known, course)).map(|time| (TIME_KNOWN, time)));
    metrics.extend(reached.map(|reached| (REACHED, reached)));
    metrics.extend(each(&|course| Some(f64::from(nodes - course.answer?))).map(|nodes| (UNACKNOWLEDGED, nodes)));
    let by_kind = ledger.by_kind().filter(|(kind, tally)| kind.role != Role::Client && tally.sent > 0);
    report.evidence = seen.told(|| json!({
        "pattern": seen.job.options.choice("pattern"),
        "nodes": nodes,
        "down_at_end": (0..nodes).filter(|node| seen.replicas[*node as usize].is_none()).collect::<Vec<u32>>(),
        "messages_an_update_closed_form": closed_form(seen.options, nodes),
        "last_update": courses.last().map(told),
        "sent": by_kind.map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent))).collect::<serde_json::Map<_, _>>(),
        "busiest": report.outcome.busiest.0.to_string(),
        "measured": metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "updates": courses.iter().take(SHOWN_MAX).map(told).collect::<Vec<Value>>(),
    }));
    report.metrics.extend(metrics);
}

/// Nobody promises anything to those who are cut off from others by a node that is down at the end.
fn excuse_the_cut_off(seen: &Seen<'_, Node>, report: &mut Report) {
    let Options { pattern, tree, one_by_one, .. } = seen.options;
    let cuts = |node: &NodeId| *one_by_one || tree.neighbours(*node).count() > 1;
    let down = (0..seen.job.setup.nodes).map(NodeId).filter(|node| seen.replicas[node.index()].is_none());
    let Some(node) = down.into_iter().find(cuts).filter(|_| *pattern == Pattern::Tree) else { return };
    let mut checks = report.checks.iter_mut();
    if let Some(check) = checks.find(|check| check.name == CONVERGES.name && check.verdict != Verdict::Ok) {
        check.verdict = Verdict::NotJudged(format!("{node} is down at the end, and the way of an update goes through it"));
    }
}

/// What came of each update that was asked, whether a node ever heard of it or not.
fn courses(seen: &Seen<'_, Node>, report: &Report) -> Vec<Course> {
    let mut had: BTreeMap<(OpId, NodeId), Time> = BTreeMap::new();
    let mut known: BTreeMap<(OpId, NodeId), Time> = BTreeMap::new();
    for (at, node, fact) in seen.facts {
        match fact {
            Fact::Has(operation) => _ = had.entry((*operation, *node)).or_insert(*at),
            Fact::KnowsAll(operation) => _ = known.entry((*operation, *node)).or_insert(*at),
            Fact::Counts(..) | Fact::Answered(..) => {}
        }
    }
    let holds: BTreeMap<u32, BTreeSet<OpId>> =
        seen.live().map(|(number, node)| (number, node.has().map(|item| item.operation).collect())).collect();
    let asked = seen.answers.iter().zip(&report.outcome.operations).zip(0..);
    let course = |(((request, answer), outcome), number): ((&(Request, Option<Response>), &OperationOutcome), u32)| {
        let Request::Update { .. } = request else { return None };
        let operation = OpId(number);
        let without: Vec<u32> = holds.iter().filter(|(_, has)| !has.contains(&operation)).map(|(number, _)| *number).collect();
        // Of a long run not all facts are kept.
        let had: Option<Vec<Time>> = holds.keys().map(|node| had.get(&(operation, NodeId(*node))).copied()).collect();
        Some(Course {
            operation,
            asked: outcome.to,
            from: outcome.invoked()?,
            all_had: had.filter(|_| without.is_empty()).and_then(|had| had.into_iter().max()),
            without,
            known: known.get(&(operation, outcome.to)).copied(),
            answer: match answer {
                Some(Response::Known(nodes)) => Some(*nodes),
                _ => None,
            },
        })
    };
    asked.filter_map(course).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// How many messages an update takes where nothing is lost; gossip's are a matter of chance.
fn closed_form(options: &Options, nodes: u32) -> Option<u64> {
    let others = u64::from(nodes) - 1;
    match options.pattern {
        Pattern::None => Some(0),
        Pattern::Tree => Some(2 * others),
        Pattern::Mesh => Some((others + 1) * others),
        Pattern::Gossip => None,
    }
}

fn told(course: &Course) -> Value {
    let after = |at: Option<Time>| at.map(|at| seconds(at.0.saturating_sub(course.from.0)));
    json!({
        "update": course.operation.0,
        "asked_of": course.asked.to_string(),
        "all_have_after_sec": after(course.all_had),
        "known_after_sec": after(course.known),
        "client_was_told_of": course.answer,
        "never_reached": course.without,
    })
}
