//! What clients of a replicated object saw, as the judges want it, and the checks that its protocols share.

mod locks;
#[cfg(test)]
mod tests;

use super::machine::{Access, Object, Request, Response};
use crate::harness::Seen;
use crate::history::{self, Telling};
use crate::registry::{Check, CheckInfo, Report};
use quorate_check::budget::Budget;
use quorate_check::history::{Access as Part, Act, Answer, Call, Found, History, Model, Names, Outcome, Value};
use quorate_check::{Verdict, checks, durable, linearizable, sessions};
use quorate_engine::outcome::{OperationOutcome, OperationStatus};
use quorate_engine::{Actor, OpId, Time};

pub(crate) use locks::{Hold, holds};

pub(crate) const LINEARIZABLE: CheckInfo = CheckInfo {
    name: "linearizable",
    summary: "all that clients were told fits one order of their operations, each between its request and its answer",
};

pub(crate) const NOTHING_LOST: CheckInfo = CheckInfo {
    name: "nothing-lost",
    summary: "every acknowledged write is in the log at the end, once, in an order that clients could see",
};

pub(crate) const WRITTEN: CheckInfo = CheckInfo {
    name: "written",
    summary: "every value that a client was told was asked to be written there; a counter's lies between what must and what can have been added",
};

pub(crate) const SESSIONS: CheckInfo = CheckInfo {
    name: "session-guarantees",
    summary: "every client sees its own writes, nothing older than it saw before, and writes in the order that it knows of",
};

pub(crate) const STRICT: CheckInfo = CheckInfo {
    name: "strict-serializable",
    summary: "transactions on lists fit one order that keeps real time, as the dependencies between them show",
};

pub(crate) const EXCLUSION: CheckInfo =
    CheckInfo { name: "mutual-exclusion", summary: "no two clients hold a lock for certain at one instant" };

pub(crate) const FENCING: CheckInfo = CheckInfo {
    name: "fencing-tokens",
    summary: "each client that holds a lock has a token of its own, greater than all that holders before it had",
};

/// Operations that the search for an order tries to place before it gives up.
const STEPS_MAX: u64 = 20_000_000;
/// Words of 64 bits that may be looked at to tell what sessions must have seen: a hundred take about as long as one such step.
const WORDS_MAX: u64 = 2_000_000_000;
/// Bytes that it may hold.
const BYTES_MAX: u64 = 1 << 30;

/// An actor that serves an object.
pub(crate) trait Serves: Actor<Request = Request, Response = Response> {}

impl<A: Actor<Request = Request, Response = Response>> Serves for A {}

/// Everything that clients asked and were told.
pub(crate) fn history<A: Serves>(object: Object, seen: &Seen<'_, A>, report: &Report) -> History {
    history::history(&telling(object), seen, &report.outcome.operations)
}

/// Judges all that a protocol promises which orders everything: what each object allows.
pub(crate) fn order(object: Object, history: &History, holds: &[Hold]) -> Vec<Check> {
    let by_name = |info: &CheckInfo| {
        let check = checks::named(info.name).expect("a check of histories");
        let verdict = (check.judge)(history, &mut Budget::new(STEPS_MAX, BYTES_MAX)).verdict;
        Check { name: info.name, verdict }
    };
    let linearizable = linearizable(history);
    let sessions = || {
        let judge = if linearizable.verdict == Verdict::Ok { sessions::all_of_linearizable } else { sessions::all };
        Check { name: SESSIONS.name, verdict: judge(history, &mut Budget::new(WORDS_MAX, BYTES_MAX)).verdict }
    };
    let not = |info: &CheckInfo, why: &str| Check { name: info.name, verdict: Verdict::NotJudged(why.to_string()) };
    let [no_lock, no_lists] = ["there are no locks", "there are no lists"];
    let [by_session, strict, exclusion, fencing] = match object {
        Object::Kv => [
            sessions(),
            not(&STRICT, "of registers `linearizable` says it, transactions included"),
            not(&EXCLUSION, no_lock),
            not(&FENCING, no_lock),
        ],
        Object::ListAppend => [sessions(), by_name(&STRICT), not(&EXCLUSION, no_lock), not(&FENCING, no_lock)],
        Object::Counter => [
            not(&SESSIONS, "a sum does not tell which additions are in it"),
            not(&STRICT, no_lists),
            not(&EXCLUSION, no_lock),
            not(&FENCING, no_lock),
        ],
        Object::Lock => [
            not(&SESSIONS, "nobody reads a lock"),
            not(&STRICT, no_lists),
            match by_name(&EXCLUSION) {
                Check { name, verdict: Verdict::Ok } => Check { name, verdict: locks::exclusion(holds) },
                broken => broken,
            },
            Check { name: FENCING.name, verdict: locks::fencing(holds) },
        ],
    };
    vec![linearizable, by_session, strict, exclusion, fencing]
}

/// The same, and whether values came from somewhere: if there is an order, they did.
pub(crate) fn order_and_written(object: Object, history: &History, holds: &[Hold]) -> Vec<Check> {
    let mut checks = order(object, history, holds);
    let is_ordered = checks.iter().any(|check| check.name == LINEARIZABLE.name && check.verdict == Verdict::Ok);
    checks.push(match object {
        Object::Kv | Object::ListAppend if is_ordered => Check { name: WRITTEN.name, verdict: Verdict::Ok },
        _ => written(object, history),
    });
    checks
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
pub(crate) fn written(object: Object, history: &History) -> Check {
    let verdict = match object {
        Object::Kv | Object::ListAppend => linearizable::written(history),
        Object::Counter => {
            let check = checks::named("counter-bounds").expect("a check of histories");
            (check.judge)(history, &mut Budget::new(STEPS_MAX, BYTES_MAX)).verdict
        }
        Object::Lock => Verdict::NotJudged("a lock holds no values".to_string()),
    };
    Check { name: WRITTEN.name, verdict }
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

/// How a request stands in a history.
type Calling = fn(&Request, &mut Names) -> (Value, Call);

/// How requests and answers stand in a history.
pub(crate) const fn telling<A: Serves>(object: Object) -> Telling<A> {
    let (model, call): (_, Calling) = match object {
        Object::Kv => (Model::MultiRegister, call),
        Object::ListAppend => (Model::ListAppend, |request, names| match request {
            // There are only transactions in such a history.
            Request::Read(key) => call(&Request::Transaction(vec![Access::Read(*key)]), names),
            Request::Write(key, value) => call(&Request::Transaction(vec![Access::Write(*key, *value)]), names),
            request => call(request, names),
        }),
        Object::Counter => (Model::Counter, call),
        Object::Lock => (Model::Mutex, call),
    };
    let answer: fn(&Response, &mut Names) -> Option<Answer> = match object {
        Object::ListAppend => |response, names| match response {
            Response::Done => Some(Answer::Found(Box::default())),
            response => answer(response, names),
        },
        _ => answer,
    };
    Telling { model, concerns: |request| !matches!(request, Request::Change(_)), call, answer }
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
        Request::Add(key, amount) => (history::key(*key, names), Call::Increment(*amount)),
        Request::Acquire { key, .. } => (history::key(*key, names), Call::Acquire),
        Request::Release { key, .. } => (history::key(*key, names), Call::Release),
        Request::Change(_) => unreachable!("an operator's order is no part of the history"),
    }
}

fn answer(response: &Response, names: &mut Names) -> Option<Answer> {
    let mut list = |values: &[u64]| Found::List(values.iter().map(|value| history::value(*value, names)).collect());
    Some(match response {
        Response::Done | Response::Granted(_) => Answer::Done,
        Response::List(values) => Answer::Found(Box::new([list(values)])),
        Response::Lists(lists) => Answer::Found(lists.iter().map(|values| list(values)).collect()),
        Response::Value(held) => Answer::Value(history::held(*held, names)),
        Response::Swapped => Answer::Flag(true),
        // What it held instead has no place in the format.
        Response::Held(_) => Answer::Flag(false),
        Response::Values(values) => Answer::Found(values.iter().map(|held| Found::Value(history::held(*held, names))).collect()),
        Response::Count(sum) => Answer::Number(*sum),
        Response::Busy | Response::NotHeld => return None,
    })
}
