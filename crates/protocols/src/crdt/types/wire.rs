//! The encodings of requests and values, which every type shares.

use super::{Edit, Request, Value};
use quorate_engine::{Sink, Wire};

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Add { key, amount, value } => {
                sink.u8(0);
                sink.u32(*key);
                sink.i64(*amount);
                sink.u64(*value);
            }
            Request::Remove { key, amount } => {
                sink.u8(1);
                sink.u32(*key);
                sink.i64(*amount);
            }
            Request::Clear { key } => {
                sink.u8(2);
                sink.u32(*key);
            }
            Request::Edit(edits) => {
                sink.u8(3);
                sink.u32(edits.len() as u32);
                edits.iter().for_each(|edit| encode_edit(edit, sink));
            }
            Request::Move { node, parent } => {
                sink.u8(4);
                sink.u32(*node);
                parent.encode(sink);
            }
            Request::Write { key, value, over } => {
                sink.u8(6);
                sink.u32(*key);
                sink.u64(*value);
                over.encode(sink);
            }
            Request::Share => sink.u8(7),
            Request::Read { key } => {
                sink.u8(5);
                sink.u32(*key);
            }
        }
    }
}

fn encode_edit(edit: &Edit, sink: &mut impl Sink) {
    let Edit { place, deleted, inserted } = edit;
    place.encode(sink);
    sink.u32(*deleted);
    inserted.encode(sink);
}

impl Wire for Value {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Value::Number(number) => {
                sink.u8(0);
                sink.i64(*number);
            }
            Value::Written(value) => {
                sink.u8(1);
                value.encode(sink);
            }
            Value::Several(values) => {
                sink.u8(2);
                values.encode(sink);
            }
            Value::Present(present) => {
                sink.u8(3);
                present.encode(sink);
            }
            Value::Elements(elements) => {
                sink.u8(4);
                elements.encode(sink);
            }
            Value::Entries(entries) => {
                sink.u8(5);
                entries.encode(sink);
            }
            Value::Text(text) => {
                sink.u8(6);
                text.encode(sink);
            }
            Value::Tree(parents) => {
                sink.u8(7);
                parents.encode(sink);
            }
        }
    }
}
