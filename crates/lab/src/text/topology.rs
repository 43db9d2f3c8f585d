//! A topology: who is linked to whom. A plain name where every option has a default, else a table named after it.

mod edge_list;

pub use edge_list::{EdgeListError, edge_list};

use super::error::{Problem, Read};
use super::schema::TOPOLOGY;
use super::spot::Spot;
use crate::units::quoted;
use quorate_engine::id::NodeId;
use quorate_engine::topology::{Density, Inside, InvalidTopology, Law, Topology};

/// A topology as written. Whether it fits the number of nodes, [`fits`] says.
pub(crate) fn topology(spot: &Spot<'_>) -> Read<Topology> {
    // A plain name has no options, and so takes every default.
    let (name, spot) = match spot.is_table() {
        true => spot.only("a topology")?,
        false => (spot.word(TOPOLOGY.iter().map(|key| key.name))?, spot.clone()),
    };
    read(&Options { name, spot })
}

fn read(options: &Options<'_>) -> Read<Topology> {
    Ok(match options.name {
        "mesh" => Topology::Mesh,
        "star" => Topology::Star { hub: NodeId(options.whole_or("hub", 0, 0)?) },
        "tree" => Topology::Tree { branching: options.whole_or("branching", 1, 2)? },
        "ring" => Topology::Ring { reach: options.whole_or("reach", 1, 1)? },
        "line" => Topology::Line,
        "grid" => Topology::Grid {
            columns: options.get("columns").map(|spot| spot.integer(1..=u32::MAX)).transpose()?,
            wraps: options.flag_or("wraps", false)?,
        },
        "two-level" => Topology::TwoLevel {
            groups: options.whole("groups")?,
            gateways: options.whole_or("gateways", 1, 1)?,
            inside: inside(options)?,
        },
        "random-regular" => random(options, Law::Regular { degree: options.whole("degree")? }, true)?,
        "erdos-renyi" => random(options, Law::ErdosRenyi(density(options)?), false)?,
        "small-world" => {
            let (degree, rewire) = (options.whole("degree")?, options.need("rewire")?.probability()?);
            random(options, Law::SmallWorld { degree, rewire }, true)?
        }
        "scale-free" => random(options, Law::ScaleFree { edges: options.whole("edges")? }, true)?,
        "edge-list" => Topology::Edges(edges(options)?.into()),
        other => return Err(options.spot.fail(format!("{} is no topology", quoted(other)))),
    })
}

/// The options that all random graphs have.
fn random(options: &Options<'_>, law: Law, connected: bool) -> Read<Topology> {
    let seed = options.get("seed").map(|spot| spot.integer(0..=u64::MAX)).transpose()?;
    Ok(Topology::Random { law, connected: options.flag_or("connected", connected)?, seed })
}

fn inside(options: &Options<'_>) -> Read<Inside> {
    let Some(spot) = options.get("inside") else { return Ok(Inside::Mesh) };
    Ok(if spot.word(["mesh", "star"])? == "star" { Inside::Star } else { Inside::Mesh })
}

fn density(options: &Options<'_>) -> Read<Density> {
    match (options.get("probability"), options.get("mean-degree")) {
        (Some(probability), None) => Ok(Density::Probability(probability.probability()?)),
        (None, Some(mean)) => Ok(Density::MeanDegree(mean.number()?)),
        (Some(_), Some(mean)) => Err(mean.fail("there is a \"probability\" too, and one follows from the other; keep one")),
        (None, None) => Err(options.spot.fail("does not say how many edges there are; give \"probability\" or \"mean-degree\"")),
    }
}

fn edges(options: &Options<'_>) -> Read<Vec<(u32, u32)>> {
    match (options.get("edges"), options.get("file")) {
        (Some(edges), None) => edges_here(&edges),
        (None, Some(file)) => {
            let file = file.included()?;
            edge_list(file.text()?).map_err(|error| file.fail(error.span, error.message))
        }
        _ => Err(options.spot.fail("has its links once: edges = [[0, 1], [1, 2]], or file = \"edges.csv\"")),
    }
}

fn edges_here(spot: &Spot<'_>) -> Read<Vec<(u32, u32)>> {
    let items = spot.list().ok_or_else(|| spot.fail("must be a list of edges, such as [[0, 1], [1, 2]]"))?;
    let edge = |item: &Spot<'_>| {
        let [a, b] = item.pair("[0, 1]")?;
        Ok((a.integer(0..=u32::MAX)?, b.integer(0..=u32::MAX)?))
    };
    items.iter().map(edge).collect()
}

/// What a topology is named, and the table of its options or else its name.
struct Options<'a> {
    name: &'a str,
    spot: Spot<'a>,
}

impl<'a> Options<'a> {
    fn get(&self, option: &str) -> Option<Spot<'a>> {
        self.spot.get(option)
    }

    fn need(&self, option: &str) -> Read<Spot<'a>> {
        self.get(option).ok_or_else(|| {
            let name = self.name;
            let table = format!("topology = {{ {name} = {{ {option} = … }} }}");
            self.spot.fail(format!("a topology \"{name}\" needs \"{option}\"; write {table}"))
        })
    }

    /// A whole number of at least 1 that must be there.
    fn whole(&self, option: &str) -> Read<u32> {
        self.need(option)?.integer(1..=u32::MAX)
    }

    fn whole_or(&self, option: &str, least: u32, default: u32) -> Read<u32> {
        self.get(option).map_or(Ok(default), |spot| spot.integer(least..=u32::MAX))
    }

    fn flag_or(&self, option: &str, default: bool) -> Read<bool> {
        self.get(option).map_or(Ok(default), |spot| spot.flag())
    }
}

/// Holds a topology, read at `spot`, against the number of nodes, and points at the option that does not fit.
pub(crate) fn fits(spot: &Spot<'_>, topology: &Topology, nodes: u32) -> Read<()> {
    topology.validate(nodes).map_err(|invalid| {
        let in_file = line_of_file(spot, &invalid);
        in_file.unwrap_or_else(|| culprit(spot, &invalid).fail(invalid.to_string()))
    })
}

/// The problem in the line of the edge list's file that is to blame. Whatever else an edge can be wrong by, its reader has found.
fn line_of_file(spot: &Spot<'_>, invalid: &InvalidTopology) -> Option<Box<Problem>> {
    let InvalidTopology::EdgeBeyond { index, .. } = *invalid else { return None };
    let file = spot.entries().next()?.1.get("file")?.included().ok()?;
    let place = edge_list::place(file.text().ok()?, index)?;
    Some(file.fail(place, invalid.to_string()))
}

/// The option that is to blame; the topology as a whole where the option was left out, or there is none.
fn culprit<'a>(spot: &Spot<'a>, invalid: &InvalidTopology) -> Spot<'a> {
    let option = match invalid {
        InvalidTopology::Hub { .. } => "hub",
        InvalidTopology::NoBranching => "branching",
        InvalidTopology::Reach { .. } => "reach",
        InvalidTopology::Columns { .. } => "columns",
        InvalidTopology::Groups { .. } => "groups",
        InvalidTopology::Gateways { .. } => "gateways",
        InvalidTopology::NoDegree
        | InvalidTopology::DegreeTooLarge { .. }
        | InvalidTopology::OddDegree { .. }
        | InvalidTopology::OddEnds { .. }
        | InvalidTopology::Couples { .. } => "degree",
        InvalidTopology::MeanDegree { .. } => "mean-degree",
        InvalidTopology::Joining { .. }
        | InvalidTopology::NoEdges
        | InvalidTopology::EdgeBeyond { .. }
        | InvalidTopology::SelfLoop { .. }
        | InvalidTopology::RepeatedEdge { .. } => "edges",
        InvalidTopology::Unconnected { .. } => "connected",
        InvalidTopology::TooManyEdges { .. } => "",
    };
    let Some((_, table)) = spot.entries().next() else { return spot.clone() };
    let Some(value) = table.get(option) else { return table };
    match *invalid {
        InvalidTopology::EdgeBeyond { index, .. }
        | InvalidTopology::SelfLoop { index, .. }
        | InvalidTopology::RepeatedEdge { index, .. } => {
            value.list().and_then(|edges| edges.into_iter().nth(index)).unwrap_or(value)
        }
        _ => value,
    }
}
