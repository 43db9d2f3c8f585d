//! What the tests of the judges share: chance from a seed, histories written down briefly, and how a verdict is compared.

use crate::Verdict;
use crate::budget::Budget;
use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};

/// Random numbers from a seed (splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5bf0_3635)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// A number from `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `low..=high`.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// More than any test needs.
pub(crate) fn ample() -> Budget<'static> {
    Budget::new(u64::MAX, u64::MAX)
}

/// Compares a verdict, as `name: evidence`, with how it should begin.
#[track_caller]
pub(crate) fn expect(verdict: &Verdict, expect: &str) {
    let text = format!("{}: {}", verdict.name(), verdict.evidence());
    assert!(text.starts_with(expect), "{text:?} does not start with {expect:?}");
}

/// A history being put together. Operations get ids from 0 in the order in which they are added.
pub(crate) struct Build {
    pub(crate) history: History,
}

impl Build {
    pub(crate) fn new(model: Model) -> Build {
        let history = History {
            model,
            init: Init::Default,
            source: String::new(),
            time: TimeUnit::Unspecified,
            operations: Vec::new(),
            names: Names::default(),
        };
        Build { history }
    }

    pub(crate) fn key(&mut self, key: &str) -> Value {
        if key.is_empty() { Value::NULL } else { self.history.names.text(key) }
    }

    pub(crate) fn int(&mut self, value: i64) -> Value {
        self.history.names.int(value)
    }

    pub(crate) fn push(&mut self, process: i64, key: Value, call: Call, outcome: Outcome, invoke: i64, response: i64) {
        let response = (outcome != Outcome::Unknown).then_some(response);
        let id = self.history.operations.len() as i64;
        self.history.operations.push(Operation { id, process, key, call, outcome, invoke, response });
    }

    /// The history, its operations sorted as they must be.
    pub(crate) fn finish(mut self) -> History {
        self.history.operations.sort_by_key(|operation| operation.invoke);
        self.history
    }
}

/// A history of sessions, all at the same time: `/` between sessions, words between operations. `wx1` writes 1 to x, `rx1` reads it,
/// `rx` finds nothing, `cx12` puts 2 where 1 was, `cx02` where nothing was; `?` after a word: its outcome is unknown, `!`: it failed. Keys are
/// a letter, values a digit; `(wx1,ry)` is a transaction. For lists `rx12` reads [1, 2].
pub(crate) fn sessions(model: Model, text: &str) -> History {
    let mut build = Build::new(model);
    for (process, session) in text.split('/').enumerate() {
        for (index, word) in session.split_whitespace().enumerate() {
            let at = 10 * index as i64;
            let mark = word.trim_start_matches(|letter| letter != '?' && letter != '!');
            let bare = word.trim_end_matches(['?', '!']);
            let (key, call, answer) = operation(&mut build, bare);
            let outcome = match mark {
                "?" => Outcome::Unknown,
                "!" => Outcome::Fail,
                _ => Outcome::Ok(answer),
            };
            build.push(process as i64, key, call, outcome, at, at + 5);
        }
    }
    build.finish()
}

fn operation(build: &mut Build, word: &str) -> (Value, Call, Answer) {
    if let Some(inner) = word.strip_prefix('(') {
        let (mut accesses, mut found) = (Vec::new(), Vec::new());
        for word in inner.trim_end_matches(')').split(',') {
            let key = build.history.names.text(&word[1..2]);
            let values: Vec<Value> = word[2..].bytes().map(|digit| build.int(i64::from(digit - b'0'))).collect();
            if word.starts_with('r') {
                accesses.push(Access { key, act: Act::Read });
                found.push(match build.history.model {
                    Model::ListAppend => Found::List(values.into()),
                    _ => Found::Value(values.first().copied().unwrap_or(Value::NULL)),
                });
            } else {
                accesses.push(Access { key, act: Act::Write(values[0]) });
            }
        }
        return (Value::NULL, Call::Transaction(accesses.into()), Answer::Found(found.into()));
    }
    let key = build.key(&word[1..2]);
    let values: Vec<Value> =
        word[2..].bytes().map(|digit| if digit == b'0' { Value::NULL } else { build.int(i64::from(digit - b'0')) }).collect();
    match word.as_bytes()[0] {
        b'w' => (key, Call::Write(values[0]), Answer::Done),
        b'a' => (key, Call::Append(values[0]), Answer::Done),
        b'r' => (key, Call::Read, Answer::Value(values.first().copied().unwrap_or(Value::NULL))),
        b'c' => (key, Call::Cas { expected: values[0], new: values[1] }, Answer::Flag(true)),
        b'f' => (key, Call::Cas { expected: values[0], new: values[1] }, Answer::Flag(false)),
        _ => panic!("{word:?} is no operation"),
    }
}

/// A read or write of a small history, as the oracles of sessions and causality have it: a read of 0 finds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) session: usize,
    pub(crate) is_write: bool,
    pub(crate) key: u8,
    /// A digit; of a read of a list its elements as digits.
    pub(crate) value: u32,
}

/// The same as [`sessions`] reads it. Steps must be session by session.
pub(crate) fn steps_text(steps: &[Step]) -> String {
    let mut text = String::new();
    let mut session = 0;
    for step in steps {
        while session < step.session {
            text.push_str(" /");
            session += 1;
        }
        let name = if step.is_write { 'w' } else { 'r' };
        let key = (b'x' + step.key) as char;
        text.push_str(&if step.value == 0 { format!(" {name}{key}") } else { format!(" {name}{key}{}", step.value) });
    }
    text
}

/// A small history: writes of different values, reads of any of those or of nothing; `kinds` of it are truthful, as if there were one
/// store, and then perhaps one read is changed.
pub(crate) fn steps(chance: &mut Chance, lengths: &[usize], keys: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    for (session, length) in lengths.iter().enumerate() {
        for _ in 0..*length {
            let (is_write, key) = (chance.one_in(2), chance.below(keys) as u8);
            steps.push(Step { session, is_write, key, value: 0 });
        }
    }
    let mut written = [0u32; 4];
    for step in steps.iter_mut().filter(|step| step.is_write) {
        written[step.key as usize] += 1;
        step.value = written[step.key as usize];
    }
    let truthful = chance.one_in(2);
    if truthful {
        let mut store = [0u32; 4];
        let mut next: Vec<usize> = lengths
            .iter()
            .scan(0, |sum, length| {
                *sum += length;
                Some(*sum - length)
            })
            .collect();
        for _ in 0..steps.len() {
            let open: Vec<usize> = (0..lengths.len())
                .filter(|session| steps.get(next[*session]).is_some_and(|step| step.session == *session))
                .collect();
            let session = *chance.pick(&open);
            let step = &mut steps[next[session]];
            next[session] += 1;
            if step.is_write { store[step.key as usize] = step.value } else { step.value = store[step.key as usize] }
        }
    }
    let reads: Vec<usize> = (0..steps.len()).filter(|index| !steps[*index].is_write).collect();
    let changed: Vec<usize> = match (truthful, reads.is_empty()) {
        (_, true) => Vec::new(),
        (false, false) => reads,
        (true, false) => {
            if chance.one_in(2) {
                vec![*chance.pick(&reads)]
            } else {
                Vec::new()
            }
        }
    };
    // Reads of nothing are refuted easily; half of the histories have few of them.
    let seldom_nothing = chance.one_in(2);
    for read in changed {
        let most = u64::from(written[steps[read].key as usize]);
        let least = u64::from(seldom_nothing && most > 0);
        steps[read].value = (least + chance.below(most + 1 - least)) as u32;
    }
    steps
}

/// When an operation of a random history is sent and ends, by a process that does one at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) process: i64,
    pub(crate) invoke: i64,
    pub(crate) response: i64,
    /// Its client never hears of it; the process ends with it.
    pub(crate) unknown: bool,
    /// An instant at which it may take effect; `None` if it never does, which only an unknown one may.
    pub(crate) point: Option<i64>,
}

/// So many random operations in the order of their invocations; one in `unknown` has an unknown outcome.
pub(crate) fn slots(chance: &mut Chance, count: u64, processes: u64, unknown: u64) -> Vec<Slot> {
    let mut next: Vec<(i64, i64)> = (0..processes as i64).map(|process| (process, 0)).collect();
    let mut slots = Vec::new();
    for _ in 0..count {
        let (process, clock) = &mut next[chance.below(processes) as usize];
        let invoke = *clock + chance.within(0, 3);
        let response = invoke + chance.within(0, 5);
        let unknown = chance.one_in(unknown);
        let point = match unknown {
            true => (!chance.one_in(3)).then(|| chance.within(invoke, invoke + 20)),
            false => Some(chance.within(invoke, response)),
        };
        slots.push(Slot { process: *process, invoke, response, unknown, point });
        *clock = response;
        *process += if unknown { processes as i64 } else { 0 };
    }
    slots.sort_by_key(|slot| slot.invoke);
    slots
}

/// The slots that take effect, by index, in the order in which they do.
pub(crate) fn in_effect(slots: &[Slot]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..slots.len()).filter(|index| slots[*index].point.is_some()).collect();
    order.sort_by_key(|index| slots[*index].point);
    order
}
