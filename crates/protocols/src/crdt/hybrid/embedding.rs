//! Raft within the hybrid counter: its messages, timers and records are the counter's. It speaks to nobody else's clients: what was agreed on
//! the counter reads from its state machine.

use super::message::{Message, Record, Response, Timer};
use super::monitor::Fact;
use super::node::Hybrid;
use super::options::Options;
use crate::consensus::raft::message as raft;
use crate::consensus::raft::monitor as facts;
use crate::consensus::raft::options::Options as RaftOptions;
use crate::consensus::raft::server::Raft;
use crate::replication::machine;
use quorate_engine::Embeds;

impl Embeds<Raft> for Hybrid {
    const SPEAKS: bool = false;

    fn inner_options(options: &Options) -> &RaftOptions {
        &options.raft
    }

    fn wrap_message(inner: raft::Message) -> Message {
        Message::Raft(inner)
    }

    fn wrap_timer(inner: raft::Timer) -> Timer {
        Timer::Raft(inner)
    }

    fn wrap_record(inner: raft::Record) -> Record {
        Record::Raft(inner)
    }

    fn wrap_fact(inner: facts::Fact) -> Option<Fact> {
        matches!(inner, facts::Fact::Elected(_)).then_some(Fact::Elected)
    }

    fn wrap_response(_: machine::Response) -> Response {
        unreachable!("it does not speak to clients")
    }
}
