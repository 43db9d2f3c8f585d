//! Elections (§5.2, §5.4.1), with the questions before them (thesis §9.6) and voters who keep to the leader they hear (thesis §4.2.3).

use super::config::Server;
use super::leading::Leader;
use super::log::{Entry, Payload, Position, Term};
use super::message::{Message, Timer};
use super::monitor::Fact;
use super::options::Mistake;
use super::server::{Ctx, Parked, Raft, Role};
use quorate_engine::NodeId;
use std::collections::BTreeSet;

impl Raft {
    /// "If election timeout elapses without receiving AppendEntries RPC from current leader or granting vote to candidate: convert to
    /// candidate" (figure 2), or ask first whether that could help.
    pub(super) fn stand(&mut self, ctx: Ctx<'_, '_>) {
        self.await_leader(ctx);
        if !self.may_stand(ctx) {
            return;
        }
        self.leader = None;
        let strangers = std::mem::take(&mut self.acquainted);
        let question = Message::RequestVote { term: self.term + 1, end: self.end(), pre: true, transfer: false };
        ctx.multicast(strangers, question);
        // Who is no member does not disturb a leader that others hear.
        if !ctx.options().pre_vote && self.is_member {
            return self.begin_election(ctx, false);
        }
        self.role = Role::PreCandidate(BTreeSet::from([self.me]));
        self.ask_for_votes(ctx, self.term + 1, true, false);
        self.count_votes(ctx);
    }

    /// "On conversion to candidate, start election: increment currentTerm, vote for self, reset election timer, send RequestVote RPCs to
    /// all other servers" (figure 2); `transfer` when its leader wants it so (thesis §3.10).
    pub(super) fn begin_election(&mut self, ctx: Ctx<'_, '_>, transfer: bool) {
        self.promise(ctx, self.term + 1, Some(self.me.node));
        self.leader = None;
        self.role = Role::Candidate(BTreeSet::new());
        ctx.fact(Fact::Candidate(self.term));
        self.await_leader(ctx);
        self.when_durable(ctx, Parked::Campaign(self.term, transfer));
    }

    /// Its own vote is safe.
    pub(super) fn campaign(&mut self, ctx: Ctx<'_, '_>, term: Term, transfer: bool) {
        if let Role::Candidate(votes) = &mut self.role
            && term == self.term
        {
            votes.insert(self.me);
            ctx.fact(Fact::Voted { term, candidate: self.me.node });
            self.ask_for_votes(ctx, term, false, transfer);
            self.count_votes(ctx);
        }
    }

    fn ask_for_votes(&mut self, ctx: Ctx<'_, '_>, term: Term, pre: bool, transfer: bool) {
        let voters = self.configuration.voters.union(&self.configuration.outgoing).map(|server| server.node);
        let others: BTreeSet<NodeId> = voters.filter(|node| *node != self.me.node).collect();
        ctx.multicast(others, Message::RequestVote { term, end: self.end(), pre, transfer });
    }

    /// Would it vote so? Nothing is promised.
    pub(super) fn asked_before_vote(&mut self, ctx: Ctx<'_, '_>, from: NodeId, term: Term, end: Position) {
        self.tell_of_removal(ctx, from);
        let granted = term > self.term && self.is_up_to_date(ctx, end) && !self.keeps_to_leader();
        let term = if granted { term } else { self.term };
        ctx.send(from, Message::Vote { term, granted, pre: true, life: self.me.life });
    }

    /// RequestVote (figure 2).
    pub(super) fn asked_to_vote(&mut self, ctx: Ctx<'_, '_>, from: NodeId, term: Term, end: Position, transfer: bool) {
        self.tell_of_removal(ctx, from);
        if ctx.options().check_quorum && !transfer && term > self.term && self.keeps_to_leader() {
            return;
        }
        self.observe(ctx, term);
        // "Reply false if term < currentTerm." "If votedFor is null or candidateId, and candidate's log is at least as up-to-date as
        // receiver's log, grant vote."
        let is_free = self.voted_for.is_none_or(|candidate| candidate == from);
        if term == self.term && is_free && matches!(self.role, Role::Follower) && self.is_up_to_date(ctx, end) {
            if self.voted_for.is_none() {
                self.promise(ctx, term, Some(from));
            }
            self.await_leader(ctx);
            self.when_durable(ctx, Parked::Vote(term, from));
        } else {
            let refusal = Message::Vote { term: self.term, granted: false, pre: false, life: self.me.life };
            self.when_durable(ctx, Parked::Send(from, refusal));
        }
    }

    /// Its vote is safe, unless the term has passed since.
    pub(super) fn vote(&mut self, ctx: Ctx<'_, '_>, term: Term, candidate: NodeId) {
        if term == self.term {
            ctx.fact(Fact::Voted { term, candidate });
            ctx.send(candidate, Message::Vote { term, granted: true, pre: false, life: self.me.life });
        }
    }

    /// An answer to its RequestVote.
    pub(super) fn voted(&mut self, ctx: Ctx<'_, '_>, from: Server, term: Term, granted: bool, pre: bool) {
        if !granted {
            return self.observe(ctx, term);
        }
        match &mut self.role {
            Role::PreCandidate(votes) if pre && term == self.term + 1 => votes.insert(from),
            Role::Candidate(votes) if !pre && term == self.term => votes.insert(from),
            _ => return,
        };
        self.count_votes(ctx);
    }

    /// "If votes received from majority of servers: become leader" (figure 2).
    fn count_votes(&mut self, ctx: Ctx<'_, '_>) {
        match &self.role {
            Role::PreCandidate(votes) if self.configuration.is_quorum(|server| votes.contains(&server)) => {
                self.begin_election(ctx, false)
            }
            Role::Candidate(votes) if self.configuration.is_quorum(|server| votes.contains(&server)) => self.lead(ctx),
            _ => {}
        }
    }

    fn lead(&mut self, ctx: Ctx<'_, '_>) {
        // What is in its log now may not all be on disk yet; `stored` says when it is.
        let mut leader = Leader::of(self.term);
        leader.open =
            self.log.iter().filter(|(index, _)| *index > self.applied).filter_map(|(_, entry)| entry.operation()).collect();
        self.role = Role::Leader(Box::new(leader));
        self.leader = Some(self.me.node);
        self.attend(ctx);
        self.hears_leader = true;
        ctx.cancel_timer(Timer::Election);
        ctx.cancel_timer(Timer::Silence);
        ctx.set_timer(Timer::Quorum, ctx.options().election.1);
        ctx.fact(Fact::Elected(self.term));
        if ctx.options().noop || self.configuration.is_joint() {
            self.push(ctx, Entry { term: self.term, payload: Payload::Noop });
        }
        self.when_durable(ctx, Parked::Stored(self.term, self.log.last()));
        self.beat(ctx);
        self.serve_held(ctx);
    }

    /// "If the logs have last entries with different terms, then the log with the later term is more up-to-date. If the logs end with
    /// the same term, then whichever log is longer is more up-to-date" (§5.4.1).
    fn is_up_to_date(&self, ctx: Ctx<'_, '_>, end: Position) -> bool {
        if ctx.options().makes(Mistake::VotesByLength) { end.index >= self.end().index } else { end >= self.end() }
    }

    /// "If a server receives a RequestVote request within the minimum election timeout of hearing from a current leader, it does not update
    /// its term or grant its vote" (thesis §4.2.3).
    fn keeps_to_leader(&self) -> bool {
        self.hears_leader
    }
}
