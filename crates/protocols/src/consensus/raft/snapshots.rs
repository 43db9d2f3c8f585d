//! Snapshots and compaction (§7): a server takes them alone, and a leader sends its own, part by part, to who has fallen behind them.

use super::config::Server;
use super::leading::Sending;
use super::log::{Index, Log, Term};
use super::message::{Chunk, Message, Reason, Record, Snapshot};
use super::monitor::Fact;
use super::server::{Ctx, Parked, Raft, Role};
use quorate_engine::{Content, NodeId, Wire};
use std::collections::VecDeque;

impl Raft {
    /// Takes a snapshot when enough was applied since the last.
    pub(super) fn compact(&mut self, ctx: Ctx<'_, '_>) {
        let Some(every) = ctx.options().snapshot_every else { return };
        if self.applied - self.log.base().index < every {
            return;
        }
        let Some(last) = self.log.term(self.applied).map(|term| super::log::Position { term, index: self.applied }) else {
            return;
        };
        let (configured, configuration) = self.configured_upto(ctx.options(), self.applied);
        let snapshot = Content::new(Snapshot { last, configuration, configured, machine: self.machine.clone() });
        ctx.fact(Fact::Snapshot { last: last.index, digest: self.machine.digest() });
        self.journal.append(ctx, Record::Snapshot(snapshot.clone()));
        self.put_snapshot(snapshot);
    }

    /// From now on the snapshot stands for the log up to its last entry, and for all of it if the log does not go on from there.
    pub(super) fn put_snapshot(&mut self, snapshot: Content<Snapshot>) {
        if self.log.term(snapshot.last.index) == Some(snapshot.last.term) {
            self.log.compact(snapshot.last.index);
        } else {
            self.log = Log::after(snapshot.last);
        }
        self.snapshot = Some(snapshot);
    }

    /// Sends the next part of the snapshot to a follower that lacks what it stands for; whether one was sent.
    pub(super) fn send_snapshot(&mut self, ctx: Ctx<'_, '_>, to: NodeId) -> bool {
        let (Role::Leader(leader), Some(snapshot)) = (&mut self.role, &self.snapshot) else { return false };
        let Some(follower) = leader.followers.get_mut(to) else { return false };
        let offset = match &follower.sending {
            Sending::Snapshot { is_under_way: true, last, .. } if *last == snapshot.last.index => return false,
            Sending::Snapshot { bytes, last, .. } if *last == snapshot.last.index => *bytes,
            _ => 0,
        };
        let whole = snapshot.wire_len();
        let length = ctx.options().chunk_bytes.min(whole - offset);
        let is_last = offset + length == whole;
        follower.sending = Sending::Snapshot { last: snapshot.last.index, bytes: offset, is_under_way: true };
        let (term, round) = (self.term, leader.reads.round());
        ctx.send(to, Message::InstallSnapshot(Chunk { term, snapshot: snapshot.clone(), offset, length, is_last, round }));
        true
    }

    /// InstallSnapshot (figure 13), as its receiver.
    pub(super) fn install(&mut self, ctx: Ctx<'_, '_>, from: NodeId, chunk: Chunk) {
        let Chunk { term, snapshot, offset, length, is_last, round } = chunk;
        let last = snapshot.last.index;
        // 1. "Reply immediately if term < currentTerm."
        if term < self.term {
            let answer = Message::Installed { term: self.term, last, bytes: 0, round: 0, life: self.me.life };
            return self.when_durable(ctx, Parked::Send(from, answer));
        }
        self.observe(ctx, term);
        if self.leads().is_some() {
            return; // see `append`
        }
        self.hear_leader(ctx, from);
        let whole = snapshot.wire_len();
        let have = match self.incoming {
            _ if last <= self.commit => whole,
            Some((of, bytes)) if of == last => bytes,
            _ => 0,
        };
        // 2. to 4.: parts are written in order; what is there already is not asked for again.
        let mut bytes = have;
        if offset == have && have < whole {
            bytes += length;
            self.incoming = Some((last, bytes));
            if is_last {
                self.incoming = None;
                self.reset(ctx, snapshot);
            }
        }
        self.when_durable(ctx, Parked::Send(from, Message::Installed { term, last, bytes, round, life: self.me.life }));
    }

    /// 5. to 8.: "Reset state machine using snapshot contents."
    fn reset(&mut self, ctx: Ctx<'_, '_>, snapshot: Content<Snapshot>) {
        let last = snapshot.last.index;
        let goes_on = self.log.term(last) == Some(snapshot.last.term);
        let before = std::mem::replace(&mut self.machine, snapshot.machine.clone());
        self.journal.append(ctx, Record::Snapshot(snapshot.clone()));
        self.put_snapshot(snapshot);
        (self.commit, self.applied) = (last, last);
        ctx.fact(Fact::Installed { last: self.log.base(), digest: self.machine.digest(), goes_on });
        self.machine.take_the_place_of(ctx, &before);
        self.reconfigure(ctx);
        if self.is_member {
            self.machine.hold(ctx);
            ctx.publish(self.machine.digest());
        }
        self.answer_asked(ctx);
    }

    /// Commands that a snapshot brought are applied too.
    fn answer_asked(&mut self, ctx: Ctx<'_, '_>) {
        let answered: Vec<_> = self.asked.iter().copied().filter(|operation| self.machine.answer(*operation).is_some()).collect();
        for operation in answered {
            self.asked.remove(&operation);
            if let Some(answer) = self.machine.answer(operation) {
                ctx.reply(operation, answer.clone());
            }
        }
    }

    /// So much of a snapshot has come to a follower, as its sender.
    pub(super) fn installed(&mut self, ctx: Ctx<'_, '_>, from: Server, term: Term, last: Index, bytes: u64, round: u64) {
        self.observe(ctx, term);
        if term < self.term || !self.recognises(from) {
            return;
        }
        let (Role::Leader(leader), Some(snapshot)) = (&mut self.role, &self.snapshot) else { return };
        let Some(follower) = leader.followers.get_mut(from.node) else { return };
        leader.heard.insert(from);
        follower.round = follower.round.max(round);
        if let Sending::Snapshot { last: of, bytes: have, is_under_way } = &mut follower.sending
            && *of == last
        {
            *is_under_way = false;
            *have = bytes;
            if last != snapshot.last.index {
                follower.sending = Sending::Probing(false); // there is a newer one by now
            } else if bytes == snapshot.wire_len() {
                follower.sending = Sending::Streaming { in_flight: VecDeque::new(), is_stale: false };
                follower.has(last);
            }
        }
        self.replicate(ctx, from.node, Reason::New);
        self.pursue(ctx);
        self.answer_reads(ctx);
    }
}
