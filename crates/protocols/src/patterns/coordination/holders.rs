//! A set of nodes, a bit each: who has an update. Small, and joined often.

use quorate_engine::{NodeId, Sink, Wire};

/// Who has an update.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Holders {
    /// 64 nodes a word, the lowest first.
    /// Invariant: the last word is not 0, so that equal sets are equal words.
    words: Vec<u64>,
}

impl Holders {
    /// Nobody else.
    pub fn one(node: NodeId) -> Holders {
        let mut one = Holders::default();
        one.add(node);
        one
    }

    /// The nodes `low..high`.
    pub fn range(low: u32, high: u32) -> Holders {
        let mut range = Holders::default();
        (low..high).for_each(|node| _ = range.add(NodeId(node)));
        range
    }

    /// Adds a node. Whether it was not there.
    pub fn add(&mut self, node: NodeId) -> bool {
        let (word, bit) = (node.index() / 64, 1 << (node.0 % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }

    /// Adds all of those. Whether any was not there.
    pub fn join(&mut self, other: &Holders) -> bool {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        let mut more = false;
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            more |= theirs & !*mine != 0;
            *mine |= theirs;
        }
        more
    }

    /// Takes a node away.
    pub fn remove(&mut self, node: NodeId) {
        if let Some(word) = self.words.get_mut(node.index() / 64) {
            *word &= !(1 << (node.0 % 64));
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }

    /// Whether the node is among them.
    pub fn has(&self, node: NodeId) -> bool {
        self.words.get(node.index() / 64).is_some_and(|word| word >> (node.0 % 64) & 1 == 1)
    }

    /// Whether all of those are among them.
    pub fn covers(&self, other: &Holders) -> bool {
        other.words.len() <= self.words.len() && other.words.iter().zip(&self.words).all(|(theirs, mine)| theirs & !mine == 0)
    }

    /// How many.
    pub fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All of them, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..64 * self.words.len() as u32).map(NodeId).filter(|node| self.has(*node))
    }
}

impl Wire for Holders {
    fn encode(&self, sink: &mut impl Sink) {
        self.words.encode(sink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let mut some = Holders::range(60, 70);
        assert!(!some.add(NodeId(63)) && some.add(NodeId(2)));
        assert_eq!((some.count(), some.has(NodeId(2)), some.has(NodeId(3)), some.has(NodeId(500))), (11, true, false, false));
        assert!(some.covers(&Holders::one(NodeId(69))) && !some.covers(&Holders::range(60, 71)));
        assert!(some.join(&Holders::one(NodeId(200))) && !some.join(&Holders::one(NodeId(200))));
        some.remove(NodeId(200));
        some.remove(NodeId(2));
        assert_eq!(some, Holders::range(60, 70));
        assert_eq!(some.iter().map(|node| node.0).collect::<Vec<_>>(), (60..70).collect::<Vec<_>>());
    }
}
