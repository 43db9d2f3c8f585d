//! The patterns that there are, by name.

use super::partitions::Cut;
use super::strike::{Spoilt, State};
use super::{Course, churn, crashes, links, nodes, partitions};
use crate::clock::Spread;
use crate::fault::{Behaviour, Degradation, Tail};
use crate::id::NodeSet;
use crate::latency::Span;

/// Whom a kind may befall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Nodes that are drawn from these.
    Nodes(NodeSet),
    /// The replica that stated a fact of this name last; only for [`Pattern::Crash`], [`Pattern::Pause`] and a
    /// [`Pattern::Partition`] that isolates. Another kind that befalls the same replica may cut it short.
    Stated(&'static str),
}

/// How a node is away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Away {
    /// It stands still.
    Paused,
    /// It is down.
    Crashed(Tail),
    /// It is no member.
    Left,
}

/// What a kind does.
#[derive(Clone, PartialEq, Debug)]
pub enum Pattern {
    /// Some are cut off, each time in one of these ways.
    Partition(Vec<Cut>),
    /// The link between two nodes comes and goes as long as the spell lasts.
    FlappingLink {
        /// How long it is gone each time.
        down: Span,
        /// How long it is there each time.
        up: Span,
    },
    /// Messages of drawn nodes fare worse, to and from everyone else. The template's own sets do not count.
    Degrade(Degradation),
    /// Nodes crash, and restart when the spell is over.
    Crash(Tail),
    /// As long as the spell lasts one after another crashes; more may be down at once, but no node twice.
    CrashStorm {
        /// From one crash to the next.
        gap: Span,
        /// How long each node is down.
        down: Span,
        /// What crashes leave.
        tail: Tail,
    },
    /// Each node restarts once, in the order of their numbers, and is down as long as `lasts` says.
    RollingRestart {
        /// From one node's restart to the next one's crash.
        gap: Span,
        /// What crashes leave.
        tail: Tail,
    },
    /// A region crashes, drawn anew each time, or everything.
    Outage {
        /// A region rather than everything.
        of_region: bool,
        /// What crashes leave.
        tail: Tail,
    },
    /// Each node for itself is up and away in turns, from the nemesis's beginning on.
    Churn {
        /// How long it is up each time.
        up: Span,
        /// How long it is away each time.
        away: Span,
        /// How it is away.
        how: Away,
    },
    /// Nodes stand still.
    Pause,
    /// Hosts take so many thousandths of their time.
    Slow(u32),
    /// Forced writes take so many thousandths of their time.
    SlowDisk(u32),
    /// Disks take no more records.
    FullDisk,
    /// So many bits of durable records flip.
    Corrupt(u32),
    /// Disks are gone.
    Wipe,
    /// Each wall clock jumps by a draw, in ns, and back when the spell is over if `back` says so.
    ClockJump {
        /// By how many ns.
        by_ns: Spread,
        /// Whether it ends.
        back: bool,
    },
    /// Each clock gains a draw, in parts per billion.
    Drift(Spread),
    /// Those who are drawn at first do this from the nemesis's beginning to its end.
    Byzantine(Behaviour),
}

/// The patterns by the names of scenario files, each with what it does.
pub const PATTERNS: &[(&str, &str)] = &[
    ("partition", "Nodes are cut off again and again, each time in one of the ways of a list."),
    ("flapping-link", "A link between two nodes comes and goes fast for a while."),
    ("degrade", "Messages of some nodes are lost, late, copied, overtaken or corrupt for a while."),
    ("crash", "Nodes, or the leader, crash and come back."),
    ("crash-storm", "For a while, one node after another crashes."),
    ("rolling-restart", "Each node restarts once, one after the other."),
    ("outage", "A whole region, or everything, crashes at once."),
    ("churn", "Each node comes and goes by itself."),
    ("pause", "Nodes, or the leader, stand still for a while."),
    ("slow", "Hosts take longer for a while."),
    ("slow-disk", "Forced writes take longer for a while."),
    ("full-disk", "Disks take no more records for a while."),
    ("corrupt", "Bits of records on disks flip."),
    ("wipe", "Disks are gone."),
    ("clock-jump", "Wall clocks jump."),
    ("drift", "Clocks go too fast or too slow for a while."),
    ("byzantine", "Some nodes, the same throughout a run, are silent, late, two-faced, repeat themselves or lie."),
];

impl Pattern {
    /// Its name in scenario files and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Pattern::Partition(_) => "partition",
            Pattern::FlappingLink { .. } => "flapping-link",
            Pattern::Degrade(_) => "degrade",
            Pattern::Crash(_) => "crash",
            Pattern::CrashStorm { .. } => "crash-storm",
            Pattern::RollingRestart { .. } => "rolling-restart",
            Pattern::Outage { .. } => "outage",
            Pattern::Churn { .. } => "churn",
            Pattern::Pause => "pause",
            Pattern::Slow(_) => "slow",
            Pattern::SlowDisk(_) => "slow-disk",
            Pattern::FullDisk => "full-disk",
            Pattern::Corrupt(_) => "corrupt",
            Pattern::Wipe => "wipe",
            Pattern::ClockJump { .. } => "clock-jump",
            Pattern::Drift(_) => "drift",
            Pattern::Byzantine(_) => "byzantine",
        }
    }

    /// Whether spells come and go by [`super::Kind::every`].
    pub fn comes_again(&self) -> bool {
        !matches!(self, Pattern::Churn { .. } | Pattern::Byzantine(_))
    }

    /// Whether a spell has a length that [`super::Kind::lasts`] says.
    pub fn lasts(&self) -> bool {
        let at_once = matches!(self, Pattern::Corrupt(_) | Pattern::Wipe | Pattern::ClockJump { back: false, .. });
        self.comes_again() && !at_once
    }

    /// Draws all that it does in a run.
    pub(super) fn draw(&self, course: &mut Course<'_>) {
        match self {
            Pattern::Partition(ways) => partitions::draw(course, ways),
            Pattern::FlappingLink { down, up } => partitions::flap(course, down, up),
            Pattern::Degrade(template) => links::degrade(course, template),
            Pattern::Crash(tail) => crashes::some(course, Away::Crashed(*tail)),
            Pattern::CrashStorm { gap, down, tail } => crashes::storm(course, gap, down, *tail),
            Pattern::RollingRestart { gap, tail } => crashes::rolling(course, gap, *tail),
            Pattern::Outage { of_region, tail } => crashes::outage(course, *of_region, *tail),
            Pattern::Churn { up, away, how } => churn::draw(course, up, away, *how),
            Pattern::Pause => crashes::some(course, Away::Paused),
            Pattern::Slow(factor) => nodes::hold(course, &State::Slow(*factor)),
            Pattern::SlowDisk(factor) => nodes::hold(course, &State::SlowDisk(*factor)),
            Pattern::FullDisk => nodes::hold(course, &State::FullDisk),
            Pattern::Corrupt(bits) => nodes::spoil(course, Spoilt::Corrupt(*bits)),
            Pattern::Wipe => nodes::spoil(course, Spoilt::Wiped),
            Pattern::ClockJump { by_ns, back } => nodes::jump(course, by_ns, *back),
            Pattern::Drift(ppb) => nodes::drift(course, ppb),
            Pattern::Byzantine(behaviour) => nodes::byzantine(course, behaviour),
        }
    }
}
