//! Phase 1 once for all slots ("Paxos made simple", §3): who hears no leader for an election timeout asks for promises. Where leases
//! want it, acceptors keep to a leader that they hear ("Paxos made live", §5.2).

use super::leader::Leader;
use super::message::{Message, Record, Slot, Timer, Value};
use super::monitor::Fact;
use super::server::{Candidate, Ctx, MultiPaxos, Parked, Role};
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::consensus::paxos::monitor::Step;
use quorate_engine::NodeId;
use std::collections::{BTreeMap, BTreeSet};

impl MultiPaxos {
    /// Begins a ballot above all that it knows of. Its own acceptor promises last: until others have, it can still follow whoever leads.
    pub(super) fn stand(&mut self, ctx: Ctx<'_, '_>) {
        self.await_leader(ctx);
        self.leader = None;
        let ballot = Ballot::above(self.taken.max(self.acceptor.promised().round), self.me, ctx.options().common.mistake);
        self.taken = ballot.round;
        self.role = Role::Candidate(Candidate { ballot, promises: BTreeSet::new(), highest: BTreeMap::new(), wins: false });
        ctx.fact(Fact::Candidate(ballot));
        self.journal.append(ctx, Record::Attempted(ballot.round));
        self.when_durable(ctx, Parked::Campaign(ballot));
    }

    /// Phase 1a, for all slots above those that it knows (§3).
    pub(super) fn campaign(&mut self, ctx: Ctx<'_, '_>, ballot: Ballot) {
        if self.stands_in(ballot).is_some() {
            ctx.broadcast(Message::Prepare(ballot, self.known + 1));
            self.count_promises(ctx);
        }
    }

    /// Phase 1b, as an acceptor.
    pub(super) fn prepare(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot, first: Slot) {
        self.taken = self.taken.max(ballot.round);
        if ctx.options().check_quorum && self.hears_leader && self.leader != Some(from) {
            return;
        }
        // What only a snapshot stands for cannot be told as proposals. Who lacks it must have it before it leads.
        if first <= self.base() {
            return self.send_snapshot(ctx, from, ballot);
        }
        let before = self.acceptor.promised();
        if !self.acceptor.prepare(ballot) {
            return ctx.send(from, Message::Refuse(ballot, before));
        }
        if ballot > before {
            self.follow(ctx, None);
            self.write(ctx, Record::Promised(ballot));
        }
        self.await_leader(ctx);
        let now = self.forgets(ctx);
        let accepted = self.acceptor.told(first.., now).collect();
        self.when_durable(ctx, Parked::Promise(from, ballot, accepted));
    }

    /// Phase 1b, as the candidate.
    pub(super) fn promised(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot, accepted: Vec<(Slot, Proposal<Value>)>) {
        let Some(candidate) = self.stands_in(ballot) else { return };
        candidate.promises.insert(from);
        candidate.merge(accepted);
        self.count_promises(ctx);
    }

    /// With its own acceptor's they must be a majority.
    fn count_promises(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Candidate(candidate) = &mut self.role else { return };
        if candidate.wins || !ctx.options().common.is_majority(candidate.promises.len() + 1) {
            return;
        }
        let ballot = candidate.ballot;
        if !self.acceptor.prepare(ballot) {
            return self.follow(ctx, None);
        }
        candidate.wins = true;
        self.write(ctx, Record::Promised(ballot));
        self.when_durable(ctx, Parked::Lead(ballot));
    }

    /// It leads. Whatever a majority may have accepted in a slot is proposed again, and no-ops where there are gaps (§3).
    pub(super) fn lead(&mut self, ctx: Ctx<'_, '_>, ballot: Ballot) {
        let own: Vec<(Slot, Proposal<Value>)> = {
            let now = self.forgets(ctx);
            self.acceptor.told(self.known + 1.., now).collect()
        };
        let Some(candidate) = self.stands_in(ballot).filter(|candidate| candidate.wins) else { return };
        candidate.merge(own);
        let highest = std::mem::take(&mut candidate.highest);
        ctx.fact(Fact::Step(Step::Promised { scope: 0, ballot }));
        ctx.fact(Fact::Elected(ballot));
        let last = highest.last_key_value().map_or(self.known, |(slot, _)| (*slot).max(self.known));
        self.role = Role::Leader(Box::new(Leader::new(ballot, ctx.others().iter(), self.known, last)));
        self.leader = Some(self.me);
        self.hears_leader = true;
        ctx.cancel_timer(Timer::Election);
        ctx.cancel_timer(Timer::Silence);
        ctx.set_timer(Timer::Quorum, ctx.options().election.1);
        let again = |slot| highest.get(&slot).map_or(Value::Noop, |proposal: &Proposal<Value>| proposal.value.clone());
        let values: Vec<Value> = (self.known + 1..=last).map(again).collect();
        for batch in values.chunks(ctx.options().batch_max) {
            self.propose(ctx, batch.to_vec());
        }
        self.beat(ctx);
        self.serve_held(ctx);
    }

    /// A higher ballot was promised. A leader whose followers keep to it stands again at once.
    pub(super) fn refused(&mut self, ctx: Ctx<'_, '_>, ballot: Ballot, promised: Ballot) {
        self.taken = self.taken.max(promised.round);
        if self.leads_in(ballot).is_some() {
            self.follow(ctx, None);
            if ctx.options().check_quorum {
                self.stand(ctx);
            }
        } else if self.stands_in(ballot).is_some() {
            self.follow(ctx, None);
        }
    }

    /// Who stands in that ballot: itself, or nobody.
    fn stands_in(&mut self, ballot: Ballot) -> Option<&mut Candidate> {
        match &mut self.role {
            Role::Candidate(candidate) if candidate.ballot == ballot => Some(candidate),
            _ => None,
        }
    }
}

impl Candidate {
    /// What an acceptor has accepted, where it is higher than what is known.
    fn merge(&mut self, accepted: Vec<(Slot, Proposal<Value>)>) {
        for (slot, proposal) in accepted {
            let known = self.highest.get(&slot);
            if known.is_none_or(|known| known.ballot < proposal.ballot) {
                self.highest.insert(slot, proposal);
            }
        }
    }
}
