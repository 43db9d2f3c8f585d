//! The links: what becomes of one message. Rules answer in a fixed order (loss, delay, holding back, a second copy), each from
//! its own lane of the send's draw, so that switching one on shifts no other.

use crate::latency::Sampler;
use crate::random::{Probability, lane};
use crate::setup;
use crate::time::Nanos;

/// Lanes of a send's draw. The delay takes the draw itself.
const LOSS: u32 = 1;
const COPY: u32 = 2;
const COPY_DELAY: u32 = 3;
const HELD: u32 = 4;
const HELD_BY: u32 = 5;

/// The links' tables, built once a run.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    delay: Sampler,
    client_delay: Option<Sampler>,
    loss: Probability,
    duplication: Probability,
    held_back: Option<(Probability, Sampler)>,
    /// No rule but the delay applies.
    plain: bool,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fate {
    /// The delay of the message; `None` when it is lost.
    pub(crate) delay: Option<Nanos>,
    /// The delay of a second copy.
    pub(crate) copy: Option<Nanos>,
}

impl Links {
    pub(crate) fn new(network: &setup::Network) -> Links {
        Links {
            delay: Sampler::new(&network.latency),
            client_delay: network.client_latency.as_ref().map(Sampler::new),
            loss: network.loss,
            duplication: network.duplication,
            held_back: network.reordering.as_ref().map(|rule| (rule.probability, Sampler::new(&rule.extra))),
            plain: network.loss.is_never() && network.duplication.is_never() && network.reordering.is_none(),
        }
    }

    /// The delay of every message between replicas, when no rule but the delay applies.
    #[inline]
    pub(crate) fn plain_delay(&self) -> Option<&Sampler> {
        self.plain.then_some(&self.delay)
    }

    /// The fate of a message between replicas.
    pub(crate) fn fate(&self, draw: u64) -> Fate {
        self.judged(&self.delay, draw)
    }

    /// The fate of what a client says or is told; `None` when clients live beside their replica.
    pub(crate) fn client_fate(&self, draw: u64) -> Option<Fate> {
        let delay = self.client_delay.as_ref()?;
        Some(Fate { copy: None, ..self.judged(delay, draw) })
    }

    fn judged(&self, delay: &Sampler, draw: u64) -> Fate {
        if self.loss.strikes(lane(draw, LOSS)) {
            return Fate { delay: None, copy: None };
        }
        let held_by = match &self.held_back {
            Some((probability, extra)) if probability.strikes(lane(draw, HELD)) => extra.sample(lane(draw, HELD_BY)),
            _ => 0,
        };
        let copied = self.duplication.strikes(lane(draw, COPY));
        Fate {
            delay: Some(delay.sample(draw).saturating_add(held_by)),
            copy: copied.then(|| delay.sample(lane(draw, COPY_DELAY))),
        }
    }
}
