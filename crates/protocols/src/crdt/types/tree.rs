//! A tree whose nodes are moved about (Kleppmann, Mulligan, Gomes and Beresford 2022): every replica carries all moves out in the order of
//! their stamps. One that comes late is put in its place: those after it are undone, it is done, and they are done again (§3.3). A move
//! that would put a node below itself is skipped, by everybody, since everybody comes to it with the same tree before it.
//!
//! A node comes into being when it is first moved, and never ceases to be: to delete one is to move it to a place that nobody looks at.

use super::digested::Digested;
use super::dot::Dot;
use super::{At, Crdt, Mistake, Request, Rule, Value};
use quorate_engine::random::mix;
use quorate_engine::{Sink, Wire};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

/// The root, which is always there and never moves.
pub const ROOT: u32 = 0;

/// The place of a move among all: by stamp, and equal stamps by who moved.
type Turn = (i64, Dot);

/// The tree, and the moves that it has come from.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Tree {
    /// The moves: which node went below which. The paper's `log_op`.
    moves: Digested<Turn, (u32, u32)>,
    /// Where each move's node was before it; `None`: nowhere. The same keys as `moves`, from which it is derived.
    before: BTreeMap<Turn, Option<u32>>,
    /// Each node's parent.
    // Invariant: what comes of all moves, each done in its turn; so the same for the same moves, and without a cycle.
    parents: Digested<u32, u32>,
}

/// A move that is to be made.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operation {
    /// By its source's clock.
    pub stamp: i64,
    /// Which node.
    pub node: u32,
    /// Below which.
    pub parent: u32,
}

impl Tree {
    /// The parent of a node that is in the tree.
    pub fn parent(&self, node: u32) -> Option<u32> {
        self.parents.get(node).copied()
    }

    /// The paper's `ancestor`: whether a node is another, or below it.
    fn is_within(&self, node: u32, other: u32) -> bool {
        let mut at = Some(node);
        // A tree in which a mistake has made a cycle ends nowhere: no path is longer than there are nodes.
        for _ in 0..=self.parents.len() {
            match at {
                Some(here) if here == other => return true,
                Some(here) => at = self.parent(here),
                None => return false,
            }
        }
        false
    }

    /// The paper's `do_op`.
    fn carry_out(&mut self, turn: Turn, (node, parent): (u32, u32)) {
        self.before.insert(turn, self.parent(node));
        if !self.is_within(parent, node) {
            self.parents.insert(node, parent);
        }
    }

    /// The paper's `undo_op`.
    fn undo(&mut self, turn: Turn, (node, _): (u32, u32)) {
        match self.before.remove(&turn).flatten() {
            Some(parent) => self.parents.insert(node, parent),
            None => drop(self.parents.remove(node)),
        }
    }

    /// Takes in moves that are new, in ascending turns (the paper's `apply_op`, for several at once).
    fn take(&mut self, rule: &Rule, new: &[(Turn, (u32, u32))]) {
        if rule.mistake == Some(Mistake::MoveCycle) {
            new.iter().for_each(|(turn, step)| self.as_they_come(*turn, *step));
            return;
        }
        let Some((first, _)) = new.first() else { return };
        let later: Vec<_> = self.moves.range((Excluded(*first), Unbounded)).map(|(turn, step)| (turn, *step)).collect();
        later.iter().rev().for_each(|(turn, step)| self.undo(*turn, *step));
        new.iter().for_each(|(turn, step)| self.moves.insert(*turn, *step));
        let again: Vec<_> = self.moves.range(*first..).map(|(turn, step)| (turn, *step)).collect();
        again.iter().for_each(|(turn, step)| self.carry_out(*turn, *step));
    }

    /// [`Mistake::MoveCycle`]: what was no cycle where it was asked is none anywhere, so it is believed.
    fn as_they_come(&mut self, turn: Turn, (node, parent): (u32, u32)) {
        self.moves.insert(turn, (node, parent));
        self.parents.insert(node, parent);
    }

    /// A parent for a node, all that would do equally likely.
    fn draw(&self, node: u32, at: &mut At<'_>) -> u32 {
        let fit = self.parents.iter().map(|(other, _)| other).filter(|other| !self.is_within(*other, node));
        let fit: Vec<u32> = std::iter::once(ROOT).chain(fit).collect();
        fit[(at.choose)(fit.len() as u64) as usize]
    }
}

impl Crdt for Tree {
    type Operation = Operation;

    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Operation, &'static str> {
        let Request::Move { node, parent } = *request else { return Err("a tree's nodes are moved") };
        if node == ROOT {
            return Err("the root stays where it is");
        }
        let parent = parent.unwrap_or_else(|| self.draw(node, at));
        if parent != ROOT && self.parent(parent).is_none() && parent != node {
            return Err("there is no such node to move it below");
        }
        if self.is_within(parent, node) {
            return Err("it would be below itself");
        }
        let known = self.moves.iter().next_back().map_or(0, |((stamp, _), _)| stamp);
        Ok(Operation { stamp: rule.clock.stamp(at.wall, known), node, parent })
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, operation: &Operation) {
        let turn = (operation.stamp, dot);
        if !self.moves.contains(turn) {
            self.take(rule, &[(turn, (operation.node, operation.parent))]);
        }
    }

    fn delta(&self, rule: &Rule, dot: Dot, operation: &Operation) -> Tree {
        let mut delta = Tree::default();
        delta.apply(rule, dot, operation);
        delta
    }

    fn merge(&mut self, rule: &Rule, other: &Tree) {
        self.take(rule, &other.unknown_to(self));
    }

    fn beyond(&self, rule: &Rule, known: &Tree) -> Option<Tree> {
        let unknown = self.unknown_to(known);
        let mut beyond = Tree::default();
        beyond.take(rule, &unknown);
        (!unknown.is_empty()).then_some(beyond)
    }

    fn value(&self, _: &Rule) -> Value {
        Value::Tree(self.parents.iter().map(|(node, parent)| (node, *parent)).collect())
    }

    fn digest(&self) -> u64 {
        mix(self.moves.digest(), self.parents.digest())
    }

    fn digest_anew(&self) -> u64 {
        mix(self.moves.digest_anew(), self.parents.digest_anew())
    }
}

impl Tree {
    /// The moves that another has not.
    fn unknown_to(&self, known: &Tree) -> Vec<(Turn, (u32, u32))> {
        self.moves.iter().filter(|(turn, _)| !known.moves.contains(*turn)).map(|(turn, step)| (turn, *step)).collect()
    }
}

/// The moves; the tree is made of them.
impl Wire for Tree {
    fn encode(&self, sink: &mut impl Sink) {
        self.moves.encode(sink);
    }
}

impl Wire for Operation {
    fn encode(&self, sink: &mut impl Sink) {
        sink.i64(self.stamp);
        sink.u32(self.node);
        sink.u32(self.parent);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Clock;
    use super::super::laws::Choose;
    use super::super::laws::tests::{breaks, lawful};
    use super::super::tests::Site;
    use super::*;

    fn below(node: u32, parent: u32) -> Request {
        Request::Move { node, parent: Some(parent) }
    }

    /// Moves among few nodes, so that they meet.
    fn any_move(choose: &mut Choose<'_>) -> Request {
        let node = 1 + choose(3) as u32;
        let parent = choose(5) as u32;
        Request::Move { node, parent: (parent < 4).then_some(parent) }
    }

    fn both(rule: &Rule) -> [Site<Tree>; 2] {
        let mut sites = [0, 1].map(|node| Site::<Tree>::new(node, rule));
        sites[0].ask(below(1, ROOT));
        sites[0].ask(below(2, ROOT));
        meet(&mut sites);
        sites
    }

    fn meet([one, two]: &mut [Site<Tree>; 2]) {
        one.merge(two);
        two.merge(one);
    }

    #[test]
    fn the_tree_is_lawful() {
        for clock in [Clock::Lamport, Clock::Hybrid, Clock::Wall] {
            lawful::<Tree>(&Rule { clock, ..Rule::default() }, &any_move);
        }
    }

    #[test]
    fn moves_that_are_done_as_they_come_break_the_laws() {
        let expect = ["operations commute", "merge is commutative", "merge is associative", "merge is the union of operations"];
        breaks::<Tree>(Mistake::MoveCycle, &any_move, &expect);
    }

    #[test]
    fn of_two_moves_that_make_a_cycle_together_the_later_is_skipped() {
        for (mistake, expect) in [(None, [(1, 2), (2, 0)]), (Some(Mistake::MoveCycle), [(1, 2), (2, 1)])] {
            let mut sites = both(&Rule { mistake, ..Rule::default() });
            sites[0].ask(below(1, 2));
            sites[1].ask(below(2, 1));
            meet(&mut sites);
            let expect = Value::Tree(expect.to_vec());
            assert_eq!((sites[0].value(), sites[1].value()), (expect.clone(), expect), "{mistake:?}");
        }
    }

    #[test]
    fn a_node_that_two_move_at_once_goes_to_one_place() {
        let mut sites = both(&Rule::default());
        sites[0].ask(below(3, 1));
        sites[1].ask(below(3, 2));
        meet(&mut sites);
        assert_eq!(sites.map(|site| site.state.parent(3)), [Some(2), Some(2)]);
    }

    /// The paper's figure 5: a move that comes late is done in its turn.
    #[test]
    fn a_move_that_comes_late_is_put_in_its_place() {
        let mut sites = both(&Rule::default());
        sites[0].ask(below(1, 2));
        let late = sites[0].clone();
        (0..4).for_each(|turn| sites[1].ask(below(2, [1, ROOT][turn % 2])));
        sites[1].ask(below(2, 1));
        sites[1].merge(&late);
        // In turn: 1 goes below 2, and then 2 may not go below 1, nor leave the root.
        assert_eq!(sites[1].value(), Value::Tree(vec![(1, 2), (2, ROOT)]));
    }

    #[test]
    fn what_cannot_be_moved_is_refused() {
        let mut one = Site::<Tree>::new(0, &Rule::default());
        one.ask(below(1, ROOT));
        one.ask(below(2, 1));
        for (request, why) in [
            (below(ROOT, 1), "the root stays where it is"),
            (below(1, 1), "it would be below itself"),
            (below(1, 2), "it would be below itself"),
            (below(1, 9), "there is no such node to move it below"),
        ] {
            assert_eq!(one.try_ask(request).err(), Some(why));
        }
        one.ask(Request::Move { node: 3, parent: None });
        assert_eq!(one.state.parent(3), Some(ROOT));
    }
}
