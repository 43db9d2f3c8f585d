//! How a node takes a channel over whose sequencer is gone: it seals a majority of those who keep the channel's order, as Corfu does (Balakrishnan
//! et al. 2012, §2.4), and goes on from what it finds there. A majority has accepted whatever anybody has delivered, and one of them is in every
//! other majority: nothing that was delivered gets another number, and no number another message (Lamport, "Paxos made simple", 2001).

use super::channel::{Leading, Role, Taking, recovered};
use super::fact::Fact;
use super::message::{Entry, Epoch, Message, Record};
use super::node::{Ctx, Parked, Sequenced};
use super::options::Mistake;
use quorate_engine::{NodeId, Update};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Messages that are ordered together when an epoch begins.
const TOGETHER_MAX: usize = 64;

impl Sequenced {
    /// Once a beat, of a channel whose order it keeps: is the sequencer gone, and is it its turn?
    pub(super) fn watch(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let (me, patience) = (ctx.node(), ctx.options().patience);
        let of_channel = self.channel(channel);
        match &mut of_channel.role {
            Role::Sequencer(_) => {}
            Role::Taking(taking) => {
                taking.beats += 1;
                if taking.beats > 2 * patience {
                    of_channel.role = Role::Follower;
                } else {
                    self.ask_to_seal(ctx, channel);
                }
            }
            Role::Follower => {
                of_channel.silence = of_channel.silence.saturating_add(1);
                let silence = of_channel.silence;
                if silence > patience && self.successor(ctx, channel, silence / (patience + 1) - 1) == me {
                    self.take_over(ctx, channel);
                }
            }
        }
    }

    /// Once a beat, of a channel that it sequences: senders who have numbers and whose messages have not come are reminded; one that does not come
    /// at all is left out of the next epoch.
    pub(super) fn watch_itself(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let (patience, takeover) = (ctx.options().patience, ctx.options().takeover);
        let of_channel = self.channel(channel);
        let has = of_channel.has_upto(of_channel.epoch, true);
        let epoch = of_channel.epoch;
        let Some(leading) = of_channel.leading() else { return };
        let (number, beats) = leading.stalled;
        let beats = if number == has + 1 && number < leading.next { beats + 1 } else { 0 };
        leading.stalled = (has + 1, beats);
        if beats > patience && takeover {
            self.take_over(ctx, channel);
        } else if beats > 0 {
            let waits_for: Vec<(Update, u64)> = leading.granted.iter().map(|(id, number)| (*id, *number)).collect();
            for (id, number) in waits_for {
                // Not before the disk has it: who forgets a number gives it to another message.
                self.park(Parked::Send(id.origin, Message::Grant { channel, epoch, number, id }));
            }
        }
    }

    /// Who takes a channel over, at the first attempt or a later one: the first on its list that is there and has room.
    fn successor(&self, ctx: Ctx<'_, '_>, channel: u32, attempt: u32) -> NodeId {
        let (me, options) = (ctx.node(), ctx.options());
        let is_there = |node: &NodeId| *node == me || self.quiet[node.index()] <= options.patience;
        let load = |node: NodeId| self.channels.iter().filter(|channel| channel.epoch.node == node).count() as u32;
        let there: Vec<NodeId> = options.placement.replicas(channel).iter().copied().filter(is_there).collect();
        let sequencers = options.placement.sequencers();
        let capacity = options.placement.capacity_of(sequencers.filter(is_there).count() as u32);
        let (with_room, full): (Vec<NodeId>, Vec<NodeId>) = there.into_iter().partition(|node| load(*node) < capacity);
        let all: Vec<NodeId> = with_room.into_iter().chain(full).collect();
        all[attempt as usize % all.len()]
    }

    fn take_over(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let of_channel = self.channel(channel);
        let epoch = Epoch { round: of_channel.epoch.round + 1, node: ctx.node() };
        of_channel.role = Role::Taking(Box::new(Taking { epoch, sealed: BTreeMap::new(), beats: 0 }));
        self.ask_to_seal(ctx, channel);
        self.begin_if_sealed(ctx, channel);
    }

    /// Asks those to promise who have not.
    fn ask_to_seal(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let (me, placement) = (ctx.node(), Rc::clone(&ctx.options().placement));
        let of_channel = self.channel(channel);
        let beyond = of_channel.upto();
        let Role::Taking(taking) = &of_channel.role else { return };
        let silent = placement.replicas(channel).iter().copied().filter(|node| *node != me && !taking.sealed.contains_key(node));
        ctx.multicast(silent, Message::Seal { channel, epoch: taking.epoch, beyond });
    }

    /// Somebody wants to take over.
    pub(super) fn seal(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch, beyond: u64) {
        let options = ctx.options();
        let of_channel = self.channel(channel);
        let known = of_channel.epoch;
        if epoch < known {
            return ctx.send(from, Message::Refused { channel, epoch: known });
        }
        // Who hears the sequencer keeps to it, unless it wants this itself.
        if epoch > known && from != known.node && of_channel.silence <= options.patience / 2 {
            return;
        }
        if options.mistake != Some(Mistake::NoSeal) && epoch > known {
            of_channel.turn(epoch);
            self.journal.append(ctx, Record::Promised(channel, epoch));
            ctx.fact(Fact::Seals(channel, epoch));
        }
        self.park(Parked::Sealed(from, channel, epoch, beyond));
        self.journal.force(ctx);
    }

    /// Somebody has promised.
    pub(super) fn sealed(&mut self, ctx: Ctx<'_, '_>, from: NodeId, channel: u32, epoch: Epoch, entries: &[Entry]) {
        if let Role::Taking(taking) = &mut self.channel(channel).role
            && taking.epoch == epoch
        {
            taking.sealed.insert(from, entries.to_vec());
            self.begin_if_sealed(ctx, channel);
        }
    }

    /// Begins its epoch when a majority has promised, itself last: until then it can still follow whoever sequences.
    fn begin_if_sealed(&mut self, ctx: Ctx<'_, '_>, channel: u32) {
        let replicas = ctx.options().placement.replicas(channel).len();
        let own_counter = ctx.options().mistake == Some(Mistake::OwnCounter);
        let of_channel = self.channel(channel);
        let Role::Taking(taking) = &of_channel.role else { return };
        if taking.sealed.len() < replicas / 2 {
            return;
        }
        let (epoch, upto) = (taking.epoch, of_channel.upto());
        let mine = of_channel.beyond(upto);
        let delivered: BTreeMap<Update, u64> = of_channel.order.iter().map(|(number, posted)| (posted.id, *number)).collect();
        let others = taking.sealed.values().flatten().filter(|_| !own_counter);
        let messages = recovered(upto, &delivered, mine.iter().chain(others));
        of_channel.turn(epoch);
        let numbers: Vec<u64> = of_channel.accepted.keys().copied().collect();
        numbers.into_iter().for_each(|number| of_channel.drop_number(number));
        let mut leading = Leading::new(upto + messages.len() as u64 + 1);
        leading.acked.insert(ctx.node(), upto);
        of_channel.role = Role::Sequencer(Box::new(leading));
        self.journal.append(ctx, Record::Promised(channel, epoch));
        ctx.fact(Fact::Sequences(channel, epoch));
        for (number, posted) in (upto + 1..).zip(&messages) {
            self.accept(ctx, number, epoch, *posted);
        }
        for (place, part) in messages.chunks(TOGETHER_MAX).enumerate() {
            let first = upto + 1 + (place * TOGETHER_MAX) as u64;
            let order = Message::Order { channel, epoch, first, messages: part.into(), again: true };
            self.park(Parked::Tell(channel, order));
        }
        self.journal.force(ctx);
        let own: Vec<_> =
            self.outstanding.values().map(|(posted, _)| *posted).filter(|posted| posted.channel == channel).collect();
        own.into_iter().for_each(|posted| self.submit(ctx, posted, true));
    }
}
