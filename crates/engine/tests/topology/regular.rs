//! Random regular graphs: degrees exactly, the law exactly where all graphs can be listed, and triangles where not.

use crate::{assert_distributed, degrees, drawn, edges, pooled};
use quorate_engine::NodeId;
use quorate_engine::topology::{Graph, Law};
use std::collections::BTreeMap;

#[test]
fn every_node_has_the_degree() {
    for (nodes, degree) in
        [(2, 1), (10, 3), (11, 10), (50, 25), (51, 24), (1_000, 3), (1_000, 10), (200, 99), (200, 150), (10_000, 4)]
    {
        for seed in 0..3 {
            let graph = drawn(Law::Regular { degree }, nodes, seed);
            assert_eq!(degrees(&graph), vec![degree; nodes as usize], "{nodes} nodes");
            assert_eq!(graph.edge_count(), nodes * degree / 2);
        }
    }
}

#[test]
fn from_degree_three_on_they_are_nearly_always_connected() {
    let unconnected =
        |degree, nodes| (0..1_000).filter(|&seed| !drawn(Law::Regular { degree }, nodes, seed).is_connected()).count();
    // Pieces are rare from degree 3 on (Wormald 1981), and the rule at degree 2, where a piece is a circle.
    assert!(unconnected(3, 100) <= 3 && unconnected(4, 100) == 0);
    assert!(unconnected(2, 100) > 500);
}

const SIX: usize = 6;

/// The law of the algorithm for degree 2 on six nodes, worked out over all sets of edges as probabilities, not draws. A set
/// has a bit for each pair.
fn law_of_two_regular_graphs() -> BTreeMap<u32, f64> {
    let pairs: Vec<(usize, usize)> = (0..SIX).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let mut law: BTreeMap<u32, f64> = [(0, 1.0)].into();
    for _ in 0..SIX {
        let mut next = BTreeMap::new();
        for (set, weight) in law {
            let mut points = [2; SIX];
            for (_, &(a, b)) in pairs.iter().enumerate().filter(|(place, _)| set & 1 << place != 0) {
                points[a] -= 1;
                points[b] -= 1;
            }
            let ways = |(place, &(a, b)): (usize, &(usize, usize))| if set & 1 << place == 0 { points[a] * points[b] } else { 0 };
            let ways: Vec<u32> = pairs.iter().enumerate().map(ways).collect();
            // Without a way on it is begun anew, which is as if the set had never come about.
            let total: u32 = ways.iter().sum();
            for (place, ways) in ways.into_iter().enumerate().filter(|&(_, ways)| ways > 0) {
                *next.entry(set | 1 << place).or_insert(0.0) += weight * f64::from(ways) / f64::from(total);
            }
        }
        law = next;
    }
    let total: f64 = law.values().sum();
    law.values_mut().for_each(|weight| *weight /= total);
    law
}

/// The smallest case with two kinds of graphs: 60 prisms and 10 complete bipartite ones, the complements of the hexagons and of
/// the pairs of triangles. The draws follow the algorithm's law, and that is near the uniform one even here.
#[test]
fn all_seventy_cubic_graphs_of_six_nodes_occur() {
    const SEEDS: u64 = 140_000;
    let law = law_of_two_regular_graphs();
    assert_eq!(law.len(), 70);
    for (graph, weight) in &law {
        assert!((weight * 70.0 - 1.0).abs() < 0.031, "graph {graph:#x} has {} of its share", weight * 70.0);
    }
    let mut counts: BTreeMap<u32, u64> = law.keys().map(|&graph| (graph, 0)).collect();
    let pairs: Vec<(u32, u32)> = (0..SIX as u32).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    for seed in 0..SEEDS {
        let present = edges(&drawn(Law::Regular { degree: 3 }, SIX as u32, seed));
        let missing = (0..pairs.len()).filter(|&place| !present.contains(&pairs[place])).map(|place| 1 << place).sum();
        *counts.get_mut(&missing).expect("a cubic graph") += 1;
    }
    let (counts, expected): (Vec<u64>, Vec<f64>) =
        counts.iter().map(|(graph, &count)| (count, law[graph] * SEEDS as f64)).unzip();
    assert_distributed("cubic graphs", &counts, &expected, 0);
}

fn triangles(graph: &Graph) -> usize {
    let above = |a: u32, b: u32| {
        let common = graph.neighbours(NodeId(a)).iter().filter(|c| c.0 > b && graph.has_edge(NodeId(b), **c));
        common.count()
    };
    graph.edges().map(|(a, b)| above(a, b)).sum()
}

/// In the uniform law the number of triangles tends to a Poisson of mean (d - 1)^3 / 6 (Bollobás 1980, Wormald 1981).
#[test]
fn triangles_are_as_frequent_as_in_the_uniform_law() {
    const SEEDS: u64 = 4_000;
    for degree in [3_u32, 4] {
        let mean = f64::from((degree - 1) * (degree - 1) * (degree - 1)) / 6.0;
        let mut counts = vec![0_u64; 60];
        (0..SEEDS).for_each(|seed| counts[triangles(&drawn(Law::Regular { degree }, 1_000, seed))] += 1);
        let mut terms = vec![libm::exp(-mean)];
        (1..60).for_each(|number| terms.push(terms[number - 1] * mean / number as f64));
        let expected: Vec<f64> = terms.iter().map(|term| SEEDS as f64 * term).collect();
        let (counts, expected) = pooled(&counts, &expected, if degree == 3 { 6 } else { 11 });
        assert_distributed(&format!("triangles at degree {degree}"), &counts, &expected, 0);
    }
}
