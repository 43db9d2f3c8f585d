//! Each fault does what it says, and nothing else: what it touched is held exactly, and all the rest is as without it.

mod byzantine;
mod clerk;
mod clocks;
mod nodes;
mod removal;
mod triggers;
mod wire;
