//! Learners: a leader says with everything that it sends up to where it knows what was chosen ("Paxos made moderately complex"
//! calls it a decision). Who lacks something is told the values, or sent a snapshot when the log no longer holds them.

use super::message::{Batch, Message, Record, Slot, Snapshot, Value};
use super::monitor::Fact;
use super::options::Reads;
use super::server::{Ctx, MultiPaxos, Parked, Role};
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::consensus::paxos::monitor::Step;
use crate::replication::machine::Command;
use quorate_engine::{Content, NodeId};

impl MultiPaxos {
    pub(super) fn heartbeat(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot, round: u64, commit: Slot) {
        if !self.takes_for_leader(ctx, from, ballot) {
            return;
        }
        self.learn_upto(ctx, ballot, commit);
        let answer = Message::Heard { ballot, round, known: self.known, behind: self.known < commit };
        if ctx.options().reads != Reads::Lease {
            return ctx.send(from, answer);
        }
        // It promises nobody else for a while, after a restart too: and so it must remember that a leader of a lower ballot is none.
        if ballot > self.acceptor.promised() {
            self.acceptor.prepare(ballot);
            self.write(ctx, Record::Promised(ballot));
        }
        self.when_durable(ctx, Parked::Keep(from, ballot, answer));
    }

    /// The leader of a ballot knows what was chosen up to there: what it proposed in that ballot, where it proposed anything.
    pub(super) fn learn_upto(&mut self, ctx: Ctx<'_, '_>, ballot: Ballot, upto: Slot) {
        let before = self.known;
        self.apply_while(ctx, |slot, of| slot <= upto && of == ballot);
        if self.known > before {
            self.note_known(ctx);
        }
    }

    /// Applies what was accepted in the next slots, as long as that is known to be chosen.
    pub(super) fn apply_while(&mut self, ctx: Ctx<'_, '_>, is_chosen: impl Fn(Slot, Ballot) -> bool) {
        loop {
            let slot = self.known + 1;
            let Some(proposal) = self.acceptor.accepted(slot).filter(|proposal| is_chosen(slot, proposal.ballot)) else { return };
            let value = proposal.value.clone();
            self.known = slot;
            ctx.fact(Fact::Step(Step::Learned { instance: slot, value: value.digest() }));
            if let Value::Command(command) = &value {
                self.carry_out(ctx, command);
            }
            ctx.fact(Fact::Applied(slot, self.machine.digest()));
        }
    }

    /// More slots are known. It is written down without waiting for the disk: who forgets it can learn it again.
    pub(super) fn note_known(&mut self, ctx: Ctx<'_, '_>) {
        self.journal.append(ctx, Record::Known(self.known));
        ctx.publish(self.machine.digest());
        let every = ctx.options().snapshot_every;
        if every > 0 && self.known - self.base() >= every {
            let snapshot = Content::new(Snapshot { last: self.known, machine: self.machine.clone() });
            ctx.fact(Fact::Snapshot(self.known, self.machine.digest()));
            self.journal.append(ctx, Record::Snapshot(snapshot.clone()));
            self.put_snapshot(snapshot);
        }
    }

    /// Applies a command once, however often it was chosen, and tells its client.
    fn carry_out(&mut self, ctx: Ctx<'_, '_>, command: &Command) {
        if self.machine.answer(command.operation).is_none() {
            // Whoever leads, the first slot of an operation is the one that counts: its update needs no other name.
            self.machine.apply(ctx, command, NodeId(0));
        }
        if let Role::Leader(leader) = &mut self.role {
            leader.pending.remove(&command.operation);
        }
        if self.asked.remove(&command.operation)
            && let Some(answer) = self.machine.answer(command.operation)
        {
            ctx.reply(command.operation, answer.clone());
        }
    }

    /// Another server answers a heartbeat, or news.
    pub(super) fn heard(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot, round: u64, known: Slot, behind: bool) {
        let Some(leader) = self.leads_in(ballot) else { return };
        leader.heard.insert(from);
        let Some(progress) = leader.others.get_mut(&from) else { return };
        progress.round = progress.round.max(round);
        // What is under way need not be told again before the next heartbeat.
        if behind && known >= progress.told {
            self.bring_up(ctx, from, ballot, known);
        }
        self.answer_reads(ctx);
    }

    /// Tells a server what was chosen after what it knows.
    fn bring_up(&mut self, ctx: Ctx<'_, '_>, to: NodeId, ballot: Ballot, known: Slot) {
        let last = if known < self.base() {
            self.send_snapshot(ctx, to, ballot);
            self.base()
        } else {
            let last = self.known.min(known + ctx.options().batch_max as Slot);
            let value = |slot| self.acceptor.accepted(slot).map(|proposal| proposal.value.clone());
            let values: Vec<Value> = (known + 1..=last).map_while(value).collect();
            if values.is_empty() {
                return;
            }
            let batch = Batch { ballot, first: known + 1, values: Content::new(values), commit: self.known };
            ctx.send(to, Message::Chosen(batch));
            last
        };
        if let Some(progress) = self.leads_in(ballot).and_then(|leader| leader.others.get_mut(&to)) {
            progress.told = last;
        }
    }

    /// What was chosen is so for ever, whoever says it.
    pub(super) fn hear_chosen(&mut self, ctx: Ctx<'_, '_>, from: NodeId, batch: Batch) {
        let Batch { ballot, first, values, commit } = batch;
        if first > self.known + 1 || !self.takes_for_leader(ctx, from, ballot) {
            return;
        }
        let last = first + values.len() as Slot - 1;
        for (value, slot) in values.iter().zip(first..).filter(|(_, slot)| *slot > self.known) {
            let proposal = Proposal { ballot, value: value.clone() };
            self.acceptor.settle(slot, proposal.clone());
            self.journal.append(ctx, Record::Settled(slot, proposal));
        }
        if last > self.known {
            self.apply_while(ctx, |slot, _| slot <= last);
            self.note_known(ctx);
        }
        ctx.send(from, Message::Heard { ballot, round: 0, known: self.known, behind: self.known < commit });
    }

    /// Sends what stands for the log that is gone, to a leader that lacks it as well as to who follows.
    pub(super) fn send_snapshot(&self, ctx: Ctx<'_, '_>, to: NodeId, ballot: Ballot) {
        if let Some(snapshot) = &self.snapshot {
            ctx.send(to, Message::InstallSnapshot(ballot, snapshot.clone()));
        }
    }

    /// Another's snapshot takes the place of the log up to its last slot.
    pub(super) fn install(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot, snapshot: Content<Snapshot>) {
        if snapshot.last > self.known {
            let before = std::mem::replace(&mut self.machine, snapshot.machine.clone());
            self.known = snapshot.last;
            ctx.fact(Fact::Installed(self.known, self.machine.digest()));
            self.journal.append(ctx, Record::Snapshot(snapshot.clone()));
            self.put_snapshot(snapshot);
            self.machine.take_the_place_of(ctx, &before);
            self.machine.hold(ctx);
            ctx.publish(self.machine.digest());
            self.answer_asked(ctx);
            self.after_learning(ctx);
        }
        ctx.send(from, Message::Heard { ballot, round: 0, known: self.known, behind: true });
    }

    /// From now on the snapshot stands for the log up to its last slot.
    pub(super) fn put_snapshot(&mut self, snapshot: Content<Snapshot>) {
        self.acceptor.truncate(snapshot.last + 1);
        self.snapshot = Some(snapshot);
    }

    /// Commands that a snapshot brought are applied too.
    fn answer_asked(&mut self, ctx: Ctx<'_, '_>) {
        let answered: Vec<_> = self.asked.iter().copied().filter(|operation| self.machine.answer(*operation).is_some()).collect();
        for operation in answered {
            self.asked.remove(&operation);
            if let Role::Leader(leader) = &mut self.role {
                leader.pending.remove(&operation);
            }
            if let Some(answer) = self.machine.answer(operation) {
                ctx.reply(operation, answer.clone());
            }
        }
    }
}
