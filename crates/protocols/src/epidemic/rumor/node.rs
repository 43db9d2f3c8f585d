//! A node. To a rumor it is susceptible, infective or removed: it has not heard it, spreads it, or knows it and has lost interest (Demers et
//! al. 1987, §1.4). What was heard in a cycle and what came of the contacts in it is settled when the next one begins.

use super::message::{Counter, Cycle, Logged, Message, Rumor};
use super::monitor::{Fact, Memory};
use super::options::{Judged, Mistake, Mode, Options, Removal, Start};
use crate::registers::{Request, Response};
use crate::sorted::Sorted;
use quorate_engine::{Actor, Context, NodeId, OpId, Update, Wire};
use std::collections::{BTreeMap, VecDeque};

type Ctx<'a> = Context<'a, Node>;

/// A node that spreads rumors.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// The newest rumor of each key, durable.
    known: Sorted<u32, Rumor>,
    /// Those of them in which it is interested, by key.
    hot: BTreeMap<u32, Interest>,
    /// What is in the log and not yet durable. Invariant: of one key, each is newer than those before it, and than what is known.
    writing: VecDeque<Logged>,
    /// Records that are durable.
    durable: u64,
    /// Its own clients' writes in the log, durable or not.
    own: u32,
    /// Whether the timer is armed.
    is_turning: bool,
}

/// How interested a node is in a rumor.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
struct Interest {
    /// Contacts that counted, since the last one that was useful if the counter resets.
    counter: Counter,
    /// The cycle in which it was heard has not ended: at its start the node did not know it.
    is_fresh: bool,
    /// In this cycle somebody was told who needed it.
    was_useful: bool,
    /// In this cycle somebody was told who did not. Without feedback: somebody was told.
    was_useless: bool,
}

impl Node {
    /// The newest of each key, in ascending order of keys.
    pub fn known(&self) -> impl Iterator<Item = &Rumor> {
        self.known.iter().map(|(_, rumor)| rumor)
    }

    /// What is known under a key.
    pub(super) fn get(&self, key: u32) -> Option<Rumor> {
        self.known.get(key).copied()
    }

    /// The newest of a key, even if it is not durable yet.
    fn newest(&self, key: u32) -> Option<&Rumor> {
        let writing = self.writing.iter().rev().map(|logged| &logged.rumor).find(|rumor| rumor.key == key);
        writing.or_else(|| self.known.get(key))
    }

    fn latest_stamp(&self) -> i64 {
        let writing = self.writing.iter().map(|logged| &logged.rumor);
        self.known().chain(writing).map(|rumor| rumor.stamp).max().unwrap_or(0)
    }

    /// Logs a rumor and forces it to disk: only what is durable is believed and told.
    fn log(&mut self, ctx: &mut Ctx<'_>, logged: Logged) {
        ctx.append(logged.clone());
        ctx.sync();
        self.writing.push_back(logged);
        if ctx.options().makes(Mistake::TellsBeforeForce) {
            self.written(ctx, self.durable + self.writing.len() as u64);
        }
    }

    /// The first `upto` records are durable: what is new in them is believed.
    fn written(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        while self.durable < upto
            && let Some(logged) = self.writing.pop_front()
        {
            self.durable += 1;
            self.hear(ctx, &logged);
        }
        self.turn(ctx, false);
    }

    /// The node becomes infective.
    fn hear(&mut self, ctx: &mut Ctx<'_>, logged: &Logged) {
        let Logged { operation, rumor } = logged;
        self.believe(ctx, logged);
        self.hot.insert(rumor.key, Interest { is_fresh: true, ..Interest::default() });
        ctx.fact(Fact::Heard(*rumor));
        ctx.publish(self.known.wire_digest());
        if let Some(operation) = operation {
            ctx.reply(*operation, Response::Done);
        }
    }

    /// A rumor takes its place under its key.
    fn believe(&mut self, ctx: &mut Ctx<'_>, Logged { operation, rumor }: &Logged) {
        let old = self.get(rumor.key);
        self.known = self.known.with(rumor.key, *rumor);
        match operation {
            Some(operation) => ctx.accept(*operation, rumor.update),
            None => ctx.holds(rumor.update),
        }
        if let Some(old) = old {
            ctx.supersede(old.update, rumor.update);
        }
    }

    /// Whether a rumor that comes is to be taken over.
    fn is_news(&self, options: &Options, rumor: &Rumor) -> bool {
        match self.newest(rumor.key) {
            None => true,
            Some(held) if options.makes(Mistake::Overwrites) => rumor.update != held.update,
            Some(held) => rumor.age() > held.age(),
        }
    }

    /// Whether this node has heard exactly this rumor since its cycle began.
    fn is_fresh(&self, rumor: &Rumor) -> bool {
        self.newest(rumor.key) == Some(rumor)
            && (self.get(rumor.key) != Some(*rumor) || self.hot.get(&rumor.key).is_some_and(|interest| interest.is_fresh))
    }

    /// A rumor comes from a node with that counter.
    fn told(&mut self, ctx: &mut Ctx<'_>, from: NodeId, rumor: Rumor, theirs: Counter) {
        let options = ctx.options();
        let is_news = self.is_news(options, &rumor);
        let is_needed = is_news || options.judged == Judged::CycleStart && self.is_fresh(&rumor);
        let mut counter = Counter::MAX;
        if options.mode == Mode::PushPull && !is_needed {
            // Both know it: who has the smaller counter, or the same, counts that.
            if let Some(interest) = self.interest(rumor.key, rumor.update) {
                counter = interest.counter;
                interest.was_useless |= counter <= theirs;
            }
        }
        if options.feedback {
            ctx.send(from, Message::Feedback { key: rumor.key, update: rumor.update, is_needed, counter });
        }
        if is_news {
            self.log(ctx, Logged { operation: None, rumor });
        } else if let Some(held) = self.get(rumor.key).filter(|held| held.update != rumor.update) {
            ctx.supersede(rumor.update, held.update);
        }
    }

    fn interest(&mut self, key: u32, update: Update) -> Option<&mut Interest> {
        self.known.get(key).filter(|rumor| rumor.update == update)?;
        self.hot.get_mut(&key)
    }

    /// Somebody asks what there is to tell.
    fn asked(&mut self, ctx: &mut Ctx<'_>, from: NodeId, along: &[Update]) {
        let options = ctx.options();
        for (key, interest) in &mut self.hot {
            let rumor = *self.known.get(*key).expect("what is spread is known");
            // At the start of the cycle it did not know that.
            let is_too_new = options.judged == Judged::CycleStart && interest.is_fresh;
            if !is_too_new && !along.contains(&rumor.update) {
                ctx.send(from, Message::PullReply(rumor, interest.counter));
                interest.was_useless |= !options.feedback;
            }
        }
    }

    /// What came of the last cycle's contacts.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        if self.hot.is_empty() {
            return; // of nearly all nodes that pull, nearly always
        }
        let options = ctx.options();
        let known = &self.known;
        self.hot.retain(|key, interest| {
            let Interest { was_useful, was_useless, counter, .. } = *interest;
            let counts = was_useless && !was_useful;
            let counter = match was_useful && options.resets {
                true => 0,
                false => counter + u32::from(counts),
            };
            *interest = Interest { counter, ..Interest::default() };
            let is_removed = match options.removal {
                Removal::Counter => counter >= options.k,
                Removal::Coin => counts && ctx.choose(u64::from(options.k)) == 0,
            };
            if is_removed {
                ctx.fact(Fact::Removed(known.get(*key).expect("what is spread is known").update));
            }
            !is_removed
        });
    }

    /// Meets one other node, all equally likely.
    fn meet(&mut self, ctx: &mut Ctx<'_>) {
        let (options, others) = (ctx.options(), ctx.others());
        if others.is_empty() || options.mode == Mode::Push && self.hot.is_empty() {
            return;
        }
        let partner = others.get(ctx.choose(u64::from(others.len())) as u32);
        let mut along = Vec::new();
        if options.mode != Mode::Pull {
            for (key, interest) in &mut self.hot {
                let rumor = *self.known.get(*key).expect("what is spread is known");
                ctx.send(partner, Message::Rumor(rumor, interest.counter));
                interest.was_useless |= !options.feedback;
                along.push(rumor.update);
            }
        }
        if options.mode != Mode::Push {
            ctx.send(partner, Message::Pull(along));
        }
    }

    /// Arms the timer if there is something to do in the next cycle. Who only pushes, and has nothing to tell, is quiet.
    fn turn(&mut self, ctx: &mut Ctx<'_>, was_turning: bool) {
        let options = ctx.options();
        if self.is_turning || options.mode == Mode::Push && self.hot.is_empty() {
            return;
        }
        self.is_turning = true;
        match options.start {
            Start::Together => {
                let begun = ctx.elapsed() % options.interval;
                ctx.set_timer(Cycle, options.interval - begun);
            }
            Start::Spread if was_turning => ctx.set_timer(Cycle, options.interval),
            Start::Spread => ctx.set_timer_within(Cycle, 0, options.interval - 1),
        }
    }
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Cycle;
    type Record = Logged;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Memory;

    fn new(_: NodeId, _: u32, _: &Options) -> Node {
        Node { known: Sorted::default(), hot: BTreeMap::new(), writing: VecDeque::new(), durable: 0, own: 0, is_turning: false }
    }

    /// What a node knew it knows again. How often each of them had failed to interest anybody it has forgotten: it spreads all of them again.
    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Logged]) {
        self.durable = records.len() as u64;
        for logged in records {
            self.own += u32::from(logged.operation.is_some());
            self.believe(ctx, logged);
            self.hot.insert(logged.rumor.key, Interest::default());
        }
        if ctx.restarts() > 0 {
            ctx.fact(Fact::Restarted { known: self.known().copied().collect(), disk_is_new: ctx.disk_is_new() });
        }
        ctx.publish(self.known.wire_digest());
        self.turn(ctx, false);
    }

    /// A cycle begins.
    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Cycle) {
        self.is_turning = false;
        self.settle(ctx);
        self.meet(ctx);
        self.turn(ctx, true);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Rumor(rumor, counter) | Message::PullReply(rumor, counter) => self.told(ctx, from, rumor, counter),
            Message::Pull(along) => self.asked(ctx, from, &along),
            Message::Feedback { key, update, is_needed, counter } => {
                if let Some(interest) = self.interest(key, update) {
                    interest.was_useful |= is_needed;
                    interest.was_useless |= !is_needed && interest.counter <= counter;
                }
            }
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Read(key) => ctx.reply(operation, Response::Value(self.get(key).map(|rumor| rumor.value))),
            Request::Write(key, value) => {
                self.own += 1;
                let update = Update { origin: ctx.node(), number: self.own };
                let rumor = Rumor { key, value, stamp: self.latest_stamp().saturating_add(1), update };
                self.log(ctx, Logged { operation: Some(operation), rumor });
            }
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.written(ctx, upto);
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.known.wire_digest())
    }

    fn reads_clocks(options: &Options) -> bool {
        options.start == Start::Together
    }
}
