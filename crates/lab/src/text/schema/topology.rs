//! The keys of a topology, unless it is a plain name.

use super::Key;

/// A topology with options: `[network.topology.NAME]`.
pub const TOPOLOGY: &[Key] = &[];
