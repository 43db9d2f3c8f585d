//! What may happen to a message on a link besides its delay. Links have these rules always, degradations for a while. They answer in a
//! fixed order, each from its own lane of the crossing's draw, so that switching one on shifts no other.

use crate::collections::HashMap;
use crate::fault::{Bursts, Corruption, Degradation};
use crate::id::NodeId;
use crate::latency::{Sampler, Span};
use crate::random::{Probability, lane};
use crate::setup;
use crate::time::Nanos;

/// Lanes of a crossing's draw. The delay takes the draw itself.
const LOSS: u32 = 1;
const COPY: u32 = 2;
pub(super) const COPY_DELAY: u32 = 3;
const HELD: u32 = 4;
const HELD_BY: u32 = 5;
const BURST: u32 = 6;
const BURST_LOSS: u32 = 7;
const CORRUPT: u32 = 8;
const UNDETECTED: u32 = 9;
const LIE: u32 = 10;
const LATER: u32 = 11;

/// The rules of links of one kind.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    loss: Probability,
    bursts: Option<Bursts>,
    duplication: Probability,
    held_back: Option<(Probability, Sampler)>,
    corruption: Option<Corruption>,
    later: Option<Sampler>,
}

/// What the rules say of one message.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Ruling {
    pub(super) lost: bool,
    /// How much later it arrives.
    pub(super) later: Nanos,
    pub(super) copied: bool,
    pub(super) altered: Option<Altered>,
}

/// A message whose content has changed on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Altered {
    /// Its checksum tells.
    Detected,
    /// Its checksum does not; this chooses the content.
    Forged(u64),
}

/// Which links are bad now, of those whose losses come in bursts. Never iterated.
pub(super) type Bad = HashMap<(NodeId, NodeId), bool>;

impl Rules {
    pub(super) fn of_link(link: &setup::Link) -> Rules {
        Rules {
            loss: link.loss,
            bursts: link.bursts,
            duplication: link.duplication,
            held_back: link.reordering.as_ref().map(|rule| (rule.probability, rule.extra.sampler())),
            corruption: link.corruption,
            later: None,
        }
    }

    pub(super) fn of_degradation(degradation: &Degradation) -> Rules {
        Rules {
            loss: degradation.loss,
            bursts: degradation.bursts,
            duplication: degradation.duplication,
            held_back: degradation.reordering.as_ref().map(|rule| (rule.probability, rule.extra.sampler())),
            corruption: degradation.corruption,
            later: degradation.delay.as_ref().map(Span::sampler),
        }
    }

    /// Whether every message passes unharmed.
    pub(super) fn are_silent(&self) -> bool {
        self.loss.is_never()
            && self.bursts.is_none()
            && self.duplication.is_never()
            && self.held_back.is_none()
            && self.corruption.is_none()
            && self.later.is_none()
    }

    /// Judges the message of that draw over the link between these two.
    pub(super) fn judge(&self, from: NodeId, to: NodeId, draw: u64, bad: &mut Bad) -> Ruling {
        let burst = self.bursts.is_some_and(|bursts| bursts.lose(bad.entry((from, to)).or_insert(false), draw));
        if burst || self.loss.strikes(lane(draw, LOSS)) {
            return Ruling { lost: true, ..Ruling::default() };
        }
        let held_by = match &self.held_back {
            Some((probability, extra)) if probability.strikes(lane(draw, HELD)) => extra.sample(lane(draw, HELD_BY)),
            _ => 0,
        };
        let later = self.later.as_ref().map_or(0, |later| later.sample(lane(draw, LATER)));
        Ruling {
            lost: false,
            later: held_by.saturating_add(later),
            copied: self.duplication.strikes(lane(draw, COPY)),
            altered: self.alter(draw),
        }
    }

    /// What becomes of the content; it does not depend on what else happens to the message.
    pub(super) fn alter(&self, draw: u64) -> Option<Altered> {
        let corruption = self.corruption.filter(|corruption| corruption.probability.strikes(lane(draw, CORRUPT)))?;
        Some(match corruption.undetected.strikes(lane(draw, UNDETECTED)) {
            true => Altered::Forged(lane(draw, LIE)),
            false => Altered::Detected,
        })
    }
}

impl Bursts {
    /// Whether the link, good or bad, loses the message of that draw; and whether it is bad from the next one on.
    fn lose(&self, bad: &mut bool, draw: u64) -> bool {
        let (loss, change) = if *bad { (self.loss_bad, self.end) } else { (self.loss_good, self.begin) };
        *bad ^= change.strikes(lane(draw, BURST));
        loss.strikes(lane(draw, BURST_LOSS))
    }
}
