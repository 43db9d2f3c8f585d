//! The tree by which nodes pass on: node 0 at the top, and each with so many below it (S2, "Hierarchical (Tree)"). With everybody directly
//! below node 0 it is S2's "Master-Slave (Centralized)".

use super::holders::Holders;
use quorate_engine::NodeId;

/// A tree over `0..nodes`, in which the children of node k are `branching * k + 1` and those after it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tree {
    /// How many nodes.
    pub nodes: u32,
    /// Children of a node, at least 1.
    pub branching: u32,
}

impl Tree {
    fn parent(self, node: NodeId) -> Option<NodeId> {
        node.0.checked_sub(1).map(|before| NodeId(before / self.branching))
    }

    /// The nodes `low..high` that are the children of the nodes `low..high`.
    fn below(self, (low, high): (u32, u32)) -> (u32, u32) {
        let first = |node: u32| u64::from(self.branching) * u64::from(node) + 1;
        let cut = |node: u64| node.min(u64::from(self.nodes)) as u32;
        (cut(first(low)), cut(first(high)))
    }

    /// Parent and children.
    pub fn neighbours(self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let (first, end) = self.below((node.0, node.0 + 1));
        self.parent(node).into_iter().chain((first..end).map(NodeId))
    }

    /// A node and all below it.
    pub fn descendants(self, node: NodeId) -> Holders {
        let mut all = Holders::default();
        let mut level = (node.0, node.0 + 1);
        while level.0 < level.1 {
            all.join(&Holders::range(level.0, level.1));
            level = self.below(level);
        }
        all
    }

    /// All that are reached from `node` over its neighbour `via`.
    pub fn beyond(self, node: NodeId, via: NodeId) -> Holders {
        if self.parent(via) == Some(node) {
            return self.descendants(via);
        }
        let mine = self.descendants(node);
        let mut all = Holders::default();
        (0..self.nodes).map(NodeId).filter(|other| !mine.has(*other)).for_each(|other| _ = all.add(other));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_the_neighbours_is_everybody_else_once() {
        for (nodes, branching) in (1..20).flat_map(|nodes| (1..20).map(move |branching| (nodes, branching))) {
            let tree = Tree { nodes, branching };
            for node in (0..nodes).map(NodeId) {
                let mut all = Holders::one(node);
                for neighbour in tree.neighbours(node) {
                    let beyond = tree.beyond(node, neighbour);
                    assert!(beyond.has(neighbour) && tree.neighbours(neighbour).any(|back| back == node));
                    let count = all.count() + beyond.count();
                    all.join(&beyond);
                    assert_eq!(all.count(), count, "{node} and {neighbour} of {tree:?}");
                }
                assert_eq!(all, Holders::range(0, nodes), "{node} of {tree:?}");
            }
        }
    }

    #[test]
    fn a_master_has_everybody_below_it() {
        let star = Tree { nodes: 100, branching: 99 };
        assert_eq!(star.neighbours(NodeId(0)).count(), 99);
        assert_eq!(star.neighbours(NodeId(7)).collect::<Vec<_>>(), [NodeId(0)]);
    }
}
