//! Messages that go farther than a neighbour: replicas on the way hand them on, each hop a message of its own in the ledger.
//! What is for many goes along the tree of shortest paths from its sender, over each link once.
//!
//! Handing on takes no time of its own and is no work of the actor's: it is the network's. It deliberately knows nothing of
//! who is down: routes follow links, and a message dies at a replica that does not run. A message to one replica follows the links
//! as they are at each hop; one to many goes along the tree as it was when it was sent, and where a link of it has gone, those
//! below do not get it, and are counted.

use super::serve::Letter;
use super::triggers::Occasion;
use super::{Held, Status, World};
use crate::actor::{Actor, Message};
use crate::id::NodeId;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::network::Way;
use crate::queue::Key;
use crate::schedule::{Event, Schedule};
use crate::topology::Tree;
use crate::wire::Wire;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// These, in ascending order, along the tree of the origin.
    Some(Vec<NodeId>, Arc<Tree>),
    All(Arc<Tree>),
}

impl Recipients {
    fn include(&self, node: NodeId) -> bool {
        match self {
            Recipients::One(one) => *one == node,
            Recipients::Some(some, _) => some.binary_search(&node).is_ok(),
            Recipients::All(_) => true,
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
        let everyone = (0..self.setup.nodes).map(NodeId);
        let Some(tree) = self.tree_of(from) else {
            return self.send_to_each(everyone, from, depth, message);
        };
        for to in everyone.filter(|to| *to != from && tree.parent(*to).is_none()) {
            self.lost_without_route(from, to, message.kind(), message.wire_len());
        }
        let told = self.setup.nodes - 1;
        self.hand_on(from, from, Recipients::All(tree), depth, message.clone());
        self.sent_to_many(from, message.kind(), told as usize);
    }

    /// A replica sends to some others.
    pub(super) fn multicast(&mut self, from: NodeId, mut to: Vec<NodeId>, depth: u16, message: &A::Message) {
        to.sort_unstable();
        to.dedup();
        to.retain(|to| *to != from);
        let Some(tree) = self.tree_of(from) else {
            return self.send_to_each(to.into_iter(), from, depth, message);
        };
        let told = to.len();
        let (reached, unreached): (Vec<NodeId>, Vec<NodeId>) = to.into_iter().partition(|to| tree.parent(*to).is_some());
        for to in unreached {
            self.lost_without_route(from, to, message.kind(), message.wire_len());
        }
        self.hand_on(from, from, Recipients::Some(reached, tree), depth, message.clone());
        self.sent_to_many(from, message.kind(), told);
    }

    /// What left in one was sent to each.
    fn sent_to_many(&mut self, from: NodeId, kind: usize, told: usize) {
        if !self.triggers.heed_sends() {
            return;
        }
        for _ in 0..told {
            self.set_off(from, Occasion::Sent(kind));
            if self.nodes[from.index()].status == Status::Down {
                return;
            }
        }
    }

    /// The tree along which what a replica tells many is handed on, where that is done. A byzantine node may tell each something else.
    fn tree_of(&mut self, origin: NodeId) -> Option<Arc<Tree>> {
        if self.goes_by_hops() && self.byzantine.is_honest(origin) { self.links.tree(origin) } else { None }
    }

    fn send_to_each(&mut self, to: impl Iterator<Item = NodeId>, from: NodeId, depth: u16, message: &A::Message) {
        for to in to.filter(|to| *to != from) {
            self.send(from, to, depth, message.clone());
            if self.nodes[from.index()].status == Status::Down {
                return; // a fault waited for one of them to be sent
            }
        }
    }

    /// Sends a message over the next links of its way.
    fn hand_on(&mut self, at: NodeId, origin: NodeId, to: Recipients, depth: u16, message: A::Message) {
        match to {
            Recipients::One(to) if to == at => {}
            Recipients::One(to) => match self.links.way(at, to) {
                Way::Direct => self.hop(at, to, origin, Recipients::One(to), depth, message),
                Way::Through(next) => self.hop(at, next, origin, Recipients::One(to), depth, message),
                Way::Nowhere => self.lost_at_relay(at, origin, &[to], &message),
            },
            Recipients::Some(some, tree) => {
                for (next, below) in branches(&tree, at, some) {
                    if self.links.are_neighbours(at, next) {
                        self.hop(at, next, origin, Recipients::Some(below, tree.clone()), depth, message.clone());
                    } else {
                        self.lost_at_relay(at, origin, &below, &message);
                    }
                }
            }
            Recipients::All(tree) => {
                for &next in tree.children(at) {
                    if self.links.are_neighbours(at, next) {
                        self.hop(at, next, origin, Recipients::All(tree.clone()), depth, message.clone());
                    } else {
                        self.lost_at_relay(at, origin, &tree.below(next), &message);
                    }
                }
            }
        }
    }

    /// No link leads on to these any more.
    fn lost_at_relay(&mut self, at: NodeId, origin: NodeId, to: &[NodeId], message: &A::Message) {
        for to in to {
            if at != origin {
                self.observer.relayed();
            }
            self.lost_without_route(at, *to, message.kind(), message.wire_len());
        }
    }

    fn hop(&mut self, at: NodeId, next: NodeId, origin: NodeId, to: Recipients, depth: u16, message: A::Message) {
        if at != origin {
            self.observer.relayed();
        }
        // A lost one takes a number too: so a replay, which does not know what was lost, counts alike.
        let number = self.next_packet;
        self.next_packet += 2;
        let Some((crossing, message)) = self.cross_over(at, next, message) else { return };
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

/// To whom `at` hands on what is for some, each with those whom it thereby reaches, both in ascending order.
fn branches(tree: &Tree, at: NodeId, to: Vec<NodeId>) -> BTreeMap<NodeId, Vec<NodeId>> {
    let mut branches: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for to in to {
        // From the receiver up, to the child of this replica; the receiver that it is itself is above all others.
        let upwards = std::iter::successors(Some(to), |node| tree.parent(*node));
        if let Some(next) = upwards.take_while(|node| *node != at).last().filter(|next| tree.parent(*next) == Some(at)) {
            branches.entry(next).or_default().push(to);
        }
    }
    branches
}
