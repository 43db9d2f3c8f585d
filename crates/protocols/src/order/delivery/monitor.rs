//! What nodes state. The monitor is that of all broadcasts, [`crate::order::deliveries::Deliveries`]: a message to one node is a broadcast in
//! that node's channel.

use super::node::Node;
use super::options::{Guarantee, Options};
use crate::order::deliveries::{Broadcasts, Order, Promises, Step};
use quorate_engine::{FactKind, NodeId, Update};

/// A fact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A message goes out to that node.
    Sent(Update, NodeId),
    /// It is delivered there, for the first time or not.
    Delivered(Update, NodeId),
    /// That node has come back, and its disk says that it had delivered it.
    Had(Update, NodeId),
    /// It had been delivered, and was not again.
    TurnedAway(Update),
    /// The sender knows that its message is delivered.
    Confirmed(Update),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "sent", summary: "a message goes out", leads: false },
        FactKind { name: "delivered", summary: "a message is delivered", leads: false },
        FactKind { name: "turned-away", summary: "a message arrives again and is not delivered again", leads: false },
        FactKind { name: "confirmed", summary: "a sender knows that its message is delivered", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Sent(..) => Some(0),
            Fact::Delivered(..) => Some(1),
            Fact::TurnedAway(_) => Some(2),
            Fact::Confirmed(_) => Some(3),
            Fact::Had(..) => None,
        }
    }
}

impl Broadcasts for Node {
    fn promises(options: &Options) -> Promises {
        Promises { once: options.guarantee == Guarantee::ExactlyOnce, order: Order::Any, agreement: None }
    }

    fn step(fact: &Fact) -> Option<Step> {
        match *fact {
            Fact::Sent(message, to) => Some(Step::Broadcast { message, channel: to.0 }),
            Fact::Delivered(message, at) => Some(Step::Delivered { message, channel: at.0, number: None }),
            Fact::Had(message, at) => Some(Step::Had { message, channel: at.0, number: None }),
            Fact::TurnedAway(_) | Fact::Confirmed(_) => None,
        }
    }

    fn hears(_: &Options, node: NodeId, _: u32, channel: u32) -> bool {
        node.0 == channel
    }

    fn is_out(&self) -> bool {
        self.has_lost_its_disk()
    }
}
