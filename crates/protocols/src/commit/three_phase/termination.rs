//! How a transaction ends without its coordinator: attempts, each led by a node that asks all others for their states, and decides by
//! what [`super::rules`] make of them.
//!
//! With `quorum` a decision needs no attempt to be the only one: quorums of states on disks meet. The numbers of attempts only keep them
//! from hindering each other. With `skeen` there must be one at a time, and a leader must hear of a newer one before it decides:
//! messages are not late there.
//!
//! Where all participants have crashed (total failure), any of them may have been the last, and have decided alone with others'
//! states: so all must have answered. And the coordinator, if it is up, must have given up.

use super::super::monitor::Fact;
use super::super::transaction::{Refusal, Tx};
use super::coordinator;
use super::message::{COURSE, Epoch, Message, Record, State};
use super::node::{Alarm, Ctx, Node, Parked};
use super::options::{Mistake, Termination};
use super::participant::Stage;
use super::rules::{self, Next};
use quorate_engine::NodeId;
use quorate_engine::time::Nanos;
use std::collections::{BTreeMap, BTreeSet};

/// An attempt that this node leads.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Attempt {
    epoch: Epoch,
    participants: Vec<NodeId>,
    /// Who has answered: its state, and whether it has crashed since it voted.
    heard: BTreeMap<NodeId, (State, bool)>,
    phase: Phase,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// All are asked for their states.
    Asking,
    /// Those who are ready are to precommit, or preabort.
    Moving {
        commit: bool,
        /// Who has.
        there: BTreeSet<NodeId>,
        /// Who is still to.
        awaited: BTreeSet<NodeId>,
    },
    /// The decision is written down.
    Deciding,
}

impl Attempt {
    /// All who are asked and told: the participants, and who began the transaction.
    pub(super) fn members(&self, tx: Tx) -> Vec<NodeId> {
        members(&self.participants, tx)
    }

    fn participant_states(&self) -> impl Iterator<Item = (NodeId, State, bool)> {
        let heard = |node: &NodeId| self.heard.get(node).map(|(state, recovered)| (*node, *state, *recovered));
        self.participants.iter().filter_map(heard)
    }
}

fn members(participants: &[NodeId], tx: Tx) -> Vec<NodeId> {
    let origin = Some(tx.origin).filter(|origin| !participants.contains(origin));
    participants.iter().copied().chain(origin).collect()
}

impl Node {
    /// What is known to have become of a transaction.
    pub(super) fn outcome(&self, tx: Tx) -> Option<bool> {
        self.decisions.get(&tx).or_else(|| self.resource.ended.get(&tx)).copied()
    }

    /// Whether it has written down a decision of its own that is not yet on its disk.
    pub(super) fn is_deciding(&self, tx: Tx) -> bool {
        self.led.get(&tx).is_some_and(|led| matches!(led.stage, coordinator::Stage::Deciding(_)))
    }

    /// Waits for whoever leads, and each time it has asked in vain, longer. One after the other, so that not all lead at once.
    pub(super) fn wait(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(local) = self.local.get(&tx) else { return };
        let common = &ctx.options().common;
        let wait = common.doubled(common.commit_timeout, local.tries).saturating_add(self.stagger(ctx, tx));
        self.set_alarm(ctx, Alarm::Doubt(tx), wait);
    }

    /// How much longer than the first of the participants it waits.
    fn stagger(&self, ctx: Ctx<'_, '_>, tx: Tx) -> Nanos {
        let Some(local) = self.local.get(&tx) else { return 0 };
        let participants = &local.work.participants;
        let rank = participants.iter().filter(|node| **node < self.me).count() as u64;
        ctx.options().common.commit_timeout / participants.len().max(1) as u64 * rank
    }

    /// After a restart: what had been prepared holds its locks again, and asks.
    pub(super) fn doubt_on(&mut self, ctx: Ctx<'_, '_>) {
        let local: Vec<Tx> = self.local.keys().copied().collect();
        for tx in local {
            if let Some(local) = self.local.get_mut(&tx) {
                local.reclaim(&mut self.resource, tx);
            }
            match self.decisions.get(&tx).copied() {
                Some(commit) => self.end(ctx, tx, commit),
                None => {
                    let stagger = self.stagger(ctx, tx);
                    self.set_alarm(ctx, Alarm::Doubt(tx), stagger);
                }
            }
        }
    }

    /// It has voted yes, and heard nothing for too long.
    pub(super) fn doubt(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let options = ctx.options();
        // It would ask itself, who knows better; and it does not interrupt its own attempt.
        if self.leads(tx) || self.attempts.contains_key(&tx) {
            return self.wait(ctx, tx);
        }
        let Some(local) = self.local.get_mut(&tx) else { return };
        let (participants, steady) = (local.work.participants.clone(), !local.recovered);
        match local.stage {
            Stage::Ready if options.makes(Mistake::DecidesAlone) => return self.end(ctx, tx, false),
            Stage::Precommitted if options.makes(Mistake::DecidesAlone) => return self.end(ctx, tx, true),
            Stage::Ready | Stage::Precommitted | Stage::Preaborted => {}
            // It waits for its disk, or has not voted.
            _ => return self.wait(ctx, tx),
        }
        // Another may wait for locks for longer than any message takes: as long as not all have voted, a coordinator that is there goes on.
        let may_be_early = steady && local.stage == Stage::Ready && local.tries == 0 && !local.inquired;
        if may_be_early && options.termination != Termination::Never {
            local.inquired = true;
            self.wait(ctx, tx);
            return self.deliver(ctx, tx.origin, Message::Inquire(tx, participants));
        }
        self.wait(ctx, tx);
        if let Some(local) = self.local.get_mut(&tx) {
            local.tries += 1;
        }
        match options.termination {
            Termination::Never => self.deliver(ctx, tx.origin, Message::Inquire(tx, participants)),
            Termination::Quorum => self.begin(ctx, tx, participants, true),
            Termination::Skeen => self.begin(ctx, tx, participants, steady),
        }
    }

    /// Somebody wants to know what was decided.
    pub(super) fn inquired(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, participants: Vec<NodeId>) {
        if self.outcome(tx).is_some() {
            return self.when_durable(ctx, Parked::Answer(tx, from, COURSE));
        }
        if self.led.get(&tx).is_some_and(|led| led.stage == coordinator::Stage::Voting) {
            return self.deliver(ctx, from, Message::Voting(tx));
        }
        let is_lost = tx.origin == self.me && !self.led.contains_key(&tx) && !self.attempts.contains_key(&tx);
        if is_lost && ctx.options().termination == Termination::Never {
            self.begin(ctx, tx, participants, true);
        }
    }

    /// The coordinator is there, and waits for somebody's vote.
    pub(super) fn is_not_alone(&mut self, tx: Tx) {
        if let Some(local) = self.local.get_mut(&tx) {
            local.inquired = false;
        }
    }

    /// Leads an attempt.
    fn begin(&mut self, ctx: Ctx<'_, '_>, tx: Tx, participants: Vec<NodeId>, steady: bool) {
        let seen = self.newest.get(&tx).map_or(0, |newest| newest.number);
        let epoch = Epoch { steady, number: seen + 1, node: self.me, restarts: ctx.restarts() };
        self.newest.insert(tx, epoch);
        let attempt = Attempt { epoch, participants: participants.clone(), heard: BTreeMap::new(), phase: Phase::Asking };
        let members = attempt.members(tx);
        self.attempts.insert(tx, attempt);
        ctx.fact(Fact::Suspected(tx));
        self.set_alarm(ctx, Alarm::Attempt(tx), ctx.options().common.commit_timeout);
        for node in members {
            self.deliver(ctx, node, Message::Ask(tx, epoch, participants.clone()));
        }
    }

    /// Whether it obeys an attempt: it does if it has not seen a newer one. With `skeen` those who have never crashed are led by one of
    /// them, and those who have by one of those.
    pub(super) fn obey(&mut self, ctx: Ctx<'_, '_>, tx: Tx, epoch: Epoch) -> bool {
        let newest = self.newest.get(&tx).copied().unwrap_or(COURSE);
        let Some(local) = self.local.get(&tx) else { return false };
        let is_of_others = ctx.options().termination == Termination::Skeen && epoch.steady == local.recovered;
        if epoch < newest || epoch != COURSE && is_of_others {
            return false;
        }
        if epoch > newest {
            self.newest.insert(tx, epoch);
            self.depose(ctx, tx);
            self.wait(ctx, tx);
        }
        true
    }

    /// Gives an attempt up, unless it has decided.
    fn depose(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if self.attempts.get(&tx).is_some_and(|attempt| attempt.phase != Phase::Deciding) {
            self.attempts.remove(&tx);
            self.cancel_alarm(ctx, Alarm::Attempt(tx));
        }
    }

    /// Somebody leads an attempt, and asks for its state.
    pub(super) fn asked(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, epoch: Epoch, participants: &[NodeId]) {
        if tx.origin == self.me && ctx.options().termination != Termination::Never {
            self.give_up(ctx, tx);
        }
        if self.outcome(tx).is_none() && participants.contains(&self.me) {
            match self.local.get(&tx).map(|local| local.stage) {
                // It has not voted, or has not heard that the transaction began: it makes sure that it never will.
                None | Some(Stage::Waiting) => self.refuse(ctx, tx, Refusal::Conflict),
                Some(_) => _ = self.obey(ctx, tx, epoch),
            }
        }
        self.when_durable(ctx, Parked::Answer(tx, from, epoch));
    }

    /// Everything that it had written down when it was asked is on its disk.
    pub(super) fn answer(&mut self, ctx: Ctx<'_, '_>, to: NodeId, tx: Tx, epoch: Epoch) {
        if let Some(commit) = self.outcome(tx) {
            return self.tell(ctx, to, tx, commit);
        }
        // What waits for its disk as the decision of this node is told to all when it is there.
        if epoch == COURSE || self.is_deciding(tx) {
            return;
        }
        let (state, recovered) = match self.local.get(&tx) {
            Some(local) => (local.stage.state(), local.recovered),
            None => (State::Apart, false),
        };
        let newest = self.newest.get(&tx).copied().unwrap_or(COURSE);
        self.deliver(ctx, to, Message::State { tx, epoch, newest, state, recovered });
    }

    /// Says what was decided to who does not know.
    pub(super) fn tell(&mut self, ctx: Ctx<'_, '_>, to: NodeId, tx: Tx, commit: bool) {
        self.deliver(ctx, to, Message::Decision { tx, commit, again: true });
    }

    /// Somebody says its state.
    pub(super) fn stated(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, [epoch, newest]: [Epoch; 2], said: (State, bool)) {
        let Some(attempt) = self.attempts.get_mut(&tx) else { return };
        if newest > attempt.epoch {
            // Somebody else leads, or did: its own next attempt is to be newer than that.
            if newest.steady == attempt.epoch.steady {
                self.newest.insert(tx, newest);
            }
            return self.depose(ctx, tx);
        }
        if attempt.epoch == epoch && attempt.phase == Phase::Asking {
            attempt.heard.insert(from, said);
            self.weigh(ctx, tx, false);
        }
    }

    /// The leader has waited long enough, for states or for those who are to move.
    pub(super) fn attempt_is_late(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        match self.attempts.get(&tx).map(|attempt| &attempt.phase) {
            Some(Phase::Asking) => self.weigh(ctx, tx, true),
            Some(Phase::Moving { .. }) => self.advance(ctx, tx, true),
            Some(Phase::Deciding) | None => {}
        }
    }

    /// What the states that it has heard are good for.
    fn weigh(&mut self, ctx: Ctx<'_, '_>, tx: Tx, late: bool) {
        let options = ctx.options();
        let Some(attempt) = self.attempts.get(&tx) else { return };
        let size = attempt.participants.len();
        let heard: Vec<(NodeId, State, bool)> = attempt.participant_states().collect();
        let all = heard.len() == size;
        // With `skeen`, who has crashed has no say while somebody answers who never has.
        let by_steady = options.termination == Termination::Skeen && attempt.epoch.steady;
        let is_enough = match options.termination {
            Termination::Quorum => all || late,
            Termination::Skeen if attempt.epoch.steady => all || late,
            Termination::Skeen => {
                if heard.iter().any(|(_, _, recovered)| !recovered) {
                    return self.depose(ctx, tx);
                }
                all && (late || attempt.members(tx).iter().all(|node| attempt.heard.contains_key(node)))
            }
            Termination::Never => all,
        };
        if !is_enough {
            if late {
                self.depose(ctx, tx);
            }
            return;
        }
        let counted = heard.into_iter().filter(|(_, _, recovered)| !by_steady || !recovered);
        let counted: Vec<(NodeId, State)> = counted.map(|(node, state, _)| (node, state)).collect();
        let states: Vec<State> = counted.iter().map(|(_, state)| *state).collect();
        let next = match options.termination {
            Termination::Quorum => rules::by_quorum(&states, [options.quorum(size, true), options.quorum(size, false)]),
            Termination::Skeen | Termination::Never => rules::by_states(&states),
        };
        match next {
            Next::Blocked => self.depose(ctx, tx),
            Next::Abort => self.resolve(ctx, tx, false),
            Next::Move(commit) => self.have_move(ctx, tx, commit, &counted),
        }
    }

    /// Has those who are ready precommit, or preabort.
    fn have_move(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool, counted: &[(NodeId, State)]) {
        let Some(attempt) = self.attempts.get_mut(&tx) else { return };
        let epoch = attempt.epoch;
        let goal = if commit { State::Precommitted } else { State::Preaborted };
        let of = |wanted: State| counted.iter().filter(move |(_, state)| *state == wanted).map(|(node, _)| *node);
        let awaited: BTreeSet<NodeId> = of(State::Ready).collect();
        attempt.phase = Phase::Moving { commit, there: of(goal).collect(), awaited: awaited.clone() };
        self.set_alarm(ctx, Alarm::Attempt(tx), ctx.options().common.commit_timeout);
        self.advance(ctx, tx, false);
        if self.attempts.get(&tx).is_some_and(|attempt| matches!(attempt.phase, Phase::Moving { .. })) {
            for node in awaited {
                self.deliver(ctx, node, Message::Move(tx, epoch, commit));
            }
        }
    }

    /// Somebody is precommitted, or preaborted.
    pub(super) fn moved(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, epoch: Epoch, commit: bool) {
        let Some(attempt) = self.attempts.get_mut(&tx).filter(|attempt| attempt.epoch == epoch) else { return };
        if let Phase::Moving { commit: goal, there, awaited } = &mut attempt.phase
            && *goal == commit
        {
            awaited.remove(&from);
            there.insert(from);
            self.advance(ctx, tx, false);
        }
    }

    /// Decides once enough have moved.
    fn advance(&mut self, ctx: Ctx<'_, '_>, tx: Tx, late: bool) {
        let options = ctx.options();
        let Some(attempt) = self.attempts.get(&tx) else { return };
        let Phase::Moving { commit, there, awaited } = &attempt.phase else { return };
        let is_enough = match options.termination {
            Termination::Quorum => there.len() >= options.quorum(attempt.participants.len(), *commit),
            // Who does not answer has crashed.
            Termination::Skeen if attempt.epoch.steady => awaited.is_empty() || late,
            Termination::Skeen | Termination::Never => awaited.is_empty(),
        };
        match (is_enough, late) {
            (true, _) => self.resolve(ctx, tx, *commit),
            (false, true) => self.depose(ctx, tx),
            (false, false) => {}
        }
    }

    /// The leader decides; everybody is told when that is on its disk.
    fn resolve(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        self.cancel_alarm(ctx, Alarm::Attempt(tx));
        if let Some(attempt) = self.attempts.get_mut(&tx) {
            attempt.phase = Phase::Deciding;
            self.journal.append(ctx, Record::Decision(tx, commit));
            self.when_durable(ctx, Parked::Decided(tx, commit));
        }
    }
}
