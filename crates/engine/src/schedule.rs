//! What is going to happen: in time for the simulator, in no order at all for the drivers that choose it themselves. The
//! world pushes; only drivers take out.

use crate::id::{NodeId, OpId};
use crate::ledger::LinkClass;
use crate::queue::{Entry, Key, Payload, Store, Tag, Wheel};
use crate::world::Letter;
use std::collections::BTreeMap;

/// Where the world puts what is going to happen.
pub(crate) trait Schedule<M> {
    /// Whether instants matter: then the network draws delays and losses, and timers wait in the schedule.
    const TIMED: bool;

    fn new() -> Self;
    /// A message on its way to `to`.
    fn message(&mut self, key: Key, to: NodeId, depth: u16, class: LinkClass, message: M);
    /// Anything else that is due to happen to `to`.
    fn event(&mut self, key: Key, to: NodeId, depth: u16, event: Event);
}

/// What may be due besides a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Event {
    /// A timer's entry surfaces.
    Timer(u8),
    /// A forced write of this incarnation is complete: the first so many records are durable.
    Synced(u16, u32),
    /// A request arrives at a replica; the word's number.
    Request(OpId, u32),
    /// The word of this number arrives at a client.
    Response(u32),
    /// A client's patience with an operation ends.
    Timeout(OpId),
    /// What the client of an operation waited for is over, if this was its last wait.
    Resume(OpId, u32),
    /// A client asks by itself.
    Turn,
    /// The packet of this number reaches the end of a hop.
    Packet(u64),
    /// A host has served the first in its inbox, if this was its last word about when.
    Served(u32),
    /// A wall clock jumps.
    Jump,
    /// What a byzantine node kept back under this number leaves.
    Detained(u64),
}

const MESSAGE: u32 = 0;
const TIMER: u32 = 1;
/// Clients, and what is rare.
const CLIENT: u32 = 2;
const DISK: u32 = 3;

/// Everything in order of time, on the timing wheel.
pub(crate) struct Timeline<M> {
    wheel: Wheel,
    messages: Store<M>,
    words: Store<u64>,
}

/// What [`Timeline::pop`] takes out.
pub(crate) enum Due<M> {
    Message(LinkClass, M),
    Event(Event),
}

impl<M> Schedule<M> for Timeline<M> {
    const TIMED: bool = true;

    fn new() -> Timeline<M> {
        Timeline { wheel: Wheel::new(), messages: Store::new(), words: Store::new() }
    }

    #[inline(always)]
    fn message(&mut self, key: Key, to: NodeId, depth: u16, class: LinkClass, message: M) {
        let payload = self.messages.put(message);
        self.wheel.push(Entry { key, destination: to.0, tag: Tag::new(MESSAGE, 0, class.0, depth), payload });
    }

    #[inline]
    fn event(&mut self, key: Key, to: NodeId, depth: u16, event: Event) {
        let (class, timer, incarnation, word) = match event {
            Event::Timer(timer) => (TIMER, u32::from(timer), 0, 0),
            Event::Synced(incarnation, upto) => (DISK, 0, 0, u64::from(incarnation) << 32 | u64::from(upto)),
            Event::Request(operation, number) => (CLIENT, 0, 0, both(operation, number)),
            Event::Response(number) => (CLIENT, 1, 0, u64::from(number)),
            Event::Timeout(operation) => (CLIENT, 2, 0, u64::from(operation.0)),
            Event::Resume(operation, number) => (CLIENT, 7, 0, both(operation, number)),
            Event::Turn => (CLIENT, 8, 0, 0),
            Event::Packet(number) => (CLIENT, 3, 0, number),
            Event::Served(number) => (CLIENT, 4, 0, u64::from(number)),
            Event::Jump => (CLIENT, 5, 0, 0),
            Event::Detained(number) => (CLIENT, 6, 0, number),
        };
        let payload = self.words.put(word);
        self.wheel.push(Entry { key, destination: to.0, tag: Tag::new(class, timer, incarnation, depth), payload });
    }
}

fn both(operation: OpId, number: u32) -> u64 {
    u64::from(number) << 32 | u64::from(operation.0)
}

impl<M> Timeline<M> {
    /// The next entry, its content still inside.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.wheel.pop()
    }

    /// Puts back an entry that was popped too early.
    pub(crate) fn put_back(&mut self, entry: Entry) {
        self.wheel.push(entry);
    }

    /// The content of a popped entry; each entry is opened once.
    #[inline(always)]
    pub(crate) fn open(&mut self, tag: Tag, payload: Payload) -> Due<M> {
        if tag.class() == MESSAGE {
            return Due::Message(LinkClass(tag.incarnation()), self.messages.take(payload));
        }
        let word = self.words.take(payload);
        Due::Event(match (tag.class(), tag.timer()) {
            (TIMER, timer) => Event::Timer(timer as u8),
            (DISK, _) => Event::Synced((word >> 32) as u16, word as u32),
            (_, 0) => Event::Request(OpId(word as u32), (word >> 32) as u32),
            (_, 1) => Event::Response(word as u32),
            (_, 2) => Event::Timeout(OpId(word as u32)),
            (_, 3) => Event::Packet(word),
            (_, 4) => Event::Served(word as u32),
            (_, 5) => Event::Jump,
            (_, 6) => Event::Detained(word),
            (_, 7) => Event::Resume(OpId(word as u32), (word >> 32) as u32),
            _ => Event::Turn,
        })
    }

    /// How often the next entries became known; see [`Timeline::known`].
    #[inline]
    pub(crate) fn openings(&self) -> u64 {
        self.wheel.openings()
    }

    /// Who the next entries are for, as far as that is known.
    #[inline]
    pub(crate) fn known(&self) -> impl Iterator<Item = u32> {
        self.wheel.opened().iter().rev().map(|entry| entry.destination)
    }

    pub(crate) fn len(&self) -> usize {
        self.wheel.len()
    }

    pub(crate) fn footprint_bytes(&self) -> usize {
        self.wheel.footprint_bytes() + self.messages.footprint_bytes()
    }
}

impl<M> Drop for Timeline<M> {
    fn drop(&mut self) {
        // A payload that is never taken leaks its message.
        if std::mem::needs_drop::<M>() {
            while let Some(entry) = self.wheel.pop() {
                drop(self.open(entry.tag, entry.payload));
            }
        }
    }
}

/// Everything that may happen next, for a driver that chooses. Timers are not in it: the armed ones stand in the nodes.
#[derive(Clone, Debug)]
pub(crate) struct Bag<M> {
    /// By sender and the sender's sequence number.
    pub(crate) messages: BTreeMap<(NodeId, u32), InFlight<M>>,
    /// By whom it happens to; a repeated one is one.
    pub(crate) events: BTreeMap<(NodeId, Event), u16>,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct InFlight<M> {
    pub(crate) key: Key,
    pub(crate) to: NodeId,
    pub(crate) depth: u16,
    pub(crate) class: LinkClass,
    pub(crate) message: M,
    /// The sender; [`Key`] holds only its rank.
    pub(crate) from: NodeId,
}

impl<M> InFlight<M> {
    /// What arrives.
    pub(crate) fn letter(self) -> Letter<M> {
        Letter { key: self.key, class: self.class, origin: self.from, message: self.message }
    }
}

impl<M> Schedule<M> for Bag<M> {
    const TIMED: bool = false;

    fn new() -> Bag<M> {
        Bag { messages: BTreeMap::new(), events: BTreeMap::new() }
    }

    fn message(&mut self, key: Key, to: NodeId, depth: u16, class: LinkClass, message: M) {
        // Drivers that choose run with ranks that are the nodes' own numbers.
        let from = NodeId(key.rank());
        self.messages.insert((from, key.sequence()), InFlight { key, to, depth, class, message, from });
    }

    fn event(&mut self, _: Key, to: NodeId, depth: u16, event: Event) {
        self.events.insert((to, event), depth);
    }
}
