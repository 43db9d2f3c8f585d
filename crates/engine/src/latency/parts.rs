//! What a distribution comes to once truncations, shifts and nested mixtures are carried out: a mixture of simple shapes, each
//! of which can be drawn from. Most distributions are one part.
//!
//! That order matters: a truncated mixture is the mixture of the truncated components, each weighted with what the bounds left
//! of it. So a table is only ever made of one smooth law, whose quantile is exact.

use std::sync::Arc;

use super::distribution::{Component, Distribution, End};
use super::invalid::InvalidDistribution;
use super::law::Law;
use super::window::Window;

/// One of the simple shapes, and its part of all draws. Invariant of a list: the shares add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) share: f64,
    pub(super) shape: Shape,
}

/// What is drawn from in one way or another. Invariant: valid.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Every whole nanosecond between the bounds, themselves included, equally likely.
    Even { low_ns: u64, high_ns: u64 },
    /// Every sample equally likely. Invariant: ascending, at least one.
    Steps(Arc<[u64]>),
    /// A continuous law, rounded to nanoseconds when drawn.
    Smooth(Window),
}

/// The mixture of the components: those of a mixture inside are components like all others.
pub(super) fn mixed(components: &[Component]) -> Result<Vec<Part>, InvalidDistribution> {
    components.iter().try_for_each(Component::validate_weight)?;
    let weights = || components.iter().map(|component| component.weight);
    let sum = weights().sum();
    if let Some(weight) = weights().find(|weight| weight / sum < Distribution::SHARE_MIN) {
        return Err(InvalidDistribution::WeightTooSmall { weight, sum });
    }
    let mut mixed = Vec::with_capacity(components.len());
    for Component { weight, latency } in components {
        let share = |part: Part| Part { share: part.share * (weight / sum), ..part };
        mixed.extend(latency.parts()?.into_iter().map(share));
    }
    match mixed.len() {
        0 => Err(InvalidDistribution::NoComponents),
        count if count > Distribution::COMPONENTS_MAX => Err(InvalidDistribution::TooManyComponents { count }),
        _ => Ok(mixed),
    }
}

/// All of it so much later.
pub(super) fn shifted(parts: Vec<Part>, by_ns: u64) -> Result<Vec<Part>, InvalidDistribution> {
    let shift = |part: Part| Ok(Part { shape: part.shape.shifted(by_ns)?, ..part });
    parts.into_iter().map(shift).collect()
}

/// All of it on condition that it lies within the bounds.
pub(super) fn truncated(parts: Vec<Part>, low_ns: Option<u64>, high_ns: Option<u64>) -> Result<Vec<Part>, InvalidDistribution> {
    match (low_ns, high_ns) {
        (None, None) => return Err(InvalidDistribution::NoBounds),
        (Some(low_ns), Some(high_ns)) if low_ns > high_ns => return Err(InvalidDistribution::LowAboveHigh { low_ns, high_ns }),
        _ => {}
    }
    let cut = |part: Part| {
        let (inside, shape) = part.shape.within(low_ns.unwrap_or(0), high_ns)?;
        Some(Part { share: part.share * inside, shape })
    };
    let mut left: Vec<Part> = parts.into_iter().filter_map(cut).collect();
    let inside: f64 = left.iter().map(|part| part.share).sum();
    if inside < Distribution::INSIDE_MIN {
        return Err(InvalidDistribution::LittleInside { low_ns, high_ns, inside });
    }
    left.iter_mut().for_each(|part| part.share /= inside);
    Ok(left)
}

/// The latency beyond which, seen from `end`, lies probability `p`, in 0 to 1/2.
pub(super) fn tail(parts: &[Part], end: End, p: f64) -> f64 {
    if let [part] = parts {
        return part.shape.tail(end, p);
    }
    let beyond = |x| parts.iter().map(|part| part.share * part.shape.beyond(end, x)).sum::<f64>();
    let reached = |bits| match end {
        End::Lower => beyond(f64::from_bits(bits)) >= p,
        End::Upper => beyond(f64::from_bits(bits)) <= p,
    };
    // It lies between the components' own. As bits, latencies keep their order, up to infinity, and halve into their last one.
    let tails = || parts.iter().map(|part| part.shape.tail(end, p).abs().to_bits());
    let (mut low, mut high) = (tails().min().unwrap_or(0), tails().max().unwrap_or(0));
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle) { high = middle } else { low = middle + 1 }
    }
    f64::from_bits(high)
}

/// The mean; infinite where one part's is.
pub(super) fn mean(parts: &[Part]) -> f64 {
    match parts {
        [part] => part.shape.mean(),
        parts => parts.iter().map(|part| part.share * part.shape.mean()).sum(),
    }
}

impl Shape {
    pub(super) fn constant(ns: u64) -> Shape {
        Shape::Even { low_ns: ns, high_ns: ns }
    }

    /// The law, on condition that it is not negative.
    pub(super) fn smooth(law: Law) -> Shape {
        Shape::Smooth(Window::of(law))
    }

    fn shifted(self, by_ns: u64) -> Result<Shape, InvalidDistribution> {
        let greatest_ns = match &self {
            Shape::Even { high_ns, .. } => *high_ns,
            Shape::Steps(samples_ns) => samples_ns[samples_ns.len() - 1],
            Shape::Smooth(window) => window.bound_ns(),
        };
        if by_ns.checked_add(greatest_ns).is_none() {
            return Err(InvalidDistribution::ShiftTooFar { by_ns, greatest_ns });
        }
        Ok(match self {
            Shape::Even { low_ns, high_ns } => Shape::Even { low_ns: low_ns + by_ns, high_ns: high_ns + by_ns },
            Shape::Steps(samples_ns) => Shape::Steps(samples_ns.iter().map(|ns| ns + by_ns).collect()),
            Shape::Smooth(window) => Shape::Smooth(window.shifted(by_ns)),
        })
    }

    /// What of it lies within bounds, and which part that is; `None` if it is nothing.
    fn within(&self, low_ns: u64, high_ns: Option<u64>) -> Option<(f64, Shape)> {
        match self {
            Shape::Even { low_ns: least, high_ns: greatest } => {
                let (low_ns, high_ns) = (low_ns.max(*least), high_ns.map_or(*greatest, |high_ns| high_ns.min(*greatest)));
                let count = |low: u64, high: u64| (high - low) as f64 + 1.0;
                (low_ns <= high_ns).then(|| (count(low_ns, high_ns) / count(*least, *greatest), Shape::Even { low_ns, high_ns }))
            }
            Shape::Steps(samples_ns) => {
                let from = samples_ns.partition_point(|&ns| ns < low_ns);
                let to = high_ns.map_or(samples_ns.len(), |high_ns| samples_ns.partition_point(|&ns| ns <= high_ns));
                let inside = samples_ns.get(from..to).filter(|inside| !inside.is_empty())?;
                Some((inside.len() as f64 / samples_ns.len() as f64, Shape::Steps(inside.into())))
            }
            Shape::Smooth(window) => window.within(low_ns, high_ns).map(|(part, window)| (part, Shape::Smooth(window))),
        }
    }

    /// The latency beyond which, seen from `end`, lies probability `p`.
    pub(super) fn tail(&self, end: End, p: f64) -> f64 {
        match (self, end) {
            (Shape::Even { low_ns, high_ns }, End::Lower) => *low_ns as f64 + (high_ns - low_ns) as f64 * p,
            (Shape::Even { low_ns, high_ns }, End::Upper) => *high_ns as f64 - (high_ns - low_ns) as f64 * p,
            (Shape::Steps(samples_ns), end) => {
                let (count, last) = (samples_ns.len() as f64, samples_ns.len() - 1);
                let index = match end {
                    End::Lower => (libm::ceil(count * p) as usize).saturating_sub(1),
                    End::Upper => last.saturating_sub((count * p) as usize),
                };
                samples_ns[index.min(last)] as f64
            }
            (Shape::Smooth(window), end) => window.tail(end, p),
        }
    }

    /// The probability of what lies beyond `x`, seen from `end`; `x` itself counts as below.
    pub(super) fn beyond(&self, end: End, x: f64) -> f64 {
        match self {
            Shape::Smooth(window) => window.beyond(end, x),
            Shape::Even { low_ns, high_ns } => {
                let (low, high) = (*low_ns as f64, *high_ns as f64);
                match end {
                    End::Lower if x >= high => 1.0,
                    End::Upper if x >= high => 0.0,
                    End::Lower => ((x - low) / (high - low)).max(0.0),
                    End::Upper => ((high - x) / (high - low)).min(1.0),
                }
            }
            Shape::Steps(samples_ns) => {
                let below = samples_ns.partition_point(|&ns| ns as f64 <= x);
                let beyond = if end == End::Lower { below } else { samples_ns.len() - below };
                beyond as f64 / samples_ns.len() as f64
            }
        }
    }

    fn mean(&self) -> f64 {
        match self {
            Shape::Even { low_ns, high_ns } => (*low_ns as f64 + *high_ns as f64) / 2.0,
            Shape::Steps(samples_ns) => {
                samples_ns.iter().map(|&ns| u128::from(ns)).sum::<u128>() as f64 / samples_ns.len() as f64
            }
            Shape::Smooth(window) => window.mean(),
        }
    }
}
