//! A node: what it remembers, what it writes down, and how it comes back.

use super::super::alarms::{Alarms, Timer};
use super::super::desk::Desk;
use super::super::monitor::{Conditions, Fact};
use super::super::report::{Keeps, Undecided};
use super::super::resource::Resource;
use super::super::store::Store;
use super::super::transaction::{Found, Refusal, Transaction, Tx};
use super::coordinator::Led;
use super::message::{COURSE, Epoch, Message, Record, Vote};
use super::options::Options;
use super::participant::{Local, Stage};
use super::termination::Attempt;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context, NodeId, OpId};
use std::collections::BTreeMap;

/// What a handler works with.
pub(super) type Ctx<'a, 'b> = &'a mut Context<'b, Node>;

/// What is to happen in a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Alarm {
    /// A coordinator has waited long enough: for votes, for those who precommit, or to be told.
    Lead(Tx),
    /// A participant asks the others.
    Doubt(Tx),
    /// The leader of an attempt waits no longer for answers.
    Attempt(Tx),
    /// A participant waits no longer for locks.
    Locks(Tx),
    /// A coordinator tries an operation again.
    Retry(OpId),
}

/// What waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// A yes is safe.
    Prepared(Tx),
    /// A no is safe.
    Refused(Tx, Refusal),
    /// That it is aborted is safe, and so who asks for a vote may be told no.
    Aborted(Tx),
    /// That it is precommitted, or preaborted, is safe; who wanted it is told.
    Moved(Tx, Epoch, bool, NodeId),
    /// A decision is safe.
    Decided(Tx, bool),
    /// Its state is safe, and so who asked may be told.
    Answer(Tx, NodeId, Epoch),
}

/// A node: participant, coordinator, or both.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Node {
    pub(super) me: NodeId,
    pub(super) journal: Journal,
    parked: Waiting<Parked>,
    alarms: Alarms<Alarm>,
    pub(super) resource: Resource,
    /// As a participant: transactions that wait for locks, the disk or a decision.
    pub(super) local: BTreeMap<Tx, Local>,
    /// The newest attempt that it has seen. Not on its disk: a restarted node may obey an older one, and what it then says of itself is true.
    pub(super) newest: BTreeMap<Tx, Epoch>,
    /// Attempts that it leads.
    pub(super) attempts: BTreeMap<Tx, Attempt>,
    /// As a coordinator: transactions that are not over.
    pub(super) led: BTreeMap<Tx, Led>,
    /// What it has decided, or was told of what it began.
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
            newest: BTreeMap::new(),
            attempts: BTreeMap::new(),
            led: BTreeMap::new(),
            decisions: BTreeMap::new(),
            desk: Desk::default(),
        }
    }

    fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        let fresh = Node::new(self.me, ctx.nodes(), ctx.options());
        *self = Node { journal: Journal::recovered(records.len()), ..fresh };
        for record in records {
            self.read(record);
        }
        let known = self.resource.ended.iter().chain(&self.decisions);
        let known: Vec<(Tx, bool)> = known.map(|(tx, commit)| (*tx, *commit)).collect();
        for (tx, commit) in known {
            ctx.fact(Fact::Recalled { tx, commit });
        }
        for tx in self.local.keys() {
            ctx.fact(Fact::Voted { tx: *tx, yes: true });
        }
        self.doubt_on(ctx);
    }

    fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        match message {
            Message::Prepare(tx, work) => self.prepare(ctx, tx, *work),
            Message::Vote(tx, vote) => self.voted(ctx, from, tx, vote),
            Message::Precommit(tx) => self.moves(ctx, from, tx, COURSE, true),
            Message::Acknowledge(tx) => self.acknowledged(ctx, from, tx),
            Message::Decision { tx, commit, .. } => self.decision(ctx, from, tx, commit),
            Message::Ask(tx, epoch, participants) => self.asked(ctx, from, tx, epoch, &participants),
            Message::State { tx, epoch, newest, state, recovered } => {
                self.stated(ctx, from, tx, [epoch, newest], (state, recovered));
            }
            Message::Move(tx, epoch, commit) => self.moves(ctx, from, tx, epoch, commit),
            Message::Moved(tx, epoch, commit) => self.moved(ctx, from, tx, epoch, commit),
            Message::Inquire(tx, participants) => self.inquired(ctx, from, tx, participants),
            Message::Voting(tx) => self.is_not_alone(tx),
        }
    }

    fn timer(&mut self, ctx: Ctx<'_, '_>, _: Timer) {
        for alarm in self.alarms.due(ctx) {
            match alarm {
                Alarm::Lead(tx) => self.lead_on(ctx, tx),
                Alarm::Doubt(tx) => self.doubt(ctx, tx),
                Alarm::Attempt(tx) => self.attempt_is_late(ctx, tx),
                Alarm::Locks(tx) => self.locks_are_late(ctx, tx),
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
        let coordinator = ctx.options().coordinator(self.me, operation);
        if coordinator != self.me {
            return ctx.redirect(operation, coordinator);
        }
        self.desk.open(operation, transaction);
        self.attempt(ctx, operation);
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
            changes: local.work.parts.iter().any(|part| part.changes()),
        };
        self.local.iter().map(part).collect()
    }
}

impl Node {
    /// What a record says, in the order in which they were written.
    fn read(&mut self, record: &Record) {
        let mut becomes = |tx: &Tx, stage: Stage| {
            if let Some(local) = self.local.get_mut(tx) {
                local.stage = stage;
            }
        };
        match record {
            Record::Precommitted(tx) => becomes(tx, Stage::Precommitted),
            Record::Preaborted(tx) => becomes(tx, Stage::Preaborted),
            Record::Prepared(tx, work) => {
                self.resource.prepared(*tx);
                self.local.insert(*tx, Local::prepared((**work).clone()));
            }
            Record::Decision(tx, commit) => _ = self.decisions.insert(*tx, *commit),
            Record::Ended(tx, commit) => {
                let parts = self.local.remove(tx).map(|local| local.work.parts);
                self.resource.end(*tx, &parts.unwrap_or_default(), *commit);
                self.resource.forget(*tx);
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
            Parked::Prepared(tx) => self.prepared(ctx, tx),
            Parked::Refused(tx, why) => self.refused(ctx, tx, why),
            Parked::Aborted(tx) => self.deliver(ctx, tx.origin, Message::Vote(tx, Vote::No(Refusal::Conflict))),
            Parked::Moved(tx, epoch, commit, to) => self.moved_on(ctx, tx, epoch, commit, to),
            Parked::Decided(tx, commit) => self.decided(ctx, tx, commit),
            Parked::Answer(tx, to, epoch) => self.answer(ctx, to, tx, epoch),
        }
    }

    pub(super) fn set_alarm(&mut self, ctx: Ctx<'_, '_>, alarm: Alarm, after: Nanos) {
        self.alarms.set(ctx, alarm, after);
    }

    pub(super) fn cancel_alarm(&mut self, ctx: Ctx<'_, '_>, alarm: Alarm) {
        self.alarms.cancel(ctx, alarm);
    }
}
