//! Reads of lists: all lists of a key must be prefixes of the longest, whose elements name their writers.

use super::{Broken, Choices, Key, NONE, Read, Trace, What, Writes, reads_of};
use crate::history::{Found, Outcome, Value};
use crate::isolation::Level;

/// A read of a list, before its writers are known.
struct ListRead {
    operation: u32,
    key: u32,
    nth: u32,
    /// The elements that it found before its own.
    length: u32,
    /// Its last own write before; NONE if none.
    own: u32,
}

/// A list of a key.
#[derive(Clone, Copy)]
struct Longest<'a> {
    list: &'a [Value],
    operation: u32,
    nth: u32,
}

struct Tracing<'w, 'a> {
    writes: &'w Writes<'a>,
    level: Level,
    reads: Vec<ListRead>,
    longest: Vec<Longest<'a>>,
    broken: Vec<Broken>,
    /// Of each write, its place in the longest list of its key.
    place: Vec<u32>,
    /// Of each key, the writes in the longest list; NONE is one that nobody wrote.
    orders: Vec<Vec<u32>>,
    /// Of each operation, whether a committed transaction saw a write of it.
    seen: Vec<bool>,
    ambiguous: Option<String>,
}

pub(super) fn trace<'a>(writes: Writes<'a>, level: Level, choices: &mut Choices) -> Trace<'a> {
    let mut tracing = Tracing {
        writes: &writes,
        level,
        reads: Vec::new(),
        longest: vec![Longest { list: &[], operation: NONE, nth: 0 }; writes.keys.len()],
        broken: Vec::new(),
        place: vec![NONE; writes.operation.len()],
        orders: Vec::with_capacity(writes.keys.len()),
        seen: vec![false; writes.history.operations.len()],
        ambiguous: None,
    };
    tracing.take_reads();
    for key in 0..writes.keys.len() as u32 {
        tracing.assign(key, choices);
    }
    let (numbers, transactions) = writes.number(level, &tracing.seen);
    let (keys, versions) = tracing.keys(&numbers);
    let reads = tracing.versions_read(&numbers, &versions);
    let (broken, ambiguous) = (tracing.broken, tracing.ambiguous);
    Trace { history: writes.history, transactions, keys, reads, broken, ambiguous }
}

impl<'a> Tracing<'_, 'a> {
    fn broken(&mut self, what: What, at: (u32, u32, u32), other: u32, value: Value) {
        let (reader, key, nth) = at;
        self.broken.push(Broken { what, reader, other, key: self.writes.keys[key as usize], value, nth });
    }

    /// Keeps the longest list of each key, and holds each read against it and against the own writes before it.
    fn take_reads(&mut self) {
        let mut latest = vec![NONE; self.writes.keys.len()];
        let history = self.writes.history;
        for (operation, index) in history.operations.iter().zip(0..) {
            if !operation.is_ok() {
                continue;
            }
            for (key, found, own, nth) in reads_of(self.writes, index, &mut latest) {
                let Found::List(list) = found else { unreachable!("a read of a list found {found:?}") };
                match self.without_own(list, own) {
                    Err(missed) => {
                        let value = self.writes.value[missed as usize];
                        self.broken(What::Internal, (index, key, nth), index, value);
                    }
                    Ok(length) if self.fits(list, (index, key, nth)) => {
                        self.reads.push(ListRead { operation: index, key, nth, length, own });
                    }
                    Ok(_) => {}
                }
            }
        }
    }

    /// How many elements are before the own ones, which must be the last; or the own write that is not there.
    fn without_own(&self, list: &[Value], own: u32) -> Result<u32, u32> {
        let (mut write, mut length) = (own, list.len());
        while write != NONE {
            match length.checked_sub(1) {
                Some(last) if list[last] == self.writes.value[write as usize] => length = last,
                _ => return Err(write),
            }
            write = self.writes.before[write as usize];
        }
        Ok(length as u32)
    }

    /// Whether one of this list and the longest so far is a prefix of the other.
    fn fits(&mut self, list: &'a [Value], at: (u32, u32, u32)) -> bool {
        let (operation, key, nth) = at;
        let longest = self.longest[key as usize];
        let common = list.len().min(longest.list.len());
        if list[..common] != longest.list[..common] {
            let differs = (0..common).find(|place| list[*place] != longest.list[*place]).expect("they differ");
            self.broken(What::IncompatibleOrders, at, longest.operation, list[differs]);
            return false;
        }
        if list.len() > longest.list.len() {
            self.longest[key as usize] = Longest { list, operation, nth };
        }
        true
    }

    /// Finds the writer of each element of the longest list of a key.
    fn assign(&mut self, key: u32, choices: &mut Choices) {
        let longest = self.longest[key as usize];
        let mut order = Vec::with_capacity(longest.list.len());
        for (value, place) in longest.list.iter().zip(0..) {
            let write = self.writer_of(key, *value, choices);
            order.push(write);
            let at = (longest.operation, key, longest.nth);
            if write == NONE {
                let all = self.writes.named(key, *value);
                let what = if all.is_empty() { What::Garbage } else { What::Duplicates };
                let writer = all.first().map_or(NONE, |write| self.writes.operation[*write as usize]);
                self.broken(what, at, writer, *value);
                continue;
            }
            self.place[write as usize] = place;
            self.judge_place(write, at);
        }
        self.orders.push(order);
    }

    /// The write of this value that is at the next place; NONE if there is none left.
    fn writer_of(&mut self, key: u32, value: Value, choices: &mut Choices) -> u32 {
        let writes = self.writes;
        let of = |write: u32| writes.operation[write as usize];
        let is_open = |write: &u32| {
            let before = writes.before[*write as usize];
            // Of writes of one value by one transaction, the first is placed first.
            let is_first = writes
                .own(of(*write), key)
                .all(|own| own >= *write || writes.value[own as usize] != value || self.place[own as usize] != NONE);
            self.place[*write as usize] == NONE && (before == NONE || is_first)
        };
        let all = writes.named(key, value);
        if let [write] = all {
            return if self.place[*write as usize] == NONE { *write } else { NONE };
        }
        let mut open: Vec<u32> = all.iter().copied().filter(is_open).collect();
        // Seeing an aborted write is wrong where it could be anybody else's.
        if self.level != Level::ReadUncommitted && open.iter().any(|write| !writes.is_failed(of(*write))) {
            open.retain(|write| !writes.is_failed(of(*write)));
        }
        match open[..] {
            [] => NONE,
            [write] => write,
            [first, second, ..] => {
                self.ambiguous = Some(writes.ambiguity(key, value, of(first), of(second)));
                open[choices.pick(open.len())]
            }
        }
    }

    /// What can be wrong with a write at a place of a list.
    fn judge_place(&mut self, write: u32, at: (u32, u32, u32)) {
        let writer = self.writes.operation[write as usize];
        let (value, before) = (self.writes.value[write as usize], self.writes.before[write as usize]);
        let is_relaxed = self.level == Level::ReadUncommitted;
        match self.writes.outcome(writer) {
            Outcome::Fail if is_relaxed => return,
            Outcome::Fail => return self.broken(What::AbortedRead, at, writer, value),
            Outcome::Unknown if is_relaxed => return,
            Outcome::Unknown | Outcome::Ok(_) => self.seen[writer as usize] = true,
        }
        // A transaction's appends are in its order.
        if before != NONE && self.place[before as usize] == NONE {
            self.broken(What::IncompatibleOrders, at, writer, value);
        }
    }

    /// Every key with its versions, and of each place of its longest list the version that ends there.
    fn keys(&self, numbers: &[u32]) -> (Vec<Key>, Vec<Vec<u32>>) {
        let number = |write: u32| if write == NONE { NONE } else { numbers[self.writes.operation[write as usize] as usize] };
        let one = |(order, key): (&Vec<u32>, u32)| {
            let mut seen = Vec::new();
            let mut versions = Vec::with_capacity(order.len());
            for write in order {
                let writer = number(*write);
                if writer != NONE && seen.last() != Some(&writer) {
                    seen.push(writer);
                }
                versions.push(seen.len() as u32);
            }
            let unplaced = self.writes.of(key).iter().filter(|write| self.place[**write as usize] == NONE);
            let mut free: Vec<u32> = unplaced.map(|write| number(*write)).collect();
            free.retain(|writer| *writer != NONE && seen.last() != Some(writer));
            free.sort_unstable();
            free.dedup();
            (Key { name: self.writes.keys[key as usize], seen, free }, versions)
        };
        self.orders.iter().zip(0..).map(one).unzip()
    }

    /// The versions that were read, as far as that is not wrong in itself.
    fn versions_read(&mut self, numbers: &[u32], versions: &[Vec<u32>]) -> Vec<Read> {
        let mut reads = Vec::with_capacity(self.reads.len());
        for read in std::mem::take(&mut self.reads) {
            let ListRead { operation, key, nth, length, own } = read;
            let updates = match self.own_in(&read) {
                Err(write) => {
                    // Its own, before the own ones that it must end with: a later one, or an earlier one for the second time.
                    let what = if own == NONE || write > own { What::FutureRead } else { What::Duplicates };
                    self.broken(what, (operation, key, nth), operation, self.writes.value[write as usize]);
                    continue;
                }
                Ok(updates) => updates,
            };
            if let Some(write) = self.displaced(&read) {
                self.broken(What::Internal, (operation, key, nth), operation, self.writes.value[write as usize]);
                continue;
            }
            let version = length.checked_sub(1).map_or(0, |last| versions[key as usize][last as usize]);
            reads.push(Read { reader: numbers[operation as usize], key, version, updates });
            self.judge_last(&read);
        }
        reads
    }

    /// Whether the reader writes the key at all; `Err` if it read a write of its own as if it were another's.
    fn own_in(&self, read: &ListRead) -> Result<bool, u32> {
        let mut updates = false;
        for write in self.writes.own(read.operation, read.key) {
            updates = true;
            if self.place[write as usize] < read.length {
                return Err(write);
            }
        }
        Ok(updates)
    }

    /// An own write that the reader took for the end of its list, where another's write of the same value is.
    fn displaced(&self, read: &ListRead) -> Option<u32> {
        let before = |write: &u32| Some(self.writes.before[*write as usize]).filter(|before| *before != NONE);
        let own: Vec<u32> = std::iter::successors(Some(read.own).filter(|own| *own != NONE), before).collect();
        own.iter().rev().zip(read.length..).find(|(write, place)| self.place[**write as usize] != *place).map(|(write, _)| *write)
    }

    /// The last element must be the last of its writer.
    fn judge_last(&mut self, read: &ListRead) {
        let Some(last) = read.length.checked_sub(1) else { return };
        let write = self.orders[read.key as usize][last as usize];
        if self.level == Level::ReadUncommitted || write == NONE || self.writes.is_final[write as usize] {
            return;
        }
        let writer = self.writes.operation[write as usize];
        if !self.writes.is_failed(writer) {
            let value = self.writes.value[write as usize];
            self.broken(What::IntermediateRead, (read.operation, read.key, read.nth), writer, value);
        }
    }
}
