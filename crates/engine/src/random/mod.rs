//! Chance: everything random that happens in a run is drawn here, from the run's one 64-bit seed.
//!
//! The seed becomes one key per [`Purpose`] (`keys`), and two kinds of draw come from a key:
//!
//! - *hot draws*, [`StreamKey::draw`]: a keyed mixer of (node, counter). Nothing is stored but the counter, which the caller
//!   keeps in the node's slot. One draw splits into independent *lanes* ([`lane`]), so that a send can decide loss, latency,
//!   duplication and reordering from one index, and a feature that draws more shifts nobody else's draws;
//! - *everything else*, [`Keys::chacha`]: an ordinary sequential generator for topologies, workloads and nemeses.
//!
//! [`Draw::below`] is the unbiased choice, [`Probability`] the weighted coin, [`Permutation`] the tie-breaking order of nodes,
//! and [`Hasher64`] the pinned hash of digests and maps.
//!
//! It deliberately has no global generator, no seed from the operating system and no floating point in a decision, and it
//! does not sample distributions: that is [`crate::latency`]. None of it resists an adversary; it detects accidents only.
//!
//! Every function here is pinned by golden vectors: changing an output changes every digest that was ever published.

mod draw;
mod hasher;
mod keys;
mod mixer;
mod permutation;
mod probability;
#[cfg(test)]
mod quality;

pub use draw::Draw;
pub use hasher::{Hasher64, Pinned};
pub use keys::{Keys, Purpose};
pub use mixer::{StreamKey, lane, mix};
pub use permutation::Permutation;
pub use probability::{NotAProbability, Probability};
