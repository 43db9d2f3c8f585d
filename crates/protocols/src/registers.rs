//! Registers under keys, as clients of several protocols see them: what is asked, what is answered, and how both stand in a history.

use crate::harness::cannot;
use crate::history::{self, Telling};
use crate::registry::Ask;
use quorate_check::history::{Answer, Call, Model};
use quorate_engine::{Actor, Sink, Wire};

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Put a value under a key.
    Write(u32, u64),
    /// Tell what is under a key.
    Read(u32),
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// The write is durable at the node that was asked.
    Done,
    /// What that node has under the key.
    Value(Option<u64>),
}

/// What a client's wish is as a request. Every write has a value of its own: the number of its operation, from 1.
///
/// # Errors
/// When registers cannot do it.
pub(crate) fn request<O>(_: &O, operation: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { key, .. } => Request::Write(key, operation + 1),
        Ask::Read { key } => Request::Read(key),
        _ => return Err(cannot(ask)),
    })
}

/// How requests and answers stand in a history.
pub(crate) const fn telling<A: Actor<Request = Request, Response = Response>>() -> Telling<A> {
    Telling {
        model: Model::Register,
        concerns: |_| true,
        call: |request, names| match *request {
            Request::Write(key, value) => (history::key(key, names), Call::Write(history::value(value, names))),
            Request::Read(key) => (history::key(key, names), Call::Read),
        },
        answer: |response, names| {
            Some(match *response {
                Response::Done => Answer::Done,
                Response::Value(held) => Answer::Value(history::held(held, names)),
            })
        },
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Write(key, value) => {
                sink.u8(0);
                sink.u32(*key);
                sink.u64(*value);
            }
            Request::Read(key) => {
                sink.u8(1);
                sink.u32(*key);
            }
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Done => sink.u8(0),
            Response::Value(value) => {
                sink.u8(1);
                value.encode(sink);
            }
        }
    }
}
