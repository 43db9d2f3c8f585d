//! What clients of a replicated store saw, as the judges want it, and the checks that its protocols share.

use super::machine::{Access, Request, Response};
use crate::harness::Seen;
use crate::registry::{Check, CheckInfo, Report};
use quorate_check::budget::Budget;
use quorate_check::history::{self, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};
use quorate_check::{Verdict, durable, linearizable};
use quorate_engine::outcome::{OperationOutcome, OperationStatus};
use quorate_engine::{Actor, OpId, Time};

pub(crate) const LINEARIZABLE: CheckInfo = CheckInfo {
    name: "linearizable",
    summary: "all that clients were told fits one order of their operations, each between its request and its answer",
};

pub(crate) const NOTHING_LOST: CheckInfo = CheckInfo {
    name: "nothing-lost",
    summary: "every acknowledged write is in the log at the end, once, in an order that clients could see",
};

pub(crate) const WRITTEN: CheckInfo =
    CheckInfo { name: "written", summary: "every value that a client was told was asked to be written there" };

/// Operations that the search for an order tries to place before it gives up.
const STEPS_MAX: u64 = 20_000_000;
/// Bytes that it may hold.
const BYTES_MAX: u64 = 1 << 30;

/// An actor that serves registers.
pub(crate) trait Serves: Actor<Request = Request, Response = Response> {}

impl<A: Actor<Request = Request, Response = Response>> Serves for A {}

/// Everything that clients asked and were told, as `quorate/1` has it.
pub(crate) fn history<A: Serves>(seen: &Seen<'_, A>, report: &Report) -> History {
    let mut names = Names::default();
    let mut sent: Vec<Operation> = operations(seen, report)
        .filter_map(|(number, request, response, operation)| {
            let invoke = nanos(operation.invoked()?);
            let outcome = match (operation.status, response) {
                (OperationStatus::Refused, _) => Outcome::Fail,
                (OperationStatus::Ok, Some(response)) => Outcome::Ok(answer(&mut names, response)),
                _ => Outcome::Unknown,
            };
            let response = (outcome != Outcome::Unknown).then(|| operation.completed().map_or(invoke, nanos));
            let (key, call) = call(&mut names, request);
            let process = i64::from(operation.client);
            Some(Operation { id: i64::from(number), process, key, call, outcome, invoke, response })
        })
        .collect();
    sent.sort_by_key(|operation| operation.invoke);
    keep_apart(&mut sent);
    let operations = sent;
    let (model, init, time) = (Model::MultiRegister, Init::Default, TimeUnit::Nanoseconds);
    History { model, init, source: String::new(), time, operations, names }
}

/// Gives each client as many processes as it needs for none to have two operations under way, nor to go on after one of which it does
/// not know the outcome: its own number, and that number plus multiples of the number of clients.
fn keep_apart(operations: &mut [Operation]) {
    let clients = operations.iter().map(|operation| operation.process + 1).max().unwrap_or(0);
    // For each client its processes that may go on, each with the end of what it did last, and the number of all that it has.
    let mut processes: Vec<(Vec<(i64, i64)>, i64)> = vec![(Vec::new(), 0); clients as usize];
    for operation in operations {
        let client = operation.process;
        let (idle, count) = &mut processes[client as usize];
        let place = idle.iter().position(|(_, end)| *end <= operation.invoke);
        operation.process = match place {
            Some(place) => idle.remove(place).0,
            None => {
                *count += 1;
                client + clients * (*count - 1)
            }
        };
        idle.extend(operation.response.map(|end| (operation.process, end)));
    }
}

/// The same as if everything had ended at an instant: what was answered later is unknown, what was asked later is not there.
pub(crate) fn until(history: &History, end: Time) -> History {
    let end = nanos(end);
    let mut history = history.clone();
    history.operations.retain(|operation| operation.invoke < end);
    for operation in &mut history.operations {
        if operation.response.is_some_and(|response| response >= end) {
            (operation.response, operation.outcome) = (None, Outcome::Unknown);
        }
    }
    history
}

/// Judges whether a history is linearizable.
pub(crate) fn linearizable(history: &History) -> Check {
    let mut budget = Budget::new(STEPS_MAX, BYTES_MAX);
    Check { name: LINEARIZABLE.name, verdict: linearizable::judge(history, &mut budget).verdict }
}

/// Judges whether values came from somewhere.
pub(crate) fn written(history: &History) -> Check {
    Check { name: WRITTEN.name, verdict: linearizable::written(history) }
}

/// Every command that a client asked for.
pub(crate) fn writes<A: Serves>(seen: &Seen<'_, A>, report: &Report) -> Vec<durable::Write> {
    operations(seen, report)
        .filter(|(_, request, ..)| request.changes())
        .filter_map(|(number, request, _, operation)| {
            let invoke = operation.invoked()?;
            let acknowledged = operation.completed().filter(|_| operation.status == OperationStatus::Ok);
            let answered = acknowledged.map_or_else(String::new, |at| format!(", answered at {at}"));
            let name = format!("client {}'s {request:?} (operation {number}, asked at {invoke}{answered})", operation.client);
            Some(durable::Write { number, name, invoke: invoke.0, acknowledged: acknowledged.map(|at| at.0) })
        })
        .collect()
}

/// Judges what became of the writes by the log that survived; `Err` says why none can be judged.
pub(crate) fn nothing_lost(writes: &[durable::Write], log: Result<&[OpId], String>) -> Check {
    let verdict = match log {
        Ok(log) => durable::judge(writes, &log.iter().map(|operation| operation.0).collect::<Vec<u32>>()),
        Err(why) => Verdict::Unknown(why),
    };
    Check { name: NOTHING_LOST.name, verdict }
}

/// The operations by number.
fn operations<'a, A: Serves>(
    seen: &'a Seen<'_, A>,
    report: &'a Report,
) -> impl Iterator<Item = (u32, &'a Request, Option<&'a Response>, &'a OperationOutcome)> {
    let answers = (0..).zip(seen.answers).zip(&report.outcome.operations);
    answers.map(|((number, (request, response)), operation)| (number, request, response.as_ref(), operation))
}

/// What a client asked, and of which register.
fn call(names: &mut Names, request: &Request) -> (Value, Call) {
    match request {
        Request::Read(key) => (name(names, *key), Call::Read),
        Request::Write(key, value) => (name(names, *key), Call::Write(number(names, *value))),
        Request::Cas { key, expected, value } => {
            let (expected, new) = (held(names, *expected), number(names, *value));
            (name(names, *key), Call::Cas { expected, new })
        }
        Request::Transaction(accesses) => {
            let access = |access: &Access| match *access {
                Access::Read(key) => history::Access { key: name(names, key), act: Act::Read },
                Access::Write(key, value) => history::Access { key: name(names, key), act: Act::Write(number(names, value)) },
            };
            (Value::NULL, Call::Transaction(accesses.iter().map(access).collect()))
        }
    }
}

fn answer(names: &mut Names, response: &Response) -> Answer {
    match response {
        Response::Done => Answer::Done,
        Response::Value(value) => Answer::Value(held(names, *value)),
        Response::Swapped => Answer::Flag(true),
        // What it held instead has no place in the format.
        Response::Held(_) => Answer::Flag(false),
        Response::Values(values) => Answer::Found(values.iter().map(|value| Found::Value(held(names, *value))).collect()),
    }
}

/// A register's key.
fn name(names: &mut Names, key: u32) -> Value {
    names.text(&key.to_string())
}

fn number(names: &mut Names, value: u64) -> Value {
    names.int(value as i64)
}

fn held(names: &mut Names, value: Option<u64>) -> Value {
    value.map_or(Value::NULL, |value| number(names, value))
}

fn nanos(at: Time) -> i64 {
    at.0 as i64
}
