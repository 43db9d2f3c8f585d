//! A node: its acceptor, its disk, and the way in for messages, timers and clients. What it does as a proposer and as a learner stands
//! in [`super::proposer`] and [`super::learner`].

use super::message::{Message, Record, Timer};
use super::options::Options;
use super::proposer::Round;
use crate::consensus::paxos::acceptor::Acceptor;
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::consensus::paxos::monitor::{Consensus, Step};
use crate::consensus::paxos::options::Mistake;
use crate::replication::journal::{Journal, Waiting};
use crate::replication::machine::{Command, Machine, Request, Response};
use quorate_engine::{Actor, Broken, Context, Fact as Named, FactKind, Monitor, NodeId, OpId, Wire};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The handlers' context.
pub(super) type Ctx<'c, 'w> = &'c mut Context<'w, Paxos>;

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Paxos {
    pub(super) me: NodeId,
    /// The acceptors of all keys that it was asked about; on disk, or on their way there.
    pub(super) acceptors: BTreeMap<u32, Acceptor<(), Command>>,
    /// The proposer's ballots, by key.
    pub(super) rounds: BTreeMap<u32, Round>,
    /// Clients to be told what was chosen, by key.
    pub(super) waiting: BTreeMap<u32, Vec<(OpId, Request)>>,
    /// Keys that wait until another round is over.
    pub(super) queue: VecDeque<u32>,
    /// What the learner knows to be chosen.
    pub(super) chosen: BTreeMap<u32, Command>,
    /// The same in the order in which it was learned: the number of the record, and the key.
    pub(super) learned: Vec<(u64, u32)>,
    /// How much of the other learners' lists it has seen.
    pub(super) seen: BTreeMap<NodeId, u64>,
    /// Keys of which it knew at its last look around that something was accepted, and not what was chosen.
    pub(super) unsettled: BTreeSet<u32>,
    /// The registers: each holds what was chosen for its key.
    pub(super) machine: Machine,
    pub(super) journal: Journal,
    /// What may happen only once the first so many records are durable.
    parked: Waiting<Parked>,
    /// Its disk has lost what was durable: it can promise nothing any more.
    damaged: bool,
}

/// What waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// The proposer's own acceptor promised: now the others may be asked.
    Prepare(u32, Ballot),
    /// A promise, for a proposer.
    Promise(NodeId, u32, Ballot, Option<Proposal<Command>>),
    /// An acceptance of the value of that digest, for a proposer.
    Accepted(NodeId, u32, Ballot, u64),
}

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// What it did in one of its roles.
    Step(Step),
    /// A proposer began a ballot.
    Began(Ballot),
    /// A proposer gave its ballot up: a higher one stood in its way.
    Preempted(Ballot),
    /// A proposer knows its value to be chosen.
    Decided(u32),
    /// Recovery found that the disk lost what was durable.
    Damaged,
}

impl Named for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "began", summary: "A proposer began a ballot.", leads: false },
        FactKind { name: "preempted", summary: "A proposer gave its ballot up for a higher one.", leads: false },
        FactKind { name: "decided", summary: "A proposer learned that what it proposed was chosen.", leads: false },
        FactKind { name: "damaged", summary: "Recovery could not read a log to its end.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Began(_) => 0,
            Fact::Preempted(_) => 1,
            Fact::Decided(_) => 2,
            Fact::Damaged => 3,
            Fact::Step(_) => return None,
        })
    }

    fn is_kept(&self) -> bool {
        self.kind().is_some()
    }
}

impl Monitor<Paxos> for Consensus {
    const PROPERTIES: &'static [&'static str] = &Consensus::PROPERTIES;

    fn fact(&mut self, options: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Step(step) => self.step(options.common.nodes, node, step),
            _ => Ok(()),
        }
    }
}

impl Actor for Paxos {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Consensus;

    fn new(node: NodeId, _: u32, _: &Options) -> Paxos {
        Paxos {
            me: node,
            acceptors: BTreeMap::new(),
            rounds: BTreeMap::new(),
            waiting: BTreeMap::new(),
            queue: VecDeque::new(),
            chosen: BTreeMap::new(),
            learned: Vec::new(),
            seen: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            machine: Machine::default(),
            journal: Journal::recovered(0),
            parked: Waiting::default(),
            damaged: false,
        }
    }

    fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        if ctx.damage().is_some_and(|damage| damage.readable_after > 0) {
            self.damaged = true;
            return ctx.fact(Fact::Damaged);
        }
        let mistake = ctx.options().common.mistake;
        for (record, number) in records.iter().zip(1..) {
            match record {
                Record::Promised(key, ballot) => {
                    self.acceptors.entry(*key).or_default().prepare(*ballot);
                }
                Record::Accepted(key, proposal) => {
                    self.acceptors.entry(*key).or_default().accept((), proposal.clone(), 0, mistake);
                }
                Record::Chosen(key, command) => {
                    self.chosen.insert(*key, command.clone());
                    self.learned.push((number, *key));
                    self.machine.apply(ctx, command, NodeId(0));
                }
            }
        }
        ctx.publish(self.machine.digest());
        self.await_look(ctx);
    }

    fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        if self.damaged {
            return;
        }
        match message {
            Message::Prepare(key, ballot) => self.prepare(ctx, from, key, ballot),
            Message::Promise(key, ballot, accepted) => self.promised(ctx, from, key, ballot, accepted),
            Message::Accept(key, proposal) => self.accept(ctx, from, key, proposal),
            Message::Accepted(key, ballot) => self.accepted(ctx, from, key, ballot),
            Message::Refuse { key, ballot, promised } => self.refused(ctx, key, ballot, promised),
            Message::Chosen(key, command) => self.learn(ctx, key, command),
            Message::Ask(first) => self.tell_learned(ctx, from, first),
            Message::Learned { first, chosen, all } => self.hear_learned(ctx, from, first, chosen, all),
        }
    }

    fn timer(&mut self, ctx: Ctx<'_, '_>, timer: Timer) {
        match timer {
            Timer::Round(round) => self.go_on(ctx, round),
            Timer::LookAround => self.look_around(ctx),
        }
    }

    fn synced(&mut self, ctx: Ctx<'_, '_>, upto: u64) {
        self.journal.synced(upto);
        while let Some(parked) = self.parked.next(&self.journal) {
            self.release(ctx, parked);
        }
        if !self.parked.is_empty() {
            self.journal.force(ctx);
        }
    }

    fn request(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        if self.damaged {
            return ctx.refuse(operation);
        }
        let (Request::Read(key) | Request::Cas { key, .. }) = request else { return ctx.refuse(operation) };
        if request.changes() {
            let command = Command { operation, request: request.clone() };
            ctx.fact(Fact::Step(Step::Asked(command.wire_digest())));
        }
        if self.chosen.contains_key(&key) {
            return self.tell(ctx, operation, &request);
        }
        let waiting = self.waiting.entry(key).or_default();
        // A client that asks twice need not wait twice.
        if waiting.iter().all(|(other, _)| *other != operation) {
            waiting.push((operation, request));
        }
        self.propose(ctx, key);
    }

    fn replica_digest(&self) -> Option<u64> {
        (!self.damaged).then(|| self.machine.digest_anew())
    }

    fn told(request: &Request, response: &Response) -> Option<(u32, u64)> {
        request.told(response)
    }

    fn reads_clocks(options: &Options) -> bool {
        options.common.makes(Mistake::Expires)
    }
}

impl Paxos {
    /// Phase 1b, as an acceptor.
    fn prepare(&mut self, ctx: Ctx<'_, '_>, from: NodeId, key: u32, ballot: Ballot) {
        let now = self.forgets(ctx);
        let acceptor = self.acceptors.entry(key).or_default();
        let before = acceptor.promised();
        if !acceptor.prepare(ballot) {
            return ctx.send(from, Message::Refuse { key, ballot, promised: before });
        }
        let accepted = acceptor.told(.., now).next().map(|(_, proposal)| proposal);
        if ballot > before {
            self.write(ctx, Record::Promised(key, ballot));
        }
        self.when_durable(ctx, Parked::Promise(from, key, ballot, accepted));
    }

    /// Phase 2b, as an acceptor.
    pub(super) fn accept(&mut self, ctx: Ctx<'_, '_>, from: NodeId, key: u32, proposal: Proposal<Command>) {
        let written = self.forgets(ctx).unwrap_or(0);
        let acceptor = self.acceptors.entry(key).or_default();
        let (ballot, value) = (proposal.ballot, proposal.value.wire_digest());
        let is_new = acceptor.accepted(()) != Some(&proposal);
        if !acceptor.accept((), proposal.clone(), written, ctx.options().common.mistake) {
            let refusal = Message::Refuse { key, ballot, promised: acceptor.promised() };
            return self.send(ctx, from, refusal);
        }
        if is_new {
            self.write(ctx, Record::Accepted(key, proposal));
        }
        self.when_durable(ctx, Parked::Accepted(from, key, ballot, value));
    }

    /// What an acceptor writes down before it answers.
    pub(super) fn write(&mut self, ctx: Ctx<'_, '_>, record: Record) {
        if !ctx.options().common.makes(Mistake::Forgets) {
            self.journal.append(ctx, record);
        }
    }

    /// The wall clock of an acceptor that forgets by it; `None` for one that does not.
    pub(super) fn forgets(&self, ctx: Ctx<'_, '_>) -> Option<i64> {
        ctx.options().common.makes(Mistake::Expires).then(|| ctx.wall())
    }

    /// Goes on when everything appended so far is durable.
    pub(super) fn when_durable(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        if self.journal.is_durable() {
            return self.release(ctx, parked);
        }
        self.parked.push(&self.journal, parked);
        self.journal.force_for(ctx, ctx.options().common.group_commit);
    }

    fn release(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        match parked {
            Parked::Prepare(key, ballot) => self.ask_to_promise(ctx, key, ballot),
            Parked::Promise(to, key, ballot, accepted) => {
                ctx.fact(Fact::Step(Step::Promised { scope: key.into(), ballot }));
                ctx.send(to, Message::Promise(key, ballot, accepted));
            }
            Parked::Accepted(to, key, ballot, value) => {
                let (scope, instance) = (key.into(), key.into());
                ctx.fact(Fact::Step(Step::Accepted { scope, instance, ballot, value: Some(value) }));
                self.send(ctx, to, Message::Accepted(key, ballot));
            }
        }
    }

    /// Sends to another node, or to its own proposer, which is no message.
    fn send(&mut self, ctx: Ctx<'_, '_>, to: NodeId, message: Message) {
        if to == self.me { self.message(ctx, to, message) } else { ctx.send(to, message) }
    }
}
