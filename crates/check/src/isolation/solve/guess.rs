//! A first guess at the order of everything: as a database would have gone through it that does one thing after the other, the most
//! urgent first, and lets nobody overwrite what somebody is still to read.

use super::super::edges::Shape;
use super::super::graph::Graph;
use super::super::read::{NONE, Trace};
use super::super::versions::{Chain, Versions};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Of each node its place in an order that fits what is known.
pub(super) fn guess(trace: &Trace<'_>, versions: &Versions, graph: &Graph, shape: Shape) -> Vec<u32> {
    let due = due(trace, graph, shape);
    let schedule = Schedule::new(trace, versions, graph, shape).run(&due);
    let order = schedule.or_else(|| graph.order_by(|node| due[node as usize]));
    let order = order.expect("a graph without cycles has an order");
    let mut place = vec![0; order.len()];
    for (node, index) in order.into_iter().zip(0..) {
        place[node as usize] = index;
    }
    place
}

/// Of each node when it must be done: by its own time, or that of the first that waits for it.
fn due(trace: &Trace<'_>, graph: &Graph, shape: Shape) -> Vec<i64> {
    let count = trace.transactions.len() as u32;
    let operation = |number: u32| &trace.history.operations[trace.transactions[number as usize] as usize];
    let returned = |number: u32| operation(number).response.unwrap_or(i64::MAX);
    let time = |node: u32| match shape {
        Shape::Simple if node < count => returned(node),
        Shape::Doubled if node < 2 * count && node.is_multiple_of(2) => operation(node / 2).invoke,
        Shape::Doubled if node < 2 * count => returned(node / 2),
        _ => i64::MAX,
    };
    let mut due: Vec<i64> = (0..graph.nodes()).map(time).collect();
    for node in graph.order().expect("a graph without cycles has an order").into_iter().rev() {
        let first = graph.targets(node).iter().map(|target| due[*target as usize]).min();
        due[node as usize] = due[node as usize].min(first.unwrap_or(i64::MAX));
    }
    due
}

/// Things by transaction, as dense lists.
struct ByTransaction {
    from: Vec<u32>,
    list: Vec<u32>,
}

impl ByTransaction {
    fn new(count: usize, pairs: &[(u32, u32)]) -> ByTransaction {
        let mut from = vec![0; count + 1];
        for (transaction, _) in pairs {
            from[*transaction as usize + 1] += 1;
        }
        for transaction in 0..count {
            from[transaction + 1] += from[transaction];
        }
        let (mut next, mut list) = (from.clone(), vec![0; pairs.len()]);
        for (transaction, thing) in pairs {
            list[next[*transaction as usize] as usize] = *thing;
            next[*transaction as usize] += 1;
        }
        ByTransaction { from, list }
    }

    fn of(&self, transaction: u32) -> std::ops::Range<usize> {
        self.from[transaction as usize] as usize..self.from[transaction as usize + 1] as usize
    }
}

struct Schedule<'s> {
    graph: &'s Graph,
    shape: Shape,
    transactions: u32,
    chains: Vec<Chain>,
    /// The chains that a transaction begins, those that it ends, and those whose end it reads.
    begins: ByTransaction,
    ends: ByTransaction,
    reads: ByTransaction,
    /// Of each chain, how many reads of its end are still to come, whether the end is written, and the chain before it.
    left: Vec<u32>,
    is_written: Vec<bool>,
    after: Vec<u32>,
    /// Of each key, the chain that it is at, and the nodes that wait for it.
    current: Vec<u32>,
    waiting: Vec<Vec<u32>>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

/// Looks at a node, on average, after which there is no guess.
const LOOKS_PER_NODE: u64 = 32;

impl<'s> Schedule<'s> {
    fn new(trace: &Trace<'_>, versions: &Versions, graph: &'s Graph, shape: Shape) -> Schedule<'s> {
        let chains: Vec<Chain> = versions.open().flatten().copied().collect();
        let (mut begins, mut ends, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for (chain, index) in chains.iter().zip(0..) {
            begins.push((versions.writer[chain.head as usize], index));
            ends.push((versions.writer[chain.tail as usize], index));
            reads.extend(versions.readers(chain.tail).iter().map(|reader| (*reader, index)));
        }
        let count = trace.transactions.len();
        Schedule {
            graph,
            shape,
            transactions: count as u32,
            begins: ByTransaction::new(count, &begins),
            ends: ByTransaction::new(count, &ends),
            reads: ByTransaction::new(count, &reads),
            left: chains.iter().map(|chain| versions.readers(chain.tail).len() as u32).collect(),
            is_written: vec![false; chains.len()],
            after: vec![NONE; chains.len()],
            current: vec![NONE; trace.keys.len()],
            waiting: vec![Vec::new(); trace.keys.len()],
            heap: BinaryHeap::new(),
            chains,
        }
    }

    /// An order of all nodes; `None` if it takes too long.
    fn run(mut self, due: &[i64]) -> Option<Vec<u32>> {
        let nodes = self.graph.nodes();
        let mut degrees = self.graph.degrees();
        let mut order = Vec::with_capacity(nodes as usize);
        let ready = (0..nodes).filter(|node| degrees[*node as usize] == 0);
        self.heap = ready.map(|node| Reverse((due[node as usize], node))).collect();
        let mut looks = 0;
        while order.len() < nodes as usize {
            looks += 1;
            let (node, is_free) = match self.heap.pop() {
                Some(Reverse((_, node))) => (node, false),
                None => {
                    looks += self.waiting.len() as u64;
                    (self.unstick(due)?, true)
                }
            };
            if looks > LOOKS_PER_NODE * u64::from(nodes) {
                return None;
            }
            if !is_free && let Some(key) = self.waits_for(node) {
                self.waiting[key as usize].push(node);
                continue;
            }
            self.pass(node, due);
            order.push(node);
            for target in self.graph.targets(node) {
                degrees[*target as usize] -= 1;
                if degrees[*target as usize] == 0 {
                    self.heap.push(Reverse((due[*target as usize], *target)));
                }
            }
        }
        Some(order)
    }

    /// When all wait for each other, something before was a mistake. The most urgent one goes on, so that not all that comes after
    /// is one too.
    fn unstick(&mut self, due: &[i64]) -> Option<u32> {
        let all = self.waiting.iter().zip(0..).flat_map(|(nodes, key)| nodes.iter().map(move |node| (*node, key)));
        let (node, key) = all.min_by_key(|(node, _)| (due[*node as usize], *node))?;
        self.waiting[key as usize].retain(|other| *other != node);
        Some(node)
    }

    /// Whether a node is where a transaction starts, and whether where it commits.
    fn role(&self, node: u32) -> Option<(u32, bool, bool)> {
        match self.shape {
            Shape::Simple => (node < self.transactions).then_some((node, true, true)),
            Shape::Doubled => (node < 2 * self.transactions).then_some((node / 2, node.is_multiple_of(2), node % 2 == 1)),
        }
    }

    /// The key that a node must wait for.
    fn waits_for(&self, node: u32) -> Option<u32> {
        let (transaction, starts, commits) = self.role(node)?;
        let is_blocked = |place: &usize| {
            let chain = self.begins.list[*place];
            let key = self.chains[chain as usize].key;
            let current = self.current[key as usize];
            let before = if current == chain { self.after[chain as usize] } else { current };
            before != NONE && ((starts && !self.is_written[before as usize]) || (commits && self.left[before as usize] > 0))
        };
        let place = self.begins.of(transaction).find(is_blocked)?;
        Some(self.chains[self.begins.list[place] as usize].key)
    }

    /// Does what is done at a node.
    fn pass(&mut self, node: u32, due: &[i64]) {
        let Some((transaction, starts, commits)) = self.role(node) else { return };
        if starts {
            for place in self.reads.of(transaction) {
                let chain = self.reads.list[place] as usize;
                self.left[chain] -= 1;
                if self.left[chain] == 0 {
                    self.wake(chain, due);
                }
            }
            for place in self.begins.of(transaction) {
                let chain = self.begins.list[place];
                let current = &mut self.current[self.chains[chain as usize].key as usize];
                self.after[chain as usize] = std::mem::replace(current, chain);
            }
        }
        if commits {
            for place in self.ends.of(transaction) {
                let chain = self.ends.list[place] as usize;
                self.is_written[chain] = true;
                self.wake(chain, due);
            }
        }
    }

    fn wake(&mut self, chain: usize, due: &[i64]) {
        let waiting = std::mem::take(&mut self.waiting[self.chains[chain].key as usize]);
        self.heap.extend(waiting.into_iter().map(|node| Reverse((due[node as usize], node))));
    }
}
