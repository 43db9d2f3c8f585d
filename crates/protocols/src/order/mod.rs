//! Delivery and order: what a message costs that may be lost, one that arrives, one that arrives once, and one that arrives everywhere in one
//! order (Hadzilacos and Toueg 1994; Défago, Schiper and Urbán 2004; Cachin, Guerraoui and Rodrigues 2011). What broadcasts have in common stands in
//! [`deliveries`] and [`request`].
//!
//! | what | where |
//! |---|---|
//! | one sender, one receiver: fire and forget, acknowledged, exactly once | [`delivery`] |
//! | one to all: best effort, reliable, uniform, FIFO, causal, in Lamport's order | [`broadcast`] |
//! | total order by consensus, by sequencers, one for all or for each channel | [`agreed`], [`sequencer`] |
//! | total order by a token that goes round, or a sequencer that moves | [`ring`] |
//! | who may enter a critical section | [`mutex`], over [`links`] |
//! | ids that nobody else has | [`ids`] |
//!
//! Processes crash and come back with what is on their disks: whatever one has delivered it has on disk before, and it is correct when it is up
//! in the end. One that has lost its disk has no name any more, and stays out.

pub mod agreed;
pub mod broadcast;
mod costs;
pub mod deliveries;
pub mod delivery;
pub mod ids;
pub mod links;
pub mod mutex;
pub mod request;
pub mod ring;
pub mod sequencer;
