//! Directed graphs as dense arrays: an order in which every edge goes forward, and what lies on cycles.

use super::edges::Edge;
use super::read::NONE;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The edges by where they begin.
pub(super) struct Graph {
    /// Of each node, and then the end: its first place in `edges`.
    from: Vec<u32>,
    /// Places in the list of edges.
    edges: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    /// The graph of these edges.
    pub(super) fn new(nodes: u32, list: &[Edge]) -> Graph {
        let mut from = vec![0; nodes as usize + 1];
        for edge in list {
            from[edge.from as usize + 1] += 1;
        }
        for node in 0..nodes as usize {
            from[node + 1] += from[node];
        }
        let mut next = from.clone();
        let (mut edges, mut targets) = (vec![0; list.len()], vec![0; list.len()]);
        for (edge, index) in list.iter().zip(0..) {
            let place = &mut next[edge.from as usize];
            (edges[*place as usize], targets[*place as usize]) = (index, edge.to);
            *place += 1;
        }
        Graph { from, edges, targets }
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> u32 {
        self.from.len() as u32 - 1
    }

    /// Where the edges of a node go.
    pub(super) fn targets(&self, node: u32) -> &[u32] {
        &self.targets[self.range(node)]
    }

    /// The edges of a node, as places in the list.
    pub(super) fn edges(&self, node: u32) -> &[u32] {
        &self.edges[self.range(node)]
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.from[node as usize] as usize..self.from[node as usize + 1] as usize
    }

    /// How many edges go to each node.
    pub(super) fn degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0; self.nodes() as usize];
        for target in &self.targets {
            degrees[*target as usize] += 1;
        }
        degrees
    }

    /// An order of the nodes in which every edge goes forward; `None` if there is a cycle (Kahn 1962).
    pub(super) fn order(&self) -> Option<Vec<u32>> {
        let mut degrees = self.degrees();
        let mut order: Vec<u32> = (0..self.nodes()).filter(|node| degrees[*node as usize] == 0).collect();
        let mut done = 0;
        while done < order.len() {
            for target in self.targets(order[done]) {
                degrees[*target as usize] -= 1;
                if degrees[*target as usize] == 0 {
                    order.push(*target);
                }
            }
            done += 1;
        }
        (order.len() == self.nodes() as usize).then_some(order)
    }

    /// The same with whatever is earliest first, of what may come next.
    pub(super) fn order_by(&self, time: impl Fn(u32) -> i64) -> Option<Vec<u32>> {
        let mut degrees = self.degrees();
        let ready = (0..self.nodes()).filter(|node| degrees[*node as usize] == 0);
        let mut heap: BinaryHeap<Reverse<(i64, u32)>> = ready.map(|node| Reverse((time(node), node))).collect();
        let mut order = Vec::with_capacity(self.nodes() as usize);
        while let Some(Reverse((_, node))) = heap.pop() {
            order.push(node);
            for target in self.targets(node) {
                degrees[*target as usize] -= 1;
                if degrees[*target as usize] == 0 {
                    heap.push(Reverse((time(*target), *target)));
                }
            }
        }
        (order.len() == self.nodes() as usize).then_some(order)
    }

    /// Of each node its strongly connected component, [`NONE`] when that is the node alone (Tarjan 1972).
    pub(super) fn components(&self) -> Vec<u32> {
        let mut search = Components {
            found: vec![NONE; self.nodes() as usize],
            low: vec![0; self.nodes() as usize],
            component: vec![NONE; self.nodes() as usize],
            is_open: vec![false; self.nodes() as usize],
            open: Vec::new(),
            count: 0,
        };
        let mut path: Vec<(u32, u32)> = Vec::new();
        for root in 0..self.nodes() {
            if search.found[root as usize] == NONE {
                search.enter(root, &mut path);
                search.run(self, &mut path);
            }
        }
        search.component
    }
}

/// A depth-first search that keeps its path itself, as histories are longer than stacks are deep.
struct Components {
    /// When a node was found.
    found: Vec<u32>,
    /// The earliest that is reached from it, as far as is known.
    low: Vec<u32>,
    component: Vec<u32>,
    is_open: Vec<bool>,
    open: Vec<u32>,
    count: u32,
}

impl Components {
    fn enter(&mut self, node: u32, path: &mut Vec<(u32, u32)>) {
        (self.found[node as usize], self.low[node as usize]) = (self.count, self.count);
        self.is_open[node as usize] = true;
        self.open.push(node);
        self.count += 1;
        path.push((node, 0));
    }

    fn run(&mut self, graph: &Graph, path: &mut Vec<(u32, u32)>) {
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(target) = graph.targets(node).get(*next as usize) {
                *next += 1;
                if self.found[*target as usize] == NONE {
                    self.enter(*target, path);
                } else if self.is_open[*target as usize] {
                    self.low[node as usize] = self.low[node as usize].min(self.found[*target as usize]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.low[*parent as usize] = self.low[*parent as usize].min(self.low[node as usize]);
            }
            if self.low[node as usize] == self.found[node as usize] {
                self.close(node);
            }
        }
    }

    fn close(&mut self, root: u32) {
        let is_alone = self.open.last() == Some(&root);
        while let Some(node) = self.open.pop() {
            self.is_open[node as usize] = false;
            if !is_alone {
                self.component[node as usize] = root;
            }
            if node == root {
                return;
            }
        }
    }
}
