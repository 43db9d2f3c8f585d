//! A server: figure 2's state, and the parts of it that every role shares. What a follower, a candidate and a leader do with it stands in
//! [`super::election`], [`super::replication`], [`super::snapshots`] and [`super::reads`].

use super::config::{Configuration, Server};
use super::leading::Leader;
use super::log::{Entry, Index, Log, Payload, Position, Term};
use super::message::{Message, Record, Snapshot, Timer};
use super::monitor::Fact;
use super::options::{Mistake, Options, Reads};
use crate::replication::journal::{Journal, Waiting};
use crate::replication::machine::{Command, Machine, Request, Response};
use quorate_engine::{Actor, Content, Context, NodeId, OpId, Wire};
use std::collections::{BTreeSet, VecDeque};

/// The handlers' context.
pub(super) type Ctx<'c, 'w> = &'c mut Context<'w, Raft>;

/// A server.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Raft {
    pub(super) me: Server,
    /// `currentTerm`. This and the next three are on disk, or on their way there.
    pub(super) term: Term,
    /// `votedFor`.
    pub(super) voted_for: Option<NodeId>,
    /// `log[]`, behind the snapshot.
    pub(super) log: Log,
    /// What stands for the log up to its base.
    pub(super) snapshot: Option<Content<Snapshot>>,
    pub(super) journal: Journal,
    /// What may happen only once the first so many records are durable.
    parked: Waiting<Parked>,
    /// `commitIndex`. Invariant: `applied <= commit <= log.last()`.
    pub(super) commit: Index,
    /// `lastApplied`.
    pub(super) applied: Index,
    pub(super) machine: Machine,
    /// The last one in the log (§6): a server uses it whether it is committed or not.
    pub(super) configuration: Configuration,
    /// The entry that holds the last one in the log; 0 when the cluster is as it was at first.
    pub(super) configured: Index,
    /// It was told that by what is committed up to there it is no member.
    pub(super) removed: Option<Index>,
    /// Who may know more of that.
    pub(super) acquainted: BTreeSet<NodeId>,
    /// It has a part in the replicated state.
    pub(super) is_member: bool,
    pub(super) role: Role,
    /// Whom it takes for the leader of its term.
    pub(super) leader: Option<NodeId>,
    /// It heard the leader less than the least election timeout ago.
    pub(super) hears_leader: bool,
    /// The snapshot that comes in: its last entry, and the bytes so far.
    pub(super) incoming: Option<(Index, u64)>,
    /// Clients that wait until there is a leader.
    held: VecDeque<(OpId, Request)>,
    /// Clients to be told when their commands are applied.
    pub(super) asked: BTreeSet<OpId>,
    /// Who asked that another lead, and whom it told to stand for election.
    pub(super) handing_over: Option<(OpId, NodeId)>,
}

/// What a server is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// It answers leaders and candidates.
    Follower,
    /// It asks whether it could win; who said so.
    PreCandidate(BTreeSet<Server>),
    /// It stands for election; who voted for it.
    Candidate(BTreeSet<Server>),
    /// It orders commands.
    Leader(Box<Leader>),
}

/// What waits for the disk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Parked {
    /// A promise to another server.
    Send(NodeId, Message),
    /// A vote for another server in that term.
    Vote(Term, NodeId),
    /// A vote for itself in that term: now it may ask for others'; and whether its leader wants it so.
    Campaign(Term, bool),
    /// A leader of that term has its log on disk up to there.
    Stored(Term, Index),
}

impl Actor for Raft {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = super::monitor::Invariants;

    fn new(node: NodeId, _: u32, options: &Options) -> Raft {
        let me = Server { node, life: 0 };
        Raft {
            me,
            term: 0,
            voted_for: None,
            log: Log::default(),
            snapshot: None,
            journal: Journal::recovered(0),
            parked: Waiting::default(),
            commit: 0,
            applied: 0,
            machine: Machine::new(options.object),
            configuration: options.members.clone(),
            configured: 0,
            removed: None,
            acquainted: BTreeSet::new(),
            // Who is none says so when it starts.
            is_member: true,
            role: Role::Follower,
            leader: None,
            hears_leader: false,
            incoming: None,
            held: VecDeque::new(),
            asked: BTreeSet::new(),
            handing_over: None,
        }
    }

    fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        let is_damaged = ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        if is_damaged || (ctx.disk_is_new() && !ctx.options().makes(Mistake::ReturnsAsItself)) {
            return self.begin_anew(ctx);
        }
        for record in records {
            match record {
                Record::Term(term, voted_for) => (self.term, self.voted_for) = (*term, *voted_for),
                Record::Entry(index, entry) => {
                    self.log.cut(*index);
                    self.log.push(entry.clone());
                }
                Record::Snapshot(snapshot) => self.put_snapshot(snapshot.clone()),
                Record::Born(life) => {
                    (self.term, self.voted_for) = (0, None);
                    (self.log, self.snapshot) = (Log::default(), None);
                    self.me.life = *life;
                }
            }
        }
        // What was not on disk is gone, and what it had taken the place of is there again.
        let Position { index: end, term: mut before } = self.log.base();
        ctx.fact(Fact::Started { life: self.me.life, term: self.term, end });
        for (index, entry) in self.log.iter() {
            ctx.fact(Fact::Stored { index, term: entry.term, digest: entry.digest(), before });
            before = entry.term;
        }
        if let Some(snapshot) = &self.snapshot {
            self.machine = snapshot.machine.clone();
            (self.commit, self.applied) = (snapshot.last.index, snapshot.last.index);
        }
        self.reconfigure(ctx);
        if self.is_member {
            self.machine.hold(ctx);
            ctx.publish(self.machine.digest());
        }
        // Before a crash it may have told a leader that it keeps to it: a lease may count on that.
        if ctx.options().reads == Reads::Lease {
            self.hears_leader = true;
            ctx.set_timer(Timer::Silence, ctx.options().election.0);
        }
        self.await_leader(ctx);
    }

    fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        match message {
            Message::RequestVote { term, end, pre: true, .. } => self.asked_before_vote(ctx, from, term, end),
            Message::RequestVote { term, end, pre: false, transfer } => self.asked_to_vote(ctx, from, term, end, transfer),
            Message::Vote { term, granted, pre, life } => self.voted(ctx, Server { node: from, life }, term, granted, pre),
            Message::Append(reason, append) => self.append(ctx, from, reason, append),
            Message::Appended { term, result, round, life, .. } => {
                self.appended(ctx, Server { node: from, life }, term, result, round);
            }
            Message::InstallSnapshot(chunk) => self.install(ctx, from, chunk),
            Message::Installed { term, last, bytes, round, life } => {
                self.installed(ctx, Server { node: from, life }, term, last, bytes, round);
            }
            Message::TimeoutNow { term } => self.told_to_stand(ctx, from, term),
            Message::Removed { configured, commit, voters } => self.told_of_removal(ctx, configured, commit, &voters),
        }
    }

    fn timer(&mut self, ctx: Ctx<'_, '_>, timer: Timer) {
        match timer {
            Timer::Election => self.stand(ctx),
            Timer::Silence => self.hears_leader = false,
            Timer::Heartbeat => self.beat(ctx),
            Timer::Quorum => self.count_heard(ctx),
            Timer::Transfer => self.keep_leadership(ctx),
        }
    }

    fn synced(&mut self, ctx: Ctx<'_, '_>, upto: u64) {
        self.journal.synced(upto);
        while let Some(parked) = self.parked.next(&self.journal) {
            self.release(ctx, parked);
        }
        self.take_in_queued(ctx);
        self.journal.force(ctx);
    }

    fn request(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        match (&self.role, self.leader) {
            (Role::Leader(_), _) => self.serve(ctx, operation, request),
            (_, Some(leader)) => ctx.redirect(operation, leader),
            (_, None) if !self.is_member => self.send_on(ctx, operation),
            (_, None) => {
                // A client that asks twice need not wait twice.
                self.held.retain(|(waiting, _)| *waiting != operation);
                self.held.push_back((operation, request));
            }
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        self.is_member.then(|| self.machine.digest_anew())
    }

    fn told(request: &Request, response: &Response) -> Option<(u32, u64)> {
        request.told(response)
    }

    fn reads_clocks(options: &Options) -> bool {
        options.reads == Reads::Lease
    }
}

impl Raft {
    /// Its disk was replaced, or cannot be read to its end: it does not know what it had promised, so it is another server from here on,
    /// and no member of anything. The elapsed clock, which never goes back, tells its lives apart.
    fn begin_anew(&mut self, ctx: Ctx<'_, '_>) {
        self.me.life = ctx.elapsed().max(1);
        self.journal.append(ctx, Record::Born(self.me.life));
        ctx.fact(Fact::Born);
        ctx.fact(Fact::Started { life: self.me.life, term: 0, end: 0 });
        self.reconfigure(ctx);
        self.await_leader(ctx);
    }

    /// Goes on when everything appended so far is durable.
    pub(super) fn when_durable(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        if ctx.options().makes(Mistake::AcksBeforeSync) || self.journal.is_durable() {
            return self.release(ctx, parked);
        }
        self.parked.push(&self.journal, parked);
        self.journal.force_for(ctx, ctx.options().group_commit);
    }

    fn release(&mut self, ctx: Ctx<'_, '_>, parked: Parked) {
        match parked {
            Parked::Send(to, message) => ctx.send(to, message),
            Parked::Vote(term, candidate) => self.vote(ctx, term, candidate),
            Parked::Campaign(term, transfer) => self.campaign(ctx, term, transfer),
            Parked::Stored(term, index) => self.stored(ctx, term, index),
        }
    }

    /// Begins a term, or votes in it: figure 2 has both on disk before anybody hears of it.
    pub(super) fn promise(&mut self, ctx: Ctx<'_, '_>, term: Term, voted_for: Option<NodeId>) {
        (self.term, self.voted_for) = (term, voted_for);
        let written = voted_for.filter(|_| !ctx.options().makes(Mistake::ForgetsVotes));
        self.journal.append(ctx, Record::Term(term, written));
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (figure 2).
    pub(super) fn observe(&mut self, ctx: Ctx<'_, '_>, term: Term) {
        if term > self.term {
            let queued = match &mut self.role {
                Role::Leader(leader) if ctx.options().makes(Mistake::RelabelsQueue) => std::mem::take(&mut leader.queue),
                _ => VecDeque::new(),
            };
            self.follow(ctx, None);
            self.promise(ctx, term, None);
            for (operation, request) in queued {
                self.push(ctx, Entry { term, payload: Payload::Command(Command { operation, request }) });
            }
        }
    }

    /// Becomes a follower, of whoever it is.
    pub(super) fn follow(&mut self, ctx: Ctx<'_, '_>, leader: Option<NodeId>) {
        // Most often it follows already: nothing is moved then.
        if !matches!(self.role, Role::Follower)
            && let Role::Leader(leader) = std::mem::replace(&mut self.role, Role::Follower)
        {
            ctx.fact(Fact::Deposed(self.term));
            ctx.cancel_timer(Timer::Heartbeat);
            ctx.cancel_timer(Timer::Quorum);
            ctx.cancel_timer(Timer::Transfer);
            self.hears_leader = false;
            self.handing_over = leader.transfer.as_ref().and_then(|transfer| Some((transfer.operation?, transfer.to)));
            self.held.extend(leader.into_queue());
            self.await_leader(ctx);
        }
        self.leader = leader;
        if let Some(leader) = leader {
            self.tell_of_transfer(ctx, leader);
            for (operation, _) in self.held.drain(..) {
                ctx.redirect(operation, leader);
            }
        }
    }

    /// Waits an election timeout for a leader or candidate to be heard.
    pub(super) fn await_leader(&mut self, ctx: Ctx<'_, '_>) {
        let (low, high) = ctx.options().election;
        ctx.set_timer_within(Timer::Election, low, high);
    }

    /// The leader of this term was heard.
    pub(super) fn hear_leader(&mut self, ctx: Ctx<'_, '_>, leader: NodeId) {
        self.follow(ctx, Some(leader));
        self.hears_leader = true;
        ctx.set_timer(Timer::Silence, ctx.options().election.0);
        self.await_leader(ctx);
    }

    /// Clients that waited for a leader have found one.
    pub(super) fn serve_held(&mut self, ctx: Ctx<'_, '_>) {
        for (operation, request) in std::mem::take(&mut self.held) {
            self.serve(ctx, operation, request);
        }
    }

    /// Appends a new entry to its own log.
    pub(super) fn push(&mut self, ctx: Ctx<'_, '_>, entry: Entry) {
        self.push_shared(ctx, Content::new(entry));
    }

    /// Appends an entry that others have too.
    pub(super) fn push_shared(&mut self, ctx: Ctx<'_, '_>, entry: Content<Entry>) {
        let before = self.log.end();
        let index = self.log.push(entry.clone());
        let configures = matches!(entry.payload, Payload::Configuration(_));
        ctx.fact(Fact::Stored { index, term: entry.term, digest: entry.digest(), before: before.term });
        self.journal.append(ctx, Record::Entry(index, entry));
        if configures {
            self.reconfigure(ctx);
        }
    }

    /// Gives up the entries from an index on.
    pub(super) fn cut(&mut self, ctx: Ctx<'_, '_>, from: Index) {
        self.log.cut(from);
        ctx.fact(Fact::Cut(from));
        if self.configured >= from {
            self.reconfigure(ctx);
        }
    }

    /// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine" (figure 2).
    pub(super) fn commit_to(&mut self, ctx: Ctx<'_, '_>, commit: Index) {
        self.commit = self.commit.max(commit);
        let before = self.applied;
        while self.applied < self.commit {
            let index = self.applied + 1;
            let Some(entry) = self.log.get(index).cloned() else { break };
            self.applied = index;
            match &entry.payload {
                Payload::Command(command) => self.carry_out(ctx, command),
                Payload::Configuration(_) => self.configuration_is_committed(ctx, index),
                Payload::Noop => {}
            }
            ctx.fact(Fact::Applied { index, term: entry.term, by: self.term, digest: self.machine.digest() });
        }
        if self.applied > before {
            if self.is_member {
                ctx.publish(self.machine.digest());
            }
            self.compact(ctx);
        }
    }

    /// Applies a command once, however often it stands in the log (thesis §6.3), and tells its client.
    fn carry_out(&mut self, ctx: Ctx<'_, '_>, command: &Command) {
        if self.machine.answer(command.operation).is_none() {
            // Whoever leads, the first entry of an operation is the one that counts: its update needs no other name.
            self.machine.apply(ctx, command, NodeId(0));
        }
        if let Role::Leader(leader) = &mut self.role {
            leader.open.remove(&command.operation);
        }
        if self.asked.remove(&command.operation)
            && let Some(answer) = self.machine.answer(command.operation)
        {
            ctx.reply(command.operation, answer.clone());
        }
    }

    /// Where its log ends.
    pub(super) fn end(&self) -> Position {
        self.log.end()
    }

    /// The state machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The entries that its log holds besides the snapshot.
    pub(super) fn held_entries(&self) -> Index {
        self.log.last() - self.log.base().index
    }

    /// The size of its snapshot, in bytes; 0 without one.
    pub(super) fn snapshot_bytes(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.wire_len())
    }

    /// Whom it takes for the leader.
    pub fn leader(&self) -> Option<NodeId> {
        if self.leads().is_some() { Some(self.me.node) } else { self.leader }
    }

    /// The records that it has appended, counted with those that it was given at its last start.
    pub fn records(&self) -> u64 {
        self.journal.appended()
    }

    /// The entries that it knows to be committed.
    pub fn committed(&self) -> Index {
        self.commit
    }

    /// What it is and how far it has come, for the evidence.
    pub(super) fn tell(&self) -> serde_json::Value {
        let role = match &self.role {
            Role::Follower => "follower",
            Role::PreCandidate(_) => "pre-candidate",
            Role::Candidate(_) => "candidate",
            Role::Leader(_) => "leader",
        };
        let names = |servers: &BTreeSet<Server>| servers.iter().map(Server::to_string).collect::<Vec<_>>().join(" ");
        let mut told = serde_json::json!({
            "role": role, "term": self.term, "last": self.log.last(), "committed": self.commit, "snapshot": self.log.base().index,
            "voters": names(&self.configuration.voters), "outgoing": names(&self.configuration.outgoing),
        });
        if let Role::Leader(leader) = &self.role {
            told["followers"] = leader.tell();
        }
        told
    }

    /// The term in which it leads.
    pub fn leads(&self) -> Option<Term> {
        matches!(self.role, Role::Leader(_)).then_some(self.term)
    }
}
