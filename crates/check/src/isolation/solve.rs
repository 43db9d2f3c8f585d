//! Decides whether the choices that a history leaves open can be made so that there is no cycle.
//!
//! What is known must have no cycle. Then a guess: the chains of each key in an order of time that fits what is known. If that has
//! a cycle, the orders are searched, and if there is none, it is found out what to tell of it: choices of which one side is
//! impossible are made the other way, as long as there are such, and of what is left the fewest that contradict each other are kept.

use super::Level;
use super::edges::{Edge, Edges, Ground, Shape, before, known};
use super::graph::Graph;
use super::read::Trace;
use super::versions::{Chain, Versions};
use crate::budget::{Budget, Exhausted};
use search::Search;

mod search;

/// What came out.
pub(super) enum Solution {
    /// There is a way.
    Explained,
    /// There is none.
    Refuted(Refutation),
}

/// Why there is no way.
#[derive(Default)]
pub(super) struct Refutation {
    /// Orders of chains that are the only possible ones, each given what is known and those before it.
    pub(super) forced: Vec<(Chain, Chain)>,
    /// With these orders, choices that cannot be made so that there is no cycle; few, where that was found out in time. Empty when
    /// what is forced has a cycle.
    pub(super) open: Vec<(Chain, Chain)>,
}

/// Decides.
pub(super) fn solve(
    trace: &Trace<'_>,
    versions: &Versions,
    level: Level,
    budget: &mut Budget<'_>,
) -> Result<Solution, Exhausted> {
    let shape = Shape::of(level);
    let mut edges = known(trace, versions, level, shape);
    budget.spend(edges.list.len() as u64)?;
    budget.hold((edges.list.len() * (size_of::<Edge>() + 8)) as u64)?;
    let graph = Graph::new(edges.nodes, &edges.list);
    if graph.order().is_none() {
        return Ok(Solution::Refuted(Refutation::default()));
    }
    if !level.has_snapshots_or_more() || versions.open().next().is_none() {
        return Ok(Solution::Explained);
    }
    let guess = guess(trace, &graph, shape);
    if fits(versions, &edges, &guess, shape, budget)? {
        return Ok(Solution::Explained);
    }
    let open = pairs(versions, &guess, shape, budget)?;
    if search(versions, &edges, &open, shape).run(budget)? {
        return Ok(Solution::Explained);
    }
    Ok(Solution::Refuted(refutation(versions, edges, open, shape, budget)))
}

/// What to tell of pairs that were found to have no order. When the budget ends, it is still true, but not as short as could be.
fn refutation(
    versions: &Versions,
    mut edges: Edges,
    open: Vec<(Chain, Chain)>,
    shape: Shape,
    budget: &mut Budget<'_>,
) -> Refutation {
    let mut forcing = Forcing { versions, shape, forced: Vec::new(), open };
    match forcing.run(&mut edges, budget) {
        Ok(Some(refutation)) => refutation,
        Ok(None) => {
            let Forcing { forced, open, .. } = forcing;
            let open = smallest(versions, &edges, open, shape, budget);
            Refutation { forced, open }
        }
        Err(_) => Refutation { forced: forcing.forced, open: forcing.open },
    }
}

/// Of each node its place in an order that fits what is known, and time where that leaves a choice.
fn guess(trace: &Trace<'_>, graph: &Graph, shape: Shape) -> Vec<u32> {
    let count = trace.transactions.len() as u32;
    let operation = |number: u32| &trace.history.operations[trace.transactions[number as usize] as usize];
    let returned = |number: u32| operation(number).response.unwrap_or(i64::MAX);
    let time = |node: u32| match shape {
        Shape::Simple if node < count => returned(node),
        Shape::Doubled if node < 2 * count && node % 2 == 0 => operation(node / 2).invoke,
        Shape::Doubled if node < 2 * count => returned(node / 2),
        _ => i64::MAX,
    };
    // What something waits for is as urgent as that.
    let mut due: Vec<i64> = (0..graph.nodes()).map(time).collect();
    for node in graph.order().expect("a graph without cycles has an order").into_iter().rev() {
        let first = graph.targets(node).iter().map(|target| due[*target as usize]).min();
        due[node as usize] = due[node as usize].min(first.unwrap_or(i64::MAX));
    }
    let order = graph.order_by(|node| due[node as usize]).expect("a graph without cycles has an order");
    let mut place = vec![0; order.len()];
    for (node, index) in order.into_iter().zip(0..) {
        place[node as usize] = index;
    }
    place
}

/// Where the guess has the head of a chain.
fn place(versions: &Versions, guess: &[u32], shape: Shape, chain: &Chain) -> u32 {
    guess[shape.commit(versions.writer[chain.head as usize]) as usize]
}

/// Whether there is no cycle when chains are in the order of the guess.
fn fits(versions: &Versions, edges: &Edges, guess: &[u32], shape: Shape, budget: &mut Budget<'_>) -> Result<bool, Exhausted> {
    let mut list = edges.list.clone();
    for chains in versions.open() {
        let mut chains = chains.to_vec();
        chains.sort_unstable_by_key(|chain| place(versions, guess, shape, chain));
        for pair in chains.windows(2) {
            list.extend(before(versions, pair[0], pair[1], shape, Ground::Forced));
        }
    }
    budget.spend(list.len() as u64)?;
    Ok(Graph::new(edges.nodes, &list).order().is_some())
}

/// The pairs of chains whose order matters, each in the order of the guess.
fn pairs(versions: &Versions, guess: &[u32], shape: Shape, budget: &mut Budget<'_>) -> Result<Vec<(Chain, Chain)>, Exhausted> {
    // In a serial order, what is written once and never read can be anywhere between others of its kind.
    let is_idle = |chain: &Chain| chain.head == chain.tail && versions.readers(chain.tail).is_empty();
    let mut pairs = Vec::new();
    for chains in versions.open() {
        budget.spend((chains.len() * (chains.len() - 1) / 2) as u64)?;
        budget.hold(((pairs.len() + chains.len() * chains.len() / 2) * size_of::<(Chain, Chain)>() * 4) as u64)?;
        for (index, one) in chains.iter().enumerate() {
            for other in &chains[index + 1..] {
                if shape == Shape::Simple && is_idle(one) && is_idle(other) {
                    continue;
                }
                let in_order = place(versions, guess, shape, one) <= place(versions, guess, shape, other);
                pairs.push(if in_order { (*one, *other) } else { (*other, *one) });
            }
        }
    }
    // What is near in time is chosen one after the other, so that a mistake is found near where it was made.
    let at = |chain: &Chain| place(versions, guess, shape, chain);
    pairs.sort_by_cached_key(|(first, second)| (at(second), at(first)));
    Ok(pairs)
}

/// Makes the choices that have one possible side.
struct Forcing<'v> {
    versions: &'v Versions,
    shape: Shape,
    forced: Vec<(Chain, Chain)>,
    open: Vec<(Chain, Chain)>,
}

/// Heads whose reach is found in one pass: each has two bits.
const HEADS_PER_PASS: usize = 32;

impl Forcing<'_> {
    /// Goes on until nothing is forced any more. The refutation, if it finds one.
    fn run(&mut self, edges: &mut Edges, budget: &mut Budget<'_>) -> Result<Option<Refutation>, Exhausted> {
        loop {
            let graph = Graph::new(edges.nodes, &edges.list);
            let Some(order) = graph.order() else {
                return Ok(Some(Refutation { forced: std::mem::take(&mut self.forced), open: Vec::new() }));
            };
            let impossible = self.impossible(&graph, &order, budget)?;
            let mut open = Vec::new();
            let before_count = self.forced.len();
            for (pair, (forward, backward)) in self.open.iter().zip(impossible) {
                match (forward, backward) {
                    (true, true) => {
                        let forced = std::mem::take(&mut self.forced);
                        // Those of this round were not yet there when this pair was found to have no way.
                        let forced = forced[..before_count].to_vec();
                        return Ok(Some(Refutation { forced, open: vec![*pair] }));
                    }
                    (true, false) => self.forced.push((pair.1, pair.0)),
                    (false, true) => self.forced.push(*pair),
                    (false, false) => open.push(*pair),
                }
            }
            self.open = open;
            if self.forced.len() == before_count {
                return Ok(None);
            }
            for (first, second) in &self.forced[before_count..] {
                edges.list.extend(before(self.versions, *first, *second, self.shape, Ground::Forced));
            }
            budget.hold((edges.list.len() * (size_of::<Edge>() + 8)) as u64)?;
        }
    }

    /// Of each open pair, whether its order and the other one make a cycle.
    fn impossible(&self, graph: &Graph, order: &[u32], budget: &mut Budget<'_>) -> Result<Vec<(bool, bool)>, Exhausted> {
        let writer = |chain: &Chain| self.versions.writer[chain.head as usize];
        // Each side of each pair, by the head that comes second.
        let sides =
            self.open.iter().zip(0..).flat_map(|((one, other), pair)| [(*other, *one, pair, false), (*one, *other, pair, true)]);
        let mut sides: Vec<(Chain, Chain, usize, bool)> = sides.collect();
        sides.sort_unstable_by_key(|(second, first, ..)| (second.head, first.head));
        let mut impossible = vec![(false, false); self.open.len()];
        let mut reached: Vec<u64> = vec![0; order.len()];
        let groups: Vec<&[(Chain, Chain, usize, bool)]> = sides.chunk_by(|one, next| one.0.head == next.0.head).collect();
        for groups in groups.chunks(HEADS_PER_PASS) {
            reached.fill(0);
            for (group, bit) in groups.iter().zip(0..) {
                let head = writer(&group[0].0);
                reached[self.shape.start(head) as usize] |= 1 << (2 * bit);
                reached[self.shape.commit(head) as usize] |= 2 << (2 * bit);
            }
            for node in order {
                let bits = reached[*node as usize];
                for target in graph.targets(*node) {
                    reached[*target as usize] |= bits;
                }
            }
            budget.spend(order.len() as u64)?;
            for (group, bit) in groups.iter().zip(0..) {
                for (second, first, pair, is_backward) in *group {
                    let edges = before(self.versions, *first, *second, self.shape, Ground::Forced);
                    budget.spend(edges.len() as u64)?;
                    // An edge into the start is closed by what the start reaches; one into the commit by what that reaches.
                    let closes = |edge: &Edge| {
                        let which = if edge.to == self.shape.start(writer(second)) { 1 } else { 2 };
                        reached[edge.from as usize] >> (2 * bit) & which != 0
                    };
                    let side = if *is_backward { &mut impossible[*pair].1 } else { &mut impossible[*pair].0 };
                    *side = edges.iter().any(closes);
                }
            }
        }
        Ok(impossible)
    }
}

/// The search through pairs.
fn search(versions: &Versions, edges: &Edges, open: &[(Chain, Chain)], shape: Shape) -> Search {
    let side = |first: Chain, second: Chain| {
        before(versions, first, second, shape, Ground::Forced).iter().map(|edge| (edge.from, edge.to)).collect()
    };
    Search::new(edges, open.iter().map(|(one, other)| [side(*one, *other), side(*other, *one)]))
}

/// Choices that can still not all be made when others are left out.
fn smallest(
    versions: &Versions,
    edges: &Edges,
    open: Vec<(Chain, Chain)>,
    shape: Shape,
    budget: &mut Budget<'_>,
) -> Vec<(Chain, Chain)> {
    let mut kept = open;
    let mut size = kept.len().div_ceil(2);
    // Larger parts first. When the budget ends, what is left is still true, but not as small as could be.
    while size > 0 && kept.len() > 1 {
        let mut from = 0;
        while from < kept.len() && kept.len() > 1 {
            let without: Vec<(Chain, Chain)> = kept.iter().take(from).chain(kept.iter().skip(from + size)).copied().collect();
            match search(versions, edges, &without, shape).run(budget) {
                Ok(false) => kept = without,
                Ok(true) => from += size,
                Err(_) => return kept,
            }
        }
        size /= 2;
    }
    kept
}
