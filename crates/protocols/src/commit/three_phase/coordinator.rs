//! The coordinator: asks, counts votes, has all precommit, and decides, unless somebody else takes the lead.

use super::super::monitor::Fact;
use super::super::transaction::{Part, Refusal, Tx, Value, Work};
use super::message::{COURSE, Message, Record, Vote};
use super::node::{Alarm, Ctx, Node, Parked};
use super::options::Termination;
use quorate_engine::{NodeId, NodeSet, OpId};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction that this node has begun.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Led {
    /// Everybody's parts.
    parts: BTreeMap<NodeId, Vec<Part>>,
    /// What the reads of those found who have voted yes.
    found: BTreeMap<NodeId, Vec<Value>>,
    /// Who has voted no.
    against: Option<NodeId>,
    /// Who is precommitted.
    precommitted: BTreeSet<NodeId>,
    pub(super) stage: Stage,
    /// How often it has waited in this stage.
    times: u32,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// Votes are awaited.
    Voting,
    /// All have voted yes, and are to precommit.
    Precommitting,
    /// The decision is written down. With the reason of an abort that another time may not have.
    Deciding(Option<Refusal>),
    /// Others see to it: it waits to be told.
    GivenUp,
}

impl Led {
    pub(super) fn participants(&self) -> Vec<NodeId> {
        self.parts.keys().copied().collect()
    }

    /// Those who are told a decision: who has voted no knows.
    pub(super) fn told(&self) -> Vec<NodeId> {
        self.parts.keys().copied().filter(|node| self.against != Some(*node)).collect()
    }
}

impl Node {
    /// Tries an operation, once more or for the first time.
    pub(super) fn attempt(&mut self, ctx: Ctx<'_, '_>, operation: OpId) {
        let Some(transaction) = self.desk.transaction(operation).cloned() else { return };
        let common = &ctx.options().common;
        let parts = transaction.by_keeper(common.keepers);
        let tx = self.desk.name(ctx, operation);
        let participants: Vec<NodeId> = parts.keys().copied().collect();
        ctx.rejoin(operation);
        let set = NodeSet::from_ranges(participants.iter().map(|node| (node.0, node.0 + 1)));
        ctx.fact(Fact::Began { tx, participants: set });
        let led = Led {
            parts: parts.clone(),
            found: BTreeMap::new(),
            against: None,
            precommitted: BTreeSet::new(),
            stage: Stage::Voting,
            times: 0,
        };
        self.led.insert(tx, led);
        self.set_alarm(ctx, Alarm::Lead(tx), common.prepare_timeout);
        for (node, parts) in parts {
            let work = Work { parts, expects: Vec::new(), participants: participants.clone() };
            self.deliver(ctx, node, Message::Prepare(tx, Box::new(work)));
        }
    }

    /// A participant votes.
    pub(super) fn voted(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, vote: Vote) {
        let Some(led) = self.led.get_mut(&tx) else { return };
        match vote {
            Vote::Yes(found) => _ = led.found.insert(from, found),
            Vote::No(why) if led.stage == Stage::Voting => {
                led.against = Some(from);
                return self.decide(ctx, tx, Some(why));
            }
            Vote::No(_) => {}
        }
        if led.stage == Stage::Voting && led.found.len() == led.parts.len() {
            led.stage = Stage::Precommitting;
            let participants = led.participants();
            self.set_alarm(ctx, Alarm::Lead(tx), ctx.options().common.commit_timeout);
            for node in participants {
                self.deliver(ctx, node, Message::Precommit(tx));
            }
        }
    }

    /// A participant is precommitted, on its disk.
    pub(super) fn acknowledged(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx) {
        let Some(led) = self.led.get_mut(&tx).filter(|led| led.stage == Stage::Precommitting) else { return };
        led.precommitted.insert(from);
        if led.precommitted.len() >= ctx.options().wanted(led.parts.len()) {
            self.decide(ctx, tx, None);
        }
    }

    /// It has waited long enough.
    pub(super) fn lead_on(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(led) = self.led.get_mut(&tx) else { return };
        let participants = led.participants();
        ctx.fact(Fact::Suspected(tx));
        match led.stage {
            Stage::Voting => return self.decide(ctx, tx, Some(Refusal::Conflict)),
            Stage::Deciding(_) => return,
            Stage::Precommitting if ctx.options().termination == Termination::Skeen => {
                // Who has not answered is taken for crashed. Where all have crashed, nobody would know of a commit: it leaves it to them.
                return match led.precommitted.is_empty() {
                    true => self.give_up(ctx, tx),
                    false => self.decide(ctx, tx, None),
                };
            }
            Stage::Precommitting => {
                let missing = participants.into_iter().filter(|node| !led.precommitted.contains(node));
                for node in missing.collect::<Vec<NodeId>>() {
                    self.deliver(ctx, node, Message::Move(tx, COURSE, true));
                }
            }
            Stage::GivenUp => {
                let me = self.me;
                let others: Vec<NodeId> = participants.iter().copied().filter(|node| *node != me).collect();
                ctx.multicast(others, Message::Inquire(tx, participants));
            }
        }
        self.wait_longer(ctx, tx);
    }

    fn wait_longer(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if let Some(led) = self.led.get_mut(&tx) {
            led.times += 1;
            let common = &ctx.options().common;
            let wait = common.doubled(common.commit_timeout, led.times);
            self.set_alarm(ctx, Alarm::Lead(tx), wait);
        }
    }

    /// Somebody else leads: it does not decide any more, and waits to be told.
    pub(super) fn give_up(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        if let Some(led) = self.led.get_mut(&tx).filter(|led| matches!(led.stage, Stage::Voting | Stage::Precommitting)) {
            led.stage = Stage::GivenUp;
            led.times = 0;
            self.wait_longer(ctx, tx);
        }
    }

    /// Whether it leads this transaction, as the one who began it.
    pub(super) fn leads(&self, tx: Tx) -> bool {
        self.led.get(&tx).is_some_and(|led| led.stage != Stage::GivenUp)
    }

    /// Decides: to commit, unless something stands against it.
    fn decide(&mut self, ctx: Ctx<'_, '_>, tx: Tx, against: Option<Refusal>) {
        self.cancel_alarm(ctx, Alarm::Lead(tx));
        let Some(led) = self.led.get_mut(&tx) else { return };
        led.stage = Stage::Deciding(against);
        let commit = against.is_none();
        self.journal.append(ctx, Record::Decision(tx, commit));
        match commit {
            true => self.when_durable(ctx, Parked::Decided(tx, true)),
            // Nobody has precommitted, and without its record nobody will commit either.
            false => self.decided(ctx, tx, false),
        }
    }

    /// A decision holds, the coordinator's or that of who led an attempt: everybody may know.
    pub(super) fn decided(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        ctx.rejoin(tx.operation);
        if self.decisions.insert(tx, commit).is_none() {
            ctx.fact(Fact::Decided { tx, commit });
        }
        let course = self.led.get(&tx).filter(|led| matches!(led.stage, Stage::Deciding(_))).map(Led::told);
        let again = course.is_none();
        self.newest.remove(&tx);
        let attempt = self.attempts.remove(&tx).map(|attempt| attempt.members(tx));
        for node in course.or(attempt).unwrap_or_default() {
            self.deliver(ctx, node, Message::Decision { tx, commit, again });
        }
        self.settle(ctx, tx, commit);
    }

    /// What it began is over: it tells its client, or tries again what others stood in the way of.
    pub(super) fn settle(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        let Some(led) = self.led.remove(&tx) else { return };
        self.cancel_alarm(ctx, Alarm::Lead(tx));
        let common = &ctx.options().common;
        if commit {
            return self.desk.reply(ctx, tx.operation, common.keepers, &led.found);
        }
        let why = match led.stage {
            Stage::Deciding(why) => why,
            Stage::Voting | Stage::Precommitting | Stage::GivenUp => Some(Refusal::Conflict),
        };
        if let Some(wait) = self.desk.put_off(ctx, common, tx.operation, why) {
            self.set_alarm(ctx, Alarm::Retry(tx.operation), wait);
        }
    }
}
