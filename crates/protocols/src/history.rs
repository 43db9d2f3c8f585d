//! What clients asked and were told in a run, as the judges and other programs want it: a [`History`]. How one protocol's requests
//! and answers stand in it is a [`Telling`].

use crate::harness::Seen;
use quorate_check::history::{Answer, Call, History, Init, Model, Names, Operation, Outcome, TimeUnit, Value};
use quorate_engine::outcome::{OperationOutcome, OperationStatus};
use quorate_engine::{Actor, Time};

/// How a protocol's requests and answers stand in a history.
pub(crate) struct Telling<A: Actor> {
    /// The object that clients see.
    pub(crate) model: Model,
    /// Whether a request is about that object at all.
    pub(crate) concerns: fn(&A::Request) -> bool,
    /// The key, where there is one, and what was asked.
    pub(crate) call: fn(&A::Request, &mut Names) -> (Value, Call),
    /// What was answered; `None` says that nothing was done.
    pub(crate) answer: fn(&A::Response, &mut Names) -> Option<Answer>,
}

/// Everything that clients asked and were told. Operations have their numbers as ids. A client is a process of its number for as long
/// as it works in sequence: what it asks while it waits, or after it gave up waiting, belongs to that number plus a multiple of the
/// number of clients.
pub(crate) fn history<A: Actor>(telling: &Telling<A>, seen: &Seen<'_, A>, outcomes: &[OperationOutcome]) -> History {
    let mut names = Names::default();
    let mut lanes = Lanes::new(outcomes);
    let times = times(outcomes);
    let mut sent: Vec<usize> = (0..outcomes.len()).filter(|number| outcomes[*number].invoked().is_some()).collect();
    sent.retain(|number| (telling.concerns)(&seen.answers[*number].0));
    sent.sort_by_key(|number| (times[*number].0, *number));
    let operation = |number: usize| {
        let (outcome, (request, answer), (invoke, end)) = (&outcomes[number], &seen.answers[number], times[number]);
        let (known, response) = match (outcome.status, answer) {
            (OperationStatus::Ok, Some(answer)) => {
                ((telling.answer)(answer, &mut names).map_or(Outcome::Fail, Outcome::Ok), Some(end))
            }
            (OperationStatus::Refused, _) => (Outcome::Fail, Some(end)),
            _ => (Outcome::Unknown, None),
        };
        let process = lanes.process(outcome.client, invoke, response);
        let (key, call) = (telling.call)(request, &mut names);
        Operation { id: number as i64, process, key, call, outcome: known, invoke, response }
    };
    let operations = sent.into_iter().map(operation).collect();
    let source = String::new();
    History { model: telling.model, init: Init::Default, source, time: TimeUnit::Picoseconds, operations, names }
}

/// When each operation was sent, and when its end was heard. What happened within one nanosecond happened in an order all the same, and
/// a history tells it: a client that asks on at once does so after it was answered.
fn times(outcomes: &[OperationOutcome]) -> Vec<(i64, i64)> {
    let mut events: Vec<(Time, u32, usize, bool)> = Vec::with_capacity(2 * outcomes.len());
    for (outcome, number) in outcomes.iter().zip(0..) {
        let (sent, heard) = outcome.places();
        events.extend(outcome.invoked().map(|at| (at, sent, number, false)));
        events.extend(outcome.completed().map(|at| (at, heard, number, true)));
    }
    events.sort_unstable();
    let mut times = vec![(0, i64::MAX); outcomes.len()];
    let (mut instant, mut rank) = (Time::NEVER, 0);
    for (at, _, number, is_end) in events {
        rank = if at == instant { rank + 1 } else { 0 };
        instant = at;
        let time = picoseconds(at).saturating_add(rank.min(999));
        *(if is_end { &mut times[number].1 } else { &mut times[number].0 }) = time;
    }
    times
}

/// The histories' numbers end 106 days after the start; of what comes later only that is told.
pub(crate) fn picoseconds(at: Time) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX).saturating_mul(1_000)
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
