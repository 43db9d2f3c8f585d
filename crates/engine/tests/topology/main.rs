//! The topologies from outside: degrees and edges exactly where they are certain, laws by statistics where they are drawn,
//! routes against `petgraph`, and golden graphs.
//!
//! Statistical limits are at a level of one in a million, with fixed seeds.

mod drawn;
mod fixed;
mod golden;
mod graphs;
mod joined;
mod regular;
mod routes;
mod small_world;
mod validity;

use quorate_engine::NodeId;
use quorate_engine::topology::{Graph, Law, Topology};

/// The graph of a topology that must have one.
fn graph(topology: &Topology, nodes: u32, seed: u64) -> Graph {
    let graph = topology.graph(nodes, seed).unwrap_or_else(|invalid| panic!("{topology:?} of {nodes}: {invalid}"));
    let graph = graph.unwrap_or_else(|| panic!("{topology:?} has no graph"));
    assert_eq!(graph.len(), nodes, "{topology:?}");
    graph
}

/// The graph of a law as it comes, connected or not.
fn drawn(law: Law, nodes: u32, seed: u64) -> Graph {
    graph(&Topology::Random { law, connected: false, seed: None }, nodes, seed)
}

fn degrees(graph: &Graph) -> Vec<u32> {
    (0..graph.len()).map(|node| graph.degree(NodeId(node))).collect()
}

fn edges(graph: &Graph) -> Vec<(u32, u32)> {
    graph.edges().collect()
}

/// How many nodes have each degree.
fn degree_counts(graph: &Graph) -> Vec<u64> {
    let degrees = degrees(graph);
    let mut counts = vec![0; *degrees.iter().max().unwrap() as usize + 1];
    degrees.iter().for_each(|&degree| counts[degree as usize] += 1);
    counts
}

/// Beyond so many standard deviations, on either side, lies one in a million.
const SIGMAS: f64 = 4.892;

/// Holds counts against what is expected, by Pearson's chi-square; every cell must expect 5 or more. `squares` are further
/// squares of standard normal variables in the statistic, each with its own limit.
fn assert_distributed(what: &str, counts: &[u64], expected: &[f64], squares: usize) {
    assert_eq!(counts.len(), expected.len());
    assert!(expected.iter().all(|&expected| expected >= 5.0), "{what}: {expected:?}");
    let total: u64 = counts.iter().sum();
    let expected_total: f64 = expected.iter().sum();
    assert!((total as f64 / expected_total - 1.0).abs() < 1e-6, "{what}: {total} of {expected_total} expected");
    let cells = counts.iter().zip(expected).map(|(&count, &expected)| {
        let off = count as f64 - expected;
        off * off / expected
    });
    let statistic: f64 = cells.sum();
    let freedom = counts.len() - 1;
    let limit = chi_square_limit(freedom) + squares as f64 * chi_square_limit(1);
    println!("{what}: chi-square {statistic:.1} with {freedom} degrees of freedom, at most {limit:.1}");
    assert!(statistic < limit, "{what}: chi-square {statistic} of at most {limit}");
}

/// What chi-square exceeds once in a million times (Wilson and Hilferty 1931).
fn chi_square_limit(freedom: usize) -> f64 {
    let freedom = freedom as f64;
    let part = 2.0 / (9.0 * freedom);
    let root = 1.0 - part + 4.753 * part.sqrt();
    freedom * root * root * root
}

/// Counts and expectations with the cells from `last` on made one.
fn pooled(counts: &[u64], expected: &[f64], last: usize) -> (Vec<u64>, Vec<f64>) {
    let mut counts = counts.to_vec();
    counts.resize(expected.len().max(counts.len()), 0);
    let (head, tail) = counts.split_at(last);
    let (expected_head, expected_tail) = expected.split_at(last);
    ([head, &[tail.iter().sum()]].concat(), [expected_head, &[expected_tail.iter().sum()]].concat())
}
