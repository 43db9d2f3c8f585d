//! A little world that only knows who is how. It goes through a schedule and refuses what makes no sense at its instant.

use quorate_engine::NodeId;
use quorate_engine::fault::{Fault, Partition, Timed};
use quorate_engine::id::NodeSet;
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Presence {
    Up,
    Paused,
    Down,
    Gone,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) presence: Vec<Presence>,
    pub(crate) cuts: BTreeMap<u32, Partition>,
    degraded: BTreeMap<u32, ()>,
    host: Vec<u32>,
    disk: Vec<u32>,
    full: Vec<bool>,
    drift: Vec<i64>,
    byzantine: Vec<bool>,
    /// Whom the run knows: those by fact that are away or cut off now.
    pub(crate) unknown: BTreeMap<u32, Fault>,
}

impl Model {
    pub(crate) fn new(nodes: u32) -> Model {
        let nodes = nodes as usize;
        Model {
            presence: vec![Presence::Up; nodes],
            cuts: BTreeMap::new(),
            degraded: BTreeMap::new(),
            host: vec![1000; nodes],
            disk: vec![1000; nodes],
            full: vec![false; nodes],
            drift: vec![0; nodes],
            byzantine: vec![false; nodes],
            unknown: BTreeMap::new(),
        }
    }

    /// Everyone is as at the start, and nothing is cut or degraded.
    pub(crate) fn is_well(&self) -> bool {
        let Model { presence, cuts, degraded, host, disk, full, drift, byzantine, unknown } = self;
        presence.iter().all(|presence| *presence == Presence::Up)
            && host.iter().chain(disk).all(|factor| *factor == 1000)
            && !full.iter().chain(byzantine).any(|bad| *bad)
            && drift.iter().all(|ppb| *ppb == 0)
            && cuts.is_empty()
            && degraded.is_empty()
            && unknown.is_empty()
    }

    pub(crate) fn strike(&mut self, timed: &Timed) {
        if let Some(whom) = timed.whom {
            match self.unknown.remove(&whom.number) {
                None => _ = self.unknown.insert(whom.number, timed.fault.clone()),
                Some(begun) => assert!(ends(&begun, &timed.fault), "{timed:?} does not end {begun:?}"),
            }
            return;
        }
        use Presence::{Down, Gone, Paused, Up};
        match &timed.fault {
            Fault::Partition(number, partition) => {
                assert_eq!(self.cuts.insert(*number, partition.clone()), None, "{number} is in force already");
            }
            Fault::Heal(number) => assert!(self.cuts.remove(number).is_some(), "{number} is not in force"),
            Fault::Degrade(number, _) => assert_eq!(self.degraded.insert(*number, ()), None),
            Fault::Mend(number) => assert!(self.degraded.remove(number).is_some()),
            Fault::Crash(nodes, _) => self.become_(nodes, &[Up, Paused], Down, timed),
            Fault::Restart(nodes) => self.become_(nodes, &[Down], Up, timed),
            Fault::Pause(nodes) => self.become_(nodes, &[Up], Paused, timed),
            Fault::Resume(nodes) => self.become_(nodes, &[Paused], Up, timed),
            Fault::Leave(nodes) => self.become_(nodes, &[Up, Paused, Down], Gone, timed),
            Fault::Join(nodes) => self.become_(nodes, &[Gone], Up, timed),
            Fault::Slow(nodes, factor) => changed(&mut self.host, nodes, *factor, timed),
            Fault::SlowDisk(nodes, factor) => changed(&mut self.disk, nodes, *factor, timed),
            Fault::FullDisk(nodes) => changed(&mut self.full, nodes, true, timed),
            Fault::RoomOnDisk(nodes) => changed(&mut self.full, nodes, false, timed),
            Fault::Drift(nodes, ppb) => changed(&mut self.drift, nodes, *ppb, timed),
            Fault::Byzantine(nodes, _) => changed(&mut self.byzantine, nodes, true, timed),
            Fault::Honest(nodes) => changed(&mut self.byzantine, nodes, false, timed),
            Fault::Corrupt(..) | Fault::Wipe(_) | Fault::ClockJump(..) => {}
        }
    }

    fn become_(&mut self, nodes: &NodeSet, from: &[Presence], to: Presence, timed: &Timed) {
        for node in nodes.iter() {
            let presence = &mut self.presence[node.index()];
            assert!(from.contains(presence), "{timed:?}: {node} is {presence:?}");
            *presence = to;
        }
    }

    /// Whether what one node sends to another arrives, as far as partitions go: by the definition.
    pub(crate) fn reaches(&self, from: NodeId, to: NodeId) -> bool {
        from == to || self.cuts.values().all(|partition| reaches(partition, from, to))
    }

    /// How many are away, by the definition: nodes less those that the best placed of the well reaches, both ways.
    pub(crate) fn away(&self) -> usize {
        let nodes = self.presence.len() as u32;
        let well = |node: &NodeId| self.presence[node.index()] == Presence::Up && !self.byzantine[node.index()];
        let all = || (0..nodes).map(NodeId);
        let seen =
            |one: NodeId| all().filter(well).filter(|other| self.reaches(one, *other) && self.reaches(*other, one)).count();
        nodes as usize - all().filter(well).map(seen).max().unwrap_or(0) + self.unknown.len()
    }

    /// How many sorts of nodes the partitions in force tell apart.
    pub(crate) fn classes(&self) -> usize {
        let sets: Vec<&NodeSet> = self.cuts.values().flat_map(sets).collect();
        let place = |node: u32| sets.iter().map(|set| set.contains(NodeId(node))).collect::<Vec<bool>>();
        (0..self.presence.len() as u32).map(place).collect::<std::collections::BTreeSet<_>>().len()
    }
}

fn changed<T: PartialEq + Copy + std::fmt::Debug>(figures: &mut [T], nodes: &NodeSet, to: T, timed: &Timed) {
    for node in nodes.iter() {
        assert_ne!(figures[node.index()], to, "{timed:?} changes nothing for {node}");
        figures[node.index()] = to;
    }
}

fn sets(partition: &Partition) -> Vec<&NodeSet> {
    match partition {
        Partition::Groups(groups) => groups.iter().collect(),
        Partition::OneWay(from, to) => vec![from, to],
    }
}

pub(crate) fn reaches(partition: &Partition, from: NodeId, to: NodeId) -> bool {
    match partition {
        Partition::OneWay(senders, receivers) => !(senders.contains(from) && receivers.contains(to)),
        Partition::Groups(groups) => {
            let (mut of_from, of_to) =
                (groups.iter().filter(|group| group.contains(from)), groups.iter().any(|it| it.contains(to)));
            let untouched = !groups.iter().any(|group| group.contains(from)) || !of_to;
            untouched || of_from.any(|group| group.contains(to))
        }
    }
}

fn ends(begun: &Fault, fault: &Fault) -> bool {
    matches!(
        (begun, fault),
        (Fault::Crash(..), Fault::Restart(_)) | (Fault::Pause(_), Fault::Resume(_)) | (Fault::Partition(..), Fault::Heal(_))
    )
}
