//! The entries of `[[faults]]` as one timeline: what ends by itself gets its end, and what makes no sense at its instant, such
//! as a restart of a node that is up, is refused. At one instant ends come first, then the entries in the order of the file.
//!
//! A fault that waits for something comes at an instant that only the run knows: it stands on the timeline from when on that
//! counts, its end right after it, and what it may have changed is not held against what comes later.

mod course;

use super::error::{Problems, Read};
use super::faults::Placed;
use crate::plan::{FaultEntry, Flapping, What};
use course::Course;
use quorate_engine::fault::{Fault, Timed, Whom};
use quorate_engine::setup::{Disks, Hosts, Overflow};
use quorate_engine::time::{Nanos, Time};

/// What the entries are held against.
pub(crate) struct World<'a> {
    pub(crate) nodes: u32,
    /// Whether there are any.
    pub(crate) clients: bool,
    pub(crate) hosts: &'a [Hosts],
    pub(crate) disks: &'a [Disks],
}

/// The most beginnings and ends of faults.
const TIMED_MAX: usize = 1_000_000;

/// The timeline, in ascending order of time.
pub(crate) fn timeline(entries: &[Placed<'_>], world: &World<'_>, problems: &mut Problems) -> Vec<Timed> {
    let moments = moments(entries);
    let order: Vec<&Placed<'_>> = moments.iter().filter(|moment| !moment.ends).map(|moment| &entries[moment.entry]).collect();
    let mut course = Course::new(&order, world);
    // Without memory a host crashes, and without room for its log many a protocol stops.
    let full = world.disks.iter().any(|disks| disks.capacity_bytes.is_some());
    if full || world.hosts.iter().any(|hosts| hosts.overflow != Overflow::Shed) {
        course.nodes_may_stop();
    }
    let mut timed = Vec::new();
    for moment in moments {
        let faults = happening(&mut course, entries, moment);
        timed.extend(problems.or(faults, Vec::new()));
        if timed.len() > TIMED_MAX {
            let message = format!("with this, more than {TIMED_MAX} things go wrong or are put right; that is the most");
            problems.take::<()>(Err(entries[moment.entry].what.fail(message)));
            break;
        }
    }
    timed.sort_by_key(|timed: &Timed| timed.at);
    timed
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment {
    at: Time,
    ends: bool,
    entry: usize,
}

/// The beginnings and the ends of all entries. What waits for something ends with its beginning, as far as this is concerned.
fn moments(entries: &[Placed<'_>]) -> Vec<Moment> {
    let mut moments = Vec::with_capacity(entries.len());
    for (index, placed) in entries.iter().enumerate() {
        moments.push(Moment { at: placed.entry.at, ends: false, entry: index });
        if let Some(lasts) = placed.entry.lasts.filter(|_| placed.entry.trigger.is_none()) {
            moments.push(Moment { at: placed.entry.at + lasts, ends: true, entry: index });
        }
    }
    moments.sort_by_key(|moment| (moment.at, !moment.ends, moment.entry));
    moments
}

/// What happens at a moment, and what follows from it later.
fn happening<'a>(course: &mut Course<'a>, entries: &'a [Placed<'_>], moment: Moment) -> Read<Vec<Timed>> {
    let placed = &entries[moment.entry];
    let entry = &placed.entry;
    let at_once = |faults: Vec<Fault>| faults.into_iter().map(|fault| (0, fault)).collect::<Vec<_>>();
    let faults = match entry.trigger {
        _ if moment.ends => at_once(course.end(moment.entry, placed)?),
        None => course.strike(moment.entry, placed).map(|faults| with_flaps(entry, at_once(faults)))?,
        Some(_) => {
            let faults = course.wait(placed, all_like(entries, entry))?;
            let ends = faults.iter().filter_map(|fault| Some((entry.lasts?, ending(fault)?))).collect::<Vec<_>>();
            let mut all = with_flaps(entry, at_once(faults));
            all.extend(ends.into_iter().filter(|_| is_cut_at_its_end(entry)));
            all
        }
    };
    Ok(faults.into_iter().map(|(later, fault)| timed(moment, entry, later, fault)).collect())
}

fn timed(moment: Moment, entry: &FaultEntry, later: Nanos, fault: Fault) -> Timed {
    let whom = entry.who.map(|who| Whom { who, number: moment.entry as u32 });
    match &entry.trigger {
        None => Timed { at: moment.at + later, trigger: None, whom, fault },
        Some(trigger) => {
            let mut trigger = trigger.clone();
            trigger.after += later;
            Timed { at: moment.at, trigger: Some(trigger), whom, fault }
        }
    }
}

/// What ends all partitions that the file has, or all degradations: who waits does not know which will be in force.
fn all_like(entries: &[Placed<'_>], entry: &FaultEntry) -> Vec<Fault> {
    let ends = entries.iter().filter_map(|placed| match (&entry.what, &placed.entry.what) {
        (What::HealAll, What::One(fault @ Fault::Partition(..))) | (What::MendAll, What::One(fault @ Fault::Degrade(..))) => {
            ending(fault)
        }
        _ => None,
    });
    ends.collect()
}

/// What puts a fault right that ends by itself.
fn ending(fault: &Fault) -> Option<Fault> {
    Some(match fault {
        Fault::Partition(number, _) => Fault::Heal(*number),
        Fault::Degrade(number, _) => Fault::Mend(*number),
        Fault::Crash(nodes, _) => Fault::Restart(nodes.clone()),
        Fault::Pause(nodes) => Fault::Resume(nodes.clone()),
        Fault::Leave(nodes) => Fault::Join(nodes.clone()),
        Fault::Slow(nodes, _) => Fault::Slow(nodes.clone(), AS_USUAL),
        Fault::SlowDisk(nodes, _) => Fault::SlowDisk(nodes.clone(), AS_USUAL),
        Fault::FullDisk(nodes) => Fault::RoomOnDisk(nodes.clone()),
        Fault::Byzantine(nodes, _) => Fault::Honest(nodes.clone()),
        _ => return None,
    })
}

/// The factor of what takes the time that it takes, in thousandths.
const AS_USUAL: u32 = 1_000;

/// A partition that comes and goes, with its comings and goings before its end.
fn with_flaps(entry: &FaultEntry, mut faults: Vec<(Nanos, Fault)>) -> Vec<(Nanos, Fault)> {
    let (Some(Flapping { down, up }), Some(lasts), [(_, cut)]) = (entry.flapping, entry.lasts, &faults[..]) else {
        return faults;
    };
    let (cut, heal) = (cut.clone(), ending(cut));
    let mut at = down;
    while at < lasts {
        faults.extend(heal.clone().map(|heal| (at, heal)));
        at = at.saturating_add(up);
        if at < lasts {
            faults.push((at, cut.clone()));
        }
        at = at.saturating_add(down);
    }
    faults
}

/// Whether there is something left to heal when the entry ends.
fn is_cut_at_its_end(entry: &FaultEntry) -> bool {
    let (Some(Flapping { down, up }), Some(lasts)) = (entry.flapping, entry.lasts) else { return true };
    let phase = lasts % down.saturating_add(up);
    0 < phase && phase <= down
}
