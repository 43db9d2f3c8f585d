//! What clients of a replicated store saw, as the judges want it, and the checks that its protocols share.

use super::machine::{Access, Request, Response};
use crate::harness::Seen;
use crate::history::{self, Telling};
use crate::registry::{Check, CheckInfo, Report};
use quorate_check::budget::Budget;
use quorate_check::history::{Access as Part, Act, Answer, Call, Found, History, Model, Names, Outcome, Value};
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

/// Everything that clients asked and were told.
pub(crate) fn history<A: Serves>(seen: &Seen<'_, A>, report: &Report) -> History {
    history::history(&telling(), seen, &report.outcome.operations)
}

/// The same as if everything had ended at an instant: what was answered later is unknown, what was asked later is not there.
pub(crate) fn until(history: &History, end: Time) -> History {
    let end = history::picoseconds(end);
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

/// How requests and answers stand in a history.
pub(crate) const fn telling<A: Serves>() -> Telling<A> {
    Telling { model: Model::MultiRegister, concerns: |request| !matches!(request, Request::Change(_)), call, answer }
}

fn call(request: &Request, names: &mut Names) -> (Value, Call) {
    match request {
        Request::Read(key) => (history::key(*key, names), Call::Read),
        Request::Write(key, value) => (history::key(*key, names), Call::Write(history::value(*value, names))),
        Request::Cas { key, expected, value } => {
            let (expected, new) = (history::held(*expected, names), history::value(*value, names));
            (history::key(*key, names), Call::Cas { expected, new })
        }
        Request::Transaction(accesses) => {
            let access = |access: &Access| match *access {
                Access::Read(key) => Part { key: history::key(key, names), act: Act::Read },
                Access::Write(key, value) => {
                    let act = Act::Write(history::value(value, names));
                    Part { key: history::key(key, names), act }
                }
            };
            (Value::NULL, Call::Transaction(accesses.iter().map(access).collect()))
        }
        Request::Change(_) => unreachable!("an operator's order is no part of the history"),
    }
}

fn answer(response: &Response, names: &mut Names) -> Answer {
    match response {
        Response::Done => Answer::Done,
        Response::Value(held) => Answer::Value(history::held(*held, names)),
        Response::Swapped => Answer::Flag(true),
        // What it held instead has no place in the format.
        Response::Held(_) => Answer::Flag(false),
        Response::Values(values) => Answer::Found(values.iter().map(|held| Found::Value(history::held(*held, names))).collect()),
    }
}
