//! The worker: it processes each item once, and knows it again by its name.

use super::message::{Item, Message, Name, Step};
use super::monitor::Fact;
use super::node::{Ctx, WORKER};
use super::options::Mistake;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{NodeId, OpId, Update, Wire};
use std::collections::{BTreeMap, VecDeque};

/// The worker's part of a node; the others' is empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Worker {
    journal: Journal,
    /// Items that it was given and that are not committed. They are in no log: after a crash they must come again.
    in_hand: BTreeMap<Name, Item>,
    /// Results that are in the log, durable or not.
    names: BTreeMap<Name, Item>,
    /// Those that are in the log and not yet durable.
    writing: VecDeque<Item>,
    /// The results that are durable, in order.
    results: Vec<Item>,
    /// How many of them there are of each job.
    of_job: BTreeMap<OpId, u32>,
    totals: BTreeMap<u32, u64>,
    /// Each result's digest on top of those before it.
    digest: u64,
    /// Who is answered when what is in the log is durable.
    waiting: Waiting<(NodeId, Message)>,
}

impl Worker {
    pub(super) fn new() -> Worker {
        Worker {
            journal: Journal::recovered(0),
            in_hand: BTreeMap::new(),
            names: BTreeMap::new(),
            writing: VecDeque::new(),
            results: Vec::new(),
            of_job: BTreeMap::new(),
            totals: BTreeMap::new(),
            digest: 0,
            waiting: Waiting::default(),
        }
    }

    pub(super) fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Item]) {
        self.journal = Journal::recovered(records.len());
        for item in records {
            self.names.insert(item.name, *item);
            self.enter(ctx, *item);
        }
        ctx.fact(Fact::Opened(records.iter().map(|item| item.name).collect()));
        ctx.publish(self.digest);
    }

    /// The total under a key.
    pub(super) fn total(&self, key: u32) -> u64 {
        self.totals.get(&key).copied().unwrap_or(0)
    }

    /// The digest of the results, from the results themselves.
    pub(super) fn recomputed(&self) -> u64 {
        self.results.iter().fold(0, chain)
    }

    /// S2's side of the worker.
    pub(super) fn hear(&mut self, ctx: &mut Ctx<'_>, from: NodeId, step: Step, name: Name, again: bool) {
        let answer = Message::Say(step.answer(), name, again);
        let is_known = self.names.contains_key(&name);
        let has_it = is_known || self.in_hand.contains_key(&name);
        match step {
            Step::Process => ctx.send(from, answer),
            Step::TellWhenDone if has_it => ctx.send(from, answer),
            Step::Commit if has_it => {
                let item = self.in_hand.remove(&name).or_else(|| self.names.get(&name).copied()).expect("it has it");
                self.process(ctx, item);
                self.answer(ctx, from, answer);
            }
            Step::TellWhenDone | Step::Commit => ctx.send(from, Message::Lost(name)),
            Step::Here | Step::Ok | Step::GotIt | Step::Done | Step::Committed => {}
        }
    }

    /// "Here's the item".
    pub(super) fn take(&mut self, ctx: &mut Ctx<'_>, from: NodeId, item: Item, again: bool) {
        if !self.names.contains_key(&item.name) {
            self.in_hand.insert(item.name, item);
        }
        ctx.send(from, Message::Say(Step::GotIt, item.name, again));
    }

    /// All items of a job.
    pub(super) fn take_batch(&mut self, ctx: &mut Ctx<'_>, from: NodeId, items: &[Item]) {
        let Some(first) = items.first() else { return };
        items.iter().for_each(|item| self.process(ctx, *item));
        self.answer(ctx, from, Message::BatchDone(first.name.job));
    }

    /// An item is processed, unless it is already.
    fn process(&mut self, ctx: &mut Ctx<'_>, item: Item) {
        let is_new = self.names.insert(item.name, item).is_none();
        if is_new || ctx.options().makes(Mistake::ProcessesAgain) {
            self.journal.append(ctx, item);
            self.writing.push_back(item);
        }
    }

    /// Answers when all that was processed so far is durable.
    fn answer(&mut self, ctx: &mut Ctx<'_>, to: NodeId, answer: Message) {
        if ctx.options().makes(Mistake::AnswersBeforeForce) {
            ctx.send(to, answer);
        } else {
            self.waiting.push(&self.journal, (to, answer));
        }
        self.journal.force(ctx);
        self.settle(ctx);
    }

    pub(super) fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.journal.synced(upto);
        self.settle(ctx);
        self.journal.force(ctx);
    }

    /// What is durable is processed, and those who wait for it are told.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        let before = self.results.len();
        while (self.results.len() as u64) < self.journal.durable()
            && let Some(item) = self.writing.pop_front()
        {
            self.enter(ctx, item);
            ctx.fact(Fact::Processed(item.name));
        }
        if self.results.len() > before {
            ctx.publish(self.digest);
        }
        while let Some((to, answer)) = self.waiting.next(&self.journal) {
            ctx.send(to, answer);
        }
    }

    /// A result is durable.
    fn enter(&mut self, ctx: &mut Ctx<'_>, item: Item) {
        self.results.push(item);
        self.digest = chain(self.digest, &item);
        *self.totals.entry(item.key).or_default() += u64::from(item.amount);
        let job = item.name.job;
        let done = self.of_job.entry(job).or_default();
        *done += 1;
        if *done == ctx.options().items {
            ctx.accept(job, Update { origin: WORKER, number: job.0 + 1 });
        }
    }
}

fn chain(digest: u64, item: &Item) -> u64 {
    (digest, *item).wire_digest()
}
