//! A coordinator: it hands a job's items to the worker, and says again what was not answered.

use super::message::{Item, Message, Name, Resend, Response, Step};
use super::monitor::Fact;
use super::node::{Ctx, WORKER};
use super::options::Mistake;
use quorate_engine::{Content, OpId};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The coordinator's part of a node. It is in no log: who wants a job after a crash asks again.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Coordinator {
    jobs: BTreeMap<OpId, Job>,
    /// Whether the timer is armed.
    is_waiting: bool,
}

/// A job that is not finished.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Job {
    key: u32,
    amount: u32,
    /// The first item of which nothing was said; all of a batch are said at once.
    next: u32,
    /// Items that are not finished, with what was said of each last; of a batch, nothing.
    under_way: BTreeMap<u32, Said>,
    /// Of a batch: whether it was handed over since the last look.
    is_fresh: bool,
}

/// What a coordinator said of an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Said {
    step: Step,
    /// Since the last look, so that there may not have been the time to answer.
    is_fresh: bool,
}

impl Job {
    fn item(&self, name: Name) -> Item {
        Item { name, key: self.key, amount: self.amount }
    }

    fn batch(&self, job: OpId, items: u32, again: bool) -> Message {
        let items = (0..items).map(|place| self.item(Name { job, place })).collect();
        Message::Batch(Content::new(items), again)
    }

    /// Says a step of an item.
    fn say(&mut self, ctx: &mut Ctx<'_>, name: Name, step: Step, again: bool) {
        self.under_way.insert(name.place, Said { step, is_fresh: !again });
        let message = match step {
            Step::Here => Message::Here(self.item(name), again),
            _ => Message::Say(step, name, again),
        };
        ctx.send(WORKER, message);
    }

    /// Begins with as many items as may be under way. Whether all are finished.
    fn begin(&mut self, ctx: &mut Ctx<'_>, job: OpId, window: u32) -> bool {
        while self.next < ctx.options().items && (self.under_way.len() as u32) < window {
            let name = Name { job, place: self.next };
            self.next += 1;
            self.say(ctx, name, Step::Process, false);
        }
        self.under_way.is_empty()
    }
}

impl Coordinator {
    /// A client asks for a job.
    pub(super) fn ask(&mut self, ctx: &mut Ctx<'_>, operation: OpId, key: u32, amount: u32) {
        if let Entry::Vacant(place) = self.jobs.entry(operation) {
            let job = place.insert(Job { key, amount, next: 0, under_way: BTreeMap::new(), is_fresh: true });
            match ctx.options().window {
                None => ctx.send(WORKER, job.batch(operation, ctx.options().items, false)),
                Some(window) => _ = job.begin(ctx, operation, window),
            }
        }
        self.wait(ctx);
    }

    fn wait(&mut self, ctx: &mut Ctx<'_>) {
        if !self.is_waiting && !self.jobs.is_empty() {
            self.is_waiting = true;
            ctx.set_timer(Resend, ctx.options().resend);
        }
    }

    /// The worker answers a step.
    pub(super) fn hear(&mut self, ctx: &mut Ctx<'_>, step: Step, name: Name) {
        let Some(job) = self.jobs.get_mut(&name.job) else { return };
        let Some(said) = job.under_way.get(&name.place).filter(|said| said.step.answer() == step) else { return };
        match said.step.next() {
            Some(next) => job.say(ctx, name, next, false),
            None => self.item_finished(ctx, name),
        }
    }

    fn item_finished(&mut self, ctx: &mut Ctx<'_>, name: Name) {
        let Some(job) = self.jobs.get_mut(&name.job) else { return };
        job.under_way.remove(&name.place);
        let window = ctx.options().window.unwrap_or(1);
        if job.begin(ctx, name.job, window) {
            self.finished(ctx, name.job);
        }
    }

    /// All items of a job are processed.
    pub(super) fn finished(&mut self, ctx: &mut Ctx<'_>, job: OpId) {
        if self.jobs.remove(&job).is_some() {
            ctx.fact(Fact::Finished(job, ctx.options().items));
            ctx.reply(job, Response::Finished);
        }
    }

    /// The worker does not have an item that it was given: it crashed.
    pub(super) fn lost(&mut self, ctx: &mut Ctx<'_>, name: Name) {
        let Some(job) = self.jobs.get_mut(&name.job) else { return };
        if job.under_way.contains_key(&name.place) {
            job.say(ctx, name, Step::Process, true);
        }
    }

    /// Says again what was not answered.
    pub(super) fn look(&mut self, ctx: &mut Ctx<'_>) {
        self.is_waiting = false;
        let options = ctx.options();
        let mut late: Vec<Name> = Vec::new();
        let mut late_batches: Vec<OpId> = Vec::new();
        for (operation, job) in &mut self.jobs {
            if options.window.is_none() && !std::mem::take(&mut job.is_fresh) {
                late_batches.push(*operation);
            }
            for (place, said) in &mut job.under_way {
                if !std::mem::take(&mut said.is_fresh) {
                    late.push(Name { job: *operation, place: *place });
                }
            }
        }
        let counts_lost = options.makes(Mistake::CountsLost);
        for operation in late_batches {
            match self.jobs.get(&operation) {
                _ if counts_lost => self.finished(ctx, operation),
                Some(job) => ctx.send(WORKER, job.batch(operation, options.items, true)),
                None => {}
            }
        }
        for name in late {
            if counts_lost {
                self.item_finished(ctx, name);
            } else if let Some(job) = self.jobs.get_mut(&name.job) {
                let step = job.under_way[&name.place].step;
                job.say(ctx, name, step, true);
            }
        }
        self.wait(ctx);
    }
}
