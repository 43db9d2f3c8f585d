//! Coordination patterns and anti-patterns of the cost of coordination (catalogue E6, E7; S2, "Coordination Patterns: A Visual Guide" and
//! "Anti-Pattern Gallery"): the same task done in several ways, with every message counted.

pub mod chatty;
pub mod coordination;
pub mod sync;
