//! G(n, p): each graph with its probability where all can be listed, and number of edges and degrees where not.

use crate::{SIGMAS, assert_distributed, degree_counts, drawn, edges, pooled};
use quorate_engine::random::Probability;
use quorate_engine::topology::{Density, Law};

fn of_probability(p: f64) -> Law {
    Law::ErdosRenyi(Density::Probability(Probability::from_f64(p).unwrap()))
}

#[test]
fn the_ends_are_exact() {
    for nodes in [1, 2, 3, 50] {
        assert_eq!(drawn(of_probability(0.0), nodes, 1).edge_count(), 0);
        assert_eq!(drawn(of_probability(1.0), nodes, 1).edge_count(), nodes * (nodes - 1) / 2);
        assert_eq!(
            drawn(Law::ErdosRenyi(Density::MeanDegree(f64::from(nodes - 1))), nodes, 1).edge_count(),
            nodes * (nodes - 1) / 2
        );
        assert_eq!(drawn(Law::ErdosRenyi(Density::MeanDegree(0.0)), nodes, 1).edge_count(), 0);
    }
    // So rare that none is ever drawn, and nothing overflows.
    assert_eq!(drawn(of_probability(1e-19), 100_000, 1).edge_count(), 0);
}

#[test]
fn all_graphs_of_four_nodes_have_their_probability() {
    const SEEDS: u64 = 60_000;
    let pairs = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];
    for p in [0.5, 0.3] {
        let mut counts = [0_u64; 64];
        for seed in 0..SEEDS {
            let edges = edges(&drawn(of_probability(p), 4, seed));
            counts[edges.iter().map(|edge| 1 << pairs.iter().position(|pair| pair == edge).unwrap()).sum::<usize>()] += 1;
        }
        let weight = |graph: u32| {
            let present = graph.count_ones();
            (0..present).map(|_| p).product::<f64>() * (present..6).map(|_| 1.0 - p).product::<f64>()
        };
        let expected: Vec<f64> = (0..64).map(|graph| SEEDS as f64 * weight(graph)).collect();
        assert_distributed(&format!("graphs of p {p}"), &counts, &expected, 0);
    }
}

#[test]
fn the_number_of_edges_is_binomial() {
    for (nodes, p) in [(1_000, 0.01), (1_000, 0.5), (1_000, 0.97), (100_000, 5e-5), (30_000, 1e-8)] {
        let pairs = f64::from(nodes) * f64::from(nodes - 1) / 2.0;
        let (mean, deviation) = (pairs * p, (pairs * p * (1.0 - p)).sqrt());
        let mut off = 0.0;
        for seed in 0..10 {
            let edges = f64::from(drawn(of_probability(p), nodes, seed).edge_count());
            // Where few edges are expected, the binomial is a Poisson, whose upper tail is the longer: 5 expected, 24 once in 10^9.
            assert!((edges - mean).abs() < SIGMAS * deviation + 10.0, "{nodes} nodes, p {p}: {edges} edges of {mean}");
            off += (edges - mean) / deviation;
        }
        println!("{nodes} nodes, p {p}: {:.2} standard deviations off in 10 seeds", off / f64::sqrt(10.0));
        assert!((off / f64::sqrt(10.0)).abs() < SIGMAS + 1.0, "{nodes} nodes, p {p}: off by {off} deviations in 10 seeds");
    }
}

#[test]
fn degrees_are_binomial() {
    const NODES: u32 = 100_000;
    let mean = 6.0;
    let counts = degree_counts(&drawn(Law::ErdosRenyi(Density::MeanDegree(mean)), NODES, 1));
    let (trials, p) = (f64::from(NODES - 1), mean / f64::from(NODES - 1));
    // Each term from the one before.
    let mut terms = vec![libm::exp(trials * libm::log1p(-p))];
    for degree in 1..60 {
        let before = terms[degree - 1];
        terms.push(before * (trials - degree as f64 + 1.0) / degree as f64 * p / (1.0 - p));
    }
    let expected: Vec<f64> = terms.iter().map(|term| f64::from(NODES) * term).collect();
    let (counts, expected) = pooled(&counts, &expected, 18);
    // Every edge counts at both its ends, so that in one direction, that of the sum of degrees, the variance is double.
    assert_distributed("degrees", &counts, &expected, 1);
}
