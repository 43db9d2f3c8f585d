//! A node: its vnodes, which keep counters, and what it does for clients, whose keys may be elsewhere.

use super::message::{Message, Record, Request, Response, Tick};
use super::monitor::{Disks, Fact};
use super::options::{Mistake, Options};
use crate::crdt::types::dot::Origin;
use crate::crdt::types::{Crdt, PnCounter, Rule, Tally};
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{Actor, Context, NodeId, OpId, Wire};
use std::collections::{BTreeMap, BTreeSet};

type Ctx<'a> = Context<'a, Node>;

/// A node of the ring.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// The actor id under which its vnodes count.
    actor: Origin,
    /// What its vnodes have on disk, by key.
    counters: BTreeMap<u32, PnCounter>,
    /// The operations that are in its log.
    counted: BTreeSet<OpId>,
    journal: Journal,
    /// What takes effect when the disk has it.
    waiting: Waiting<Writing>,
    /// Increments that are on too few disks, by operation.
    puts: BTreeMap<OpId, Put>,
    /// Reads, by number.
    gets: BTreeMap<u32, Get>,
    next_get: u32,
    /// Increments that it handed to a vnode elsewhere.
    forwards: BTreeMap<OpId, (u32, i64)>,
    /// The lives of others that have told it.
    lives: BTreeMap<NodeId, u8>,
}

/// What waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Writing {
    Counted { operation: OpId, key: u32, amount: i64, is_new: bool, asker: Asker },
    Merged { key: u32, counter: PnCounter, waits: Option<(NodeId, OpId)> },
}

/// Who asked a vnode for an increment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Asker {
    Client,
    Node(NodeId),
}

/// An increment, and who has it on disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Put {
    key: u32,
    stored: BTreeSet<NodeId>,
    asker: Asker,
}

/// A read, and who was heard.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Get {
    operation: OpId,
    key: u32,
    answers: BTreeMap<NodeId, PnCounter>,
    is_told: bool,
}

impl Node {
    /// The counters that it keeps, by key.
    pub fn counters(&self) -> impl Iterator<Item = (u32, &PnCounter)> {
        self.counters.iter().map(|(key, counter)| (*key, counter))
    }

    /// What its vnode has under a key.
    pub fn counter(&self, key: u32) -> PnCounter {
        self.counters.get(&key).cloned().unwrap_or_default()
    }

    /// S1 `riak_kv:update_counter`: a client's increment goes to a vnode of the preference list, always the same for the same operation.
    fn put(&mut self, ctx: &mut Ctx<'_>, operation: OpId, key: u32, amount: i64) {
        let list = ctx.options().preference_list(key, ctx.nodes());
        if list.contains(&ctx.node()) {
            return self.count(ctx, operation, key, amount, Asker::Client);
        }
        self.forwards.insert(operation, (key, amount));
        self.forward(ctx, operation, key, amount);
    }

    fn forward(&self, ctx: &mut Ctx<'_>, operation: OpId, key: u32, amount: i64) {
        let list = ctx.options().preference_list(key, ctx.nodes());
        let to = list[operation.index() % list.len()];
        let life = self.lives.get(&to).copied().unwrap_or(0);
        ctx.send(to, Message::Forward { operation, key, amount, life });
    }

    /// A vnode takes an increment, once.
    fn count(&mut self, ctx: &mut Ctx<'_>, operation: OpId, key: u32, amount: i64, asker: Asker) {
        let is_new = self.counted.insert(operation);
        if is_new {
            self.journal.append(ctx, Record::Counted(operation, key, amount, self.actor.life));
        }
        self.waiting.push(&self.journal, Writing::Counted { operation, key, amount, is_new, asker });
        self.journal.force(ctx);
        self.settle(ctx);
    }

    /// A vnode merges what it hears.
    fn merge(&mut self, ctx: &mut Ctx<'_>, key: u32, counter: PnCounter, waits: Option<(NodeId, OpId)>) {
        let held = self.counter(key);
        if join(&held, &counter) != held {
            self.journal.append(ctx, Record::Merged(key, counter.clone()));
        }
        self.waiting.push(&self.journal, Writing::Merged { key, counter, waits });
        self.journal.force(ctx);
        self.settle(ctx);
    }

    /// What is on disk takes effect.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(writing) = self.waiting.next(&self.journal) {
            match writing {
                Writing::Counted { operation, key, amount, is_new, asker } => {
                    if is_new {
                        self.add(key, amount);
                        let (actor, tally) = (self.actor, entry(&self.counter(key), self.actor));
                        ctx.fact(Fact::Counted { operation, key, amount, actor, tally });
                    }
                    self.replicate(ctx, operation, key, asker);
                }
                Writing::Merged { key, counter, waits } => {
                    self.take_over(ctx, key, &counter);
                    if let Some((from, operation)) = waits {
                        ctx.send(from, Message::Stored(operation));
                    }
                }
            }
        }
    }

    /// Adds to the node's own entry.
    fn add(&mut self, key: u32, amount: i64) {
        // An entry is one number each way: which of the actor's operations this is, it does not tell.
        self.counters.entry(key).or_default().apply(&Rule::default(), self.actor.dot(0), &amount);
    }

    fn take_over(&mut self, ctx: &mut Ctx<'_>, key: u32, counter: &PnCounter) {
        let held = self.counter(key);
        let both = join(&held, counter);
        let is_new = |(actor, tally): &(Origin, Tally)| entry(&held, *actor) != *tally;
        let news: Vec<(Origin, Tally)> = both.tallies().map(|(actor, tally)| (actor, *tally)).filter(is_new).collect();
        if !news.is_empty() {
            ctx.fact(Fact::Merged(key, news));
            self.counters.insert(key, both);
        }
    }

    /// The others of the preference list are told, and the client when enough of them have it.
    fn replicate(&mut self, ctx: &mut Ctx<'_>, operation: OpId, key: u32, asker: Asker) {
        let (me, counter) = (ctx.node(), self.counter(key));
        let waits = ctx.options().w > 1;
        let others = ctx.options().preference_list(key, ctx.nodes()).into_iter().filter(|node| *node != me);
        ctx.multicast(others, Message::Store(key, counter, waits.then_some(operation)));
        self.puts.insert(operation, Put { key, stored: BTreeSet::from([me]), asker });
        self.check_put(ctx, operation);
    }

    fn check_put(&mut self, ctx: &mut Ctx<'_>, operation: OpId) {
        let enough = ctx.options().w as usize;
        if self.puts.get(&operation).is_some_and(|put| put.stored.len() >= enough)
            && let Some(put) = self.puts.remove(&operation)
        {
            match put.asker {
                Asker::Client => ctx.reply(operation, Response::Done),
                Asker::Node(node) => ctx.send(node, Message::Done(operation)),
            }
        }
    }

    /// S1 `riak_kv:read_counter`: all of the preference list are asked.
    fn get(&mut self, ctx: &mut Ctx<'_>, operation: OpId, key: u32) {
        self.next_get = self.next_get.wrapping_add(1);
        let (me, number) = (ctx.node(), self.next_get);
        let list = ctx.options().preference_list(key, ctx.nodes());
        let mut answers = BTreeMap::new();
        if list.contains(&me) {
            answers.insert(me, self.counter(key));
        }
        ctx.multicast(list.into_iter().filter(|node| *node != me), Message::Get(number, key));
        self.gets.insert(number, Get { operation, key, answers, is_told: false });
        self.check_get(ctx, number);
    }

    /// Answers when enough were heard, and repairs when all were.
    fn check_get(&mut self, ctx: &mut Ctx<'_>, number: u32) {
        let options = ctx.options();
        let Some(get) = self.gets.get_mut(&number) else { return };
        let all = get.answers.values().fold(PnCounter::default(), |all, counter| join(&all, counter));
        if !get.is_told && get.answers.len() >= options.r as usize {
            get.is_told = true;
            ctx.reply(get.operation, Response::Value(all.sum()));
        }
        if get.answers.len() < options.preference_list(get.key, ctx.nodes()).len() {
            return;
        }
        let Some(get) = self.gets.remove(&number) else { return };
        for (node, counter) in get.answers {
            if counter != all {
                ctx.fact(Fact::Repaired(get.key, node));
                match node == ctx.node() {
                    true => self.merge(ctx, get.key, all.clone(), None),
                    false => ctx.send(node, Message::Store(get.key, all.clone(), None)),
                }
            }
        }
    }

    /// The keys that another node keeps too, and the digests of what this one has under them.
    fn shared(&self, ctx: &Ctx<'_>, with: NodeId) -> Vec<(u32, u64)> {
        let is_shared = |key: u32| ctx.options().preference_list(key, ctx.nodes()).contains(&with);
        let shared = self.counters.iter().filter(|(key, _)| is_shared(**key));
        shared.map(|(key, counter)| (*key, counter.wire_digest())).collect()
    }

    /// Another node says what it has: whatever differs is exchanged.
    fn compare(&mut self, ctx: &mut Ctx<'_>, from: NodeId, theirs: Vec<(u32, u64)>) {
        let ours: BTreeMap<u32, u64> = self.shared(ctx, from).into_iter().collect();
        let theirs: BTreeMap<u32, u64> = theirs.into_iter().collect();
        let keys: BTreeSet<u32> = ours.keys().chain(theirs.keys()).copied().collect();
        for key in keys {
            if ours.get(&key) != theirs.get(&key) {
                ctx.send(from, Message::Exchange(key, self.counter(key)));
            }
        }
    }

    /// What was not answered is said again; what was answered and only waited for vnodes to repair is given up.
    fn say_again(&mut self, ctx: &mut Ctx<'_>) {
        let (me, options, nodes) = (ctx.node(), ctx.options(), ctx.nodes());
        self.gets.retain(|_, get| !get.is_told);
        for (number, get) in &self.gets {
            let silent = options.preference_list(get.key, nodes).into_iter().filter(|node| !get.answers.contains_key(node));
            ctx.multicast(silent.filter(|node| *node != me), Message::Get(*number, get.key));
        }
        for (operation, put) in &self.puts {
            let without = options.preference_list(put.key, nodes).into_iter().filter(|node| !put.stored.contains(node));
            ctx.multicast(without, Message::Store(put.key, self.counter(put.key), Some(*operation)));
        }
        for (operation, (key, amount)) in &self.forwards {
            self.forward(ctx, *operation, *key, *amount);
        }
    }
}

fn join(ours: &PnCounter, theirs: &PnCounter) -> PnCounter {
    let mut both = ours.clone();
    both.merge(&Rule::default(), theirs);
    both
}

/// An actor's entry.
pub(super) fn entry(counter: &PnCounter, actor: Origin) -> Tally {
    counter.tallies().find(|(other, _)| *other == actor).map_or_else(Tally::default, |(_, tally)| *tally)
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Tick;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Disks;

    fn new(node: NodeId, _: u32, _: &Options) -> Node {
        Node {
            actor: Origin { node, life: 0 },
            counters: BTreeMap::new(),
            counted: BTreeSet::new(),
            journal: Journal::recovered(0),
            waiting: Waiting::default(),
            puts: BTreeMap::new(),
            gets: BTreeMap::new(),
            next_get: 0,
            forwards: BTreeMap::new(),
            lives: BTreeMap::new(),
        }
    }

    /// A disk that took the place of another may have the end of what was on that one. It is merged like anybody's, and no id goes on from it.
    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        for record in records {
            match record {
                Record::Counted(operation, key, amount, life) => {
                    // On the rest of a disk, what says which life it was may be missing.
                    self.actor.life = *life;
                    self.counted.insert(*operation);
                    self.add(*key, *amount);
                }
                Record::Merged(key, counter) => {
                    let both = join(&self.counter(*key), counter);
                    self.counters.insert(*key, both);
                }
                Record::Born(life) => self.actor.life = *life,
            }
        }
        self.next_get = ctx.restarts() << 16;
        if ctx.disk_is_new() {
            ctx.fact(Fact::LostDisk);
            if ctx.options().mistake != Some(Mistake::ReusesActors) {
                self.actor.life = ctx.restarts() as u8;
                self.journal.append(ctx, Record::Born(self.actor.life));
                self.journal.force(ctx);
            }
        }
        ctx.set_timer_within(Tick, 0, ctx.options().interval);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Forward { operation, key, amount, life } if life == self.actor.life => {
                self.count(ctx, operation, key, amount, Asker::Node(from));
            }
            Message::Forward { .. } => ctx.send(from, Message::Life(self.actor.life)),
            Message::Done(operation) => {
                if self.forwards.remove(&operation).is_some() {
                    ctx.reply(operation, Response::Done);
                }
            }
            Message::Life(life) => {
                // What was handed to it before may have been counted, and be gone, or be elsewhere: nobody knows, so nobody is told.
                self.lives.insert(from, life);
                let (options, nodes) = (ctx.options(), ctx.nodes());
                self.forwards.retain(|operation, (key, _)| {
                    let list = options.preference_list(*key, nodes);
                    list[operation.index() % list.len()] != from
                });
            }
            Message::Store(key, counter, operation) => {
                self.merge(ctx, key, counter, operation.map(|operation| (from, operation)));
            }
            Message::Stored(operation) => {
                if let Some(put) = self.puts.get_mut(&operation) {
                    put.stored.insert(from);
                }
                self.check_put(ctx, operation);
            }
            Message::Get(number, key) => ctx.send(from, Message::Got(number, self.counter(key))),
            Message::Got(number, counter) => {
                if let Some(get) = self.gets.get_mut(&number) {
                    get.answers.insert(from, counter);
                }
                self.check_get(ctx, number);
            }
            Message::Summary(theirs) => self.compare(ctx, from, theirs),
            Message::Exchange(key, theirs) => {
                let both = join(&self.counter(key), &theirs);
                if both != theirs {
                    ctx.send(from, Message::Store(key, both, None));
                }
                self.merge(ctx, key, theirs, None);
            }
        }
    }

    /// Anti-entropy with one other node, all equally likely.
    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Tick) {
        let others = ctx.others();
        if !others.is_empty() {
            let partner = others.get(ctx.choose(u64::from(others.len())) as u32);
            let shared = self.shared(ctx, partner);
            ctx.send(partner, Message::Summary(shared));
        }
        self.say_again(ctx);
        ctx.set_timer(Tick, ctx.options().interval);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Add { key, amount } => self.put(ctx, operation, key, amount),
            Request::Read(key) => self.get(ctx, operation, key),
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.journal.synced(upto);
        self.settle(ctx);
        self.journal.force(ctx);
    }
}
