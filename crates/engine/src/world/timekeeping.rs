//! The clocks of the replicas: how they are at the start, and when they change.

use super::World;
use crate::actor::Actor;
use crate::clock::{Clock, Spread};
use crate::fault::Fault;
use crate::id::NodeId;
use crate::latency::Span;
use crate::ledger::Observer;
use crate::outcome::{ClockBound, RunError};
use crate::queue::Key;
use crate::random::StreamKey;
use crate::schedule::{Event, Schedule};
use crate::setup::{Clocks, Setup};
use crate::time::{Nanos, Time};
use crate::timers::Slots;

/// Lanes of a clock's draws at the start; those of its jumps follow.
const OFFSET: u32 = 0;
const DRIFT: u32 = 1;
const PHASE: u32 = 2;
const JUMPS: u32 = 3;

/// The clocks at the start; none when all are true and stay so.
pub(super) fn clocks(setup: &Setup, key: StreamKey) -> Vec<Clock> {
    let touched = setup.faults.iter().any(|timed| matches!(timed.fault, Fault::ClockJump(..) | Fault::Drift(..)));
    if setup.clocks.is_empty() && !touched {
        return Vec::new();
    }
    let mut clocks = vec![Clock::TRUE; setup.nodes as usize];
    for of_some in &setup.clocks {
        for node in of_some.nodes.iter() {
            let clock = Clock::new(of_some.offset_ns.draw(key, node.0, OFFSET), of_some.drift_ppb.draw(key, node.0, DRIFT));
            clocks[node.index()] = match &of_some.wander {
                Some(wander) => clock.wandering(wander, key.draw(node.0, PHASE)),
                None => clock,
            };
        }
    }
    clocks
}

/// What a clock gains as long as no fault changes that, in parts per billion: the purpose's key of the run is given.
pub(crate) fn usual_drift(clocks: &[Clocks], key: StreamKey, node: NodeId) -> i64 {
    let own = clocks.iter().find(|clocks| clocks.nodes.contains(node));
    own.map_or(0, |clocks| clocks.drift_ppb.draw(key, node.0, DRIFT))
}

/// How far wall clocks are said to be off at most, and how far they were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    /// One for each replica; empty when nothing is said of any.
    each: Vec<Option<Bound>>,
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    bound_ns: u64,
    /// The most that the clock was off at the instants at which it changed or was looked at.
    most_ns: u64,
    broken: Option<Time>,
    /// When it was last looked at.
    looked: Time,
}

impl Bounds {
    pub(super) fn new(setup: &Setup) -> Bounds {
        let mut each = Vec::new();
        for of_some in &setup.clocks {
            let Some(bound_ns) = of_some.bound_ns else { continue };
            each.resize(setup.nodes as usize, None);
            let bound = Bound { bound_ns, most_ns: 0, broken: None, looked: Time::ZERO };
            of_some.nodes.iter().for_each(|node| each[node.index()] = Some(bound));
        }
        Bounds { each }
    }

    /// What the node is told.
    #[inline]
    pub(super) fn of(&self, node: NodeId) -> Option<u64> {
        self.each.get(node.index()).and_then(|bound| bound.map(|bound| bound.bound_ns))
    }

    /// Holds a clock against its bound, from the last look to now: before it changes, and after it jumped. Between changes the error grows or
    /// shrinks evenly (but for a wander's, which is looked at where it is).
    fn look(&mut self, now: Time, node: NodeId, clock: &Clock) {
        let Some(Some(bound)) = self.each.get_mut(node.index()) else { return };
        let error = |at: Time| i128::from(clock.wall(at)).abs_diff(i128::from(at.0));
        let from = bound.looked;
        let most = error(now).max(error(from));
        bound.most_ns = bound.most_ns.max(u64::try_from(most).unwrap_or(u64::MAX));
        let beyond = |at: Time| error(at) > u128::from(bound.bound_ns);
        if bound.broken.is_none() && (beyond(from) || beyond(now)) {
            let (mut low, mut high) = (from.0, if beyond(from) { from.0 } else { now.0 });
            while low < high {
                let middle = low + (high - low) / 2;
                match beyond(Time(middle)) {
                    true => high = middle,
                    false => low = middle + 1,
                }
            }
            bound.broken = Some(Time(low));
        }
        bound.looked = now;
    }

    /// The clocks of which a bound is said, each with what came of it.
    pub(crate) fn outcomes(&self) -> Vec<ClockBound> {
        let outcome = |(node, bound): (usize, &Option<Bound>)| {
            let Bound { bound_ns, most_ns, broken, .. } = (*bound)?;
            Some(ClockBound { node: NodeId(node as u32), bound_ns, most_ns, broken })
        };
        self.each.iter().enumerate().filter_map(outcome).collect()
    }
}

/// The jumps of some clocks, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Jumping {
    every: Span,
    by_ns: Spread,
    /// How often the clock has jumped: the index of its draws.
    jumped: u32,
}

impl Jumping {
    /// The jumps of every replica whose clock jumps.
    pub(super) fn of(setup: &Setup) -> Vec<(NodeId, Jumping)> {
        let mut all = Vec::new();
        for of_some in &setup.clocks {
            let Some(jumps) = &of_some.jumps else { continue };
            let jumping = Jumping { every: jumps.every.clone(), by_ns: jumps.by_ns, jumped: 0 };
            all.extend(of_some.nodes.iter().map(|node| (node, jumping.clone())));
        }
        all.sort_by_key(|(node, _)| *node);
        all
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Each clock that jumps waits for its first jump.
    pub(super) fn start_jumps(&mut self) {
        for place in 0..self.jumping.len() {
            self.await_jump(place);
        }
    }

    fn await_jump(&mut self, place: usize) {
        let (id, jumping) = &self.jumping[place];
        let id = *id;
        let draw = self.keys.clock.draw(id.0, JUMPS.wrapping_add(2 * jumping.jumped));
        let wait: Nanos = jumping.every.sample(draw).max(1);
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        // Where instants do not matter, a record says when it jumps.
        if S::TIMED {
            let key = Key::new((self.now + wait).0, node.rank, sequence);
            self.schedule.event(key, id, 0, Event::Jump);
        }
    }

    /// A wall clock jumps, whether its node runs or not.
    pub(super) fn jump(&mut self, id: NodeId) {
        let found = self.jumping.binary_search_by_key(&id, |(node, _)| *node);
        let place = found.expect("only clocks that jump are told to");
        let jumping = &mut self.jumping[place].1;
        let lane = JUMPS.wrapping_add(2 * jumping.jumped + 1);
        jumping.jumped = jumping.jumped.wrapping_add(1);
        let by_ns = jumping.by_ns.draw(self.keys.clock, id.0, lane);
        self.set_ahead(id, by_ns);
        self.await_jump(place);
    }

    /// Moves a wall clock.
    pub(super) fn set_ahead(&mut self, id: NodeId, by_ns: i64) {
        self.look_at_clock(id);
        self.clocks[id.index()].jump(by_ns);
        self.look_at_clock(id);
    }

    fn look_at_clock(&mut self, id: NodeId) {
        self.bounds.look(self.now, id, self.clocks.get(id.index()).unwrap_or(&Clock::TRUE));
    }

    /// At the end of the run, every clock is looked at.
    pub(crate) fn look_at_clocks(&mut self) {
        (0..self.setup.nodes).for_each(|node| self.look_at_clock(NodeId(node)));
    }

    /// Changes a clock's rate. An armed timer keeps what it still has to wait on the node's own clock.
    pub(super) fn set_drift(&mut self, id: NodeId, ppb: i64) {
        self.look_at_clock(id);
        let before = self.clocks[id.index()];
        self.clocks[id.index()].set_drift(self.now, ppb);
        let after: Clock = self.clocks[id.index()];
        let node = &mut self.nodes[id.index()];
        for (timer, slot) in node.timers.slots_mut().iter_mut().enumerate() {
            if !slot.is_armed() {
                continue;
            }
            let remaining = before.elapsed(Time(slot.deadline)).saturating_sub(before.elapsed(self.now));
            let deadline = after.after(self.now, remaining).0.min(u64::MAX - 1);
            if slot.arm(deadline, slot.sequence) && S::TIMED {
                let key = Key::new(deadline, node.rank, slot.sequence);
                self.schedule.event(key, id, 0, Event::Timer(timer as u8));
            }
        }
    }
}
