//! The document as a whole: the keys of the top level, and the sections in the order in which they need each other.

use super::error::{Problems, Read};
use super::expectations::{ci, expectations};
use super::nodes::Replicas;
use super::spot::Spot;
use super::{clients, clocks, disks, faults, hosts, nemesis, network, protocol, regions, timeline, workload};
use crate::expect::{Expectation, Reading, Scope};
use crate::plan::{Plan, ProtocolRef, SCHEMA};
use quorate_engine::setup::{Ties, Until};
use quorate_engine::time::Nanos;

/// Estimated memory of a node: the engine's slot with its events under way, and a small replica.
pub(crate) const NODE_BYTES: u64 = 400;

/// A scenario whose nodes would need more than this is refused.
pub(crate) const MEMORY_MAX: u64 = 16 << 30;

/// Reads the plan; `None` when there are problems.
pub(crate) fn plan(root: &Spot<'_>, problems: &mut Problems) -> Option<Plan> {
    problems.take(schema(root));
    let name = problems.take(name(root, "a scenario"));
    let summary = problems.take(optional_text(root, "summary")).flatten().unwrap_or_default();
    let teaches = problems.take(optional_text(root, "teaches")).flatten();
    let seed = problems.or(root.get("seed").map_or(Ok(1), |seed| seed.integer(0..=u64::MAX)), 1);
    let until = problems.or(until(root), Until::Duration);
    let ties = problems.or(ties(root), Ties::Permuted);
    let duration = problems.take(root.need("duration").and_then(|duration| duration.positive_duration()));
    let nodes = problems.take(nodes(root));
    let ci = ci(root.get("ci"), problems);
    let protocol = protocol::protocol(root, problems);
    let variant = protocol.as_ref().and_then(|chosen| problems.take(protocol::variant(root.get("variant"), chosen.protocol)));
    // The rest is measured against the duration and the nodes; without these it could only repeat the complaint.
    let (duration, nodes) = (duration?, nodes?);
    let regions = regions::regions(root.get("regions"), nodes, problems);
    let runs = protocol.as_ref().map(|chosen| chosen.protocol);
    let replicas = Replicas { count: nodes, regions: &regions, protocol: runs };
    let network = network::network(root.get("network"), &replicas, duration, problems);
    let hosts = hosts::hosts(root.get("hosts"), &replicas, problems);
    let disks = disks::disks(root.get("disks"), &replicas, problems);
    let clocks = clocks::clocks(root.get("clocks"), &replicas, problems);
    let mut total = workload::Total::default();
    let asks = workload::entries(root.get("workload"), &replicas, duration, &mut total, problems);
    let trace = problems.take(workload::replayed(root.get("workload"), &replicas, &mut total)).flatten();
    let way = network.client_latency.as_ref().map_or(0, |latency| (2.0 * latency.distribution().mean()) as Nanos);
    let populations = clients::clients(root.get("workload"), &replicas, duration, way, &mut total, problems);
    let among = faults::Among { replicas: &replicas, hosts: &hosts, disks: &disks, duration };
    let placed = faults::faults(root.get("faults"), among, problems);
    let clients = !asks.is_empty() || trace.is_some() || !populations.is_empty();
    let world = timeline::World { nodes, clients, hosts: &hosts, disks: &disks };
    let timeline = timeline::timeline(&placed, &world, problems);
    let nemesis = nemesis::nemesis(root.get("nemesis"), among, problems);
    let protocol::Chosen { protocol, options, drawn } = protocol?;
    let mut certain = options.clone();
    drawn.iter().for_each(|(name, _)| certain.remove(name));
    let scope = Scope { protocol, options: &certain, nodes, parameters: root.given.parameters, rtt: network.rtt() };
    let links = crate::plan::links(&network, &regions, nodes).map_err(|unfit| network::unfit(root, unfit));
    let links = problems.take(links);
    let expectations = expectations(root.get("expect"), &scope, problems);
    let variant = variant?;
    if !problems.list.is_empty() {
        return None;
    }
    let (workload, clients) = workload::operations(&asks, trace.as_ref());
    let mut plan = Plan {
        name: name?,
        summary,
        teaches,
        seed,
        duration,
        until,
        protocol: ProtocolRef(protocol),
        options,
        drawn,
        variant,
        ties,
        nodes,
        parameters: root.given.parameters.to_list(),
        clients,
        populations,
        links: links?,
        regions,
        network,
        hosts,
        disks,
        clocks,
        faults: placed.into_iter().map(|placed| placed.entry).collect(),
        timeline,
        nemesis,
        asks,
        trace,
        workload,
        expectations,
        slices: Vec::new(),
        ci,
    };
    let readings: Vec<Reading> = plan.expectations.iter().filter_map(Expectation::reading).cloned().collect();
    readings.iter().for_each(|reading| plan.measure(reading));
    Some(plan)
}

/// Reads the version of the format.
pub(crate) fn schema(root: &Spot<'_>) -> Read<()> {
    let spot = root.need("schema")?;
    match spot.integer(0..=u32::MAX)? {
        SCHEMA => Ok(()),
        other => Err(spot.fail(format!("format {other} is not known; this version reads schema = {SCHEMA}"))),
    }
}

/// The longest name: it becomes part of file names.
const NAME_MAX: usize = 100;

/// Reads the name of `whose`.
pub(crate) fn name(root: &Spot<'_>, whose: &str) -> Read<String> {
    let spot = root.need("name")?;
    let name = spot.text()?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(allowed) {
        let suggestion: String = name.to_lowercase().chars().map(|c| if allowed(c) { c } else { '-' }).take(NAME_MAX).collect();
        let cure = if suggestion.trim_matches('-').is_empty() { String::new() } else { format!("; write \"{suggestion}\"") };
        return Err(spot.fail(format!("{} is no name of {whose}: 1 to {NAME_MAX} of a-z, 0-9 and -{cure}", spot.shown())));
    }
    Ok(name.to_string())
}

/// A text that need not be there.
pub(crate) fn optional_text(root: &Spot<'_>, key: &str) -> Read<Option<String>> {
    root.get(key).map(|spot| spot.text().map(str::to_string)).transpose()
}

fn until(root: &Spot<'_>) -> Read<Until> {
    let Some(spot) = root.get("until") else { return Ok(Until::Duration) };
    Ok(if spot.word(["duration", "converged"])? == "converged" { Until::Converged } else { Until::Duration })
}

fn ties(root: &Spot<'_>) -> Read<Ties> {
    let Some(spot) = root.get("ties") else { return Ok(Ties::Permuted) };
    Ok(if spot.word(["permuted", "source"])? == "source" { Ties::Source } else { Ties::Permuted })
}

/// The number of nodes, held against the memory that they would need before any is taken.
fn nodes(root: &Spot<'_>) -> Read<u32> {
    let spot = root.need("nodes")?;
    let nodes = spot.integer(1..=u64::MAX)?;
    let bytes = u128::from(nodes) * u128::from(NODE_BYTES);
    if bytes > u128::from(MEMORY_MAX) {
        return Err(spot.fail(format!(
            "{nodes} nodes would need about {} GiB, and the limit is {}; ask for at most {}",
            bytes >> 30,
            MEMORY_MAX >> 30,
            MEMORY_MAX / NODE_BYTES
        )));
    }
    u32::try_from(nodes).map_err(|_| spot.fail("too many nodes"))
}
