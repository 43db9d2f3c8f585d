//! What a node states of the critical section, and the monitor that watches its door.

use super::Algorithm;
use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, NodeId};
use std::collections::BTreeSet;

/// What a node states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It wants to enter, and has said so.
    Asked,
    /// It is in.
    Entered,
    /// It is out again.
    Left,
    /// It has crashed and come back, and stays out of the game.
    StaysOut,
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "asked", summary: "The node wants to enter the critical section, and has said so.", leads: false },
        FactKind { name: "entered", summary: "The node is in the critical section.", leads: false },
        FactKind { name: "left", summary: "The node has left the critical section.", leads: false },
        FactKind { name: "stays-out", summary: "The node has come back from a crash, and takes no part any more.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(*self as usize)
    }
}

/// Nobody enters while somebody is in.
pub const MUTUAL_EXCLUSION: &str = "mutual-exclusion";

/// Who is in. One that crashed in there stays in: it has told nobody that it left, and nobody may enter after it.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Sections {
    inside: BTreeSet<NodeId>,
}

impl<A: Algorithm> Monitor<Node<A>> for Sections {
    const PROPERTIES: &'static [&'static str] = &[MUTUAL_EXCLUSION];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Asked | Fact::StaysOut => {}
            Fact::Left => {
                self.inside.remove(&node);
            }
            Fact::Entered => {
                let other = self.inside.first().copied();
                self.inside.insert(node);
                if let Some(other) = other {
                    let evidence = format!("{node} entered while {other} was in");
                    return Err(Broken { property: MUTUAL_EXCLUSION, evidence });
                }
            }
        }
        Ok(())
    }
}
