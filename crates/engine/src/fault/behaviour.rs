//! Byzantine behaviours: filters between what a node's protocol tells it to send and what leaves.

use crate::latency::Span;
use crate::random::Probability;
use std::fmt;

/// What a byzantine node does with the messages that its protocol tells it to send.
#[derive(Clone, PartialEq, Debug)]
pub enum Behaviour {
    /// It sends nothing, and answers no client.
    Silent,
    /// Everything leaves later.
    Delaying(Span),
    /// It tells the nodes with odd numbers, or those with even ones, as is drawn when it begins, what [`crate::Message::forge`] makes of
    /// its messages, and the others the truth.
    Equivocating,
    /// With this probability a message is followed by one that the node sent earlier, to whom it may concern.
    Replaying(Probability),
    /// With this probability a message has another content.
    Forging(Probability),
}

impl Behaviour {
    /// The name that scenario files and reports have.
    pub fn name(&self) -> &'static str {
        match self {
            Behaviour::Silent => "silent",
            Behaviour::Delaying(_) => "delaying",
            Behaviour::Equivocating => "equivocating",
            Behaviour::Replaying(_) => "replaying",
            Behaviour::Forging(_) => "forging",
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
