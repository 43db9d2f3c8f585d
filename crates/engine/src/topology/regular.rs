//! Random regular graphs by the algorithm of Steger and Wormald ("Generating random regular graphs quickly", Combinatorics,
//! Probability and Computing 8, 1999): every node brings as many points as its degree; pairs of points are drawn evenly among
//! those that would make a new edge, until no point is left. If points are left that could only repeat an edge, all is begun
//! anew.
//!
//! For a fixed degree, and for any below n^(1/3) (Kim and Vu, "Generating random regular graphs", STOC 2003), the law tends to
//! the uniform one as the nodes grow; on six nodes of degree 2 or 3 no graph is 3.1 % more likely than its share. A degree of
//! half the nodes or more is the complement of a smaller one, so that every degree comes to an end: measured, fewer than three
//! attempts in four are begun anew at worst (200 nodes of degree 99), and one in a hundred where degrees are small and nodes
//! many (1000 nodes of degree 10).

use super::{Chance, Edge};
use rand_chacha::rand_core::Rng;

/// After so many draws in a row that make no new edge, the pairs that would are listed.
const VAIN_DRAWS_MAX: u32 = 1_000;

/// The edges of one such graph.
pub(super) fn regular(nodes: u32, degree: u32, chance: &mut Chance<impl Rng>) -> Vec<Edge> {
    let missing = nodes - 1 - degree;
    let pairing = loop {
        if let Some(pairing) = Pairing::draw(nodes, degree.min(missing), chance) {
            break pairing;
        }
    };
    if degree <= missing { pairing.edges } else { complement(nodes, &pairing) }
}

fn complement(nodes: u32, pairing: &Pairing) -> Vec<Edge> {
    let mut edges = Vec::new();
    // Whose neighbour each node was seen to be last.
    let mut neighbour_of = vec![nodes; nodes as usize];
    for b in 0..nodes {
        pairing.row(b).iter().for_each(|&a| neighbour_of[a as usize] = b);
        edges.extend((0..b).filter(|&a| neighbour_of[a as usize] != b).map(|a| (a, b)));
    }
    edges
}

/// A regular graph while it is made.
struct Pairing {
    degree: usize,
    /// The node of each point that is not paired yet.
    points: Vec<u32>,
    /// Each node's neighbours so far, in a row of as many places as the degree.
    rows: Vec<u32>,
    /// How many places of each node's row are taken.
    taken: Vec<u32>,
    edges: Vec<Edge>,
}

impl Pairing {
    /// A whole one, or none when it is stuck.
    fn draw(nodes: u32, degree: u32, chance: &mut Chance<impl Rng>) -> Option<Pairing> {
        let points: Vec<u32> = (0..nodes).flat_map(|node| (0..degree).map(move |_| node)).collect();
        let mut pairing = Pairing {
            degree: degree as usize,
            rows: vec![0; points.len()],
            taken: vec![0; nodes as usize],
            edges: Vec::with_capacity(points.len() / 2),
            points,
        };
        while !pairing.points.is_empty() {
            let (one, other) = pairing.suitable(chance)?;
            pairing.join(one, other);
        }
        Some(pairing)
    }

    /// Two points whose nodes may be linked, drawn evenly among all such; `None` when there are no such.
    fn suitable(&self, chance: &mut Chance<impl Rng>) -> Option<(usize, usize)> {
        for _ in 0..VAIN_DRAWS_MAX {
            let (one, other) = (chance.below(self.points.len()), chance.below(self.points.len()));
            if self.may_join(one, other) {
                return Some((one, other));
            }
        }
        // So few pairs are suitable only among the last points.
        let firsts = 0..self.points.len();
        let pairs = firsts.flat_map(|one| (one + 1..self.points.len()).map(move |other| (one, other)));
        let suitable: Vec<_> = pairs.filter(|&(one, other)| self.may_join(one, other)).collect();
        if suitable.is_empty() { None } else { Some(suitable[chance.below(suitable.len())]) }
    }

    fn may_join(&self, one: usize, other: usize) -> bool {
        let (u, v) = (self.points[one], self.points[other]);
        u != v && !self.row(u).contains(&v)
    }

    fn row(&self, node: u32) -> &[u32] {
        &self.rows[node as usize * self.degree..][..self.taken[node as usize] as usize]
    }

    fn join(&mut self, one: usize, other: usize) {
        // The higher place first: the last point moves into the gap.
        let u = self.points.swap_remove(one.max(other));
        let v = self.points.swap_remove(one.min(other));
        self.add(u, v);
        self.add(v, u);
        self.edges.push((u, v));
    }

    fn add(&mut self, node: u32, neighbour: u32) {
        let taken = &mut self.taken[node as usize];
        self.rows[node as usize * self.degree + *taken as usize] = neighbour;
        *taken += 1;
    }
}
