//! The shortest cycle of each class.

use super::{Class, is_transaction};
use crate::isolation::edges::{Edge, Edges, Ground, Kind};
use crate::isolation::graph::Graph;
use crate::isolation::read::NONE;
use std::collections::VecDeque;

/// An edge of a cycle, between transactions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) kind: Kind,
    pub(super) key: u32,
    pub(super) ground: Ground,
}

/// What lies on cycles of a graph.
pub(super) struct Cycles {
    graph: Graph,
    list: Vec<Edge>,
    /// Of each node its name in the whole graph.
    names: Vec<u32>,
    transactions: u32,
}

/// Edges that are looked at for one class: on a large graph, the shortest cycle that was found by then is told.
const LOOKS_MAX: u64 = 4_000_000;

/// What a walk must remember besides its node: whether its last dependency was rw, and whether it has what its class asks for.
const STATES: usize = 4;
const LAST_IS_RW: usize = 1;
const IS_ENOUGH: usize = 2;

/// What orders a cycle may use besides dependencies.
const NO_ORDER: &[Kind] = &[];
const SESSIONS: &[Kind] = &[Kind::Process];
const ALL_ORDERS: &[Kind] = &[Kind::Process, Kind::RealTime];

impl Cycles {
    pub(super) fn new(edges: &Edges, transactions: u32) -> Cycles {
        let components = Graph::new(edges.nodes, &edges.list).components();
        let (mut names, mut numbers) = (Vec::new(), vec![NONE; edges.nodes as usize]);
        for node in 0..edges.nodes {
            if components[node as usize] != NONE {
                numbers[node as usize] = names.len() as u32;
                names.push(node);
            }
        }
        let inside = |edge: &&Edge| {
            let component = components[edge.from as usize];
            component != NONE && component == components[edge.to as usize]
        };
        let renamed = |edge: &Edge| Edge { from: numbers[edge.from as usize], to: numbers[edge.to as usize], ..*edge };
        let list: Vec<Edge> = edges.list.iter().filter(inside).map(renamed).collect();
        Cycles { graph: Graph::new(names.len() as u32, &list), list, names, transactions }
    }

    /// The shortest cycle of a class, of dependencies alone if there is one.
    pub(super) fn shortest(&self, class: Class) -> Option<Vec<Step>> {
        [NO_ORDER, SESSIONS, ALL_ORDERS].iter().find_map(|orders| Walks::new(self, class, orders).shortest())
    }
}

/// The walks of a class.
struct Walks<'c> {
    cycles: &'c Cycles,
    class: Class,
    orders: &'static [Kind],
    distance: Vec<u32>,
    /// The state before and the edge from there.
    by: Vec<(u32, u32)>,
    touched: Vec<u32>,
    looks: u64,
}

impl<'c> Walks<'c> {
    fn new(cycles: &'c Cycles, class: Class, orders: &'static [Kind]) -> Walks<'c> {
        let states = cycles.names.len() * STATES;
        let (distance, by) = (vec![NONE; states], vec![(NONE, NONE); states]);
        Walks { cycles, class, orders, distance, by, touched: Vec::new(), looks: 0 }
    }

    fn shortest(mut self) -> Option<Vec<Step>> {
        let needs = match self.class {
            Class::G0 => Kind::Ww,
            Class::G1c => Kind::Wr,
            _ => Kind::Rw,
        };
        let mut best: Option<Vec<Step>> = None;
        for (first, index) in self.cycles.list.iter().zip(0..) {
            if first.kind != needs || self.looks > LOOKS_MAX {
                continue;
            }
            let limit = best.as_ref().map_or(NONE, |best| best.len() as u32);
            if limit == 2 {
                break;
            }
            if let Some(walk) = self.walk(first, limit)
                && let steps = self.steps(index, &walk)
                && is_simple(&steps)
                && steps.len() < limit as usize
            {
                best = Some(steps);
            }
        }
        best
    }

    /// The edges from the end of the first one back to where that begins, if there are any, and fewer than the limit.
    fn walk(&mut self, first: &Edge, limit: u32) -> Option<Vec<u32>> {
        for state in self.touched.drain(..) {
            self.distance[state as usize] = NONE;
        }
        let last_is_rw = if self.counts_rw() { LAST_IS_RW } else { 0 };
        let start = (first.to as usize * STATES + last_is_rw) as u32;
        self.distance[start as usize] = 1;
        self.touched.push(start);
        // Edges out of helpers cost nothing.
        let mut queue = VecDeque::from([(start, 1)]);
        while let Some((state, distance)) = queue.pop_front() {
            let (node, memory) = (state as usize / STATES, state as usize % STATES);
            if distance > self.distance[state as usize] {
                continue;
            }
            if node as u32 == first.from {
                if self.accepts(memory) {
                    return Some(self.back(start, state));
                }
                continue;
            }
            self.looks += self.cycles.graph.edges(node as u32).len() as u64;
            for index in self.cycles.graph.edges(node as u32) {
                let edge = &self.cycles.list[*index as usize];
                let Some(memory) = self.after(memory, edge.kind) else { continue };
                let next = (edge.to as usize * STATES + memory) as u32;
                let cost = u32::from(edge.kind != Kind::Link);
                if distance + cost < self.distance[next as usize].min(limit) {
                    if self.distance[next as usize] == NONE {
                        self.touched.push(next);
                    }
                    self.distance[next as usize] = distance + cost;
                    self.by[next as usize] = (state, *index);
                    if cost == 0 { queue.push_front((next, distance)) } else { queue.push_back((next, distance + cost)) }
                }
            }
        }
        None
    }

    fn counts_rw(&self) -> bool {
        matches!(self.class, Class::GNonadjacent | Class::G2)
    }

    /// What to remember after an edge; `None` if the class does not allow it.
    fn after(&self, memory: usize, kind: Kind) -> Option<usize> {
        let enough = memory & IS_ENOUGH;
        match kind {
            Kind::Link => Some(memory),
            Kind::Ww => Some(enough),
            Kind::Wr => (self.class != Class::G0).then_some(enough),
            Kind::Rw => match self.class {
                Class::GNonadjacent if memory & LAST_IS_RW == 0 => Some(IS_ENOUGH | LAST_IS_RW),
                Class::G2 if memory & LAST_IS_RW != 0 => Some(IS_ENOUGH | LAST_IS_RW),
                Class::G2 => Some(enough | LAST_IS_RW),
                _ => None,
            },
            order => self.orders.contains(&order).then_some(enough),
        }
    }

    fn accepts(&self, memory: usize) -> bool {
        match self.class {
            Class::GNonadjacent => memory == IS_ENOUGH,
            // The first edge is rw, so that an rw edge back to it is next to it.
            Class::G2 => memory != 0,
            _ => true,
        }
    }

    fn back(&self, start: u32, end: u32) -> Vec<u32> {
        let (mut walk, mut state) = (Vec::new(), end);
        while state != start {
            let (before, edge) = self.by[state as usize];
            walk.push(edge);
            state = before;
        }
        walk.reverse();
        walk
    }

    /// The same between transactions, as whole edges.
    fn steps(&self, first: u32, walk: &[u32]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for index in std::iter::once(&first).chain(walk) {
            let edge = &self.cycles.list[*index as usize];
            let (from, to) = (self.cycles.names[edge.from as usize], self.cycles.names[edge.to as usize]);
            match steps.last_mut() {
                Some(last) if edge.kind == Kind::Link => last.to = to,
                _ => steps.push(Step { from, to, kind: edge.kind, key: edge.key, ground: edge.ground }),
            }
        }
        debug_assert!(steps.iter().all(|step| is_transaction(step.from, self.cycles.transactions)));
        steps
    }
}

/// Whether no transaction comes twice. One that does would part the cycle into two, one of which is told as what it is.
fn is_simple(steps: &[Step]) -> bool {
    let mut seen: Vec<u32> = steps.iter().map(|step| step.from).collect();
    seen.sort_unstable();
    seen.windows(2).all(|pair| pair[0] != pair[1])
}
