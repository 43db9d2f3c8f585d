//! Faults strike here: one arm a variant, and the compiler lists what a new one needs.

use super::{Moment, Status, World};
use crate::actor::{Actor, Timer};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::id::{NodeId, NodeSet};
use crate::ledger::Observer;
use crate::outcome::RunError;
use crate::queue::Key;
use crate::schedule::{Event, Schedule};
use crate::timers::Slots;

/// Marks in a node's chain.
const CRASHED: u64 = 4 << 56;
const RESTARTED: u64 = 5 << 56;
const PAUSED: u64 = 6 << 56;
const RESUMED: u64 = 7 << 56;

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Something on the timeline is due.
    pub(crate) fn moment(&mut self, moment: Moment) {
        match moment {
            Moment::Invoke(operation) => self.invoke(operation),
            Moment::Fault(index) => {
                let fault = self.setup.faults[index].fault.clone();
                let touched = self.strike(index, &fault);
                let strike = &mut self.strikes[index];
                strike.struck = true;
                strike.touched = touched;
            }
        }
    }

    /// Carries a fault out; how many nodes it touched.
    fn strike(&mut self, index: usize, fault: &Fault) -> u64 {
        match fault {
            Fault::Partition(number, partition) => {
                if let Err(classes) = self.reach.add(*number, partition.clone(), index) {
                    self.fail(RunError::PartitionClasses { at: self.now, classes });
                }
                partition.sets().iter().map(|set| set.len()).sum()
            }
            Fault::Heal(number) => {
                let there = self.reach.remove(*number);
                self.convergence.healed(self.now);
                u64::from(there)
            }
            Fault::Crash(nodes) => self.each(nodes, |world, node| world.crash(node)),
            Fault::Restart(nodes) => {
                let back = self.each(nodes, |world, node| world.restart(node));
                self.convergence.healed(self.now);
                back
            }
            Fault::Pause(nodes) => self.each(nodes, |world, node| {
                let up = world.nodes[node.index()].status == Status::Up;
                if up {
                    world.become_status(node, Status::Paused, PAUSED);
                }
                up
            }),
            Fault::Resume(nodes) => {
                let back = self.each(nodes, |world, node| {
                    let paused = world.nodes[node.index()].status == Status::Paused;
                    if paused {
                        world.become_status(node, Status::Up, RESUMED);
                        world.catch_up(node);
                    }
                    paused
                });
                self.convergence.healed(self.now);
                back
            }
            Fault::ClockJump(nodes, by_ns) => self.each(nodes, |world, node| {
                world.clocks[node.index()].jump(*by_ns);
                true
            }),
            Fault::Drift(nodes, ppb) => self.each(nodes, |world, node| {
                world.set_drift(node, *ppb);
                true
            }),
        }
    }

    fn each(&mut self, nodes: &NodeSet, mut strike: impl FnMut(&mut Self, NodeId) -> bool) -> u64 {
        nodes.iter().map(|node| u64::from(strike(self, node))).sum()
    }

    fn become_status(&mut self, id: NodeId, status: Status, mark: u64) {
        let node = &mut self.nodes[id.index()];
        node.status = status;
        self.observer.happened(&mut node.observed, self.now.0, mark);
    }

    /// The node stops; whether it was running.
    pub(crate) fn crash(&mut self, id: NodeId) -> bool {
        if self.nodes[id.index()].status == Status::Down {
            return false;
        }
        self.become_status(id, Status::Down, CRASHED);
        let node = &mut self.nodes[id.index()];
        node.incarnation = node.incarnation.wrapping_add(1);
        node.timers = <A::Timer as Timer>::Slots::UNARMED;
        // A fresh replica stands where the old one was, so that nothing volatile can leak into the next life.
        node.actor = A::new(id, self.setup.nodes, &self.options);
        if let Some(disk) = self.disks.get_mut(id.index()) {
            disk.crash();
        }
        self.drop_held(id);
        self.convergence.crash(self.now, id);
        true
    }

    /// The node comes back with what its disk kept; whether it was down.
    pub(crate) fn restart(&mut self, id: NodeId) -> bool {
        if self.nodes[id.index()].status != Status::Down {
            return false;
        }
        self.become_status(id, Status::Up, RESTARTED);
        self.convergence.restart(self.now, id);
        let records = self.disks.get(id.index()).map(|disk| disk.records().to_vec()).unwrap_or_default();
        self.handle(id, 0, |actor, ctx| actor.recover(ctx, &records));
        true
    }

    /// Changes a clock's rate. An armed timer keeps what it still has to wait on the node's own clock.
    fn set_drift(&mut self, id: NodeId, ppb: i64) {
        let before = self.clocks[id.index()];
        self.clocks[id.index()].set_drift(self.now, ppb);
        let after: Clock = self.clocks[id.index()];
        let node = &mut self.nodes[id.index()];
        for (timer, slot) in node.timers.slots_mut().iter_mut().enumerate() {
            if !slot.is_armed() {
                continue;
            }
            let remaining = before.elapsed(crate::time::Time(slot.deadline)).saturating_sub(before.elapsed(self.now));
            let deadline = after.after(self.now, remaining).0.min(u64::MAX - 1);
            if slot.arm(deadline, slot.sequence) && S::TIMED {
                let key = Key::new(deadline, node.rank, slot.sequence);
                self.schedule.event(key, id, 0, Event::Timer(timer as u8));
            }
        }
    }
}
