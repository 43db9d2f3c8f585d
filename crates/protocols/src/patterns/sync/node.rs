//! A node with a copy of the registers.

use super::message::{Age, Entry, Interval, Message, Record, State};
use super::monitor::{Copies, Fact};
use super::options::{Mistake, OnUpdate, Options, Versions};
use crate::registers::{Request, Response};
use quorate_engine::{Actor, Content, Context, NodeId, Update, Wire};
use std::collections::VecDeque;

type Ctx<'a> = Context<'a, Node>;

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// The newest of each register, durable.
    state: State,
    /// The digest of the state, as others are told.
    digest: u64,
    /// What is in the log and not yet durable. Invariant: of one key, each is newer than those before it, and than what is in the state.
    writing: VecDeque<Written>,
    /// Records that are durable.
    durable: u64,
    /// Its own clients' writes in the log, durable or not.
    own: u32,
}

/// A record, and what is to be done when it is durable.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Written {
    record: Record,
    /// Who told it, and will not be told again.
    from: Option<NodeId>,
    /// Whether it goes on as an update does; what was repaired does not.
    is_told: bool,
}

/// How what others have is taken over.
#[derive(Clone, Copy)]
struct How {
    /// Whether it goes on as an update does.
    is_told: bool,
    /// Whether older things are taken over too.
    overwrites: bool,
}

impl Node {
    /// The registers, in ascending order of keys.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.state.iter().map(|(_, entry)| entry)
    }

    /// The newest of a register, even if it is not durable yet.
    fn newest(&self, key: u32) -> Option<&Entry> {
        let writing = self.writing.iter().rev().map(|written| &written.record.entry).find(|entry| entry.key == key);
        writing.or_else(|| self.state.get(key))
    }

    fn latest_stamp(&self) -> u64 {
        let writing = self.writing.iter().map(|written| &written.record.entry);
        self.entries().chain(writing).map(|entry| entry.stamp).max().unwrap_or(0)
    }

    /// Logs an entry. The caller forces it to disk.
    fn log(&mut self, ctx: &mut Ctx<'_>, written: Written) {
        ctx.append(written.record);
        self.writing.push_back(written);
    }

    /// Forces what was logged: only what is durable is believed and told.
    fn force(&mut self, ctx: &mut Ctx<'_>) {
        ctx.sync();
        if ctx.options().makes(Mistake::TellsBeforeForce) {
            self.written(ctx, self.durable + self.writing.len() as u64);
        }
    }

    /// The first `upto` records are durable: what is new in them is believed, and goes on.
    fn written(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        let mut is_told = false;
        while self.durable < upto
            && let Some(written) = self.writing.pop_front()
        {
            self.durable += 1;
            let Record { entry, operation } = written.record;
            self.believe(ctx, &written.record);
            ctx.fact(Fact::Has(entry));
            if let Some(operation) = operation {
                ctx.reply(operation, Response::Done);
            }
            is_told |= written.is_told;
            if written.is_told {
                self.tell(ctx, entry, written.from);
            }
        }
        let digest = self.state.wire_digest();
        if digest != self.digest {
            self.digest = digest;
            ctx.publish(digest);
        }
        // One message, however many entries are new.
        if is_told && ctx.options().on_update == OnUpdate::FullState {
            ctx.broadcast(Message::State(Content::new(self.state.clone())));
        }
    }

    /// What changed goes on.
    fn tell(&self, ctx: &mut Ctx<'_>, entry: Entry, from: Option<NodeId>) {
        let (me, options) = (ctx.node(), ctx.options());
        match options.on_update {
            OnUpdate::Nothing | OnUpdate::FullState => {}
            OnUpdate::Delta if from.is_none() => ctx.broadcast(Message::Delta(entry)),
            OnUpdate::Delta => {}
            OnUpdate::Tree => {
                let further = options.tree.neighbours(me).filter(|neighbour| Some(*neighbour) != from);
                ctx.multicast(further, Message::Delta(entry));
            }
        }
    }

    /// An entry takes its place under its key.
    fn believe(&mut self, ctx: &mut Ctx<'_>, Record { entry, operation }: &Record) {
        let old = self.state.get(entry.key).copied();
        self.state.insert(entry.key, *entry);
        match operation {
            Some(operation) => ctx.accept(*operation, entry.update),
            None => ctx.holds(entry.update),
        }
        if let Some(old) = old {
            ctx.supersede(old.update, entry.update);
        }
    }

    /// Others have these; what is new here is taken over, or all of it.
    fn take_over<'a>(&mut self, ctx: &mut Ctx<'_>, from: NodeId, entries: impl Iterator<Item = &'a Entry>, how: How) {
        let before = self.writing.len();
        for entry in entries {
            let newest = self.newest(entry.key).copied();
            let is_news = newest.is_none_or(|newest| match how.overwrites {
                true => newest.update != entry.update,
                false => newest.age() < entry.age(),
            });
            if is_news {
                let record = Record { entry: *entry, operation: None };
                self.log(ctx, Written { record, from: Some(from), is_told: how.is_told });
            } else if let Some(held) = self.state.get(entry.key).filter(|held| held.age() > entry.age()) {
                ctx.supersede(entry.update, held.update);
            }
        }
        if self.writing.len() > before {
            self.force(ctx);
        }
    }

    /// Another node is at another version: each tells the other what it lacks.
    fn compare(&self, ctx: &mut Ctx<'_>, from: NodeId, theirs: &[(u32, Age)]) {
        let age_there = |key: u32| theirs.binary_search_by_key(&key, |(key, _)| *key).ok().map(|place| theirs[place].1);
        let entries: Vec<Entry> =
            self.entries().filter(|mine| age_there(mine.key).is_none_or(|age| age < mine.age())).copied().collect();
        let is_wanted = |(key, age): &&(u32, Age)| self.newest(*key).is_none_or(|mine| mine.age() < *age);
        let wanted: Vec<u32> = theirs.iter().filter(is_wanted).map(|(key, _)| *key).collect();
        if !entries.is_empty() || !wanted.is_empty() {
            ctx.send(from, Message::Repair { entries: Content::new(entries), wanted });
        }
    }

    /// Says at which version it is.
    fn say(&self, ctx: &mut Ctx<'_>) {
        let version = Message::Version { digest: self.digest, newest: self.latest_stamp() };
        let others = ctx.others();
        match ctx.options().versions {
            Versions::All => ctx.broadcast(version),
            Versions::One if !others.is_empty() => {
                let other = others.get(ctx.choose(u64::from(others.len())) as u32);
                ctx.send(other, version);
            }
            Versions::One | Versions::Nothing => {}
        }
    }
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Interval;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Copies;

    fn new(_: NodeId, _: u32, _: &Options) -> Node {
        let state = State::default();
        Node { digest: state.wire_digest(), state, writing: VecDeque::new(), durable: 0, own: 0 }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        self.durable = records.len() as u64;
        for record in records {
            self.own += u32::from(record.operation.is_some());
            self.believe(ctx, record);
        }
        if ctx.restarts() > 0 {
            ctx.fact(Fact::Restarted { has: self.entries().copied().collect(), disk_is_new: ctx.disk_is_new() });
        }
        self.digest = self.state.wire_digest();
        ctx.publish(self.digest);
        if ctx.options().versions != Versions::Nothing {
            // Nodes do not speak all at once.
            ctx.set_timer_within(Interval, 0, ctx.options().interval - 1);
        }
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            // Of n(n-1) states nearly all say nothing new.
            Message::State(state) if state.digest() == self.digest => {}
            Message::State(state) => {
                self.take_over(ctx, from, state.iter().map(|(_, entry)| entry), How { is_told: true, overwrites: false });
            }
            Message::Delta(entry) => {
                let overwrites = ctx.options().makes(Mistake::Overwrites);
                self.take_over(ctx, from, [&entry].into_iter(), How { is_told: true, overwrites });
            }
            Message::Version { digest, .. } => {
                if digest != self.digest && !ctx.options().makes(Mistake::NoRepair) {
                    let ages: Vec<(u32, Age)> = self.entries().map(|entry| (entry.key, entry.age())).collect();
                    ctx.send(from, Message::Compare(Content::new(ages)));
                }
            }
            Message::Compare(theirs) => self.compare(ctx, from, &theirs),
            Message::Repair { entries, wanted } => {
                self.take_over(ctx, from, entries.iter(), How { is_told: false, overwrites: false });
                let entries: Vec<Entry> = wanted.iter().filter_map(|key| self.state.get(*key).copied()).collect();
                if !entries.is_empty() {
                    ctx.send(from, Message::Repair { entries: Content::new(entries), wanted: Vec::new() });
                }
            }
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Interval) {
        self.say(ctx);
        ctx.set_timer(Interval, ctx.options().interval);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: quorate_engine::OpId, request: Request) {
        match request {
            Request::Read(key) => ctx.reply(operation, Response::Value(self.state.get(key).map(|entry| entry.value))),
            Request::Write(key, value) => {
                self.own += 1;
                let update = Update { origin: ctx.node(), number: self.own };
                let entry = Entry { key, value, stamp: self.latest_stamp().saturating_add(1), update };
                self.log(ctx, Written { record: Record { entry, operation: Some(operation) }, from: None, is_told: true });
                self.force(ctx);
            }
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.written(ctx, upto);
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.state.wire_digest())
    }
}
