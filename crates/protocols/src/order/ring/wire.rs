//! How messages and records are encoded.

use super::message::{Generation, Given, Member, Message, Place, Posted, Record, Token};
use quorate_engine::{Message as _, Sink, Wire};

impl Wire for Posted {
    fn encode(&self, sink: &mut impl Sink) {
        self.id.encode(sink);
        self.operation.encode(sink);
        sink.u32(self.channel);
        sink.u64(self.value);
    }
}

impl Wire for Generation {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.round);
        self.node.encode(sink);
    }
}

impl Wire for Place {
    fn encode(&self, sink: &mut impl Sink) {
        self.generation.encode(sink);
        sink.u64(self.hop);
    }
}

impl Wire for Member {
    fn encode(&self, sink: &mut impl Sink) {
        self.node.encode(sink);
        sink.u32(self.life);
    }
}

impl Wire for Token {
    fn encode(&self, sink: &mut impl Sink) {
        self.place.encode(sink);
        [self.next, self.base, self.stable, self.rounds].iter().for_each(|number| sink.u64(*number));
        self.ring.encode(sink);
        self.accepted.encode(sink);
        self.missing.encode(sink);
    }
}

impl Wire for Given {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.number);
        self.generation.encode(sink);
        self.posted.encode(sink);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Posted(posted, _) => posted.encode(sink),
            Message::Numbered { place, stable, given, .. } => {
                place.encode(sink);
                sink.u64(*stable);
                given.encode(sink);
            }
            Message::Number { place, stable, number, id } => {
                place.encode(sink);
                sink.u64(*stable);
                sink.u64(*number);
                id.encode(sink);
            }
            Message::Token(token, _) => token.encode(sink),
            Message::Taken(place) | Message::Probe(place) | Message::Quiet(place) | Message::Lively(place) => place.encode(sink),
            Message::Refused(place, promised) => {
                place.encode(sink);
                promised.encode(sink);
            }
            Message::Join { life, promised } => {
                sink.u32(*life);
                promised.encode(sink);
            }
            Message::Seal { generation, beyond } => {
                generation.encode(sink);
                sink.u64(*beyond);
            }
            Message::Sealed { generation, life, given } => {
                generation.encode(sink);
                sink.u32(*life);
                given.encode(sink);
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Own(posted) => {
                sink.u8(0);
                posted.encode(sink);
            }
            Record::Accepted(number, generation, posted) => {
                sink.u8(1);
                sink.u64(*number);
                generation.encode(sink);
                posted.encode(sink);
            }
            Record::Delivered(number) => {
                sink.u8(2);
                sink.u64(*number);
            }
            Record::Promised(generation) => {
                sink.u8(3);
                generation.encode(sink);
            }
            Record::Took(hop, next) | Record::Passes(hop, next) => {
                sink.u8(if matches!(self, Record::Took(..)) { 4 } else { 5 });
                sink.u64(*hop);
                sink.u64(*next);
            }
        }
    }
}
