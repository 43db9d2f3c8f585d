//! Who can reach whom. The partitions in force split the nodes into at most 64 classes, their common refinement; whether a
//! message passes is one bit of a matrix between classes. Classes are made anew when a partition comes or goes.

use crate::fault::Partition;
use crate::id::NodeId;
use crate::spells::{Ending, Spells};
use std::collections::BTreeMap;

/// The most classes that partitions in force may make.
pub const CLASSES_MAX: usize = 64;

/// Reachability between nodes.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// False while no partition is in force: then nothing else is looked at.
    pub(crate) cut: bool,
    class: Vec<u8>,
    /// Bit `b` of row `a`: what class `a` sends to class `b` is lost.
    lost: Vec<u64>,
    active: Vec<Active>,
    /// How many partitions have come into force so far.
    begun: u64,
}

#[derive(Clone, Debug)]
struct Active {
    number: u32,
    partition: Partition,
    spells: Spells,
    /// The strike that the messages lost to this partition are counted under.
    strike: usize,
    /// The place of each class in this partition.
    places: Vec<u64>,
}

impl Reach {
    /// Everyone reaches everyone; `population` counts clients too.
    pub(crate) fn new(population: usize) -> Reach {
        Reach { cut: false, class: vec![0; population], lost: Vec::new(), active: Vec::new(), begun: 0 }
    }

    /// Whether a message from `from` to `to` is lost to a partition now.
    #[inline]
    pub(crate) fn loses(&self, from: NodeId, to: NodeId) -> bool {
        self.cut && self.lost[usize::from(self.class[from.index()])] >> self.class[to.index()] & 1 != 0
    }

    /// The strike to blame for a message that is lost: the first partition in force that cuts the pair.
    pub(crate) fn blame(&self, from: NodeId, to: NodeId) -> usize {
        let (from, to) = (usize::from(self.class[from.index()]), usize::from(self.class[to.index()]));
        let cutting = self.active.iter().find(|active| active.partition.cuts(active.places[from], active.places[to]));
        cutting.expect("a message is lost only to a partition in force").strike
    }

    /// Brings a partition into force; one that is in force already under that number goes on.
    ///
    /// # Errors
    /// The number of classes, when the partitions in force would make more than [`CLASSES_MAX`].
    pub(crate) fn add(&mut self, number: u32, partition: Partition, strike: usize) -> Result<(), usize> {
        self.begun += 1;
        if let Some(same) = self.active.iter_mut().find(|active| active.number == number && active.partition == partition) {
            same.spells.another(self.begun);
            return Ok(());
        }
        self.active.push(Active { number, partition, spells: Spells::first(self.begun), strike, places: Vec::new() });
        let refined = self.refine();
        if refined.is_err() {
            self.active.pop();
        }
        refined
    }

    /// Ends partitions of that number; whether there was one.
    pub(crate) fn remove(&mut self, number: u32, ending: Ending) -> bool {
        let before = self.active.len();
        match ending {
            Ending::All => self.active.retain(|active| active.number != number),
            Ending::Oldest => {
                let of_number = self.active.iter_mut().filter(|active| active.number == number);
                let Some(oldest) = of_number.min_by_key(|active| active.spells.oldest()) else { return false };
                if !oldest.spells.end_oldest() {
                    return true;
                }
                let over = oldest.partition.clone();
                self.active.retain(|active| active.number != number || active.partition != over);
            }
        }
        self.refine().expect("fewer partitions make no more classes");
        self.active.len() < before
    }

    /// # Errors
    /// Too many classes; then nothing has changed.
    fn refine(&mut self) -> Result<(), usize> {
        let mut class_of = vec![0; self.class.len()];
        let mut classes: Vec<Vec<u64>> = vec![Vec::new()];
        for active in &self.active {
            assert!(active.partition.width() <= 64, "a partition has at most 64 groups");
            let mut finer: BTreeMap<(u8, u64), usize> = BTreeMap::new();
            let mut next: Vec<Vec<u64>> = Vec::new();
            for (node, class) in class_of.iter_mut().enumerate() {
                let place = active.partition.place(NodeId(node as u32));
                let index = *finer.entry((*class, place)).or_insert_with(|| {
                    let mut places = classes[usize::from(*class)].clone();
                    places.push(place);
                    next.push(places);
                    next.len() - 1
                });
                if index >= CLASSES_MAX {
                    return Err(index + 1);
                }
                *class = index as u8;
            }
            classes = next;
        }
        self.class = class_of;
        for (index, active) in self.active.iter_mut().enumerate() {
            active.places = classes.iter().map(|places| places[index]).collect();
        }
        self.lost = (0..classes.len())
            .map(|from| {
                (0..classes.len()).fold(0, |row, to| {
                    let cut = self.active.iter().any(|active| active.partition.cuts(active.places[from], active.places[to]));
                    row | u64::from(cut) << to
                })
            })
            .collect();
        self.cut = !self.active.is_empty();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeSet;

    fn groups(sets: &[(u32, u32)]) -> Partition {
        Partition::Groups(sets.iter().map(|&(low, high)| NodeSet::range(low, high)).collect())
    }

    /// The definition, node by node, without classes.
    fn lost_by_definition(active: &[Partition], from: u32, to: u32) -> bool {
        active.iter().any(|partition| match partition {
            Partition::Groups(groups) => {
                let of = |node| groups.iter().filter(move |group| group.contains(NodeId(node)));
                of(from).count() > 0 && of(to).count() > 0 && !of(from).any(|group| group.contains(NodeId(to)))
            }
            Partition::OneWay(senders, receivers) => senders.contains(NodeId(from)) && receivers.contains(NodeId(to)),
        })
    }

    #[test]
    fn classes_agree_with_the_definition_as_partitions_come_and_go() {
        let partitions = [
            groups(&[(0, 6), (6, 10)]),
            groups(&[(0, 4), (3, 8)]), // 3 is a bridge, 8 and 9 are untouched
            Partition::OneWay(NodeSet::range(2, 5), NodeSet::range(4, 9)),
        ];
        let mut reach = Reach::new(10);
        for present in 0u32..8 {
            for (number, partition) in partitions.iter().enumerate() {
                reach.remove(number as u32, Ending::All);
                if present >> number & 1 != 0 {
                    reach.add(number as u32, partition.clone(), number).unwrap();
                }
            }
            let active: Vec<_> = (0..3).filter(|bit| present >> bit & 1 != 0).map(|bit| partitions[bit].clone()).collect();
            for from in 0..10 {
                for to in 0..10 {
                    let lost = lost_by_definition(&active, from, to);
                    assert_eq!(reach.loses(NodeId(from), NodeId(to)), lost, "{from} to {to} under {active:?}");
                    if lost {
                        let blamed = &partitions[reach.blame(NodeId(from), NodeId(to))];
                        assert!(lost_by_definition(std::slice::from_ref(blamed), from, to));
                    }
                }
            }
        }
    }

    #[test]
    fn too_many_classes_are_reported() {
        let mut reach = Reach::new(200);
        let slices: Vec<_> = (0..64).map(|slice| (slice * 3, slice * 3 + 3)).collect();
        assert_eq!(reach.add(0, groups(&slices), 0), Err(65), "64 groups and the untouched rest");
    }

    #[test]
    fn a_partition_too_many_changes_nothing() {
        let mut reach = Reach::new(100);
        let one = |node: u32| groups(&[(node, node + 1), (node + 1, 100)]);
        let refused = (0..100).find(|node| reach.add(*node, one(*node), 0).is_err()).unwrap();
        assert_eq!(refused, 63, "each makes one class more");
        for node in 0..99 {
            assert_eq!(reach.loses(NodeId(node), NodeId(99)), node < refused);
        }
    }

    #[test]
    fn spells_of_one_number_end_in_the_order_in_which_they_began() {
        let mut reach = Reach::new(3);
        let (one, other) = (groups(&[(0, 1), (1, 3)]), groups(&[(0, 2), (2, 3)]));
        for partition in [&one, &other, &one] {
            reach.add(7, partition.clone(), 0).unwrap();
        }
        let cut = |reach: &Reach| [reach.loses(NodeId(0), NodeId(1)), reach.loses(NodeId(1), NodeId(2))];
        let mut seen = vec![cut(&reach)];
        while reach.remove(7, Ending::Oldest) {
            seen.push(cut(&reach));
        }
        assert_eq!(seen, [[true, true], [true, true], [true, false], [false, false]]);
        reach.add(7, one.clone(), 0).unwrap();
        reach.add(7, one, 0).unwrap();
        assert!(reach.remove(7, Ending::All) && !reach.cut);
    }
}
