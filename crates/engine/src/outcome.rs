//! What a run gave: plain data for reports and judges, the same bytes for the same setup and seed.

use crate::convergence::Converged;
use crate::fault::Timed;
use crate::histogram::Waits;
use crate::id::NodeId;
use crate::ledger::Ledger;
use crate::monitor::Violation;
use crate::reach::CLASSES_MAX;
use crate::time::{Nanos, Time};
use crate::topology::InvalidTopology;
use std::fmt;

/// The result of a run, the same for every protocol.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// Over everything that happened to every node, the operations and the published states.
    pub digest: Digest,
    /// The instant at which the run ended.
    pub ended: Time,
    /// Why it ended.
    pub stopped: Stop,
    /// Deliveries and live timers.
    pub events: u64,
    /// Messages, bytes and forced writes.
    pub ledger: Ledger,
    /// The busiest node by messages sent and received, with its figures.
    pub busiest: (NodeId, NodeTotals),
    /// How long messages waited for links and interfaces that have a rate.
    pub link_waits: Waits,
    /// How long messages and requests waited in inboxes before their service began.
    pub host_waits: Waits,
    /// The host that worked longest, and how long; none when no host takes time.
    pub busiest_host: Option<(NodeId, Nanos)>,
    /// How often a host crashed because its inbox had no room.
    pub overflows: u32,
    /// What came of each bound that was said to hold for a wall clock.
    pub clock_bounds: Vec<ClockBound>,
    /// Who has ever been byzantine: nobody waits for them to agree.
    pub faulty: Vec<NodeId>,
    /// What the disks took in, and what became of it.
    pub disks: DiskTotals,
    /// How long forced writes waited for those before them, at disks that take time.
    pub disk_waits: Waits,
    /// Whether and when the replicas agreed.
    pub convergence: Converged,
    /// Messages between replicas sent until the replicas had converged for good.
    pub messages_to_convergence: Option<u64>,
    /// The operations, by number: those planned one by one in their order, then those of populations in the order in which they were
    /// asked.
    pub operations: Vec<OperationOutcome>,
    /// The faults of the setup, in their order, and what they did.
    pub strikes: Vec<Strike>,
    /// Properties that broke, as the monitors saw it.
    pub violations: Vec<Violation>,
    /// Digests that `verify` recomputed, and those that were wrong.
    pub verified: u64,
    /// Published digests that the replicas themselves do not bear out.
    pub mismatches: Vec<Mismatch>,
}

/// The figures of one node.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NodeTotals {
    /// Messages sent to others.
    pub sent: u32,
    /// Messages received.
    pub received: u32,
    /// Bytes sent to other replicas.
    pub bytes: u64,
}

/// How far a wall clock was said to be off at most, and was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockBound {
    /// Whose.
    pub node: NodeId,
    /// What was said, in ns.
    pub bound_ns: u64,
    /// What it was, in ns: the most at all changes of the clock and at the end.
    pub most_ns: u64,
    /// When it was more than that first.
    pub broken: Option<Time>,
}

/// What the disks of all replicas took in, and what became of it. Forced writes are the ledger's.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct DiskTotals {
    /// Records appended.
    pub records: u64,
    /// Their bytes, frames included.
    pub bytes: u64,
    /// Records that found no room.
    pub refused: u64,
    /// Records that crashes, damage and wiped disks took; a torn one counts with the crash that tore it.
    pub records_lost: u64,
    /// Forced writes that were under way in a crash.
    pub writes_cut: u64,
    /// Bits that flipped.
    pub bits_flipped: u64,
    /// Records that recovery could not read because a crash had cut them short.
    pub torn: u64,
    /// Records that recovery could not read because bits had flipped.
    pub corrupt: u64,
    /// Disks on which something was, and that were wiped.
    pub wiped: u64,
}

/// A run's digest. It detects accidents; it is no proof against an adversary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Digest(pub u128);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Why a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Its duration was over.
    Duration,
    /// Nothing more could happen.
    Quiet,
    /// It was to end once converged, and had.
    Converged,
}

impl Stop {
    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            Stop::Duration => "duration",
            Stop::Quiet => "quiet",
            Stop::Converged => "converged",
        }
    }
}

/// What became of an operation. Small: a run may have millions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperationOutcome {
    /// Whose it is. A client of an open loop may have several under way at once.
    pub client: u32,
    /// The replica that was asked, in the last attempt where there were several.
    pub to: NodeId,
    /// When it was sent; the end of time when the run ended before.
    invoked: Time,
    /// When the client heard; the end of time when it never did.
    completed: Time,
    /// The places of the two among all that clients sent and heard in the run, for those that share an instant.
    places: (u32, u32),
    /// Message delays on the longest chain from invocation to answer; from the last attempt on where there were several. Exact when
    /// the operation ran alone.
    pub delays: u16,
    /// Message delays from the invocation, or the last attempt's begin, to the request's arrival: the cause that a parked operation
    /// keeps.
    pub(crate) depth: u16,
    /// How often the client asked: the first time and each retry.
    pub attempts: u16,
    /// How often it was redirected.
    pub redirects: u8,
    /// What the client knows.
    pub status: OperationStatus,
}

impl OperationOutcome {
    pub(crate) fn unsent(client: u32, to: NodeId) -> OperationOutcome {
        OperationOutcome {
            client,
            to,
            invoked: Time::NEVER,
            completed: Time::NEVER,
            places: (0, 0),
            delays: 0,
            depth: 0,
            attempts: 0,
            redirects: 0,
            status: OperationStatus::Unsent,
        }
    }

    pub(crate) fn begin(&mut self, now: Time, place: u32) {
        (self.invoked, self.places.0) = (now, place);
        self.status = OperationStatus::Unknown;
    }

    pub(crate) fn end(&mut self, now: Time, place: u32) {
        (self.completed, self.places.1) = (now, place);
    }

    /// The places of its sending and its end among all that clients sent and heard in the run: what of two things at one instant came
    /// first. That of an end that never came means nothing.
    pub fn places(&self) -> (u32, u32) {
        self.places
    }

    /// When it was sent; `None` when the run ended before.
    pub fn invoked(&self) -> Option<Time> {
        Some(self.invoked).filter(|at| *at != Time::NEVER)
    }

    /// When the client heard; `None` when it never did.
    pub fn completed(&self) -> Option<Time> {
        Some(self.completed).filter(|at| *at != Time::NEVER)
    }

    /// How often the client asked again.
    pub fn retries(&self) -> u16 {
        self.attempts.saturating_sub(1)
    }
}

/// What a client knows of its operation at the end of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OperationStatus {
    /// It was answered.
    Ok,
    /// It was refused, and took no effect.
    Refused,
    /// No answer came in time: it may have taken effect.
    Unknown,
    /// The run ended before it was sent.
    Unsent,
}

impl OperationStatus {
    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            OperationStatus::Ok => "ok",
            OperationStatus::Refused => "refused",
            OperationStatus::Unknown => "unknown",
            OperationStatus::Unsent => "unsent",
        }
    }
}

/// A fault and what it did.
#[derive(Clone, PartialEq, Debug)]
pub struct Strike {
    /// The fault, with the nodes that it befell last, where only the run knew.
    pub planned: Timed,
    /// How often it struck: 0 when its time did not come, what it waits for did not happen, or whom it is meant for did not exist.
    pub times: u32,
    /// When it struck first.
    pub first: Option<Time>,
    /// When it struck, and whom, where only the run knew: the first [`INSTANTS_KEPT_MAX`] times.
    pub instants: Vec<(Time, Option<NodeId>)>,
    /// Nodes that it changed (for a heal or a mend: what it ended).
    pub touched: u64,
    /// Messages that were lost to it.
    pub messages_lost: u64,
    /// Messages that arrived, but late, twice, or with another content because of it.
    pub messages_changed: u64,
    /// Records that were lost to it.
    pub records_lost: u64,
}

/// How many instants of a fault that strikes every time are kept.
pub const INSTANTS_KEPT_MAX: usize = 1_000;

impl Strike {
    pub(crate) fn planned(timed: &Timed) -> Strike {
        let planned = timed.clone();
        Strike {
            planned,
            times: 0,
            first: None,
            instants: Vec::new(),
            touched: 0,
            messages_lost: 0,
            messages_changed: 0,
            records_lost: 0,
        }
    }

    /// Whether it struck at all.
    pub fn struck(&self) -> bool {
        self.times > 0
    }
}

/// A published digest that the replica itself does not bear out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// When it was found.
    pub at: Time,
    /// At which replica.
    pub node: NodeId,
    /// What the replica had published.
    pub published: Option<u64>,
    /// What its state really digests to.
    pub computed: Option<u64>,
}

/// Why a run has no result.
#[derive(Clone, PartialEq, Debug)]
pub enum RunError {
    /// The topology does not fit the nodes, or no graph of its kind was found.
    Topology(InvalidTopology),
    /// A node sent and armed more than 2^31 times.
    SequenceOverflow(NodeId),
    /// The partitions in force split the nodes into more classes than there may be.
    PartitionClasses {
        /// When.
        at: Time,
        /// Into how many, at least.
        classes: usize,
    },
    /// Time stood still while events went on.
    Livelock {
        /// Where time stood.
        at: Time,
        /// For how many events.
        events: u64,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Topology(invalid) => write!(f, "the topology: {invalid}"),
            RunError::SequenceOverflow(node) => {
                write!(f, "{node} sent messages and armed timers more than 2^31 times; shorten the run")
            }
            RunError::PartitionClasses { at, classes } => write!(
                f,
                "the partitions in force at {at} split the nodes into {classes} or more classes; at most {CLASSES_MAX} are \
                 possible, so let fewer of them overlap"
            ),
            RunError::Livelock { at, events } => write!(
                f,
                "time stands still at {at} after {events} events: the protocol answers without end while messages or timers \
                 take no time; give the network a latency"
            ),
        }
    }
}

impl std::error::Error for RunError {}
