//! Agreement on one log by a majority: what replicas decide, they never undo, whatever crashes and whoever is cut off.

pub mod paxos;
mod peace;
pub mod raft;
mod reads;
