//! The state of S1's `GossipNode`: key → (value, version). A version is a stamp and, to break ties, the update's own name; the
//! later version wins. Where the stamp comes from is an option, and the planted variants go wrong exactly there.

use super::actor::Gossip;
use super::lineage::{Fact, Lineage};
use super::state::State;
use crate::registers::{Request, Response};
use crate::sorted::{Merged, Sorted};
use quorate_engine::{Context, Sink, Update, Wire};

/// S1 `state`: what is stored under each key.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Store {
    entries: Sorted<u32, Entry>,
}

/// A value and its version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// What was written.
    pub value: u64,
    /// The first half of the version: a counter or ns, by [`Rule::stamps`].
    pub stamp: i64,
    /// The write itself, and the second half of the version: no two writes share it.
    pub update: Update,
}

/// How versions are made and compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Where stamps come from.
    pub stamps: Stamps,
    /// Which of two entries wins.
    pub order: Order,
}

/// Where a write's stamp comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stamps {
    /// One more than any stamp that the replica knows (Lamport 1978).
    Lamport,
    /// The wall clock, but at least one more than any stamp that the replica knows (hybrid logical clocks, Kulkarni 2014,
    /// with the counter folded into the nanoseconds).
    Hybrid,
    /// The wall clock, as S1 has it: a planted mistake.
    WallClock,
}

/// Which of two entries is the later one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// By stamp, then by update: total.
    Total,
    /// By stamp alone, as S1 has it: of two equal stamps neither is later. A planted mistake.
    StampOnly,
}

/// A write as it is logged.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Write {
    key: u32,
    value: u64,
    stamp: i64,
    /// The entry that the replica held under the key when it was asked.
    over: Option<Update>,
}

impl Store {
    /// What is under each key, in ascending order.
    pub fn entries(&self) -> impl Iterator<Item = (u32, &Entry)> {
        self.entries.iter()
    }

    fn latest_stamp(&self) -> i64 {
        self.entries.iter().map(|(_, entry)| entry.stamp).max().unwrap_or(0)
    }
}

impl Order {
    /// S1 `version > self.state[key][1]`.
    fn is_later(self, entry: &Entry, than: &Entry) -> bool {
        match self {
            Order::Total => (entry.stamp, entry.update) > (than.stamp, than.update),
            Order::StampOnly => entry.stamp > than.stamp,
        }
    }
}

impl State for Store {
    type Rule = Rule;
    type Request = Request;
    type Response = Response;
    type Change = Write;
    type Fact = Fact;
    type Monitor = Lineage;

    fn reads_clocks(rule: &Rule) -> bool {
        rule.stamps != Stamps::Lamport
    }

    fn answer(&self, request: &Request) -> Option<Response> {
        match request {
            Request::Write(..) => None,
            Request::Read(key) => Some(Response::Value(self.entries.get(*key).map(|entry| entry.value))),
        }
    }

    fn change(&self, ctx: &mut Context<'_, Gossip<Store>>, request: &Request) -> Write {
        let Request::Write(key, value) = *request else { unreachable!("a read changes nothing") };
        let stamp = match ctx.options().rule.stamps {
            Stamps::Lamport => self.latest_stamp().saturating_add(1),
            Stamps::Hybrid => ctx.wall().max(self.latest_stamp().saturating_add(1)),
            Stamps::WallClock => ctx.wall(),
        };
        Write { key, value, stamp, over: self.entries.get(key).map(|entry| entry.update) }
    }

    fn done() -> Response {
        Response::Done
    }

    /// S1 `update_local` replaces whatever the writer had seen. What came in while the write was being forced to disk is
    /// concurrent, and the later version wins.
    fn apply(&self, rule: &Rule, write: &Write, update: Update) -> Store {
        let entry = Entry { value: write.value, stamp: write.stamp, update };
        match self.entries.get(write.key) {
            Some(now) if Some(now.update) != write.over && !rule.order.is_later(&entry, now) => self.clone(),
            _ => Store { entries: self.entries.with(write.key, entry) },
        }
    }

    fn tell_change(&self, ctx: &mut Context<'_, Gossip<Store>>, next: &Store, write: &Write, update: Update) {
        ctx.fact(Fact::Wrote { update, over: write.over });
        let before = self.entries.get(write.key).map(|entry| entry.update);
        let now = next.entries.get(write.key).expect("a written key is there").update;
        if now != update {
            replace(ctx, update, now);
        } else if let Some(old) = before {
            ctx.supersede(old, update);
            if before != write.over {
                ctx.fact(Fact::Replaced { old, new: update });
            }
        }
    }

    fn tell_replay(&self, ctx: &mut Context<'_, Gossip<Store>>, write: &Write, update: Update) {
        ctx.fact(Fact::Wrote { update, over: write.over });
        if let Some(over) = write.over {
            ctx.supersede(over, update);
        }
    }

    fn merge(&self, theirs: &Store, rule: &Rule) -> Merged<Store> {
        let later = |ours: &Entry, theirs: &Entry| if rule.order.is_later(theirs, ours) { *theirs } else { *ours };
        match self.entries.merge(&theirs.entries, later) {
            Merged::Ours => Merged::Ours,
            Merged::Theirs => Merged::Theirs,
            Merged::New(entries) => Merged::New(Store { entries }),
        }
    }

    fn tell_merge(&self, ctx: &mut Context<'_, Gossip<Store>>, next: &Store) {
        for (_, before, now) in self.entries.join(&next.entries) {
            match (before, now) {
                (None, Some(now)) => ctx.holds(now.update),
                (Some(before), Some(now)) if before.update != now.update => replace(ctx, before.update, now.update),
                _ => {}
            }
        }
    }

    /// Another value under one key, as if it were what was written there; in half of the lies later than it was.
    fn forge(&self, choice: u64) -> Option<Store> {
        let place = usize::try_from(choice % self.entries.len().max(1) as u64).expect("fewer entries than numbers");
        let (key, entry) = self.entries.iter().nth(place)?;
        let lie = choice / self.entries.len() as u64;
        let value = entry.value.wrapping_add(1 + lie % 1024);
        let stamp = entry.stamp.saturating_add(i64::from(lie & 1024 != 0));
        Some(Store { entries: self.entries.with(key, Entry { value, stamp, ..*entry }) })
    }

    fn tell_refused(&self, ctx: &mut Context<'_, Gossip<Store>>, kept: &Store) {
        for (_, theirs, kept) in self.entries.join(&kept.entries) {
            if let (Some(theirs), Some(kept)) = (theirs, kept)
                && theirs.update != kept.update
            {
                ctx.supersede(theirs.update, kept.update);
            }
        }
    }
}

fn replace(ctx: &mut Context<'_, Gossip<Store>>, old: Update, new: Update) {
    ctx.supersede(old, new);
    ctx.fact(Fact::Replaced { old, new });
}

impl Wire for Store {
    fn encode(&self, sink: &mut impl Sink) {
        self.entries.encode(sink);
    }
}

impl Wire for Entry {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.value);
        sink.i64(self.stamp);
        self.update.encode(sink);
    }
}

impl Wire for Write {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        sink.u64(self.value);
        sink.i64(self.stamp);
        self.over.encode(sink);
    }
}
