//! Names of things in a run: nodes, sets of nodes, operations, updates.

use std::fmt;

/// A node: replicas are `0..nodes`, client pseudo-nodes follow them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The node's place in tables indexed by node.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A client's operation: its place in the workload, in the order in which the workload lists them; after these come those that
/// populations ask, in the order in which they ask.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub u32);

impl OpId {
    /// The operation's place in the history.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An update of the replicated state: the `number`-th (from 1) that the replica `origin` accepted. The pair is what a
/// version vector counts, so a replica that holds the first `k` updates of an origin can say so with one number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Update {
    /// The replica that accepted the update.
    pub origin: NodeId,
    /// 1 for the origin's first update.
    pub number: u32,
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.origin, self.number)
    }
}

/// A set of nodes as sorted, disjoint, non-empty half-open ranges: a million nodes cost one pair.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct NodeSet {
    ranges: Vec<(u32, u32)>,
}

impl NodeSet {
    /// The nodes `low..high`; empty when `low >= high`.
    pub fn range(low: u32, high: u32) -> NodeSet {
        NodeSet::from_ranges([(low, high)])
    }

    /// One node.
    pub fn one(node: NodeId) -> NodeSet {
        NodeSet::range(node.0, node.0 + 1)
    }

    /// The union of half-open ranges, in any order, overlapping or not.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> NodeSet {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|(low, high)| low < high).collect();
        sorted.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(sorted.len());
        for (low, high) in sorted {
            match merged.last_mut() {
                Some(last) if low <= last.1 => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        NodeSet { ranges: merged }
    }

    /// The ranges, sorted and disjoint.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// The nodes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.ranges.iter().flat_map(|&(low, high)| (low..high).map(NodeId))
    }

    /// Whether the node belongs to the set.
    pub fn contains(&self, node: NodeId) -> bool {
        let after = self.ranges.partition_point(|&(low, _)| low <= node.0);
        after > 0 && node.0 < self.ranges[after - 1].1
    }

    /// The nodes that are not in the other set.
    pub fn without(&self, other: &NodeSet) -> NodeSet {
        let mut left = Vec::new();
        for &(low, high) in &self.ranges {
            let mut from = low;
            for &(other_low, other_high) in other.ranges.iter().filter(|range| range.0 < high && range.1 > low) {
                left.push((from, other_low.max(low)));
                from = other_high.min(high);
            }
            left.push((from, high));
        }
        NodeSet::from_ranges(left)
    }

    /// How many nodes.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|&(low, high)| u64::from(high - low)).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The nodes of either set.
    pub fn union(&self, other: &NodeSet) -> NodeSet {
        NodeSet::from_ranges(self.ranges().iter().chain(other.ranges()).copied())
    }

    /// The highest node, if any.
    pub fn last(&self) -> Option<NodeId> {
        self.ranges.last().map(|&(_, high)| NodeId(high - 1))
    }
}

impl fmt::Display for NodeSet {
    /// `3, 5..9`: the form that scenario files use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, &(low, high)) in self.ranges.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            if high - low == 1 {
                write!(f, "{comma}{low}")?;
            } else {
                write!(f, "{comma}{low}..{high}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge_and_answer() {
        let set = NodeSet::from_ranges([(5, 9), (0, 2), (2, 4), (7, 7)]);
        assert_eq!(set.ranges(), [(0, 4), (5, 9)]);
        assert_eq!(set.len(), 8);
        assert_eq!(set.to_string(), "0..4, 5..9");
        let members: Vec<u32> = set.iter().map(|node| node.0).collect();
        for node in 0..12 {
            assert_eq!(set.contains(NodeId(node)), members.contains(&node), "{node}");
        }
        assert_eq!(NodeSet::range(0, 12).without(&set).to_string(), "4, 9..12");
        assert_eq!(set.without(&NodeSet::from_ranges([(1, 2), (3, 6)])).to_string(), "0, 2, 6..9");
    }
}
