//! The world: replicas, clients, links, disks, clocks, faults, and the one interpreter of what handlers ask for. It says what
//! happens when something is due; which thing is due next is the driver's business, and so is everything outside a run.

mod agenda;
mod apply;
mod attempts;
mod byzantine;
mod clients;
mod deliver;
mod operations;
mod populations;
mod relay;
mod send;
mod serve;
mod storage;
mod strike;
mod timekeeping;
mod triggers;

use crate::actor::{Actor, Fact, Message, Timer};
use crate::chance::{Chance, Script};
use crate::clock::Clock;
use crate::collections::HashMap;
use crate::context::{Context, Effect};
use crate::convergence::Convergence;
use crate::fault::absent_at_start;
use crate::id::{NodeId, NodeSet, OpId};
use crate::ledger::{CLIENT_KINDS, Observer};
use crate::monitor::Violation;
use crate::network::Links;
use crate::outcome::{Mismatch, RunError, Strike};
use crate::random::{Keys, Permutation, Purpose, StreamKey};
use crate::reach::Reach;
use crate::schedule::{Event, Schedule};
use crate::setup::{Setup, Ties};
use crate::time::Time;
use crate::timers::Slots;
use crate::workload::{Make, Workload};
pub(crate) use agenda::Agenda;
use byzantine::Byzantine;
pub(crate) use clients::Client;
use operations::Operations;
use populations::Group;
use relay::Packet;
use serve::Hosts;
pub(crate) use serve::Letter;
use std::collections::{BTreeMap, VecDeque};
use storage::Disks;
pub(crate) use timekeeping::usual_drift;
use timekeeping::{Bounds, Jumping};
use triggers::Triggers;

/// Facts that are kept for the report; what comes later is judged by the monitor alone.
pub const FACTS_KEPT_MAX: usize = 100_000;

/// A world in which `A` runs, observed by `O`, whose future stands in `S`.
#[derive(Clone)]
pub(crate) struct World<A: Actor, O: Observer, S> {
    pub(crate) setup: Setup,
    pub(crate) options: A::Options,
    pub(crate) now: Time,
    pub(crate) nodes: Vec<Node<A, O>>,
    pub(crate) clients: Vec<Client>,
    pub(crate) populations: Vec<Group>,
    make: Make<A::Request>,
    pub(crate) operations: Operations<A>,
    /// Operations whose clients still wait.
    pub(crate) waiting: u32,
    /// Turns of clients that ask by themselves, still to come.
    pub(crate) coming: u32,
    /// What clients were told last of each register, where they will want to know.
    pub(crate) seen: BTreeMap<(u32, u32), u64>,
    /// Which lock a client has asked for, and its token; 0 while the client does not know whether it has one.
    pub(crate) locks: BTreeMap<u32, (u32, u64)>,
    pub(crate) schedule: S,
    pub(crate) agenda: Agenda,
    pub(crate) observer: O,
    pub(crate) convergence: Convergence,
    pub(crate) monitor: A::Monitor,
    pub(crate) violations: Vec<Violation>,
    pub(crate) facts: Vec<(Time, NodeId, A::Fact)>,
    /// The causal depth of each of these.
    pub(crate) depths: Vec<u16>,
    /// Who stated each kind of fact last.
    stated: Vec<Option<NodeId>>,
    triggers: Triggers,
    pub(crate) byzantine: Byzantine<A>,
    /// Whether what arrives is handled at once, by whomever it is for.
    at_once: bool,
    /// Hosts that had no room and ran out of memory.
    pub(crate) overflows: u32,
    /// Whom the faults of each number befall, once the first of them has struck; the oldest spell first.
    befallen: BTreeMap<u32, VecDeque<Option<NodeId>>>,
    pub(crate) strikes: Vec<Strike>,
    pub(crate) mismatches: Vec<Mismatch>,
    /// Deliveries and live timers.
    pub(crate) events: u64,
    /// Digests recomputed from replicas.
    pub(crate) verified: u64,
    /// The first thing that made the run's result worthless.
    pub(crate) failed: Option<RunError>,
    /// The driver's answers to choices; drawn when there is none.
    pub(crate) script: Option<Script>,
    pub(crate) clock_reads: u32,
    pub(crate) bounds: Bounds,
    pub(crate) links: Links,
    /// Messages on a hop of their way.
    packets: HashMap<u64, Packet<A::Message>>,
    /// The number of the next hop; even, the odd one after it is its copy's.
    next_packet: u64,
    pub(crate) hosts: Hosts<A::Message>,
    keys: HotKeys,
    pub(crate) ranks: Permutation,
    reach: Reach,
    /// Empty when every clock is true and no fault touches one.
    pub(crate) clocks: Vec<Clock>,
    /// The clocks that jump, by node.
    jumping: Vec<(NodeId, Jumping)>,
    pub(crate) disks: Disks<A::Record>,
    /// What waits for paused nodes.
    held: BTreeMap<NodeId, Vec<Held<A::Message>>>,
    effects: Vec<Effect<A>>,
    /// Whose effects they are.
    applying: NodeId,
    /// To whom the next multicast of the handler that runs goes.
    addressed: Vec<NodeId>,
    /// Whom a client asks: kept for its room.
    asked: Vec<NodeId>,
}

#[derive(Clone, Copy)]
struct HotKeys {
    network: StreamKey,
    actor: StreamKey,
    timer: StreamKey,
    clock: StreamKey,
}

/// A replica and what the world keeps beside it, together: an event touches one place in memory, and small ones one line.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct Node<A: Actor, O: Observer> {
    pub(crate) actor: A,
    pub(crate) timers: <A::Timer as Timer>::Slots,
    /// The next sequence number: even for sends and timers, odd for the network's second copies.
    sequence: u32,
    /// Messages sent to other replicas: the index of the network's draws.
    pub(crate) sent: u32,
    /// Messages received from other replicas.
    pub(crate) received: u32,
    /// Choices and ranged timers drawn.
    choices: u32,
    rank: u32,
    pub(crate) status: Status,
    pub(crate) incarnation: u16,
    pub(crate) observed: O::Node,
}

/// Whether a replica works.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Status {
    Up,
    Down,
    Paused,
}

/// Something on the run's timeline that no node causes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Moment {
    /// The change of the network at this place in the setup.
    Change(usize),
    /// The fault at this place in the setup.
    Fault(usize),
    /// The same, set off by this node.
    Triggered(usize, NodeId),
    /// A host that crashed for want of memory comes back, if it is still in that life.
    Recover(NodeId, u16),
    /// A client sends this operation.
    Invoke(OpId),
}

/// What waits for a paused node.
#[derive(Clone)]
enum Held<M> {
    Message(Letter<M>, u16),
    Packet(Packet<M>, u16),
    Event(Event, u16),
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A world before its start, with replicas made but not yet recovered.
    pub(crate) fn new(setup: &Setup, options: &A::Options, workload: Workload<A::Request>) -> World<A, O, S> {
        assert!(setup.nodes > 0, "a world without replicas");
        let sets = setup.clocks.iter().map(|clocks| &clocks.nodes).chain(setup.hosts.iter().map(|hosts| &hosts.nodes));
        let sets = sets.chain(setup.disks.iter().map(|disks| &disks.nodes)).chain(&setup.network.sites.members);
        let sets = sets.chain(setup.populations.iter().map(|population| &population.homes));
        let last = sets.filter_map(NodeSet::last).max();
        assert!(last.is_none_or(|last| last.0 < setup.nodes), "{last:?} is named, and there are {} replicas", setup.nodes);
        let keys = Keys::from_seed(setup.seed);
        let clock = keys.stream(Purpose::Clock);
        let ranks = match setup.ties {
            // Drivers that choose know senders by their ranks.
            Ties::Permuted if S::TIMED => Permutation::new(keys.stream(Purpose::Order)),
            _ => Permutation::identity(),
        };
        let mut kinds = A::Message::KINDS.to_vec();
        kinds.extend(CLIENT_KINDS);
        let node = |id: u32| Node {
            actor: A::new(NodeId(id), setup.nodes, options),
            timers: <A::Timer as Timer>::Slots::UNARMED,
            sequence: 0,
            sent: 0,
            received: 0,
            choices: 0,
            rank: ranks.rank(id),
            status: Status::Up,
            incarnation: 0,
            observed: O::Node::default(),
        };
        let by_themselves = setup.faults.iter().enumerate().filter(|(_, timed)| timed.trigger.is_none());
        let mut moments: Vec<(Time, Moment)> = by_themselves.map(|(index, timed)| (timed.at, Moment::Fault(index))).collect();
        let planned = workload.planned.iter().enumerate();
        moments.extend(planned.map(|(index, planned)| (planned.at, Moment::Invoke(OpId(index as u32)))));
        moments.extend(setup.network.changes.iter().enumerate().map(|(index, change)| (change.at, Moment::Change(index))));
        let triggers = Triggers::new::<A>(setup);
        let (mut links, failed) = match Links::new(setup) {
            Ok(links) => (links, None),
            Err(invalid) => (Links::none(setup), Some(RunError::Topology(invalid))),
        };
        links.look_closely(triggers.heed_sends());
        let (populations, clients) = populations::of(setup, &keys, &ranks);
        World {
            now: Time::ZERO,
            nodes: (0..setup.nodes).map(node).collect(),
            reach: Reach::new(setup.nodes as usize + clients.len()),
            clients,
            populations,
            make: workload.make,
            operations: Operations::new(workload.planned),
            waiting: 0,
            coming: 0,
            seen: BTreeMap::new(),
            locks: BTreeMap::new(),
            schedule: S::new(),
            agenda: Agenda::new(moments, setup.duration),
            observer: O::new(kinds, &setup.network.classes),
            convergence: Convergence::new(setup.nodes, setup.round),
            monitor: A::Monitor::default(),
            violations: Vec::new(),
            facts: Vec::new(),
            depths: Vec::new(),
            stated: vec![None; A::Fact::KINDS.len()],
            at_once: setup.hosts.iter().all(|hosts| hosts.service.is_none()) && !triggers.heed_receipts(),
            triggers,
            byzantine: Byzantine::new(keys.stream(Purpose::Byzantine)),
            overflows: 0,
            befallen: BTreeMap::new(),
            strikes: setup.faults.iter().map(Strike::planned).collect(),
            mismatches: Vec::new(),
            events: 0,
            verified: 0,
            failed,
            script: None,
            clock_reads: 0,
            bounds: Bounds::new(setup),
            links,
            packets: HashMap::default(),
            next_packet: 0,
            hosts: Hosts::new(setup, keys.stream(Purpose::Service)),
            keys: HotKeys {
                network: keys.stream(Purpose::Network),
                actor: keys.stream(Purpose::Actor),
                timer: keys.stream(Purpose::Timer),
                clock,
            },
            ranks,
            jumping: Jumping::of(setup),
            clocks: timekeeping::clocks(setup, clock),
            disks: Disks::new(setup, keys.stream(Purpose::Disk)),
            held: BTreeMap::new(),
            effects: Vec::new(),
            applying: NodeId(0),
            addressed: Vec::new(),
            asked: Vec::new(),
            options: options.clone(),
            setup: setup.clone(),
        }
    }

    /// Lets every population and every replica start, in ascending order: recovery from a disk that is empty unless a driver stocked it.
    pub(crate) fn start(&mut self) {
        self.start_jumps();
        self.start_populations();
        for node in (0..self.setup.nodes).map(NodeId) {
            if !A::keeps_state(&self.options, node, self.setup.nodes) {
                self.convergence.exclude(self.now, node);
            }
        }
        let absent = absent_at_start(&self.setup.faults);
        for node in absent.iter() {
            self.nodes[node.index()].status = Status::Down;
            self.convergence.crash(self.now, node);
        }
        for node in (0..self.setup.nodes).filter(|node| !absent.contains(NodeId(*node))) {
            let records = self.stocked(NodeId(node));
            self.handle(NodeId(node), 0, |actor, ctx| actor.recover(ctx, &records));
        }
    }

    /// Runs a handler of one replica at causal depth `depth`, and carries out what it asks for.
    #[inline]
    fn handle(&mut self, id: NodeId, depth: u16, handler: impl FnOnce(&mut A, &mut Context<'_, A>)) {
        let node = &mut self.nodes[id.index()];
        let script = if S::TIMED { None } else { self.script.take() };
        let mut chance = match script {
            Some(script) => Chance::Scripted(script),
            None => Chance::Drawn { key: self.keys.actor, node: id.0, counter: node.choices },
        };
        let mut ctx = Context {
            node: id,
            nodes: self.setup.nodes,
            links: &self.links,
            now: self.now,
            clock: self.clocks.get(id.index()),
            clock_reads: &mut self.clock_reads,
            clock_bound: self.bounds.of(id),
            damage: None,
            disk_is_new: false,
            restarts: u32::from(node.incarnation),
            options: &self.options,
            chance: &mut chance,
            effects: &mut self.effects,
        };
        handler(&mut node.actor, &mut ctx);
        match chance {
            Chance::Drawn { counter, .. } => node.choices = counter,
            Chance::Scripted(script) => self.script = Some(script),
        }
        if !self.effects.is_empty() {
            self.apply(id, depth);
        }
        if self.setup.verify && self.events.is_multiple_of(VERIFY_EVERY) {
            self.verify(id);
        }
    }

    /// Holds the digest that a replica published against one computed from the replica itself.
    pub(crate) fn verify(&mut self, id: NodeId) {
        let node = &self.nodes[id.index()];
        let computed = node.actor.replica_digest();
        let published = self.convergence.published(id);
        if node.status == Status::Down || (computed.is_none() && published.is_none()) {
            return;
        }
        self.verified += 1;
        if computed != published && self.mismatches.len() < MISMATCHES_KEPT_MAX {
            self.mismatches.push(Mismatch { at: self.now, node: id, published, computed });
        }
    }

    /// Whether every message is looked at as it is sent, because something may befall it that its link alone would not do to it.
    fn look_closely(&mut self) {
        let closely = self.triggers.heed_sends() || !self.byzantine.is_empty() || self.links.are_degraded();
        self.links.look_closely(closely);
    }

    pub(crate) fn fail(&mut self, error: RunError) {
        self.failed.get_or_insert(error);
    }
}

/// `--verify` recomputes a digest once in so many events.
const VERIFY_EVERY: u64 = 64;
const MISMATCHES_KEPT_MAX: usize = 100;

impl<A: Actor, O: Observer> Node<A, O> {
    /// The number of the node's next send or timer; `None` when 32 bits are used up.
    #[inline]
    fn take_sequence(&mut self) -> Option<u32> {
        let sequence = self.sequence;
        self.sequence = sequence.checked_add(2)?;
        Some(sequence)
    }
}
