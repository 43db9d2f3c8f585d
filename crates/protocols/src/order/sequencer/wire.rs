//! The encoding of what processes send each other and write down.

use super::message::{Entry, Epoch, Message, Posted, Progress, Record};
use quorate_engine::{Message as Counted, Sink, Wire};

impl Wire for Posted {
    fn encode(&self, sink: &mut impl Sink) {
        self.id.encode(sink);
        sink.u32(self.channel);
        sink.u64(self.value);
    }
}

impl Wire for Epoch {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.round);
        self.node.encode(sink);
    }
}

impl Wire for Entry {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.number);
        self.epoch.encode(sink);
        self.posted.encode(sink);
    }
}

impl Wire for Progress {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.channel);
        self.epoch.encode(sink);
        sink.u64(self.last);
        sink.u64(self.stable);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Submit { posted, .. } | Message::Body { posted, .. } => posted.encode(sink),
            Message::Ask { channel, id, .. } => {
                sink.u32(*channel);
                id.encode(sink);
            }
            Message::Grant { channel, epoch, number, id } => {
                sink.u32(*channel);
                epoch.encode(sink);
                sink.u64(*number);
                id.encode(sink);
            }
            Message::Order { channel, epoch, first, messages, .. } => {
                sink.u32(*channel);
                epoch.encode(sink);
                sink.u64(*first);
                messages.encode(sink);
            }
            Message::Numbers { channel, epoch, first, ids } => {
                sink.u32(*channel);
                epoch.encode(sink);
                sink.u64(*first);
                ids.encode(sink);
            }
            Message::Ack { channel, epoch, upto } => {
                sink.u32(*channel);
                epoch.encode(sink);
                sink.u64(*upto);
            }
            Message::Stable(progress) => progress.encode(sink),
            Message::Missing { channel, from, upto } => {
                sink.u32(*channel);
                sink.u64(*from);
                sink.u64(*upto);
            }
            Message::Seal { channel, epoch, beyond } => {
                sink.u32(*channel);
                epoch.encode(sink);
                sink.u64(*beyond);
            }
            Message::Sealed { channel, epoch, entries } => {
                sink.u32(*channel);
                epoch.encode(sink);
                entries.encode(sink);
            }
            Message::Refused { channel, epoch } => {
                sink.u32(*channel);
                epoch.encode(sink);
            }
            Message::Beat(channels) => channels.encode(sink),
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Sent(posted) => {
                sink.u8(0);
                posted.encode(sink);
            }
            Record::Promised(channel, epoch) => {
                sink.u8(1);
                sink.u32(*channel);
                epoch.encode(sink);
            }
            Record::Accepted(entry) => {
                sink.u8(2);
                entry.encode(sink);
            }
            Record::Granted(channel, number, id) => {
                sink.u8(3);
                sink.u32(*channel);
                sink.u64(*number);
                id.encode(sink);
            }
            Record::Delivered(channel, upto) => {
                sink.u8(4);
                sink.u32(*channel);
                sink.u64(*upto);
            }
        }
    }
}
