//! A search through the choices that learns from each cycle: conflict-driven clause learning (Marques-Silva and Sakallah, GRASP,
//! 1996) over "this chain before that one", where the theory is a graph without cycles whose order is mended as edges come (Pearce
//! and Kelly, "A dynamic topological sort algorithm", JEA 2006). It is as in Cobra and PolySI, which leave it to MonoSAT.

use super::super::edges::Edges;
use super::super::graph::Graph;
use super::super::read::NONE;
use crate::budget::{Budget, Exhausted};
use std::collections::BinaryHeap;

/// A choice made one way: twice the choice, plus one if it is not in the order of the guess.
type Literal = u32;

/// Conflicts after which the search first begins again with what it has learnt; then after half as many more each time.
const RESTART_FIRST: u64 = 256;

pub(super) struct Search {
    graph: Ordered,
    /// Of each literal, the edges that it brings.
    brings: Vec<Vec<(u32, u32)>>,
    /// Of each choice, the literal that holds; NONE while it is open.
    made: Vec<Literal>,
    level: Vec<u32>,
    /// The clause that forced it; NONE if it was decided.
    reason: Vec<u32>,
    trail: Vec<Literal>,
    /// How many of the trail have brought their edges, and edges before each of them.
    done: usize,
    edges_before: Vec<usize>,
    /// Places in the trail at which each level begins.
    levels: Vec<usize>,
    /// Invariant: the first two literals of each are watched.
    clauses: Vec<Vec<Literal>>,
    /// Of each literal, the clauses that look at it: it is one of their first two.
    watches: Vec<Vec<u32>>,
    activity: Vec<u64>,
    /// Open choices by activity; may hold old entries.
    queue: BinaryHeap<(u64, std::cmp::Reverse<u32>)>,
    /// What each choice was last.
    phase: Vec<Literal>,
    conflicts: u64,
    restart_at: u64,
    /// Choices that are part of the conflict at hand; invariant: none between conflicts.
    is_seen: Vec<bool>,
}

impl Search {
    /// A search through choices between two sets of edges.
    pub(super) fn new(edges: &Edges, sides: impl Iterator<Item = [Vec<(u32, u32)>; 2]>) -> Search {
        let brings: Vec<Vec<(u32, u32)>> = sides.flatten().collect();
        let count = brings.len() / 2;
        Search {
            graph: Ordered::new(edges),
            brings,
            made: vec![NONE; count],
            level: vec![0; count],
            reason: vec![NONE; count],
            trail: Vec::new(),
            done: 0,
            edges_before: Vec::new(),
            levels: Vec::new(),
            clauses: Vec::new(),
            watches: vec![Vec::new(); 2 * count],
            activity: vec![0; count],
            queue: (0..count as u32).map(|choice| (0, std::cmp::Reverse(choice))).collect(),
            phase: (0..count as u32).map(|choice| 2 * choice).collect(),
            conflicts: 0,
            restart_at: RESTART_FIRST,
            is_seen: vec![false; count],
        }
    }

    /// Whether all choices can be made. A step is an edge or a clause looked at.
    pub(super) fn run(mut self, budget: &mut Budget<'_>) -> Result<bool, Exhausted> {
        loop {
            if let Some(conflict) = self.propagate(budget)? {
                if self.levels.is_empty() {
                    return Ok(false);
                }
                self.conflicts += 1;
                self.learn(conflict);
                if self.conflicts >= self.restart_at {
                    self.restart_at += self.restart_at / 2;
                    self.back_to(0);
                }
                continue;
            }
            let Some(choice) = self.next_open() else { return Ok(true) };
            self.levels.push(self.trail.len());
            self.make(self.phase[choice as usize], NONE);
        }
    }

    fn holds(&self, literal: Literal) -> bool {
        self.made[literal as usize / 2] == literal
    }

    fn fails(&self, literal: Literal) -> bool {
        self.made[literal as usize / 2] == literal ^ 1
    }

    fn next_open(&mut self) -> Option<u32> {
        while let Some((_, std::cmp::Reverse(choice))) = self.queue.pop() {
            if self.made[choice as usize] == NONE {
                return Some(choice);
            }
        }
        None
    }

    fn make(&mut self, literal: Literal, reason: u32) {
        let choice = literal as usize / 2;
        self.made[choice] = literal;
        self.level[choice] = self.levels.len() as u32;
        self.reason[choice] = reason;
        self.phase[choice] = literal;
        self.trail.push(literal);
    }

    /// Brings the edges of all that holds, and follows clauses. A clause whose literals all fail, if there is one.
    fn propagate(&mut self, budget: &mut Budget<'_>) -> Result<Option<Vec<Literal>>, Exhausted> {
        while self.done < self.trail.len() {
            let literal = self.trail[self.done];
            self.edges_before.push(self.graph.added.len());
            self.done += 1;
            for place in 0..self.brings[literal as usize].len() {
                let (from, to) = self.brings[literal as usize][place];
                let cycle = self.graph.add(from, to, literal);
                budget.spend(std::mem::take(&mut self.graph.steps))?;
                if let Some(cycle) = cycle {
                    return Ok(Some(cycle.into_iter().map(|literal| literal ^ 1).collect()));
                }
            }
            if let Some(conflict) = self.follow(literal ^ 1, budget)? {
                return Ok(Some(conflict));
            }
        }
        Ok(None)
    }

    /// Looks at the clauses that watch a literal that has failed.
    fn follow(&mut self, failed: Literal, budget: &mut Budget<'_>) -> Result<Option<Vec<Literal>>, Exhausted> {
        let watching = std::mem::take(&mut self.watches[failed as usize]);
        budget.spend(watching.len() as u64)?;
        let mut conflict = None;
        for index in watching {
            if conflict.is_some() || !self.move_watch(index, failed) {
                self.watches[failed as usize].push(index);
                let clause = &self.clauses[index as usize];
                let first = clause[0];
                if conflict.is_some() || self.holds(first) {
                    continue;
                }
                if self.fails(first) {
                    conflict = Some(clause.clone());
                } else {
                    self.make(first, index);
                }
            }
        }
        Ok(conflict)
    }

    /// Whether a clause found another literal to watch. If not, its first is the only one that may still hold.
    fn move_watch(&mut self, index: u32, failed: Literal) -> bool {
        let mut clause = std::mem::take(&mut self.clauses[index as usize]);
        if clause[0] == failed {
            clause.swap(0, 1);
        }
        let other = if self.holds(clause[0]) { None } else { (2..clause.len()).find(|place| !self.fails(clause[*place])) };
        if let Some(place) = other {
            clause.swap(1, place);
            self.watches[clause[1] as usize].push(index);
        }
        self.clauses[index as usize] = clause;
        other.is_some()
    }

    /// Learns the first point through which all of a conflict went, and goes back to where that would have told.
    fn learn(&mut self, conflict: Vec<Literal>) {
        let now = self.levels.len() as u32;
        let mut seen = Vec::new();
        let (mut learnt, mut waiting, mut clause) = (Vec::new(), 0, conflict);
        let mut place = self.trail.len();
        let point = loop {
            for literal in &clause {
                let choice = *literal as usize / 2;
                if !self.is_seen[choice] && self.level[choice] > 0 && self.fails(*literal) {
                    self.is_seen[choice] = true;
                    seen.push(choice);
                    self.bump(choice);
                    match self.level[choice] == now {
                        true => waiting += 1,
                        false => learnt.push(*literal),
                    }
                }
            }
            loop {
                place -= 1;
                if self.is_seen[self.trail[place] as usize / 2] {
                    break;
                }
            }
            let literal = self.trail[place];
            waiting -= 1;
            if waiting == 0 {
                break literal ^ 1;
            }
            clause = self.clauses[self.reason[literal as usize / 2] as usize].clone();
        };
        for choice in seen {
            self.is_seen[choice] = false;
        }
        learnt.sort_unstable_by_key(|literal| std::cmp::Reverse(self.level[*literal as usize / 2]));
        let level = learnt.first().map_or(0, |literal| self.level[*literal as usize / 2]);
        self.back_to(level as usize);
        learnt.insert(0, point);
        let mut reason = NONE;
        if learnt.len() > 1 {
            reason = self.clauses.len() as u32;
            self.watches[learnt[0] as usize].push(reason);
            self.watches[learnt[1] as usize].push(reason);
            self.clauses.push(learnt);
        }
        self.make(point, reason);
    }

    /// Later conflicts count for more: each adds their number.
    fn bump(&mut self, choice: usize) {
        self.activity[choice] += self.conflicts;
    }

    fn back_to(&mut self, level: usize) {
        let Some(length) = self.levels.get(level).copied() else { return };
        self.levels.truncate(level);
        for literal in self.trail.drain(length..) {
            let choice = literal / 2;
            self.made[choice as usize] = NONE;
            self.queue.push((self.activity[choice as usize], std::cmp::Reverse(choice)));
        }
        if self.done > length {
            self.graph.back_to(self.edges_before[length]);
            self.edges_before.truncate(length);
            self.done = length;
        }
    }
}

/// A graph without cycles, its nodes in an order in which all edges go forward.
struct Ordered {
    /// Of each node, where edges go and which literal brought them; NONE is known.
    after: Vec<Vec<(u32, Literal)>>,
    before: Vec<Vec<u32>>,
    place: Vec<u32>,
    /// The edges that literals brought, in order.
    added: Vec<(u32, u32)>,
    /// The node and the literal by which a node was reached; valid for those that `is_reached`.
    reached_by: Vec<(u32, Literal)>,
    is_reached: Vec<bool>,
    steps: u64,
}

impl Ordered {
    fn new(edges: &Edges) -> Ordered {
        let nodes = edges.nodes as usize;
        let order = Graph::new(edges.nodes, &edges.list).order().expect("what is known has no cycle");
        let (mut after, mut before) = (vec![Vec::new(); nodes], vec![Vec::new(); nodes]);
        for edge in &edges.list {
            after[edge.from as usize].push((edge.to, NONE));
            before[edge.to as usize].push(edge.from);
        }
        let mut place = vec![0; nodes];
        for (node, index) in order.into_iter().zip(0..) {
            place[node as usize] = index;
        }
        let (reached_by, is_reached) = (vec![(NONE, NONE); nodes], vec![false; nodes]);
        Ordered { after, before, place, added: Vec::new(), reached_by, is_reached, steps: 0 }
    }

    /// Adds an edge; if it closes a cycle, the literals of the cycle, each once, and the edge is not added.
    fn add(&mut self, from: u32, to: u32, literal: Literal) -> Option<Vec<Literal>> {
        self.steps += 1;
        if self.place[from as usize] >= self.place[to as usize] {
            let forward = match self.forward(from, to) {
                Ok(forward) => forward,
                Err(mut cycle) => {
                    cycle.push(literal);
                    cycle.sort_unstable();
                    cycle.dedup();
                    return Some(cycle);
                }
            };
            let backward = self.backward(from, to);
            self.reorder(forward, backward);
        }
        self.after[from as usize].push((to, literal));
        self.before[to as usize].push(from);
        self.added.push((from, to));
        None
    }

    /// The nodes that `to` reaches and that stand before `from`; `Err` with the literals of a path if it reaches that.
    fn forward(&mut self, from: u32, to: u32) -> Result<Vec<u32>, Vec<Literal>> {
        let end = self.place[from as usize];
        let (mut found, mut next) = (vec![to], 0);
        self.is_reached[to as usize] = true;
        self.reached_by[to as usize] = (NONE, NONE);
        let mut closed = from == to;
        while next < found.len() && !closed {
            let node = found[next];
            next += 1;
            self.steps += self.after[node as usize].len() as u64;
            for (target, literal) in &self.after[node as usize] {
                if self.place[*target as usize] <= end && !self.is_reached[*target as usize] {
                    self.is_reached[*target as usize] = true;
                    self.reached_by[*target as usize] = (node, *literal);
                    found.push(*target);
                    closed |= *target == from;
                }
            }
        }
        for node in &found {
            self.is_reached[*node as usize] = false;
        }
        if !closed {
            return Ok(found);
        }
        let (mut path, mut node) = (Vec::new(), from);
        while node != to {
            let (by, literal) = self.reached_by[node as usize];
            if literal != NONE {
                path.push(literal);
            }
            node = by;
        }
        Err(path)
    }

    /// The nodes that reach `from` and stand behind `to`.
    fn backward(&mut self, from: u32, to: u32) -> Vec<u32> {
        let end = self.place[to as usize];
        let (mut found, mut next) = (vec![from], 0);
        self.is_reached[from as usize] = true;
        while next < found.len() {
            let node = found[next];
            next += 1;
            self.steps += self.before[node as usize].len() as u64;
            for source in &self.before[node as usize] {
                if self.place[*source as usize] > end && !self.is_reached[*source as usize] {
                    self.is_reached[*source as usize] = true;
                    found.push(*source);
                }
            }
        }
        for node in &found {
            self.is_reached[*node as usize] = false;
        }
        found
    }

    /// Puts what must come before in front of what must come after, in the places that they have together.
    fn reorder(&mut self, mut forward: Vec<u32>, mut backward: Vec<u32>) {
        forward.sort_unstable_by_key(|node| self.place[*node as usize]);
        backward.sort_unstable_by_key(|node| self.place[*node as usize]);
        backward.extend(forward);
        let mut places: Vec<u32> = backward.iter().map(|node| self.place[*node as usize]).collect();
        places.sort_unstable();
        for (node, place) in backward.into_iter().zip(places) {
            self.place[node as usize] = place;
        }
    }

    /// Takes the last edges away again. The order stays: it fits fewer edges too.
    fn back_to(&mut self, count: usize) {
        for (from, to) in self.added.drain(count..).rev() {
            self.after[from as usize].pop();
            self.before[to as usize].pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::edges::{Edge, Ground, Kind};
    use super::super::super::generate::Chance;
    use super::*;

    type Sides = Vec<[Vec<(u32, u32)>; 2]>;

    fn edge((from, to): (u32, u32)) -> Edge {
        Edge { from, to, key: NONE, kind: Kind::Ww, ground: Ground::Known }
    }

    fn some_edge(chance: &mut Chance, nodes: u64) -> (u32, u32) {
        let from = chance.below(nodes);
        (from as u32, ((from + 1 + chance.below(nodes - 1)) % nodes) as u32)
    }

    /// Every way to choose.
    fn has_way(edges: &Edges, sides: &Sides) -> bool {
        (0..1u32 << sides.len()).any(|way| {
            let chosen = sides.iter().enumerate().flat_map(|(choice, side)| &side[(way >> choice & 1) as usize]);
            let list: Vec<Edge> = edges.list.iter().copied().chain(chosen.map(|pair| edge(*pair))).collect();
            Graph::new(edges.nodes, &list).order().is_some()
        })
    }

    #[test]
    fn a_search_finds_a_way_when_there_is_one() {
        let mut found = 0;
        for seed in 0..3_000 {
            let mut chance = Chance::new(seed);
            let (nodes, count) = (4 + chance.below(9), 1 + chance.below(10));
            let mut edges = Edges { nodes: nodes as u32, list: Vec::new() };
            for _ in 0..chance.below(6) {
                let (from, to) = some_edge(&mut chance, nodes);
                edges.list.push(edge((from.min(to), from.max(to))));
            }
            let mut side = || (0..1 + chance.below(3)).map(|_| some_edge(&mut chance, nodes)).collect();
            let sides: Sides = (0..count).map(|_| [side(), side()]).collect();
            let expected = has_way(&edges, &sides);
            found += u64::from(expected);
            let way = Search::new(&edges, sides.iter().cloned()).run(&mut Budget::new(1_000_000, 0));
            assert_eq!(way, Ok(expected), "{seed}");
        }
        assert!((300..2_700).contains(&found), "{found}");
    }
}
