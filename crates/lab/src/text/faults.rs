//! `[[faults]]`: each entry as it is written. What the entries do to each other in the course of time is `timeline`'s part.

use super::clocks;
use super::error::{Problems, Read};
use super::nodes::{Replicas, node_set};
use super::schema;
use super::spot::Spot;
use crate::plan::{FaultEntry, What};
use quorate_engine::fault::Partition;
use quorate_engine::id::NodeSet;
use quorate_engine::time::{Nanos, Time, show};

/// An entry, with the places that a later complaint points at.
pub(crate) struct Placed<'a> {
    pub(crate) entry: FaultEntry,
    pub(crate) at: Spot<'a>,
    /// The place of `for`, or of the entry.
    pub(crate) lasts: Spot<'a>,
    pub(crate) what: Spot<'a>,
}

/// Reads all entries that can be read.
pub(crate) fn faults<'a>(
    section: Option<Spot<'a>>,
    replicas: &Replicas<'_>,
    duration: Nanos,
    problems: &mut Problems,
) -> Vec<Placed<'a>> {
    let entries = section.and_then(|section| section.list()).unwrap_or_default();
    entries.iter().filter_map(|spot| problems.take(entry(spot, replicas, duration))).collect()
}

fn entry<'a>(spot: &Spot<'a>, replicas: &Replicas<'_>, duration: Nanos) -> Read<Placed<'a>> {
    let (kind, what_spot) = only_fault(spot)?;
    let at_spot = spot.need("at")?;
    let at = Time(at_spot.duration()?);
    if at.0 >= duration {
        return Err(
            at_spot.fail(format!("the fault would strike at {at}, and the run ends at {}; strike earlier", show(duration)))
        );
    }
    let lasts = match spot.get("for") {
        Some(lasts) => Some(lasting(&lasts, kind, at, duration)?),
        None => None,
    };
    let what = what(kind, &what_spot, replicas)?;
    let whom = whom(kind, &what_spot, replicas)?;
    let lasts_spot = spot.get("for").unwrap_or_else(|| spot.clone());
    Ok(Placed { entry: FaultEntry { at, lasts, whom, what }, at: at_spot, lasts: lasts_spot, what: what_spot })
}

/// The names of the faults among the keys of an entry.
fn kinds() -> impl Iterator<Item = &'static str> {
    schema::FAULT.iter().map(|key| key.name).filter(|name| !["at", "for"].contains(name))
}

fn only_fault<'a>(spot: &Spot<'a>) -> Read<(&'static str, Spot<'a>)> {
    let mut given = kinds().filter_map(|kind| Some((kind, spot.get(kind)?)));
    match (given.next(), given.next()) {
        (Some(only), None) => Ok(only),
        (Some((first, _)), Some((second, place))) => Err(place.fail(format!(
            "a fault of this entry is \"{first}\" already; give \"{second}\" an entry of its own, with its own \"at\""
        ))),
        (None, _) => Err(spot.fail(format!("has no fault; write one of {}", kinds().collect::<Vec<_>>().join(", ")))),
    }
}

fn lasting(spot: &Spot<'_>, kind: &str, at: Time, duration: Nanos) -> Read<Nanos> {
    if !["partition", "crash", "pause"].contains(&kind) {
        return Err(spot.fail(format!("a {kind} does not end by itself; \"for\" goes with partition, crash and pause")));
    }
    let lasts = spot.positive_duration()?;
    match at.0.checked_add(lasts) {
        Some(end) if end <= duration => Ok(lasts),
        _ => Err(spot.fail(format!(
            "from {at}, {} lasts beyond the end of the run at {}, and nobody would see how it ends; \
             write at most \"{}\", or leave \"for\" out",
            show(lasts),
            show(duration),
            show(duration - at.0)
        ))),
    }
}

fn what(kind: &str, spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<What> {
    match kind {
        "partition" => partition(spot, replicas).map(What::Partition),
        "heal" => spot.word(["all"]).map(|_| What::HealAll),
        "crash" => befallen(spot, replicas).map(What::Crash),
        "restart" => node_set(spot, replicas).map(What::Restart),
        "pause" => befallen(spot, replicas).map(What::Pause),
        "resume" => node_set(spot, replicas).map(What::Resume),
        "clock-jump" => Ok(What::ClockJump(befallen(&spot.need("nodes")?, replicas)?, clocks::jump(&spot.need("by")?)?)),
        "drift" => Ok(What::Drift(befallen(&spot.need("nodes")?, replicas)?, clocks::drift_ppb(&spot.need("ppm")?)?)),
        other => Err(spot.fail(format!("{other} is no fault"))),
    }
}

/// The nodes of a fault; none when a fact says later who they are.
fn befallen(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<NodeSet> {
    match replicas.fact(spot)? {
        Some(_) => Ok(NodeSet::default()),
        None => node_set(spot, replicas),
    }
}

/// The fact that says later whom a fault befalls.
fn whom(kind: &str, spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Option<&'static str>> {
    match kind {
        "crash" | "pause" => replicas.fact(spot),
        "clock-jump" | "drift" => replicas.fact(&spot.need("nodes")?),
        "partition" => spot.get("isolate").map_or(Ok(None), |isolate| replicas.fact(&isolate)),
        _ => Ok(None),
    }
}

fn partition(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    match (spot.get("groups"), spot.get("from"), spot.get("to"), spot.get("isolate")) {
        (Some(list), None, None, None) => groups(&list, replicas),
        (None, Some(from), Some(to), None) => one_way(spot, node_set(&from, replicas)?, node_set(&to, replicas)?),
        (None, None, None, Some(isolated)) => isolate(&isolated, replicas),
        _ => {
            Err(spot
                .fail("a partition is { groups = [SET, SET] }, or { isolate = SET }, or one way only: { from = SET, to = SET }"))
        }
    }
}

/// A set apart from all others.
fn isolate(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    let set = befallen(spot, replicas)?;
    if set.is_empty() {
        return Ok(Partition::Groups(vec![NodeSet::default(); 2]));
    }
    let others = NodeSet::range(0, replicas.count).without(&set);
    match others.is_empty() {
        true => Err(spot.fail("isolates everyone, and so nobody from anybody; name a part of the nodes")),
        false => Ok(Partition::Groups(vec![set, others])),
    }
}

/// The most groups of one partition: a node's place in it is 64 bits.
const GROUPS_MAX: usize = 64;

fn groups(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    let Some(items) = spot.list() else {
        return Err(spot.fail(format!("{} stands where a list of groups should, such as [\"0..60\", \"60..100\"]", spot.shown())));
    };
    if items.len() < 2 {
        return Err(spot.fail(format!("a partition has at least 2 groups, and here is {}", items.len())));
    }
    if items.len() > GROUPS_MAX {
        return Err(spot.fail(format!("a partition has at most {GROUPS_MAX} groups, and here are {}", items.len())));
    }
    items.iter().map(|item| node_set(item, replicas)).collect::<Result<_, _>>().map(Partition::Groups)
}

fn one_way(spot: &Spot<'_>, from: NodeSet, to: NodeSet) -> Read<Partition> {
    if from.len() == 1 && from == to {
        return Err(spot.fail("a node is not cut off from itself; name two different sides"));
    }
    Ok(Partition::OneWay(from, to))
}
