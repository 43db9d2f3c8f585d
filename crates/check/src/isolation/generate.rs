//! Small histories of every kind, for tests: of databases that are serial, that give snapshots, or that read what is committed, and
//! of ones that answer at random; with one thing changed in many of them.

use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};
pub(super) use crate::loads::Chance;
use std::collections::BTreeMap;

/// How a database answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Style {
    /// One transaction after the other.
    Serial,
    /// From the state at the start, if nobody else wrote the same meanwhile.
    Snapshot,
    /// The same from an older state.
    OldSnapshot,
    /// Each access from what is committed.
    Committed,
    /// Any version.
    Random,
}

const STYLES: [Style; 5] = [Style::Serial, Style::Snapshot, Style::OldSnapshot, Style::Committed, Style::Random];

type Store = BTreeMap<Value, Vec<Value>>;

/// What a generated history is made of.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) transactions: u64,
    pub(super) keys: u64,
    pub(super) accesses: u64,
    pub(super) processes: u64,
}

struct Making {
    chance: Chance,
    names: Names,
    model: Model,
    init: Init,
    style: Style,
    size: Size,
    /// Values may come twice.
    repeats: bool,
    /// Every state that was committed.
    states: Vec<Store>,
    /// Which keys each commit wrote.
    commits: Vec<Vec<Value>>,
    written: i64,
    operations: Vec<Operation>,
}

/// A transaction under way.
struct Open {
    operation: usize,
    accesses: Vec<Access>,
    /// The number of commits at its start.
    start: usize,
    snapshot: Store,
    own: Vec<Access>,
    found: Vec<Found>,
    done: usize,
    is_committed: bool,
}

/// A small history.
pub(super) fn history(model: Model, seed: u64) -> History {
    let mut chance = Chance::new(seed);
    let size = Size {
        transactions: 2 + chance.below(5),
        keys: 1 + chance.below(3),
        accesses: 1 + chance.below(4),
        processes: 1 + chance.below(4),
    };
    let style = STYLES[chance.below(5) as usize];
    let changes = if chance.one_in(2) { 0 } else { 1 + chance.below(2) };
    let repeats = chance.one_in(6);
    let mut making = Making::new(model, size, style, repeats, chance);
    if model == Model::RwRegister && making.chance.one_in(4) {
        making.begin_with_a_value();
    }
    making.run();
    for _ in 0..changes {
        making.change();
    }
    making.finish()
}

/// A history of a database that is right, at any size.
pub(super) fn right(model: Model, size: Size, is_snapshot: bool, seed: u64) -> History {
    let style = if is_snapshot { Style::Snapshot } else { Style::Serial };
    let mut making = Making::new(model, size, style, false, Chance::new(seed));
    making.run();
    making.finish()
}

impl Making {
    fn new(model: Model, size: Size, style: Style, repeats: bool, chance: Chance) -> Making {
        let (names, states) = (Names::default(), vec![Store::new()]);
        let init = Init::Default;
        Making {
            init,
            chance,
            names,
            model,
            style,
            size,
            repeats,
            states,
            commits: Vec::new(),
            written: 0,
            operations: Vec::new(),
        }
    }

    fn finish(self) -> History {
        let (model, time) = (self.model, TimeUnit::Unspecified);
        History { model, init: self.init, source: String::new(), time, operations: self.operations, names: self.names }
    }

    fn run(&mut self) {
        let count = self.size.processes as usize;
        let mut open: Vec<Option<Open>> = (0..count).map(|_| None).collect();
        let mut processes: Vec<i64> = (0..count as i64).collect();
        let (mut time, mut begun) = (0, 0);
        while begun < self.size.transactions || open.iter().any(Option::is_some) {
            time += self.chance.below(2) as i64;
            let turn = self.chance.below(count as u64) as usize;
            match open[turn].take() {
                None if begun < self.size.transactions => {
                    begun += 1;
                    open[turn] = Some(self.begin(processes[turn], time));
                }
                None => {}
                Some(mut going) => {
                    if going.is_committed {
                        if self.end(going, time) {
                            processes[turn] += count as i64;
                        }
                    } else {
                        self.go_on(&mut going);
                        open[turn] = Some(going);
                    }
                }
            }
        }
    }

    fn begin_with_a_value(&mut self) {
        // One that nobody else writes, unless values come twice.
        let (key, value) = (self.names.text("k0"), self.names.int(if self.repeats { 1 } else { 0 }));
        self.init = Init::Keyed(vec![(key, value)]);
        self.states[0].insert(key, vec![value]);
    }

    fn begin(&mut self, process: i64, time: i64) -> Open {
        let accesses: Vec<Access> = (0..1 + self.chance.below(self.size.accesses)).map(|_| self.access()).collect();
        let call = Call::Transaction(accesses.clone().into());
        let id = self.operations.len() as i64;
        let outcome = Outcome::Unknown;
        self.operations.push(Operation { id, process, key: Value::NULL, call, outcome, invoke: time, response: None });
        let operation = id as usize;
        Open {
            operation,
            accesses,
            start: usize::MAX,
            snapshot: Store::new(),
            own: Vec::new(),
            found: Vec::new(),
            done: 0,
            is_committed: false,
        }
    }

    fn access(&mut self) -> Access {
        // Large histories move on from key to key.
        let key = self.chance.below(self.size.keys) + self.operations.len() as u64 / 200 * self.size.keys;
        let key = self.names.text(&format!("k{key}"));
        if self.chance.one_in(2) {
            return Access { key, act: Act::Read };
        }
        self.written += 1;
        let value = if self.repeats && self.chance.one_in(2) { 1 + self.chance.below(3) as i64 } else { self.written };
        Access { key, act: Act::Write(self.names.int(value)) }
    }

    /// The next step of a transaction.
    fn go_on(&mut self, open: &mut Open) {
        if open.start == usize::MAX {
            let now = self.states.len() - 1;
            open.start = match self.style {
                Style::OldSnapshot => now - self.chance.below(now as u64 + 1) as usize,
                _ => now,
            };
            if matches!(self.style, Style::Snapshot | Style::OldSnapshot) {
                open.snapshot = self.states[open.start].clone();
                (0..open.accesses.len()).for_each(|_| self.access_now(open));
                return;
            }
        }
        match self.style {
            Style::Serial => {
                open.snapshot = self.states[self.states.len() - 1].clone();
                (0..open.accesses.len()).for_each(|_| self.access_now(open));
            }
            Style::Committed | Style::Random if open.done < open.accesses.len() => {
                let now = self.states.len();
                let state = if self.style == Style::Random { self.chance.below(now as u64) as usize } else { now - 1 };
                open.snapshot = self.states[state].clone();
                for access in open.own.clone() {
                    put(self.model, &mut open.snapshot, access);
                }
                return self.access_now(open);
            }
            _ => {}
        }
        self.commit(open);
    }

    fn access_now(&mut self, open: &mut Open) {
        let access = open.accesses[open.done];
        open.done += 1;
        match access.act {
            Act::Write(_) => {
                put(self.model, &mut open.snapshot, access);
                open.own.push(access);
            }
            Act::Read => {
                let held = open.snapshot.get(&access.key).cloned().unwrap_or_default();
                open.found.push(match self.model {
                    Model::ListAppend => Found::List(held.into()),
                    _ => Found::Value(held.last().copied().unwrap_or(Value::NULL)),
                });
            }
        }
    }

    fn commit(&mut self, open: &mut Open) {
        open.is_committed = true;
        let keys: Vec<Value> = open.own.iter().map(|access| access.key).collect();
        let since = &self.commits[open.start.min(self.commits.len())..];
        let is_snapshot = matches!(self.style, Style::Snapshot | Style::OldSnapshot);
        let is_lost = is_snapshot && since.iter().flatten().any(|key| keys.contains(key));
        let outcome = &mut self.operations[open.operation].outcome;
        if is_lost {
            *outcome = Outcome::Fail;
            return;
        }
        *outcome = Outcome::Ok(Answer::Found(std::mem::take(&mut open.found).into()));
        if keys.is_empty() {
            return;
        }
        if self.chance.one_in(12) {
            // It may be told so or not.
            *outcome = if self.chance.one_in(2) { Outcome::Fail } else { Outcome::Unknown };
            return;
        }
        let mut store = self.states[self.states.len() - 1].clone();
        for access in &open.own {
            put(self.model, &mut store, *access);
        }
        self.states.push(store);
        self.commits.push(keys);
        if self.size.transactions > 100 {
            // Nobody looks at states that are so old.
            let old = self.states.len() - 1;
            if let Some(forgotten) = old.checked_sub(2 * self.size.processes as usize + 40) {
                self.states[forgotten] = Store::new();
            }
            self.forget_keys();
        }
    }

    /// Keys of long ago are not copied from state to state.
    fn forget_keys(&mut self) {
        let last = self.states.len() - 1;
        if self.states[last].len() as u64 > 6 * self.size.keys {
            let oldest = *self.states[last].keys().next().expect("there are some");
            self.states[last].remove(&oldest);
        }
    }

    /// Whether nobody heard of it.
    fn end(&mut self, open: Open, time: i64) -> bool {
        let is_lost = self.chance.one_in(12);
        let operation = &mut self.operations[open.operation];
        if is_lost && operation.is_ok() {
            operation.outcome = Outcome::Unknown;
        }
        operation.response = (operation.outcome != Outcome::Unknown).then_some(time);
        operation.outcome == Outcome::Unknown
    }

    /// Changes one answer, or whether a transaction committed.
    fn change(&mut self) {
        let index = self.chance.below(self.operations.len() as u64) as usize;
        if self.chance.one_in(4) {
            if self.operations[index].is_ok() {
                self.operations[index].outcome = Outcome::Fail;
            }
            return;
        }
        let all: Vec<Value> = (0..self.written.min(8)).map(|value| self.names.int(value)).collect();
        let Outcome::Ok(Answer::Found(answers)) = &mut self.operations[index].outcome else { return };
        if answers.is_empty() || all.is_empty() {
            return;
        }
        let place = self.chance.below(answers.len() as u64) as usize;
        let any = all[self.chance.below(all.len() as u64) as usize];
        answers[place] = match &answers[place] {
            Found::Value(_) if self.chance.one_in(4) => Found::Value(Value::NULL),
            Found::Value(_) => Found::Value(any),
            Found::List(list) => {
                let mut list = list.to_vec();
                match self.chance.below(4) {
                    0 => list.push(any),
                    1 => list.reverse(),
                    _ => drop(list.pop()),
                }
                Found::List(list.into())
            }
        };
    }
}

fn put(model: Model, store: &mut Store, access: Access) {
    let Act::Write(value) = access.act else { return };
    let held = store.entry(access.key).or_default();
    if model != Model::ListAppend {
        held.clear();
    }
    held.push(value);
}
