//! Delivery and order: what a message costs that may be lost, one that arrives, one that arrives once, and one that arrives everywhere in one
//! order (Hadzilacos and Toueg 1994; Défago, Schiper and Urbán 2004; Cachin, Guerraoui and Rodrigues 2011). What broadcasts have in common stands in
//! [`deliveries`] and [`request`].
//!
//! Processes crash and come back with what is on their disks: whatever one has delivered it has on disk before, and it is correct when it is up
//! in the end. One that has lost its disk has no name any more, and stays out.

pub mod deliveries;
pub mod request;
pub mod ring;
