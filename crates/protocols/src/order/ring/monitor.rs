//! What a process states, and the monitor: that of all broadcasts, and that no number is given twice.

use super::message::{Generation, Place};
use super::node::Process;
use super::options::Options;
use crate::order::deliveries::{Broadcasts, Deliveries, NO_CREATION, NO_DUPLICATION, ORDERED, Order, Promises, Step};
use quorate_check::order::Scope;
use quorate_engine::{Broken, FactKind, Monitor, NodeId, Update};
use std::collections::{BTreeMap, BTreeSet};

/// A fact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A message of this process is on its disk, and waits for a number.
    Broadcast(Update),
    /// A message has this number, from this token; the giver's disk says so.
    Numbered(Generation, u64, Update),
    /// The message of this number is delivered: the disk says so.
    Delivered(u64, Update),
    /// The process has come back, and its disk says that this was delivered.
    Has(u64, Update),
    /// It has the token now.
    Took(Place),
    /// The token is where its ring begins, for so many times.
    Rotated(Generation, u64),
    /// It has made a new token, which gives this number next; so many messages that were not stable it has found.
    Regenerated(Generation, u64, u64),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "broadcast", summary: "a message of this process is on its disk, and waits for a number", leads: false },
        FactKind { name: "numbered", summary: "a message has got its number", leads: false },
        FactKind { name: "delivered", summary: "a message is delivered", leads: false },
        FactKind { name: "took-token", summary: "the process has the token now", leads: true },
        FactKind { name: "regenerated", summary: "a token was lost, and this process has made a new one", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Broadcast(_) => Some(0),
            Fact::Numbered(..) => Some(1),
            Fact::Delivered(..) => Some(2),
            Fact::Took(_) => Some(3),
            Fact::Regenerated(..) => Some(4),
            Fact::Has(..) | Fact::Rotated(..) => None,
        }
    }

    /// Hops are counted, and too many to be kept.
    fn is_kept(&self) -> bool {
        !matches!(self, Fact::Took(_))
    }
}

impl Broadcasts for Process {
    fn promises(_: &Options) -> Promises {
        Promises { once: true, order: Order::Total, agreement: Some(Scope::All) }
    }

    fn step(fact: &Fact) -> Option<Step> {
        match *fact {
            Fact::Broadcast(message) => Some(Step::Broadcast { message, channel: 0 }),
            Fact::Delivered(number, message) => Some(Step::Delivered { message, channel: 0, number: Some(number) }),
            Fact::Has(number, message) => Some(Step::Had { message, channel: 0, number: Some(number) }),
            Fact::Numbered(..) | Fact::Took(_) | Fact::Rotated(..) | Fact::Regenerated(..) => None,
        }
    }

    fn is_out(&self) -> bool {
        self.is_out
    }
}

/// No token gives a number to two messages.
pub const NUMBERED_ONCE: &str = "numbered-once";

/// What was broadcast, numbered and delivered so far.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Watch {
    deliveries: Deliveries,
    given: BTreeMap<(Generation, u64), Update>,
    /// How many numbers each process gave.
    pub(super) givers: BTreeMap<NodeId, u64>,
    /// How often somebody got the token.
    pub(super) hops: u64,
}

impl Watch {
    /// How many messages have got a number.
    pub(super) fn numbered(&self) -> usize {
        self.given.values().collect::<BTreeSet<&Update>>().len()
    }
}

impl AsRef<Deliveries> for Watch {
    fn as_ref(&self) -> &Deliveries {
        &self.deliveries
    }
}

impl Monitor<Process> for Watch {
    const PROPERTIES: &'static [&'static str] = &[NO_CREATION, NO_DUPLICATION, ORDERED, NUMBERED_ONCE];

    fn fact(&mut self, options: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::Numbered(generation, number, message) => {
                *self.givers.entry(node).or_default() += 1;
                let first = *self.given.entry((*generation, *number)).or_insert(*message);
                if first == *message {
                    return Ok(());
                }
                let evidence = format!("{message} gets number {number}, which {first} has from the same token");
                Err(Broken { property: NUMBERED_ONCE, evidence })
            }
            Fact::Took(_) => {
                self.hops += 1;
                Ok(())
            }
            _ => Monitor::<Process>::fact(&mut self.deliveries, options, node, fact),
        }
    }
}
