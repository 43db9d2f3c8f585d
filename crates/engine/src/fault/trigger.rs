//! What a fault may wait for: something that a replica says or does.

use crate::id::NodeSet;
use crate::time::{Nanos, show};
use std::fmt;

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

impl fmt::Display for Trigger {
    /// `"wrote" is stated by {0..3}, time 2, and 10ms after`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.on {
            On::Fact(name) => write!(f, "\"{name}\" is stated")?,
            On::Sent(kind) => write!(f, "\"{kind}\" is sent")?,
            On::Received(kind) => write!(f, "\"{kind}\" is received")?,
            On::Sync => f.write_str("a forced write begins")?,
            On::Synced => f.write_str("a forced write is complete")?,
        }
        if let Some(by) = &self.by {
            write!(f, " by {{{by}}}")?;
        }
        match self.nth {
            None => f.write_str(", every time")?,
            Some(1) => {}
            Some(nth) => write!(f, ", time {nth}")?,
        }
        if self.after > 0 {
            write!(f, ", and {} after", show(self.after))?;
        }
        Ok(())
    }
}
