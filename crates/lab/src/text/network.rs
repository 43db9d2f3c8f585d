//! `[network]`: the links.

use super::error::{Problems, Read};
use super::schema;
use super::spot::Spot;
use crate::units::quoted;
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Network, Reordering};
use quorate_engine::time::MILLISECOND;

/// The latency of a file that is silent about it.
const LATENCY_DEFAULT: Distribution = Distribution::Constant { ns: MILLISECOND };

/// Reads the section; without it, the defaults hold.
pub(crate) fn network(section: Option<Spot<'_>>, problems: &mut Problems) -> Network {
    let mut network = Network {
        latency: LATENCY_DEFAULT,
        loss: Probability::never(),
        duplication: Probability::never(),
        reordering: None,
        client_latency: None,
    };
    let Some(section) = section else { return network };
    if let Some(spot) = section.get("topology") {
        problems.take(topology(&spot));
    }
    if let Some(spot) = section.get("latency") {
        network.latency = problems.or(latency(&spot), LATENCY_DEFAULT);
    }
    if let Some(spot) = section.get("loss") {
        network.loss = problems.or(spot.probability(), Probability::never());
    }
    if let Some(spot) = section.get("duplication") {
        network.duplication = problems.or(spot.probability(), Probability::never());
    }
    if let Some(spot) = section.get("reordering") {
        network.reordering = problems.take(reordering(&spot));
    }
    if let Some(spot) = section.get("client-latency") {
        network.client_latency = problems.take(latency(&spot));
    }
    network
}

fn topology(spot: &Spot<'_>) -> Read<()> {
    let name = if spot.is_table() { spot.only("a topology")?.0 } else { spot.text()? };
    if schema::not_yet("topology", name) {
        return Err(spot.fail(format!("the topology {} is not built yet; write \"mesh\"", quoted(name))));
    }
    if spot.is_table() {
        return Err(spot.fail("a mesh has no options; write topology = \"mesh\""));
    }
    spot.word(["mesh"]).map(|_| ())
}

fn reordering(spot: &Spot<'_>) -> Read<Reordering> {
    Ok(Reordering { probability: spot.need("probability")?.probability()?, extra: latency(&spot.need("extra")?)? })
}

/// A latency: a duration, or a table that names a distribution.
fn latency(spot: &Spot<'_>) -> Read<Distribution> {
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
