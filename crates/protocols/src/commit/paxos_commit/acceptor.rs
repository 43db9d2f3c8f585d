//! The acceptor: one Paxos instance for every participant's vote, all of one transaction in one record and one message.

use super::super::transaction::{Tx, Value};
use super::message::{Message, Proposals, Record};
use super::node::{Ctx, Node, Parked};
use super::options::Mistake;
use crate::consensus::paxos::acceptor::Acceptor;
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use quorate_engine::NodeId;
use std::collections::BTreeMap;

/// What an acceptor knows of one transaction.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Seat {
    /// All who vote on it.
    pub(super) participants: Vec<NodeId>,
    /// By participant: whether it is prepared.
    acceptor: Acceptor<NodeId, bool>,
    /// What each one's reads found; a restart forgets it.
    pub(super) found: BTreeMap<NodeId, Vec<Value>>,
}

impl Seat {
    /// As its record has it.
    pub(super) fn recovered(participants: &[NodeId], promised: Ballot, accepted: &Proposals) -> Seat {
        let mut acceptor = Acceptor::default();
        acceptor.prepare(promised);
        for (participant, proposal) in accepted {
            acceptor.settle(*participant, proposal.clone());
        }
        Seat { participants: participants.to_vec(), acceptor, found: BTreeMap::new() }
    }

    /// The greatest ballot that it has promised.
    pub(super) fn promised(&self) -> Ballot {
        self.acceptor.promised()
    }

    fn accepted(&self) -> Proposals {
        self.acceptor.told(.., None).collect()
    }

    /// Whether all are prepared, in the first ballot.
    fn is_complete(&self) -> bool {
        let first = Ballot::default();
        let is_prepared = |proposal: &Proposal<bool>| proposal.ballot == first && proposal.value;
        self.participants.iter().all(|participant| self.acceptor.accepted(*participant).is_some_and(is_prepared))
    }
}

impl Node {
    fn seat(&mut self, tx: Tx, participants: &[NodeId]) -> &mut Seat {
        self.seats.entry(tx).or_insert_with(|| Seat { participants: participants.to_vec(), ..Seat::default() })
    }

    /// A participant is prepared (phase 2a, first ballot). When all are, that is accepted in one write (Gray and Lamport 2006, §4.2).
    pub(super) fn vote(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, participants: &[NodeId], found: Vec<Value>) {
        let is_lax = ctx.options().makes(Mistake::VotesAfterPromise);
        let seat = self.seat(tx, participants);
        if seat.acceptor.accepted(from).is_some() {
            return;
        }
        let proposal = Proposal { ballot: Ballot::default(), value: true };
        if !seat.acceptor.accept(from, proposal.clone(), 0, None) {
            if !is_lax {
                return;
            }
            seat.acceptor.settle(from, proposal);
        }
        seat.found.insert(from, found);
        if seat.is_complete() {
            self.write(ctx, tx);
            match ctx.options().makes(Mistake::AcceptsBeforeForce) {
                true => self.release(ctx, Parked::Accepted(tx)),
                false => self.when_durable(ctx, Parked::Accepted(tx)),
            }
        }
    }

    /// What it accepted in the first ballot is on its disk: it tells the leader, or every participant (phase 2b).
    pub(super) fn tell_accepted(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(seat) = self.seats.get(&tx) else { return };
        let options = ctx.options();
        ctx.rejoin(tx.operation);
        if !options.faster {
            return self.deliver(ctx, options.leader(tx, 0), Message::Accepted(tx, Vec::new()));
        }
        let (participants, found) = (seat.participants.clone(), seat.found.clone());
        self.let_them_know(ctx, tx);
        for participant in participants {
            let found = match participant == tx.origin {
                true => found.iter().map(|(node, found)| (*node, found.clone())).collect(),
                false => Vec::new(),
            };
            self.deliver(ctx, participant, Message::Accepted(tx, found));
        }
    }

    /// Writes down all that it has promised and accepted.
    fn write(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(seat) = self.seats.get(&tx) else { return };
        let (participants, promised, accepted) = (seat.participants.clone(), seat.acceptor.promised(), seat.accepted());
        self.journal.append(ctx, Record::Acceptor { tx, participants, promised, accepted });
    }

    /// A leader asks for a promise: nothing of an earlier ballot is accepted from then on.
    pub(super) fn phase_1a(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, ballot: Ballot, participants: &[NodeId]) {
        let seat = self.seat(tx, participants);
        if !seat.acceptor.prepare(ballot) {
            let promised = seat.acceptor.promised();
            return self.deliver(ctx, from, Message::Preempted(tx, promised));
        }
        let accepted = seat.accepted();
        self.write(ctx, tx);
        self.when_durable(ctx, Parked::Promised(from, tx, ballot, accepted));
    }

    /// A leader proposes an outcome of all votes in a later ballot.
    pub(super) fn phase_2a(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, ballot: Ballot, votes: &[(NodeId, bool)]) {
        let participants: Vec<NodeId> = votes.iter().map(|(participant, _)| *participant).collect();
        let seat = self.seat(tx, &participants);
        if seat.acceptor.promised() > ballot {
            let promised = seat.acceptor.promised();
            return self.deliver(ctx, from, Message::Preempted(tx, promised));
        }
        for (participant, value) in votes {
            seat.acceptor.accept(*participant, Proposal { ballot, value: *value }, 0, None);
        }
        self.write(ctx, tx);
        self.when_durable(ctx, Parked::AcceptedIn(from, tx, ballot));
    }
}
