//! The gossip section of a report, with the fields that S1 shows, and the judgement over final values.

use super::actor::Gossip;
use super::lineage::Fact;
use super::options::Mode;
use super::store::Store;
use super::{REGISTER, ROUNDS};
use crate::harness::Seen;
use crate::registers::Request;
use crate::registry::{Check, Report};
use quorate_check::{Verdict, register};
use quorate_engine::Update;
use quorate_engine::convergence::{Converged, Coverage};
use quorate_engine::outcome::OperationStatus;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Updates whose spreading is told round by round.
const UPDATES_SHOWN_MAX: usize = 10;

pub(super) fn report(seen: &Seen<'_, Gossip<Store>>, report: &mut Report) {
    let verdict = registers(seen, report);
    report.checks.push(Check { name: REGISTER, verdict });
    report.evidence =
        seen.told(|| spreading(seen.options.mode, seen.options.fanout, seen.job.setup.nodes, &report.outcome.convergence));
    report.metrics.extend(rounds_metric(&report.outcome.convergence));
}

/// The metric [`ROUNDS`], where there was an update and all came to hold it.
pub(crate) fn rounds_metric(convergence: &Converged) -> Option<(&'static str, f64)> {
    let rounds = rounds_to_all(last_update(convergence)?, convergence.live)?;
    Some((ROUNDS, rounds as f64))
}

/// S1's evidence of gossip, for the last update and for each of the last few.
pub(crate) fn spreading(mode: Mode, fanout: usize, nodes: u32, convergence: &Converged) -> Value {
    let last = last_update(convergence);
    let holders = last.map_or(0, |update| update.holders);
    let shown = convergence.updates.len().saturating_sub(UPDATES_SHOWN_MAX);
    let updates: Vec<Value> = convergence.updates[shown..]
        .iter()
        .map(|update| {
            json!({
                "update": update.update.to_string(),
                "operation": update.operation.0,
                "superseded": update.superseded,
                "rounds": rounds_to_all(update, convergence.live),
                "round_by_round": round_by_round(update, nodes),
            })
        })
        .collect();
    json!({
        "gossip_protocol": match mode {
            Mode::Push => "push",
            Mode::Pull => "pull",
            Mode::PushPull => "push_pull",
        },
        "network_size": nodes,
        "fanout": fanout,
        "convergence_analysis": {
            "theoretical_rounds": rounds_by_growth(u64::from(nodes), 2),
            "theoretical_rounds_fanout": rounds_by_growth(u64::from(nodes), fanout as u64 + 1),
            "actual_rounds": last.and_then(|update| rounds_to_all(update, convergence.live)),
            "final_consistency": f64::from(holders) / f64::from(nodes),
            "nodes_updated": holders,
            "nodes_total": nodes,
        },
        "round_by_round": last.map_or_else(Vec::new, |update| round_by_round(update, nodes)),
        "updates": updates,
        "propagation_guarantee": "probabilistic_eventual_consistency",
    })
}

/// The last update that nothing replaced; of replaced ones the last.
fn last_update(convergence: &Converged) -> Option<&Coverage> {
    let updates = &convergence.updates;
    updates.iter().rfind(|update| !update.superseded).or(updates.last())
}

/// The first round at whose end as many held the update as are live in the end.
fn rounds_to_all(update: &Coverage, live: u32) -> Option<u64> {
    update.by_round.iter().position(|holders| *holders >= live).map(|round| round as u64)
}

fn round_by_round(update: &Coverage, nodes: u32) -> Vec<Value> {
    let row = |(round, holders): (u64, &u32)| json!({ "round": round, "nodes_with_update": holders, "coverage": f64::from(*holders) / f64::from(nodes) });
    (0..).zip(&update.by_round).map(row).collect()
}

/// ⌈log_growth n⌉: rounds until all know, if those who know became `growth` times as many in each.
fn rounds_by_growth(nodes: u64, growth: u64) -> u32 {
    (0..).find(|&rounds| growth.checked_pow(rounds).is_none_or(|knowing| knowing >= nodes)).expect("powers grow")
}

fn registers(seen: &Seen<'_, Gossip<Store>>, report: &Report) -> Verdict {
    // Which write had seen which stands in the facts; with some of them gone, silence would prove nothing.
    if seen.facts.len() >= quorate_engine::simulate::FACTS_KEPT_MAX {
        return Verdict::Unknown(format!("the run states more than {} facts; no more are kept", seen.facts.len()));
    }
    let outcome = &report.outcome;
    let operations: BTreeMap<Update, usize> =
        outcome.convergence.updates.iter().map(|update| (update.update, update.operation.index())).collect();
    let over: BTreeMap<usize, usize> = seen
        .facts
        .iter()
        .filter_map(|(_, _, fact)| match fact {
            Fact::Wrote { update, over: Some(over) } => Some((*operations.get(update)?, *operations.get(over)?)),
            _ => None,
        })
        .collect();
    let value = |operation: usize| match seen.answers[operation].0 {
        Request::Write(_, value) => Some(value),
        Request::Read(_) => None,
    };
    let writes: Vec<register::Write> = seen
        .answers
        .iter()
        .zip(&outcome.operations)
        .enumerate()
        .filter_map(|(index, ((request, _), operation))| {
            let Request::Write(key, written) = *request else { return None };
            let acknowledged = match operation.status {
                OperationStatus::Ok => true,
                OperationStatus::Unknown => false,
                OperationStatus::Refused | OperationStatus::Unsent => return None,
            };
            let over = over.get(&index).and_then(|older| value(*older));
            Some(register::Write { key, value: written, over, acknowledged })
        })
        .collect();
    let finals: Vec<register::Final> = seen
        .live()
        .flat_map(|(replica, gossip)| {
            gossip.view(|store| {
                store.entries().map(|(key, entry)| register::Final { replica, key, value: entry.value }).collect::<Vec<_>>()
            })
        })
        .collect();
    register::judge(&writes, &finals, outcome.convergence.states <= 1)
}

#[cfg(test)]
mod tests {
    use super::rounds_by_growth;

    #[test]
    fn theoretical_rounds_are_s1s_for_its_example() {
        assert_eq!(rounds_by_growth(100, 2), 7);
        assert_eq!(rounds_by_growth(100, 4), 4);
        assert_eq!(rounds_by_growth(1, 2), 0);
        assert_eq!(rounds_by_growth(2, 2), 1);
        assert_eq!(rounds_by_growth(u64::from(u32::MAX), 2), 32);
    }
}
