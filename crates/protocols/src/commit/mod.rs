//! Atomic commitment (catalogue F1 to F4): transactions over keys that several nodes keep, carried out by all of them or by none; what
//! that costs, and when it blocks.
//!
//! What the protocols share is here: [`transaction`]s, the [`store`] with its locks, the conditions of atomic commitment ([`monitor`]),
//! and what every report tells. A protocol's folder holds its actor, its messages and its options.

pub mod alarms;
pub mod desk;
pub mod monitor;
pub mod options;
pub mod paxos_commit;
mod report;
pub mod resource;
pub mod store;
pub mod three_phase;
pub mod transaction;
pub mod two_phase;
