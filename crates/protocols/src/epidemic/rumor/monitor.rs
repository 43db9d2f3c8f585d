//! What nodes state of the rumors that they hear, and the monitor that judges it: under each key the newest wins, and what was heard
//! stays heard. Who never hears of a rumor is not judged: that is the residue, and it is the price.

use super::message::Rumor;
use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, NodeId, Update};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It knows the rumor from now on, and spreads it.
    Heard(Rumor),
    /// It has lost interest in the rumor.
    Removed(Update),
    /// It has started again.
    Restarted {
        /// What its log gave it: the newest of each key.
        known: Vec<Rumor>,
        /// Whether its disk was replaced: then nobody can expect anything of it.
        disk_is_new: bool,
    },
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "heard", summary: "It has heard a rumor, and spreads it.", leads: false },
        FactKind { name: "removed", summary: "It has lost interest in a rumor.", leads: false },
        FactKind { name: "restarted", summary: "It has started again, with what its log holds.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Heard(_) => 0,
            Fact::Removed(_) => 1,
            Fact::Restarted { .. } => 2,
        })
    }
}

/// Under each key the newest wins.
pub const NEWEST_WINS: &str = "newest-wins";
/// What a node has heard it does not forget.
pub const NO_FORGETTING: &str = "no-forgetting";

/// What each node has under each key, by what it stated.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Memory {
    known: BTreeMap<(NodeId, u32), Rumor>,
}

impl Memory {
    /// What a node has, by key.
    fn of(&self, node: NodeId) -> impl Iterator<Item = &Rumor> {
        self.known.range((node, 0)..=(node, u32::MAX)).map(|(_, rumor)| rumor)
    }

    /// What a node has heard and does not know any more; `known` holds what it knows now.
    pub(super) fn forgotten(&self, node: NodeId, known: impl Fn(u32) -> Option<Rumor>) -> Option<String> {
        let lost = |heard: &&Rumor| known(heard.key).is_none_or(|now| now.age() < heard.age());
        let heard = self.of(node).find(lost)?;
        Some(format!("{node} had heard {} under key {} ({}), and knows nothing as new", heard.value, heard.key, heard.update))
    }
}

impl Monitor<Node> for Memory {
    const PROPERTIES: &'static [&'static str] = &[NEWEST_WINS, NO_FORGETTING];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Heard(rumor) => match self.known.insert((node, rumor.key), *rumor) {
                Some(old) if rumor.age() <= old.age() => Err(Broken {
                    property: NEWEST_WINS,
                    evidence: format!(
                        "{node} put {} ({}, stamp {}) under key {} in the place of {} ({}, stamp {}), which is newer",
                        rumor.value, rumor.update, rumor.stamp, rumor.key, old.value, old.update, old.stamp
                    ),
                }),
                _ => Ok(()),
            },
            Fact::Removed(_) => Ok(()),
            Fact::Restarted { known, disk_is_new } => {
                let place = |key: u32| known.iter().find(|rumor| rumor.key == key).copied();
                let forgotten = self.forgotten(node, place).filter(|_| !disk_is_new);
                self.known.retain(|(other, _), _| *other != node);
                self.known.extend(known.iter().map(|rumor| ((node, rumor.key), *rumor)));
                forgotten.map_or(Ok(()), |evidence| Err(Broken { property: NO_FORGETTING, evidence }))
            }
        }
    }
}
