//! What a process knows of the order: which message has which number, from which token it was accepted, and up to where it is
//! delivered.
//!
//! A number may be given again by a later token as long as no majority has accepted it, and everything before it, from one token.
//! What a majority has accepted so is *stable*: every later token finds it, because two majorities meet.

use super::message::{Generation, Given, Posted};
use quorate_engine::Update;
use std::collections::{BTreeMap, BTreeSet};

/// What has a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Entry {
    generation: Generation,
    posted: Posted,
    is_stable: bool,
    is_durable: bool,
}

/// The order, as one process knows it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sequence {
    entries: BTreeMap<u64, Entry>,
    /// All numbers up to there are delivered, or will be when the disk says so.
    delivering: u64,
    /// Their messages, and those of the numbers that are delivered, wherever they stand.
    taken: BTreeSet<Update>,
    /// What is stable is what was accepted up to that number, from that token.
    stable: (Generation, u64),
}

impl Default for Sequence {
    fn default() -> Sequence {
        Sequence { entries: BTreeMap::new(), delivering: 0, taken: BTreeSet::new(), stable: (Generation::FIRST, 0) }
    }
}

impl Sequence {
    /// Everything up to there is delivered, or will be.
    pub(super) fn delivering(&self) -> u64 {
        self.delivering
    }

    /// What is stable, as far as this process knows.
    pub(super) fn stable(&self) -> u64 {
        self.stable.1.max(self.delivering)
    }

    /// Whether the message is delivered, or will be.
    pub(super) fn has_taken(&self, id: Update) -> bool {
        self.taken.contains(&id)
    }

    /// Takes over a number. Whether that must be written down.
    pub(super) fn put(&mut self, number: u64, generation: Generation, posted: Posted, is_stable: bool) -> bool {
        if number <= self.delivering {
            return false;
        }
        let is_stable = is_stable || (self.stable.0 == generation && number <= self.stable.1);
        match self.entries.get_mut(&number) {
            Some(entry) if entry.is_stable => return false,
            Some(entry) if is_stable && entry.posted == posted => {
                entry.is_stable = true;
                return false;
            }
            Some(entry) if !is_stable && entry.generation >= generation => return false,
            _ => {}
        }
        self.entries.insert(number, Entry { generation, posted, is_stable, is_durable: false });
        true
    }

    /// What [`Sequence::put`] has put is on disk.
    pub(super) fn written(&mut self, number: u64, generation: Generation) {
        if let Some(entry) = self.entries.get_mut(&number)
            && entry.generation == generation
        {
            entry.is_durable = true;
        }
    }

    /// Everything up to that number is stable, as it was accepted from that token.
    pub(super) fn learn(&mut self, generation: Generation, upto: u64) {
        let (known, number) = self.stable;
        if generation < known || (generation == known && upto <= number) {
            return;
        }
        self.stable = (generation, upto);
        for (_, entry) in self.entries.range_mut(self.delivering + 1..).take_while(|(number, _)| **number <= upto) {
            entry.is_stable |= entry.generation == generation;
        }
    }

    /// The message of a number, if it is in the order of that token.
    pub(super) fn given(&self, number: u64, generation: Generation) -> Option<Given> {
        let entry = self.entries.get(&number)?;
        let is_stable = entry.is_stable || number <= self.delivering;
        let is_known = is_stable || entry.generation == generation;
        is_known.then_some(Given { number, generation: (!is_stable).then_some(entry.generation), posted: entry.posted })
    }

    /// The messages of the order of that token that are not delivered.
    pub(super) fn open(&self, generation: Generation) -> BTreeSet<Update> {
        let open = self.entries.range(self.delivering + 1..).map(|(_, entry)| entry);
        open.filter(|entry| entry.is_stable || entry.generation == generation).map(|entry| entry.posted.id).collect()
    }

    /// Up to where this process has the order of that token without a gap, on disk.
    pub(super) fn upto(&self, generation: Generation) -> u64 {
        let mut upto = self.delivering;
        while let Some(entry) = self.entries.get(&(upto + 1))
            && entry.is_durable
            && (entry.is_stable || entry.generation == generation)
        {
            upto += 1;
        }
        upto
    }

    /// The numbers below `end` that this process lacks.
    pub(super) fn missing(&self, generation: Generation, end: u64) -> impl Iterator<Item = u64> {
        (self.delivering + 1..end).filter(move |number| self.given(*number, generation).is_none())
    }

    /// What to deliver next: the number after the last, if it is known well enough; over holes, if they are of no matter.
    pub(super) fn next(&self, generation: Generation, waits: bool, over_holes: bool) -> Option<(u64, Posted)> {
        let is_ready = |entry: &Entry| entry.is_stable || (!waits && entry.generation == generation);
        let mut after = self.entries.range(self.delivering + 1..).filter(|(_, entry)| is_ready(entry));
        let (number, entry) = after.next()?;
        (*number == self.delivering + 1 || over_holes).then_some((*number, entry.posted))
    }

    /// It is delivered, or will be when the disk says so.
    pub(super) fn deliver(&mut self, number: u64) -> Option<Posted> {
        let posted = self.entries.get(&number)?.posted;
        self.delivering = number;
        self.taken.insert(posted.id);
        Some(posted)
    }

    /// What was accepted beyond a number.
    pub(super) fn beyond(&self, number: u64) -> Vec<Given> {
        let told = |(number, entry): (&u64, &Entry)| {
            let is_stable = entry.is_stable || *number <= self.delivering;
            Given { number: *number, generation: (!is_stable).then_some(entry.generation), posted: entry.posted }
        };
        self.entries.range(number + 1..).map(told).collect()
    }

    /// Paxos, number by number: of what a majority has accepted beyond what is delivered here, what a new token must give the
    /// same numbers. For each number what is stable, or was accepted from the latest token; nothing beyond a hole, for what is
    /// beyond one no majority has accepted from one token with all before it; and nothing from a message on that has a number
    /// already: of two numbers of one message, the higher one is not stable.
    pub(super) fn recovered<'a>(&self, accepted: impl Iterator<Item = &'a Given>) -> Vec<Given> {
        let mut best: BTreeMap<u64, Given> = BTreeMap::new();
        for given in accepted.filter(|given| given.number > self.delivering) {
            let weight = |given: &Given| (given.generation.is_none(), given.generation);
            let known = best.entry(given.number).or_insert(*given);
            if weight(given) > weight(known) {
                *known = *given;
            }
        }
        let mut order = Vec::new();
        let mut taken = self.taken.clone();
        for number in self.delivering + 1.. {
            match best.get(&number) {
                Some(given) if taken.insert(given.posted.id) => order.push(*given),
                _ => break,
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_engine::{NodeId, OpId};

    fn posted(number: u32) -> Posted {
        let id = Update { origin: NodeId(0), number };
        Posted { id, operation: OpId(number), channel: 0, value: u64::from(number) }
    }

    fn round(round: u32) -> Generation {
        Generation { round, node: NodeId(1) }
    }

    /// Number, round (0: stable) and message, each.
    fn check(accepted: &[(u64, u32, u32)], expected: &[u32]) {
        let given = |(number, from, message): &(u64, u32, u32)| Given {
            number: *number,
            generation: (*from > 0).then(|| round(*from)),
            posted: posted(*message),
        };
        let accepted: Vec<Given> = accepted.iter().map(given).collect();
        let order = Sequence::default().recovered(accepted.iter());
        let messages: Vec<u32> = order.iter().map(|given| given.posted.id.number).collect();
        assert_eq!(messages, expected, "of {accepted:?}");
    }

    #[test]
    fn a_new_token_keeps_what_may_be_stable() {
        check(&[], &[]);
        check(&[(1, 1, 7), (2, 1, 8)], &[7, 8]);
        // The latest token has the last word, and what is stable is beyond words.
        check(&[(1, 1, 7), (1, 2, 8)], &[8]);
        check(&[(1, 0, 7), (1, 2, 8)], &[7]);
        // Nothing beyond a hole was accepted by a majority with all before it.
        check(&[(1, 1, 7), (3, 1, 9)], &[7]);
        check(&[(2, 1, 8)], &[]);
        // Of two numbers of one message the higher one is left over from a token that knew of no other.
        check(&[(1, 2, 7), (2, 2, 8), (3, 1, 7), (4, 1, 9)], &[7, 8]);
        check(&[(1, 1, 7), (2, 2, 7)], &[7]);
    }

    #[test]
    fn stable_is_what_was_accepted_from_the_token_that_says_so() {
        let mut sequence = Sequence::default();
        assert!(sequence.put(1, round(1), posted(7), false));
        sequence.learn(round(2), 1);
        assert_eq!(sequence.next(round(2), true, false), None, "another message may have the number from the later token");
        assert_eq!(sequence.missing(round(2), 2).collect::<Vec<u64>>(), [1]);
        assert!(sequence.put(1, round(2), posted(8), false));
        assert_eq!(sequence.next(round(2), true, false), Some((1, posted(8))));
        assert!(!sequence.put(1, round(3), posted(9), false), "nothing takes its place");
    }

    #[test]
    fn nothing_is_delivered_over_a_hole() {
        let mut sequence = Sequence::default();
        sequence.put(2, round(1), posted(8), true);
        assert_eq!(sequence.next(round(1), true, false), None);
        assert_eq!(sequence.upto(round(1)), 0);
        sequence.put(1, round(1), posted(7), true);
        assert_eq!(sequence.upto(round(1)), 0, "not on disk");
        [1, 2].iter().for_each(|number| sequence.written(*number, round(1)));
        assert_eq!(sequence.upto(round(1)), 2);
        assert_eq!(sequence.deliver(1), Some(posted(7)));
        assert_eq!(sequence.next(round(1), true, false), Some((2, posted(8))));
    }
}
