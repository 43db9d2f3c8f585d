//! Faults as data on a timeline: what goes wrong, when, and for whom. How each one is carried out stands in
//! `world/strike.rs`; the compiler lists what a new variant needs.

mod behaviour;
mod degradation;
mod partition;
mod trigger;

use crate::id::{NodeId, NodeSet};
use crate::time::{Time, show};
pub use behaviour::Behaviour;
pub use degradation::{Bursts, Corruption, Degradation};
pub use partition::Partition;
use std::fmt;
pub use trigger::{On, Trigger};

/// A fault and its instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Timed {
    /// When it strikes; for one with a trigger, from when on the trigger counts.
    pub at: Time,
    /// What it waits for, besides its time.
    pub trigger: Option<Trigger>,
    /// Whom it befalls, when that is known only as the run goes: then the fault's own sets are empty, and of a partition's two
    /// groups the second stands for all others.
    pub whom: Option<Whom>,
    /// What happens.
    pub fault: Fault,
}

impl Timed {
    /// A fault whose instant and nodes are known.
    pub fn new(at: Time, fault: Fault) -> Timed {
        Timed { at, trigger: None, whom: None, fault }
    }
}

/// A replica that only the run knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whom {
    /// Which one.
    pub who: Who,
    /// Faults of one number befall the same replica: the first of them decides which. So a crash and its restart go together.
    pub number: u32,
}

/// See [`Whom`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Who stated a fact of this name last.
    Stated(&'static str),
    /// Where what the fault's trigger waited for happened.
    There,
}

/// Something that goes wrong, or is put right.
#[derive(Clone, PartialEq, Debug)]
pub enum Fault {
    /// A partition comes into force under a number of the scenario's choosing, until it is healed.
    Partition(u32, Partition),
    /// The partition of that number ends.
    Heal(u32),
    /// The nodes stop: volatile state and armed timers are gone, and of the records that were not synced what the tail says.
    Crash(NodeSet, Tail),
    /// Crashed nodes come back with what their disks kept; others do not notice.
    Restart(NodeSet),
    /// The nodes stand still: messages queue, timers wait, clocks run on.
    Pause(NodeSet),
    /// Paused nodes go on, with everything that waited, in order; others do not notice.
    Resume(NodeSet),
    /// The nodes stop, and their disks are gone: they are no members until they join.
    Leave(NodeSet),
    /// The nodes start with empty disks. Who joins before anything else befalls it is not there at the start.
    Join(NodeSet),
    /// The nodes' hosts take so many thousandths of their time for everything from now on; 1000 is as usual.
    Slow(NodeSet, u32),
    /// Links get worse under a number of the scenario's choosing, until they are mended.
    Degrade(u32, Degradation),
    /// The degradation of that number ends.
    Mend(u32),
    /// Forced writes that are asked for from now on take so many thousandths of their time; 1000 is as usual.
    SlowDisk(NodeSet, u32),
    /// The disks take no more records: see [`crate::Actor::disk_full`].
    FullDisk(NodeSet),
    /// Disks that are full, or had no room for a record, have room again: what is on them no longer counts against their capacity. Nodes
    /// that stopped for want of it come back; others do not notice.
    RoomOnDisk(NodeSet),
    /// On the disk of each node so many bits flip, drawn among all those of durable records and their frames. Recovery finds out.
    Corrupt(NodeSet, u32),
    /// The disks are gone: recovery finds empty ones. What runs goes on and does not notice until then.
    Wipe(NodeSet),
    /// The wall clocks move by so many ns.
    ClockJump(NodeSet, i64),
    /// The clocks gain so many parts per billion from now on.
    Drift(NodeSet, i64),
    /// The nodes no longer send what their protocol tells them to.
    Byzantine(NodeSet, Behaviour),
    /// They do again.
    Honest(NodeSet),
}

/// Who is not there at the start of a run: the first that befalls them is that they join.
pub fn absent_at_start<'a>(faults: impl IntoIterator<Item = &'a Timed>) -> NodeSet {
    let (mut met, mut absent) = (NodeSet::default(), NodeSet::default());
    // Whom only the run knows cannot be counted upon.
    for timed in faults.into_iter().filter(|timed| timed.whom.is_none()) {
        let (Fault::Crash(nodes, _) | Fault::Restart(nodes) | Fault::Leave(nodes) | Fault::Join(nodes)) = &timed.fault else {
            continue;
        };
        if matches!(timed.fault, Fault::Join(_)) {
            absent = absent.union(&nodes.without(&met));
        }
        met = met.union(nodes);
    }
    absent
}

/// What a crash leaves of the records that were not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// Nothing.
    Lost,
    /// Their first bytes, as many as chance has it; a record that was cut in the middle is torn, and recovery finds out.
    Torn,
}

impl Fault {
    /// The same fault for one node, in the place of sets that were left empty.
    pub fn befalling(&self, node: NodeId, nodes: u32) -> Fault {
        let mut fault = self.clone();
        if let Fault::Partition(_, partition) = &mut fault {
            let others = NodeSet::from_ranges([(0, node.0), (node.0 + 1, nodes)]);
            *partition = Partition::Groups(vec![NodeSet::one(node), others]);
        }
        if let Fault::Degrade(_, degradation) = &mut fault {
            degradation.from = NodeSet::one(node);
        }
        if let Some(set) = fault.nodes_mut() {
            *set = NodeSet::one(node);
        }
        fault
    }

    /// The nodes whom the fault befalls; none for one of links.
    pub fn nodes(&self) -> Option<&NodeSet> {
        match self {
            Fault::Partition(..) | Fault::Heal(_) | Fault::Degrade(..) | Fault::Mend(_) => None,
            Fault::Crash(nodes, _)
            | Fault::Restart(nodes)
            | Fault::Pause(nodes)
            | Fault::Resume(nodes)
            | Fault::Leave(nodes)
            | Fault::Join(nodes)
            | Fault::Slow(nodes, _)
            | Fault::SlowDisk(nodes, _)
            | Fault::FullDisk(nodes)
            | Fault::RoomOnDisk(nodes)
            | Fault::Corrupt(nodes, _)
            | Fault::Wipe(nodes)
            | Fault::ClockJump(nodes, _)
            | Fault::Drift(nodes, _)
            | Fault::Byzantine(nodes, _)
            | Fault::Honest(nodes) => Some(nodes),
        }
    }

    /// The same, to be changed.
    pub fn nodes_mut(&mut self) -> Option<&mut NodeSet> {
        match self {
            Fault::Partition(..) | Fault::Heal(_) | Fault::Degrade(..) | Fault::Mend(_) => None,
            Fault::Crash(nodes, _)
            | Fault::Restart(nodes)
            | Fault::Pause(nodes)
            | Fault::Resume(nodes)
            | Fault::Leave(nodes)
            | Fault::Join(nodes)
            | Fault::Slow(nodes, _)
            | Fault::SlowDisk(nodes, _)
            | Fault::FullDisk(nodes)
            | Fault::RoomOnDisk(nodes)
            | Fault::Corrupt(nodes, _)
            | Fault::Wipe(nodes)
            | Fault::ClockJump(nodes, _)
            | Fault::Drift(nodes, _)
            | Fault::Byzantine(nodes, _)
            | Fault::Honest(nodes) => Some(nodes),
        }
    }

    /// The name under which scenario files and reports know the fault.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Partition(..) => "partition",
            Fault::Heal(_) => "heal",
            Fault::Crash(..) => "crash",
            Fault::Restart(_) => "restart",
            Fault::Pause(_) => "pause",
            Fault::Resume(_) => "resume",
            Fault::Leave(_) => "leave",
            Fault::Join(_) => "join",
            Fault::Slow(..) => "slow",
            Fault::Degrade(..) => "degrade",
            Fault::Mend(_) => "mend",
            Fault::SlowDisk(..) => "slow-disk",
            Fault::FullDisk(_) => "full-disk",
            Fault::RoomOnDisk(_) => "room-on-disk",
            Fault::Corrupt(..) => "corrupt",
            Fault::Wipe(_) => "wipe",
            Fault::ClockJump(..) => "clock-jump",
            Fault::Drift(..) => "drift",
            Fault::Byzantine(..) => "byzantine",
            Fault::Honest(_) => "honest",
        }
    }

    /// The highest node that the fault names, if any: a plan holds it against the number of nodes.
    pub fn last_node(&self) -> Option<NodeId> {
        match self {
            Fault::Partition(_, partition) => partition.sets().into_iter().filter_map(NodeSet::last).max(),
            Fault::Degrade(_, Degradation { from, to, .. }) => from.last().max(to.last()),
            other => other.nodes().and_then(NodeSet::last),
        }
    }
}

/// The faults by the names of scenario files, each with what it does.
pub const FAULTS: &[(&str, &str)] = &[
    ("partition", "Nodes of different groups cannot reach each other, or one set cannot be heard by another (one-way)."),
    ("heal", "Every partition in force ends."),
    ("crash", "The nodes stop: volatile state, armed timers and unsynced records are gone."),
    ("restart", "Crashed nodes come back with what their disks kept."),
    ("pause", "The nodes stand still: messages queue, timers wait, clocks run on."),
    ("resume", "Paused nodes go on, with everything that waited, in order."),
    ("leave", "The nodes stop and their disks are gone: they are no members until they join."),
    ("join", "The nodes start with empty disks; who joins first of all is not there at the start."),
    ("slow", "The nodes' hosts take longer for everything."),
    ("degrade", "Links lose, delay, copy, hold back or corrupt more messages than usual."),
    ("mend", "Every degradation in force ends."),
    ("slow-disk", "Forced writes take longer."),
    ("full-disk", "The disks take no more records; a protocol that cannot go on without stops."),
    ("corrupt", "Bits of durable records flip; recovery finds it by their checksums."),
    ("wipe", "The disks are gone; recovery finds empty ones."),
    ("clock-jump", "The wall clocks move at once; elapsed clocks and timers do not notice."),
    ("drift", "The clocks gain or lose from now on, timers with them."),
    ("byzantine", "The nodes are silent, late, two-faced, repeat themselves or lie."),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Partition(_, partition) => partition.fmt(f),
            Fault::Heal(_) => f.write_str("heal"),
            Fault::Crash(nodes, Tail::Lost) => write!(f, "crash {{{nodes}}}"),
            Fault::Crash(nodes, Tail::Torn) => write!(f, "crash {{{nodes}}}, unsynced records torn"),
            Fault::Restart(nodes) => write!(f, "restart {{{nodes}}}"),
            Fault::Pause(nodes) => write!(f, "pause {{{nodes}}}"),
            Fault::Resume(nodes) => write!(f, "resume {{{nodes}}}"),
            Fault::Leave(nodes) => write!(f, "{{{nodes}}} leave"),
            Fault::Join(nodes) => write!(f, "{{{nodes}}} join"),
            Fault::Slow(nodes, 1000) => write!(f, "hosts of {{{nodes}}} as fast as usual"),
            Fault::Slow(nodes, factor) => write!(f, "hosts of {{{nodes}}} {} times as slow", thousandths(*factor)),
            Fault::Degrade(_, degradation) => degradation.fmt(f),
            Fault::Mend(_) => f.write_str("mend"),
            Fault::SlowDisk(nodes, 1000) => write!(f, "disks of {{{nodes}}} as fast as usual"),
            Fault::SlowDisk(nodes, factor) => write!(f, "disks of {{{nodes}}} {} times as slow", thousandths(*factor)),
            Fault::FullDisk(nodes) => write!(f, "disks of {{{nodes}}} full"),
            Fault::RoomOnDisk(nodes) => write!(f, "room on the disks of {{{nodes}}}"),
            Fault::Corrupt(nodes, 1) => write!(f, "a bit flips on each disk of {{{nodes}}}"),
            Fault::Corrupt(nodes, bits) => write!(f, "{bits} bits flip on each disk of {{{nodes}}}"),
            Fault::Wipe(nodes) => write!(f, "wipe the disks of {{{nodes}}}"),
            Fault::ClockJump(nodes, by_ns) => {
                let sign = if *by_ns < 0 { "-" } else { "" };
                write!(f, "wall clocks of {{{nodes}}} jump by {sign}{}", show(by_ns.unsigned_abs()))
            }
            Fault::Drift(nodes, ppb) => write!(f, "clocks of {{{nodes}}} drift at {ppb} ppb"),
            Fault::Byzantine(nodes, behaviour) => write!(f, "{{{nodes}}} byzantine: {behaviour}"),
            Fault::Honest(nodes) => write!(f, "{{{nodes}}} honest again"),
        }
    }
}

/// A factor in thousandths as people write it.
fn thousandths(factor: u32) -> String {
    let text = format!("{}.{:03}", factor / 1000, factor % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
