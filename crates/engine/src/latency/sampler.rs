//! What the engine draws latencies from: the exact arithmetic for the distributions that have one, a [`Table`] for the rest.
//!
//! It is deliberately without state and without floating point, and it never fails: what could be wrong was refused before it
//! was built.

use super::{Distribution, Table};

/// A valid distribution, ready to be sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampler {
    form: Form,
}

/// Constant and uniform are exact, to the last nanosecond, and take no table: a run of constant latencies stays in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// `span` is the greatest latency less the least: 0 for a constant.
    Uniform {
        low_ns: u64,
        span_ns: u64,
    },
    Table(Table),
}

impl Sampler {
    /// The sampler of a distribution. Takes up to a millisecond: build it once and share it.
    ///
    /// # Panics
    /// If the distribution is not valid: whoever took it from a user has asked [`Distribution::validate`].
    pub fn new(distribution: &Distribution) -> Sampler {
        if let Err(error) = distribution.validate() {
            panic!("{distribution:?} is no distribution: {error}");
        }
        let form = match *distribution {
            Distribution::Constant { ns } => Form::Uniform { low_ns: ns, span_ns: 0 },
            Distribution::Uniform { low_ns, high_ns } => Form::Uniform { low_ns, span_ns: high_ns - low_ns },
            Distribution::Lognormal { .. } | Distribution::Exponential { .. } => Form::Table(Table::new(distribution)),
        };
        Sampler { form }
    }

    /// The latency in nanoseconds at this draw of 64 uniform bits; a greater draw never gives a smaller latency.
    #[inline]
    pub fn sample(&self, draw: u64) -> u64 {
        match &self.form {
            Form::Uniform { low_ns, span_ns } => low_ns + scale(draw, *span_ns),
            Form::Table(table) => table.sample(draw),
        }
    }

    /// The latency if it is always the same: then nobody needs to draw.
    pub fn constant(&self) -> Option<u64> {
        match self.form {
            Form::Uniform { low_ns, span_ns: 0 } => Some(low_ns),
            Form::Uniform { .. } | Form::Table(_) => None,
        }
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
    #[should_panic(expected = "the lower bound, 2 ns, is above the upper bound, 1 ns")]
    fn wrong_parameters_make_no_sampler() {
        sampler(Distribution::Uniform { low_ns: 2, high_ns: 1 });
    }
}
