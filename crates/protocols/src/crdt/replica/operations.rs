//! Causal broadcast of operations: each is delivered once, after all that its source had delivered before it (Birman, Schiper and
//! Stephenson 1991, by version vectors). What is lost on the way is asked for in rounds: who has what is told by version vectors, so
//! that it does not matter what either side remembers of the other.
//!
//! Operations are kept for ever, for whoever may have lost its disk.

use super::super::types::Crdt;
use super::super::types::dot::{Dot, VersionVector};
use super::message::{Envelope, Message, Record};
use super::node::{Ctx, Replica};
use super::options::Mistake;
use quorate_engine::NodeId;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a replica has of operations.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Operations {
    /// Delivered.
    pub(super) log: BTreeMap<Dot, Rc<Envelope>>,
    /// Received, and not deliverable yet.
    pub(super) pending: BTreeMap<Dot, Rc<Envelope>>,
}

impl Operations {
    /// The delivered operations that are not in the vector.
    fn beyond(&self, history: &VersionVector, vector: &VersionVector) -> Vec<Rc<Envelope>> {
        let missing = history.iter().flat_map(|(origin, count)| {
            let first = vector.count(origin) + 1;
            (first <= count).then(|| self.log.range(origin.dot(first)..=origin.dot(count))).into_iter().flatten()
        });
        missing.map(|(_, envelope)| Rc::clone(envelope)).collect()
    }
}

impl Replica {
    /// Operations arrived.
    pub(super) fn operations(&mut self, ctx: &mut Ctx<'_>, envelopes: &[Rc<Envelope>]) {
        for envelope in envelopes {
            if self.history.contains(envelope.dot) {
                if ctx.options().mistake == Some(Mistake::ApplyTwice) {
                    self.data.apply(&ctx.options().rule, envelope.dot, &envelope.operation);
                    self.changed(ctx);
                }
            } else {
                self.operations.pending.insert(envelope.dot, Rc::clone(envelope));
            }
        }
        self.go_on(ctx);
    }

    /// Delivers what can be delivered; whether there was anything.
    pub(super) fn deliver(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let mut any = false;
        while let Some(envelope) = self.next_deliverable() {
            self.operations.pending.remove(&envelope.dot);
            self.append(ctx, Record::Applied(Rc::clone(&envelope)));
            self.data.apply(&ctx.options().rule, envelope.dot, &envelope.operation);
            self.learn(ctx, envelope.dot);
            self.operations.log.insert(envelope.dot, envelope);
            any = true;
        }
        if any {
            self.changed(ctx);
        }
        any
    }

    fn next_deliverable(&self) -> Option<Rc<Envelope>> {
        let pending = &self.operations.pending;
        let mut next = pending.keys().next().copied();
        while let Some(Dot { origin, .. }) = next {
            let dot = origin.dot(self.history.count(origin) + 1);
            if let Some(envelope) = pending.get(&dot)
                && self.history.covers(&envelope.past)
                && self.may_see(dot)
            {
                return Some(Rc::clone(envelope));
            }
            next = pending.range(origin.dot(u32::MAX)..).next().map(|(dot, _)| *dot);
        }
        None
    }

    /// Tells a peer what is here, so that it sends what is not.
    pub(super) fn tell_have(&self, ctx: &mut Ctx<'_>, to: NodeId, wants: bool) {
        ctx.send(to, Message::Have(Rc::new(self.history.clone()), wants));
    }

    pub(super) fn have(&mut self, ctx: &mut Ctx<'_>, from: NodeId, vector: &VersionVector, wants: bool) {
        let missing = self.operations.beyond(&self.history, vector);
        if !missing.is_empty() {
            ctx.send(from, Message::Operations(Rc::new(missing)));
        }
        if wants && !self.history.covers(vector) {
            self.tell_have(ctx, from, false);
        }
    }
}
