//! What a run is made of, besides its protocol: plain data, valid by construction of whoever made it (the lab checks what a
//! person wrote, and says where it is wrong).

use crate::clock::Spread;
use crate::fault::Timed;
use crate::id::NodeId;
use crate::latency::Distribution;
use crate::random::Probability;
use crate::time::{Nanos, Time};

/// A world and what will befall it.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// All chance of the run comes from here.
    pub seed: u64,
    /// Replicas: at least 1.
    pub nodes: u32,
    /// Client pseudo-nodes, numbered from `nodes` on.
    pub clients: u32,
    /// The run ends here, whatever is still in flight.
    pub duration: Nanos,
    /// Whether it may end earlier.
    pub until: Until,
    /// Who goes first at one instant.
    pub ties: Ties,
    /// The links.
    pub network: Network,
    /// The clocks.
    pub clocks: Clocks,
    /// What goes wrong, and when, in ascending order of time.
    pub faults: Vec<Timed>,
    /// The length of a round, in ns: coverage is reported at every multiple of it after an update.
    pub round: Nanos,
    /// Recompute published digests from the replicas at sampled events and at the end.
    pub verify: bool,
}

/// When a run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// At its duration.
    Duration,
    /// As soon as every fault of the timeline is past, no client waits any more, and the replicas have converged.
    Converged,
}

/// The order of what happens at the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ties {
    /// By a permutation of the sources that the seed keys: no node wins every race.
    Permuted,
    /// By the source's number.
    Source,
}

/// The links between nodes: a full mesh.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// One-way delay of a message.
    pub latency: Distribution,
    /// The probability that a message never arrives.
    pub loss: Probability,
    /// The probability that a message arrives twice, each copy after its own delay.
    pub duplication: Probability,
    /// Some messages are held back.
    pub reordering: Option<Reordering>,
    /// One-way delay between a client and a replica. `None`: clients live beside their replica, and what they say is
    /// neither delayed nor lost.
    pub client_latency: Option<Distribution>,
}

impl Network {
    /// Links that delay and do nothing else, with clients beside their replicas.
    pub fn faultless(latency: Distribution) -> Network {
        Network { latency, loss: Probability::never(), duplication: Probability::never(), reordering: None, client_latency: None }
    }
}

/// Messages that are overtaken because they are held back.
#[derive(Clone, PartialEq, Debug)]
pub struct Reordering {
    /// The probability that a message is held back.
    pub probability: Probability,
    /// By how long, on top of its delay.
    pub extra: Distribution,
}

/// How the clocks differ at the start.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Clocks {
    /// Wall clock against true time, in ns.
    pub offset_ns: Spread,
    /// Gain in parts per billion.
    pub drift_ppb: Spread,
}

impl Clocks {
    /// Every clock reads true time.
    pub const TRUE: Clocks = Clocks { offset_ns: Spread::ZERO, drift_ppb: Spread::ZERO };
}

/// An operation of the workload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned<R> {
    /// When the client sends it.
    pub at: Time,
    /// Which client: below [`Setup::clients`].
    pub client: u32,
    /// The replica that it asks.
    pub to: NodeId,
    /// What it asks.
    pub request: R,
    /// How long the client waits before it calls the outcome unknown; `None` waits until the end of the run.
    pub timeout: Option<Nanos>,
}
