//! G(n, p): each pair of nodes is linked with probability p (Gilbert, "Random graphs", Annals of Mathematical Statistics 30,
//! 1959). The pairs that are not linked are not visited: the number of them up to the next edge is geometric, and drawn at once
//! (Batagelj and Brandes, "Efficient generation of large random networks", Physical Review E 71, 036113, 2005, algorithm 1),
//! so that the work is that of the edges and nodes, not of the pairs.

use super::{Chance, Edge};
use libm::{log, log1p};
use rand_chacha::rand_core::Rng;

/// The edges of one such graph.
pub(super) fn erdos_renyi(nodes: u32, probability: f64, chance: &mut Chance<impl Rng>) -> Vec<Edge> {
    let mut edges = Vec::new();
    if probability <= 0.0 {
        return edges;
    }
    let log_missing = log1p(-probability);
    // The pairs in order: (0, 1), (0, 2), (1, 2), (0, 3), … as places in a row of `upper`, which has `upper` of them.
    let (mut upper, mut lower) = (1, 0_u64);
    loop {
        lower = lower.saturating_add(missing(log_missing, chance));
        while upper < nodes && lower >= u64::from(upper) {
            lower -= u64::from(upper);
            upper += 1;
        }
        if upper >= nodes {
            return edges;
        }
        edges.push((lower as u32, upper));
        lower += 1;
    }
}

/// How many pairs are missing before the next edge: at least k with probability (1 - p)^k. The uniform that it is made from
/// has 53 bits and is never 0, so that it ends at 37 / p, where one in 10^16 would still be to come.
fn missing(log_missing: f64, chance: &mut Chance<impl Rng>) -> u64 {
    let uniform = ((chance.draw() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    // At p = 1 this is 0 over minus infinity, or less than that over it: 0 either way. What is too large saturates.
    (log(uniform) / log_missing) as u64
}
