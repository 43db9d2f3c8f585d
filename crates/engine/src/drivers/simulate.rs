//! The simulator: what is due first happens first. The order is total, so a seed has one result.

use crate::actor::Actor;
use crate::id::{NodeId, OpId};
use crate::ledger::{Ledger, Observer};
use crate::outcome::{Digest, NodeTotals, OperationOutcome, OperationStatus, Outcome, RunError, Stop};
use crate::queue::Entry;
use crate::random::{Keys, Purpose, mix};
use crate::schedule::{Due, Event, Schedule, Timeline};
use crate::setup::{Setup, Until, Workload};
use crate::time::Time;
pub use crate::world::FACTS_KEPT_MAX;
use crate::world::{Letter, Moment, Status, World};

/// A finished run: what every protocol's run gives, and the replicas and answers for the protocol's own report.
pub struct Run<A: Actor> {
    /// What every run gives.
    pub outcome: Outcome,
    /// The replicas as they stand at the end; `None` for one that is down.
    pub replicas: Vec<Option<A>>,
    /// What each operation asked, and was answered if the client knows: see [`Run::history`].
    pub answers: Vec<(A::Request, Option<A::Response>)>,
    /// The facts that replicas stated, in order, as far as they were kept.
    pub facts: Vec<(Time, NodeId, A::Fact)>,
    /// The causal depth at which each of these was stated: messages in a row since an operation began, or a timer fired.
    pub depths: Vec<u16>,
    /// The monitor, which has seen every fact, kept or not.
    pub monitor: A::Monitor,
}

/// An operation as its client knows it: what a judge of histories reads.
pub struct Exchange<'a, A: Actor> {
    /// Its number.
    pub operation: OpId,
    /// The process: a client. One of an open loop may have several operations under way at once.
    pub client: u32,
    /// What it asked.
    pub request: &'a A::Request,
    /// What it was answered; `None` unless the status is [`OperationStatus::Ok`].
    pub answer: Option<&'a A::Response>,
    /// When it was sent.
    pub invoked: Time,
    /// When its client knew how it ended; `None` when it never did: then it may take effect at any time, or never.
    pub returned: Option<Time>,
    /// What its client knows.
    pub status: OperationStatus,
}

impl<A: Actor> Run<A> {
    /// The operations that were sent, by number.
    pub fn history(&self) -> impl Iterator<Item = Exchange<'_, A>> {
        history::<A>(&self.outcome.operations, &self.answers)
    }
}

/// The history of a run in its parts; see [`Run::history`].
pub fn history<'a, A: Actor>(
    operations: &'a [OperationOutcome],
    answers: &'a [(A::Request, Option<A::Response>)],
) -> impl Iterator<Item = Exchange<'a, A>> {
    (0..).zip(operations).zip(answers).filter_map(|((number, known), (request, answer))| {
        Some(Exchange {
            operation: OpId(number),
            client: known.client,
            request,
            answer: answer.as_ref(),
            invoked: known.invoked()?,
            returned: known.completed(),
            status: known.status,
        })
    })
}

/// Runs `A` in the world of `setup` to its end.
///
/// # Errors
/// When the run has no result that could be trusted.
pub fn simulate<A: Actor>(
    setup: &Setup,
    options: &A::Options,
    workload: impl Into<Workload<A::Request>>,
) -> Result<Run<A>, RunError> {
    let mut simulation = Simulation::<A, Ledger>::new(setup, options, workload);
    simulation.run()?;
    Ok(simulation.finish())
}

/// A run that is going on.
pub struct Simulation<A: Actor, O: Observer> {
    world: World<A, O, Timeline<A::Message>>,
    stopped: Option<Stop>,
    converged_at_message: Option<(Time, u64)>,
    steps: Option<Vec<Step>>,
    /// Whether the nodes are too many for the processor's caches.
    prefetches: bool,
    /// How often it became known who the next events are for.
    openings: u64,
}

/// Something that happened, as a replay needs it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// When.
    pub at: Time,
    /// What.
    pub(crate) happening: Happening,
}

/// See [`Step`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Happening {
    /// The message that `from` sent with this number reaches `to`.
    Arrive { from: NodeId, to: NodeId, sequence: u32 },
    /// An armed timer is due.
    Fire { node: NodeId, timer: u8 },
    /// Something else is due.
    Occur { to: NodeId, depth: u16, event: Event },
    /// The timeline goes on.
    Moment(Moment),
}

/// How many events ahead a node is fetched from memory.
const PREFETCH_DISTANCE: usize = 16;

/// Nodes that take up no more than this stay in a processor's cache by themselves.
const PREFETCH_BYTES_MIN: usize = 512 << 10;

/// Events between two looks at whether time still goes on.
const LIVELOCK_EVERY: u64 = 1 << 22;

impl<A: Actor, O: Observer> Simulation<A, O> {
    /// A world at its start.
    pub fn new(setup: &Setup, options: &A::Options, workload: impl Into<Workload<A::Request>>) -> Simulation<A, O> {
        let mut world = World::new(setup, options, workload.into());
        world.start();
        Simulation {
            prefetches: size_of_val(world.nodes.as_slice()) > PREFETCH_BYTES_MIN,
            world,
            stopped: None,
            converged_at_message: None,
            steps: None,
            openings: 0,
        }
    }

    /// Keeps a record for a replay from now on.
    pub(crate) fn record(&mut self) {
        self.steps = Some(Vec::new());
    }

    /// What was recorded.
    pub(crate) fn steps(&mut self) -> Vec<Step> {
        self.steps.take().unwrap_or_default()
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// When the run has no result that could be trusted.
    pub fn run(&mut self) -> Result<(), RunError> {
        self.run_events(u64::MAX).map(|_| ())
    }

    /// Handles about `events` more events; whether the run has ended.
    ///
    /// # Errors
    /// When the run has no result that could be trusted.
    pub fn run_events(&mut self, events: u64) -> Result<bool, RunError> {
        if let Some(failed) = &self.world.failed {
            return Err(failed.clone());
        }
        let limit = self.world.events.saturating_add(events);
        let watching = self.world.setup.until == Until::Converged || !self.world.agenda.is_over();
        let mut popped = 0u64;
        let (mut looked_at, mut still) = (Time::ZERO, 0);
        while self.stopped.is_none() && self.world.events < limit {
            let Some(entry) = self.world.schedule.pop() else {
                self.run_dry();
                continue;
            };
            if entry.key.time() >= self.world.agenda.horizon() {
                self.world.schedule.put_back(entry);
                self.timeline();
            } else {
                self.world.now = Time(entry.key.time());
                self.happen(entry);
            }
            if watching {
                self.watch();
            }
            if self.world.failed.is_some() {
                break;
            }
            popped += 1;
            if popped.is_multiple_of(LIVELOCK_EVERY) {
                still = if looked_at == self.world.now { still + LIVELOCK_EVERY } else { 0 };
                looked_at = self.world.now;
                self.check_progress(still);
            }
        }
        self.world.failed.clone().map_or(Ok(self.stopped.is_some()), Err)
    }

    #[inline]
    fn happen(&mut self, entry: Entry) {
        let world = &mut self.world;
        if self.prefetches {
            if world.schedule.openings() == self.openings {
                world.schedule.known().nth(PREFETCH_DISTANCE).iter().for_each(|node| prefetch(&world.nodes, *node as usize));
            } else {
                self.openings = world.schedule.openings();
                world.schedule.known().take(PREFETCH_DISTANCE + 1).for_each(|node| prefetch(&world.nodes, node as usize));
            }
        }
        let to = NodeId(entry.destination);
        let depth = entry.tag.depth();
        match world.schedule.open(entry.tag, entry.payload) {
            Due::Message(class, message) => {
                let from = NodeId(world.ranks.id(entry.key.rank()));
                world.arrive(Letter { key: entry.key, class, origin: from, message }, to, depth);
                self.note(|| Happening::Arrive { from, to, sequence: entry.key.sequence() });
            }
            Due::Event(Event::Timer(timer)) => {
                if world.surface(entry.key, to, timer) {
                    self.note(|| Happening::Fire { node: to, timer });
                }
            }
            Due::Event(event) => {
                world.occur(to, depth, event);
                self.note(|| Happening::Occur { to, depth, event });
            }
        }
    }

    /// Adds to the record, if one is kept.
    #[inline]
    fn note(&mut self, happening: impl FnOnce() -> Happening) {
        if let Some(steps) = &mut self.steps {
            steps.push(Step { at: self.world.now, happening: happening() });
        }
    }

    /// The next moment of the timeline, or the end.
    #[cold]
    fn timeline(&mut self) {
        let Some((at, moment)) = self.world.agenda.take() else {
            return self.stop(Stop::Duration);
        };
        self.world.now = at;
        self.world.moment(moment);
        self.note(|| Happening::Moment(moment));
    }

    fn run_dry(&mut self) {
        if self.world.agenda.is_over() { self.stopped = Some(Stop::Quiet) } else { self.timeline() }
    }

    fn stop(&mut self, why: Stop) {
        if why == Stop::Duration {
            self.world.now = Time(self.world.setup.duration);
        }
        self.stopped = Some(why);
    }

    /// Notes the price at which convergence was reached, and ends a run that only waited for it.
    #[inline]
    fn watch(&mut self) {
        let converged = self.world.convergence.converged();
        if converged != self.converged_at_message.is_some() {
            let sent = self.world.observer.ledger().map_or(0, |ledger| ledger.between_replicas().sent);
            self.converged_at_message = converged.then_some((self.world.now, sent));
        }
        let may_end = converged && self.world.setup.until == Until::Converged;
        if may_end && self.world.agenda.is_over() && self.world.waiting == 0 && self.world.coming == 0 {
            self.stop(Stop::Converged);
        }
    }

    #[cold]
    fn check_progress(&mut self, events: u64) {
        let population = self.world.nodes.len() + self.world.schedule.len();
        if events > 64 * population as u64 {
            self.world.fail(RunError::Livelock { at: self.world.now, events });
        }
    }

    /// The digest of everything so far, as far as the observer keeps chains.
    pub fn digest(&self) -> Digest {
        let key = Keys::from_seed(self.world.setup.seed).stream(Purpose::Digest);
        let mut sum = 0u128;
        let mut add = |place: u32, content: u64| {
            let (low, high) = (key.draw(place, 0), key.draw(place, 1));
            sum = sum.wrapping_add(u128::from(mix(low ^ content, high)) << 64 | u128::from(mix(high ^ content, low)));
        };
        for (index, node) in self.world.nodes.iter().enumerate() {
            let published = self.world.convergence.published(NodeId(index as u32)).unwrap_or(0);
            add(index as u32, mix(O::node(&node.observed).chain ^ published, u64::from(node.received) + 1));
        }
        let operations = &self.world.operations;
        for (index, (known, given)) in operations.known.iter().zip(&operations.given).enumerate() {
            let status = match known.status {
                OperationStatus::Unsent => 0,
                OperationStatus::Unknown if operations.open.contains_key(&OpId(index as u32)) => 1,
                OperationStatus::Ok => 2,
                OperationStatus::Refused => 3,
                OperationStatus::Unknown => 4,
            };
            let told = known.completed().map_or(u64::MAX, |at| at.0);
            add(u32::MAX - index as u32, mix(given ^ status, mix(told, u64::from(known.delays) + 1)));
        }
        Digest(sum)
    }

    /// Deliveries and live timers so far.
    pub fn events(&self) -> u64 {
        self.world.events
    }

    /// Entries that wait in the schedule now.
    pub fn pending(&self) -> usize {
        self.world.schedule.len()
    }

    /// Bytes that nodes and schedule take up, as allocated.
    pub fn footprint_bytes(&self) -> usize {
        self.world.nodes.capacity() * size_of_val(&self.world.nodes[0]) + self.world.schedule.footprint_bytes()
    }
}

impl<A: Actor> Simulation<A, Ledger> {
    /// The end of the run: what it gave.
    pub fn finish(mut self) -> Run<A> {
        self.world.setup.verify.then(|| (0..self.world.setup.nodes).for_each(|node| self.world.verify(NodeId(node))));
        self.world.look_at_clocks();
        self.world.links.tolls().into_iter().for_each(|toll| self.world.take_toll(toll));
        let digest = self.digest();
        // What comes was never going to happen; its room is of use.
        drop(std::mem::replace(&mut self.world.schedule, Timeline::new()));
        let convergence = self.world.convergence.finish();
        let World { now, nodes, observer, .. } = &self.world;
        let totals = |node: usize| {
            let node = &nodes[node];
            NodeTotals { sent: node.sent, received: node.received, bytes: Ledger::node(&node.observed).bytes }
        };
        let busiest = (0..nodes.len())
            .max_by_key(|&node| (u64::from(totals(node).sent) + u64::from(totals(node).received), usize::MAX - node))
            .expect("a world has nodes");
        let outcome = Outcome {
            digest,
            ended: *now,
            stopped: self.stopped.unwrap_or(Stop::Duration),
            events: self.world.events,
            ledger: observer.clone(),
            busiest: (NodeId(busiest as u32), totals(busiest)),
            link_waits: self.world.links.waits().clone(),
            host_waits: self.world.hosts.waits.clone(),
            busiest_host: self.world.hosts.busiest(*now),
            overflows: self.world.overflows,
            clock_bounds: self.world.bounds.outcomes(),
            faulty: self.world.byzantine.faulty().to_vec(),
            disks: self.world.disks.totals,
            disk_waits: self.world.disks.waits.clone().unwrap_or_default(),
            convergence,
            messages_to_convergence: self.converged_at_message.map(|(_, sent)| sent),
            operations: std::mem::take(&mut self.world.operations.known),
            strikes: std::mem::take(&mut self.world.strikes),
            violations: std::mem::take(&mut self.world.violations),
            verified: self.world.verified,
            mismatches: std::mem::take(&mut self.world.mismatches),
        };
        let answers = std::mem::take(&mut self.world.operations.said);
        let facts = std::mem::take(&mut self.world.facts);
        let depths = std::mem::take(&mut self.world.depths);
        let replicas = self.world.nodes.drain(..).map(|node| (node.status != Status::Down).then_some(node.actor)).collect();
        let monitor = std::mem::take(&mut self.world.monitor);
        Run { outcome, replicas, answers, facts, depths, monitor }
    }

    pub(crate) fn replicas(&self) -> impl Iterator<Item = (&A, Status)> {
        self.world.nodes.iter().map(|node| (&node.actor, node.status))
    }
}

/// Asks for the memory of an element that will be needed soon; a hint that changes no result.
#[inline]
fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(element).cast::<i8>();
        // SAFETY: both addresses lie within a live element, and a prefetch neither reads nor writes.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(start);
            if size_of::<T>() > 64 {
                _mm_prefetch::<_MM_HINT_T0>(start.add(size_of::<T>() - 1));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
