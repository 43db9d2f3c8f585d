//! Drivers: who decides what happens next in the one world. The simulator lets time decide, exploration tries everything, a
//! replay follows a record.

pub mod explore;
pub mod replay;
pub mod simulate;
