//! Scale-free graphs: the number of edges exactly, the degrees by their law.

use crate::{assert_distributed, degree_counts, degrees, drawn, pooled};
use quorate_engine::NodeId;
use quorate_engine::topology::Law;

#[test]
fn each_joins_with_as_many_edges() {
    for (nodes, edges) in [(2, 1), (5, 4), (10, 1), (100, 3), (1_000, 7)] {
        let graph = drawn(Law::ScaleFree { edges }, nodes, 1);
        assert_eq!(graph.edge_count(), edges * (edges + 1) / 2 + edges * (nodes - edges - 1));
        assert!(graph.is_connected() && degrees(&graph).iter().all(|&degree| degree >= edges));
        // To those who were there.
        let earlier = |node: u32| graph.neighbours(NodeId(node)).iter().filter(|other| other.0 < node).count();
        assert!((edges + 1..nodes).all(|node| earlier(node) == edges as usize));
        assert!((0..=edges).all(|node| earlier(node) == node as usize), "the first are linked completely");
    }
}

/// P(k) = 2m(m + 1) / (k(k + 1)(k + 2)) (Dorogovtsev, Mendes and Samukhin, Physical Review Letters 85, 2000; Bollobás, Riordan,
/// Spencer and Tusnády 2001), whose tail from k on is m(m + 1) / (k(k + 1)).
#[test]
fn degrees_follow_the_law() {
    const NODES: u32 = 200_000;
    for edges in [1_u32, 3] {
        let counts = degree_counts(&drawn(Law::ScaleFree { edges }, NODES, 1));
        let product = f64::from(NODES) * f64::from(edges * (edges + 1));
        let expected = |k: f64| 2.0 * product / (k * (k + 1.0) * (k + 2.0));
        let last = 40;
        let (low, high) = (edges as usize, f64::from(last) * f64::from(last + 1));
        let mut cells: Vec<f64> = (edges..last).map(|k| expected(f64::from(k))).collect();
        cells.push(product / high);
        assert_eq!(counts[..low].iter().sum::<u64>(), 0);
        let (counts_pooled, cells) = pooled(&counts[low..], &cells, cells.len() - 1);
        assert_distributed(&format!("degrees at m {edges}"), &counts_pooled, &cells, 0);
        // The exponent by maximum likelihood (Clauset, Shalizi and Newman 2009, equation 3.7), where the law is nearly a power.
        let least = 20 * low;
        let logs = counts.iter().enumerate().skip(least);
        let (count, sum) = logs.fold((0.0, 0.0), |(count, sum), (k, &nodes)| {
            (count + nodes as f64, sum + nodes as f64 * libm::log(k as f64 / (least as f64 - 0.5)))
        });
        let exponent = 1.0 + count / sum;
        println!("m {edges}: exponent {exponent:.3}");
        assert!((2.8..3.2).contains(&exponent), "m {edges}: exponent {exponent}");
    }
}

/// The first nodes are the hubs: the largest degree grows with the root of the number of nodes.
#[test]
fn the_old_are_rich() {
    let degrees = degrees(&drawn(Law::ScaleFree { edges: 3 }, 100_000, 2));
    let old = degrees[..100].iter().sum::<u32>() / 100;
    let young = degrees[90_000..].iter().sum::<u32>() / 10_000;
    assert!(old > 50 && young == 3, "{old}, {young}");
}
