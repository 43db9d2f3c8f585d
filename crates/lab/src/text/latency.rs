//! A latency: a duration, or a table that names a distribution.

use super::error::Read;
use super::spot::Spot;
use crate::units::quoted;
use quorate_engine::latency::Distribution;

/// A latency: a duration, or a table that names a distribution.
pub(crate) fn latency(spot: &Spot<'_>) -> Read<Distribution> {
    let distribution = if spot.is_table() { distribution(spot)? } else { Distribution::Constant { ns: spot.duration()? } };
    distribution.validate().map_err(|invalid| spot.fail(invalid.to_string()))?;
    Ok(distribution)
}

fn distribution(spot: &Spot<'_>) -> Read<Distribution> {
    let (kind, value) = spot.only("a latency")?;
    match kind {
        "constant" => Ok(Distribution::Constant { ns: value.duration()? }),
        "uniform" => {
            let [low, high] = value.pair("[\"1ms\", \"10ms\"]")?;
            Ok(Distribution::Uniform { low_ns: low.duration()?, high_ns: high.duration()? })
        }
        "lognormal" => {
            let (median, p99) = (value.need("median")?, value.need("p99")?);
            Ok(Distribution::Lognormal { median_ns: median.duration()?, p99_ns: p99.duration()? })
        }
        "exponential" => Ok(Distribution::Exponential { mean_ns: value.need("mean")?.duration()? }),
        other => Err(spot.fail(format!("{} is no latency", quoted(other)))),
    }
}
