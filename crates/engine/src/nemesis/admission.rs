//! Which strikes can be: in order of time, each is held against those before it and against the scenario's own faults. Nothing is
//! drawn here.

use super::own::Own;
use super::partitions::Shape;
use super::strike::{Aspect, Effect, Spoilt, State, Strike};
use super::{Away, Scene};
use crate::fault::{Degradation, Partition};
use crate::id::{NodeId, NodeSet};
use crate::reach::CLASSES_MAX;
use crate::time::Time;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// A strike as it will be.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) start: Time,
    pub(super) end: Time,
    pub(super) kind: u32,
    pub(super) number: u32,
    pub(super) event: Event,
}

#[derive(Debug)]
pub(super) enum Event {
    Hold(State, Vec<NodeId>),
    HoldWhom(Away, &'static str),
    Cut(Partition),
    CutWhom(&'static str),
    Degrade(Degradation),
    Spoil(Spoilt, Vec<NodeId>),
    Jump(Vec<(NodeId, i64)>, bool),
}

/// Those of the strikes, in ascending order of time, that can be.
pub(super) fn admitted(strikes: Vec<Strike>, scene: &Scene<'_>, spare: Option<u32>) -> Vec<Admitted> {
    let mut admission = Admission {
        scene,
        spare: spare.map(u64::from),
        own: Own::of(scene.own),
        ends: BinaryHeap::new(),
        busy: BTreeSet::new(),
        away: BTreeMap::new(),
        cuts: Vec::new(),
        unknown: Vec::new(),
    };
    let admit = |strike: Strike| {
        admission.expire(strike.start);
        let Strike { start, end, kind, number, effect } = strike;
        let event = admission.admit(start, end, kind, effect)?;
        Some(Admitted { start, end, kind, number, event })
    };
    strikes.into_iter().filter_map(admit).collect()
}

struct Admission<'a> {
    scene: &'a Scene<'a>,
    spare: Option<u64>,
    own: Own<'a>,
    /// When somebody is no longer held by a kind; and whether that is away.
    ends: BinaryHeap<Reverse<(Time, u32, NodeId, bool)>>,
    /// Who is held by which kind.
    busy: BTreeSet<(u32, NodeId)>,
    /// By how many strikes each is away.
    away: BTreeMap<NodeId, u32>,
    cuts: Vec<(Time, Partition)>,
    /// When those are back of whom only the run knows who they are.
    unknown: Vec<Time>,
}

impl Admission<'_> {
    fn expire(&mut self, now: Time) {
        while let Some(Reverse((end, kind, node, away))) = self.ends.pop() {
            if end > now {
                self.ends.push(Reverse((end, kind, node, away)));
                break;
            }
            self.busy.remove(&(kind, node));
            if away {
                self.back(node);
            }
        }
        self.cuts.retain(|(end, _)| *end > now);
        self.unknown.retain(|end| *end > now);
    }

    fn back(&mut self, node: NodeId) {
        let count = self.away.get_mut(&node).expect("only who is away comes back");
        *count -= 1;
        if *count == 0 {
            self.away.remove(&node);
        }
    }

    fn admit(&mut self, start: Time, end: Time, kind: u32, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Hold { state, nodes, whole } => {
                let nodes = self.hold(start, end, kind, state.aspect(), nodes, whole);
                (!nodes.is_empty()).then_some(Event::Hold(state, nodes))
            }
            Effect::HoldWhom(away, fact) => self.somebody(start, end).then_some(Event::HoldWhom(away, fact)),
            Effect::CutWhom(fact) => self.somebody(start, end).then_some(Event::CutWhom(fact)),
            Effect::Cut(shape) => self.cut(start, end, &shape).map(Event::Cut),
            Effect::Degrade(degradation) => Some(Event::Degrade(degradation)),
            Effect::Spoil(how, nodes) => Some(Event::Spoil(how, nodes)),
            Effect::Jump { by_ns, back } => Some(Event::Jump(by_ns, back)),
        }
    }

    /// Those of the nodes who are free, as many as `spare` allows; all of them or nobody when it must be the whole.
    fn hold(&mut self, start: Time, end: Time, kind: u32, aspect: Aspect, nodes: Vec<NodeId>, whole: bool) -> Vec<NodeId> {
        let own: Vec<&NodeSet> = self.own.holds(start, end).filter(|(of, _)| *of == aspect).map(|(_, nodes)| nodes).collect();
        let free = |node: &NodeId| !self.busy.contains(&(kind, *node)) && !own.iter().any(|own| own.contains(*node));
        let free: Vec<NodeId> = nodes.into_iter().filter(free).collect();
        let away = aspect.is_away();
        let mut held = Vec::with_capacity(free.len());
        for &node in &free {
            if away {
                *self.away.entry(node).or_insert(0) += 1;
                // All at once are counted when all are there.
                if !whole && self.is_too_many(start, end, None) {
                    self.back(node);
                    continue;
                }
            }
            held.push(node);
        }
        if whole && away && self.is_too_many(start, end, None) {
            held.drain(..).for_each(|node| self.back(node));
        }
        for &node in &held {
            self.busy.insert((kind, node));
            self.ends.push(Reverse((end, kind, node, away)));
        }
        held
    }

    /// Room for somebody of whom nobody knows who it will be.
    fn somebody(&mut self, start: Time, end: Time) -> bool {
        self.unknown.push(end);
        let fits = !self.is_too_many(start, end, None);
        if !fits {
            self.unknown.pop();
        }
        fits
    }

    fn cut(&mut self, start: Time, end: Time, shape: &Shape) -> Option<Partition> {
        let room = self.spare.map_or(u64::MAX, |spare| spare.saturating_sub(self.count_away(start, end, None)));
        let partition = shape.partition(self.scene.nodes, room)?;
        if self.is_too_many(start, end, Some(&partition)) || self.is_too_fine(start, end, &partition) {
            return None;
        }
        self.cuts.push((end, partition.clone()));
        Some(partition)
    }

    fn is_too_many(&self, start: Time, end: Time, more: Option<&Partition>) -> bool {
        self.spare.is_some_and(|spare| self.count_away(start, end, more) > spare)
    }

    /// The partitions in force at some time between the two instants, as far as is known yet.
    fn in_force<'b>(&'b self, start: Time, end: Time, more: Option<&'b Partition>) -> Vec<&'b Partition> {
        self.cuts.iter().map(|(_, partition)| partition).chain(self.own.cuts(start, end)).chain(more).collect()
    }

    /// How many are away when all that is known of the time between the two instants holds at once; with one more partition.
    fn count_away(&self, start: Time, end: Time, more: Option<&Partition>) -> u64 {
        let own = self.own.holds(start, end).filter(|(aspect, _)| aspect.is_away());
        let own = NodeSet::from_ranges(own.flat_map(|(_, nodes)| nodes.ranges()).copied());
        let cuts = self.in_force(start, end, more);
        let nodes = u64::from(self.scene.nodes);
        let well = match cuts.is_empty() {
            true => nodes - own.len() - self.away.keys().filter(|node| !own.contains(**node)).count() as u64,
            false => most_seen(self.scene.nodes, &cuts, |node| !own.contains(node) && !self.away.contains_key(&node)),
        };
        nodes - well + self.unknown.len() as u64
    }

    /// Whether the partition would split the nodes into more classes than the engine tells apart.
    fn is_too_fine(&self, start: Time, end: Time, more: &Partition) -> bool {
        if (self.scene.nodes as usize) < CLASSES_MAX {
            return false;
        }
        let cuts = self.in_force(start, end, Some(more));
        let mut classes = classes(self.scene.nodes, &cuts);
        if self.scene.clients {
            classes.entry(vec![0; cuts.len()]).or_default();
        }
        classes.len() > CLASSES_MAX
    }
}

/// The nodes by their places in the partitions.
fn classes(nodes: u32, cuts: &[&Partition]) -> BTreeMap<Vec<u64>, Vec<NodeId>> {
    let mut classes: BTreeMap<Vec<u64>, Vec<NodeId>> = BTreeMap::new();
    for node in (0..nodes).map(NodeId) {
        classes.entry(cuts.iter().map(|cut| cut.place(node)).collect()).or_default().push(node);
    }
    classes
}

/// How many that are well the one reaches, both ways and itself included, that is well and reaches the most.
fn most_seen(nodes: u32, cuts: &[&Partition], is_well: impl Fn(NodeId) -> bool) -> u64 {
    let classes = classes(nodes, cuts).into_iter();
    let well: Vec<(Vec<u64>, u64)> =
        classes.map(|(places, nodes)| (places, nodes.into_iter().filter(|node| is_well(*node)).count() as u64)).collect();
    let reach = |one: &[u64], other: &[u64]| {
        cuts.iter().zip(one.iter().zip(other)).all(|(cut, (&one, &other))| !cut.cuts(one, other) && !cut.cuts(other, one))
    };
    let seen = |place: &[u64]| {
        let others = well.iter().filter(|(other, _)| other != place && reach(place, other)).map(|(_, count)| count).sum::<u64>();
        let same = well.iter().find(|(other, _)| other == place).map_or(0, |(_, count)| *count);
        others + if reach(place, place) { same } else { same.min(1) }
    };
    well.iter().filter(|(_, count)| *count > 0).map(|(place, _)| seen(place)).max().unwrap_or(0)
}
