//! Three small actors that load the engine in the ways that protocols do, so that its speed can be measured and its results
//! pinned. They are measured with everything on: ledger, histogram, digest, and a partition in force that cuts nobody.

use crate::actor::{Actor, Kind, Message, NoTimer, Role, Timer};
use crate::context::Context;
use crate::fault::{Fault, Partition, Timed};
use crate::id::{NodeId, NodeSet, OpId};
use crate::latency::Distribution;
use crate::ledger::{Blind, Ledger, Observer};
use crate::outcome::{Digest, RunError};
use crate::setup::Setup;
use crate::simulate::Simulation;
use crate::time::{MILLISECOND, SECOND, Time};
use crate::timers::TimerSlot;
use crate::wire::{Sink, Wire};

/// A load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// W1: nodes in pairs send one message to and fro, uniform 1–10 ms away. Endless.
    Pairs,
    /// W2: push gossip: who learns the rumor tells three at once, and three more each 100 ms, four times in all. Ends.
    Rumor,
    /// W3: a heartbeat to five peers each 100 ms, a timeout of 300–600 ms that every receipt pushes back. Endless.
    Heartbeats,
}

/// A load that is running.
pub trait Running {
    /// Handles about so many more events; whether the run has ended.
    ///
    /// # Errors
    /// When the run has no result.
    fn run_events(&mut self, events: u64) -> Result<bool, RunError>;
    /// Deliveries and live timers so far.
    fn events(&self) -> u64;
    /// Entries that wait in the schedule.
    fn pending(&self) -> usize;
    /// Bytes that nodes and schedule take up.
    fn footprint_bytes(&self) -> usize;
    /// The digest of everything so far; of little worth when nothing is observed.
    fn digest(&self) -> Digest;
}

impl<A: Actor, O: Observer> Running for Simulation<A, O> {
    fn run_events(&mut self, events: u64) -> Result<bool, RunError> {
        Simulation::run_events(self, events)
    }
    fn events(&self) -> u64 {
        Simulation::events(self)
    }
    fn pending(&self) -> usize {
        Simulation::pending(self)
    }
    fn footprint_bytes(&self) -> usize {
        Simulation::footprint_bytes(self)
    }
    fn digest(&self) -> Digest {
        Simulation::digest(self)
    }
}

impl Load {
    /// The load at its start, over so many nodes.
    ///
    /// # Panics
    /// With fewer than six nodes.
    pub fn start(self, nodes: u32, seed: u64) -> Box<dyn Running> {
        self.observed_by::<Ledger>(nodes, seed)
    }

    /// The same, with nothing counted and nothing digested: what observing costs is the difference.
    ///
    /// # Panics
    /// With fewer than six nodes.
    pub fn start_blind(self, nodes: u32, seed: u64) -> Box<dyn Running> {
        self.observed_by::<Blind>(nodes, seed)
    }

    fn observed_by<O: Observer>(self, nodes: u32, seed: u64) -> Box<dyn Running> {
        assert!(nodes >= 6, "{nodes} nodes are too few for a load");
        let setup = setup(nodes, seed);
        match self {
            Load::Pairs => Box::new(Simulation::<Pair, O>::new(&setup, &(), Vec::new())),
            Load::Rumor => Box::new(Simulation::<Teller, O>::new(&setup, &(), Vec::new())),
            Load::Heartbeats => Box::new(Simulation::<Beater, O>::new(&setup, &(), Vec::new())),
        }
    }
}

fn setup(nodes: u32, seed: u64) -> Setup {
    let everyone = Partition::Groups(vec![NodeSet::range(0, nodes)]);
    let latency = Distribution::Uniform { low_ns: MILLISECOND, high_ns: 10 * MILLISECOND };
    let faults = vec![Timed::new(Time::ZERO, Fault::Partition(0, everyone))];
    Setup { faults, ..Setup::plain(seed, nodes, 1_000_000 * SECOND, latency) }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Ball(u32);

impl Wire for Ball {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.0);
    }
}

impl Message for Ball {
    const KINDS: &'static [Kind] = &[Kind::protocol("ball")];

    #[inline]
    fn kind(&self) -> usize {
        0
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Pair {
    partner: NodeId,
    returned: u32,
}

impl Actor for Pair {
    type Options = ();
    type Message = Ball;
    type Timer = NoTimer;
    type Record = ();
    type Fact = ();
    type Request = ();
    type Response = ();
    type Monitor = ();

    fn new(node: NodeId, nodes: u32, (): &()) -> Pair {
        Pair { partner: NodeId((node.0 ^ 1).min(nodes - 1)), returned: 0 }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Pair>, _: &[()]) {
        ctx.send(self.partner, Ball(0));
    }

    #[inline]
    fn message(&mut self, ctx: &mut Context<'_, Pair>, from: NodeId, Ball(count): Ball) {
        self.returned = self.returned.wrapping_add(1);
        ctx.send(from, Ball(count.wrapping_add(1)));
    }

    fn timer(&mut self, _: &mut Context<'_, Pair>, timer: NoTimer) {
        match timer {}
    }

    fn request(&mut self, ctx: &mut Context<'_, Pair>, operation: OpId, (): ()) {
        ctx.refuse(operation);
    }
}

const TELLINGS: u8 = 4;

/// Rounds left to tell; none before the rumor has come.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Teller {
    left: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Tell;

impl Timer for Tell {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Tell {
        Tell
    }
}

impl Teller {
    fn tell(&mut self, ctx: &mut Context<'_, Teller>, left: u8) {
        for _ in 0..3 {
            let peers = ctx.peers();
            let peer = ctx.choose(u64::from(peers.len())) as u32;
            ctx.send(peers.get(peer), Ball(1));
        }
        self.left = Some(left - 1);
        if left > 1 {
            ctx.set_timer(Tell, 100 * MILLISECOND);
        }
    }
}

impl Actor for Teller {
    type Options = ();
    type Message = Ball;
    type Timer = Tell;
    type Record = ();
    type Fact = ();
    type Request = ();
    type Response = ();
    type Monitor = ();

    fn new(_: NodeId, _: u32, (): &()) -> Teller {
        Teller { left: None }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Teller>, _: &[()]) {
        if ctx.node() == NodeId(0) {
            self.tell(ctx, TELLINGS);
        }
    }

    #[inline]
    fn message(&mut self, ctx: &mut Context<'_, Teller>, _: NodeId, _: Ball) {
        if self.left.is_none() {
            self.tell(ctx, TELLINGS);
        }
    }

    #[inline]
    fn timer(&mut self, ctx: &mut Context<'_, Teller>, Tell: Tell) {
        if let Some(left) = self.left {
            self.tell(ctx, left);
        }
    }

    fn request(&mut self, ctx: &mut Context<'_, Teller>, operation: OpId, (): ()) {
        ctx.refuse(operation);
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Beater {
    suspicions: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Beat;

impl Wire for Beat {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(1);
    }
}

impl Message for Beat {
    const KINDS: &'static [Kind] = &[Kind { name: "heartbeat", role: Role::Heartbeat }];

    #[inline]
    fn kind(&self) -> usize {
        0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Pulse {
    Beat,
    Suspect,
}

impl Timer for Pulse {
    type Slots = [TimerSlot; 2];

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    #[inline]
    fn from_index(index: usize) -> Pulse {
        if index == 0 { Pulse::Beat } else { Pulse::Suspect }
    }
}

#[inline]
fn wait(ctx: &mut Context<'_, Beater>) {
    ctx.set_timer_within(Pulse::Suspect, 300 * MILLISECOND, 600 * MILLISECOND);
}

impl Actor for Beater {
    type Options = ();
    type Message = Beat;
    type Timer = Pulse;
    type Record = ();
    type Fact = ();
    type Request = ();
    type Response = ();
    type Monitor = ();

    fn new(_: NodeId, _: u32, (): &()) -> Beater {
        Beater { suspicions: 0 }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Beater>, _: &[()]) {
        ctx.set_timer_within(Pulse::Beat, 0, 100 * MILLISECOND);
        wait(ctx);
    }

    #[inline]
    fn message(&mut self, ctx: &mut Context<'_, Beater>, _: NodeId, _: Beat) {
        wait(ctx);
    }

    #[inline]
    fn timer(&mut self, ctx: &mut Context<'_, Beater>, timer: Pulse) {
        match timer {
            Pulse::Beat => {
                for step in 1..=5 {
                    let peer = (ctx.node().0 + step) % ctx.nodes();
                    ctx.send(NodeId(peer), Beat);
                }
                ctx.set_timer(Pulse::Beat, 100 * MILLISECOND);
            }
            Pulse::Suspect => {
                self.suspicions += 1;
                wait(ctx);
            }
        }
    }

    fn request(&mut self, ctx: &mut Context<'_, Beater>, operation: OpId, (): ()) {
        ctx.refuse(operation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_the_same_every_time_and_pinned() {
        for (load, nodes, golden) in GOLDEN {
            let run = || {
                let mut running = load.start(nodes, 1);
                while running.events() < 50_000 && !running.run_events(7_000).unwrap() {}
                (running.events(), running.digest().to_string())
            };
            let (first, second) = (run(), run());
            assert_eq!(first, second, "{load:?}");
            assert_eq!((first.0, first.1.as_str()), golden, "{load:?}");
        }
    }

    const GOLDEN: [(Load, u32, (u64, &str)); 3] = [
        (Load::Pairs, 1_000, (56_000, "1f0112f2ccf16a5d362eca0fa9fa9f5c")),
        (Load::Rumor, 3_000, (45_000, "0eba2c371ad977841c2c7653fe86dd16")),
        (Load::Heartbeats, 1_000, (56_000, "641e35c65925ecac3ab2865b4596ba99")),
    ];
}
