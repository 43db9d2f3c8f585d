//! The view server: it keeps no copy, and it alone decides who is primary. Every view is on its disk before anybody hears of it. It
//! goes from one view to the next when a node of the view is silent, when its primary has started anew, or when a copy that is no part
//! of it is back. The next primary is one that belonged to the last *active* view and had joined it: it has everything that
//! was acknowledged.

use super::actor::Ctx;
use super::message::{Message, Record, Report, Timer, View};
use super::monitor::Fact;
use crate::replication::journal::Journal;
use crate::replication::machine::Request;
use quorate_engine::{NodeId, OpId};

/// The node that decides.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ViewServer {
    journal: Journal,
    /// The latest view that is durable.
    view: View,
    /// The latest view that was active.
    /// Invariant: its number is at most that of `view`.
    active: View,
    /// The next view, and its record, while that is not durable.
    next: Option<(u64, View)>,
    /// Who is to be told that the latest view is active, once that record is durable.
    activating: Option<(u64, NodeId)>,
    /// What is known of each copy.
    copies: Vec<Heard>,
    /// It has forgotten views: whatever it decided might be wrong.
    lost: bool,
}

/// What is known of a copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Heard {
    /// Heartbeats since it was last heard.
    silent: u32,
    /// What it said last, in this life of the view server.
    report: Option<Report>,
    /// The latest view in which it was heard.
    known: u32,
}

impl ViewServer {
    pub(super) fn new(nodes: u32) -> ViewServer {
        ViewServer {
            journal: Journal::recovered(0),
            view: View::none(),
            active: View::none(),
            next: None,
            activating: None,
            copies: vec![Heard::default(); nodes as usize - 1],
            lost: false,
        }
    }

    /// The latest view that was active.
    pub fn active(&self) -> &View {
        &self.active
    }

    /// The latest view.
    pub fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        self.journal = Journal::recovered(records.len());
        for record in records {
            match record {
                Record::View(view) => self.view = view.clone(),
                Record::Active(number) if *number == self.view.number => self.active = self.view.clone(),
                Record::Active(_) => {}
                Record::ViewsLost => self.lost = true,
                _ => unreachable!("a view server keeps no copy"),
            }
        }
        // Whom the views that it announced reached, it cannot know.
        let known = self.view.number;
        self.copies.iter_mut().for_each(|copy| copy.known = known);
        if let Some(damage) = ctx.damage() {
            ctx.fact(Fact::Damaged);
            if damage.readable_after > 0 {
                self.forgot(ctx);
            }
        }
        ctx.set_timer(Timer::Heartbeat, ctx.options().heartbeat);
    }

    /// Decides nothing any more, in this life or a later one.
    fn forgot(&mut self, ctx: Ctx<'_, '_>) {
        if !self.lost {
            self.lost = true;
            ctx.fact(Fact::ViewsLost);
            self.journal.append(ctx, Record::ViewsLost);
            self.journal.force(ctx);
        }
    }

    pub(super) fn synced(&mut self, ctx: Ctx<'_, '_>, upto: u64) {
        self.journal.synced(upto);
        if let Some((_, view)) = self.next.take_if(|(record, _)| *record <= upto) {
            ctx.fact(Fact::ViewChanged(view.number));
            ctx.broadcast(Message::View(view.clone()));
            self.view = view;
            self.activating = None;
        }
        if let Some((_, primary)) = self.activating.take_if(|(record, _)| *record <= upto) {
            ctx.send(primary, Message::Activated(self.view.number));
        }
        self.journal.force(ctx);
    }

    pub(super) fn timer(&mut self, ctx: Ctx<'_, '_>) {
        self.copies.iter_mut().for_each(|copy| copy.silent = copy.silent.saturating_add(1));
        self.decide(ctx);
        ctx.set_timer(Timer::Heartbeat, ctx.options().heartbeat);
    }

    pub(super) fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        match message {
            Message::Ping(report) => self.ping(ctx, from, report),
            Message::Activate(view) => self.activate(ctx, from, view),
            _ => {} // meant for a copy
        }
    }

    fn ping(&mut self, ctx: Ctx<'_, '_>, from: NodeId, report: Report) {
        let latest = self.next.as_ref().map_or(self.view.number, |(_, next)| next.number);
        if report.view.max(report.joined) > latest {
            return self.forgot(ctx);
        }
        let copy = &mut self.copies[from.index()];
        (copy.silent, copy.report) = (0, Some(report));
        copy.known = copy.known.max(report.view);
        self.decide(ctx);
        // A primary that has started anew waits for a view of its own.
        let must_wait = from == self.view.primary && self.started_anew(from);
        if report.view < self.view.number && self.next.is_none() && !self.lost && !must_wait {
            ctx.send(from, Message::View(self.view.clone()));
        }
    }

    fn activate(&mut self, ctx: Ctx<'_, '_>, from: NodeId, view: u32) {
        if view != self.view.number || from != self.view.primary || self.next.is_some() || self.lost {
            return;
        }
        let copy = &mut self.copies[from.index()];
        copy.known = copy.known.max(view);
        if let Some(report) = &mut copy.report {
            report.joined = report.joined.max(view); // it says so by asking
        }
        if self.active.number < view {
            self.active = self.view.clone();
            let record = self.journal.append(ctx, Record::Active(view));
            self.activating = Some((record, from));
            self.journal.force(ctx);
        } else if self.activating.is_none() {
            ctx.send(from, Message::Activated(view));
        }
    }

    pub(super) fn request(&self, ctx: Ctx<'_, '_>, operation: OpId, _: &Request) {
        ctx.redirect(operation, self.view.primary);
    }

    /// Goes to the next view if there is reason to and somebody can lead it.
    fn decide(&mut self, ctx: Ctx<'_, '_>) {
        let missing_max = ctx.options().missing_max();
        if self.next.is_some() || self.lost {
            return;
        }
        let there: Vec<NodeId> = self.everybody().filter(|node| self.is_there(*node, missing_max)).collect();
        let Some((primary, after)) = self.changes(&there, missing_max) else { return };
        let backups = there.into_iter().filter(|node| *node != primary).collect();
        let expects = self.copies[primary.index()].report.map_or(self.view.expects, |report| report.position);
        let next = View { number: self.view.number + 1, primary, backups, after, expects };
        self.copies[primary.index()].known = 0;
        let record = self.journal.append(ctx, Record::View(next.clone()));
        self.next = Some((record, next));
        self.journal.force(ctx);
    }

    fn everybody(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.copies.len() as u32).map(NodeId)
    }

    /// Whether a copy has been heard lately, in this life of the view server.
    fn is_there(&self, node: NodeId, missing_max: u32) -> bool {
        let copy = &self.copies[node.index()];
        copy.report.is_some() && copy.silent < missing_max
    }

    /// The primary of the next view and the view that it must have joined, when there is reason for one: the primary failed, a backup is
    /// gone, or a copy that is no part of an active view is there.
    fn changes(&self, there: &[NodeId], missing_max: u32) -> Option<(NodeId, u32)> {
        let view = &self.view;
        let gone = |node: &NodeId| self.copies[node.index()].silent >= missing_max;
        if view.number == 0 {
            // The first view waits for all copies that there are.
            let all = self.everybody().all(|node| there.contains(&node) || gone(&node));
            return if all { self.successor(there) } else { None };
        }
        if gone(&view.primary) || self.started_anew(view.primary) {
            return self.successor(there);
        }
        let active = view.number == self.active.number;
        let grows = active && there.iter().any(|node| *node != view.primary && !view.backups.contains(node));
        let reason = grows || view.backups.iter().any(gone);
        reason.then_some((view.primary, if active { view.number } else { view.after }))
    }

    /// Whether the primary is not what it was when it was chosen: then it must not go on in the same view, whose number stands for
    /// one uninterrupted order.
    fn started_anew(&self, primary: NodeId) -> bool {
        let copy = &self.copies[primary.index()];
        copy.report.is_some_and(|report| {
            let restarted = report.view == 0 && copy.known.max(report.joined) == self.view.number;
            restarted || report.joined < self.view.after || report.position < self.view.expects
        })
    }

    /// Who can lead the next view, and the view that it must have joined: a copy that is known to have everything that was
    /// acknowledged. If none is, but all that may have it are there, and the log of one or more of them is whole but for an end
    /// that could not be read, then the longest of these: in all likelihood a crash of all cut short what nobody was told of.
    fn successor(&self, there: &[NodeId]) -> Option<(NodeId, u32)> {
        let active = self.active.number;
        if active == 0 {
            return there.first().map(|node| (*node, 0));
        }
        let members = || self.active.backups.iter().copied().chain([self.active.primary]);
        let report = |node: NodeId| self.copies[node.index()].report.filter(|_| there.contains(&node));
        // Who has joined a later view, which never became active, has come level with somebody who had joined this one.
        let is_whole = |node: &NodeId| report(*node).is_some_and(|report| report.joined >= active);
        if let Some(whole) = members().chain(self.everybody()).find(is_whole) {
            return Some((whole, active));
        }
        if !members().all(|node| report(node).is_some()) {
            return None;
        }
        let torn = members().filter(|node| report(*node).is_some_and(|report| report.torn));
        torn.max_by_key(|node| report(*node).map(|report| report.position)).map(|node| (node, 0))
    }
}
