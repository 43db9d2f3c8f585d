//! The parts of a history that are objects of their own, and the search of each.

use super::object::{Many, Object};
use super::objects::fates::Fates;
use super::objects::{counter, register, sequence, set, text};
use super::order::{Order, ProgramOrder, RealTime, Times};
use super::search::{Entry, Running, Search};
use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Operation, Outcome, Value};

mod foresee;

/// What an order of operations must respect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Respect {
    /// Whoever began after another had ended comes after it.
    RealTime,
    /// Every process did what it did in that order.
    ProgramOrder,
}

/// A part of a history that is an object of its own.
pub(super) struct Part<'a> {
    pub(super) history: &'a History,
    pub(super) respect: Respect,
    /// Its keys, in the order of their numbers.
    pub(super) keys: Vec<Value>,
    /// Its operations that may have taken effect, by index in the history.
    pub(super) operations: Vec<u32>,
}

/// The parts of a history. In real time keys are objects of their own (Herlihy and Wing's locality), but for those that transactions join,
/// directly or through others. In program order there is no locality.
pub(super) fn parts(history: &History, respect: Respect) -> Vec<Part<'_>> {
    let operations = || history.operations.iter().zip(0u32..).filter(|(operation, _)| operation.is_possible());
    let mut joined = Joined(Vec::new());
    for (operation, _) in operations() {
        let mut keys = keys(operation);
        if let Some(first) = keys.next() {
            joined.root(first);
            keys.for_each(|key| joined.join(first, key));
        }
    }
    let all: Vec<Value> = joined.keys().collect();
    if respect == Respect::ProgramOrder {
        all.windows(2).for_each(|pair| joined.join(pair[0], pair[1]));
    }
    // A root is the first of its keys.
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut places = vec![0; joined.0.len()];
    for key in all {
        let root = joined.root(key);
        if root == key {
            places[root.index()] = parts.len();
            parts.push(Part { history, respect, keys: Vec::new(), operations: Vec::new() });
        }
        parts[places[root.index()]].keys.push(key);
    }
    for (operation, index) in operations() {
        if let Some(key) = keys(operation).next() {
            parts[places[joined.root(key).index()]].operations.push(index);
        }
    }
    parts
}

/// Keys that are joined, as trees: by number each key's parent, a root's is itself. Invariant: no parent has a greater number.
struct Joined(Vec<Option<Value>>);

impl Joined {
    fn keys(&self) -> impl Iterator<Item = Value> {
        (0..).zip(&self.0).filter(|(_, parent)| parent.is_some()).map(|(number, _)| Value(number))
    }

    fn root(&mut self, key: Value) -> Value {
        if self.0.len() <= key.index() {
            self.0.resize(key.index() + 1, None);
        }
        let mut root = key;
        loop {
            let parent = *self.0[root.index()].get_or_insert(root);
            if parent == root {
                break;
            }
            root = parent;
        }
        let mut key = key;
        while key != root {
            key = self.0[key.index()].replace(root).expect("it is on the way to its root");
        }
        root
    }

    fn join(&mut self, a: Value, b: Value) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b).index()] = Some(a.min(b));
    }
}

/// The keys of an operation.
pub(super) fn keys(operation: &Operation) -> impl Iterator<Item = Value> + '_ {
    let (one, several): (Option<Value>, &[Access]) = match &operation.call {
        Call::Transaction(accesses) => (None, accesses),
        _ => (Some(operation.key), &[]),
    };
    one.into_iter().chain(several.iter().map(|access| access.key))
}

impl<'a> Part<'a> {
    /// What it is called in evidence; empty when the history is all of it and has no keys.
    pub(super) fn name(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|key| self.history.names.tell(*key)).collect();
        match &self.keys[..] {
            [Value::NULL] => String::new(),
            [_] => format!("key {}", names[0]),
            _ if self.respect == Respect::ProgramOrder => String::new(),
            _ => format!("keys {}", names.join(", ")),
        }
    }

    /// The search for an order of some of its operations. What was answered after `cut` is unknown then.
    pub(super) fn search(&self, operations: &[u32], cut: Option<i64>) -> Box<dyn Running + 'a> {
        match self.respect {
            Respect::RealTime => self.search_in::<RealTime>(operations, cut),
            Respect::ProgramOrder => self.search_in::<ProgramOrder>(operations, cut),
        }
    }

    fn search_in<T: Order + 'a>(&self, operations: &[u32], cut: Option<i64>) -> Box<dyn Running + 'a> {
        let history: &'a History = self.history;
        match history.model {
            Model::Register | Model::CasRegister | Model::MultiRegister | Model::RwRegister | Model::Mutex => {
                self.registers::<T>(operations, cut)
            }
            Model::Kv => {
                let first = match history.init {
                    Init::Value(value) => text::text(&history.names, value),
                    _ => "",
                };
                self.many::<_, T>(
                    operations,
                    cut,
                    |_| text::Text::new(first),
                    |operation, answer| one(text::op(&history.names, &operation.call, answer).map(|op| (operation.key, op))),
                )
            }
            Model::Queue | Model::Stack => {
                let is_stack = history.model == Model::Stack;
                let first = |key| {
                    let fates = foresee::fates(self, operations, cut, key);
                    sequence::Store::new(elements(history), is_stack, Fates::new(fates, is_stack))
                };
                self.many::<_, T>(operations, cut, first, |operation, answer| {
                    one(sequence::op(&operation.call, answer).map(|op| (operation.key, op)))
                })
            }
            Model::Set => self.many::<_, T>(
                operations,
                cut,
                |_| set::Set::new(elements(history)),
                |operation, answer| one(set::op(&operation.call, answer).map(|op| (operation.key, op))),
            ),
            Model::Counter => {
                let first = match history.init {
                    Init::Number(number) => i128::from(number),
                    _ => 0,
                };
                self.many::<_, T>(
                    operations,
                    cut,
                    |_| counter::Counter(first),
                    |operation, answer| one(counter::op(&operation.call, answer).map(|op| (operation.key, op))),
                )
            }
            Model::ListAppend => {
                let longest = foresee::longest(self, operations, cut);
                let first = |key| sequence::List::new(longest.get(&key).copied().unwrap_or_default());
                self.many::<_, T>(operations, cut, first, list_accesses)
            }
            Model::UniqueIds | Model::Broadcast => unreachable!("{} has no order", history.model.name()),
        }
    }

    fn registers<T: Order + 'a>(&self, operations: &[u32], cut: Option<i64>) -> Box<dyn Running + 'a> {
        let history = self.history;
        let is_single = |index: &u32| !matches!(history.operations[*index as usize].call, Call::Transaction(_));
        if let ([key], true) = (&self.keys[..], operations.iter().all(is_single)) {
            let entries = self.entries(operations, cut, |operation, answer| register::op(&operation.call, answer));
            return Box::new(Search::<_, T>::new(self.register(*key), entries));
        }
        self.many::<_, T>(
            operations,
            cut,
            |key| self.register(key),
            |operation, answer| match &operation.call {
                Call::Transaction(accesses) => register_accesses(accesses, answer),
                call => one(register::op(call, answer).map(|op| (operation.key, op))),
            },
        )
    }

    /// The register of a key at the start.
    fn register(&self, key: Value) -> register::Register {
        match &self.history.init {
            Init::Held(is_held) => register::Register::lock(*is_held),
            _ if self.history.model == Model::Mutex => register::Register::lock(false),
            _ => register::Register::new(self.history.initial(key)),
        }
    }

    fn many<O: Object + 'a, T: Order + 'a>(
        &self,
        operations: &[u32],
        cut: Option<i64>,
        first: impl Fn(Value) -> O,
        accesses: impl Fn(&'a Operation, Option<&'a Answer>) -> Option<Vec<(Value, O::Op)>>,
    ) -> Box<dyn Running + 'a> {
        let slot = |key: Value| self.keys.binary_search(&key).expect("a key of the part") as u32;
        let entries = self.entries(operations, cut, |operation, answer| {
            accesses(operation, answer).map(|each| each.into_iter().map(|(key, op)| (slot(key), op)).collect::<Box<[_]>>())
        });
        let name = |key: &Value| format!("key {}", self.history.names.tell(*key));
        let names = if self.keys.len() == 1 { Vec::new() } else { self.keys.iter().map(name).collect() };
        let objects = self.keys.iter().map(|key| first(*key)).collect();
        Box::new(Search::<Many<O>, T>::new(Many::new(objects, names), entries))
    }

    fn entries<Op>(
        &self,
        operations: &[u32],
        cut: Option<i64>,
        op: impl Fn(&'a Operation, Option<&'a Answer>) -> Option<Op>,
    ) -> Vec<Entry<Op>> {
        let history = self.history;
        let entry = |index: &u32| {
            let operation = &history.operations[*index as usize];
            let answer = answer_by(operation, cut);
            let response = operation.response.filter(|_| answer.is_some());
            let times = Times { process: operation.process, invoke: operation.invoke, response };
            op(operation, answer).map(|op| Entry { op, times, source: *index })
        };
        operations.iter().filter_map(entry).collect()
    }
}

/// An operation's answer, if it came by then.
fn answer_by(operation: &Operation, cut: Option<i64>) -> Option<&Answer> {
    operation.answer().filter(|_| cut.is_none_or(|cut| operation.response.is_some_and(|response| response <= cut)))
}

/// The elements of a queue, stack or set at the start.
pub(super) fn elements(history: &History) -> &[Value] {
    match &history.init {
        Init::Values(values) => values,
        _ => &[],
    }
}

fn one<Op>(access: Option<(Value, Op)>) -> Option<Vec<(Value, Op)>> {
    access.map(|access| vec![access])
}

/// What a transaction on registers comes to; `None` when it neither tells nor changes anything.
fn register_accesses(accesses: &[Access], answer: Option<&Answer>) -> Option<Vec<(Value, register::Op)>> {
    let mut found = found(answer);
    let each = accesses.iter().filter_map(|access| {
        let op = match access.act {
            Act::Write(value) => register::Op::Write(value),
            Act::Read => match found.next()? {
                Found::Value(value) => register::Op::Read(*value),
                Found::List(_) => unreachable!("a register holds no list"),
            },
        };
        Some((access.key, op))
    });
    Some(each.collect::<Vec<_>>()).filter(|each| !each.is_empty())
}

/// The same of a transaction on lists.
fn list_accesses<'a>(operation: &'a Operation, answer: Option<&'a Answer>) -> Option<Vec<(Value, sequence::ListOp<'a>)>> {
    let Call::Transaction(accesses) = &operation.call else { return None };
    let mut found = found(answer);
    let each = accesses.iter().filter_map(|access| {
        let op = match access.act {
            Act::Write(value) => sequence::ListOp::Append(value),
            Act::Read => match found.next()? {
                Found::List(values) => sequence::ListOp::read(values),
                Found::Value(_) => unreachable!("a list is no value"),
            },
        };
        Some((access.key, op))
    });
    Some(each.collect::<Vec<_>>()).filter(|each| !each.is_empty())
}

/// What the reads of a transaction found; nothing is known of them when there is no answer.
pub(super) fn found(answer: Option<&Answer>) -> std::slice::Iter<'_, Found> {
    match answer {
        Some(Answer::Found(found)) => found.iter(),
        _ => [].iter(),
    }
}

/// Whether an operation may have taken effect, as far as its client knows.
pub(super) fn is_owed(operation: &Operation) -> bool {
    matches!(operation.outcome, Outcome::Ok(_))
}
