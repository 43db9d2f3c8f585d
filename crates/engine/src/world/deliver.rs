//! What is due happens: a message arrives, a timer fires, a write completes. A node that is down or paused is met here.

use super::serve::{Letter, Work};
use super::{Held, Status, World};
use crate::actor::{Actor, Message, Timer};
use crate::id::NodeId;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::queue::Key;
use crate::schedule::{Event, Schedule};
use crate::timers::{Slots, Surfaced};
use crate::wire::Wire;

/// Marks in a node's chain for what is no message.
const TIMER: u64 = 1 << 56;
const REQUEST: u64 = 3 << 56;

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A message, or a copy of one, reaches its receiver.
    #[inline]
    pub(crate) fn arrive(&mut self, letter: Letter<A::Message>, to: NodeId, depth: u16) {
        let node = &mut self.nodes[to.index()];
        if node.status != Status::Up {
            return self.arrive_at_absent(letter, to, depth);
        }
        // What a replica tells itself meets no partition, not even one with the replica on both its sides.
        if letter.class != LinkClass::LOCAL && self.reach.loses(letter.origin, to) {
            return self.lost_to_partition(letter.origin, to, letter.class, letter.message.kind());
        }
        self.take_in(letter, to, depth);
    }

    /// A message that has arrived is handled, at once unless the host takes time.
    #[inline(always)]
    pub(super) fn take_in(&mut self, letter: Letter<A::Message>, to: NodeId, depth: u16) {
        if self.at_once || letter.class == LinkClass::LOCAL {
            return self.hand_over(letter, to, depth);
        }
        self.join_inbox(to, depth, Work::Message(letter));
    }

    /// A replica handles a message.
    #[inline(always)]
    pub(super) fn hand_over(&mut self, letter: Letter<A::Message>, to: NodeId, depth: u16) {
        let Letter { key, class, origin, message } = letter;
        self.count_arrival(key, class, to, depth, &message);
        self.handle(to, depth, |actor, ctx| actor.message(ctx, origin, message));
    }

    /// Counts a message that a replica received over a link.
    #[inline]
    pub(super) fn count_arrival(&mut self, key: Key, class: LinkClass, to: NodeId, depth: u16, message: &A::Message) {
        let node = &mut self.nodes[to.index()];
        self.observer.delivered(&mut node.observed, message.kind(), class, key, depth, || message.wire_digest());
        node.received = node.received.wrapping_add(u32::from(class != LinkClass::LOCAL));
        self.events += 1;
    }

    #[cold]
    fn arrive_at_absent(&mut self, letter: Letter<A::Message>, to: NodeId, depth: u16) {
        if self.nodes[to.index()].status == Status::Paused {
            // It has arrived, or not, whenever it is looked at.
            if letter.class != LinkClass::LOCAL && self.reach.loses(letter.origin, to) {
                return self.lost_to_partition(letter.origin, to, letter.class, letter.message.kind());
            }
            self.held.entry(to).or_default().push(Held::Message(letter, depth));
        } else {
            self.observer.dropped(letter.message.kind(), letter.class, Cause::Down);
        }
    }

    /// A timer's entry surfaces.
    #[inline]
    pub(crate) fn surface(&mut self, key: Key, id: NodeId, timer: u8) -> bool {
        let node = &mut self.nodes[id.index()];
        match node.timers.slots_mut()[usize::from(timer)].surface(key.time(), key.sequence()) {
            Surfaced::Stale => return false,
            Surfaced::Requeue(deadline, sequence) => {
                let key = Key::new(deadline, node.rank, sequence);
                self.schedule.event(key, id, 0, Event::Timer(timer));
                return false;
            }
            Surfaced::Due => {}
        }
        self.due(id, timer);
        true
    }

    /// An armed timer is due. A paused node is late, and what happens first when it goes on may still move the timer.
    #[inline]
    pub(crate) fn due(&mut self, id: NodeId, timer: u8) {
        let node = &mut self.nodes[id.index()];
        if node.status == Status::Paused {
            self.held.entry(id).or_default().push(Held::Event(Event::Timer(timer), 0));
        } else {
            node.timers.slots_mut()[usize::from(timer)].cancel();
            self.fire(id, timer);
        }
    }

    /// A timer that was armed is due: its handler runs, at the head of a new chain of causes.
    #[inline]
    pub(crate) fn fire(&mut self, id: NodeId, timer: u8) {
        let node = &mut self.nodes[id.index()];
        self.observer.happened(&mut node.observed, self.now.0, TIMER | u64::from(timer));
        self.events += 1;
        self.handle(id, 0, |actor, ctx| actor.timer(ctx, A::Timer::from_index(usize::from(timer))));
    }

    /// Something else is due for a replica or a client. Never inlined: it is rare, and would crowd the loop of messages and timers.
    #[inline(never)]
    pub(crate) fn occur(&mut self, to: NodeId, depth: u16, event: Event) {
        match event {
            Event::Response(number) => return self.responded(number, depth),
            Event::Timeout(operation) => return self.timed_out(operation),
            Event::Resume(operation, waits) => return self.resume(operation, waits),
            Event::Turn => return self.take_turn(to.0 - self.setup.nodes),
            Event::Packet(number) => return self.packet(to, depth, number),
            Event::Served(number) => return self.served(to, number),
            Event::Jump => return self.jump(to),
            Event::Synced(incarnation, upto) => return self.written(to, depth, incarnation, upto),
            Event::Timer(_) | Event::Request(..) | Event::Detained(_) => {}
        }
        match self.nodes[to.index()].status {
            Status::Up => self.occur_at(to, depth, event),
            Status::Paused => self.held.entry(to).or_default().push(Held::Event(event, depth)),
            Status::Down => self.lose_event(to, event),
        }
    }

    fn occur_at(&mut self, id: NodeId, depth: u16, event: Event) {
        let now = self.now.0;
        match event {
            Event::Timer(timer) => {
                let slot = &mut self.nodes[id.index()].timers.slots_mut()[usize::from(timer)];
                if slot.is_armed() && slot.deadline <= now {
                    slot.cancel();
                    self.fire(id, timer);
                }
            }
            Event::Request(operation, word) => {
                let node = &mut self.nodes[id.index()];
                let asked = self.operations.request(operation, word).wire_digest();
                self.observer.happened(&mut node.observed, now, REQUEST ^ asked ^ u64::from(operation.0));
                let known = &mut self.operations.known[operation.index()];
                known.depth = known.depth.max(depth);
                match self.at_once {
                    true => self.work(id, depth, Work::Request(operation, word)),
                    false => self.join_inbox(id, depth, Work::Request(operation, word)),
                }
            }
            Event::Detained(number) => self.let_go(id, number),
            _ => unreachable!("these happen to clients and disks, or whether a replica runs or not"),
        }
    }

    /// Everything that waited for a paused node happens now, in the order in which it came. What happens first may stop the node again.
    pub(super) fn catch_up(&mut self, id: NodeId) {
        let incarnation = self.nodes[id.index()].incarnation;
        for held in self.held.remove(&id).unwrap_or_default() {
            let node = &self.nodes[id.index()];
            match (node.status, held) {
                (Status::Paused, held) => self.held.entry(id).or_default().push(held),
                (status, held) if status == Status::Down || node.incarnation != incarnation => self.lose_held(id, held),
                (_, Held::Message(letter, depth)) => self.take_in(letter, id, depth),
                (_, Held::Packet(packet, depth)) => self.packet_arrived(id, depth, packet),
                (_, Held::Event(Event::Synced(incarnation, upto), depth)) => self.synced(id, depth, incarnation, upto),
                (_, Held::Event(event, depth)) => self.occur(id, depth, event),
            }
        }
    }

    /// Everything that waited for a paused node that now crashes is lost.
    pub(super) fn drop_held(&mut self, id: NodeId) {
        for held in self.held.remove(&id).unwrap_or_default() {
            self.lose_held(id, held);
        }
    }

    fn lose_held(&mut self, id: NodeId, held: Held<A::Message>) {
        match held {
            Held::Message(letter, _) => self.observer.dropped(letter.message.kind(), letter.class, Cause::Down),
            Held::Packet(packet, _) => self.packet_lost(&packet),
            Held::Event(event, _) => self.lose_event(id, event),
        }
    }

    /// Something is due for a node that is down.
    fn lose_event(&mut self, id: NodeId, event: Event) {
        match event {
            Event::Request(operation, word) => self.request_lost(id, operation, word, Cause::Down),
            Event::Detained(number) => self.let_go(id, number),
            _ => {}
        }
    }
}
