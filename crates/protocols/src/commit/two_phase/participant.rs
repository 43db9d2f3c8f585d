//! The participant: takes locks, votes, and acts on what was decided.

use super::super::monitor::Fact;
use super::super::resource::Taken;
use super::super::store::Waits;
use super::super::transaction::{Part, Refusal, Tx, Value, Work, keeper};
use super::message::{Message, Record, Vote};
use super::node::{Alarm, Ctx, Node, Parked};
use super::options::{Form, Guess, Mistake, Options};
use quorate_engine::NodeId;
use std::collections::BTreeMap;

/// A transaction of which this node has a part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Local {
    /// Its own part.
    pub(super) parts: Vec<Part>,
    /// What it was asked: in the linear form, with the parts of all who come after.
    pub(super) work: Work,
    /// What its reads found.
    pub(super) found: Vec<Value>,
    /// What was found before it in the chain, or is known of the others' votes.
    pub(super) known: BTreeMap<NodeId, Vec<Value>>,
    pub(super) stage: Stage,
    /// Whether it was asked to vote.
    is_asked: bool,
    /// How often it has asked what was decided.
    pub(super) inquiries: u32,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// It waits for locks.
    Waiting,
    /// It has done its part, and was not yet asked to vote.
    Working,
    /// It has them, and writes down that it will vote yes.
    Preparing,
    /// It has voted yes, and cannot go back.
    Prepared,
}

impl Stage {
    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Waiting => "waits for locks",
            Stage::Working => "has done its part",
            Stage::Preparing => "prepares",
            Stage::Prepared => "has voted yes",
        }
    }
}

impl Local {
    fn new(parts: Vec<Part>, work: Work, known: BTreeMap<NodeId, Vec<Value>>) -> Local {
        Local { parts, work, found: Vec::new(), known, stage: Stage::Waiting, is_asked: false, inquiries: 0 }
    }

    /// Whether it has no part in the decision: whatever that is, nothing changes here.
    fn only_reads(&self, options: &Options) -> bool {
        options.read_only && self.parts.iter().all(|part| !part.changes())
    }

    /// As its record has it.
    pub(super) fn prepared(work: Work) -> Local {
        Local { stage: Stage::Prepared, ..Local::new(work.parts.clone(), work, BTreeMap::new()) }
    }
}

impl Node {
    /// It does its part before anybody votes; optimistic, it only looks.
    pub(super) fn work(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, work: Work) {
        if ctx.options().common.waits == Waits::Never {
            // An account that cannot pay is found out by the vote.
            let found = self.resource.store.evaluate(&work.parts).unwrap_or_default();
            return self.deliver(ctx, from, Message::Worked(tx, found));
        }
        if !self.resource.ended.contains_key(&tx) && !self.local.contains_key(&tx) {
            // Its vote is still its own: it does not wait for ever to be asked for it.
            self.set_alarm(ctx, Alarm::Doubt(tx), ctx.options().common.prepare_timeout);
            self.take(ctx, tx, work, BTreeMap::new(), false);
        }
    }

    /// It is asked whether it can commit its part.
    pub(super) fn prepare(&mut self, ctx: Ctx<'_, '_>, tx: Tx, work: Work, known: Vec<(NodeId, Vec<Value>)>) {
        let options = ctx.options();
        if let Some(commit) = self.resource.ended.get(&tx) {
            // It has said no, or knows more than who asks.
            match (*commit, options.form) {
                // It is about to say so.
                (false, _) if self.refusing.contains_key(&tx) => {}
                (false, _) => self.say_no(ctx, tx, &work.participants, Refusal::Conflict),
                (true, Form::Central) => self.answer(ctx, options.coordinator(tx.origin, tx.operation), tx, true),
                (true, _) => {}
            }
            return;
        }
        match self.local.get_mut(&tx).map(|local| (local.stage, &mut local.is_asked)) {
            Some((Stage::Prepared, _)) => self.vote_yes(ctx, tx),
            Some((Stage::Working, is_asked)) => {
                *is_asked = true;
                self.commits(ctx, tx);
            }
            Some(_) => {}
            // What it had done for it went with its locks.
            None if options.read_only => {
                self.local.insert(tx, Local::new(work.parts.clone(), work, BTreeMap::new()));
                self.refuse(ctx, tx, Refusal::Conflict);
            }
            None => self.take(ctx, tx, work, known.into_iter().collect(), true),
        }
    }

    /// It hears of a transaction, and asks for the locks of its part.
    fn take(&mut self, ctx: Ctx<'_, '_>, tx: Tx, work: Work, known: BTreeMap<NodeId, Vec<Value>>, is_asked: bool) {
        let options = ctx.options();
        let me = self.me;
        let parts: Vec<Part> = match options.form {
            Form::Linear => work.parts.iter().copied().filter(|part| keeper(part.key, options.common.keepers) == me).collect(),
            _ => work.parts.clone(),
        };
        self.local.insert(tx, Local { is_asked, ..Local::new(parts.clone(), work, known) });
        match self.resource.take(tx, &parts, options.common.waits) {
            Taken::Granted => self.locked(ctx, tx),
            Taken::Refused(why) => self.refuse(ctx, tx, why),
            Taken::Waits(younger) => {
                if options.common.waits == Waits::Timeout {
                    self.set_alarm(ctx, Alarm::Locks(tx), options.common.lock_timeout);
                }
                for other in younger {
                    let coordinator = options.coordinator(other.origin, other.operation);
                    self.deliver(ctx, coordinator, Message::Wound(other));
                }
            }
        }
    }

    /// It holds its locks.
    fn locked(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let options = ctx.options();
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Locked(tx));
        self.cancel_alarm(ctx, Alarm::Locks(tx));
        let Some(local) = self.local.get_mut(&tx) else { return };
        let found = match self.resource.found(&local.parts, &local.work.expects) {
            Ok(found) => found,
            Err(why) => return self.refuse(ctx, tx, why),
        };
        local.found = found;
        local.stage = Stage::Working;
        if local.is_asked {
            return self.commits(ctx, tx);
        }
        let (found, coordinator) = (local.found.clone(), options.coordinator(tx.origin, tx.operation));
        self.deliver(ctx, coordinator, Message::Worked(tx, found));
    }

    /// It has done its part and is asked to vote: it can commit, once that is on its disk.
    fn commits(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let options = ctx.options();
        let Some(local) = self.local.get_mut(&tx) else { return };
        local.stage = Stage::Preparing;
        if local.only_reads(options) {
            let found = local.found.clone();
            self.let_go(ctx, tx);
            return self.vote(ctx, tx, Vote::ReadOnly(found));
        }
        let work = Box::new(Work { parts: local.parts.clone(), ..local.work.clone() });
        let is_last = options.form == Form::Linear && local.work.participants.last() == Some(&self.me);
        self.journal.append(ctx, Record::Prepared(tx, work));
        if is_last {
            // Its vote is the last one: with it, it decides.
            self.journal.append(ctx, Record::Decision(tx, true, Vec::new()));
            return self.when_durable(ctx, Parked::Decided(tx, true));
        }
        match Node::makes(ctx, Mistake::VotesBeforeForce) {
            true => self.prepared(ctx, tx),
            false => self.when_durable(ctx, Parked::Prepared(tx)),
        }
    }

    /// Its yes is on its disk.
    pub(super) fn prepared(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get_mut(&tx).filter(|local| local.stage == Stage::Preparing) else { return };
        local.stage = Stage::Prepared;
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Voted { tx, yes: true });
        let options = ctx.options();
        self.set_alarm(ctx, Alarm::Doubt(tx), options.common.commit_timeout);
        if options.guess != Guess::Never {
            self.set_alarm(ctx, Alarm::Guess(tx), options.guess_after);
        }
        if options.makes(Mistake::ReleasesEarly) {
            self.go_on(ctx, tx);
        }
        self.vote_yes(ctx, tx);
    }

    /// Says, once more or for the first time, that it can commit.
    fn vote_yes(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let options = ctx.options();
        let Some(local) = self.local.get(&tx) else { return };
        let found = local.found.clone();
        match options.form {
            Form::Central => {
                let coordinator = options.coordinator(tx.origin, tx.operation);
                let begins = tx.origin == self.me && coordinator != self.me;
                let message = match self.desk.transaction(tx.operation).filter(|_| begins) {
                    Some(transaction) => Message::Begin { tx, transaction: transaction.clone(), found },
                    None => Message::Vote(tx, Vote::Yes(found)),
                };
                self.deliver(ctx, coordinator, message);
            }
            Form::Linear => {
                let Some(next) = local.work.participants.iter().copied().find(|node| *node > self.me) else { return };
                let mut known = local.known.clone();
                known.insert(self.me, found);
                let me = self.me;
                let rest = |part: &&Part| keeper(part.key, options.common.keepers) > me;
                let work = Work { parts: local.work.parts.iter().filter(rest).copied().collect(), ..local.work.clone() };
                self.deliver(ctx, next, Message::Prepare(tx, Box::new(work), known.into_iter().collect()));
            }
            Form::Decentralised => self.vote(ctx, tx, Vote::Yes(found)),
        }
    }

    /// Tells its vote to whom it concerns.
    fn vote(&mut self, ctx: Ctx<'_, '_>, tx: Tx, vote: Vote) {
        let options = ctx.options();
        let coordinator = options.coordinator(tx.origin, tx.operation);
        if options.form != Form::Decentralised {
            return self.deliver(ctx, coordinator, Message::Vote(tx, vote));
        }
        let mut whom: Vec<NodeId> = self.local.get(&tx).map_or_else(Vec::new, |local| local.work.participants.clone());
        if !whom.contains(&coordinator) {
            whom.push(coordinator);
        }
        for node in whom {
            self.deliver(ctx, node, Message::Vote(tx, vote.clone()));
        }
    }

    /// It cannot commit: it votes no, and that ends it here.
    pub(super) fn refuse(&mut self, ctx: Ctx<'_, '_>, tx: Tx, why: Refusal) {
        let Some(local) = self.local.get(&tx) else { return };
        let (whom, has_a_vote) = (local.work.participants.clone(), !local.only_reads(ctx.options()));
        self.resource.ended.insert(tx, false);
        if has_a_vote {
            ctx.fact(Fact::Voted { tx, yes: false });
            ctx.fact(Fact::Ended { tx, commit: false });
        }
        self.let_go(ctx, tx);
        // What is not presumed must be known after a restart too, before anybody relies on it.
        if has_a_vote && (ctx.options().acknowledges(false) || ctx.options().form != Form::Central) {
            self.journal.append(ctx, Record::Ended(tx, false));
            self.refusing.insert(tx, (whom, why));
            return self.when_durable(ctx, Parked::Refused(tx));
        }
        self.say_no(ctx, tx, &whom, why);
    }

    /// It has voted no, and says so.
    pub(super) fn refused(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if let Some((participants, why)) = self.refusing.remove(&tx) {
            self.say_no(ctx, tx, &participants, why);
        }
    }

    fn say_no(&mut self, ctx: Ctx<'_, '_>, tx: Tx, participants: &[NodeId], why: Refusal) {
        let coordinator = ctx.options().coordinator(tx.origin, tx.operation);
        match ctx.options().form {
            // Nobody else has heard of it.
            Form::Central if tx.origin == self.me && coordinator != self.me => self.refuse_client(ctx, tx.operation),
            Form::Central => self.deliver(ctx, coordinator, Message::Vote(tx, Vote::No(why))),
            Form::Linear => {
                let before = participants.iter().copied().rev().find(|node| *node < self.me);
                self.pass(ctx, before.unwrap_or(coordinator), (tx, false, Some(why)), Vec::new());
            }
            Form::Decentralised => {
                let me = self.me;
                let others = participants.iter().copied().filter(|node| *node != me && *node != coordinator);
                for node in others.chain([coordinator]) {
                    self.deliver(ctx, node, Message::Vote(tx, Vote::No(why)));
                }
            }
        }
    }

    /// Gives up what it holds for a transaction.
    fn let_go(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.local.remove(&tx).is_some() {
            self.resource.forget(tx);
        }
        for alarm in [Alarm::Doubt(tx), Alarm::Guess(tx), Alarm::Locks(tx)] {
            self.cancel_alarm(ctx, alarm);
        }
        self.go_on(ctx, tx);
    }

    /// Gives its locks back: whoever waited for them goes on.
    pub(super) fn go_on(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        for next in self.resource.release(tx) {
            self.locked(ctx, next);
        }
    }

    /// It is told what was decided.
    pub(super) fn decision(
        &mut self,
        ctx: Ctx<'_, '_>,
        from: NodeId,
        (tx, commit, why): (Tx, bool, Option<Refusal>),
        found: Vec<(NodeId, Vec<Value>)>,
    ) {
        let options = ctx.options();
        if options.form != Form::Central {
            return self.decision_passes(ctx, (tx, commit, why), found);
        }
        if options.coordinator(tx.origin, tx.operation) == self.me && from != self.me {
            return self.adopt(ctx, tx, commit);
        }
        self.end(ctx, tx, commit);
        if tx.origin == self.me && options.coordinator(tx.origin, tx.operation) == from && from != self.me {
            match commit {
                true => self.reply(ctx, tx, &found.into_iter().collect()),
                false => self.refuse_client(ctx, tx.operation),
            }
        }
        if options.acknowledges(commit) && from == options.coordinator(tx.origin, tx.operation) {
            self.when_durable(ctx, Parked::Ended(tx));
        }
    }

    /// Acts on a decision, once.
    pub(super) fn end(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        if self.resource.ended.contains_key(&tx) {
            return;
        }
        let local = self.local.get(&tx);
        if let Some(guessed) = self.guessed.get(&tx) {
            if *guessed != commit {
                ctx.fact(Fact::Damaged(tx));
            }
        } else if let Some(local) = local {
            if commit {
                self.resource.store.apply(&local.parts);
            }
            ctx.rejoin(tx.operation);
            if !local.only_reads(ctx.options()) {
                ctx.fact(Fact::Ended { tx, commit });
            }
        } else if commit {
            // It does not know what it is to do: whoever told it is wrong, or it has forgotten its vote.
            return;
        }
        let is_known = local.is_some_and(|local| !local.only_reads(ctx.options()));
        self.resource.ended.insert(tx, commit);
        if is_known || ctx.options().acknowledges(commit) {
            self.journal.append(ctx, Record::Ended(tx, commit));
        }
        self.early.remove(&tx);
        self.let_go(ctx, tx);
    }

    /// What it made of the decision is on its disk.
    pub(super) fn acknowledge(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let coordinator = ctx.options().coordinator(tx.origin, tx.operation);
        self.deliver(ctx, coordinator, Message::Acknowledge(tx));
    }
}
