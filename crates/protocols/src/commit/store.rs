//! What one node keeps of the keys, and two-phase locking over it (Eswaran et al., CACM 19(11), 1976): a transaction's locks on a node
//! are taken all at once when it prepares there, and given back when it is decided. So no two deadlock on one node; over several nodes
//! they may, and [`Waits`] says what prevents that.

use super::transaction::{Act, Object, Part, Tx, Value};
use crate::options::{Choice, Default, Field, FieldKind, Values};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a transaction that finds a key locked (Rosenkrantz, Stearns and Lewis, TODS 3(2), 1978, for the first two).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Waits {
    /// The older waits, the younger is aborted.
    WaitDie,
    /// The younger waits, and the older has the younger aborted.
    WoundWait,
    /// It waits so long, and is aborted then.
    Timeout,
    /// Nobody waits: it is aborted. Values are read before, without locks, and held against what is there when the transaction prepares
    /// (optimistic; Kung and Robinson, TODS 6(2), 1981).
    Never,
}

const WAIT_DIE: Choice =
    Choice { name: "wait-die", doc: "locks: the older transaction waits for the younger, and the younger is aborted" };
const TIMEOUT: Choice = Choice { name: "timeout", doc: "locks: a transaction waits for lock-timeout, and is aborted then" };

/// The option that chooses it.
pub(super) const CONCURRENCY: Field = Field {
    name: "concurrency",
    kind: FieldKind::Choice(&[
        WAIT_DIE,
        Choice { name: "wound-wait", doc: "locks: the older transaction has the younger aborted, and the younger waits" },
        TIMEOUT,
        Choice {
            name: "optimistic",
            doc: "no locks before the vote: values are read first, and whoever finds other values, or a locked key, votes no",
        },
    ]),
    default: Default::Choice(WAIT_DIE.name),
    doc: "What becomes of a transaction that finds a key locked by another.",
};

/// The same where no coordinator could abort for another's sake, and none has values read first.
pub(super) const LOCKING: Field = Field { kind: FieldKind::Choice(&[WAIT_DIE, TIMEOUT]), ..CONCURRENCY };

impl Waits {
    /// What the options say.
    pub(super) fn of(values: &Values) -> Waits {
        match values.choice(CONCURRENCY.name) {
            "wound-wait" => Waits::WoundWait,
            "timeout" => Waits::Timeout,
            "optimistic" => Waits::Never,
            _ => Waits::WaitDie,
        }
    }
}

/// The keys of one node, with their locks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Store {
    /// What is under a key that nothing was done to.
    nothing: Value,
    values: BTreeMap<u32, Value>,
    /// Those who hold a key, and whether as the only one.
    locks: BTreeMap<u32, (bool, BTreeSet<Tx>)>,
    /// Those who wait, with their parts here.
    waiting: BTreeMap<Tx, Vec<Part>>,
}

/// What a transaction that asked for its locks is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// It has them.
    Granted,
    /// It is told when it has them; these, which are in its way, are to be aborted if they still can be.
    Waits(Vec<Tx>),
    /// It is to be aborted.
    Refused,
}

impl Store {
    /// One to which nothing was done.
    pub fn new(object: Object, balance: i64) -> Store {
        Store { nothing: object.nothing(balance), values: BTreeMap::new(), locks: BTreeMap::new(), waiting: BTreeMap::new() }
    }

    /// A transaction asks for the locks of its parts.
    pub fn lock(&mut self, tx: Tx, parts: &[Part], waits: Waits) -> Asked {
        let in_the_way = self.in_the_way(tx, parts);
        if in_the_way.is_empty() {
            self.grant(tx, parts);
            return Asked::Granted;
        }
        let is_oldest = in_the_way.iter().all(|other| tx < *other);
        match waits {
            Waits::Never => return Asked::Refused,
            Waits::WaitDie if !is_oldest => return Asked::Refused,
            _ => {}
        }
        self.waiting.insert(tx, parts.to_vec());
        let younger = in_the_way.into_iter().filter(|other| waits == Waits::WoundWait && tx < *other);
        Asked::Waits(younger.collect())
    }

    /// Takes the locks of a transaction that had prepared before a crash: nobody else can have them.
    pub fn grant(&mut self, tx: Tx, parts: &[Part]) {
        for part in parts {
            let (is_alone, holders) = self.locks.entry(part.key).or_default();
            *is_alone |= part.changes();
            holders.insert(tx);
        }
    }

    /// Gives back what a transaction holds or waits for; those who had waited and hold their locks now, the oldest first.
    pub fn release(&mut self, tx: Tx) -> Vec<(Tx, Vec<Part>)> {
        self.waiting.remove(&tx);
        self.locks.retain(|_, (_, holders)| {
            holders.remove(&tx);
            !holders.is_empty()
        });
        let mut granted = Vec::new();
        let waiting: Vec<Tx> = self.waiting.keys().copied().collect();
        for tx in waiting {
            let parts = self.waiting[&tx].clone();
            if self.in_the_way(tx, &parts).is_empty() {
                self.waiting.remove(&tx);
                self.grant(tx, &parts);
                granted.push((tx, parts));
            }
        }
        granted
    }

    /// Gives up waiting; whether it did wait.
    pub fn give_up(&mut self, tx: Tx) -> bool {
        self.waiting.remove(&tx).is_some()
    }

    /// Those who hold what it needs, and those who have waited for it, are older and would be overtaken.
    fn in_the_way(&self, tx: Tx, parts: &[Part]) -> BTreeSet<Tx> {
        let mut others = BTreeSet::new();
        for part in parts {
            if let Some((is_alone, holders)) = self.locks.get(&part.key)
                && (*is_alone || part.changes())
            {
                others.extend(holders.iter().filter(|holder| **holder != tx));
            }
            let clash = |other: &&Part| other.key == part.key && (other.changes() || part.changes());
            let older = self.waiting.range(..tx).filter(|(_, parts)| parts.iter().any(|other| clash(&other)));
            others.extend(older.map(|(other, _)| *other));
        }
        others
    }

    /// What the reads among these parts find; `None` when an account would fall below 0.
    pub fn evaluate(&self, parts: &[Part]) -> Option<Vec<Value>> {
        let mut found = Vec::new();
        let changed = self.changed(parts, Some(&mut found));
        let is_covered = changed.values().all(|value| !matches!(value, Value::Balance(balance) if *balance < 0));
        is_covered.then_some(found)
    }

    /// Carries the parts out.
    pub fn apply(&mut self, parts: &[Part]) {
        let changed = self.changed(parts, None);
        self.values.extend(changed);
    }

    /// What is under the keys that the parts change once they have.
    fn changed(&self, parts: &[Part], mut found: Option<&mut Vec<Value>>) -> BTreeMap<u32, Value> {
        let mut changed: BTreeMap<u32, Value> = BTreeMap::new();
        for part in parts {
            let now = changed.get(&part.key).or_else(|| self.values.get(&part.key)).cloned();
            let now = now.unwrap_or_else(|| self.nothing.clone());
            let next = match (now, part.act) {
                (now, Act::Read) => {
                    if let Some(found) = &mut found {
                        found.push(now);
                    }
                    continue;
                }
                (Value::Register(_), Act::Write(value)) => Value::Register(Some(value)),
                (Value::List(mut values), Act::Write(value)) => {
                    values.push(value);
                    Value::List(values)
                }
                (Value::Balance(balance), Act::Add(amount)) => Value::Balance(balance.saturating_add(amount)),
                (now, act) => unreachable!("{act:?} of {now:?}: requests are made for one object"),
            };
            changed.insert(part.key, next);
        }
        changed
    }

    /// By how much all balances together differ from what they were at the beginning.
    pub fn surplus(&self) -> i64 {
        let balance = |value: &Value| if let Value::Balance(balance) = value { *balance } else { 0 };
        let first = balance(&self.nothing);
        self.values.values().map(|value| balance(value) - first).sum()
    }

    /// Keys that are locked.
    pub fn locked(&self) -> usize {
        self.locks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_engine::{NodeId, OpId};

    fn tx(age: u32) -> Tx {
        Tx { operation: OpId(age), origin: NodeId(0), attempt: 0 }
    }

    fn add(key: u32, amount: i64) -> Part {
        Part { key, act: Act::Add(amount) }
    }

    fn read(key: u32) -> Part {
        Part { key, act: Act::Read }
    }

    #[test]
    fn readers_share_a_key_and_writers_do_not() {
        let mut store = Store::new(Object::Bank, 100);
        assert_eq!(store.lock(tx(1), &[read(0)], Waits::WaitDie), Asked::Granted);
        assert_eq!(store.lock(tx(2), &[read(0)], Waits::WaitDie), Asked::Granted);
        assert_eq!(store.lock(tx(3), &[add(0, 1)], Waits::WaitDie), Asked::Refused, "the younger dies");
        assert_eq!(store.lock(tx(0), &[add(0, 1)], Waits::WaitDie), Asked::Waits(vec![]), "the older waits");
        assert_eq!(store.release(tx(1)), []);
        assert_eq!(store.release(tx(2)), [(tx(0), vec![add(0, 1)])]);
        assert_eq!(store.lock(tx(4), &[read(0)], Waits::Never), Asked::Refused);
    }

    #[test]
    fn the_older_wounds_and_nobody_overtakes_it() {
        let mut store = Store::new(Object::Bank, 100);
        assert_eq!(store.lock(tx(5), &[add(0, 1), add(1, 1)], Waits::WoundWait), Asked::Granted);
        assert_eq!(store.lock(tx(2), &[add(1, 1)], Waits::WoundWait), Asked::Waits(vec![tx(5)]));
        assert_eq!(store.lock(tx(7), &[read(1)], Waits::WoundWait), Asked::Waits(vec![]), "the younger waits");
        assert_eq!(store.release(tx(5)), [(tx(2), vec![add(1, 1)])], "one after the other");
        assert!(store.give_up(tx(7)) && !store.give_up(tx(7)));
    }

    #[test]
    fn parts_see_those_before_them_and_no_account_falls_below_nothing() {
        let mut store = Store::new(Object::Bank, 100);
        let parts = [read(3), add(3, -100), read(3)];
        assert_eq!(store.evaluate(&parts), Some(vec![Value::Balance(100), Value::Balance(0)]));
        store.apply(&parts);
        assert_eq!(store.evaluate(&[add(3, -1)]), None);
        assert_eq!((store.surplus(), store.locked()), (-100, 0));
        let mut lists = Store::new(Object::ListAppend, 0);
        lists.apply(&[Part { key: 0, act: Act::Write(7) }, Part { key: 0, act: Act::Write(8) }]);
        assert_eq!(lists.evaluate(&[read(0)]), Some(vec![Value::List(vec![7, 8])]));
    }
}
