//! Raft within a broadcast: its messages, timers and records are the broadcast's. It speaks to no client: what was agreed on the process reads
//! from its state machine.

use super::message::{Message, Record, Timer};
use super::monitor::Fact;
use super::node::Member;
use super::options::Options;
use crate::consensus::raft::message as raft;
use crate::consensus::raft::monitor as facts;
use crate::consensus::raft::options::Options as RaftOptions;
use crate::consensus::raft::server::Raft;
use crate::order::request::Response;
use crate::replication::machine;
use quorate_engine::Embeds;

impl Embeds<Raft> for Member {
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
