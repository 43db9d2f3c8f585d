//! Faults as data on a timeline: what goes wrong, when, and for whom. How each one is carried out stands in
//! `world/strike.rs`; the compiler lists what a new variant needs.

use crate::id::NodeId;
use crate::id::NodeSet;
use crate::time::Time;
use std::fmt;

/// A fault and its instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timed {
    /// When it strikes.
    pub at: Time,
    /// Whom it befalls, when that is known only as the run goes: then the fault's own sets are empty, and of a partition's two
    /// groups the second stands for all others.
    pub whom: Option<Whom>,
    /// What happens.
    pub fault: Fault,
}

impl Timed {
    /// A fault whose nodes are known.
    pub fn new(at: Time, fault: Fault) -> Timed {
        Timed { at, whom: None, fault }
    }
}

/// The replica that stated a fact last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whom {
    /// The name of the fact's kind.
    pub fact: &'static str,
    /// Faults of one number befall the same replica: the first of them decides which. So a crash and its restart go together.
    pub number: u32,
}

/// Something that goes wrong, or is put right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A partition comes into force under a number of the scenario's choosing, until it is healed.
    Partition(u32, Partition),
    /// The partition of that number ends.
    Heal(u32),
    /// The nodes stop: volatile state, armed timers and unsynced records are gone.
    Crash(NodeSet),
    /// Crashed nodes come back with what their disks kept; others do not notice.
    Restart(NodeSet),
    /// The nodes stand still: messages queue, timers wait, clocks run on.
    Pause(NodeSet),
    /// Paused nodes go on, with everything that waited, in order; others do not notice.
    Resume(NodeSet),
    /// The wall clocks move by so many ns.
    ClockJump(NodeSet, i64),
    /// The clocks gain so many parts per billion from now on.
    Drift(NodeSet, i64),
}

impl Fault {
    /// The same fault for one node, in the place of sets that were left empty.
    pub(crate) fn befalling(&self, node: NodeId, nodes: u32) -> Fault {
        let one = NodeSet::one(node);
        match self {
            Fault::Partition(number, _) => {
                let others = NodeSet::from_ranges([(0, node.0), (node.0 + 1, nodes)]);
                Fault::Partition(*number, Partition::Groups(vec![one, others]))
            }
            Fault::Heal(number) => Fault::Heal(*number),
            Fault::Crash(_) => Fault::Crash(one),
            Fault::Restart(_) => Fault::Restart(one),
            Fault::Pause(_) => Fault::Pause(one),
            Fault::Resume(_) => Fault::Resume(one),
            Fault::ClockJump(_, by_ns) => Fault::ClockJump(one, *by_ns),
            Fault::Drift(_, ppb) => Fault::Drift(one, *ppb),
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
    ("clock-jump", "The wall clocks move at once; elapsed clocks and timers do not notice."),
    ("drift", "The clocks gain or lose from now on, timers with them."),
];

/// Who cannot reach whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Partition {
    /// Nodes reach each other when they share a group. A node in two groups bridges them; a node in none is untouched.
    Groups(Vec<NodeSet>),
    /// What the first set sends to the second is lost; the other direction works.
    OneWay(NodeSet, NodeSet),
}

impl Partition {
    /// How many bits describe a node's place in the partition: groups, or sender and receiver.
    pub(crate) fn width(&self) -> usize {
        match self {
            Partition::Groups(groups) => groups.len(),
            Partition::OneWay(..) => 2,
        }
    }

    /// The node sets behind the bits of a node's place.
    pub(crate) fn sets(&self) -> Vec<&NodeSet> {
        match self {
            Partition::Groups(groups) => groups.iter().collect(),
            Partition::OneWay(from, to) => vec![from, to],
        }
    }

    /// Whether a message between nodes of these two places is lost.
    pub(crate) fn cuts(&self, from: u64, to: u64) -> bool {
        match self {
            Partition::Groups(_) => from != 0 && to != 0 && from & to == 0,
            Partition::OneWay(..) => from & 1 != 0 && to & 2 != 0,
        }
    }
}

impl Fault {
    /// The name under which scenario files and reports know the fault.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Partition(..) => "partition",
            Fault::Heal(_) => "heal",
            Fault::Crash(_) => "crash",
            Fault::Restart(_) => "restart",
            Fault::Pause(_) => "pause",
            Fault::Resume(_) => "resume",
            Fault::ClockJump(..) => "clock-jump",
            Fault::Drift(..) => "drift",
        }
    }

    /// The highest node that the fault names, if any: a plan holds it against the number of nodes.
    pub fn last_node(&self) -> Option<NodeId> {
        match self {
            Fault::Partition(_, partition) => partition.sets().into_iter().filter_map(NodeSet::last).max(),
            Fault::Heal(_) => None,
            Fault::Crash(nodes)
            | Fault::Restart(nodes)
            | Fault::Pause(nodes)
            | Fault::Resume(nodes)
            | Fault::ClockJump(nodes, _)
            | Fault::Drift(nodes, _) => nodes.last(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Partition(_, Partition::Groups(groups)) => {
                let sides: Vec<String> = groups.iter().map(|group| format!("{{{group}}}")).collect();
                write!(f, "partition {}", sides.join(" | "))
            }
            Fault::Partition(_, Partition::OneWay(from, to)) => write!(f, "one-way partition {{{from}}} -/-> {{{to}}}"),
            Fault::Heal(_) => f.write_str("heal"),
            Fault::Crash(nodes) => write!(f, "crash {{{nodes}}}"),
            Fault::Restart(nodes) => write!(f, "restart {{{nodes}}}"),
            Fault::Pause(nodes) => write!(f, "pause {{{nodes}}}"),
            Fault::Resume(nodes) => write!(f, "resume {{{nodes}}}"),
            Fault::ClockJump(nodes, by_ns) => write!(f, "wall clocks of {{{nodes}}} jump by {by_ns} ns"),
            Fault::Drift(nodes, ppb) => write!(f, "clocks of {{{nodes}}} drift at {ppb} ppb"),
        }
    }
}
