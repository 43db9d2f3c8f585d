//! Ways through a graph: who is the next on a shortest path, found when first asked for and kept.
//!
//! Routes follow links, not the health of nodes: a message that is sent towards a crashed or cut off node is lost there, as it
//! would be in a network whose routing has not noticed. They hold for one graph: [`Routes::clear`] when it changes.

use super::Graph;
use crate::collections::HashMap;
use crate::id::NodeId;
use std::collections::VecDeque;
use std::sync::Arc;

/// What is kept at most, in bytes: beyond it the oldest is forgotten, and found again when asked for. It changes no answer.
const MEMORY_MAX: u64 = 4 << 30;

/// Stands for a node or a distance where there is no path.
const NONE: u32 = u32::MAX;

/// Shortest paths by number of hops. Of several next hops the one with the lowest number is taken, so that all messages from
/// one node to another go the same way; the way back may be another.
///
/// Costs a breadth-first search and one `u32` a node for each destination that was ever asked for, up to 4 GiB.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// For each destination, the next hop of every node; empty until asked for.
    next_hops: Vec<Box<[u32]>>,
    /// Those that are not empty, the oldest first.
    known: VecDeque<NodeId>,
    /// Never iterated.
    trees: HashMap<NodeId, Arc<Tree>>,
    search: Search,
}

impl Routes {
    /// Nothing known yet.
    pub fn new() -> Routes {
        Routes::default()
    }

    /// Forgets everything: to be called when the graph changes.
    pub fn clear(&mut self) {
        self.forget();
        self.trees.clear();
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

    /// The tree of the ways from every node to `source`, along which it tells everyone.
    pub fn tree(&mut self, graph: &Graph, source: NodeId) -> Arc<Tree> {
        if !self.trees.contains_key(&source) {
            let tree = Arc::new(Tree::new(source, self.towards(graph, source)));
            if (self.trees.len() as u64 + 1).saturating_mul(u64::from(graph.len()) * 12) > MEMORY_MAX {
                self.trees.clear();
            }
            self.trees.insert(source, tree);
        }
        self.trees[&source].clone()
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
        self.next_hops.resize_with(graph.len() as usize, Box::default);
        if (self.known.len() as u64 + 1).saturating_mul(u64::from(graph.len()) * 4) > MEMORY_MAX
            && let Some(oldest) = self.known.pop_front()
        {
            self.next_hops[oldest.index()] = Box::default();
        }
        self.next_hops[to.index()] = self.search.next_hops(graph, to);
        self.known.push_back(to);
    }

    fn forget(&mut self) {
        self.next_hops.clear();
        self.known.clear();
    }
}

/// The ways from every node to one source. What the source tells all is passed on along it: it reaches every node from which a
/// way leads to the source, each once. It holds for the graph as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree {
    source: NodeId,
    /// The next node on the way to the source.
    parents: Box<[u32]>,
    starts: Box<[u32]>,
    children: Box<[NodeId]>,
}

impl Tree {
    fn new(source: NodeId, towards: &[u32]) -> Tree {
        let mut starts = vec![0u32; towards.len() + 1];
        let edges = || (0..).zip(towards).filter(|&(node, &parent)| parent != NONE && NodeId(node) != source);
        edges().for_each(|(_, &parent)| starts[parent as usize + 1] += 1);
        for node in 0..towards.len() {
            starts[node + 1] += starts[node];
        }
        let mut free = starts.clone();
        let mut children = vec![NodeId(0); starts[towards.len()] as usize];
        for (node, &parent) in edges() {
            let place = &mut free[parent as usize];
            children[*place as usize] = NodeId(node);
            *place += 1;
        }
        Tree { source, parents: towards.into(), starts: starts.into(), children: children.into() }
    }

    /// To whom a node passes on what the source tells everyone, in ascending order.
    pub fn children(&self, at: NodeId) -> &[NodeId] {
        &self.children[self.starts[at.index()] as usize..self.starts[at.index() + 1] as usize]
    }

    /// Who passes it on to a node; `None` for the source itself and for whom it does not reach.
    pub fn parent(&self, of: NodeId) -> Option<NodeId> {
        let parent = self.parents[of.index()];
        (parent != NONE && of != self.source).then_some(NodeId(parent))
    }

    /// A node and all below it.
    pub fn below(&self, from: NodeId) -> Vec<NodeId> {
        let mut all = vec![from];
        let mut next = 0;
        while let Some(&node) = all.get(next) {
            next += 1;
            all.extend_from_slice(self.children(node));
        }
        all
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
