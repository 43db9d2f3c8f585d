//! Why parameters are not those of a distribution, in words that say what would be right. Where they stand is for whoever
//! read them to say.

use std::fmt;

use super::Distribution;
use crate::time::show;

/// Why parameters are not those of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields are the offending parameters, named as in the distribution")]
pub enum InvalidDistribution {
    /// A uniform distribution's bounds, or those of a truncation, are the wrong way round.
    LowAboveHigh { low_ns: u64, high_ns: u64 },
    /// A lognormal distribution cannot have a median of zero.
    ZeroMedian,
    /// A lognormal distribution's 99th percentile cannot be below its median.
    P99BelowMedian { median_ns: u64, p99_ns: u64 },
    /// A lognormal distribution's logarithm leads outside the representable latencies.
    LogarithmOutOfRange,
    /// An exponential distribution cannot have a mean of zero.
    ZeroMean,
    /// A Pareto distribution cannot begin at zero.
    ZeroScale,
    /// A Pareto distribution's shape is a number above zero.
    ShapeOutOfRange { shape: f64 },
    /// A mixture of nothing.
    NoComponents,
    /// A mixture of so many components that their tables would be a burden.
    TooManyComponents { count: usize },
    /// A weight is a number above zero.
    WeightOutOfRange { weight: f64 },
    /// A weight is next to nothing beside the sum of all.
    WeightTooSmall { weight: f64, sum: f64 },
    /// An empirical distribution without samples.
    NoSamples,
    /// An empirical distribution of too many samples.
    TooManySamples { count: usize },
    /// An empirical distribution's samples must ascend; the one with this index is below the one before.
    SamplesDescend { at: usize },
    /// A shift leads beyond the representable latencies.
    ShiftTooFar { by_ns: u64, greatest_ns: u64 },
    /// A truncation without bounds.
    NoBounds,
    /// A truncation leaves too little.
    LittleInside { low_ns: Option<u64>, high_ns: Option<u64>, inside: f64 },
}

impl fmt::Display for InvalidDistribution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&match *self {
            InvalidDistribution::LowAboveHigh { low_ns, high_ns } => {
                format!("the lower bound, {}, is above the upper bound, {}", show(low_ns), show(high_ns))
            }
            InvalidDistribution::ZeroMedian => "the median of a lognormal latency is 0; it must be at least 1ns".to_string(),
            InvalidDistribution::P99BelowMedian { median_ns, p99_ns } => {
                format!("the 99th percentile, {}, is below the median, {}", show(p99_ns), show(median_ns))
            }
            InvalidDistribution::LogarithmOutOfRange => {
                "the logarithm's standard deviation must be at least 0, and median and 99th percentile within 1ns to 584 years"
                    .to_string()
            }
            InvalidDistribution::ZeroMean => {
                "the mean of an exponential latency is 0; it must be at least 1ns, or the latency constant".to_string()
            }
            InvalidDistribution::ZeroScale => {
                "the scale of a Pareto latency, which is the least latency, is 0; it must be at least 1ns".to_string()
            }
            InvalidDistribution::ShapeOutOfRange { shape } => {
                format!("the shape of a Pareto latency is {shape}; it must be a number above 0, and above 1 for a finite mean")
            }
            InvalidDistribution::NoComponents => "a mixture of nothing; it needs at least one component".to_string(),
            InvalidDistribution::TooManyComponents { count } => format!(
                "a mixture of {count} components, those of mixtures inside it included; at most {} are possible",
                Distribution::COMPONENTS_MAX
            ),
            InvalidDistribution::WeightOutOfRange { weight } => {
                format!("the weight of a component is {weight}; it must be a number above 0, and at most 1e300")
            }
            InvalidDistribution::WeightTooSmall { weight, sum } => format!(
                "the weight {weight} is next to nothing beside the sum of all weights, {sum}, and would never be drawn; it must be \
                 at least {:e} of the sum, or the component left out",
                Distribution::SHARE_MIN
            ),
            InvalidDistribution::NoSamples => "there are no samples; an empirical latency needs at least one".to_string(),
            InvalidDistribution::TooManySamples { count } => {
                format!("there are {count} samples; an empirical latency has at most {}", Distribution::SAMPLES_MAX)
            }
            InvalidDistribution::SamplesDescend { at } => format!("sample {at} is below the one before; samples must ascend"),
            InvalidDistribution::ShiftTooFar { by_ns, greatest_ns } => format!(
                "a shift by {} leads beyond 584 years, the most that fits: what is shifted reaches {}",
                show(by_ns),
                show(greatest_ns)
            ),
            InvalidDistribution::NoBounds => "a truncation needs a bound: low, high or both".to_string(),
            InvalidDistribution::LittleInside { low_ns, high_ns, inside } => little_inside(&range(low_ns, high_ns), inside),
        })
    }
}

fn little_inside(range: &str, inside: f64) -> String {
    let least = Distribution::INSIDE_MIN;
    let part = if inside > 0.0 { format!("only {inside:.1e}") } else { "nothing".to_string() };
    format!("{part} of the latency lies {range}; a truncation must leave at least {least:e} of it: widen the bounds")
}

fn range(low_ns: Option<u64>, high_ns: Option<u64>) -> String {
    match (low_ns, high_ns) {
        (Some(low_ns), Some(high_ns)) => format!("within {} to {}", show(low_ns), show(high_ns)),
        (Some(low_ns), None) => format!("from {} on", show(low_ns)),
        (None, Some(high_ns)) => format!("up to {}", show(high_ns)),
        (None, None) => "anywhere".to_string(),
    }
}

impl std::error::Error for InvalidDistribution {}
