//! What nodes state of ids, and the monitor that knows them all.

use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, Nanos, NodeId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// This id is given: to a client, or to another node for its client.
    Gave(u64),
    /// So many ids were set aside, on disk.
    SetAside(u64),
    /// The clock had stood behind, and the node gave no id for so long, in ns on its elapsed clock.
    Waited(Nanos),
    /// Its disk does not know what it had given: it stays out.
    StaysOut,
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "gave", summary: "The node has given an id.", leads: false },
        FactKind { name: "set-aside", summary: "The allocator has set ids aside, on disk.", leads: false },
        FactKind { name: "waited", summary: "The node's clock stood behind, and has caught up.", leads: false },
        FactKind {
            name: "stays-out",
            summary: "The node's disk does not know what it had given, and it gives none any more.",
            leads: false,
        },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Gave(_) => 0,
            Fact::SetAside(_) => 1,
            Fact::Waited(_) => 2,
            Fact::StaysOut => 3,
        })
    }

    /// The monitor has the ids.
    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Gave(_))
    }
}

/// No id is given twice.
pub const GIVEN_ONCE: &str = "given-once";

/// Who gave which id.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Ids {
    pub(super) given: BTreeMap<u64, NodeId>,
}

impl Monitor<Node> for Ids {
    const PROPERTIES: &'static [&'static str] = &[GIVEN_ONCE];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        let Fact::Gave(id) = *fact else { return Ok(()) };
        match self.given.insert(id, node) {
            None => Ok(()),
            Some(first) => {
                let evidence = format!("{node} gives {id}, which {first} has given");
                Err(Broken { property: GIVEN_ONCE, evidence })
            }
        }
    }
}
