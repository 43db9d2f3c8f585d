//! The learner ("Paxos made simple", §2.3). Whoever proposed tells everybody; what is missed all the same is learned from another
//! learner's list, or by a proposal.

use super::message::{Message, Record, Timer};
use super::node::{Ctx, Fact, Paxos};
use crate::consensus::paxos::monitor::Step;
use crate::replication::machine::{Command, Request, Response};
use quorate_engine::{NodeId, OpId, Wire};

/// What one message tells of a list.
const TOLD_MAX: usize = 64;

impl Paxos {
    /// A value was chosen. It is not forced to disk: whoever forgets it can learn it again.
    pub(super) fn learn(&mut self, ctx: Ctx<'_, '_>, key: u32, command: Command) {
        if self.chosen.contains_key(&key) {
            return;
        }
        ctx.fact(Fact::Step(Step::Learned { instance: key.into(), value: Some(command.wire_digest()) }));
        let number = self.journal.append(ctx, Record::Chosen(key, command.clone()));
        self.learned.push((number, key));
        self.machine.apply(ctx, &command, NodeId(0));
        self.chosen.insert(key, command);
        ctx.publish(self.machine.digest());
        for (operation, request) in self.waiting.remove(&key).into_iter().flatten() {
            self.tell(ctx, operation, &request);
        }
        self.finish(ctx, key);
    }

    /// Answers a client of a key for which it knows what was chosen.
    pub(super) fn tell(&self, ctx: Ctx<'_, '_>, operation: OpId, request: &Request) {
        let answer = match (self.machine.answer(operation), request) {
            (Some(answer), _) => answer.clone(),
            (None, Request::Cas { key, .. }) => match self.machine.read(&Request::Read(*key)) {
                Response::Value(value) => Response::Held(value),
                other => other,
            },
            (None, request) => self.machine.read(request),
        };
        ctx.reply(operation, answer);
    }

    pub(super) fn await_look(&self, ctx: Ctx<'_, '_>) {
        let most = ctx.options().catch_up;
        ctx.set_timer_within(Timer::LookAround, most / 2, most);
    }

    /// Asks another learner what is new in its list. What its own acceptor accepted and nobody tells of, it finds out by a proposal: "if
    /// a learner needs to know whether a value has been chosen, it can have a proposer issue a proposal".
    pub(super) fn look_around(&mut self, ctx: Ctx<'_, '_>) {
        self.await_look(ctx);
        // Others are told only of what is durable.
        self.journal.force(ctx);
        let others = ctx.others();
        if !others.is_empty() {
            let choice = ctx.choose(u64::from(others.len())) as u32;
            let other = others.get(choice);
            ctx.send(other, Message::Ask(self.seen.get(&other).copied().unwrap_or(0)));
        }
        let open =
            self.acceptors.iter().filter(|(key, acceptor)| acceptor.accepted(()).is_some() && !self.chosen.contains_key(key));
        let open = open.map(|(key, _)| *key).collect();
        let before = std::mem::replace(&mut self.unsettled, open);
        let stale: Vec<u32> = before.intersection(&self.unsettled).copied().collect();
        stale.into_iter().for_each(|key| self.propose(ctx, key));
    }

    /// What it has learned, as far as a crash cannot take it back: a list that only grows.
    pub(super) fn tell_learned(&self, ctx: Ctx<'_, '_>, to: NodeId, first: u64) {
        let all = self.learned.partition_point(|(number, _)| *number <= self.journal.durable());
        let from = all.min(first as usize);
        let keys = self.learned[from..all.min(from + TOLD_MAX)].iter().map(|(_, key)| *key);
        let chosen = keys.filter_map(|key| self.chosen.get(&key).map(|command| (key, command.clone()))).collect();
        ctx.send(to, Message::Learned { first: from as u64, chosen, all: all as u64 });
    }

    /// Another learner's list goes on like this.
    pub(super) fn hear_learned(&mut self, ctx: Ctx<'_, '_>, from: NodeId, first: u64, chosen: Vec<(u32, Command)>, all: u64) {
        let seen = self.seen.entry(from).or_insert(0);
        if first > *seen {
            return;
        }
        let news = first + chosen.len() as u64 > *seen;
        *seen = (*seen).max(first + chosen.len() as u64);
        let next = *seen;
        for (key, command) in chosen {
            self.learn(ctx, key, command);
        }
        if news && next < all {
            ctx.send(from, Message::Ask(next));
        }
    }
}
