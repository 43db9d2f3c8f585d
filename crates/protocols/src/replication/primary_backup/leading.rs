//! A copy as the primary: it brings its backups level, has its view activated, orders commands, and answers when they are safe.

use super::actor::Ctx;
use super::copy::{Copy, Role};
use super::log::{Entry, Log};
use super::message::{Append, Message, Reason, Timer, View};
use super::monitor::Fact;
use super::options::Mode;
use crate::replication::machine::{Command, Request};
use quorate_engine::{Content, NodeId, OpId};
use std::collections::VecDeque;

/// What a primary knows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Leading {
    /// Whether it serves clients.
    pub(super) active: bool,
    view: u32,
    /// Entries when the view began.
    start: u32,
    /// Rounds of confirmations that were asked for.
    round: u32,
    backups: Vec<Progress>,
    /// Reads, and the round that must confirm each.
    reads: VecDeque<(u32, OpId, Request)>,
    /// Whether the timer that asks again is armed.
    resending: bool,
}

/// How far a backup has come.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Progress {
    node: NodeId,
    /// Entries that it has safe; `None` before it has come level.
    upto: Option<u32>,
    /// Entries that were sent.
    sent: u32,
    /// The latest round that it has confirmed.
    round: u32,
    /// Times that the timer found it owing an answer since it last gave one. At the first, it may just have been asked.
    unanswered: u32,
}

impl Leading {
    pub(super) fn new(view: &View, start: u32) -> Leading {
        let progress = |node: &NodeId| Progress { node: *node, upto: None, sent: start, round: 0, unanswered: 0 };
        Leading {
            active: false,
            view: view.number,
            start,
            round: 0,
            backups: view.backups.iter().map(progress).collect(),
            reads: VecDeque::new(),
            resending: false,
        }
    }

    /// The entries that every backup has safe; as many as there are without backups.
    fn everywhere(&self) -> u32 {
        self.backups.iter().map(|backup| backup.upto.unwrap_or(0)).min().unwrap_or(u32::MAX)
    }

    /// The latest round that every backup has confirmed.
    fn confirmed(&self) -> u32 {
        self.backups.iter().map(|backup| backup.round).min().unwrap_or(self.round)
    }

    /// Sends a backup the entries from a place on, up to another.
    fn send(&self, ctx: Ctx<'_, '_>, log: &Log, committed: u32, to: NodeId, reason: Reason, (from, end): (u32, u32)) {
        let from = from.min(end);
        let append = Append {
            view: self.view,
            start: self.start,
            round: self.round,
            before: log.view_before(from),
            from,
            entries: Content::new(log.between(from, end).to_vec()),
            commit: committed,
        };
        ctx.send(to, Message::Append(reason, append));
    }

    fn expect_answers(&mut self, ctx: Ctx<'_, '_>) {
        if !self.resending {
            self.resending = true;
            ctx.set_timer(Timer::Resend, ctx.options().resend);
        }
    }

    /// Says that one is there, and what is committed.
    pub(super) fn beat(&self, ctx: Ctx<'_, '_>, commit: u32) {
        if self.active {
            ctx.multicast(self.backups.iter().map(|backup| backup.node), Message::Heartbeat { view: self.view, commit });
        }
    }
}

impl Copy {
    fn leading(&mut self) -> Option<&mut Leading> {
        match &mut self.role {
            Role::Leading(leading) => Some(leading),
            _ => None,
        }
    }

    /// Asks every backup where it stands. What the primary has is durable by now: a restart would find the same.
    pub(super) fn probe_all(&mut self, ctx: Ctx<'_, '_>) {
        let (log, committed) = (&self.log, self.committed);
        let Role::Leading(leading) = &mut self.role else { return };
        for backup in &leading.backups {
            leading.send(ctx, log, committed, backup.node, Reason::New, (leading.start, leading.start));
        }
        leading.expect_answers(ctx);
        self.try_activate(ctx);
    }

    /// With its own log in order, and in synchronous mode all backups level, the view may begin.
    fn try_activate(&mut self, ctx: Ctx<'_, '_>) {
        let options = ctx.options();
        let joined = self.joined();
        let Role::Leading(leading) = &mut self.role else { return };
        let level = options.mode == Mode::Asynchronous || leading.backups.iter().all(|backup| backup.upto.is_some());
        if leading.active || joined != leading.view || !level {
            return;
        }
        match options.view_server {
            None => self.activate(ctx),
            Some(server) => {
                ctx.send(server, Message::Activate(leading.view));
                leading.expect_answers(ctx);
            }
        }
    }

    pub(super) fn activated(&mut self, ctx: Ctx<'_, '_>, view: u32) {
        if self.leading().is_some_and(|leading| leading.view == view && !leading.active) {
            self.activate(ctx);
        }
    }

    fn activate(&mut self, ctx: Ctx<'_, '_>) {
        let Some(leading) = self.leading() else { return };
        leading.active = true;
        let (view, start) = (leading.view, leading.start);
        ctx.fact(Fact::Primary { view, entries: start });
        // Whatever was acknowledged in earlier views is among these; and those that were not are safe by now too.
        if self.commit(ctx, start) {
            ctx.fact(Fact::Acknowledged { view, entries: self.committed });
        }
        self.release(ctx);
        self.flush(ctx);
    }

    /// An active primary takes in what a client asks.
    pub(super) fn take_in(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        if let Some(answer) = self.machine().answer(operation) {
            return ctx.reply(operation, answer.clone());
        }
        if !request.changes() {
            return self.take_in_read(ctx, operation, request);
        }
        self.waiting.insert(operation);
        if !self.log.has_open(operation) {
            let (view, by) = (self.latest, self.id);
            self.store(ctx, Entry { view, by, command: Command { operation, request } });
            if self.journal.force(ctx) {
                self.flush(ctx);
            }
            self.advance(ctx);
        }
    }

    /// A read must not miss what a later primary answered: each backup confirms after the read came that there is none. A primary
    /// that nobody replaces needs no confirmation.
    fn take_in_read(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        let options = ctx.options();
        let alone = self.leading().is_none_or(|leading| leading.backups.is_empty());
        if options.mode == Mode::Asynchronous || options.view_server.is_none() || alone {
            return ctx.reply(operation, self.machine().read(&request));
        }
        let Some(leading) = self.leading() else { return };
        leading.reads.push_back((leading.round + 1, operation, request));
        if leading.confirmed() == leading.round {
            self.ask_round(ctx);
        }
    }

    /// Begins the next round of confirmations.
    fn ask_round(&mut self, ctx: Ctx<'_, '_>) {
        let (log, committed) = (&self.log, self.committed);
        let Role::Leading(leading) = &mut self.role else { return };
        leading.round += 1;
        for backup in &leading.backups {
            leading.send(ctx, log, committed, backup.node, Reason::New, (backup.sent, backup.sent));
        }
        leading.expect_answers(ctx);
    }

    /// Sends backups what they were not sent yet: as soon as it is in the log, or, in asynchronous mode, once it is safe here.
    fn flush(&mut self, ctx: Ctx<'_, '_>) {
        let end = self.shared(ctx);
        let (log, committed) = (&self.log, self.committed);
        let Role::Leading(leading) = &mut self.role else { return };
        let mut sent = false;
        for place in 0..leading.backups.len() {
            let Progress { node, upto, sent: from, .. } = leading.backups[place];
            if upto.is_some() && from < end {
                leading.send(ctx, log, committed, node, Reason::New, (from, end));
                leading.backups[place].sent = end;
                sent = true;
            }
        }
        if sent {
            leading.expect_answers(ctx);
        }
    }

    /// Entries that backups may be sent.
    fn shared(&self, ctx: Ctx<'_, '_>) -> u32 {
        match ctx.options().mode {
            Mode::Synchronous => self.log.len(),
            Mode::Asynchronous => self.safe(ctx),
        }
    }

    /// More of the log is durable; whether the next forced write has begun.
    pub(super) fn stored_more(&mut self, ctx: Ctx<'_, '_>, begun: bool) {
        self.try_activate(ctx);
        self.advance(ctx);
        if begun || ctx.options().mode == Mode::Asynchronous {
            self.flush(ctx);
        }
    }

    /// Carries out and answers what is safe, and answers reads that are confirmed.
    fn advance(&mut self, ctx: Ctx<'_, '_>) {
        let safe = self.safe(ctx);
        let Some(leading) = self.leading().filter(|leading| leading.active) else { return };
        let view = leading.view;
        let entries = match ctx.options().mode {
            Mode::Synchronous => safe.min(leading.everywhere()),
            Mode::Asynchronous => safe,
        };
        if self.commit(ctx, entries) {
            ctx.fact(Fact::Acknowledged { view, entries: self.committed });
        }
        let Some(leading) = self.leading() else { return };
        let confirmed = leading.confirmed();
        let ready = leading.reads.iter().take_while(|(round, ..)| *round <= confirmed).count();
        let answered: Vec<_> = leading.reads.drain(..ready).collect();
        let next = !leading.reads.is_empty() && confirmed == leading.round;
        for (_, operation, request) in answered {
            ctx.reply(operation, self.machine().read(&request));
        }
        if next {
            self.ask_round(ctx);
        }
    }

    pub(super) fn acked(&mut self, ctx: Ctx<'_, '_>, from: NodeId, view: u32, round: u32, upto: u32) {
        let upto = upto.min(self.log.len());
        let Some(leading) = self.leading().filter(|leading| leading.view == view) else { return };
        let Some(backup) = leading.backups.iter_mut().find(|backup| backup.node == from) else { return };
        let first = backup.upto.is_none();
        backup.upto = Some(upto.max(backup.upto.unwrap_or(0)));
        backup.sent = backup.sent.max(upto);
        backup.round = backup.round.max(round);
        backup.unanswered = 0;
        if leading.active {
            self.advance(ctx);
            if first {
                self.flush(ctx);
            }
        } else {
            self.try_activate(ctx);
        }
    }

    /// A backup lacks entries: it gets all from where the logs part.
    pub(super) fn behind(&mut self, ctx: Ctx<'_, '_>, from: NodeId, view: u32, ends: &[(u32, u32)]) {
        let end = self.shared(ctx);
        let (log, committed) = (&self.log, self.committed);
        let Role::Leading(leading) = &mut self.role else { return };
        if leading.view != view {
            return;
        }
        let Some(place) = leading.backups.iter().position(|backup| backup.node == from) else { return };
        leading.send(ctx, log, committed, from, Reason::Lacking, (log.common(ends), end));
        let backup = &mut leading.backups[place];
        (backup.sent, backup.unanswered) = (end, 0);
        leading.expect_answers(ctx);
    }

    /// Says again what was not answered.
    pub(super) fn resend(&mut self, ctx: Ctx<'_, '_>) {
        let options = ctx.options();
        let end = self.shared(ctx);
        let (log, committed, joined) = (&self.log, self.committed, self.joined());
        let Role::Leading(leading) = &mut self.role else { return };
        leading.resending = false;
        if joined != leading.view {
            return; // nothing was said yet
        }
        let mut open = !leading.active;
        for place in 0..leading.backups.len() {
            let Progress { node, upto, sent, round, .. } = leading.backups[place];
            if upto.is_none_or(|upto| upto < sent) || round < leading.round {
                leading.backups[place].unanswered += 1;
                open = true;
                if leading.backups[place].unanswered > 1 {
                    // One that has not come level needs all that is committed to do so.
                    let (from, end) = upto.map_or((leading.start, end), |upto| (upto, sent));
                    leading.send(ctx, log, committed, node, Reason::Again, (from, end));
                    leading.backups[place].sent = end;
                }
            }
        }
        if options.unfenced && leading.active {
            let patience = options.patience.div_ceil(options.resend);
            leading.backups.retain(|backup| u64::from(backup.unanswered) < patience);
        }
        if open {
            leading.expect_answers(ctx);
        }
        self.try_activate(ctx);
        self.advance(ctx);
    }

    /// Is primary no longer. Reads that wait begin anew, here or elsewhere.
    pub(super) fn resign(&mut self, ctx: Ctx<'_, '_>) {
        let Role::Leading(leading) = std::mem::replace(&mut self.role, Role::Idle) else { return };
        ctx.cancel_timer(Timer::Resend);
        if leading.active {
            ctx.fact(Fact::Deposed(leading.view));
        }
        self.held.extend(leading.reads.into_iter().map(|(_, operation, request)| (operation, request)));
    }
}
