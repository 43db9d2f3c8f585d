//! The participant: takes locks, votes, precommits, and acts on what was decided.

use super::super::monitor::Fact;
use super::super::resource::{Resource, Taken};
use super::super::store::Waits;
use super::super::transaction::{Refusal, Tx, Value, Work};
use super::coordinator::Led;
use super::message::{COURSE, Epoch, Message, Record, State, Vote};
use super::node::{Alarm, Ctx, Node, Parked};
use super::options::Mistake;
use quorate_engine::NodeId;

/// A transaction of which this node has a part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Local {
    /// What it was asked.
    pub(super) work: Work,
    /// What its reads found.
    found: Vec<Value>,
    pub(super) stage: Stage,
    /// Whether it has crashed since it voted.
    pub(super) recovered: bool,
    /// How often it has asked others.
    pub(super) tries: u32,
    /// Whether it has asked the coordinator, and not heard that this is there.
    pub(super) inquired: bool,
}

/// How far it is. What is being written down counts when it is on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// It waits for locks.
    Waiting,
    /// It has them, and writes down that it will vote yes.
    Preparing,
    /// It has voted yes, and cannot go back.
    Ready,
    /// It writes down that all have voted yes.
    Precommitting,
    /// It knows that all have voted yes.
    Precommitted,
    /// It writes down that it will not precommit.
    Preaborting,
    /// It will not precommit.
    Preaborted,
}

impl Stage {
    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Waiting => "waits for locks",
            Stage::Preparing => "prepares",
            Stage::Ready => "has voted yes",
            Stage::Precommitting => "precommits",
            Stage::Precommitted => "precommitted",
            Stage::Preaborting => "preaborts",
            Stage::Preaborted => "preaborted",
        }
    }

    /// What others are told, once everything is on the disk.
    pub(super) fn state(self) -> State {
        match self {
            Stage::Waiting | Stage::Preparing | Stage::Ready => State::Ready,
            Stage::Precommitting | Stage::Precommitted => State::Precommitted,
            Stage::Preaborting | Stage::Preaborted => State::Preaborted,
        }
    }
}

impl Local {
    fn new(work: Work) -> Local {
        Local { work, found: Vec::new(), stage: Stage::Waiting, recovered: false, tries: 0, inquired: false }
    }

    /// As its record has it.
    pub(super) fn prepared(work: Work) -> Local {
        Local { stage: Stage::Ready, recovered: true, ..Local::new(work) }
    }

    /// Takes its locks again after a restart, and looks what it finds.
    pub(super) fn reclaim(&mut self, resource: &mut Resource, tx: Tx) {
        self.found = resource.reclaim(tx, &self.work.parts);
    }
}

impl Node {
    /// It is asked whether it can commit its part.
    pub(super) fn prepare(&mut self, ctx: Ctx<'_, '_>, tx: Tx, work: Work) {
        match self.outcome(tx) {
            Some(true) => return self.tell(ctx, tx.origin, tx, true),
            Some(false) => return self.when_durable(ctx, Parked::Aborted(tx)),
            None => {}
        }
        match self.local.get(&tx).map(|local| local.stage) {
            Some(Stage::Waiting | Stage::Preparing) => {}
            Some(_) => self.vote_yes(ctx, tx),
            None => {
                let waits = ctx.options().common.waits;
                let taken = self.resource.take(tx, &work.parts, waits);
                self.local.insert(tx, Local::new(work));
                match taken {
                    Taken::Granted => self.locked(ctx, tx),
                    Taken::Refused(why) => self.refuse(ctx, tx, why),
                    Taken::Waits(_) if waits == Waits::Timeout => {
                        self.set_alarm(ctx, Alarm::Locks(tx), ctx.options().common.lock_timeout);
                    }
                    Taken::Waits(_) => {}
                }
            }
        }
    }

    /// It has waited long enough for locks.
    pub(super) fn locks_are_late(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.resource.store.give_up(tx) {
            self.refuse(ctx, tx, Refusal::Conflict);
        }
    }

    /// It holds its locks: it can commit, once that is on its disk.
    fn locked(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Locked(tx));
        self.cancel_alarm(ctx, Alarm::Locks(tx));
        let Some(local) = self.local.get_mut(&tx) else { return };
        match self.resource.found(&local.work.parts, &local.work.expects) {
            Err(why) => self.refuse(ctx, tx, why),
            Ok(found) => {
                local.found = found;
                local.stage = Stage::Preparing;
                self.journal.append(ctx, Record::Prepared(tx, Box::new(local.work.clone())));
                self.when_durable(ctx, Parked::Prepared(tx));
            }
        }
    }

    /// Its yes is on its disk.
    pub(super) fn prepared(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get_mut(&tx).filter(|local| local.stage == Stage::Preparing) else { return };
        local.stage = Stage::Ready;
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Voted { tx, yes: true });
        self.wait(ctx, tx);
        self.vote_yes(ctx, tx);
    }

    /// Says, once more or for the first time, that it can commit.
    fn vote_yes(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if let Some(local) = self.local.get(&tx) {
            let found = local.found.clone();
            self.deliver(ctx, tx.origin, Message::Vote(tx, Vote::Yes(found)));
        }
    }

    /// It cannot commit, or will not any more: it votes no, and that ends it here.
    pub(super) fn refuse(&mut self, ctx: Ctx<'_, '_>, tx: Tx, why: Refusal) {
        self.resource.ended.insert(tx, false);
        self.journal.append(ctx, Record::Ended(tx, false));
        self.let_go(ctx, tx);
        // It must be known after a restart too, before anybody relies on it.
        self.when_durable(ctx, Parked::Refused(tx, why));
    }

    /// Its no is on its disk: until then it might have forgotten it, and voted yes.
    pub(super) fn refused(&mut self, ctx: Ctx<'_, '_>, tx: Tx, why: Refusal) {
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Voted { tx, yes: false });
        ctx.fact(Fact::Ended { tx, commit: false });
        self.deliver(ctx, tx.origin, Message::Vote(tx, Vote::No(why)));
    }

    /// It is to precommit, or to preabort, as the coordinator or an attempt will have it.
    pub(super) fn moves(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, epoch: Epoch, commit: bool) {
        if let Some(commit) = self.outcome(tx) {
            return self.tell(ctx, from, tx, commit);
        }
        if !self.obey(ctx, tx, epoch) {
            return;
        }
        let Some(local) = self.local.get_mut(&tx) else { return };
        let (doing, record) = match commit {
            true => (Stage::Precommitting, Record::Precommitted(tx)),
            false => (Stage::Preaborting, Record::Preaborted(tx)),
        };
        match local.stage {
            Stage::Ready => {
                local.stage = doing;
                self.journal.append(ctx, record);
            }
            // Nobody who is precommitted becomes preaborted, nor the reverse.
            stage if stage.state() == doing.state() => {}
            _ => return,
        }
        let parked = Parked::Moved(tx, epoch, commit, from);
        match ctx.options().makes(Mistake::PrecommitsBeforeForce) {
            true => self.moved_on(ctx, tx, epoch, commit, from),
            false => self.when_durable(ctx, parked),
        }
    }

    /// What it has become is on its disk.
    pub(super) fn moved_on(&mut self, ctx: Ctx<'_, '_>, tx: Tx, epoch: Epoch, commit: bool, to: NodeId) {
        let Some(local) = self.local.get_mut(&tx) else { return };
        match local.stage {
            Stage::Precommitting => {
                local.stage = Stage::Precommitted;
                ctx.rejoin(tx.operation);
                ctx.fact(Fact::Precommitted(tx));
                self.wait(ctx, tx);
            }
            Stage::Preaborting => {
                local.stage = Stage::Preaborted;
                self.wait(ctx, tx);
            }
            _ => {}
        }
        let message = if epoch == COURSE { Message::Acknowledge(tx) } else { Message::Moved(tx, epoch, commit) };
        self.deliver(ctx, to, message);
    }

    /// It is told what was decided.
    pub(super) fn decision(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, commit: bool) {
        self.end(ctx, tx, commit);
        // What it is about to decide itself as the coordinator, it tells itself.
        let led = self.led.get(&tx).filter(|_| from != self.me && !self.is_deciding(tx)).map(Led::told);
        let attempt = self.attempts.remove(&tx).map(|attempt| attempt.members(tx));
        let is_settled = led.is_some();
        // Who leads, or led, tells those who may have heard as little as it had.
        for node in attempt.or(led).unwrap_or_default().into_iter().filter(|node| *node != self.me && *node != from) {
            ctx.send(node, Message::Decision { tx, commit, again: true });
        }
        if tx.origin == self.me && from != self.me {
            self.decisions.entry(tx).or_insert(commit);
        }
        if is_settled {
            self.settle(ctx, tx, commit);
        }
    }

    /// Acts on a decision, once.
    pub(super) fn end(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        if self.resource.ended.contains_key(&tx) {
            return;
        }
        let Some(local) = self.local.get(&tx) else {
            // It has not heard of the transaction yet, and does not take part when it does. Without its vote nothing is committed.
            if !commit && ctx.options().common.keeps(self.me) {
                self.resource.ended.insert(tx, false);
                self.journal.append(ctx, Record::Ended(tx, false));
            }
            return;
        };
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Ended { tx, commit });
        self.resource.end(tx, &local.work.parts, commit);
        self.journal.append(ctx, Record::Ended(tx, commit));
        self.let_go(ctx, tx);
    }

    /// Gives up what it holds for a transaction: whoever waited for its locks goes on.
    fn let_go(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.local.remove(&tx).is_some() {
            self.resource.forget(tx);
        }
        self.newest.remove(&tx);
        for alarm in [Alarm::Doubt(tx), Alarm::Locks(tx)] {
            self.cancel_alarm(ctx, alarm);
        }
        for next in self.resource.release(tx) {
            self.locked(ctx, next);
        }
    }
}
