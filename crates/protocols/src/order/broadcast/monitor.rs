//! What a process states. The monitor is that of all broadcasts, [`Deliveries`].

use super::node::Process;
use super::options::{Guarantee, Options};
use crate::order::deliveries::{Broadcasts, Order, Promises, Step};
use quorate_check::order::Scope;
use quorate_engine::{FactKind, NodeId, Update};

/// A fact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A message of its own is on its disk, and goes out to all.
    Broadcast(Update, u32),
    /// A message is delivered, in that channel: the disk says so.
    Delivered(Update, u32),
    /// It has come back, and its disk says that this was delivered.
    Had(Update, u32),
    /// A message has arrived, and must wait for others.
    Held(Update),
    /// It passes on what this one has broadcast, of which it has not heard for some time.
    Suspected(NodeId),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "broadcast", summary: "a message of this process goes out to all", leads: false },
        FactKind { name: "delivered", summary: "a message is delivered", leads: false },
        FactKind { name: "held", summary: "a message has arrived and must wait for others before it is delivered", leads: false },
        FactKind { name: "suspected", summary: "another process has been silent for too long", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Broadcast(..) => Some(0),
            Fact::Delivered(..) => Some(1),
            Fact::Held(_) => Some(2),
            Fact::Suspected(_) => Some(3),
            Fact::Had(..) => None,
        }
    }
}

impl Broadcasts for Process {
    fn promises(options: &Options) -> Promises {
        let (order, agreement) = match options.guarantee {
            Guarantee::BestEffort => (Order::Any, None),
            Guarantee::Reliable => (Order::Any, Some(Scope::Correct)),
            Guarantee::Uniform => (Order::Any, Some(Scope::All)),
            Guarantee::Fifo => (Order::Fifo, Some(Scope::Correct)),
            Guarantee::Causal => (Order::Causal, Some(Scope::Correct)),
            Guarantee::Total => (Order::Total, Some(Scope::All)),
        };
        Promises { once: true, order, agreement }
    }

    fn step(fact: &Fact) -> Option<Step> {
        match *fact {
            Fact::Broadcast(message, channel) => Some(Step::Broadcast { message, channel }),
            Fact::Delivered(message, channel) => Some(Step::Delivered { message, channel, number: None }),
            Fact::Had(message, channel) => Some(Step::Had { message, channel, number: None }),
            Fact::Held(_) | Fact::Suspected(_) => None,
        }
    }

    fn is_out(&self) -> bool {
        self.has_lost_its_disk()
    }
}
