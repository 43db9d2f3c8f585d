//! Histories for tests: of an object that answers as it should, and worse.

use super::oracle::Actor;
use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};
pub(super) use crate::loads::Chance;

/// How a history comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Every operation takes effect between its two instants.
    Correct,
    /// The same, but one answer is made up.
    Corrupted,
    /// Every process's operations take effect in their order, whenever.
    Reordered,
    /// All answers are made up.
    Random,
}

pub(super) const KINDS: [Kind; 4] = [Kind::Correct, Kind::Corrupted, Kind::Reordered, Kind::Random];

/// How large a history is, and how it is made up.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) count: usize,
    pub(super) processes: u64,
    pub(super) keys: u64,
    pub(super) values: u64,
    /// Of a hundred operations, so many are unknown.
    pub(super) unknown: u64,
}

struct Generator {
    chance: Chance,
    history: History,
    keys: Vec<Value>,
    values: Vec<Value>,
}

pub(super) fn history(seed: u64, model: Model, kind: Kind, shape: Shape) -> History {
    let mut generator = Generator::new(seed, model, shape);
    generator.operations(shape);
    generator.answer(kind);
    generator.history
}

impl Generator {
    fn new(seed: u64, model: Model, shape: Shape) -> Generator {
        let mut names = Names::default();
        let value = |number: u64, names: &mut Names| match model {
            Model::Kv => names.text(&"abcdefgh"[number as usize..=number as usize]),
            _ => names.int(number as i64),
        };
        let values: Vec<Value> = (0..shape.values).map(|number| value(number, &mut names)).collect();
        let is_keyed = matches!(model, Model::Kv | Model::MultiRegister | Model::ListAppend | Model::RwRegister);
        let mut keys: Vec<Value> = (0..shape.keys).map(|key| names.text(&format!("k{key}"))).collect();
        if shape.keys == 1 && !is_keyed {
            keys = vec![Value::NULL];
        }
        let mut chance = Chance::new(seed);
        let init = init(&mut chance, model, &keys, &values);
        let (source, time) = (String::new(), TimeUnit::Unspecified);
        Generator { chance, history: History { model, init, source, time, operations: Vec::new(), names }, keys, values }
    }

    /// Operations without answers.
    fn operations(&mut self, shape: Shape) {
        let mut processes: Vec<(i64, i64)> = (0..shape.processes as i64).map(|process| (process, 0)).collect();
        let mut operations = Vec::new();
        for _ in 0..shape.count {
            let slot = self.chance.below(shape.processes) as usize;
            let (process, free_at) = processes[slot];
            let invoke = free_at + self.chance.below(4) as i64;
            let end = invoke + self.chance.below(9) as i64;
            let (key, call) = (self.key(), self.call());
            let key = if matches!(call, Call::Transaction(_)) { Value::NULL } else { key };
            let (outcome, response) = match self.chance.below(100) {
                chance if chance < shape.unknown => (Outcome::Unknown, None),
                chance if chance < shape.unknown + 8 => (Outcome::Fail, Some(end)),
                _ => (Outcome::Ok(Answer::Done), Some(end)),
            };
            processes[slot] = if response.is_some() { (process, end) } else { (process + shape.processes as i64, end) };
            operations.push(Operation { id: 0, process, key, call, outcome, invoke, response });
        }
        operations.sort_by_key(|operation| operation.invoke);
        operations.iter_mut().zip(0..).for_each(|(operation, id)| operation.id = id);
        self.history.operations = operations;
    }

    /// What is answered.
    fn answer(&mut self, kind: Kind) {
        let mut actor = Actor::new();
        for index in self.order(kind) {
            let operation = self.history.operations[index].clone();
            let takes_effect = match operation.outcome {
                Outcome::Ok(_) => true,
                Outcome::Fail => false,
                Outcome::Unknown => self.chance.below(2) == 0,
            };
            if !takes_effect {
                continue;
            }
            let answer = match kind {
                Kind::Random => Some(self.made_up(&operation.call)),
                _ => actor.carry_out(&mut self.history, &operation).map(|answer| self.told(&operation.call, answer)),
            };
            let outcome = &mut self.history.operations[index].outcome;
            if let Outcome::Ok(_) = outcome {
                *outcome = answer.map_or(Outcome::Fail, Outcome::Ok);
            }
        }
        if kind == Kind::Corrupted && !self.history.operations.is_empty() {
            let victim = self.chance.below(self.history.operations.len() as u64) as usize;
            let answer = self.made_up(&self.history.operations[victim].call.clone());
            if self.history.operations[victim].is_ok() {
                self.history.operations[victim].outcome = Outcome::Ok(answer);
            }
        }
    }

    /// In which order operations take effect.
    fn order(&mut self, kind: Kind) -> Vec<usize> {
        let mut latest = std::collections::BTreeMap::new();
        let mut instants: Vec<(i64, usize)> = Vec::new();
        for (index, operation) in self.history.operations.iter().enumerate() {
            let length = operation.response.unwrap_or(operation.invoke + 12) - operation.invoke;
            let mut instant = operation.invoke + self.chance.below(length as u64 + 1) as i64;
            if kind == Kind::Reordered {
                let begins = latest.get(&operation.process).copied().unwrap_or(0);
                instant = begins + self.chance.below(12) as i64;
                latest.insert(operation.process, instant);
            }
            instants.push((instant, index));
        }
        instants.sort_unstable();
        instants.into_iter().map(|(_, index)| index).collect()
    }

    fn key(&mut self) -> Value {
        self.keys[self.chance.below(self.keys.len() as u64) as usize]
    }

    fn value(&mut self) -> Value {
        self.values[self.chance.below(self.values.len() as u64) as usize]
    }

    fn call(&mut self) -> Call {
        let (dice, value) = (self.chance.below(12), self.value());
        match self.history.model {
            Model::Register | Model::MultiRegister | Model::CasRegister if dice < 4 => Call::Read,
            Model::Register => Call::Write(value),
            Model::CasRegister | Model::MultiRegister if dice < 6 => Call::Write(value),
            Model::MultiRegister if dice < 9 => self.transaction(),
            Model::CasRegister | Model::MultiRegister => Call::Cas { expected: self.value(), new: value },
            Model::Kv => match dice {
                0..5 => Call::Read,
                5..7 => Call::Write(value),
                _ => Call::Append(value),
            },
            Model::Mutex if dice < 6 => Call::Acquire,
            Model::Mutex => Call::Release,
            Model::Queue | Model::Stack if dice < 6 => Call::Insert(value),
            Model::Queue | Model::Stack => Call::Take,
            Model::Set => match dice {
                0..4 => Call::Add(value),
                4..6 => Call::Remove(value),
                6..9 => Call::Contains(value),
                _ => Call::Read,
            },
            Model::Counter if dice < 5 => Call::Read,
            Model::Counter => Call::Increment(self.chance.below(5) as i64 - 1),
            _ => self.transaction(),
        }
    }

    fn transaction(&mut self) -> Call {
        let count = 1 + self.chance.below(3);
        let access = |_| {
            let act = if self.chance.below(2) == 0 { Act::Read } else { Act::Write(self.value()) };
            Access { key: self.key(), act }
        };
        Call::Transaction((0..count).map(access).collect())
    }

    /// An answer as it may be told: sets need not say whether they changed, and tell their elements in any order.
    fn told(&mut self, call: &Call, answer: Answer) -> Answer {
        let is_change = matches!(call, Call::Add(_) | Call::Remove(_));
        match answer {
            Answer::Flag(_) if is_change && self.chance.below(2) == 0 => Answer::Done,
            Answer::Values(mut values) => {
                values.reverse();
                Answer::Values(values)
            }
            answer => answer,
        }
    }

    fn made_up(&mut self, call: &Call) -> Answer {
        let maybe = |generator: &mut Generator| match generator.chance.below(4) {
            0 => Value::NULL,
            _ => generator.value(),
        };
        let flag = self.chance.below(2) == 0;
        match (call, self.history.model) {
            (Call::Read, Model::Counter) => Answer::Number(self.chance.below(7) as i64 - 1),
            (Call::Read, Model::Set) => Answer::Values(self.some_values().into()),
            (Call::Read, Model::Kv) => {
                let text: String = self.some_values().iter().map(|value| self.history.names.tell(*value)).collect();
                Answer::Value(self.history.names.text(&text))
            }
            (Call::Read | Call::Take, _) => Answer::Value(maybe(self)),
            (Call::Cas { .. } | Call::Contains(_), _) => Answer::Flag(flag),
            (Call::Add(_) | Call::Remove(_), _) if self.chance.below(2) == 0 => Answer::Flag(flag),
            (Call::Transaction(accesses), model) => {
                let reads = accesses.iter().filter(|access| access.act == Act::Read).count();
                let found = (0..reads).map(|_| match model {
                    Model::ListAppend => Found::List(self.some_values().into()),
                    _ => Found::Value(maybe(self)),
                });
                Answer::Found(found.collect())
            }
            _ => Answer::Done,
        }
    }

    fn some_values(&mut self) -> Vec<Value> {
        (0..self.chance.below(4)).map(|_| self.value()).collect()
    }
}

fn init(chance: &mut Chance, model: Model, keys: &[Value], values: &[Value]) -> Init {
    if chance.below(2) == 0 {
        return Init::Default;
    }
    match model {
        Model::Register | Model::CasRegister | Model::Kv => Init::Value(values[0]),
        Model::MultiRegister | Model::RwRegister => Init::Keyed(vec![(keys[0], values[0])]),
        Model::Mutex => Init::Held(chance.below(2) == 0),
        Model::Queue | Model::Stack => Init::Values(vec![values[0], values[1]]),
        Model::Set => Init::Values(vec![values[0]]),
        Model::Counter => Init::Number(2),
        _ => Init::Default,
    }
}
