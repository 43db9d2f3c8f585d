//! The section of a report on rumors: how far each came, how soon, and for how many messages. The paper's three figures (Demers et al. 1987,
//! §1.4): residue, traffic, delay.

use super::message::{Message, Rumor};
use super::monitor::{Fact, NO_FORGETTING};
use super::node::Node;
use super::options::{Judged, Mode, Options, Removal};
use super::{NO_INVENTION, RESIDUE, T_AVE, T_LAST, TRAFFIC};
use crate::harness::Seen;
use crate::registers::Request;
use crate::registry::{Check, Report};
use quorate_check::{Verdict, register};
use quorate_engine::outcome::OperationStatus;
use quorate_engine::simulate::FACTS_KEPT_MAX;
use quorate_engine::{NodeId, Time, Update};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Rumors that are told one by one.
const RUMORS_SHOWN_MAX: usize = 10;

/// How far a rumor came.
struct Spread {
    /// When it was first heard, by its author.
    from: Time,
    heard: BTreeSet<NodeId>,
    /// How many had heard it by the end of each cycle; the first is the one in which it began.
    by_cycle: Vec<u64>,
}

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    let verdict = invented(seen, report);
    report.checks.push(Check { name: NO_INVENTION, verdict });
    if let Some(check) = report.checks.iter_mut().find(|check| check.name == NO_FORGETTING && check.verdict == Verdict::Ok) {
        check.verdict = forgotten(seen);
    }
    let spreads = spreads(seen);
    // What a newer one replaced did not stop because people lost interest.
    let replaced: BTreeSet<Update> =
        report.outcome.convergence.updates.iter().filter(|update| update.superseded).map(|update| update.update).collect();
    let left: Vec<&Spread> = spreads.iter().filter(|(update, _)| !replaced.contains(update)).map(|(_, spread)| spread).collect();
    let nodes = f64::from(seen.job.setup.nodes);
    let traffic = traffic(report, nodes);
    // With some facts gone, who is silent may have heard all the same.
    if seen.facts.len() < FACTS_KEPT_MAX && !left.is_empty() {
        let mean = |of: fn(&Spread, f64) -> f64| left.iter().map(|spread| of(spread, nodes)).sum::<f64>() / left.len() as f64;
        report.metrics.extend([
            (RESIDUE, mean(Spread::residue)),
            (T_LAST, mean(|spread, _| spread.last())),
            (T_AVE, mean(|spread, _| spread.average())),
        ]);
    }
    report.metrics.extend(traffic.map(|traffic| (TRAFFIC, traffic)));
    report.evidence = seen.told(|| told(seen.options, &spreads, &replaced, nodes, traffic));
}

impl Spread {
    /// s: who never heard it, as a share of all.
    fn residue(&self, nodes: f64) -> f64 {
        1.0 - self.heard.len() as f64 / nodes
    }

    /// The cycle in which the last of those who ever heard it did.
    fn last(&self) -> f64 {
        (self.by_cycle.len() - 1) as f64
    }

    /// The mean cycle of those who heard it, its author among them.
    fn average(&self) -> f64 {
        let all = *self.by_cycle.last().expect("its author has heard it");
        // Who hears it in cycle c was without it at the ends of the c cycles before.
        self.by_cycle.iter().map(|heard| (all - heard) as f64).sum::<f64>() / all as f64
    }

    fn hear(&mut self, node: NodeId, cycle: u64) {
        if self.heard.insert(node) {
            let all = self.heard.len() as u64;
            let before = all - 1;
            self.by_cycle.resize(self.by_cycle.len().max(cycle as usize + 1), before);
            *self.by_cycle.last_mut().expect("there is one at least") = all;
        }
    }
}

/// How far each rumor came, by what nodes stated.
fn spreads(seen: &Seen<'_, Node>) -> BTreeMap<Update, Spread> {
    let interval = seen.options.interval;
    let mut spreads: BTreeMap<Update, Spread> = BTreeMap::new();
    let mut hear = |at: Time, node: NodeId, rumor: &Rumor| {
        let new = || Spread { from: at, heard: BTreeSet::new(), by_cycle: Vec::new() };
        let spread = spreads.entry(rumor.update).or_insert_with(new);
        spread.hear(node, at.0 / interval - spread.from.0 / interval);
    };
    for (at, node, fact) in seen.facts {
        match fact {
            Fact::Heard(rumor) => hear(*at, *node, rumor),
            // Something may have been on disk before the node knew that it is.
            Fact::Restarted { known, .. } => known.iter().for_each(|rumor| hear(*at, *node, rumor)),
            Fact::Removed(_) => {}
        }
    }
    spreads
}

/// m: how often a rumor was sent, a node and a rumor.
fn traffic(report: &Report, nodes: f64) -> Option<f64> {
    let rumors = report.outcome.convergence.updates.len();
    let sent =
        Message::CARRIERS.iter().flat_map(|kind| report.outcome.ledger.of(*kind)).map(|(_, tally)| tally.sent).sum::<u64>();
    (rumors > 0).then(|| sent as f64 / (nodes * rumors as f64))
}

/// The parts of the section.
fn told(
    options: &Options,
    spreads: &BTreeMap<Update, Spread>,
    replaced: &BTreeSet<Update>,
    nodes: f64,
    traffic: Option<f64>,
) -> Value {
    let mut latest: Vec<(&Update, &Spread)> = spreads.iter().collect();
    latest.sort_by_key(|(update, spread)| (spread.from, **update));
    let shown = latest.len().saturating_sub(RUMORS_SHOWN_MAX);
    let rumors: Vec<Value> = latest[shown..]
        .iter()
        .map(|(update, spread)| {
            json!({
                "rumor": update.to_string(),
                "heard_by": spread.heard.len(),
                "residue": spread.residue(nodes),
                "t_last": spread.last(),
                "t_ave": spread.average(),
                "replaced": replaced.contains(update),
                "heard_by_cycle": spread.by_cycle,
            })
        })
        .collect();
    json!({
        "mode": match options.mode {
            Mode::Push => "push",
            Mode::Pull => "pull",
            Mode::PushPull => "push_pull",
        },
        "loses_interest": match (options.feedback, options.removal) {
            (true, Removal::Counter) => "feedback, counter",
            (true, Removal::Coin) => "feedback, coin",
            (false, Removal::Counter) => "blind, counter",
            (false, Removal::Coin) => "blind, coin",
        },
        "k": options.k,
        "judged": if options.judged == Judged::Live { "live" } else { "cycle_start" },
        "resets": options.resets,
        "traffic": traffic,
        "residue_by_traffic": traffic.map(residue_by_traffic),
        "rumors": rumors,
    })
}

/// s = e^-m (Demers et al. 1987, §1.4), by limit and not by the platform's exponential, so that it is the same everywhere.
fn residue_by_traffic(traffic: f64) -> f64 {
    const SQUARINGS: u32 = 30;
    (0..SQUARINGS).fold(1.0 - traffic / f64::from(1u32 << SQUARINGS), |power, _| power * power)
}

/// Whether anybody holds, or stated that it heard, what no client asked for.
fn invented(seen: &Seen<'_, Node>, report: &Report) -> Verdict {
    let operations = seen.answers.iter().zip(&report.outcome.operations);
    let writes: Vec<register::Write> = operations
        .filter_map(|((request, _), operation)| {
            let Request::Write(key, value) = *request else { return None };
            // What was refused once may have been taken in at another try.
            let is_done = match operation.status {
                OperationStatus::Ok | OperationStatus::Unknown => true,
                OperationStatus::Refused => operation.retries() > 0,
                OperationStatus::Unsent => false,
            };
            is_done.then_some(register::Write { key, value, over: None, acknowledged: false })
        })
        .collect();
    let held = seen.live().flat_map(|(node, replica)| replica.known().map(move |rumor| (node, *rumor)));
    let heard = seen.facts.iter().filter_map(|(_, node, fact)| match fact {
        Fact::Heard(rumor) if seen.faulty.binary_search(node).is_err() => Some((node.0, *rumor)),
        _ => None,
    });
    let found = |(replica, rumor): (u32, Rumor)| register::Final { replica, key: rumor.key, value: rumor.value };
    let finals: Vec<register::Final> = held.chain(heard).map(found).collect();
    register::judge(&writes, &finals, true)
}

/// Whether anybody who is up lacks in the end what it had stated that it heard.
fn forgotten(seen: &Seen<'_, Node>) -> Verdict {
    let mut lost = seen.live().filter_map(|(node, replica)| seen.monitor.forgotten(NodeId(node), |key| replica.get(key)));
    lost.next().map_or(Verdict::Ok, Verdict::Violation)
}
