//! Interaction scripts whose steps are prose: each step's text is cut at ";" into [`clauses`], which are carried out one by one.
//! A step ends when everybody has come to rest, unless a clause says who hears of it or how far it goes.

mod clauses;

use super::cluster::{Cluster, Id, State, node, options, set};
use super::fields::{Fields, Read, number, numbers};
use super::same;
use crate::consensus::raft::log::{Index, Term};
use crate::consensus::raft::message::{Message, Reason, Timer};
use crate::consensus::raft::monitor::Fact;
use crate::consensus::raft::options::Membership;
use clauses::{Clause, clauses};
use quorate_engine::workload::Change;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a text says how a leader sends to a follower.
fn is_progress(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default().to_lowercase();
    ["probe", "replicate", "snapshot"].contains(&text.trim_start_matches("state"))
}

/// Expectations that a heartbeat after the step may make true.
const HEARD_LATER: &[&str] = &["commit", "commit_index", "committed_log_terms", "all_commits_equal", "commits_equal"];

/// A script under way.
struct Play {
    cluster: Cluster,
    /// Of this many messages with entries a leader hears before it sends more.
    inflight: usize,
    /// Who fell behind the log: they, or the last server, are the slow ones.
    behind: Option<Id>,
    /// Commit indices of followers before the step.
    before: BTreeMap<Id, Index>,
    /// What each heartbeat said to be committed, and what it might say at most.
    heartbeats: Vec<(Id, Index, Index)>,
    terms_before: BTreeMap<Id, Term>,
    installed_before: usize,
    leader_before: Option<Id>,
}

pub(super) fn trace(case: &Fields<'_>) -> Read<()> {
    let steps = case.need("steps")?.as_array().ok_or("steps is no list")?;
    let steps: Vec<Fields<'_>> = steps.iter().map(|step| Fields::of("step", step)).collect::<Read<_>>()?;
    let mut texts = Vec::new();
    for step in &steps {
        texts.push(step.text("do")?.ok_or("a step has no do")?);
    }
    let told: Vec<Vec<Clause>> = texts.iter().map(|text| clauses(text)).collect::<Read<_>>()?;
    let source = case.text("source")?.unwrap_or_default();
    let mut play = Play::of(&case.object("setup")?, told.concat().as_slice(), &format!("{source} {}", texts.join(" ")))?;
    for ((step, text), told) in steps.iter().zip(&texts).zip(told) {
        play.begin_step();
        play.step(&told).and_then(|()| play.judge(step)).map_err(|wrong| format!("step {text:?}: {wrong}"))?;
        step.text("note")?;
        step.done()?;
    }
    // What a script expects as a whole is so at its end.
    play.judge(case)?;
    play.cluster.is_sound()
}

impl Play {
    fn of(setup: &Fields<'_>, told: &[Clause], text: &str) -> Read<Play> {
        let nodes = setup.number("nodes")?;
        let voters = setup.numbers("voters")?;
        let learners =
            setup.any(&["learner", "learners"]).map(|ids| numbers("setup.learners", ids)).transpose()?.unwrap_or_default();
        let to = setup.any(&["to", "target"]).map(|ids| numbers("setup.to", ids)).transpose()?.unwrap_or_default();
        let voters = match (nodes, voters) {
            (Some(nodes), None) => (1..=nodes).filter(|id| !learners.contains(id)).collect(),
            (_, Some(voters)) => voters,
            (None, None) => return Err("setup has neither nodes nor voters".into()),
        };
        let added = told.iter().flat_map(|clause| match clause {
            Clause::Add(ids) | Clause::Learn(ids) | Clause::Replace(_, ids) => ids.clone(),
            _ => Vec::new(),
        });
        let everybody = voters.iter().chain(&learners).chain(&to).copied().chain(added).chain(nodes);
        let highest = everybody.max().unwrap_or(0);
        let mut options = options(voters.iter().copied(), learners.iter().copied());
        options.check_quorum = setup.any_flag(&["check_quorum", "checkquorum"])?.unwrap_or(false);
        options.pre_vote = setup.any_flag(&["pre_vote", "prevote"])?.unwrap_or(false);
        options.noop = setup.flag("noop")?.unwrap_or(true);
        let inflight =
            setup.any(&["inflight", "max_inflight", "inflights"]).map(|count| number("setup.inflight", count)).transpose()?;
        options.pipeline_max = inflight.map_or(options.pipeline_max, |count| count as usize);
        // Here that is always so: what is answered waits for the disk, and the disk is waited for.
        for key in ["async_storage", "async_storage_writes"] {
            setup.flag(key)?;
        }
        if setup.flag("step_down_on_removal")? == Some(false) {
            return Err("a leader that stays one when it is no member any more: there is no such option".into());
        }
        if setup.flag("joint")?.unwrap_or(false) || text.contains("v2") || text.to_lowercase().contains("joint") {
            options.membership = Membership::Joint;
        }
        // Snapshots are taken when so much was applied; where the script has none, never.
        if text.to_lowercase().contains("compact") || text.to_lowercase().contains("snapshot") {
            options.snapshot_every = Some(4);
        }
        let mut states = vec![State::default(); highest as usize];
        for key in ["logs", "log_terms"] {
            if setup.get(key).is_none() {
                continue;
            }
            let logs = setup.object(key)?;
            for (id, log) in logs.all() {
                logs.understood(id);
                let log = numbers(&format!("setup.{key}.{id}"), log)?;
                let place = id.parse::<usize>().ok().filter(|id| (1..=states.len()).contains(id));
                let place = place.ok_or_else(|| format!("setup.{key} names {id:?}, which is no server"))?;
                states[place - 1] = State { term: log.last().copied().unwrap_or(0), voted_for: None, log };
            }
        }
        if setup.get("terms").is_some() {
            let terms = setup.object("terms")?;
            for (id, term) in terms.all() {
                terms.understood(id);
                let place = id.parse::<usize>().ok().filter(|id| (1..=states.len()).contains(id));
                let place = place.ok_or_else(|| format!("setup.terms names {id:?}, which is no server"))?;
                states[place - 1].term = number("setup.terms", term)?;
            }
        }
        if let Some(term) = setup.number("term")? {
            states.iter_mut().for_each(|state| state.term = state.term.max(term));
        }
        setup.text("note")?;
        let leader = setup.number("leader")?;
        setup.done()?;
        let mut play = Play {
            inflight: options.pipeline_max,
            cluster: Cluster::new(&options, states),
            behind: None,
            before: BTreeMap::new(),
            heartbeats: Vec::new(),
            terms_before: BTreeMap::new(),
            installed_before: 0,
            leader_before: None,
        };
        if let Some(leader) = leader {
            play.elect(leader)?;
        }
        Ok(play)
    }

    fn begin_step(&mut self) {
        let cluster = &mut self.cluster;
        cluster.arrived.clear();
        self.before = cluster.ids().map(|id| (id, cluster.server(id).commit)).collect();
        self.terms_before = cluster.ids().map(|id| (id, cluster.server(id).term)).collect();
        self.installed_before = cluster.stated(|_, fact| matches!(fact, Fact::Installed { .. }));
        self.leader_before = cluster.leader();
        self.heartbeats.clear();
    }

    fn step(&mut self, told: &[Clause]) -> Read<()> {
        for (place, clause) in told.iter().enumerate() {
            // Who is to hear of what comes before is said next.
            let next = told.get(place + 1);
            let is_told_next = |clause: &Clause| {
                matches!(
                    clause,
                    Clause::OnlyKnows(_) | Clause::Transfer(_) | Clause::Miss(_) | Clause::Among(_) | Clause::LoseAll
                )
            };
            let rests = !next.is_some_and(is_told_next) && !matches!(clause, Clause::Among(_));
            self.take(clause)?;
            if rests {
                self.cluster.stabilize();
            }
        }
        Ok(())
    }

    fn elect(&mut self, who: Id) -> Read<()> {
        self.cluster.forget_leaders();
        self.cluster.campaign(who);
        self.cluster.stabilize();
        same("who was to be elected leads", self.cluster.leader(), Some(who))
    }

    /// Who leads; where nobody does yet, the first member is elected.
    fn leader(&mut self, but: Option<Id>) -> Read<Id> {
        if let Some(leader) = self.cluster.leader() {
            return Ok(leader);
        }
        let one = self.cluster.live().next().ok_or("nobody is up")?;
        let members = Cluster::members(&self.cluster.server(one).configuration.voters);
        let first = members.into_iter().find(|id| Some(*id) != but && self.cluster.live().any(|live| live == *id));
        let first = first.ok_or("nobody could lead")?;
        self.elect(first)?;
        Ok(first)
    }

    fn take(&mut self, clause: &Clause) -> Read<()> {
        match clause {
            Clause::Elect(who, term) | Clause::Campaign(who, term, _) => {
                self.exists(&[*who])?;
                if let Some(term) = term {
                    self.cluster.raise_term(*who, term - 1);
                    same("the term before the campaign", self.cluster.server(*who).term, term - 1)?;
                }
                match clause {
                    Clause::Elect(..) => self.elect(*who)?,
                    Clause::Campaign(_, _, inside) => {
                        if !inside {
                            self.cluster.forget_leaders();
                        }
                        self.cluster.campaign(*who);
                    }
                    _ => {}
                }
            }
            Clause::Unheard(who) => {
                let leader = who.map_or_else(|| self.leader(None), Ok)?;
                // What was heard before counts until the leader looks; the next election timeout is the one without an answer.
                for _ in 0..2 {
                    self.cluster.lose_all();
                    self.cluster.fire(leader, Timer::Heartbeat);
                    self.cluster.lose_all();
                    self.cluster.fire(leader, Timer::Quorum);
                }
                self.cluster.lose_all();
            }
            Clause::Heard(who) => {
                let leader = who.map_or_else(|| self.leader(None), Ok)?;
                for _ in 0..2 {
                    self.heartbeat(leader)?;
                    self.cluster.stabilize();
                    self.cluster.fire(leader, Timer::Quorum);
                }
            }
            Clause::Silence => self.cluster.forget_leaders(),
            Clause::Heartbeat(who) => {
                let leader = who.map_or_else(|| self.leader(None), Ok)?;
                self.heartbeat(leader)?;
            }
            Clause::Propose(who, count) => {
                let leader = who.map_or_else(|| self.leader(None), Ok)?;
                self.exists(&[leader])?;
                (0..*count).for_each(|_| self.cluster.propose(leader));
            }
            Clause::Stabilize => self.cluster.stabilize(),
            Clause::LoseAll => self.cluster.lose_all(),
            Clause::Miss(whom) => self.miss(whom)?,
            Clause::ProposeAtOrSoMany(number) => {
                let leader = self.leader(None)?;
                let count = if leader == *number { 1 } else { *number };
                self.take(&Clause::Propose(Some(leader), count))?;
            }
            Clause::CampaignStale(who) => {
                self.take(&Clause::ProposeWithout(1, vec![*who]))?;
                self.take(&Clause::Campaign(*who, None, false))?;
            }
            Clause::ProposeWithout(count, whom) => {
                self.take(&Clause::Propose(None, *count))?;
                self.miss(whom)?;
            }
            Clause::Among(whom) => {
                self.exists(whom)?;
                self.cluster.deliver(|from, to, _| whom.contains(&from) && whom.contains(&to));
            }
            Clause::Forget(whom) => self.each(whom, |cluster, who| {
                cluster.fire(who, Timer::Silence);
            })?,
            Clause::Unreachable(whom) => {
                self.exists(whom)?;
                self.cluster.lose(|_, to, _| whom.contains(&to));
            }
            Clause::Down(whom) => self.each(whom, Cluster::crash)?,
            Clause::DownLeader => {
                let leader = self.leader(None)?;
                self.cluster.crash(leader);
            }
            Clause::Up(whom) => self.each(whom, Cluster::restart)?,
            Clause::Isolate(whom) => self.each(whom, |cluster, who| {
                cluster.cut.insert(who);
            })?,
            Clause::Slow(whom) => self.each(whom, |cluster, who| {
                cluster.slow.insert(who);
            })?,
            Clause::Heal(whom) => {
                self.exists(whom)?;
                let healed = |who: &Id| whom.is_empty() || whom.contains(who);
                self.cluster.cut.retain(|who| !healed(who));
                self.cluster.slow.retain(|who| !healed(who));
            }
            Clause::Add(whom) => self.order(Change::Add(set(whom)))?,
            Clause::Learn(whom) => self.order(Change::Learn(set(whom)))?,
            Clause::Remove(whom) => self.order(Change::Remove(set(whom)))?,
            Clause::RemoveLeader => {
                let leader = self.leader(None)?;
                self.order(Change::Remove(set(&[leader])))?;
            }
            Clause::Replace(goes, comes) => self.replace(goes, comes)?,
            Clause::OnlyKnows(whom) => {
                self.exists(whom)?;
                let leader = self.leader(None)?;
                let knows: BTreeSet<Id> = whom.iter().copied().chain([leader]).collect();
                self.cluster.deliver(|from, to, _| knows.contains(&from) && knows.contains(&to));
                self.cluster.lose_all();
                let told = |cluster: &Cluster, id: Id| cluster.server(id).configured == cluster.server(leader).configured;
                for id in self.cluster.live().filter(|id| *id != leader) {
                    same(&format!("whether {id} knows"), told(&self.cluster, id), whom.contains(&id))?;
                }
            }
            Clause::Transfer(to) => {
                self.exists(&[*to])?;
                let leader = self.leader(None)?;
                self.order(Change::Lead(node(*to)))?;
                // Where two sets decide: before they have, which is when a leader here goes on to the second by itself.
                if self.cluster.server(leader).configuration.is_joint() {
                    self.cluster.deliver(|from, other, _| (from, other) == (leader, *to) || (from, other) == (*to, leader));
                    same(
                        "whether it still leads while two sets decide",
                        self.cluster.server(leader).configuration.is_joint(),
                        true,
                    )?;
                }
                self.cluster.stabilize();
            }
            Clause::LeaveJoint => {
                self.cluster.stabilize();
                let leader = self.leader(None)?;
                same("whether two sets decide", self.cluster.server(leader).configuration.is_joint(), false)?;
            }
            Clause::CompactPast(whom) => self.compact_past(*whom)?,
            Clause::MissedCommit(whom) => self.miss_commit(*whom)?,
        }
        Ok(())
    }

    fn exists(&self, whom: &[Id]) -> Read<()> {
        match whom.iter().find(|id| self.cluster.ids().all(|other| other != **id)) {
            None => Ok(()),
            Some(id) => Err(format!("there is no server {id}")),
        }
    }

    fn each(&mut self, whom: &[Id], act: impl Fn(&mut Cluster, Id)) -> Read<()> {
        self.exists(whom)?;
        whom.iter().for_each(|who| act(&mut self.cluster, *who));
        Ok(())
    }

    fn miss(&mut self, whom: &[Id]) -> Read<()> {
        self.exists(whom)?;
        self.cluster.deliver(|from, to, _| !whom.contains(&from) && !whom.contains(&to));
        self.cluster.lose(|from, to, _| whom.contains(&from) || whom.contains(&to));
        Ok(())
    }

    fn order(&mut self, change: Change) -> Read<()> {
        let leader = self.leader(None)?;
        self.cluster.order(leader, change);
        Ok(())
    }

    /// Two sets decide from here on, and no longer than it takes to leave.
    fn replace(&mut self, goes: &[Id], comes: &[Id]) -> Read<()> {
        self.exists(goes)?;
        self.exists(comes)?;
        let leader = self.leader(None)?;
        let voters = Cluster::members(&self.cluster.server(leader).configuration.voters);
        let mut next: Vec<Id> = voters.into_iter().filter(|id| !goes.contains(id)).chain(comes.iter().copied()).collect();
        next.sort_unstable();
        self.cluster.order(leader, Change::Become(set(&next)));
        while !self.cluster.server(leader).configuration.is_joint() {
            if !self.cluster.deliver_round(|_, _, _| true) {
                return Err(format!("{leader} does not begin a joint configuration"));
            }
        }
        Ok(())
    }

    /// Heartbeats, and what they say.
    fn heartbeat(&mut self, leader: Id) -> Read<()> {
        if !self.cluster.fire(leader, Timer::Heartbeat) {
            return Err(format!("{leader} leads nobody, and has no heartbeat"));
        }
        let server = self.cluster.server(leader);
        for sent in self.cluster.in_flight() {
            let crate::consensus::raft::server::Role::Leader(leads) = &server.role else { continue };
            if let Message::Append(Reason::Heartbeat, append) = &sent.message
                && sent.from == node(leader)
                && append.round == leads.reads.round()
            {
                let matched = leads.followers.get(sent.to).map_or(0, |follower| follower.matched);
                self.heartbeats.push((u64::from(sent.to.0) + 1, append.commit, server.commit.min(matched)));
            }
        }
        Ok(())
    }

    /// Commands are carried out until the leader's log begins behind what a follower that hears nothing needs next.
    fn compact_past(&mut self, whom: Option<Id>) -> Read<()> {
        let leader = self.leader(None)?;
        let named = whom.or(self.cluster.slow.iter().chain(&self.cluster.cut).next().copied());
        let slow = named.or_else(|| self.cluster.live().filter(|id| *id != leader).last()).ok_or("nobody can be slow")?;
        self.exists(&[slow])?;
        self.behind = Some(slow);
        let was_cut = self.cluster.cut.contains(&slow);
        self.cluster.slow.insert(slow);
        // First a follower like any other, with as much under way as it may have; then what it needs is compacted.
        for _ in 0..100 {
            self.cluster.propose(leader);
            self.cluster.deliver(|from, to, _| from != slow && to != slow);
            let needs = self.cluster.server(slow).log.last() + 1;
            let under_way = self.cluster.in_flight().iter().filter(|sent| sent.to == node(slow)).count();
            if self.cluster.server(leader).log.base().index > needs && (was_cut || under_way >= self.inflight) {
                break;
            }
        }
        let (base, last) = (self.cluster.server(leader).log.base().index, self.cluster.server(slow).log.last());
        if base <= last {
            return Err(format!("the leader's log begins behind {base}, and {slow} has {last} entries"));
        }
        // Half of it arrives late, the rest is lost.
        self.cluster.slow.remove(&slow);
        let mut left = self.inflight / 2;
        for sent in self.cluster.in_flight().into_iter().filter(|sent| sent.to == node(slow)) {
            if left == 0 {
                self.cluster.lose(|from, to, message| (node(from), node(to)) == (sent.from, sent.to) && *message == sent.message);
            }
            left = left.saturating_sub(1);
        }
        self.cluster.stabilize();
        for _ in 0..2 {
            self.heartbeat(leader)?;
            self.cluster.stabilize();
        }
        Ok(())
    }

    /// An entry is committed, and a follower has it without knowing that.
    fn miss_commit(&mut self, whom: Id) -> Read<()> {
        self.exists(&[whom])?;
        let leader = self.leader(Some(whom))?;
        // Up to here it knows all.
        self.heartbeat(leader)?;
        self.cluster.stabilize();
        self.heartbeats.clear();
        let before = self.cluster.server(whom).commit;
        self.cluster.propose(leader);
        self.cluster
            .deliver(|_, to, message| to != whom || !matches!(message, Message::Append(_, append) if append.commit > before));
        self.cluster.lose(|_, to, _| to == whom);
        let (leads, follows) = (self.cluster.server(leader), self.cluster.server(whom));
        same("whether the follower has the leader's log", follows.log == leads.log, true)?;
        if follows.commit >= leads.commit {
            return Err(format!("{whom} knows of {} committed entries, and {leader} of {}", follows.commit, leads.commit));
        }
        self.before.insert(whom, follows.commit);
        Ok(())
    }

    fn judge(&self, step: &Fields<'_>) -> Read<()> {
        if step.get("expect").is_none() {
            return Ok(());
        }
        let expect = step.object("expect")?;
        let subject = expect.number("node")?;
        if let Some(node) = subject {
            self.exists(&[node])?;
        }
        for (key, value) in expect.all().filter(|(key, _)| !["node", "note"].contains(key)) {
            expect.understood(key);
            // "node 3 role": of another server than the others.
            let words: Vec<&str> = key.split([' ', '_']).collect();
            let of = match words[..] {
                ["node", number, ..] => number.parse::<Id>().ok(),
                _ => None,
            };
            let (of, what) = match of {
                Some(of) => (Some(of), words[2..].join("_")),
                None => (subject, words.join("_")),
            };
            self.exists(of.as_slice())?;
            let found = self.expect(&self.cluster, of, &what, value);
            let found = if HEARD_LATER.contains(&what.as_str()) {
                found.or_else(|_| self.expect(&self.later(), of, &what, value))
            } else {
                found
            };
            found.map_err(|wrong| format!("expect {key:?}: {wrong}"))?;
        }
        expect.text("note")?;
        expect.done()
    }

    /// What is committed is news to followers at once in the published scripts, and here with the next message or heartbeat.
    fn later(&self) -> Cluster {
        let mut cluster = self.cluster.clone();
        if let Some(leader) = cluster.leader() {
            cluster.fire(leader, Timer::Heartbeat);
            cluster.stabilize();
        }
        cluster
    }

    /// What one line of an expectation says, of a server or of all that are up.
    fn expect(&self, cluster: &Cluster, of: Option<Id>, what: &str, value: &Value) -> Read<()> {
        let whom: Vec<Id> = of.map_or_else(|| cluster.live().filter(|id| !cluster.cut.contains(id)).collect(), |of| vec![of]);
        let one = || of.or(cluster.leader()).ok_or_else(|| format!("{what} of whom?"));
        let progress = |cluster: &Cluster| -> Read<Option<&'static str>> {
            Ok(cluster.sending(cluster.leader().ok_or("nobody leads")?, of.ok_or("of whom?")?))
        };
        let flag = || value.as_bool().ok_or_else(|| format!("{value} is not true or false"));
        let granted = |granted: bool| {
            let is_such = |message: &Message| matches!(message, Message::Vote { granted: it, .. } if *it == granted);
            cluster.arrived.iter().filter(|(from, _, message)| of.is_none_or(|of| of == *from) && is_such(message)).count()
        };
        match what {
            "replicating" => same(what, progress(cluster)? == Some("replicate"), flag()?),
            "progress" | "replication_state" | "follower_state" | "state" if is_progress(value) => {
                let expected = value.as_str().unwrap_or_default().to_lowercase();
                same(what, progress(cluster)?, Some(expected.trim_start_matches("state")))
            }
            "outgoing" | "voters_outgoing" => {
                let expected: BTreeSet<Id> = numbers(what, value)?.into_iter().collect();
                let found =
                    Cluster::members(&cluster.server(one()?).configuration.outgoing).into_iter().collect::<BTreeSet<Id>>();
                same(what, found, expected)
            }
            "leader_unchanged" => same(what, cluster.leader() == self.leader_before, flag()?),
            "no_leader" => same(what, cluster.leader().is_none(), flag()?),
            "role" | "state" => same(what, Value::from(cluster.role(one()?)), value.clone()),
            "leader" => {
                let expected = if value.as_bool() == Some(false) || value.is_null() { 0 } else { number(what, value)? };
                same(what, cluster.leader().unwrap_or(0), expected)
            }
            "term" => {
                whom.iter().try_for_each(|id| same(&format!("the term of {id}"), cluster.server(*id).term, number(what, value)?))
            }
            "term_unchanged" | "terms_unchanged" | "term_not_increased" => {
                let grown = whom.iter().any(|id| cluster.server(*id).term != self.terms_before[id]);
                same(what, !grown, flag()?)
            }
            "commit" | "commit_index" => whom
                .iter()
                .try_for_each(|id| same(&format!("the commit index of {id}"), cluster.server(*id).commit, number(what, value)?)),
            "log_terms" => {
                let log = numbers(what, value)?;
                whom.iter().try_for_each(|id| same(&format!("the log of {id}"), cluster.log_terms(*id), &log[..]))
            }
            "committed_log_terms" => {
                let log = numbers(what, value)?;
                whom.iter()
                    .try_for_each(|id| same(&format!("what {id} knows to be committed"), cluster.committed_terms(*id), &log[..]))
            }
            "all_logs_equal" | "logs_equal" => {
                let logs: BTreeSet<Vec<Term>> = whom.iter().map(|id| cluster.log_terms(*id)).collect();
                let entries = whom.windows(2).all(|pair| cluster.server(pair[0]).log == cluster.server(pair[1]).log);
                same(what, logs.len() == 1 && entries, flag()?)
            }
            "all_commits_equal" | "commits_equal" => {
                let commits: BTreeSet<Index> = whom.iter().map(|id| cluster.server(*id).commit).collect();
                same(what, commits.len() == 1, flag()?)
            }
            "config" | "voters" | "configuration" => {
                let expected: BTreeSet<Id> = numbers(what, value)?.into_iter().collect();
                let server = cluster.server(one()?);
                let found: BTreeSet<Id> = Cluster::members(&server.configuration.voters).into_iter().collect();
                same(what, found, expected)?;
                same("whether two sets decide", server.configuration.is_joint(), false)?;
                let committed = cluster.live().map(|id| cluster.server(id).commit).max().unwrap_or(0);
                same("whether the configuration is committed", server.configured <= committed, true)
            }
            "learners" => {
                let expected: BTreeSet<Id> = numbers(what, value)?.into_iter().collect();
                let found =
                    Cluster::members(&cluster.server(one()?).configuration.learners).into_iter().collect::<BTreeSet<Id>>();
                same(what, found, expected)
            }
            "left_joint" | "auto_left_joint" | "leaves_joint" | "joint_left" => {
                same(what, !cluster.server(one()?).configuration.is_joint(), flag()?)
            }
            "joint" | "in_joint" => same(what, cluster.server(one()?).configuration.is_joint(), flag()?),
            "grants_vote" | "vote_granted" | "votes_granted" | "pre_votes_granted" | "pre_vote_granted" | "granted" => {
                same(what, granted(true) > 0, flag()?)
            }
            // They were asked, and nobody said yes; who keeps to its leader says nothing (thesis §4.2.3).
            "votes_rejected" | "vote_rejected" | "pre_votes_rejected" | "prevotes_rejected" | "prevote_rejected"
            | "pre_vote_rejected" => {
                let is_question = |message: &Message| matches!(message, Message::RequestVote { .. });
                let asked = cluster
                    .arrived
                    .iter()
                    .filter(|(_, to, message)| of.is_none_or(|of| of == *to) && is_question(message))
                    .count();
                if asked == 0 {
                    return Err("nobody was asked for a vote".into());
                }
                same(what, granted(true) == 0, flag()?)
            }
            "commit_caught_up_by_heartbeat_response" | "commit_caught_up" | "commit_caught_up_by_heartbeat" => {
                let (who, leader) = (of.ok_or("of whom?")?, cluster.leader().ok_or("nobody leads")?);
                let (commit, leads) = (cluster.server(who).commit, cluster.server(leader).commit);
                same("whether it lagged before and has caught up", self.before[&who] < leads && commit == leads, flag()?)?;
                same("whether a heartbeat did it", self.heartbeats.iter().any(|(to, ..)| *to == who), true)
            }
            "heartbeat_commit_never_above" => {
                same(what, value.clone(), Value::from("min(leader commit, match[follower])"))?;
                if self.heartbeats.is_empty() {
                    return Err("there was no heartbeat".into());
                }
                match self.heartbeats.iter().find(|(_, commit, most)| commit > most) {
                    None => Ok(()),
                    Some((to, commit, most)) => Err(format!("a heartbeat to {to} says {commit}, and could say {most} at most")),
                }
            }
            "no_panic" => same(what, cluster.is_sound().is_ok(), flag()?),
            "follower_catches_up" | "catches_up" | "caught_up" => {
                let (who, leader) = (of.or(self.behind).ok_or("nobody fell behind")?, cluster.leader().ok_or("nobody leads")?);
                let ends = [who, leader].map(|id| (cluster.server(id).log.end(), cluster.server(id).commit));
                same("whether it has what the leader has", ends[0], ends[1])?;
                let installed = cluster.stated(|by, fact| by == who && matches!(fact, Fact::Installed { .. }));
                match value.as_str() {
                    Some("by snapshot") => same("whether it installed a snapshot", installed > 0, true),
                    Some("by append" | "by entries" | "by log") => same("snapshots that it installed", installed, 0),
                    _ if value.as_bool() == Some(true) => Ok(()),
                    _ => Err(format!("{value} is not understood")),
                }
            }
            "snapshot_installed" | "installs_snapshot" => {
                let installed = cluster.stated(|by, fact| of.is_none_or(|of| of == by) && matches!(fact, Fact::Installed { .. }));
                let is_new = if of.is_none() { installed > self.installed_before } else { installed > 0 };
                same(what, is_new, flag()?)
            }
            // It stands, and nothing comes of it.
            "campaign_ignored" => {
                let who = of.ok_or("whose?")?;
                let mut then = cluster.clone();
                let leads = |cluster: &Cluster| cluster.leader().map(|leader| (leader, cluster.server(leader).term));
                then.campaign(who);
                then.stabilize();
                same(what, leads(&then) == leads(cluster) && then.role(who) != "leader", flag()?)
            }
            _ => Err("it is not understood".into()),
        }
    }
}
