//! When did the replicas agree? Every node publishes the digest of its replicated state, so agreement is a multiset with one
//! member, kept at O(1) an event. Agreement alone is cheap (a constant digest agrees for ever): *converged* also asks that
//! every live replica holds every acknowledged update, or what rightly took its place, and that it stays so.

use crate::collections::HashMap;
use crate::id::{NodeId, OpId, Update};
use crate::time::{Nanos, Time};
use std::collections::VecDeque;
use std::collections::hash_map::Entry;

/// Rounds that a coverage curve keeps apart; later ones share the last cell.
const ROUNDS_MAX: u64 = 1 << 14;

/// So many updates have a coverage curve, from the first on; of those after them, the last as many. A run may have millions.
pub const CURVES_KEPT: usize = 2_000;

/// Follows agreement and coverage while a run goes on.
#[derive(Clone, Debug)]
pub(crate) struct Convergence {
    nodes: u32,
    live: Vec<bool>,
    live_count: u32,
    /// Who is excluded; empty when nobody is.
    faulty: Vec<bool>,
    round: Nanos,
    /// Each node's published digest; empty until a replica publishes one.
    published: Vec<Option<u64>>,
    /// How many live nodes published each digest.
    digests: HashMap<u64, u32>,
    /// Live nodes that have published.
    speaking: u32,
    updates: Vec<Tracked>,
    /// Who holds each update: a bit a node, `words` words an update.
    held: Vec<u64>,
    words: usize,
    curves: Curves,
    by_update: HashMap<Update, u32>,
    /// The last update that each operation was taken in as; `NONE` for none.
    by_operation: Vec<u32>,
    /// Updates that live replicas still have to receive.
    /// Invariant: the number of `updates` for which `Tracked::missing(live_count)` holds.
    missing: u32,
    lost: u32,
    agreed_since: Option<Time>,
    last_update: Option<Time>,
    last_heal: Option<Time>,
}

/// No update.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Tracked {
    update: Update,
    operation: OpId,
    at: Time,
    /// Another that its operation was taken in as before it, or `NONE`.
    twin: u32,
    acknowledged: bool,
    /// It was acknowledged, or took the place of one that is owed: some state must show that it happened.
    owed: bool,
    /// Something made later rightly took its place somewhere: that one, at the first such place, takes over what is owed. Or `NONE`.
    successor: u32,
    /// Something older took its place somewhere.
    lost: bool,
    /// What its origin overwrote when it made this one, or `NONE`. Invariant: it was made before, so its place is before this one's.
    parent: u32,
    holders: u32,
}

impl Tracked {
    fn missing(&self, live: u32) -> bool {
        self.owed && self.successor == NONE && self.holders < live
    }
}

/// The updates' net gains of holders in each round since they were made.
#[derive(Clone, Debug, Default)]
struct Curves {
    first: Vec<Vec<i64>>,
    last: VecDeque<Vec<i64>>,
    /// How many fell out between the two.
    dropped: usize,
}

impl Curves {
    /// The next update's begins.
    fn begin(&mut self) {
        if self.first.len() < CURVES_KEPT {
            return self.first.push(Vec::new());
        }
        if self.last.len() == CURVES_KEPT {
            self.last.pop_front();
            self.dropped += 1;
        }
        self.last.push_back(Vec::new());
    }

    /// An update's, unless it fell out.
    fn of(&mut self, index: u32) -> Option<&mut Vec<i64>> {
        match (index as usize).checked_sub(CURVES_KEPT) {
            None => self.first.get_mut(index as usize),
            Some(later) => self.last.get_mut(later.checked_sub(self.dropped)?),
        }
    }
}

impl Convergence {
    pub(crate) fn new(nodes: u32, round: Nanos) -> Convergence {
        assert!(round > 0, "a round takes time");
        Convergence {
            nodes,
            live: vec![true; nodes as usize],
            live_count: nodes,
            faulty: Vec::new(),
            round,
            published: Vec::new(),
            digests: HashMap::default(),
            speaking: 0,
            updates: Vec::new(),
            held: Vec::new(),
            words: (nodes as usize).div_ceil(64),
            curves: Curves::default(),
            by_update: HashMap::default(),
            by_operation: Vec::new(),
            missing: 0,
            lost: 0,
            agreed_since: None,
            last_update: None,
            last_heal: None,
        }
    }

    /// A replica publishes its digest.
    pub(crate) fn publish(&mut self, now: Time, node: NodeId, digest: u64) {
        if !self.live[node.index()] {
            self.restart(now, node); // it had withdrawn
        }
        if self.is_faulty(node) {
            return;
        }
        if self.published.is_empty() {
            self.published.resize(self.nodes as usize, None);
        }
        let before = self.published[node.index()].replace(digest);
        if before == Some(digest) {
            return;
        }
        self.forget(before);
        self.speaking += u32::from(before.is_none());
        *self.digests.entry(digest).or_insert(0) += 1;
        self.settle(now);
    }

    /// The digest that the node published last.
    pub(crate) fn published(&self, node: NodeId) -> Option<u64> {
        self.published.get(node.index()).copied().flatten()
    }

    /// A replica took an operation in as an update.
    ///
    /// # Errors
    /// The operation that was this update before: then this one counts for nothing.
    pub(crate) fn accept(&mut self, now: Time, node: NodeId, operation: OpId, update: Update) -> Result<(), OpId> {
        let index = self.updates.len() as u32;
        match self.by_update.entry(update) {
            Entry::Vacant(place) => place.insert(index),
            Entry::Occupied(first) => {
                let first = *first.get();
                let before = self.updates[first as usize].operation;
                if before == operation {
                    self.hold(now, node, first);
                    return Ok(());
                }
                return Err(before);
            }
        };
        if self.by_operation.len() <= operation.index() {
            self.by_operation.resize(operation.index() + 1, NONE);
        }
        let twin = std::mem::replace(&mut self.by_operation[operation.index()], index);
        self.updates.push(Tracked {
            update,
            operation,
            at: now,
            twin,
            acknowledged: false,
            owed: false,
            successor: NONE,
            lost: false,
            parent: NONE,
            holders: 0,
        });
        self.held.resize(self.held.len() + self.words, 0);
        self.curves.begin();
        self.last_update = Some(now);
        self.hold(now, node, index);
        Ok(())
    }

    /// The client of an operation was told by a replica that it took effect. Where it was taken in as several updates, that is said of
    /// those which this replica made; of all, when it made none of them.
    pub(crate) fn acknowledge(&mut self, now: Time, operation: OpId, by: NodeId) {
        let Some(last) = some(self.by_operation.get(operation.index()).copied().unwrap_or(NONE)) else { return };
        let twins = |convergence: &Convergence, index: u32| some(convergence.updates[index as usize].twin);
        let own = |convergence: &Convergence, index: u32| convergence.updates[index as usize].update.origin == by;
        let any_own = std::iter::successors(Some(last), |index| twins(self, *index)).any(|index| own(self, index));
        let mut next = Some(last);
        while let Some(index) = next {
            if !any_own || own(self, index) {
                self.updates[index as usize].acknowledged = true;
                self.owe(index);
            }
            next = twins(self, index);
        }
        self.settle(now);
    }

    /// A replica holds an origin's updates `first..=last`.
    pub(crate) fn holds(&mut self, now: Time, node: NodeId, origin: NodeId, first: u32, last: u32) {
        for number in first..=last {
            // An update that no client asked for (a protocol's own) has nobody to miss it.
            if let Some(&index) = self.by_update.get(&Update { origin, number }) {
                self.hold(now, node, index);
            }
        }
    }

    /// A replica put `new` in the place of `old`.
    pub(crate) fn supersede(&mut self, now: Time, node: NodeId, old: Update, new: Update) {
        let (Some(&old), Some(&new)) = (self.by_update.get(&old), self.by_update.get(&new)) else { return };
        if self.descends(old, new) {
            let tracked = &mut self.updates[old as usize];
            self.lost += u32::from(!tracked.lost);
            tracked.lost = true;
        } else {
            let newer = &mut self.updates[new as usize];
            // Only at its birth does an update overwrite what its author had seen; later meetings are merges.
            let born = newer.update.origin == node && newer.holders <= 1 && newer.at == now;
            if born && newer.parent == NONE && old < new {
                newer.parent = old;
            }
            self.change(old, |tracked| {
                if tracked.successor == NONE {
                    tracked.successor = new;
                }
            });
            if self.updates[old as usize].owed {
                self.owe(new);
            }
        }
        self.hold(now, node, new);
        self.settle(now);
    }

    /// A replica is down: what it held is gone.
    pub(crate) fn crash(&mut self, now: Time, node: NodeId) {
        if !self.live[node.index()] {
            return; // it was excluded before
        }
        self.live[node.index()] = false;
        self.live_count -= 1;
        if let Some(published) = self.published.get_mut(node.index()) {
            let before = published.take();
            self.speaking -= u32::from(before.is_some());
            self.forget(before);
        }
        for index in 0..self.updates.len() as u32 {
            let (word, bit) = self.place(node, index);
            if self.held[word] & bit != 0 {
                self.held[word] &= !bit;
                self.updates[index as usize].holders -= 1;
                self.gain(now, index, -1);
            }
        }
        self.recount();
        self.settle(now);
    }

    /// A replica is faulty, or a witness, from now on: it neither helps nor hinders agreement any more, whatever it says.
    pub(crate) fn exclude(&mut self, now: Time, node: NodeId) {
        if self.faulty.is_empty() {
            self.faulty.resize(self.nodes as usize, false);
        }
        self.faulty[node.index()] = true;
        if self.live[node.index()] {
            self.crash(now, node);
        }
    }

    fn is_faulty(&self, node: NodeId) -> bool {
        self.faulty.get(node.index()).is_some_and(|faulty| *faulty)
    }

    /// A replica is back; it says itself what it holds.
    pub(crate) fn restart(&mut self, now: Time, node: NodeId) {
        if self.is_faulty(node) {
            return;
        }
        self.live[node.index()] = true;
        self.live_count += 1;
        self.recount();
        self.settle(now);
    }

    /// A fault ended: convergence is also measured from here.
    pub(crate) fn healed(&mut self, now: Time) {
        self.last_heal = Some(now);
    }

    /// Whether the replicas have converged now.
    #[inline]
    pub(crate) fn converged(&self) -> bool {
        self.agreed_since.is_some()
    }

    /// The end of the run.
    pub(crate) fn finish(&mut self) -> Converged {
        // What only a run that goes on looks at makes room.
        (self.by_update, self.by_operation, self.held) = (HashMap::default(), Vec::new(), Vec::new());
        let updates = (0..self.updates.len() as u32).map(|index| self.coverage(index)).collect();
        let from = self.last_update.unwrap_or(Time::ZERO);
        Converged {
            replicated: !self.published.is_empty(),
            since: self.agreed_since,
            last_update: self.last_update,
            last_heal: self.last_heal,
            time: self.agreed_since.map(|since| since.since(from)),
            after_heal: self.last_heal.and_then(|heal| self.agreed_since.map(|since| since.since(heal))),
            rounds: self.agreed_since.map(|since| since.since(from).div_ceil(self.round)),
            live: self.live_count,
            states: self.digests.len() as u32,
            unacknowledged: self.updates.iter().filter(|tracked| !tracked.acknowledged).count() as u32,
            missing: self.missing,
            lost: self.updates.iter().filter(|tracked| tracked.lost && tracked.acknowledged).count() as u32,
            updates,
        }
    }

    fn coverage(&mut self, index: u32) -> Coverage {
        let mut holders = 0;
        let gains = self.curves.of(index).map(std::mem::take).unwrap_or_default();
        let by_round = gains.iter().map(|gain| {
            holders += gain;
            holders as u32
        });
        let tracked = &self.updates[index as usize];
        Coverage {
            update: tracked.update,
            operation: tracked.operation,
            at: tracked.at,
            acknowledged: tracked.acknowledged,
            owed: tracked.owed,
            superseded: tracked.successor != NONE,
            lost: tracked.lost,
            holders: tracked.holders,
            by_round: by_round.collect(),
        }
    }

    fn hold(&mut self, now: Time, node: NodeId, index: u32) {
        if self.is_faulty(node) {
            return;
        }
        let (word, bit) = self.place(node, index);
        if self.held[word] & bit != 0 {
            return;
        }
        self.held[word] |= bit;
        let tracked = &mut self.updates[index as usize];
        let before = tracked.missing(self.live_count);
        tracked.holders += 1;
        let after = tracked.missing(self.live_count);
        self.gain(now, index, 1);
        if before && !after {
            self.missing -= 1;
            self.settle(now);
        }
    }

    /// Where it stands whether a node holds an update.
    #[inline]
    fn place(&self, node: NodeId, index: u32) -> (usize, u64) {
        (index as usize * self.words + node.index() / 64, 1 << (node.index() % 64))
    }

    fn gain(&mut self, now: Time, index: u32, by: i64) {
        let Some(gains) = self.curves.of(index) else { return };
        let round = now.since(self.updates[index as usize].at).div_ceil(self.round).min(ROUNDS_MAX) as usize;
        if gains.len() <= round {
            gains.resize(round + 1, 0);
        }
        gains[round] += by;
    }

    /// Some state must show that this update happened: the update itself, or what rightly took its place.
    fn owe(&mut self, index: u32) {
        let mut next = Some(index);
        while let Some(index) = next.filter(|index| !self.updates[*index as usize].owed) {
            self.change(index, |tracked| tracked.owed = true);
            next = some(self.updates[index as usize].successor);
        }
    }

    fn change(&mut self, index: u32, change: impl FnOnce(&mut Tracked)) {
        let tracked = &mut self.updates[index as usize];
        let before = tracked.missing(self.live_count);
        change(tracked);
        let after = tracked.missing(self.live_count);
        self.missing = self.missing + u32::from(after) - u32::from(before);
    }

    fn recount(&mut self) {
        self.missing = self.updates.iter().filter(|tracked| tracked.missing(self.live_count)).count() as u32;
    }

    fn forget(&mut self, digest: Option<u64>) {
        let Some(digest) = digest else { return };
        let count = self.digests.get_mut(&digest).expect("a published digest is counted");
        *count -= 1;
        if *count == 0 {
            self.digests.remove(&digest);
        }
    }

    /// Whether `old` was made where `new` had been seen, directly or through others.
    fn descends(&self, old: u32, new: u32) -> bool {
        let mut ancestors =
            std::iter::successors(some(self.updates[old as usize].parent), |&index| some(self.updates[index as usize].parent));
        // They get older and older: what is newer than all of them is none of them.
        ancestors.find(|ancestor| *ancestor <= new) == Some(new)
    }

    #[inline]
    fn settle(&mut self, now: Time) {
        let agree = self.digests.len() == 1 && self.speaking == self.live_count && self.missing == 0;
        if agree != self.agreed_since.is_some() {
            self.agreed_since = agree.then_some(now);
        }
    }
}

fn some(index: u32) -> Option<u32> {
    Some(index).filter(|index| *index != NONE)
}

/// Whether and when the replicas converged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Converged {
    /// Whether the protocol publishes a replicated state at all; if not, nothing below says anything.
    pub replicated: bool,
    /// The instant since which the replicas agreed and missed nothing, until the end of the run.
    pub since: Option<Time>,
    /// When the last update was accepted.
    pub last_update: Option<Time>,
    /// When the last fault ended.
    pub last_heal: Option<Time>,
    /// From the last update to `since`, in ns; 0 when they had agreed before it.
    pub time: Option<Nanos>,
    /// From the end of the last fault to `since`, in ns.
    pub after_heal: Option<Nanos>,
    /// `time` in rounds, rounded up.
    pub rounds: Option<u64>,
    /// Live replicas at the end.
    pub live: u32,
    /// Different states among the live replicas at the end.
    pub states: u32,
    /// Updates whose clients were never told.
    pub unacknowledged: u32,
    /// Acknowledged updates that some live replica neither holds nor holds a successor of.
    pub missing: u32,
    /// Acknowledged updates that something older took the place of.
    pub lost: u32,
    /// Every update, in the order in which they were accepted.
    pub updates: Vec<Coverage>,
}

/// How far one update came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coverage {
    /// The update.
    pub update: Update,
    /// The operation that it came from.
    pub operation: OpId,
    /// When it was accepted.
    pub at: Time,
    /// Whether its client was told that it took effect, by the replica that made it where there were several.
    pub acknowledged: bool,
    /// Whether it was acknowledged, or took the place of one that is owed.
    pub owed: bool,
    /// Whether a later one rightly took its place somewhere.
    pub superseded: bool,
    /// Whether an older one took its place somewhere.
    pub lost: bool,
    /// Live replicas that have held it, at the end.
    pub holders: u32,
    /// The same at the end of each round since it was accepted: index 0 is the instant itself. Empty for all but the first and the last
    /// [`CURVES_KEPT`] updates.
    pub by_round: Box<[u32]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn update(origin: NodeId, number: u32) -> Update {
        Update { origin, number }
    }

    fn two_replicas() -> Convergence {
        let mut convergence = Convergence::new(2, 10);
        convergence.publish(Time(0), A, 7);
        convergence.publish(Time(0), B, 7);
        assert!(convergence.converged(), "equal empty states agree");
        convergence
    }

    #[test]
    fn converged_from_the_last_state_change_that_completed_agreement() {
        let mut convergence = two_replicas();
        convergence.accept(Time(5), A, OpId(0), update(A, 1)).unwrap();
        convergence.publish(Time(5), A, 8);
        convergence.acknowledge(Time(5), OpId(0), A);
        assert!(!convergence.converged());
        convergence.holds(Time(28), B, A, 1, 1);
        convergence.publish(Time(28), B, 8);
        let end = convergence.finish();
        assert_eq!((end.since, end.time, end.rounds), (Some(Time(28)), Some(23), Some(3)));
        assert_eq!(*end.updates[0].by_round, [1, 1, 1, 2]);
    }

    #[test]
    fn a_dropped_update_a_constant_digest_and_an_old_state_do_not_converge() {
        // Dropped: acknowledged, then nobody else ever holds it and states differ.
        let mut dropped = two_replicas();
        dropped.accept(Time(5), A, OpId(0), update(A, 1)).unwrap();
        dropped.publish(Time(5), A, 8);
        dropped.acknowledge(Time(5), OpId(0), A);
        assert!(!dropped.converged());
        // Constant digest: they "agree", but B never held the update.
        let mut constant = two_replicas();
        constant.accept(Time(5), A, OpId(0), update(A, 1)).unwrap();
        constant.publish(Time(5), A, 7);
        constant.acknowledge(Time(5), OpId(0), A);
        assert!(!constant.converged());
        // The old state wins everywhere: a write that had seen `old` is overwritten by it.
        let mut old = two_replicas();
        old.accept(Time(1), A, OpId(0), update(A, 1)).unwrap();
        old.holds(Time(2), B, A, 1, 1);
        old.accept(Time(5), B, OpId(1), update(B, 1)).unwrap();
        old.supersede(Time(5), B, update(A, 1), update(B, 1));
        old.acknowledge(Time(5), OpId(1), A);
        old.supersede(Time(9), B, update(B, 1), update(A, 1));
        old.publish(Time(9), A, 9);
        old.publish(Time(9), B, 9);
        assert!(!old.converged());
        assert_eq!((old.finish().lost, old.finish().missing), (1, 1));
    }

    #[test]
    fn whoever_declares_an_update_again_holds_it() {
        let mut convergence = two_replicas();
        convergence.accept(Time(5), A, OpId(0), update(A, 1)).unwrap();
        convergence.publish(Time(5), A, 8);
        convergence.acknowledge(Time(5), OpId(0), A);
        convergence.accept(Time(9), B, OpId(0), update(A, 1)).unwrap();
        convergence.accept(Time(9), B, OpId(0), update(A, 1)).unwrap();
        assert_eq!(convergence.accept(Time(9), B, OpId(1), update(A, 1)), Err(OpId(0)), "an update is one operation");
        assert!(!convergence.converged());
        convergence.publish(Time(9), B, 8);
        let end = convergence.finish();
        assert_eq!((end.since, end.last_update, end.updates.len()), (Some(Time(9)), Some(Time(5)), 1));
    }

    #[test]
    fn concurrent_writes_may_supersede_each_other() {
        let mut convergence = two_replicas();
        for (node, operation) in [(A, 0), (B, 1)] {
            convergence.accept(Time(5), node, OpId(operation), update(node, 1)).unwrap();
            convergence.acknowledge(Time(5), OpId(operation), A);
        }
        convergence.supersede(Time(9), A, update(A, 1), update(B, 1));
        convergence.publish(Time(9), A, 8);
        convergence.publish(Time(9), B, 8);
        assert!(convergence.converged());
        assert_eq!(convergence.finish().lost, 0);
    }

    #[test]
    fn what_took_the_place_of_an_acknowledged_update_is_owed_in_its_stead() {
        let mut convergence = two_replicas();
        convergence.accept(Time(1), A, OpId(0), update(A, 1)).unwrap();
        convergence.acknowledge(Time(1), OpId(0), A);
        convergence.accept(Time(2), A, OpId(1), update(A, 2)).unwrap();
        convergence.supersede(Time(2), A, update(A, 1), update(A, 2));
        convergence.publish(Time(2), A, 8);
        // The second was never acknowledged; with the only replica that held either, both are gone.
        convergence.crash(Time(3), A);
        assert!(!convergence.converged());
        assert_eq!(convergence.finish().missing, 1);
    }

    #[test]
    fn a_crashed_replica_neither_agrees_nor_holds() {
        let mut convergence = two_replicas();
        convergence.accept(Time(5), A, OpId(0), update(A, 1)).unwrap();
        convergence.publish(Time(5), A, 8);
        convergence.acknowledge(Time(5), OpId(0), A);
        convergence.crash(Time(6), B);
        assert!(convergence.converged(), "the only live replica agrees with itself");
        convergence.restart(Time(7), B);
        assert!(!convergence.converged());
        convergence.publish(Time(7), B, 7);
        convergence.holds(Time(8), B, A, 1, 1);
        convergence.publish(Time(8), B, 8);
        assert_eq!(convergence.finish().since, Some(Time(8)));
    }

    #[test]
    fn an_update_accepted_twice_is_its_first_operation() {
        let mut convergence = two_replicas();
        convergence.accept(Time(1), A, OpId(4), update(A, 1)).unwrap();
        assert_eq!(convergence.accept(Time(2), A, OpId(7), update(A, 1)), Err(OpId(4)));
        convergence.acknowledge(Time(3), OpId(7), A);
        let end = convergence.finish();
        assert_eq!((end.updates.len(), end.unacknowledged, end.last_update), (1, 1, Some(Time(1))));
    }

    #[test]
    fn an_operation_taken_in_twice_is_owed_by_who_answered() {
        let twice = |by| {
            let mut convergence = two_replicas();
            convergence.accept(Time(1), A, OpId(0), update(A, 1)).unwrap();
            convergence.accept(Time(2), B, OpId(0), update(B, 1)).unwrap();
            convergence.acknowledge(Time(3), OpId(0), by);
            let end = convergence.finish();
            (end.updates[0].owed, end.updates[1].owed, end.missing)
        };
        assert_eq!(twice(A), (true, false, 1));
        assert_eq!(twice(B), (false, true, 1));
        assert_eq!(twice(NodeId(2)), (true, true, 2), "who answered speaks for both");
    }

    #[test]
    fn curves_are_kept_of_the_first_and_the_last() {
        let mut convergence = two_replicas();
        let all = 3 * CURVES_KEPT as u32;
        for number in 1..=all {
            convergence.accept(Time(u64::from(number)), A, OpId(number), update(A, number)).unwrap();
        }
        convergence.holds(Time(100_000), B, A, 1, all);
        let end = convergence.finish();
        let curved: Vec<usize> = (0..end.updates.len()).filter(|index| !end.updates[*index].by_round.is_empty()).collect();
        let kept: Vec<usize> = (0..CURVES_KEPT).chain(2 * CURVES_KEPT..3 * CURVES_KEPT).collect();
        assert_eq!(curved, kept);
        assert_eq!(end.updates[2 * CURVES_KEPT].by_round.last(), Some(&2));
        assert!(end.updates.iter().all(|update| update.holders == 2));
    }
}
