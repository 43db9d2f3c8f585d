//! What processes state. The monitor is that of all broadcasts, [`crate::order::deliveries::Deliveries`].

use super::node::Member;
use super::options::Options;
use crate::order::deliveries::{Broadcasts, Order, Promises, Step};
use quorate_check::order::Scope;
use quorate_engine::{FactKind, Update};

/// A fact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A message of its own is on its disk, and is proposed: in that channel.
    Broadcast(Update, u32),
    /// A message is delivered in that channel, as its message of that number.
    Delivered(Update, u32, u64),
    /// It has come back, and its disk says that this was delivered.
    Had(Update, u32, u64),
    /// It leads the others, and what it appends is the order.
    Elected,
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "broadcast", summary: "a message of this process is proposed", leads: false },
        FactKind { name: "delivered", summary: "a message is delivered", leads: false },
        FactKind { name: "elected", summary: "a process leads: what it appends is the order", leads: true },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Broadcast(..) => Some(0),
            Fact::Delivered(..) => Some(1),
            Fact::Elected => Some(2),
            Fact::Had(..) => None,
        }
    }
}

impl Broadcasts for Member {
    fn promises(_: &Options) -> Promises {
        Promises { once: true, order: Order::Total, agreement: Some(Scope::All) }
    }

    fn step(fact: &Fact) -> Option<Step> {
        match *fact {
            Fact::Broadcast(message, channel) => Some(Step::Broadcast { message, channel }),
            Fact::Delivered(message, channel, number) => Some(Step::Delivered { message, channel, number: Some(number) }),
            Fact::Had(message, channel, number) => Some(Step::Had { message, channel, number: Some(number) }),
            Fact::Elected => None,
        }
    }

    fn is_out(&self) -> bool {
        self.has_lost_its_disk()
    }
}
