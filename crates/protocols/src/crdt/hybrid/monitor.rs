//! What replicas state of their tallies, and the monitor that judges it: agreement takes nothing away, and adds nothing.

use super::node::Hybrid;
use super::options::Options;
use super::tally::Tallies;
use crate::crdt::types::dot::Origin;
use quorate_engine::{Broken, FactKind, Monitor, NodeId};

/// What a replica states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It has counted so much more, and it is on disk.
    Counted(Origin, u32),
    /// It proposes that its tally be agreed on.
    Proposes(u64),
    /// A proposal of its own is agreed on.
    Agreed {
        /// Whose tally.
        origin: Origin,
        /// What it proposed.
        proposed: u64,
        /// Its tally by then.
        tally: u64,
    },
    /// More is agreed on than it had known; all of it.
    Learned(Tallies),
    /// It starts again, with this tally.
    Started(Origin, u64),
    /// It leads the slow path from now on.
    Elected,
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "counted", summary: "A replica has counted an increment.", leads: false },
        FactKind { name: "proposes", summary: "A replica proposes that its tally be agreed on.", leads: false },
        FactKind { name: "agreed", summary: "A replica's proposal is agreed on, and it knows.", leads: false },
        FactKind { name: "learned", summary: "A replica learned that more is agreed on.", leads: false },
        FactKind { name: "started", summary: "A replica starts again, with what it had counted.", leads: false },
        FactKind { name: "elected", summary: "A replica leads the slow path from now on.", leads: true },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Counted(..) => 0,
            Fact::Proposes(_) => 1,
            Fact::Agreed { .. } => 2,
            Fact::Learned(_) => 3,
            Fact::Started(..) => 4,
            Fact::Elected => 5,
        })
    }

    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Counted(..) | Fact::Learned(_))
    }
}

/// Nothing that was acknowledged leaves its replica's tally.
pub const KEPT: &str = "increments-kept";
/// Nothing is agreed on that nobody counted.
pub const COUNTED_ONCE: &str = "counted-once";

/// What each origin has counted, by what it stated.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Counts {
    counted: Tallies,
}

impl Counts {
    fn of(&self, origin: Origin) -> u64 {
        self.counted.of(origin).unwrap_or(0)
    }

    fn kept(&self, origin: Origin, tally: u64, when: &str) -> Result<(), Broken> {
        let counted = self.of(origin);
        if tally >= counted {
            return Ok(());
        }
        let evidence = format!("{origin} had counted {counted}, and {when} its tally is {tally}: {} are lost", counted - tally);
        Err(Broken { property: KEPT, evidence })
    }
}

impl Monitor<Hybrid> for Counts {
    const PROPERTIES: &'static [&'static str] = &[KEPT, COUNTED_ONCE];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Counted(origin, amount) => {
                self.counted.raise(*origin, self.of(*origin).saturating_add(u64::from(*amount)));
                Ok(())
            }
            Fact::Agreed { origin, proposed, tally } => self.kept(*origin, *tally, &format!("when {proposed} is agreed on")),
            Fact::Started(origin, tally) => {
                let kept = self.kept(*origin, *tally, "when it starts again");
                // A crash may leave increments of which nobody was told.
                self.counted.raise(*origin, *tally);
                kept
            }
            Fact::Learned(agreed) => match agreed.iter().find(|(origin, tally)| *tally > self.of(*origin)) {
                None => Ok(()),
                Some((origin, tally)) => {
                    let evidence =
                        format!("{node} takes {tally} of {origin} as agreed on, which has counted {}", self.of(origin));
                    Err(Broken { property: COUNTED_ONCE, evidence })
                }
            },
            Fact::Proposes(_) | Fact::Elected => Ok(()),
        }
    }
}
