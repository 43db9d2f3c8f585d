//! Faults strike here: one arm a variant, and the compiler lists what a new one needs.

use super::{Moment, Status, World};
use crate::actor::{Actor, Fact, Timer};
use crate::fault::{Fault, Tail, Timed, Who, Whom};
use crate::id::{NodeId, NodeSet};
use crate::ledger::Observer;
use crate::network::Toll;
use crate::outcome::{INSTANTS_KEPT_MAX, RunError};
use crate::schedule::Schedule;
use crate::spells::Ending;
use crate::timers::Slots;
use std::collections::VecDeque;

/// Marks in a node's chain.
const CRASHED: u64 = 4 << 56;
const RESTARTED: u64 = 5 << 56;
const PAUSED: u64 = 6 << 56;
const RESUMED: u64 = 7 << 56;

/// What one of the faults of a number is.
enum Spell {
    /// They have one spell: whom the first befell, the others befall.
    Only,
    /// The first of a spell of its own.
    Begins,
    /// The end of the oldest spell.
    Ends,
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Something on the timeline is due.
    pub(crate) fn moment(&mut self, moment: Moment) {
        match moment {
            Moment::Invoke(operation) => self.invoke(operation),
            Moment::Recover(node, incarnation) => self.recover_host(node, incarnation),
            Moment::Change(index) => self.links.change(&self.setup.network.changes[index].what),
            Moment::Fault(index) => self.strike_at(index, None),
            Moment::Triggered(index, there) => self.strike_at(index, Some(there)),
        }
    }

    /// The fault at this place in the setup strikes; its trigger was pulled there, if it has one.
    fn strike_at(&mut self, index: usize, there: Option<NodeId>) {
        let Some((fault, whom)) = self.meant(index, there) else { return };
        let touched = self.strike(index, &fault);
        let strike = &mut self.strikes[index];
        strike.planned.fault = fault;
        strike.times += 1;
        strike.first.get_or_insert(self.now);
        if strike.instants.len() < INSTANTS_KEPT_MAX {
            strike.instants.push((self.now, whom));
        }
        strike.touched += touched;
        if let Some(Whom { who: Who::Stated(_), number }) = self.setup.faults[index].whom
            && touched == 0
        {
            // What did not befall it need not end.
            match self.spell(index, number) {
                Spell::Only => drop(self.befallen.insert(number, VecDeque::from([None]))),
                Spell::Begins => {
                    self.befallen.get_mut(&number).and_then(VecDeque::back_mut).into_iter().for_each(|last| *last = None)
                }
                Spell::Ends => {}
            }
        }
    }

    /// The fault with the nodes that it befalls, and who that is where only the run knows; `None` when nobody has stated what it waits
    /// for.
    fn meant(&mut self, index: usize, there: Option<NodeId>) -> Option<(Fault, Option<NodeId>)> {
        let Timed { whom, fault, .. } = &self.setup.faults[index];
        let Some(whom) = whom else { return Some((fault.clone(), None)) };
        let node = match whom.who {
            Who::There => there,
            Who::Stated(fact) => {
                let kind = A::Fact::KINDS.iter().position(|kind| kind.name == fact);
                let last = kind.and_then(|kind| self.stated[kind]);
                let spell = self.spell(index, whom.number);
                let befallen = self.befallen.entry(whom.number).or_default();
                match spell {
                    Spell::Only if befallen.is_empty() => befallen.push_back(last),
                    Spell::Only => {}
                    Spell::Begins => befallen.push_back(last),
                    Spell::Ends => return Some((fault.befalling(befallen.pop_front()??, self.setup.nodes), None)),
                }
                *befallen.back()?
            }
        };
        Some((fault.befalling(node?, self.setup.nodes), node))
    }

    /// What a fault that befalls whoever stated something is among those of its number.
    fn spell(&self, index: usize, number: u32) -> Spell {
        let faults = &self.setup.faults;
        let each_time = faults[index].trigger.as_ref().is_some_and(|trigger| trigger.nth.is_none());
        let before = || faults[..index].iter().any(|timed| timed.whom.as_ref().is_some_and(|whom| whom.number == number));
        match each_time {
            false => Spell::Only,
            true if before() => Spell::Ends,
            true => Spell::Begins,
        }
    }

    /// Which of several spells of one number ends: one that began each time that something happened ends as often.
    fn ending(&self, index: usize) -> Ending {
        if self.setup.faults[index].trigger.is_some() { Ending::Oldest } else { Ending::All }
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
                let there = self.reach.remove(*number, self.ending(index));
                self.convergence.healed(self.now);
                u64::from(there)
            }
            Fault::Crash(nodes, tail) => self.each(nodes, |world, node| world.crash_leaving(node, *tail, Some(index))),
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
            Fault::Leave(nodes) => self.each(nodes, |world, node| {
                let was_there = world.crash_leaving(node, Tail::Lost, Some(index));
                world.renew_disk(node, Some(index));
                was_there
            }),
            Fault::Join(nodes) => {
                let joined = self.each(nodes, |world, node| {
                    let joins = world.nodes[node.index()].status == Status::Down;
                    if joins {
                        world.renew_disk(node, Some(index));
                        world.restart(node);
                    }
                    joins
                });
                self.convergence.healed(self.now);
                joined
            }
            Fault::Slow(nodes, factor) => self.each(nodes, |world, node| world.hosts.slow(node, *factor)),
            Fault::Degrade(number, degradation) => {
                self.links.degrade(self.now, *number, degradation, index);
                self.look_closely();
                degradation.from.len() + degradation.to.len()
            }
            Fault::Mend(number) => {
                let ended = self.links.mend(*number, self.ending(index));
                self.look_closely();
                self.convergence.healed(self.now);
                ended.iter().for_each(|toll| self.take_toll(*toll));
                ended.len() as u64
            }
            Fault::SlowDisk(nodes, thousandths) => self.each(nodes, |world, node| world.slow_disk(node, *thousandths)),
            Fault::FullDisk(nodes) => self.each(nodes, |world, node| world.fill_disk(node)),
            Fault::RoomOnDisk(nodes) => {
                let with_room = self.each(nodes, |world, node| world.room_on_disk(node));
                self.convergence.healed(self.now);
                with_room
            }
            Fault::Corrupt(nodes, times) => self.each(nodes, |world, node| world.corrupt_disk(node, *times, index)),
            Fault::Wipe(nodes) => self.each(nodes, |world, node| world.wipe_disk(node, Some(index))),
            Fault::Byzantine(nodes, behaviour) => self.each(nodes, |world, node| world.turn_byzantine(node, behaviour, index)),
            Fault::Honest(nodes) => self.each(nodes, |world, node| world.turn_honest(node)),
            Fault::ClockJump(nodes, by_ns) => self.each(nodes, |world, node| {
                world.set_ahead(node, *by_ns);
                true
            }),
            Fault::Drift(nodes, ppb) => self.each(nodes, |world, node| {
                world.set_drift(node, *ppb);
                true
            }),
        }
    }

    /// What a degradation did is written under its fault.
    pub(crate) fn take_toll(&mut self, toll: Toll) {
        let strike = &mut self.strikes[toll.strike];
        strike.messages_lost += toll.lost;
        strike.messages_changed += toll.changed;
    }

    fn each(&mut self, nodes: &NodeSet, mut strike: impl FnMut(&mut Self, NodeId) -> bool) -> u64 {
        nodes.iter().map(|node| u64::from(strike(self, node))).sum()
    }

    fn become_status(&mut self, id: NodeId, status: Status, mark: u64) {
        let node = &mut self.nodes[id.index()];
        node.status = status;
        self.observer.happened(&mut node.observed, self.now.0, mark);
    }

    /// The node stops, and loses what was not synced; whether it was running.
    pub(crate) fn crash(&mut self, id: NodeId) -> bool {
        self.crash_leaving(id, Tail::Lost, None)
    }

    /// The same with that tail, by a fault of the setup or by none.
    pub(crate) fn crash_leaving(&mut self, id: NodeId, tail: Tail, by: Option<usize>) -> bool {
        if self.nodes[id.index()].status == Status::Down {
            // While a fault keeps it down, nobody comes back by itself.
            return by.is_some() && self.disk_stays_down(id) | self.host_stays_down(id);
        }
        self.become_status(id, Status::Down, CRASHED);
        // Of the handler that runs there, if one does, nothing more is carried out.
        if self.applying == id {
            self.effects.clear();
            self.addressed.clear();
        }
        let node = &mut self.nodes[id.index()];
        node.incarnation = node.incarnation.wrapping_add(1);
        node.timers = <A::Timer as Timer>::Slots::UNARMED;
        // A fresh replica stands where the old one was, so that nothing volatile can leak into the next life.
        node.actor = A::new(id, self.setup.nodes, &self.options);
        self.disk_crashes(id, tail, by);
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
        let (records, damage, is_new) = self.read_disk(id);
        self.handle(id, 0, |actor, ctx| {
            (ctx.damage, ctx.disk_is_new) = (damage, is_new);
            actor.recover(ctx, &records);
        });
        true
    }
}
