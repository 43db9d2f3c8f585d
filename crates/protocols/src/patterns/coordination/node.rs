//! A node: what it has is on its disk before it says so, and it goes on until whoever must know knows.

use super::holders::Holders;
use super::message::{Item, Message, Record, Request, Response, Round};
use super::monitor::{Disks, Fact};
use super::options::{Mistake, Options, Pattern};
use super::update::Known;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{Actor, Context, NodeId, OpId, Update, Wire};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Ctx<'a> = Context<'a, Node>;

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    journal: Journal,
    /// Updates whose records are not durable.
    writing: Waiting<OpId>,
    updates: BTreeMap<OpId, Known>,
    /// What the durable ones add up to, by key.
    sums: BTreeMap<u32, u64>,
    /// The sum of their digests.
    digest: u64,
    /// Those of which something is left to do.
    open: BTreeSet<OpId>,
    /// Whether the timer is armed.
    is_waiting: bool,
}

impl Node {
    /// The updates on this node's disk.
    pub fn has(&self) -> impl Iterator<Item = &Item> {
        self.updates.values().filter(|known| known.is_durable).map(|known| &known.item)
    }

    /// An update comes, by a client's request or from another node.
    fn take_in(&mut self, ctx: &mut Ctx<'_>, item: Item, own: bool) -> &mut Known {
        if !self.updates.contains_key(&item.operation) {
            self.journal.append(ctx, Record::Has { item, own });
            self.writing.push(&self.journal, item.operation);
            self.journal.force(ctx);
            let mut known = Known { is_own: own, ..Known::new(item) };
            if ctx.options().makes(Mistake::TellsBeforeForce) {
                known.holders.add(ctx.node());
            }
            self.updates.insert(item.operation, known);
        }
        self.updates.get_mut(&item.operation).expect("it was taken in")
    }

    /// An update is on this node's disk.
    fn enter(&mut self, ctx: &mut Ctx<'_>, operation: OpId) {
        let known = self.updates.get_mut(&operation).expect("it was taken in");
        known.is_durable = true;
        known.holders.add(ctx.node());
        let Item { key, amount, .. } = known.item;
        *self.sums.entry(key).or_default() += u64::from(amount);
        self.digest = self.digest.wrapping_add(known.item.wire_digest());
        // Operations have one number each, whoever is asked: all updates count as those of one origin.
        ctx.accept(operation, Update { origin: NodeId(0), number: operation.0 + 1 });
        ctx.fact(Fact::Has(operation));
    }

    /// Does what is due of an update now.
    fn advance(&mut self, ctx: &mut Ctx<'_>, operation: OpId) {
        let options = ctx.options();
        let Some(known) = self.updates.get_mut(&operation).filter(|known| known.may_be_told(options)) else { return };
        known.tell(ctx);
        if !known.all_have && known.holders.count() == ctx.nodes() {
            known.all_have = true;
            ctx.fact(Fact::KnowsAll(operation));
            self.journal.append(ctx, Record::AllHave(operation));
        }
        if known.has_client && (known.all_have || options.pattern == Pattern::None) {
            known.answer(ctx, known.holders.clone());
        }
        self.settle(ctx, operation);
    }

    /// Looks again later at what is open.
    fn settle(&mut self, ctx: &mut Ctx<'_>, operation: OpId) {
        if self.updates.get(&operation).is_some_and(|known| known.is_open(ctx.options())) {
            self.open.insert(operation);
        } else {
            self.open.remove(&operation);
        }
        if !self.open.is_empty() && !self.is_waiting {
            self.is_waiting = true;
            ctx.set_timer(Round, ctx.options().period);
        }
    }

    /// Somebody has an update and says so.
    fn told(&mut self, ctx: &mut Ctx<'_>, from: NodeId, item: Item, again: bool) {
        let (me, operation) = (ctx.node(), item.operation);
        let pattern = ctx.options().pattern;
        let known = self.take_in(ctx, item, false);
        known.learn(ctx, &Holders::one(from));
        if pattern == Pattern::Tree {
            known.owed.add(from);
        }
        self.advance(ctx, operation);
        let known = &self.updates[&operation];
        // Who asks again may not have heard, and hears at least what is known so far.
        if again && known.is_durable {
            let holders = match pattern {
                Pattern::Tree if known.owed.has(from) => known.holders.clone(),
                Pattern::Mesh => Holders::one(me),
                _ => return,
            };
            ctx.send(from, Message::Ack { operation, holders, again });
        }
    }

    /// A rumor comes. Who knows that all have it says so to who does not: then both are done.
    fn heard(&mut self, ctx: &mut Ctx<'_>, from: NodeId, item: Item, mut holders: Holders) {
        let knows_all = holders.count() == ctx.nodes();
        holders.add(from);
        let known = self.take_in(ctx, item, false);
        known.learn(ctx, &holders);
        if known.all_have && !knows_all {
            let holders = known.holders.clone();
            ctx.send(from, Message::Ack { operation: item.operation, holders, again: false });
        }
        self.advance(ctx, item.operation);
    }
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Round;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Disks;

    fn new(_: NodeId, _: u32, _: &Options) -> Node {
        Node {
            journal: Journal::recovered(0),
            writing: Waiting::default(),
            updates: BTreeMap::new(),
            sums: BTreeMap::new(),
            digest: 0,
            open: BTreeSet::new(),
            is_waiting: false,
        }
    }

    /// What it has it has again. Who else has it is not written down until all do: it asks once more.
    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        for record in records {
            match record {
                Record::Has { item, own } => {
                    self.updates.insert(item.operation, Known { is_own: *own, is_old: true, ..Known::new(*item) });
                    self.enter(ctx, item.operation);
                }
                Record::AllHave(operation) => {
                    // A disk that took another's place lacks the beginning of the log.
                    if let Some(known) = self.updates.get_mut(operation) {
                        known.all_have = true;
                        known.holders = Holders::range(0, ctx.nodes());
                    }
                }
            }
        }
        ctx.publish(self.digest);
        if ctx.options().makes(Mistake::LeavesOff) {
            return;
        }
        let open: Vec<OpId> = self.updates.values().filter(|known| !known.all_have).map(|known| known.item.operation).collect();
        open.into_iter().for_each(|operation| self.advance(ctx, operation));
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Tell { item, again } => self.told(ctx, from, item, again),
            Message::Rumor(item, holders) => self.heard(ctx, from, item, holders),
            Message::Ack { operation, holders, .. } => {
                if let Some(known) = self.updates.get_mut(&operation) {
                    known.learn(ctx, &holders);
                    self.advance(ctx, operation);
                }
            }
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Round) {
        self.is_waiting = false;
        let open: Vec<OpId> = self.open.iter().copied().collect();
        for operation in open {
            self.updates.get_mut(&operation).expect("what is open is known").tell_again(ctx);
            self.settle(ctx, operation);
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Read(key) => ctx.reply(operation, Response::Sum(self.sums.get(&key).copied().unwrap_or(0))),
            Request::Update { key, amount } => {
                let known = self.take_in(ctx, Item { operation, key, amount }, true);
                known.has_client = true;
                known.waits = 0;
                self.advance(ctx, operation);
            }
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.journal.synced(upto);
        while let Some(operation) = self.writing.next(&self.journal) {
            self.enter(ctx, operation);
            ctx.publish(self.digest);
            self.advance(ctx, operation);
        }
        if !self.writing.is_empty() {
            self.journal.force(ctx);
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.has().fold(0, |sum: u64, item| sum.wrapping_add(item.wire_digest())))
    }
}
