//! A replica: its own tally, what the replicas have agreed on, and the Raft by which they do.

use super::message::{Message, Proposal, Record, Request, Response, Timer};
use super::monitor::{Counts, Fact};
use super::options::{Mistake, Options, Reads};
use super::tally::{Tallies, key, origin};
use crate::consensus::raft::server::Raft;
use crate::crdt::types::dot::Origin;
use crate::replication::journal::{Journal, Waiting};
use crate::replication::machine;
use quorate_engine::{Actor, Context, NodeId, OpId, Wire};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

type Ctx<'a> = Context<'a, Hybrid>;

/// A replica of a hybrid counter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Hybrid {
    origin: Origin,
    /// What it has counted itself, durably.
    tally: u64,
    /// The operations that are in its log: a client that asks again is not counted again.
    counted: BTreeSet<OpId>,
    /// Who is told when the disk has its record.
    waiting: Waiting<Told>,
    log: Log,
    raft: Raft,
    /// The digest of Raft's state machine when it was last looked at.
    looked_at: u64,
    /// What it knows to be agreed on, over restarts too.
    agreed: Tallies,
    /// Its proposal under way: what its tally was when it was made last.
    proposed: Option<u64>,
    /// Proposals so far, restarts included.
    tries: u32,
    /// Its reads that wait for others, by number.
    readings: BTreeMap<u32, Reading>,
    next_reading: u32,
    /// Who waits until its tally is agreed on: up to there, for the read of that number.
    askers: Vec<(u64, NodeId, u32)>,
}

/// What a client is told once the disk has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Told {
    Counted(OpId, u32),
    Again(OpId),
}

/// A linearizable read.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Reading {
    operation: OpId,
    /// Who has said how much of it is agreed on.
    heard: BTreeSet<NodeId>,
    /// How much.
    least: Tallies,
}

/// One log for the counter's records and for Raft's.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Log {
    own: Journal,
    /// Of Raft's records, how many are durable.
    rafts: u64,
    durable: u64,
    /// Of each record that is not durable, in order: whether it is Raft's.
    rest: VecDeque<bool>,
}

impl Log {
    fn recovered(own: usize, rafts: usize) -> Log {
        Log { own: Journal::recovered(own), rafts: rafts as u64, durable: (own + rafts) as u64, rest: VecDeque::new() }
    }

    fn append(&mut self, ctx: &mut Ctx<'_>, record: Record) {
        self.own.append(ctx, record);
        self.rest.push_back(false);
    }

    fn synced(&mut self, upto: u64) {
        let mut own = self.own.durable();
        while self.durable < upto
            && let Some(is_rafts) = self.rest.pop_front()
        {
            self.durable += 1;
            *(if is_rafts { &mut self.rafts } else { &mut own }) += 1;
        }
        self.own.synced(own);
    }
}

impl Hybrid {
    /// S1 `read_fast`: "local CRDT + last known global".
    pub fn value(&self) -> u64 {
        (self.agreed.sum() - self.mine()).saturating_add(self.tally)
    }

    /// What this replica has counted, and under which origin.
    pub fn tally(&self) -> (Origin, u64) {
        (self.origin, self.tally)
    }

    /// What it knows to be agreed on.
    pub fn agreed(&self) -> &Tallies {
        &self.agreed
    }

    /// What is agreed on of its own tally.
    fn mine(&self) -> u64 {
        self.agreed.of(self.origin).unwrap_or(0)
    }

    /// Runs a handler of Raft's, and looks what it has agreed on.
    fn raft(&mut self, ctx: &mut Ctx<'_>, handler: impl FnOnce(&mut Raft, &mut Context<'_, Raft>)) {
        let before = self.raft.records();
        ctx.embed(|ctx| handler(&mut self.raft, ctx));
        self.log.rest.extend((before..self.raft.records()).map(|_| true));
        let digest = self.raft.machine().digest();
        if digest != self.looked_at {
            self.looked_at = digest;
            let agreed = self.raft.machine().registers().map(|(key, tally)| (origin(key), tally)).collect();
            self.learn(ctx, &agreed);
        }
    }

    /// S1 `self.global_consensus_value = global_value`. What it knew already it knows still: what is agreed on only grows.
    fn learn(&mut self, ctx: &mut Ctx<'_>, agreed: &Tallies) {
        if !self.agreed.merge(agreed) {
            return;
        }
        // Not forced: who forgets it is told again.
        self.log.append(ctx, Record::Agreed(self.agreed.clone()));
        ctx.fact(Fact::Learned(self.agreed.clone()));
        ctx.publish(self.agreed.wire_digest());
        if let Some(proposed) = self.proposed.filter(|proposed| *proposed <= self.mine()) {
            self.proposed = None;
            if ctx.options().mistake == Some(Mistake::ResetLoses) {
                self.tally = self.mine();
                self.log.append(ctx, Record::Reset(self.tally));
                self.log.own.force(ctx);
            }
            ctx.fact(Fact::Agreed { origin: self.origin, proposed, tally: self.tally });
        }
        self.contribute(ctx);
        self.answer_reads(ctx);
    }

    /// S1 `sync_slow`: has the others agree on what it has counted, unless it waits for that already.
    fn sync(&mut self, ctx: &mut Ctx<'_>) {
        if self.proposed.is_none() && self.tally > self.mine() {
            ctx.fact(Fact::Proposes(self.tally));
            self.propose(ctx);
            ctx.set_timer(Timer::Retry, ctx.options().retry);
        }
    }

    /// S1 `run_consensus`. Proposals are made again until one has come through, under a new number each time; of all of them one has an
    /// effect, for each raises the tally from what is agreed on now.
    fn propose(&mut self, ctx: &mut Ctx<'_>) {
        self.proposed = Some(self.tally);
        self.tries = self.tries.wrapping_add(1);
        let number = self.tries.wrapping_mul(ctx.nodes()).wrapping_add(ctx.node().0) & (u32::MAX >> 1);
        let proposal = Proposal { number: OpId(number), origin: self.origin, from: self.agreed.of(self.origin), to: self.tally };
        match self.raft.leader() {
            Some(leader) if leader == ctx.node() => self.take_in(ctx, proposal),
            Some(leader) => ctx.send(leader, Message::Propose(proposal)),
            None => ctx.broadcast(Message::Propose(proposal)),
        }
    }

    /// It leads, and has a proposal agreed on.
    fn take_in(&mut self, ctx: &mut Ctx<'_>, Proposal { number, origin, from, to }: Proposal) {
        let command = machine::Request::Cas { key: key(origin), expected: from, value: to };
        self.raft(ctx, |raft, ctx| raft.request(ctx, number, command));
    }

    /// Somebody proposes.
    fn proposed(&mut self, ctx: &mut Ctx<'_>, from: NodeId, proposal: Proposal) {
        if self.agreed.of(proposal.origin) > proposal.from {
            ctx.send(from, Message::Agreed(self.agreed.clone()));
        } else if self.raft.leads().is_some() {
            self.take_in(ctx, proposal);
        }
    }

    /// Tells those whose reads wait for it that its tally is agreed on, and has it agreed on for the others.
    fn contribute(&mut self, ctx: &mut Ctx<'_>) {
        let mine = self.mine();
        let (ready, waiting) = self.askers.iter().partition(|(tally, ..)| *tally <= mine);
        self.askers = waiting;
        let ready: Vec<(u64, NodeId, u32)> = ready;
        for (tally, asker, reading) in ready {
            match asker == ctx.node() {
                true => self.heard(asker, reading, self.origin, tally),
                false => ctx.send(asker, Message::Contributed(reading, self.origin, tally)),
            }
        }
        if !self.askers.is_empty() {
            self.sync(ctx);
        }
    }

    /// A read needs this replica's tally agreed on.
    fn asked(&mut self, ctx: &mut Ctx<'_>, asker: NodeId, reading: u32) {
        if !self.askers.iter().any(|(_, other, number)| (*other, *number) == (asker, reading)) {
            self.askers.push((self.tally, asker, reading));
        }
        self.contribute(ctx);
    }

    /// So much of a replica's tally is agreed on, and it had not acknowledged more when the read began.
    fn heard(&mut self, from: NodeId, reading: u32, origin: Origin, tally: u64) {
        if let Some(reading) = self.readings.get_mut(&reading) {
            reading.heard.insert(from);
            reading.least.raise(origin, tally);
        }
    }

    /// A read is answered when everybody was heard, and what they said is known to be agreed on. What is agreed on is a beginning of Raft's
    /// log, so that of two reads one has seen all that the other has.
    fn answer_reads(&mut self, ctx: &mut Ctx<'_>) {
        let (agreed, nodes) = (&self.agreed, ctx.nodes() as usize);
        self.readings.retain(|_, reading| {
            let knows = |(origin, tally): (Origin, u64)| agreed.of(origin).unwrap_or(0) >= tally;
            let is_done = reading.heard.len() == nodes && reading.least.iter().all(knows);
            if is_done {
                ctx.reply(reading.operation, Response::Value(agreed.sum()));
            }
            !is_done
        });
    }

    /// A client wants to miss nothing.
    fn read(&mut self, ctx: &mut Ctx<'_>, operation: OpId) {
        if self.readings.values().any(|reading| reading.operation == operation) {
            return;
        }
        self.next_reading = self.next_reading.wrapping_add(1);
        let reading = Reading { operation, heard: BTreeSet::new(), least: Tallies::default() };
        self.readings.insert(self.next_reading, reading);
        ctx.broadcast(Message::Contribute(self.next_reading));
        ctx.set_timer(Timer::Retry, ctx.options().retry);
        self.asked(ctx, ctx.node(), self.next_reading);
        self.answer_reads(ctx);
    }

    /// Says again what was not answered.
    fn retry(&mut self, ctx: &mut Ctx<'_>) {
        for (number, reading) in &self.readings {
            let missing = ctx.others().iter().filter(|node| !reading.heard.contains(node));
            ctx.multicast(missing, Message::Contribute(*number));
        }
        if self.proposed.is_some() {
            self.propose(ctx);
        }
        if self.proposed.is_some() || !self.readings.is_empty() {
            ctx.set_timer(Timer::Retry, ctx.options().retry);
        }
    }

    /// S1 `increment_fast`.
    fn count(&mut self, ctx: &mut Ctx<'_>, operation: OpId, amount: u32) {
        let told = match self.counted.insert(operation) {
            true => {
                self.log.append(ctx, Record::Counted(operation, amount));
                Told::Counted(operation, amount)
            }
            false => Told::Again(operation),
        };
        self.waiting.push(&self.log.own, told);
        self.log.own.force(ctx);
        self.settle(ctx);
    }

    /// What is durable is counted, and its clients are told.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(told) = self.waiting.next(&self.log.own) {
            let (Told::Counted(operation, _) | Told::Again(operation)) = told;
            if let Told::Counted(_, amount) = told {
                self.tally = self.tally.saturating_add(u64::from(amount));
                ctx.fact(Fact::Counted(self.origin, amount));
            }
            ctx.reply(operation, Response::Done);
        }
    }

    /// What the log says, but for Raft's part of it.
    fn remember(&mut self, record: &Record) {
        match record {
            Record::Raft(_) => {}
            Record::Counted(operation, amount) => {
                self.counted.insert(*operation);
                self.tally = self.tally.saturating_add(u64::from(*amount));
            }
            Record::Agreed(agreed) => {
                self.agreed.merge(agreed);
            }
            Record::Born(life) => self.begin(*life),
            Record::Reset(tally) => self.tally = *tally,
        }
    }

    /// Another life begins, in which nothing is counted yet.
    fn begin(&mut self, life: u8) {
        self.origin.life = life;
        self.tally = 0;
        self.counted.clear();
    }
}

impl Actor for Hybrid {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Counts;

    fn new(node: NodeId, nodes: u32, options: &Options) -> Hybrid {
        let raft = Raft::new(node, nodes, &options.raft);
        Hybrid {
            origin: Origin { node, life: 0 },
            tally: 0,
            counted: BTreeSet::new(),
            waiting: Waiting::default(),
            log: Log::recovered(0, 0),
            looked_at: raft.machine().digest(),
            raft,
            agreed: Tallies::default(),
            proposed: None,
            tries: 0,
            readings: BTreeMap::new(),
            next_reading: 0,
            askers: Vec::new(),
        }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        let mut rafts = Vec::new();
        for record in records {
            match record {
                Record::Raft(inner) => rafts.push(inner.clone()),
                own => self.remember(own),
            }
        }
        self.log = Log::recovered(records.len() - rafts.len(), rafts.len());
        // Who has answered a number before is not taken for having answered it again.
        (self.tries, self.next_reading) = (ctx.restarts() << 16, ctx.restarts() << 16);
        if ctx.disk_is_new() {
            let life = ctx.restarts() as u8;
            self.begin(life);
            self.log.append(ctx, Record::Born(life));
        }
        if ctx.restarts() > 0 {
            ctx.fact(Fact::Started(self.origin, self.tally));
        }
        let given = rafts.len() as u64;
        ctx.embed(|ctx| self.raft.recover(ctx, &rafts));
        self.log.rest.extend((given..self.raft.records()).map(|_| true));
        self.raft(ctx, |_, _| {});
        ctx.publish(self.agreed.wire_digest());
        ctx.set_timer(Timer::Sync, ctx.options().interval);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Raft(inner) => self.raft(ctx, |raft, ctx| raft.message(ctx, from, inner)),
            Message::Propose(proposal) => self.proposed(ctx, from, proposal),
            Message::Agreed(agreed) => self.learn(ctx, &agreed),
            Message::Contribute(reading) => self.asked(ctx, from, reading),
            Message::Contributed(reading, origin, tally) => {
                self.heard(from, reading, origin, tally);
                self.answer_reads(ctx);
            }
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, timer: Timer) {
        match timer {
            Timer::Raft(inner) => self.raft(ctx, |raft, ctx| raft.timer(ctx, inner)),
            Timer::Sync => {
                self.sync(ctx);
                ctx.set_timer(Timer::Sync, ctx.options().interval);
            }
            Timer::Retry => self.retry(ctx),
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Increment(amount) => self.count(ctx, operation, amount),
            Request::Read if ctx.options().reads == Reads::Linearizable => self.read(ctx, operation),
            Request::Read => ctx.reply(operation, Response::Value(self.value())),
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.log.synced(upto);
        self.settle(ctx);
        let rafts = self.log.rafts;
        self.raft(ctx, |raft, ctx| raft.synced(ctx, rafts));
        self.log.own.force(ctx);
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.agreed.wire_digest())
    }
}
