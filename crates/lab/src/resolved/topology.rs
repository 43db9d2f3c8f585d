//! A topology as a scenario has it: its name where it has no options, else a table under its name.

use super::Table;
use quorate_engine::topology::{Density, Inside, Law, Topology};
use serde_json::{Value, json};

pub(super) fn topology(topology: &Topology) -> Value {
    let options = match *topology {
        Topology::Mesh | Topology::Line => return topology.name().into(),
        Topology::Star { hub } => Table::default().with("hub", hub.0),
        Topology::Tree { branching } => Table::default().with("branching", branching),
        Topology::Ring { reach } => Table::default().with("reach", reach),
        Topology::Grid { columns, wraps } => Table::default().with_some("columns", columns).with("wraps", wraps),
        Topology::TwoLevel { groups, gateways, inside } => {
            let inside = if inside == Inside::Star { "star" } else { "mesh" };
            Table::default().with("groups", groups).with("gateways", gateways).with("inside", inside)
        }
        Topology::Random { law, connected, seed } => {
            // A scale-free graph is connected always, and is not asked.
            let asked = !matches!(law, Law::ScaleFree { .. });
            random(law).with_some("connected", asked.then_some(connected)).with_some("seed", seed)
        }
        Topology::Edges(ref edges) => {
            Table::default().with("edges", edges.iter().map(|&(a, b)| json!([a, b])).collect::<Vec<_>>())
        }
    };
    Table::default().with(topology.name(), options).into()
}

fn random(law: Law) -> Table {
    match law {
        Law::Regular { degree } => Table::default().with("degree", degree),
        Law::ErdosRenyi(Density::Probability(probability)) => Table::default().with("probability", probability.to_f64()),
        Law::ErdosRenyi(Density::MeanDegree(mean)) => Table::default().with("mean-degree", mean),
        Law::SmallWorld { degree, rewire } => Table::default().with("degree", degree).with("rewire", rewire.to_f64()),
        Law::ScaleFree { edges } => Table::default().with("edges", edges),
    }
}
