//! The section of a report on mutual exclusion: who was in when, what it cost, and the judgement from outside.

use super::monitor::Fact;
use super::node::Node;
use super::{Algorithm, ENTRIES, MESSAGES_PER_ENTRY, SECTIONS, SERVED, SYNC_DELAY, WAIT};
use crate::harness::Seen;
use crate::registry::{Check, Report};
use quorate_check::Verdict;
use quorate_check::exclusion::{self, Section};
use quorate_engine::outcome::Stop;
use quorate_engine::time::{SECOND, seconds};
use quorate_engine::{Nanos, NodeId, Role, Time};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Nodes that are listed one by one.
const NODES_SHOWN_MAX: usize = 100;

/// What the facts come to.
#[derive(Default)]
struct Tale {
    sections: Vec<Section>,
    /// Since when nodes wait.
    waiting: BTreeMap<NodeId, Time>,
    waits: Vec<Nanos>,
    sync_delays: Vec<Nanos>,
    /// When the section was empty.
    free: Vec<(Time, Time)>,
    entries: BTreeMap<NodeId, u64>,
    gone: Vec<NodeId>,
}

fn tale<A: Algorithm>(seen: &Seen<'_, Node<A>>, ended: Time) -> Tale {
    let mut tale = Tale::default();
    let mut inside: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut left_last: Option<Time> = None;
    let mut free_since = Time::ZERO;
    for &(at, node, fact) in seen.facts {
        match fact {
            Fact::Asked => {
                tale.waiting.insert(node, at);
            }
            Fact::Entered => {
                if inside.is_empty() {
                    tale.free.push((free_since, at));
                }
                inside.insert(node, tale.sections.len());
                tale.sections.push(Section { holder: u64::from(node.0), enter: at.0, leave: None });
                *tale.entries.entry(node).or_default() += 1;
                if let Some(asked) = tale.waiting.remove(&node) {
                    tale.waits.push(at.0 - asked.0);
                    tale.sync_delays.extend(left_last.filter(|left| asked < *left).map(|left| at.0 - left.0));
                }
            }
            Fact::Left => {
                if let Some(place) = inside.remove(&node) {
                    tale.sections[place].leave = Some(at.0);
                }
                (left_last, free_since) = (Some(at), at);
            }
            Fact::StaysOut => {
                tale.waiting.remove(&node);
                tale.gone.push(node);
            }
        }
    }
    if inside.is_empty() {
        tale.free.push((free_since, ended));
    }
    tale
}

pub(super) fn report<A: Algorithm>(seen: &Seen<'_, Node<A>>, report: &mut Report) {
    let tale = tale(seen, report.outcome.ended);
    let verdict = exclusion::judge_sections(&tale.sections);
    report.checks.push(Check { name: SECTIONS, verdict });
    report.checks.push(Check { name: SERVED, verdict: served(seen, report, &tale) });
    let entries = tale.sections.len();
    let own = report.outcome.ledger.by_kind().filter(|(kind, _)| kind.role == Role::Protocol);
    let messages: u64 = own.map(|(_, tally)| tally.sent).sum();
    let per_entry = (entries > 0).then(|| messages as f64 / entries as f64);
    let (wait, sync_delay) = (mean(&tale.waits), mean(&tale.sync_delays));
    report.metrics.push((ENTRIES, entries as f64));
    let known = [(MESSAGES_PER_ENTRY, per_entry), (WAIT, wait), (SYNC_DELAY, sync_delay)];
    report.metrics.extend(known.into_iter().filter_map(|(name, value)| Some((name, value?))));
    report.evidence = seen.told(|| {
        json!({
            "nodes": seen.job.setup.nodes,
            "entries": entries,
            "entries_by_node": by_node(tale.entries.iter().map(|(node, count)| (*node, json!(count)))),
            "waiting_at_end_since_sec": by_node(tale.waiting.iter().map(|(node, since)| (*node, json!(seconds(since.0))))),
            "crashed_and_out": tale.gone.iter().map(|node| node.0).collect::<Vec<u32>>(),
            "messages": kinds(report),
            "closed_form": A::closed_form(seen.job.setup.nodes),
            "measured": {
                "messages_per_entry": per_entry,
                "wait_sec": { "mean": wait, "most": tale.waits.iter().max().map(|wait| seconds(*wait)) },
                "sync_delay_sec": { "mean": sync_delay, "most": tale.sync_delays.iter().max().map(|delay| seconds(*delay)) },
                "handed_on_to_one_that_waited": tale.sync_delays.len(),
            },
        })
    });
}

fn by_node(values: impl Iterator<Item = (NodeId, Value)>) -> Value {
    let named = values.take(NODES_SHOWN_MAX).map(|(node, value)| (node.to_string(), value));
    Value::Object(named.collect::<Map<String, Value>>())
}

fn kinds(report: &Report) -> Value {
    let sent = report.outcome.ledger.by_kind().filter(|(kind, _)| kind.role != Role::Client);
    Value::Object(sent.map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent))).collect())
}

/// In seconds; of nothing there is none.
fn mean(lengths: &[Nanos]) -> Option<f64> {
    let sum: u128 = lengths.iter().map(|length| u128::from(*length)).sum();
    (!lengths.is_empty()).then(|| sum as f64 / lengths.len() as f64 / SECOND as f64)
}

/// Whether nobody waits for ever while the section is free. No run is for ever: one that has waited for longer than anything
/// can take when nothing goes wrong, with nobody in, waits in vain; and so does everybody who waits when nothing can happen
/// any more.
fn served<A: Algorithm>(seen: &Seen<'_, Node<A>>, report: &Report, tale: &Tale) -> Verdict {
    let outcome = &report.outcome;
    if !tale.gone.is_empty() || seen.replicas.iter().any(Option::is_none) {
        return Verdict::Ok;
    }
    let lost = outcome.ledger.between_replicas().lost();
    if lost > 0 && !seen.options.links.acknowledged {
        return Verdict::NotJudged(format!("the network was to lose nothing, and lost {lost} messages"));
    }
    let strikes = outcome.strikes.iter().filter(|strike| strike.struck());
    let quiet = strikes.flat_map(|strike| strike.instants.iter().map(|(at, _)| *at).chain(strike.first)).max();
    let patience = FOREVER.max(FOREVER_IN_RESENDS * seen.options.links.resend);
    for (node, asked) in &tale.waiting {
        let since = quiet.unwrap_or(Time::ZERO).max(*asked);
        let free: Nanos = tale.free.iter().map(|(from, to)| to.0.saturating_sub(from.max(&since).0)).sum();
        let has_ended = outcome.stopped == Stop::Quiet && tale.sections.iter().all(|section| section.leave.is_some());
        if has_ended {
            return Verdict::Violation(format!("{node} has asked at {asked} and waits, and nothing can happen any more"));
        }
        if free > patience {
            let free = seconds(free);
            let evidence = format!("{node} has asked at {asked} and waits at the end; since {since} nobody was in for {free} s");
            return Verdict::Violation(evidence);
        }
    }
    Verdict::Ok
}

/// How long the section may be free while somebody waits, when nothing goes wrong any more.
const FOREVER: Nanos = 5 * SECOND;
/// The same, in times of the option `resend`: links may be silent for sixteen of them, and lose what they say then.
const FOREVER_IN_RESENDS: u64 = 50;
