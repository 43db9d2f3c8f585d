//! Regions and the network as a scenario has them.

use super::latency::{latency, span};
use super::topology::topology;
use super::{Table, list, nodes};
use crate::plan::{ChangeEntry, ChangeKind, Ends, Matrix, Members, NetworkPlan, Region, SpecialLinks};
use quorate_engine::fault::{Bursts, Corruption};
use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Bandwidth, Packets, Reordering, Routing};
use quorate_engine::time::show;
use serde_json::{Value, json};

pub(super) fn regions(regions: &[Region]) -> Table {
    let set = |region: &Region| if region.nodes.is_empty() { json!([]) } else { nodes(&region.nodes) };
    regions.iter().fold(Table::default(), |table, region| table.with(&region.name, set(region)))
}

pub(super) fn network(network: &NetworkPlan) -> Table {
    let NetworkPlan { topology: shape, routing, link, client_latency, matrix: between, links, changes } = network;
    Table::default()
        .with("topology", topology(shape))
        .with("routing", if *routing == Routing::Neighbours { "neighbours" } else { "fewest-hops" })
        .with("latency", latency(&link.latency))
        .with("loss", link.loss.to_f64())
        .with("duplication", link.duplication.to_f64())
        .with_some("reordering", link.reordering.as_ref().map(reordering))
        .with_some("bursts", link.bursts.as_ref().map(bursts))
        .with_some("corruption", link.corruption.as_ref().map(corruption))
        .with_some("bandwidth", link.bandwidth.as_ref().map(bandwidth))
        .with_some("packets", link.packets.as_ref().map(packets))
        .with_some("client-latency", client_latency.as_ref().map(span))
        .with_some("matrix", between.as_ref().map(matrix))
        .with_some("links", list(links.iter().map(special)))
        .with_some("changes", list(changes.iter().map(change)))
}

pub(super) fn reordering(reordering: &Reordering) -> Table {
    Table::default().with("probability", reordering.probability.to_f64()).with("extra", span(&reordering.extra))
}

pub(super) fn bursts(bursts: &Bursts) -> Table {
    Table::default()
        .with("begin", bursts.begin.to_f64())
        .with("end", bursts.end.to_f64())
        .with("loss-good", bursts.loss_good.to_f64())
        .with("loss-bad", bursts.loss_bad.to_f64())
}

pub(super) fn corruption(corruption: &Corruption) -> Table {
    Table::default().with("probability", corruption.probability.to_f64()).with("undetected", corruption.undetected.to_f64())
}

pub(super) fn bandwidth(bandwidth: &Bandwidth) -> Value {
    let rate = format!("{}B/s", bandwidth.bytes_per_second);
    match bandwidth.queue_bytes {
        None => rate.into(),
        Some(queue) => json!({ "rate": rate, "queue": format!("{queue}B") }),
    }
}

fn packets(packets: &Packets) -> Value {
    json!({ "payload": format!("{}B", packets.payload_bytes), "header": format!("{}B", packets.header_bytes) })
}

fn matrix(matrix: &Matrix) -> Table {
    let cell = |cell: &Option<Distribution>| cell.as_ref().map_or("-".into(), latency);
    let row = |row: &Vec<_>| -> Value { row.iter().map(cell).collect() };
    Table::default().with("regions", matrix.regions.clone()).with("one-way", matrix.one_way.iter().map(row).collect::<Vec<_>>())
}

fn special(special: &SpecialLinks) -> Table {
    let table = Table::default().with("name", special.name.as_str());
    let table = match &special.ends {
        Ends::OneWay(these, those) => table.with("from", members(these)).with("to", members(those)),
        Ends::Between(these, those) => table.with("between", json!([members(these), members(those)])),
        Ends::Within(these) => table.with("within", members(these)),
    };
    table
        .with_some("latency", special.latency.as_ref().map(latency))
        .with_some("loss", special.loss.map(|loss| loss.to_f64()))
        .with_some("duplication", special.duplication.map(|duplication| duplication.to_f64()))
        .with_some("reordering", special.reordering.as_ref().map(reordering))
        .with_some("bursts", special.bursts.as_ref().map(bursts))
        .with_some("corruption", special.corruption.as_ref().map(corruption))
        .with_some("bandwidth", special.bandwidth.as_ref().map(bandwidth))
        .with_some("packets", special.packets.as_ref().map(packets))
}

/// One as it is, more as a list.
fn members(members: &Members) -> Value {
    let mut all: Vec<Value> = members.regions.iter().map(|name| format!("region:{name}").into()).collect();
    match members.nodes.is_empty() {
        true => {}
        false => match nodes(&members.nodes) {
            Value::Array(ranges) => all.extend(ranges),
            one => all.push(one),
        },
    }
    match all.len() {
        1 => all.swap_remove(0),
        _ => all.into(),
    }
}

fn change(entry: &ChangeEntry) -> Table {
    let table = Table::default().with("at", show(entry.at.0)).with_some("for", entry.lasts.map(show));
    let pairs = |pairs: &[(u32, u32)]| pairs.iter().map(|&(a, b)| json!([a, b])).collect::<Vec<_>>();
    match &entry.what {
        ChangeKind::Add(links) => table.with("add", pairs(links)),
        ChangeKind::Remove(links) => table.with("remove", pairs(links)),
        ChangeKind::Attach(set, to) => table.with("attach", json!({ "nodes": nodes(set), "to": nodes(to) })),
        ChangeKind::Move(set, to) => table.with("move", json!({ "nodes": nodes(set), "to": to })),
    }
}
