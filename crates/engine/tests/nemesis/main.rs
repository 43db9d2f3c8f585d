//! What a nemesis promises of its schedules: lengths by their distributions, nobody befallen twice by one kind, a quiet end,
//! enough who are well, ways of cutting that are what they are called, and kinds that do not know of each other.

mod common;
mod golden;
mod independent;
mod lengths;
mod model;
mod replayed;
mod swarm;
mod ways;
