//! What gossip spreads: any state of which two copies can be merged. The spreading itself is in `actor.rs` and knows no more
//! of a state than this.

use super::actor::Gossip;
use crate::sorted::Merged;
use quorate_engine::{Context, Monitor, Update, Wire};
use std::fmt::Debug;
use std::hash::Hash;

/// A mergeable state. Its default is the state that knows nothing; an absent state equals it.
pub trait State: Wire + Clone + Eq + Hash + Debug + Default + 'static {
    /// Parameters of changing and merging, constant in a run.
    type Rule: Clone + Debug + 'static;
    /// What a client asks.
    type Request: Wire + Clone + Eq + Hash + Debug + 'static;
    /// What a client is told.
    type Response: Wire + Clone + Eq + Hash + Debug + 'static;
    /// A local change, ready to be logged and applied.
    type Change: Wire + Clone + Eq + Hash + Debug + 'static;
    /// What is stated about changes and merges.
    type Fact: quorate_engine::Fact;
    /// What judges the facts.
    type Monitor: Monitor<Gossip<Self>>;

    /// Whether [`State::change`] reads a clock under this rule.
    fn reads_clocks(_rule: &Self::Rule) -> bool {
        false
    }

    /// The answer to a request that changes nothing; `None` for one that does.
    fn answer(&self, request: &Self::Request) -> Option<Self::Response>;

    /// The change that a request makes of this state.
    fn change(&self, ctx: &mut Context<'_, Gossip<Self>>, request: &Self::Request) -> Self::Change;

    /// What a client is told of a change that has been made.
    fn done() -> Self::Response;

    /// The state after a local change.
    #[must_use]
    fn apply(&self, rule: &Self::Rule, change: &Self::Change, update: Update) -> Self;

    /// States what a local change did: `self` became `next` by it, and it is already accepted as `update`.
    fn tell_change(&self, ctx: &mut Context<'_, Gossip<Self>>, next: &Self, change: &Self::Change, update: Update);

    /// States what a change from the log of a replica that starts again did, whether or not that was stated before.
    fn tell_replay(&self, _ctx: &mut Context<'_, Gossip<Self>>, _change: &Self::Change, _update: Update) {}

    /// Ours and theirs in one.
    fn merge(&self, theirs: &Self, rule: &Self::Rule) -> Merged<Self>;

    /// States what a merge brought: `self` became `next` by it.
    fn tell_merge(&self, ctx: &mut Context<'_, Gossip<Self>>, next: &Self);

    /// The state with a content that nobody gave it, for a liar: `choice` picks among the lies. `None` where there is nothing to lie
    /// about.
    fn forge(&self, choice: u64) -> Option<Self>;

    /// States what of this state, which came from a peer, was refused because `kept` has something in its place. Nothing for a
    /// state that loses nothing in a merge.
    fn tell_refused(&self, _ctx: &mut Context<'_, Gossip<Self>>, _kept: &Self) {}
}
