//! A replica of a data type: it takes what its clients ask at once and on its own, and keeps its copy and the others' alike by states, by
//! deltas or by operations. What the data are is the business of [`super::types`].
//!
//! | papers | here |
//! |---|---|
//! | Shapiro et al. 2011, §2.1: update, then send the state; on receipt, merge | [`Replication::State`] |
//! | Almeida et al. 2018, algorithm 2: delta-intervals, acknowledgements, causal delta-merging | [`Replication::Delta`], `deltas.rs` |
//! | Enes et al. 2019, §4: avoid back-propagation, remove redundant state | `deltas.rs`, [`Crdt::beyond`](super::types::Crdt::beyond) |
//! | Shapiro et al. 2011, §2.2: prepare, effect; causal delivery, each once | [`Replication::Operation`], `operations.rs` |
//! | Demers et al. 1987, §1.3: anti-entropy by state or checksum | [`Spread::AntiEntropy`] |
//! | Merkle trees, as Dynamo has them (DeCandia et al. 2007, §4.7) | `merkle.rs` |
//!
//! An operation is carried out once it is on the disk, one after the other, and only then does anybody hear of it. What comes from others
//! is logged too, but not waited for: a write that is forced forces what it builds upon.

mod deltas;
mod merkle;
pub mod message;
mod node;
mod operations;
pub mod options;
pub(super) mod texts;

pub use node::Replica;
#[allow(unused_imports, reason = "the table above names them")]
use options::{Replication, Spread};
