//! Sending: from the sender's hand to the schedule, over the links that may lose, delay or copy a message. What goes farther
//! than a neighbour is handed on in [`super::relay`].

use super::World;
use super::triggers::Occasion;
use crate::actor::{Actor, Message};
use crate::id::NodeId;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::network::{Altered, Fate, Way};
use crate::outcome::RunError;
use crate::queue::Key;
use crate::schedule::Schedule;
use crate::wire::Wire;

/// When a message that crosses a link arrives, and when its second copy does.
pub(super) struct Crossing {
    pub(super) key: Key,
    pub(super) copy: Option<Key>,
    pub(super) class: LinkClass,
    altered: Option<Altered>,
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A replica sends; `depth` is the message's own causal depth.
    #[inline(always)]
    pub(super) fn send(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        if to == from {
            return self.send_to_itself(from, depth, message);
        }
        assert!(to.index() < self.nodes.len(), "{from} sends to {to}, but there are {} replicas", self.nodes.len());
        let Some(plain) = self.links.plain_delay() else {
            return self.send_over(from, to, depth, message);
        };
        let sender = &mut self.nodes[from.index()];
        let Some(sequence) = sender.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(from));
        };
        let (rank, kind, index) = (sender.rank, message.kind(), sender.sent);
        sender.sent = index.wrapping_add(1);
        if self.reach.loses(from, to) {
            self.observer.sent(&mut sender.observed, kind, LinkClass::FIRST, || message.wire_len(), None);
            return self.lost_to_partition(from, to, LinkClass::FIRST, kind);
        }
        // Where instants do not matter, every message is at once among what may happen next.
        let delay = if S::TIMED { plain.sample(self.keys.network.draw(from.0, index)) } else { 0 };
        self.observer.sent(&mut sender.observed, kind, LinkClass::FIRST, || message.wire_len(), Some(delay));
        let key = Key::new((self.now + delay).0, rank, sequence);
        self.schedule.message(key, to, depth, LinkClass::FIRST, message);
    }

    fn send_to_itself(&mut self, id: NodeId, depth: u16, message: A::Message) {
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        self.observer.sent(&mut node.observed, message.kind(), LinkClass::LOCAL, || message.wire_len(), Some(0));
        let key = Key::new(self.now.0, node.rank, sequence);
        self.schedule.message(key, id, depth, LinkClass::LOCAL, message);
    }

    /// The same where more than a delay must be asked for.
    #[inline(never)]
    fn send_over(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        match self.byzantine.is_honest(from) {
            true => self.send_honestly(from, to, depth, message),
            false => self.send_byzantine(from, to, depth, message),
        }
    }

    /// Sends what a byzantine sender, if it is one, has made of it.
    pub(super) fn send_honestly(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        let kind = message.kind();
        match self.links.way(from, to) {
            Way::Through(_) if self.goes_by_hops() => self.send_through(from, to, depth, message),
            Way::Direct | Way::Through(_) => self.send_directly(from, to, depth, message),
            Way::Nowhere => self.lost_without_route(from, to, kind, message.wire_len()),
        }
        self.set_off(from, Occasion::Sent(kind));
    }

    fn send_directly(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        let Some((crossing, message)) = self.cross_over(from, to, message) else { return };
        if let Some(copy) = crossing.copy {
            self.schedule.message(copy, to, depth, crossing.class, message.clone());
        }
        self.schedule.message(crossing.key, to, depth, crossing.class, message);
    }

    /// A message crosses the link between two neighbours, if nothing stops it: when it arrives, and with what content.
    pub(super) fn cross_over(&mut self, from: NodeId, to: NodeId, message: A::Message) -> Option<(Crossing, A::Message)> {
        let kind = message.kind();
        let crossing = self.cross(from, to, kind, message.wire_len())?;
        let content = match crossing.altered {
            None => Some(message),
            Some(Altered::Forged(choice)) => message.forge(choice),
            Some(Altered::Detected) => None,
        };
        // What cannot be forged cannot pass for whole either.
        let Some(message) = content else {
            let copies = 1 + usize::from(crossing.copy.is_some());
            (0..copies).for_each(|_| self.observer.dropped(kind, crossing.class, Cause::Corrupt));
            return None;
        };
        Some((crossing, message))
    }

    /// A message of so many bytes crosses the link between two neighbours, if nothing stops it; all of it is counted.
    fn cross(&mut self, from: NodeId, to: NodeId, kind: usize, bytes: u64) -> Option<Crossing> {
        let sender = &mut self.nodes[from.index()];
        let Some(sequence) = sender.take_sequence() else {
            self.fail(RunError::SequenceOverflow(from));
            return None;
        };
        let index = sender.sent;
        sender.sent = index.wrapping_add(1);
        let rank = sender.rank;
        let class = self.links.class(from, to);
        let bytes = self.links.bytes(from, to, bytes);
        let cut = self.reach.loses(from, to);
        let draw = self.keys.network.draw(from.0, index);
        let fate = match () {
            () if cut => Fate::Lost,
            () if self.script.is_some() => Fate::Arrives { delay: 0, copy: None, altered: None },
            // A replay knows which messages arrived, and must be told what they had become.
            () if !S::TIMED => Fate::Arrives { delay: 0, copy: None, altered: self.links.alter(from, to, draw) },
            () => self.links.cross(self.now, from, to, bytes, draw),
        };
        let sender = &mut self.nodes[from.index()];
        let delay = if let Fate::Arrives { delay, .. } = fate { Some(delay) } else { None };
        self.observer.sent(&mut sender.observed, kind, class, || bytes, delay);
        match fate {
            Fate::Arrives { delay, copy, altered } => {
                let copy = copy.map(|delay| {
                    self.observer.duplicated(kind, class, delay);
                    Key::new((self.now + delay).0, rank, sequence | 1)
                });
                return Some(Crossing { key: Key::new((self.now + delay).0, rank, sequence), copy, class, altered });
            }
            Fate::Lost if cut => self.lost_to_partition(from, to, class, kind),
            Fate::Lost => self.observer.dropped(kind, class, Cause::Loss),
            Fate::NoRoom => self.observer.dropped(kind, class, Cause::Queue),
        }
        None
    }

    #[cold]
    pub(super) fn lost_to_partition(&mut self, from: NodeId, to: NodeId, class: LinkClass, kind: usize) {
        self.observer.dropped(kind, class, Cause::Partition);
        self.strikes[self.reach.blame(from, to)].messages_lost += 1;
    }

    /// A message to a replica to which no links lead.
    #[cold]
    pub(super) fn lost_without_route(&mut self, from: NodeId, to: NodeId, kind: usize, bytes: u64) {
        let class = self.links.class(from, to);
        let bytes = self.links.bytes(from, to, bytes);
        let sender = &mut self.nodes[from.index()];
        sender.sent = sender.sent.wrapping_add(1);
        self.observer.sent(&mut sender.observed, kind, class, || bytes, None);
        self.observer.dropped(kind, class, Cause::NoRoute);
    }
}
