//! The participant (resource manager): takes locks, votes to the acceptors, and acts on what was decided.

use super::super::monitor::Fact;
use super::super::resource::Taken;
use super::super::store::Waits;
use super::super::transaction::{Refusal, Tx, Value, Work};
use super::message::{Message, Reads, Record};
use super::node::{Alarm, Ctx, Node, Parked};
use quorate_engine::{NodeId, NodeSet, OpId};
use std::collections::BTreeSet;

/// A transaction of which this node has a part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Local {
    /// Its part, with those who have one.
    pub(super) work: Work,
    /// What its reads found.
    found: Vec<Value>,
    pub(super) stage: Stage,
    /// Acceptors of whom it has heard that all are prepared.
    accepted_by: BTreeSet<NodeId>,
    /// How often it has asked what was decided.
    inquiries: u32,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// It waits for locks.
    Waiting,
    /// It has them, and writes down that it is prepared.
    Preparing,
    /// It is prepared, and cannot go back.
    Prepared,
}

impl Stage {
    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Waiting => "waits for locks",
            Stage::Preparing => "prepares",
            Stage::Prepared => "is prepared",
        }
    }
}

impl Local {
    fn new(work: Work) -> Local {
        Local { work, found: Vec::new(), stage: Stage::Waiting, accepted_by: BTreeSet::new(), inquiries: 0 }
    }

    /// As its record has it.
    pub(super) fn prepared(work: Work) -> Local {
        Local { stage: Stage::Prepared, ..Local::new(work) }
    }
}

impl Node {
    /// A client's operation becomes a transaction, once more or for the first time: this node does its own part before the others hear of it
    /// (Gray and Lamport 2006, §4.2).
    pub(super) fn begin(&mut self, ctx: Ctx<'_, '_>, operation: OpId) {
        let Some(transaction) = self.desk.transaction(operation) else { return };
        let parts = transaction.by_keeper(ctx.options().common.keepers);
        let participants: Vec<NodeId> = parts.keys().copied().collect();
        let tx = self.desk.name(ctx, operation);
        ctx.rejoin(operation);
        let voters = NodeSet::from_ranges(participants.iter().map(|node| (node.0, node.0 + 1)));
        ctx.fact(Fact::Began { tx, participants: voters });
        let work = Work { parts: parts.get(&self.me).cloned().unwrap_or_default(), expects: Vec::new(), participants };
        self.prepare(ctx, tx, work);
    }

    /// It is asked whether it can commit its part, or asks itself: it needs its locks for that.
    pub(super) fn prepare(&mut self, ctx: Ctx<'_, '_>, tx: Tx, work: Work) {
        if self.local.contains_key(&tx) || self.resource.ended.contains_key(&tx) {
            // Whoever has lost its vote finds it with the acceptors, or that it is aborted.
            return;
        }
        let parts = work.parts.clone();
        self.local.insert(tx, Local::new(work));
        let common = &ctx.options().common;
        match self.resource.take(tx, &parts, common.waits) {
            Taken::Granted => self.locked(ctx, tx),
            Taken::Refused(why) => self.refuse(ctx, tx, why),
            Taken::Waits(_) if common.waits == Waits::Timeout => self.set_alarm(ctx, Alarm::Locks(tx), common.lock_timeout),
            Taken::Waits(_) => {}
        }
    }

    /// It holds its locks: it can commit, once that is on its disk.
    fn locked(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Locked(tx));
        self.cancel_alarm(ctx, Alarm::Locks(tx));
        let Some(local) = self.local.get_mut(&tx) else { return };
        match self.resource.found(&local.work.parts, &[]) {
            Ok(found) => local.found = found,
            Err(why) => return self.refuse(ctx, tx, why),
        }
        local.stage = Stage::Preparing;
        let work = Box::new(local.work.clone());
        self.journal.append(ctx, Record::Prepared(tx, work));
        self.when_durable(ctx, Parked::Prepared(tx));
    }

    /// That it is prepared is on its disk: it votes. Its message to the leader begins the commitment of all, if it was asked first.
    pub(super) fn prepared(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get_mut(&tx).filter(|local| local.stage == Stage::Preparing) else { return };
        local.stage = Stage::Prepared;
        let (participants, found) = (local.work.participants.clone(), local.found.clone());
        let options = ctx.options();
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Voted { tx, yes: true });
        self.set_alarm(ctx, Alarm::Doubt(tx), options.common.commit_timeout);
        let leader = options.leader(tx, 0);
        let transaction = self.desk.transaction(tx.operation).filter(|_| tx.origin == self.me).cloned();
        for acceptor in options.active(tx) {
            let message = match &transaction {
                Some(transaction) if acceptor == leader => {
                    Message::Begin { tx, transaction: transaction.clone(), found: found.clone() }
                }
                _ => Message::Vote { tx, participants: participants.clone(), found: found.clone() },
            };
            self.deliver(ctx, acceptor, message);
        }
    }

    /// It cannot commit, and never will: that is on its disk before anybody hears it.
    fn refuse(&mut self, ctx: Ctx<'_, '_>, tx: Tx, why: Refusal) {
        self.close(ctx, tx, false);
        if tx.origin != self.me {
            return self.when_durable(ctx, Parked::Refused(tx, why));
        }
        // Nobody else has heard of it.
        Node::state_refusal(ctx, tx);
        self.put_off(ctx, tx.operation, Some(why));
    }

    fn state_refusal(ctx: Ctx<'_, '_>, tx: Tx) {
        ctx.fact(Fact::Voted { tx, yes: false });
        ctx.fact(Fact::Ended { tx, commit: false });
    }

    /// That it will not commit is on its disk.
    pub(super) fn refused(&mut self, ctx: Ctx<'_, '_>, tx: Tx, why: Refusal) {
        let leader = ctx.options().leader(tx, 0);
        ctx.rejoin(tx.operation);
        Node::state_refusal(ctx, tx);
        self.deliver(ctx, leader, Message::Refuse(tx, why));
    }

    /// It has waited long enough for locks.
    pub(super) fn locks_are_late(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.resource.store.give_up(tx) {
            self.refuse(ctx, tx, Refusal::Conflict);
        }
    }

    /// An acceptor tells it, and not the leader, that all are prepared (Faster Paxos Commit): who hears that of enough of them knows.
    pub(super) fn overhear(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, found: Reads) {
        let Some(local) = self.local.get_mut(&tx) else { return };
        local.accepted_by.insert(from);
        if local.accepted_by.len() >= ctx.options().quorum() {
            ctx.fact(Fact::Decided { tx, commit: true });
            self.decision(ctx, tx, true, None, found);
        }
    }

    /// It is told what was decided: it acts on that, once, and tells the client, if it was asked.
    pub(super) fn decision(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool, why: Option<Refusal>, found: Reads) {
        if self.led.remove(&tx).is_some() {
            self.cancel_alarm(ctx, Alarm::Ballot(tx));
        }
        if ctx.options().seat(self.me).is_some() {
            self.outcomes.insert(tx, commit);
        }
        let waits = self.local.contains_key(&tx);
        // It has acted on it already.
        if !waits && (commit || self.resource.ended.contains_key(&tx)) {
            return;
        }
        self.end(ctx, tx, commit);
        if waits && tx.origin == self.me {
            match commit {
                true => {
                    let keepers = ctx.options().common.keepers;
                    self.desk.reply(ctx, tx.operation, keepers, &found.into_iter().collect());
                }
                false => self.put_off(ctx, tx.operation, why),
            }
        }
    }

    fn put_off(&mut self, ctx: Ctx<'_, '_>, operation: OpId, why: Option<Refusal>) {
        if let Some(wait) = self.desk.put_off(ctx, &ctx.options().common, operation, why) {
            self.set_alarm(ctx, Alarm::Retry(operation), wait);
        }
    }

    /// Acts on a decision.
    fn end(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        if self.local.contains_key(&tx) {
            ctx.rejoin(tx.operation);
            ctx.fact(Fact::Ended { tx, commit });
        }
        self.close(ctx, tx, commit);
    }

    /// Carries its part out, or gives it up, and gives its locks back: whoever waited for them goes on.
    fn close(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        let parts = self.local.remove(&tx).map(|local| local.work.parts);
        self.resource.end(tx, &parts.unwrap_or_default(), commit);
        self.resource.forget(tx);
        self.journal.append(ctx, Record::Ended(tx, commit));
        for alarm in [Alarm::Doubt(tx), Alarm::Locks(tx)] {
            self.cancel_alarm(ctx, alarm);
        }
        for next in self.resource.release(tx) {
            self.locked(ctx, next);
        }
    }

    /// It has voted and heard nothing for too long: it asks the leader, and then one acceptor after the other; each further round of them takes
    /// longer.
    pub(super) fn doubt(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get_mut(&tx) else { return };
        let options = ctx.options();
        let whom = options.leader(tx, local.inquiries);
        local.inquiries += 1;
        let (rounds, participants) = (local.inquiries / options.seats(), local.work.participants.clone());
        self.set_alarm(ctx, Alarm::Doubt(tx), options.common.doubled(options.common.commit_timeout, rounds));
        self.deliver(ctx, whom, Message::Inquire(tx, participants));
    }

    /// After a restart: what had been prepared holds its locks again, and asks.
    pub(super) fn doubt_on(&mut self, ctx: Ctx<'_, '_>) {
        for (tx, local) in &mut self.local {
            local.found = self.resource.reclaim(*tx, &local.work.parts);
            ctx.fact(Fact::Voted { tx: *tx, yes: true });
        }
        let local: Vec<Tx> = self.local.keys().copied().collect();
        for tx in local {
            self.doubt(ctx, tx);
        }
    }
}
