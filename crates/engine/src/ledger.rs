//! The ledger: what a run cost. The world tells an [`Observer`] of every message, timer and forced write; the ledger counts
//! them by kind and link class, keeps the causal depth and chains the run's digest. The empty observer costs nothing.

use crate::actor::{Kind, Role};
use crate::histogram::Histogram;
use crate::queue::Key;
use crate::random::mix;
use crate::time::Nanos;

/// The class of the link that a message crosses: the ledger counts by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkClass(pub(crate) u8);

impl LinkClass {
    /// From a node to itself: free.
    pub const LOCAL: LinkClass = LinkClass(0);
    /// Between a client and a replica.
    pub const CLIENT: LinkClass = LinkClass(1);
    /// Between two replicas: the first of the setup's classes.
    pub const FIRST: LinkClass = LinkClass(2);

    /// The setup's class at this place.
    pub fn of(place: u8) -> LinkClass {
        LinkClass(LinkClass::FIRST.0 + place)
    }

    /// Whether the link joins two replicas.
    #[inline]
    pub fn joins_replicas(self) -> bool {
        self.0 >= LinkClass::FIRST.0
    }
}

/// Why a message never arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A partition stood between sender and receiver, when it was sent or when it would have arrived.
    Partition,
    /// The link lost it.
    Loss,
    /// The receiver was down, or went down before it had come to the message.
    Down,
    /// There was no path of links to the receiver.
    NoRoute,
    /// There was no room where it had to wait to be sent.
    Queue,
    /// There was no room in the receiver's inbox.
    Inbox,
    /// Its content had changed on the way, and the checksum told.
    Corrupt,
}

impl Cause {
    /// All causes, in the order in which the ledger keeps them.
    pub const ALL: [Cause; 7] =
        [Cause::Partition, Cause::Loss, Cause::Down, Cause::NoRoute, Cause::Queue, Cause::Inbox, Cause::Corrupt];

    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Partition => "partition",
            Cause::Loss => "loss",
            Cause::Down => "down",
            Cause::NoRoute => "no-route",
            Cause::Queue => "queue",
            Cause::Inbox => "inbox",
            Cause::Corrupt => "corrupt",
        }
    }
}

/// Counts of one kind of message over one class of link.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Sends, lost ones included.
    pub sent: u64,
    /// Bytes of the sends' wire encodings, with the headers of packets where links cut messages into packets.
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

    /// Made for a protocol's kinds of message, and the names of the classes of links between replicas.
    fn new(kinds: Vec<Kind>, classes: &[String]) -> Self;
    /// A node sent a message: `delay` is `None` when it will not arrive.
    fn sent(&mut self, node: &mut Self::Node, kind: usize, class: LinkClass, bytes: impl FnOnce() -> u64, delay: Option<Nanos>);
    /// The network made a second copy.
    fn duplicated(&mut self, kind: usize, class: LinkClass, delay: Nanos);
    /// A replica began to hand on what another sent: [`Observer::sent`] follows.
    fn relayed(&mut self);
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

    fn new(_: Vec<Kind>, _: &[String]) -> Blind {
        Blind
    }
    #[inline]
    fn sent(&mut self, _: &mut (), _: usize, _: LinkClass, _: impl FnOnce() -> u64, _: Option<Nanos>) {}
    #[inline]
    fn duplicated(&mut self, _: usize, _: LinkClass, _: Nanos) {}
    fn relayed(&mut self) {}
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
    /// The names of the classes, by the number of [`LinkClass`].
    classes: Vec<String>,
    /// Kind by kind, and within a kind by class.
    tallies: Vec<Tally>,
    /// Delays that messages took, in ns, by class; empty for links that do not join replicas.
    delays: Vec<Histogram>,
    /// Forced writes begun.
    pub forced_writes: u64,
    /// The longest chain of messages with one cause.
    pub depth_max: u16,
    /// Sends that handed on what another replica had sent; they are counted among the others too.
    pub relayed: u64,
}

impl Ledger {
    /// Each kind with its tally over all links but the free local ones.
    pub fn by_kind(&self) -> impl Iterator<Item = (Kind, Tally)> + '_ {
        self.kinds.iter().enumerate().map(|(index, kind)| {
            let mut total = Tally::default();
            self.of(index).filter(|(class, _)| *class != LinkClass::LOCAL).for_each(|(_, tally)| total.add(tally));
            (*kind, total)
        })
    }

    /// One kind's tallies by class of link.
    pub fn of(&self, kind: usize) -> impl Iterator<Item = (LinkClass, &Tally)> + '_ {
        let first = kind * self.classes.len();
        self.classes().zip(&self.tallies[first..])
    }

    /// All classes of links.
    pub fn classes(&self) -> impl Iterator<Item = LinkClass> + use<> {
        (0..self.classes.len() as u8).map(LinkClass)
    }

    /// The name of a class, as reports show it.
    pub fn name(&self, class: LinkClass) -> &str {
        &self.classes[usize::from(class.0)]
    }

    /// Everything that crossed links of one class between replicas.
    pub fn over(&self, class: LinkClass) -> Tally {
        let mut total = Tally::default();
        self.tallies.iter().skip(usize::from(class.0)).step_by(self.classes.len()).for_each(|tally| total.add(tally));
        total
    }

    /// Delays that messages over links of one class took, waiting included, in ns; nothing for links to clients.
    pub fn delays_over(&self, class: LinkClass) -> &Histogram {
        &self.delays[usize::from(class.0)]
    }

    /// Delays that messages between replicas took, waiting included, in ns; of each hop, where they were handed on.
    pub fn delays(&self) -> Histogram {
        let mut all = Histogram::new();
        self.delays.iter().for_each(|of_class| all.add(of_class));
        all
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
        &mut self.tallies[kind * self.classes.len() + usize::from(class.0)]
    }
}

/// The kinds of a run: the protocol's own, then these two, which carry what clients say.
pub const CLIENT_KINDS: [Kind; 2] = [Kind { name: "request", role: Role::Client }, Kind { name: "response", role: Role::Client }];

impl Observer for Ledger {
    type Node = Observed;

    fn new(kinds: Vec<Kind>, classes: &[String]) -> Ledger {
        let mut names = vec!["local".to_string(), "client".to_string()];
        names.extend_from_slice(classes);
        Ledger {
            tallies: vec![Tally::default(); kinds.len() * names.len()],
            delays: vec![Histogram::new(); names.len()],
            classes: names,
            kinds,
            forced_writes: 0,
            depth_max: 0,
            relayed: 0,
        }
    }

    #[inline]
    fn sent(&mut self, node: &mut Observed, kind: usize, class: LinkClass, bytes: impl FnOnce() -> u64, delay: Option<Nanos>) {
        let bytes = bytes();
        let tally = self.tally(kind, class);
        tally.sent += 1;
        tally.bytes += bytes;
        if class.joins_replicas() {
            node.bytes += bytes;
            if let Some(delay) = delay {
                self.delays[usize::from(class.0)].record(delay);
            }
        }
    }

    #[inline]
    fn duplicated(&mut self, kind: usize, class: LinkClass, delay: Nanos) {
        self.tally(kind, class).duplicated += 1;
        self.delays[usize::from(class.0)].record(delay);
    }

    fn relayed(&mut self) {
        self.relayed += 1;
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
        if depth > self.depth_max {
            self.depth_max = depth;
        }
        let source = u64::from(key.rank()) << 32 | u64::from(key.sequence());
        node.chain = mix(node.chain ^ content(), key.time().wrapping_mul(SALT) ^ source);
    }

    fn client_delivered(&mut self, kind: usize) {
        self.tally(kind, LinkClass::CLIENT).delivered += 1;
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
