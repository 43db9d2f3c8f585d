//! Hash maps and sets whose hasher is pinned. Their order is still arbitrary: what leaves a run is never iterated from them.

use crate::random::Pinned;

/// A hash map with the pinned hasher.
#[allow(clippy::disallowed_types, reason = "the ban is on the random default hasher; this is its replacement")]
pub type HashMap<K, V> = std::collections::HashMap<K, V, Pinned>;

/// A hash set with the pinned hasher.
#[allow(clippy::disallowed_types, reason = "the ban is on the random default hasher; this is its replacement")]
pub type HashSet<T> = std::collections::HashSet<T, Pinned>;
