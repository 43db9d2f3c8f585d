//! What the worker and coordinators state of items and jobs, and the monitor that counts.

use super::message::Name;
use super::node::Node;
use super::options::Options;
use quorate_engine::{Broken, FactKind, Monitor, NodeId, OpId};
use std::collections::BTreeMap;

/// What a node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// The worker: the item's result is on disk.
    Processed(Name),
    /// The worker has started again, with these results on its disk.
    Opened(Vec<Name>),
    /// A coordinator: the job of so many items is finished, as far as it knows.
    Finished(OpId, u32),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "processed", summary: "The worker has processed an item.", leads: false },
        FactKind { name: "opened", summary: "The worker has read what it has processed, and serves.", leads: true },
        FactKind { name: "finished", summary: "A coordinator knows that a job is finished.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        Some(match self {
            Fact::Processed(_) => 0,
            Fact::Opened(_) => 1,
            Fact::Finished(..) => 2,
        })
    }

    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Processed(_))
    }
}

/// No item is processed more than once.
pub const PROCESSED_ONCE: &str = "processed-once";
/// What is said to be finished is processed.
pub const FINISHED_IS_PROCESSED: &str = "finished-is-processed";

/// How often each item was processed.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Results {
    times: BTreeMap<Name, u32>,
}

impl Results {
    /// How often items were processed beyond the first time.
    pub(super) fn again(&self) -> u64 {
        self.times.values().map(|times| u64::from(times - 1)).sum()
    }

    /// How many items were processed.
    pub(super) fn processed(&self) -> usize {
        self.times.len()
    }

    fn count(&mut self, name: Name) -> Result<(), Broken> {
        let times = self.times.entry(name).or_default();
        *times += 1;
        if *times < 2 {
            return Ok(());
        }
        let evidence = format!("item {} of job {} is processed {times} times", name.place, name.job.0);
        Err(Broken { property: PROCESSED_ONCE, evidence })
    }
}

impl Monitor<Node> for Results {
    const PROPERTIES: &'static [&'static str] = &[PROCESSED_ONCE, FINISHED_IS_PROCESSED];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Processed(name) => self.count(*name),
            Fact::Opened(names) => {
                self.times.clear();
                let counted: Vec<_> = names.iter().map(|name| self.count(*name)).collect();
                counted.into_iter().collect()
            }
            Fact::Finished(job, items) => {
                let mut without = (0..*items).filter(|place| !self.times.contains_key(&Name { job: *job, place: *place }));
                let Some(first) = without.next() else { return Ok(()) };
                let evidence = format!(
                    "{node} says that job {} is finished, and {} of its {items} items are not processed, the first item {first}",
                    job.0,
                    1 + without.count()
                );
                Err(Broken { property: FINISHED_IS_PROCESSED, evidence })
            }
        }
    }
}
