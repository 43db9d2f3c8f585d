//! The section of a report on a bucket of counters: S1's fields, with what was measured in the place of what it promises; and the judgement
//! over what the vnodes have in the end.

use super::message::{Request, Response};
use super::monitor::{Event, Fact, volume};
use super::node::{Node, entry};
use super::{BUCKET_VALUE, DELAY, LOST, REPAIRS, STALE, SURVIVORS_KEPT};
use crate::crdt::types::dot::Origin;
use crate::harness::Seen;
use crate::registry::{Check, Report};
use quorate_check::{Verdict, counter};
use quorate_engine::outcome::{OperationOutcome, OperationStatus};
use quorate_engine::time::{Nanos, seconds};
use quorate_engine::{NodeId, OpId, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Reads of the counter that is shown.
const READS_MAX: usize = 20;
/// Vnodes that still differ so many intervals after the last that happened never agree.
const INTERVALS_TO_AGREE: u64 = 20;

/// An increment that a client asked for.
struct Addition {
    operation: OpId,
    amount: i64,
    invoked: Time,
    acknowledged: Option<Time>,
    /// It may be gone with the disks that had it.
    is_excused: bool,
}

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    let by_key = additions(seen, report);
    let unsettled = unsettled(seen, report);
    let verdict = unsettled.clone().map_or_else(|| values(seen, &by_key), Verdict::Unknown);
    report.checks.push(Check { name: BUCKET_VALUE, verdict });
    let verdict = unsettled.clone().map_or_else(|| survivors(seen), Verdict::Unknown);
    report.checks.push(Check { name: SURVIVORS_KEPT, verdict });
    let delays = delays(seen);
    report.metrics.push((REPAIRS, seen.monitor.repairs as f64));
    report.metrics.extend(unsettled.is_none().then(|| (LOST, lost(seen, &by_key) as f64)));
    report.metrics.extend(stale(seen, report, &by_key).map(|share| (STALE, share)));
    let mean = (!delays.is_empty()).then(|| delays.iter().map(|delay| seconds(*delay)).sum::<f64>() / delays.len() as f64);
    report.metrics.extend(mean.map(|mean| (DELAY, mean)));
    report.evidence = seen.told(|| shown(seen, report, &by_key, &delays));
}

/// Every increment that was sent, by key. One is excused if, after it was acknowledged, as many nodes of its list lost their disks as had to
/// have it then, the one that counted it among them.
fn additions(seen: &Seen<'_, Node>, report: &Report) -> BTreeMap<u32, Vec<Addition>> {
    let mut counted: BTreeMap<OpId, (usize, NodeId)> = BTreeMap::new();
    let mut losses: Vec<(usize, NodeId)> = Vec::new();
    for (place, event) in seen.monitor.story.iter().enumerate() {
        match *event {
            Event::Counted(operation, node) => _ = counted.insert(operation, (place, node)),
            Event::LostDisk(node) => losses.push((place, node)),
        }
    }
    let is_excused = |operation: OpId, key: u32| {
        let Some(&(place, by)) = counted.get(&operation) else { return false };
        let list = seen.options.preference_list(key, seen.job.setup.nodes);
        let later = losses.iter().filter(|(at, node)| *at > place && list.contains(node));
        let nodes: BTreeSet<NodeId> = later.map(|(_, node)| *node).collect();
        nodes.contains(&by) && nodes.len() >= seen.options.w as usize
    };
    let mut by_key: BTreeMap<u32, Vec<Addition>> = BTreeMap::new();
    for (number, ((request, _), outcome)) in (0..).zip(seen.answers.iter().zip(&report.outcome.operations)) {
        let (Request::Add { key, amount }, Some(invoked)) = (*request, outcome.invoked()) else { continue };
        let operation = OpId(number);
        let acknowledged = outcome.completed().filter(|_| outcome.status == OperationStatus::Ok);
        let addition = Addition { operation, amount, invoked, acknowledged, is_excused: is_excused(operation, key) };
        by_key.entry(key).or_default().push(addition);
    }
    by_key
}

/// Why nothing can be said of final values.
fn unsettled(seen: &Seen<'_, Node>, report: &Report) -> Option<String> {
    if seen.live().count() < seen.job.setup.nodes as usize {
        return Some("a node was away at the end".to_string());
    }
    let strikes = report.outcome.strikes.iter().flat_map(|strike| strike.instants.iter().map(|(at, _)| *at));
    let operations = report.outcome.operations.iter().flat_map(|operation| [operation.invoked(), operation.completed()]);
    let last = strikes.chain(operations.flatten()).max().unwrap_or(Time::ZERO);
    let differs = seen.live().any(|(_, node)| node.counters().any(|(key, _)| !agree(seen, key)));
    let quiet = report.outcome.ended.0.saturating_sub(last.0);
    (differs && quiet < INTERVALS_TO_AGREE * seen.options.interval).then(|| "the vnodes had not settled at the end".to_string())
}

/// The nodes of a key's list, with what they have.
fn vnodes<'a>(seen: &'a Seen<'_, Node>, key: u32) -> impl Iterator<Item = (u32, &'a Node)> {
    let list = seen.options.preference_list(key, seen.job.setup.nodes);
    seen.live().filter(move |(node, _)| list.contains(&NodeId(*node)))
}

fn agree(seen: &Seen<'_, Node>, key: u32) -> bool {
    let mut counters = vnodes(seen, key).map(|(_, node)| node.counter(key));
    let first = counters.next();
    counters.all(|counter| Some(&counter) == first.as_ref())
}

/// Each vnode's value is the sum of what was acknowledged, some of what nobody was told of, and some of what lost disks may have taken.
fn values(seen: &Seen<'_, Node>, by_key: &BTreeMap<u32, Vec<Addition>>) -> Verdict {
    let mut doubt = None;
    for (key, additions) in by_key {
        if !agree(seen, *key) {
            let values: Vec<String> =
                vnodes(seen, *key).map(|(node, has)| format!("n{node} {}", has.counter(*key).sum())).collect();
            return Verdict::Violation(format!("the vnodes of counter {key} do not agree: {}", values.join(", ")));
        }
        let judged = |addition: &Addition| {
            let acknowledged = addition.acknowledged.is_some() && !addition.is_excused;
            counter::Addition { amount: addition.amount, acknowledged }
        };
        let judged: Vec<counter::Addition> = additions.iter().map(judged).collect();
        let finals: Vec<counter::Final> =
            vnodes(seen, *key).map(|(replica, node)| counter::Final { replica, value: node.counter(*key).sum() }).collect();
        match counter::judge(&judged, &finals, true) {
            Verdict::Violation(why) => return Verdict::Violation(format!("counter {key}: {why}")),
            Verdict::Ok => {}
            other => doubt = Some(other),
        }
    }
    doubt.unwrap_or(Verdict::Ok)
}

/// What some disk has kept, every vnode of the key has.
fn survivors(seen: &Seen<'_, Node>) -> Verdict {
    for (key, actor, holder, tally) in seen.monitor.owed() {
        for (node, has) in vnodes(seen, key) {
            let found = entry(&has.counter(key), actor);
            if found.added < tally.added || found.removed < tally.removed {
                return Verdict::Violation(format!(
                    "{holder} has {} of actor {actor} under counter {key} on its disk, and n{node} ends with {}",
                    volume(&tally),
                    volume(&found)
                ));
            }
        }
    }
    Verdict::Ok
}

/// Of what was acknowledged, how much is in no vnode: at least so much.
fn lost(seen: &Seen<'_, Node>, by_key: &BTreeMap<u32, Vec<Addition>>) -> i64 {
    let of_key = |(key, additions): (&u32, &Vec<Addition>)| {
        let told: i64 = additions.iter().filter(|addition| addition.acknowledged.is_some()).map(|addition| addition.amount).sum();
        vnodes(seen, *key).map(|(_, node)| told - node.counter(*key).sum()).max().unwrap_or(0).max(0)
    };
    by_key.iter().map(of_key).sum()
}

/// How long each increment took to each other vnode that merged it.
fn delays(seen: &Seen<'_, Node>) -> Vec<Nanos> {
    let mut under_way: BTreeMap<(u32, Origin), Vec<(Time, u64)>> = BTreeMap::new();
    let mut known: BTreeMap<(u32, Origin, NodeId), u64> = BTreeMap::new();
    let mut delays = Vec::new();
    for (at, node, fact) in seen.facts {
        match fact {
            Fact::Counted { key, actor, tally, .. } => under_way.entry((*key, *actor)).or_default().push((*at, volume(tally))),
            Fact::Merged(key, entries) => {
                for (actor, tally) in entries.iter().filter(|(actor, _)| actor.node != *node) {
                    let before = known.insert((*key, *actor, *node), volume(tally)).unwrap_or(0);
                    let counted = under_way.get(&(*key, *actor)).map_or(&[][..], Vec::as_slice);
                    let from = counted.partition_point(|(_, reached)| *reached <= before);
                    let news = counted[from..].iter().take_while(|(_, reached)| *reached <= volume(tally));
                    delays.extend(news.map(|(counted, _)| at.0 - counted.0));
                }
            }
            _ => {}
        }
    }
    delays
}

/// Which reads told less than was acknowledged before they began; nothing where anything is ever taken away.
fn stale(seen: &Seen<'_, Node>, report: &Report, by_key: &BTreeMap<u32, Vec<Addition>>) -> Option<f64> {
    let mut told: BTreeMap<u32, (Vec<Time>, Vec<i64>)> = BTreeMap::new();
    for (key, additions) in by_key {
        let mut ends: Vec<(Time, i64)> = additions.iter().filter_map(|one| Some((one.acknowledged?, one.amount))).collect();
        if ends.iter().any(|(_, amount)| *amount < 0) {
            return None;
        }
        ends.sort_unstable();
        let sums = ends.iter().scan(0i64, |sum, (_, amount)| {
            *sum = sum.saturating_add(*amount);
            Some(*sum)
        });
        told.insert(*key, (ends.iter().map(|(at, _)| *at).collect(), sums.collect()));
    }
    let (mut all, mut behind) = (0u32, 0u32);
    for (key, value, outcome) in reads(seen, report) {
        let Some(invoked) = outcome.invoked() else { continue };
        let before = told.get(&key).map_or(0, |(ends, sums)| match ends.partition_point(|end| *end < invoked) {
            0 => 0,
            count => sums[count - 1],
        });
        all += 1;
        behind += u32::from(value < before);
    }
    (all > 0).then(|| f64::from(behind) / f64::from(all))
}

fn reads<'a>(seen: &'a Seen<'_, Node>, report: &'a Report) -> impl Iterator<Item = (u32, i64, &'a OperationOutcome)> {
    let operations = seen.answers.iter().zip(&report.outcome.operations);
    operations.filter_map(|((request, answer), outcome)| match (request, answer) {
        (Request::Read(key), Some(Response::Value(value))) if outcome.status == OperationStatus::Ok => {
            Some((*key, *value, outcome))
        }
        _ => None,
    })
}

/// S1 `riak_crdt_operation`: the first increment that was acknowledged, and what clients read of its counter.
fn shown(seen: &Seen<'_, Node>, report: &Report, by_key: &BTreeMap<u32, Vec<Addition>>, delays: &[Nanos]) -> Value {
    let all = by_key.iter().flat_map(|(key, additions)| additions.iter().map(move |addition| (*key, addition)));
    let first = all.filter(|(_, addition)| addition.acknowledged.is_some()).min_by_key(|(_, addition)| addition.operation);
    let Some((key, addition)) = first else { return json!({ "riak_crdt_operation": null }) };
    let nodes = seen.job.setup.nodes;
    let coordinates = seen.options.w > 1;
    let by = seen.monitor.story.iter().find_map(|event| match event {
        Event::Counted(operation, node) if *operation == addition.operation => Some(*node),
        _ => None,
    });
    let mut sorted = delays.to_vec();
    sorted.sort_unstable();
    let quantile =
        |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).map(|delay| seconds(*delay));
    let values = reads(seen, report).filter(|(read, ..)| *read == key).take(READS_MAX).map(|(_, value, outcome)| {
        json!({ "at_sec": outcome.invoked().map(Time::seconds), "asked": outcome.to.to_string(), "value": value })
    });
    json!({
        "riak_crdt_operation": {
            "bucket": "counters",
            "key": key,
            "operation": "increment",
            "amount": addition.amount,
            "coordination": coordinates,
            "answered_after_sec": addition.acknowledged.map(|at| seconds(at.0 - addition.invoked.0)),
            "preference_list": seen.options.preference_list(key, nodes).iter().map(NodeId::to_string).collect::<Vec<_>>(),
            "replicas_updated": {
                "local_vnode": by.map(|node| format!("{node}: before the answer")),
                "remote_vnodes": if coordinates { format!("{} before the answer, the others async", seen.options.w - 1) } else { "async".to_string() },
            },
            "consistency": {
                "model": "eventual_consistency",
                "convergence_guarantee": agree(seen, key).then_some("the vnodes agree at the end"),
                "conflict_resolution": "join of the actors' entries",
            },
        },
        "remote_vnodes_measured": { "merges": delays.len(), "p50_sec": quantile(50), "p99_sec": quantile(99) },
        "client_visible": values.collect::<Vec<Value>>(),
        "vnodes_at_the_end": vnodes(seen, key).map(|(node, has)| json!({ "vnode": format!("n{node}"), "value": has.counter(key).sum() })).collect::<Vec<Value>>(),
    })
}
