//! Decides whether the choices that a history leaves open can be made so that there is no cycle.
//!
//! What is known must have no cycle. Then a guess: the chains of each key in an order of time that fits what is known. If that has
//! a cycle, choices of which one side is impossible are made the other way, and there is a better guess, a few times. What is still
//! open is searched. If there is no way, the fewest choices that contradict each other are kept, to be told.

use super::Level;
use super::edges::{Edge, Edges, Ground, Shape, before, known};
use super::graph::Graph;
use super::read::Trace;
use super::versions::{Chain, Versions};
use crate::budget::{Budget, Exhausted};
use search::Search;

mod guess;
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
    let guess = guess::guess(trace, versions, &graph, shape);
    if fits(versions, &edges, &guess, shape, budget)? {
        return Ok(Solution::Explained);
    }
    let open = pairs(versions, &guess, shape, budget)?;
    let mut forcing = Forcing { versions, shape, forced: Vec::new(), open, is_settled: false };
    let rounds = if forcing.cost(&edges) > COST_MAX { 0 } else { ROUNDS_FIRST };
    for _ in 0..rounds {
        if let Some(refutation) = forcing.round(&mut edges, budget)? {
            return Ok(Solution::Refuted(refutation));
        }
        let graph = Graph::new(edges.nodes, &edges.list);
        if graph.order().is_some() {
            let guess = guess::guess(trace, versions, &graph, shape);
            if fits(versions, &edges, &guess, shape, budget)? {
                return Ok(Solution::Explained);
            }
            forcing.arrange(&guess);
            if forcing.is_settled {
                break;
            }
        }
    }
    if let Some(refutation) = forcing.refuted(&edges) {
        return Ok(Solution::Refuted(refutation));
    }
    if search(versions, &edges, &forcing.open, shape).run(budget)? {
        return Ok(Solution::Explained);
    }
    Ok(Solution::Refuted(refutation(forcing, edges, budget)))
}

/// What to tell of pairs that were found to have no order. When the budget ends, it is still true, but not as short as could be.
fn refutation(mut forcing: Forcing<'_>, mut edges: Edges, budget: &mut Budget<'_>) -> Refutation {
    let mut telling = Budget::new(budget.steps_left().min(TELLING_STEPS_MAX), u64::MAX);
    while !forcing.is_settled {
        if forcing.cost(&edges) > COST_MAX {
            return Refutation { forced: forcing.forced, open: forcing.open };
        }
        match forcing.round(&mut edges, &mut telling) {
            Ok(Some(refutation)) => return refutation,
            Ok(None) => {}
            Err(_) => return Refutation { forced: forcing.forced, open: forcing.open },
        }
    }
    let Forcing { versions, shape, forced, open, .. } = forcing;
    let open = smallest(versions, &edges, open, shape, &mut telling);
    Refutation { forced, open }
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
    /// Whether the last round forced nothing.
    is_settled: bool,
}

/// Rounds of forcing before the search, each with a better guess.
const ROUNDS_FIRST: usize = 6;

/// Steps that go into the shortest way to tell of a violation.
const TELLING_STEPS_MAX: u64 = 20_000_000;

/// What a round may cost, or the search comes first: on a large graph with few choices that is much faster.
const COST_MAX: usize = 30_000_000;

/// Heads whose reach is found in one pass: each has two bits.
const HEADS_PER_PASS: usize = 32;

impl Forcing<'_> {
    /// Edges looked at in a round, about.
    fn cost(&self, edges: &Edges) -> usize {
        self.open.len().min(self.versions.free.len()).div_ceil(HEADS_PER_PASS) * edges.list.len()
    }

    /// Makes the choices that are forced now. The refutation, if it finds one.
    fn round(&mut self, edges: &mut Edges, budget: &mut Budget<'_>) -> Result<Option<Refutation>, Exhausted> {
        let graph = Graph::new(edges.nodes, &edges.list);
        let Some(order) = graph.order() else { return Ok(self.refuted(edges)) };
        let impossible = self.impossible(&graph, &order, budget)?;
        let (mut open, mut forced) = (Vec::new(), Vec::new());
        for (pair, (forward, backward)) in self.open.iter().zip(impossible) {
            match (forward, backward) {
                (true, true) => {
                    // Without those of this round, which were not known yet.
                    return Ok(Some(Refutation { forced: std::mem::take(&mut self.forced), open: vec![*pair] }));
                }
                (true, false) => forced.push((pair.1, pair.0)),
                (false, true) => forced.push(*pair),
                (false, false) => open.push(*pair),
            }
        }
        self.is_settled = forced.is_empty();
        self.open = open;
        for (first, second) in &forced {
            edges.list.extend(before(self.versions, *first, *second, self.shape, Ground::Forced));
        }
        self.forced.extend(forced);
        budget.hold((edges.list.len() * (size_of::<Edge>() + 8)) as u64)?;
        Ok(None)
    }

    /// The refutation that what is forced has a cycle, if it has.
    fn refuted(&mut self, edges: &Edges) -> Option<Refutation> {
        let has_cycle = Graph::new(edges.nodes, &edges.list).order().is_none();
        has_cycle.then(|| Refutation { forced: std::mem::take(&mut self.forced), open: Vec::new() })
    }

    /// Puts what is open into the order of a guess.
    fn arrange(&mut self, guess: &[u32]) {
        let at = |chain: &Chain| place(self.versions, guess, self.shape, chain);
        for pair in &mut self.open {
            if at(&pair.0) > at(&pair.1) {
                *pair = (pair.1, pair.0);
            }
        }
        self.open.sort_by_cached_key(|(first, second)| (at(second), at(first)));
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
