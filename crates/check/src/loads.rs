//! Histories of any size to measure the checkers with: right by construction, as each operation takes effect at an instant between its
//! two, or with one answer changed. Benchmarks and tests use them; no verdict depends on them.

use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};
use std::collections::BTreeMap;

/// Draws from splitmix64 (Steele, Lea and Flood, 2014).
pub struct Chance(u64);

impl Chance {
    /// Draws that a seed gives.
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `bound`; the tiny favour to small ones is no matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ word >> 31) % bound
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// When an operation begins, takes effect and ends.
struct Span {
    process: i64,
    invoke: i64,
    effect: i64,
    response: i64,
}

/// Processes that each ask again as soon as they are answered, in the order in which their operations take effect.
fn spans(chance: &mut Chance, processes: u64, operations: usize) -> Vec<Span> {
    let mut free: Vec<i64> = (0..processes).map(|_| chance.below(1_000).cast_signed()).collect();
    let mut spans = Vec::with_capacity(operations);
    for _ in 0..operations {
        let process = (0..free.len()).min_by_key(|process| free[*process]).unwrap_or(0);
        let invoke = free[process] + chance.below(100).cast_signed();
        let effect = invoke + chance.below(1_000).cast_signed();
        let response = effect + chance.below(1_000).cast_signed();
        free[process] = response + 1;
        spans.push(Span { process: process as i64, invoke, effect, response });
    }
    spans.sort_by_key(|span| (span.effect, span.process));
    spans
}

/// A history of what happened at these spans, in the order of their effects.
fn history(model: Model, names: Names, happened: Vec<Happened>) -> History {
    let mut operations: Vec<Operation> = happened
        .into_iter()
        .map(|(span, key, call, answer)| Operation {
            id: 0,
            process: span.process,
            key,
            call,
            outcome: Outcome::Ok(answer),
            invoke: span.invoke,
            response: Some(span.response),
        })
        .collect();
    operations.sort_by_key(|operation| (operation.invoke, operation.process));
    for (operation, id) in operations.iter_mut().zip(0..) {
        operation.id = id;
    }
    let source = "made to measure with".to_string();
    History { model, init: Init::Default, source, time: TimeUnit::Unspecified, operations, names }
}

/// Reads, writes and compare-and-sets of five values on one register, by so many clients at once. If `wrong`, one of the last reads
/// finds a value that was there once, but has been overwritten for certain.
pub fn cas_register(clients: u64, operations: usize, wrong: bool, seed: u64) -> History {
    let mut chance = Chance::new(seed);
    let mut names = Names::default();
    let values: Vec<Value> = (0..5).map(|value| names.int(value)).collect();
    let mut held = Value::NULL;
    let mut happened = Vec::with_capacity(operations);
    for span in spans(&mut chance, clients, operations) {
        let one = |chance: &mut Chance| values[chance.below(5) as usize];
        let (call, answer) = match chance.below(3) {
            0 => (Call::Read, Answer::Value(held)),
            1 => {
                held = one(&mut chance);
                (Call::Write(held), Answer::Done)
            }
            _ => {
                let (expected, new) = (one(&mut chance), one(&mut chance));
                let swaps = expected == held;
                held = if swaps { new } else { held };
                (Call::Cas { expected, new }, Answer::Flag(swaps))
            }
        };
        happened.push((span, Value::NULL, call, answer));
    }
    if wrong {
        let reads = (0..happened.len()).rev().filter(|place| happened[*place].2 == Call::Read);
        let stale = reads.filter_map(|place| Some((place, overwritten(&happened, place, &values)?))).nth(3);
        let (place, value) = stale.expect("such a read in a history that is long enough");
        happened[place].3 = Answer::Value(value);
    }
    history(Model::CasRegister, names, happened)
}

type Happened = (Span, Value, Call, Answer);

/// A value that the read cannot find: whatever makes it had returned before another value's write was asked, which returned before
/// the read was.
fn overwritten(happened: &[Happened], read: usize, values: &[Value]) -> Option<Value> {
    let (invoke, response) = (happened[read].0.invoke, happened[read].0.response);
    let makes = |call: &Call, value: Value| match call {
        Call::Write(new) | Call::Cas { new, .. } => *new == value,
        _ => false,
    };
    values.iter().copied().find(|value| {
        let makers = happened.iter().filter(|(span, _, call, _)| span.invoke <= response && makes(call, *value));
        let last = makers.map(|(span, ..)| span.response).max().unwrap_or(0);
        happened.iter().any(|(span, _, call, _)| {
            matches!(call, Call::Write(other) if other != value) && span.invoke > last && span.response < invoke
        })
    })
}

/// Texts under two keys: one on which so many clients append at once and no order explains the end, and, later, one that answers what
/// nobody put there.
pub fn hard_and_wrong(clients: i64) -> History {
    let mut names = Names::default();
    let (hard, easy) = (names.text("hard"), names.text("easy"));
    let mut happened = Vec::new();
    let span = |process, invoke, response| Span { process, invoke, effect: invoke, response };
    for client in 0..clients {
        let text = names.text(&format!("{client},"));
        happened.push((span(client, client, 1_000), hard, Call::Append(text), Answer::Done));
    }
    // All but the first are there, so that every order of these must be tried.
    let rest: String = (1..clients).rev().map(|client| format!("{client},")).collect();
    happened.push((span(0, 2_000, 3_000), hard, Call::Read, Answer::Value(names.text(&rest))));
    happened.push((span(1, 2_000, 3_000), easy, Call::Write(names.text("a")), Answer::Done));
    happened.push((span(1, 4_000, 5_000), easy, Call::Read, Answer::Value(names.text("b"))));
    history(Model::Kv, names, happened)
}

/// Serializable transactions of one to four appends and reads each, by ten processes, on ten keys at a time, each of which is left
/// after so many appends, as Elle's own benchmarks do.
pub fn list_append(transactions: usize, seed: u64) -> History {
    const KEYS: u64 = 10;
    const APPENDS_MAX: usize = 32;
    let mut chance = Chance::new(seed);
    let mut names = Names::default();
    let mut key_of: Vec<i64> = (0..KEYS.cast_signed()).collect();
    let mut next_key = KEYS.cast_signed();
    let mut lists: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    let mut happened = Vec::with_capacity(transactions);
    for span in spans(&mut chance, 10, transactions) {
        let (mut accesses, mut found) = (Vec::new(), Vec::new());
        for _ in 0..1 + chance.below(4) {
            let place = chance.below(KEYS) as usize;
            let key = key_of[place];
            let name = names.text(&key.to_string());
            let list = lists.entry(key).or_default();
            if chance.below(2) == 0 {
                accesses.push(Access { key: name, act: Act::Read });
                found.push(Found::List(list.as_slice().into()));
            } else {
                let value = names.int(list.len() as i64);
                list.push(value);
                accesses.push(Access { key: name, act: Act::Write(value) });
            }
            if list.len() == APPENDS_MAX {
                lists.remove(&key);
                key_of[place] = next_key;
                next_key += 1;
            }
        }
        happened.push((span, Value::NULL, Call::Transaction(accesses.into()), Answer::Found(found.into())));
    }
    history(Model::ListAppend, names, happened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{read::Reader, write};

    #[test]
    fn what_is_made_is_a_history() {
        for history in [cas_register(10, 500, false, 1), cas_register(10, 500, true, 1), hard_and_wrong(8), list_append(500, 1)] {
            let mut reader = Reader::new(None, u64::MAX);
            for line in write::text(&history).lines() {
                reader.line(line.as_bytes()).expect("a line of a history");
            }
            assert_eq!(reader.finish().map(|read| write::text(&read)), Ok(write::text(&history)));
        }
    }
}
