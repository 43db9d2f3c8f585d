//! The forms without a centre: a chain, in which the last decides, and one in which everybody does.

use super::super::monitor::Fact;
use super::super::transaction::{Refusal, Tx, Value};
use super::message::{Message, Vote};
use super::node::{Alarm, Ctx, Node};
use super::options::Form;
use super::participant::Stage;
use quorate_engine::NodeId;

impl Node {
    /// The last in the chain has its own yes, and so the decision, on its disk.
    pub(super) fn decided_as_last(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get(&tx) else { return };
        let mut found = local.known.clone();
        found.insert(self.me, local.found.clone());
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Voted { tx, yes: true });
        ctx.fact(Fact::Decided { tx, commit: true });
        self.decisions.insert(tx, true);
        self.decision_passes(ctx, (tx, true, None), found.into_iter().collect());
    }

    /// A decision comes along the chain, or as an answer: it is acted on, and passed on to the one before, or to the client.
    pub(super) fn decision_passes(
        &mut self,
        ctx: Ctx<'_, '_>,
        (tx, commit, why): (Tx, bool, Option<Refusal>),
        found: Vec<(NodeId, Vec<Value>)>,
    ) {
        let before = self.local.get(&tx).map(|local| local.work.participants.iter().copied().rev().find(|node| *node < self.me));
        self.end(ctx, tx, commit);
        let coordinator = ctx.options().coordinator(tx.origin, tx.operation);
        if ctx.options().form == Form::Linear
            && let Some(before) = before
            && before.unwrap_or(coordinator) != self.me
        {
            return self.pass(ctx, before.unwrap_or(coordinator), (tx, commit, why), found);
        }
        if coordinator == self.me && self.led.remove(&tx).is_some() {
            self.cancel_alarm(ctx, Alarm::Votes(tx));
            match commit {
                true => self.reply(ctx, tx, &found.into_iter().collect()),
                false => self.retry(ctx, tx.operation, why.or(Some(Refusal::Conflict))),
            }
        }
    }

    /// Passes a decision on.
    pub(super) fn pass(
        &mut self,
        ctx: Ctx<'_, '_>,
        to: NodeId,
        (tx, commit, why): (Tx, bool, Option<Refusal>),
        found: Vec<(NodeId, Vec<Value>)>,
    ) {
        self.deliver(ctx, to, Message::Decision { tx, commit, again: false, found, why });
    }

    /// Somebody's vote, where all hear all: with the last yes, or the first no, a participant decides.
    pub(super) fn overhear(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, vote: Vote) {
        if self.resource.ended.contains_key(&tx) {
            return;
        }
        if let Vote::No(_) = vote {
            if self.local.contains_key(&tx) {
                self.end(ctx, tx, false);
            }
            return;
        }
        self.early.entry(tx).or_default().insert(from, vote);
        self.tally(ctx, tx);
    }

    /// Decides where all hear all, if all have said yes; its own yes is on its disk.
    pub(super) fn tally(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get(&tx).filter(|local| local.stage == Stage::Prepared) else { return };
        let heard = |node: &NodeId| self.early.get(&tx).is_some_and(|votes| votes.contains_key(node));
        if local.work.participants.iter().all(|node| *node == self.me || heard(node)) {
            ctx.fact(Fact::Decided { tx, commit: true });
            self.end(ctx, tx, true);
        }
    }
}
