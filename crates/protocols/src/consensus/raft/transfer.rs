//! Leadership goes from one server to another that has all that it has (thesis §3.10).

use super::config::Server;
use super::log::Term;
use super::message::{Message, Timer};
use super::monitor::Fact;
use super::server::{Ctx, Raft, Role};
use crate::replication::machine::Response;
use quorate_engine::{NodeId, OpId};

/// A transfer under way: the leader takes no commands meanwhile.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub(super) to: NodeId,
    /// Who asked for it.
    pub(super) operation: Option<OpId>,
    /// It was told to stand for election.
    is_told: bool,
}

impl Raft {
    /// An operator wants another to lead.
    pub(super) fn hand_over(&mut self, ctx: Ctx<'_, '_>, operation: OpId, to: NodeId) {
        if to == self.me.node {
            return ctx.reply(operation, Response::Done);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        let can_lead = self.configuration.voters.iter().any(|server| server.node == to && leader.of_server(*server).is_some());
        match &leader.transfer {
            Some(transfer) if transfer.operation == Some(operation) => {}
            None if can_lead => {
                leader.transfer = Some(Transfer { to, operation: Some(operation), is_told: false });
                ctx.set_timer(Timer::Transfer, ctx.options().election.1);
                self.urge(ctx);
            }
            _ => ctx.refuse(operation),
        }
    }

    /// "The prior leader sends a TimeoutNow request to the target server" once that has its whole log.
    pub(super) fn urge(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(transfer) = &mut leader.transfer else { return };
        let Some(target) = leader.followers.get(transfer.to) else { return };
        if !transfer.is_told && target.matched == self.log.last() {
            transfer.is_told = true;
            leader.lease_is_void = true;
            ctx.fact(Fact::HandsOver(transfer.to));
            ctx.send(transfer.to, Message::TimeoutNow { term: self.term });
        }
    }

    /// "If leadership transfer does not complete after about an election timeout, the prior leader aborts the transfer."
    pub(super) fn keep_leadership(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(operation) = leader.transfer.take().and_then(|transfer| transfer.operation) {
            ctx.refuse(operation);
        }
        self.pursue(ctx);
        self.take_in_queued(ctx);
    }

    /// Its leader wants it to lead.
    pub(super) fn told_to_stand(&mut self, ctx: Ctx<'_, '_>, from: NodeId, term: Term) {
        if term == self.term && self.leader == Some(from) && self.may_stand(ctx) {
            self.begin_election(ctx, true);
        }
    }

    /// Who wanted another to lead hears who leads now: if it is neither, it may ask that one.
    pub(super) fn tell_of_transfer(&mut self, ctx: Ctx<'_, '_>, leader: NodeId) {
        match self.handing_over.take() {
            Some((operation, to)) if to == leader => ctx.reply(operation, Response::Done),
            Some((operation, _)) => ctx.redirect(operation, leader),
            None => {}
        }
    }

    /// A leader that is no member any more stops, and has the server that is furthest follow it (thesis §4.2.2).
    pub(super) fn resign(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &self.role else { return };
        let furthest = |server: &&Server| leader.matched(self.me, **server);
        if let Some(heir) = self.configuration.voters.iter().max_by_key(furthest) {
            ctx.fact(Fact::HandsOver(heir.node));
            ctx.send(heir.node, Message::TimeoutNow { term: self.term });
        }
        self.follow(ctx, None);
    }
}
