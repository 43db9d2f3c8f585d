//! The coordinator: asks, counts votes, decides, and tells until everybody knows.

use super::super::monitor::Fact;
use super::super::store::Waits;
use super::super::transaction::{Part, Refusal, Transaction, Tx, Value, Work};
use super::message::{Message, Record, Vote};
use super::node::{Alarm, Ctx, Node, Parked};
use super::options::{Form, Mistake, Options, Presumption};
use quorate_engine::{NodeId, NodeSet, OpId};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction that this node coordinates.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Led {
    /// Everybody's parts.
    parts: BTreeMap<NodeId, Vec<Part>>,
    /// What each one's reads found.
    pub(super) found: BTreeMap<NodeId, Vec<Value>>,
    /// Whose vote, or whose values, are still to come.
    missing: BTreeSet<NodeId>,
    /// Who has voted yes.
    yes: BTreeSet<NodeId>,
    /// Who is to be told no more: it voted no, or only read.
    done: BTreeSet<NodeId>,
    pub(super) stage: Stage,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// Everybody does its part.
    Working,
    /// Who is to vote is written down.
    Collecting,
    /// Votes are awaited; in the forms without a centre, somebody's decision.
    Voting,
    /// The decision is written down. With the reason of an abort that another time may not have.
    Deciding(Option<Refusal>),
    /// It was told: how often, and who has not acknowledged it.
    Told(u32, BTreeSet<NodeId>),
}

impl Led {
    fn new(parts: BTreeMap<NodeId, Vec<Part>>) -> Led {
        let missing = parts.keys().copied().collect();
        let (yes, done) = (BTreeSet::new(), BTreeSet::new());
        Led { parts, found: BTreeMap::new(), missing, yes, done, stage: Stage::Working }
    }

    /// One whose decision must still be told.
    fn told(whom: &[NodeId]) -> Led {
        Led { stage: Stage::Told(0, whom.iter().copied().collect()), ..Led::new(BTreeMap::new()) }
    }
}

impl Node {
    /// A participant that a client asked does its own part, and then has a coordinator see to the others' (Gray and Lamport 2006, §3).
    pub(super) fn begin(&mut self, ctx: Ctx<'_, '_>, operation: OpId, transaction: Transaction) {
        let tx = self.name(ctx, operation);
        let work = Node::part(ctx.options(), &transaction.by_keeper(ctx.options().common.keepers), self.me);
        ctx.fact(Fact::Began { tx, participants: Node::voters(ctx.options(), &transaction) });
        self.desk.open(operation, transaction);
        self.prepare(ctx, tx, work, Vec::new());
    }

    /// A coordinator hears of a transaction that a participant began, and can commit.
    pub(super) fn begin_for(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, transaction: Transaction, found: Vec<Value>) {
        // It was asked about it before, and has decided that it never began.
        if let Some(commit) = self.decisions.get(&tx) {
            let commit = *commit;
            return self.answer(ctx, from, tx, commit);
        }
        if self.led.contains_key(&tx) {
            return;
        }
        let mut led = Led::new(transaction.by_keeper(ctx.options().common.keepers));
        led.missing.remove(&from);
        led.yes.insert(from);
        led.found.insert(from, found);
        self.led.insert(tx, led);
        self.collect(ctx, tx);
    }

    /// Tries an operation, once more or for the first time.
    pub(super) fn attempt(&mut self, ctx: Ctx<'_, '_>, operation: OpId) {
        let Some(transaction) = self.desk.transaction(operation).cloned() else { return };
        let options = ctx.options();
        let tx = self.name(ctx, operation);
        let led = Led::new(transaction.by_keeper(options.common.keepers));
        ctx.rejoin(operation);
        ctx.fact(Fact::Began { tx, participants: Node::voters(ctx.options(), &transaction) });
        let parts = led.parts.clone();
        self.led.insert(tx, led);
        if !options.works_first() {
            return self.collect(ctx, tx);
        }
        self.set_alarm(ctx, Alarm::Votes(tx), options.common.prepare_timeout);
        for node in parts.keys() {
            let work = Node::part(options, &parts, *node);
            self.deliver(ctx, *node, Message::Work(tx, Box::new(work)));
        }
    }

    /// Those who must vote, and are told the decision.
    fn voters(options: &Options, transaction: &Transaction) -> NodeSet {
        let parts = transaction.by_keeper(options.common.keepers);
        let voting = parts.iter().filter(|(_, parts)| !options.read_only || parts.iter().any(|part| part.changes()));
        NodeSet::from_ranges(voting.map(|(node, _)| (node.0, node.0 + 1)))
    }

    /// What a participant found when it did its part, before anybody votes.
    pub(super) fn worked(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, found: Vec<Value>) {
        let Some(led) = self.led.get_mut(&tx).filter(|led| led.stage == Stage::Working) else { return };
        if led.missing.remove(&from) {
            led.found.insert(from, found);
            if led.missing.is_empty() {
                led.missing = led.parts.keys().copied().collect();
                self.collect(ctx, tx);
            }
        }
    }

    fn collect(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(led) = self.led.get_mut(&tx) else { return };
        led.stage = Stage::Collecting;
        if ctx.options().presumption == Presumption::Commit {
            let whom = led.parts.keys().copied().collect();
            self.journal.append(ctx, Record::Collecting(tx, whom));
            return self.when_durable(ctx, Parked::Collecting(tx));
        }
        self.ask(ctx, tx);
    }

    /// Asks all whose votes are missing.
    pub(super) fn ask(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(led) = self.led.get_mut(&tx).filter(|led| led.stage == Stage::Collecting) else { return };
        led.stage = Stage::Voting;
        let (parts, missing) = (led.parts.clone(), led.missing.clone());
        let options = ctx.options();
        self.set_alarm(ctx, Alarm::Votes(tx), options.common.prepare_timeout);
        match options.form {
            // All had been asked that there are: the one who began is alone.
            Form::Central if missing.is_empty() => self.decide(ctx, tx, None),
            Form::Linear => {
                let work = self.chain(&parts, None);
                let first = work.participants[0];
                self.deliver(ctx, first, Message::Prepare(tx, Box::new(work), Vec::new()));
            }
            Form::Central | Form::Decentralised => {
                for node in missing {
                    let mut work = Node::part(options, &parts, node);
                    if let Some(led) = self.led.get(&tx).filter(|_| options.common.waits == Waits::Never) {
                        work.expects = led.found.get(&node).cloned().unwrap_or_default();
                    }
                    self.deliver(ctx, node, Message::Prepare(tx, Box::new(work), Vec::new()));
                }
            }
        }
    }

    /// One participant's part.
    fn part(options: &Options, parts: &BTreeMap<NodeId, Vec<Part>>, node: NodeId) -> Work {
        let knows = options.cooperative || options.form != Form::Central;
        let voting = parts.iter().filter(|(_, parts)| knows && (!options.read_only || parts.iter().any(|part| part.changes())));
        let participants = voting.map(|(node, _)| *node).collect();
        Work { parts: parts.get(&node).cloned().unwrap_or_default(), expects: Vec::new(), participants }
    }

    /// The parts of all who come after a participant in the chain.
    pub(super) fn chain(&self, parts: &BTreeMap<NodeId, Vec<Part>>, after: Option<NodeId>) -> Work {
        let rest = parts.iter().filter(|(node, _)| after.is_none_or(|after| **node > after));
        let parts_of_rest = rest.flat_map(|(_, parts)| parts.iter().copied()).collect();
        Work { parts: parts_of_rest, expects: Vec::new(), participants: parts.keys().copied().collect() }
    }

    /// A vote, or in the forms without a centre, something that everybody hears.
    pub(super) fn voted(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx, vote: Vote) {
        if ctx.options().form == Form::Decentralised {
            self.overhear(ctx, from, tx, vote.clone());
        }
        let Some(led) = self.led.get_mut(&tx) else { return };
        // Who cannot do its part says so instead of how it votes.
        let is_early = led.stage == Stage::Working && matches!(vote, Vote::No(_));
        if !(is_early || led.stage == Stage::Voting) || !led.missing.remove(&from) {
            return;
        }
        match vote {
            Vote::Yes(found) => {
                led.yes.insert(from);
                led.found.insert(from, found);
            }
            Vote::ReadOnly(found) => {
                led.done.insert(from);
                led.found.insert(from, found);
            }
            Vote::No(why) => {
                led.done.insert(from);
                return self.decide(ctx, tx, Some(why));
            }
        }
        if led.missing.is_empty() {
            let cancelled = ctx.options().cancel.then_some(Refusal::Uncovered);
            self.decide(ctx, tx, cancelled);
        }
    }

    /// Decides: to commit, unless something stands against it.
    fn decide(&mut self, ctx: Ctx<'_, '_>, tx: Tx, against: Option<Refusal>) {
        self.cancel_alarm(ctx, Alarm::Votes(tx));
        let Some(led) = self.led.get_mut(&tx) else { return };
        led.stage = Stage::Deciding(against);
        let commit = against.is_none();
        let options = ctx.options();
        if options.form == Form::Decentralised {
            return self.decided(ctx, tx, commit);
        }
        let whom = self.whom(tx, commit);
        let is_written = match options.presumption {
            _ if whom.is_empty() => false,
            Presumption::Nothing | Presumption::Commit => true,
            // Its beginning may come once more, and must not be taken for another.
            Presumption::Abort | Presumption::Remember => commit || tx.origin != self.me,
        };
        if is_written {
            self.journal.append(ctx, Record::Decision(tx, commit, whom));
        } else if options.presumption == Presumption::Commit {
            self.journal.append(ctx, Record::End(tx));
        }
        let is_forced = options.forces_decision(commit) || tx.origin != self.me;
        match is_written && is_forced && !Node::makes(ctx, Mistake::DecidesBeforeForce) {
            true => self.when_durable(ctx, Parked::Decided(tx, commit)),
            false => self.decided(ctx, tx, commit),
        }
    }

    /// Who is to be told.
    fn whom(&self, tx: Tx, commit: bool) -> Vec<NodeId> {
        let Some(led) = self.led.get(&tx) else { return Vec::new() };
        match commit {
            true => led.yes.iter().copied().collect(),
            false => led.parts.keys().copied().filter(|node| !led.done.contains(node)).collect(),
        }
    }

    /// The decision holds: everybody may know.
    pub(super) fn decided(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        let options = ctx.options();
        if options.form == Form::Linear {
            return self.decided_as_last(ctx, tx);
        }
        let whom = self.whom(tx, commit);
        let Some(led) = self.led.get_mut(&tx) else { return };
        let Stage::Deciding(against) = led.stage else { return };
        let found = std::mem::take(&mut led.found);
        ctx.rejoin(tx.operation);
        ctx.fact(Fact::Decided { tx, commit });
        self.decisions.insert(tx, commit);
        let is_central = options.form == Form::Central;
        let awaits = is_central && options.acknowledges(commit) && !whom.is_empty();
        if awaits {
            let unacknowledged = whom.iter().copied().collect();
            self.led.entry(tx).and_modify(|led| led.stage = Stage::Told(0, unacknowledged));
            self.set_alarm(ctx, Alarm::Again(tx), options.common.commit_timeout);
        } else {
            self.led.remove(&tx);
            let is_begun_by_another = !commit && tx.origin != self.me;
            let keeps = commit && options.presumption == Presumption::Remember || is_begun_by_another || !is_central;
            if !keeps {
                self.decisions.remove(&tx);
            }
        }
        for node in whom.into_iter().filter(|_| is_central) {
            let found = match node == tx.origin && tx.origin != self.me {
                true => found.iter().map(|(node, found)| (*node, found.clone())).collect(),
                false => Vec::new(),
            };
            self.deliver(ctx, node, Message::Decision { tx, commit, again: false, found, why: None });
        }
        if tx.origin == self.me {
            match (commit, against) {
                (true, _) => self.reply(ctx, tx, &found),
                (false, why) => self.retry(ctx, tx.operation, why),
            }
        }
    }

    /// Tries again what others stood in the way of; refuses what cannot be.
    pub(super) fn retry(&mut self, ctx: Ctx<'_, '_>, operation: OpId, why: Option<Refusal>) {
        if let Some(wait) = self.desk.put_off(ctx, &ctx.options().common, operation, why) {
            self.set_alarm(ctx, Alarm::Retry(operation), wait);
        }
    }

    /// Votes have not come: nothing was decided, so it aborts. In the forms without a centre, it can only ask.
    pub(super) fn votes_are_late(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(led) = self.led.get(&tx) else { return };
        ctx.fact(Fact::Suspected(tx));
        if ctx.options().form == Form::Central {
            return self.decide(ctx, tx, Some(Refusal::Conflict));
        }
        let whom: Vec<NodeId> = led.parts.keys().copied().collect();
        for node in whom {
            self.deliver(ctx, node, Message::Inquire(tx));
        }
        if self.led.contains_key(&tx) {
            self.set_alarm(ctx, Alarm::Votes(tx), ctx.options().common.commit_timeout);
        }
    }

    /// A participant that is asked to vote says that this was decided long ago: what began it came twice.
    pub(super) fn adopt(&mut self, ctx: Ctx<'_, '_>, tx: Tx, commit: bool) {
        let Some(led) = self.led.get_mut(&tx).filter(|led| led.stage == Stage::Voting) else { return };
        led.yes = led.parts.keys().copied().collect();
        led.missing.clear();
        self.decide(ctx, tx, (!commit).then_some(Refusal::Known));
    }

    /// Says a decision again that not all have acknowledged; less and less often.
    pub(super) fn tell_again(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let Some(&commit) = self.decisions.get(&tx) else { return };
        let Some(Led { stage: Stage::Told(times, whom), .. }) = self.led.get_mut(&tx) else { return };
        *times += 1;
        let (times, whom) = (*times, whom.clone());
        let wait = ctx.options().common.doubled(ctx.options().common.commit_timeout, times);
        self.set_alarm(ctx, Alarm::Again(tx), wait);
        for node in whom {
            self.answer(ctx, node, tx, commit);
        }
    }

    /// Somebody has the decision on its disk.
    pub(super) fn acknowledged(&mut self, ctx: Ctx<'_, '_>, from: NodeId, tx: Tx) {
        let Some(Led { stage: Stage::Told(_, whom), .. }) = self.led.get_mut(&tx) else { return };
        whom.remove(&from);
        if whom.is_empty() {
            self.led.remove(&tx);
            self.decisions.remove(&tx);
            self.journal.append(ctx, Record::End(tx));
            self.cancel_alarm(ctx, Alarm::Again(tx));
        }
    }

    /// An older transaction waits for this one: it gives way, unless it is decided.
    pub(super) fn wounded(&mut self, ctx: Ctx<'_, '_>, tx: Tx) {
        let is_open = |led: &&Led| matches!(led.stage, Stage::Working | Stage::Collecting | Stage::Voting);
        if self.led.get(&tx).filter(is_open).is_some() {
            self.decide(ctx, tx, Some(Refusal::Conflict));
        }
    }

    /// After a restart: what was decided is told on, and what was only begun is aborted (presumed commit).
    pub(super) fn lead_on(&mut self, ctx: Ctx<'_, '_>, told: BTreeMap<Tx, Vec<NodeId>>) {
        let options = ctx.options();
        for (tx, whom) in told {
            let commit = match self.decisions.get(&tx) {
                Some(commit) => *commit,
                None => {
                    self.decisions.insert(tx, false);
                    self.journal.append(ctx, Record::Decision(tx, false, whom.clone()));
                    false
                }
            };
            // That it will never begin what it had not heard of is no decision.
            if commit || !whom.is_empty() {
                ctx.fact(Fact::Recalled { tx, commit });
            }
            if options.acknowledges(commit) && !whom.is_empty() {
                self.led.insert(tx, Led::told(&whom));
                self.tell_again(ctx, tx);
            } else if options.presumption == Presumption::Commit {
                // Nobody acknowledges a commit, and nobody needs the record.
                self.decisions.remove(&tx);
            }
        }
    }
}
