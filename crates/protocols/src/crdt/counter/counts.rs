//! The state of the counters: for each replica what it has added and taken away (Shapiro et al. 2011, specifications 6 and 7;
//! S1 `GCounter.counts`, and twice that for `PNCounter`). A grow-only counter never takes away; nothing else differs.

use crate::epidemic::gossip::actor::Gossip;
use crate::epidemic::gossip::state::State;
use crate::sorted::{Merged, Sorted};
use quorate_engine::{Context, Fact, FactKind, NodeId, Sink, Update, Wire};

/// Each replica's tally. S1 `counts`; as versions, a vector clock.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Counts {
    tallies: Sorted<NodeId, Tally>,
}

/// What one replica has added up; only it raises these numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Tally {
    /// The sum of its additions; sums saturate.
    pub added: u64,
    /// The sum of what it took away.
    pub removed: u64,
    /// How many updates these are.
    pub updates: u32,
}

/// How two tallies of one replica become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Combine {
    /// The greater: the later state of the two.
    Maximum,
    /// Their sum: a planted mistake, for a merge that meets the same state twice counts it twice.
    Sum,
}

/// Stated inside: a local addition took effect.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Applied(pub i64);

/// The counter states it under a name of its own.
impl Fact for Applied {
    const KINDS: &'static [FactKind] = &[];

    fn kind(&self) -> Option<usize> {
        None
    }
}

impl Counts {
    /// S1 `value`.
    pub fn value(&self) -> i64 {
        let sum: i128 = self.tallies.iter().map(|(_, tally)| tally.value()).sum();
        sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Each replica's tally, ascending.
    pub fn tallies(&self) -> impl Iterator<Item = (NodeId, &Tally)> {
        self.tallies.iter()
    }

    /// Every replica whose tally differs between the two, with both.
    pub fn changes<'a>(&'a self, next: &'a Counts) -> impl Iterator<Item = (NodeId, Tally, Tally)> + 'a {
        let tally = |tally: Option<&Tally>| tally.copied().unwrap_or_default();
        let both = self.tallies.join(&next.tallies).map(move |(node, before, now)| (node, tally(before), tally(now)));
        both.filter(|(_, before, now)| before != now)
    }
}

impl Tally {
    /// What the replica contributes.
    pub fn value(&self) -> i128 {
        i128::from(self.added) - i128::from(self.removed)
    }

    fn and(&self, amount: i64) -> Tally {
        let size = amount.unsigned_abs();
        Tally {
            added: self.added.saturating_add(if amount > 0 { size } else { 0 }),
            removed: self.removed.saturating_add(if amount < 0 { size } else { 0 }),
            updates: self.updates + 1,
        }
    }
}

impl Combine {
    /// S1 `max(self.counts.get(node_id, 0), count)`.
    fn one(self, ours: u64, theirs: u64) -> u64 {
        match self {
            Combine::Maximum => ours.max(theirs),
            Combine::Sum => ours.saturating_add(theirs),
        }
    }

    fn both(self, ours: &Tally, theirs: &Tally) -> Tally {
        Tally {
            added: self.one(ours.added, theirs.added),
            removed: self.one(ours.removed, theirs.removed),
            updates: ours.updates.max(theirs.updates),
        }
    }
}

impl State for Counts {
    type Rule = Combine;
    /// The amount to add.
    type Request = i64;
    type Response = ();
    type Change = i64;
    type Fact = Applied;
    type Monitor = ();

    fn answer(&self, _: &i64) -> Option<()> {
        None
    }

    fn change(&self, _: &mut Context<'_, Gossip<Counts>>, amount: &i64) -> i64 {
        *amount
    }

    fn done() {}

    /// S1 `increment`.
    fn apply(&self, _: &Combine, amount: &i64, update: Update) -> Counts {
        let tally = self.tallies.get(update.origin).copied().unwrap_or_default();
        Counts { tallies: self.tallies.with(update.origin, tally.and(*amount)) }
    }

    fn tell_change(&self, ctx: &mut Context<'_, Gossip<Counts>>, _: &Counts, amount: &i64, _: Update) {
        ctx.fact(Applied(*amount));
    }

    fn merge(&self, theirs: &Counts, rule: &Combine) -> Merged<Counts> {
        match self.tallies.merge(&theirs.tallies, |ours, theirs| rule.both(ours, theirs)) {
            Merged::Ours => Merged::Ours,
            Merged::Theirs => Merged::Theirs,
            Merged::New(tallies) => Merged::New(Counts { tallies }),
        }
    }

    /// One replica is said to have added, or in half of the lies taken away, more than it did.
    fn forge(&self, choice: u64) -> Option<Counts> {
        let place = usize::try_from(choice % self.tallies.len().max(1) as u64).expect("fewer tallies than numbers");
        let (node, tally) = self.tallies.iter().nth(place)?;
        let mut forged = *tally;
        let lie = choice / self.tallies.len() as u64;
        let part = if lie & 1024 == 0 { &mut forged.added } else { &mut forged.removed };
        *part = part.checked_add(1 + lie % 1024)?;
        Some(Counts { tallies: self.tallies.with(node, forged) })
    }

    fn tell_merge(&self, ctx: &mut Context<'_, Gossip<Counts>>, next: &Counts) {
        for (node, before, now) in self.changes(next) {
            ctx.holds_range(node, before.updates + 1, now.updates);
        }
    }
}

impl Wire for Counts {
    fn encode(&self, sink: &mut impl Sink) {
        self.tallies.encode(sink);
    }
}

impl Wire for Tally {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.added);
        sink.u64(self.removed);
        sink.u32(self.updates);
    }
}
