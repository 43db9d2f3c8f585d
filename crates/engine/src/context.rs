//! The context of a handler: what an actor may read, and the effects that it may leave. Effects are plain data; the world's
//! interpreter is the only code that carries them out.

use crate::actor::Actor;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::disk::Damage;
use crate::id::{NodeId, OpId, Update};
use crate::network::Links;
use crate::time::{Nanos, Time};

/// What a handler asks the world to do. The interpreter carries effects out in the order in which they were pushed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect<A: Actor> {
    /// Send to one node.
    Send(NodeId, A::Message),
    /// Send to every other replica.
    Broadcast(A::Message),
    /// The next multicast goes to this replica too. Apart, so that effects own no memory: they are moved often.
    Address(NodeId),
    /// Send to the replicas that were addressed since the last one.
    Multicast(A::Message),
    /// Arm a timer, or move an armed one: due after a delay from the range (both ends included) on the elapsed clock.
    SetTimer(A::Timer, Nanos, Nanos),
    /// Disarm a timer; nothing when it is not armed.
    CancelTimer(A::Timer),
    /// Append a record to the node's log, not yet durable.
    Append(A::Record),
    /// Force everything appended so far to disk; `synced` follows.
    Sync,
    /// Answer a client's operation.
    Reply(OpId, A::Response),
    /// Refuse a client's operation: it did not and will not take effect.
    Refuse(OpId),
    /// The digest of the replicated state is now this.
    Publish(u64),
    /// This replica has no part in the replicated state, until it publishes again.
    Withdraw,
    /// The operation is this update, which this replica now holds.
    Accept(OpId, Update),
    /// This replica holds the origin's updates `first..=last`.
    Holds(NodeId, u32, u32),
    /// This replica held `old`; from now on it holds `new` in its place.
    Supersede(Update, Update),
    /// State a fact.
    Fact(A::Fact),
    /// What follows also has the operation as its cause.
    Rejoin(OpId),
    /// Send a client to another replica.
    Redirect(OpId, NodeId),
    /// Stop, as in a crash; what was asked for after this is not done.
    Halt,
}

impl<A: Actor> Effect<A> {
    /// Whether it is a word to a client, or about the replicated state and the operations that made it.
    fn speaks(&self) -> bool {
        match self {
            Effect::Reply(..) | Effect::Refuse(_) | Effect::Redirect(..) | Effect::Rejoin(_) => true,
            Effect::Publish(_) | Effect::Withdraw | Effect::Accept(..) | Effect::Holds(..) | Effect::Supersede(..) => true,
            Effect::Send(..) | Effect::Broadcast(_) | Effect::Address(_) | Effect::Multicast(_) => false,
            Effect::SetTimer(..) | Effect::CancelTimer(_) | Effect::Append(_) | Effect::Sync => false,
            Effect::Fact(_) | Effect::Halt => false,
        }
    }
}

/// What a handler sees of the world, and where it leaves its effects.
pub struct Context<'a, A: Actor> {
    pub(crate) node: NodeId,
    pub(crate) nodes: u32,
    pub(crate) links: &'a Links,
    pub(crate) now: Time,
    /// `None` when every clock of the run is true.
    pub(crate) clock: Option<&'a Clock>,
    pub(crate) clock_reads: &'a mut u32,
    pub(crate) clock_bound: Option<u64>,
    pub(crate) damage: Option<Damage>,
    pub(crate) disk_is_new: bool,
    pub(crate) restarts: u32,
    pub(crate) options: &'a A::Options,
    pub(crate) chance: &'a mut Chance,
    pub(crate) effects: &'a mut Vec<Effect<A>>,
}

impl<'a, A: Actor> Context<'a, A> {
    /// This replica.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// How many replicas there are: `0..nodes`.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// The protocol's parameters.
    pub fn options(&self) -> &'a A::Options {
        self.options
    }

    /// The neighbours that this replica has now: every other one in a mesh.
    pub fn peers(&self) -> Peers<'a> {
        Peers { node: self.node, nodes: self.nodes, neighbours: self.links.neighbours(self.node) }
    }

    /// Every other replica, neighbour or not.
    pub fn others(&self) -> Peers<'a> {
        Peers { node: self.node, nodes: self.nodes, neighbours: None }
    }

    /// The node's wall clock, in ns since the start of the run as the node believes it: with offset, drift and jumps. May be
    /// negative and may go backwards.
    pub fn wall(&mut self) -> i64 {
        *self.clock_reads += 1;
        self.clock.unwrap_or(&Clock::TRUE).wall(self.now)
    }

    /// The node's elapsed clock, in ns: drifts, never jumps, never goes backwards, survives restarts.
    pub fn elapsed(&mut self) -> u64 {
        *self.clock_reads += 1;
        self.clock.unwrap_or(&Clock::TRUE).elapsed(self.now)
    }

    /// What this node is told of how far its wall clock may be off, in ns; `None` when nobody says. It may be wrong.
    pub fn clock_bound(&self) -> Option<u64> {
        self.clock_bound
    }

    /// In [`Actor::recover`]: what the disk could not read. `None` everywhere else.
    pub fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// In [`Actor::recover`]: whether the disk has taken the place of the one with which the node started last: whoever put it there
    /// says so. What is on it, if anything, lacks its beginning. It is no longer new when the node has forced a record to it.
    /// `false` everywhere else, and at a node's very first start.
    pub fn disk_is_new(&self) -> bool {
        self.disk_is_new
    }

    /// How often this node was restarted by now, as a counter that outlives its disk tells: what it names with this number in the
    /// name, nobody has named before. 65,536 restarts come round.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// A number below `bound`, all equally likely. All of a protocol's chance comes from here, so that a driver other than
    /// the simulator can try every answer.
    ///
    /// # Panics
    /// When `bound` is 0.
    #[inline]
    pub fn choose(&mut self, bound: u64) -> u64 {
        self.chance.choose(bound)
    }

    /// Sends to one replica. To itself too: that is free, immediate and never lost. To one that is no neighbour, replicas on the
    /// way hand it on, each hop a message that is counted; where nobody does, it is lost.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: A::Message) {
        self.effects.push(Effect::Send(to, message));
    }

    /// Sends to some replicas; to itself it does not. Between neighbours that is a message each; beyond, what goes the same way
    /// goes over each link once.
    pub fn multicast(&mut self, to: impl IntoIterator<Item = NodeId>, message: A::Message) {
        self.effects.extend(to.into_iter().map(Effect::Address));
        self.effects.push(Effect::Multicast(message));
    }

    /// Sends to every other replica: a message each where all are neighbours, else one over each link of the tree of shortest
    /// paths.
    pub fn broadcast(&mut self, message: A::Message) {
        self.effects.push(Effect::Broadcast(message));
    }

    /// Arms `timer`, or moves it if it is armed, to `delay` ns from now on the elapsed clock.
    #[inline]
    pub fn set_timer(&mut self, timer: A::Timer, delay: Nanos) {
        self.effects.push(Effect::SetTimer(timer, delay, delay));
    }

    /// As [`Context::set_timer`], after a delay drawn evenly from `low..=high` ns.
    ///
    /// # Panics
    /// When `low > high`.
    #[inline]
    pub fn set_timer_within(&mut self, timer: A::Timer, low: Nanos, high: Nanos) {
        assert!(low <= high, "a timer range from {low} to {high} ns is empty");
        self.effects.push(Effect::SetTimer(timer, low, high));
    }

    /// Disarms `timer`.
    pub fn cancel_timer(&mut self, timer: A::Timer) {
        self.effects.push(Effect::CancelTimer(timer));
    }

    /// Appends a record to the node's log. It survives a crash only once `synced` has said so.
    pub fn append(&mut self, record: A::Record) {
        self.effects.push(Effect::Append(record));
    }

    /// Forces what was appended to disk: one forced write, answered by [`Actor::synced`].
    pub fn sync(&mut self) {
        self.effects.push(Effect::Sync);
    }

    /// Answers an operation. The answer has whatever this handler and the operation's request had as causes.
    pub fn reply(&mut self, operation: OpId, response: A::Response) {
        self.effects.push(Effect::Reply(operation, response));
    }

    /// Refuses an operation: it did not take effect and never will.
    pub fn refuse(&mut self, operation: OpId) {
        self.effects.push(Effect::Refuse(operation));
    }

    /// Tells a client to ask another replica. Nothing was done here, and nothing will be. It follows some redirects in a row, and then
    /// gives the attempt up.
    pub fn redirect(&mut self, operation: OpId, to: NodeId) {
        self.effects.push(Effect::Redirect(operation, to));
    }

    /// Stops this node as a crash does; what this handler asks for after it is not done. Someone must restart it.
    pub fn halt(&mut self) {
        self.effects.push(Effect::Halt);
    }

    /// Publishes the digest of the replicated state: call it whenever that state changes. Replicas with equal digests agree.
    #[inline]
    pub fn publish(&mut self, digest: u64) {
        self.effects.push(Effect::Publish(digest));
    }

    /// Declares that `operation` is `update`, and that this replica holds it. An update's number names one operation for ever:
    /// a replica that may forget the number in a crash accepts only once its record is durable. An update that is accepted as two
    /// operations breaks [`crate::monitor::UNIQUE_UPDATES`], and coverage goes by the first. One operation may be several updates, as
    /// when a client that tries again finds another replica. Whoever else learns what operation an update is may declare it too, and
    /// then holds it.
    pub fn accept(&mut self, operation: OpId, update: Update) {
        self.effects.push(Effect::Accept(operation, update));
    }

    /// States that this replica's state now includes `update`.
    #[inline]
    pub fn holds(&mut self, update: Update) {
        self.effects.push(Effect::Holds(update.origin, update.number, update.number));
    }

    /// States that this replica's state now includes the origin's updates `first..=last`.
    pub fn holds_range(&mut self, origin: NodeId, first: u32, last: u32) {
        if first <= last {
            self.effects.push(Effect::Holds(origin, first, last));
        }
    }

    /// States that `new` took the place of `old` in this replica's state, as a later write of one register does. When `new`
    /// was there before `old` was made, that is a lost update, and the ledger says so.
    pub fn supersede(&mut self, old: Update, new: Update) {
        self.effects.push(Effect::Supersede(old, new));
    }

    /// States a fact, for monitors, for faults that wait for it, and for the report.
    pub fn fact(&mut self, fact: A::Fact) {
        self.effects.push(Effect::Fact(fact));
    }

    /// States that this replica has no part in the replicated state: nobody waits for it to agree, and it holds nothing, until it
    /// publishes again. For who is no member yet, or no more.
    pub fn withdraw(&mut self) {
        self.effects.push(Effect::Withdraw);
    }

    /// Adds a parked operation's cause to those of what follows in this handler: for work done on its behalf later than its
    /// request. [`Context::reply`] does it by itself.
    pub fn rejoin(&mut self, operation: OpId) {
        self.effects.push(Effect::Rejoin(operation));
    }

    /// Runs a handler of an embedded actor. Its effects become this actor's, in place and in order.
    pub fn embed<B: Actor, R>(&mut self, handler: impl FnOnce(&mut Context<'_, B>) -> R) -> R
    where
        A: Embeds<B>,
    {
        let mut effects = Vec::new();
        let result = handler(&mut Context {
            node: self.node,
            nodes: self.nodes,
            links: self.links,
            now: self.now,
            clock: self.clock,
            clock_reads: self.clock_reads,
            clock_bound: self.clock_bound,
            damage: self.damage,
            disk_is_new: self.disk_is_new,
            restarts: self.restarts,
            options: A::inner_options(self.options),
            chance: self.chance,
            effects: &mut effects,
        });
        self.effects.extend(effects.into_iter().filter_map(outer::<A, B>));
        result
    }
}

/// An actor that embeds another: how the inner one's messages, timers, records and facts become its own. The inner one's
/// requests and responses stay inside: the outer actor asks the inner one by plain calls.
pub trait Embeds<B: Actor>: Actor {
    /// Whether the inner actor speaks for the outer one: to clients, and of the replicated state. If not, its answers, refusals and
    /// redirects, its updates and its digests are dropped; the operations that it is asked for need not be clients', and the outer one sees in
    /// the inner one's state what became of them.
    const SPEAKS: bool = true;
    /// The inner actor's parameters within the outer one's.
    fn inner_options(options: &Self::Options) -> &B::Options;
    /// Wraps a message.
    fn wrap_message(inner: B::Message) -> Self::Message;
    /// Names a timer.
    fn wrap_timer(inner: B::Timer) -> Self::Timer;
    /// Wraps a record.
    fn wrap_record(inner: B::Record) -> Self::Record;
    /// Wraps a fact; `None` hides it.
    fn wrap_fact(inner: B::Fact) -> Option<Self::Fact>;
    /// Wraps a response.
    fn wrap_response(inner: B::Response) -> Self::Response;
}

/// An inner actor's effect as the outer one's; none for a fact that the outer one hides, and for words that are not for its clients.
fn outer<A: Embeds<B>, B: Actor>(effect: Effect<B>) -> Option<Effect<A>> {
    if !A::SPEAKS && effect.speaks() {
        return None;
    }
    Some(match effect {
        Effect::Send(to, message) => Effect::Send(to, A::wrap_message(message)),
        Effect::Broadcast(message) => Effect::Broadcast(A::wrap_message(message)),
        Effect::Address(to) => Effect::Address(to),
        Effect::Multicast(message) => Effect::Multicast(A::wrap_message(message)),
        Effect::SetTimer(timer, low, high) => Effect::SetTimer(A::wrap_timer(timer), low, high),
        Effect::CancelTimer(timer) => Effect::CancelTimer(A::wrap_timer(timer)),
        Effect::Append(record) => Effect::Append(A::wrap_record(record)),
        Effect::Sync => Effect::Sync,
        Effect::Reply(operation, response) => Effect::Reply(operation, A::wrap_response(response)),
        Effect::Refuse(operation) => Effect::Refuse(operation),
        Effect::Publish(digest) => Effect::Publish(digest),
        Effect::Withdraw => Effect::Withdraw,
        Effect::Accept(operation, update) => Effect::Accept(operation, update),
        Effect::Holds(origin, first, last) => Effect::Holds(origin, first, last),
        Effect::Supersede(old, new) => Effect::Supersede(old, new),
        Effect::Fact(fact) => Effect::Fact(A::wrap_fact(fact)?),
        Effect::Rejoin(operation) => Effect::Rejoin(operation),
        Effect::Redirect(operation, to) => Effect::Redirect(operation, to),
        Effect::Halt => Effect::Halt,
    })
}

/// The neighbours of one replica, or all others, in ascending order.
#[derive(Clone, Copy, Debug)]
pub struct Peers<'a> {
    node: NodeId,
    nodes: u32,
    /// `None`: all other replicas.
    neighbours: Option<&'a [NodeId]>,
}

impl<'a> Peers<'a> {
    /// How many.
    #[inline]
    pub fn len(self) -> u32 {
        self.neighbours.map_or(self.nodes - 1, |neighbours| neighbours.len() as u32)
    }

    /// Whether the replica is alone.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The peer at `index`, which is below [`Peers::len`].
    #[inline]
    pub fn get(self, index: u32) -> NodeId {
        debug_assert!(index < self.len(), "peer {index} of {}", self.len());
        match self.neighbours {
            None => NodeId(index + u32::from(index >= self.node.0)),
            Some(neighbours) => neighbours[index as usize],
        }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = NodeId> + use<'a> {
        (0..self.len()).map(move |index| self.get(index))
    }
}
