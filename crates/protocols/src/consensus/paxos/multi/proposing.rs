//! Phase 2 for one slot after the other ("Paxos made simple", §3): commands in batches, several under way at once, sent again with
//! heartbeats as long as somebody has not accepted them; and reads.

use super::leader::Leader;
use super::message::{Batch, Message, Slot, Timer, Value};
use super::monitor::Fact;
use super::options::Reads;
use super::server::{Ctx, MultiPaxos, Role};
use crate::consensus::paxos::ballot::Ballot;
use crate::consensus::paxos::monitor::Step;
use crate::replication::machine::{Command, Request};
use quorate_engine::{Content, NodeId, OpId, Wire};
use std::collections::BTreeSet;

impl MultiPaxos {
    /// A client asks its leader.
    pub(super) fn serve(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        if let Some(answer) = self.machine.answer(operation) {
            return ctx.reply(operation, answer.clone());
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if !request.changes() && ctx.options().reads != Reads::Log {
            leader.reads.push(operation, request);
            return self.answer_reads(ctx);
        }
        self.asked.insert(operation);
        if leader.pending.insert(operation) {
            let command = Command { operation, request };
            ctx.fact(Fact::Step(Step::Asked(command.wire_digest())));
            leader.queue.push_back((operation, command.request));
            self.take_in_queued(ctx);
        }
    }

    /// Proposes what waits. Commands that come in while the disk works share the next forced write, and messages.
    pub(super) fn take_in_queued(&mut self, ctx: Ctx<'_, '_>) {
        let options = ctx.options();
        loop {
            let may_begin = !options.common.group_commit || self.journal.is_idle();
            let Role::Leader(leader) = &mut self.role else { return };
            if leader.queue.is_empty() || !may_begin || leader.batches.len() >= options.pipeline_max {
                return;
            }
            let count = leader.queue.len().min(options.batch_max);
            let batch: Vec<(OpId, Request)> = leader.queue.drain(..count).collect();
            let command = |(operation, request)| {
                ctx.rejoin(operation);
                Value::Command(Command { operation, request })
            };
            let values = batch.into_iter().map(command).collect();
            self.propose(ctx, values);
        }
    }

    /// Phase 2a, in the next slots.
    pub(super) fn propose(&mut self, ctx: Ctx<'_, '_>, values: Vec<Value>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let (ballot, first) = (leader.ballot, leader.next);
        for value in &values {
            ctx.fact(Fact::Step(Step::Proposed { instance: leader.next, ballot, value: value.digest() }));
            leader.pending.extend(value.operation());
            leader.open.insert(leader.next, (value.clone(), BTreeSet::new()));
            leader.next += 1;
        }
        leader.batches.push_back(leader.next - 1);
        let batch = Batch { ballot, first, values: Content::new(values), commit: self.known };
        ctx.broadcast(Message::Accept(batch.clone(), false));
        self.accept(ctx, self.me, batch);
    }

    /// Phase 2b, as the leader: what a majority accepts is chosen (§2.1).
    pub(super) fn accepted(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot, first: Slot, count: u32) {
        let Some(leader) = self.leads_in(ballot) else { return };
        leader.heard.insert(from);
        for (_, (_, acceptors)) in leader.open.range_mut(first..first + Slot::from(count)) {
            acceptors.insert(from);
        }
        let is_chosen = |acceptors: &BTreeSet<NodeId>| ctx.options().common.is_majority(acceptors.len());
        let chosen = (self.known + 1..).take_while(|slot| {
            self.leads_in(ballot).and_then(|leader| leader.open.get(slot)).is_some_and(|(_, acceptors)| is_chosen(acceptors))
        });
        if let Some(last) = chosen.last() {
            self.apply_while(ctx, |slot, _| slot <= last);
            self.note_known(ctx);
            self.after_learning(ctx);
        }
    }

    /// More slots are known: their batches are done, and reads may be answered.
    pub(super) fn after_learning(&mut self, ctx: Ctx<'_, '_>) {
        let known = self.known;
        if let Role::Leader(leader) = &mut self.role {
            leader.retire(known);
            self.take_in_queued(ctx);
            self.answer_reads(ctx);
        }
    }

    /// A sign of life to everybody, and once more what somebody has not accepted since the last one.
    pub(super) fn beat(&mut self, ctx: Ctx<'_, '_>) {
        ctx.set_timer(Timer::Heartbeat, ctx.options().heartbeat);
        self.show_life(ctx);
        let Role::Leader(leader) = &mut self.role else { return };
        for progress in leader.others.values_mut() {
            progress.told = 0;
        }
        let others: Vec<NodeId> = leader.others.keys().copied().collect();
        for other in others {
            for (first, last) in leader.missing(other) {
                let last = last.min(first + ctx.options().batch_max as Slot - 1);
                let values = leader.open.range(first..=last).map(|(_, (value, _))| value.clone()).collect();
                let batch = Batch { ballot: leader.ballot, first, values: Content::new(values), commit: self.known };
                ctx.send(other, Message::Accept(batch, true));
            }
        }
        leader.stale = leader.next - 1;
    }

    /// A round of heartbeats.
    fn show_life(&mut self, ctx: Ctx<'_, '_>) {
        let now = (ctx.options().reads == Reads::Lease).then(|| ctx.elapsed());
        let Role::Leader(leader) = &mut self.role else { return };
        let round = leader.reads.begin(now);
        ctx.broadcast(Message::Heartbeat { ballot: leader.ballot, round, commit: self.known });
    }

    /// Answers what can be answered, and begins what must happen before the rest can be.
    pub(super) fn answer_reads(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        // A read sees all that was chosen before it was asked: what was so before this leader led, it must have learned first.
        if leader.reads.is_empty() || self.known < leader.settled {
            return;
        }
        leader.reads.settle(self.known);
        self.answer_confirmed(ctx);
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.reads.need_round() {
            self.show_life(ctx);
            let Role::Leader(leader) = &mut self.role else { return };
            leader.reads.await_round();
            self.answer_confirmed(ctx);
        }
    }

    fn answer_confirmed(&mut self, ctx: Ctx<'_, '_>) {
        let now = (ctx.options().reads == Reads::Lease).then(|| ctx.elapsed());
        let Role::Leader(leader) = &mut self.role else { return };
        let confirmed = leader.confirmed();
        let leased = now.is_some_and(|now| leader.reads.has_lease(confirmed, now, ctx.options().lease()));
        while let Some((operation, request)) = leader.reads.next(self.known, confirmed, leased) {
            ctx.reply(operation, self.machine.read(&request));
        }
    }

    /// A leader that hears of no majority for an election timeout leads no more: its followers would keep to it in vain.
    pub(super) fn count_heard(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        ctx.set_timer(Timer::Quorum, ctx.options().election.1);
        let heard = std::mem::take(&mut leader.heard).into_iter().filter(|other| *other != self.me).count();
        if ctx.options().check_quorum && !ctx.options().common.is_majority(heard + 1) {
            self.follow(ctx, None);
        }
    }

    /// Who leads in that ballot: itself, or nobody.
    pub(super) fn leads_in(&mut self, ballot: Ballot) -> Option<&mut Leader> {
        match &mut self.role {
            Role::Leader(leader) if leader.ballot == ballot => Some(leader),
            _ => None,
        }
    }
}
