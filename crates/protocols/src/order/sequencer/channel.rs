//! What a process knows of a channel.

use super::message::{Entry, Epoch, Posted};
use quorate_engine::{NodeId, Update};
use std::collections::{BTreeMap, BTreeSet};

/// A channel, as one process sees it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Channel {
    /// Nothing of an earlier epoch is accepted any more; its sequencer is who is asked for numbers.
    pub(super) epoch: Epoch,
    /// What is delivered, with its numbers, which go up; the last ones perhaps not yet on disk as delivered.
    pub(super) order: Vec<(u64, Posted)>,
    /// How many of these are on disk, and stated.
    pub(super) told: usize,
    /// What is accepted beyond that, by number.
    pub(super) accepted: BTreeMap<u64, Accepted>,
    /// The numbers of all these messages.
    pub(super) numbers: BTreeMap<Update, u64>,
    /// Up to there, a majority has everything.
    pub(super) stable: u64,
    /// The last number that it has heard of in this epoch.
    pub(super) known: u64,
    /// Up to there it has asked for what is missing since it last asked again.
    pub(super) asked: u64,
    /// Up to there it had everything when it heard the sequencer's last beat.
    pub(super) had: u64,
    /// Messages whose numbers have not come.
    pub(super) bodies: BTreeMap<Update, Posted>,
    /// Numbers whose messages have not come.
    pub(super) unpaired: BTreeMap<u64, Update>,
    /// Beats of its own since it heard the sequencer.
    pub(super) silence: u32,
    pub(super) role: Role,
}

/// A message with a number, before it is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Accepted {
    pub(super) epoch: Epoch,
    pub(super) posted: Posted,
    pub(super) durable: bool,
}

/// What a process is to a channel.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Role {
    Follower,
    /// It wants to take over.
    Taking(Box<Taking>),
    /// It gives the numbers.
    Sequencer(Box<Leading>),
}

/// A takeover under way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Taking {
    pub(super) epoch: Epoch,
    /// What those have who promised.
    pub(super) sealed: BTreeMap<NodeId, Vec<Entry>>,
    /// Beats since it began.
    pub(super) beats: u32,
}

/// A sequencer at work.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Leading {
    /// The first number that it gave, and the next.
    pub(super) first: u64,
    pub(super) next: u64,
    /// Up to which number each has everything.
    pub(super) acked: BTreeMap<NodeId, u64>,
    /// Messages that wait for their numbers, and their names.
    pub(super) pending: Vec<Posted>,
    pub(super) pending_ids: BTreeSet<Update>,
    /// Numbers whose messages have not come back from their senders.
    pub(super) granted: BTreeMap<Update, u64>,
    /// Since when it waits for the message of a number: that number, and beats.
    pub(super) stalled: (u64, u32),
}

impl Leading {
    pub(super) fn new(next: u64) -> Leading {
        Leading {
            first: next,
            next,
            acked: BTreeMap::new(),
            pending: Vec::new(),
            pending_ids: BTreeSet::new(),
            granted: BTreeMap::new(),
            stalled: (0, 0),
        }
    }
}

impl Channel {
    pub(super) fn new(sequencer: NodeId) -> Channel {
        Channel {
            epoch: Epoch { round: 0, node: sequencer },
            order: Vec::new(),
            told: 0,
            accepted: BTreeMap::new(),
            numbers: BTreeMap::new(),
            stable: 0,
            known: 0,
            asked: 0,
            had: 0,
            bodies: BTreeMap::new(),
            unpaired: BTreeMap::new(),
            silence: 0,
            role: Role::Follower,
        }
    }

    /// What is delivered, durably, with its numbers.
    pub fn delivered(&self) -> &[(u64, Posted)] {
        &self.order[..self.told]
    }

    /// Whom it takes for the sequencer, and in which round of epochs.
    pub fn sequencer(&self) -> (NodeId, u32) {
        (self.epoch.node, self.epoch.round)
    }

    /// The last number that is delivered, or about to be.
    pub(super) fn upto(&self) -> u64 {
        self.order.last().map_or(0, |(number, _)| *number)
    }

    /// Up to which number everything is here that was accepted in this epoch, durably if asked.
    pub(super) fn has_upto(&self, epoch: Epoch, durable: bool) -> u64 {
        let mut upto = self.upto();
        let is_here = |accepted: &Accepted| accepted.epoch == epoch && (accepted.durable || !durable);
        while self.accepted.get(&(upto + 1)).is_some_and(is_here) {
            upto += 1;
        }
        upto
    }

    /// Whether a message with this number is news here.
    pub(super) fn lacks(&self, number: u64, epoch: Epoch) -> bool {
        number > self.upto() && self.accepted.get(&number).is_none_or(|accepted| accepted.epoch < epoch)
    }

    /// A message has a number now, if it is news: whatever had it before has it no longer.
    pub(super) fn put(&mut self, number: u64, accepted: Accepted) {
        self.drop_number(number);
        self.numbers.insert(accepted.posted.id, number);
        self.bodies.remove(&accepted.posted.id);
        self.unpaired.remove(&number);
        self.known = self.known.max(number);
        if let Some(leading) = self.leading() {
            leading.granted.remove(&accepted.posted.id);
        }
        self.accepted.insert(number, accepted);
    }

    pub(super) fn drop_number(&mut self, number: u64) {
        if let Some(old) = self.accepted.remove(&number)
            && self.numbers.get(&old.posted.id) == Some(&number)
        {
            self.numbers.remove(&old.posted.id);
        }
    }

    /// The message of a number, if it is stable or was accepted in this epoch.
    pub(super) fn message(&self, number: u64) -> Option<Posted> {
        match self.order.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => Some(self.order[place].1),
            Err(_) => self.accepted.get(&number).filter(|accepted| accepted.epoch == self.epoch).map(|accepted| accepted.posted),
        }
    }

    /// Moves what is accepted into the order, one after the other without gaps, for as long as it may be. Whether anything moved.
    pub(super) fn advance(&mut self, skips_gaps: bool, may: impl Fn(u64, &Accepted) -> bool) -> bool {
        let before = self.order.len();
        while let Some((number, accepted)) = self.accepted.first_key_value().map(|(number, accepted)| (*number, *accepted)) {
            if (number != self.upto() + 1 && !skips_gaps) || !may(number, &accepted) {
                break;
            }
            self.accepted.remove(&number);
            self.order.push((number, accepted.posted));
        }
        self.order.len() > before
    }

    /// All that is here beyond a number.
    pub(super) fn beyond(&self, number: u64) -> Vec<Entry> {
        let first = self.order.partition_point(|(delivered, _)| *delivered <= number);
        let stable = self.order[first..].iter().map(|(number, posted)| Entry { number: *number, epoch: None, posted: *posted });
        let accepted = self.accepted.range(number + 1..);
        let accepted =
            accepted.map(|(number, accepted)| Entry { number: *number, epoch: Some(accepted.epoch), posted: accepted.posted });
        stable.chain(accepted).collect()
    }

    /// A later epoch has begun, or is about to.
    pub(super) fn turn(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.role = Role::Follower;
        self.silence = 0;
        self.asked = 0;
        self.had = 0;
        self.known = self.upto();
        self.unpaired.clear();
    }

    pub(super) fn leading(&mut self) -> Option<&mut Leading> {
        match &mut self.role {
            Role::Sequencer(leading) => Some(leading),
            _ => None,
        }
    }

    pub(super) fn leads(&self) -> bool {
        matches!(self.role, Role::Sequencer(_))
    }
}

/// The order with which an epoch begins: for each number beyond the last that is stable here, what the latest epoch has, up to the first number that
/// nobody has. What lies beyond that was never stable, and its sender will say it again. So will that of a message that has two numbers: the
/// higher one is of an epoch in which it came to nothing.
pub(super) fn recovered<'a>(upto: u64, delivered: &BTreeMap<Update, u64>, all: impl Iterator<Item = &'a Entry>) -> Vec<Posted> {
    let mut latest: BTreeMap<u64, Entry> = BTreeMap::new();
    for entry in all.filter(|entry| entry.number > upto) {
        let rank = |entry: &Entry| (entry.epoch.is_none(), entry.epoch);
        let best = latest.entry(entry.number).or_insert(*entry);
        if rank(entry) > rank(best) {
            *best = *entry;
        }
    }
    let mut order: Vec<Posted> = Vec::new();
    let mut names = BTreeSet::new();
    for (number, entry) in latest {
        let id = entry.posted.id;
        let is_delivered = delivered.get(&id).is_some_and(|number| *number <= upto);
        if number != upto + order.len() as u64 + 1 || is_delivered || !names.insert(id) {
            break;
        }
        order.push(entry.posted);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, round: Option<u32>, message: u32) -> Entry {
        let posted = Posted { id: Update { origin: NodeId(0), number: message }, channel: 0, value: u64::from(message) };
        Entry { number, epoch: round.map(|round| Epoch { round, node: NodeId(1) }), posted }
    }

    fn check(upto: u64, entries: &[Entry], expected: &[u64]) {
        let values: Vec<u64> = recovered(upto, &BTreeMap::new(), entries.iter()).iter().map(|posted| posted.value).collect();
        assert_eq!(values, expected);
    }

    #[test]
    fn an_epoch_begins_with_the_latest_of_each_number_up_to_the_first_hole() {
        check(0, &[], &[]);
        check(0, &[entry(1, Some(0), 7), entry(1, Some(2), 8), entry(1, Some(1), 9)], &[8]);
        check(0, &[entry(1, Some(2), 8), entry(1, None, 7)], &[7]);
        check(2, &[entry(1, None, 1), entry(3, Some(0), 3), entry(5, Some(0), 5)], &[3]);
        check(2, &[entry(4, Some(0), 4)], &[]);
    }

    #[test]
    fn a_message_with_two_numbers_keeps_the_lower_one() {
        check(0, &[entry(1, Some(1), 5), entry(2, Some(0), 5), entry(3, Some(1), 6)], &[5]);
    }
}
