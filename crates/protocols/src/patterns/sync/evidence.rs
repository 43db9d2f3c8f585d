//! The section of a report on copies: what an update set going, what went on anyway, and how long copies were stale.

use super::message::Message;
use super::monitor::Fact;
use super::node::Node;
use super::options::{OnUpdate, Versions};
use super::{REPAIRS, STALENESS, TRANSFER_BYTES, TRANSFERS, VERSIONS};
use crate::harness::{CONVERGES, Seen};
use crate::registers::Request;
use crate::registry::{Check, Report};
use quorate_check::Verdict;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::seconds;
use quorate_engine::{NodeId, OpId, Role, Time, Update};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Updates that are told one by one.
const SHOWN_MAX: usize = 10;

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    if seen.options.versions == Versions::Nothing {
        let verdict = Verdict::NotJudged("nobody tells its version: what is lost stays lost".to_string());
        report.checks.push(Check { name: CONVERGES.name, verdict });
    }
    let outcome = &report.outcome;
    let ledger = &outcome.ledger;
    let tallies: Vec<_> = ledger.by_kind().collect();
    let transfers = Message::TRANSFERS.map(|kind| tallies[kind].1);
    let sent: u64 = transfers.iter().map(|tally| tally.sent).sum();
    let bytes: u64 = transfers.iter().map(|tally| tally.bytes).sum();
    let repairs: u64 = tallies.iter().filter(|(kind, _)| kind.role == Role::Recovery).map(|(_, tally)| tally.sent).sum();
    let versions = tallies[Message::VERSIONS].1.sent;
    let is_update = |((request, _), operation): &(&(Request, _), &quorate_engine::outcome::OperationOutcome)| {
        matches!(request, Request::Write(..)) && operation.status != OperationStatus::Unsent
    };
    let asked = seen.answers.iter().zip(&outcome.operations).filter(is_update).count() as f64;
    let ran = seconds(outcome.ended.0);
    let stale = staleness(seen, report);
    let mut metrics = Vec::new();
    if asked > 0.0 {
        metrics.push((TRANSFERS, sent as f64 / asked));
        metrics.push((TRANSFER_BYTES, bytes as f64 / asked));
        metrics.push((REPAIRS, repairs as f64 / asked));
    }
    if ran > 0.0 {
        metrics.push((VERSIONS, versions as f64 / ran));
    }
    if !stale.is_empty() {
        metrics.push((STALENESS, stale.iter().map(|(_, time)| time).sum::<f64>() / stale.len() as f64));
    }
    let others = u64::from(seen.job.setup.nodes) - 1;
    report.evidence = seen.told(|| json!({
        "pattern": match (seen.options.on_update, seen.options.versions) {
            (OnUpdate::FullState, _) => "accidental N²",
            (OnUpdate::Nothing, Versions::All) => "paranoid sync",
            (OnUpdate::Nothing, Versions::One) => "gossip of versions",
            (OnUpdate::Nothing, Versions::Nothing) => "no coordination",
            (OnUpdate::Delta, _) => "on change",
            (OnUpdate::Tree, _) => "on change, along a tree",
        },
        "transfers_an_update_closed_form": match seen.options.on_update {
            OnUpdate::Nothing => 0,
            OnUpdate::FullState => (others + 1) * others,
            OnUpdate::Delta | OnUpdate::Tree => others,
        },
        "versions_per_sec_closed_form": match seen.options.versions {
            Versions::Nothing => 0.0,
            Versions::All => ((others + 1) * others) as f64 / seconds(seen.options.interval),
            Versions::One => (others + 1) as f64 / seconds(seen.options.interval),
        },
        "updates_asked": asked,
        "updates_that_all_had": stale.len(),
        "sent": tallies
            .iter()
            .filter(|(kind, tally)| kind.role != Role::Client && tally.sent > 0)
            .map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent)))
            .collect::<serde_json::Map<_, _>>(),
        "measured": metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "stale": stale
            .iter()
            .take(SHOWN_MAX)
            .map(|(update, time)| json!({ "update": update.to_string(), "all_had_it_after_sec": time }))
            .collect::<Vec<Value>>(),
    }));
    report.metrics.extend(metrics);
}

/// How long after its asking each update was had by all who are up at the end; those that newer ones replaced before are left out.
fn staleness(seen: &Seen<'_, Node>, report: &Report) -> Vec<(Update, f64)> {
    let mut had: BTreeMap<Update, BTreeMap<NodeId, Time>> = BTreeMap::new();
    for (at, node, fact) in seen.facts {
        match fact {
            Fact::Has(entry) => _ = had.entry(entry.update).or_default().entry(*node).or_insert(*at),
            Fact::Restarted { has, .. } => {
                for entry in has {
                    had.entry(entry.update).or_default().entry(*node).or_insert(*at);
                }
            }
        }
    }
    let live: BTreeSet<NodeId> = seen.live().map(|(node, _)| NodeId(node)).collect();
    let tracked: BTreeMap<Update, OpId> =
        report.outcome.convergence.updates.iter().map(|coverage| (coverage.update, coverage.operation)).collect();
    had.into_iter()
        .filter_map(|(update, by_node)| {
            let from = report.outcome.operations.get(tracked.get(&update)?.index())?.invoked()?;
            let last: Option<Vec<Time>> = live.iter().map(|node| by_node.get(node).copied()).collect();
            Some((update, seconds(last?.into_iter().max()?.0.saturating_sub(from.0))))
        })
        .collect()
}
