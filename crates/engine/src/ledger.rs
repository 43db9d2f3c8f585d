//! The ledger: what a run cost. The world tells an [`Observer`] of every message, timer and forced write; the ledger counts
//! them by kind and link class, keeps the causal depth and chains the run's digest. The empty observer costs nothing.

use crate::actor::{Kind, Role};
use crate::histogram::Histogram;
use crate::id::NodeId;
use crate::queue::Key;
use crate::random::mix;
use crate::time::Nanos;

/// The class of the link that a message crosses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkClass {
    /// From a node to itself: free.
    Local,
    /// Between two replicas.
    Mesh,
    /// Between a client and a replica.
    Client,
}

impl LinkClass {
    /// All classes, in the order in which the ledger keeps them.
    pub const ALL: [LinkClass; 3] = [LinkClass::Local, LinkClass::Mesh, LinkClass::Client];

    /// The class of the link between two replicas.
    #[inline]
    pub fn between(from: NodeId, to: NodeId) -> LinkClass {
        if from == to { LinkClass::Local } else { LinkClass::Mesh }
    }

    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            LinkClass::Local => "local",
            LinkClass::Mesh => "mesh",
            LinkClass::Client => "client",
        }
    }
}

/// Why a message never arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A partition stood between sender and receiver, when it was sent or when it would have arrived.
    Partition,
    /// The link lost it.
    Loss,
    /// The receiver was down.
    Down,
}

impl Cause {
    /// All causes, in the order in which the ledger keeps them.
    pub const ALL: [Cause; 3] = [Cause::Partition, Cause::Loss, Cause::Down];

    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Partition => "partition",
            Cause::Loss => "loss",
            Cause::Down => "down",
        }
    }
}

/// Counts of one kind of message over one class of link.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Sends, lost ones included.
    pub sent: u64,
    /// Bytes of the sends' wire encodings, without any transport's headers.
    pub bytes: u64,
    /// Deliveries, duplicates included.
    pub delivered: u64,
    /// Second copies that the network made.
    pub duplicated: u64,
    /// Messages and copies that never arrived, by [`Cause::ALL`].
    pub dropped: [u64; Cause::ALL.len()],
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: &Tally) {
        self.sent += other.sent;
        self.bytes += other.bytes;
        self.delivered += other.delivered;
        self.duplicated += other.duplicated;
        for (mine, theirs) in self.dropped.iter_mut().zip(other.dropped) {
            *mine += theirs;
        }
    }

    /// Messages and copies that never arrived.
    pub fn lost(&self) -> u64 {
        self.dropped.iter().sum()
    }
}

/// What the world reports as it goes. Implementations are chosen at compile time.
pub trait Observer: Clone + 'static {
    /// What is kept in each node, beside the actor.
    type Node: Clone + Default + 'static;

    /// Made for a protocol's kinds of message.
    fn new(kinds: Vec<Kind>) -> Self;
    /// A node sent a message: `delay` is `None` when it will not arrive.
    fn sent(&mut self, node: &mut Self::Node, kind: usize, class: LinkClass, bytes: impl FnOnce() -> u64, delay: Option<Nanos>);
    /// The network made a second copy.
    fn duplicated(&mut self, kind: usize, class: LinkClass, delay: Nanos);
    /// A message or copy was dropped.
    fn dropped(&mut self, kind: usize, class: LinkClass, cause: Cause);
    /// A node received a message: `content` is the digest of its encoding.
    fn delivered(
        &mut self,
        node: &mut Self::Node,
        kind: usize,
        class: LinkClass,
        key: Key,
        depth: u16,
        content: impl FnOnce() -> u64,
    );
    /// What a client said or was told arrived.
    fn client_delivered(&mut self, kind: usize);
    /// Something else happened to a node: a timer, a completed write, an operation, a fault; `what` says which.
    fn happened(&mut self, node: &mut Self::Node, time: u64, what: u64);
    /// A forced write began.
    fn forced(&mut self, node: &mut Self::Node);
    /// What was counted, if anything was.
    fn ledger(&self) -> Option<&Ledger>;
    /// What is kept of one node: its chain and the bytes that it sent.
    fn node(node: &Self::Node) -> Observed;
}

/// What the ledger keeps in each node.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Observed {
    /// The chain over what happened to the node, in order.
    pub chain: u64,
    /// Bytes sent to other replicas.
    pub bytes: u64,
}

/// Observes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Blind;

impl Observer for Blind {
    type Node = ();

    fn new(_: Vec<Kind>) -> Blind {
        Blind
    }
    #[inline]
    fn sent(&mut self, _: &mut (), _: usize, _: LinkClass, _: impl FnOnce() -> u64, _: Option<Nanos>) {}
    #[inline]
    fn duplicated(&mut self, _: usize, _: LinkClass, _: Nanos) {}
    #[inline]
    fn dropped(&mut self, _: usize, _: LinkClass, _: Cause) {}
    #[inline]
    fn delivered(&mut self, _: &mut (), _: usize, _: LinkClass, _: Key, _: u16, _: impl FnOnce() -> u64) {}
    #[inline]
    fn client_delivered(&mut self, _: usize) {}
    #[inline]
    fn happened(&mut self, _: &mut (), _: u64, _: u64) {}
    #[inline]
    fn forced(&mut self, _: &mut ()) {}
    fn ledger(&self) -> Option<&Ledger> {
        None
    }
    fn node(_: &()) -> Observed {
        Observed::default()
    }
}

/// Counts everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ledger {
    kinds: Vec<Kind>,
    /// Kind by kind, and within a kind by [`LinkClass::ALL`].
    tallies: Vec<Tally>,
    /// Forced writes begun.
    pub forced_writes: u64,
    /// The longest chain of messages with one cause.
    pub depth_max: u16,
    /// Delays that messages between replicas took, in ns.
    pub delays: Histogram,
}

impl Ledger {
    /// Each kind with its tally over all links but the free local ones.
    pub fn by_kind(&self) -> impl Iterator<Item = (Kind, Tally)> + '_ {
        self.kinds.iter().enumerate().map(|(index, kind)| {
            let mut total = Tally::default();
            self.of(index).filter(|(class, _)| *class != LinkClass::Local).for_each(|(_, tally)| total.add(tally));
            (*kind, total)
        })
    }

    /// One kind's tallies by class of link.
    pub fn of(&self, kind: usize) -> impl Iterator<Item = (LinkClass, &Tally)> + '_ {
        let first = kind * LinkClass::ALL.len();
        LinkClass::ALL.into_iter().zip(&self.tallies[first..])
    }

    /// The kinds, in the order of their numbers.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The tally of everything between replicas: what the protocol's coordination cost. Clients and local sends are left out.
    pub fn between_replicas(&self) -> Tally {
        let mut total = Tally::default();
        for (kind, tally) in self.by_kind() {
            if kind.role != Role::Client {
                total.add(&tally);
            }
        }
        total
    }

    #[inline]
    fn tally(&mut self, kind: usize, class: LinkClass) -> &mut Tally {
        &mut self.tallies[kind * LinkClass::ALL.len() + class as usize]
    }
}

/// The kinds of a run: the protocol's own, then these two, which carry what clients say.
pub const CLIENT_KINDS: [Kind; 2] = [Kind { name: "request", role: Role::Client }, Kind { name: "response", role: Role::Client }];

impl Observer for Ledger {
    type Node = Observed;

    fn new(kinds: Vec<Kind>) -> Ledger {
        Ledger {
            tallies: vec![Tally::default(); kinds.len() * LinkClass::ALL.len()],
            kinds,
            forced_writes: 0,
            depth_max: 0,
            delays: Histogram::new(),
        }
    }

    #[inline]
    fn sent(&mut self, node: &mut Observed, kind: usize, class: LinkClass, bytes: impl FnOnce() -> u64, delay: Option<Nanos>) {
        let bytes = bytes();
        let tally = self.tally(kind, class);
        tally.sent += 1;
        tally.bytes += bytes;
        if class == LinkClass::Mesh {
            node.bytes += bytes;
            if let Some(delay) = delay {
                self.delays.record(delay);
            }
        }
    }

    #[inline]
    fn duplicated(&mut self, kind: usize, class: LinkClass, delay: Nanos) {
        self.tally(kind, class).duplicated += 1;
        self.delays.record(delay);
    }

    #[inline]
    fn dropped(&mut self, kind: usize, class: LinkClass, cause: Cause) {
        self.tally(kind, class).dropped[cause as usize] += 1;
    }

    #[inline]
    fn delivered(
        &mut self,
        node: &mut Observed,
        kind: usize,
        class: LinkClass,
        key: Key,
        depth: u16,
        content: impl FnOnce() -> u64,
    ) {
        self.tally(kind, class).delivered += 1;
        self.depth_max = self.depth_max.max(depth);
        let source = u64::from(key.rank()) << 32 | u64::from(key.sequence());
        node.chain = mix(node.chain ^ content(), key.time().wrapping_mul(SALT) ^ source);
    }

    fn client_delivered(&mut self, kind: usize) {
        self.tally(kind, LinkClass::Client).delivered += 1;
    }

    #[inline]
    fn happened(&mut self, node: &mut Observed, time: u64, what: u64) {
        node.chain = mix(node.chain ^ what, time.wrapping_mul(SALT) ^ what.rotate_left(32));
    }

    #[inline]
    fn forced(&mut self, _: &mut Observed) {
        self.forced_writes += 1;
    }

    fn ledger(&self) -> Option<&Ledger> {
        Some(self)
    }

    fn node(node: &Observed) -> Observed {
        *node
    }
}

/// Odd: spreads small times over the word, so that they do not cancel against ranks and numbers.
const SALT: u64 = 0x9e37_79b9_7f4a_7c15;
