//! Exhaustive search: every order in which messages may arrive, timers fire, clients ask, messages get lost and nodes crash,
//! within bounds. Breadth first, so the first violation found is one of the shortest. A state is the replicas, their disks,
//! the messages in flight, the armed timers, what clients know, what is left of the budgets, and the monitor: no ledger, no
//! sequence number, and no clock unless the protocol reads one.

use crate::actor::Actor;
use crate::chance::Script;
use crate::collections::HashSet;
use crate::id::{NodeId, OpId};
use crate::ledger::Blind;
use crate::monitor::Violation;
use crate::random::Hasher64;
use crate::schedule::{Bag, Event};
use crate::setup::{Setup, Workload};
use crate::time::Time;
use crate::timers::Slots;
use crate::world::{Status, World};
use std::collections::VecDeque;
use std::fmt;
use std::hash::{Hash, Hasher};

/// How far a search goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Steps from the start.
    pub depth: u32,
    /// States; the search ends when it has seen so many.
    pub states: u64,
    /// Messages that may get lost on one path.
    pub losses: u32,
    /// Messages that may arrive twice on one path.
    pub duplications: u32,
    /// Crashes on one path; each crashed node may restart.
    pub crashes: u32,
}

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explored {
    /// Different states seen.
    pub states: u64,
    /// Steps taken between them.
    pub transitions: u64,
    /// Whether every state within the depth was seen: then silence is a proof within the bounds.
    pub complete: bool,
    /// The first violation, with a shortest path to it.
    pub violation: Option<(Violation, Vec<Choice>)>,
}

/// One step of a path: what was chosen to happen, and what the handler's own choices were.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Choice {
    step: Move,
    answers: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Move {
    Deliver(NodeId, u32),
    DeliverTwice(NodeId, u32),
    Lose(NodeId, u32),
    Fire(NodeId, u8),
    Occur(NodeId, Event),
    Invoke(OpId),
    Crash(NodeId),
    Restart(NodeId),
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Move::Deliver(from, number) => write!(f, "deliver message {number} of {from}")?,
            Move::DeliverTwice(from, number) => write!(f, "deliver message {number} of {from} and keep a copy")?,
            Move::Lose(from, number) => write!(f, "lose message {number} of {from}")?,
            Move::Fire(node, timer) => write!(f, "timer {timer} of {node} fires")?,
            Move::Occur(node, event) => write!(f, "{event:?} at {node}")?,
            Move::Invoke(operation) => write!(f, "client sends operation {}", operation.0)?,
            Move::Crash(node) => write!(f, "{node} crashes")?,
            Move::Restart(node) => write!(f, "{node} restarts")?,
        }
        if self.answers.is_empty() { Ok(()) } else { write!(f, ", choosing {:?}", self.answers) }
    }
}

/// Left of the budgets on a path.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Left {
    losses: u32,
    duplications: u32,
    crashes: u32,
}

struct State<A: Actor> {
    world: World<A, Blind, Bag<A::Message>>,
    left: Left,
    depth: u32,
    /// The state that this one came from, and how.
    parent: Option<(usize, Choice)>,
}

/// Searches the world of `setup`; its instants, latencies and faults do not matter here, its budgets stand in `bounds`.
///
/// # Panics
/// When a replica reads a clock although [`Actor::reads_clocks`] says that it does not.
pub fn explore<A: Actor>(
    setup: &Setup,
    options: &A::Options,
    workload: impl Into<Workload<A::Request>>,
    bounds: &Bounds,
) -> Explored {
    let mut world = World::<A, Blind, Bag<A::Message>>::new(setup, options, workload.into());
    let chose = start(&mut world);
    let left = Left { losses: bounds.losses, duplications: bounds.duplications, crashes: bounds.crashes };
    let mut search = Search { seen: HashSet::default(), paths: Vec::new(), frontier: VecDeque::new(), transitions: 0 };
    search.push(State { world, left, depth: 0, parent: None });
    // What replicas choose at the start is not enumerated yet; then silence proves nothing.
    let mut complete = !chose;
    while let Some((index, state)) = search.frontier.pop_front() {
        if state.depth >= bounds.depth {
            continue;
        }
        if search.seen.len() as u64 >= bounds.states {
            complete = false;
            break;
        }
        for step in moves(&state) {
            let mut script = Some(Script::default());
            while let Some(answers) = script {
                let (next, given, successor) = take(&state, index, step, answers);
                search.transitions += 1;
                if let Some(violation) = next.world.violations.first() {
                    let violation = violation.clone();
                    let mut path = search.path(index);
                    path.push(Choice { step, answers: given });
                    return Explored {
                        states: search.seen.len() as u64,
                        transitions: search.transitions,
                        complete: false,
                        violation: Some((violation, path)),
                    };
                }
                search.push(next);
                script = successor;
            }
        }
    }
    Explored { states: search.seen.len() as u64, transitions: search.transitions, complete, violation: None }
}

/// Follows a path that a search found; the violation at its end, if it is still there.
pub fn follow<A: Actor>(
    setup: &Setup,
    options: &A::Options,
    workload: impl Into<Workload<A::Request>>,
    path: &[Choice],
) -> Option<Violation> {
    let mut world = World::<A, Blind, Bag<A::Message>>::new(setup, options, workload.into());
    start(&mut world);
    let left = Left { losses: u32::MAX, duplications: u32::MAX, crashes: u32::MAX };
    let mut state = State { world, left, depth: 0, parent: None };
    for choice in path {
        state = take(&state, 0, choice.step, Script::new(choice.answers.clone())).0;
    }
    state.world.violations.into_iter().next()
}

/// Starts every replica with the first of all answers; whether one asked for any.
fn start<A: Actor>(world: &mut World<A, Blind, Bag<A::Message>>) -> bool {
    world.agenda.clear();
    world.script = Some(Script::default());
    world.start();
    world.script.take().is_some_and(|script| !script.given().is_empty())
}

struct Search<A: Actor> {
    seen: HashSet<u128>,
    paths: Vec<Option<(usize, Choice)>>,
    frontier: VecDeque<(usize, State<A>)>,
    transitions: u64,
}

impl<A: Actor> Search<A> {
    fn push(&mut self, mut state: State<A>) {
        if self.seen.insert(fingerprint(&state)) {
            self.paths.push(state.parent.take());
            self.frontier.push_back((self.paths.len() - 1, state));
        }
    }

    fn path(&self, index: usize) -> Vec<Choice> {
        let mut path: Vec<Choice> = std::iter::successors(self.paths[index].as_ref(), |(parent, _)| self.paths[*parent].as_ref())
            .map(|(_, choice)| choice.clone())
            .collect();
        path.reverse();
        path
    }
}

/// Everything that may happen next.
fn moves<A: Actor>(state: &State<A>) -> Vec<Move> {
    let world = &state.world;
    let mut moves = Vec::new();
    // The workload's own order is kept.
    moves.extend(world.operations.next_planned().map(Move::Invoke));
    for (&(from, number), in_flight) in &world.schedule.messages {
        moves.push(Move::Deliver(from, number));
        if in_flight.to == from {
            continue; // what a node sends itself crosses no link
        }
        if state.left.losses > 0 {
            moves.push(Move::Lose(from, number));
        }
        if state.left.duplications > 0 {
            moves.push(Move::DeliverTwice(from, number));
        }
    }
    let mut writes = None;
    for &(node, event) in world.schedule.events.keys().filter(|(_, event)| world.matters(*event)) {
        // A disk completes one forced write after the other.
        if !matches!(event, Event::Synced(..)) || writes.replace(node) != Some(node) {
            moves.push(Move::Occur(node, event));
        }
    }
    for (index, node) in world.nodes.iter().enumerate() {
        let id = NodeId(index as u32);
        if node.status == Status::Down {
            moves.push(Move::Restart(id));
            continue;
        }
        let armed = node.timers.slots().iter().enumerate().filter(|(_, slot)| slot.is_armed());
        moves.extend(armed.map(|(timer, _)| Move::Fire(id, timer as u8)));
        if state.left.crashes > 0 {
            moves.push(Move::Crash(id));
        }
    }
    moves
}

/// The state after one step, the answers that its handler was given, and the next script to try.
fn take<A: Actor>(state: &State<A>, index: usize, step: Move, script: Script) -> (State<A>, Vec<u64>, Option<Script>) {
    let mut world = state.world.clone();
    let mut left = state.left;
    world.script = Some(script);
    world.clock_reads = 0;
    match step {
        Move::Deliver(from, number) => deliver(&mut world, from, number, false),
        Move::DeliverTwice(from, number) => {
            left.duplications -= 1;
            deliver(&mut world, from, number, true);
        }
        Move::Lose(from, number) => {
            left.losses -= 1;
            world.schedule.messages.remove(&(from, number));
        }
        Move::Fire(node, timer) => {
            let slot = &mut world.nodes[node.index()].timers.slots_mut()[usize::from(timer)];
            let deadline = slot.deadline;
            slot.cancel();
            slot.queued = u64::MAX;
            if A::reads_clocks(&world.options) {
                world.now = world.now.max(Time(deadline));
            }
            world.fire(node, timer);
        }
        Move::Occur(node, event) => {
            let depth = world.schedule.events.remove(&(node, event)).unwrap_or(0);
            world.occur(node, depth, event);
        }
        Move::Invoke(operation) => world.invoke(operation),
        Move::Crash(node) => {
            left.crashes -= 1;
            world.crash(node);
        }
        Move::Restart(node) => {
            world.restart(node);
        }
    }
    for (before, id) in state.world.nodes.iter().zip((0..).map(NodeId)) {
        if world.nodes[id.index()].incarnation != before.incarnation {
            // Neither what a node sent itself nor its unfinished writes outlive its crash.
            world.schedule.messages.retain(|(from, _), in_flight| (*from, in_flight.to) != (id, id));
            world.schedule.events.retain(|(to, event), _| *to != id || !matches!(event, Event::Synced(..)));
        }
    }
    assert!(
        world.clock_reads == 0 || A::reads_clocks(&world.options),
        "a handler read a clock, but the protocol's reads_clocks says that none does"
    );
    let script = world.script.take().expect("a handler gives its script back");
    let given = script.given();
    let next = State { world, left, depth: state.depth + 1, parent: Some((index, Choice { step, answers: given.clone() })) };
    (next, given, script.successor())
}

fn deliver<A: Actor>(world: &mut World<A, Blind, Bag<A::Message>>, from: NodeId, number: u32, keep: bool) {
    let place = (from, number);
    let in_flight = if keep { world.schedule.messages.get(&place).cloned() } else { world.schedule.messages.remove(&place) };
    let in_flight = in_flight.expect("a path delivers only what is in flight");
    let (to, depth) = (in_flight.to, in_flight.depth);
    world.arrive(in_flight.letter(), to, depth);
}

/// 128 bits over everything that a state is.
fn fingerprint<A: Actor>(state: &State<A>) -> u128 {
    let half = |seed: u64| {
        let mut hasher = seeded(seed);
        let world = &state.world;
        for node in &world.nodes {
            node.actor.hash(&mut hasher);
            node.status.hash(&mut hasher);
            for slot in node.timers.slots() {
                // Any armed timer may fire next: how far its deadline is away counts only where clocks are read.
                let until = slot.is_armed().then(|| slot.deadline.saturating_sub(world.now.0));
                if A::reads_clocks(&world.options) { until.hash(&mut hasher) } else { until.is_some().hash(&mut hasher) }
            }
        }
        world.disks.each.hash(&mut hasher);
        world.monitor.hash(&mut hasher);
        state.left.hash(&mut hasher);
        // A sum again: what clients and replicas say is numbered, and its numbers tell of the path.
        let to_come = world.schedule.events.keys().filter(|(_, event)| world.matters(*event));
        let to_come = to_come.fold(0u64, |sum, (to, event)| {
            let mut hasher = seeded(seed);
            to.hash(&mut hasher);
            world.hash_event(*event, &mut hasher);
            sum.wrapping_add(hasher.finish())
        });
        to_come.hash(&mut hasher);
        world.hash_clients(&mut hasher);
        if A::reads_clocks(&world.options) {
            world.now.hash(&mut hasher);
        }
        // A multiset: the sum does not depend on the order or the numbers of the messages.
        let in_flight = world.schedule.messages.values().fold(0u64, |sum, in_flight| {
            let mut hasher = seeded(seed);
            (in_flight.from, in_flight.to, &in_flight.message).hash(&mut hasher);
            sum.wrapping_add(hasher.finish())
        });
        in_flight.hash(&mut hasher);
        hasher.finish()
    };
    u128::from(half(1)) << 64 | u128::from(half(2))
}

fn seeded(seed: u64) -> Hasher64 {
    let mut hasher = Hasher64::new();
    hasher.write_u64(seed);
    hasher
}
