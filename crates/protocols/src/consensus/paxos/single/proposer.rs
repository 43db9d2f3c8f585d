//! The proposer ("Paxos made simple", §2.2): two phases, each once more when answers are missing, and a random wait when a higher ballot
//! stands in the way, so that two that duel do not for ever (§2.4).

use super::message::{Message, ROUNDS_MAX, Record, Timer};
use super::node::{Ctx, Fact, Parked, Paxos};
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::consensus::paxos::monitor::Step;
use crate::replication::machine::{Command, Request, Response};
use quorate_engine::{NodeId, OpId, Wire};
use std::collections::BTreeSet;

/// A proposer's work on one key.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Round {
    /// Which of the timers is its own.
    pub(super) timer: u8,
    ballot: Ballot,
    /// The highest round that it knows to be taken.
    taken: u64,
    phase: Phase,
    /// Reads that were asked before this ballot began: they may be told that nothing was chosen then.
    reads: Vec<OpId>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// The ballot is being written down.
    Begun,
    /// Phase 1: who promised, and the highest proposal of theirs.
    Preparing(BTreeSet<NodeId>, Option<Proposal<Command>>),
    /// Phase 2: the value, and who accepted it.
    Accepting(Command, BTreeSet<NodeId>),
    /// It waits before it begins another ballot.
    Preempted,
}

impl Paxos {
    /// Begins to work on a key, unless it does already.
    pub(super) fn propose(&mut self, ctx: Ctx<'_, '_>, key: u32) {
        if self.rounds.contains_key(&key) || self.queue.contains(&key) {
            return;
        }
        let taken: BTreeSet<u8> = self.rounds.values().map(|round| round.timer).collect();
        let Some(timer) = (0..ROUNDS_MAX).find(|timer| !taken.contains(timer)) else {
            return self.queue.push_back(key);
        };
        let round = Round { timer, ballot: Ballot::default(), taken: 0, phase: Phase::Preempted, reads: Vec::new() };
        self.rounds.insert(key, round);
        self.begin(ctx, key);
    }

    /// Begins a ballot above all that it knows of. Its own acceptor is the first to promise; once that is on disk, the ballot is never
    /// used again (§2.5).
    fn begin(&mut self, ctx: Ctx<'_, '_>, key: u32) {
        let options = ctx.options();
        let acceptor = self.acceptors.entry(key).or_default();
        let Some(round) = self.rounds.get_mut(&key) else { return };
        let ballot = Ballot::above(round.taken.max(acceptor.promised().round), self.me, options.common.mistake);
        acceptor.prepare(ballot);
        (round.ballot, round.phase) = (ballot, Phase::Begun);
        let waiting = self.waiting.get(&key).into_iter().flatten();
        round.reads = waiting.filter(|(_, request)| !request.changes()).map(|(operation, _)| *operation).collect();
        ctx.set_timer_within(Timer::Round(round.timer), options.retry.0, options.retry.1);
        ctx.fact(Fact::Began(ballot));
        self.write(ctx, Record::Promised(key, ballot));
        self.when_durable(ctx, Parked::Prepare(key, ballot));
    }

    /// Phase 1a.
    pub(super) fn ask_to_promise(&mut self, ctx: Ctx<'_, '_>, key: u32, ballot: Ballot) {
        let now = self.forgets(ctx);
        let acceptor = self.acceptors.entry(key).or_default();
        let Some(round) = self.rounds.get_mut(&key).filter(|round| round.ballot == ballot) else { return };
        if acceptor.promised() != ballot {
            let promised = acceptor.promised();
            return self.refused(ctx, key, ballot, promised);
        }
        let own = acceptor.told(.., now).next().map(|(_, proposal)| proposal);
        round.phase = Phase::Preparing(BTreeSet::from([self.me]), own);
        ctx.fact(Fact::Step(Step::Promised { scope: key.into(), ballot }));
        ctx.broadcast(Message::Prepare(key, ballot));
        self.count_promises(ctx, key);
    }

    /// Phase 1b, as the proposer.
    pub(super) fn promised(
        &mut self,
        ctx: Ctx<'_, '_>,
        from: NodeId,
        key: u32,
        ballot: Ballot,
        accepted: Option<Proposal<Command>>,
    ) {
        let Some(round) = self.rounds.get_mut(&key).filter(|round| round.ballot == ballot) else { return };
        let Phase::Preparing(promises, highest) = &mut round.phase else { return };
        promises.insert(from);
        if let Some(accepted) = accepted {
            Proposal::outbid(highest, accepted);
        }
        self.count_promises(ctx, key);
    }

    /// Phase 2a: "with a value v, where v is the value of the highest-numbered proposal among the responses, or is any value if the
    /// responses reported no proposals".
    fn count_promises(&mut self, ctx: Ctx<'_, '_>, key: u32) {
        let options = ctx.options();
        let Some(round) = self.rounds.get_mut(&key) else { return };
        let Phase::Preparing(promises, highest) = &mut round.phase else { return };
        if !options.common.is_majority(promises.len()) {
            return;
        }
        let accepted = highest.take().map(|proposal| proposal.value);
        let waiting = self.waiting.get(&key).into_iter().flatten();
        let own =
            || waiting.filter(|(_, request)| request.changes()).map(|(operation, request)| (*operation, request.clone())).next();
        let Some(value) = accepted.or_else(|| own().map(|(operation, request)| Command { operation, request })) else {
            return self.nothing_chosen(ctx, key);
        };
        let (ballot, digest) = (round.ballot, value.wire_digest());
        round.phase = Phase::Accepting(value.clone(), BTreeSet::new());
        ctx.set_timer_within(Timer::Round(round.timer), options.retry.0, options.retry.1);
        ctx.fact(Fact::Step(Step::Proposed { instance: key.into(), ballot, value: Some(digest) }));
        let proposal = Proposal { ballot, value };
        ctx.broadcast(Message::Accept(key, proposal.clone()));
        self.accept(ctx, self.me, key, proposal);
    }

    /// A majority had accepted nothing below the ballot, and will not: nothing was chosen when it began.
    fn nothing_chosen(&mut self, ctx: Ctx<'_, '_>, key: u32) {
        let Some(round) = self.rounds.get(&key) else { return };
        let waiting = self.waiting.entry(key).or_default();
        let (told, left) = std::mem::take(waiting).into_iter().partition(|(operation, _)| round.reads.contains(operation));
        *waiting = left;
        for (operation, _) in Vec::<(OpId, Request)>::into_iter(told) {
            ctx.reply(operation, Response::Value(None));
        }
        if waiting.is_empty() {
            self.waiting.remove(&key);
            self.finish(ctx, key);
        } else {
            self.begin(ctx, key);
        }
    }

    /// Phase 2b, as the proposer and the distinguished learner (§2.3).
    pub(super) fn accepted(&mut self, ctx: Ctx<'_, '_>, from: NodeId, key: u32, ballot: Ballot) {
        let Some(round) = self.rounds.get_mut(&key).filter(|round| round.ballot == ballot) else { return };
        let Phase::Accepting(value, acceptors) = &mut round.phase else { return };
        acceptors.insert(from);
        if ctx.options().common.is_majority(acceptors.len()) {
            let value = value.clone();
            ctx.fact(Fact::Decided(key));
            ctx.broadcast(Message::Chosen(key, value.clone()));
            self.learn(ctx, key, value);
        }
    }

    /// An acceptor has promised a higher ballot: "it is probably a good idea to abandon a proposal" (§2.2).
    pub(super) fn refused(&mut self, ctx: Ctx<'_, '_>, key: u32, ballot: Ballot, promised: Ballot) {
        let Some(round) = self.rounds.get_mut(&key).filter(|round| round.ballot == ballot) else { return };
        round.taken = round.taken.max(promised.round);
        if round.phase != Phase::Preempted {
            round.phase = Phase::Preempted;
            let (low, high) = ctx.options().backoff;
            ctx.set_timer_within(Timer::Round(round.timer), low, high);
            ctx.fact(Fact::Preempted(ballot));
        }
    }

    /// A round has waited: it asks those again who have not answered, or begins another ballot.
    pub(super) fn go_on(&mut self, ctx: Ctx<'_, '_>, timer: u8) {
        let Some((&key, round)) = self.rounds.iter().find(|(_, round)| round.timer == timer) else { return };
        let silent = |heard: &BTreeSet<NodeId>| ctx.others().iter().filter(|node| !heard.contains(node)).collect::<Vec<NodeId>>();
        match &round.phase {
            Phase::Preempted => return self.begin(ctx, key),
            Phase::Begun => {}
            Phase::Preparing(promises, _) => {
                let silent = silent(promises);
                ctx.multicast(silent, Message::Prepare(key, round.ballot));
            }
            Phase::Accepting(value, acceptors) => {
                let silent = silent(acceptors);
                ctx.multicast(silent, Message::Accept(key, Proposal { ballot: round.ballot, value: value.clone() }));
            }
        }
        let (low, high) = ctx.options().retry;
        ctx.set_timer_within(Timer::Round(timer), low, high);
    }

    /// The work on a key is over: another may begin.
    pub(super) fn finish(&mut self, ctx: Ctx<'_, '_>, key: u32) {
        self.queue.retain(|queued| *queued != key);
        let Some(round) = self.rounds.remove(&key) else { return };
        ctx.cancel_timer(Timer::Round(round.timer));
        if let Some(next) = self.queue.pop_front() {
            self.propose(ctx, next);
        }
    }
}
