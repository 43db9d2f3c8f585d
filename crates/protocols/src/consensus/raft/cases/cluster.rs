//! Servers on a bench, with what the cases do to them: elect, propose, deliver, lose, crash. Their numbers are those of the cases, from 1.

use crate::consensus::raft::config::Configuration;
use crate::consensus::raft::leading::Sending;
use crate::consensus::raft::log::{Entries, Entry, Index, Payload, Term};
use crate::consensus::raft::message::{Append, Message, Reason, Record, Result as Outcome, Timer};
use crate::consensus::raft::monitor::Fact;
use crate::consensus::raft::options::{self, Membership, Mistake, Options};
use crate::consensus::raft::server::{Raft, Role};
use crate::options::Values;
use crate::registry::{Job, Keep};
use crate::replication::machine::Request;
use quorate_engine::bench::{Bench, InFlight};
use quorate_engine::latency::Distribution;
use quorate_engine::setup::Setup;
use quorate_engine::time::SECOND;
use quorate_engine::workload::Change;
use quorate_engine::{Content, NodeId, NodeSet};
use std::cell::Cell;
use std::collections::BTreeSet;

/// Messages after which servers that still talk are taken never to stop.
const MESSAGES_MAX: usize = 100_000;

thread_local! {
    /// What servers do wrong on purpose: the cases must see it.
    pub(super) static MISTAKE: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// A server as the cases number them, from 1.
pub(super) type Id = u64;

/// What a server has on disk at first.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) term: Term,
    pub(super) voted_for: Option<Id>,
    pub(super) log: Vec<Term>,
}

/// The servers.
#[derive(Clone)]
pub(super) struct Cluster {
    bench: Bench<Raft>,
    nodes: u64,
    /// What is sent to these, or by them, is lost.
    pub(super) cut: BTreeSet<Id>,
    /// What is sent to these, or by them, waits.
    pub(super) slow: BTreeSet<Id>,
    /// What arrived: sender, receiver, message.
    pub(super) arrived: Vec<(Id, Id, Message)>,
    /// Who was refused a vote in which term, by whom.
    refused: BTreeSet<(Id, Term, Id)>,
}

pub(super) fn node(id: Id) -> NodeId {
    NodeId(id.checked_sub(1).expect("servers are numbered from 1") as u32)
}

fn id(node: NodeId) -> Id {
    u64::from(node.0) + 1
}

/// What the published tests have, besides the defaults: no questions before an election, nothing that keeps voters to a leader, no
/// snapshots, one server at a time.
pub(super) fn options(voters: impl IntoIterator<Item = Id>, learners: impl IntoIterator<Item = Id>) -> Options {
    let setup = Setup::plain(1, 1, SECOND, Distribution::Constant { ns: 0 });
    let values = Values::defaults(options::FIELDS);
    let defaults = options::options(&Job {
        setup: &setup,
        options: &values,
        variant: "right",
        workload: &[],
        text: None,
        keep: Keep::Metrics,
    });
    Options {
        pre_vote: false,
        check_quorum: false,
        snapshot_every: None,
        members: Configuration::of(voters.into_iter().map(node), learners.into_iter().map(node)),
        membership: Membership::SingleServer,
        mistake: MISTAKE.get(),
        ..defaults.expect("the defaults are options")
    }
}

impl Cluster {
    pub(super) fn new(options: &Options, states: Vec<State>) -> Cluster {
        let disk = |state: &State| {
            let entry =
                |(index, term): (Index, &Term)| Record::Entry(index, Content::new(Entry { term: *term, payload: Payload::Noop }));
            let promised = (state.term > 0).then(|| Record::Term(state.term, state.voted_for.map(node)));
            promised.into_iter().chain((1..).zip(&state.log).map(entry)).collect()
        };
        let bench = Bench::new(options, states.iter().map(disk).collect());
        let nodes = states.len() as u64;
        let (cut, slow, arrived, refused) = (BTreeSet::new(), BTreeSet::new(), Vec::new(), BTreeSet::new());
        Cluster { bench, nodes, cut, slow, arrived, refused }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        1..=self.nodes
    }

    /// Those that are up.
    pub(super) fn live(&self) -> impl Iterator<Item = Id> {
        self.ids().filter(|id| self.bench.is_up(node(*id)))
    }

    pub(super) fn server(&self, id: Id) -> &Raft {
        self.bench.replica(node(id))
    }

    /// Writes complete, and clients do what they do.
    pub(super) fn settle(&mut self) {
        let mut left = MESSAGES_MAX;
        while (0..self.nodes as u32).any(|node| self.bench.write(NodeId(node))) || self.bench.client() {
            left = left.checked_sub(1).expect("writes and clients come to an end");
        }
    }

    pub(super) fn in_flight(&self) -> Vec<InFlight<Message>> {
        self.bench.in_flight()
    }

    /// Everything in flight that is such is lost.
    pub(super) fn lose(&mut self, is_such: impl Fn(Id, Id, &Message) -> bool) {
        for sent in self.in_flight() {
            if is_such(id(sent.from), id(sent.to), &sent.message) {
                self.bench.lose(sent.from, sent.number);
            }
        }
    }

    pub(super) fn lose_all(&mut self) {
        self.lose(|_, _, _| true);
    }

    /// What is in flight and is such arrives, and so what is sent meanwhile, until nothing is left; all else waits.
    pub(super) fn deliver(&mut self, is_such: impl Fn(Id, Id, &Message) -> bool) {
        while self.deliver_round(&is_such) {}
    }

    /// What is in flight now and is such arrives; whether there was any.
    pub(super) fn deliver_round(&mut self, is_such: impl Fn(Id, Id, &Message) -> bool) -> bool {
        self.settle();
        let cut = self.cut.clone();
        self.lose(|from, to, _| cut.contains(&from) || cut.contains(&to));
        let mut any = false;
        for sent in self.in_flight() {
            let (from, to) = (id(sent.from), id(sent.to));
            if self.slow.contains(&from) || self.slow.contains(&to) || !is_such(from, to, &sent.message) {
                continue;
            }
            any = true;
            self.note(from, to, &sent.message);
            self.bench.deliver(sent.from, sent.number);
            self.settle();
        }
        any
    }

    /// Everything arrives, until nobody says anything more.
    pub(super) fn stabilize(&mut self) {
        self.deliver(|_, _, _| true);
    }

    fn note(&mut self, from: Id, to: Id, message: &Message) {
        assert!(self.arrived.len() < MESSAGES_MAX, "servers come to rest");
        if let Message::Vote { term, granted: false, pre: false, .. } = message {
            self.refused.insert((to, *term, from));
        }
        self.arrived.push((from, to, message.clone()));
    }

    /// A message arrives that nobody sent.
    pub(super) fn inject(&mut self, from: Id, to: Id, message: Message) {
        self.note(from, to, &message);
        self.bench.inject(node(from), node(to), message);
        self.settle();
    }

    pub(super) fn vote(&mut self, from: Id, to: Id, granted: bool) {
        let term = self.server(to).term;
        self.inject(from, to, Message::Vote { term, granted, pre: false, life: 0 });
    }

    /// Another server, of that term, says that it leads.
    pub(super) fn heartbeat_from(&mut self, from: Id, to: Id, term: Term, commit: Index) {
        let index = commit.min(self.server(to).log.last());
        let previous = crate::consensus::raft::log::Position { term: self.server(to).log.term(index).unwrap_or(0), index };
        let append = Append { term, previous, entries: Content::new(Entries::default()), commit, round: 0 };
        self.inject(from, to, Message::Append(Reason::Heartbeat, append));
    }

    pub(super) fn appended(&mut self, from: Id, to: Id, term: Term, result: Outcome) {
        self.inject(from, to, Message::Appended { term, result, round: 0, life: 0, is_beat: false });
    }

    /// A timer fires; `false` when it is not armed.
    pub(super) fn fire(&mut self, who: Id, timer: Timer) -> bool {
        let fired = self.bench.fire(node(who), timer);
        self.settle();
        fired
    }

    /// An election timeout without a leader has passed: voters need not keep to it.
    pub(super) fn forget_leaders(&mut self) {
        for who in self.ids() {
            self.fire(who, Timer::Silence);
        }
    }

    /// A server's election timeout is over.
    pub(super) fn campaign(&mut self, who: Id) {
        self.fire(who, Timer::Election);
    }

    /// A server hears of a term, from one that does not lead it.
    pub(super) fn raise_term(&mut self, who: Id, term: Term) {
        if term > self.server(who).term {
            let other = if who == 1 { self.nodes.min(2) } else { 1 };
            self.inject(other, who, Message::Vote { term, granted: false, pre: true, life: 0 });
        }
    }

    pub(super) fn crash(&mut self, who: Id) {
        self.bench.crash(node(who));
        self.lose(|from, _, _| from == who);
    }

    pub(super) fn restart(&mut self, who: Id) {
        self.bench.restart(node(who));
        self.settle();
    }

    /// A client asks a server to write.
    pub(super) fn propose(&mut self, who: Id) {
        self.bench.ask(node(who), Request::Write(0, 1));
        self.settle();
    }

    pub(super) fn order(&mut self, who: Id, change: Change) {
        self.bench.ask(node(who), Request::Change(change));
        self.settle();
    }

    /// Who leads the highest term that has a leader that is up.
    pub(super) fn leader(&self) -> Option<Id> {
        self.live().filter(|id| self.server(*id).leads().is_some()).max_by_key(|id| self.server(*id).term)
    }

    /// A server's role, as the published tests have it: there, a candidate that too many have refused is a follower at once, and here it
    /// stays a candidate that cannot win, until its election timeout.
    pub(super) fn role(&self, who: Id) -> &'static str {
        match &self.server(who).role {
            Role::Leader(_) => "leader",
            Role::Follower => "follower",
            Role::PreCandidate(_) => "pre-candidate",
            Role::Candidate(_) if self.may_win(who) => "candidate",
            Role::Candidate(_) => "follower",
        }
    }

    /// Whether a candidate would lead if all voted for it who have not refused.
    fn may_win(&self, who: Id) -> bool {
        let (mut then, term) = (self.clone(), self.server(who).term);
        for voter in self.ids().filter(|voter| *voter != who && !self.refused.contains(&(who, term, *voter))) {
            then.vote(voter, who, true);
        }
        then.server(who).leads() == Some(term)
    }

    /// How a leader sends to a follower, in etcd's words.
    pub(super) fn sending(&self, leader: Id, follower: Id) -> Option<&'static str> {
        let Role::Leader(leads) = &self.server(leader).role else { return None };
        Some(match leads.followers.get(node(follower))?.sending {
            Sending::Probing(_) => "probe",
            Sending::Streaming { .. } => "replicate",
            Sending::Snapshot { .. } => "snapshot",
        })
    }

    /// The terms of a server's entries; those that only a snapshot stands for are not there to be told.
    pub(super) fn log_terms(&self, who: Id) -> Vec<Term> {
        self.server(who).log.iter().map(|(_, entry)| entry.term).collect()
    }

    pub(super) fn committed_terms(&self, who: Id) -> Vec<Term> {
        let server = self.server(who);
        server.log.iter().filter(|(index, _)| *index <= server.commit).map(|(_, entry)| entry.term).collect()
    }

    /// The servers in a set of a configuration.
    pub(super) fn members(of: &BTreeSet<crate::consensus::raft::config::Server>) -> Vec<Id> {
        of.iter().map(|server| id(server.node)).collect()
    }

    pub(super) fn stated(&self, is_such: impl Fn(Id, &Fact) -> bool) -> usize {
        self.bench.facts().filter(|(by, fact)| is_such(id(*by), fact)).count()
    }

    /// Every case ends with no invariant of figure 3 broken.
    pub(super) fn is_sound(&self) -> Result<(), String> {
        match self.bench.violations().first() {
            None => Ok(()),
            Some(violation) => Err(format!("an invariant is broken: {violation:?}")),
        }
    }
}

pub(super) fn set(ids: &[Id]) -> NodeSet {
    NodeSet::from_ranges(ids.iter().map(|id| (node(*id).0, node(*id).0 + 1)))
}
