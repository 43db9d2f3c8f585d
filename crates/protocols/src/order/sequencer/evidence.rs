//! The section of a report on sequencers: who gave how many numbers, and what takeovers did.

use super::fact::Fact;
use super::message::{Epoch, Posted};
use super::node::Sequenced;
use crate::harness::{CONVERGES, Seen};
use crate::order::costs::Courses;
use crate::order::{deliveries, request};
use crate::registry::{Check, MetricInfo, Report};
use quorate_check::Verdict;
use quorate_engine::time::seconds;
use quorate_engine::{NodeId, Time, Update};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const METRICS: [MetricInfo; 5] = [
    MetricInfo { name: TAKEOVERS, unit: "", summary: "Channels that another sequencer took over, each time counted" },
    MetricInfo { name: MOVED, unit: "", summary: "Channels whose sequencer at the end is not the one at the start" },
    MetricInfo {
        name: BUSIEST,
        unit: "ratio",
        summary: "The share of all numbers that the node gave that gave the most: 1 with one sequencer for everything",
    },
    MetricInfo {
        name: OUTAGE,
        unit: "s",
        summary: "The longest time, over all channels, from a message's broadcast until the first node delivered it",
    },
    MetricInfo {
        name: ELSEWHERE,
        unit: "s",
        summary: "The longest time from a message's broadcast until the first node delivered it, over the channels that no other sequencer took over",
    },
];

const TAKEOVERS: &str = "sequencer.takeovers";
const MOVED: &str = "sequencer.moved_channels";
const BUSIEST: &str = "sequencer.busiest_share";
const OUTAGE: &str = "sequencer.longest_wait";
const ELSEWHERE: &str = "sequencer.wait_unmoved";

/// Channels, and takeovers, that the evidence tells one by one.
const SHOWN_MAX: usize = 20;

pub(super) fn report(seen: &Seen<'_, Sequenced>, report: &mut Report) {
    if !seen.options.all_hear {
        let verdict = Verdict::NotJudged("each channel is delivered by its members only; see agreement".to_string());
        report.checks.push(Check { name: CONVERGES.name, verdict });
    }
    deliveries::report(seen, report);
    Courses::of(seen).measure(seen, &[], report);
    let placement = &seen.options.placement;
    let mut reigns: BTreeMap<u32, Vec<(Time, NodeId, Epoch)>> = BTreeMap::new();
    let mut first: BTreeMap<Update, (u32, Time, Option<Time>)> = BTreeMap::new();
    // Of each channel, how many numbers each sequencer gave.
    let mut given: BTreeMap<(u32, NodeId), u64> = BTreeMap::new();
    let mut numbered: BTreeSet<Update> = BTreeSet::new();
    for (at, node, fact) in seen.facts {
        match *fact {
            Fact::Sequences(channel, epoch) => reigns.entry(channel).or_default().push((*at, *node, epoch)),
            Fact::Broadcast(Posted { id, channel, .. }) => drop(first.entry(id).or_insert((channel, *at, None))),
            Fact::Delivered(_, Posted { id, channel, .. }) | Fact::Has(_, Posted { id, channel, .. }) => {
                if numbered.insert(id) {
                    let owner = reigns.get(&channel).and_then(|reigns| reigns.last()).map(|(_, node, _)| *node);
                    *given.entry((channel, owner.unwrap_or(placement.replicas(channel)[0]))).or_default() += 1;
                    if let Some((.., delivered)) = first.get_mut(&id) {
                        delivered.get_or_insert(*at);
                    }
                }
            }
            Fact::Seals(..) => {}
        }
    }
    let takeovers: Vec<(u32, Time, NodeId, Epoch)> = reigns
        .iter()
        .flat_map(|(channel, reigns)| reigns.iter().map(|(at, node, epoch)| (*channel, *at, *node, *epoch)))
        .filter(|(.., epoch)| epoch.round > 0)
        .collect();
    let owner = |channel: u32| reigns.get(&channel).and_then(|reigns| reigns.last()).map(|(_, node, _)| *node);
    let moved: Vec<u32> = (0..placement.channels())
        .filter(|channel| owner(*channel).is_some_and(|owner| owner != placement.replicas(*channel)[0]))
        .collect();
    let by_node = numbers_given(seen, &given, &takeovers);
    let most = by_node.values().copied().max().unwrap_or(0);
    let all: u64 = by_node.values().sum();
    let wait = |(_, at, delivered): &(u32, Time, Option<Time>)| Some(delivered.as_ref()?.since(*at));
    let longest = first.values().filter_map(wait).max();
    let is_quiet = |channel: u32| takeovers.iter().all(|(taken, ..)| *taken != channel);
    let elsewhere = first.values().filter(|(channel, ..)| is_quiet(*channel)).filter_map(wait).max();
    report.metrics.extend([
        (TAKEOVERS, takeovers.len() as f64),
        (MOVED, moved.len() as f64),
        (BUSIEST, if all == 0 { 0.0 } else { most as f64 / all as f64 }),
        (OUTAGE, longest.map_or(0.0, seconds)),
        (ELSEWHERE, elsewhere.map_or(0.0, seconds)),
    ]);
    let told = |(channel, at, node, epoch): &(u32, Time, NodeId, Epoch)| json!({ "channel": channel, "at_sec": seconds(at.0), "sequencer": node.0, "epoch": epoch.round });
    report.evidence = seen.told(|| json!({
        "channels": placement.channels(),
        "sequencers": placement.sequencers().count(),
        "most_channels_for_one": placement.capacity_of(placement.sequencers().count() as u32),
        "broadcasts": request::asked(seen),
        "numbers_given_by": by_node.iter().take(SHOWN_MAX).map(|(node, count)| json!({ "node": node.0, "numbers": count })).collect::<Vec<Value>>(),
        "takeovers": takeovers.iter().take(SHOWN_MAX).map(told).collect::<Vec<Value>>(),
        "channels_moved": moved.len(),
        "behind_at_the_end": behind(seen).take(SHOWN_MAX).collect::<Vec<Value>>(),
    }));
}

/// How many numbers each node gave: where nobody took a channel over, all that were given there, also of a run so long that not all facts are kept.
fn numbers_given(
    seen: &Seen<'_, Sequenced>,
    given: &BTreeMap<(u32, NodeId), u64>,
    takeovers: &[(u32, Time, NodeId, Epoch)],
) -> BTreeMap<NodeId, u64> {
    let mut by_node: BTreeMap<NodeId, u64> = BTreeMap::new();
    for channel in 0..seen.options.placement.channels() {
        if takeovers.iter().any(|(taken, ..)| *taken == channel) {
            for ((_, node), numbers) in given.range((channel, NodeId(0))..=(channel, NodeId(u32::MAX))) {
                *by_node.entry(*node).or_default() += numbers;
            }
        } else {
            let delivered = seen.live().map(|(_, process)| process.channels()[channel as usize].delivered().len()).max();
            let node = seen.options.placement.replicas(channel)[0];
            *by_node.entry(node).or_default() += delivered.unwrap_or(0) as u64;
        }
    }
    by_node.retain(|_, numbers| *numbers > 0);
    by_node
}

/// Who lacks what others have delivered in a channel, and whom it takes for the sequencer.
fn behind<'a>(seen: &'a Seen<'_, Sequenced>) -> impl Iterator<Item = Value> + 'a {
    let placement = &seen.options.placement;
    let hearers = move |channel: u32| {
        let hears = move |(node, process): &(u32, &Sequenced)| placement.hears(channel, NodeId(*node)) && !process.is_out();
        seen.live().filter(hears).map(move |(node, process)| (node, &process.channels()[channel as usize]))
    };
    (0..placement.channels()).flat_map(move |channel| {
        let most = hearers(channel).map(|(_, of_channel)| of_channel.delivered().len()).max().unwrap_or(0);
        hearers(channel).filter(move |(_, of_channel)| of_channel.delivered().len() < most).map(move |(node, of_channel)| {
            let (sequencer, epoch) = of_channel.sequencer();
            let delivered = of_channel.delivered().len();
            json!({ "node": node, "channel": channel, "delivered": delivered, "of": most, "sequencer": sequencer.0, "epoch": epoch })
        })
    })
}
