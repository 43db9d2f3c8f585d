//! A topology as a scenario has it.

use super::Table;
use quorate_engine::topology::{Density, Inside, Law, Topology};
use serde_json::{Value, json};

pub(super) fn topology(topology: &Topology) -> Value {
    match *topology {
        Topology::Mesh => "mesh".into(),
        Topology::Star { hub } => json!({ "star": { "hub": hub.0 } }),
        Topology::Tree { branching } => json!({ "tree": { "branching": branching } }),
        Topology::Ring { reach } => json!({ "ring": { "reach": reach } }),
        Topology::Line => "line".into(),
        Topology::Grid { columns, wraps } => named("grid", Table::default().with_some("columns", columns).with("wraps", wraps)),
        Topology::TwoLevel { groups, gateways, inside } => {
            let inside = if inside == Inside::Star { "star" } else { "mesh" };
            json!({ "two-level": { "groups": groups, "gateways": gateways, "inside": inside } })
        }
        Topology::Random { law, connected, seed } => random(law, connected, seed),
        Topology::Edges(ref edges) => {
            let edges: Vec<_> = edges.iter().map(|&(a, b)| json!([a, b])).collect();
            json!({ "edge-list": { "edges": edges } })
        }
    }
}

fn random(law: Law, connected: bool, seed: Option<u64>) -> Value {
    let (name, table) = match law {
        Law::Regular { degree } => ("random-regular", Table::default().with("degree", degree)),
        Law::ErdosRenyi(Density::Probability(probability)) => {
            ("erdos-renyi", Table::default().with("probability", probability.to_f64()))
        }
        Law::ErdosRenyi(Density::MeanDegree(mean)) => ("erdos-renyi", Table::default().with("mean-degree", mean)),
        Law::SmallWorld { degree, rewire } => {
            ("small-world", Table::default().with("degree", degree).with("rewire", rewire.to_f64()))
        }
        Law::ScaleFree { edges } => ("scale-free", Table::default().with("edges", edges)),
    };
    // A scale-free graph is connected always, and is not asked.
    let asked = !matches!(law, Law::ScaleFree { .. });
    named(name, table.with_some("connected", asked.then_some(connected)).with_some("seed", seed))
}

fn named(name: &str, options: Table) -> Value {
    Table::default().with(name, options).into()
}
