//! What nodes state, and what the monitor makes of it: a view has one primary, a primary's views grow, and a view begins with
//! everything that was acknowledged in the views before it.

use super::actor::Node;
use super::options::{Mode, Options};
use quorate_engine::{Broken, Fact as Named, FactKind, Monitor, NodeId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It is the primary of a view that is now active, and has so many entries.
    Primary {
        /// The view.
        view: u32,
        /// Its entries.
        entries: u32,
    },
    /// It backs up the primary of this view.
    Backup(u32),
    /// Its log has come level with the primary's in this view.
    SyncedUp(u32),
    /// It was the primary of this view until now.
    Deposed(u32),
    /// The view server: from now on it is this view.
    ViewChanged(u32),
    /// Recovery found a log that it could not read to its end.
    Damaged,
    /// The view server: it has forgotten views, and decides nothing any more.
    ViewsLost,
    /// A primary: in this view clients have been told that the first so many entries were carried out.
    Acknowledged {
        /// The view.
        view: u32,
        /// The entries.
        entries: u32,
    },
}

impl Named for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "primary", summary: "A node became the primary of a view and serves clients.", leads: true },
        FactKind { name: "backup", summary: "A node became a backup in a view.", leads: false },
        FactKind { name: "synced-up", summary: "A copy's log came level with the primary's.", leads: false },
        FactKind { name: "deposed", summary: "A primary learned that there is a later view.", leads: false },
        FactKind { name: "view-changed", summary: "The view server decided on another view.", leads: false },
        FactKind { name: "damaged", summary: "Recovery could not read a log to its end.", leads: false },
        FactKind {
            name: "views-lost",
            summary: "The view server found that it forgot views; it decides nothing more.",
            leads: false,
        },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Primary { .. } => 0,
            Fact::Backup(_) => 1,
            Fact::SyncedUp(_) => 2,
            Fact::Deposed(_) => 3,
            Fact::ViewChanged(_) => 4,
            Fact::Damaged => 5,
            Fact::ViewsLost => 6,
            Fact::Acknowledged { .. } => return None,
        })
    }

    fn is_kept(&self) -> bool {
        self.kind().is_some()
    }
}

/// A view has one primary, and the views of each primary grow.
pub const ONE_PRIMARY: &str = "one-primary";
/// A view begins with everything that was acknowledged in the views before it; judged in synchronous mode.
pub const HANDED_OVER: &str = "handed-over";

/// What was stated of each view.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Views {
    /// Who became its primary, with how many entries.
    begun: BTreeMap<u32, (NodeId, u32)>,
    /// How many entries were acknowledged in it.
    acknowledged: BTreeMap<u32, u32>,
}

impl Views {
    fn one_primary(&self, node: NodeId, view: u32) -> Option<String> {
        if let Some((other, _)) = self.begun.get(&view) {
            return Some(format!("{node} becomes the primary of view {view}, and {other} has been that before"));
        }
        let (later, _) = self.begun.range(view..).find(|(_, (primary, _))| *primary == node)?;
        Some(format!("{node} becomes the primary of view {view} after that of view {later}"))
    }

    /// The first view that began with less than an earlier one had acknowledged.
    fn lacking(&self) -> Option<String> {
        let mut told = self.acknowledged.iter().peekable();
        let mut most: Option<(u32, u32)> = None;
        for (view, (primary, entries)) in &self.begun {
            while let Some((earlier, acknowledged)) = told.next_if(|(earlier, _)| *earlier < view) {
                if most.is_none_or(|(_, most)| *acknowledged > most) {
                    most = Some((*earlier, *acknowledged));
                }
            }
            if let Some((earlier, acknowledged)) = most.filter(|(_, acknowledged)| acknowledged > entries) {
                return Some(format!(
                    "view {view} began at {primary} with {entries} entries, and {acknowledged} were acknowledged in view {earlier}"
                ));
            }
        }
        None
    }
}

impl Monitor<Node> for Views {
    const PROPERTIES: &'static [&'static str] = &[ONE_PRIMARY, HANDED_OVER];

    fn fact(&mut self, options: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match *fact {
            Fact::Primary { view, entries } => {
                if let Some(evidence) = self.one_primary(node, view) {
                    return Err(Broken { property: ONE_PRIMARY, evidence });
                }
                self.begun.insert(view, (node, entries));
            }
            Fact::Acknowledged { view, entries } => {
                let most = self.acknowledged.entry(view).or_default();
                *most = entries.max(*most);
                // Nothing new can be wrong while no later view has begun.
                if self.begun.range(view + 1..).next().is_none() {
                    return Ok(());
                }
            }
            _ => return Ok(()),
        }
        match self.lacking().filter(|_| options.mode == Mode::Synchronous) {
            Some(evidence) => Err(Broken { property: HANDED_OVER, evidence }),
            None => Ok(()),
        }
    }
}
