//! Messages that go farther than a neighbour: replicas on the way hand them on, each hop a message of its own in the ledger.
//! What is for many goes along the tree of shortest paths from its sender, over each link once.
//!
//! Handing on takes no time of its own and is no work of the actor's: it is the network's. It deliberately knows nothing of
//! who is down: routes follow links, and a message dies at a replica that does not run.

use super::serve::Letter;
use super::{Held, Status, World};
use crate::actor::{Actor, Message};
use crate::id::NodeId;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::network::Way;
use crate::queue::Key;
use crate::schedule::{Event, Schedule};
use crate::wire::Wire;

/// A message on a hop of its way.
#[derive(Clone, Debug)]
pub(crate) struct Packet<M> {
    message: M,
    /// Who sent it at first: whom the receiver sees.
    origin: NodeId,
    to: Recipients,
    /// The beginning of the hop.
    from: NodeId,
    class: LinkClass,
    key: Key,
}

/// For whom a packet is.
#[derive(Clone, Debug)]
enum Recipients {
    One(NodeId),
    /// These, in ascending order.
    Some(Vec<NodeId>),
    All,
}

impl Recipients {
    fn include(&self, node: NodeId) -> bool {
        match self {
            Recipients::One(one) => *one == node,
            Recipients::Some(some) => some.binary_search(&node).is_ok(),
            Recipients::All => true,
        }
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A driver that lets any message arrive next has no use for the hops of its way.
    pub(super) fn goes_by_hops(&self) -> bool {
        self.links.relays() && self.script.is_none()
    }

    /// A replica sends to one that is no neighbour.
    pub(super) fn send_through(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        self.hand_on(from, from, Recipients::One(to), depth, message);
    }

    /// A replica sends to every other.
    pub(super) fn broadcast(&mut self, from: NodeId, depth: u16, message: &A::Message) {
        if !self.goes_by_hops() {
            return self.send_to_each((0..self.setup.nodes).map(NodeId), from, depth, message);
        }
        for to in (0..self.setup.nodes).map(NodeId).filter(|to| *to != from) {
            self.without_route(from, to, message);
        }
        self.hand_on(from, from, Recipients::All, depth, message.clone());
    }

    /// A replica sends to some others, in ascending order.
    pub(super) fn multicast(&mut self, from: NodeId, mut to: Vec<NodeId>, depth: u16, message: &A::Message) {
        to.sort_unstable();
        to.dedup();
        if !self.goes_by_hops() {
            return self.send_to_each(to.into_iter(), from, depth, message);
        }
        to.retain(|to| *to != from && !self.without_route(from, *to, message));
        self.hand_on(from, from, Recipients::Some(to), depth, message.clone());
    }

    fn send_to_each(&mut self, to: impl Iterator<Item = NodeId>, from: NodeId, depth: u16, message: &A::Message) {
        to.filter(|to| *to != from).for_each(|to| self.send(from, to, depth, message.clone()));
    }

    /// Whether there is no way; then the message is counted as lost.
    fn without_route(&mut self, from: NodeId, to: NodeId, message: &A::Message) -> bool {
        let reached = self.links.reaches(from, to);
        if !reached {
            self.lost_without_route(from, to, message.kind(), message.wire_len());
        }
        !reached
    }

    /// Sends a message over the next links of its way.
    fn hand_on(&mut self, at: NodeId, origin: NodeId, to: Recipients, depth: u16, message: A::Message) {
        match to {
            Recipients::One(to) if to == at => {}
            Recipients::One(to) => match self.links.way(at, to) {
                Way::Direct => self.hop(at, to, origin, Recipients::One(to), depth, message),
                Way::Through(next) => self.hop(at, next, origin, Recipients::One(to), depth, message),
                Way::Nowhere => self.lost_without_route(at, to, message.kind(), message.wire_len()),
            },
            Recipients::Some(some) => {
                for (next, below) in self.links.branches(origin, at, &some) {
                    self.hop(at, next, origin, Recipients::Some(below), depth, message.clone());
                }
            }
            Recipients::All => {
                for next in self.links.children(origin, at) {
                    self.hop(at, next, origin, Recipients::All, depth, message.clone());
                }
            }
        }
    }

    fn hop(&mut self, at: NodeId, next: NodeId, origin: NodeId, to: Recipients, depth: u16, message: A::Message) {
        if at != origin {
            self.observer.relayed();
        }
        // A lost one takes a number too: so a replay, which does not know what was lost, counts alike.
        let number = self.next_packet;
        self.next_packet += 2;
        let Some(crossing) = self.cross(at, next, message.kind(), message.wire_len()) else { return };
        let packet = Packet { message, origin, to, from: at, class: crossing.class, key: crossing.key };
        if let Some(key) = crossing.copy {
            self.packets.insert(number | 1, Packet { key, ..packet.clone() });
            self.schedule.event(key, next, depth, Event::Packet(number | 1));
        }
        self.packets.insert(number, packet);
        self.schedule.event(crossing.key, next, depth, Event::Packet(number));
    }

    /// A packet reaches the end of a hop.
    pub(super) fn packet(&mut self, at: NodeId, depth: u16, number: u64) {
        let packet = match S::TIMED {
            true => self.packets.remove(&number),
            // A replay does not know which packets were copied.
            false => self.packets.get(&(number & !1)).cloned(),
        };
        let packet = packet.expect("a packet is on its way until it arrives");
        if self.nodes[at.index()].status == Status::Down {
            return self.packet_lost(&packet);
        }
        if self.reach.loses(packet.from, at) {
            return self.lost_to_partition(packet.from, at, packet.class, packet.message.kind());
        }
        match self.nodes[at.index()].status {
            Status::Paused => self.held.entry(at).or_default().push(Held::Packet(packet, depth)),
            _ => self.packet_arrived(at, depth, packet),
        }
    }

    /// A packet has arrived: it is handed on, and handled if it is for this replica.
    pub(super) fn packet_arrived(&mut self, at: NodeId, depth: u16, packet: Packet<A::Message>) {
        let Packet { message, origin, to, from: _, class, key } = packet;
        if !to.include(at) || at == origin {
            self.count_arrival(key, class, at, depth, &message);
            return self.hand_on(at, origin, to, depth.saturating_add(1), message);
        }
        self.hand_on(at, origin, to, depth.saturating_add(1), message.clone());
        self.take_in(Letter { key, class, origin, message }, at, depth);
    }

    /// A packet that waited at a replica that stops is lost.
    pub(super) fn packet_lost(&mut self, packet: &Packet<A::Message>) {
        self.observer.dropped(packet.message.kind(), packet.class, Cause::Down);
    }
}
