//! Paxos (Lamport, "The part-time parliament", ACM TOCS 1998; "Paxos made simple", 2001): a majority of acceptors decides, whoever
//! proposes and however many crash and come back.
//!
//! | "Paxos made simple" | here |
//! |---|---|
//! | proposal number (§2.2) | [`ballot::Ballot`] |
//! | acceptor, P1a, P2b (§2.2) | [`acceptor::Acceptor`] |
//! | one instance (§2) | [`single`]: one a key |
//! | a sequence of instances (§3) | [`multi`]: one a slot of a log |
//! | requirements (§2.1) | [`monitor`] |
//! | stable storage (§2.5) | records; an answer waits until they are durable |

pub mod acceptor;
pub mod ballot;
pub mod monitor;
pub mod multi;
pub mod options;
pub mod single;
