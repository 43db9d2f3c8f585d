//! The scenario's own faults as intervals: from what a nemesis keeps away.

use super::strike::Aspect;
use crate::fault::{Fault, Partition, Timed};
use crate::id::NodeSet;
use crate::time::Time;

/// What the scenario itself does, as far as instants and nodes are known.
#[derive(Debug, Default)]
pub(super) struct Own<'a> {
    holds: Vec<(Time, Time, Aspect, NodeSet)>,
    cuts: Vec<(Time, Time, &'a Partition)>,
}

/// Nobody ends it.
const FOREVER: Time = Time(u64::MAX);

impl<'a> Own<'a> {
    pub(super) fn of(faults: &'a [Timed]) -> Own<'a> {
        let mut course = Course::default();
        for timed in faults.iter().filter(|timed| timed.trigger.is_none() && timed.whom.is_none()) {
            course.go_on(timed);
        }
        let Course { mut own, open, cuts } = course;
        own.holds.extend(open.into_iter().map(|(start, aspect, nodes)| (start, FOREVER, aspect, nodes)));
        own.cuts.extend(cuts.into_iter().map(|(start, _, partition)| (start, FOREVER, partition)));
        own
    }

    /// Whom it holds at some time between two instants, and in which aspect.
    pub(super) fn holds(&self, start: Time, end: Time) -> impl Iterator<Item = (Aspect, &NodeSet)> {
        let meets = move |(from, to, ..): &&(Time, Time, Aspect, NodeSet)| *from < end && *to > start;
        self.holds.iter().filter(meets).map(|(_, _, aspect, nodes)| (*aspect, nodes))
    }

    /// Its partitions that are in force at some time between two instants.
    pub(super) fn cuts(&self, start: Time, end: Time) -> impl Iterator<Item = &'a Partition> {
        self.cuts.iter().filter(move |&&(from, to, _)| from < end && to > start).map(|&(_, _, partition)| partition)
    }
}

#[derive(Default)]
struct Course<'a> {
    own: Own<'a>,
    open: Vec<(Time, Aspect, NodeSet)>,
    cuts: Vec<(Time, u32, &'a Partition)>,
}

impl<'a> Course<'a> {
    fn go_on(&mut self, timed: &'a Timed) {
        let at = timed.at;
        match &timed.fault {
            Fault::Partition(number, partition) => self.cuts.push((at, *number, partition)),
            Fault::Heal(number) => {
                let healed = self.cuts.extract_if(.., |(_, open, _)| open == number);
                self.own.cuts.extend(healed.map(|(start, _, partition)| (start, at, partition)));
            }
            Fault::Crash(nodes, _) | Fault::Pause(nodes) | Fault::Leave(nodes) => self.begin(at, Aspect::Presence, nodes),
            Fault::Restart(nodes) | Fault::Resume(nodes) => self.end(at, Aspect::Presence, nodes),
            Fault::Join(nodes) => {
                // Who joins first of all has not been there.
                let known = self.open.iter().map(|(_, aspect, nodes)| (aspect, nodes));
                let known = known.chain(self.own.holds.iter().map(|(_, _, aspect, nodes)| (aspect, nodes)));
                let here = known.filter(|(aspect, _)| **aspect == Aspect::Presence);
                let late = here.fold(nodes.clone(), |late, (_, nodes)| late.without(nodes));
                self.own.holds.push((Time::ZERO, at, Aspect::Presence, late));
                self.end(at, Aspect::Presence, nodes);
            }
            Fault::Slow(nodes, 1000) => self.end(at, Aspect::Host, nodes),
            Fault::Slow(nodes, _) => self.begin(at, Aspect::Host, nodes),
            Fault::SlowDisk(nodes, 1000) => self.end(at, Aspect::DiskSpeed, nodes),
            Fault::SlowDisk(nodes, _) => self.begin(at, Aspect::DiskSpeed, nodes),
            Fault::FullDisk(nodes) => self.begin(at, Aspect::DiskRoom, nodes),
            Fault::RoomOnDisk(nodes) => self.end(at, Aspect::DiskRoom, nodes),
            // What the scenario sets is what is usual from then on, and nobody here knows it.
            Fault::Drift(nodes, _) => self.begin(at, Aspect::Clock, nodes),
            Fault::Byzantine(nodes, _) => self.begin(at, Aspect::Honesty, nodes),
            Fault::Honest(nodes) => self.end(at, Aspect::Honesty, nodes),
            Fault::Degrade(..) | Fault::Mend(_) | Fault::Corrupt(..) | Fault::Wipe(_) | Fault::ClockJump(..) => {}
        }
    }

    fn begin(&mut self, at: Time, aspect: Aspect, nodes: &NodeSet) {
        self.open.push((at, aspect, nodes.clone()));
    }

    fn end(&mut self, at: Time, aspect: Aspect, nodes: &NodeSet) {
        for (start, _, open) in self.open.iter_mut().filter(|(_, open, _)| *open == aspect) {
            let left = open.without(nodes);
            let ended = open.without(&left);
            *open = left;
            if !ended.is_empty() {
                self.own.holds.push((*start, at, aspect, ended));
            }
        }
        self.open.retain(|(_, _, open)| !open.is_empty());
    }
}
