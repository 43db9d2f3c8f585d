//! Reads of registers: a value names its writer.

use super::{Broken, Choices, Key, NONE, Read, Trace, What, Writes, reads_of};
use crate::history::{Found, History, Init, Outcome, Value};
use crate::isolation::Level;

/// A read of a register that the reader had not written before.
struct RegisterRead {
    operation: u32,
    key: u32,
    /// The operation that wrote it; [`NONE`] is nobody, the initial value.
    writer: u32,
}

pub(super) fn trace<'a>(writes: Writes<'a>, level: Level, choices: &mut Choices) -> Trace<'a> {
    let mut tracing = Tracing {
        writes: &writes,
        level,
        initial: initial(writes.history, &writes),
        reads: Vec::new(),
        broken: Vec::new(),
        seen: vec![false; writes.history.operations.len()],
        ambiguous: None,
    };
    tracing.take_reads(choices);
    let (numbers, transactions) = writes.number(level, &tracing.seen);
    let keys: Vec<Key> = (0..writes.keys.len() as u32).map(|key| versions(&writes, key, &numbers)).collect();
    let read = |read: &RegisterRead| {
        let version = match read.writer {
            NONE => 0,
            writer => {
                let place = keys[read.key as usize].free.binary_search(&numbers[writer as usize]);
                // What did not commit is no version.
                place.ok()? as u32 + 1
            }
        };
        let updates = writes.own(read.operation, read.key).next().is_some();
        Some(Read { reader: numbers[read.operation as usize], key: read.key, version, updates })
    };
    let reads = tracing.reads.iter().filter_map(read).collect();
    let (broken, ambiguous) = (tracing.broken, tracing.ambiguous);
    Trace { history: writes.history, transactions, keys, reads, broken, ambiguous }
}

/// Of each key, what it holds at the start.
fn initial(history: &History, writes: &Writes<'_>) -> Vec<Value> {
    let mut initial = vec![Value::NULL; writes.keys.len()];
    if let Init::Keyed(pairs) = &history.init {
        for (key, value) in pairs {
            // A key that no transaction names does not matter.
            if let Some(place) = initial.get_mut(writes.key_of[key.index()] as usize) {
                *place = *value;
            }
        }
    }
    initial
}

/// A key and the transactions that wrote it.
fn versions(writes: &Writes<'_>, key: u32, numbers: &[u32]) -> Key {
    let mut free: Vec<u32> = writes.of(key).iter().map(|write| numbers[writes.operation[*write as usize] as usize]).collect();
    free.retain(|writer| *writer != NONE);
    free.sort_unstable();
    free.dedup();
    Key { name: writes.keys[key as usize], seen: Vec::new(), free }
}

struct Tracing<'w, 'a> {
    writes: &'w Writes<'a>,
    level: Level,
    /// Of each key, what it holds at the start.
    initial: Vec<Value>,
    reads: Vec<RegisterRead>,
    broken: Vec<Broken>,
    /// Of each operation, whether a committed transaction saw a write of it.
    seen: Vec<bool>,
    ambiguous: Option<String>,
}

impl Tracing<'_, '_> {
    fn broken(&mut self, what: What, at: (u32, u32, u32), other: u32, value: Value) {
        let (reader, key, nth) = at;
        self.broken.push(Broken { what, reader, other, key: self.writes.keys[key as usize], value, nth });
    }

    fn take_reads(&mut self, choices: &mut Choices) {
        let mut latest = vec![NONE; self.writes.keys.len()];
        for (operation, index) in self.writes.history.operations.iter().zip(0..) {
            if !operation.is_ok() {
                continue;
            }
            for (key, found, own, nth) in reads_of(self.writes, index, &mut latest) {
                let Found::Value(value) = *found else { unreachable!("a read of a register found {found:?}") };
                let at = (index, key, nth);
                if own == NONE {
                    self.take(at, value, choices);
                } else if value != self.writes.value[own as usize] {
                    let is_later = |write: u32| write > own && self.writes.value[write as usize] == value;
                    let is_future = self.writes.own(index, key).any(is_later);
                    let what = if is_future { What::FutureRead } else { What::Internal };
                    self.broken(what, at, index, value);
                }
            }
        }
    }

    /// A read of what somebody else wrote.
    fn take(&mut self, at: (u32, u32, u32), value: Value, choices: &mut Choices) {
        let (operation, key, _) = at;
        let (rank, mut writers) = self.writers(operation, key, value);
        if writers.is_empty() {
            return self.broken(What::Garbage, at, NONE, value);
        }
        if self.level == Level::ReadUncommitted && rank < Rank::Own {
            // Registers show no order of writes that did not commit or were overwritten: whose this one was does not matter.
            return;
        }
        let writer = match writers[..] {
            [first, second, ..] if rank == Rank::Right => {
                self.ambiguous = Some(self.writes.ambiguity(key, value, first, second));
                writers.swap_remove(choices.pick(writers.len()))
            }
            _ => writers[0],
        };
        match rank {
            Rank::Right => {}
            Rank::Intermediate => self.broken(What::IntermediateRead, at, writer, value),
            Rank::Aborted => return self.broken(What::AbortedRead, at, writer, value),
            Rank::Own => return self.broken(What::FutureRead, at, writer, value),
        }
        if writer != NONE {
            self.seen[writer as usize] = true;
        }
        self.reads.push(RegisterRead { operation, key, writer });
    }

    /// The transactions that may have written what was read: those of the best rank that there is.
    fn writers(&self, reader: u32, key: u32, value: Value) -> (Rank, Vec<u32>) {
        let mut ranked: Vec<(Rank, u32)> = Vec::new();
        if value == self.initial[key as usize] {
            ranked.push((Rank::Right, NONE));
        }
        for write in self.writes.named(key, value) {
            let writer = self.writes.operation[*write as usize];
            let rank = match self.writes.outcome(writer) {
                _ if writer == reader => Rank::Own,
                Outcome::Fail => Rank::Aborted,
                _ if !self.writes.is_final[*write as usize] => Rank::Intermediate,
                _ => Rank::Right,
            };
            ranked.push((rank, writer));
        }
        let best = ranked.iter().map(|(rank, _)| *rank).min().unwrap_or(Rank::Right);
        (best, ranked.into_iter().filter(|(rank, _)| *rank == best).map(|(_, writer)| writer).collect())
    }
}

/// How right it is to read a write. What is not right is so at every level from read committed on; the own later write nowhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Right,
    Intermediate,
    Aborted,
    Own,
}
