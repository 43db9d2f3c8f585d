//! A node: a sender for its clients, and a receiver for the others.

use super::ids::Ids;
use super::message::{Letter, Message, Record, Resend};
use super::monitor::Fact;
use super::options::Options;
use crate::order::deliveries::Deliveries;
use crate::order::request::{Request, Response};
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{Actor, Context, NodeId, OpId, Update};
use std::collections::BTreeMap;

type Ctx<'a> = Context<'a, Node>;

/// A sender and receiver.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// It has lost its disk, and stays out.
    out: bool,
    journal: Journal,
    /// What is done once the disk has it.
    waiting: Waiting<Task>,
    /// Records up to this one are to be forced.
    due: u64,
    /// Its messages to each other node that are not confirmed, by number.
    open: BTreeMap<NodeId, Lane>,
    /// Of clients' operations, the messages that were sent for them, and whether they are confirmed.
    operations: BTreeMap<OpId, (Update, bool)>,
    /// What it has delivered of each sender's, as far as it remembers.
    ids: BTreeMap<NodeId, Ids>,
    /// What it has delivered, in order.
    delivered: Vec<u64>,
    /// Messages since its last start that nobody counts.
    fired: u32,
    resending: bool,
}

/// What waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Task {
    Sent(NodeId, Letter),
    Delivered(Letter),
    Ack(NodeId, u32),
}

/// A sender's messages to one receiver.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Lane {
    /// The number of the last message.
    last: u32,
    /// What is not confirmed.
    open: BTreeMap<u32, Sending>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Sending {
    letter: Letter,
    operation: OpId,
    stage: Stage,
}

/// How far a message is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    /// On its way to the sender's disk.
    Writing,
    /// On disk; the window has no room for it.
    Ready,
    /// Said within the last turn.
    Said,
    /// Said before that, and not acknowledged.
    Due,
}

impl Node {
    /// Whether it came back without what it had written.
    pub(super) fn has_lost_its_disk(&self) -> bool {
        self.out
    }

    /// How many deliveries it remembers.
    pub(super) fn remembers(&self) -> usize {
        self.ids.values().map(|ids| ids.len()).sum()
    }

    /// The messages that it goes on saying.
    pub(super) fn is_trying(&self) -> usize {
        self.open.values().map(|lane| lane.open.len()).sum()
    }

    fn append(&mut self, ctx: &mut Ctx<'_>, record: Record, task: Task) {
        self.due = self.journal.append(ctx, record);
        self.waiting.push(&self.journal, task);
    }

    /// A client has a message for another node.
    fn send(&mut self, ctx: &mut Ctx<'_>, operation: OpId, to: NodeId, value: u64) {
        let me = ctx.node();
        if !ctx.options().is_acknowledged() {
            self.fired += 1;
            let name = Update { origin: me, number: ctx.restarts() << 20 | self.fired };
            ctx.fact(Fact::Sent(name, to));
            ctx.send(to, Message::Letter(Letter { name, number: 0, value }));
            return ctx.reply(operation, Response::Delivered);
        }
        match self.operations.get(&operation) {
            Some((_, true)) => return ctx.reply(operation, Response::Delivered),
            // It is under way.
            Some((_, false)) => return,
            None => {}
        }
        let number = self.open.entry(to).or_default().last + 1;
        let letter = Letter { name: Update { origin: me, number: number * ctx.nodes() + to.0 }, number, value };
        self.remember(operation, to, letter);
        self.append(ctx, Record::Sent(operation, to, letter), Task::Sent(to, letter));
    }

    /// A message of its own, that is in the log.
    fn remember(&mut self, operation: OpId, to: NodeId, letter: Letter) {
        self.operations.insert(operation, (letter.name, false));
        let lane = self.open.entry(to).or_default();
        lane.last = letter.number;
        lane.open.insert(letter.number, Sending { letter, operation, stage: Stage::Writing });
    }

    /// Says to one receiver what is on disk and in the window.
    fn say(&mut self, ctx: &mut Ctx<'_>, to: NodeId) {
        let Some(lane) = self.open.get_mut(&to) else { return };
        let Some((&first, _)) = lane.open.first_key_value() else { return };
        let window = first..first.saturating_add(ctx.options().window);
        for (_, sending) in lane.open.range_mut(window).filter(|(_, sending)| sending.stage == Stage::Ready) {
            sending.stage = Stage::Said;
            ctx.send(to, Message::Letter(sending.letter));
        }
    }

    fn arrived(&mut self, ctx: &mut Ctx<'_>, from: NodeId, letter: Letter) {
        let options = ctx.options();
        if !options.is_acknowledged() {
            self.delivered.push(letter.value);
            return ctx.fact(Fact::Delivered(letter.name, ctx.node()));
        }
        let now = ctx.elapsed();
        let ids = self.ids.entry(from).or_default();
        let is_known = options.memory().is_some_and(|memory| {
            ids.expire(now, memory);
            ids.knows(letter.number, options.window)
        });
        if is_known {
            ctx.fact(Fact::TurnedAway(letter.name));
        } else {
            if options.memory().is_some() {
                ids.keep(letter.number, now, options.window);
            }
            self.append(ctx, Record::Delivered(letter, now), Task::Delivered(letter));
        }
        // Nobody hears of a delivery that a crash may take back, the second time no more than the first.
        self.waiting.push_for(self.due, Task::Ack(from, letter.number));
    }

    fn confirmed(&mut self, ctx: &mut Ctx<'_>, from: NodeId, number: u32) {
        let Some(sending) = self.open.get_mut(&from).and_then(|lane| lane.open.remove(&number)) else { return };
        self.journal.append(ctx, Record::Confirmed(from, number));
        self.operations.insert(sending.operation, (sending.letter.name, true));
        ctx.fact(Fact::Confirmed(sending.letter.name));
        ctx.reply(sending.operation, Response::Delivered);
        self.say(ctx, from);
    }

    /// What is durable is said and done.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(task) = self.waiting.next(&self.journal) {
            match task {
                Task::Sent(to, letter) => {
                    ctx.fact(Fact::Sent(letter.name, to));
                    if let Some(sending) = self.open.get_mut(&to).and_then(|lane| lane.open.get_mut(&letter.number)) {
                        sending.stage = Stage::Ready;
                    }
                    self.say(ctx, to);
                }
                Task::Delivered(letter) => {
                    self.delivered.push(letter.value);
                    ctx.fact(Fact::Delivered(letter.name, ctx.node()));
                }
                Task::Ack(to, number) => ctx.send(to, Message::Ack(number)),
            }
        }
        if self.due > self.journal.durable() {
            self.journal.force(ctx);
        }
        if !self.resending && self.is_trying() > 0 {
            self.resending = true;
            ctx.set_timer(Resend, ctx.options().resend);
        }
    }
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Resend;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Deliveries;

    fn new(_: NodeId, _: u32, _: &Options) -> Node {
        Node {
            out: false,
            journal: Journal::recovered(0),
            waiting: Waiting::default(),
            due: 0,
            open: BTreeMap::new(),
            operations: BTreeMap::new(),
            ids: BTreeMap::new(),
            delivered: Vec::new(),
            fired: 0,
            resending: false,
        }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        let is_damaged = ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        let is_known = records.contains(&Record::Out);
        if ctx.disk_is_new() || is_damaged || is_known {
            self.out = true;
            if !is_known {
                self.journal.append(ctx, Record::Out);
                self.journal.force(ctx);
            }
            return;
        }
        let (window, remembers) = (ctx.options().window, ctx.options().memory().is_some());
        for record in records {
            match *record {
                Record::Sent(operation, to, letter) => {
                    self.remember(operation, to, letter);
                    ctx.fact(Fact::Sent(letter.name, to));
                }
                Record::Delivered(letter, at) => {
                    if remembers {
                        self.ids.entry(letter.name.origin).or_default().keep(letter.number, at, window);
                    }
                    self.delivered.push(letter.value);
                    ctx.fact(Fact::Had(letter.name, ctx.node()));
                }
                Record::Confirmed(to, number) => {
                    if let Some(sending) = self.open.get_mut(&to).and_then(|lane| lane.open.remove(&number)) {
                        self.operations.insert(sending.operation, (sending.letter.name, true));
                    }
                }
                Record::Out => {}
            }
        }
        // It may have been said before, and may not.
        for sending in self.open.values_mut().flat_map(|lane| lane.open.values_mut()) {
            sending.stage = Stage::Due;
        }
        self.settle(ctx);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        if self.out {
            return;
        }
        match message {
            Message::Letter(letter) | Message::Again(letter) => self.arrived(ctx, from, letter),
            Message::Ack(number) => self.confirmed(ctx, from, number),
        }
        self.settle(ctx);
    }

    /// A sender says again what was not acknowledged for a whole turn.
    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Resend) {
        self.resending = false;
        let window = ctx.options().window;
        for (to, lane) in &mut self.open {
            let Some((&first, _)) = lane.open.first_key_value() else { continue };
            for (_, sending) in lane.open.range_mut(first..first.saturating_add(window)) {
                match sending.stage {
                    Stage::Said => sending.stage = Stage::Due,
                    Stage::Due => ctx.send(*to, Message::Again(sending.letter)),
                    Stage::Writing | Stage::Ready => {}
                }
            }
        }
        self.settle(ctx);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Read { .. } if !self.out => ctx.reply(operation, Response::Has(self.delivered.clone())),
            Request::Broadcast { channel, value } if !self.out && ctx.nodes() > 1 => {
                // The next, the one after it, and so on round, by the client's key.
                let to = ctx.others().get((ctx.node().0 + channel) % (ctx.nodes() - 1));
                self.send(ctx, operation, to, value);
                self.settle(ctx);
            }
            _ => ctx.refuse(operation),
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.journal.synced(upto);
        if !self.out {
            self.settle(ctx);
        }
    }

    fn reads_clocks(options: &Options) -> bool {
        options.is_acknowledged()
    }
}
