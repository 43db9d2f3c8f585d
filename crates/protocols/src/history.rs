//! What clients asked and were told in a run, as the judges and other programs want it: a [`History`]. How one protocol's requests
//! and answers stand in it is a [`Telling`].

use crate::harness::Seen;
use quorate_check::history::{Answer, Call, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};
use quorate_engine::Actor;
use quorate_engine::outcome::{OperationOutcome, OperationStatus};

/// How a protocol's requests and answers stand in a history.
pub(crate) struct Telling<A: Actor> {
    /// The object that clients see.
    pub(crate) model: Model,
    /// The key, where there is one, and what was asked.
    pub(crate) call: fn(&A::Request, &mut Names) -> (Value, Call),
    /// What was answered.
    pub(crate) answer: fn(&A::Response, &mut Names) -> Answer,
}

/// Everything that clients asked and were told. Operations have their numbers as ids. A client is a process of its number for as long
/// as it works in sequence: what it asks while it waits, or after it gave up waiting, belongs to that number plus a multiple of the
/// number of clients.
pub(crate) fn history<A: Actor>(telling: &Telling<A>, seen: &Seen<'_, A>, outcomes: &[OperationOutcome]) -> History {
    let mut names = Names::default();
    let mut lanes = Lanes::new(outcomes);
    let mut sent: Vec<(u64, usize)> =
        outcomes.iter().zip(0..).filter_map(|(outcome, number)| Some((outcome.invoked()?.0, number))).collect();
    sent.sort_unstable();
    let operation = |(invoke, number): (u64, usize)| {
        let (outcome, (request, answer)) = (&outcomes[number], &seen.answers[number]);
        let heard = outcome.completed().map(|at| time(at.0));
        let (known, response) = match (outcome.status, answer, heard) {
            (OperationStatus::Ok, Some(answer), Some(at)) => (Outcome::Ok((telling.answer)(answer, &mut names)), Some(at)),
            (OperationStatus::Refused, _, Some(at)) => (Outcome::Fail, Some(at)),
            _ => (Outcome::Unknown, None),
        };
        let invoke = time(invoke);
        let process = lanes.process(outcome.client, invoke, response);
        let (key, call) = (telling.call)(request, &mut names);
        Operation { id: number as i64, process, key, call, outcome: known, invoke, response }
    };
    let operations = sent.into_iter().map(operation).collect();
    let source = String::new();
    History { model: telling.model, init: Init::Default, source, time: TimeUnit::Nanoseconds, operations, names }
}

/// The histories' numbers end 292 years after the start; nothing is told of what comes later but that it does.
fn time(nanos: u64) -> i64 {
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

/// Which processes each client is.
struct Lanes {
    /// For each client the processes that may go on, with the end of what each did last, and the number of all that it has.
    of: Vec<(Vec<(i64, i64)>, i64)>,
}

impl Lanes {
    fn new(outcomes: &[OperationOutcome]) -> Lanes {
        let clients = outcomes.iter().map(|outcome| outcome.client + 1).max().unwrap_or(0);
        Lanes { of: vec![(Vec::new(), 0); clients as usize] }
    }

    /// The process of a client's operation.
    fn process(&mut self, client: u32, invoke: i64, response: Option<i64>) -> i64 {
        let clients = self.of.len() as i64;
        let (free, count) = &mut self.of[client as usize];
        let process = match free.iter().position(|(_, end)| *end <= invoke) {
            Some(place) => free.remove(place).0,
            None => {
                *count += 1;
                i64::from(client) + clients * (*count - 1)
            }
        };
        // Who does not know what became of an operation does not go on.
        free.extend(response.map(|end| (process, end)));
        process
    }
}

/// The key's name.
pub(crate) fn key(key: u32, names: &mut Names) -> Value {
    names.text(&key.to_string())
}

/// The value's name. Values that the simulator makes up count operations, and stay below 2^63.
pub(crate) fn value(value: u64, names: &mut Names) -> Value {
    names.int(value.cast_signed())
}

/// The name of a value that there may be.
pub(crate) fn held(held: Option<u64>, names: &mut Names) -> Value {
    held.map_or(Value::NULL, |held| value(held, names))
}
