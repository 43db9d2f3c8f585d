//! A latency: a duration, or a table that names a distribution, perhaps made of other latencies.

use super::error::Read;
use super::samples::samples;
use super::spot::Spot;
use crate::units::quoted;
use quorate_engine::latency::{Component, Distribution, Span};

/// A latency: a duration, or a table that names a distribution.
pub(crate) fn latency(spot: &Spot<'_>) -> Read<Distribution> {
    let distribution = if spot.is_table() { distribution(spot)? } else { Distribution::Constant { ns: spot.duration()? } };
    distribution.validate().map_err(|invalid| spot.fail(invalid.to_string()))?;
    Ok(distribution)
}

/// A latency, with what is drawn from.
pub(crate) fn span(spot: &Spot<'_>) -> Read<Span> {
    latency(spot).map(Span::of)
}

fn distribution(spot: &Spot<'_>) -> Read<Distribution> {
    let (kind, value) = spot.only("a latency")?;
    let duration = |key| value.need(key)?.duration();
    match kind {
        "constant" => Ok(Distribution::Constant { ns: value.duration()? }),
        "uniform" => {
            let [low, high] = value.pair("[\"1ms\", \"10ms\"]")?;
            Ok(Distribution::Uniform { low_ns: low.duration()?, high_ns: high.duration()? })
        }
        "lognormal" => Ok(Distribution::Lognormal { median_ns: duration("median")?, p99_ns: duration("p99")? }),
        "exponential" => Ok(Distribution::Exponential { mean_ns: duration("mean")? }),
        "normal" => Ok(Distribution::Normal { mean_ns: duration("mean")?, stddev_ns: duration("stddev")? }),
        "pareto" => Ok(Distribution::Pareto { scale_ns: duration("scale")?, shape: value.need("shape")?.number()? }),
        "mixture" => {
            let components = items(&value, "{ weight = 1, latency = \"5ms\" }")?;
            let components = components.iter().map(component).collect::<Read<_>>()?;
            Ok(Distribution::Mixture { components })
        }
        "empirical" => {
            let samples = match (value.get("samples"), value.get("file")) {
                (Some(list), None) => items(&list, "\"5ms\"")?.iter().map(Spot::duration).collect::<Read<_>>()?,
                (None, Some(file)) => samples(&file.included()?)?,
                _ => return Err(value.fail("has its samples once: samples = [\"5ms\", …], or file = \"latency.csv\"")),
            };
            Ok(Distribution::empirical(samples))
        }
        "shifted" => Ok(latency(&value.need("latency")?)?.shifted(duration("by")?)),
        "truncated" => {
            let bound = |key| value.get(key).map(|bound| bound.duration()).transpose();
            Ok(latency(&value.need("latency")?)?.truncated(bound("low")?, bound("high")?))
        }
        other => Err(spot.fail(format!("{} is no latency", quoted(other)))),
    }
}

/// One of a mixture's. The weight is judged here, where its place is known; beside the others, by the mixture.
fn component(spot: &Spot<'_>) -> Read<Component> {
    let weight = spot.need("weight")?;
    let component = Component { weight: weight.number()?, latency: latency(&spot.need("latency")?)? };
    component.validate_weight().map_err(|invalid| weight.fail(invalid.to_string()))?;
    Ok(component)
}

fn items<'a>(spot: &Spot<'a>, example: &str) -> Read<Vec<Spot<'a>>> {
    spot.list().ok_or_else(|| spot.fail(format!("{} stands where a list should, such as [{example}]", spot.shown())))
}
