//! Topologies of scenarios: every form becomes what it says, and what a plan resolves to becomes the same plan again.

use crate::common::{DESIGN, read};
use quorate_engine::id::NodeId;
use quorate_engine::random::Probability;
use quorate_engine::topology::{Density, Inside, Law, Topology};

fn with(topology: &str) -> String {
    DESIGN.replace("topology = \"mesh\"", &format!("topology = {topology}"))
}

/// A topology as a scenario writes it, what it is, and what it resolves to.
fn check(text: &str, expected: &Topology, resolved: &str) {
    let plan = read(with(text).as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(&plan.network.topology, expected, "{text}");
    assert_eq!(plan.to_json()["network"]["topology"].to_string(), resolved, "{text}");
    let whole: toml::Table = serde_json::from_value(plan.to_json()).unwrap();
    assert_eq!(read(toml::to_string(&whole).unwrap().as_bytes(), &[]).as_ref(), Ok(&plan), "{text}");
}

fn random(law: Law, connected: bool, seed: Option<u64>) -> Topology {
    Topology::Random { law, connected, seed }
}

#[test]
fn those_without_chance() {
    check("\"mesh\"", &Topology::Mesh, r#""mesh""#);
    check("{ mesh = {} }", &Topology::Mesh, r#""mesh""#);
    check("\"line\"", &Topology::Line, r#""line""#);
    check("\"star\"", &Topology::Star { hub: NodeId(0) }, r#"{"star":{"hub":0}}"#);
    check("{ star = { hub = 99 } }", &Topology::Star { hub: NodeId(99) }, r#"{"star":{"hub":99}}"#);
    check("\"tree\"", &Topology::Tree { branching: 2 }, r#"{"tree":{"branching":2}}"#);
    check("{ tree = { branching = 9 } }", &Topology::Tree { branching: 9 }, r#"{"tree":{"branching":9}}"#);
    check("\"ring\"", &Topology::Ring { reach: 1 }, r#"{"ring":{"reach":1}}"#);
    check("{ ring = { reach = 50 } }", &Topology::Ring { reach: 50 }, r#"{"ring":{"reach":50}}"#);
    check("\"grid\"", &Topology::Grid { columns: None, wraps: false }, r#"{"grid":{"wraps":false}}"#);
    let torus = Topology::Grid { columns: Some(20), wraps: true };
    check("{ grid = { columns = 20, wraps = true } }", &torus, r#"{"grid":{"columns":20,"wraps":true}}"#);
    check(
        "{ two-level = { groups = 5 } }",
        &Topology::TwoLevel { groups: 5, gateways: 1, inside: Inside::Mesh },
        r#"{"two-level":{"groups":5,"gateways":1,"inside":"mesh"}}"#,
    );
    check(
        "{ two-level = { groups = 5, gateways = 2, inside = \"star\" } }",
        &Topology::TwoLevel { groups: 5, gateways: 2, inside: Inside::Star },
        r#"{"two-level":{"groups":5,"gateways":2,"inside":"star"}}"#,
    );
    let edges = Topology::Edges([(0, 1), (99, 2)].into());
    check("{ edge-list = { edges = [[0, 1], [99, 2]] } }", &edges, r#"{"edge-list":{"edges":[[0,1],[99,2]]}}"#);
}

#[test]
fn those_that_are_drawn() {
    check(
        "{ random-regular = { degree = 4 } }",
        &random(Law::Regular { degree: 4 }, true, None),
        r#"{"random-regular":{"degree":4,"connected":true}}"#,
    );
    check(
        "{ random-regular = { degree = 1, connected = false, seed = 7 } }",
        &random(Law::Regular { degree: 1 }, false, Some(7)),
        r#"{"random-regular":{"degree":1,"connected":false,"seed":7}}"#,
    );
    let probability = Probability::from_f64(0.1).unwrap();
    check(
        "{ erdos-renyi = { probability = 0.1 } }",
        &random(Law::ErdosRenyi(Density::Probability(probability)), false, None),
        r#"{"erdos-renyi":{"probability":0.1,"connected":false}}"#,
    );
    check(
        "{ erdos-renyi = { mean-degree = 5, connected = true } }",
        &random(Law::ErdosRenyi(Density::MeanDegree(5.0)), true, None),
        r#"{"erdos-renyi":{"mean-degree":5.0,"connected":true}}"#,
    );
    check(
        "{ small-world = { degree = 6, rewire = 0.1 } }",
        &random(Law::SmallWorld { degree: 6, rewire: probability }, true, None),
        r#"{"small-world":{"degree":6,"rewire":0.1,"connected":true}}"#,
    );
    check(
        "{ scale-free = { edges = 3, seed = 1 } }",
        &random(Law::ScaleFree { edges: 3 }, true, Some(1)),
        r#"{"scale-free":{"edges":3,"seed":1}}"#,
    );
}

#[test]
fn a_table_of_its_own_is_the_same() {
    let text = with("3").replace("topology = 3", "") + "[network.topology.small-world]\ndegree = 6\nrewire = 0.1\n";
    let plan = read(text.as_bytes(), &[]).unwrap();
    assert_eq!(
        plan.network.topology,
        read(with("{ small-world = { degree = 6, rewire = 0.1 } }").as_bytes(), &[]).unwrap().network.topology
    );
    let plan = read(DESIGN.as_bytes(), &["network.topology=ring"]).unwrap();
    assert_eq!(plan.network.topology, Topology::Ring { reach: 1 });
}
