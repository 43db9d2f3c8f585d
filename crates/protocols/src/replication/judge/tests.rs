//! Histories that a right machine cannot have given, of each object, beside ones that it can.

use super::*;
use crate::consensus::raft::server::Raft;
use quorate_check::history::{Init, Operation, TimeUnit};

/// An operation: the client, what it asked and was told, from when to when.
type Line = (i64, Request, Option<Response>, i64, i64);

fn history(object: Object, lines: &[Line]) -> History {
    let telling = telling::<Raft>(object);
    let mut names = Names::default();
    let line = |((process, request, response, invoke, end), id): (&Line, i64)| {
        let (key, call) = (telling.call)(request, &mut names);
        let outcome = match response {
            None => Outcome::Unknown,
            Some(response) => (telling.answer)(response, &mut names).map_or(Outcome::Fail, Outcome::Ok),
        };
        let response = response.is_some().then_some(*end);
        Operation { id, process: *process, key, call, outcome, invoke: *invoke, response }
    };
    let operations = lines.iter().zip(0..).map(line).collect();
    let (init, source) = (Init::Default, String::new());
    History { model: telling.model, init, source, time: TimeUnit::Picoseconds, operations, names }
}

/// The checks of the history of `object` that are broken.
fn check(object: Object, lines: &[Line], holds: &[Hold], broken: &[&str]) {
    let history = history(object, lines);
    let checks: Vec<Check> = order(object, &history, holds).into_iter().chain([written(object, &history)]).collect();
    assert_eq!(checks.len(), 6);
    for Check { name, verdict } in &checks {
        assert!(!matches!(verdict, Verdict::Unknown(_)), "{name}: {}", verdict.evidence());
    }
    let found = checks.iter().filter(|check| matches!(check.verdict, Verdict::Violation(_))).map(|check| check.name);
    assert_eq!(found.collect::<Vec<_>>(), broken, "{lines:?}");
}

fn read(key: u32) -> Request {
    Request::Read(key)
}

#[test]
fn a_register_that_goes_back_is_no_order_and_no_session() {
    let value = |value| Some(Response::Value(value));
    let write = (0, Request::Write(1, 5), Some(Response::Done), 0, 10);
    check(Object::Kv, &[write.clone(), (1, read(1), value(Some(5)), 20, 30)], &[], &[]);
    check(
        Object::Kv,
        &[write, (1, read(1), value(Some(5)), 20, 30), (1, read(1), value(None), 40, 50)],
        &[],
        &["linearizable", "session-guarantees"],
    );
}

#[test]
fn a_list_that_forgets_or_turns_round_is_not_serializable() {
    let list = |values: &[u64]| Some(Response::List(values.to_vec()));
    let append = |process, value, from| (process, Request::Write(1, value), Some(Response::Done), from, from + 10);
    let both = Request::Transaction(vec![Access::Write(1, 7), Access::Read(1)]);
    let right = [append(0, 5, 0), append(1, 6, 20), (0, both, Some(Response::Lists(vec![vec![5, 6, 7]])), 40, 50)];
    check(Object::ListAppend, &right, &[], &[]);
    let forgets = [right.to_vec(), vec![(1, read(1), list(&[5, 7]), 60, 70)]].concat();
    check(Object::ListAppend, &forgets, &[], &["linearizable", "session-guarantees", "strict-serializable"]);
    let late = [right.to_vec(), vec![(2, read(1), list(&[5]), 60, 70)]].concat();
    check(Object::ListAppend, &late, &[], &["linearizable", "strict-serializable"]);
    let twice = [right.to_vec(), vec![(2, read(1), list(&[5, 6, 7, 8]), 60, 70)]].concat();
    check(Object::ListAppend, &twice, &[], &["linearizable", "session-guarantees", "strict-serializable", "written"]);
}

#[test]
fn a_counter_that_counts_twice_is_caught() {
    let add = |process, amount, from| (process, Request::Add(1, amount), Some(Response::Done), from, from + 10);
    let sum = |sum, from| (2, read(1), Some(Response::Count(sum)), from, from + 10);
    let unknown = (1, Request::Add(1, 3), None, 15, 0);
    check(Object::Counter, &[add(0, 5, 0), unknown.clone(), sum(5, 20), sum(8, 40)], &[], &[]);
    check(Object::Counter, &[add(0, 5, 0), sum(10, 20)], &[], &["linearizable", "written"]);
    // Within the bounds, and no order gives it: what was counted is not uncounted.
    check(Object::Counter, &[add(0, 5, 0), unknown, sum(8, 20), sum(5, 40)], &[], &["linearizable"]);
}

fn hold(holder: u32, token: u64, from: u64, to: Option<u64>) -> Hold {
    Hold { key: 1, holder, token, from: (Time(from), from as u32), to: to.map(|at| (Time(at), at as u32)) }
}

fn acquire(client: i64, token: u64, from: i64, to: i64) -> Line {
    (client, Request::Acquire { key: 1, owner: client as u32 }, Some(Response::Granted(token)), from, to)
}

fn release(client: i64, token: u64, from: i64, to: i64) -> Line {
    (client, Request::Release { key: 1, owner: client as u32, token }, Some(Response::Done), from, to)
}

#[test]
fn a_lock_that_is_granted_in_turn_is_clean() {
    let busy = (1, Request::Acquire { key: 1, owner: 1 }, Some(Response::Busy), 12, 18);
    let lines = [acquire(0, 1, 0, 10), busy, release(0, 1, 20, 30), acquire(1, 2, 25, 40)];
    check(Object::Lock, &lines, &[hold(0, 1, 10, Some(20)), hold(1, 2, 40, None)], &[]);
    // The first word of the owner got through, its answer did not; the second was told the same.
    let unknown = (0, Request::Acquire { key: 1, owner: 0 }, None, 0, 0);
    let again = [unknown, acquire(3, 1, 10, 20), release(3, 1, 30, 40), acquire(1, 2, 50, 60)];
    check(Object::Lock, &again, &[hold(3, 1, 20, Some(30)), hold(1, 2, 60, None)], &[]);
}

#[test]
fn a_lock_that_two_hold_is_caught() {
    let lines = [acquire(0, 1, 0, 10), acquire(1, 2, 20, 30), release(0, 1, 40, 50)];
    let holds = [hold(0, 1, 10, Some(40)), hold(1, 2, 30, None)];
    check(Object::Lock, &lines, &holds, &["linearizable", "mutual-exclusion", "fencing-tokens"]);
}

#[test]
fn tokens_that_shrink_or_are_shared_are_caught() {
    let lines = [acquire(0, 2, 0, 10), release(0, 2, 20, 30), acquire(1, 1, 40, 50)];
    check(Object::Lock, &lines, &[hold(0, 2, 10, Some(20)), hold(1, 1, 50, None)], &["fencing-tokens"]);
    let lines = [acquire(0, 1, 0, 10), release(0, 1, 20, 30), acquire(1, 1, 40, 50)];
    check(Object::Lock, &lines, &[hold(0, 1, 10, Some(20)), hold(1, 1, 50, None)], &["fencing-tokens"]);
    let other = Hold { key: 2, ..hold(1, 1, 50, None) };
    check(Object::Lock, &lines, &[hold(0, 1, 10, Some(20)), other], &[]);
}
