//! `[network]`: the links.

use super::error::{Problems, Read};
use super::latency::latency;
use super::spot::Spot;
use super::topology::topology;
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

fn reordering(spot: &Spot<'_>) -> Read<Reordering> {
    Ok(Reordering { probability: spot.need("probability")?.probability()?, extra: latency(&spot.need("extra")?)? })
}
