//! A process: its own messages that are not delivered yet, what it has delivered, and the Raft by which all agree on the order.

use super::log::{Log, Task};
use super::message::{Item, Message, Record, Timer};
use super::monitor::Fact;
use super::options::{Mistake, Options};
use crate::consensus::raft::server::Raft;
use crate::order::deliveries::Deliveries;
use crate::order::request::{Request, Response};
use crate::replication::machine;
use quorate_engine::{Actor, Context, NodeId, OpId, Update, Wire};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Ctx<'a> = Context<'a, Member>;

/// A process that broadcasts by consensus.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// It has lost its disk, and stays out.
    out: bool,
    log: Log,
    raft: Raft,
    /// The digest of Raft's state machine when it was last looked at.
    looked_at: u64,
    /// Its own messages, by operation; and by number those that are on disk, and not delivered here.
    operations: BTreeMap<OpId, Item>,
    open: BTreeMap<u32, Item>,
    clients: BTreeSet<OpId>,
    /// Of each channel, how many deliveries are in the log, durable or not.
    taken: BTreeMap<u32, usize>,
    /// All that are.
    known: BTreeSet<Update>,
    /// What is delivered, durably, in order; and of each channel the digest.
    delivered: Vec<Item>,
    digests: BTreeMap<u32, (u64, u64)>,
    retrying: bool,
}

impl Member {
    /// Whether it came back without what it had written.
    pub(super) fn has_lost_its_disk(&self) -> bool {
        self.out
    }

    /// What it has delivered, in order.
    pub(super) fn messages(&self) -> Vec<Update> {
        self.delivered.iter().map(|item| item.message).collect()
    }

    /// Runs a handler of Raft's, and looks what it has agreed on.
    fn raft(&mut self, ctx: &mut Ctx<'_>, handler: impl FnOnce(&mut Raft, &mut Context<'_, Raft>)) {
        let before = self.raft.records();
        ctx.embed(|ctx| handler(&mut self.raft, ctx));
        self.log.rest.extend((before..self.raft.records()).map(|_| true));
        let digest = self.raft.machine().digest();
        if digest != self.looked_at {
            self.looked_at = digest;
            self.deliver(ctx);
        }
    }

    /// Delivers what has been committed since.
    fn deliver(&mut self, ctx: &mut Ctx<'_>) {
        let taken = &self.taken;
        let fresh = self.raft.machine().lists().flat_map(|(channel, values)| {
            let from = taken.get(&channel).copied().unwrap_or(0).min(values.len());
            values[from..].iter().map(move |packed| Item::unpacked(channel, *packed))
        });
        for item in fresh.collect::<Vec<Item>>() {
            self.take(ctx, item);
        }
    }

    /// The next delivery of its channel.
    fn take(&mut self, ctx: &mut Ctx<'_>, item: Item) {
        *self.taken.entry(item.channel).or_default() += 1;
        self.known.insert(item.message);
        self.log.append(ctx, Record::Delivered(item), Task::Delivered(item));
    }

    /// A delivery is on disk: its number in its channel.
    fn enter(&mut self, ctx: &mut Ctx<'_>, item: Item) -> u64 {
        self.delivered.push(item);
        if item.message.origin == ctx.node() {
            self.open.remove(&item.message.number);
        }
        let (count, digest) = self.digests.entry(item.channel).or_default();
        (*count, *digest) = (*count + 1, (*digest, item).wire_digest());
        let count = *count;
        ctx.accept(item.operation(), item.message);
        count
    }

    /// The digest of all channels.
    fn digest(&self) -> u64 {
        let each = self.digests.iter().map(|(channel, (_, digest))| (*channel, *digest).wire_digest());
        each.fold(0, u64::wrapping_add)
    }

    /// A client has something to tell.
    fn broadcast(&mut self, ctx: &mut Ctx<'_>, operation: OpId, channel: u32, value: u64) {
        self.clients.insert(operation);
        if let Some(item) = self.operations.get(&operation) {
            if self.known.contains(&item.message) {
                self.log.tasks.push(&self.log.own, Task::Reply(operation));
            }
            return;
        }
        let message = Update { origin: ctx.node(), number: self.operations.len() as u32 + 1 };
        let item = Item { message, channel, value };
        self.operations.insert(operation, item);
        self.log.append(ctx, Record::Broadcast(item), Task::Broadcast(item));
    }

    /// Has a message of its own put into the log, once more if need be.
    fn propose(&mut self, ctx: &mut Ctx<'_>, item: Item, again: bool) {
        let message = if again { Message::Again(item) } else { Message::Propose(item) };
        match self.raft.leader() {
            Some(leader) if leader == ctx.node() => self.put_in(ctx, item),
            Some(leader) => ctx.send(leader, message),
            // Whoever will lead: the next time.
            None => {}
        }
    }

    /// It leads: the message gets its place in the log. Raft carries it out once, however often it is proposed.
    fn put_in(&mut self, ctx: &mut Ctx<'_>, item: Item) {
        if self.raft.leads().is_none() || self.known.contains(&item.message) {
            return;
        }
        if ctx.options().mistake == Some(Mistake::BeforeCommit) {
            self.take(ctx, item);
        }
        let Update { origin, number } = item.message;
        let name = OpId(number * ctx.nodes() + origin.0);
        self.raft(ctx, |raft, ctx| raft.request(ctx, name, machine::Request::Write(item.channel, item.packed())));
    }

    /// After whatever happened: does what the disk allows, and sees that what is open is proposed again.
    fn go_on(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(task) = self.log.tasks.next(&self.log.own) {
            match task {
                Task::Broadcast(item) => {
                    ctx.fact(Fact::Broadcast(item.message, item.channel));
                    self.open.insert(item.message.number, item);
                    self.propose(ctx, item, false);
                }
                Task::Delivered(item) => {
                    let number = self.enter(ctx, item);
                    ctx.fact(Fact::Delivered(item.message, item.channel, number));
                    ctx.publish(self.digest());
                    if self.clients.remove(&item.operation()) {
                        ctx.reply(item.operation(), Response::Delivered);
                    }
                }
                Task::Reply(operation) => {
                    if self.clients.remove(&operation) {
                        ctx.reply(operation, Response::Delivered);
                    }
                }
            }
        }
        self.log.own.force(ctx);
        if !self.open.is_empty() && !self.retrying {
            self.retrying = true;
            ctx.set_timer(Timer::Retry, ctx.options().retry);
        }
    }

    /// A record of its own, from its log.
    fn remember(&mut self, ctx: &mut Ctx<'_>, record: &Record) {
        match *record {
            Record::Broadcast(item) => {
                self.operations.insert(item.operation(), item);
                self.open.insert(item.message.number, item);
                ctx.fact(Fact::Broadcast(item.message, item.channel));
            }
            Record::Delivered(item) => {
                *self.taken.entry(item.channel).or_default() += 1;
                self.known.insert(item.message);
                let number = self.enter(ctx, item);
                ctx.fact(Fact::Had(item.message, item.channel, number));
            }
            Record::Raft(_) | Record::Out => {}
        }
    }
}

impl Actor for Member {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Deliveries;

    fn new(node: NodeId, nodes: u32, options: &Options) -> Member {
        let raft = Raft::new(node, nodes, &options.raft);
        Member {
            out: false,
            log: Log::recovered(0, 0),
            looked_at: raft.machine().digest(),
            raft,
            operations: BTreeMap::new(),
            open: BTreeMap::new(),
            clients: BTreeSet::new(),
            taken: BTreeMap::new(),
            known: BTreeSet::new(),
            delivered: Vec::new(),
            digests: BTreeMap::new(),
            retrying: false,
        }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        let is_damaged = ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        let is_known = records.contains(&Record::Out);
        if ctx.disk_is_new() || is_damaged || is_known {
            self.out = true;
            if !is_known {
                ctx.append(Record::Out);
                ctx.sync();
            }
            return ctx.withdraw();
        }
        let mut rafts = Vec::new();
        for record in records {
            match record {
                Record::Raft(inner) => rafts.push(inner.clone()),
                own => self.remember(ctx, own),
            }
        }
        self.log = Log::recovered(records.len() - rafts.len(), rafts.len());
        let given = rafts.len() as u64;
        ctx.embed(|ctx| self.raft.recover(ctx, &rafts));
        self.log.rest.extend((given..self.raft.records()).map(|_| true));
        ctx.publish(self.digest());
        self.raft(ctx, |_, _| {});
        self.go_on(ctx);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        if self.out {
            return;
        }
        match message {
            Message::Raft(inner) => self.raft(ctx, |raft, ctx| raft.message(ctx, from, inner)),
            Message::Propose(item) | Message::Again(item) => self.put_in(ctx, item),
        }
        self.go_on(ctx);
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, timer: Timer) {
        match timer {
            Timer::Raft(inner) => self.raft(ctx, |raft, ctx| raft.timer(ctx, inner)),
            Timer::Retry => {
                self.retrying = false;
                let open: Vec<Item> = self.open.values().copied().collect();
                for item in open {
                    self.propose(ctx, item, true);
                }
            }
        }
        self.go_on(ctx);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            _ if self.out => return ctx.refuse(operation),
            Request::Broadcast { channel, value } => self.broadcast(ctx, operation, channel, value),
            Request::Read { channel } => {
                let here = self.delivered.iter().filter(|item| item.channel == channel);
                ctx.reply(operation, Response::Has(here.map(|item| item.value).collect()));
            }
        }
        self.go_on(ctx);
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        if self.out {
            return;
        }
        self.log.synced(upto);
        let rafts = self.log.rafts;
        self.raft(ctx, |raft, ctx| raft.synced(ctx, rafts));
        self.go_on(ctx);
    }

    fn replica_digest(&self) -> Option<u64> {
        let mut digests: BTreeMap<u32, u64> = BTreeMap::new();
        for item in &self.delivered {
            let digest = digests.entry(item.channel).or_default();
            *digest = (*digest, *item).wire_digest();
        }
        (!self.out).then(|| digests.into_iter().map(|each| each.wire_digest()).fold(0, u64::wrapping_add))
    }
}
