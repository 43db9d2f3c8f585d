//! The world as far as faults change it, from one instant to the next.

use super::{World, ending, is_cut_at_its_end};
use crate::plan::What;
use crate::text::error::Read;
use crate::text::faults::Placed;
use crate::text::intervals::Intervals;
use quorate_engine::fault::{Fault, Partition};
use quorate_engine::id::{NodeId, NodeSet};
use std::collections::{BTreeMap, BTreeSet};

/// The most classes of nodes that the partitions in force may tell apart: a class is a bit of a word in the engine.
const CLASSES_MAX: usize = 64;

/// How a node may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Absent,
    Down,
    Paused,
    Slow,
    SlowDisk,
    FullDisk,
    Byzantine,
    /// On a host that takes time; no fault changes that.
    Serving,
    /// With a disk that takes time; no fault changes that either.
    Forcing,
}

const STATES: usize = State::Forcing as usize + 1;

/// A node must stand so, or must not; and what is said of one that is otherwise.
type Condition = (State, bool, &'static str);

const MEMBER: Condition = (State::Absent, false, "is no member");

const FIRST: &str =
    "a node leaves before it joins; or its joining is the first that befalls it, and it is not there at the start";

/// What a fault asks of each of its nodes.
fn conditions(fault: &Fault) -> &'static [Condition] {
    match fault {
        Fault::Crash(..) => &[MEMBER, (State::Down, false, "is down already")],
        Fault::Restart(_) => &[MEMBER, (State::Down, true, "is not down")],
        Fault::Pause(_) => &[MEMBER, (State::Down, false, "is down"), (State::Paused, false, "is paused already")],
        Fault::Resume(_) => &[MEMBER, (State::Paused, true, "is not paused")],
        Fault::Join(_) => &[(State::Absent, true, "is a member already")],
        Fault::Slow(..) => &[
            MEMBER,
            (State::Serving, true, "has a host that takes no time and cannot be slow"),
            (State::Slow, false, "is slow already"),
        ],
        Fault::SlowDisk(..) => &[
            MEMBER,
            (State::Forcing, true, "has a disk that takes no time and cannot be slow"),
            (State::SlowDisk, false, "has a slow disk already"),
        ],
        Fault::FullDisk(_) => &[MEMBER, (State::FullDisk, false, "has a full disk already")],
        Fault::Byzantine(..) => &[MEMBER, (State::Byzantine, false, "is byzantine already")],
        Fault::Leave(_) | Fault::Corrupt(..) | Fault::Wipe(_) | Fault::ClockJump(..) | Fault::Drift(..) => &[MEMBER],
        Fault::Partition(..) | Fault::Heal(_) | Fault::Degrade(..) | Fault::Mend(_) | Fault::RoomOnDisk(_) | Fault::Honest(_) => {
            &[]
        }
    }
}

/// How the nodes of a fault stand after it, and how no longer. The engine knows a node as up, paused, down or away.
fn changes(fault: &Fault) -> (Option<State>, &'static [State]) {
    match fault {
        Fault::Crash(..) => (Some(State::Down), &[State::Paused]),
        Fault::Restart(_) => (None, &[State::Down]),
        Fault::Pause(_) => (Some(State::Paused), &[]),
        Fault::Resume(_) => (None, &[State::Paused]),
        Fault::Leave(_) => (Some(State::Absent), &[State::Down, State::Paused]),
        Fault::Join(_) => (None, &[State::Absent]),
        Fault::Slow(..) => (Some(State::Slow), &[]),
        Fault::SlowDisk(..) => (Some(State::SlowDisk), &[]),
        Fault::FullDisk(_) => (Some(State::FullDisk), &[]),
        Fault::Byzantine(..) => (Some(State::Byzantine), &[]),
        _ => (None, &[]),
    }
}

/// How the end of a lasting fault is told of a node that something else ended before.
fn told(fault: &Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::Crash(..) => ("down", "restarted"),
        Fault::Pause(_) => ("paused", "resumed"),
        _ => ("away", "back"),
    }
}

pub(super) struct Course<'a> {
    nodes: u32,
    clients: bool,
    standing: [Intervals; STATES],
    /// Who joins before anything else befalls it, and has not joined yet.
    unborn: Intervals,
    /// States of which only the run knows who is in them.
    unsure: [bool; STATES],
    /// The partitions in force, each under its entry's number, as far as that is known.
    cut: Vec<(usize, &'a Partition)>,
    /// Partitions that may be in force.
    perhaps_cut: Vec<Fault>,
    /// The same for degradations.
    worse: Vec<usize>,
    perhaps_worse: Vec<Fault>,
    /// Whom each lasting entry befell, by its number.
    struck: BTreeMap<usize, NodeSet>,
}

impl<'a> Course<'a> {
    /// The world before any of the entries, which stand in the order of their beginnings.
    pub(super) fn new(order: &[&Placed<'_>], world: &World<'_>) -> Course<'a> {
        let &World { nodes, clients, hosts, disks } = world;
        let mut standing = std::array::from_fn(|_| Intervals::default());
        for hosts in hosts.iter().filter(|hosts| hosts.service.is_some()) {
            standing[State::Serving as usize].insert(&hosts.nodes);
        }
        for disks in disks.iter().filter(|disks| disks.sync.is_some()) {
            standing[State::Forcing as usize].insert(&disks.nodes);
        }
        let (mut met, mut unborn) = (Intervals::default(), Intervals::default());
        for placed in order {
            let What::One(fault @ (Fault::Crash(set, _) | Fault::Restart(set) | Fault::Leave(set) | Fault::Join(set))) =
                &placed.entry.what
            else {
                continue;
            };
            // All are those whom it can concern, and so no node by name.
            if set.len() == u64::from(nodes) {
                continue;
            }
            if let Fault::Join(set) = fault {
                let first = met.split(set).1;
                standing[State::Absent as usize].insert(&first);
                unborn.insert(&first);
            }
            met.insert(set);
        }
        Course {
            nodes,
            clients,
            standing,
            unborn,
            unsure: [false; STATES],
            cut: Vec::new(),
            perhaps_cut: Vec::new(),
            worse: Vec::new(),
            perhaps_worse: Vec::new(),
            struck: BTreeMap::new(),
        }
    }

    /// Nodes may stop by themselves: who is said to be up may be down.
    pub(super) fn nodes_may_stop(&mut self) {
        self.unsure[State::Down as usize] = true;
        self.unsure[State::Paused as usize] = true;
    }

    /// What strikes at an instant that is known.
    pub(super) fn strike(&mut self, entry: usize, placed: &'a Placed<'_>) -> Read<Vec<Fault>> {
        let fault = match &placed.entry.what {
            What::HealAll => return self.heal(placed),
            What::MendAll => return self.mend(placed),
            What::One(fault) => fault,
        };
        let asked = conditions(fault);
        let mut struck = NodeSet::default();
        let mut fault = fault.clone();
        let joins = matches!(fault, Fault::Join(_));
        if let Some(set) = fault.nodes_mut() {
            *set = self.concerned(set, asked, placed)?;
            if joins {
                self.unborn.remove(set);
            }
            struck = set.clone();
        }
        match &placed.entry.what {
            What::One(Fault::Partition(_, partition)) => {
                self.cut.push((entry, partition));
                if let Err(problem) = self.tell_apart(placed) {
                    self.cut.pop();
                    return Err(problem);
                }
            }
            What::One(Fault::Degrade(..)) => self.worse.push(entry),
            _ => self.befall(&fault, &struck, placed.entry.who.is_some()),
        }
        if placed.entry.lasts.is_some() {
            self.struck.insert(entry, struck);
        }
        Ok(vec![fault])
    }

    /// What waits for something; `all` are the ends of everything that it may find in force.
    pub(super) fn wait(&mut self, placed: &'a Placed<'_>, all: Vec<Fault>) -> Read<Vec<Fault>> {
        let mut fault = match &placed.entry.what {
            What::HealAll | What::MendAll if all.is_empty() => {
                return Err(placed
                    .what
                    .fail(format!("there is nothing to {}: no entry ever makes it so", placed.entry.what.name())));
            }
            What::HealAll | What::MendAll => return Ok(all),
            What::One(fault) => fault.clone(),
        };
        let static_only: Vec<Condition> =
            conditions(&fault).iter().filter(|(state, ..)| matches!(state, State::Serving | State::Forcing)).copied().collect();
        let joins = matches!(fault, Fault::Join(_));
        if let Some(set) = fault.nodes_mut() {
            *set = self.concerned(set, &static_only, placed)?;
            if joins {
                self.unborn.remove(set);
            }
        }
        match &placed.entry.what {
            What::One(Fault::Partition(_, partition)) => {
                let known = std::mem::replace(&mut self.cut, vec![(0, partition)]);
                let alone = self.tell_apart(placed);
                self.cut = known;
                alone?;
                self.perhaps_cut.extend(ending(&fault));
            }
            What::One(Fault::Degrade(..)) => self.perhaps_worse.extend(ending(&fault)),
            _ => self.befall(&fault, &NodeSet::default(), true),
        }
        Ok(vec![fault])
    }

    /// How nodes stand after a fault; `unsure` when only the run knows which, or when.
    fn befall(&mut self, fault: &Fault, set: &NodeSet, unsure: bool) {
        let (now, no_longer) = changes(fault);
        for state in no_longer {
            self.standing[*state as usize].remove(set);
            self.unsure[*state as usize] |= unsure;
        }
        if let Some(state) = now {
            self.standing[state as usize].insert(set);
            self.unsure[state as usize] |= unsure;
        }
        // What cannot go on without its log stops.
        if matches!(fault, Fault::FullDisk(_)) {
            self.nodes_may_stop();
        }
    }

    /// Those of `set` whom a fault concerns: who stand as it asks. A set of all nodes means all whom it can concern, at least
    /// one; of any other, every node must be concerned.
    fn concerned(&self, set: &NodeSet, conditions: &[Condition], placed: &Placed<'_>) -> Read<NodeSet> {
        let all = set.len() == u64::from(self.nodes);
        // Whom it names would be there at the start, as far as the engine knows.
        let named = matches!(placed.entry.what, What::One(Fault::Join(_))) || !all;
        let mut left = if named { set.clone() } else { self.unborn.split(set).1 };
        for (state, inside, otherwise) in conditions.iter().filter(|(state, ..)| !self.unsure[*state as usize]) {
            let (within, without) = self.standing[*state as usize].split(&left);
            let (concerned, others) = if *inside { (within, without) } else { (without, within) };
            match first(&others) {
                Some(node) if !all || concerned.is_empty() => {
                    let problem = placed.what.fail(format!("node {} {otherwise} at {}", node.0, placed.entry.at));
                    return Err(match state {
                        State::Absent if *inside => Box::new(problem.help(FIRST)),
                        _ => problem,
                    });
                }
                _ => left = concerned,
            }
        }
        Ok(left)
    }

    fn heal(&mut self, placed: &Placed<'_>) -> Read<Vec<Fault>> {
        if self.cut.is_empty() && self.perhaps_cut.is_empty() {
            return Err(placed
                .at
                .fail(format!("there is nothing to heal at {}: no partition is in force then", placed.entry.at)));
        }
        let known = self.cut.drain(..).map(|(number, _)| Fault::Heal(number as u32));
        Ok(known.chain(self.perhaps_cut.iter().cloned()).collect())
    }

    fn mend(&mut self, placed: &Placed<'_>) -> Read<Vec<Fault>> {
        if self.worse.is_empty() && self.perhaps_worse.is_empty() {
            return Err(placed
                .at
                .fail(format!("there is nothing to mend at {}: no degradation is in force then", placed.entry.at)));
        }
        let known = self.worse.drain(..).map(|number| Fault::Mend(number as u32));
        Ok(known.chain(self.perhaps_worse.iter().cloned()).collect())
    }

    /// What an entry began ends. An entry that never began has been complained about.
    pub(super) fn end(&mut self, entry: usize, placed: &Placed<'_>) -> Read<Vec<Fault>> {
        let Some(set) = self.struck.remove(&entry) else { return Ok(Vec::new()) };
        let What::One(fault) = &placed.entry.what else { return Ok(Vec::new()) };
        let at = placed.entry.at + placed.entry.lasts.unwrap_or(0);
        let gone = |what: &str, how: &str| placed.lasts.fail(format!("the {what} has been {how} before it would end, at {at}"));
        match fault {
            Fault::Partition(..) => {
                let place = self.cut.iter().position(|&(number, _)| number == entry);
                self.cut.remove(place.ok_or_else(|| gone("partition", "healed"))?);
            }
            Fault::Degrade(..) => {
                let place = self.worse.iter().position(|&number| number == entry);
                self.worse.remove(place.ok_or_else(|| gone("degradation", "mended"))?);
            }
            _ => {
                let Some(state) = changes(fault).0 else { return Ok(Vec::new()) };
                let others = self.standing[state as usize].split(&set).1;
                if let Some(node) = first(&others).filter(|_| !self.unsure[state as usize]) {
                    let (so, back) = told(fault);
                    let message = format!("node {} is no longer {so} before {at}, when it would be {back}", node.0);
                    return Err(placed.lasts.fail(message));
                }
                self.standing[state as usize].remove(&set);
            }
        }
        let mut fault = fault.clone();
        if let Some(nodes) = fault.nodes_mut() {
            *nodes = set;
        }
        Ok(ending(&fault).filter(|_| is_cut_at_its_end(&placed.entry)).into_iter().collect())
    }

    /// Holds the partitions in force against what the engine can tell apart.
    fn tell_apart(&self, placed: &Placed<'_>) -> Read<()> {
        let sets: Vec<&NodeSet> = self.cut.iter().flat_map(|(_, partition)| partition.sets()).collect();
        let mut edges: BTreeSet<u32> = sets.iter().flat_map(|set| set.ranges()).flat_map(|&(low, high)| [low, high]).collect();
        edges.insert(0);
        edges.remove(&self.nodes);
        let place = |node: u32| sets.iter().map(|set| set.contains(NodeId(node))).collect::<Vec<bool>>();
        let mut classes: BTreeSet<Vec<bool>> = BTreeSet::new();
        if self.clients {
            classes.insert(vec![false; sets.len()]);
        }
        for edge in edges {
            classes.insert(place(edge));
            if classes.len() > CLASSES_MAX || self.cut.len() > CLASSES_MAX {
                return Err(placed.what.fail(format!(
                    "the partitions in force at {} split nodes and clients into more than {CLASSES_MAX} classes; heal some before",
                    placed.entry.at
                )));
            }
        }
        Ok(())
    }
}

fn first(set: &NodeSet) -> Option<NodeId> {
    set.ranges().first().map(|&(low, _)| NodeId(low))
}
