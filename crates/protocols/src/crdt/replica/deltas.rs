//! Deltas and their acknowledgements (Almeida, Shoker and Baquero 2018, algorithm 2), with what Enes, Almeida, Baquero and Leitão 2019
//! leave out: nothing goes back to where it came from, and nothing is passed on that was there before.
//!
//! The paper's replicas keep their state and their counter on disk. Here both may be lost with what was not forced, so that numbers
//! hold for one session, and a replica that starts again asks each neighbour once.

use super::super::data::Data;
use super::super::types::Crdt;
use super::message::{Known, Message};
use super::node::{Ctx, Replica};
use super::options::{Mistake, Options};
use crate::sorted::Sorted;
use quorate_engine::{Content, NodeId};
use std::collections::VecDeque;

/// What a replica remembers of deltas. All of it is lost in a crash.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Deltas {
    /// Which life of this memory: the paper's c counts within it.
    session: u32,
    /// The paper's c: the number of the latest change.
    latest: u64,
    /// The paper's D: the latest changes in order, the last of them number `latest`, and from whom each came.
    kept: VecDeque<(NodeId, Content<Known>)>,
    /// The paper's A: up to which change each neighbour has acknowledged.
    acknowledged: Sorted<NodeId, u64>,
    /// Of each neighbour's changes: which session, and up to which this replica has them.
    received: Sorted<NodeId, (u32, u64)>,
    /// Neighbours that have not been heard since this replica started again, and may think that it has what it has lost.
    unheard: Vec<NodeId>,
}

impl Deltas {
    /// A memory that begins at a start of the node; `again` when it was up before.
    pub(super) fn begin(ctx: &Ctx<'_>, again: bool) -> Deltas {
        let unheard = if again { ctx.peers().iter().collect() } else { Vec::new() };
        // What the disk had is the first change.
        Deltas { session: ctx.restarts(), latest: 1, unheard, ..Deltas::default() }
    }

    /// The state has changed by what came from there.
    pub(super) fn push(&mut self, options: &Options, from: NodeId, delta: Content<Known>) {
        self.latest += 1;
        self.kept.push_back((from, delta));
        if self.kept.len() > options.buffer {
            self.kept.pop_front();
        }
    }

    /// The last change that is not kept any more.
    fn gone(&self) -> u64 {
        self.latest - self.kept.len() as u64
    }

    /// What this neighbour lacks after the change that it acknowledged: joined into one, without what came from it.
    fn since(&self, options: &Options, acknowledged: u64, to: NodeId) -> Option<Content<Known>> {
        let first = (acknowledged - self.gone()) as usize;
        let mut group = self.kept.range(first..).filter(|(from, _)| *from != to).map(|(_, delta)| delta);
        let one = group.next()?;
        let Some(two) = group.next() else { return Some(one.clone()) };
        let mut all = Known::clone(one);
        for delta in std::iter::once(two).chain(group) {
            all.data.merge(&options.rule, &delta.data);
            all.history.merge(&delta.history);
        }
        Some(Content::new(all))
    }

    /// All that everybody has acknowledged need not be kept.
    fn forget(&mut self, ctx: &Ctx<'_>) {
        let peers = ctx.peers();
        if self.acknowledged.len() < peers.len() as usize {
            return;
        }
        let least = peers.iter().map(|peer| self.acknowledged.get(peer).copied().unwrap_or(0)).min().unwrap_or(0);
        while self.gone() < least && self.kept.pop_front().is_some() {}
    }
}

impl Replica {
    /// Sends a neighbour what it has not acknowledged.
    pub(super) fn send_delta(&mut self, ctx: &mut Ctx<'_>, to: NodeId) {
        let options = ctx.options();
        let acknowledged = self.deltas.acknowledged.get(to).copied().unwrap_or(0);
        let (session, upto) = (self.deltas.session, self.deltas.latest);
        if acknowledged >= upto || self.history.is_empty() {
            return;
        }
        let message = if acknowledged == 0 || acknowledged < self.deltas.gone() {
            Message::Delta { session, from: 0, upto, delta: Some(self.state(ctx)) }
        } else {
            Message::Delta { session, from: acknowledged, upto, delta: self.deltas.since(options, acknowledged, to) }
        };
        ctx.send(to, message);
    }

    /// In a round of a replica that started again: one neighbour that was not heard yet is told so.
    pub(super) fn ask_unheard(&mut self, ctx: &mut Ctx<'_>) {
        let unheard = &mut self.deltas.unheard;
        if !unheard.is_empty() {
            // In turn: words may be lost.
            unheard.rotate_left(1);
            ctx.send(unheard[0], Message::Want);
        }
    }

    pub(super) fn wanted(&mut self, ctx: &mut Ctx<'_>, from: NodeId) {
        self.deltas.acknowledged.insert(from, 0);
        self.send_delta(ctx, from);
    }

    /// The paper's "on receive": joined when all before it is here.
    pub(super) fn delta(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: NodeId,
        session: u32,
        span: (u64, u64),
        delta: Option<Content<Known>>,
    ) {
        let (from, upto) = span;
        let have = self.deltas.received.get(peer).filter(|(of, _)| *of == session).map_or(0, |(_, have)| *have);
        let is_gap = from > have && ctx.options().mistake != Some(Mistake::DeltaGap);
        if is_gap {
            return ctx.send(peer, Message::Acknowledge { session, upto: have });
        }
        if from == 0 {
            self.deltas.unheard.retain(|unheard| *unheard != peer);
        }
        self.deltas.received.insert(peer, (session, have.max(upto)));
        if let Some(known) = delta
            && let Some(fresh) = self.absorb(ctx, peer, &known)
        {
            self.deltas.push(ctx.options(), peer, fresh);
        }
        ctx.send(peer, Message::Acknowledge { session, upto: have.max(upto) });
    }

    pub(super) fn acknowledged(&mut self, ctx: &Ctx<'_>, from: NodeId, session: u32, upto: u64) {
        if session == self.deltas.session && upto <= self.deltas.latest {
            self.deltas.acknowledged.insert(from, upto);
            self.deltas.forget(ctx);
        }
    }
}

/// A part of a state that has nothing in it.
pub(super) fn nothing(options: &Options) -> Data {
    Data::new(options.kind)
}
