//! Conflict-free replicated data types (Shapiro et al. 2011; S1 Pattern 1): every replica takes updates at once and on its
//! own, and states merge so that the order and number of merges do not matter. Here the states travel by gossip.

pub mod counter;
pub mod hybrid;
pub mod payments;
pub mod riak;
pub mod types;
