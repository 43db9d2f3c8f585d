//! The protocols of quorate, and their registry. A protocol is a folder in its family's folder and one line in
//! [`PROTOCOLS`]; everything above this crate knows it only as that line's plain data and function pointers.
//!
//! No files, flags, reports or random numbers of their own in here: a protocol knows its context and nothing else.

pub mod commit;
pub mod consensus;
pub mod crdt;
pub mod epidemic;
mod harness;
mod history;
pub mod local;
pub mod options;
pub mod order;
pub mod patterns;
pub mod registers;
pub mod registry;
pub mod replication;
pub mod sorted;

use registry::Protocol;

/// Every protocol, in the order in which lists show them.
#[cfg(not(test))]
pub static PROTOCOLS: &[Protocol] = &[
    local::PROTOCOL,
    epidemic::gossip::PROTOCOL,
    epidemic::rumor::PROTOCOL,
    crdt::G_COUNTER,
    crdt::PN_COUNTER,
    crdt::BOUNDED_COUNTER,
    crdt::RESETTABLE_COUNTER,
    crdt::EVENT_LOG,
    crdt::READ_ADD_WRITE,
    crdt::LWW_REGISTER,
    crdt::MV_REGISTER,
    crdt::G_SET,
    crdt::TWO_PHASE_SET,
    crdt::OR_SET,
    crdt::REMOVE_WINS_SET,
    crdt::OR_MAP,
    crdt::SHOPPING_CART,
    crdt::TEXT,
    crdt::REPLICATED_TREE,
    crdt::hybrid::PROTOCOL,
    crdt::payments::PROTOCOL,
    crdt::riak::PROTOCOL,
    replication::register::PROTOCOL,
    replication::primary_backup::PROTOCOL,
    commit::two_phase::PROTOCOL,
    commit::three_phase::PROTOCOL,
    commit::paxos_commit::PROTOCOL,
    consensus::paxos::single::PROTOCOL,
    consensus::paxos::multi::PROTOCOL,
    consensus::raft::PROTOCOL,
    order::delivery::PROTOCOL,
    order::broadcast::BEST_EFFORT,
    order::broadcast::RELIABLE,
    order::broadcast::UNIFORM,
    order::broadcast::FIFO,
    order::broadcast::CAUSAL,
    order::broadcast::LAMPORT,
    order::agreed::PROTOCOL,
    order::sequencer::FIXED,
    order::sequencer::PER_CHANNEL,
    order::ring::TOKEN_RING,
    order::ring::MOVING_SEQUENCER,
    order::mutex::LAMPORT,
    order::mutex::RICART_AGRAWALA,
    order::mutex::SUZUKI_KASAMI,
    order::mutex::MAEKAWA,
    order::ids::PROTOCOL,
    patterns::coordination::PROTOCOL,
    patterns::chatty::PROTOCOL,
    patterns::sync::PROTOCOL,
];

/// The tests within this crate run no protocol by its name: without the others they compile in a fraction of the time.
#[cfg(test)]
pub static PROTOCOLS: &[Protocol] = &[];
