//! What processes state.

use super::message::{Epoch, Posted};
use crate::order::deliveries::Step;
use quorate_engine::FactKind;

/// What a process states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It is about to send a message of its own to all.
    Broadcast(Posted),
    /// It has delivered a message with this number.
    Delivered(u64, Posted),
    /// It has come back and has delivered this one.
    Has(u64, Posted),
    /// It gives the numbers of a channel from now on.
    Sequences(u32, Epoch),
    /// It has promised who takes a channel over to accept nothing more of earlier epochs.
    Seals(u32, Epoch),
}

impl quorate_engine::Fact for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "sequences", summary: "A node gives the numbers of a channel from now on.", leads: true },
        FactKind { name: "seals", summary: "A node will accept nothing more of a channel's old sequencer.", leads: false },
        FactKind { name: "delivered", summary: "A node has delivered a message.", leads: false },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Sequences(..) => Some(0),
            Fact::Seals(..) => Some(1),
            Fact::Delivered(..) => Some(2),
            Fact::Broadcast(_) | Fact::Has(..) => None,
        }
    }
}

impl Fact {
    /// What it says of messages.
    pub(super) fn step(&self) -> Option<Step> {
        match *self {
            Fact::Broadcast(posted) => Some(Step::Broadcast { message: posted.id, channel: posted.channel }),
            Fact::Delivered(number, Posted { id, channel, .. }) => {
                Some(Step::Delivered { message: id, channel, number: Some(number) })
            }
            Fact::Has(number, Posted { id, channel, .. }) => Some(Step::Had { message: id, channel, number: Some(number) }),
            Fact::Sequences(..) | Fact::Seals(..) => None,
        }
    }
}
