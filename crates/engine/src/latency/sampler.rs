//! What the engine draws latencies from: the exact arithmetic for the distributions that have one, a [`Table`] for the smooth
//! ones, the samples themselves for one with steps, and for a mixture all of these.
//!
//! It is deliberately without state and without floating point, and it never fails: what could be wrong was refused before it
//! was built.

use std::sync::Arc;

use super::Distribution;
use super::parts::{Part, Shape};
use super::table::Table;
use crate::random::lane;

/// A valid distribution, ready to be sampled.
///
/// Constant and uniform are exact, to the last nanosecond, and take no table: a run of constant latencies stays in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampler {
    low_ns: u64,
    /// The greatest latency less the least: 0 for a constant.
    span_ns: u64,
    /// What is neither constant nor uniform; then the rest has no meaning. Apart and shared, so that the commonest form takes one
    /// comparison, and a table is there once however many links have it.
    form: Option<Arc<Form>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Form {
    Table(Table),
    /// Ascending, at least one.
    Steps(Arc<[u64]>),
    Mixture(Mixture),
}

/// The components of a mixture.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mixture {
    /// Where, out of 2^64, the share of each component but the last ends; never descending.
    ends: Vec<u64>,
    /// At least one; none a mixture, so that the lane is asked once.
    components: Vec<Sampler>,
}

/// The lane of a latency's draw that chooses a mixture's component. The latency itself takes the draw, and the network, which
/// decides the message's fate by other lanes of the same draw, counts its own from 1.
const COMPONENT: u32 = 1 << 16;

impl Sampler {
    /// The sampler of a distribution. Takes up to a millisecond for each component: build it once and share it.
    ///
    /// # Panics
    /// If the distribution is not valid: whoever took it from a user has asked [`Distribution::validate`].
    pub fn new(distribution: &Distribution) -> Sampler {
        let parts = distribution.valid_parts();
        match &parts[..] {
            [part] => Sampler::of(&part.shape),
            _ => Sampler::formed(Form::Mixture(Mixture::new(&parts))),
        }
    }

    fn of(shape: &Shape) -> Sampler {
        match shape {
            Shape::Even { low_ns, high_ns } => Sampler { low_ns: *low_ns, span_ns: high_ns - low_ns, form: None },
            Shape::Steps(samples_ns) => Sampler::formed(Form::Steps(samples_ns.clone())),
            Shape::Smooth(window) => Sampler::formed(Form::Table(Table::new(|end, p| window.tail_ns(end, p)))),
        }
    }

    fn formed(form: Form) -> Sampler {
        Sampler { low_ns: 0, span_ns: 0, form: Some(Arc::new(form)) }
    }

    /// The latency in nanoseconds at this draw of 64 uniform bits. Unless it is a mixture's, a greater draw never gives a
    /// smaller latency.
    #[inline(always)]
    pub fn sample(&self, draw: u64) -> u64 {
        match &self.form {
            None => self.low_ns + scale(draw, self.span_ns),
            Some(form) => form.sample(draw),
        }
    }

    /// The latency if it is always the same: then nobody needs to draw.
    pub fn constant(&self) -> Option<u64> {
        (self.form.is_none() && self.span_ns == 0).then_some(self.low_ns)
    }
}

impl Form {
    #[inline]
    fn sample(&self, draw: u64) -> u64 {
        match self {
            Form::Table(table) => table.sample(draw),
            Form::Steps(_) | Form::Mixture(_) => self.sample_apart(draw),
        }
    }

    /// Apart from [`Form::sample`], so that what is inlined at every send stays small.
    #[inline(never)]
    fn sample_apart(&self, draw: u64) -> u64 {
        match self {
            Form::Steps(samples_ns) => samples_ns[scale(draw, samples_ns.len() as u64 - 1) as usize],
            Form::Mixture(mixture) => mixture.component(lane(draw, COMPONENT)).sample(draw),
            Form::Table(_) => unreachable!("sampled where it is asked for"),
        }
    }
}

impl Mixture {
    fn new(parts: &[Part]) -> Mixture {
        let mut share_before = 0.0;
        let end = |part: &Part| {
            share_before += part.share;
            (share_before * 18_446_744_073_709_551_616.0) as u64
        };
        // The last takes what is left, so that rounding leaves no draw without a component.
        let ends = parts[..parts.len() - 1].iter().map(end).collect();
        Mixture { ends, components: parts.iter().map(|part| Sampler::of(&part.shape)).collect() }
    }

    fn component(&self, pick: u64) -> &Sampler {
        &self.components[self.ends.partition_point(|&end| end <= pick)]
    }
}

/// `draw` × (`span` + 1) / 2^64, also where `span` + 1 is itself 2^64. No alternative is likelier than another by more than
/// 2^-64, which is why nothing is refused here: at a latency's scale that is exact.
#[inline]
fn scale(draw: u64, span: u64) -> u64 {
    let product = u128::from(draw) * u128::from(span) + u128::from(draw);
    (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(distribution: Distribution) -> Sampler {
        Sampler::new(&distribution)
    }

    #[test]
    fn a_constant_is_constant() {
        for ns in [0, 1, 5_000_000, u64::MAX] {
            let constant = sampler(Distribution::Constant { ns });
            assert_eq!([0, 1 << 63, u64::MAX].map(|draw| constant.sample(draw)), [ns; 3]);
            assert_eq!(constant.constant(), Some(ns));
        }
        assert_eq!(sampler(Distribution::Uniform { low_ns: 1, high_ns: 2 }).constant(), None);
    }

    #[test]
    fn a_uniform_latency_reaches_every_nanosecond_equally() {
        let die = sampler(Distribution::Uniform { low_ns: 1, high_ns: 6 });
        let mut counts = [0; 7];
        for draw in 0..6_000 {
            counts[die.sample(draw * (u64::MAX / 6_000)) as usize] += 1;
        }
        assert!(counts[1..].iter().all(|count| (999..=1_001).contains(count)) && counts[0] == 0, "{counts:?}");
    }

    #[test]
    fn a_uniform_latency_keeps_its_bounds() {
        for (low_ns, high_ns) in [(0, 0), (0, 1), (7, 7), (1_000_000, 10_000_000), (0, u64::MAX), (u64::MAX, u64::MAX)] {
            let uniform = sampler(Distribution::Uniform { low_ns, high_ns });
            assert_eq!((uniform.sample(0), uniform.sample(u64::MAX)), (low_ns, high_ns));
        }
    }

    #[test]
    #[should_panic(expected = "the lower bound, 2ns, is above the upper bound, 1ns")]
    fn wrong_parameters_make_no_sampler() {
        sampler(Distribution::Uniform { low_ns: 2, high_ns: 1 });
    }
}
