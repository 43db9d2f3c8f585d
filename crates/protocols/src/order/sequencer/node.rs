//! A process: what it was asked to broadcast, the channels that it hears, and its log. What it does as a sequencer stands in [`super::ordering`],
//! what it does with the numbers of others in [`super::following`], how it takes over in [`super::takeover`].

use super::channel::Channel;
use super::fact::Fact;
use super::message::{Epoch, Message, Posted, Progress, Record, Timer};
use super::options::{Form, Options};
use crate::order::deliveries::Deliveries;
use crate::order::request::{Request, Response};
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{Actor, Context, NodeId, OpId, Update, Wire};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The handlers' context.
pub(super) type Ctx<'c, 'w> = &'c mut Context<'w, Sequenced>;

/// A process that broadcasts through sequencers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sequenced {
    /// It has lost its disk, and stays out.
    out: bool,
    pub(super) journal: Journal,
    pub(super) parked: Waiting<Parked>,
    /// All of them, by number; those that it does not hear stay as they were.
    pub(super) channels: Vec<Channel>,
    /// Messages of its own so far.
    pub(super) sent: u32,
    /// Those that it has not delivered, and whether they were said since the last round of saying again.
    pub(super) outstanding: BTreeMap<Update, (Posted, bool)>,
    /// The clients who asked for them, both ways round.
    asked: BTreeMap<OpId, Update>,
    askers: BTreeMap<Update, OpId>,
    /// Whether the first messages of a batch wait for others.
    pub(super) lingers: bool,
    /// Beats of its own since it heard each node.
    pub(super) quiet: Vec<u32>,
    /// Channels in which something was accepted that is on disk since.
    touched: BTreeSet<u32>,
    /// The digest of all that is delivered: of every channel's, together.
    pub(super) digest: u64,
    chains: Vec<u64>,
}

/// What waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// A message of its own.
    Sent(Posted, OpId),
    Send(NodeId, Message),
    /// To all who hear a channel.
    Tell(u32, Message),
    /// A number of a channel, in an epoch, is accepted.
    Accepted(u32, u64, Epoch),
    /// A channel is delivered up to a place.
    Delivered(u32, usize),
    /// Somebody who takes over, in which epoch, wants to know what there is beyond a number.
    Sealed(NodeId, u32, Epoch, u64),
}

impl Sequenced {
    /// The channels.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Whether it has lost its disk.
    pub fn is_out(&self) -> bool {
        self.out
    }

    pub(super) fn channel(&mut self, channel: u32) -> &mut Channel {
        &mut self.channels[channel as usize]
    }

    /// Sends to all others who hear a channel.
    pub(super) fn tell(ctx: Ctx<'_, '_>, channel: u32, message: Message) {
        let me = ctx.node();
        let placement = Rc::clone(&ctx.options().placement);
        ctx.multicast(placement.hearers(channel).iter().copied().filter(|node| *node != me), message);
    }

    /// Sends, if need be to itself at once.
    pub(super) fn send(&mut self, ctx: Ctx<'_, '_>, to: NodeId, message: Message) {
        if to == ctx.node() {
            self.message(ctx, to, message);
        } else {
            ctx.send(to, message);
        }
    }

    /// A client wants something broadcast.
    fn broadcast(&mut self, ctx: Ctx<'_, '_>, operation: OpId, channel: u32, value: u64) {
        let me = ctx.node();
        let placement = &ctx.options().placement;
        if !placement.hears(channel, me) {
            let members: Vec<NodeId> =
                placement.hearers(channel).iter().copied().filter(|node| !placement.sequences(*node)).collect();
            return ctx.redirect(operation, members[(value % members.len() as u64) as usize]);
        }
        if self.asked.contains_key(&operation) {
            return;
        }
        self.sent += 1;
        let id = Update { origin: me, number: self.sent };
        let posted = Posted { id, channel, value };
        self.asked.insert(operation, id);
        self.askers.insert(id, operation);
        self.journal.append(ctx, Record::Sent(posted));
        self.park(Parked::Sent(posted, operation));
        self.journal.force(ctx);
        self.settle(ctx);
    }

    /// Hands a message of its own to the sequencer, for the first time or again.
    pub(super) fn submit(&mut self, ctx: Ctx<'_, '_>, posted: Posted, again: bool) {
        let (channel, id) = (posted.channel, posted.id);
        let sequencer = self.channel(channel).epoch.node;
        match ctx.options().form {
            Form::UnicastBroadcast => self.send(ctx, sequencer, Message::Submit { posted, again }),
            Form::BroadcastBroadcast => {
                Sequenced::tell(ctx, channel, Message::Body { posted, again });
                self.body(ctx, posted);
            }
            Form::UnicastUnicastBroadcast => self.send(ctx, sequencer, Message::Ask { channel, id, again }),
        }
    }

    pub(super) fn park(&mut self, what: Parked) {
        self.parked.push(&self.journal, what);
    }

    /// Does what need not wait for the disk any longer.
    pub(super) fn settle(&mut self, ctx: Ctx<'_, '_>) {
        while let Some(parked) = self.parked.next(&self.journal) {
            match parked {
                Parked::Sent(posted, operation) => {
                    ctx.rejoin(operation);
                    if ctx.options().all_hear {
                        ctx.accept(operation, posted.id);
                    }
                    ctx.fact(Fact::Broadcast(posted));
                    self.outstanding.insert(posted.id, (posted, true));
                    self.submit(ctx, posted, false);
                }
                Parked::Send(to, message) => self.send(ctx, to, message),
                Parked::Tell(channel, message) => Sequenced::tell(ctx, channel, message),
                Parked::Accepted(channel, number, epoch) => {
                    let accepted = self.channel(channel).accepted.get_mut(&number);
                    if let Some(accepted) = accepted.filter(|accepted| accepted.epoch == epoch) {
                        accepted.durable = true;
                        self.touched.insert(channel);
                    }
                }
                Parked::Delivered(channel, upto) => self.delivered(ctx, channel, upto),
                Parked::Sealed(to, channel, epoch, beyond) => {
                    let entries = self.channel(channel).beyond(beyond).into();
                    ctx.send(to, Message::Sealed { channel, epoch, entries });
                }
            }
        }
        while let Some(channel) = self.touched.pop_first() {
            self.acknowledge(ctx, channel);
        }
        self.journal.force(ctx);
    }

    /// What is delivered in a channel up to a place is on disk.
    pub(super) fn delivered(&mut self, ctx: Ctx<'_, '_>, channel: u32, upto: usize) {
        while self.channel(channel).told < upto {
            let of_channel = self.channel(channel);
            let (number, posted) = of_channel.order[of_channel.told];
            of_channel.told += 1;
            self.chain(posted);
            ctx.fact(Fact::Delivered(number, posted));
            self.outstanding.remove(&posted.id);
            if ctx.options().all_hear {
                ctx.holds(posted.id);
            }
            if let Some(operation) = self.askers.remove(&posted.id) {
                self.asked.remove(&operation);
                ctx.reply(operation, Response::Delivered);
            }
        }
        if ctx.options().all_hear {
            ctx.publish(self.digest);
        }
    }

    pub(super) fn chain(&mut self, posted: Posted) {
        let chain = &mut self.chains[posted.channel as usize];
        self.digest ^= *chain;
        *chain = chained(*chain, &posted);
        self.digest ^= *chain;
    }

    /// It says that it is there, looks who is not, and asks for what is missing.
    fn beat(&mut self, ctx: Ctx<'_, '_>) {
        let me = ctx.node();
        let mut mine: Vec<Progress> = Vec::new();
        for (number, channel) in self.channels.iter().enumerate().filter(|(_, channel)| channel.leads()) {
            let last = channel.has_upto(channel.epoch, true);
            mine.push(Progress { channel: number as u32, epoch: channel.epoch, last, stable: channel.stable });
        }
        let sequences = ctx.options().placement.sequences(me);
        if !mine.is_empty() || sequences && ctx.options().takeover {
            ctx.broadcast(Message::Beat(mine.into()));
        }
        self.quiet.iter_mut().for_each(|quiet| *quiet = quiet.saturating_add(1));
        for channel in 0..self.channels.len() as u32 {
            if ctx.options().placement.hears(channel, me) {
                self.channel(channel).asked = 0;
                self.ask_for_missing(ctx, channel);
                self.watch_itself(ctx, channel);
                if ctx.options().takeover && ctx.options().placement.replicas(channel).contains(&me) {
                    self.watch(ctx, channel);
                }
            }
        }
        ctx.set_timer(Timer::Beat, ctx.options().heartbeat);
    }

    /// It says again what it has not delivered for some time.
    fn resend(&mut self, ctx: Ctx<'_, '_>) {
        let mut stale = Vec::new();
        for (posted, fresh) in self.outstanding.values_mut() {
            if !std::mem::take(fresh) {
                stale.push(*posted);
            }
        }
        stale.into_iter().for_each(|posted| self.submit(ctx, posted, true));
        self.settle(ctx);
        ctx.set_timer(Timer::Resend, ctx.options().resend);
    }
}

fn chained(chain: u64, posted: &Posted) -> u64 {
    (chain, *posted).wire_digest()
}

impl Actor for Sequenced {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Deliveries;

    fn new(_: NodeId, nodes: u32, options: &Options) -> Sequenced {
        let channels = options.placement.channels();
        Sequenced {
            out: false,
            journal: Journal::recovered(0),
            parked: Waiting::default(),
            channels: (0..channels).map(|channel| Channel::new(options.placement.replicas(channel)[0])).collect(),
            sent: 0,
            outstanding: BTreeMap::new(),
            asked: BTreeMap::new(),
            askers: BTreeMap::new(),
            lingers: false,
            quiet: vec![0; nodes as usize],
            touched: BTreeSet::new(),
            digest: 0,
            chains: vec![0; channels as usize],
        }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Sequenced>, records: &[Record]) {
        if ctx.disk_is_new() {
            self.out = true;
            return ctx.withdraw();
        }
        self.come_back(ctx, records);
        ctx.set_timer_within(Timer::Beat, 0, ctx.options().heartbeat);
        ctx.set_timer(Timer::Resend, ctx.options().resend);
        self.journal.force(ctx);
    }

    fn message(&mut self, ctx: &mut Context<'_, Sequenced>, from: NodeId, message: Message) {
        if self.out {
            return;
        }
        match message {
            Message::Submit { posted, .. } => self.number(ctx, posted),
            Message::Body { posted, .. } => self.body(ctx, posted),
            Message::Ask { channel, id, .. } => self.grant(ctx, from, channel, id),
            Message::Grant { channel, epoch, number, id } => self.granted(ctx, from, channel, epoch, number, id),
            Message::Order { channel, epoch, first, messages, .. } => self.order(ctx, from, channel, epoch, first, &messages),
            Message::Numbers { channel, epoch, first, ids } => self.numbers(ctx, from, channel, epoch, first, &ids),
            Message::Ack { channel, epoch, upto } => self.acked(ctx, from, channel, epoch, upto),
            Message::Stable(progress) => self.stable(ctx, from, progress),
            Message::Missing { channel, from: first, upto } => self.answer_missing(ctx, from, channel, first, upto),
            Message::Seal { channel, epoch, beyond } => self.seal(ctx, from, channel, epoch, beyond),
            Message::Sealed { channel, epoch, entries } => self.sealed(ctx, from, channel, epoch, &entries),
            Message::Refused { channel, epoch } => drop(self.hears(ctx, from, channel, epoch)),
            Message::Beat(channels) => {
                self.quiet[from.index()] = 0;
                channels.iter().for_each(|progress| self.progress(ctx, from, *progress));
            }
        }
        self.settle(ctx);
    }

    fn timer(&mut self, ctx: &mut Context<'_, Sequenced>, timer: Timer) {
        match timer {
            Timer::Beat => self.beat(ctx),
            Timer::Resend => self.resend(ctx),
            Timer::Linger => {
                self.lingers = false;
                (0..self.channels.len() as u32).for_each(|channel| self.flush(ctx, channel));
            }
        }
        self.settle(ctx);
    }

    fn synced(&mut self, ctx: &mut Context<'_, Sequenced>, upto: u64) {
        self.journal.synced(upto);
        self.settle(ctx);
    }

    fn request(&mut self, ctx: &mut Context<'_, Sequenced>, operation: OpId, request: Request) {
        if self.out {
            return ctx.refuse(operation);
        }
        match request {
            Request::Broadcast { channel, value } => self.broadcast(ctx, operation, ctx.options().channel(channel), value),
            Request::Read { channel } => {
                let channel = ctx.options().channel(channel);
                let values = self.channel(channel).delivered().iter().map(|(_, posted)| posted.value).collect();
                ctx.reply(operation, Response::Has(values));
            }
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        let chain = |channel: &Channel| channel.delivered().iter().fold(0, |chain, (_, posted)| chained(chain, posted));
        (!self.out).then(|| self.channels.iter().map(chain).fold(0, |digest, chain| digest ^ chain))
    }
}
