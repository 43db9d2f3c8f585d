//! What a sequencer does: it gives messages their numbers, in batches if asked, and learns how far a majority is.

use super::channel::{Accepted, Leading};
use super::message::{Entry, Epoch, Message, Posted, Progress, Record, Timer};
use super::node::{Ctx, Parked, Sequenced};
use super::options::{Form, Mistake};
use quorate_engine::{NodeId, Update};
use std::rc::Rc;

/// Messages that are said again at once to somebody who lacks them.
const AGAIN_MAX: usize = 64;

impl Leading {
    /// A message's sender has this number for it.
    pub(super) fn grant(&mut self, id: Update, number: u64) {
        self.granted.insert(id, number);
        self.next = self.next.max(number + 1);
    }
}

impl Sequenced {
    /// A message is to have a number.
    pub(super) fn number(&mut self, ctx: Ctx<'_, '_>, posted: Posted) {
        let Posted { id, channel, .. } = posted;
        if let Some(number) = self.number_of(ctx, channel, id) {
            return self.answer_missing(ctx, id.origin, channel, number, number);
        }
        let batch = ctx.options().batch as usize;
        let Some(leading) = self.channel(channel).leading() else { return };
        if !leading.pending_ids.insert(id) {
            return;
        }
        leading.pending.push(posted);
        if leading.pending.len() >= batch {
            self.flush(ctx, channel);
        } else if !std::mem::replace(&mut self.lingers, true) {
            ctx.set_timer(Timer::Linger, ctx.options().linger);
        }
    }

    /// The number that a message has already.
    fn number_of(&mut self, ctx: Ctx<'_, '_>, channel: u32, id: Update) -> Option<u64> {
        let forgets = ctx.options().mistake == Some(Mistake::NumbersAgain);
        let channel = self.channel(channel);
        let number = *channel.numbers.get(&id)?;
        let first = channel.leading().map_or(1, |leading| leading.first);
        Some(number).filter(|_| !forgets || number >= first)
    }

    /// What waits for numbers gets them.
    pub(super) fn flush(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let form = ctx.options().form;
        let epoch = self.channel(channel).epoch;
        let Some(leading) = self.channel(channel).leading() else { return };
        if leading.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut leading.pending);
        leading.pending_ids.clear();
        let first = leading.next;
        leading.next += pending.len() as u64;
        for (number, posted) in (first..).zip(&pending) {
            self.accept(ctx, number, epoch, *posted);
        }
        let message = if form == Form::BroadcastBroadcast {
            Message::Numbers { channel, epoch, first, ids: pending.iter().map(|posted| posted.id).collect() }
        } else {
            Message::Order { channel, epoch, first, messages: pending.into(), again: false }
        };
        self.park(Parked::Tell(channel, message));
        self.journal.force(ctx);
    }

    /// A message with its number goes into the log.
    pub(super) fn accept(&mut self, ctx: Ctx<'_, '_>, number: u64, epoch: Epoch, posted: Posted) {
        self.journal.append(ctx, Record::Accepted(Entry { number, epoch: Some(epoch), posted }));
        self.channel(posted.channel).put(number, Accepted { epoch, posted, durable: false });
        self.park(Parked::Accepted(posted.channel, number, epoch));
        self.journal.force(ctx);
    }

    /// A sender asks for a number.
    pub(super) fn grant(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, id: Update) {
        if let Some(number) = self.number_of(ctx, channel, id) {
            return self.answer_missing(ctx, from, channel, number, number);
        }
        let epoch = self.channel(channel).epoch;
        let Some(leading) = self.channel(channel).leading() else { return };
        let number = match leading.granted.get(&id) {
            Some(number) => *number,
            None => {
                let number = leading.next;
                leading.grant(id, number);
                if !ctx.options().takeover {
                    self.journal.append(ctx, Record::Granted(channel, number, id));
                }
                number
            }
        };
        self.park(Parked::Send(from, Message::Grant { channel, epoch, number, id }));
        self.journal.force(ctx);
    }

    /// Somebody has everything up to there.
    pub(super) fn acked(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch, upto: u64) {
        let placement = Rc::clone(&ctx.options().placement);
        let of_channel = self.channel(channel);
        if of_channel.epoch != epoch || !placement.replicas(channel).contains(&from) {
            return;
        }
        let old = of_channel.stable;
        let Some(leading) = of_channel.leading() else { return };
        let acked = leading.acked.entry(from).or_default();
        *acked = (*acked).max(upto);
        let mut all: Vec<u64> = leading.acked.values().copied().collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        let majority = placement.replicas(channel).len() / 2;
        let stable = all.get(majority).copied().unwrap_or(0).max(old);
        if stable > old {
            of_channel.stable = stable;
            let last = of_channel.has_upto(epoch, true);
            Sequenced::tell(ctx, channel, Message::Stable(Progress { channel, epoch, last, stable }));
            self.deliver(ctx, channel);
        }
    }

    /// Somebody lacks these numbers.
    pub(super) fn answer_missing(&mut self, ctx: Ctx<'_, '_>, to: NodeId, channel: u32, from: u64, upto: u64) {
        if !self.channel(channel).leads() || to == ctx.node() {
            return;
        }
        let of_channel = self.channel(channel);
        let epoch = of_channel.epoch;
        let there = of_channel.has_upto(epoch, true).min(upto);
        let messages: Vec<Posted> = (from..=there).take(AGAIN_MAX).map_while(|number| of_channel.message(number)).collect();
        if !messages.is_empty() {
            ctx.send(to, Message::Order { channel, epoch, first: from, messages: messages.into(), again: true });
        }
    }
}
