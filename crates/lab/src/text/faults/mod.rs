//! `[[faults]]`: each entry as it is written. What the entries do to each other in the course of time is `timeline`'s part.

mod degrade;
mod partition;
mod trigger;

use super::clocks;
use super::error::{Problems, Read};
use super::latency::span;
use super::nodes::{Replicas, node_set};
use super::schema;
use super::spot::Spot;
use crate::plan::{FaultEntry, What};
use crate::units::quoted;
use degrade::degradation;
pub(crate) use degrade::worse;
use partition::{flapping, partition};
use quorate_engine::fault::{Behaviour, Fault, Tail, Who};
use quorate_engine::id::NodeSet;
use quorate_engine::setup::{Disks, Hosts};
use quorate_engine::time::{Nanos, Time, show};
use trigger::trigger;

/// An entry, with the places that a later complaint points at.
pub(crate) struct Placed<'a> {
    pub(crate) entry: FaultEntry,
    /// The place of `at`, or of the entry.
    pub(crate) at: Spot<'a>,
    /// The place of `for`, or of the entry.
    pub(crate) lasts: Spot<'a>,
    pub(crate) what: Spot<'a>,
}

/// What the entries are held against.
#[derive(Clone, Copy)]
pub(crate) struct Among<'a> {
    pub(crate) replicas: &'a Replicas<'a>,
    pub(crate) hosts: &'a [Hosts],
    pub(crate) disks: &'a [Disks],
    pub(crate) duration: Nanos,
}

/// Reads all entries that can be read.
pub(crate) fn faults<'a>(section: Option<Spot<'a>>, among: Among<'_>, problems: &mut Problems) -> Vec<Placed<'a>> {
    let entries = section.and_then(|section| section.list()).unwrap_or_default();
    (0..).zip(&entries).filter_map(|(number, spot)| problems.take(entry(number, spot, among))).collect()
}

fn entry<'a>(number: u32, spot: &Spot<'a>, among: Among<'_>) -> Read<Placed<'a>> {
    let Among { replicas, duration, .. } = among;
    let (kind, what_spot) = only_fault(spot)?;
    let when = spot.get("when");
    let trigger = when.as_ref().map(|when| trigger(when, replicas)).transpose()?;
    let at_spot = spot.get("at").or(when.clone());
    let at_spot =
        at_spot.ok_or_else(|| spot.fail("does not say when it strikes; write at = \"5s\", or what it waits for: when"))?;
    let at = Time(spot.get("at").map_or(Ok(0), |at| at.duration())?);
    if at.0 >= duration {
        return Err(
            at_spot.fail(format!("the fault would strike at {at}, and the run ends at {}; strike earlier", show(duration)))
        );
    }
    let after = trigger.as_ref().map_or(0, |trigger| trigger.after);
    let earliest = at.0.saturating_add(after);
    if let Some(when) = &when
        && earliest >= duration
    {
        let (after, place) = (show(after), when.get("after").unwrap_or_else(|| when.clone()));
        let end = show(duration);
        return Err(place.fail(format!("{after} after anything that happens from {at} on, the run is over: it ends at {end}")));
    }
    let lasts = spot.get("for").map(|lasts| lasting(&lasts, kind, Time(earliest), duration)).transpose()?;
    let flaps = if kind == "partition" { what_spot.get("flapping") } else { None };
    let flapping = flaps.map(|spot| flapping(&spot, lasts)).transpose()?;
    let who = match whose(kind, &what_spot)? {
        Some(spot) => replicas.who(&spot, trigger.is_some())?,
        None => None,
    };
    let what = what(kind, number, &what_spot, who, among)?;
    let lasts_spot = spot.get("for").unwrap_or_else(|| spot.clone());
    let entry = FaultEntry { at, trigger, lasts, who, flapping, what };
    Ok(Placed { entry, at: at_spot, lasts: lasts_spot, what: what_spot })
}

/// The names of the faults among the keys of an entry.
fn kinds() -> impl Iterator<Item = &'static str> {
    schema::FAULT.iter().map(|key| key.name).filter(|name| !["at", "when", "for"].contains(name))
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

/// The faults that end by themselves.
const LASTING: [&str; 9] = ["partition", "crash", "pause", "leave", "slow", "degrade", "slow-disk", "full-disk", "byzantine"];

fn lasting(spot: &Spot<'_>, kind: &str, from: Time, duration: Nanos) -> Read<Nanos> {
    if !LASTING.contains(&kind) {
        let last = LASTING.len() - 1;
        return Err(spot.fail(format!(
            "a {kind} does not end by itself; \"for\" goes with {} and {}",
            LASTING[..last].join(", "),
            LASTING[last]
        )));
    }
    let lasts = spot.positive_duration()?;
    match from.0.checked_add(lasts) {
        Some(end) if end <= duration => Ok(lasts),
        _ => Err(spot.fail(format!(
            "from {from}, {} lasts beyond the end of the run at {}, and nobody would see how it ends; \
             write at most \"{}\", or leave \"for\" out",
            show(lasts),
            show(duration),
            show(duration - from.0)
        ))),
    }
}

/// The place that may say later whom the fault befalls.
fn whose<'a>(kind: &str, spot: &Spot<'a>) -> Read<Option<Spot<'a>>> {
    Ok(match kind {
        "pause" | "leave" | "full-disk" | "wipe" => Some(spot.clone()),
        "crash" if spot.is_table() => Some(spot.need("nodes")?),
        "crash" => Some(spot.clone()),
        "slow" | "slow-disk" | "corrupt" | "clock-jump" | "drift" | "byzantine" => Some(spot.need("nodes")?),
        "partition" => spot.get("isolate"),
        "degrade" => spot.get("from").or_else(|| spot.get("around")),
        _ => None,
    })
}

/// What happens. Where only the run knows to whom, `who` says how it does, and the set is empty.
fn what(kind: &str, number: u32, spot: &Spot<'_>, who: Option<Who>, among: Among<'_>) -> Read<What> {
    let replicas = among.replicas;
    let befallen = |spot: &Spot<'_>| befallen(spot, who, replicas);
    let nodes = || befallen(&spot.need("nodes")?);
    let on_disk = |what: &str| replicas.keep_records(spot, what);
    Ok(What::One(match kind {
        "heal" => return spot.word(["all"]).map(|_| What::HealAll),
        "mend" => return spot.word(["all"]).map(|_| What::MendAll),
        "partition" => Fault::Partition(number, partition(spot, who, replicas)?),
        "crash" if spot.is_table() => Fault::Crash(nodes()?, tail(spot)?),
        "crash" => Fault::Crash(befallen(spot)?, Tail::Lost),
        "restart" => Fault::Restart(node_set(spot, replicas)?),
        "pause" => Fault::Pause(befallen(spot)?),
        "resume" => Fault::Resume(node_set(spot, replicas)?),
        "leave" => Fault::Leave(befallen(spot)?),
        "join" => Fault::Join(node_set(spot, replicas)?),
        "slow" => {
            if among.hosts.iter().all(|hosts| hosts.service.is_none()) {
                return Err(
                    spot.fail("hosts take no time here, and so none can be slow; say how long: [hosts] service = \"50us\"")
                );
            }
            Fault::Slow(nodes()?, factor(&spot.need("factor")?)?)
        }
        "degrade" => Fault::Degrade(number, degradation(spot, who, replicas)?),
        "slow-disk" => {
            on_disk("forced write to be slow")?;
            if among.disks.iter().all(|disks| disks.sync.is_none()) {
                return Err(
                    spot.fail("forced writes take no time here, and so none can be slow; say how long: [disks] sync = \"2ms\"")
                );
            }
            Fault::SlowDisk(nodes()?, factor(&spot.need("factor")?)?)
        }
        "full-disk" => {
            on_disk("disk to be full")?;
            Fault::FullDisk(befallen(spot)?)
        }
        "corrupt" => {
            on_disk("record to corrupt")?;
            Fault::Corrupt(nodes()?, spot.get("bits").map_or(Ok(1), |bits| bits.integer(1..=u32::MAX))?)
        }
        "wipe" => {
            on_disk("disk to wipe")?;
            Fault::Wipe(befallen(spot)?)
        }
        "clock-jump" => Fault::ClockJump(nodes()?, clocks::jump(&spot.need("by")?)?),
        "drift" => Fault::Drift(nodes()?, clocks::drift_ppb(&spot.need("ppm")?)?),
        "byzantine" => Fault::Byzantine(nodes()?, behaviour(&spot.need("behaviour")?)?),
        other => return Err(spot.fail(format!("{other} is no fault"))),
    }))
}

/// The nodes of a fault; none when the run says later who they are.
fn befallen(spot: &Spot<'_>, who: Option<Who>, replicas: &Replicas<'_>) -> Read<NodeSet> {
    if who.is_some() { Ok(NodeSet::default()) } else { node_set(spot, replicas) }
}

pub(crate) fn tail(spot: &Spot<'_>) -> Read<Tail> {
    let Some(tail) = spot.get("tail") else { return Ok(Tail::Lost) };
    Ok(if tail.word(["lost", "torn"])? == "torn" { Tail::Torn } else { Tail::Lost })
}

/// The largest factor.
const FACTOR_MAX: f64 = 1e6;

/// How many times as long something takes, in thousandths.
pub(crate) fn factor(spot: &Spot<'_>) -> Read<u32> {
    let factor = spot.number()?;
    let thousandths = libm::round(factor * 1e3);
    if !(factor > 1.0 && factor <= FACTOR_MAX) {
        return Err(spot.fail(format!(
            "{} is out of range; a factor lies above 1, which is as usual, and is at most 1000000",
            spot.shown()
        )));
    }
    if (factor * 1e3 - thousandths).abs() > 1e-6 {
        return Err(spot.fail(format!("{} is finer than a thousandth, the finest that a factor can be", spot.shown())));
    }
    Ok(thousandths as u32)
}

pub(crate) fn behaviour(spot: &Spot<'_>) -> Read<Behaviour> {
    if !spot.is_table() {
        let all = schema::BEHAVIOUR.iter().map(|key| key.name);
        return match spot.word(all)? {
            "silent" => Ok(Behaviour::Silent),
            "equivocating" => Ok(Behaviour::Equivocating),
            "delaying" => Err(spot.fail("does not say by how much; write { delaying = \"50ms\" }")),
            name => Err(spot.fail(format!("does not say how often; write {{ {name} = 0.1 }}"))),
        };
    }
    let (name, value) = spot.only("a behaviour")?;
    let sometimes = || match value.probability()? {
        probability if probability.is_never() => Err(value.fail("is 0, and so never; write a probability above 0")),
        probability => Ok(probability),
    };
    match name {
        "silent" => Ok(Behaviour::Silent),
        "delaying" => span(&value).map(Behaviour::Delaying),
        "equivocating" => Ok(Behaviour::Equivocating),
        "replaying" => sometimes().map(Behaviour::Replaying),
        "forging" => sometimes().map(Behaviour::Forging),
        other => Err(spot.fail(format!("{} is no behaviour", quoted(other)))),
    }
}
