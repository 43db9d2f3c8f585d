//! Sending: from the sender's hand to the schedule, through the rules that may lose, delay or copy a message.

use super::World;
use crate::actor::{Actor, Message};
use crate::id::NodeId;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::outcome::RunError;
use crate::queue::Key;
use crate::schedule::Schedule;
use crate::time::Nanos;
use crate::wire::Wire;

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A replica sends; `depth` is the message's own causal depth.
    #[inline(always)]
    pub(super) fn send(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        let replicas = self.nodes.len();
        let sender = &mut self.nodes[from.index()];
        let Some(sequence) = sender.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(from));
        };
        let (rank, kind) = (sender.rank, message.kind());
        if to == from {
            self.observer.sent(&mut sender.observed, kind, LinkClass::Local, || message.wire_len(), Some(0));
            let key = Key::new(self.now.0, rank, sequence);
            return self.schedule.message(key, to, depth, message);
        }
        assert!(to.index() < replicas, "{from} sends to {to}, but there are {replicas} replicas");
        let index = sender.sent;
        sender.sent = index.wrapping_add(1);
        if self.reach.loses(from, to) {
            self.observer.sent(&mut sender.observed, kind, LinkClass::Mesh, || message.wire_len(), None);
            return self.lost_to_partition(from, to, kind);
        }
        let draw = if S::TIMED { self.keys.network.draw(from.0, index) } else { 0 };
        // Where instants do not matter, every message is at once among what may happen next.
        let delay = match self.links.plain_delay() {
            _ if !S::TIMED => 0,
            Some(delay) => delay.sample(draw),
            None => match self.judge(from, to, kind, depth, sequence, draw, &message) {
                Some(delay) => delay,
                None => return,
            },
        };
        let sender = &mut self.nodes[from.index()];
        self.observer.sent(&mut sender.observed, kind, LinkClass::Mesh, || message.wire_len(), Some(delay));
        let key = Key::new((self.now + delay).0, rank, sequence);
        self.schedule.message(key, to, depth, message);
    }

    /// Applies the rules that may lose or copy a message; its delay, if it arrives.
    #[inline(never)]
    #[allow(clippy::too_many_arguments, reason = "the parts of one send, apart so that a plain network does not pay for it")]
    fn judge(
        &mut self,
        from: NodeId,
        to: NodeId,
        kind: usize,
        depth: u16,
        sequence: u32,
        draw: u64,
        message: &A::Message,
    ) -> Option<Nanos> {
        let fate = self.links.fate(draw);
        if let Some(delay) = fate.copy {
            self.observer.duplicated(kind, LinkClass::Mesh, delay);
            let key = Key::new((self.now + delay).0, self.nodes[from.index()].rank, sequence | 1);
            self.schedule.message(key, to, depth, message.clone());
        }
        if fate.delay.is_none() {
            let sender = &mut self.nodes[from.index()];
            self.observer.sent(&mut sender.observed, kind, LinkClass::Mesh, || message.wire_len(), None);
            self.observer.dropped(kind, LinkClass::Mesh, Cause::Loss);
        }
        fate.delay
    }

    #[cold]
    pub(super) fn lost_to_partition(&mut self, from: NodeId, to: NodeId, kind: usize) {
        self.observer.dropped(kind, LinkClass::Mesh, Cause::Partition);
        self.strikes[self.reach.blame(from, to)].messages_lost += 1;
    }
}
