//! The interpreter: the only code that carries out what handlers ask for.

use super::operations::Said;
use super::triggers::Occasion;
use super::{FACTS_KEPT_MAX, World};
use crate::actor::{Actor, Fact, Timer};
use crate::context::Effect;
use crate::id::{NodeId, OpId, Update};
use crate::ledger::Observer;
use crate::monitor::{Broken, Monitor, UNIQUE_UPDATES, Violation};
use crate::outcome::RunError;
use crate::queue::Key;
use crate::random::Draw;
use crate::schedule::{Event, Schedule};
use crate::time::Nanos;
use crate::timers::Slots;

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Carries out the effects that a handler of `id` left, in order; the handler ran at causal depth `depth`.
    pub(super) fn apply(&mut self, id: NodeId, mut depth: u16) {
        self.applying = id;
        // Nothing is pushed meanwhile: the one handler that may run in here, of a disk that is full, finds and leaves no effect. Taken
        // from the end: cheaper than draining, and most handlers leave one effect or two.
        if self.effects.len() > 1 {
            self.effects.reverse();
        }
        while let Some(effect) = self.effects.pop() {
            match effect {
                Effect::Send(to, message) => self.send(id, to, depth.saturating_add(1), message),
                Effect::SetTimer(timer, low, high) => self.set_timer(id, timer, low, high),
                effect => depth = self.apply_other(id, depth, effect),
            }
        }
    }

    /// What few handlers ask for, apart so that the common path stays small; gives the depth of what follows.
    #[inline(never)]
    fn apply_other(&mut self, id: NodeId, depth: u16, effect: Effect<A>) -> u16 {
        match effect {
            Effect::Send(..) | Effect::SetTimer(..) => unreachable!("carried out where they are met"),
            Effect::Broadcast(message) => self.broadcast(id, depth.saturating_add(1), &message),
            Effect::Address(to) => self.addressed.push(to),
            Effect::Multicast(message) => {
                let to = std::mem::take(&mut self.addressed);
                self.multicast(id, to, depth.saturating_add(1), &message);
            }
            Effect::CancelTimer(timer) => self.nodes[id.index()].timers.slots_mut()[timer.index()].cancel(),
            Effect::Append(record) => self.append(id, depth, record),
            Effect::Sync => self.sync(id, depth),
            Effect::Reply(operation, response) => self.reply(id, operation, depth, Said::Answer(response)),
            Effect::Refuse(operation) => self.reply(id, operation, depth, Said::Refusal),
            Effect::Redirect(operation, to) => self.reply(id, operation, depth, Said::Redirect(to)),
            Effect::Publish(digest) => self.convergence.publish(self.now, id, digest),
            Effect::Withdraw => self.convergence.crash(self.now, id),
            Effect::Accept(operation, update) => self.accept(id, operation, update),
            Effect::Holds(origin, first, last) => self.convergence.holds(self.now, id, origin, first, last),
            Effect::Supersede(old, new) => self.convergence.supersede(self.now, id, old, new),
            Effect::Fact(fact) => self.fact(id, depth, fact),
            Effect::Halt => {
                self.crash(id);
            }
            Effect::Rejoin(operation) => return depth.max(self.operations.known[operation.index()].depth),
        }
        depth
    }

    #[inline]
    fn set_timer(&mut self, id: NodeId, timer: A::Timer, low: Nanos, high: Nanos) {
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        // A driver that enumerates choices lets any armed timer fire next: the range is in its hands, not in a draw's.
        let delay = if low == high || self.script.is_some() {
            low
        } else {
            // Counted with the node's choices, which nothing but its own handlers moves; its sequence moves with what befalls it.
            let draw = self.keys.timer.draw(id.0, node.choices);
            node.choices = node.choices.wrapping_add(1);
            if low == 0 && high == u64::MAX { draw } else { low + Draw(draw).below(high - low + 1) }
        };
        let due = match self.clocks.get(id.index()) {
            None => self.now + delay,
            Some(clock) => clock.after(self.now, delay),
        };
        // The end of time stands for "not armed"; the last instant before it is as far away.
        let deadline = due.0.min(u64::MAX - 1);
        if node.timers.slots_mut()[timer.index()].arm(deadline, sequence) && S::TIMED {
            let key = Key::new(deadline, node.rank, sequence);
            self.schedule.event(key, id, 0, Event::Timer(timer.index() as u8));
        }
    }

    fn accept(&mut self, id: NodeId, operation: OpId, update: Update) {
        if let Err(first) = self.convergence.accept(self.now, id, operation, update) {
            let evidence = format!("{id} accepted operation {} as {update}, which was operation {}", operation.0, first.0);
            self.violated(id, Broken { property: UNIQUE_UPDATES, evidence });
        }
    }

    fn violated(&mut self, id: NodeId, broken: Broken) {
        if self.violations.len() < VIOLATIONS_KEPT_MAX {
            self.violations.push(Violation { at: self.now, node: id, broken });
        }
    }

    fn fact(&mut self, id: NodeId, depth: u16, fact: A::Fact) {
        if let Err(broken) = self.monitor.fact(&self.options, id, &fact) {
            self.violated(id, broken);
        }
        let kind = fact.kind();
        if self.facts.len() < FACTS_KEPT_MAX && fact.is_kept() {
            self.facts.push((self.now, id, fact));
            self.depths.push(depth);
        }
        if let Some(kind) = kind {
            self.stated[kind] = Some(id);
            self.set_off(id, Occasion::Fact(kind));
        }
    }
}

/// The first violations tell what went wrong; a protocol that breaks a property at every event must not fill the memory.
const VIOLATIONS_KEPT_MAX: usize = 1_000;
