//! The leader: has everybody prepare, hears of the acceptors that all are, and tells. Whoever leads next finds the outcome with the acceptors,
//! and has aborted what they do not know.

use super::super::monitor::Fact;
use super::super::transaction::{Refusal, Transaction, Tx, Value, Work};
use super::acceptor::Seat;
use super::message::{Message, Proposals, Reads};
use super::node::{Alarm, Ctx, Node};
use super::options::Mistake;
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use quorate_engine::NodeId;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A transaction whose outcome this node is finding.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Led {
    participants: Vec<NodeId>,
    stage: Stage,
    /// The greatest round of which it has heard.
    round: u64,
    /// Ballots that it has begun.
    tries: u32,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Stage {
    /// In the first ballot: these acceptors have accepted that all are prepared.
    Voting(BTreeSet<NodeId>),
    /// In a later one: what each acceptor told with its promise (phase 1).
    Promising(Ballot, BTreeMap<NodeId, Proposals>),
    /// The votes that it proposes, and who has accepted them (phase 2).
    Accepting(Ballot, Vec<(NodeId, bool)>, BTreeSet<NodeId>),
}

impl Node {
    /// A participant has begun a transaction, and is prepared: the others are asked.
    pub(super) fn lead(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, transaction: &Transaction, found: Vec<Value>) {
        let options = ctx.options();
        let parts = transaction.by_keeper(options.common.keepers);
        let participants: Vec<NodeId> = parts.keys().copied().collect();
        // It may have come twice, or after the outcome was found without it.
        let is_new = !self.led.contains_key(&tx) && !self.outcomes.contains_key(&tx) && !self.seats.contains_key(&tx);
        if is_new {
            let stage = Stage::Voting(BTreeSet::new());
            self.led.insert(tx, Led { participants: participants.clone(), stage, round: 0, tries: 0 });
            self.set_alarm(ctx, Alarm::Ballot(tx), options.common.prepare_timeout);
            for (node, parts) in parts.into_iter().filter(|(node, _)| *node != from) {
                let work = Work { parts, expects: Vec::new(), participants: participants.clone() };
                self.deliver(ctx, node, Message::Prepare(tx, Box::new(work)));
            }
        }
        self.vote(ctx, from, tx, &participants, found);
    }

    /// A participant will never be prepared: nothing else can be chosen of its vote, so it is decided.
    pub(super) fn refused_by(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, why: Refusal) {
        if self.led.get(&tx).is_some_and(|led| matches!(led.stage, Stage::Voting(_))) {
            self.decide(ctx, tx, false, Some(why), Some(from));
        }
    }

    /// An acceptor has accepted in the first ballot that all are prepared.
    pub(super) fn accepted(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx) {
        let Some(Led { stage: Stage::Voting(by), .. }) = self.led.get_mut(&tx) else { return };
        by.insert(from);
        if by.len() >= ctx.options().quorum() {
            self.decide(ctx, tx, true, None, None);
        }
    }

    /// The acceptors tell all participants themselves: who does not hear it will ask.
    pub(super) fn let_them_know(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.led.get(&tx).is_some_and(|led| matches!(led.stage, Stage::Voting(_))) {
            self.led.remove(&tx);
            self.cancel_alarm(ctx, Alarm::Ballot(tx));
        }
    }

    /// It is decided: the participants are told, but for one that knows.
    fn decide(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool, why: Option<Refusal>, knows: Option<NodeId>) {
        let Some(led) = self.led.remove(&tx) else { return };
        self.cancel_alarm(ctx, Alarm::Ballot(tx));
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Decided { tx, commit });
        self.outcomes.insert(tx, commit);
        let again = !matches!(led.stage, Stage::Voting(_));
        for node in led.participants.into_iter().filter(|node| Some(*node) != knows) {
            self.tell(ctx, node, tx, (commit, why), again);
        }
    }

    /// Tells what was decided; the one who tells the client, what was found too.
    fn tell(&mut self, ctx: Ctx<'_, '_>, to: NodeId, tx: Tx, (commit, why): (bool, Option<Refusal>), again: bool) {
        let found: Reads = match self.seats.get(&tx).filter(|_| to == tx.origin && commit) {
            Some(seat) => seat.found.iter().map(|(node, found)| (*node, found.clone())).collect(),
            None => Vec::new(),
        };
        self.deliver(ctx, to, Message::Decision { tx, commit, again, found, why });
    }

    /// Somebody who has voted asks: it is told, or this node leads now.
    pub(super) fn inquired(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, participants: Vec<NodeId>) {
        if let Some(commit) = self.outcomes.get(&tx).copied() {
            return self.tell(ctx, from, tx, (commit, Some(Refusal::Conflict).filter(|_| !commit)), true);
        }
        if let Entry::Vacant(vacant) = self.led.entry(tx) {
            let stage = Stage::Promising(Ballot::default(), BTreeMap::new());
            vacant.insert(Led { participants, stage, round: 0, tries: 0 });
            ctx.fact(Fact::Suspected(tx));
            self.next_ballot(ctx, tx);
        }
    }

    /// The votes, or the acceptors, have not come.
    pub(super) fn ballot_is_late(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        ctx.fact(Fact::Suspected(tx));
        match ctx.options().makes(Mistake::AbortsAlone) {
            true => self.decide(ctx, tx, false, Some(Refusal::Conflict), None),
            false => self.next_ballot(ctx, tx),
        }
    }

    /// Begins a ballot above all of which it has heard. Its own acceptor promises first, on its disk: so no ballot is begun twice, whatever
    /// a restart forgets.
    fn next_ballot(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let options = ctx.options();
        let promised = self.seats.get(&tx).map_or(Ballot::default(), Seat::promised);
        let Some(led) = self.led.get_mut(&tx) else { return };
        let ballot = Ballot::above(led.round.max(promised.round), self.me, None);
        led.round = ballot.round;
        led.stage = Stage::Promising(ballot, BTreeMap::new());
        let wait = options.common.doubled(options.common.commit_timeout, led.tries);
        led.tries += 1;
        let participants = led.participants.clone();
        // Two who lead at once do not try again after the same time.
        let seat = u64::from(options.seat(self.me).unwrap_or_default());
        self.set_alarm(ctx, Alarm::Ballot(tx), wait + wait / (2 * u64::from(options.faults) + 1) * seat);
        self.phase_1a(ctx, self.me, tx, ballot, &participants);
    }

    /// Its own acceptor has promised: the others are asked (phase 1a).
    fn ask_acceptors(&mut self, ctx: Ctx<'_, '_>, tx: Tx, ballot: Ballot) {
        let Some(led) = self.led.get(&tx) else { return };
        let participants = led.participants.clone();
        for acceptor in ctx.options().acceptors().filter(|acceptor| *acceptor != self.me) {
            ctx.send(acceptor, Message::Phase1a(tx, ballot, participants.clone()));
        }
    }

    /// An acceptor has promised: when enough have, what one of them had accepted is proposed again, and the rest as aborted.
    pub(super) fn phase_1b(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, ballot: Ballot, accepted: Proposals) {
        let options = ctx.options();
        let Some(led) = self.led.get_mut(&tx) else { return };
        let Stage::Promising(current, promises) = &mut led.stage else { return };
        if *current != ballot {
            return;
        }
        promises.insert(from, accepted);
        if promises.len() < options.quorum() {
            if from == self.me {
                self.ask_acceptors(ctx, tx, ballot);
            }
            return;
        }
        let told = promises.values().flatten().filter(|_| !options.makes(Mistake::IgnoresAccepted));
        let mut highest: BTreeMap<NodeId, Option<Proposal<bool>>> = BTreeMap::new();
        for (participant, proposal) in told {
            Proposal::outbid(highest.entry(*participant).or_default(), proposal.clone());
        }
        let vote = |participant: &NodeId| highest.get(participant).and_then(Option::as_ref).is_some_and(|highest| highest.value);
        let votes: Vec<(NodeId, bool)> = led.participants.iter().map(|participant| (*participant, vote(participant))).collect();
        led.stage = Stage::Accepting(ballot, votes.clone(), BTreeSet::new());
        for acceptor in options.acceptors() {
            self.deliver(ctx, acceptor, Message::Phase2a(tx, ballot, votes.clone()));
        }
    }

    /// An acceptor has accepted: when enough have, it is decided.
    pub(super) fn phase_2b(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, ballot: Ballot) {
        let Some(Led { stage: Stage::Accepting(current, votes, by), .. }) = self.led.get_mut(&tx) else { return };
        if *current != ballot {
            return;
        }
        by.insert(from);
        if by.len() >= ctx.options().quorum() {
            let commit = votes.iter().all(|(_, prepared)| *prepared);
            self.decide(ctx, tx, commit, Some(Refusal::Conflict).filter(|_| !commit), None);
        }
    }

    /// Somebody leads in a later ballot: if that comes to nothing, the next one here is above it.
    pub(super) fn preempted(&mut self, tx: Tx, ballot: Ballot) {
        if let Some(led) = self.led.get_mut(&tx) {
            led.round = led.round.max(ballot.round);
        }
    }
}
