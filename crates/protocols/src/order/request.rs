//! What clients ask of a broadcast, and what they are told.

use crate::harness::{Seen, cannot};
use crate::history::{self, Telling};
use crate::registry::Ask;
use quorate_check::history::{Answer, Call, Model};
use quorate_engine::{Actor, Sink, Wire};

/// What a client asks of a process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Tell everybody this value.
    Broadcast {
        /// In which channel: each has an order of its own. Protocols without channels give it no meaning.
        channel: u32,
        /// What: no other message has it.
        value: u64,
    },
    /// Tell what was delivered here.
    Read {
        /// In which channel.
        channel: u32,
    },
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// The process has delivered the message itself, or done whatever else its protocol promises.
    Delivered,
    /// These values were delivered in the channel, in this order.
    Has(Vec<u64>),
}

/// The request of what a scenario asks.
pub(crate) fn request<O>(_: &O, operation: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { key, .. } => Request::Broadcast { channel: key, value: operation + 1 },
        Ask::Read { key } => Request::Read { channel: key },
        _ => return Err(cannot(ask)),
    })
}

/// How requests and answers stand in a history.
pub(crate) fn telling<A: Actor<Request = Request, Response = Response>>() -> Telling<A> {
    Telling {
        model: Model::Broadcast,
        concerns: |_| true,
        call: |request, names| match *request {
            Request::Broadcast { channel, value } => (history::key(channel, names), Call::Add(history::value(value, names))),
            Request::Read { channel } => (history::key(channel, names), Call::Read),
        },
        answer: |response, names| {
            Some(match response {
                Response::Delivered => Answer::Done,
                Response::Has(values) => Answer::Values(values.iter().map(|value| history::value(*value, names)).collect()),
            })
        },
    }
}

/// How many messages clients asked to be broadcast.
pub(crate) fn asked<A: Actor<Request = Request>>(seen: &Seen<'_, A>) -> usize {
    seen.answers.iter().filter(|(request, _)| matches!(request, Request::Broadcast { .. })).count()
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Broadcast { channel, value } => {
                sink.u8(0);
                sink.u32(*channel);
                sink.u64(*value);
            }
            Request::Read { channel } => {
                sink.u8(1);
                sink.u32(*channel);
            }
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Delivered => sink.u8(0),
            Response::Has(values) => {
                sink.u8(1);
                values.encode(sink);
            }
        }
    }
}
