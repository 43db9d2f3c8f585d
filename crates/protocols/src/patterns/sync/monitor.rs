//! What nodes state of their registers, and the monitor that judges it: what is newer stays, over restarts too.

use super::message::Entry;
use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, NodeId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It has this under its key from now on, and tells others.
    Has(Entry),
    /// It has started again.
    Restarted {
        /// What its log gave it, by key.
        has: Vec<Entry>,
        /// Whether its disk was replaced: then nobody can expect anything of it.
        disk_is_new: bool,
    },
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "has", summary: "It has a newer value under a key.", leads: false },
        FactKind { name: "restarted", summary: "It has started again, with what its log holds.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Has(_) => 0,
            Fact::Restarted { .. } => 1,
        })
    }
}

/// Under each key the newest wins.
pub const NEWEST_WINS: &str = "newest-wins";
/// What a node told others it does not forget.
pub const NO_FORGETTING: &str = "no-forgetting";

/// What each node has under each key, by what it stated.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Copies {
    has: BTreeMap<(NodeId, u32), Entry>,
}

impl Monitor<Node> for Copies {
    const PROPERTIES: &'static [&'static str] = &[NEWEST_WINS, NO_FORGETTING];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Has(entry) => match self.has.insert((node, entry.key), *entry) {
                Some(old) if entry.age() < old.age() => Err(Broken {
                    property: NEWEST_WINS,
                    evidence: format!(
                        "{node} put {} ({}, stamp {}) under key {} in the place of {} ({}, stamp {}), which is newer",
                        entry.value, entry.update, entry.stamp, entry.key, old.value, old.update, old.stamp
                    ),
                }),
                _ => Ok(()),
            },
            Fact::Restarted { has, disk_is_new } => {
                let kept: BTreeMap<u32, &Entry> = has.iter().map(|entry| (entry.key, entry)).collect();
                let mine = self.has.range((node, 0)..=(node, u32::MAX)).map(|(_, entry)| entry);
                let mut lost = mine.filter(|had| kept.get(&had.key).is_none_or(|kept| kept.age() < had.age()));
                let lost = lost.next().filter(|_| !disk_is_new).copied();
                self.has.retain(|(other, _), _| *other != node);
                self.has.extend(has.iter().map(|entry| ((node, entry.key), *entry)));
                let Some(Entry { key, value, update, .. }) = lost else { return Ok(()) };
                let evidence = format!("{node} had {value} under key {key} ({update}), and after a restart nothing as new");
                Err(Broken { property: NO_FORGETTING, evidence })
            }
        }
    }
}
