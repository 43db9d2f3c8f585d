//! Reliable links in the order of sending, over a network that loses, doubles and reorders (Bertsekas and Gallager, "Data
//! Networks", 1992, §2.4; Cachin, Guerraoui and Rodrigues 2011, §2.4, "perfect links"; Hadzilacos and Toueg 1994, §2): what
//! each node sends another it numbers from 1 on. The other keeps what came too early, delivers in the order of the numbers,
//! each once, and acknowledges how far it has come. What is not acknowledged is said again, by one timer for all peers, after
//! longer and longer waits.
//!
//! A protocol of messages `B` sends [`Packet`]s of them, keeps a [`Links`] in its actor, and says in a [`Manner`] what it
//! wants of it. The kinds of `B` begin with [`ACK`] and [`AGAIN`], so that the ledger counts what the links cost apart from
//! what the protocol does.
//!
//! Links end with a crash: who restarts begins with none of the numbers, and nobody understands it. That is for protocols
//! whose nodes do not come back, or keep the links' state themselves.

#[cfg(test)]
mod tests;

use quorate_engine::{Actor, Context, Kind, Message, Nanos, NodeId, Role, Sink, Wire};
use std::collections::{BTreeMap, VecDeque};

/// The kind of acknowledgements: the first of a protocol's kinds.
pub const ACK: Kind = Kind { name: "ack", role: Role::Retry };
/// The kind of whatever is said again: the second.
pub const AGAIN: Kind = Kind { name: "again", role: Role::Retry };

/// What goes over the network.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Packet<B> {
    /// The sender has delivered all up to this number.
    Ack(u64),
    /// A message.
    Numbered {
        /// From 1 on, of all that the sender has sent to this peer.
        number: u64,
        /// Whether it was sent before.
        again: bool,
        /// What is said.
        body: B,
    },
}

/// What a protocol wants of its links.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manner<T> {
    /// Whether messages are acknowledged and said again; if not, the network must lose nothing. Numbers order them either
    /// way, and tell what comes twice.
    pub acknowledged: bool,
    /// Whether they are delivered in order; if not, as they come, each once.
    pub ordered: bool,
    /// The time between two looks at what is not acknowledged, in ns.
    pub resend: Nanos,
    /// The timer for it: when it is due, call [`Links::resend`].
    pub timer: T,
}

/// A node's links to all others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Links<B> {
    peers: BTreeMap<NodeId, Peer<B>>,
    is_armed: bool,
}

impl<B> Default for Links<B> {
    fn default() -> Links<B> {
        Links { peers: BTreeMap::new(), is_armed: false }
    }
}

/// Both directions between this node and another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Peer<B> {
    /// Of what was sent, the peer has this many.
    acknowledged: u64,
    /// What was sent after that, in order.
    open: VecDeque<B>,
    /// Looks at it since it was sent, or something was acknowledged.
    waits: u32,
    /// Sent in all. Invariant: `acknowledged + open.len()` where messages are acknowledged.
    sent: u64,
    /// Received without a gap.
    received: u64,
    /// Received beyond the gap.
    early: BTreeMap<u64, B>,
}

impl<B> Default for Peer<B> {
    fn default() -> Peer<B> {
        Peer { acknowledged: 0, open: VecDeque::new(), waits: 0, sent: 0, received: 0, early: BTreeMap::new() }
    }
}

/// The most looks between two times that a message is said: a peer that does not answer is not flooded, and one that is there
/// again soon hears.
const WAITS_MAX: u32 = 16;

impl<B: Clone> Peer<B> {
    /// Puts a message where it belongs; all that can be delivered now.
    fn accept(&mut self, ordered: bool, number: u64, body: B) -> Vec<B> {
        if number <= self.received || self.early.contains_key(&number) {
            return Vec::new();
        }
        let mut delivered = Vec::new();
        if !ordered {
            delivered.push(body.clone());
        }
        self.early.insert(number, body);
        while let Some(body) = self.early.remove(&(self.received + 1)) {
            self.received += 1;
            if ordered {
                delivered.push(body);
            }
        }
        delivered
    }

    fn acknowledge(&mut self, number: u64) {
        while self.acknowledged < number && self.open.pop_front().is_some() {
            self.acknowledged += 1;
            self.waits = 0;
        }
    }

    /// Whether it is time to say again what is open: at the second look, so that a message has a whole wait, then at the
    /// fourth, the eighth, and so on.
    fn is_due(&mut self) -> bool {
        self.waits = self.waits.saturating_add(1);
        let waits = self.waits;
        (waits > 1 && waits.is_power_of_two() && waits < WAITS_MAX) || waits.is_multiple_of(WAITS_MAX)
    }
}

impl<B: Clone> Links<B> {
    /// Sends to one other node.
    pub fn send<A>(&mut self, ctx: &mut Context<'_, A>, manner: &Manner<A::Timer>, to: NodeId, body: B)
    where
        A: Actor,
        A::Message: From<Packet<B>>,
    {
        let peer = self.peers.entry(to).or_default();
        peer.sent += 1;
        if manner.acknowledged {
            if peer.open.is_empty() {
                peer.waits = 0;
            }
            peer.open.push_back(body.clone());
            if !self.is_armed {
                self.is_armed = true;
                ctx.set_timer(manner.timer, manner.resend);
            }
        }
        ctx.send(to, Packet::Numbered { number: peer.sent, again: false, body }.into());
    }

    /// Takes what arrived; what is delivered now, in order.
    pub fn receive<A>(&mut self, ctx: &mut Context<'_, A>, manner: &Manner<A::Timer>, from: NodeId, packet: Packet<B>) -> Vec<B>
    where
        A: Actor,
        A::Message: From<Packet<B>>,
    {
        let peer = self.peers.entry(from).or_default();
        match packet {
            Packet::Ack(number) => {
                peer.acknowledge(number);
                Vec::new()
            }
            Packet::Numbered { number, body, .. } => {
                let delivered = peer.accept(manner.ordered, number, body);
                if manner.acknowledged {
                    // What came twice is acknowledged twice: the first time may have been lost.
                    ctx.send(from, Packet::Ack(peer.received).into());
                }
                delivered
            }
        }
    }

    /// The timer is due: says again what has waited long enough.
    pub fn resend<A>(&mut self, ctx: &mut Context<'_, A>, manner: &Manner<A::Timer>)
    where
        A: Actor,
        A::Message: From<Packet<B>>,
    {
        self.is_armed = false;
        for (to, peer) in &mut self.peers {
            if peer.open.is_empty() {
                continue;
            }
            self.is_armed = true;
            if peer.is_due() {
                for (body, number) in peer.open.iter().zip(peer.acknowledged + 1..) {
                    ctx.send(*to, Packet::Numbered { number, again: true, body: body.clone() }.into());
                }
            }
        }
        if self.is_armed {
            ctx.set_timer(manner.timer, manner.resend);
        }
    }
}

impl<B: Message> Message for Packet<B> {
    const KINDS: &'static [Kind] = B::KINDS;

    fn kind(&self) -> usize {
        match self {
            Packet::Ack(_) => 0,
            Packet::Numbered { again: true, .. } => 1,
            Packet::Numbered { body, .. } => body.kind(),
        }
    }

    /// Another content under the same number, or more acknowledged than there was.
    fn forge(&self, choice: u64) -> Option<Packet<B>> {
        match self {
            Packet::Ack(number) => Some(Packet::Ack(number.saturating_add(1 + choice % 4))),
            Packet::Numbered { number, again, body } => {
                body.forge(choice).map(|body| Packet::Numbered { number: *number, again: *again, body })
            }
        }
    }
}

impl<B: Wire> Wire for Packet<B> {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Packet::Ack(number) => {
                sink.u8(0);
                sink.u64(*number);
            }
            Packet::Numbered { number, again, body } => {
                sink.u8(1 + u8::from(*again));
                sink.u64(*number);
                body.encode(sink);
            }
        }
    }
}
