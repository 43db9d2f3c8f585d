//! A node: its roles, its disk, and the way in for messages, alarms and clients. What it does as a participant, an acceptor and a leader
//! stands in [`super::participant`], [`super::acceptor`] and [`super::leader`].

use super::super::alarms::{Alarms, Timer};
use super::super::desk::Desk;
use super::super::monitor::{Conditions, Fact};
use super::super::report::{Keeps, Undecided};
use super::super::resource::Resource;
use super::super::store::Store;
use super::super::transaction::{Found, Refusal, Transaction, Tx};
use super::acceptor::Seat;
use super::leader::Led;
use super::message::{Message, Proposals, Record};
use super::options::Options;
use super::participant::Local;
use crate::consensus::paxos::ballot::Ballot;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context, NodeId, OpId};
use std::collections::BTreeMap;

/// What a handler works with.
pub(super) type Ctx<'a, 'b> = &'a mut Context<'b, Node>;

/// What is to happen in a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Alarm {
    /// A leader waits no longer for votes, or for acceptors: it begins a later ballot.
    Ballot(Tx),
    /// A participant asks what was decided.
    Doubt(Tx),
    /// A participant waits no longer for locks.
    Locks(Tx),
    /// An operation is tried again.
    Retry(OpId),
}

/// What waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// That a participant is prepared is safe.
    Prepared(Tx),
    /// That it never will be is safe.
    Refused(Tx, Refusal),
    /// What an acceptor accepted in the first ballot is safe.
    Accepted(Tx),
    /// Its promise is safe, to be told with what it had accepted.
    Promised(NodeId, Tx, Ballot, Proposals),
    /// What it accepted in a later ballot is safe.
    AcceptedIn(NodeId, Tx, Ballot),
}

/// A node: participant, acceptor and leader, as far as it is one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Node {
    pub(super) me: NodeId,
    pub(super) journal: Journal,
    pub(super) parked: Waiting<Parked>,
    pub(super) alarms: Alarms<Alarm>,
    /// As the one who is asked: what clients wait for.
    pub(super) desk: Desk,
    /// As a participant: its keys, and what became of transactions.
    pub(super) resource: Resource,
    /// As a participant: transactions that wait for locks, the disk or a decision.
    pub(super) local: BTreeMap<Tx, Local>,
    /// As an acceptor: what it promised and accepted.
    pub(super) seats: BTreeMap<Tx, Seat>,
    /// As a leader: transactions whose outcome it is finding.
    pub(super) led: BTreeMap<Tx, Led>,
    /// As a leader: what it knows to be decided. A restart forgets it, and the acceptors do not.
    pub(super) outcomes: BTreeMap<Tx, bool>,
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
            desk: Desk::default(),
            resource: Resource::new(&options.common),
            local: BTreeMap::new(),
            seats: BTreeMap::new(),
            led: BTreeMap::new(),
            outcomes: BTreeMap::new(),
        }
    }

    fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        let fresh = Node::new(self.me, ctx.nodes(), ctx.options());
        *self = Node { journal: Journal::recovered(records.len()), ..fresh };
        for record in records {
            match record {
                Record::Prepared(tx, work) => {
                    self.resource.prepared(*tx);
                    self.local.insert(*tx, Local::prepared((**work).clone()));
                }
                Record::Ended(tx, commit) => {
                    let parts = self.local.remove(tx).map(|local| local.work.parts);
                    self.resource.end(*tx, &parts.unwrap_or_default(), *commit);
                    self.resource.forget(*tx);
                }
                Record::Acceptor { tx, participants, promised, accepted } => {
                    self.seats.insert(*tx, Seat::recovered(participants, *promised, accepted));
                }
            }
        }
        for (tx, commit) in &self.resource.ended {
            ctx.fact(Fact::Recalled { tx: *tx, commit: *commit });
        }
        self.doubt_on(ctx);
    }

    fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        match message {
            Message::Begin { tx, transaction, found } => self.lead(ctx, from, tx, &transaction, found),
            Message::Prepare(tx, work) => self.prepare(ctx, tx, *work),
            Message::Vote { tx, participants, found } => self.vote(ctx, from, tx, &participants, found),
            Message::Refuse(tx, why) => self.refused_by(ctx, from, tx, why),
            Message::Accepted(tx, found) => match ctx.options().faster {
                true => self.overhear(ctx, from, tx, found),
                false => self.accepted(ctx, from, tx),
            },
            Message::Decision { tx, commit, found, why, .. } => self.decision(ctx, tx, commit, why, found),
            Message::Inquire(tx, participants) => self.inquired(ctx, from, tx, participants),
            Message::Phase1a(tx, ballot, participants) => self.phase_1a(ctx, from, tx, ballot, &participants),
            Message::Phase1b(tx, ballot, accepted) => self.phase_1b(ctx, from, tx, ballot, accepted),
            Message::Phase2a(tx, ballot, votes) => self.phase_2a(ctx, from, tx, ballot, &votes),
            Message::Phase2b(tx, ballot) => self.phase_2b(ctx, from, tx, ballot),
            Message::Preempted(tx, ballot) => self.preempted(tx, ballot),
        }
    }

    fn timer(&mut self, ctx: Ctx<'_, '_>, _: Timer) {
        for alarm in self.alarms.due(ctx) {
            match alarm {
                Alarm::Ballot(tx) => self.ballot_is_late(ctx, tx),
                Alarm::Doubt(tx) => self.doubt(ctx, tx),
                Alarm::Locks(tx) => self.locks_are_late(ctx, tx),
                Alarm::Retry(operation) => self.begin(ctx, operation),
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
        let parts = transaction.by_keeper(ctx.options().common.keepers);
        match parts.keys().next() {
            Some(first) if !parts.contains_key(&self.me) => ctx.redirect(operation, *first),
            _ => {
                self.desk.open(operation, transaction);
                self.begin(ctx, operation);
            }
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
            changes: local.work.parts.iter().any(|part| part.changes()),
        };
        self.local.iter().map(part).collect()
    }
}

impl Node {
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

    /// Goes on at once.
    pub(super) fn release(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        match parked {
            Parked::Prepared(tx) => self.prepared(ctx, tx),
            Parked::Refused(tx, why) => self.refused(ctx, tx, why),
            Parked::Accepted(tx) => self.tell_accepted(ctx, tx),
            Parked::Promised(to, tx, ballot, accepted) => self.deliver(ctx, to, Message::Phase1b(tx, ballot, accepted)),
            Parked::AcceptedIn(to, tx, ballot) => self.deliver(ctx, to, Message::Phase2b(tx, ballot)),
        }
    }

    pub(super) fn set_alarm(&mut self, ctx: Ctx<'_, '_>, alarm: Alarm, after: Nanos) {
        self.alarms.set(ctx, alarm, after);
    }

    pub(super) fn cancel_alarm(&mut self, ctx: Ctx<'_, '_>, alarm: Alarm) {
        self.alarms.cancel(ctx, alarm);
    }
}
