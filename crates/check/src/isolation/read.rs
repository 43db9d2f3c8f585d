//! Traces every read of a history to its writer, and finds what is wrong with single reads: nothing here looks at cycles.

use super::Level;
use crate::history::{Access, Act, Answer, Call, Found, History, Model, Operation, Outcome, Value};

mod lists;
mod registers;

/// No transaction, no write, no place.
pub(super) const NONE: u32 = u32::MAX;

/// A history, with every read traced.
pub(super) struct Trace<'a> {
    pub(super) history: &'a History,
    /// The committed transactions, as indices of operations. Their places in here are their numbers.
    pub(super) transactions: Vec<u32>,
    /// Every key of the history.
    pub(super) keys: Vec<Key>,
    /// What committed transactions read that they had not written themselves.
    pub(super) reads: Vec<Read>,
    /// What is wrong with single reads at this level.
    pub(super) broken: Vec<Broken>,
    /// Which value was written twice, in words, if a read of it had to be guessed.
    pub(super) ambiguous: Option<String>,
}

/// A key and its committed versions: the initial one, those of `seen`, those of `free`, counted in this order from 0.
pub(super) struct Key {
    pub(super) name: Value,
    /// The transactions that wrote it, in the order that reads showed.
    pub(super) seen: Vec<u32>,
    /// Those whose place in the order, after all of `seen`, no read showed. Invariant: sorted.
    pub(super) free: Vec<u32>,
}

/// A read of a version that somebody else wrote.
pub(super) struct Read {
    pub(super) reader: u32,
    pub(super) key: u32,
    /// Counted as [`Key`] says.
    pub(super) version: u32,
    /// Whether the reader writes the key too.
    pub(super) updates: bool,
}

/// Something wrong with a single read.
#[derive(Clone, Copy)]
pub(super) struct Broken {
    pub(super) what: What,
    /// The index of the operation that read.
    pub(super) reader: u32,
    /// Of the other operation that has to do with it; [`NONE`] if there is none.
    pub(super) other: u32,
    pub(super) key: Value,
    /// The value in question.
    pub(super) value: Value,
    /// Which of the reader's reads it is.
    pub(super) nth: u32,
}

/// What can be wrong with a single read. The order is that of reports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum What {
    Garbage,
    Duplicates,
    IncompatibleOrders,
    Internal,
    FutureRead,
    AbortedRead,
    IntermediateRead,
}

/// The choices of one way to read a history that can be read in several, as a path in the tree of all.
#[derive(Default)]
pub(super) struct Choices {
    /// What was chosen, of how many.
    taken: Vec<(u32, u32)>,
    next: usize,
}

impl Choices {
    /// Begins the next reading.
    pub(super) fn rewind(&mut self) {
        self.next = 0;
    }

    /// One of so many.
    fn pick(&mut self, of: usize) -> usize {
        if self.next == self.taken.len() {
            self.taken.push((0, of as u32));
        }
        self.next += 1;
        self.taken[self.next - 1].0 as usize
    }

    /// Goes to the next path; `false` when there is none left.
    pub(super) fn advance(&mut self) -> bool {
        while let Some((choice, of)) = self.taken.pop() {
            if choice + 1 < of {
                self.taken.push((choice + 1, of));
                return true;
            }
        }
        false
    }
}

/// Reads a history at a level, in the way that `choices` says.
pub(super) fn trace<'a>(history: &'a History, level: Level, choices: &mut Choices) -> Trace<'a> {
    let writes = Writes::new(history);
    match history.model {
        Model::ListAppend => lists::trace(writes, level, choices),
        _ => registers::trace(writes, level, choices),
    }
}

/// The accesses of a transaction.
pub(super) fn accesses(operation: &Operation) -> &[Access] {
    match &operation.call {
        Call::Transaction(accesses) => accesses,
        other => unreachable!("{other:?} in a history of transactions"),
    }
}

/// What the reads of a transaction found, empty if that is not known.
pub(super) fn found(operation: &Operation) -> &[Found] {
    match operation.answer() {
        Some(Answer::Found(found)) => found,
        _ => &[],
    }
}

/// A transaction that was answered fewer or more reads than it asked for, in words: whoever answered so did not do what was asked.
pub(super) fn answered_short(history: &History) -> Option<String> {
    history.operations.iter().find_map(|operation| {
        let Some(Answer::Found(found)) = operation.answer() else { return None };
        let asked = accesses(operation).iter().filter(|access| access.act == Act::Read).count();
        let told = || format!("operation {} asked for {asked} reads and was answered {}", operation.id, found.len());
        (asked != found.len()).then(told)
    })
}

/// All writes of a history, numbered in its order.
struct Writes<'a> {
    history: &'a History,
    keys: Vec<Value>,
    /// The place of each key in `keys`, by the number of its name.
    key_of: Vec<u32>,
    /// Of each operation, and then the end: its first write.
    first: Vec<u32>,
    operation: Vec<u32>,
    key: Vec<u32>,
    value: Vec<Value>,
    /// The write before it of the same key in its transaction.
    before: Vec<u32>,
    is_final: Vec<bool>,
    /// Of each key, and then the end: its first place in `by_value`.
    of_key: Vec<u32>,
    /// The writes of each key by value, those of a value in order.
    by_value: Vec<u32>,
}

impl<'a> Writes<'a> {
    fn new(history: &'a History) -> Writes<'a> {
        let mut writes = Writes {
            history,
            keys: Vec::new(),
            key_of: vec![NONE; history.names.count()],
            first: Vec::with_capacity(history.operations.len() + 1),
            operation: Vec::new(),
            key: Vec::new(),
            value: Vec::new(),
            before: Vec::new(),
            is_final: Vec::new(),
            of_key: Vec::new(),
            by_value: Vec::new(),
        };
        writes.collect();
        writes.index();
        writes
    }

    fn collect(&mut self) {
        // The last write of each key so far.
        let mut latest: Vec<u32> = Vec::new();
        for (operation, index) in self.history.operations.iter().zip(0..) {
            let first = self.operation.len() as u32;
            self.first.push(first);
            for access in accesses(operation) {
                let key = &mut self.key_of[access.key.index()];
                if *key == NONE {
                    *key = self.keys.len() as u32;
                    self.keys.push(access.key);
                    latest.push(NONE);
                }
                let Act::Write(value) = access.act else { continue };
                let before = std::mem::replace(&mut latest[*key as usize], self.operation.len() as u32);
                let before = if before != NONE && before >= first { before } else { NONE };
                if before != NONE {
                    self.is_final[before as usize] = false;
                }
                self.operation.push(index);
                self.key.push(*key);
                self.value.push(value);
                self.before.push(before);
                self.is_final.push(true);
            }
        }
        self.first.push(self.operation.len() as u32);
    }

    fn index(&mut self) {
        self.of_key = vec![0; self.keys.len() + 1];
        for key in &self.key {
            self.of_key[*key as usize + 1] += 1;
        }
        for key in 0..self.keys.len() {
            self.of_key[key + 1] += self.of_key[key];
        }
        let mut next = self.of_key.clone();
        self.by_value = vec![0; self.key.len()];
        for (key, write) in self.key.iter().zip(0..) {
            self.by_value[next[*key as usize] as usize] = write;
            next[*key as usize] += 1;
        }
        for key in 0..self.keys.len() {
            let range = self.of_key[key] as usize..self.of_key[key + 1] as usize;
            self.by_value[range].sort_unstable_by_key(|write| (self.value[*write as usize], *write));
        }
    }

    /// The writes of a key.
    fn of(&self, key: u32) -> &[u32] {
        &self.by_value[self.of_key[key as usize] as usize..self.of_key[key as usize + 1] as usize]
    }

    /// The writes of a value to a key.
    fn named(&self, key: u32, value: Value) -> &[u32] {
        let all = self.of(key);
        let start = all.partition_point(|write| self.value[*write as usize] < value);
        let count = all[start..].partition_point(|write| self.value[*write as usize] == value);
        &all[start..start + count]
    }

    /// The writes of a transaction to a key, in order.
    fn own(&self, operation: u32, key: u32) -> impl Iterator<Item = u32> {
        let all = self.first[operation as usize]..self.first[operation as usize + 1];
        all.filter(move |write| self.key[*write as usize] == key)
    }

    fn outcome(&self, operation: u32) -> &Outcome {
        &self.history.operations[operation as usize].outcome
    }

    fn is_failed(&self, operation: u32) -> bool {
        *self.outcome(operation) == Outcome::Fail
    }

    /// `7 was written to x by T1 and T2`.
    fn ambiguity(&self, key: u32, value: Value, first: u32, second: u32) -> String {
        let names = &self.history.names;
        let name = |operation: u32| match operation {
            NONE => "by nobody, at the start,".to_string(),
            index => format!("by T{}", self.history.operations[index as usize].id),
        };
        let (value, key) = (names.tell(value), names.tell(self.keys[key as usize]));
        if first == second {
            format!("{value} was written to {key} twice {}", name(first))
        } else {
            format!("{value} was written to {key} {} and {}", name(first), name(second))
        }
    }

    /// Numbers the committed transactions: those that are ok and, above read uncommitted, the unknown ones among `seen`. Of each
    /// operation its number, and of each number its operation.
    fn number(&self, level: Level, seen: &[bool]) -> (Vec<u32>, Vec<u32>) {
        let (mut numbers, mut transactions) = (vec![NONE; seen.len()], Vec::new());
        for ((operation, seen), index) in self.history.operations.iter().zip(seen).zip(0..) {
            let is_unknown = operation.outcome == Outcome::Unknown;
            if operation.is_ok() || (is_unknown && *seen && level != Level::ReadUncommitted) {
                numbers[index as usize] = transactions.len() as u32;
                transactions.push(index);
            }
        }
        (numbers, transactions)
    }
}

/// One after the other, the reads of a transaction: the key, what was found, the last own write of the key before, and which read of
/// the transaction it is.
fn reads_of<'w, 'a>(
    writes: &'w Writes<'a>,
    operation: u32,
    latest: &'w mut [u32],
) -> impl Iterator<Item = (u32, &'a Found, u32, u32)> + use<'w, 'a> {
    let first = writes.first[operation as usize];
    let record: &'a Operation = &writes.history.operations[operation as usize];
    let (mut write, mut nth) = (first, 0);
    accesses(record).iter().filter_map(move |access| {
        let key = writes.key_of[access.key.index()];
        if let Act::Write(_) = access.act {
            latest[key as usize] = write;
            write += 1;
            return None;
        }
        nth += 1;
        let own = Some(latest[key as usize]).filter(|own| *own != NONE && *own >= first).unwrap_or(NONE);
        Some((key, &found(record)[nth as usize - 1], own, nth - 1))
    })
}
