//! Reads (§8; thesis §6.4): through the log, after a round that shows that the leader still leads, or under a lease.

use super::log::Entries;
use super::message::Timer;
use super::options::{Mistake, Reads};
use super::server::{Ctx, Raft, Role};
use crate::replication::machine::Request;
use quorate_engine::{Content, NodeId, OpId};

impl Raft {
    /// A client asks its leader.
    pub(super) fn serve(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        if let Some(answer) = self.machine.answer(operation) {
            return ctx.reply(operation, answer.clone());
        }
        if let Request::Change(change) = request {
            return self.order(ctx, operation, change);
        }
        let options = ctx.options();
        if request.changes() || (options.reads == Reads::Log && !options.makes(Mistake::ReadsLocally)) {
            return self.take_in(ctx, operation, request);
        }
        if options.makes(Mistake::ReadsLocally) {
            return ctx.reply(operation, self.machine.read(&request));
        }
        let Role::Leader(leader) = &mut self.role else { return };
        leader.reads.push(operation, request);
        self.answer_reads(ctx);
    }

    /// Answers what can be answered, and begins what must happen before the rest can be.
    pub(super) fn answer_reads(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.reads.is_empty() {
            return;
        }
        // 1. "If the leader has not yet marked an entry from its current term committed, it waits until it has done so."
        let is_settled = self.log.term(self.commit) == Some(self.term) || ctx.options().makes(Mistake::ReadsBeforeOwnTerm);
        if !is_settled {
            return self.begin_term(ctx);
        }
        // 2. "The leader saves its current commit index in a local variable readIndex."
        leader.reads.settle(self.commit);
        if ctx.options().reads == Reads::Lease && self.has_lease(ctx) {
            return self.answer_first(ctx, true);
        }
        // 3. "The leader issues a new round of heartbeats and waits for acknowledgments from a majority."
        self.answer_first(ctx, false);
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.reads.need_round() {
            let followers: Vec<NodeId> = leader.followers.keys().collect();
            self.begin_round(ctx);
            let Role::Leader(leader) = &mut self.role else { return };
            leader.reads.await_round();
            let nothing = Content::new(Entries::default());
            for follower in followers {
                self.show_life(ctx, follower, &nothing);
            }
            self.answer_first(ctx, false); // a cluster of one
        }
    }

    /// Answers the reads, in their order, whose round is confirmed, or leased, and whose index the state machine has reached.
    fn answer_first(&mut self, ctx: Ctx<'_, '_>, leased: bool) {
        let Role::Leader(leader) = &self.role else { return };
        if !leased && !leader.reads.await_answers() {
            return;
        }
        let confirmed = self.confirmed();
        let Role::Leader(leader) = &mut self.role else { return };
        while let Some((operation, request)) = leader.reads.next(self.applied, confirmed, leased) {
            ctx.reply(operation, self.machine.read(&request));
        }
    }

    /// A new round: who answers it knows this leader as of now.
    pub(super) fn begin_round(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let now = (ctx.options().reads == Reads::Lease).then(|| ctx.elapsed());
        leader.reads.begin(now);
    }

    /// The latest round that a majority has answered.
    fn confirmed(&self) -> u64 {
        let Role::Leader(leader) = &self.role else { return 0 };
        let round =
            |server| if server == self.me { leader.reads.round() } else { leader.of_server(server).map_or(0, |it| it.round) };
        self.configuration.agreed(round)
    }

    /// Whether a majority keeps to this leader for now: each promised so for the least election timeout when it answered a round, which
    /// was after the round began.
    fn has_lease(&mut self, ctx: Ctx<'_, '_>) -> bool {
        let (confirmed, now, lease) = (self.confirmed(), ctx.elapsed(), ctx.options().lease());
        let Role::Leader(leader) = &mut self.role else { return false };
        !leader.lease_is_void && leader.reads.has_lease(confirmed, now, lease)
    }

    /// A leader that hears of no majority for an election timeout steps down (thesis §6.2).
    pub(super) fn count_heard(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        ctx.set_timer(Timer::Quorum, ctx.options().election.1);
        let heard = std::mem::take(&mut leader.heard);
        if ctx.options().check_quorum && !self.configuration.is_quorum(|server| server == self.me || heard.contains(&server)) {
            return self.follow(ctx, None);
        }
        self.give_up_on_silent(ctx, &heard);
    }
}
