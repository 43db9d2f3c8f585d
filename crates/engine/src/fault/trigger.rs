//! What a fault may wait for: something that a replica says or does.

use crate::id::NodeSet;
use crate::time::Nanos;

/// A fault strikes when something happens, rather than at an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trigger {
    /// What happens.
    pub on: On,
    /// At whom; `None`: at anybody.
    pub by: Option<NodeSet>,
    /// The how manyth time, from 1; `None`: every time.
    pub nth: Option<u32>,
    /// How long after, in ns: 0 is before anything else happens.
    pub after: Nanos,
}

/// What a trigger waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// A replica states a fact of this name.
    Fact(&'static str),
    /// A replica sends another a message of this kind, by name; one to many counts for each.
    Sent(&'static str),
    /// A replica handles a message of this kind from another.
    Received(&'static str),
    /// A replica begins a forced write.
    Sync,
    /// A replica's forced write is complete, and it has not been told yet.
    Synced,
}
