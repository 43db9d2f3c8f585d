//! `[regions]`: where replicas stand. A name with a slash is a zone of the region before it.

use super::error::{Problems, Read};
use super::nodes::{Replicas, node_set};
use super::spot::Spot;
use crate::plan::{Members, Region};
use crate::units::quoted;
use quorate_engine::id::NodeSet;

/// The most regions and zones: there may be a link, with tables of its own, from each to each.
const REGIONS_MAX: usize = 250;

/// Reads the section.
pub(crate) fn regions(section: Option<Spot<'_>>, nodes: u32, problems: &mut Problems) -> Vec<Region> {
    let Some(section) = section else { return Vec::new() };
    let mut regions: Vec<Region> = Vec::new();
    for (name, spot) in section.entries() {
        regions.extend(problems.take(region(name, &spot, &regions, nodes)));
    }
    if regions.len() > REGIONS_MAX {
        problems.take::<()>(Err(section.fail(format!("{} regions and zones; {REGIONS_MAX} is the most", regions.len()))));
        regions.truncate(REGIONS_MAX);
    }
    regions
}

fn region(name: &str, spot: &Spot<'_>, before: &[Region], nodes: u32) -> Read<Region> {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if name.split('/').count() > 2 || !name.split('/').all(part) {
        return Err(
            spot.fail(format!("{} is no name of a region: a-z, 0-9 and -, as in eu, or eu/a for a zone of it", quoted(name)))
        );
    }
    let clash = |other: &&Region| Region::of(&other.name) == Region::of(name) && other.name.contains('/') != name.contains('/');
    if let Some(other) = before.iter().find(clash) {
        return Err(spot.fail(format!(
            "{} and {} cannot both be: a region either has zones or has none",
            quoted(&other.name),
            quoted(name)
        )));
    }
    // An empty one waits for replicas that move there.
    let empty = spot.list().is_some_and(|items| items.is_empty());
    let set = if empty { NodeSet::default() } else { node_set(spot, &Replicas::numbered(nodes))? };
    for other in before {
        if let Some(node) = set.iter().find(|node| other.nodes.contains(*node)) {
            return Err(spot.fail(format!("node {} is in {} already", node.0, quoted(&other.name))));
        }
    }
    Ok(Region { name: name.to_string(), nodes: set })
}

/// Replicas of which some are named by where they stand: a set of nodes, with `"region:NAME"` kept as what it says.
pub(crate) fn members(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Members> {
    let items = spot.list().unwrap_or_else(|| vec![spot.clone()]);
    let mut members = Members::default();
    let mut ranges = Vec::new();
    for item in &items {
        match replicas.region(item)? {
            Some(name) => members.regions.push(name.to_string()),
            None => ranges.extend_from_slice(node_set(item, replicas)?.ranges()),
        }
    }
    if items.is_empty() {
        node_set(spot, replicas)?;
    }
    members.nodes = NodeSet::from_ranges(ranges);
    Ok(members)
}
