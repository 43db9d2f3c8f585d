//! A copy as a backup: it takes over what the primary of its view sends, and says so when it is safe.

use super::actor::Ctx;
use super::copy::{Copy, Role};
use super::message::{Append, Message};
use quorate_engine::NodeId;

/// What a backup knows in its view.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Following {
    /// Entries that it shares with the primary; `None` before it has heard from it.
    shared: Option<u32>,
    /// The latest round of confirmations that it has seen.
    round: u32,
}

impl Copy {
    fn following(&mut self) -> Option<&mut Following> {
        match &mut self.role {
            Role::Following(following) => Some(following),
            _ => None,
        }
    }

    pub(super) fn append(&mut self, ctx: Ctx<'_, '_>, from: NodeId, append: Append) {
        if !self.hears(ctx, from, append.view) {
            return;
        }
        let Append { view, start, round, before, from: place, entries, commit } = append;
        let Some(following) = self.following() else { return };
        following.round = following.round.max(round);
        if place > self.log.len() || self.log.view_before(place) != before {
            return ctx.send(from, Message::Behind { view, ends: self.log.ends() });
        }
        let length = self.log.len();
        let mut next = place;
        for entry in entries.iter() {
            if next < self.log.len() && self.log.entry(next).view != entry.view {
                self.cut(ctx, next);
            }
            if next == self.log.len() {
                self.store(ctx, entry.clone());
            }
            next += 1;
        }
        let shared = self.following().map_or(next, |following| {
            let shared = next.max(following.shared.unwrap_or(0));
            following.shared = Some(shared);
            shared
        });
        // What the primary had when the view began, and what came in since, is all that there is; entries of older views behind it
        // were never acknowledged.
        if shared >= start && shared < self.log.len() && self.log.entry(shared).view < view {
            self.cut(ctx, shared);
        }
        if shared >= start.max(commit) {
            self.join(ctx, view);
        }
        self.commit_shared(ctx, commit);
        self.journal.force(ctx);
        if self.log.len() <= length || self.safe(ctx) >= shared {
            self.acknowledge(ctx);
        }
    }

    pub(super) fn heartbeat(&mut self, ctx: Ctx<'_, '_>, from: NodeId, view: u32, commit: u32) {
        if !self.hears(ctx, from, view) {
            return;
        }
        let Some(following) = self.following() else { return };
        if following.shared.is_none() {
            // The primary does not know that this copy was away.
            return ctx.send(from, Message::Behind { view, ends: self.log.ends() });
        }
        self.commit_shared(ctx, commit);
    }

    /// So much is committed at the primary.
    fn commit_shared(&mut self, ctx: Ctx<'_, '_>, commit: u32) {
        let shared = self.following().and_then(|following| following.shared);
        if let Some(shared) = shared {
            self.commit(ctx, commit.min(shared));
        }
    }

    /// Tells the primary what is safe here, once this copy is one that may succeed it.
    pub(super) fn acknowledge(&mut self, ctx: Ctx<'_, '_>) {
        let (safe, joined) = (self.safe(ctx), self.joined());
        let Some((number, primary)) = self.view.as_ref().map(|view| (view.number, view.primary)) else { return };
        let Some(Following { shared: Some(shared), round }) = self.following() else { return };
        let (upto, round) = (safe.min(*shared), *round);
        if joined == number {
            ctx.send(primary, Message::Acked { view: number, round, upto });
        }
    }
}
