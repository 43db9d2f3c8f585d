//! Links that come and go, each for its time: of a pair holds what was said of it last and is not undone, or else what the
//! topology says.

use crate::setup::Changed;
use crate::topology::Graph;
use std::collections::BTreeMap;

/// What has been said of links and is in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlays {
    /// The pairs of each number.
    pairs: BTreeMap<u32, Vec<Pair>>,
    /// Of each pair: whether the topology links it, and what was said since, in order, under which number.
    said: BTreeMap<Pair, (bool, Vec<(u32, bool)>)>,
}

/// The lower node first.
type Pair = (u32, u32);

impl Overlays {
    /// The links that come, and those that go.
    pub(super) fn change(&mut self, graph: &Graph, changed: &Changed) -> (Vec<Pair>, Vec<Pair>) {
        let touched = match changed {
            Changed::Links(number, there, pairs) => self.say(graph, *number, *there, pairs),
            Changed::Undo(number) => self.undo(*number),
            Changed::Attach(nodes, to) => {
                self.said.retain(|(a, b), _| !nodes.contains(crate::NodeId(*a)) && !nodes.contains(crate::NodeId(*b)));
                let (mut new, mut old) = (Vec::new(), Vec::new());
                for node in nodes.iter() {
                    old.extend(graph.neighbours(node).iter().map(|other| (node.0, other.0)));
                    new.extend(to.iter().filter(|other| *other != node).map(|other| (node.0, other.0)));
                }
                return (new, old);
            }
            Changed::Move(..) => Vec::new(),
        };
        let there = |pair: &Pair| {
            let (before, said) = &self.said[pair];
            said.last().map_or(*before, |(_, there)| *there)
        };
        let (add, remove) = touched.into_iter().partition(there);
        self.said.retain(|_, (_, said)| !said.is_empty());
        (add, remove)
    }

    fn say(&mut self, graph: &Graph, number: u32, there: bool, pairs: &[Pair]) -> Vec<Pair> {
        let pairs: Vec<Pair> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        for &(a, b) in &pairs {
            let before = || (graph.has_edge(crate::NodeId(a), crate::NodeId(b)), Vec::new());
            self.said.entry((a, b)).or_insert_with(before).1.push((number, there));
        }
        self.pairs.insert(number, pairs.clone());
        pairs
    }

    /// The pairs of which something was said under this number; an attachment may have overruled it.
    fn undo(&mut self, number: u32) -> Vec<Pair> {
        let mut pairs = self.pairs.remove(&number).unwrap_or_default();
        pairs.retain(|pair| match self.said.get_mut(pair) {
            Some((_, said)) => {
                let count = said.len();
                said.retain(|(of, _)| *of != number);
                said.len() != count
            }
            None => false,
        });
        pairs
    }
}
