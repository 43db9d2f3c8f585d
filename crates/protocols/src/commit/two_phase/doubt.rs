//! What a participant does that hears nothing: it asks, answers others who do, guesses if it may, and asks again after a restart.

use super::super::monitor::Fact;
use super::super::transaction::{Refusal, Tx};
use super::message::{Message, Record, Vote};
use super::node::{Alarm, Ctx, Node, Parked};
use super::options::{Form, Guess, Mistake, Presumption};
use super::participant::Stage;
use quorate_engine::NodeId;

impl Node {
    /// It has voted yes and heard nothing for too long: it asks, and asks again less and less often.
    pub(super) fn doubt(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let options = ctx.options();
        let Some(local) = self.local.get_mut(&tx) else { return };
        match local.stage {
            Stage::Prepared if options.makes(Mistake::AbortsAlone) => return self.end(ctx, tx, false),
            // Nobody has its vote: it need not wait for anybody.
            Stage::Waiting | Stage::Working => return self.refuse(ctx, tx, Refusal::Conflict),
            Stage::Preparing | Stage::Prepared => {}
        }
        match options.form {
            Form::Central => {}
            Form::Decentralised => self.tally(ctx, tx),
            // A crash kept its yes and not the decision that was written with it.
            Form::Linear if local.work.participants.last() == Some(&self.me) => {
                local.stage = Stage::Preparing;
                self.journal.append(ctx, Record::Decision(tx, true, Vec::new()));
                return self.when_durable(ctx, Parked::Decided(tx, true));
            }
            Form::Linear => {}
        }
        let Some(local) = self.local.get_mut(&tx) else { return };
        local.inquiries += 1;
        let (times, work) = (local.inquiries, local.work.clone());
        self.set_alarm(ctx, Alarm::Doubt(tx), options.common.doubled(options.common.commit_timeout, times));
        for node in Node::others(&work, self.me) {
            ctx.send(node, Message::Inquire(tx));
        }
        let coordinator = options.coordinator(tx.origin, tx.operation);
        // Without a centre, who only asked has no vote, and knows of no decision.
        if options.form != Form::Central || coordinator != self.me && work.participants.contains(&coordinator) {
            return;
        }
        match coordinator == self.me {
            true => self.inquired(ctx, self.me, tx),
            false => ctx.send(coordinator, Message::Inquire(tx)),
        }
    }

    /// Somebody asks what became of a transaction.
    pub(super) fn inquired(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx) {
        let options = ctx.options();
        if let Some(commit) = self.decisions.get(&tx).or_else(|| self.resource.ended.get(&tx)).copied() {
            return self.answer(ctx, from, tx, commit);
        }
        // Without a centre, who began it has no say but its vote.
        if options.form == Form::Central && self.led.contains_key(&tx) {
            return;
        }
        let coordinates = options.form == Form::Central && options.coordinator(tx.origin, tx.operation) == self.me;
        match self.local.get(&tx).map(|local| local.stage) {
            // It may still say no, and does: so both know.
            Some(Stage::Waiting | Stage::Working) => {
                self.refuse(ctx, tx, Refusal::Conflict);
                self.foreclose(ctx, from, tx);
            }
            Some(_) if options.form == Form::Decentralised && from != self.me => {
                if let Some(local) = self.local.get(&tx).filter(|local| local.stage == Stage::Prepared) {
                    let found = local.found.clone();
                    ctx.send(from, Message::Vote(tx, Vote::Yes(found)));
                }
            }
            Some(_) if !coordinates => {}
            _ if coordinates && tx.origin == self.me => {
                let commit = options.presumption == Presumption::Commit;
                self.answer(ctx, from, tx, commit);
            }
            // It has not voted, or has not heard that the transaction began: it makes sure that it never will.
            _ => {
                if coordinates {
                    self.decisions.insert(tx, false);
                    self.journal.append(ctx, Record::Decision(tx, false, Vec::new()));
                    self.when_durable(ctx, Parked::Foreclosed(tx, from));
                } else {
                    self.foreclose(ctx, from, tx);
                }
            }
        }
    }

    /// Will never vote yes, on its disk; then who asked is told.
    fn foreclose(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx) {
        self.resource.ended.insert(tx, false);
        self.journal.append(ctx, Record::Ended(tx, false));
        self.when_durable(ctx, Parked::Foreclosed(tx, from));
    }

    /// It has waited long enough for locks.
    pub(super) fn locks_are_late(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.resource.store.give_up(tx) {
            self.refuse(ctx, tx, Refusal::Conflict);
        }
    }

    /// It has waited long enough for a decision, and acts without one (heuristic decision: Mohan, Lindsay and Obermarck 1986, §2.3).
    pub(super) fn guess(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let commit = ctx.options().guess == Guess::Commit;
        let Some(local) = self.local.get(&tx) else { return };
        if commit {
            self.resource.store.apply(&local.parts);
        }
        ctx.fact(Fact::Guessed { tx, commit });
        self.guessed.insert(tx, commit);
        self.journal.append(ctx, Record::Guessed(tx, commit));
        self.journal.force(ctx);
        // It still wants to know: somebody must see to the damage. Its locks are free.
        self.go_on(ctx, tx);
    }

    /// After a restart: what had been prepared holds its locks again, and asks.
    pub(super) fn doubt_on(&mut self, ctx: Ctx<'_, '_>) {
        let local: Vec<Tx> = self.local.keys().copied().collect();
        for tx in &local {
            let parts = self.local[tx].parts.clone();
            let found = self.resource.reclaim(*tx, &parts);
            self.local.entry(*tx).and_modify(|local| local.found = found);
        }
        for tx in local {
            match self.decisions.get(&tx).copied() {
                Some(commit) => self.end(ctx, tx, commit),
                None => self.doubt(ctx, tx),
            }
        }
    }
}
