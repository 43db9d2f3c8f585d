//! Clients: pseudo-nodes that send the workload's operations, wait, and note what they were told. A client beside its replica
//! asks and hears without delay; any other's words cross the network and may be lost, and then the outcome is unknown.

use super::World;
use crate::actor::{Actor, Message};
use crate::id::{NodeId, OpId};
use crate::ledger::{Cause, LinkClass, Observer};
use crate::network::Fate;
use crate::outcome::RunError;
use crate::queue::Key;
use crate::schedule::{Event, Schedule};
use crate::setup::Planned;
use crate::time::{Nanos, Time};
use crate::wire::Wire;

/// A client's own counters: it draws and numbers like a node.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    sequence: u32,
    /// Words that crossed the network to or from the client: the index of their draws.
    crossed: u32,
    rank: u32,
}

impl Client {
    pub(super) fn new(rank: u32) -> Client {
        Client { sequence: 0, crossed: 0, rank }
    }
}

/// An operation as its client and the world know it.
#[derive(Clone, Debug)]
pub(crate) struct Operation<A: Actor> {
    pub(crate) planned: Planned<A::Request>,
    pub(crate) status: Status,
    pub(crate) invoked: Option<Time>,
    pub(crate) completed: Option<Time>,
    /// Message delays from the invocation to the request's arrival: the cause that a parked operation keeps.
    pub(crate) depth: u16,
    /// Message delays from the invocation to the answer's arrival.
    pub(crate) delays: u16,
    /// What the replica answered; `None` inside for a refusal. The client knows it only once the status says so.
    pub(crate) answer: Option<Option<A::Response>>,
}

/// What a client knows of its operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Status {
    /// Not sent yet.
    Planned,
    /// Sent, no answer yet.
    Pending,
    /// Answered.
    Ok,
    /// Refused: it took no effect.
    Refused,
    /// Given up: it may or may not have taken effect, or still may.
    Unknown,
}

impl<A: Actor> Operation<A> {
    pub(super) fn new(planned: Planned<A::Request>) -> Operation<A> {
        Operation { planned, status: Status::Planned, invoked: None, completed: None, depth: 0, delays: 0, answer: None }
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A client sends an operation.
    pub(crate) fn invoke(&mut self, operation: OpId) {
        let now = self.now;
        self.waiting += 1;
        let state = &mut self.operations[operation.index()];
        state.status = Status::Pending;
        state.invoked = Some(now);
        let (to, client) = (state.planned.to, state.planned.client);
        let (timeout, bytes) = (state.planned.timeout, state.planned.request.wire_len());
        let id = NodeId(self.setup.nodes + client);
        if let Some(timeout) = timeout
            && let Some(key) = self.client_key(client, timeout)
        {
            self.schedule.event(key, id, 0, Event::Timeout(operation));
        }
        let Some(delay) = self.client_delay(client) else {
            return self.occur(to, 0, Event::Request(operation));
        };
        let kind = A::Message::KINDS.len();
        self.observer.sent(&mut O::Node::default(), kind, LinkClass::CLIENT, || bytes, delay);
        match delay {
            _ if self.reach.loses(id, to) => self.observer.dropped(kind, LinkClass::CLIENT, Cause::Partition),
            None => self.observer.dropped(kind, LinkClass::CLIENT, Cause::Loss),
            Some(delay) => {
                if let Some(key) = self.client_key(client, delay) {
                    self.schedule.event(key, to, 1, Event::Request(operation));
                }
            }
        }
    }

    fn client_key(&mut self, client: u32, delay: Nanos) -> Option<Key> {
        let sender = &mut self.clients[client as usize];
        let sequence = sender.sequence;
        let Some(next) = sequence.checked_add(2) else {
            self.fail(RunError::SequenceOverflow(NodeId(self.setup.nodes + client)));
            return None;
        };
        sender.sequence = next;
        Some(Key::new((self.now + delay).0, sender.rank, sequence))
    }

    /// How long the next word to or from a client takes, drawn from the client's stream; the inner `None` when it is lost, the
    /// outer one when the client is beside its replica.
    fn client_delay(&mut self, client: u32) -> Option<Option<Nanos>> {
        let crossed = &mut self.clients[client as usize].crossed;
        let draw = self.keys.network.draw(self.setup.nodes + client, *crossed);
        let fate = self.links.client_fate(NodeId(self.setup.nodes + client), draw)?;
        *crossed = crossed.wrapping_add(1);
        Some(match fate {
            // Where instants do not matter, neither delay nor chance decides.
            _ if !S::TIMED => Some(0),
            Fate::Arrives { delay, .. } => Some(delay),
            Fate::Lost | Fate::NoRoom => None,
        })
    }

    fn beside(&self) -> bool {
        self.setup.network.client_latency.is_none()
    }

    /// A request reached its replica.
    pub(super) fn request_arrived(&mut self) {
        if !self.beside() {
            let kind = A::Message::KINDS.len();
            self.observer.client_delivered(kind);
        }
    }

    /// A request reached a replica that is down, or whose host has no room for it.
    pub(super) fn request_lost(&mut self, operation: OpId, cause: Cause) {
        if self.beside() {
            // A client on the same machine sees the refused connection, and knows that nothing happened.
            self.operations[operation.index()].answer = Some(None);
            self.responded(operation, 0);
        } else {
            self.observer.dropped(A::Message::KINDS.len(), LinkClass::CLIENT, cause);
        }
    }

    /// A replica answers; `None` refuses. Only the first answer counts.
    pub(super) fn reply(&mut self, id: NodeId, operation: OpId, depth: u16, response: Option<A::Response>) {
        let beside = self.beside();
        let state = &mut self.operations[operation.index()];
        if state.answer.is_some() {
            return;
        }
        let depth = depth.max(state.depth);
        let bytes = response.wire_len();
        let client = state.planned.client;
        state.answer = Some(response);
        if beside {
            return self.responded(operation, depth);
        }
        let to = NodeId(self.setup.nodes + client);
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        let rank = node.rank;
        let delay = self.client_delay(client).expect("clients are not beside their replica");
        let kind = A::Message::KINDS.len() + 1;
        self.observer.sent(&mut self.nodes[id.index()].observed, kind, LinkClass::CLIENT, || bytes, delay);
        match delay {
            _ if self.reach.loses(id, to) => self.observer.dropped(kind, LinkClass::CLIENT, Cause::Partition),
            None => self.observer.dropped(kind, LinkClass::CLIENT, Cause::Loss),
            Some(delay) => {
                let key = Key::new((self.now + delay).0, rank, sequence);
                self.schedule.event(key, to, depth.saturating_add(1), Event::Response(operation));
            }
        }
    }

    /// The client hears the answer.
    pub(super) fn responded(&mut self, operation: OpId, depth: u16) {
        if !self.beside() {
            self.observer.client_delivered(A::Message::KINDS.len() + 1);
        }
        let state = &mut self.operations[operation.index()];
        if state.status != Status::Pending {
            return; // the client has given up
        }
        self.waiting -= 1;
        let taken = matches!(state.answer, Some(Some(_)));
        state.status = if taken { Status::Ok } else { Status::Refused };
        state.completed = Some(self.now);
        state.delays = depth;
        if taken {
            self.convergence.acknowledge(self.now, operation);
        }
    }

    /// The client's patience ends.
    pub(super) fn timed_out(&mut self, operation: OpId) {
        let state = &mut self.operations[operation.index()];
        if state.status == Status::Pending {
            self.waiting -= 1;
            state.status = Status::Unknown;
        }
    }
}
