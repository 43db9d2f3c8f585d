//! Small domains whole: whatever parameters are valid make a graph, down to one node; whatever are not are told.

use crate::degrees;
use quorate_engine::NodeId;
use quorate_engine::random::Probability;
use quorate_engine::topology::{Density, EDGES_MAX, Inside, InvalidTopology, Law, TRIES_MAX, Topology};

/// Every topology with every parameter up to a little beyond the number of nodes.
fn all(nodes: u32) -> Vec<Topology> {
    let mut all = vec![Topology::Mesh, Topology::Line, Topology::Edges([].into())];
    let half = Probability::from_f64(0.5).unwrap();
    for columns in (0..=nodes + 1).map(Some).chain([None]) {
        all.extend([false, true].map(|wraps| Topology::Grid { columns, wraps }));
    }
    for number in 0..=nodes + 1 {
        all.push(Topology::Star { hub: NodeId(number) });
        all.push(Topology::Tree { branching: number });
        all.push(Topology::Ring { reach: number });
        for gateways in 0..=nodes + 1 {
            let two_level = |inside| Topology::TwoLevel { groups: number, gateways, inside };
            all.extend([Inside::Mesh, Inside::Star].map(two_level));
        }
        let rewires = [Probability::never(), half, Probability::always()];
        let laws = [Law::Regular { degree: number }, Law::ScaleFree { edges: number }];
        let worlds = rewires.map(|rewire| Law::SmallWorld { degree: number, rewire });
        let densities = [Density::Probability(rewires[number as usize % 3]), Density::MeanDegree(f64::from(number))];
        for law in laws.into_iter().chain(worlds).chain(densities.map(Law::ErdosRenyi)) {
            all.extend([false, true].map(|connected| Topology::Random { law, connected, seed: None }));
        }
    }
    all
}

#[test]
fn whatever_is_valid_makes_a_graph_and_nothing_else_does() {
    let mut made = [0; 11];
    for nodes in 1..=10 {
        for topology in all(nodes) {
            let valid = topology.validate(nodes);
            match topology.graph(nodes, 3) {
                Ok(None) => assert_eq!(topology, Topology::Mesh),
                Ok(Some(graph)) => {
                    assert_eq!((valid, graph.len()), (Ok(()), nodes), "{topology:?} of {nodes}");
                    made[nodes as usize] += 1;
                    if !matches!(topology, Topology::Random { connected: false, .. }) {
                        assert!(graph.is_connected(), "{topology:?} of {nodes}");
                    }
                    if let Topology::Random { law: Law::Regular { degree }, .. } = topology {
                        assert_eq!(degrees(&graph), vec![degree; nodes as usize], "{topology:?}");
                    }
                }
                Err(unconnected @ InvalidTopology::Unconnected { tries }) => {
                    assert_eq!((valid, tries), (Ok(()), TRIES_MAX), "{topology:?} of {nodes}: {unconnected}");
                }
                Err(invalid) => assert_eq!(valid, Err(invalid), "{topology:?} of {nodes}"),
            }
        }
    }
    // One node: star, three trees, a ring, a line, two pairs of grids, two of two levels, and what has no edges to draw.
    assert!(made[1] >= 12 && made[2] > made[1] && made[10] > 100, "{made:?}");
}

#[test]
fn what_is_wrong_is_told() {
    let random = |law| Topology::Random { law, connected: true, seed: None };
    let mean = |mean| random(Law::ErdosRenyi(Density::MeanDegree(mean)));
    let listed = |edges: &[(u32, u32)]| Topology::Edges(edges.into());
    let cases = [
        (Topology::Star { hub: NodeId(9) }, "the hub, node 9, is not there; the nodes are 0 to 8"),
        (Topology::Tree { branching: 0 }, "a tree whose nodes have 0 children"),
        (Topology::Ring { reach: 0 }, "a reach of 0 does not fit a ring of 9; it must lie in 1 to 4"),
        (Topology::Ring { reach: 5 }, "a reach of 5 does not fit"),
        (Topology::Grid { columns: Some(0), wraps: false }, "a grid of 9 nodes cannot have 0 columns"),
        (Topology::TwoLevel { groups: 0, gateways: 1, inside: Inside::Mesh }, "9 nodes do not make 0 groups"),
        (Topology::TwoLevel { groups: 2, gateways: 5, inside: Inside::Mesh }, "the smallest has 4; it must be 1 to 4"),
        (random(Law::Regular { degree: 0 }), "a degree of 0 links nobody"),
        (random(Law::Regular { degree: 9 }), "must be below the number of nodes"),
        (random(Law::Regular { degree: 3 }), "27 ends of edges, an odd number"),
        (random(Law::SmallWorld { degree: 3, rewire: Probability::never() }), "write 2 or 4"),
        (mean(8.5), "a mean degree of 8.5 cannot be: it must lie in 0 to 8"),
        (mean(-0.5), "a mean degree of -0.5 cannot be"),
        (mean(f64::NAN), "a mean degree of NaN cannot be"),
        (random(Law::ScaleFree { edges: 0 }), "nodes cannot join with 0 edges"),
        (random(Law::ScaleFree { edges: 9 }), "nodes cannot join with 9 edges each among 9 nodes"),
        (listed(&[]), "an edge list without edges"),
        (listed(&[(0, 1), (8, 9)]), "node 9 is not there; the nodes are 0 to 8"),
        (listed(&[(0, 1), (8, 8)]), "an edge leads from node 8 to itself"),
        (listed(&[(0, 1), (1, 2), (1, 0)]), "nodes 1 and 0 are linked already, by edge 0 of the list"),
    ];
    for (topology, expected) in cases {
        let told = topology.validate(9).expect_err(expected).to_string();
        assert!(told.contains(expected), "{topology:?}: {told}");
    }
    let couples = random(Law::Regular { degree: 1 }).validate(10).unwrap_err().to_string();
    assert!(couples.contains("10 nodes of degree 1 are couples"), "{couples}");
}

#[test]
fn what_would_not_fit_in_memory_is_refused() {
    let million = 1_000_000;
    let random = |law| Topology::Random { law, connected: false, seed: None };
    for topology in [
        Topology::Ring { reach: 300 },
        Topology::TwoLevel { groups: 10, gateways: 1, inside: Inside::Mesh },
        Topology::TwoLevel { groups: 50_000, gateways: 1, inside: Inside::Mesh },
        random(Law::Regular { degree: 600 }),
        random(Law::SmallWorld { degree: 600, rewire: Probability::never() }),
        random(Law::ScaleFree { edges: 300 }),
        random(Law::ErdosRenyi(Density::MeanDegree(600.0))),
        random(Law::ErdosRenyi(Density::Probability(Probability::always()))),
    ] {
        let invalid = topology.validate(million).unwrap_err();
        assert!(matches!(invalid, InvalidTopology::TooManyEdges { edges } if edges > EDGES_MAX), "{topology:?}: {invalid}");
    }
    for topology in [
        Topology::Line,
        Topology::Star { hub: NodeId(7) },
        Topology::Tree { branching: 3 },
        Topology::Grid { columns: None, wraps: true },
    ] {
        let invalid = topology.validate(u32::MAX).unwrap_err();
        assert!(matches!(invalid, InvalidTopology::TooManyEdges { .. }), "{topology:?}: {invalid}");
        assert_eq!(topology.validate(100 * million), Ok(()), "{topology:?}");
    }
    for topology in [
        Topology::Grid { columns: None, wraps: true },
        Topology::TwoLevel { groups: 10_000, gateways: 1, inside: Inside::Mesh },
        Topology::TwoLevel { groups: 10, gateways: 3, inside: Inside::Star },
        random(Law::Regular { degree: 10 }),
        random(Law::ErdosRenyi(Density::MeanDegree(10.0))),
    ] {
        assert_eq!(topology.validate(million), Ok(()), "{topology:?}");
    }
}

#[test]
fn an_own_seed_pins_the_graph_and_the_runs_seed_does_not() {
    let law = Law::Regular { degree: 4 };
    let own = Topology::Random { law, connected: true, seed: Some(7) };
    let runs = Topology::Random { law, connected: true, seed: None };
    assert_eq!(own.graph(50, 1), own.graph(50, 2));
    assert_eq!(own.graph(50, 1), runs.graph(50, 7));
    assert_ne!(runs.graph(50, 1), runs.graph(50, 2));
}

/// The condition on connectedness takes the first connected graph of the sequence that the seed draws.
#[test]
fn a_connected_graph_is_looked_for() {
    let law = Law::ErdosRenyi(Density::MeanDegree(3.0));
    let ask = |connected, seed| Topology::Random { law, connected, seed: None }.graph(20, seed).unwrap().unwrap();
    let (mut kept, mut redrawn) = (0, 0);
    for seed in 0..50 {
        let (plain, connected) = (ask(false, seed), ask(true, seed));
        assert!(connected.is_connected());
        match plain.is_connected() {
            true => assert_eq!(connected, plain),
            false => redrawn += 1,
        }
        kept += u32::from(connected == plain);
    }
    assert!(kept > 5 && redrawn > 5 && kept + redrawn == 50, "{kept} kept, {redrawn} drawn again");
    let hopeless = Topology::Random { law: Law::ErdosRenyi(Density::MeanDegree(0.5)), connected: true, seed: None };
    assert_eq!(hopeless.graph(20, 1), Err(InvalidTopology::Unconnected { tries: TRIES_MAX }));
}
