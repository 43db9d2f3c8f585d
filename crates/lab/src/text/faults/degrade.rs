//! `degrade`: links that get worse for a while, in the words of `[network]`.

use super::befallen;
use crate::text::error::Read;
use crate::text::latency::span;
use crate::text::network::{bursts, corruption, reordering};
use crate::text::nodes::{Replicas, node_set};
use crate::text::spot::Spot;
use quorate_engine::fault::{Degradation, Who};
use quorate_engine::id::NodeSet;
use quorate_engine::random::Probability;

pub(super) fn degradation(spot: &Spot<'_>, who: Option<Who>, replicas: &Replicas<'_>) -> Read<Degradation> {
    worse(spot, links(spot, who, replicas)?)
}

/// What is said of the messages on these links.
pub(crate) fn worse(spot: &Spot<'_>, links: Degradation) -> Read<Degradation> {
    let chance = |name: &str| spot.get(name).map_or(Ok(Probability::never()), |spot| spot.probability());
    let degradation = Degradation {
        delay: spot.get("delay").map(|spot| span(&spot)).transpose()?,
        loss: chance("loss")?,
        bursts: spot.get("bursts").map(|spot| bursts(&spot)).transpose()?,
        duplication: chance("duplication")?,
        reordering: spot.get("reordering").map(|spot| reordering(&spot)).transpose()?,
        corruption: spot.get("corruption").map(|spot| corruption(&spot)).transpose()?,
        ..links
    };
    let Degradation { from, to, both_ways, .. } = &degradation;
    let nothing = Degradation { both_ways: *both_ways, ..Degradation::nothing(from.clone(), to.clone()) };
    match degradation == nothing {
        true => Err(spot.fail("makes nothing worse; write delay, loss, bursts, duplication, reordering or corruption")),
        false => Ok(degradation),
    }
}

/// Which links, with nothing done to them yet.
fn links(spot: &Spot<'_>, who: Option<Who>, replicas: &Replicas<'_>) -> Read<Degradation> {
    let given = ["from", "to", "between", "within", "around"].map(|name| spot.get(name));
    let (from, to, both_ways) = match given {
        [Some(from), Some(to), None, None, None] => (befallen(&from, who, replicas)?, node_set(&to, replicas)?, false),
        [None, None, Some(between), None, None] => {
            let [these, those] = between.pair("[\"0..2\", \"3..5\"]")?;
            (node_set(&these, replicas)?, node_set(&those, replicas)?, true)
        }
        [None, None, None, Some(within), None] => {
            let set = node_set(&within, replicas)?;
            (set.clone(), set, true)
        }
        [None, None, None, None, Some(around)] => (befallen(&around, who, replicas)?, NodeSet::range(0, replicas.count), true),
        _ => {
            return Err(spot.fail(
                "which links? write from = SET and to = SET for one way, between = [SET, SET], within = SET or around = SET",
            ));
        }
    };
    if from.len() == 1 && from == to {
        return Err(spot.fail("a node has no link to itself; name two different sides"));
    }
    Ok(Degradation { both_ways, ..Degradation::nothing(from, to) })
}
