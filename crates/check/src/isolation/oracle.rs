//! The test partner of the judge: the levels as they are defined, tried out in every way, without graphs. It takes a handful of
//! transactions.
//!
//! Serializable histories are run serially in every order. Snapshot isolation is run as a database of that kind does it, in every
//! order of starts and commits. The weak levels are tried with every order of the transactions as the order of versions.

use super::Level;
use crate::history::{Act, Found, History, Init, Model, Operation, Outcome, Value};
use crate::isolation::read::{accesses, found};
use std::collections::{BTreeMap, BTreeSet};

/// Transactions that the oracle can take.
pub(super) const TRANSACTIONS_MAX: usize = 8;

/// Whether a history is of a level.
pub(super) fn holds(history: &History, level: Level) -> bool {
    assert!(history.operations.len() <= TRANSACTIONS_MAX);
    let oracle = Oracle { history, level };
    match level {
        Level::ReadUncommitted | Level::ReadCommitted => oracle.is_weak(),
        level if level.is_snapshot() => oracle.runs(&mut Run {
            store: oracle.initial(),
            starts: vec![None; history.operations.len()],
            commits: BTreeSet::new(),
            since: vec![BTreeSet::new(); history.operations.len()],
        }),
        _ => oracle.extends(&BTreeSet::new(), &oracle.initial()),
    }
}

/// What each key holds: a list, or one value in one.
type Store = BTreeMap<Value, Vec<Value>>;

struct Oracle<'a> {
    history: &'a History,
    level: Level,
}

/// A database under snapshot isolation.
#[derive(Clone)]
struct Run {
    store: Store,
    /// What each transaction that has started will write.
    starts: Vec<Option<Store>>,
    commits: BTreeSet<usize>,
    /// Who committed since it started.
    since: Vec<BTreeSet<usize>>,
}

impl Oracle<'_> {
    fn operation(&self, index: usize) -> &Operation {
        &self.history.operations[index]
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.history.operations.len()
    }

    fn is_list(&self) -> bool {
        self.history.model == Model::ListAppend
    }

    fn initial(&self) -> Store {
        match &self.history.init {
            Init::Keyed(pairs) => {
                pairs.iter().filter(|(_, value)| *value != Value::NULL).map(|(key, value)| (*key, vec![*value])).collect()
            }
            _ => Store::new(),
        }
    }

    fn put(&self, store: &mut Store, key: Value, value: Value) {
        let held = store.entry(key).or_default();
        if !self.is_list() {
            held.clear();
        }
        held.push(value);
    }

    fn shows(&self, store: &Store, key: Value) -> Found {
        let held = store.get(&key).cloned().unwrap_or_default();
        if self.is_list() { Found::List(held.into()) } else { Found::Value(held.last().copied().unwrap_or(Value::NULL)) }
    }

    /// The store after a transaction, if it gives these answers.
    fn carry_out(&self, index: usize, store: &Store) -> Option<Store> {
        let operation = self.operation(index);
        let (mut store, mut answers) = (store.clone(), found(operation).iter());
        for access in accesses(operation) {
            match access.act {
                Act::Write(value) => self.put(&mut store, access.key, value),
                Act::Read if operation.is_ok() && *answers.next()? != self.shows(&store, access.key) => return None,
                Act::Read => {}
            }
        }
        Some(store)
    }

    fn comes_before(&self, one: usize, other: usize) -> bool {
        let (first, second) = (self.operation(one), self.operation(other));
        let in_session = first.process == second.process && one < other;
        let in_time = first.response.is_some_and(|end| end < second.invoke);
        (self.level.keeps_sessions() && in_session) || (self.level.keeps_real_time() && in_time)
    }

    /// Whether all that must be before is done.
    fn may_begin(&self, index: usize, done: &BTreeSet<usize>) -> bool {
        self.all().all(|other| !self.operation(other).is_ok() || done.contains(&other) || !self.comes_before(other, index))
    }

    fn is_done(&self, done: &BTreeSet<usize>) -> bool {
        self.all().all(|index| !self.operation(index).is_ok() || done.contains(&index))
    }

    /// Serial orders.
    fn extends(&self, done: &BTreeSet<usize>, store: &Store) -> bool {
        let next = |index: &usize| {
            !done.contains(index) && self.operation(*index).outcome != Outcome::Fail && self.may_begin(*index, done)
        };
        self.is_done(done)
            || self.all().filter(next).any(|index| {
                let mut done = done.clone();
                done.insert(index);
                self.carry_out(index, store).is_some_and(|store| self.extends(&done, &store))
            })
    }

    /// Starts and commits.
    fn runs(&self, run: &mut Run) -> bool {
        self.is_done(&run.commits)
            || self.all().any(|index| {
                let mut next = run.clone();
                match &run.starts[index] {
                    _ if run.commits.contains(&index) => false,
                    None => self.start(index, &mut next) && self.runs(&mut next),
                    Some(_) => self.commit(index, &mut next) && self.runs(&mut next),
                }
            })
    }

    fn written(&self, index: usize) -> BTreeSet<Value> {
        accesses(self.operation(index)).iter().filter(|access| access.act != Act::Read).map(|access| access.key).collect()
    }

    fn start(&self, index: usize, run: &mut Run) -> bool {
        let operation = self.operation(index);
        if operation.outcome == Outcome::Fail || !self.may_begin(index, &run.commits) {
            return false;
        }
        if self.carry_out(index, &run.store).is_none() {
            return false;
        }
        run.starts[index] = Some(Store::new());
        // Who writes nothing gains nothing by waiting.
        if self.written(index).is_empty() { operation.is_ok() && self.commit(index, run) } else { true }
    }

    fn commit(&self, index: usize, run: &mut Run) -> bool {
        let own = self.written(index);
        if run.since[index].iter().any(|other| !self.written(*other).is_disjoint(&own)) {
            return false;
        }
        for access in accesses(self.operation(index)) {
            if let Act::Write(value) = access.act {
                self.put(&mut run.store, access.key, value);
            }
        }
        run.commits.insert(index);
        for other in self.all().filter(|other| run.starts[*other].is_some()) {
            run.since[other].insert(index);
        }
        true
    }

    /// Whether some transactions that may have committed, in some order, make the versions that were read.
    fn is_weak(&self) -> bool {
        if !self.lists_fit() {
            return false;
        }
        let unknown: Vec<usize> = self.all().filter(|index| self.operation(*index).outcome == Outcome::Unknown).collect();
        let subsets = if self.level == Level::ReadUncommitted { 1 } else { 1 << unknown.len() };
        (0..subsets).any(|subset: u32| {
            let is_in = |index: &usize| {
                let chosen = unknown.iter().zip(0..).any(|(other, bit)| other == index && subset >> bit & 1 == 1);
                self.operation(*index).is_ok() || chosen
            };
            let members: Vec<usize> = self.all().filter(is_in).collect();
            self.some_order(&mut Vec::new(), &members)
        })
    }

    fn some_order(&self, order: &mut Vec<usize>, members: &[usize]) -> bool {
        if order.len() == members.len() {
            return order.iter().all(|index| !self.operation(*index).is_ok() || self.reads_fit(*index, order));
        }
        members.iter().any(|index| {
            if order.contains(index) {
                return false;
            }
            order.push(*index);
            let fits = self.some_order(order, members);
            order.pop();
            fits
        })
    }

    /// What a transaction wrote to a key.
    fn writes(&self, index: usize, key: Value) -> Vec<Value> {
        let value = |access: &crate::history::Access| match access.act {
            Act::Write(value) if access.key == key => Some(value),
            _ => None,
        };
        accesses(self.operation(index)).iter().filter_map(value).collect()
    }

    fn reads_fit(&self, index: usize, order: &[usize]) -> bool {
        let (operation, mut answers, mut own) = (self.operation(index), found(self.operation(index)).iter(), Store::new());
        accesses(operation).iter().all(|access| match access.act {
            Act::Write(value) => {
                own.entry(access.key).or_default().push(value);
                true
            }
            Act::Read => {
                let own = own.get(&access.key).cloned().unwrap_or_default();
                match answers.next() {
                    Some(Found::List(list)) => self.list_fits(index, access.key, list, &own, order),
                    Some(Found::Value(value)) => self.value_fits(index, access.key, *value, &own, order),
                    None => false,
                }
            }
        })
    }

    fn value_fits(&self, index: usize, key: Value, value: Value, own: &[Value], order: &[usize]) -> bool {
        if let Some(last) = own.last() {
            return *last == value;
        }
        if self.shows(&self.initial(), key) == Found::Value(value) {
            return true;
        }
        if self.level == Level::ReadUncommitted {
            return self.all().any(|other| other != index && self.writes(other, key).contains(&value));
        }
        order.iter().take_while(|other| **other != index).any(|other| self.writes(*other, key).last() == Some(&value))
    }

    fn list_fits(&self, index: usize, key: Value, list: &[Value], own: &[Value], order: &[usize]) -> bool {
        let writes = |other: &usize| self.writes(*other, key).into_iter().map(|value| (*other, value)).collect::<Vec<_>>();
        let full: Vec<(usize, Value)> = order.iter().flat_map(writes).collect();
        let is_member = |value: &&Value| {
            self.level != Level::ReadUncommitted
                || full.iter().any(|(_, written)| written == *value)
                || !self.all().any(|other| self.writes(other, key).contains(value))
        };
        let list: Vec<Value> = list.iter().filter(is_member).copied().collect();
        let Some(length) = list.len().checked_sub(own.len()) else { return false };
        let is_prefix = list.len() <= full.len() && list.iter().zip(&full).all(|(read, (_, written))| read == written);
        let own_last = full.iter().take(list.len()).skip(length).all(|(writer, _)| *writer == index) && list.ends_with(own);
        let others = full.iter().take(length).all(|(writer, _)| *writer != index);
        if self.level == Level::ReadUncommitted {
            return is_prefix && own_last && others;
        }
        let place = |writer: usize| order.iter().position(|other| *other == writer);
        let before = full.iter().take(length).all(|(writer, _)| place(*writer) < place(index));
        let whole = length == 0 || full.len() == length || full.get(length).is_some_and(|(next, _)| *next != full[length - 1].0);
        is_prefix && own_last && others && before && whole
    }

    /// Whether of any two lists one is the beginning of the other, and the own elements are last, even with what aborted.
    fn lists_fit(&self) -> bool {
        let mut lists: Vec<(Value, &[Value])> = Vec::new();
        for operation in &self.history.operations {
            let mut answers = found(operation).iter();
            let mut own = Store::new();
            for access in accesses(operation).iter().filter(|_| operation.is_ok()) {
                if let Act::Write(value) = access.act {
                    own.entry(access.key).or_default().push(value);
                } else if let Some(Found::List(list)) = answers.next() {
                    if !list.ends_with(own.get(&access.key).map_or(&[], Vec::as_slice)) {
                        return false;
                    }
                    lists.push((access.key, list));
                }
            }
        }
        let times = |key: Value, value: Value| {
            self.all().map(|index| self.writes(index, key).iter().filter(|written| **written == value).count()).sum::<usize>()
        };
        let is_written = |key: Value, list: &[Value]| {
            list.iter().all(|value| list.iter().filter(|other| *other == value).count() <= times(key, *value))
        };
        lists.iter().all(|(key, list)| {
            is_written(*key, list)
                && lists.iter().all(|(other, second)| key != other || list.starts_with(second) || second.starts_with(list))
        })
    }
}
