//! Ways through a graph: who is the next on a shortest path, found when first asked for and kept.
//!
//! Routes follow links, not the health of nodes: a message that is sent towards a crashed or cut off node is lost there, as it
//! would be in a network whose routing has not noticed. They hold for one graph: [`Routes::clear`] when it changes.

use super::Graph;
use crate::id::NodeId;

/// What is kept at most, in bytes: beyond it everything is forgotten, and found again when asked for. It changes no answer.
const MEMORY_MAX: u64 = 1 << 30;

/// Stands for a node or a distance where there is no path.
const NONE: u32 = u32::MAX;

/// Shortest paths by number of hops. Of several next hops the one with the lowest number is taken, so that all messages from
/// one node to another go the same way; the way back may be another.
///
/// Costs a breadth-first search and one `u32` a node for each destination that was ever asked for, up to 1 GiB.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// For each destination, the next hop of every node; empty until asked for.
    next_hops: Vec<Box<[u32]>>,
    /// How many of them are not empty.
    known: u64,
    search: Search,
}

impl Routes {
    /// Nothing known yet.
    pub fn new() -> Routes {
        Routes::default()
    }

    /// Forgets everything: to be called when the graph changes.
    pub fn clear(&mut self) {
        self.next_hops.clear();
        self.known = 0;
    }

    /// The neighbour of `from` that is next on the way to `to`; `to` itself when it is a neighbour, or is `from`; `None` when
    /// no path leads there.
    #[inline]
    pub fn next(&mut self, graph: &Graph, from: NodeId, to: NodeId) -> Option<NodeId> {
        let next = self.towards(graph, to)[from.index()];
        (next != NONE).then_some(NodeId(next))
    }

    /// The least number of hops from one node to the other, 0 from a node to itself; `None` when no path leads there. Walks
    /// the path.
    pub fn hops(&mut self, graph: &Graph, from: NodeId, to: NodeId) -> Option<u32> {
        let next_hops = self.towards(graph, to);
        let mut at = from.0;
        let mut hops = 0;
        while at != to.0 {
            at = next_hops[at as usize];
            if at == NONE {
                return None;
            }
            hops += 1;
        }
        Some(hops)
    }

    /// To whom `at` passes on what `source` tells everyone: the neighbours whose way to `source` leads first to `at`, in
    /// ascending order. Passed on so by all, it reaches every node to which a path leads, each exactly once.
    pub fn children<'a>(&'a mut self, graph: &'a Graph, source: NodeId, at: NodeId) -> impl Iterator<Item = NodeId> + 'a {
        let next_hops = self.towards(graph, source);
        // The source itself is nobody's child: its next hop is the source, which is not among its own neighbours.
        graph.neighbours(at).iter().copied().filter(move |child| next_hops[child.index()] == at.0)
    }

    /// The next hop of every node on the way to `to`.
    #[inline]
    fn towards(&mut self, graph: &Graph, to: NodeId) -> &[u32] {
        if self.next_hops.get(to.index()).is_none_or(|row| row.is_empty()) {
            self.find(graph, to);
        }
        &self.next_hops[to.index()]
    }

    #[cold]
    fn find(&mut self, graph: &Graph, to: NodeId) {
        if (self.known + 1).saturating_mul(u64::from(graph.len()) * 4) > MEMORY_MAX {
            self.clear();
        }
        self.next_hops.resize_with(graph.len() as usize, Box::default);
        self.next_hops[to.index()] = self.search.next_hops(graph, to);
        self.known += 1;
    }
}

/// What a search needs besides its result, kept from one to the next.
#[derive(Clone, Debug, Default)]
struct Search {
    distance: Vec<u32>,
    queue: Vec<NodeId>,
}

impl Search {
    /// Breadth first from the destination: a neighbour of `node` that is one further is a candidate to go through `node`.
    fn next_hops(&mut self, graph: &Graph, to: NodeId) -> Box<[u32]> {
        let mut next_hops = vec![NONE; graph.len() as usize].into_boxed_slice();
        self.distance.clear();
        self.distance.resize(graph.len() as usize, NONE);
        self.queue.clear();
        self.queue.push(to);
        self.distance[to.index()] = 0;
        next_hops[to.index()] = to.0;
        let mut head = 0;
        while let Some(&node) = self.queue.get(head) {
            head += 1;
            let further = self.distance[node.index()] + 1;
            for &neighbour in graph.neighbours(node) {
                let distance = &mut self.distance[neighbour.index()];
                if *distance == NONE {
                    *distance = further;
                    self.queue.push(neighbour);
                }
                if *distance == further {
                    // Where nothing stands yet, any number is lower.
                    let next = &mut next_hops[neighbour.index()];
                    *next = node.0.min(*next);
                }
            }
        }
        next_hops
    }
}
