//! What a process does step by step: takes in, delivers when it is a message's turn, passes on, says again.

use super::message::{Envelope, Message, Record, Timer};
use super::monitor::Fact;
use super::node::{Ctx, Process, Task};
use super::options::{Guarantee, Options};
use crate::order::request::Response;
use quorate_engine::{NodeId, Update, Wire};

/// Messages that one process is told again at once: who has been away for long is not flooded.
const AGAIN_MAX: usize = 64;

/// A digest with one more delivery in it. Where there is a stamp, the order counts; elsewhere it does not.
pub(super) fn chain(digest: u64, envelope: &Envelope) -> u64 {
    let this = (envelope.message, (envelope.channel, envelope.value)).wire_digest();
    if envelope.stamp > 0 { (digest, this).wire_digest() } else { digest.wrapping_add(this) }
}

impl Process {
    /// A message arrived, for the first time or not.
    pub(super) fn received(&mut self, ctx: &mut Ctx<'_>, from: NodeId, envelope: Envelope) {
        let message = envelope.message;
        if self.known.contains_key(&message) {
            self.shown(ctx, message, from);
            if !ctx.options().given {
                // Once it is durable: the record may still be on its way to the disk.
                self.log.tasks.push(&self.log.journal, Task::Acknowledge(message, from));
            }
            return;
        }
        self.stamp = self.stamp.max(envelope.stamp);
        self.known.insert(message, envelope.clone());
        self.held.put(&envelope);
        self.watch(ctx, message);
        self.log.append(ctx, Record::Received(envelope.clone()), Task::Received(message, from));
        let has = self.count(message.origin);
        if ctx.options().guarantee == Guarantee::Total {
            self.held.hear(message.origin, envelope.stamp, message.number, has);
        }
        self.shown(ctx, message, from);
        // It had the message on disk before it said it.
        self.shown(ctx, message, message.origin);
        self.advance(ctx);
        if self.held.contains(&envelope) {
            ctx.fact(Fact::Held(message));
        }
    }

    /// Whether this process must know who has a message: to say it again, or to count a majority.
    pub(super) fn watch(&mut self, ctx: &Ctx<'_>, message: Update) {
        let options = ctx.options();
        let counts = options.guarantee == Guarantee::Uniform;
        let says = !options.given && (message.origin == ctx.node() || self.passes_on(options, message.origin));
        if counts || says {
            self.spread.watch(message);
        }
    }

    /// `node` has the message on disk.
    pub(super) fn shown(&mut self, ctx: &mut Ctx<'_>, message: Update, node: NodeId) {
        if node != ctx.node() && self.spread.shown(message, node, ctx.others().iter()) {
            self.is_everywhere(ctx, message);
        }
    }

    /// Everybody who is not gone has it, and nobody need hear it from here again.
    fn is_everywhere(&mut self, ctx: &mut Ctx<'_>, message: Update) {
        // Whom the message waits for counts first.
        self.advance(ctx);
        self.spread.close(message);
        self.log.note(ctx, Record::Everywhere(message));
    }

    /// A process has lost its disk.
    pub(super) fn lost(&mut self, ctx: &mut Ctx<'_>, node: NodeId) {
        if self.spread.lose(node) {
            for message in self.spread.open() {
                if self.spread.is_everywhere(message, ctx.others().iter()) {
                    self.is_everywhere(ctx, message);
                }
            }
        }
    }

    /// `origin` says that its first messages are everywhere.
    pub(super) fn told_everywhere(&mut self, origin: NodeId, upto: u32) {
        let known = self.everywhere.entry(origin).or_default();
        if upto > *known {
            for number in *known + 1..=upto {
                self.spread.close(Update { origin, number });
            }
            *known = upto;
        }
    }

    /// Delivers what is ready.
    pub(super) fn advance(&mut self, ctx: &mut Ctx<'_>) {
        let place = (ctx.node(), ctx.nodes());
        while let Some(message) =
            self.held.next(ctx.options(), place, |message| &self.known[&message], |message| self.spread.holders(message))
        {
            self.held.take(&self.known[&message]);
            self.log.append(ctx, Record::Delivered(message), Task::Delivered(message));
            if ctx.options().given {
                self.spread.close(message);
            }
        }
    }

    /// After whatever happened: delivers, does what the disk allows, and sees that what is open is looked at again.
    pub(super) fn go_on(&mut self, ctx: &mut Ctx<'_>) {
        self.advance(ctx);
        self.settle(ctx);
        self.log.force(ctx);
        let options = ctx.options();
        let is_open = !self.spread.is_quiet() || (options.guarantee == Guarantee::Total && self.is_holding());
        if is_open && !options.given && !self.resending {
            self.resending = true;
            ctx.set_timer(Timer::Resend, options.resend);
        }
    }

    /// What is durable is said and done.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        let mut is_later = false;
        while let Some(task) = self.log.tasks.next(&self.log.journal) {
            match task {
                Task::Broadcast(message) => {
                    let envelope = self.known[&message].clone();
                    self.durable_stamp = self.durable_stamp.max(envelope.stamp);
                    self.durable_count = message.number;
                    ctx.fact(Fact::Broadcast(message, envelope.channel));
                    self.say(ctx, message, Message::Data(envelope));
                }
                Task::Received(message, from) => {
                    let envelope = &self.known[&message];
                    is_later |= envelope.stamp > self.durable_stamp;
                    self.durable_stamp = self.durable_stamp.max(envelope.stamp);
                    if self.passes_on(ctx.options(), message.origin) {
                        let relay = Message::Relay(envelope.clone());
                        self.say(ctx, message, relay);
                    } else if !ctx.options().given {
                        ctx.send(from, Message::Ack(message));
                    }
                }
                Task::Acknowledge(message, to) => ctx.send(to, Message::Ack(message)),
                Task::Delivered(message) => {
                    let envelope = self.known[&message].clone();
                    ctx.fact(Fact::Delivered(message, envelope.channel));
                    self.enter(ctx, &envelope);
                    ctx.publish(self.digest);
                    if self.clients.remove(&envelope.operation) {
                        ctx.reply(envelope.operation, Response::Delivered);
                    }
                }
                Task::Reply(operation) => {
                    if self.clients.remove(&operation) {
                        ctx.reply(operation, Response::Delivered);
                    }
                }
            }
        }
        if is_later && ctx.options().guarantee == Guarantee::Total {
            ctx.broadcast(self.clock());
        }
    }

    /// A delivery is on disk.
    pub(super) fn enter(&mut self, ctx: &mut Ctx<'_>, envelope: &Envelope) {
        self.delivered.push(envelope.message);
        self.digest = chain(self.digest, envelope);
        ctx.accept(envelope.operation, envelope.message);
    }

    /// Says a message to everybody, and where it may be lost, until all have it.
    fn say(&mut self, ctx: &mut Ctx<'_>, message: Update, what: Message) {
        ctx.broadcast(what);
        if !ctx.options().given {
            self.spread.say(message);
            if self.spread.is_everywhere(message, ctx.others().iter()) {
                self.is_everywhere(ctx, message);
            }
        }
    }

    /// Lamport 1978: nothing that this process broadcasts from now on has a stamp that is as small.
    pub(super) fn clock(&self) -> Message {
        Message::Clock { stamp: self.durable_stamp, count: self.durable_count }
    }

    /// Says again what was not acknowledged, and asks those for whom the first message waits.
    pub(super) fn say_again(&mut self, ctx: &mut Ctx<'_>) {
        for (message, whom) in self.spread.again(AGAIN_MAX, ctx.others().iter()) {
            ctx.multicast(whom, Message::Again(self.known[&message].clone()));
        }
        if ctx.options().guarantee == Guarantee::Total {
            ctx.multicast(self.held.silent(ctx.others().iter()), Message::Nudge);
        }
    }

    /// A heartbeat. Of whom it begins to suspect it passes on whatever may not be everywhere.
    pub(super) fn beat(&mut self, ctx: &mut Ctx<'_>) {
        let Options { heartbeat, patience, .. } = *ctx.options();
        ctx.set_timer(Timer::Beat, heartbeat);
        let me = ctx.node();
        let open = self.spread.open().into_iter().find(|message| message.origin == me);
        // Where links are given nobody says what has arrived.
        let all = if ctx.options().given { 0 } else { self.durable_count };
        let everywhere = open.map_or(all, |message| message.number - 1);
        ctx.broadcast(Message::Heartbeat(everywhere));
        for node in self.detector.beat(ctx.others().iter(), patience) {
            ctx.fact(Fact::Suspected(node));
            let first = self.everywhere.get(&node).copied().unwrap_or(0) + 1;
            let range = Update { origin: node, number: first }..=Update { origin: node, number: u32::MAX };
            let known: Vec<Envelope> = self.known.range(range).map(|(_, envelope)| envelope.clone()).collect();
            for envelope in known {
                if self.passes_on(ctx.options(), node) && !self.spread.says(envelope.message) {
                    self.watch(ctx, envelope.message);
                    self.say(ctx, envelope.message, Message::Relay(envelope));
                }
            }
        }
    }
}
