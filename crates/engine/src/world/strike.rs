//! Faults strike here: one arm a variant, and the compiler lists what a new one needs.

use super::{Moment, Status, World};
use crate::actor::{Actor, Fact, Timer};
use crate::fault::{Fault, Timed, Who};
use crate::id::{NodeId, NodeSet};
use crate::ledger::Observer;
use crate::outcome::RunError;
use crate::schedule::Schedule;
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
            Moment::Change(index) => self.links.change(&self.setup.network.changes[index].what),
            Moment::Fault(index) => {
                let Some(fault) = self.meant(index) else { return };
                let touched = self.strike(index, &fault);
                let strike = &mut self.strikes[index];
                strike.planned.fault = fault;
                strike.times += 1;
                strike.first.get_or_insert(self.now);
                strike.touched += touched;
                if let Some(whom) = self.setup.faults[index].whom
                    && touched == 0
                {
                    // What did not befall it need not end.
                    self.befallen.insert(whom.number, None);
                }
            }
        }
    }

    /// The fault with the nodes that it befalls; `None` when nobody has stated what it waits for.
    fn meant(&mut self, index: usize) -> Option<Fault> {
        let Timed { whom, fault, .. } = &self.setup.faults[index];
        let Some(whom) = whom else { return Some(fault.clone()) };
        let last = match whom.who {
            Who::Stated(fact) => A::Fact::KINDS.iter().position(|kind| kind.name == fact).and_then(|kind| self.stated[kind]),
            Who::There => todo!(),
        };
        let node = *self.befallen.entry(whom.number).or_insert(last);
        Some(fault.befalling(node?, self.setup.nodes))
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
            Fault::Crash(nodes, _) => self.each(nodes, |world, node| world.crash(node)),
            Fault::Restart(nodes) => {
                let back = self.each(nodes, |world, node| world.restart(node));
                self.convergence.healed(self.now);
                back
            }
            Fault::Pause(nodes) => self.each(nodes, |world, node| {
                let up = world.nodes[node.index()].status == Status::Up;
                if up {
                    world.become_status(node, Status::Paused, PAUSED);
                    world.host_pauses(node);
                }
                up
            }),
            Fault::Resume(nodes) => {
                let back = self.each(nodes, |world, node| {
                    let paused = world.nodes[node.index()].status == Status::Paused;
                    if paused {
                        world.become_status(node, Status::Up, RESUMED);
                        world.host_resumes(node);
                        world.catch_up(node);
                    }
                    paused
                });
                self.convergence.healed(self.now);
                back
            }
            Fault::Leave(_)
            | Fault::Join(_)
            | Fault::Slow(..)
            | Fault::Degrade(..)
            | Fault::Mend(_)
            | Fault::SlowDisk(..)
            | Fault::FullDisk(_)
            | Fault::RoomOnDisk(_)
            | Fault::Corrupt(..)
            | Fault::Wipe(_)
            | Fault::Byzantine(..)
            | Fault::Honest(_) => todo!(),
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
        self.host_crashes(id);
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
}
