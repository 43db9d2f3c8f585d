//! Preferential attachment (Barabási and Albert, "Emergence of scaling in random networks", Science 286, 1999). The paper
//! leaves open with whom it starts; here the first m + 1 nodes are linked completely, so that every node has at least m
//! neighbours and the graph is connected. Each further node draws m different nodes among those who are there, each draw in
//! proportion to the degrees before it joined, and again while the drawn node is linked to it already.
//!
//! A node is drawn in proportion to its degree as the end of an edge that is drawn evenly (Batagelj and Brandes, "Efficient
//! generation of large random networks", Physical Review E 71, 036113, 2005, algorithm 5).

use super::{Chance, Edge};
use rand_chacha::rand_core::Rng;

/// The edges of one such graph; each node joins with `joining`.
pub(super) fn scale_free(nodes: u32, joining: u32, chance: &mut Chance<impl Rng>) -> Vec<Edge> {
    let mut edges: Vec<Edge> = (0..=joining).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
    let mut drawn = Vec::with_capacity(joining as usize);
    for node in joining + 1..nodes {
        drawn.clear();
        while drawn.len() < joining as usize {
            let place = chance.below(2 * edges.len());
            let (a, b) = edges[place / 2];
            let chosen = if place & 1 == 0 { a } else { b };
            if !drawn.contains(&chosen) {
                drawn.push(chosen);
            }
        }
        edges.extend(drawn.iter().map(|&other| (other, node)));
    }
    edges
}
