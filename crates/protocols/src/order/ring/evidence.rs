//! The section of a report on a ring: how long messages waited for the token, what it cost, who gave the numbers, and when a
//! token was lost.

use super::message::{Generation, Message, Place};
use super::monitor::Fact;
use super::node::Process;
use super::options::Form;
use super::{BUSIEST, HOPS, MESSAGES, REGENERATIONS, ROTATION, WAIT};
use crate::harness::Seen;
use crate::order::{deliveries, request};
use crate::registry::Report;
use quorate_engine::time::seconds;
use quorate_engine::{Time, Update};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tokens that are told one by one.
const TOKENS_SHOWN_MAX: usize = 20;

/// What facts say of the run.
#[derive(Default)]
struct Told {
    /// When each message was on its sender's disk.
    asked: BTreeMap<Update, Time>,
    /// When each first got a number, and how often.
    numbered: BTreeMap<Update, (Time, u64)>,
    /// Of each token, when and for how many times it was where its ring begins.
    rounds: BTreeMap<Generation, Vec<(Time, u64)>>,
    regenerated: Vec<Value>,
}

impl Told {
    /// The mean time of a round, in seconds.
    fn rotation(&self) -> Option<f64> {
        let pairs = self.rounds.values().flat_map(|told| told.windows(2));
        // Where a variant has two tokens of one generation, rounds do not ascend.
        let spans = pairs.filter(|pair| pair[1].1 > pair[0].1).map(|pair| (pair[1].0.0 - pair[0].0.0, pair[1].1 - pair[0].1));
        let (time, rounds) = spans.fold((0, 0), |(time, rounds), (span, more)| (time + span, rounds + more));
        (rounds > 0).then(|| seconds(time) / rounds as f64)
    }
}

pub(super) fn report(seen: &Seen<'_, Process>, report: &mut Report) {
    deliveries::report(seen, report);
    let told = told(seen);
    let waits: Vec<f64> =
        told.numbered.iter().filter_map(|(id, (at, _))| told.asked.get(id).map(|from| seconds(at.0 - from.0))).collect();
    let rotation = told.rotation();
    let mean = |of: &[f64]| (!of.is_empty()).then(|| of.iter().sum::<f64>() / of.len() as f64);
    let most = |of: &[f64]| of.iter().copied().reduce(f64::max);
    let given: u64 = seen.monitor.givers.values().sum();
    let busiest = seen.monitor.givers.values().max().map(|most| *most as f64 / given as f64);
    let sent: u64 = report.outcome.ledger.by_kind().take(Message::WORK).map(|(_, tally)| tally.sent).sum();
    let numbered = seen.monitor.numbered();
    let each = (numbered > 0).then(|| sent as f64 / numbered as f64);
    let optional = [(WAIT, mean(&waits)), (ROTATION, rotation), (MESSAGES, each), (BUSIEST, busiest)];
    report.metrics.extend(optional.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    report.metrics.extend([(REGENERATIONS, told.regenerated.len() as f64), (HOPS, seen.monitor.hops as f64)]);
    let delivered = |process: &Process| process.delivered().len();
    let latest: Option<Place> = seen.live().map(|(_, process)| process.latest).max();
    report.evidence = seen.told(|| json!({
        "order": match seen.options.form {
            Form::Privilege => "by privilege: who has the token numbers its own messages",
            Form::Sequencer => "by a moving sequencer: who has the token numbers what it has",
        },
        "delivery": if seen.options.waits_for_majority() { "when a majority has it" } else { "when it has a number" },
        "messages": {
            "asked_by_clients": request::asked(seen),
            "broadcast": told.asked.len(),
            "numbered": numbered,
            "numbered_again_by_a_later_token": told.numbered.values().filter(|(_, times)| *times > 1).count(),
            "delivered_most": seen.live().map(|(_, process)| delivered(process)).max(),
            "delivered_least": seen.live().filter(|(_, process)| !process.is_out).map(|(_, process)| delivered(process)).min(),
        },
        "wait_for_a_number_sec": { "mean": mean(&waits), "most": most(&waits) },
        "token": {
            "hops": seen.monitor.hops,
            "rotation_sec": rotation,
            "generations": told.rounds.len(),
            "last": latest.map(|place| json!({ "round": place.generation.round, "made_by": place.generation.node.0, "hop": place.hop })),
            "made_anew": told.regenerated.iter().take(TOKENS_SHOWN_MAX).collect::<Vec<_>>(),
        },
        "numbers_given": seen.monitor.givers.iter().map(|(node, count)| (node.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "out": seen.live().filter(|(_, process)| process.is_out).map(|(node, _)| node).collect::<Vec<u32>>(),
    }));
}

fn told(seen: &Seen<'_, Process>) -> Told {
    let mut told = Told::default();
    for (at, node, fact) in seen.facts {
        match *fact {
            Fact::Broadcast(id) => drop(told.asked.entry(id).or_insert(*at)),
            Fact::Numbered(_, _, id) => told.numbered.entry(id).or_insert((*at, 0)).1 += 1,
            Fact::Rotated(generation, round) => told.rounds.entry(generation).or_default().push((*at, round)),
            Fact::Regenerated(generation, next, recovered) => told.regenerated.push(json!({
                "at_sec": seconds(at.0),
                "by": node.0,
                "round": generation.round,
                "next_number": next,
                "found_unstable": recovered,
            })),
            Fact::Delivered(..) | Fact::Has(..) | Fact::Took(_) => {}
        }
    }
    told
}
