//! `[hosts]`: machines that take time, and the interfaces through which they send.

use super::error::{Problems, Read};
use super::latency::span;
use super::network::bandwidth;
use super::nodes::{Replicas, node_set};
use super::schema;
use super::spot::Spot;
use quorate_engine::id::NodeSet;
use quorate_engine::setup::{Hosts, Overflow};

/// Reads the section: one table for all, or a list of tables for some each.
pub(crate) fn hosts(section: Option<Spot<'_>>, replicas: &Replicas<'_>, problems: &mut Problems) -> Vec<Hosts> {
    let Some(section) = section else { return Vec::new() };
    let mut hosts: Vec<Hosts> = Vec::new();
    for spot in section.list().unwrap_or_else(|| vec![section]) {
        let before = hosts.iter().map(|hosts| &hosts.nodes);
        let read = whose(&spot, replicas, before).and_then(|nodes| entry(&spot, nodes));
        hosts.extend(problems.take(read));
    }
    hosts
}

fn entry(spot: &Spot<'_>, nodes: NodeSet) -> Read<Hosts> {
    let service = spot.get("service").map(|spot| span(&spot)).transpose()?;
    let inbox = spot.get("inbox");
    if let (Some(inbox), None) = (&inbox, &service) {
        return Err(inbox.fail("an inbox that takes no time never fills; say how long a message takes: service = \"50us\""));
    }
    let hosts = Hosts {
        nodes,
        service,
        inbox: inbox.map(|spot| spot.integer(1..=u32::MAX)).transpose()?,
        overflow: overflow(spot)?,
        egress: spot.get("egress").map(|spot| bandwidth(&spot)).transpose()?,
    };
    match hosts.service.is_none() && hosts.egress.is_none() {
        true => Err(spot.fail("says nothing of the hosts; write service = \"50us\", or egress = \"125MB/s\"")),
        false => Ok(hosts),
    }
}

fn overflow(spot: &Spot<'_>) -> Read<Overflow> {
    let Some(overflow) = spot.get("overflow") else { return Ok(Overflow::Shed) };
    if spot.get("inbox").is_none() {
        return Err(overflow.fail("an inbox for any number never overflows; say how many may wait: inbox = 100"));
    }
    if !overflow.is_table() {
        let word = overflow.word(schema::OVERFLOW.iter().map(|key| key.name))?;
        return Ok(if word == "crash" { Overflow::Crash { restart_after: None } } else { Overflow::Shed });
    }
    match overflow.only("an overflow")? {
        ("crash", crash) => {
            let restart_after = crash.get("restart-after").map(|after| after.positive_duration()).transpose()?;
            Ok(Overflow::Crash { restart_after })
        }
        _ => Ok(Overflow::Shed),
    }
}

/// The nodes of an entry, all without a word; no node may be in an entry before it.
pub(crate) fn whose<'b>(spot: &Spot<'_>, replicas: &Replicas<'_>, before: impl Iterator<Item = &'b NodeSet>) -> Read<NodeSet> {
    let (place, nodes) = match spot.get("nodes") {
        Some(place) => (place.clone(), node_set(&place, replicas)?),
        None => (spot.clone(), NodeSet::range(0, replicas.count)),
    };
    for other in before {
        if let Some(node) = other.iter().find(|node| nodes.contains(*node)) {
            return Err(place
                .fail(format!("node {} is in an entry before this one; name each node once, as in nodes = \"0..3\"", node.0)));
        }
    }
    Ok(nodes)
}
