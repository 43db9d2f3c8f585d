//! A distribution with what is drawn from it.

use super::{Distribution, Sampler};
use std::sync::{Arc, OnceLock};

/// A distribution of lengths of time that is ready to be drawn from. Clones share what was made of it: a table takes as long to make as
/// thousands of events, and a world that runs over a million seeds needs each but once.
#[derive(Clone, Debug)]
pub struct Span {
    distribution: Distribution,
    sampler: Arc<OnceLock<Sampler>>,
}

impl Span {
    /// Lengths by this distribution, which must be valid.
    pub fn of(distribution: Distribution) -> Span {
        Span { distribution, sampler: Arc::default() }
    }

    /// Always so many ns.
    pub fn constant(ns: u64) -> Span {
        Span::of(Distribution::Constant { ns })
    }

    /// What it is made of.
    pub fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// What is drawn from.
    ///
    /// # Panics
    /// If the distribution is not valid.
    pub(crate) fn sampler(&self) -> Sampler {
        self.made().clone()
    }

    /// The length at this draw of 64 uniform bits; who draws often keeps the sampler.
    pub(crate) fn sample(&self, draw: u64) -> u64 {
        self.made().sample(draw)
    }

    fn made(&self) -> &Sampler {
        self.sampler.get_or_init(|| Sampler::new(&self.distribution))
    }
}

impl From<Distribution> for Span {
    fn from(distribution: Distribution) -> Span {
        Span::of(distribution)
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Span) -> bool {
        self.distribution == other.distribution
    }
}
