//! The causal store (Almeida, Shoker and Baquero 2018, §7.2): dotted values under keys, beside the context of all dots ever seen. A dot
//! that the context has and the store has not is gone for good, and nothing else is left of it. Add-wins and remove-wins sets,
//! multi-value registers and observed-remove maps are such stores; what a dot carries, and what is made of those under one key, each
//! says as a [`Dotted`].

use super::cells::place;
use super::digested::Digested;
use super::dot::{CausalContext, Dot};
use super::{At, Crdt, Request, Rule, Value};
use quorate_engine::random::mix;
use quorate_engine::{Sink, Wire};
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// What stands under a key, and what users see in it.
pub trait Dotted: Copy + Eq + Hash + Debug + 'static {
    /// What a dot carries.
    type Held: Clone + Eq + Hash + Debug + Wire + 'static;

    /// See [`Crdt::prepare`].
    ///
    /// # Errors
    /// Why it cannot be done here and now.
    fn prepare(store: &Causal<Self>, rule: &Rule, request: &Request, at: &At<'_>) -> Result<Change<Self::Held>, &'static str>;

    /// What users see under a key that holds these; it may hold none.
    fn read<'a>(held: impl Iterator<Item = &'a Self::Held>) -> Value;

    /// The whole value, from what is seen under each key that holds something, ascending.
    fn value(read: impl Iterator<Item = (u32, Value)>) -> Value;
}

/// An operation: what was seen under a key goes, and something may come in its stead.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Change<H> {
    /// The key.
    pub key: u32,
    /// What goes.
    pub seen: Vec<Dot>,
    /// What comes, under the operation's own dot.
    pub put: Option<H>,
}

/// The store and its context.
#[derive(Clone)]
pub struct Causal<D: Dotted> {
    held: Digested<(u32, Dot), D::Held>,
    // Invariant: for each entry of `held`, its dot with its key. Found by the dots that another state has seen.
    keys: BTreeMap<Dot, u32>,
    // Invariant: has every dot of `held`. With the dot of an operation it has all those that the operation saw, so that who has the one
    // has forgotten the others.
    context: CausalContext,
    kind: PhantomData<D>,
}

impl<D: Dotted> Default for Causal<D> {
    fn default() -> Causal<D> {
        Causal { held: Digested::default(), keys: BTreeMap::new(), context: CausalContext::default(), kind: PhantomData }
    }
}

impl<D: Dotted> Causal<D> {
    /// The dots under a key with what they carry, ascending.
    pub fn under(&self, key: u32) -> impl Iterator<Item = (Dot, &D::Held)> {
        self.held.range((key, Dot::FIRST)..=(key, Dot::LAST)).map(|((_, dot), held)| (dot, held))
    }

    /// Every dot with its key, ascending by key.
    pub fn dots(&self) -> impl Iterator<Item = (u32, Dot)> {
        self.held.iter().map(|((key, dot), _)| (key, dot))
    }

    /// The dots under a key.
    pub fn seen(&self, key: u32) -> Vec<Dot> {
        self.under(key).map(|(dot, _)| dot).collect()
    }

    /// How many dots there are: what the state costs, beside the context.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn insert(&mut self, key: u32, dot: Dot, held: &D::Held) {
        self.held.insert((key, dot), held.clone());
        self.keys.insert(dot, key);
    }

    fn forget(&mut self, dot: Dot) {
        if let Some(key) = self.keys.remove(&dot) {
            self.held.remove((key, dot));
        }
    }

    /// Which of the dots here another has seen and holds no more: as much work as either has dots in the other's vector, for these are
    /// walked side by side, and loose ones in its cloud; not as there are dots.
    fn gone_from(&self, other: &Causal<D>) -> impl Iterator<Item = (Dot, u32)> {
        let ranges = other.context.vector().iter().flat_map(|(origin, count)| {
            let dots = origin.dot(0)..=origin.dot(count);
            let mut theirs = other.keys.range(dots.clone()).map(|(dot, _)| dot).peekable();
            self.keys.range(dots).filter(move |(dot, _)| {
                while theirs.next_if(|their| their < dot).is_some() {}
                theirs.next_if_eq(dot).is_none()
            })
        });
        let loose = other.context.cloud().filter(|dot| !other.keys.contains_key(dot));
        let loose = loose.filter_map(|dot| self.keys.get_key_value(&dot));
        ranges.chain(loose).map(|(dot, key)| (*dot, *key))
    }

    /// The join, as far as the keys are wanted (Almeida et al. 2018, §7.2): what either holds stays, unless the other has seen it and
    /// holds it no more.
    fn join(&mut self, other: &Causal<D>, wanted: impl Fn(u32) -> bool) {
        let gone: Vec<Dot> = self.gone_from(other).filter(|(_, key)| wanted(*key)).map(|(dot, _)| dot).collect();
        gone.into_iter().for_each(|dot| self.forget(dot));
        for ((key, dot), held) in other.held.iter() {
            if wanted(key) && !self.context.contains(dot) {
                self.insert(key, dot, held);
            }
        }
        self.context.merge(&other.context);
    }

    /// Puts the dots into the store and the context.
    fn take(&mut self, known: &Causal<D>, dot: Dot) {
        if let Some(key) = known.keys.get(&dot)
            && let Some(held) = known.held.get((*key, dot))
        {
            self.insert(*key, dot, held);
        }
        self.context.insert(dot);
    }

    fn context_digest(&self) -> u64 {
        mix(self.context.wire_digest(), 1)
    }
}

/// The place of the context among the pieces.
const CONTEXT: u64 = u64::MAX;

impl<D: Dotted> Crdt for Causal<D> {
    type Operation = Change<D::Held>;

    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Change<D::Held>, &'static str> {
        D::prepare(self, rule, request, at)
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, change: &Change<D::Held>) {
        self.merge(rule, &self.delta(rule, dot, change));
    }

    fn delta(&self, _: &Rule, dot: Dot, change: &Change<D::Held>) -> Causal<D> {
        let mut delta = Causal { context: CausalContext::of(dot), ..Causal::default() };
        change.seen.iter().for_each(|seen| delta.context.insert(*seen));
        if let Some(held) = &change.put {
            delta.insert(change.key, dot, held);
        }
        delta
    }

    fn merge(&mut self, _: &Rule, other: &Causal<D>) {
        self.join(other, |_| true);
    }

    fn beyond(&self, _: &Rule, known: &Causal<D>) -> Option<Causal<D>> {
        if known.context.covers(&self.context) {
            return None;
        }
        let mut beyond = Causal::default();
        self.context.each_beyond(&known.context, &mut |dot| beyond.take(self, dot));
        for (dot, _) in known.gone_from(self) {
            beyond.context.insert(dot);
        }
        Some(beyond)
    }

    fn value(&self, _: &Rule) -> Value {
        let mut keys: Vec<u32> = self.held.iter().map(|((key, _), _)| key).collect();
        keys.dedup();
        D::value(keys.into_iter().map(|key| (key, D::read(self.under(key).map(|(_, held)| held)))))
    }

    fn read(&self, _: &Rule, key: u32) -> Value {
        D::read(self.under(key).map(|(_, held)| held))
    }

    fn digest(&self) -> u64 {
        self.held.digest().wrapping_add(self.context_digest())
    }

    fn digest_anew(&self) -> u64 {
        self.held.digest_anew().wrapping_add(self.context_digest())
    }

    /// One for each key, and one for the context.
    fn pieces(&self, each: &mut dyn FnMut(u64, u64)) {
        self.held.pieces(|(key, _)| place(u64::from(key)), each);
        each(CONTEXT, self.context_digest());
    }

    /// The context goes along whole: it says of what is not sent that it is not there any more.
    fn only(&self, wanted: &dyn Fn(u64) -> bool) -> Causal<D> {
        let mut only = Causal { context: self.context.clone(), ..Causal::default() };
        for ((key, dot), held) in self.held.iter().filter(|((key, _), _)| wanted(place(u64::from(*key)))) {
            only.insert(key, dot, held);
        }
        only
    }

    fn merge_pieces(&mut self, _: &Rule, other: &Causal<D>, wanted: &dyn Fn(u64) -> bool) {
        self.join(other, |key| wanted(place(u64::from(key))));
    }
}

/// Two are equal when they hold the same and have seen the same; the keys by dot are derived.
impl<D: Dotted> PartialEq for Causal<D> {
    fn eq(&self, other: &Causal<D>) -> bool {
        self.held == other.held && self.context == other.context
    }
}

impl<D: Dotted> Eq for Causal<D> {}

impl<D: Dotted> Hash for Causal<D> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Causal { held, keys: _, context, kind: _ } = self;
        held.hash(state);
        context.hash(state);
    }
}

impl<D: Dotted> Debug for Causal<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.held, self.context)
    }
}

impl<D: Dotted> Wire for Causal<D> {
    fn encode(&self, sink: &mut impl Sink) {
        self.held.encode(sink);
        self.context.encode(sink);
    }
}

impl<H: Wire> Wire for Change<H> {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        self.seen.encode(sink);
        self.put.encode(sink);
    }
}
