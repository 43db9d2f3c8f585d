//! A changing set of nodes as disjoint ranges in a tree: who is down at an instant. Every step costs what it touches, so that
//! a timeline of many faults stays linear.

use quorate_engine::id::NodeSet;
use std::collections::BTreeMap;

/// Invariant: `low < high`, and ranges neither overlap nor touch.
#[derive(Default)]
pub(crate) struct Intervals {
    by_low: BTreeMap<u32, u32>,
}

impl Intervals {
    /// The members of `set` that are in here, and those that are not.
    pub(crate) fn split(&self, set: &NodeSet) -> (NodeSet, NodeSet) {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for &(low, high) in set.ranges() {
            let mut from = low;
            for (own_low, own_high) in self.touching(low, high) {
                let (start, end) = (own_low.max(low), own_high.min(high));
                outside.push((from, start));
                inside.push((start, end));
                from = end;
            }
            outside.push((from, high));
        }
        (NodeSet::from_ranges(inside), NodeSet::from_ranges(outside))
    }

    pub(crate) fn insert(&mut self, set: &NodeSet) {
        for &(low, high) in set.ranges() {
            let touched: Vec<_> = self.touching(low, high).collect();
            let merged = touched.iter().fold((low, high), |(low, high), own| (low.min(own.0), high.max(own.1)));
            for (own_low, _) in touched {
                self.by_low.remove(&own_low);
            }
            self.by_low.insert(merged.0, merged.1);
        }
    }

    pub(crate) fn remove(&mut self, set: &NodeSet) {
        for &(low, high) in set.ranges() {
            let touched: Vec<_> = self.touching(low, high).collect();
            for (own_low, own_high) in touched {
                self.by_low.remove(&own_low);
                for (rest_low, rest_high) in [(own_low, low), (high, own_high)] {
                    if rest_low < rest_high {
                        self.by_low.insert(rest_low, rest_high);
                    }
                }
            }
        }
    }

    /// The own ranges that overlap `low..high`, ascending.
    fn touching(&self, low: u32, high: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let before = self.by_low.range(..low).next_back().filter(|&(_, &own_high)| own_high > low);
        before.into_iter().chain(self.by_low.range(low..high)).map(|(&own_low, &own_high)| (own_low, own_high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_engine::id::NodeId;

    #[test]
    fn agrees_with_a_list_of_nodes() {
        let mut intervals = Intervals::default();
        let mut members = [false; 24];
        let mut state = 1u32;
        for step in 0..3_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (a, b, c) = (state >> 27 & 15, state >> 22 & 7, state >> 17 & 15);
            let set = NodeSet::from_ranges([(a, a + b), (c, c + 3)]);
            let (inside, outside) = intervals.split(&set);
            for node in 0..24 {
                let id = NodeId(node);
                assert_eq!(inside.contains(id), set.contains(id) && members[node as usize], "{step}");
                assert_eq!(outside.contains(id), set.contains(id) && !members[node as usize], "{step}");
            }
            let add = state >> 31 == 0;
            if add {
                intervals.insert(&set)
            } else {
                intervals.remove(&set)
            }
            set.iter().for_each(|node| members[node.index()] = add);
        }
    }
}
