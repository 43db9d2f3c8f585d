//! What a process broadcasts, accepts and delivers.

use super::message::{Generation, Given, Message, Place, Posted, Record, Why};
use super::monitor::Fact;
use super::node::{Ctx, Process, Then};
use super::options::{Form, Mistake};
use crate::order::request::Response;
use quorate_engine::{NodeId, Update, Wire};

impl Process {
    /// A number becomes known here.
    pub(super) fn accept(&mut self, ctx: &mut Ctx<'_>, number: u64, generation: Generation, posted: Posted, is_stable: bool) {
        if self.sequence.put(number, generation, posted, is_stable) {
            self.write(ctx, Record::Accepted(number, generation, posted), Then::Accepted(number, generation));
        }
    }

    /// A message of its own is on disk.
    pub(super) fn broadcasts(&mut self, ctx: &mut Ctx<'_>, posted: Posted) {
        ctx.accept(posted.operation, posted.id);
        ctx.fact(Fact::Broadcast(posted.id));
        self.pool.insert(posted.id, posted);
        if ctx.options().form == Form::Sequencer {
            ctx.broadcast(Message::Posted(posted, false));
        }
        self.visit(ctx);
    }

    /// A moving sequencer's: a message arrives, perhaps after its number.
    pub(super) fn posted(&mut self, ctx: &mut Ctx<'_>, posted: Posted) {
        if self.sequence.has_taken(posted.id) {
            return;
        }
        self.pool.insert(posted.id, posted);
        let named =
            self.names.iter().find(|(_, (_, id))| *id == posted.id).map(|(number, (generation, _))| (*number, *generation));
        if let Some((number, generation)) = named {
            self.names.remove(&number);
            self.accept(ctx, number, generation, posted, false);
        }
        self.visit(ctx);
    }

    /// Something was said under a token: whether it counts, and what it says of what is stable.
    pub(super) fn hears(&mut self, ctx: &mut Ctx<'_>, place: Place, stable: u64) -> bool {
        if place.generation < self.promised {
            return false;
        }
        self.adopt(ctx, place.generation);
        self.heard(ctx, place);
        self.sequence.learn(place.generation, stable);
        true
    }

    pub(super) fn numbered(&mut self, ctx: &mut Ctx<'_>, place: Place, stable: u64, given: Given) {
        let is_of_now = self.hears(ctx, place, stable);
        let is_stable = given.generation.is_none();
        if is_of_now || is_stable {
            self.names.remove(&given.number);
            self.accept(ctx, given.number, place.generation, given.posted, is_stable);
        }
        self.settle(ctx);
    }

    pub(super) fn number(&mut self, ctx: &mut Ctx<'_>, place: Place, stable: u64, number: u64, id: Update) {
        if !self.hears(ctx, place, stable) {
            return;
        }
        match self.pool.get(&id).copied() {
            Some(posted) => self.accept(ctx, number, place.generation, posted, false),
            None if self.sequence.has_taken(id) => {}
            None => drop(self.names.insert(number, (place.generation, id))),
        }
        self.settle(ctx);
    }

    /// Sends a numbered message, to one or to all others.
    pub(super) fn tell(&self, ctx: &mut Ctx<'_>, to: Option<NodeId>, given: Given, why: Why) {
        let place = Place { generation: self.promised, hop: self.latest.hop };
        let message = Message::Numbered { place, stable: self.sequence.stable(), given, why };
        match to {
            Some(to) => ctx.send(to, message),
            None => ctx.broadcast(message),
        }
    }

    /// Delivers what is ready, each message once it is written down that it is.
    pub(super) fn deliver(&mut self, ctx: &mut Ctx<'_>) {
        let options = ctx.options();
        let over_holes = options.makes(Mistake::OverHoles);
        while let Some((number, posted)) = self.sequence.next(self.promised, options.waits_for_majority(), over_holes) {
            self.sequence.deliver(number);
            self.write(ctx, Record::Delivered(number), Then::Delivered(number, posted));
        }
    }

    pub(super) fn delivers(&mut self, ctx: &mut Ctx<'_>, number: u64, posted: Posted) {
        ctx.rejoin(posted.operation);
        self.enter(ctx, posted);
        ctx.fact(Fact::Delivered(number, posted.id));
        ctx.publish(self.digest);
        if posted.id.origin == ctx.node() {
            ctx.reply(posted.operation, Response::Delivered);
        }
    }

    pub(super) fn enter(&mut self, ctx: &mut Ctx<'_>, posted: Posted) {
        self.log.push(posted);
        self.digest = chain(self.digest, &posted);
        self.pool.remove(&posted.id);
        ctx.holds(posted.id);
    }
}

/// The digest of what is delivered, each message on top of those before it.
pub(super) fn chain(digest: u64, posted: &Posted) -> u64 {
    (digest, *posted).wire_digest()
}
