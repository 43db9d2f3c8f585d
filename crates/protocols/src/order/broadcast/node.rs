//! A process. Whatever it says it has on disk before: what it broadcasts, what it has received, what it has delivered.

use super::detector::Detector;
use super::held::Held;
use super::message::{Envelope, Message, Record, Timer};
use super::monitor::Fact;
use super::options::{Guarantee, Mistake, Options, Relay};
use super::spread::Spread;
use crate::order::deliveries::Deliveries;
use crate::order::request::{Request, Response};
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{Actor, Context, NodeId, OpId, Update};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Ctx<'a> = Context<'a, Process>;

/// A process that broadcasts and delivers.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Process {
    /// It has lost its disk, and stays out.
    out: bool,
    pub(super) log: Log,
    /// All messages in its log, durable or not.
    pub(super) known: BTreeMap<Update, Envelope>,
    /// Those of them that are not delivered.
    pub(super) held: Held,
    pub(super) spread: Spread,
    /// What is delivered, durably, in order.
    pub(super) delivered: Vec<Update>,
    /// Invariant: that of `delivered`.
    pub(super) digest: u64,
    /// Its own messages, by operation.
    operations: BTreeMap<OpId, Update>,
    /// Clients that wait.
    pub(super) clients: BTreeSet<OpId>,
    /// The greatest stamp in the log, and the greatest that is durable; and how many of its own messages are.
    pub(super) stamp: u64,
    pub(super) durable_stamp: u64,
    pub(super) durable_count: u32,
    /// Of each process, how many of its messages are here without a gap.
    pub(super) gapless: BTreeMap<NodeId, u32>,
    pub(super) detector: Detector,
    /// Of each process, how many of its first messages are everywhere, as it said.
    pub(super) everywhere: BTreeMap<NodeId, u32>,
    /// Whether the timer is armed.
    pub(super) resending: bool,
}

/// The log, and what waits for it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Log {
    pub(super) journal: Journal,
    /// What is done once the record that it belongs to is durable.
    pub(super) tasks: Waiting<Task>,
    /// Records up to this one are to be forced.
    due: u64,
}

impl Default for Log {
    fn default() -> Log {
        Log { journal: Journal::recovered(0), tasks: Waiting::default(), due: 0 }
    }
}

impl Log {
    /// Appends a record, and does the task when it is durable.
    pub(super) fn append(&mut self, ctx: &mut Ctx<'_>, record: Record, task: Task) {
        self.due = self.journal.append(ctx, record);
        self.tasks.push(&self.journal, task);
    }

    /// Appends what need not be durable soon.
    pub(super) fn note(&mut self, ctx: &mut Ctx<'_>, record: Record) {
        self.journal.append(ctx, record);
    }

    /// Begins a forced write if one is due.
    pub(super) fn force(&mut self, ctx: &mut Ctx<'_>) {
        if self.due > self.journal.durable() {
            self.journal.force(ctx);
        }
    }
}

/// What waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Task {
    /// A message of its own goes out.
    Broadcast(Update),
    /// A message from another process is here.
    Received(Update, NodeId),
    /// It has been here before, and this process says it again.
    Acknowledge(Update, NodeId),
    /// A message is delivered.
    Delivered(Update),
    /// A client asks again for what is delivered.
    Reply(OpId),
}

impl Process {
    /// Whether it came back without what it had written.
    pub(super) fn has_lost_its_disk(&self) -> bool {
        self.out
    }

    /// Messages that are here and not delivered.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// A message that is on its disk, from its log.
    fn remember(&mut self, envelope: &Envelope) {
        self.known.insert(envelope.message, envelope.clone());
        self.held.put(envelope);
        self.stamp = self.stamp.max(envelope.stamp);
        self.count(envelope.message.origin);
    }

    /// How many messages of a process are here without a gap.
    pub(super) fn count(&mut self, origin: NodeId) -> u32 {
        let gapless = self.gapless.entry(origin).or_default();
        while self.known.contains_key(&Update { origin, number: *gapless + 1 }) {
            *gapless += 1;
        }
        *gapless
    }

    /// It goes on where its log ends.
    fn resume(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        let forgets = ctx.options().makes(Mistake::Forgets);
        let mut everywhere = BTreeSet::new();
        for record in records {
            match record {
                Record::Broadcast(envelope) => {
                    self.remember(envelope);
                    self.operations.insert(envelope.operation, envelope.message);
                    ctx.fact(Fact::Broadcast(envelope.message, envelope.channel));
                }
                Record::Received(envelope) => self.remember(envelope),
                Record::Delivered(_) if forgets => {}
                Record::Delivered(message) => {
                    let envelope = self.known[message].clone();
                    self.held.take(&envelope);
                    self.enter(ctx, &envelope);
                    ctx.fact(Fact::Had(*message, envelope.channel));
                }
                Record::Everywhere(message) => drop(everywhere.insert(*message)),
                Record::Out => {}
            }
        }
        self.durable_stamp = self.stamp;
        self.durable_count = self.gapless.get(&ctx.node()).copied().unwrap_or(0);
        let open: Vec<Update> = self.known.keys().filter(|message| !everywhere.contains(message)).copied().collect();
        for message in open {
            self.watch(ctx, message);
            let says = message.origin == ctx.node() || self.passes_on(ctx.options(), message.origin);
            if says && !ctx.options().given {
                self.spread.say(message);
            }
        }
    }

    /// A client has something to tell.
    fn broadcast(&mut self, ctx: &mut Ctx<'_>, operation: OpId, channel: u32, value: u64) {
        self.clients.insert(operation);
        if let Some(message) = self.operations.get(&operation) {
            if !self.held.contains(&self.known[message]) {
                self.log.tasks.push(&self.log.journal, Task::Reply(operation));
            }
            return self.go_on(ctx);
        }
        let message = Update { origin: ctx.node(), number: self.count(ctx.node()) + 1 };
        let guarantee = ctx.options().guarantee;
        let stamp = if guarantee == Guarantee::Total { self.stamp + 1 } else { 0 };
        let clock = if guarantee == Guarantee::Causal { self.held.clock(ctx.nodes()) } else { Vec::new() };
        let envelope = Envelope { message, operation, channel, value, stamp, clock };
        self.operations.insert(operation, message);
        self.remember(&envelope);
        self.watch(ctx, message);
        self.log.append(ctx, Record::Broadcast(envelope), Task::Broadcast(message));
        self.go_on(ctx);
    }

    /// Whether this process passes on what `origin` has broadcast.
    pub(super) fn passes_on(&self, options: &Options, origin: NodeId) -> bool {
        match options.relay {
            _ if options.makes(Mistake::NoRelay) => false,
            Relay::Never => false,
            Relay::Eager => true,
            Relay::Lazy => self.detector.suspects(origin),
        }
    }
}

impl Actor for Process {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Deliveries;

    fn new(_: NodeId, _: u32, _: &Options) -> Process {
        Process::default()
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        self.log.journal = Journal::recovered(records.len());
        let is_damaged = ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        let is_known = records.contains(&Record::Out);
        if ctx.disk_is_new() || is_damaged || is_known {
            self.out = true;
            if !is_known {
                self.log.note(ctx, Record::Out);
                self.log.journal.force(ctx);
            }
            return ctx.withdraw();
        }
        self.resume(ctx, records);
        ctx.publish(self.digest);
        if ctx.options().suspects() {
            ctx.set_timer(Timer::Beat, ctx.options().heartbeat);
        }
        self.go_on(ctx);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        if self.out {
            // Not to who says the same: neither waits for the other.
            if message != Message::Gone && !matches!(message, Message::Ack(_) | Message::Clock { .. }) {
                ctx.send(from, Message::Gone);
            }
            return;
        }
        self.detector.heard(from);
        self.spread.heard(from);
        match message {
            Message::Data(envelope) | Message::Relay(envelope) | Message::Again(envelope) => self.received(ctx, from, envelope),
            Message::Ack(message) => self.shown(ctx, message, from),
            Message::Clock { stamp, count } => {
                let has = self.count(from);
                self.held.hear(from, stamp, count, has);
            }
            Message::Nudge => ctx.send(from, self.clock()),
            Message::Heartbeat(everywhere) => self.told_everywhere(from, everywhere),
            Message::Gone => self.lost(ctx, from),
        }
        self.go_on(ctx);
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, timer: Timer) {
        match timer {
            Timer::Resend => {
                self.resending = false;
                self.say_again(ctx);
            }
            Timer::Beat => self.beat(ctx),
        }
        self.go_on(ctx);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            _ if self.out => ctx.refuse(operation),
            Request::Broadcast { channel, value } => self.broadcast(ctx, operation, channel, value),
            Request::Read { channel } => {
                let here = self.delivered.iter().map(|message| &self.known[message]);
                let has = here.filter(|envelope| envelope.channel == channel).map(|envelope| envelope.value).collect();
                ctx.reply(operation, Response::Has(has));
            }
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.log.journal.synced(upto);
        if !self.out {
            self.go_on(ctx);
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        let anew = || self.delivered.iter().fold(0, |digest, message| super::steps::chain(digest, &self.known[message]));
        (!self.out).then(anew)
    }
}
