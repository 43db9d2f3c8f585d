//! How what clients ask of data types, and are told, stands in a history.

use super::replica::Replica;
use super::replica::message::{Request, Response};
use super::types::{Request as Do, Value};
use crate::history::{self, Telling};
use quorate_check::history::{Answer, Call, Model, Names, Value as Name};

/// One counter.
pub(super) const COUNTER: Telling<Replica> = Telling {
    model: Model::Counter,
    concerns: |_| true,
    call: |request, _| (Name::NULL, counted(request)),
    answer: |response, names| Some(answer(response, names)),
};

/// A counter under each key.
pub(super) const KEYED_COUNTER: Telling<Replica> =
    Telling { call: |request, names| (history::key(key(request), names), counted(request)), ..COUNTER };

/// A register under each key.
pub(super) const REGISTER: Telling<Replica> = Telling {
    model: Model::Register,
    call: |request, names| {
        let call = match request.ask {
            Do::Add { value, .. } => Call::Write(history::value(value, names)),
            _ => Call::Read,
        };
        (history::key(key(request), names), call)
    },
    ..COUNTER
};

/// A set.
pub(super) const SET: Telling<Replica> = Telling {
    model: Model::Set,
    call: |request, names| {
        let element = history::value(u64::from(key(request)), names);
        let call = match request.ask {
            Do::Add { .. } => Call::Add(element),
            Do::Remove { .. } => Call::Remove(element),
            _ => Call::Contains(element),
        };
        (Name::NULL, call)
    },
    ..COUNTER
};

/// What no model of histories has.
pub(super) const NOTHING: Telling<Replica> = Telling { concerns: |_| false, ..COUNTER };

fn counted(request: &Request) -> Call {
    match request.ask {
        Do::Add { amount, .. } => Call::Increment(amount),
        Do::Remove { amount, .. } => Call::Increment(-amount),
        _ => Call::Read,
    }
}

fn key(request: &Request) -> u32 {
    match request.ask {
        Do::Add { key, .. } | Do::Remove { key, .. } | Do::Read { key } => key,
        _ => 0,
    }
}

fn answer(response: &Response, names: &mut Names) -> Answer {
    match response {
        Response::Value(Value::Number(number)) => Answer::Number(*number),
        Response::Value(Value::Written(held)) => Answer::Value(history::held(*held, names)),
        Response::Value(Value::Present(present)) => Answer::Flag(*present),
        _ => Answer::Done,
    }
}
