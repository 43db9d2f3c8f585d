//! Log replication (§5.3, §5.4.2): AppendEntries from both ends, with backing up by terms, batches and pipelines (thesis §10.2.1).

use super::config::Server;
use super::leading::{Progress, Sending};
use super::log::{Entries, Entry, Index, Payload, Position, Term};
use super::message::{Append, Message, Reason, Result, Timer};
use super::options::{Mistake, Options};
use super::server::{Ctx, Parked, Raft, Role};
use crate::replication::machine::{Command, Request};
use quorate_engine::{Content, NodeId, OpId};
use std::collections::VecDeque;

/// Entries of the log that are being sent, and the index of the first.
type Batch = Option<(Index, Content<Entries>)>;

impl Raft {
    /// AppendEntries (figure 2), as its receiver.
    pub(super) fn append(&mut self, ctx: Ctx<'_, '_>, from: NodeId, reason: Reason, append: Append) {
        let is_beat = reason == Reason::Heartbeat;
        let Append { term, previous, entries, commit, round } = append;
        // 1. "Reply false if term < currentTerm."
        if term < self.term {
            let result = Result::Conflicts { meant: previous.index, has: self.end() };
            return self.answer(ctx, from, result, is_beat, 0);
        }
        self.observe(ctx, term);
        if self.leads().is_some() {
            return; // only a second leader of one term says so, and the monitor has seen it
        }
        self.hear_leader(ctx, from);
        // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm." What a snapshot stands for is
        // committed, and so the leader's too.
        if previous.index > self.log.base().index && self.log.term(previous.index) != Some(previous.term) {
            let index = self.log.last_at_most(previous.term, previous.index.saturating_sub(1));
            let has = Position { term: self.log.term(index).unwrap_or(0), index };
            let result = Result::Conflicts { meant: previous.index, has };
            return self.answer(ctx, from, result, is_beat, round);
        }
        self.take_over(ctx, previous.index, &entries.0);
        // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)."
        let matched = previous.index + entries.0.len() as u64;
        let commit = shared(ctx.options(), commit, matched);
        self.commit_to(ctx, commit);
        if entries.0.is_empty() && self.journal.durable() < self.journal.appended() {
            // A sign of life is answered at once; what it says of the log waits for the disk.
            ctx.send(from, Message::Appended { term, result: Result::Matches(0), is_beat, round, life: self.me.life });
        } else {
            self.answer(ctx, from, Result::Matches(matched), is_beat, round);
        }
    }

    /// Says what became of an append, once all that it has said and done by now is safe.
    fn answer(&mut self, ctx: Ctx<'_, '_>, to: NodeId, result: Result, is_beat: bool, round: u64) {
        let (term, life) = (self.term, self.me.life);
        self.when_durable(ctx, Parked::Send(to, Message::Appended { term, result, is_beat, round, life }));
    }

    /// Step 3, "if an existing entry conflicts with a new one (same index but different terms), delete the existing entry and all that
    /// follow it", and step 4, "append any new entries not already in the log".
    fn take_over(&mut self, ctx: Ctx<'_, '_>, previous: Index, entries: &[Content<Entry>]) {
        let base = self.log.base().index;
        if ctx.options().makes(Mistake::CutsAlways) && previous >= base && previous < self.log.last() {
            self.cut(ctx, previous + 1);
        }
        for (entry, index) in entries.iter().zip(previous + 1..) {
            match self.log.term(index) {
                _ if index <= base => continue,
                Some(term) if term == entry.term => continue,
                Some(_) => self.cut(ctx, index),
                None => {}
            }
            self.push_shared(ctx, entry.clone());
        }
    }

    /// What became of an append, as its sender.
    pub(super) fn appended(&mut self, ctx: Ctx<'_, '_>, from: Server, term: Term, result: Result, round: u64) {
        self.observe(ctx, term);
        if term < self.term || !self.recognises(from) {
            return;
        }
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(follower) = leader.followers.get_mut(from.node) else { return };
        leader.heard.insert(from);
        follower.round = follower.round.max(round);
        match result {
            Result::Matches(index) => {
                let index = if ctx.options().makes(Mistake::MatchesFromNext) { follower.next - 1 } else { index };
                follower.has(index);
            }
            Result::Conflicts { meant, has } => {
                if !follower.parts(meant) {
                    return self.answer_reads(ctx);
                }
                let shared = self.log.last_at_most(has.term, has.index);
                follower.next = (shared + 1).max(follower.matched + 1);
            }
        }
        self.replicate(ctx, from.node, Reason::New);
        self.advance(ctx);
        self.pursue(ctx);
        self.urge(ctx);
        self.answer_reads(ctx);
    }

    /// Its own log is on disk up to there.
    pub(super) fn stored(&mut self, ctx: Ctx<'_, '_>, term: Term, index: Index) {
        if let Role::Leader(leader) = &mut self.role
            && leader.term == term
        {
            leader.stored = leader.stored.max(index);
            self.advance(ctx);
        }
    }

    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and log[N].term == currentTerm: set commitIndex
    /// = N" (figure 2).
    fn advance(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &self.role else { return };
        if self.commit >= self.log.last() {
            return;
        }
        let agreed = self.configuration.agreed(|server| leader.matched(self.me, server)).min(self.log.last());
        let is_own = self.log.term(agreed) == Some(self.term) || ctx.options().makes(Mistake::CommitsEarlierTerms);
        if agreed > self.commit && is_own {
            self.commit_to(ctx, agreed);
            self.pursue(ctx);
            self.answer_reads(ctx);
        }
    }

    /// A sign of life to everybody, and once more what may have been lost.
    pub(super) fn beat(&mut self, ctx: Ctx<'_, '_>) {
        ctx.set_timer(Timer::Heartbeat, ctx.options().heartbeat);
        self.begin_round(ctx);
        let Role::Leader(leader) = &mut self.role else { return };
        let followers: Vec<NodeId> = leader.followers.keys().collect();
        let nothing = Content::new(Entries::default());
        for follower in followers {
            let Role::Leader(leader) = &mut self.role else { return };
            let lost = leader.followers.get_mut(follower).is_some_and(Progress::is_lost);
            if !(lost && self.replicate(ctx, follower, Reason::Again)) {
                self.show_life(ctx, follower, &nothing);
            }
        }
    }

    /// A heartbeat: an append without entries, at a place where the logs are known to match.
    pub(super) fn show_life(&self, ctx: Ctx<'_, '_>, to: NodeId, nothing: &Content<Entries>) {
        let Role::Leader(leader) = &self.role else { return };
        let Some(follower) = leader.followers.get(to) else { return };
        let index = follower.matched;
        let previous = self.log.term(index).map_or_else(Position::default, |term| Position { term, index });
        let commit = shared(ctx.options(), self.commit, index);
        let append = Append { term: self.term, previous, entries: nothing.clone(), commit, round: leader.reads.round() };
        ctx.send(to, Message::Append(Reason::Heartbeat, append));
    }

    /// "If last log index >= nextIndex for a follower: send AppendEntries RPC with log entries starting at nextIndex" (figure 2); whether
    /// anything was sent.
    pub(super) fn replicate(&mut self, ctx: Ctx<'_, '_>, to: NodeId, reason: Reason) -> bool {
        self.replicate_shared(ctx, to, reason, &mut None)
    }

    /// The same, where other followers get the same entries: the batch made last, and the index of its first entry.
    fn replicate_shared(&mut self, ctx: Ctx<'_, '_>, to: NodeId, reason: Reason, batch: &mut Batch) -> bool {
        let options = ctx.options();
        let mut sent = false;
        loop {
            let Role::Leader(leader) = &mut self.role else { return sent };
            let Some(follower) = leader.followers.get_mut(to) else { return sent };
            if follower.next <= self.log.base().index {
                return self.send_snapshot(ctx, to) || sent;
            }
            if !follower.may_send(options.pipeline_max) || (follower.next > self.log.last() && (sent || !follower.probes())) {
                return sent;
            }
            let index = follower.next - 1;
            let previous = Position { term: self.log.term(index).unwrap_or(0), index };
            let entries = match batch {
                Some((first, entries)) if *first == follower.next => entries.clone(),
                _ => {
                    let entries = Content::new(self.log.from(follower.next, options.batch_max));
                    *batch = Some((follower.next, entries.clone()));
                    entries
                }
            };
            let reason = if follower.probes() { Reason::Again } else { reason };
            follower.sends(entries.0.len() as u64);
            let append = Append { term: self.term, previous, entries, commit: self.commit, round: leader.reads.round() };
            ctx.send(to, Message::Append(reason, append));
            sent = true;
        }
    }

    /// A client's command. Those that come in while the disk works share the next forced write.
    pub(super) fn take_in(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        let Role::Leader(leader) = &mut self.role else { return };
        self.asked.insert(operation);
        // A client that asks twice is served once.
        if leader.open.insert(operation) {
            leader.queue.push_back((operation, request));
            self.take_in_queued(ctx);
        } else if leader.queue.is_empty() {
            // What an earlier leader took in is committed with an entry of this one's term.
            self.begin_term(ctx);
        }
    }

    /// "If command received from client: append entry to local log, respond after entry applied to state machine" (figure 2).
    pub(super) fn take_in_queued(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.queue.is_empty() || leader.transfer.is_some() || (ctx.options().group_commit && !self.journal.is_idle()) {
            return;
        }
        while let Role::Leader(leader) = &mut self.role
            && let Some((operation, request)) = leader.queue.pop_front()
        {
            ctx.rejoin(operation);
            self.push(ctx, Entry { term: self.term, payload: Payload::Command(Command { operation, request }) });
        }
        self.spread(ctx);
    }

    /// Something waits for an entry of this leader's term to be committed: there must be one.
    pub(super) fn begin_term(&mut self, ctx: Ctx<'_, '_>) {
        if self.end().term != self.term {
            self.push(ctx, Entry { term: self.term, payload: Payload::Noop });
            self.spread(ctx);
        }
    }

    /// Sends what is new in its log to everybody, and to its own disk.
    pub(super) fn spread(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leader(leader) = &self.role else { return };
        let followers: Vec<NodeId> = leader.followers.keys().collect();
        let mut batch = None;
        for follower in followers {
            self.replicate_shared(ctx, follower, Reason::New, &mut batch);
        }
        self.when_durable(ctx, Parked::Stored(self.term, self.log.last()));
    }
}

/// What is committed of the part of a follower's log that is known to be the leader's.
fn shared(options: &Options, commit: Index, matched: Index) -> Index {
    if options.makes(Mistake::CommitsPastMatch) { commit } else { commit.min(matched) }
}

impl Progress {
    /// Whether entries are sent one message at a time.
    fn probes(&self) -> bool {
        matches!(self.sending, Sending::Probing(_))
    }

    fn may_send(&self, pipeline_max: usize) -> bool {
        match &self.sending {
            Sending::Probing(under_way) => !under_way,
            Sending::Streaming { in_flight, .. } => in_flight.len() < pipeline_max,
            Sending::Snapshot { .. } => false,
        }
    }

    /// So many entries are on their way.
    fn sends(&mut self, count: u64) {
        match &mut self.sending {
            Sending::Probing(under_way) => *under_way = true,
            Sending::Streaming { in_flight, .. } => {
                self.next += count;
                in_flight.push_back(self.next - 1);
            }
            Sending::Snapshot { .. } => {}
        }
    }

    /// Its log is the leader's up to there.
    pub(super) fn has(&mut self, index: Index) {
        self.matched = self.matched.max(index);
        self.next = self.next.max(self.matched + 1);
        match &mut self.sending {
            Sending::Streaming { in_flight, is_stale } => {
                let before = in_flight.len();
                in_flight.retain(|last| *last > index);
                *is_stale &= in_flight.len() == before;
            }
            // A sign of life that was answered at once says nothing of the log.
            Sending::Probing(_) if index > 0 => {
                self.next = self.matched + 1;
                self.sending = Sending::Streaming { in_flight: VecDeque::new(), is_stale: false };
            }
            // It has got by other ways what the snapshot stands for.
            Sending::Snapshot { last, .. } if self.matched >= *last => {
                self.sending = Sending::Streaming { in_flight: VecDeque::new(), is_stale: false };
            }
            Sending::Probing(_) | Sending::Snapshot { .. } => {}
        }
    }

    /// Its log parts from the leader's at that place or before; `false` when that is old news.
    fn parts(&mut self, meant: Index) -> bool {
        let is_news = meant > self.matched && (meant < self.next) && !matches!(self.sending, Sending::Snapshot { .. });
        if is_news {
            self.sending = Sending::Probing(false);
        }
        is_news
    }

    /// At a heartbeat: whether what is under way must be taken for lost. What was sent just now has a heartbeat's time to be answered.
    fn is_lost(&mut self) -> bool {
        match &mut self.sending {
            Sending::Probing(under_way) => {
                *under_way = false;
                true
            }
            Sending::Streaming { in_flight, .. } if in_flight.is_empty() => false,
            Sending::Streaming { in_flight, is_stale } => {
                if !std::mem::replace(is_stale, true) {
                    return false;
                }
                in_flight.clear();
                *is_stale = false;
                self.next = self.matched + 1;
                true
            }
            Sending::Snapshot { is_under_way, .. } => {
                let lost = !*is_under_way;
                *is_under_way = false;
                lost
            }
        }
    }
}
