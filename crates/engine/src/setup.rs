//! What a run is made of, besides its protocol: plain data, valid by construction of whoever made it (the lab checks what a
//! person wrote, and says where it is wrong).

use crate::clock::Spread;
use crate::fault::{Bursts, Corruption, Timed};
use crate::id::NodeSet;
use crate::latency::{Distribution, Span};
use crate::random::Probability;
use crate::time::{Nanos, Time};
use crate::topology::Topology;
pub use crate::workload::{Planned, Population, Workload};

/// A world and what will befall it.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// All chance of the run comes from here.
    pub seed: u64,
    /// Replicas: at least 1.
    pub nodes: u32,
    /// Client pseudo-nodes that ask what was planned one by one, numbered from `nodes` on; those of [`Setup::populations`] follow.
    pub clients: u32,
    /// Clients that ask by themselves.
    pub populations: Vec<Population>,
    /// The run ends here, whatever is still in flight.
    pub duration: Nanos,
    /// Whether it may end earlier.
    pub until: Until,
    /// Who goes first at one instant.
    pub ties: Ties,
    /// The links.
    pub network: Network,
    /// The machines, where they take time.
    pub hosts: Vec<Hosts>,
    /// The disks, where forced writes take time or room is short.
    pub disks: Vec<Disks>,
    /// The clocks, where they are not true.
    pub clocks: Vec<Clocks>,
    /// What goes wrong, and when, in ascending order of time; see [`crate::nemesis`] for what chance adds.
    pub faults: Vec<Timed>,
    /// The length of a round, in ns: coverage is reported at every multiple of it after an update.
    pub round: Nanos,
    /// Recompute published digests from the replicas at sampled events and at the end.
    pub verify: bool,
}

impl Setup {
    /// A mesh of replicas with true clocks, without clients and with nothing that goes wrong: to be built upon.
    pub fn plain(seed: u64, nodes: u32, duration: Nanos, latency: Distribution) -> Setup {
        Setup {
            seed,
            nodes,
            clients: 0,
            populations: Vec::new(),
            duration,
            until: Until::Duration,
            ties: Ties::Permuted,
            network: Network::faultless(latency),
            hosts: Vec::new(),
            disks: Vec::new(),
            clocks: Vec::new(),
            faults: Vec::new(),
            round: crate::time::SECOND,
            verify: false,
        }
    }
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

/// Who is linked to whom, and by what.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// Who is linked to whom.
    pub topology: Topology,
    /// What becomes of a message to a replica that is no neighbour.
    pub routing: Routing,
    /// The links that there are, at least one: the first joins replicas of which [`Sites`] says nothing else.
    pub links: Vec<Link>,
    /// The names of the classes by which the ledger counts messages between replicas: at least one, at most
    /// [`CLASSES_MAX`].
    pub classes: Vec<String>,
    /// Where replicas stand, and so which link joins them.
    pub sites: Sites,
    /// One-way delay between a client and a replica, over a link that loses and holds back as the first does, and takes in at
    /// once. `None`: clients live beside their replica, and what they say is neither delayed nor lost.
    pub client_latency: Option<Span>,
    /// What changes, and when, in ascending order of time.
    pub changes: Vec<Change>,
    /// What the engine makes of the links, kept from one run to the next: clones share it. Begin with the default.
    pub prepared: Prepared,
}

/// The most classes of links between replicas.
pub const CLASSES_MAX: usize = 200;

impl Network {
    /// A mesh of links that delay and do nothing else, with clients beside their replicas.
    pub fn faultless(latency: Distribution) -> Network {
        Network::mesh(Link::faultless(latency))
    }

    /// A mesh of such links, with clients beside their replicas.
    pub fn mesh(link: Link) -> Network {
        Network {
            topology: Topology::Mesh,
            routing: Routing::FewestHops,
            links: vec![link],
            classes: vec!["plain".to_string()],
            sites: Sites::default(),
            client_latency: None,
            changes: Vec::new(),
            prepared: Prepared::default(),
        }
    }
}

pub use crate::network::Prepared;

/// What becomes of a message to a replica that is no neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routing {
    /// Replicas on a path of the fewest hops hand it on, each hop a message of its own.
    FewestHops,
    /// It is dropped: replicas reach their neighbours and nobody else.
    Neighbours,
}

/// A link in one direction. Each ordered pair of replicas has its own.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// The class under which the ledger counts it: a place in [`Network::classes`].
    pub class: u8,
    /// One-way delay of a message, besides what it waits and takes to be sent at the link's rate.
    pub latency: Distribution,
    /// The probability that a message never arrives.
    pub loss: Probability,
    /// Losses that come in bursts, besides.
    pub bursts: Option<Bursts>,
    /// Some messages arrive with another content.
    pub corruption: Option<Corruption>,
    /// The probability that a message arrives twice, each copy after its own delay.
    pub duplication: Probability,
    /// Some messages are held back.
    pub reordering: Option<Reordering>,
    /// How messages are cut; `None`: a message goes as it is.
    pub packets: Option<Packets>,
    /// How fast it takes messages in; `None`: at once.
    pub bandwidth: Option<Bandwidth>,
}

impl Link {
    /// Delays and does nothing else.
    pub fn faultless(latency: Distribution) -> Link {
        Link {
            class: 0,
            latency,
            loss: Probability::never(),
            bursts: None,
            corruption: None,
            duplication: Probability::never(),
            reordering: None,
            packets: None,
            bandwidth: None,
        }
    }
}

/// Messages that are overtaken because they are held back.
#[derive(Clone, PartialEq, Debug)]
pub struct Reordering {
    /// The probability that a message is held back.
    pub probability: Probability,
    /// By how long, on top of its delay.
    pub extra: Span,
}

/// How fast a link, or the interface of a host, takes messages in: one after the other, in the order of their sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bandwidth {
    /// Bytes a second, at least 1.
    pub bytes_per_second: u64,
    /// Bytes that may wait, the message under way included; a message that finds no room is dropped. `None`: any number.
    pub queue_bytes: Option<u64>,
}

/// How messages are cut into packets. Headers count as bytes sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packets {
    /// Bytes of a message in one packet, at least 1.
    pub payload_bytes: u32,
    /// Bytes that each packet has besides.
    pub header_bytes: u32,
}

/// Where replicas stand. Replicas in no site are joined to all others by the first link.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sites {
    /// The replicas of each site, no replica in two; some may be empty.
    pub members: Vec<NodeSet>,
    /// The link from each site to each, as places in [`Network::links`]: row by row, the sender's site first.
    pub between: Vec<u16>,
}

/// The network changes at an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// When.
    pub at: Time,
    /// How.
    pub what: Changed,
}

/// How the network changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Under this number, these pairs are neighbours from now on (`true`), or are not: until the number is undone, or another
    /// says otherwise of a pair.
    Links(u32, bool, Vec<(u32, u32)>),
    /// What was said under this number holds no longer: of its pairs holds what was said last, or else what the topology says.
    Undo(u32),
    /// These replicas lose all their neighbours and get those of the second set instead, whatever was said of their links before.
    Attach(NodeSet, NodeSet),
    /// These replicas now stand at another site: a place in [`Sites::members`], or `None` for no site.
    Move(NodeSet, Option<u16>),
}

/// The machines on which some replicas live. Those in no set of hosts handle what arrives at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Hosts {
    /// Whose machines; no replica in two sets of hosts.
    pub nodes: NodeSet,
    /// How long a machine takes for each message or request, one after the other in the order of arrival. What a handler asks
    /// for is done when that time is over. Timers and completed writes do not wait.
    pub service: Option<Span>,
    /// How many messages and requests may wait or be served. `None`: any number.
    pub inbox: Option<u32>,
    /// What becomes of one that finds no room.
    pub overflow: Overflow,
    /// The interface through which all messages to other replicas leave. It works by itself: what has been handed to it leaves
    /// also when the machine stands still or crashes.
    pub egress: Option<Bandwidth>,
}

/// What becomes of work that finds no room in an inbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// It is dropped: the host sheds load.
    Shed,
    /// The host runs out of memory and crashes.
    Crash {
        /// How long after it restarts by itself, in ns; `None`: somebody else must see to that.
        restart_after: Option<Nanos>,
    },
}

/// The disks of some replicas. Those in no set take in any number of records, and force them at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Disks {
    /// Whose; no replica in two sets.
    pub nodes: NodeSet,
    /// How long a forced write takes, one after the other in the order in which they were asked for. It covers what had been appended
    /// when it was asked for. `None`: no time.
    pub sync: Option<Span>,
    /// How many bytes of records fit, frames included ([`crate::disk::FRAME_BYTES`] each), and those not yet forced among them; see
    /// [`crate::Actor::disk_full`]. `None`: any number.
    pub capacity_bytes: Option<u64>,
}

/// How the clocks of some replicas differ from true time. Those in no set have true clocks.
#[derive(Clone, PartialEq, Debug)]
pub struct Clocks {
    /// Whose; no replica in two sets.
    pub nodes: NodeSet,
    /// Wall clock against true time at the start, in ns.
    pub offset_ns: Spread,
    /// Gain in parts per billion.
    pub drift_ppb: Spread,
    /// A gain that comes and goes.
    pub wander: Option<Wander>,
    /// Jumps of the wall clock.
    pub jumps: Option<Jumps>,
    /// What replicas are told of how far their wall clocks may be off, in ns ([`crate::Context::clock_bound`]). Nothing enforces it: the
    /// outcome says who broke it.
    pub bound_ns: Option<u64>,
}

impl Clocks {
    /// Clocks of the first `nodes` replicas that are off from the start and gain.
    pub fn of_all(nodes: u32, offset_ns: Spread, drift_ppb: Spread) -> Vec<Clocks> {
        vec![Clocks { nodes: NodeSet::range(0, nodes), offset_ns, drift_ppb, wander: None, jumps: None, bound_ns: None }]
    }
}

/// A gain that rises and falls with a period, as a crystal's does with the temperature of the day. Each clock has a phase of
/// its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wander {
    /// The most that it adds to or takes from the drift, in parts per billion; not negative.
    pub amplitude_ppb: i64,
    /// From one maximum to the next, in ns: at least [`crate::clock::WANDER_STEPS`].
    pub period: Nanos,
}

/// Jumps of a wall clock at instants of their own, as of a clock that a careless time service sets.
#[derive(Clone, PartialEq, Debug)]
pub struct Jumps {
    /// From one to the next, in true time; the least is 1 ns.
    pub every: Span,
    /// By how many ns.
    pub by_ns: Spread,
}
