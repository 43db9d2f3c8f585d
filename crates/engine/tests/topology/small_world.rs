//! The small world: exactly the ring without rewiring; clustering and path lengths as the papers have them.

use crate::{drawn, graph};
use quorate_engine::NodeId;
use quorate_engine::random::Probability;
use quorate_engine::topology::{Graph, Law, Routes, Topology};

fn world(nodes: u32, degree: u32, rewire: f64, seed: u64) -> Graph {
    drawn(Law::SmallWorld { degree, rewire: Probability::from_f64(rewire).unwrap() }, nodes, seed)
}

#[test]
fn without_rewiring_it_is_the_ring() {
    for (nodes, degree) in [(3, 2), (5, 4), (10, 4), (1_000, 10)] {
        assert_eq!(world(nodes, degree, 0.0, 1), graph(&Topology::Ring { reach: degree / 2 }, nodes, 0));
    }
}

#[test]
fn rewiring_keeps_the_number_of_edges_and_the_near_ends() {
    for rewire in [0.01, 0.3, 1.0] {
        let world = world(500, 6, rewire, 2);
        assert_eq!(world.edge_count(), 1_500);
        assert!((0..500).all(|node| world.degree(NodeId(node)) >= 3), "each node keeps half its edges");
    }
    // Nowhere to go: everyone is linked to everyone.
    assert_eq!(world(5, 4, 1.0, 1).edge_count(), 10);
    // One place to go: on a ring of four, the first node's edge moves to the node opposite.
    assert!((0..20).all(|seed| world(4, 2, 1.0, seed).has_edge(NodeId(0), NodeId(2))));
}

/// An edge is moved with the probability, less the chance that it moves to where the ring has an edge anyway.
#[test]
fn as_many_edges_move_as_should() {
    let (nodes, degree, rewire) = (20_000, 10, 0.3);
    let ring = graph(&Topology::Ring { reach: degree / 2 }, nodes, 0);
    let moved = world(nodes, degree, rewire, 3).edges().filter(|&(a, b)| !ring.has_edge(NodeId(a), NodeId(b))).count();
    let edges = f64::from(nodes * degree / 2);
    let deviation = (edges * rewire * (1.0 - rewire)).sqrt();
    assert!((moved as f64 - edges * rewire).abs() < crate::SIGMAS * deviation + 50.0, "{moved} of {edges}");
}

/// The mean over the nodes of how many of the pairs of neighbours are linked.
fn clustering(graph: &Graph) -> f64 {
    let of = |node| {
        let neighbours = graph.neighbours(NodeId(node));
        let linked = neighbours
            .iter()
            .enumerate()
            .map(|(index, &a)| neighbours[index + 1..].iter().filter(|&&b| graph.has_edge(a, b)).count());
        let pairs = neighbours.len() * neighbours.len().saturating_sub(1) / 2;
        if pairs == 0 { 0.0 } else { linked.sum::<usize>() as f64 / pairs as f64 }
    };
    (0..graph.len()).map(of).sum::<f64>() / f64::from(graph.len())
}

/// Barrat and Weigt, "On the properties of small-world network models", European Physical Journal B 13, 2000: an old triangle
/// stays with probability (1 - β)^3, and new ones are too few to count. Degrees that differ take a little from the mean.
#[test]
fn clustering_falls_with_the_cube() {
    let (nodes, degree) = (20_000, 10);
    let whole = 3.0 * f64::from(degree - 2) / (4.0 * f64::from(degree - 1));
    assert!((clustering(&world(nodes, degree, 0.0, 1)) - whole).abs() < 1e-12);
    for rewire in [0.01, 0.05, 0.1, 0.2, 0.5] {
        let expected = whole * (1.0 - rewire) * (1.0 - rewire) * (1.0 - rewire);
        let found = clustering(&world(nodes, degree, rewire, 1));
        println!("β {rewire}: clustering {found:.4} for {expected:.4}");
        assert!((found / expected - 1.0).abs() < 0.03 + 0.1 * rewire, "β {rewire}: {found} for {expected}");
    }
    assert!(clustering(&world(nodes, degree, 1.0, 1)) < 0.002);
}

/// The mean over all pairs of the number of hops.
fn path_length(graph: &Graph) -> f64 {
    let mut routes = Routes::new();
    let nodes = || (0..graph.len()).map(NodeId);
    let from = |from| nodes().map(|to| u64::from(routes.hops(graph, to, from).expect("connected"))).sum::<u64>();
    let total: u64 = nodes().map(from).sum();
    total as f64 / (f64::from(graph.len()) * f64::from(graph.len() - 1))
}

/// Watts and Strogatz 1998, figure 2 (1000 nodes of degree 10): with one edge in a hundred moved, paths are short already and
/// clustering is what it was.
#[test]
fn few_moved_edges_make_paths_short() {
    let (nodes, degree) = (1_000, 10);
    let at = |rewire| path_length(&world(nodes, degree, rewire, 4));
    let ring = at(0.0);
    // The hops to the nodes at 1, 2, … 499 on either side, five at a time, and to the one opposite.
    let exact = (2 * (1..500_u32).map(|apart| apart.div_ceil(5)).sum::<u32>() + 100) as f64 / 999.0;
    assert!((ring - exact).abs() < 1e-12 && (ring - f64::from(nodes) / f64::from(2 * degree)).abs() < 1.0, "{ring}, {exact}");
    let lengths = [0.001, 0.01, 0.1, 1.0].map(at);
    println!("path lengths {lengths:?} of {ring} in the ring");
    assert!(lengths.windows(2).all(|pair| pair[0] > pair[1]) && lengths[0] < ring, "{lengths:?}");
    assert!((0.1..0.4).contains(&(lengths[1] / ring)), "{lengths:?} of {ring}");
    let random = libm::log(f64::from(nodes)) / libm::log(f64::from(degree));
    assert!((0.9..1.2).contains(&(lengths[3] / random)), "{} for {random}", lengths[3]);
    let kept = clustering(&world(nodes, degree, 0.01, 4)) / clustering(&world(nodes, degree, 0.0, 4));
    assert!(kept > 0.94, "{kept}");
}
