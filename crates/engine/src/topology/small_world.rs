//! The small world of Watts and Strogatz ("Collective dynamics of 'small-world' networks", Nature 393, 1998, Methods to figure
//! 1): a ring in which each node is linked to its k nearest; then, lap by lap and node by node, the edge to the neighbour 1, 2,
//! … k/2 places on keeps its near end, and with probability β its far end moves to a node that is drawn from all that the near
//! end is not linked to yet. At β = 1 it is not quite G(n, p): each node keeps k/2 edges.

use super::{Chance, Edge};
use crate::random::Probability;
use rand_chacha::rand_core::Rng;

/// The edges of one such graph.
pub(super) fn small_world(nodes: u32, degree: u32, rewire: Probability, chance: &mut Chance<impl Rng>) -> Vec<Edge> {
    let mut world = World::ring(nodes, degree / 2);
    for lap in 0..world.laps {
        for node in 0..nodes {
            if rewire.strikes(chance.draw()) {
                world.move_edge(node, lap, chance);
            }
        }
    }
    world.edges().collect()
}

/// Every edge belongs to its near end, so that the graph is a table: `laps` far ends a node. Two nodes are linked if either
/// has the other among its far ends.
struct World {
    nodes: u32,
    laps: usize,
    far_ends: Vec<u32>,
    degrees: Vec<u32>,
}

impl World {
    fn ring(nodes: u32, laps: u32) -> World {
        let after = |node: u32, steps: u32| ((u64::from(node) + u64::from(steps)) % u64::from(nodes)) as u32;
        let far_ends = (0..nodes).flat_map(|node| (1..=laps).map(move |steps| after(node, steps))).collect();
        World { nodes, laps: laps as usize, far_ends, degrees: vec![2 * laps; nodes as usize] }
    }

    fn row(&self, node: u32) -> &[u32] {
        &self.far_ends[node as usize * self.laps..][..self.laps]
    }

    fn linked(&self, a: u32, b: u32) -> bool {
        self.row(a).contains(&b) || self.row(b).contains(&a)
    }

    fn move_edge(&mut self, node: u32, lap: usize, chance: &mut Chance<impl Rng>) {
        // Who is linked to all others has nowhere to move an edge to.
        if self.degrees[node as usize] == self.nodes - 1 {
            return;
        }
        let to = loop {
            let to = chance.below(self.nodes as usize) as u32;
            if to != node && !self.linked(node, to) {
                break to;
            }
        };
        let from = std::mem::replace(&mut self.far_ends[node as usize * self.laps + lap], to);
        self.degrees[from as usize] -= 1;
        self.degrees[to as usize] += 1;
    }

    fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        (0..self.nodes).flat_map(|node| self.row(node).iter().map(move |&far| (node, far)))
    }
}
