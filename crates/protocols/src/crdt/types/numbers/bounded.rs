//! The bounded counter (Balegas et al. 2015, §3, algorithm 1; escrow after O'Neil 1986): a number that never goes below zero, though no
//! replica asks another before it takes away. Each holds rights, to take away so much; who adds gains as many, and rights are given away
//! by whoever has them. A replica that has too few refuses, whatever the sum: that is the price.

use super::super::dot::{Dot, Origin};
use super::super::{At, Crdt, Request, Rule, Value};
use super::number;
use crate::sorted::{Merged, Sorted};
use quorate_engine::{NodeId, Sink, Wire};

/// The counter: the paper's matrix `R` and vector `U`.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct BoundedCounter {
    /// The rights that the first has given to the second, in all; to itself: that it made by adding. Only the first raises this number.
    given: Sorted<(Origin, Origin), u64>,
    /// The rights that each has used up. Only it raises this number.
    used: Sorted<Origin, u64>,
}

/// What is done to it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Operation {
    /// So much is added, and as many rights are made.
    Add(u64),
    /// So much is taken away, and as many rights are used up.
    Take(u64),
    /// So many rights go to another.
    Give(Origin, u64),
}

impl BoundedCounter {
    fn given(&self, from: Origin, to: Origin) -> u64 {
        self.given.get((from, to)).copied().unwrap_or(0)
    }

    fn used(&self, origin: Origin) -> u64 {
        self.used.get(origin).copied().unwrap_or(0)
    }

    /// The paper's `localRights`. Only of itself does a replica know this for sure.
    pub fn rights(&self, rule: &Rule, origin: Origin) -> u64 {
        let mut rights = initial(rule, origin);
        for ((from, to), amount) in self.given.iter() {
            rights += if to == origin { i128::from(*amount) } else { 0 };
            rights -= if from == origin && to != origin { i128::from(*amount) } else { 0 };
        }
        u64::try_from(rights - i128::from(self.used(origin))).unwrap_or(0)
    }

    fn sum(&self, rule: &Rule) -> i64 {
        let (each, replicas) = rule.rights;
        let made: i128 = self.given.iter().filter(|((from, to), _)| from == to).map(|(_, amount)| i128::from(*amount)).sum();
        let used: i128 = self.used.iter().map(|(_, amount)| i128::from(*amount)).sum();
        number(i128::from(each) * i128::from(replicas) + made - used)
    }

    /// Who may be given rights: every other replica, in the last of its lives that is known here.
    fn others(&self, rule: &Rule, own: Origin) -> Vec<Origin> {
        let known = self.given.keys().flat_map(|(from, to)| [from, to]).chain(self.used.keys());
        let mut last: Sorted<NodeId, u8> = (0..rule.rights.1).map(|node| (NodeId(node), 0)).collect();
        for origin in known {
            let life = last.get(origin.node).map_or(origin.life, |life| origin.life.max(*life));
            last.insert(origin.node, life);
        }
        last.iter().filter(|(node, _)| *node != own.node).map(|(node, life)| Origin { node, life: *life }).collect()
    }

    /// Half of what it has, for whoever it believes to have least; one of them, if there are more.
    fn share(&self, rule: &Rule, at: &mut At<'_>) -> Result<Operation, &'static str> {
        let own = at.dot.origin;
        let half = self.rights(rule, own) / 2;
        if half == 0 {
            return Err("it has no rights to give away");
        }
        let others: Vec<(u64, Origin)> =
            self.others(rule, own).into_iter().map(|origin| (self.rights(rule, origin), origin)).collect();
        let Some(least) = others.iter().map(|(rights, _)| *rights).min() else { return Err("there is nobody to give rights to") };
        if half <= least {
            return Err("nobody has much less");
        }
        let poorest: Vec<Origin> = others.into_iter().filter(|(rights, _)| *rights == least).map(|(_, origin)| origin).collect();
        Ok(Operation::Give(poorest[(at.choose)(poorest.len() as u64) as usize], half))
    }
}

/// What an origin begins with. A later life has nothing: it does not know what the first has used up.
fn initial(rule: &Rule, origin: Origin) -> i128 {
    let (each, replicas) = rule.rights;
    if origin.life == 0 && origin.node.0 < replicas { i128::from(each) } else { 0 }
}

impl Crdt for BoundedCounter {
    type Operation = Operation;

    fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Operation, &'static str> {
        match *request {
            Request::Add { amount, .. } => {
                u64::try_from(amount).map(Operation::Add).map_err(|_| "it is taken from by rights only")
            }
            Request::Remove { amount, .. } => match u64::try_from(amount) {
                Ok(amount) if amount <= self.rights(rule, at.dot.origin) => Ok(Operation::Take(amount)),
                _ => Err("it has too few rights left"),
            },
            Request::Share => self.share(rule, at),
            _ => Err("a bounded counter is added to, taken from and shared"),
        }
    }

    fn apply(&mut self, rule: &Rule, dot: Dot, operation: &Operation) {
        self.merge(rule, &self.delta(rule, dot, operation));
    }

    fn delta(&self, _: &Rule, dot: Dot, operation: &Operation) -> BoundedCounter {
        let own = dot.origin;
        let mut delta = BoundedCounter::default();
        match *operation {
            Operation::Add(amount) => delta.given.insert((own, own), self.given(own, own).saturating_add(amount)),
            Operation::Take(amount) => delta.used.insert(own, self.used(own).saturating_add(amount)),
            Operation::Give(to, amount) => delta.given.insert((own, to), self.given(own, to).saturating_add(amount)),
        }
        delta
    }

    fn merge(&mut self, _: &Rule, other: &BoundedCounter) {
        join(&mut self.given, &other.given);
        join(&mut self.used, &other.used);
    }

    fn beyond(&self, _: &Rule, known: &BoundedCounter) -> Option<BoundedCounter> {
        let (given, used) = (larger(&self.given, &known.given), larger(&self.used, &known.used));
        (!given.is_empty() || !used.is_empty()).then_some(BoundedCounter { given, used })
    }

    fn value(&self, rule: &Rule) -> Value {
        Value::Number(self.sum(rule))
    }
}

/// Ours, with the larger of each number.
fn join<K: Ord + Copy>(ours: &mut Sorted<K, u64>, theirs: &Sorted<K, u64>) {
    match ours.merge(theirs, |mine, other| *mine.max(other)) {
        Merged::Ours => {}
        Merged::Theirs => *ours = theirs.clone(),
        Merged::New(both) => *ours = both,
    }
}

/// Those of ours that are larger than theirs.
fn larger<K: Ord + Copy>(ours: &Sorted<K, u64>, theirs: &Sorted<K, u64>) -> Sorted<K, u64> {
    let news = ours.iter().filter(|(key, mine)| theirs.get(*key).is_none_or(|known| known < mine));
    news.map(|(key, mine)| (key, *mine)).collect()
}

impl Wire for BoundedCounter {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.given.len() as u32);
        for ((from, to), amount) in self.given.iter() {
            from.dot(0).encode(sink);
            to.dot(0).encode(sink);
            sink.u64(*amount);
        }
        sink.u32(self.used.len() as u32);
        for (origin, amount) in self.used.iter() {
            origin.dot(0).encode(sink);
            sink.u64(*amount);
        }
    }
}

impl Wire for Operation {
    fn encode(&self, sink: &mut impl Sink) {
        match *self {
            Operation::Add(amount) => {
                sink.u8(0);
                sink.u64(amount);
            }
            Operation::Take(amount) => {
                sink.u8(1);
                sink.u64(amount);
            }
            Operation::Give(to, amount) => {
                sink.u8(2);
                to.dot(0).encode(sink);
                sink.u64(amount);
            }
        }
    }
}
