//! The entries of `[[faults]]` as one timeline: what ends by itself gets its end, and what makes no sense at its instant, such
//! as a restart of a node that is up, is refused. At one instant ends come first, then the entries in the order of the file.

use super::error::{Problems, Read};
use super::faults::Placed;
use super::intervals::Intervals;
use crate::plan::What;
use quorate_engine::fault::{Fault, Partition, Tail, Timed, Who, Whom};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::time::Time;
use std::collections::BTreeSet;

/// The most classes of nodes that the partitions in force may tell apart: a class is a bit of a word in the engine.
const CLASSES_MAX: usize = 64;

/// The timeline, in ascending order of time.
pub(crate) fn timeline(entries: &[Placed<'_>], nodes: u32, clients: u32, problems: &mut Problems) -> Vec<Timed> {
    let mut course = Course { nodes, clients, struck: vec![None; entries.len()], ..Course::default() };
    let mut timed = Vec::new();
    for moment in moments(entries) {
        let placed = &entries[moment.entry];
        let faults = if moment.ends { course.end(moment, placed) } else { course.strike(moment, placed) };
        let whom = placed.entry.whom.map(|fact| Whom { who: Who::Stated(fact), number: moment.entry as u32 });
        timed.extend(problems.or(faults, Vec::new()).into_iter().map(|fault| Timed {
            at: moment.at,
            trigger: None,
            whom,
            fault,
        }));
    }
    timed
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment {
    at: Time,
    ends: bool,
    entry: usize,
}

fn moments(entries: &[Placed<'_>]) -> Vec<Moment> {
    let mut moments = Vec::with_capacity(entries.len());
    for (index, placed) in entries.iter().enumerate() {
        moments.push(Moment { at: placed.entry.at, ends: false, entry: index });
        if let Some(lasts) = placed.entry.lasts {
            moments.push(Moment { at: placed.entry.at + lasts, ends: true, entry: index });
        }
    }
    moments.sort_by_key(|moment| (moment.at, !moment.ends, moment.entry));
    moments
}

/// The world as far as faults change it.
#[derive(Default)]
struct Course<'a> {
    nodes: u32,
    clients: u32,
    down: Intervals,
    paused: Intervals,
    /// The partitions in force, each under its entry's number.
    cut: Vec<(usize, &'a Partition)>,
    /// Somebody was crashed or paused of whom only the run knows.
    somebody: bool,
    /// Whom each entry crashed or paused; nobody for a partition; `None` for what never began.
    struck: Vec<Option<NodeSet>>,
}

impl<'a> Course<'a> {
    fn strike(&mut self, moment: Moment, placed: &'a Placed<'_>) -> Read<Vec<Fault>> {
        self.somebody |= placed.entry.whom.is_some() && matches!(placed.entry.what, What::Crash(_) | What::Pause(_));
        let fault = match &placed.entry.what {
            What::Partition(partition) => {
                self.cut.push((moment.entry, partition));
                self.tell_apart(placed)?;
                self.struck[moment.entry] = Some(NodeSet::default());
                Fault::Partition(moment.entry as u32, partition.clone())
            }
            What::HealAll => return self.heal(placed),
            What::Crash(set) => {
                let set = self.concerned(set, &[(&self.down, false, "is down already")], placed)?;
                self.down.insert(&set);
                // A crash ends a pause: the engine knows a node as up, paused or down.
                self.paused.remove(&set);
                self.struck[moment.entry] = Some(set.clone());
                Fault::Crash(set, Tail::Lost)
            }
            What::Pause(set) => {
                let up = [(&self.down, false, "is down"), (&self.paused, false, "is paused already")];
                let set = self.concerned(set, &up, placed)?;
                self.paused.insert(&set);
                self.struck[moment.entry] = Some(set.clone());
                Fault::Pause(set)
            }
            What::Restart(set) => {
                let set = self.concerned(set, &[(&self.down, true, "is not down")], placed)?;
                self.down.remove(&set);
                Fault::Restart(set)
            }
            What::Resume(set) => {
                let set = self.concerned(set, &[(&self.paused, true, "is not paused")], placed)?;
                self.paused.remove(&set);
                Fault::Resume(set)
            }
            What::ClockJump(set, by) => Fault::ClockJump(set.clone(), *by),
            What::Drift(set, ppb) => Fault::Drift(set.clone(), *ppb),
        };
        Ok(vec![fault])
    }

    /// Those of `set` whom a fault concerns: who stand, or do not stand, in each of the given ways. A set of all nodes means all
    /// whom it can concern, at least one; of any other, every node must be concerned.
    fn concerned(&self, set: &NodeSet, conditions: &[(&Intervals, bool, &str)], placed: &Placed<'_>) -> Read<NodeSet> {
        // Who is not known here is up, as far as can be said; and who is said to be up may be down.
        if set.is_empty() || self.somebody {
            return Ok(set.clone());
        }
        let all = set.len() == u64::from(self.nodes);
        let mut left = set.clone();
        for (standing, inside, otherwise) in conditions {
            let (within, without) = standing.split(&left);
            let (concerned, others) = if *inside { (within, without) } else { (without, within) };
            match first(&others) {
                Some(node) if !all || concerned.is_empty() => {
                    return Err(placed.what.fail(format!("node {} {otherwise} at {}", node.0, placed.entry.at)));
                }
                _ => left = concerned,
            }
        }
        Ok(left)
    }

    fn heal(&mut self, placed: &Placed<'_>) -> Read<Vec<Fault>> {
        if self.cut.is_empty() {
            return Err(placed
                .at
                .fail(format!("there is nothing to heal at {}: no partition is in force then", placed.entry.at)));
        }
        Ok(self.cut.drain(..).map(|(number, _)| Fault::Heal(number as u32)).collect())
    }

    /// What an entry began ends. An entry that never began has been complained about.
    fn end(&mut self, moment: Moment, placed: &Placed<'_>) -> Read<Vec<Fault>> {
        let Some(set) = self.struck[moment.entry].take() else { return Ok(Vec::new()) };
        if let What::Partition(_) = placed.entry.what {
            let Some(index) = self.cut.iter().position(|&(number, _)| number == moment.entry) else {
                return Err(placed.lasts.fail(format!("the partition has been healed before it would end, at {}", moment.at)));
            };
            self.cut.remove(index);
            return Ok(vec![Fault::Heal(moment.entry as u32)]);
        }
        let crash = matches!(placed.entry.what, What::Crash(_));
        let standing = if crash { &mut self.down } else { &mut self.paused };
        if let Some(node) = first(&standing.split(&set).1).filter(|_| !self.somebody) {
            let (again, back) = if crash { ("up", "restarted") } else { ("no longer paused", "resumed") };
            return Err(placed.lasts.fail(format!("node {} is {again} before {}, when it would be {back}", node.0, moment.at)));
        }
        standing.remove(&set);
        Ok(vec![if crash { Fault::Restart(set) } else { Fault::Resume(set) }])
    }

    /// Holds the partitions in force against what the engine can tell apart.
    fn tell_apart(&mut self, placed: &Placed<'_>) -> Read<()> {
        let sets: Vec<&NodeSet> = self.cut.iter().flat_map(|(_, partition)| sides(partition)).collect();
        let mut edges: BTreeSet<u32> = sets.iter().flat_map(|set| set.ranges()).flat_map(|&(low, high)| [low, high]).collect();
        edges.insert(0);
        edges.remove(&self.nodes);
        let place = |node: u32| sets.iter().map(|set| set.contains(NodeId(node))).collect::<Vec<bool>>();
        let mut classes: BTreeSet<Vec<bool>> = BTreeSet::new();
        if self.clients > 0 {
            classes.insert(vec![false; sets.len()]);
        }
        for edge in edges {
            classes.insert(place(edge));
            if classes.len() > CLASSES_MAX || self.cut.len() > CLASSES_MAX {
                self.cut.pop();
                return Err(placed.what.fail(format!(
                    "the partitions in force at {} split nodes and clients into more than {CLASSES_MAX} classes; heal some before",
                    placed.entry.at
                )));
            }
        }
        Ok(())
    }
}

fn sides(partition: &Partition) -> Vec<&NodeSet> {
    match partition {
        Partition::Groups(groups) => groups.iter().collect(),
        Partition::OneWay(from, to) => vec![from, to],
    }
}

fn first(set: &NodeSet) -> Option<NodeId> {
    set.ranges().first().map(|&(low, _)| NodeId(low))
}
