//! Anti-entropy by a tree of digests: two replicas walk down where their trees differ, and exchange the pieces in the leaves where
//! they end (Merkle 1987; DeCandia et al. 2007, §4.7). A tree has 16 children a node; a piece belongs to the leaf that the first bits of
//! its place name.

use super::super::types::Crdt;
use super::message::{Children, Known, Message, Record, Walk};
use super::node::{Ctx, Replica};
use super::options::Summary;
use quorate_engine::{Content, NodeId};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The digests of the nodes of each level, from the root's on; what has no pieces below it is left out.
type Tree = Vec<BTreeMap<u32, u64>>;

impl Replica {
    /// A peer has a state with this digest.
    pub(super) fn compare(&mut self, ctx: &mut Ctx<'_>, from: NodeId, theirs: u64) {
        let mine = self.data.digest();
        if mine == theirs {
            return;
        }
        match ctx.options().summary {
            Summary::Merkle => {
                let root = self.children(&self.tree(ctx.options().depth), 0, &[0]);
                ctx.send(from, Message::Nodes(Walk { mine, yours: theirs, level: 0 }, root));
            }
            Summary::Full | Summary::Digest => ctx.send(from, Message::PushPull(self.state(ctx))),
        }
    }

    /// One level down.
    pub(super) fn nodes(&mut self, ctx: &mut Ctx<'_>, from: NodeId, walk: Walk, nodes: &[Children]) {
        let mine = self.data.digest();
        if walk.yours != mine {
            return; // the state has changed since: another round will do it
        }
        let depth = ctx.options().depth;
        let tree = self.tree(depth);
        let level = walk.level + 1;
        let differ: Vec<u32> = nodes
            .iter()
            .flat_map(|(node, children)| (node * 16..).zip(children))
            .filter(|(child, digest)| tree[level as usize].get(child).copied().unwrap_or(0) != **digest)
            .map(|(child, _)| child)
            .collect();
        let walk = Walk { mine, yours: walk.mine, level };
        if level == depth || differ.is_empty() {
            let leaves = if level == depth { differ } else { Vec::new() };
            let pieces = self.pieces_in(ctx, &leaves);
            return ctx.send(from, Message::Pieces(walk, Rc::new(leaves), pieces, true));
        }
        let next = self.children(&tree, level, &differ);
        ctx.send(from, Message::Nodes(walk, next));
    }

    /// What a peer has where the two differed.
    pub(super) fn pieces(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: NodeId,
        walk: Walk,
        leaves: &Rc<Vec<u32>>,
        known: &Content<Known>,
        wants: bool,
    ) {
        if wants && self.data.digest() == walk.yours {
            let pieces = self.pieces_in(ctx, leaves);
            let back = Walk { mine: walk.yours, yours: walk.mine, level: walk.level };
            ctx.send(from, Message::Pieces(back, Rc::clone(leaves), pieces, false));
        }
        let (rule, depth) = (&ctx.options().rule, ctx.options().depth);
        let before = self.data.clone();
        self.data.merge_pieces(rule, &known.data, &|place| leaves.binary_search(&leaf(place, depth)).is_ok());
        let fresh = self.data.beyond(rule, &before);
        let news = !self.history.covers(&known.history);
        if fresh.is_none() && !news {
            return;
        }
        let data = fresh.unwrap_or_else(|| super::deltas::nothing(ctx.options()));
        self.append(ctx, Record::Joined(Content::new(Known { data, history: known.history.clone() })));
        self.learn_all(ctx, &known.history);
        self.changed(ctx);
    }

    fn pieces_in(&self, ctx: &Ctx<'_>, leaves: &[u32]) -> Content<Known> {
        let depth = ctx.options().depth;
        let data = self.data.only(&|place| leaves.binary_search(&leaf(place, depth)).is_ok());
        Content::new(Known { data, history: self.history.clone() })
    }

    fn tree(&self, depth: u32) -> Tree {
        let mut leaves: BTreeMap<u32, u64> = BTreeMap::new();
        self.data.pieces(&mut |place, hash| {
            let sum = leaves.entry(leaf(place, depth)).or_default();
            *sum = sum.wrapping_add(hash);
        });
        let mut levels = vec![leaves];
        for _ in 0..depth {
            let mut parents: BTreeMap<u32, u64> = BTreeMap::new();
            for (child, digest) in levels.last().expect("there are leaves") {
                let sum = parents.entry(child / 16).or_default();
                *sum = sum.wrapping_add(mixed(u64::from(child % 16) ^ digest.rotate_left(17)));
            }
            levels.push(parents);
        }
        levels.reverse();
        levels
    }

    fn children(&self, tree: &Tree, level: u32, of: &[u32]) -> Rc<Vec<Children>> {
        let below = &tree[level as usize + 1];
        let children = |node: u32| std::array::from_fn(|child| below.get(&(node * 16 + child as u32)).copied().unwrap_or(0));
        Rc::new(of.iter().map(|node| (*node, children(*node))).collect())
    }
}

fn leaf(place: u64, depth: u32) -> u32 {
    (place >> (64 - 4 * depth)) as u32
}

fn mixed(word: u64) -> u64 {
    use quorate_engine::Wire;
    word.wire_digest()
}
