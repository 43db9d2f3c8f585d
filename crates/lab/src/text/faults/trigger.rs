//! `when`: what a fault waits for, held against what the protocol's replicas state and send.

use crate::text::error::Read;
use crate::text::nodes::{Replicas, node_set};
use crate::text::spot::Spot;
use crate::text::tree::Tree;
use quorate_engine::fault::{On, Trigger};

pub(super) fn trigger(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Trigger> {
    if !spot.is_table() {
        return Ok(Trigger { on: On::Fact(replicas.fact(spot)?), by: None, nth: Some(1), after: 0 });
    }
    Ok(Trigger {
        on: on(spot, replicas)?,
        by: spot.get("by").map(|by| node_set(&by, replicas)).transpose()?,
        nth: spot.get("nth").map_or(Ok(Some(1)), |nth| how_manyth(&nth))?,
        after: spot.get("after").map_or(Ok(0), |after| after.duration())?,
    })
}

/// The keys that say what happens.
const HAPPENING: [&str; 5] = ["fact", "sent", "received", "sync", "synced"];

fn on(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<On> {
    let given: Vec<_> = HAPPENING.iter().filter_map(|name| Some((*name, spot.get(name)?))).collect();
    let [(name, value)] = &given[..] else {
        let cure = match &given[..] {
            [] => "does not say what it waits for".to_string(),
            [(first, _), (second, _), ..] => format!("waits for \"{first}\" and for \"{second}\""),
            [_] => unreachable!("taken apart above"),
        };
        return Err(spot.fail(format!("{cure}; write exactly one of {}", HAPPENING.join(", "))));
    };
    match *name {
        "fact" => replicas.fact(value).map(On::Fact),
        "sent" => replicas.kind(value).map(On::Sent),
        "received" => replicas.kind(value).map(On::Received),
        _ => {
            if !value.flag()? {
                return Err(
                    value.fail(format!("what does not happen is nothing to wait for; write {name} = true, or leave it out"))
                );
            }
            replicas.keep_records(value, "forced write to wait for")?;
            Ok(if *name == "sync" { On::Sync } else { On::Synced })
        }
    }
}

/// The number of a time, from 1; `None` for every time.
fn how_manyth(spot: &Spot<'_>) -> Read<Option<u32>> {
    match &spot.node.tree {
        Tree::Text(text) if text == "every" => Ok(None),
        _ => spot.integer(1..=u32::MAX).map(Some),
    }
}
