//! Links that get worse for a while, and the rules that they and every other link have in common.

use crate::id::NodeSet;
use crate::latency::Span;
use crate::random::Probability;
use crate::setup::Reordering;
use std::fmt;

/// What happens to messages on some links, on top of what those links do anyway.
#[derive(Clone, PartialEq, Debug)]
pub struct Degradation {
    /// Whose messages.
    pub from: NodeSet,
    /// To whom.
    pub to: NodeSet,
    /// And from them back.
    pub both_ways: bool,
    /// How much later they arrive.
    pub delay: Option<Span>,
    /// The probability that one is lost.
    pub loss: Probability,
    /// Losses that come in bursts.
    pub bursts: Option<Bursts>,
    /// The probability that one arrives twice.
    pub duplication: Probability,
    /// Some are held back.
    pub reordering: Option<Reordering>,
    /// Some arrive with another content.
    pub corruption: Option<Corruption>,
}

impl Degradation {
    /// One that does nothing to any message between two sets: to be built upon.
    pub fn nothing(from: NodeSet, to: NodeSet) -> Degradation {
        Degradation {
            from,
            to,
            both_ways: true,
            delay: None,
            loss: Probability::never(),
            bursts: None,
            duplication: Probability::never(),
            reordering: None,
            corruption: None,
        }
    }
}

/// Losses in bursts: a link is good or bad, and changes from one to the other from message to message (E. N. Gilbert, "Capacity
/// of a burst-noise channel", Bell System Technical Journal 39, 1960; E. O. Elliott, ibid. 42, 1963). Each ordered pair of
/// nodes has a link of its own, which is good at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bursts {
    /// The probability that a good link is bad from the next message on.
    pub begin: Probability,
    /// The probability that a bad link is good from the next message on.
    pub end: Probability,
    /// The probability that a good link loses a message.
    pub loss_good: Probability,
    /// The probability that a bad one does.
    pub loss_bad: Probability,
}

/// Messages whose content changes on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Corruption {
    /// The probability that a message's content changes.
    pub probability: Probability,
    /// The probability that its checksum does not tell; then the receiver gets what [`crate::Message::forge`] makes of it. All
    /// else is dropped on arrival.
    pub undetected: Probability,
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.both_ways { "--" } else { "->" };
        write!(f, "degrade {{{}}} {way} {{{}}}", self.from, self.to)?;
        let percent = |probability: Probability| probability.to_f64() * 100.0;
        if let Some(delay) = &self.delay {
            write!(f, ", {:.1} ms later", delay.distribution().quantile(0.5) / 1e6)?;
        }
        if !self.loss.is_never() {
            write!(f, ", {:.1} % lost", percent(self.loss))?;
        }
        if self.bursts.is_some() {
            f.write_str(", lost in bursts")?;
        }
        if !self.duplication.is_never() {
            write!(f, ", {:.1} % copied", percent(self.duplication))?;
        }
        if let Some(reordering) = &self.reordering {
            write!(f, ", {:.1} % held back", percent(reordering.probability))?;
        }
        if let Some(corruption) = &self.corruption {
            write!(f, ", {:.1} % corrupt", percent(corruption.probability))?;
        }
        Ok(())
    }
}
