//! Clients: pseudo-nodes whose words cross the network to replicas and back. A client beside its replica asks and hears without
//! delay; any other's words may be lost. What a client makes of what it hears stands in `attempts.rs`.

use super::World;
use super::operations::{Said, Word};
use crate::actor::{Actor, Message};
use crate::id::{NodeId, OpId};
use crate::ledger::{Cause, LinkClass, Observer};
use crate::network::Fate;
use crate::outcome::RunError;
use crate::queue::Key;
use crate::schedule::{Event, Schedule};
use crate::time::Nanos;
use crate::wire::{Sink, Wire};

/// A client's own counters: it draws and numbers like a node.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    sequence: u32,
    /// Words that crossed the network to or from the client: the index of their draws.
    crossed: u32,
    rank: u32,
    /// The place of its population; `NONE` for one whose operations are planned one by one.
    pub(crate) population: u32,
    /// Operations asked by itself.
    pub(crate) asked: u32,
    /// Whom it asks when it sticks to one.
    pub(crate) favourite: NodeId,
}

impl Client {
    pub(super) const NONE: u32 = u32::MAX;

    pub(super) fn new(rank: u32, population: u32, favourite: NodeId) -> Client {
        Client { sequence: 0, crossed: 0, rank, population, asked: 0, favourite }
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// The pseudo-node of a client.
    pub(super) fn client_node(&self, client: u32) -> NodeId {
        NodeId(self.setup.nodes + client)
    }

    /// Something happens to a client after a while.
    pub(super) fn client_event(&mut self, client: u32, after: Nanos, event: Event) {
        if let Some(key) = self.client_key(client, after) {
            self.schedule.event(key, self.client_node(client), 0, event);
        }
    }

    fn client_key(&mut self, client: u32, after: Nanos) -> Option<Key> {
        let sender = &mut self.clients[client as usize];
        let sequence = sender.sequence;
        let Some(next) = sequence.checked_add(2) else {
            self.fail(RunError::SequenceOverflow(self.client_node(client)));
            return None;
        };
        sender.sequence = next;
        Some(Key::new((self.now + after).0, sender.rank, sequence))
    }

    /// How long the next word to or from a client takes, drawn from the client's stream; the inner `None` when it is lost, the
    /// outer one when the client is beside its replica.
    fn client_delay(&mut self, client: u32) -> Option<Option<Nanos>> {
        let id = self.client_node(client);
        let Client { crossed, population, .. } = &mut self.clients[client as usize];
        let draw = match self.populations.get(*population as usize) {
            None => self.keys.network.draw(id.0, *crossed),
            Some(of) => of.habits.crossings.draw(client - of.first, *crossed),
        };
        let fate = self.links.client_fate(id, draw)?;
        *crossed = crossed.wrapping_add(1);
        Some(match fate {
            // Where instants do not matter, neither delay nor chance decides.
            _ if !S::TIMED => Some(0),
            Fate::Arrives { delay, .. } => Some(delay),
            Fate::Lost | Fate::NoRoom => None,
        })
    }

    pub(super) fn beside(&self) -> bool {
        self.setup.network.client_latency.is_none()
    }

    /// A client asks a replica, in a later round what that asks.
    pub(super) fn send_request(&mut self, operation: OpId, to: NodeId, depth: u16, later: Option<(u32, A::Request)>) {
        let client = self.operations.known[operation.index()].client;
        let id = self.client_node(client);
        let word = self.operations.number_word();
        if let Some(later) = later {
            self.operations.later.insert(word, later);
        }
        let Some(delay) = self.client_delay(client) else {
            return self.occur(to, depth, Event::Request(operation, word));
        };
        let kind = A::Message::KINDS.len();
        let request = self.operations.request(operation, word);
        self.observer.sent(&mut O::Node::default(), kind, LinkClass::CLIENT, || request.wire_len(), delay);
        match delay {
            _ if self.reach.loses(id, to) => self.request_lost_under_way(word, Cause::Partition),
            None => self.request_lost_under_way(word, Cause::Loss),
            Some(delay) => {
                if let Some(key) = self.client_key(client, delay) {
                    self.schedule.event(key, to, depth.saturating_add(1), Event::Request(operation, word));
                }
            }
        }
    }

    fn request_lost_under_way(&mut self, word: u32, cause: Cause) {
        self.operations.later.remove(&word);
        self.observer.dropped(A::Message::KINDS.len(), LinkClass::CLIENT, cause);
    }

    /// A replica comes to a request.
    pub(super) fn serve_request(&mut self, id: NodeId, depth: u16, operation: OpId, word: u32) {
        if !self.beside() {
            self.observer.client_delivered(A::Message::KINDS.len());
        }
        let request = match self.operations.later.remove(&word) {
            None => self.operations.said[operation.index()].0.clone(),
            Some((round, request)) => {
                if self.operations.open.contains_key(&operation) {
                    let reached = self.operations.reached.entry((operation, id)).or_insert(round);
                    *reached = round.max(*reached);
                }
                request
            }
        };
        self.handle(id, depth, |actor, ctx| actor.request(ctx, operation, request));
    }

    /// A request reached a replica that is down, or whose host has no room for it.
    pub(super) fn request_lost(&mut self, to: NodeId, operation: OpId, word: u32, cause: Cause) {
        if !self.beside() {
            return self.request_lost_under_way(word, cause);
        }
        // A client on the same machine sees the refused connection, and knows that nothing happened.
        let later = self.operations.later.remove(&word);
        self.note_given(operation, &Said::Refusal);
        let round = later.map_or(1, |(round, _)| round);
        self.heard(Word { operation, from: to, round, said: Said::Refusal }, 0);
    }

    /// The first answer or refusal enters the run's digest.
    fn note_given(&mut self, operation: OpId, said: &Said<A::Response>) {
        let given = &mut self.operations.given[operation.index()];
        if *given == 0 {
            *given = said.wire_digest();
        }
    }

    /// A replica says something to the client of an operation.
    pub(super) fn reply(&mut self, id: NodeId, operation: OpId, depth: u16, said: Said<A::Response>) {
        match &said {
            Said::Answer(_) | Said::Refusal => self.note_given(operation, &said),
            Said::Redirect(to) => assert!(to.0 < self.setup.nodes, "{id} redirects a client to {to}, which is no replica"),
        }
        let known = &self.operations.known[operation.index()];
        let depth = depth.max(known.depth);
        let word = Word { operation, from: id, round: self.operations.round(operation, id), said };
        match self.byzantine.is_honest(id) {
            true => self.say(word, depth),
            false => self.answer_byzantine(id, depth, word),
        }
    }

    /// A word leaves its replica.
    pub(super) fn say(&mut self, word: Word<A>, depth: u16) {
        if self.beside() {
            return self.heard(word, depth);
        }
        let (id, client) = (word.from, self.operations.known[word.operation.index()].client);
        let to = self.client_node(client);
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        let rank = node.rank;
        let number = self.operations.number_word();
        let delay = self.client_delay(client).expect("clients are not beside their replica");
        let kind = A::Message::KINDS.len() + 1;
        self.observer.sent(&mut self.nodes[id.index()].observed, kind, LinkClass::CLIENT, || word.said.wire_len(), delay);
        match delay {
            _ if self.reach.loses(id, to) => self.observer.dropped(kind, LinkClass::CLIENT, Cause::Partition),
            None => self.observer.dropped(kind, LinkClass::CLIENT, Cause::Loss),
            Some(delay) => {
                self.operations.words.insert(number, word);
                let key = Key::new((self.now + delay).0, rank, sequence);
                self.schedule.event(key, to, depth.saturating_add(1), Event::Response(number));
            }
        }
    }

    /// A word reaches its client.
    pub(super) fn responded(&mut self, number: u32, depth: u16) {
        self.observer.client_delivered(A::Message::KINDS.len() + 1);
        let word = self.operations.words.remove(&number).expect("a word arrives once");
        self.heard(word, depth);
    }
}

impl<R: Wire> Wire for Said<R> {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Said::Refusal => sink.u8(0),
            Said::Answer(answer) => {
                sink.u8(1);
                answer.encode(sink);
            }
            Said::Redirect(to) => {
                sink.u8(2);
                to.encode(sink);
            }
        }
    }
}
