//! A node: what it remembers, what it writes down, and how it comes back.

use super::super::alarms::{Alarms, Timer};
use super::super::desk::Desk;
use super::super::monitor::{Conditions, Fact};
use super::super::report::{Keeps, Undecided};
use super::super::resource::Resource;
use super::super::store::Store;
use super::super::transaction::{Found, Refusal, Transaction, Tx, Value, Work};
use super::coordinator::Led;
use super::message::{Message, Record, Vote};
use super::options::{Form, Mistake, Options, Presumption};
use super::participant::Local;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context, NodeId, OpId};
use std::collections::BTreeMap;

/// What a handler works with.
pub(super) type Ctx<'a, 'b> = &'a mut Context<'b, Node>;

/// What is to happen in a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Alarm {
    /// A coordinator waits no longer for votes.
    Votes(Tx),
    /// A coordinator says its decision again.
    Again(Tx),
    /// A participant asks what was decided.
    Doubt(Tx),
    /// A participant waits no longer for locks.
    Locks(Tx),
    /// A participant waits no longer for the decision.
    Guess(Tx),
    /// A coordinator tries an operation again.
    Retry(OpId),
}

/// What waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// Who is to vote is safe.
    Collecting(Tx),
    /// A yes is safe.
    Prepared(Tx),
    /// A no is safe.
    Refused(Tx),
    /// A decision is safe.
    Decided(Tx, bool),
    /// What a participant made of a decision is safe.
    Ended(Tx),
    /// That it will never vote for it is safe, and so who asked may be told.
    Foreclosed(Tx, NodeId),
}

/// A node: participant, coordinator, or both.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Node {
    pub(super) me: NodeId,
    pub(super) journal: Journal,
    pub(super) parked: Waiting<Parked>,
    pub(super) alarms: Alarms<Alarm>,
    pub(super) resource: Resource,
    /// As a participant: transactions that wait for locks, the disk or a decision.
    pub(super) local: BTreeMap<Tx, Local>,
    /// As a participant: a no that is not yet on its disk, with those who are to hear it, and why.
    pub(super) refusing: BTreeMap<Tx, (Vec<NodeId>, Refusal)>,
    /// As a participant: what was acted on without knowing.
    pub(super) guessed: BTreeMap<Tx, bool>,
    /// As a participant of the decentralised form: votes that came before the question.
    pub(super) early: BTreeMap<Tx, BTreeMap<NodeId, Vote>>,
    /// As a coordinator: transactions that are not over.
    pub(super) led: BTreeMap<Tx, Led>,
    /// As the one who decides: decisions that may yet be asked for.
    pub(super) decisions: BTreeMap<Tx, bool>,
    /// As the one who is asked: what clients wait for.
    pub(super) desk: Desk,
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Transaction;
    type Response = Found;
    type Monitor = Conditions;

    fn new(node: NodeId, _: u32, options: &Options) -> Node {
        Node {
            me: node,
            journal: Journal::recovered(0),
            parked: Waiting::default(),
            alarms: Alarms::default(),
            resource: Resource::new(&options.common),
            local: BTreeMap::new(),
            refusing: BTreeMap::new(),
            guessed: BTreeMap::new(),
            early: BTreeMap::new(),
            led: BTreeMap::new(),
            decisions: BTreeMap::new(),
            desk: Desk::default(),
        }
    }

    fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        let fresh = Node::new(self.me, ctx.nodes(), ctx.options());
        *self = Node { journal: Journal::recovered(records.len()), ..fresh };
        let mut told: BTreeMap<Tx, Vec<NodeId>> = BTreeMap::new();
        for record in records {
            self.read(record, &mut told);
        }
        let ended: Vec<(Tx, bool)> = self.resource.ended.iter().map(|(tx, commit)| (*tx, *commit)).collect();
        for (tx, commit) in ended {
            ctx.fact(Fact::Recalled { tx, commit });
        }
        for tx in self.local.keys() {
            ctx.fact(Fact::Voted { tx: *tx, yes: true });
        }
        self.lead_on(ctx, told);
        self.doubt_on(ctx);
    }

    fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        match message {
            Message::Begin { tx, transaction, found } => self.begin_for(ctx, from, tx, transaction, found),
            Message::Work(tx, work) => self.work(ctx, from, tx, *work),
            Message::Worked(tx, found) => self.worked(ctx, from, tx, found),
            Message::Prepare(tx, work, found) => self.prepare(ctx, tx, *work, found),
            Message::Vote(tx, vote) => self.voted(ctx, from, tx, vote),
            Message::Decision { tx, commit, found, why, .. } => self.decision(ctx, from, (tx, commit, why), found),
            Message::Acknowledge(tx) => self.acknowledged(ctx, from, tx),
            Message::Inquire(tx) => self.inquired(ctx, from, tx),
            Message::Wound(tx) => self.wounded(ctx, tx),
        }
    }

    fn timer(&mut self, ctx: Ctx<'_, '_>, _: Timer) {
        for alarm in self.alarms.due(ctx) {
            match alarm {
                Alarm::Votes(tx) => self.votes_are_late(ctx, tx),
                Alarm::Again(tx) => self.tell_again(ctx, tx),
                Alarm::Doubt(tx) => self.doubt(ctx, tx),
                Alarm::Locks(tx) => self.locks_are_late(ctx, tx),
                Alarm::Guess(tx) => self.guess(ctx, tx),
                Alarm::Retry(operation) => self.attempt(ctx, operation),
            }
        }
    }

    fn synced(&mut self, ctx: Ctx<'_, '_>, upto: u64) {
        self.journal.synced(upto);
        while let Some(parked) = self.parked.next(&self.journal) {
            self.release(ctx, parked);
        }
        if !self.parked.is_empty() {
            self.journal.force(ctx);
        }
    }

    fn request(&mut self, ctx: Ctx<'_, '_>, operation: OpId, transaction: Transaction) {
        if !self.desk.is_new(ctx, operation) {
            return;
        }
        let options = ctx.options();
        let coordinator = options.coordinator(self.me, operation);
        if coordinator == self.me {
            self.desk.open(operation, transaction);
            return self.attempt(ctx, operation);
        }
        // Presumed commit would take a participant that began by itself for committed, if its coordinator never hears of it.
        let may_begin = options.form == Form::Central && options.presumption != Presumption::Commit && !options.works_first();
        match transaction.by_keeper(options.common.keepers).contains_key(&self.me) && may_begin {
            true => self.begin(ctx, operation, transaction),
            false => ctx.redirect(operation, coordinator),
        }
    }

    fn reads_clocks(_: &Options) -> bool {
        true
    }
}

impl Keeps for Node {
    fn store(&self) -> &Store {
        &self.resource.store
    }

    fn undecided(&self) -> Vec<Undecided> {
        let part = |(tx, local): (&Tx, &Local)| Undecided {
            tx: *tx,
            stage: local.stage.name(),
            changes: local.parts.iter().any(|part| part.changes()),
        };
        self.local.iter().map(part).collect()
    }
}

impl Node {
    /// A name for a transaction that nothing had before.
    pub(super) fn name(&mut self, ctx: Ctx<'_, '_>, operation: OpId) -> Tx {
        self.desk.name(ctx, operation)
    }

    /// What a record says, in the order in which they were written.
    fn read(&mut self, record: &Record, told: &mut BTreeMap<Tx, Vec<NodeId>>) {
        match record {
            Record::Collecting(tx, whom) => _ = told.insert(*tx, whom.clone()),
            Record::Decision(tx, commit, whom) => {
                self.decisions.insert(*tx, *commit);
                told.insert(*tx, whom.clone());
            }
            Record::End(tx) => {
                self.decisions.remove(tx);
                told.remove(tx);
            }
            Record::Prepared(tx, work) => {
                self.resource.prepared(*tx);
                self.local.insert(*tx, Local::prepared((**work).clone()));
            }
            Record::Ended(tx, commit) => {
                let local = self.local.remove(tx);
                let parts = local.filter(|_| !self.guessed.contains_key(tx)).map(|local| local.parts);
                self.resource.end(*tx, &parts.unwrap_or_default(), *commit);
                self.resource.forget(*tx);
            }
            Record::Guessed(tx, commit) => {
                let local = self.local.remove(tx);
                self.guessed.insert(*tx, *commit);
                if let Some(local) = local.filter(|_| *commit) {
                    self.resource.store.apply(&local.parts);
                }
            }
        }
    }

    /// To another node, or to itself without a message.
    pub(super) fn deliver(&mut self, ctx: Ctx<'_, '_>, to: NodeId, message: Message) {
        match to == self.me {
            true => self.message(ctx, to, message),
            false => ctx.send(to, message),
        }
    }

    /// Goes on when everything appended so far is durable.
    pub(super) fn when_durable(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        if self.journal.is_durable() {
            return self.release(ctx, parked);
        }
        self.parked.push(&self.journal, parked);
        self.journal.force_for(ctx, ctx.options().common.group_commit);
    }

    fn release(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        match parked {
            Parked::Collecting(tx) => self.ask(ctx, tx),
            Parked::Prepared(tx) => self.prepared(ctx, tx),
            Parked::Refused(tx) => self.refused(ctx, tx),
            Parked::Decided(tx, commit) => self.decided(ctx, tx, commit),
            Parked::Ended(tx) => self.acknowledge(ctx, tx),
            Parked::Foreclosed(tx, to) => self.answer(ctx, to, tx, false),
        }
    }

    pub(super) fn set_alarm(&mut self, ctx: Ctx<'_, '_>, alarm: Alarm, after: Nanos) {
        self.alarms.set(ctx, alarm, after);
    }

    pub(super) fn cancel_alarm(&mut self, ctx: Ctx<'_, '_>, alarm: Alarm) {
        self.alarms.cancel(ctx, alarm);
    }

    /// Tells the client.
    pub(super) fn reply(&mut self, ctx: Ctx<'_, '_>, tx: Tx, found: &BTreeMap<NodeId, Vec<Value>>) {
        self.desk.reply(ctx, tx.operation, ctx.options().common.keepers, found);
    }

    /// Tells the client that nothing was done.
    pub(super) fn refuse_client(&mut self, ctx: Ctx<'_, '_>, operation: OpId) {
        self.desk.refuse(ctx, operation);
    }

    /// Says what was decided to who asked.
    pub(super) fn answer(&mut self, ctx: Ctx<'_, '_>, to: NodeId, tx: Tx, commit: bool) {
        let found = Vec::new();
        self.deliver(ctx, to, Message::Decision { tx, commit, again: true, found, why: None });
    }

    /// Whether this mistake is made.
    pub(super) fn makes(ctx: Ctx<'_, '_>, mistake: Mistake) -> bool {
        ctx.options().makes(mistake)
    }

    /// Who may know what became of a transaction of which this node has a part.
    pub(super) fn others(work: &Work, me: NodeId) -> impl Iterator<Item = NodeId> {
        work.participants.clone().into_iter().filter(move |node| *node != me)
    }
}
