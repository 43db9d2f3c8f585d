//! A square or oblong table of bits, a row of words each, and what is asked of it when it is read as a graph: row `n` holds the
//! nodes that come directly before `n`.

use crate::budget::{Budget, Exhausted};
use std::collections::VecDeque;

/// Rows of bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Bits {
    words: usize,
    rows: Vec<u64>,
}

impl Bits {
    /// So many rows of so many bits, all unset, if the budget has the room.
    pub(crate) fn new(rows: usize, columns: usize, budget: &Budget<'_>) -> Result<Bits, Exhausted> {
        let words = columns.div_ceil(64);
        budget.hold(8 * rows as u64 * words as u64)?;
        Ok(Bits { words, rows: vec![0; rows * words] })
    }

    /// Words in a row: the steps that an operation on a row takes.
    pub(crate) fn words(&self) -> u64 {
        self.words as u64
    }

    pub(crate) fn set(&mut self, row: usize, column: usize) {
        self.rows[row * self.words + column / 64] |= 1 << (column % 64);
    }

    pub(crate) fn has(&self, row: usize, column: usize) -> bool {
        self.rows[row * self.words + column / 64] >> (column % 64) & 1 == 1
    }

    pub(crate) fn row(&self, row: usize) -> &[u64] {
        &self.rows[row * self.words..(row + 1) * self.words]
    }

    /// Adds the bits of another row of this table; whether that changed anything.
    pub(crate) fn merge(&mut self, into: usize, from: usize) -> bool {
        if into == from {
            return false;
        }
        let words = self.words;
        let (low, high) = self.rows.split_at_mut(words * into.max(from));
        let (lower, higher) = (&mut low[words * into.min(from)..][..words], &mut high[..words]);
        let (into, from) = if into < from { (lower, higher) } else { (higher, lower) };
        let mut changed = 0;
        for (into, from) in into.iter_mut().zip(from) {
            changed |= *from & !*into;
            *into |= *from;
        }
        changed != 0
    }

    /// Adds a row of another table with as many columns.
    pub(crate) fn add(&mut self, row: usize, bits: &[u64]) {
        let row = &mut self.rows[row * self.words..(row + 1) * self.words];
        row.iter_mut().zip(bits).for_each(|(into, from)| *into |= from);
    }

    /// The columns set in a row, in order.
    pub(crate) fn iter(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let words = self.row(row).iter().enumerate();
        words.flat_map(|(index, word)| ones(*word).map(move |bit| 64 * index + bit))
    }

    /// A cycle of the graph, each node directly before the next, the last directly before the first; the shortest through one of
    /// its nodes. Rows and columns must be as many.
    pub(crate) fn cycle(&self, budget: &mut Budget<'_>) -> Result<Option<Vec<usize>>, Exhausted> {
        let Some(node) = self.on_a_cycle(budget)? else { return Ok(None) };
        Ok(Some(self.chain(node, node, budget)?.expect("the node lies on a cycle")))
    }

    /// The fewest nodes from `first` to just before `last`, each directly before the next; `None` when there is no such chain.
    pub(crate) fn chain(&self, first: usize, last: usize, budget: &mut Budget<'_>) -> Result<Option<Vec<usize>>, Exhausted> {
        let mut next: Vec<Option<usize>> = vec![None; 64 * self.words];
        let mut fresh = vec![u64::MAX; self.words];
        let mut queue = VecDeque::from([last]);
        while let Some(node) = queue.pop_front() {
            budget.spend(1 + self.words())?;
            for (word, mask) in fresh.iter_mut().enumerate() {
                let found = self.row(node)[word] & *mask;
                *mask &= !found;
                for before in ones(found).map(|bit| 64 * word + bit) {
                    next[before] = Some(node);
                    queue.push_back(before);
                }
            }
            if next[first].is_some() {
                break;
            }
        }
        let mut chain = Vec::new();
        let mut at = first;
        while let Some(after) = next[at] {
            chain.push(at);
            if after == last {
                return Ok(Some(chain));
            }
            at = after;
        }
        Ok(None)
    }

    /// Some node that comes before itself: a search in depth, which finds a cycle when it comes back to a node still open.
    fn on_a_cycle(&self, budget: &mut Budget<'_>) -> Result<Option<usize>, Exhausted> {
        let nodes = self.rows.len().checked_div(self.words).unwrap_or(0);
        let mut fresh = vec![u64::MAX; self.words];
        let mut open = vec![0u64; self.words];
        for start in 0..nodes {
            if fresh[start / 64] >> (start % 64) & 1 == 0 {
                continue;
            }
            let mut path = vec![start];
            flip(&mut fresh, start);
            flip(&mut open, start);
            while let Some(&node) = path.last() {
                budget.spend(1 + self.words())?;
                let row = self.row(node);
                if row.iter().zip(&open).any(|(row, open)| row & open != 0) {
                    let back = row
                        .iter()
                        .zip(&open)
                        .enumerate()
                        .find_map(|(word, (row, open))| ones(row & open).next().map(|bit| 64 * word + bit));
                    return Ok(back);
                }
                let down = row.iter().zip(&fresh).enumerate().find(|(_, (row, fresh))| *row & *fresh != 0);
                match down.map(|(word, (row, fresh))| 64 * word + (row & fresh).trailing_zeros() as usize) {
                    Some(next) => {
                        flip(&mut fresh, next);
                        flip(&mut open, next);
                        path.push(next);
                    }
                    None => {
                        flip(&mut open, node);
                        path.pop();
                    }
                }
            }
        }
        Ok(None)
    }
}

fn flip(words: &mut [u64], bit: usize) {
    words[bit / 64] ^= 1 << (bit % 64);
}

/// The bits set in a word, from the lowest.
fn ones(word: u64) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
        .take_while(|rest| *rest != 0)
        .map(|rest| rest.trailing_zeros() as usize)
}

/// A graph: nodes by number, and where the direct steps from each lead.
pub(crate) trait Graph {
    /// How many nodes there are.
    fn nodes(&self) -> usize;
    /// Where the steps from a node lead.
    fn from(&self, node: usize) -> &[u32];
}

/// A graph to which steps can be added.
impl Graph for Vec<Vec<u32>> {
    fn nodes(&self) -> usize {
        self.len()
    }

    fn from(&self, node: usize) -> &[u32] {
        &self[node]
    }
}

/// A graph that is made node after node, and stays.
#[derive(Clone, Default, Debug)]
pub(crate) struct Steps {
    /// Where they lead, node after node.
    to: Vec<u32>,
    /// Where those of each node end.
    ends: Vec<u32>,
}

impl Steps {
    /// One more node, from which there are these.
    pub(crate) fn node(&mut self, to: impl IntoIterator<Item = usize>) {
        self.to.extend(to.into_iter().map(|node| node as u32));
        self.ends.push(self.to.len() as u32);
    }
}

impl Graph for Steps {
    fn nodes(&self) -> usize {
        self.ends.len()
    }

    fn from(&self, node: usize) -> &[u32] {
        let first = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.to[first as usize..self.ends[node] as usize]
    }
}

/// For each node, the columns of all nodes that can be reached from it by one step or more; itself among them when it lies on a
/// cycle. Nodes without a column are only passed through.
pub(crate) fn reach(
    steps: &impl Graph,
    column: impl Fn(usize) -> Option<usize>,
    columns: usize,
    budget: &mut Budget<'_>,
) -> Result<Bits, Exhausted> {
    let mut reached = Bits::new(steps.nodes(), columns, budget)?;
    let order = leaves_first(steps);
    let mut is_done = vec![false; steps.nodes()];
    loop {
        // Without cycles each node comes after those that it leads to, and the first round is complete.
        let (mut changed, mut comes_before) = (false, false);
        for &node in &order {
            for &next in steps.from(node) {
                budget.spend(1 + reached.words())?;
                comes_before |= !is_done[next as usize];
                changed |= reached.merge(node, next as usize);
                if let Some(column) = column(next as usize)
                    && !reached.has(node, column)
                {
                    reached.set(node, column);
                    changed = true;
                }
            }
            is_done[node] = true;
        }
        if !changed || !comes_before {
            return Ok(reached);
        }
        is_done.fill(false);
    }
}

/// The nodes so that each comes after those that it leads to, as far as there are no cycles.
fn leaves_first(steps: &impl Graph) -> Vec<usize> {
    let mut order = Vec::with_capacity(steps.nodes());
    let mut seen = vec![false; steps.nodes()];
    let mut path = Vec::new();
    for start in 0..steps.nodes() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        path.push((start, 0));
        while let Some((node, taken)) = path.last_mut() {
            if let Some(&next) = steps.from(*node).get(*taken) {
                *taken += 1;
                if !std::mem::replace(&mut seen[next as usize], true) {
                    path.push((next as usize, 0));
                }
            } else {
                order.push(*node);
                path.pop();
            }
        }
    }
    order
}

/// The fewest nodes from one to another along `steps`, both included; `None` when there is no way.
pub(crate) fn way(steps: &impl Graph, from: usize, to: usize, budget: &mut Budget<'_>) -> Result<Option<Vec<usize>>, Exhausted> {
    let mut before: Vec<Option<usize>> = vec![None; steps.nodes()];
    let mut queue = VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        budget.spend(1 + steps.from(node).len() as u64)?;
        for next in steps.from(node).iter().map(|next| *next as usize) {
            if before[next].is_some() {
                continue;
            }
            before[next] = Some(node);
            if next == to {
                let mut way = vec![to];
                let mut at = node;
                while at != from {
                    way.push(at);
                    at = before[at].expect("every node but the first was come to");
                }
                way.push(from);
                way.reverse();
                return Ok(Some(way));
            }
            queue.push_back(next);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Chance, ample};

    /// Reachability by multiplying out, and whether a cycle is found exactly when there is one.
    #[test]
    fn small_graphs_agree_with_multiplying_out() {
        for seed in 0..2_000 {
            let mut chance = Chance::new(seed);
            let nodes = 1 + chance.below(90) as usize;
            let edges = chance.below(2 * nodes as u64);
            let pick = |chance: &mut Chance| chance.below(nodes as u64) as usize;
            let mut edges_from = vec![Vec::new(); nodes];
            let mut table = Bits::new(nodes, nodes, &ample()).expect("room");
            for _ in 0..edges {
                let (from, to) = (pick(&mut chance), pick(&mut chance));
                edges_from[from].push(to);
                table.set(from, to);
            }
            let mut steps = Steps::default();
            edges_from.iter().for_each(|to| steps.node(to.iter().copied()));
            let mut far = vec![vec![false; nodes]; nodes];
            (0..nodes).for_each(|node| edges_from[node].iter().for_each(|next| far[node][*next] = true));
            for middle in 0..nodes {
                let beyond = far[middle].clone();
                for row in far.iter_mut().filter(|row| row[middle]) {
                    row.iter_mut().zip(&beyond).for_each(|(to, beyond)| *to |= *beyond);
                }
            }
            let reached = reach(&steps, Some, nodes, &mut ample()).expect("budget");
            for (from, row) in far.iter().enumerate() {
                assert!(row.iter().enumerate().all(|(to, is_far)| reached.has(from, to) == *is_far));
            }
            let cycle = table.cycle(&mut ample()).expect("budget");
            assert_eq!(cycle.is_some(), (0..nodes).any(|node| far[node][node]));
            if let Some(cycle) = cycle {
                for (index, node) in cycle.iter().enumerate() {
                    assert!(table.has(cycle[(index + 1) % cycle.len()], *node));
                }
            }
            let (from, to) = (pick(&mut chance), pick(&mut chance));
            let way = way(&steps, from, to, &mut ample()).expect("budget");
            assert_eq!(way.is_some(), far[from][to]);
            for pair in way.unwrap_or_default().windows(2) {
                assert!(table.has(pair[0], pair[1]));
            }
        }
    }
}
