//! A bench: replicas under the hands of the caller, who says what arrives, what gets lost, whose timer fires, when writes complete and
//! who crashes. For tests that hold a protocol against scripts, such as those that other implementations publish. Effects go through
//! the world's one interpreter; no time passes.

use crate::actor::{Actor, Timer};
use crate::id::{NodeId, OpId};
use crate::latency::Distribution;
use crate::ledger::{Blind, LinkClass};
use crate::monitor::Violation;
use crate::outcome::OperationStatus;
use crate::queue::Key;
use crate::schedule::{Bag, Event};
use crate::setup::{Setup, Workload};
use crate::time::SECOND;
use crate::timers::Slots;
use crate::world::{Letter, Status, World};

/// Replicas, their disks, the messages between them and their timers.
#[derive(Clone)]
pub struct Bench<A: Actor> {
    world: World<A, Blind, Bag<A::Message>>,
}

/// A message that was sent and has neither arrived nor got lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InFlight<M> {
    /// Who sent it.
    pub from: NodeId,
    /// Which of the sender's messages it is: later ones have greater numbers.
    pub number: u32,
    /// Whom it is for.
    pub to: NodeId,
    /// What it says.
    pub message: M,
}

impl<A: Actor> Bench<A> {
    /// One replica for each disk, started with the records on it, which are durable.
    pub fn new(options: &A::Options, disks: Vec<Vec<A::Record>>) -> Bench<A> {
        let latency = Distribution::Constant { ns: 0 };
        let setup = Setup { clients: 1, ..Setup::plain(1, disks.len() as u32, SECOND, latency) };
        let mut world = World::new(&setup, options, Workload::from(Vec::new()));
        for (node, records) in (0..).map(NodeId).zip(disks) {
            world.stock_disk(node, records);
        }
        world.start();
        Bench { world }
    }

    /// A replica; one that is down is as new.
    pub fn replica(&self, node: NodeId) -> &A {
        &self.world.nodes[node.index()].actor
    }

    /// What is in flight, by sender and number.
    pub fn in_flight(&self) -> Vec<InFlight<A::Message>> {
        let each = self.world.schedule.messages.iter();
        each.map(|(&(from, number), sent)| InFlight { from, number, to: sent.to, message: sent.message.clone() }).collect()
    }

    /// A message in flight arrives.
    ///
    /// # Panics
    /// When it is not in flight.
    pub fn deliver(&mut self, from: NodeId, number: u32) {
        let sent =
            self.world.schedule.messages.remove(&(from, number)).expect("a message arrives once, and only when it was sent");
        let (to, depth) = (sent.to, sent.depth);
        self.world.arrive(sent.letter(), to, depth);
    }

    /// A message in flight is lost; whether it was in flight.
    pub fn lose(&mut self, from: NodeId, number: u32) -> bool {
        self.world.schedule.messages.remove(&(from, number)).is_some()
    }

    /// A message arrives that nobody sent.
    pub fn inject(&mut self, from: NodeId, to: NodeId, message: A::Message) {
        let class = if from == to { LinkClass::LOCAL } else { LinkClass(0) };
        self.world.arrive(Letter { key: Key::new(0, from.0, u32::MAX), class, origin: from, message }, to, 0);
    }

    /// Whether a timer is armed.
    pub fn is_armed(&self, node: NodeId, timer: A::Timer) -> bool {
        self.world.nodes[node.index()].timers.slots()[timer.index()].is_armed()
    }

    /// A timer is due; whether it was armed.
    pub fn fire(&mut self, node: NodeId, timer: A::Timer) -> bool {
        let armed = self.is_armed(node, timer);
        if armed {
            self.world.due(node, timer.index() as u8);
        }
        armed
    }

    /// The first forced write of a replica that is under way completes; whether there was one.
    pub fn write(&mut self, node: NodeId) -> bool {
        self.occur(|to, event| to == node && matches!(event, Event::Synced(..)))
    }

    /// The next thing that a client does by itself; whether there was one.
    pub fn client(&mut self) -> bool {
        self.occur(|_, event| !matches!(event, Event::Synced(..)))
    }

    fn occur(&mut self, is_meant: impl Fn(NodeId, Event) -> bool) -> bool {
        let events = &mut self.world.schedule.events;
        let Some(&(to, event)) = events.keys().find(|(to, event)| is_meant(*to, *event)) else { return false };
        let depth = events.remove(&(to, event)).unwrap_or(0);
        self.world.occur(to, depth, event);
        true
    }

    /// A client asks a replica, and follows where it is redirected with the next [`Bench::client`].
    pub fn ask(&mut self, node: NodeId, request: A::Request) -> OpId {
        self.world.ask_besides(node, request)
    }

    /// What a client knows of its operation: how it stands, and what it was answered.
    pub fn known(&self, operation: OpId) -> (OperationStatus, Option<&A::Response>) {
        let operations = &self.world.operations;
        (operations.known[operation.index()].status, operations.said[operation.index()].1.as_ref())
    }

    /// A replica stops, and loses what was not forced to its disk; whether it was up.
    pub fn crash(&mut self, node: NodeId) -> bool {
        let was_up = self.world.crash(node);
        // Neither what a node sent itself nor its unfinished writes outlive its crash.
        self.world.schedule.messages.retain(|(from, _), sent| (*from, sent.to) != (node, node));
        self.world.schedule.events.retain(|(to, event), _| *to != node || !matches!(event, Event::Synced(..)));
        was_up
    }

    /// A replica comes back with what its disk kept; whether it was down.
    pub fn restart(&mut self, node: NodeId) -> bool {
        self.world.restart(node)
    }

    /// Whether a replica is up.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.world.nodes[node.index()].status == Status::Up
    }

    /// The facts stated so far that are kept, and by whom.
    pub fn facts(&self) -> impl Iterator<Item = (NodeId, &A::Fact)> {
        self.world.facts.iter().map(|(_, node, fact)| (*node, fact))
    }

    /// What the monitor found broken.
    pub fn violations(&self) -> &[Violation] {
        &self.world.violations
    }
}
