//! A server: acceptor, learner and, when it leads, the one proposer; its disk, and the way in for messages, timers and clients. What it
//! does in each role stands in [`super::election`], [`super::proposing`] and [`super::learning`].

use super::leader::Leader;
use super::message::{Batch, Message, Record, Slot, Snapshot, Timer, Value};
use super::monitor::{Fact, Invariants};
use super::options::{Options, Reads};
use crate::consensus::paxos::acceptor::Acceptor;
use crate::consensus::paxos::ballot::{Ballot, Proposal};
use crate::consensus::paxos::monitor::{Digest, Step};
use crate::consensus::paxos::options::Mistake;
use crate::replication::journal::{Journal, Waiting};
use crate::replication::machine::{Machine, Request, Response};
use quorate_engine::{Actor, Content, Context, NodeId, OpId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The handlers' context.
pub(super) type Ctx<'c, 'w> = &'c mut Context<'w, MultiPaxos>;

/// A server.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MultiPaxos {
    pub(super) me: NodeId,
    /// For all slots at once, behind the snapshot; on disk, or on its way there.
    pub(super) acceptor: Acceptor<Slot, Value>,
    /// The highest round that it has stood in or heard of.
    pub(super) taken: u64,
    /// What stands for the log up to its last slot.
    pub(super) snapshot: Option<Content<Snapshot>>,
    /// It knows what was chosen in all slots up to here, and has applied it: what its acceptor accepted there.
    pub(super) known: Slot,
    pub(super) machine: Machine,
    pub(super) journal: Journal,
    /// What may happen only once the first so many records are durable.
    parked: Waiting<Parked>,
    pub(super) role: Role,
    /// Whom it takes for the leader.
    pub(super) leader: Option<NodeId>,
    /// It heard a leader less than the least election timeout ago: until then it promises nobody else.
    pub(super) hears_leader: bool,
    /// Clients that wait until there is a leader.
    held: VecDeque<(OpId, Request)>,
    /// Clients to be told when their commands are applied.
    pub(super) asked: BTreeSet<OpId>,
    /// Its disk has lost what was durable: it can promise nothing any more.
    damaged: bool,
}

/// What a server is besides acceptor and learner.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Nothing.
    Follower,
    /// It asks for promises.
    Candidate(Candidate),
    /// It alone proposes.
    Leader(Box<Leader>),
}

/// Who asks for promises.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Candidate {
    pub(super) ballot: Ballot,
    /// Who promised.
    pub(super) promises: BTreeSet<NodeId>,
    /// The highest proposal that they accepted, by slot.
    pub(super) highest: BTreeMap<Slot, Proposal<Value>>,
    /// They are enough, and its own acceptor has promised too.
    pub(super) wins: bool,
}

/// What waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// Its ballot will not be used again: now it may ask the others.
    Campaign(Ballot),
    /// Its own acceptor's promise, the last that was missing.
    Lead(Ballot),
    /// A promise, for a candidate.
    Promise(NodeId, Ballot, Vec<(Slot, Proposal<Value>)>),
    /// The word that it keeps to the leader of that ballot.
    Keep(NodeId, Ballot, Message),
    /// Acceptances from a slot on, for a leader.
    Accepted(NodeId, Ballot, Slot, Vec<Digest>),
}

impl Actor for MultiPaxos {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Invariants;

    fn new(node: NodeId, _: u32, options: &Options) -> MultiPaxos {
        MultiPaxos {
            me: node,
            acceptor: Acceptor::default(),
            taken: 0,
            snapshot: None,
            known: 0,
            machine: Machine::new(options.object),
            journal: Journal::recovered(0),
            parked: Waiting::default(),
            role: Role::Follower,
            leader: None,
            hears_leader: false,
            held: VecDeque::new(),
            asked: BTreeSet::new(),
            damaged: false,
        }
    }

    fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        if ctx.damage().is_some_and(|damage| damage.readable_after > 0) {
            self.damaged = true;
            return ctx.fact(Fact::Damaged);
        }
        let mut known = 0;
        for record in records {
            match record {
                Record::Attempted(round) => self.taken = self.taken.max(*round),
                Record::Promised(ballot) => {
                    self.acceptor.prepare(*ballot);
                }
                Record::Accepted(slot, proposal) => {
                    self.acceptor.accept(*slot, proposal.clone(), 0, ctx.options().common.mistake);
                }
                Record::Settled(slot, proposal) => self.acceptor.settle(*slot, proposal.clone()),
                Record::Known(slot) => known = known.max(*slot),
                Record::Snapshot(snapshot) => self.put_snapshot(snapshot.clone()),
            }
        }
        self.taken = self.taken.max(self.acceptor.promised().round);
        if let Some(snapshot) = &self.snapshot {
            (self.known, self.machine) = (snapshot.last, snapshot.machine.clone());
            self.machine.hold(ctx);
        }
        self.apply_while(ctx, |slot, _| slot <= known);
        ctx.publish(self.machine.digest());
        // Before a crash it may have told a leader that it keeps to it: a lease may count on that.
        if ctx.options().reads == Reads::Lease {
            self.hears_leader = true;
            ctx.set_timer(Timer::Silence, ctx.options().election.0);
        }
        self.await_leader(ctx);
    }

    fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        if self.damaged {
            return;
        }
        match message {
            Message::Prepare(ballot, first) => self.prepare(ctx, from, ballot, first),
            Message::Promise(ballot, accepted) => self.promised(ctx, from, ballot, accepted),
            Message::Accept(batch, _) => self.accept(ctx, from, batch),
            Message::Accepted(ballot, first, count) => self.accepted(ctx, from, ballot, first, count),
            Message::Refuse(ballot, promised) => self.refused(ctx, ballot, promised),
            Message::Heartbeat { ballot, round, commit } => self.heartbeat(ctx, from, ballot, round, commit),
            Message::Heard { ballot, round, known, behind } => self.heard(ctx, from, ballot, round, known, behind),
            Message::Chosen(batch) => self.hear_chosen(ctx, from, batch),
            Message::InstallSnapshot(ballot, snapshot) => self.install(ctx, from, ballot, snapshot),
        }
    }

    fn timer(&mut self, ctx: Ctx<'_, '_>, timer: Timer) {
        match timer {
            Timer::Election => self.stand(ctx),
            Timer::Silence => self.hears_leader = false,
            Timer::Heartbeat => self.beat(ctx),
            Timer::Quorum => self.count_heard(ctx),
        }
    }

    fn synced(&mut self, ctx: Ctx<'_, '_>, upto: u64) {
        self.journal.synced(upto);
        while let Some(parked) = self.parked.next(&self.journal) {
            self.release(ctx, parked);
        }
        self.take_in_queued(ctx);
        if !self.parked.is_empty() {
            self.journal.force(ctx);
        }
    }

    fn request(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        if self.damaged {
            return ctx.refuse(operation);
        }
        match (&self.role, self.leader) {
            (Role::Leader(_), _) => self.serve(ctx, operation, request),
            (_, Some(leader)) => ctx.redirect(operation, leader),
            (_, None) => {
                // A client that asks twice need not wait twice.
                self.held.retain(|(waiting, _)| *waiting != operation);
                self.held.push_back((operation, request));
            }
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        (!self.damaged).then(|| self.machine.digest_anew())
    }

    fn told(request: &Request, response: &Response) -> Option<(u32, u64)> {
        request.told(response)
    }

    fn reads_clocks(options: &Options) -> bool {
        options.reads == Reads::Lease || options.common.makes(Mistake::Expires)
    }
}

impl MultiPaxos {
    /// Phase 2b, as an acceptor.
    pub(super) fn accept(&mut self, ctx: Ctx<'_, '_>, from: NodeId, batch: Batch) {
        let Batch { ballot, first, values, commit } = batch;
        if !self.takes_for_leader(ctx, from, ballot) {
            return;
        }
        let base = self.base();
        if first <= base {
            return self.send_snapshot(ctx, from, ballot);
        }
        let written = self.forgets(ctx).unwrap_or(0);
        for (value, slot) in values.iter().zip(first..) {
            let proposal = Proposal { ballot, value: value.clone() };
            let is_new = self.acceptor.accepted(slot) != Some(&proposal);
            self.acceptor.accept(slot, proposal.clone(), written, ctx.options().common.mistake);
            if is_new {
                self.write(ctx, Record::Accepted(slot, proposal));
            }
        }
        let digests = values.iter().map(Value::digest).collect();
        self.learn_upto(ctx, ballot, commit);
        self.when_durable(ctx, Parked::Accepted(from, ballot, first, digests));
    }

    /// Whether who speaks in this ballot may: nobody was promised a higher one. Then it is the leader, and is known to be there.
    pub(super) fn takes_for_leader(&mut self, ctx: Ctx<'_, '_>, from: NodeId, ballot: Ballot) -> bool {
        self.taken = self.taken.max(ballot.round);
        let promised = self.acceptor.promised();
        if ballot < promised {
            ctx.send(from, Message::Refuse(ballot, promised));
            return false;
        }
        if from != self.me {
            self.follow(ctx, Some(from));
            self.hears_leader = true;
            ctx.set_timer(Timer::Silence, ctx.options().election.0);
            self.await_leader(ctx);
        }
        true
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
            Parked::Campaign(ballot) => self.campaign(ctx, ballot),
            Parked::Lead(ballot) => self.lead(ctx, ballot),
            Parked::Promise(to, ballot, accepted) => {
                ctx.fact(Fact::Step(Step::Promised { scope: 0, ballot }));
                ctx.send(to, Message::Promise(ballot, accepted));
            }
            Parked::Keep(to, ballot, answer) => {
                ctx.fact(Fact::Step(Step::Promised { scope: 0, ballot }));
                ctx.send(to, answer);
            }
            Parked::Accepted(to, ballot, first, digests) => {
                for (value, instance) in digests.iter().zip(first..) {
                    ctx.fact(Fact::Step(Step::Accepted { scope: 0, instance, ballot, value: *value }));
                }
                let count = digests.len() as u32;
                if to == self.me {
                    self.accepted(ctx, to, ballot, first, count);
                } else {
                    ctx.send(to, Message::Accepted(ballot, first, count));
                }
            }
        }
    }

    /// Follows whoever it is, and leads no more.
    pub(super) fn follow(&mut self, ctx: Ctx<'_, '_>, leader: Option<NodeId>) {
        if let Role::Leader(leader) = std::mem::replace(&mut self.role, Role::Follower) {
            ctx.fact(Fact::Deposed(leader.ballot));
            ctx.cancel_timer(Timer::Heartbeat);
            ctx.cancel_timer(Timer::Quorum);
            self.hears_leader = false;
            self.held.extend(leader.into_unserved());
            self.await_leader(ctx);
        }
        self.leader = leader;
        if let Some(leader) = leader {
            for (operation, _) in self.held.drain(..) {
                ctx.redirect(operation, leader);
            }
        }
    }

    /// Waits an election timeout for a leader to be heard.
    pub(super) fn await_leader(&mut self, ctx: Ctx<'_, '_>) {
        let (low, high) = ctx.options().election;
        ctx.set_timer_within(Timer::Election, low, high);
    }

    /// Clients that waited for a leader have found one.
    pub(super) fn serve_held(&mut self, ctx: Ctx<'_, '_>) {
        for (operation, request) in std::mem::take(&mut self.held) {
            self.serve(ctx, operation, request);
        }
    }

    /// The last slot that only the snapshot stands for.
    pub(super) fn base(&self) -> Slot {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.last)
    }

    /// What it is and how far it has come, for the evidence.
    pub(super) fn tell(&self) -> serde_json::Value {
        let role = match &self.role {
            Role::Follower => "follower",
            Role::Candidate(_) => "candidate",
            Role::Leader(_) => "leader",
        };
        let promised = self.acceptor.promised();
        serde_json::json!({ "role": role, "promised": promised.to_string(), "known": self.known, "snapshot": self.base() })
    }
}
