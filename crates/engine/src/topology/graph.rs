//! The links in compressed sparse rows: the neighbours of all nodes, one node after the other, in one array, and where each
//! node's begin. 4 bytes for each end of an edge and 4 for each node; neighbours lie side by side, because the world asks for
//! them at each send.
//!
//! It deliberately cannot be changed: what comes and goes makes a new graph ([`Graph::with_changes`]).

use super::{EDGES_MAX, Edge};
use crate::id::NodeId;

/// An undirected simple graph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Graph {
    /// Where each node's neighbours begin, and where the last node's end. Invariant: ascending, one longer than there are nodes.
    starts: Box<[u32]>,
    /// Invariant: each node's are ascending, without itself, and contain `b` for `a` if they contain `a` for `b`.
    ends: Box<[NodeId]>,
}

impl Graph {
    /// The graph of these edges. One that is named twice, or in both directions, is one edge; a node is not linked to itself.
    ///
    /// # Panics
    /// If an edge has an end that is not among the nodes, or there are more than [`EDGES_MAX`].
    pub fn new(nodes: u32, edges: &[(u32, u32)]) -> Graph {
        assert!(edges.len() as u64 <= EDGES_MAX, "{} edges, and {EDGES_MAX} is the most", edges.len());
        let mut starts = vec![0; nodes as usize + 1];
        let links = || edges.iter().filter(|(a, b)| a != b);
        for &(a, b) in links() {
            assert!(a < nodes && b < nodes, "an edge from {a} to {b} among {nodes} nodes");
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for node in 0..nodes as usize {
            starts[node + 1] += starts[node];
        }
        let mut ends = vec![NodeId(0); starts[nodes as usize] as usize];
        let mut free = starts.clone();
        let mut put = |from: u32, to: u32| {
            let place = &mut free[from as usize];
            ends[*place as usize] = NodeId(to);
            *place += 1;
        };
        for &(a, b) in links() {
            put(a, b);
            put(b, a);
        }
        sort_rows(&mut starts, &mut ends);
        Graph { starts: starts.into(), ends: ends.into() }
    }

    /// How many nodes.
    pub fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Who is linked to the node, in ascending order.
    #[inline]
    pub fn neighbours(&self, node: NodeId) -> &[NodeId] {
        &self.ends[self.starts[node.index()] as usize..self.starts[node.index() + 1] as usize]
    }

    /// How many are linked to the node.
    #[inline]
    pub fn degree(&self, node: NodeId) -> u32 {
        self.starts[node.index() + 1] - self.starts[node.index()]
    }

    /// Whether the two are linked: a binary search among the neighbours of whoever has fewer, since one may be a hub.
    #[inline]
    pub fn has_edge(&self, a: NodeId, b: NodeId) -> bool {
        let (few, other) = if self.degree(a) <= self.degree(b) { (a, b) } else { (b, a) };
        self.neighbours(few).binary_search(&other).is_ok()
    }

    /// How many edges.
    pub fn edge_count(&self) -> u32 {
        (self.ends.len() / 2) as u32
    }

    /// All edges, each once, the lower end first, in ascending order.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.len()).flat_map(|a| {
            let neighbours = self.neighbours(NodeId(a));
            let above = neighbours.partition_point(|b| b.0 < a);
            neighbours[above..].iter().map(move |b| (a, b.0))
        })
    }

    /// This graph without the edges of `remove`, and then with those of `add`. To remove what is not there, or to add what is,
    /// changes nothing.
    ///
    /// # Panics
    /// As [`Graph::new`], over `add`.
    pub fn with_changes(&self, add: &[(u32, u32)], remove: &[(u32, u32)]) -> Graph {
        let mut removed: Vec<Edge> = remove.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        removed.sort_unstable();
        let kept = self.edges().filter(|edge| removed.binary_search(edge).is_err());
        let edges: Vec<Edge> = kept.chain(add.iter().copied()).collect();
        Graph::new(self.len(), &edges)
    }

    /// Whether every node can be reached from every other. A graph of at most one node is connected.
    pub fn is_connected(&self) -> bool {
        let mut seen = vec![false; self.len() as usize];
        let mut found: Vec<NodeId> = (0..self.len().min(1)).map(NodeId).collect();
        let mut count = found.len() as u32;
        found.iter().for_each(|node| seen[node.index()] = true);
        while let Some(node) = found.pop() {
            for &next in self.neighbours(node) {
                if !std::mem::replace(&mut seen[next.index()], true) {
                    found.push(next);
                    count += 1;
                }
            }
        }
        count == self.len()
    }
}

/// Sorts each row and closes the gaps that repeated neighbours leave.
fn sort_rows(starts: &mut [u32], ends: &mut Vec<NodeId>) {
    let mut kept = 0;
    for node in 0..starts.len() - 1 {
        let row = starts[node] as usize..starts[node + 1] as usize;
        ends[row.clone()].sort_unstable();
        starts[node] = kept as u32;
        for place in row {
            if kept == starts[node] as usize || ends[kept - 1] != ends[place] {
                ends[kept] = ends[place];
                kept += 1;
            }
        }
    }
    *starts.last_mut().expect("there is one start more than nodes") = kept as u32;
    ends.truncate(kept);
}
