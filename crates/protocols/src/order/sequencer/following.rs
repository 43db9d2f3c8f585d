//! What every process does with numbers that others gave: it accepts them, asks for those that are missing, and delivers in their order.

use super::channel::Accepted;
use super::message::{Epoch, Message, Posted, Progress, Record};
use super::node::{Ctx, Parked, Sequenced};
use super::options::Mistake;
use quorate_engine::{NodeId, Update};

impl Sequenced {
    /// Whether somebody may speak for an epoch; a later one begins for this process too, an earlier one is refused.
    pub(super) fn hears(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch) -> bool {
        let of_channel = self.channel(channel);
        if epoch < of_channel.epoch {
            if ctx.options().mistake == Some(Mistake::NoSeal) {
                return true;
            }
            let epoch = of_channel.epoch;
            if from != ctx.node() {
                ctx.send(from, Message::Refused { channel, epoch });
            }
            return false;
        }
        if epoch > of_channel.epoch {
            of_channel.turn(epoch);
        }
        true
    }

    /// Messages with their numbers.
    pub(super) fn order(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch, first: u64, messages: &[Posted]) {
        if !self.hears(ctx, from, channel, epoch) {
            return;
        }
        if from == epoch.node {
            self.channel(channel).silence = 0;
        }
        for (number, posted) in (first..).zip(messages) {
            if self.channel(channel).lacks(number, epoch) {
                self.accept(ctx, number, epoch, *posted);
            }
        }
        self.ask_for_missing(ctx, channel);
    }

    /// Numbers of messages whose senders broadcast them.
    pub(super) fn numbers(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch, first: u64, ids: &[Update]) {
        if !self.hears(ctx, from, channel, epoch) {
            return;
        }
        let of_channel = self.channel(channel);
        of_channel.silence = 0;
        let mut paired = Vec::new();
        for (number, id) in (first..).zip(ids) {
            if of_channel.lacks(number, epoch) {
                match of_channel.bodies.get(id) {
                    Some(posted) => paired.push((number, *posted)),
                    None => {
                        // The sequencer will be asked for it, if it does not come by itself.
                        of_channel.unpaired.insert(number, *id);
                    }
                }
            }
        }
        paired.into_iter().for_each(|(number, posted)| self.accept(ctx, number, epoch, posted));
        self.ask_for_missing(ctx, channel);
    }

    /// A message without its number.
    pub(super) fn body(&mut self, ctx: Ctx<'_, '_>, posted: Posted) {
        if self.channel(posted.channel).leads() {
            return self.number(ctx, posted);
        }
        let of_channel = self.channel(posted.channel);
        if of_channel.numbers.contains_key(&posted.id) {
            return;
        }
        let number = of_channel.unpaired.iter().find(|(_, id)| **id == posted.id).map(|(number, _)| *number);
        match number {
            Some(number) => {
                let epoch = of_channel.epoch;
                self.accept(ctx, number, epoch, posted);
            }
            None => {
                of_channel.bodies.insert(posted.id, posted);
            }
        }
    }

    /// The sequencer has given a message of its own this number.
    pub(super) fn granted(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch, number: u64, id: Update) {
        let own = self.outstanding.get(&id).map(|(posted, _)| *posted);
        let delivered = || self.channels[channel as usize].message(number).filter(|posted| posted.id == id);
        let Some(posted) = own.or_else(delivered) else { return };
        if !self.hears(ctx, from, channel, epoch) {
            return;
        }
        let again = !self.channel(channel).lacks(number, epoch);
        Sequenced::tell(ctx, channel, Message::Order { channel, epoch, first: number, messages: [posted].into(), again });
        if !again {
            self.accept(ctx, number, epoch, posted);
        }
    }

    /// The sequencer is there, and so far.
    pub(super) fn progress(&mut self, ctx: Ctx<'_, '_>, from: NodeId, progress: Progress) {
        let Progress { channel, epoch, last, .. } = progress;
        if !ctx.options().placement.hears(channel, ctx.node()) || !self.hears(ctx, from, channel, epoch) {
            return;
        }
        let of_channel = self.channel(channel);
        of_channel.known = of_channel.known.max(last);
        // What it had a beat ago should be stable by now: the sequencer may not have heard of it.
        let has = of_channel.has_upto(epoch, true);
        let had = std::mem::replace(&mut of_channel.had, has);
        self.stable(ctx, from, progress);
        if progress.stable < had {
            self.acknowledge(ctx, channel);
        }
        self.ask_for_missing(ctx, channel);
    }

    /// A majority has all numbers up to there.
    pub(super) fn stable(&mut self, ctx: Ctx<'_, '_>, from: NodeId, progress: Progress) {
        let Progress { channel, epoch, last, stable } = progress;
        if !self.hears(ctx, from, channel, epoch) {
            return;
        }
        let of_channel = self.channel(channel);
        of_channel.silence = 0;
        of_channel.known = of_channel.known.max(last);
        of_channel.stable = of_channel.stable.max(stable);
        self.deliver_of(ctx, channel, epoch);
    }

    /// What it lacks it asks the sequencer for, once for each beat.
    pub(super) fn ask_for_missing(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let of_channel = self.channel(channel);
        let (epoch, known) = (of_channel.epoch, of_channel.known);
        let from = of_channel.has_upto(epoch, false) + 1;
        // A number is missing when a later one is here, or the sequencer said so; what only its own sender has not sent is on its way.
        let later = of_channel.accepted.range(from..).find(|(_, accepted)| accepted.epoch == epoch);
        let gap = later.map_or(known + 1, |(number, _)| *number);
        let upto = gap.min(known + 1) - 1;
        if epoch.node == ctx.node() || upto < from || of_channel.asked >= upto {
            return;
        }
        of_channel.asked = upto;
        ctx.send(epoch.node, Message::Missing { channel, from, upto });
    }

    /// What was accepted is on disk: the sequencer is told, or where nobody takes over it is delivered.
    pub(super) fn acknowledge(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let (me, options) = (ctx.node(), ctx.options());
        if options.takeover && options.placement.replicas(channel).contains(&me) {
            let of_channel = self.channel(channel);
            let epoch = of_channel.epoch;
            let upto = of_channel.has_upto(epoch, true);
            if of_channel.leads() {
                self.acked(ctx, me, channel, epoch, upto);
            } else if epoch.node != me {
                ctx.send(epoch.node, Message::Ack { channel, epoch, upto });
            }
        }
        self.deliver(ctx, channel);
    }

    /// Delivers what may be.
    pub(super) fn deliver(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let epoch = self.channel(channel).epoch;
        self.deliver_of(ctx, channel, epoch);
    }

    /// Delivers what may be of what was accepted in an epoch.
    fn deliver_of(&mut self, ctx: Ctx<'_, '_>, channel: u32, epoch: Epoch) {
        let (takeover, mistake) = (ctx.options().takeover, ctx.options().mistake);
        let waits = takeover && mistake != Some(Mistake::DeliversEarly);
        let of_channel = self.channel(channel);
        let stable = of_channel.stable;
        let may = |number: u64, accepted: &Accepted| match waits {
            true => number <= stable && accepted.epoch == epoch,
            // What is accepted there is delivered, and on disk.
            false => accepted.durable,
        };
        if !of_channel.advance(mistake == Some(Mistake::DropsGap), may) {
            return;
        }
        let (place, upto) = (of_channel.order.len(), of_channel.upto());
        if takeover {
            self.journal.append(ctx, Record::Delivered(channel, upto));
            self.park(Parked::Delivered(channel, place));
            self.journal.force(ctx);
        } else {
            self.delivered(ctx, channel, place);
        }
    }
}
