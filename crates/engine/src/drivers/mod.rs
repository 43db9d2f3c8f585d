//! Drivers: who decides what happens next in the one world. The simulator lets time decide, exploration tries everything, a
//! replay follows a record; on a bench the caller decides.

pub mod bench;
pub mod explore;
pub mod replay;
pub mod simulate;
