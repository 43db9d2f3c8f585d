//! What clients of a replicated store saw, as the judges want it, and the checks that its protocols share.

use super::machine::{Access, Request, Response};
use crate::harness::Seen;
use crate::history::{self as telling, Telling};
use crate::registry::{Check, CheckInfo, Report};
use quorate_check::history::{Access as TransactionAccess, Act, Answer, Call, Found, Model, Names, Value};
use quorate_check::linearizable::{Outcome, kv};
use quorate_check::{Verdict, durable};
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

/// An actor that serves registers.
pub(crate) trait Serves: Actor<Request = Request, Response = Response> {}

impl<A: Actor<Request = Request, Response = Response>> Serves for A {}

/// Everything that clients asked and were told.
pub(crate) fn history<A: Serves>(seen: &Seen<'_, A>, report: &Report) -> Vec<kv::Operation> {
    let sent = operations(seen, report).filter_map(|(_, request, response, operation)| {
        let invoke = operation.invoked()?.0;
        let outcome = match (operation.status, response) {
            (OperationStatus::Refused, _) => Outcome::Refused,
            (OperationStatus::Ok, Some(response)) => Outcome::Known(answer(response)),
            _ => Outcome::Unknown,
        };
        let response = operation.completed().map(|at| at.0);
        Some(kv::Operation { process: operation.client, invoke, response, op: op(request), outcome })
    });
    sent.collect()
}

/// The same as if everything had ended at an instant: what was answered later is unknown, what was asked later is not there.
pub(crate) fn until(history: &[kv::Operation], end: Time) -> Vec<kv::Operation> {
    let cut = |operation: &kv::Operation| match operation.response {
        Some(response) if response >= end.0 => kv::Operation { response: None, outcome: Outcome::Unknown, ..operation.clone() },
        _ => operation.clone(),
    };
    history.iter().filter(|operation| operation.invoke < end.0).map(cut).collect()
}

/// Judges whether a history is linearizable.
pub(crate) fn linearizable(history: &[kv::Operation]) -> Check {
    Check { name: LINEARIZABLE.name, verdict: kv::judge(history, STEPS_MAX) }
}

/// Judges whether values came from somewhere.
pub(crate) fn written(history: &[kv::Operation]) -> Check {
    Check { name: WRITTEN.name, verdict: kv::written(history) }
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

fn op(request: &Request) -> kv::Op {
    match request {
        Request::Read(key) => kv::Op::Read(*key),
        Request::Write(key, value) => kv::Op::Write(*key, *value),
        Request::Cas { key, expected, value } => kv::Op::Cas { key: *key, expected: *expected, new: *value },
        Request::Transaction(accesses) => {
            let access = |access: &Access| match *access {
                Access::Read(key) => kv::Access::Read(key),
                Access::Write(key, value) => kv::Access::Write(key, value),
            };
            kv::Op::Transaction(accesses.iter().map(access).collect())
        }
    }
}

fn answer(response: &Response) -> kv::Answer {
    match response {
        Response::Done => kv::Answer::Done,
        Response::Value(value) => kv::Answer::Value(*value),
        Response::Swapped => kv::Answer::Swapped,
        Response::Held(value) => kv::Answer::Held(*value),
        Response::Values(values) => kv::Answer::Values(values.clone()),
    }
}

/// How requests and answers stand in a history.
pub(crate) const fn telling<A: Serves>() -> Telling<A> {
    Telling { model: Model::MultiRegister, call: told_call, answer: told_answer }
}

fn told_call(request: &Request, names: &mut Names) -> (Value, Call) {
    match request {
        Request::Read(key) => (telling::key(*key, names), Call::Read),
        Request::Write(key, value) => (telling::key(*key, names), Call::Write(telling::value(*value, names))),
        Request::Cas { key, expected, value } => {
            let (expected, new) = (telling::held(*expected, names), telling::value(*value, names));
            (telling::key(*key, names), Call::Cas { expected, new })
        }
        Request::Transaction(accesses) => {
            let access = |access: &Access| match *access {
                Access::Read(key) => TransactionAccess { key: telling::key(key, names), act: Act::Read },
                Access::Write(key, value) => {
                    let act = Act::Write(telling::value(value, names));
                    TransactionAccess { key: telling::key(key, names), act }
                }
            };
            (Value::NULL, Call::Transaction(accesses.iter().map(access).collect()))
        }
    }
}

fn told_answer(response: &Response, names: &mut Names) -> Answer {
    match response {
        Response::Done => Answer::Done,
        Response::Value(held) => Answer::Value(telling::held(*held, names)),
        Response::Swapped => Answer::Flag(true),
        Response::Held(_) => Answer::Flag(false),
        Response::Values(values) => Answer::Found(values.iter().map(|held| Found::Value(telling::held(*held, names))).collect()),
    }
}
